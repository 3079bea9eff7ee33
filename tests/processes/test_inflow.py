"""Inflow: finite stocks beyond the map."""

from __future__ import annotations

import numpy as np
import pytest

from sim.moment import Moment
from sim.processes import inflow
from sim.processes.inflow import pull_of_hubs
from sim.world import GROUND, MOVEMENT
from tests.small import BB3, moment, near, turn

NEIGHBOUR, REST = 2, 4  # origins: two countries, then the outside nodes but the theatre


def test_pull_saturates_with_ruled_residents() -> None:
    assert pull_of_hubs(0.0, 60_000.0, 1.0) == 0
    assert pull_of_hubs(60_000.0, 60_000.0, 0.8) == pytest.approx(0.4)
    assert pull_of_hubs(1e12, 60_000.0, 1.0) == pytest.approx(1)
    assert pull_of_hubs(60_000.0, 60_000.0, 0.0) == 0


def hub(worlds: int = 50, rate: float = 20.0) -> Moment:
    m = moment(worlds, inflow__rate=rate, inflow__half_residents=500_000.0)
    m.world.control[:, m.geography.region_of == BB3] = 1.0  # 500,000 residents
    m.world.expansion[:] = 1.0
    return m


def test_outsiders_come_to_the_hub() -> None:
    """20 x willingness 0.02 x a half: hazard 0.2 for the neighbour's 1500."""
    m = hub()
    before = m.world.outside.copy()
    inflow.step(m)
    come = before - m.world.outside
    chance = 1 - np.exp(-0.2)
    assert near(come[:, NEIGHBOUR].sum(), 75_000 * chance, np.sqrt(75_000 * chance * (1 - chance)))
    assert (come[:, :2] == 0).all()
    assert (m.world.militants[:, MOVEMENT, GROUND, BB3] == come).all()
    assert (m.flows["inflow"][:, BB3] == come.sum(axis=1)).all()
    m.world.check()


def test_stocks_run_down() -> None:
    m = hub(1, rate=1e9)
    inflow.step(m)
    assert m.world.outside[0, 2:].sum() == 0
    inflow.step(m)
    m.world.check()


@pytest.mark.parametrize("stop", ["rule", "ambition", "rate"])
def test_nobody_comes(stop: str) -> None:
    m = hub(1, rate=0.0 if stop == "rate" else 20.0)
    if stop == "rule":
        m.world.control[:] = 0
    if stop == "ambition":
        m.world.expansion[:] = 0
    before = m.world.outside.copy()
    inflow.step(m)
    assert (m.world.outside == before).all()


def test_guarded_borders_slow_the_inflow() -> None:
    """A fully guarded border keeps three in ten away."""
    m = hub()
    turn(m, "border_effort", 1.0)
    inflow.step(m)
    come = m.flows["inflow"].sum()
    neighbour, rest = 1 - np.exp(-0.2 * 0.7), 1 - np.exp(-0.05 * 0.7)
    expected = 75_000 * neighbour + 400_000 * rest
    assert near(come, expected, np.sqrt(75_000 * neighbour * (1 - neighbour) + 400_000 * rest * (1 - rest)))
