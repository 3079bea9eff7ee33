"""Passage: those on their way arrive in the theatre or are stopped at the exits.

Interception follows exit control, intelligence and the will to look [000 l.315-350, 369-374].
"""

from __future__ import annotations

from sim.engine.compiled import rule
from sim.engine.counts import binomial
from sim.engine.enums import BRANDS, MILITANTS, MOVEMENT, MOVEMENT_BRAND, PRISON, RIVAL, THEATRE, TRANSIT
from sim.engine.forms import share
from sim.engine.now import draw, stream
from sim.engine.process import process
from sim.engine.state import militant, move, of_brand

LUCK = stream("passage")


@rule
def interception(control, looking_away, intelligence, most):
    """Chance that a traveller is stopped on the way out, 0-1."""
    return share(most * control * (1 - looking_away) * intelligence)


@rule
def organisation_of(brand):
    """Organisation at home of those who fought under a brand: the rebels' men belong to the older network."""
    return MOVEMENT if brand == MOVEMENT_BRAND else RIVAL


@process("transit", "theatre", "militants", "happened.interdicted", "happened.arrests", "happened.departures",
         "happened.departures_movement")
def step(w, g, k, now):
    """Bring last month's travellers to the theatre or to prison."""
    for r in range(len(w.regions)):
        y = g.regions[r].country
        state, happened = w.states[y], w.happened[r]
        stopped = interception(state.exit_control, state.looking_away, state.intelligence, k.passage.interception)
        for b in range(len(BRANDS)):
            travelling = w.transit[b, r]
            if travelling == 0:
                continue
            cell = of_brand(w, b, r)
            caught = binomial(draw(w, now, LUCK, cell), travelling, stopped)
            move(w, TRANSIT, cell, MILITANTS, militant(w, organisation_of(b), PRISON, r, y), caught)
            move(w, TRANSIT, cell, THEATRE, cell, travelling - caught)
            happened.interdicted += caught
            happened.arrests += caught
            happened.departures += travelling - caught
            if b == MOVEMENT_BRAND:
                happened.departures_movement += travelling - caught
