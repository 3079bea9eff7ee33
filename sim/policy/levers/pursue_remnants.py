"""Survivors are followed to where they go."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="pursue_remnants",
    title="Pursuit of remnants",
    turns={"pursuit": 0.3},
    effort=1.5,
    effort_source="assumption: half as much again as guarding a border region: mobile forces in empty country",
    evidence=("L092", "L016", "L077", "L078"),
    expected={"refuge_members": "-", "attacks": "-"},
    drawback="Nobody wants to pick the fight (000 l.1031-1033, 1057-1058).",
    strength_source="assumption: three tenths on top of what presence brings, the pursuit of a well-run region in a "
                    "strong state",
    actor="camps, governments, outside partners",
    applies="regions to which survivors go",
)
