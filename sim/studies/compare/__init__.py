"""Scenarios in the same worlds: what differs, in which worlds, why, and whether it holds under rival theories."""
