"""Ground: attempts on localities, the contest for what is held, and rule over residents.

By force, a contest success function [Tullock]; or by surrender and negotiated entry where no authority is present or
wanted and a cleavage or orphaned loyalty can be used [000 l.765-785]. Empty localities are not won: holding needs a
minimum garrison per resident. Rule is lenient first and harsher with consolidation and cadres from the core
[000 l.777-785]; revolts may come and be crushed [000 l.838-852].
"""

from __future__ import annotations

import math

import numpy as np

from sim.engine.compiled import rule
from sim.engine.counts import binomial, stochastic_round
from sim.engine.enums import (
    CELL,
    CONTESTED,
    DEAD,
    DOMINANT,
    GROUND,
    LOST_TO_OFFENSIVE,
    LOST_TO_REVOLT,
    LOST_TO_RIVALS,
    LOST_TO_WEAKNESS,
    MASS,
    MOVEMENT,
    NOT_LOST,
    REFUGE,
    RIVAL,
)
from sim.engine.forms import at_large, chance, discharge, either, fighters, foreigners, share, win_chance
from sim.engine.now import decided, decision, draw, stream
from sim.engine.process import process
from sim.engine.state import move_members

CHOICE, ATTEMPT, FAILED, RIVALS, REVOLT = map(stream, (
    "ground.choice", "ground.attempt", "ground.failed", "ground.rivals", "ground.revolt"))
TRY = decision("movement.attempt")
_LOST, _WHO, _COST, _WHO_ELSE = 0, 1, 2, 3  # uniforms of a region in "ground.failed"


@rule
def vacuum(defenders, residents, norm_per_1000):
    """How far a locality lacks any authority, 0-1, against a norm of armed people per 1,000 residents."""
    return 1 - share(defenders / max(norm_per_1000 * residents / 1000, 1e-9))


@rule
def garrison(residents, per_1000):
    """Fighters needed to hold a locality."""
    return per_1000 * residents / 1000


@rule
def revolt_chance(harshness, orphaned, control, rate, loyal):
    """Monthly chance of a revolt: harsh rule over people who did not choose it."""
    return rate * harshness * control * (1 - loyal * orphaned)


@rule
def lendable(w, g, k, e):
    """Fighters who could come along a link: fewer from far away, none across a closed border."""
    link = g.links[e]
    men = fighters(w, k, link.source)
    if men <= 0.0:
        return 0.0
    passable = 1 - w.regions[link.target].guarded if link.cross else 1.0
    return men * passable * math.exp(-link.km / k.ground.lend_km)


@rule
def within_reach(w, g, k, r):
    """Fighters who can be brought to a region: its own and a share of its neighbours'."""
    place, lent = g.regions[r], 0.0
    for e in range(place.first_link, place.first_link + place.links):
        lent += lendable(w, g, k, e)
    return fighters(w, k, r) + k.ground.reach * lent


@rule
def armed_rivals(w, k, r):
    """Members of other organisations in a region who stand against the movement."""
    men = w.members[RIVAL, CELL, r] + w.members[RIVAL, REFUGE, r] + k.ground.activist * w.members[MASS, CELL, r]
    return men * (1 - w.regions[r].infiltration) * w.regions[r].resist


@rule
def authorities(w, g, k, t, rivals):
    """Armed people who stand in the way in a locality: the state's on the spot, local ones, rivals."""
    place = g.localities[t]
    here, region = w.regions[place.region], g.regions[place.region]
    state = (here.presence * place.security_presence * g.states[region.country].security_per_1000
             * place.residents / 1000 * k.ground.on_duty)
    bound = k.ground.unbound + (1 - k.ground.unbound) * place.allegiance
    local = (place.local_armed_per_1000 * place.residents / 1000 * (1 - here.presence) * w.localities[t].resist
             * bound * (1 - here.infiltration))
    return state + local + rivals * place.share


