"""A government leaves part of the border to armed groups on the other side."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="border_deals",
    title="Deals with armed groups across the border",
    turns={"border_effort": 0.25, "corruption": 1.1},
    effort=0.3,
    effort_source="assumption: a third of guarding the border oneself",
    evidence=("L049",),
    expected={"to_foothold": "-"},
    drawback="The groups threaten to end cooperation if smuggling is disturbed, and their lists of suspects cannot be "
             "trusted (000 l.1630-1656).",
    strength_source="assumption: half of full border guarding; protected smuggling is felt as a tenth more corruption",
    actor="governments and local armed groups",
    applies="regions on a border without a counterpart; Libya's neighbours from 2014 on",
    seen_in={"grievance": "+"},
)
