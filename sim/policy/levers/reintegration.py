"""Returnees and followers are led back into civil life."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="reintegration",
    title="Reintegration of returnees",
    turns={"reintegration": 0.5},
    effort=0.4,
    effort_source="assumption: two fifths of guarding a border region, as detention, so that the two compare at equal "
                  "effort",
    evidence=("L065", "L011", "L087"),
    expected={"returnees_reintegrated": "+", "attacks": "-"},
    drawback="Has flaws and needs a stable government (002 l.25, 30).",
    strength_source="assumption: half of the returnees who are noticed, beside the tenth who are led back anyhow",
    actor="governments and communities",
    applies="countries with returnees or freed prisoners",
)
