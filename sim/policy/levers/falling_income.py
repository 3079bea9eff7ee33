"""State income from oil falls."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="falling_income",
    title="Falling state income",
    turns={"services": -0.15, "capacity": 0.925},
    effort=0.0,
    effort_source="a shock: nobody spends effort on it",
    evidence=("E147", "E148", "L017"),
    expected={"presence": "-", "grievance": "+"},
    drawback="The cost of a large security posture becomes hard to bear (000 l.1289-1293).",
    strength_source="the fall of 2014 in the events, for a state that lives on oil alone (0.15 and 0.075)",
    actor="nobody decides it",
    applies="countries that live on oil: Algeria two thirds, Libya nine tenths",
    kind="shock",
)
