"""Dials: neutral, turned, combined, in time."""

from __future__ import annotations

import numpy as np
import pytest

from sim.policy.dials import DIALS, Dials, build_up, turned

COUNTRY_OF = np.array([0, 0, 1])


def dials() -> Dials:
    return Dials(2, 3, COUNTRY_OF)


def test_untouched_they_are_neutral() -> None:
    for name, dial in DIALS.items():
        values = getattr(dials(), name)
        assert values.shape == (1, 2 if dial.scope == "country" else 3)
        assert (values == {"multiply": 1.0, "add": 0.0}[dial.combine]).all()
        assert dial.unit
        assert dial.description


def test_an_unknown_dial_is_refused_with_the_names_that_exist() -> None:
    with pytest.raises(AttributeError, match="no dial 'mood'; there are capacity, fragmentation"):
        _ = dials().mood


def test_factors_multiply_and_amounts_add() -> None:
    d = dials()
    for amount in (0.5, 0.8):
        d.turn("capacity", np.array([1]), amount)
        d.turn("services", np.array([0, 2]), amount)
    assert d.capacity[0] == pytest.approx([1.0, 0.4])
    assert d.services[0] == pytest.approx([1.3, 0.0, 1.3])


def test_turning_never_reaches_back_into_what_was_read() -> None:
    d = dials()
    before = d.capacity
    d.turn("capacity", np.array([0]), 0.5)
    assert (before == 1).all()
    assert (Dials(2, 3, COUNTRY_OF).capacity == 1).all()


def test_worlds_may_differ() -> None:
    d = dials()
    d.turn("capacity", np.array([0]), np.array([[1.0], [0.5]]))
    d.turn("capacity", np.array([0, 1]), 0.5)
    d.turn("capacity", np.array([1]), np.array([[1.0], [0.0]]))
    assert d.capacity == pytest.approx(np.array([[0.5, 0.5], [0.25, 0.0]]))


@pytest.mark.parametrize(("strength", "factor", "amount"), [(0.0, 1.0, 0.0), (0.5, 0.6, 0.2), (1.0, 0.2, 0.4)])
def test_a_share_of_the_full_turn(strength: float, factor: float, amount: float) -> None:
    d = dials()
    turned(d, "capacity", [0], 0.2, strength)
    turned(d, "hopes", [0], 0.4, strength)
    assert d.capacity[0] == pytest.approx([factor, 1.0])
    assert d.hopes[0] == pytest.approx([amount, 0.0])


def test_strength_in_time() -> None:
    assert [0.8 * build_up(month, 10, 12, 0) for month in range(9, 14)] == pytest.approx([0, 0.8, 0.8, 0.8, 0])
    assert [build_up(month, 10, None, 3) for month in range(9, 16)] == pytest.approx(
        [0, 0.25, 0.5, 0.75, 1, 1, 1])
