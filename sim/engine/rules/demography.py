"""Cohorts enter and leave the age band 15-34 every month, through the ledger.

A resident stays twenty years in the band. Entries follow from the growth of the band, itself the growth of the
population times the change of the band's share. Newcomers spread over the propensity classes as the first cohort did.
"""

from __future__ import annotations

import math

import numpy as np

from sim.engine.compiled import rule
from sim.engine.counts import stochastic_round
from sim.engine.enums import OUTSIDE_BAND, SYMPATHISERS, UNINVOLVED
from sim.engine.now import draw_four, stream
from sim.engine.process import process
from sim.engine.state import CLASS_SHARES, enter, leave

LUCK = stream("demography")
MONTHS_IN_BAND = 240.0  # ages 15 to 34
#: One uniform a region serves all classes, shifted by the golden ratio so that roundings do not go together.
GOLDEN_RATIO = (math.sqrt(5) - 1) / 2
SPREAD = np.arange(CLASS_SHARES.size) * GOLDEN_RATIO % 1.0


@rule
def entrants(youth, growth, month):
    """Residents of a region who reach the age band in a month of the run."""
    return youth * (1 + growth) ** month * max(0.0, 1 / MONTHS_IN_BAND + growth)


@rule
def shifted(u, c):
    """A region's uniform as propensity class c sees it."""
    v = u + SPREAD[c]
    return v - 1.0 if v >= 1.0 else v


@process("uninvolved", "sympathisers", "outside_band")
def step(w, g, k, now):
    """Age the residents by one month."""
    for r in range(len(w.regions)):
        new = entrants(g.regions[r].youth, g.states[g.regions[r].country].band_growth, now.step)
        entering, ageing, drifting, _ = draw_four(w, now, LUCK, r)
        age(w, UNINVOLVED, r, w.uninvolved[r], ageing)
        age(w, SYMPATHISERS, r, w.sympathisers[r], drifting)
        for c in range(len(CLASS_SHARES)):
            w.class_taken[c] = stochastic_round(shifted(entering, c), new * CLASS_SHARES[c])
        enter(w, UNINVOLVED, r, w.class_taken)


@rule
def age(w, stock, r, people, u):
    """Residents of a stock who leave the age band; people (C,) are those of one region."""
    for c in range(len(people)):
        w.class_taken[c] = stochastic_round(shifted(u, c), people[c] / MONTHS_IN_BAND)
    leave(w, stock, r, OUTSIDE_BAND, 0, w.class_taken)
