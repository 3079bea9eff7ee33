"""Residents who tell the authorities and stand by them."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="community_cooperation",
    title="Cooperation with residents",
    turns={"community": 0.5},
    effort=0.5,
    effort_source="assumption: half of guarding a border region",
    evidence=("L053", "E135"),
    expected={"attempts": "-", "foothold": "-", "cells_dismantled": "+"},
    drawback="Local divides also supply sympathisers to the other side (000 l.1159-1163, 1174-1177).",
    strength_source="assumption: half of the scale; Ben Guerdane in 2016 is the only case described",
    actor="local authorities and residents",
    applies="any region",
)
