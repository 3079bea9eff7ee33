"""Refuges: guerrillas shift along links to sheltering terrain where pressure is lower, borders included.

One-sided pressure moves a refuge across the border; joint pressure leaves it nowhere to go [000 l.1598-1604].
"""

from __future__ import annotations

import numpy as np

from sim.moment import Moment, wide
from sim.noise import binomial_hazard, systematic_split
from sim.processes.countermeasures import pressure
from sim.world import MOVEMENT, REFUGE, RIVAL

WRITES = ("militants",)


def relief(here: np.ndarray, there: np.ndarray) -> np.ndarray:
    """How much lower the pressure is elsewhere, 0 where it is not."""
    return np.maximum(0.0, here - there)


def step(m: Moment) -> None:
    """Each refuge looks along one of its links, drawn by chance, and part of it moves if that is safer."""
    w, g, k = m.world, m.geography, m.k["refuge"]
    sources = [(MOVEMENT, REFUGE), (RIVAL, REFUGE)]
    stock = w.stocks(sources)
    if not stock.any():
        return
    luck = m.luck("refuge", 5, len(g.regions))
    link = g.link_start + (luck[:, 0] * g.link_degree).astype(int)
    target = g.link_from[link]
    force = pressure(m)
    guard = np.clip(w.barrier + m.dials.border_effort, 0, 1)
    world = np.arange(w.n)[:, None]
    closed = np.where(g.link_cross[link], np.broadcast_to(guard, force.shape)[world, target], 0.0)
    gain = relief(force, force[world, target]) * g.r["rugged"][target] * (1 - closed)
    n = binomial_hazard(luck[:, 1:3], stock, wide(k.shift) * gain[:, None])
    for organisation, condition in sources:
        _shift(m, organisation, condition, n[:, organisation], target, luck[:, 3 + organisation])


def _shift(m: Moment, organisation: int, condition: int, n: np.ndarray, target: np.ndarray, luck: np.ndarray) -> None:
    w = m.world
    world, region = np.nonzero(n)
    if not world.size:
        return
    at = (world, organisation, condition, region)
    taken = systematic_split(w.militants[at], n[world, region], luck[world, region]).astype(np.int32)
    into = np.zeros_like(w.militants[:, organisation, condition])
    np.add.at(into, (world, target[world, region]), taken)
    w.move("militants", "militants", taken, at=at, to=(slice(None), organisation, condition), into=into)