@rule
def rescue(w, g, k, y):
    """Forces of a state that can reach any place of the country within days."""
    state = w.states[y]
    return (k.ground.reinforcement * state.capacity * (1 - state.fragmentation) ** 2
            * g.states[y].security_per_1000 * g.states[y].population_start / 1000)


@process("localities.control", "localities.held", "localities.harshness", "localities.loss_cause",
         "localities.on_the_spot", "localities.entry", "localities.storm", "localities.force", "localities.expected",
         "militants", "dead", "states.learning", "states.setbacks", "regions.prospect", "happened.attempts",
         "happened.attempts_failed", "happened.deaths_militants", "happened.deaths_state", "happened.revolts",
         "happened.revolts_crushed")
def step(w, g, k, now):
    """Attempts decided by the movement, then contest and rule where it holds something."""
    for r in range(len(w.regions)):
        rivals, place = armed_rivals(w, k, r), g.regions[r]
        for t in range(place.first_locality, place.first_locality + place.localities):
            w.localities[t].loss_cause = NOT_LOST
            w.localities[t].on_the_spot = authorities(w, g, k, t, rivals)
    look_for_openings(w, g, k, now)
    attempt(w, g, k, now)
    holding = False
    for t in range(len(w.localities)):
        if w.localities[t].control > 0.0:
            holding = True
        else:
            w.localities[t].harshness = 0.0
    if holding:
        held = np.zeros(len(w.localities), np.bool_)
        for t in range(len(w.localities)):
            held[t] = w.localities[t].control > 0.0
        contest(w, g, k, held)
        for r in range(len(w.regions)):
            fight_rivals(w, g, k, now, r, held)
        rule_over(w, g, k, now, held)
    for t in range(len(w.localities)):
        here = w.localities[t]
        here.held = here.held + 1 if here.control >= CONTESTED else 0
        if here.control > 0.0:
            come_into_the_open(w, g.localities[t].region)


@rule
def come_into_the_open(w, r):
    """Members come into the open where the movement rules."""
    if w.members[MOVEMENT, CELL, r] > 0:
        move_members(w, MOVEMENT, CELL, r, MOVEMENT, GROUND, r, w.militants[MOVEMENT, CELL, r].copy())


@rule
def look_for_openings(w, g, k, now):
    """What the movement could do in each locality, and residents whom it could win without a fight in each region.

    The movement sees the defenders on the spot better than how fast help comes; failures teach it.
    """
    for r in range(len(w.regions)):
        here, place = w.regions[r], g.regions[r]
        state = w.states[place.country]
        help_ = rescue(w, g, k, place.country)
        reach = within_reach(w, g, k, r)
        able = reach if fighters(w, k, r) > 0.0 else k.ground.raid_share * reach
        left = 1 - share(now.regions[r].inclusion + now.regions[r].stabilisation)
        foresight = share(k.ground.foresight + state.setbacks)
        here.prospect = 0.0
        for t in range(place.first_locality, place.first_locality + place.localities):
            site, spot = g.localities[t], w.localities[t]
            opening = either(either(either(k.ground.open_base, site.orphaned * k.ground.orphaned * left),
                                    site.cleavage * k.ground.cleavage * left),
                             here.infiltration * k.ground.infiltrated)
            spot.entry = vacuum(spot.on_the_spot, site.residents, k.ground.vacuum_norm) * opening
            if spot.control < CONTESTED:
                here.prospect += spot.entry * site.residents
            spot.force = able * (1 - spot.control)
            spot.storm, spot.expected = 0.0, 0.0
            if spot.control < CONTESTED and spot.force >= garrison(site.residents, k.ground.garrison):
                spot.storm = win_chance(spot.force, spot.on_the_spot + help_, k.ground.decisiveness)
                spot.expected = either(spot.entry, win_chance(spot.force, spot.on_the_spot + foresight * help_,
                                                              k.ground.decisiveness))


