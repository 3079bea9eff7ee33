"""Armed groups at risk of infiltration are drawn into politics."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="integrate_armed_groups",
    title="Integration of armed groups",
    turns={"integration": 0.7, "branding": 0.3},
    effort=0.5,
    effort_source="assumption: half of guarding a border region, as branding, so that the two compare at equal effort",
    evidence=("L005", "L002"),
    expected={"control": "-", "movement_members": "-"},
    drawback="none named (L005)",
    strength_source="assumption: seven in ten groups, since some refuse; 000 l.1442-1448 gives no number",
    actor="mediators, governments, camps",
    applies="countries with many armed groups; Libya from 2014",
)
