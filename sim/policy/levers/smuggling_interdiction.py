"""Guarding against contraband, at a price for those who live by it."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="smuggling_interdiction",
    title="Smuggling interdiction",
    turns={"border_effort": 0.3, "services": -0.1},
    effort=0.7,
    effort_source="assumption: seven tenths of guarding the border for all purposes",
    evidence=("L050", "E248"),
    expected={"to_foothold": "-", "movement_members": "-"},
    drawback="Militias may end cooperation and border towns lose a livelihood (000 l.1639-1642, 455-458).",
    strength_source="assumption: six tenths of full border guarding; the livelihood lost is set against a third of a "
                    "programme of services for the young",
    actor="governments",
    applies="regions on a land border where contraband matters",
    seen_in={"grievance": "+"},
)
