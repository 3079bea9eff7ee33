"""A second theatre of war opens elsewhere."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="second_caliphate",
    title="A second caliphate elsewhere",
    turns={"second_theatre": 0.8},
    effort=0.0,
    effort_source="a shock: nobody spends effort on it",
    evidence=("E202", "L059", "L034"),
    expected={"departures": "+", "recruits_movement": "+"},
    drawback="Hard-liners move to other ripe theatres (000 l.1684-1693; 002 l.30).",
    strength_source="assumption: four fifths of the first theatre at its height",
    actor="nobody decides it",
    applies="everywhere at once, whatever place is named",
    kind="shock",
)
