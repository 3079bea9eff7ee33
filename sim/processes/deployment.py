"""Deployment: the movement sends members to where authority is absent and an opening exists, within reach of its own.

A plan to spread from the first base to places without police, army or institutions is on record before any of them
fell [000 l.689-691, 765-785]; what makes a place attractive is the same as what makes entry possible. A region that can
be taken whole counts for more than the same number of people in a corner of a hostile one.
"""

from __future__ import annotations

import numpy as np

from sim.moment import Moment
from sim.noise import binomial_hazard, categorical, systematic_split
from sim.world import CELL, GROUND, MOVEMENT

WRITES = ("militants",)


def attraction(prospect: np.ndarray, residents: np.ndarray, members: np.ndarray, nearness: np.ndarray) -> np.ndarray:
    """Residents who could be won times their share of the region, by how near the movement's members are, (W, R)."""
    return np.asarray(prospect * prospect / residents * np.einsum("wr,rs->ws", members, nearness))


def step(m: Moment) -> None:
    """Send a share of the members in weakly governed regions to the best opening in their country."""
    w, g, k = m.world, m.geography, m.k["deployment"]
    members = w.present(MOVEMENT, CELL, GROUND).astype(float)
    rate = m.decided("movement.deploy", k.rate * w.expansion * (1 - w.presence) ** 2)
    n = binomial_hazard(m.luck("deployment", len(g.regions)), w.present(MOVEMENT, CELL), rate)
    if not n.any():
        return
    weight = attraction(w.prospect, g.r["residents"], members, np.exp(-g.distance / 400.0))
    own = g.country_of == np.arange(len(g.countries))[:, None]
    chosen = categorical(m.luck("deployment.where", len(g.countries)), weight[:, None] * own)
    target = chosen[:, g.country_of]
    world, region = np.nonzero((n > 0) & (target >= 0))
    at = (world, MOVEMENT, CELL, region)
    taken = systematic_split(w.militants[at], n[world, region], m.luck("deployment.who", len(g.regions))[world, region])
    into = np.zeros((w.n, len(g.regions), len(g.origins)), dtype=np.int32)
    np.add.at(into, (world, target[world, region]), taken)
    w.move("militants", "militants", taken.astype(np.int32), at=at, to=(slice(None), MOVEMENT, CELL), into=into)
