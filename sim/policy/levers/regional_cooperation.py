"""Two states share intelligence and act together."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="regional_cooperation",
    title="Regional security cooperation",
    turns={"cooperation": 0.6},
    effort=0.3,
    effort_source="assumption: a third of guarding a border region: liaison, joint exercises, shared files",
    evidence=("L045", "L047", "L048", "L071", "L083", "L084"),
    expected={"refuge_members": "-", "attacks": "-"},
    drawback="none named (L045); it needs a counterpart on the other side, which Libya lacks (000 l.1630-1642; 004 "
             "l.21).",
    strength_source="assumption: takes a pair that stood at 0.15, as Algeria and Morocco, to three quarters; Algeria "
                    "and Tunisia stood at 0.6",
    actor="pairs of neighbouring governments and their partners",
    applies="at least two countries: a pair shares the lesser of what each adds",
)
