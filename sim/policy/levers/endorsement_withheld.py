"""Clerics and officials do not endorse fighting abroad."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="endorsement_withheld",
    title="Endorsement of fighting abroad withheld",
    turns={"legitimation": -0.5},
    effort=0.1,
    effort_source="assumption: words rather than means; small but not nothing",
    evidence=("L093", "E041"),
    expected={"departures": "-"},
    drawback="none named (L093)",
    strength_source="takes away the whole endorsement of June 2013 in the events (0.5)",
    actor="clerics and governments",
    applies="while there is endorsement to withhold: February 2012 to August 2013",
)
