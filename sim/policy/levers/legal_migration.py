"""Legal migration stays open."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="legal_migration",
    title="Legal migration kept open",
    turns={"migration_open": 0.5},
    effort=0.3,
    effort_source="assumption: a third of guarding a border region",
    evidence=("L091", "E060"),
    expected={"departures": "-", "sympathisers": "-"},
    drawback="none named (L091)",
    strength_source="the opening of early 2011 in the events (0.5 in Tunisia), kept up",
    actor="European states",
    applies="countries whose residents have ties abroad",
)
