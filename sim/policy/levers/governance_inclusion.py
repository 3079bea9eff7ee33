"""Inclusion of local grievances in government, and less corruption."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="governance_inclusion",
    title="Inclusive governance in marginalised areas",
    turns={"inclusion": 0.5, "corruption": 0.7},
    effort=1.5,
    effort_source="assumption: half as much again as guarding a border region",
    evidence=("L039", "L040", "L044", "E069"),
    expected={"readiness": "-", "recruits": "-"},
    drawback="Needs political will; compromise is seen as betrayal by some (000 l.1084-1087, 1492-1499).",
    strength_source="assumption: full strength halves exclusion and takes three tenths off perceived corruption",
    actor="governments and local councils",
    applies="any region; slow, so a ramp of one or two years is sensible",
)
