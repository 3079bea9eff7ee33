"""Training, equipment and special forces from abroad."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="outside_support",
    title="Outside support to security forces",
    turns={"outside_support": 0.5},
    effort=0.5,
    effort_source="assumption: half of guarding a border region, borne by outside partners",
    evidence=("L052", "L067", "L080", "L086"),
    expected={"attacks": "-"},
    drawback="May be helpful, unlikely to be sufficient (004 l.19).",
    strength_source="assumption: half of the scale beside the 0.2 that stood in 2010; worth a tenth of capacity in the "
                    "model",
    actor="outside partners",
    applies="countries whose governments accept it",
)
