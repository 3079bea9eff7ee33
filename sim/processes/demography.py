"""Cohorts enter and leave the age band 15-34 every month, through the ledger.

A resident stays twenty years in the band. Entries follow from the growth of the band, itself the growth of the
population times the change of the band's share. Newcomers spread over the propensity classes as the first cohort did.
"""

from __future__ import annotations

import numpy as np

from sim.moment import Moment
from sim.noise import stochastic_round
from sim.world import CLASS_SHARES

WRITES = ("uninvolved", "sympathisers", "outside_band")
MONTHS_IN_BAND = 240.0  # ages 15 to 34
#: One uniform a region serves all classes, shifted by the golden ratio so that roundings do not go together.
SPREAD = np.modf(np.arange(CLASS_SHARES.size) * (np.sqrt(5) - 1) / 2)[0]


def band_growth(population_growth: np.ndarray, share: np.ndarray, share_change: np.ndarray) -> np.ndarray:
    """Monthly growth rate of the number of residents aged 15-34, from yearly rates."""
    return ((1 + population_growth) * (share + share_change) / share) ** (1 / 12) - 1


def step(m: Moment) -> None:
    """Age the residents by one month."""
    w, g = m.world, m.geography
    growth = band_growth(g.y["population_growth"], g.y["youth_share_start"], g.y["youth_share_change"])
    entry_rate = np.maximum(0.0, 1 / MONTHS_IN_BAND + growth)
    base = g.r["youth"] * (1 + growth[g.country_of]) ** m.step * entry_rate[g.country_of]
    luck = np.modf(m.luck("demography", 3, len(g.regions))[..., None] + SPREAD)[0]
    entering = stochastic_round(luck[:, 0], base[:, None] * w.shares, np.int32)
    leaving = stochastic_round(luck[:, 1], w.uninvolved / MONTHS_IN_BAND, np.int32)
    drifting = stochastic_round(luck[:, 2], w.sympathisers / MONTHS_IN_BAND, np.int32)
    w.move("outside_band", "uninvolved", entering.sum(axis=(1, 2), dtype=np.int64)[:, None], into=entering)
    w.move("uninvolved", "outside_band", leaving, into=leaving.sum(axis=(1, 2), dtype=np.int64)[:, None])
    w.move("sympathisers", "outside_band", drifting, into=drifting.sum(axis=(1, 2), dtype=np.int64)[:, None])
