"""State control of mosques and sermons."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="religious_regulation",
    title="State control of the religious sphere",
    turns={"regulation": 0.5},
    effort=0.5,
    effort_source="assumption: half of guarding a border region: officials in every place of worship",
    evidence=("L042", "E159"),
    expected={"new_sympathisers": "-"},
    drawback="Official religion loses credit where the state is held unjust and leaves no outlet for protest (000 "
             "l.1519-1535, 1537-1558).",
    strength_source="assumption: about what the uprisings of 2011 undid (0.4 to 0.6 in the events)",
    actor="governments and their ministries of religious affairs",
    applies="any country; argued both ways by the sources",
    seen_in={"readiness": "+", "grievance": "+"},
)
