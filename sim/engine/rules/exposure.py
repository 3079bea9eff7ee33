"""Exposure: uninvolved residents come to sympathise, and fall away again.

Hazard = susceptibility x readiness x (outreach + peers + online x prestige): a contagion with sources
[Santoprete & Xu 2018], peers acting through ties inside the region and across its links.
"""

from __future__ import annotations

import math

import numpy as np

from sim.engine.compiled import rule
from sim.engine.counts import binomial_hazard, split, stochastic_round
from sim.engine.enums import (
    BRANDS,
    CELL,
    MASS,
    MIGRATED,
    MOVEMENT_BRAND,
    ORGANISATIONS,
    RIVAL_BRAND,
    SYMPATHISERS,
    UNINVOLVED,
)
from sim.engine.forms import clip, national_mean, share
from sim.engine.now import decided, decision, draw_four, draw_row, stream
from sim.engine.process import process
from sim.engine.state import move, of_class, sympathising, young

LUCK, FALLING_AWAY = map(stream, ("exposure", "falling_away"))
PEERS = decision("peers")


@rule
def exposure_hazard(readiness, outreach, peers, online):
    """Monthly hazard of a resident of mean susceptibility."""
    return readiness * (outreach + peers + online)


@rule
def arrest_risk(force, active, scale, least):
    """Perceived risk of arrest 1 - exp(-scale force / active) [Epstein 2002], both per 1,000 residents."""
    return 1 - math.exp(-scale * force / max(active, least))


@rule
def neighbours_mean(g, r, values):
    """Mean over the linked regions."""
    place, total = g.regions[r], 0.0
    for e in range(place.first_link, place.first_link + place.links):
        total += values[g.links[e].source]
    return total / place.links


@process("uninvolved", "sympathisers", "migrated", "happened.new_sympathisers")
def step(w, g, k, now):
    """Move residents between uninvolved and sympathising."""
    n_r = len(w.regions)
    before, inclined, outreach, ready = np.empty(n_r, np.int64), np.empty(n_r), np.empty(n_r), np.empty(n_r)
    for r in range(n_r):
        people = max(young(w, r), 1.0)
        before[r] = sympathising(w, r)
        inclined[r] = before[r] / people
        outreach[r] = reached(w, g, k, now, r) / people
        ready[r] = w.regions[r].readiness
    follow_theory_of_joining(g, k, ready, outreach)
    standing = max(w.brands[MOVEMENT_BRAND].prestige, k.exposure.rival_online * w.brands[RIVAL_BRAND].prestige)
    for r in range(n_r):
        place = g.regions[r]
        outward = place.ties_outside
        peers = decided(now, PEERS, k.theory.peers * k.exposure.peers * place.close_ties * (
            (1 - outward) * inclined[r] + outward * neighbours_mean(g, r, inclined)))
        online = k.exposure.online * place.online_reach * now.states[place.country].online * standing
        hazard = exposure_hazard(ready[r], outreach[r], peers, online) * (1 - deterred(w, g, k, r, inclined[r]))
        if hazard > 0.0:
            join(w, now, r, hazard)
    for y in range(len(w.states)):
        weary, open_ = weariness(w, k, y), share(k.exposure.migration_open + now.states[y].migration_open)
        first = g.states[y].first_region
        for r in range(first, first + g.states[y].regions):
            if sympathising(w, r) > 0:
                fall_away(w, g, k, now, r, before[r] * weary, open_)


@rule
def reached(w, g, k, now, r):
    """Residents of a region whom recruiters and tolerated activists meet in the month."""
    hands = 0.0
    for o in range(len(ORGANISATIONS)):
        hands += w.outreach[o, r]
    watched_sites = clip(1 - k.exposure.site_share * now.states[g.regions[r].country].regulation, 0.0, 2.0)
    return (k.exposure.contacts * hands * watched_sites
            + k.exposure.activist_contacts * w.members[MASS, CELL, r] * w.regions[r].open_sites)


@rule
def follow_theory_of_joining(g, k, ready, outreach):
    """Readiness and outreach as the theory of joining has them: a cause that does not count takes its national mean.

    Relative deprivation with contestation [E069] against local organisations and migration [delegation-level
    regression, MECHANISMS]: where deprivation does not count, emigration ties stand in for it.
    """
    if k.theory.deprivation == 1 and k.theory.organisations == 1:
        return
    ties = np.empty(len(ready))
    for r in range(len(ready)):
        ties[r] = g.regions[r].migration_ties
    for y in range(len(g.states)):
        even, everywhere, mean_ties = (national_mean(g, y, ready), national_mean(g, y, outreach),
                                       national_mean(g, y, ties))
        first = g.states[y].first_region
        for r in range(first, first + g.states[y].regions):
            ready[r] = (k.theory.deprivation * ready[r]
                        + (1 - k.theory.deprivation) * even * ties[r] / mean_ties)
            outreach[r] = k.theory.organisations * outreach[r] + (1 - k.theory.organisations) * everywhere


@rule
def deterred(w, g, k, r, inclined):
    """Share of the hazard that fear of arrest takes away where repression deters; zero in the backlash theory."""
    if k.theory.deterrence == 0.0:
        return 0.0
    y = g.regions[r].country
    force = g.states[y].security_per_1000 * w.regions[r].presence * w.states[y].alert
    return k.theory.deterrence * arrest_risk(force, 1000 * inclined, k.exposure.fear, k.exposure.fear_least)


@rule
def join(w, now, r, hazard):
    """Draw the month's new sympathisers of a region, class by class."""
    draw_row(w, now, LUCK, r, w.class_luck)
    for c in range(len(w.class_luck)):
        n = binomial_hazard(w.class_luck[c], w.uninvolved[r, c], hazard * w.susceptibility[c])
        if n > 0:
            cell = of_class(w, r, c)
            move(w, UNINVOLVED, cell, SYMPATHISERS, cell, n)
            w.happened[r].new_sympathisers += n


@rule
def weariness(w, k, y):
    """Share of a state's sympathisers who lose interest: more without prestige and beside quietist rivals."""
    standing = 0.0
    for b in range(len(BRANDS)):
        standing = max(standing, w.brands[b].prestige)
    return -math.expm1(-k.exposure.decay * (k.exposure.glory - standing)
                       * (1 + k.exposure.quietist * w.states[y].quietists))


@rule
def fall_away(w, g, k, now, r, weary, open_):
    """So many lose interest, on average; some of those left emigrate where borders are open.

    Hundreds of people in small flows: rounding by chance is unbiased and much cheaper than a binomial draw.
    """
    interest, spread, ticket, _ = draw_four(w, now, FALLING_AWAY, r)
    draw_sympathisers(w, r, stochastic_round(interest, weary), spread, UNINVOLVED)
    odds = -math.expm1(-k.exposure.migration * g.regions[r].migration_ties * open_)
    draw_sympathisers(w, r, stochastic_round(ticket, sympathising(w, r) * odds), spread, MIGRATED)


@rule
def draw_sympathisers(w, r, n, u, target):
    """n sympathisers of a region, each class in proportion, back to the uninvolved or out of the country."""
    if n <= 0:
        return
    split(w.sympathisers[r], n, u, w.class_taken)
    for c in range(len(w.class_taken)):
        if w.class_taken[c] > 0:
            cell = of_class(w, r, c)
            move(w, SYMPATHISERS, cell, target, cell if target == UNINVOLVED else r, w.class_taken[c])
