"""Inflow from outside: a hub draws would-be fighters and mercenaries from finite stocks beyond the map.

Most of those who held Sirte were foreign [E099]; the stocks are sourced and run down as men come.
"""

from __future__ import annotations

import numpy as np

from sim.conditions import ruled_share
from sim.moment import Moment
from sim.noise import binomial_hazard, categorical
from sim.world import GROUND, MOVEMENT, over_last

WRITES = ("outside", "militants")


def pull_of_hubs(ruled: np.ndarray, half: np.ndarray, ambition: np.ndarray) -> np.ndarray:
    """Share of the willing who would come this month if the way were short, 0-1; ruled residents saturate."""
    return ambition * ruled / (ruled + half)


def step(m: Moment) -> None:
    """Bring outsiders to the places the movement rules."""
    w, g, k = m.world, m.geography, m.k["inflow"]
    rule = ruled_share(m) * g.r["residents"]
    ruled = rule.sum(axis=1, keepdims=True)
    if not ruled.any():
        return
    n_y = len(g.countries)
    nodes = [node for node in g.origins[n_y:]]
    will = np.array([g.number("base_willingness", node).value for node in nodes])
    guard = 1 - np.clip(w.barrier + m.dials.border_effort, 0, 1).max(axis=1, keepdims=True) * 0.3
    hazard = k.rate * will * pull_of_hubs(ruled, k.half_residents, w.expansion) * guard
    luck = m.luck("inflow", 2, len(nodes))
    coming = binomial_hazard(luck[:, 0], w.outside[:, n_y:], hazard).astype(np.int32)
    hub = categorical(luck[:, 1], np.broadcast_to(rule[:, None], (w.n, len(nodes), rule.shape[1])))
    coming = np.where(hub >= 0, coming, 0)
    into = np.zeros((w.n, rule.shape[1], len(g.origins)), dtype=np.int32)
    world, node = np.nonzero(coming)
    np.add.at(into, (world, hub[world, node], node + n_y), coming[world, node])
    w.move("outside", "militants", coming, at=(slice(None), slice(n_y, None)), to=(slice(None), MOVEMENT, GROUND),
           into=into)
    m.flow("inflow", over_last(into))
