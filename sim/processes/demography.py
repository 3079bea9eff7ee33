"""Cohorts enter and leave the age band 15-34 every month, through the ledger.

A resident stays twenty years in the band. Entries follow from the growth of the band, itself the growth of the
population times the change of the band's share. Newcomers spread over the propensity classes as the first cohort did.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.moment import Moment, fixed
from sim.noise import stochastic_round
from sim.world import CLASS_SHARES

if TYPE_CHECKING:
    from sim.inputs.geography import Geography

WRITES = ("uninvolved", "sympathisers", "outside_band")
MONTHS_IN_BAND = 240.0  # ages 15 to 34
#: One uniform a region serves all classes, shifted by the golden ratio so that roundings do not go together.
SPREAD = np.arange(CLASS_SHARES.size) * (np.sqrt(5) - 1) / 2 % 1.0


def band_growth(population_growth: np.ndarray, share: np.ndarray, share_change: np.ndarray) -> np.ndarray:
    """Monthly growth rate of the number of residents aged 15-34, from yearly rates."""
    return ((1 + population_growth) * (share + share_change) / share) ** (1 / 12) - 1


@fixed
def growth(g: Geography) -> np.ndarray:
    """Monthly growth rate of the age band by region, (R,)."""
    return band_growth(g.y["population_growth"], g.y["youth_share_start"], g.y["youth_share_change"])[g.country_of]


def entrants(g: Geography, month: int) -> np.ndarray:
    """Residents who reach the age band in a month of the run, (R,)."""
    return g.r["youth"] * (1 + growth(g)) ** month * np.maximum(0.0, 1 / MONTHS_IN_BAND + growth(g))


def step(m: Moment) -> None:
    """Age the residents by one month."""
    w, g = m.world, m.geography
    luck = m.luck("demography", 3, len(g.regions))[..., None] + SPREAD
    luck -= luck >= 1.0
    entering = stochastic_round(luck[:, 0], entrants(g, m.step)[:, None] * w.shares, np.int32)
    leaving = stochastic_round(luck[:, 1], w.uninvolved / MONTHS_IN_BAND, np.int32)
    drifting = stochastic_round(luck[:, 2], w.sympathisers / MONTHS_IN_BAND, np.int32)
    w.move("outside_band", "uninvolved", total(entering), into=entering)
    w.move("uninvolved", "outside_band", leaving, into=total(leaving))
    w.move("sympathisers", "outside_band", drifting, into=total(drifting))


def total(people: np.ndarray) -> np.ndarray:
    """All people of a world, (W, R, C) -> (W, 1)."""
    return people.reshape(len(people), -1).sum(axis=1, dtype=np.int64, keepdims=True)
