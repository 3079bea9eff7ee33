"""Open recruitment is let be."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="recruitment_tolerated",
    title="Tolerance of recruiters",
    turns={"tolerance_recruitment": 0.5},
    effort=0.1,
    effort_source="assumption: a decision rather than means; small but not nothing",
    evidence=("L026", "E040", "E230"),
    expected={"recruits": "+", "departures": "+"},
    drawback="The cover it gives to recruiters is itself the harm (000 l.356-363).",
    strength_source="assumption: the amount that the events give Libya in 2011 (0.5) and near that of Tunisia (0.6)",
    actor="governments",
    applies="any country; Tunisia 2011 to 2013 in the sources",
)
