"""Offensives: Lanchester's law and when fighting ends."""

from __future__ import annotations

import numpy as np
import pytest

from sim.moment import Moment
from sim.processes import offensives
from sim.processes.offensives import lanchester_hazard
from sim.world import GROUND, MOVEMENT
from tests.small import AA, AA1, BB, BB2, BB3, moment, near, put


def test_losses_follow_the_other_sides_strength() -> None:
    assert lanchester_hazard(100.0, 500.0, 0.06) == pytest.approx(0.3)
    assert lanchester_hazard(50.0, 500.0, 0.06) == pytest.approx(0.6)
    assert lanchester_hazard(100.0, 0.0, 0.06) == 0
    assert lanchester_hazard(0.0, 5.0, 0.06) == pytest.approx(0.3)  # as against one man


def siege(worlds: int = 1, attackers: float = 1000.0, **parameters: float) -> Moment:
    """A thousand against a thousand in Borrun Shore."""
    m = moment(worlds, **parameters)
    put(m, "militants", (...,), 0)
    put(m, "militants", (slice(None), MOVEMENT, GROUND, BB3, BB), 1000)
    m.world.control[:, m.geography.region_of == BB3] = 0.9
    m.world.offensive[:, BB3] = attackers
    return m


def test_losses_of_both_sides() -> None:
    """Attackers put 0.06 of a man each out of action; defenders, half of them fighters, 0.12 x 500."""
    m = siege(50)
    offensives.step(m)
    chance = 1 - np.exp(-0.06)
    killed = m.flows["offensive_killed"].sum()
    assert near(killed, 50_000 * chance, np.sqrt(50_000 * chance * (1 - chance)))
    assert m.world.dead[:, BB].sum() == killed
    assert (m.flows["offensive_losses"][:, BB3] == 60).all()
    assert (m.world.offensive[:, BB3] == 940).all()
    m.world.check()


def test_defenders_never_kill_more_than_came() -> None:
    m = siege(attackers=60.0, offensive__defender_kills=10.0)
    offensives.step(m)
    assert m.flows["offensive_losses"][0, BB3] == 60
    assert m.world.offensive[0, BB3] == 0


def test_no_more_than_a_hopeless_month() -> None:
    """The hazard is capped at 1.5."""
    m = siege(50, attackers=1e6)
    offensives.step(m)
    chance = 1 - np.exp(-1.5)
    assert near(m.flows["offensive_killed"].sum(), 50_000 * chance, np.sqrt(50_000 * chance * (1 - chance)))


def test_rivalry_recalls_forces_and_a_remnant_goes_home() -> None:
    m = siege()
    m.world.fragmentation[:, BB] = 0.5
    offensives.step(m)
    assert m.world.offensive[0, BB3] == pytest.approx(940 * 0.95)  # recall 0.1 x 0.5
    m = siege(attackers=100.0)
    offensives.step(m)
    assert m.world.offensive[0, BB3] == 0  # 40 are too few to go on


def test_an_offensive_against_nobody_ends() -> None:
    m = moment()
    m.world.offensive[:, BB2] = 1000
    offensives.step(m)
    assert (m.world.offensive == 0).all()


def test_nobody_dies_without_an_offensive() -> None:
    m = siege(attackers=0.0)
    put(m, "militants", (slice(None), MOVEMENT, GROUND, AA1, AA), 500)
    m.world.offensive[:, BB2] = 1000
    offensives.step(m)
    assert m.world.dead.sum() == 0
