"""Where recruits go: the theatre, a hub nearer by, or stay; a discrete choice limited by the exits.

Most prefer abroad where abroad is open and promising [Hegghammer 2013]. A shut exit has weight zero.
"""

from __future__ import annotations

import math

import numpy as np

from sim.engine.compiled import rule
from sim.engine.counts import binomial_hazard, choose, multinomial, stochastic_round
from sim.engine.enums import (
    BRANDS,
    CELL,
    DEMOBILISED,
    MASS,
    MILITANTS,
    MOVEMENT,
    MOVEMENT_BRAND,
    ORGANISATIONS,
    REBEL_BRAND,
    RIVAL,
    RIVAL_BRAND,
    TRANSIT,
)
from sim.engine.forms import either, saturating, share
from sim.engine.now import draw, draw_four, draw_row, stream
from sim.engine.process import process
from sim.engine.rules.prestige import second_theatre
from sim.engine.state import everywhere, militant, move, of_brand

LUCK, HUB, GIVE_UP, BRAND_LUCK, LATER = map(stream, (
    "destination", "hub", "give_up", "destination.brand", "leave_later"))
_LEAST_PULL = 1e-6  # of a brand without any prestige, so that some brand is always chosen
_ABROAD, _NEARER, _HOME = 0, 1, 2


@rule
def exit_openness(control, looking_away, visa, visa_factor, helpers, ban):
    """Openness of air and sea exits, >= 0; 1 = an open exit without helpers; 0 when every exit is shut."""
    watched = control * (1 - looking_away)
    return (1 - share(ban)) * (1 - watched) * (visa_factor if visa > 0 else 1.0) * (1 + helpers)


@rule
def openness(w, g, k, now, y):
    """Ease of leaving for the theatre from a country."""
    state, dial = w.states[y], now.states[y]
    helpers = k.destination.helpers * share(dial.facilitation) + k.destination.broker_help * state.brokers
    return max(now.theatre.access, second_theatre(now)) * exit_openness(
        state.exit_control, state.looking_away, g.states[y].visa_required, k.destination.visa_factor, helpers,
        dial.exit_ban)


@rule
def thwarted(open_, abroad, home):
    """Share of those at home who would have left by open exits: weights by open exits, as they are, and of staying."""
    return max(0.0, open_ - abroad) / (home + open_)


@rule
def hub_pull(w, g, k, now, y, weights):
    """Pull of hubs on a country's recruits, 0-1; weights (R,) gets each hub's part."""
    trait, border, watched, people = g.states[y], 0.0, 0.0, 0.0
    for r in range(trait.first_region, trait.first_region + trait.regions):
        people += g.regions[r].residents
        if g.regions[r].border:
            border += g.regions[r].residents
            watched += w.regions[r].guarded * g.regions[r].residents
    guard = watched / people / max(border / people, 1e-9)
    shut = either(now.states[y].exit_ban, k.destination.guard * guard)
    total = 0.0
    for r in range(len(weights)):
        strength = w.regions[r].hub_strength
        weights[r] = 0.0
        if strength > 0.0:
            near = math.exp(-g.distance[trait.capital, r] / k.destination.hub_km)
            weights[r] = strength * near * (1.0 if g.regions[r].country == y else 1 - shut)
            total += weights[r]
    return saturating(total, k.destination.hub_half)


@rule
def weight_abroad(w, k, o, ease, endorsed):
    """Weight of the theatre to an organisation's recruits."""
    movement, rival, rebels = (w.brands[MOVEMENT_BRAND].prestige, w.brands[RIVAL_BRAND].prestige,
                               w.brands[REBEL_BRAND].prestige)
    if o == MOVEMENT:
        return k.destination.theatre * movement * ease
    if o == RIVAL:
        return k.destination.theatre * max(rival, rebels) * ease * endorsed
    return k.destination.theatre * k.destination.mass_abroad * max(movement, rival, rebels) * ease * endorsed


