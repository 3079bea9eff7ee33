"""Regions make places, months make years and windows, worlds make quantiles: by one rule for all who ask."""

from __future__ import annotations

import numpy as np
import pytest

from sim.calendar import Month
from sim.engine.outcomes import OUTCOMES
from sim.inputs.geography import load_geography
from sim.runs.reduce import (
    QUANTILES,
    by_place,
    by_year,
    countries_and_all,
    over_window,
    over_worlds,
    quantile_of_sorted,
    with_countries,
)

SLICES = [slice(0, 2), slice(2, 3)]
WEIGHTS = np.array([3.0, 1.0, 5.0])
NAMES = ["departures", "grievance", "foothold"]  # a flow that is summed, a mean by residents, a maximum


@pytest.fixture
def values() -> np.ndarray:
    """Three outcomes of five worlds, 30 months and the seven regions of the two countries."""
    luck = np.random.default_rng(4)
    shape = (5, 30, 7)
    return np.stack([luck.poisson(2.0, shape), luck.random(shape), luck.random(shape) < 0.1]).astype(np.float32)


@pytest.mark.parametrize(("aggregate", "expected"), [("sum", [0.6, 0.7]), ("mean", [0.25, 0.7]), ("max", [0.4, 0.7])])
def test_regions_make_a_place(aggregate: str, expected: list[float]) -> None:
    assert by_place(np.array([[0.2, 0.4, 0.7]]), aggregate, SLICES, WEIGHTS)[0] == pytest.approx(expected)


def test_large_counts_are_summed_exactly() -> None:
    values = np.array([[2.0**24, 1.0, 1.0]], dtype=np.float32)
    assert by_place(values, "sum", [slice(0, 3)], WEIGHTS)[0, 0] == 2**24 + 2


def test_countries_follow_the_regions_and_all_of_them_the_countries(values: np.ndarray) -> None:
    g = load_geography("two_countries")
    stacked, months = with_countries(NAMES, values, g), countries_and_all(NAMES, values, g)
    assert (stacked[..., :7] == values).all()
    assert (stacked[..., 7:] == months[..., :2]).all()
    assert (months[0, ..., 2] == values[0].sum(axis=-1)).all()
    assert months[1, ..., 2] == pytest.approx(np.average(values[1], axis=-1, weights=g.r["residents"]), rel=1e-6)
    assert (months[2, ..., 2] == values[2].max(axis=-1)).all()


def test_years_are_those_of_the_calendar_and_add_up_to_the_run(values: np.ndarray) -> None:
    found = by_year(NAMES, values, int(Month.of(2011, 11)))
    assert found.shape == (3, 5, 4, 7)  # two months of 2011, two whole years, four months of 2014
    assert (found[0, :, 0] == values[0, :, :2].sum(axis=1)).all()
    assert (found[0].sum(axis=1) == over_window(NAMES, values)[0]).all()
    assert found[1, :, 3] == pytest.approx(values[1, :, 26:].mean(axis=1), rel=1e-6)


def test_a_window_sums_flows_and_averages_the_rest(values: np.ndarray) -> None:
    found = over_window(NAMES, values, slice(6, 9))
    assert found.dtype == np.float64
    for name, own, whole in zip(NAMES, found, values, strict=True):
        part = whole[:, 6:9].astype(float)
        assert own == pytest.approx(part.sum(axis=1) if OUTCOMES[name].flow else part.mean(axis=1))


@pytest.mark.parametrize("worlds", [1, 2, 7, 40])
def test_quantiles_over_worlds_are_numpys(worlds: int) -> None:
    values = np.random.default_rng(1).random((5, worlds)).astype(np.float32)
    found = over_worlds(values.copy())
    expected = [*(np.quantile(values, q, axis=1) for q in QUANTILES.values()), values.mean(axis=1)]
    assert found == pytest.approx(np.array(expected), abs=1e-6)
    ordered = np.sort(values.T, axis=0)
    for q in (0.0, 0.05, 0.5, 0.95, 1.0):
        assert quantile_of_sorted(ordered, q) == pytest.approx(np.quantile(ordered, q, axis=0), abs=1e-6)
