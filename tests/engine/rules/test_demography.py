"""Cohorts: growth of the band and its books."""

from __future__ import annotations

import numpy as np
import pytest

from sim.engine.place import place_of
from sim.engine.rules import demography
from sim.engine.rules.demography import SPREAD, entrants, shifted
from sim.engine.state import CLASS_SHARES
from sim.inputs.geography import load_geography
from tests.engine.kit import AA, AA1, Small, batch, formula, put

STILL = {f"{country}.{name}": 0.0 for country in ("AA", "BB") for name in ("population_growth", "youth_share_change")}


@pytest.mark.parametrize(("population", "share", "change", "growth"), [
    (0.0, 0.4, 0.0, 0.0), (0.1, 0.4, 0.0, 0.00797414),  # twelfth root of 1.1
    (0.0, 0.4, 0.04, 0.00797414),  # the share rises by a tenth
    (0.0, 0.4, -0.04, -0.00874161),  # and falls by a tenth
    (0.02, 0.36, -0.005, (1.02 * 0.355 / 0.36) ** (1 / 12) - 1)])
def test_growth_of_the_band_is_that_of_the_population_and_of_its_share(population: float, share: float, change: float,
                                                                       growth: float) -> None:
    values = {"AA.population_growth": population, "AA.youth_share_start": share, "AA.youth_share_change": change}
    states = place_of(load_geography("two_countries", {f"values.{k}": v for k, v in values.items()})).states
    assert states.band_growth[AA] == pytest.approx(growth, abs=1e-8)


def test_entrants_replace_those_who_age_and_add_the_growth() -> None:
    assert formula(entrants)(240_000.0, 0.0, 0) == pytest.approx(1000)
    assert formula(entrants)(240_000.0, 0.0, 99) == pytest.approx(1000)
    assert formula(entrants)(240_000.0, 0.01, 2) == pytest.approx(240_000 * 1.01**2 * (1 / 240 + 0.01))
    assert formula(entrants)(240_000.0, -0.5, 1) == 0  # nobody enters a band that shrinks faster than it ages


def test_classes_share_a_uniform_that_stays_uniform() -> None:
    grid = (np.arange(1000) + 0.5) / 1000
    for c in range(CLASS_SHARES.size):
        seen = np.array([formula(shifted)(u, c) for u in grid])
        assert ((seen >= 0) & (seen < 1)).all()
        assert np.sort(seen) == pytest.approx(grid, abs=0.001)
    assert np.unique(SPREAD).size == CLASS_SHARES.size


def youth(b: Small) -> np.ndarray:
    return np.asarray((b.uninvolved + b.sympathisers).sum(axis=-1))


def test_a_still_population_stays_as_it_is() -> None:
    b = batch(values=STILL)
    before = b.uninvolved.copy()
    demography.step(b)
    assert (np.abs(b.uninvolved - before) <= 1).all()  # one rounding each way
    b.check()


def test_a_year_of_cohorts_adds_a_year_of_growth() -> None:
    b = batch(values={**STILL, "AA.population_growth": 0.10})
    own = b.geography.country_of == AA
    before = youth(b)[:, own].sum()
    for _ in range(12):
        demography.step(b)
        b.step += 1
    roundings = 12 * 2 * int(own.sum()) * CLASS_SHARES.size
    assert youth(b)[:, own].sum() == pytest.approx(before * 1.1, abs=roundings)
    assert b.outside_band[0, 0] == pytest.approx(-0.1 * before, abs=14 * roundings)  # the ledger lends them
    b.check()


def test_sympathisers_grow_out_of_the_band_but_nobody_enters_as_one() -> None:
    b = batch(values=STILL)
    put(b, "sympathisers", ..., 240)
    demography.step(b)
    assert (b.sympathisers == 239).all()  # one in 240 a month, exactly
    b.check()


def test_newcomers_spread_over_the_classes_as_the_first_cohort_did() -> None:
    b = batch(values={**STILL, "AA.population_growth": 0.10})
    put(b, "uninvolved", ..., 0)
    demography.step(b)
    new = formula(entrants)(b.geography.r["youth"][AA1], float(b.place.states.band_growth[AA]), 0)
    assert new > 3000
    assert (np.abs(b.uninvolved[0, AA1] - new * CLASS_SHARES) < 1).all()  # rounded one way or the other
