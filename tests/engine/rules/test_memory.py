"""Memory: what fades from month to month, each by a coefficient of its own."""

from __future__ import annotations

import pytest

from sim.engine.rules import memory
from tests.engine.kit import BB, BB2, batch, turn


def test_memory_of_war_fades_with_its_half_life() -> None:
    b = batch(grievance__exhaustion_half_life=1 / 12)
    b.states.war_deaths[:] = 4.0
    turn(b, "war_deaths", 0.3, BB)
    memory.step(b)
    assert b.states.war_deaths[0] == pytest.approx([2.0, 2.3])


def test_half_a_memory_of_war_is_left_after_its_half_life() -> None:
    b = batch(grievance__exhaustion_half_life=2.0)
    b.states.war_deaths[:] = 4.0
    for _ in range(24):
        memory.step(b)
    assert b.states.war_deaths[0] == pytest.approx([2.0, 2.0])


@pytest.mark.parametrize(("decay", "left"), [(0.0, 0.8), (0.1, 0.72), (1.0, 0.0)])
def test_abuse_and_departures_are_forgotten(decay: float, left: float) -> None:
    b = batch(grievance__abuse_decay=decay, recruitment__kin_decay=decay)
    b.states.abuse[:] = 0.8
    b.regions.recent_gone[:, BB2] = 800
    memory.step(b)
    assert b.states.abuse[0] == pytest.approx([left, left])
    assert b.regions.recent_gone[0, BB2] == pytest.approx(1000 * left)
    assert b.regions.recent_gone.sum() == pytest.approx(1000 * left)


def test_each_memory_has_its_own_pace() -> None:
    b = batch(grievance__abuse_decay=0.1, recruitment__kin_decay=0.2, grievance__exhaustion_half_life=1e9)
    b.states.abuse[:] = b.states.war_deaths[:] = 1.0
    b.regions.recent_gone[:] = 1.0
    memory.step(b)
    assert b.states.abuse[0, BB] == pytest.approx(0.9)
    assert b.regions.recent_gone[0, BB2] == pytest.approx(0.8)
    assert b.states.war_deaths[0, BB] == pytest.approx(1.0)
