"""Passage: caught at the exits, or in the theatre."""

from __future__ import annotations

import numpy as np
import pytest

from sim.engine.enums import MOVEMENT, MOVEMENT_BRAND, PRISON, REBEL_BRAND, RIVAL, RIVAL_BRAND
from sim.engine.rules import passage
from tests.engine.kit import (
    AA,
    AA1,
    ALL,
    BB,
    BB2,
    batch,
    formula,
    near,
    put,
)

interception = formula(passage.interception)


@pytest.mark.parametrize(("control", "away", "intelligence", "chance"), [
    (0.4, 0.5, 0.75, 0.0675), (0.0, 0.0, 1.0, 0.0), (1.0, 1.0, 1.0, 0.0), (1.0, 0.0, 0.0, 0.0), (1.0, 0.0, 1.0, 0.45)])
def test_interception(control: float, away: float, intelligence: float, chance: float) -> None:
    assert interception(control, away, intelligence, 0.45) == pytest.approx(chance)


def test_interception_is_a_chance() -> None:
    assert interception(1.0, 0.0, 1.0, 3.0) == 1


def test_men_come_back_to_the_organisation_of_their_brand() -> None:
    home = formula(passage.organisation_of)
    assert [home(brand) for brand in (MOVEMENT_BRAND, RIVAL_BRAND, REBEL_BRAND)] == [MOVEMENT, RIVAL, RIVAL]


def test_travellers_arrive_or_go_to_prison() -> None:
    """Alvane: 0.45 x control 1 x intelligence 0.75 = 0.3375."""
    b = batch(50)
    b.states.exit_control[:], b.states.looking_away[:], b.states.intelligence[:] = 1.0, 0.0, 0.75
    b.states.looking_away[:, BB] = 1.0
    put(b, "militants", ..., 0)
    put(b, "transit", (ALL, ALL, AA1), 200)
    put(b, "transit", (ALL, ALL, BB2), 100)
    passage.step(b)
    assert b.transit.sum() == 0
    assert (b.theatre[:, :, BB2] == 100).all()
    movement = b.militants[:, MOVEMENT, PRISON, AA1, AA]
    rival = b.militants[:, RIVAL, PRISON, AA1, AA]  # with those who went to the rebels
    assert near(movement.sum(), 10_000 * 0.3375, np.sqrt(10_000 * 0.3375 * 0.6625))
    assert near(rival.sum(), 20_000 * 0.3375, np.sqrt(20_000 * 0.3375 * 0.6625))
    assert (movement + b.theatre[:, MOVEMENT_BRAND, AA1] == 200).all()
    assert (rival + b.theatre[:, RIVAL_BRAND, AA1] + b.theatre[:, REBEL_BRAND, AA1] == 400).all()
    assert (b.happened.departures[:, AA1] == b.theatre[:, :, AA1].sum(axis=1)).all()
    assert (b.happened.departures_movement[:, AA1] == b.theatre[:, MOVEMENT_BRAND, AA1]).all()
    assert (b.happened.arrests[:, AA1] == movement + rival).all()
    assert (b.happened.interdicted == b.happened.arrests).all()
    b.check()
