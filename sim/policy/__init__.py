"""What can be turned: the dials, the levers that turn them, and the timeline of a scenario."""
