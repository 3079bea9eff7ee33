"""Offensives that authorities have decided on: attrition over months by Lanchester's aimed-fire law.

Each side's losses follow the other side's strength [Lanchester]; defenders hold built-up ground, so an attacker loses
more per defender than the other way round [000 l.970-1006].
"""

from __future__ import annotations

import numpy as np

from sim.conditions import fighters, ruled_share
from sim.moment import Moment
from sim.noise import binomial_hazard, stochastic_round
from sim.world import GROUND, MOVEMENT

WRITES = ("militants", "dead", "offensive")


def lanchester_hazard(strength: np.ndarray, enemy: np.ndarray, kills: np.ndarray) -> np.ndarray:
    """Hazard of each member of one side when every enemy puts ``kills`` men out of action a month."""
    return np.where(enemy > 0, kills * enemy / np.maximum(strength, 1.0), 0.0)


def step(m: Moment) -> None:
    """A month of fighting wherever an offensive is under way."""
    w, g, k = m.world, m.geography, m.k["offensive"]
    if not w.offensive.any():
        return
    mine = fighters(m)
    present = w.present(MOVEMENT, GROUND)
    luck = m.luck("offensive", 3, len(g.regions))
    hazard = np.minimum(lanchester_hazard(present, w.offensive, k.attacker_kills), 1.5)
    killed = binomial_hazard(luck[:, 0], present, hazard)
    w.transfer([(MOVEMENT, GROUND)], killed[:, None], luck[:, 1][:, None], "dead")
    losses = stochastic_round(luck[:, 2], np.minimum(w.offensive, k.defender_kills * mine * (w.offensive > 0)))
    m.flow("deaths_militants", killed)
    m.flow("offensive_killed", killed)
    m.flow("deaths_state", losses)
    m.flow("offensive_losses", losses)
    w.offensive -= losses
    # Rival camps draw forces back to watch each other; an offensive against nobody ends.
    w.offensive *= 1 - k.recall * m.by_region(w.fragmentation)
    w.offensive[(ruled_share(m) <= 0) | (w.offensive < 50)] = 0.0