@process("militants", "transit", "demobilised", "regions.recent_gone", "regions.gone_last", "happened.to_foothold")
def step(w, g, k, now):
    """Send this month's recruits on their way, and some who joined earlier."""
    n_r = len(w.regions)
    leaving = np.zeros((len(ORGANISATIONS), n_r), np.int64)
    eases, pulls = np.empty(n_r), np.empty(n_r)
    for y in range(len(w.states)):
        trait = g.states[y]
        ease = openness(w, g, k, now, y)
        endorsed = 1 + share(now.states[y].legitimation)
        pull = hub_pull(w, g, k, now, y, pulls)
        hub = choose(draw(w, now, HUB, y), pulls) if pull > 0 else -1
        for r in range(trait.first_region, trait.first_region + trait.regions):
            w.regions[r].gone_last = 0.0
            eases[r] = ease * math.exp(-g.regions[r].airport_km / k.destination.airport_km)
            for o in range(len(ORGANISATIONS)):
                if w.recruited[o, r] > 0:
                    nearer = (k.destination.hub * pull * (k.destination.hub_cause + w.organisations[MOVEMENT].ambition)
                              if o == MOVEMENT else 0.0)
                    leaving[o, r] = choose_way(w, g, k, now, o, r, eases[r], endorsed, nearer, hub)
    for r in range(n_r):
        if everywhere(w, CELL, r) == 0:
            continue
        endorsed = 1 + share(now.states[g.regions[r].country].legitimation)
        later_luck = draw_four(w, now, LATER, r)
        for o in range(len(ORGANISATIONS)):
            depart(w, g, k, now, o, r, leaving[o, r], later_luck[o], eases[r] * endorsed)


@rule
def choose_way(w, g, k, now, o, r, ease, endorsed, nearer, hub):
    """Divide a region's recruits of the month; returns how many leave for the theatre."""
    weights, parts = w.weights, w.parts
    weights[_ABROAD] = weight_abroad(w, k, o, ease, endorsed)
    weights[_NEARER] = nearer
    weights[_HOME] = k.destination.home * (1 + k.destination.home_front * w.regions[r].collapse)
    draw_row(w, now, LUCK, o * len(w.regions) + r, w.weights_luck)
    new = min(w.recruited[o, r], w.militants[o, CELL, r, g.regions[r].country])
    multinomial(new, weights, w.weights_luck, parts)
    if k.theory.safety_valve != 1:
        give_up(w, g, k, now, o, r, parts[_HOME], weight_abroad(w, k, o, max(ease, 1.0), endorsed), weights)
    if hub >= 0 and hub != r and parts[_NEARER] > 0:
        go_to_hub(w, g, r, hub, parts[_NEARER])
    return parts[_ABROAD]


@rule
def give_up(w, g, k, now, o, r, staying, open_, weights):
    """Without a safety valve those who could not leave give up; with one they stay in cells [000 l.315-350]."""
    y = g.regions[r].country
    part = thwarted(open_, weights[_ABROAD], weights[_HOME]) * (1 - k.theory.safety_valve)
    n = min(stochastic_round(draw(w, now, GIVE_UP, o * len(w.regions) + r), staying * part),
            w.militants[o, CELL, r, y])
    move(w, MILITANTS, militant(w, o, CELL, r, y), DEMOBILISED, y, n)


@rule
def go_to_hub(w, g, r, hub, n):
    """To the hub that draws the country this month; men reach it as part of its cells or its ground force.

    Who lives where the hub is has nowhere to go to: he serves it at home.
    """
    y = g.regions[r].country
    move(w, MILITANTS, militant(w, MOVEMENT, CELL, r, y), MILITANTS, militant(w, MOVEMENT, CELL, hub, y), n)
    w.regions[r].recent_gone += n
    w.regions[r].gone_last += n
    w.happened[r].to_foothold += n


@rule
def later(w, g, k, o, r, leaving, u, ease):
    """Members in cells who joined earlier and leave now, at a hazard that follows pull and ease."""
    stay = w.militants[o, CELL, r, g.regions[r].country] - leaving
    if stay <= 0:
        return 0
    pull = 0.0
    for b in range(len(BRANDS)):
        if o == MASS or b == o:
            pull = max(pull, w.brands[b].prestige)
    return binomial_hazard(u, stay, k.destination.later * pull * ease)


@rule
def depart(w, g, k, now, o, r, leaving, later_luck, ease):
    """From cells at home into transit; the movement's own end with it, others choose by the square of prestige."""
    going = leaving + later(w, g, k, o, r, leaving, later_luck, ease)
    if going == 0:
        return
    cell = militant(w, o, CELL, r, g.regions[r].country)
    if o == MOVEMENT:
        move(w, MILITANTS, cell, TRANSIT, of_brand(w, MOVEMENT_BRAND, r), going)
    else:
        for b in range(len(BRANDS)):
            # The older network's men go with any brand but the movement, activists with any.
            open_to = 0.0 if o == RIVAL and b == MOVEMENT_BRAND else 1.0
            w.weights[b] = open_to * max(w.brands[b].prestige, _LEAST_PULL) ** 2
        draw_row(w, now, BRAND_LUCK, (o - RIVAL) * len(w.regions) + r, w.weights_luck)
        multinomial(going, w.weights, w.weights_luck, w.parts)
        for b in range(len(BRANDS)):
            move(w, MILITANTS, cell, TRANSIT, of_brand(w, b, r), w.parts[b])
    w.regions[r].recent_gone += going
    w.regions[r].gone_last += going
