"""Policy: what can be turned, the levers that turn it, and when."""
