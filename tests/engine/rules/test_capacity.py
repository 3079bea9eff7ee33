"""Capacity: capacity, fragmentation and presence."""

from __future__ import annotations

import numpy as np
import pytest

from sim.engine.rules import capacity
from sim.engine.rules.capacity import effective_presence, fragmentation
from tests.engine.kit import AA, AA1, ALL, BB, BB3, LANMERE, batch, formula, turn


@pytest.mark.parametrize(("cohesion", "split", "patrons", "settlement", "expected"), [
    (1.0, 0.0, 0.0, 0.0, 0.0), (0.9, 0.3, 0.5, 0.0, 0.5), (0.9, 0.3, 0.5, 0.5, 0.25), (0.0, 1.0, 1.0, 0.0, 1.0),
    (0.0, 1.0, 1.0, 1.0, 0.0), (1.0, -0.2, 0.0, 0.0, 0.0), (0.5, 0.0, 0.0, 2.0, 0.0)])
def test_fragmentation(cohesion: float, split: float, patrons: float, settlement: float, expected: float) -> None:
    assert formula(fragmentation)(cohesion, split, patrons, 0.2, settlement) == pytest.approx(expected)


@pytest.mark.parametrize(("strength", "local", "rivalry", "surge", "filled", "control", "expected"), [
    (0.8, 0.5, 0.0, 0.0, 0.0, 0.0, 0.4), (0.8, 0.5, 0.5, 0.0, 0.0, 0.0, 0.28), (0.8, 0.5, 0.5, 1.0, 0.0, 0.0, 0.56),
    (0.8, 0.5, 0.5, 1.0, 0.0, 0.5, 0.28), (1.0, 1.0, 0.0, 3.0, 0.0, 0.0, 1.0), (1.0, 1.0, 0.0, 3.0, 0.0, 1.0, 0.0),
    (0.0, 1.0, 0.0, 3.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0, 0.3, 0.0, 0.3), (0.8, 0.5, 0.0, 0.0, 0.5, 0.0, 0.7),
    (0.8, 0.5, 0.0, 0.0, -0.5, 0.0, 0.2), (1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0)])
def test_presence(strength: float, local: float, rivalry: float, surge: float, filled: float, control: float,
                  expected: float) -> None:
    assert formula(effective_presence)(strength, local, rivalry, 0.6, surge, filled, control) == pytest.approx(expected)


def test_patrons_cannot_be_held_back_below_none() -> None:
    none, less = batch(), batch()
    turn(less, "patron_backing", -0.9)
    capacity.step(none)
    capacity.step(less)
    assert (less.states.fragmentation == none.states.fragmentation).all()


def test_control_of_a_region_is_weighted_by_residents() -> None:
    b = batch()
    b.localities.control[0, LANMERE] = 0.5  # four in ten
    capacity.step(b)
    assert b.regions.ruled[0, BB3] == pytest.approx(0.2)
    assert b.regions.ruled.sum() == pytest.approx(0.2)
    b.localities.control[:] = 1.0
    capacity.step(b)
    assert b.regions.ruled == pytest.approx(np.ones((1, 7)))
    b.localities.control[:] = 0.0
    capacity.step(b)
    assert (b.regions.ruled == 0).all()


def test_where_the_movement_rules_the_state_goes() -> None:
    plain, ruled = batch(), batch()
    ruled.localities.control[:, ruled.geography.region_of == BB3] = 1.0
    capacity.step(plain)
    capacity.step(ruled)
    assert ruled.regions.presence[0, BB3] == 0
    others = [r for r in range(7) if r != BB3]
    assert (ruled.regions.presence[0, others] == plain.regions.presence[0, others]).all()


def test_capacity_by_hand() -> None:
    """Alvane 0.75 x (1 + 0.2 x outside support 0.2), less the share lost to shock, more by what was learnt."""
    b = batch()
    capacity.step(b)
    assert b.states.capacity[0, AA] == pytest.approx(0.78)
    b.states.shock[:], b.states.learning[:] = 0.5, 0.4
    capacity.step(b)
    assert b.states.shock[0, AA] == pytest.approx(0.44)  # 0.12 a month heals
    assert b.states.learning[0, AA] == pytest.approx(0.396)
    assert b.states.capacity[0, AA] == pytest.approx(0.75 * 0.56 * 1.04 + 0.3 * 0.396 * 0.75)
    turn(b, "capacity", 0.0, BB)
    b.states.learning[:] = 0
    capacity.step(b)
    assert b.states.capacity[0, BB] == 0


@pytest.mark.parametrize(("dial", "amount", "sign"), [
    ("fragmentation", 0.5, -1), ("patron_backing", 0.5, -1), ("capacity", 0.5, -1), ("presence", 0.5, -1),
    ("cohesion_gain", 0.5, 1), ("outside_support", 0.3, 1), ("local_forces", 0.2, 1), ("stabilisation", 0.2, 1)])
def test_dials_move_presence(dial: str, amount: float, sign: int) -> None:
    plain, turned = batch(), batch()
    turn(turned, dial, amount)
    capacity.step(plain)
    capacity.step(turned)
    change = sign * (turned.regions.presence - plain.regions.presence)
    assert (change >= 0).all()
    assert (change > 0).any()


def test_a_surge_is_presence() -> None:
    b = batch()
    capacity.step(b)
    before = b.regions.presence.copy()
    b.regions.surge[0, AA1] = 0.1
    capacity.step(b)
    assert b.regions.presence[0, AA1] == pytest.approx(min(1.1 * before[0, AA1], 1.0))
    assert (b.regions.presence[0, AA1 + 1:] == before[0, AA1 + 1:]).all()


def test_levels_stay_in_bounds() -> None:
    b = batch()
    b.states.shock[:], b.states.learning[:], b.regions.surge[:], b.localities.control[:] = 0.5, 1, 5, 1
    turn(b, "capacity", 3.0)
    turn(b, "fragmentation", 3.0)
    capacity.step(b)
    for values in (b.states.capacity, b.states.fragmentation, b.regions.presence, b.regions.ruled):
        assert ((values >= 0) & (values <= 1)).all()
    assert (b.regions.presence[ALL, AA1] == 0).all()
