"""Foreign forces: when they strike from the air."""

from __future__ import annotations

import numpy as np
import pytest

from sim.engine.deciders import foreign
from sim.engine.enums import CELL, GROUND, MOVEMENT, RIVAL
from tests.engine.kit import AA3, BB, BB3, Small, batch, freeze, put


def hub(troops: int, attacks: int = 0) -> Small:
    b = batch()
    put(b, "militants", ..., 0)
    put(b, "militants", (0, MOVEMENT, GROUND, BB3, BB), troops)
    put(b, "militants", (0, MOVEMENT, CELL, AA3, BB), 5000)
    put(b, "militants", (0, RIVAL, GROUND, AA3, BB), 5000)
    b.regions.mass_attacks_seen[:, AA3] = attacks
    b.regions.foreign_strikes[:] = 0.9  # of last month
    return b


def strikes(troops: int, attacks: int = 0) -> float:
    b = hub(troops, attacks)
    foreign.step(b)
    level = b.regions.foreign_strikes[0]
    assert level.sum() == level[BB3]
    return float(level[BB3])


def test_foreign_strikes_follow_the_size_of_a_hub() -> None:
    """0.3 x (1 - exp(-(1400 - 400) / 1000)); attacks abroad hasten them."""
    assert strikes(0) == strikes(400) == 0
    assert strikes(1400) == pytest.approx(0.3 * (1 - np.exp(-1)))
    assert strikes(1400, attacks=2) == pytest.approx(0.3 * (1 - np.exp(-3)))


def test_strikes_can_be_frozen_and_need_troops_all_the_same() -> None:
    b = hub(1400)
    freeze(b, "foreign.strikes", 0.2)
    foreign.step(b)
    assert b.regions.foreign_strikes[0, BB3] == 0.2
    assert b.regions.foreign_strikes.sum() == 0.2
