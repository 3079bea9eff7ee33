"""Runs held against the record: targets, the scoreboard, placebos, and how a region got where it got."""
