"""Peaceful politics that people can trust."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="political_opening",
    title="Opening of political channels",
    turns={"channels": 0.3, "hopes": 0.08},
    effort=0.5,
    effort_source="assumption: half of guarding a border region; laws and elections, not standing forces",
    evidence=("L044", "E034", "E120"),
    expected={"readiness": "-", "recruits": "-"},
    drawback="Some Islamists see compromise as betrayal and become easy to win for violent groups (000 l.1079-1087).",
    strength_source="assumption: twice what the events give Morocco's constitutional reform of 2011 (channels 0.15, "
                    "hopes 0.04)",
    actor="governments and parliaments",
    applies="any country; 2011 on",
    seen_in={"recruits_movement": "+"},
)
