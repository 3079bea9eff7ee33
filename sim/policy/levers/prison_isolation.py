"""Recruiters are kept apart in prison."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="prison_isolation",
    title="Isolation of recruiters in prison",
    turns={"prison_isolation": 0.5},
    effort=0.2,
    effort_source="assumption: a fifth of guarding a border region: staff in few places",
    evidence=("L023",),
    expected={"recruiters": "-", "recruits": "-"},
    drawback="none named (L023)",
    strength_source="assumption: takes the 0.25 of three countries to three quarters, above the 0.5 of Algeria",
    actor="prison services",
    applies="any country with prisoners of the networks",
)
