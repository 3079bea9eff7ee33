"""Grievance and readiness: deprivation felt as unjust, where politics has named it.

Absolute poverty does not predict joining; relative deprivation read as injustice does, above all where political
contestation is organised [000 l.574-592; E069]. Injustice is a noisy-or of corruption, exclusion and brutality.
Prior violence exhausts [000 l.223-227; E022], by one rule for every country.
"""

from __future__ import annotations

import math

from sim.engine.compiled import rule
from sim.engine.forms import TEN_MILLION, attacks_felt, clip, either, saturating, share
from sim.engine.process import process


@rule
def deprivation(gap, periphery, unmet):
    """Relative deprivation, 0-1: gap to the capital, poor urban edge, expectation beyond attainment."""
    return either(either(gap, periphery), unmet)


@rule
def exhaustion(deaths_per_1000, strength):
    """Share of readiness lost to the memory of an internal war, 0-1."""
    return 1 - math.exp(-strength * deaths_per_1000)


@rule
def absorbed(armed_per_1000, half):
    """Share of the young who find arms, pay and standing with local armed groups instead, 0-1."""
    return saturating(armed_per_1000, half)


@rule
def readiness(deprived, injustice, base, contestation, polarisation, channels, exhausted):
    """Readiness to hear a violent message, >= 0."""
    return deprived * injustice * (base + contestation) * (1 + polarisation) * (1 - channels) * (1 - exhausted)


@process("states.polarisation", "states.crackdown", "regions.injustice", "regions.grievance", "regions.readiness")
def step(w, g, k, now):
    """Update polarisation, injustice, grievance and readiness."""
    for y in range(len(w.states)):
        polarise(w, g, k, now, y)
        state, trait, dial = w.states[y], g.states[y], now.states[y]
        # Where repression does not embitter (a rival theory) a change of its style does not either.
        style = share(trait.brutality * (1 + k.theory.backlash * (dial.brutality - 1)))
        hopes = k.grievance.hope_base + k.grievance.hope_weight * share(dial.hopes)
        politics = share(trait.politics_open * (k.grievance.law_weight - trait.weak_law) + dial.channels)
        tired = exhaustion(state.war_deaths, k.grievance.exhaustion)
        for r in range(trait.first_region, trait.first_region + trait.regions):
            here, place, turned = w.regions[r], g.regions[r], now.regions[r]
            inclusion = share(turned.inclusion)
            deprived = deprivation(
                k.grievance.gap_weight * place.deprivation_gap * (1 - clip(turned.services, -1.0, 1.0)),
                k.grievance.periphery_weight * place.urban_periphery, share(place.attainment_gap * hopes))
            here.injustice = either(
                either(either(k.grievance.corruption_weight * trait.corruption * turned.corruption,
                              k.grievance.exclusion_weight * trait.exclusion * (1 - inclusion)),
                       k.grievance.brutality_weight * (style + state.abuse)),
                k.grievance.stigma_weight * share(turned.stigma))
            here.grievance = share(deprived * here.injustice * (1 + state.polarisation))
            militias = absorbed(place.local_armed * (1 - here.presence), k.grievance.militia_half)
            channels = either(
                either(either(politics * k.grievance.politics_weight, state.trust * k.grievance.pluralism_weight),
                       k.grievance.inclusion_channel * inclusion), k.grievance.militia_weight * militias)
            contestation = (clip(place.contestation * turned.contestation, 0.0, k.grievance.contestation_most)
                            * (1 - k.grievance.inclusion_contestation * inclusion))
            here.readiness = readiness(deprived, here.injustice, k.grievance.base,
                                       k.grievance.contestation_weight * contestation, state.polarisation, channels,
                                       tired)


@rule
def polarise(w, g, k, now, y):
    """Polarisation rises with attacks and crackdowns and falls with inclusion [000 l.1120-1138]."""
    state, trait = w.states[y], g.states[y]
    attacks, included, people = 0.0, 0.0, 0.0
    for r in range(trait.first_region, trait.first_region + trait.regions):
        attacks += attacks_felt(w.regions[r], k)
        included += share(now.regions[r].inclusion) * g.regions[r].residents
        people += g.regions[r].residents
    rise = (k.grievance.polarisation_attack * attacks / (trait.population_start / TEN_MILLION)
            + k.grievance.polarisation_crackdown * state.crackdown + now.states[y].polarisation_shock)
    state.polarisation += rise * (1 - state.polarisation)
    state.polarisation *= 1 - k.grievance.polarisation_decay * (
        1 + k.grievance.polarisation_inclusion * included / people)
    state.polarisation = share(state.polarisation)
    state.crackdown = 0.0
