"""Online recruitment is watched, answered and taken down."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="online_counter_messaging",
    title="Online counter-recruitment",
    turns={"online": 0.6},
    effort=0.2,
    effort_source="assumption: a fifth of guarding a border region: few people, wide reach",
    evidence=("L022", "E150"),
    expected={"recruits_movement": "-", "new_sympathisers": "-"},
    drawback="none named (L022)",
    strength_source="assumption: as much as the mass suspension of accounts in the event platform_takedowns (0.6)",
    actor="governments, platforms, community voices",
    applies="countries where many are online; 2014 on",
)
