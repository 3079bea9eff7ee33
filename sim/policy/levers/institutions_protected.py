"""The last working economic institutions are kept out of the rivals' fight."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="institutions_protected",
    title="Protection of economic institutions",
    turns={"services": 0.1, "capacity": 1.1},
    effort=0.5,
    effort_source="assumption: half of guarding a border region; the means are agreements and guards for a few "
                  "institutions",
    evidence=("L003", "E148"),
    expected={"readiness": "-", "control": "-"},
    drawback="none named (L003)",
    strength_source="assumption: a tenth on services and capacity, about what the fall of the oil price takes from "
                    "Libya in the events (0.13 and 0.07)",
    actor="outside powers and the United Nations, with the managers of the institutions",
    applies="countries whose rival governments contest the public purse; Libya",
)
