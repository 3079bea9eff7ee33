"""Recruitment: recruiters have limited hands; kin and friends of those who went are drawn in; vetting filters.

The flow per recruiter saturates with the pool (Holling's disc: many sympathisers, few hands). The most susceptible
go first, so a surge exhausts its pool.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.conditions import active_outreach, open_sites
from sim.moment import Moment, fixed, wide
from sim.noise import binomial_hazard, split_shares
from sim.world import CELL, MASS, MOVEMENT, REBELS, RIVAL, over_last, own_country

if TYPE_CHECKING:
    from sim.inputs.geography import Geography

WRITES = ("sympathisers", "militants")


def hands_limited(recruiters: np.ndarray, pool: np.ndarray, capacity: np.ndarray, half: np.ndarray) -> np.ndarray:
    """Recruits a month that so many recruiters can bring in from a pool of sympathisers."""
    return recruiters * capacity * pool / (pool + half)


@fixed
def open_door(g: Geography) -> np.ndarray:
    """How little each organisation vets those who come, (O, 1)."""
    return 1 - g.of_organisations("selectivity", "movement", "rival", "mass")[:, None]


@fixed
def message(g: Geography) -> np.ndarray:
    """How revolutionary each organisation's message is, (O, 1)."""
    return g.of_organisations("revolutionary", "movement", "rival", "mass")[:, None]


def appeal(m: Moment) -> np.ndarray:
    """How attractive each organisation is to a sympathiser, (W, O, R): standing against the hurdle of vetting.

    A mass movement stands as high as the freedom it enjoys to preach and to serve [E123]; a revolutionary message is
    heard more where opinion is polarised.
    """
    g, w = m.geography, m.world
    door = open_door(g)
    standing = np.empty((w.n, 3, len(g.regions)))
    standing[:, :MASS] = (w.prestige[:, :MASS, None] * door[:MASS])
    # The older networks also recruit for the theatre's rebels, who ask less of those who come [000 l.508-515; E025].
    rebels = w.prestige[:, REBELS:, None] * (1 - g.number("selectivity", g.organisations["rebels"]).value)
    standing[:, RIVAL:MASS] = np.maximum(standing[:, RIVAL:MASS], rebels)
    standing[:, MASS] = open_sites(m) * door[MASS]
    return standing * (1 + message(g) * m.by_region(w.polarisation)[:, None])


def step(m: Moment) -> None:
    """Draw recruits from sympathisers and hand them to the organisations."""
    w, g, k = m.world, m.geography, m.k["recruitment"]
    pool = w.sympathising().astype(float)
    hands = active_outreach(m)
    pull = appeal(m)
    sites = open_sites(m)
    activists = w.present(MASS, CELL)
    flow = hands_limited(hands, pool[:, None], wide(k.capacity), wide(k.half_pool)) * pull
    flow[:, MASS] += k.mass_capacity * hands_limited(activists * sites, pool, k.capacity, k.half_pool) * pull[:, MASS]
    flow[:, MOVEMENT] += k.self_starting * pool * g.r["online_reach"] * w.prestige[:, :1] * m.by_region(m.dials.online)
    kin = k.kin * w.recent_gone * g.r["close_ties"] / np.maximum(w.youth(), 1.0) * pool
    by_brand = pull / np.maximum(pull.sum(axis=1, keepdims=True), 1e-9)
    flow += kin[:, None] * by_brand
    total = flow.sum(axis=1)
    first = w.susceptibility ** k.first_go[..., None] if np.ndim(k.first_go) else w.susceptibility ** k.first_go
    weighted = over_last(w.sympathisers * first)
    hazard = np.where(pool > 0, total / np.maximum(weighted, 1e-9), 0.0)
    recruits = binomial_hazard(m.luck("recruitment", len(g.regions), w.shares.size), w.sympathisers,
                               hazard[..., None] * first, np.int32)
    number = over_last(recruits)
    shares = np.moveaxis(flow / np.maximum(total, 1e-12)[:, None], 1, 2)
    shares[total <= 0] = (0.0, 0.0, 1.0)
    parts = split_shares(number, shares / shares.sum(axis=2, keepdims=True),
                         m.luck("recruitment.brand", len(g.regions), 2))
    into = np.moveaxis(parts, 2, 1).astype(np.int32)
    place, origin = own_country(g)
    w.move("sympathisers", "militants", recruits, to=(slice(None), slice(None), CELL, place, origin), into=into)
    m.flow("recruits", number)
    for kind, index in (("movement", MOVEMENT), ("rival", RIVAL), ("mass", MASS)):
        m.flow(f"recruits_{kind}", into[:, index])
