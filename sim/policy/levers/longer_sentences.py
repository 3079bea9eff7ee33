"""Longer prison terms for members and travellers."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="longer_sentences",
    title="Longer sentences",
    turns={"sentences": 1.5},
    effort=0.3,
    effort_source="assumption: a third of guarding a border region: cells and staff",
    evidence=("L035", "E152", "E153"),
    expected={"departures": "-", "prisoners": "+"},
    drawback="none named (L035), and no source states an effect on departures; prisons are places of recruitment (000 "
             "l.426-428).",
    strength_source="assumption: from the model's five years to seven and a half, inside the five to fifteen of the "
                    "law of 2015",
    actor="parliaments and courts",
    applies="any country; Morocco from 2015 in the sources",
)
