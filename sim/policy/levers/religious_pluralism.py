"""A plural religious sphere that may dissent without violence."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="religious_pluralism",
    title="Plural religious sphere",
    turns={"pluralism": 0.4},
    effort=0.5,
    effort_source="assumption: as much as controlling the religious sphere, so that the two compare at equal effort",
    evidence=("L043",),
    expected={"readiness": "-", "recruits": "-"},
    drawback="none named (L043)",
    strength_source="assumption: from the 0.22 to 0.36 of Tunisia and Morocco in 2010 to two thirds and more; 000 "
                    "l.1557-1562 gives no number",
    actor="governments and religious bodies",
    applies="any country; trust follows slowly, so a ramp of a year or more is sensible",
)
