"""Those who give up violence may come back to civil life."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="amnesty",
    title="Amnesty and reconciliation",
    turns={"amnesty": 0.6},
    effort=0.2,
    effort_source="assumption: a fifth of guarding a border region",
    evidence=("L021", "E024"),
    expected={"refuge_members": "-", "movement_members": "-"},
    drawback="No accountability for past crimes, and religious conservatism grows (000 l.1286-1289, 1312-1319).",
    strength_source="assumption: an offer that most can take; many observers credit the Civil Concord with much of the "
                    "decline (000 l.229-234)",
    actor="governments and parliaments",
    applies="countries with men in refuges or returnees",
    seen_in={"returnees_jailed": "-"},
)
