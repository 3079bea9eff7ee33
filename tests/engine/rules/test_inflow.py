"""Inflow: finite stocks beyond the map."""

from __future__ import annotations

import numpy as np
import pytest

from sim.engine.enums import GROUND, MOVEMENT
from sim.engine.rules import inflow
from tests.engine.kit import AA1, ALL, BB3, BB4, LANMERE, Small, batch, formula, near, put

pull_of_hubs = formula(inflow.pull_of_hubs)

NEIGHBOUR, REST = 2, 4  # origins: two countries, then the outside nodes but the theatre


def test_pull_saturates_with_ruled_residents() -> None:
    assert pull_of_hubs(0.0, 60_000.0, 1.0) == 0
    assert pull_of_hubs(60_000.0, 60_000.0, 0.8) == pytest.approx(0.4)
    assert pull_of_hubs(1e12, 60_000.0, 1.0) == pytest.approx(1)
    assert pull_of_hubs(60_000.0, 60_000.0, 0.0) == 0


def hub(worlds: int = 50, rate: float = 20.0) -> Small:
    b = batch(worlds, inflow__rate=rate, inflow__half_residents=500_000.0)
    b.localities.control[:, b.geography.region_of == BB3] = 1.0  # 500,000 residents
    b.organisations.ambition[:] = 1.0
    return b


def test_outsiders_come_to_the_hub() -> None:
    """20 x willingness 0.02 x a half: hazard 0.2 for the neighbour's 1500."""
    b = hub()
    before = b.outside.copy()
    inflow.step(b)
    come = before - b.outside
    chance = 1 - np.exp(-0.2)
    assert near(come[:, NEIGHBOUR].sum(), 75_000 * chance, np.sqrt(75_000 * chance * (1 - chance)))
    assert (come[:, :2] == 0).all()
    assert (b.militants[:, MOVEMENT, GROUND, BB3] == come).all()
    assert (b.happened.inflow[:, BB3] == come.sum(axis=1)).all()
    b.check()


def test_stocks_run_down() -> None:
    b = hub(1, rate=1e9)
    inflow.step(b)
    assert b.outside[0, 2:].sum() == 0
    inflow.step(b)
    b.check()


@pytest.mark.parametrize("stop", ["rule", "ambition", "rate"])
def test_nobody_comes(stop: str) -> None:
    b = hub(1, rate=0.0 if stop == "rate" else 20.0)
    if stop == "rule":
        b.localities.control[:] = 0
    if stop == "ambition":
        b.organisations.ambition[:] = 0
    before = b.outside.copy()
    inflow.step(b)
    assert (b.outside == before).all()


def test_guarded_borders_slow_the_inflow() -> None:
    """A fully guarded border keeps three in ten away."""
    b = hub()
    b.regions.guarded[:, AA1] = 1.0
    b.regions.guarded[:, BB3] = 0.2  # the best guarded counts
    inflow.step(b)
    come = b.happened.inflow.sum()
    neighbour, rest = 1 - np.exp(-0.2 * 0.7), 1 - np.exp(-0.05 * 0.7)
    expected = 75_000 * neighbour + 400_000 * rest
    assert near(come, expected, np.sqrt(75_000 * neighbour * (1 - neighbour) + 400_000 * rest * (1 - rest)))


def test_they_come_to_the_hubs_by_residents_ruled() -> None:
    """Lanmere alone is ruled at half: 100,000 against all of Borrun Sands' residents."""
    b = hub(2000, rate=20.0)
    b.localities.control[:] = 0.0
    b.localities.control[:, LANMERE] = 0.5
    sands = b.geography.region_of == BB4
    b.localities.control[:, sands] = 1.0
    put(b, "outside", ..., 0)
    put(b, "outside", (ALL, NEIGHBOUR), 1)
    inflow.step(b)
    here, there = b.happened.inflow[:, BB3].sum(), b.happened.inflow[:, BB4].sum()
    odds = 100_000 / (100_000 + b.geography.r["residents"][BB4])
    n = here + there
    assert n == b.happened.inflow.sum() > 100
    assert near(here, n * odds, np.sqrt(n * odds * (1 - odds)))
