"""Inflow from outside: a hub draws would-be fighters and mercenaries from finite stocks beyond the map.

Most of those who held Sirte were foreign [E099]; the stocks are sourced and run down as men come.
"""

from __future__ import annotations

import numpy as np

from sim.engine.compiled import rule
from sim.engine.counts import binomial_hazard, choose
from sim.engine.enums import GROUND, MILITANTS, MOVEMENT, OUTSIDE
from sim.engine.forms import controlled, saturating
from sim.engine.now import draw, stream
from sim.engine.process import process
from sim.engine.state import militant, move

LUCK = stream("inflow")


@rule
def pull_of_hubs(ruled, half, ambition):
    """Share of the willing who would come this month if the way were short, 0-1; ruled residents saturate."""
    return ambition * saturating(ruled, half)


@process("outside", "militants", "happened.inflow")
def step(w, g, k, now):
    """Bring outsiders to the places the movement rules."""
    ruled, closed, weights = 0.0, 0.0, np.empty(len(w.regions))
    for r in range(len(weights)):
        weights[r] = controlled(w, g, r) * g.regions[r].residents
        ruled += weights[r]
        closed = max(closed, w.regions[r].guarded)
    if ruled <= 0.0:
        return
    pull = (k.inflow.rate * (1 - k.inflow.guard * closed)
            * pull_of_hubs(ruled, k.inflow.half_residents, w.organisations[MOVEMENT].ambition))
    for node in range(len(g.nodes)):
        origin = len(w.states) + node
        if w.outside[origin] > 0:
            coming = binomial_hazard(draw(w, now, LUCK, node), w.outside[origin],
                                     pull * g.nodes[node].base_willingness)
            if coming > 0:
                hub = choose(draw(w, now, LUCK, len(g.nodes) + node), weights)
                move(w, OUTSIDE, origin, MILITANTS, militant(w, MOVEMENT, GROUND, hub, origin), coming)
                w.happened[hub].inflow += coming