@rule
def attempt(w, g, k, now):
    """In each region the movement may try the locality that promises most; both sides learn from its failures."""
    sent = np.zeros(len(w.regions))
    for y in range(len(w.states)):
        state, trait, failures = w.states[y], g.states[y], 0.0
        for r in range(trait.first_region, trait.first_region + trait.regions):
            target = most_promising(w, g, k, now, r)
            if target >= 0 and tries(w, k, now, target):
                w.happened[r].attempts += 1
                if not succeeds(w, k, now, target):
                    failures += 1
                    sent[r] = min(w.localities[target].force, k.ground.raid_size)
        if failures > 0.0:
            state.setbacks += (1 - state.setbacks) * chance(k.ground.setback * failures)
            state.learning += (1 - state.learning) * chance(k.ground.lesson * failures) * state.capacity
    lose_men(w, g, k, now, sent)


@rule
def most_promising(w, g, k, now, r):
    """Locality of a region that looks most worth trying, -1 for none: chance of success times root of residents."""
    place, best, chosen = g.regions[r], 0.0, -1
    for t in range(place.first_locality, place.first_locality + place.localities):
        if w.localities[t].expected > 0.0:
            score = w.localities[t].expected * math.sqrt(g.localities[t].residents) * (
                k.ground.steady + draw(w, now, CHOICE, t))
            if score > best:
                best, chosen = score, t
    return chosen


@rule
def tries(w, k, now, t):
    """Whether the movement makes an attempt on a locality this month."""
    eager = share((w.localities[t].expected - k.ground.threshold) / k.ground.threshold_width)
    rate = decided(now, TRY, k.ground.attempt * w.organisations[MOVEMENT].ambition * eager)
    return draw(w, now, ATTEMPT, t) < chance(rate)


@rule
def succeeds(w, k, now, t):
    """Whether an attempt gains a first hold, by a negotiated entry or by force."""
    spot, n_l = w.localities[t], len(w.localities)
    won = draw(w, now, ATTEMPT, n_l + t) < spot.entry or draw(w, now, ATTEMPT, 2 * n_l + t) < spot.storm
    if won:
        spot.control = CONTESTED + k.ground.first_hold
    return won


@rule
def lose_men(w, g, k, now, sent):
    """Failed attempts cost men on both sides: those on the spot fall first, then those whom the main lender sent."""
    n_r = len(w.regions)
    missing = np.zeros(n_r, np.int64)
    for r in range(n_r):
        if sent[r] > 0.0:
            w.happened[r].attempts_failed += 1
            lost = stochastic_round(draw(w, now, FAILED, _LOST * n_r + r), sent[r] * k.ground.raid_loss)
            killed = fall(w, r, lost, CELL, GROUND, draw(w, now, FAILED, _WHO * n_r + r))
            missing[r] = lost - killed
            w.happened[r].deaths_militants += killed
            w.happened[r].deaths_state += stochastic_round(
                draw(w, now, FAILED, _COST * n_r + r),
                sent[r] * k.ground.raid_cost * w.states[g.regions[r].country].capacity)
    lent = np.zeros(n_r, np.int64)
    for r in range(n_r):
        if missing[r] > 0:
            lender = main_lender(w, g, k, r)
            if lender >= 0:
                lent[lender] += missing[r]
    for r in range(n_r):
        if lent[r] > 0:
            w.happened[r].deaths_militants += fall(
                w, r, lent[r], GROUND, CELL, draw(w, now, FAILED, _WHO_ELSE * n_r + r))


@rule
def main_lender(w, g, k, r):
    """Linked region that sent most fighters, -1 for none."""
    place, most, lender = g.regions[r], 0.0, -1
    for e in range(place.first_link, place.first_link + place.links):
        men = lendable(w, g, k, e)
        if men > most:
            most, lender = men, g.links[e].source
    return lender


