"""Services that find cells early."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="intelligence_services",
    title="Better intelligence services",
    turns={"intelligence": 1.4},
    effort=0.5,
    effort_source="assumption: half of guarding a border region: few people, long training",
    evidence=("L018", "L036", "L063", "L072", "L073", "L082"),
    expected={"attacks": "-", "cells_dismantled": "+"},
    drawback="Publicity about dismantled cells may inflate the threat and create false confidence (000 l.1356-1361).",
    strength_source="assumption: takes the 0.55 of Tunisia and Libya to about the 0.8 of Algeria and Morocco, which "
                    "the sources call strong",
    actor="governments",
    applies="any country",
)
