"""Rebuilding with residents after a victory."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="stabilisation",
    title="Stabilisation and rebuilding",
    turns={"stabilisation": 0.5},
    effort=2.0,
    effort_source="assumption: twice the effort of guarding a border region: rebuilding, demining, police",
    evidence=("L010", "L060", "L011"),
    expected={"control": "-", "foothold": "-", "refuge_members": "-"},
    drawback="Planning was poor, and demining and rebuilding lag for want of means (000 l.1007-1015).",
    strength_source="assumption: half of what rebuilding with adequate money (000 l.1439-1441) could fill of the "
                    "vacuum of authority, and half of orphaned loyalties won back",
    actor="unity government, councils, United Nations, donors",
    applies="regions after the movement's rule; Sirte from 2017 in the sources",
)
