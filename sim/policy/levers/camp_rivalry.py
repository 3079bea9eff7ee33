"""Rival camps contest the centre, with backing from outside."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="camp_rivalry",
    title="Rivalry of armed camps",
    turns={"fragmentation": 0.6, "patron_backing": 0.4},
    effort=0.0,
    effort_source="a shock: nobody spends effort on it",
    evidence=("L061", "E071", "E239"),
    expected={"control": "+", "movement_members": "+"},
    drawback="Each camp takes the other for the graver threat (000 l.893-900).",
    strength_source="assumption: a little less than the split of Libya in 2014 in the events (0.7 and 0.5)",
    actor="nobody decides it alone",
    applies="any country with armed camps",
    kind="shock",
)
