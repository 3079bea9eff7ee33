"""Small forms that several mechanisms share."""

from __future__ import annotations

import math

import numpy as np

from sim.engine.compiled import rule
from sim.engine.counts import split
from sim.engine.enums import CELL, GROUND, MILITANTS, MOVEMENT, REFUGE
from sim.engine.state import militant, move_members, release_members

MILLION, HUNDRED_THOUSAND, TEN_MILLION = 1e6, 1e5, 1e7


@rule
def clip(x, low, high):
    """x held between two limits."""
    return min(max(x, low), high)


@rule
def share(x):
    """x held between 0 and 1."""
    return min(max(x, 0.0), 1.0)


@rule
def either(a, b):
    """Chance that at least one of two independent causes is present (noisy or)."""
    return 1.0 - (1.0 - share(a)) * (1.0 - share(b))


@rule
def chance(hazard):
    """Chance that something with this hazard happens within the month."""
    return 1.0 - math.exp(-hazard)


@rule
def happens(u, hazard):
    """Whether something with this hazard happens within the month, by a uniform; most often settled without an exp."""
    return u < hazard and u < 1.0 - math.exp(-hazard)


@rule
def saturating(x, half):
    """x / (x + half): one half at ``half``."""
    return x / (x + half)


@rule
def sympathising_value(pool, weight):
    """Worth of a pool of sympathisers: it grows with the logarithm of their number."""
    return weight * math.log1p(pool)


@rule
def lagged(old, signal, speed):
    """Perception that follows its signal with a lag (exponential smoothing)."""
    return old + speed * (signal - old)


@rule
def win_chance(attackers, defenders, decisiveness):
    """Contest success function M^d / (M^d + E^d) [Tullock]; nobody wins with nobody."""
    if attackers <= 0.0:
        return 0.0
    a, e = attackers ** decisiveness, defenders ** decisiveness
    return a / max(a + e, 1e-12)


@rule
def national_mean(g, y, values):
    """Mean of regional values (R,) over the residents of a country."""
    first, total, people = g.states[y].first_region, 0.0, 0.0
    for r in range(first, first + g.states[y].regions):
        total += values[r] * g.regions[r].residents
        people += g.regions[r].residents
    return total / people


@rule
def present(w, o, r):
    """Members of an organisation in cells and on held ground in a region."""
    return w.members[o, CELL, r] + w.members[o, GROUND, r]


@rule
def at_large(w, o, r):
    """Members of an organisation in a region who are neither in prison nor in hiding."""
    return present(w, o, r) + w.members[o, REFUGE, r]


@rule
def foreigners(w, g, r):
    """The movement's members at large in a region who are not from its country."""
    y = g.regions[r].country
    own = (w.militants[MOVEMENT, CELL, r, y] + w.militants[MOVEMENT, REFUGE, r, y]
           + w.militants[MOVEMENT, GROUND, r, y])
    return at_large(w, MOVEMENT, r) - own


@rule
def fighters(w, k, r):
    """The movement's fighters in a region for a contest of ground: a stated share of its members [E097]."""
    return k.ground.fighter_share * present(w, MOVEMENT, r)


@rule
def attacks_felt(here, k):
    """Last month's attacks of a region in small attacks: a mass-casualty attack weighs as many as it costs lives."""
    return here.attacks_seen + k.violence.mass_weight * here.mass_attacks_seen


@rule
def controlled(w, g, r):
    """Share of a region's residents under the movement's control, 0-1."""
    place, part = g.regions[r], 0.0
    for t in range(place.first_locality, place.first_locality + place.localities):
        part += w.localities[t].control * g.localities[t].share
    return part


@rule
def choose_members(w, o, k, r, n, u, taken):
    """Choose n members of a region, each origin in proportion to its share (systematic sampling), into taken (G,)."""
    first = w.starts[MILITANTS] + militant(w, o, k, r, 0)
    split(w.people[first:first + len(taken)], n, u, taken)


@rule
def draw_members(w, o, k, r, n, u):
    """As `choose_members`, in an array of its own, (G,)."""
    taken = np.zeros(len(w.outside), np.int64)
    choose_members(w, o, k, r, n, u, taken)
    return taken


@rule
def transfer(w, o, k, r, n, u, to_o, to_k):
    """n members to another organisation or condition in the same region."""
    if n > 0:
        choose_members(w, o, k, r, n, u, w.taken)
        move_members(w, o, k, r, to_o, to_k, r, w.taken)


@rule
def discharge(w, o, k, r, n, u, ledger):
    """n members to a ledger: dead, demobilised, reintegrated or elsewhere."""
    if n > 0:
        choose_members(w, o, k, r, n, u, w.taken)
        release_members(w, o, k, r, ledger, w.taken)
