"""Passage: those on their way arrive in the theatre or are stopped at the exits.

Interception follows exit control, intelligence and the will to look [000 l.315-350, 369-374].
"""

from __future__ import annotations

import numpy as np

from sim.moment import Moment
from sim.noise import binomial
from sim.world import MOVEMENT, PRISON, REBELS, RIVAL, own_country

WRITES = ("transit", "theatre", "militants")


def interception(control: np.ndarray, looking_away: np.ndarray, intelligence: np.ndarray,
                 most: np.ndarray) -> np.ndarray:
    """Chance that a traveller is stopped on the way out, 0-1."""
    return np.clip(most * control * (1 - looking_away) * intelligence, 0, 1)


def step(m: Moment) -> None:
    """Bring last month's travellers to the theatre or to prison."""
    w, g, d, k = m.world, m.geography, m.dials, m.k["passage"]
    stopped = m.by_region(interception(np.clip(w.exit_level + d.exit_control, 0, 1),
                                       np.clip(w.exit_tolerance + d.tolerance_exit, 0, 1),
                                       np.clip(g.y["intelligence"] * d.intelligence, 0, 1), k.interception))
    caught = binomial(m.luck("passage", 3, len(g.regions)), w.transit, stopped[:, None], np.int32)
    place, origin = own_country(g)
    jailed = caught[:, :REBELS].copy()
    jailed[:, RIVAL] += caught[:, REBELS]
    w.move("transit", "militants", caught, to=(slice(None), slice(0, REBELS), PRISON, place, origin), into=jailed)
    arrived = w.transit.copy()
    m.flow("interdicted", caught.sum(axis=1))
    m.flow("arrests", caught.sum(axis=1))
    m.flow("departures", arrived.sum(axis=1))
    m.flow("departures_movement", arrived[:, MOVEMENT])
    w.move("transit", "theatre", arrived)
