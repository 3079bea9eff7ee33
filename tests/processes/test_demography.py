"""Cohorts: growth of the band and its books."""

from __future__ import annotations

import numpy as np
import pytest

from sim.processes import demography
from sim.processes.demography import band_growth
from tests.small import AA, moment

STILL = {f"{country}.{name}": 0.0 for country in ("AA", "BB") for name in ("population_growth", "youth_share_change")}


def test_growth_of_the_band_is_that_of_the_population_and_of_its_share() -> None:
    assert band_growth(0.0, 0.4, 0.0) == 0
    assert band_growth(0.1, 0.4, 0.0) == pytest.approx(0.00797414, abs=1e-8)  # twelfth root of 1.1
    assert band_growth(0.0, 0.4, 0.04) == pytest.approx(0.00797414, abs=1e-8)  # the share rises by a tenth
    assert band_growth(0.0, 0.4, -0.04) == pytest.approx(-0.00874161, abs=1e-8)  # and falls by a tenth
    assert (1 + band_growth(0.02, 0.36, -0.005)) ** 12 == pytest.approx(1.02 * 0.355 / 0.36)


def test_a_still_population_stays_as_it_is() -> None:
    m = moment(values=STILL)
    before = m.world.uninvolved.copy()
    demography.step(m)
    assert (np.abs(m.world.uninvolved - before) <= 1).all()  # one rounding each way
    m.world.check()


def test_a_year_of_cohorts_adds_a_year_of_growth() -> None:
    m = moment(values={**STILL, "AA.population_growth": 0.10})
    own = m.geography.country_of == AA
    before = m.world.youth()[:, own].sum()
    for m.step in range(12):
        m.month += 1
        demography.step(m)
    roundings = 12 * 2 * int(own.sum()) * m.world.shares.size
    assert m.world.youth()[:, own].sum() == pytest.approx(before * 1.1, abs=roundings)


def test_sympathisers_grow_out_of_the_band_but_nobody_enters_as_one() -> None:
    m = moment(values=STILL)
    m.world.sympathisers[:] = 240
    demography.step(m)
    assert (m.world.sympathisers == 239).all()  # one in 240 a month, exactly


def test_newcomers_spread_over_the_classes_as_the_first_cohort_did() -> None:
    m = moment(values={**STILL, "AA.population_growth": 0.10})
    m.world.uninvolved[:] = 0
    demography.step(m)
    entered = m.world.uninvolved[0, 0]
    assert entered.sum() > 3000
    assert entered == pytest.approx(entered.sum() * m.world.shares, abs=1.1)
