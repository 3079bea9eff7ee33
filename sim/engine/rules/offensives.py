"""Offensives that authorities have decided on: attrition over months by Lanchester's aimed-fire law.

Each side's losses follow the other side's strength [Lanchester]; defenders hold built-up ground, so an attacker loses
more per defender than the other way round [000 l.970-1006].
"""

from __future__ import annotations

from sim.engine.compiled import rule
from sim.engine.counts import binomial_hazard, stochastic_round
from sim.engine.enums import DEAD, GROUND, MOVEMENT
from sim.engine.forms import controlled, discharge, fighters
from sim.engine.now import draw, stream
from sim.engine.process import process

LUCK = stream("offensive")


@rule
def lanchester_hazard(strength, enemy, kills):
    """Hazard of each member of one side when every enemy puts ``kills`` men out of action a month."""
    return kills * enemy / max(strength, 1.0) if enemy > 0.0 else 0.0


@process("militants", "dead", "regions.offensive", "happened.deaths_militants", "happened.offensive_killed",
         "happened.deaths_state", "happened.offensive_losses")
def step(w, g, k, now):
    """A month of fighting wherever an offensive is under way."""
    n_r = len(w.regions)
    for r in range(n_r):
        here, happened = w.regions[r], w.happened[r]
        if here.offensive <= 0.0:
            continue
        mine, troops = fighters(w, k, r), w.members[MOVEMENT, GROUND, r]
        hazard = min(lanchester_hazard(float(troops), here.offensive, k.offensive.attacker_kills),
                     k.offensive.hazard_most)
        killed = binomial_hazard(draw(w, now, LUCK, r), troops, hazard)
        discharge(w, MOVEMENT, GROUND, r, killed, draw(w, now, LUCK, n_r + r), DEAD)
        losses = stochastic_round(draw(w, now, LUCK, 2 * n_r + r),
                                  min(here.offensive, k.offensive.defender_kills * mine))
        happened.deaths_militants += killed
        happened.offensive_killed += killed
        happened.deaths_state += losses
        happened.offensive_losses += losses
        here.offensive -= losses
        # Rival camps draw forces back to watch each other; an offensive against nobody ends.
        here.offensive *= 1 - k.offensive.recall * w.states[g.regions[r].country].fragmentation
        if here.offensive < k.offensive.least or controlled(w, g, r) <= 0.0:
            here.offensive = 0.0
