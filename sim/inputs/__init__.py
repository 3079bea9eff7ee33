"""Files in, checked records out: numbers, geographies, posterior draws, rival theories, scenarios."""
