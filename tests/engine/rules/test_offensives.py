"""Offensives: Lanchester's law and when fighting ends."""

from __future__ import annotations

import numpy as np
import pytest

from sim.engine.enums import GROUND, MOVEMENT
from sim.engine.rules import offensives
from tests.engine.kit import AA, AA1, ALL, BB, BB2, BB3, Small, batch, formula, near, put

lanchester_hazard = formula(offensives.lanchester_hazard)


def test_losses_follow_the_other_sides_strength() -> None:
    assert lanchester_hazard(100.0, 500.0, 0.06) == pytest.approx(0.3)
    assert lanchester_hazard(50.0, 500.0, 0.06) == pytest.approx(0.6)
    assert lanchester_hazard(100.0, 0.0, 0.06) == 0
    assert lanchester_hazard(0.0, 5.0, 0.06) == pytest.approx(0.3)  # as against one man


def siege(worlds: int = 1, attackers: float = 1000.0, **parameters: float) -> Small:
    """A thousand against a thousand in Borrun Shore."""
    b = batch(worlds, **parameters)
    put(b, "militants", ..., 0)
    put(b, "militants", (ALL, MOVEMENT, GROUND, BB3, BB), 1000)
    b.localities.control[:, b.geography.region_of == BB3] = 0.9
    b.regions.offensive[:, BB3] = attackers
    return b


def test_losses_of_both_sides() -> None:
    """Attackers put 0.06 of a man each out of action; defenders, half of them fighters, 0.12 x 500."""
    b = siege(50)
    offensives.step(b)
    chance = 1 - np.exp(-0.06)
    killed = b.happened.offensive_killed.sum()
    assert near(killed, 50_000 * chance, np.sqrt(50_000 * chance * (1 - chance)))
    assert b.dead[:, BB].sum() == killed
    assert (b.happened.offensive_losses[:, BB3] == 60).all()
    assert (b.regions.offensive[:, BB3] == 940).all()
    b.check()


def test_defenders_never_kill_more_than_came() -> None:
    b = siege(attackers=60.0, offensive__defender_kills=10.0)
    offensives.step(b)
    assert b.happened.offensive_losses[0, BB3] == 60
    assert b.regions.offensive[0, BB3] == 0


def test_no_more_than_a_hopeless_month() -> None:
    """The hazard is capped at 1.5."""
    b = siege(50, attackers=1e6)
    offensives.step(b)
    chance = 1 - np.exp(-1.5)
    assert near(b.happened.offensive_killed.sum(), 50_000 * chance, np.sqrt(50_000 * chance * (1 - chance)))


def test_rivalry_recalls_forces_and_a_remnant_goes_home() -> None:
    b = siege()
    b.states.fragmentation[:, BB] = 0.5
    offensives.step(b)
    assert b.regions.offensive[0, BB3] == pytest.approx(940 * 0.95)  # recall 0.1 x 0.5
    b = siege(attackers=100.0)
    offensives.step(b)
    assert b.regions.offensive[0, BB3] == 0  # 40 are too few to go on


def test_an_offensive_against_nobody_ends() -> None:
    b = batch()
    b.regions.offensive[:, BB2] = 1000
    offensives.step(b)
    assert (b.regions.offensive == 0).all()


def test_nobody_dies_without_an_offensive() -> None:
    b = siege(attackers=0.0)
    put(b, "militants", (ALL, MOVEMENT, GROUND, AA1, AA), 500)
    b.regions.offensive[:, BB2] = 1000
    offensives.step(b)
    assert b.dead.sum() == 0
