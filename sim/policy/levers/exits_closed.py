"""Nearly all ways out are shut."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="exits_closed",
    title="All exits closed",
    turns={"exit_ban": 0.95},
    effort=1.0,
    effort_source="assumption: as much as guarding a border region, in every region",
    evidence=("L028", "L027", "E039"),
    expected={"departures": "-"},
    drawback="Those who cannot leave stay and may act at home (000 l.315-350).",
    strength_source="assumption: nineteen of twenty ways out, the limit of what any state has done",
    actor="governments, with transit countries",
    applies="any country; an extreme for comparison",
    seen_in={"attacks": "+", "movement_members": "+"},
)
