"""The forces that won leave before anything is rebuilt."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="early_withdrawal",
    title="Early withdrawal after a victory",
    turns={"stabilisation": -0.3},
    effort=0.1,
    effort_source="assumption: a decision rather than means; small but not nothing",
    evidence=("L007", "L010", "E117"),
    expected={"control": "+", "refuge_members": "+"},
    drawback="The place stays exposed: no pursuit, no police, poor planning for the aftermath (000 l.1003-1015, "
             "1031-1033).",
    strength_source="assumption: three tenths of what local authority could hold or lose (state.local_fill)",
    actor="camps that won a place",
    applies="regions after the movement's rule",
)