@rule
def fall(w, r, number, first, second, u):
    """So many of a region's men die, as far as there are any: of the first condition, then of the second."""
    of_first = min(w.members[MOVEMENT, first, r], number)
    discharge(w, MOVEMENT, first, r, of_first, u, DEAD)
    of_second = min(w.members[MOVEMENT, second, r], number - of_first)
    discharge(w, MOVEMENT, second, r, of_second, u, DEAD)
    return of_first + of_second


@rule
def contest(w, g, k, held):
    """Control grows where the movement is the stronger and shrinks where it is not or lacks the garrison."""
    ruled, shares = np.zeros(len(w.regions)), np.zeros(len(held))
    for t in range(len(held)):
        ruled[g.localities[t].region] += w.localities[t].control * g.localities[t].residents
    for t in range(len(held)):
        shares[t] = w.localities[t].control * g.localities[t].residents / max(ruled[g.localities[t].region], 1.0)
    for t in range(len(held)):
        if not held[t]:
            continue
        spot, site = w.localities[t], g.localities[t]
        mine = fighters(w, k, site.region) * shares[t]
        against = (spot.on_the_spot * (1 - k.ground.displaced * spot.control)
                   * (1 + spot.harshness * k.ground.harsh_resistance))
        balance = (mine - against) / max(mine + against, 1e-9)
        tried = w.regions[site.region].offensive
        siege = tried / max(tried + k.ground.siege_half * mine, 1e-9)
        change = k.ground.consolidation * balance - k.ground.siege * siege
        thin = mine < garrison(site.residents, k.ground.garrison) * max(spot.control, CONTESTED)
        if thin:
            change = min(change, -k.ground.thin)
        spot.control = share(spot.control + change)
        if spot.control < k.ground.last_hold:
            spot.control = 0.0
            spot.loss_cause = (LOST_TO_OFFENSIVE if siege > k.ground.siege_felt
                               else LOST_TO_WEAKNESS if thin else LOST_TO_RIVALS)


@rule
def fight_rivals(w, g, k, now, r, held):
    """Where rivals resist, both bleed."""
    troops, place, against = w.members[MOVEMENT, GROUND, r], g.regions[r], 0.0
    if troops == 0:
        return
    for t in range(place.first_locality, place.first_locality + place.localities):
        if held[t]:
            against += min(w.localities[t].on_the_spot, k.ground.opponents_most)
    if against <= 0.0:
        return
    odds = min(k.ground.local_attrition * against / max(float(troops), k.ground.attrition_troops),
               k.ground.attrition_most)
    n = binomial(draw(w, now, RIVALS, r), troops, odds)
    discharge(w, MOVEMENT, GROUND, r, n, draw(w, now, RIVALS, len(w.regions) + r), DEAD)
    w.happened[r].deaths_militants += n


@rule
def rule_over(w, g, k, now, held):
    """Rule grows harsher with consolidation and foreign cadres; residents may revolt."""
    n_l = len(held)
    for t in range(n_l):
        spot, site = w.localities[t], g.localities[t]
        if spot.control >= DOMINANT:
            foreign = foreigners(w, g, site.region) / max(at_large(w, MOVEMENT, site.region), 1)
            spot.harshness += k.ground.harsher * (k.ground.harsh_base + foreign) * (1 - spot.harshness)
        if not held[t] or draw(w, now, REVOLT, t) >= revolt_chance(spot.harshness, site.orphaned, spot.control,
                                                                   k.ground.revolt, k.ground.loyal):
            continue
        helped = 1 + k.ground.uprising_help * share(now.regions[site.region].uprising_help)
        bitter = k.ground.rebels_base + (1 - k.ground.rebels_base) * spot.harshness
        rebels = k.ground.rebels * site.residents / 1000 * bitter * helped
        w.happened[site.region].revolts += 1
        if draw(w, now, REVOLT, n_l + t) < win_chance(fighters(w, k, site.region) * site.share, rebels,
                                                      k.ground.decisiveness):
            w.happened[site.region].revolts_crushed += 1
        else:
            spot.control, spot.loss_cause = 0.0, LOST_TO_REVOLT
