"""Departures are seen and let go."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="look_away",
    title="Looking away from departures",
    turns={"tolerance_exit": 0.6},
    effort=0.1,
    effort_source="assumption: a decision rather than means; small but not nothing",
    evidence=("L027", "E039"),
    expected={"attacks": "-"},
    drawback="Raises departures, later returns and the manpower of the movement abroad (000 l.315-350, 244-253).",
    strength_source="assumption: takes any state at least to the tolerance that Morocco is said to have had (0.75)",
    actor="governments",
    applies="any country; 2011 to 2013 in the sources",
    seen_in={"departures": "+", "in_theatre": "+"},
)
