"""Prestige of each brand, and the movement's will to hold ground.

Standing follows what a brand holds in the theatre and rules elsewhere [E161], never how many join it. Ambition to hold
ground abroad comes with ground held at the core [003 l.8-12]; it fades with the core.
"""

from __future__ import annotations

import math

from sim.engine.compiled import rule
from sim.engine.enums import MOVEMENT, MOVEMENT_BRAND, REBEL_BRAND, RIVAL, RIVAL_BRAND
from sim.engine.forms import lagged, share
from sim.engine.now import decided, decision
from sim.engine.process import process

THEATRE_PRESTIGE = decision("theatre.prestige")


@rule
def theatre_prestige(strength, territory, weight):
    """Standing of a brand from what it holds in the theatre, 0-1."""
    return strength * ((1 - weight) + weight * territory)


@rule
def ambition(strength, territory, weight, hold):
    """Will to hold ground, 0-1: strength at the core, more with territory there, and what is ruled elsewhere."""
    return share(strength * ((1 - weight) + weight * territory) + hold)


@rule
def second_theatre(now):
    """Strength of a second theatre elsewhere, 0-1: the largest counts for all."""
    strongest = 0.0
    for y in range(len(now.states)):
        strongest = max(strongest, now.states[y].second_theatre)
    return share(strongest)


@process("brands.prestige", "organisations.ambition", "organisations.money")
def step(w, g, k, now):
    """Update the prestige of each brand, the movement's ambition and the organisations' money."""
    elsewhere = second_theatre(now)
    strength = max(now.theatre.movement_strength, elsewhere)
    territory = max(now.theatre.movement_territory, elsewhere)
    ruled = 0.0
    for r in range(len(w.regions)):
        ruled += w.regions[r].ruled * g.regions[r].residents
    hold = 1 - math.exp(-ruled / k.organisation.prestige_residents)
    follows = k.theory.prestige
    constant = k.organisation.constant_prestige if strength > 0 else 0.0
    abroad = decided(now, THEATRE_PRESTIGE,
                     follows * theatre_prestige(strength, territory, k.organisation.territory_weight)
                     + (1 - follows) * constant)
    movement = share(abroad + k.organisation.foothold_prestige * hold)
    w.brands[MOVEMENT_BRAND].prestige = movement
    rebels = now.theatre.rebel_strength
    w.brands[RIVAL_BRAND].prestige = share(g.setting[0].rival_prestige * (1 - k.organisation.eclipse * movement)
                                           + k.organisation.rebel_glory * rebels * (1 - abroad))
    w.brands[REBEL_BRAND].prestige = rebels * (1 - k.organisation.eclipse * abroad)
    w.organisations[MOVEMENT].ambition = ambition(strength, territory, k.organisation.ambition_territory,
                                                  k.organisation.foothold_prestige * hold)
    w.organisations[MOVEMENT].money = lagged(w.organisations[MOVEMENT].money, share(abroad + hold),
                                             k.organisation.money_speed)
    w.organisations[RIVAL].money = g.setting[0].rival_money
