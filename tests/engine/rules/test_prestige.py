"""Prestige of the brands, the movement's ambition, and money."""

from __future__ import annotations

import numpy as np
import pytest

from sim.engine.enums import CELL, MOVEMENT, MOVEMENT_BRAND, RIVAL
from sim.engine.rules import prestige
from sim.engine.rules.prestige import ambition, theatre_prestige
from sim.engine.sight import head
from tests.engine.kit import AA, ALL, BB, BB2, BB3, batch, course, formula, freeze, put, turn


def test_prestige_of_a_brand_abroad() -> None:
    standing = formula(theatre_prestige)
    assert standing(0.5, 0.5, 0.6) == pytest.approx(0.35)
    assert standing(0.0, 1.0, 0.6) == 0
    assert standing(1.0, 1.0, 0.6) == 1
    assert standing(1.0, 0.0, 0.6) == pytest.approx(0.4)


def test_ambition_comes_with_ground_at_the_core_and_elsewhere() -> None:
    will = formula(ambition)
    assert will(0.5, 0.5, 0.6, 0.0) == pytest.approx(0.35)
    assert will(0.5, 0.5, 0.6, 0.2) == pytest.approx(0.55)
    assert will(0.0, 1.0, 0.6, 0.0) == 0
    assert will(1.0, 1.0, 0.6, 0.5) == 1


def test_a_second_theatre_lifts_the_movement_as_far_as_it_is_stronger() -> None:
    found = []
    for strength in (0.0, 0.3, 1.0):
        b = batch(start="2013-12")
        turn(b, "second_theatre", strength, AA)
        prestige.step(b)
        found.append(b.brands.prestige[0, MOVEMENT_BRAND])
    assert found[0] <= found[1] < found[2]
    assert found[2] == pytest.approx(1.0)


def test_prestige_does_not_follow_numbers() -> None:
    few, many = batch(), batch()
    put(many, "theatre", ..., 5000)
    put(many, "militants", (ALL, MOVEMENT, CELL, BB2, BB), 5000)
    for b in (few, many):
        prestige.step(b)
        head(b)  # without any state
    assert (few.brands.prestige == many.brands.prestige).all()
    assert many.regions.hub_strength[0, BB2] > few.regions.hub_strength[0, BB2]


def test_where_the_movement_rules_it_gains() -> None:
    """While nothing abroad is at its ceiling."""
    plain, ruled = batch(), batch()
    ruled.regions.ruled[:, BB3] = 1.0
    for b in (plain, ruled):
        course(b, movement_strength=0.4, movement_territory=0.2)
        prestige.step(b)
    hold = 1 - np.exp(-500_000 / 150_000)
    gain = ruled.brands.prestige[0, MOVEMENT_BRAND] - plain.brands.prestige[0, MOVEMENT_BRAND]
    assert gain == pytest.approx(0.35 * hold)
    more = ruled.organisations.ambition[0, MOVEMENT] - plain.organisations.ambition[0, MOVEMENT]
    assert more == pytest.approx(0.35 * hold)


def test_eclipse_of_the_older_network() -> None:
    """Prestige 0.4 at the start; nothing abroad in 2011 and none of it lost; later less."""
    before, after = batch(start="2011-01"), batch(start="2013-12")
    prestige.step(before)
    prestige.step(after)
    assert before.brands.prestige[0] == pytest.approx([0.0, 0.4, 0.0])
    # December 2013: strength 0.9, territory 0.8 of its peak, so 0.9 x (0.4 + 0.6 x 0.8) = 0.792; rebels 0.733
    rebels = 0.8 - 0.2 * 6 / 18
    assert after.brands.prestige[0] == pytest.approx(
        [0.792, 0.4 * (1 - 0.7 * 0.792) + 0.5 * rebels * 0.208, rebels * (1 - 0.7 * 0.792)])


def test_prestige_that_does_not_follow_the_theatre_is_constant_while_there_is_one() -> None:
    """In the theory without prestige, and under the placebo."""
    for strength in (0.3, 0.9):
        b = batch(theory__prestige=0.0, organisation__constant_prestige=0.5)
        course(b, movement_strength=strength, movement_territory=strength)
        prestige.step(b)
        assert b.brands.prestige[0, MOVEMENT_BRAND] == pytest.approx(0.5)
        freeze(b, "theatre.prestige", 0.25)
        prestige.step(b)
        assert b.brands.prestige[0, MOVEMENT_BRAND] == pytest.approx(0.25)
    b = batch(theory__prestige=0.0)
    course(b, movement_strength=0.0, movement_territory=0.0)
    prestige.step(b)
    assert b.brands.prestige[0, MOVEMENT_BRAND] == 0


def test_levels_stay_in_bounds() -> None:
    b = batch()
    b.regions.ruled[:] = 1.0
    turn(b, "second_theatre", 5.0)
    for _ in range(50):
        prestige.step(b)
    for values in (b.brands.prestige, b.organisations.ambition, b.organisations.money):
        assert ((values >= 0) & (values <= 1)).all()


def test_money_follows_what_the_movement_holds_with_a_lag() -> None:
    """A fifth of the gap a month to 0.792 abroad and what is held at home, one at most; the rival lives on 0.3."""
    b = batch()
    prestige.step(b)
    assert b.organisations.money[0] == pytest.approx([0.2 * 0.792, 0.3, 0.0])
    b.regions.ruled[:] = 1.0
    prestige.step(b)
    assert b.organisations.money[0, MOVEMENT] == pytest.approx(0.8 * 0.2 * 0.792 + 0.2)
    assert b.organisations.money[0, RIVAL] == pytest.approx(0.3)
