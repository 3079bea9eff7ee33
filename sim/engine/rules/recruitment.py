"""Recruitment: recruiters have limited hands; kin and friends of those who went are drawn in; vetting filters.

The flow per recruiter saturates with the pool (Holling's disc: many sympathisers, few hands). The most susceptible
go first, so a surge exhausts its pool.
"""

from __future__ import annotations

from sim.engine.compiled import rule
from sim.engine.counts import binomial_hazard, multinomial
from sim.engine.enums import (
    CELL,
    MASS,
    MILITANTS,
    MOVEMENT,
    MOVEMENT_BRAND,
    REBEL_BRAND,
    RIVAL,
    RIVAL_BRAND,
    SYMPATHISERS,
)
from sim.engine.forms import saturating
from sim.engine.now import draw_row, stream
from sim.engine.process import process
from sim.engine.state import militant, move, of_class, sympathising, young

LUCK, BRAND_LUCK = map(stream, ("recruitment", "recruitment.brand"))


@rule
def hands_limited(recruiters, pool, capacity, half):
    """Recruits a month that so many recruiters can bring in from a pool of sympathisers."""
    return recruiters * capacity * saturating(pool, half)


@rule
def appeal(w, g, r, pull):
    """How attractive each organisation is to a sympathiser: standing against the hurdle of vetting, into pull (O,).

    A mass movement stands as high as the freedom it enjoys to preach and to serve [E123]; a revolutionary message is
    heard more where opinion is polarised. The older networks also recruit for the theatre's rebels, who ask less of
    those who come [000 l.508-515; E025].
    """
    traits, polarisation = g.organisations, w.states[g.regions[r].country].polarisation
    pull[MOVEMENT] = w.brands[MOVEMENT_BRAND].prestige * (1 - traits[MOVEMENT].selectivity)
    pull[RIVAL] = max(w.brands[RIVAL_BRAND].prestige * (1 - traits[RIVAL].selectivity),
                      w.brands[REBEL_BRAND].prestige * (1 - g.setting[0].rebel_selectivity))
    pull[MASS] = w.regions[r].open_sites * (1 - traits[MASS].selectivity)
    for o in range(len(pull)):
        pull[o] *= 1 + traits[o].revolutionary * polarisation


@process("sympathisers", "militants", "recruited", "happened.recruits", "happened.recruits_movement",
         "happened.recruits_rival", "happened.recruits_mass")
def step(w, g, k, now):
    """Draw recruits from sympathisers and hand them to the organisations."""
    w.recruited[:] = 0
    for r in range(len(w.regions)):
        pool = sympathising(w, r)
        if pool > 0:
            appeal(w, g, r, w.weights)
            wanted(w, g, k, now, r, float(pool), w.weights, w.flow)
            recruit(w, g, now, r, w.flow)


@rule
def wanted(w, g, k, now, r, pool, pull, flow):
    """Recruits that each organisation would bring in this month, into flow (O,)."""
    place, here = g.regions[r], w.regions[r]
    for o in range(len(flow)):
        flow[o] = hands_limited(w.outreach[o, r], pool, k.recruitment.capacity, k.recruitment.half_pool) * pull[o]
    activists = w.members[MASS, CELL, r] * here.open_sites
    flow[MASS] += k.recruitment.mass_capacity * pull[MASS] * hands_limited(
        activists, pool, k.recruitment.capacity, k.recruitment.half_pool)
    flow[MOVEMENT] += (k.recruitment.self_starting * pool * place.online_reach * w.brands[MOVEMENT_BRAND].prestige
                       * now.states[place.country].online)
    kin = k.recruitment.kin * here.recent_gone * place.close_ties / max(young(w, r), 1.0) * pool
    total = max(pull[MOVEMENT] + pull[RIVAL] + pull[MASS], 1e-9)
    for o in range(len(flow)):
        flow[o] += kin * pull[o] / total


@rule
def recruit(w, g, now, r, flow):
    """Draw the recruits of a region, the most susceptible first, and divide them by organisation, flow (O,)."""
    total = flow[MOVEMENT] + flow[RIVAL] + flow[MASS]
    if total <= 0.0:
        return
    weighted = 0.0
    for c in range(len(w.susceptibility)):
        weighted += w.sympathisers[r, c] * w.eagerness[c]
    hazard = total / max(weighted, 1e-9)
    number, drawn, into = 0, w.class_taken, w.parts
    draw_row(w, now, LUCK, r, w.class_luck)
    for c in range(len(drawn)):
        drawn[c] = binomial_hazard(w.class_luck[c], w.sympathisers[r, c], hazard * w.eagerness[c])
        number += drawn[c]
    if number == 0:
        return
    draw_row(w, now, BRAND_LUCK, r, w.weights_luck)
    multinomial(number, flow, w.weights_luck, into)
    hand_over(w, g, r, drawn, into)
    happened = w.happened[r]
    happened.recruits += number
    happened.recruits_movement += into[MOVEMENT]
    happened.recruits_rival += into[RIVAL]
    happened.recruits_mass += into[MASS]


@rule
def hand_over(w, g, r, drawn, into):
    """Move those drawn by class to organisations by number; of whom an organisation gets does not matter."""
    o, left = 0, into[0]
    for c in range(len(drawn)):
        n = drawn[c]
        while n > 0:
            while left == 0:
                o += 1
                left = into[o]
            part = min(n, left)
            move(w, SYMPATHISERS, of_class(w, r, c), MILITANTS, militant(w, o, CELL, r, g.regions[r].country), part)
            n -= part
            left -= part
    for o in range(len(into)):
        w.recruited[o, r] = into[o]
