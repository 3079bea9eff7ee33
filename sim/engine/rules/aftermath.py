"""After a loss: survivors are caught, melt back, go home, or move to weak authority within reach.

Home-grown members melt into their communities, which may or may not hold them to account; foreigners go where they can
[000 l.1027-1071]. Going home to a strong state means prison. Without pursuit and stabilisation a place stays exposed.
"""

from __future__ import annotations

import math

import numpy as np

from sim.engine.compiled import rule
from sim.engine.counts import choose, multinomial
from sim.engine.enums import (
    ELSEWHERE,
    GROUND,
    HIDDEN,
    MILITANTS,
    MOVEMENT,
    PRISON,
    REFUGE,
    REINTEGRATED,
)
from sim.engine.forms import controlled, share
from sim.engine.now import draw, stream
from sim.engine.process import process
from sim.engine.rules.theatre import HIDING, JAILED, WELCOMED, fates
from sim.engine.state import militant, move

LUCK = stream("aftermath")
#: Uniforms of a region, one an origin each: three for the fate on the spot, home, where to, two for the fate at home.
_SPOT, _HOME, _WHERE, _FATE, _DRAWS = 0, 3, 4, 5, 7
_CAUGHT, _HIDDEN, _HOMEWARD, _ONWARD, _WAYS = 0, 1, 2, 3, 4


@rule
def survivors_shares(caught, hidden, home, shares):
    """Shares caught, hidden on the spot, gone home and moved on, into shares; each of what the former leave."""
    shares[_CAUGHT] = caught
    shares[_HIDDEN] = (1 - caught) * hidden
    shares[_HOMEWARD] = (1 - caught - shares[_HIDDEN]) * home
    shares[_ONWARD] = 1 - caught - shares[_HIDDEN] - shares[_HOMEWARD]


@process("militants", "reintegrated", "elsewhere", "happened.returnees_jailed", "happened.returnees_reintegrated",
         "happened.returnees_hidden")
def step(w, g, k, now):
    """Disperse ground forces from regions where nothing is held any more."""
    for r in range(len(w.regions)):
        if w.members[MOVEMENT, GROUND, r] > 0 and controlled(w, g, r) <= 0.0:
            disperse(w, g, k, now, r)


@rule
def luck_of(w, now, r, kind, origin):
    """Uniform of one kind for those of one origin in a region."""
    return draw(w, now, LUCK, (r * _DRAWS + kind) * len(w.outside) + origin)


@rule
def disperse(w, g, k, now, r):
    """Divide the survivors of a region, origin by origin."""
    turned, shares, luck, parts = now.regions[r], np.empty(_WAYS), np.empty(_WAYS - 1), np.zeros(_WAYS, np.int64)
    pursuit = share(w.regions[r].presence + turned.stabilisation + turned.pursuit)
    refuge = weak_place(w, g, k, r, luck_of(w, now, r, _WHERE, 0))
    if refuge < 0:  # authority is strong everywhere
        refuge = r
    for origin in range(len(w.outside)):
        cell = militant(w, MOVEMENT, GROUND, r, origin)
        stock = w.militants[MOVEMENT, GROUND, r, origin]
        if stock == 0:
            continue
        local = origin == g.regions[r].country
        survivors_shares(pursuit * k.aftermath.caught,
                         k.aftermath.hidden_locals if local else k.aftermath.hidden_foreigners,
                         0.0 if local else k.aftermath.home, shares)
        for j in range(len(luck)):
            luck[j] = luck_of(w, now, r, _SPOT + j, origin)
        multinomial(stock, shares, luck, parts)
        move(w, MILITANTS, cell, MILITANTS, militant(w, MOVEMENT, PRISON, r, origin), parts[_CAUGHT])
        move(w, MILITANTS, cell, MILITANTS, militant(w, MOVEMENT, HIDDEN, r, origin), parts[_HIDDEN])
        if parts[_HOMEWARD] > 0:
            go_home(w, g, k, now, r, origin, parts[_HOMEWARD])
        move(w, MILITANTS, cell, MILITANTS, militant(w, MOVEMENT, REFUGE, refuge, origin), parts[_ONWARD])


@rule
def weak_place(w, g, k, r, u):
    """Where authority is weak and terrain or emptiness shelters, within reach."""
    weights = np.empty(len(w.regions))
    for to in range(len(weights)):
        place, there = g.regions[to], w.regions[to]
        shelter = k.aftermath.shelter_base + place.rugged + 1 / (1 + place.density / k.aftermath.empty_density)
        weights[to] = ((1 - there.presence) ** 2 * shelter * math.exp(-g.distance[r, to] / k.aftermath.move_km)
                       * (1 - there.guarded))
    return choose(u, weights)


@rule
def go_home(w, g, k, now, r, origin, n):
    """Home to the region from which most left; those from beyond the map move on to where nobody follows them."""
    cell = militant(w, MOVEMENT, GROUND, r, origin)
    if origin >= len(w.states):
        move(w, MILITANTS, cell, ELSEWHERE, origin, n)
        return
    weights, trait = np.zeros(len(w.regions)), g.states[origin]
    for home in range(trait.first_region, trait.first_region + trait.regions):
        weights[home] = w.regions[home].recent_gone + g.regions[home].youth * 1e-9
    home = choose(luck_of(w, now, r, _HOME, origin), weights)
    parts = w.parts
    fates(w, k, now, origin, w.weights)
    for j in range(len(w.weights_luck)):
        w.weights_luck[j] = luck_of(w, now, r, _FATE + j, origin)
    multinomial(n, w.weights, w.weights_luck, parts)
    move(w, MILITANTS, cell, MILITANTS, militant(w, MOVEMENT, PRISON, home, origin), parts[JAILED])
    move(w, MILITANTS, cell, REINTEGRATED, origin, parts[WELCOMED])
    move(w, MILITANTS, cell, MILITANTS, militant(w, MOVEMENT, HIDDEN, home, origin), parts[HIDING])
    happened = w.happened[home]
    happened.returnees_jailed += parts[JAILED]
    happened.returnees_reintegrated += parts[WELCOMED]
    happened.returnees_hidden += parts[HIDING]
