"""Less corruption, visibly."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="anti_corruption",
    title="Fight against corruption",
    turns={"corruption": 0.6},
    effort=1.0,
    effort_source="assumption: as much as guarding a border region: courts, auditors and better pay everywhere",
    evidence=("L040", "E069"),
    expected={"grievance": "-", "recruits": "-"},
    drawback="none named (L040)",
    strength_source="assumption: two fifths less perceived corruption, from the level of Libya (0.76) to below that of "
                    "Morocco (0.54); 000 l.1498-1499 ranks corruption highest among the causes that can be tackled",
    actor="governments, parliaments, courts",
    applies="any region; slow, so a ramp of one or two years is sensible",
)
