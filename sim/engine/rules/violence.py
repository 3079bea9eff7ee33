"""Violence, as counts only: small attacks, mass-casualty attacks, deaths, and what they do to states and moods.

Small attacks follow the armed men present; mass-casualty attacks need a hub that commands them, at home or across a
border [004 l.9-14], and become rare as the state learns [000 l.1169-1174].
"""

from __future__ import annotations

import math

from sim.engine.compiled import rule
from sim.engine.counts import binomial_hazard, poisson
from sim.engine.enums import DEAD, GROUND, MASS, MOVEMENT, ORGANISATIONS, REFUGE
from sim.engine.forms import at_large, attacks_felt, chance, discharge, share
from sim.engine.now import draw, draw_four, stream
from sim.engine.process import process

LUCK, CROWD, AIR_LUCK = map(stream, ("violence", "violence.crowd", "airstrikes"))
#: Dead of a mass-casualty attack by definition, besides the attackers.
DEATHS_OF_A_MASS_ATTACK = 10


@rule
def armed(w, g, o, r):
    """Men of an organisation in a region who could attack: of a mass movement the part that has turned to arms."""
    men = float(at_large(w, o, r))
    return men * w.states[g.regions[r].country].splinter if o == MASS else men


@rule
def commanded(w, g, k, r):
    """Help that cells get from hubs within reach, 0-1: less with distance and across a border."""
    help_ = 0.0
    for source in range(len(w.regions)):
        if w.regions[source].hub_strength > 0.0:
            across = 1.0 if g.regions[source].country == g.regions[r].country else k.violence.command_across
            help_ += (w.regions[source].hub_strength * across
                      * math.exp(-g.distance[source, r] / k.violence.command_km))
    return 1 - math.exp(-help_ / k.violence.command_half)


@rule
def crowding(density, empty, full):
    """How a mass-casualty attack finds its crowd: ``empty`` in the desert, 1 from ``full`` persons per km2."""
    return empty + (1 - empty) * min(1.0, density / full)


@process("militants", "dead", "regions.attacks_seen", "regions.mass_attacks_seen", "states.shock", "states.learning",
         "states.abuse", "happened.attacks", "happened.mass_attacks", "happened.deaths_civilians",
         "happened.deaths_state", "happened.deaths_militants")
def step(w, g, k, now):
    """Draw the month's attacks and their consequences."""
    for r in range(len(w.regions)):
        attack(w, g, k, now, r)
        strike(w, k, now, r)
    for y in range(len(w.states)):
        suffer(w, g, k, now, y)


@rule
def attack(w, g, k, now, r):
    """Attacks and deaths of a region in the month."""
    here, place = w.regions[r], g.regions[r]
    state, dial = w.states[place.country], now.states[place.country]
    bent = 0.0
    for o in range(len(ORGANISATIONS)):
        bent += armed(w, g, o, r) * g.organisations[o].attack_will
    here.attacks_seen, here.mass_attacks_seen = 0, 0
    if bent <= 0.0:
        return
    few, many, civilian_luck, forces_luck = draw_four(w, now, LUCK, r)
    small, mass = poisson(few, bent * k.violence.small), 0
    able = min(armed(w, g, MOVEMENT, r) * g.organisations[MOVEMENT].attack_will, k.violence.cells_enough)
    if able > 0.0 and w.organisations[MOVEMENT].ambition > 0.0:
        watched = k.violence.watch * g.states[place.country].intelligence * dial.intelligence + state.learning
        guarded = math.exp(-k.violence.guard * state.capacity * watched)
        most = (k.violence.mass * able / k.violence.cells_enough * guarded * share(w.organisations[MOVEMENT].ambition)
                * crowding(place.density, k.violence.empty_land, k.violence.crowded))
        if many + most >= 1.0:  # otherwise no command could make one
            mass = poisson(many, most * commanded(w, g, k, r))
    here.attacks_seen, here.mass_attacks_seen = small, mass
    if small + mass == 0:
        return
    civilians = poisson(civilian_luck, k.violence.civilians_killed * small)
    if mass > 0:
        civilians += DEATHS_OF_A_MASS_ATTACK * mass + poisson(draw(w, now, CROWD, r), k.violence.mass_killed * mass)
    happened = w.happened[r]
    happened.attacks += small + mass
    happened.mass_attacks += mass
    happened.deaths_civilians += civilians
    happened.deaths_state += poisson(forces_luck, k.violence.forces_killed * small)


@rule
def strike(w, k, now, r):
    """Attrition without presence [000 l.898-900, 1442-1445]."""
    level = share(now.regions[r].airstrikes) + w.regions[r].foreign_strikes
    if level <= 0.0:
        return
    for i in range(2):
        condition = GROUND if i == 0 else REFUGE
        if w.members[MOVEMENT, condition, r] > 0:
            first = i * 2 * len(w.regions) + r
            n = binomial_hazard(draw(w, now, AIR_LUCK, first), w.members[MOVEMENT, condition, r],
                                k.violence.strike * level)
            discharge(w, MOVEMENT, condition, r, n, draw(w, now, AIR_LUCK, first + len(w.regions)), DEAD)
            w.happened[r].deaths_militants += n


@rule
def repression(alert, inverted_u, turning):
    """How much repression embitters: in step with its level, or rising to a turning point and falling [Zhukov 2023]."""
    return (1 - inverted_u) * alert + inverted_u * alert * math.exp(1 - alert / turning)


@rule
def suffer(w, g, k, now, y):
    """Attacks take a share of a state's capacity for a while, teach it, and are answered with more or less abuse."""
    state, trait, felt = w.states[y], g.states[y], 0.0
    for r in range(trait.first_region, trait.first_region + trait.regions):
        felt += attacks_felt(w.regions[r], k)
    blow = k.violence.shock * felt / k.violence.mass_weight
    lesson = k.violence.lesson * felt / k.violence.mass_weight
    state.shock = min(state.shock + blow / (1 + blow) * k.violence.shock_share, k.violence.shock_most)
    state.learning += (1 - state.learning) * chance(lesson) * state.capacity
    force = k.theory.backlash * repression(state.alert, k.theory.inverted_u, k.violence.turning_point)
    hit = felt * trait.brutality * now.states[y].brutality * force
    state.abuse += k.violence.abuse * chance(hit / k.violence.abuse_scale) * (1 - state.abuse)
