"""All opponents are fought as one enemy."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="brand_all_opponents",
    title="Treating all opponents as one enemy",
    turns={"branding": 3.0, "brutality": 1.3},
    effort=0.5,
    effort_source="assumption: half of guarding a border region; the war itself is not counted",
    evidence=("L006",),
    expected={"control": "-"},
    drawback="Pushes groups that could negotiate towards the extreme, deepens local rifts, harms civilians (000 "
             "l.954-960, 987-994).",
    strength_source="assumption: three times the labelling of an ordinary camp and the added abuse of a state of "
                    "emergency",
    actor="camps and governments at war",
    applies="countries whose camps fight each other; Libya from 2014",
    seen_in={"movement_members": "+", "grievance": "+"},
)
