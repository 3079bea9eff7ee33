"""Air strikes from outside on hubs."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="air_strikes",
    title="Air strikes from outside",
    turns={"airstrikes": 0.5},
    effort=1.5,
    effort_source="assumption: half as much again as guarding a border region",
    evidence=("L008", "L009", "L068", "E104", "E105", "E106"),
    expected={"fighters": "-", "movement_members": "-"},
    drawback="Only some setbacks: survivors scatter, and a strike hastened the attack on Ben Guerdane (000 l.898-900, "
             "1050-1056, 1142-1144).",
    strength_source="assumption: more than outside powers do of themselves at full alarm in the model (0.3)",
    actor="outside powers",
    applies="regions with a hub; Libya 2015 on",
    seen_in={"attacks": "+"},
)
