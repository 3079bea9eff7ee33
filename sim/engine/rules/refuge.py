"""Refuges: guerrillas shift along links to sheltering terrain where pressure is lower, borders included.

One-sided pressure moves a refuge across the border; joint pressure leaves it nowhere to go [000 l.1598-1604].
"""

from __future__ import annotations

import numpy as np

from sim.engine.compiled import rule
from sim.engine.counts import binomial_hazard
from sim.engine.enums import MASS, REFUGE
from sim.engine.forms import draw_members
from sim.engine.now import draw, draw_four, stream
from sim.engine.process import process
from sim.engine.state import move_members

LUCK, WHO = map(stream, ("refuge", "refuge.who"))


@rule
def relief(here, there):
    """How much lower the pressure is elsewhere, 0 where it is not."""
    return max(0.0, here - there)


@process("militants")
def step(w, g, k, now):
    """Each refuge looks along one of its links, drawn by chance, and part of it moves if that is safer."""
    n_r = len(w.regions)
    for o in range(MASS):
        moving, target = np.zeros(n_r, np.int64), np.zeros(n_r, np.int64)
        for r in range(n_r):
            if w.members[o, REFUGE, r] > 0:
                target[r], moving[r] = shift(w, g, k, now, o, r)
        # All move at once: nobody travels two links in a month.
        taken = np.zeros((n_r, len(w.outside)), np.int64)
        for r in range(n_r):
            if moving[r] > 0:
                taken[r] = draw_members(w, o, REFUGE, r, moving[r], draw(w, now, WHO, o * n_r + r))
        for r in range(n_r):
            if moving[r] > 0:
                move_members(w, o, REFUGE, r, o, REFUGE, target[r], taken[r])


@rule
def shift(w, g, k, now, o, r):
    """Region looked at and how many of the refuge would go there."""
    place = g.regions[r]
    where, whether, _, _ = draw_four(w, now, LUCK, o * len(w.regions) + r)
    link = g.links[place.first_link + int(where * place.links)]
    there = w.regions[link.source]
    closed = there.guarded if link.cross else 0.0
    gain = relief(w.regions[r].pressure, there.pressure) * g.regions[link.source].rugged * (1 - closed)
    n = binomial_hazard(whether, w.members[o, REFUGE, r], k.refuge.shift * gain)
    return link.source, n
