"""Passage: caught at the exits, or in the theatre."""

from __future__ import annotations

import numpy as np
import pytest

from sim.processes import passage
from sim.processes.passage import interception
from sim.world import MOVEMENT, PRISON, REBELS, RIVAL
from tests.small import AA, AA1, BB, BB2, moment, near, put


@pytest.mark.parametrize(("control", "away", "intelligence", "chance"), [
    (0.4, 0.5, 0.75, 0.0675), (0.0, 0.0, 1.0, 0.0), (1.0, 1.0, 1.0, 0.0), (1.0, 0.0, 0.0, 0.0), (1.0, 0.0, 1.0, 0.45)])
def test_interception(control: float, away: float, intelligence: float, chance: float) -> None:
    assert interception(control, away, intelligence, 0.45) == pytest.approx(chance)


def test_interception_is_a_chance() -> None:
    assert interception(1.0, 0.0, 1.0, 3.0) == 1


def test_travellers_arrive_or_go_to_prison() -> None:
    """Alvane: 0.45 x control 1 x intelligence 0.75 = 0.3375."""
    m = moment(50)
    w = m.world
    w.exit_level[:], w.exit_tolerance[:] = 1.0, 0.0
    w.exit_tolerance[:, BB] = 1.0
    put(m, "militants", (...,), 0)
    put(m, "transit", (slice(None), slice(None), AA1), 200)
    put(m, "transit", (slice(None), slice(None), BB2), 100)
    passage.step(m)
    assert w.transit.sum() == 0
    assert (w.theatre[:, :, BB2] == 100).all()
    movement = w.militants[:, MOVEMENT, PRISON, AA1, AA]
    rival = w.militants[:, RIVAL, PRISON, AA1, AA]  # with those who went to the rebels
    assert near(movement.sum(), 10_000 * 0.3375, np.sqrt(10_000 * 0.3375 * 0.6625))
    assert near(rival.sum(), 20_000 * 0.3375, np.sqrt(20_000 * 0.3375 * 0.6625))
    assert (movement + w.theatre[:, MOVEMENT, AA1] == 200).all()
    assert (rival + w.theatre[:, RIVAL, AA1] + w.theatre[:, REBELS, AA1] == 400).all()
    assert (m.flows["departures"][:, AA1] == w.theatre[:, :, AA1].sum(axis=1)).all()
    assert (m.flows["arrests"][:, AA1] == movement + rival).all()
    w.check()
