"""What organisations decide."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from sim.engine.deciders import organisations
from sim.engine.enums import CELL, GROUND, MASS, MOVEMENT
from tests.engine.kit import BB, BB1, BB2, BB3, Small, batch, freeze, put, turn


def empty(**parameters: float) -> Small:
    b = batch(**parameters)
    put(b, "militants", ..., 0)
    return b


def test_the_movement_infiltrates_where_it_outshines_and_the_state_is_absent() -> None:
    """Rate 0.15 x lead 0.4 x 100 of 100 + 50 + 50 x (1 - presence); of what is won a hundredth is forgotten."""
    b = empty()
    put(b, "militants", (0, MOVEMENT, GROUND, BB2, BB), 100)
    put(b, "militants", (0, MASS, CELL, BB2, BB), 50)
    b.brands.prestige[:, :2], b.regions.presence[:] = (0.8, 0.4), 0.25
    organisations.movement(b)
    assert b.regions.infiltration[0, BB2] == pytest.approx(-np.expm1(-0.15 * 0.4 * 0.5 * 0.75) * 0.99)
    assert b.regions.infiltration.sum() == b.regions.infiltration[0, BB2]
    b.regions.infiltration[:] = 0
    b.brands.prestige[:, :2] = (0.4, 0.8)
    organisations.movement(b)
    assert (b.regions.infiltration == 0).all()


@pytest.mark.parametrize(("decay", "left"), [(0.0, 0.5), (0.1, 0.45), (1.0, 0.0)])
def test_infiltration_is_lost_where_it_is_not_kept_up(decay: float, left: float) -> None:
    b = empty(organisation__infiltration_decay=decay)
    b.regions.infiltration[:] = 0.5
    organisations.movement(b)
    assert b.regions.infiltration == pytest.approx(np.full((1, 7), left))


def test_integrated_groups_are_not_infiltrated() -> None:
    more, less, none = (empty() for _ in range(3))
    turn(less, "integration", 0.5, BB)
    turn(none, "integration", 5.0, BB)
    for b in (more, less, none):
        put(b, "militants", (0, MOVEMENT, CELL, BB2, BB), 200)
        b.brands.prestige[:, 0] = 0.9
        organisations.movement(b)
    found = [float(b.regions.infiltration[0, BB2]) for b in (more, less, none)]
    assert 0.4 * found[0] < found[1] < 0.6 * found[0]
    assert found[2] == 0


def test_rivals_resist_where_pressed_and_less_where_infiltrated() -> None:
    """Resolve 0.5, half of what presses, less half of the infiltration."""
    b = empty()
    put(b, "militants", (0, MOVEMENT, CELL, BB2, BB), 100)
    b.regions.infiltration[:, BB3] = 0.6
    organisations.rival(b)
    assert b.regions.resist[0, [BB1, BB2, BB3]] == pytest.approx([0.5, 0.75, 0.2])


def test_a_ban_splinters_the_mass_movement() -> None:
    """Towards the fringe 0.04, or 0.34 under a ban, by a tenth a month."""
    b = empty()
    b.states.banned[:, BB] = 1
    organisations.mass(b)
    assert b.states.splinter[0] == pytest.approx([0.004, 0.034])


def test_brokers_follow_demand_and_routes() -> None:
    b = empty()
    organisations.brokers(b)
    assert (b.states.brokers == 0).all()
    b.regions.gone_last[:, BB2] = 6.2  # two per million: half of full trade
    organisations.brokers(b)
    smuggling = 0.15 * 16 / 31 + 0.4 * 8 / 31 + 0.15 * 5 / 31 + 0.5 * 2 / 31
    assert b.states.brokers[0] == pytest.approx([0, 0.1 * 0.5 * 2 * smuggling])
    b.states.brokers[:] = 0
    turn(b, "brokers", 0.0)
    organisations.brokers(b)
    assert (b.states.brokers == 0).all()


def test_quietists_stand_where_teaching_is_free() -> None:
    """0.3 + half of pluralism 0.45 and 0.15; half of the regulation costs them where injustice is one half or more."""
    b = empty()
    organisations.quietists(b)
    assert b.states.quietists[0] == pytest.approx([0.05 * 0.525, 0.05 * 0.375])
    b.states.quietists[:] = 0
    turn(b, "regulation", 0.4)
    b.regions.injustice[:] = 0.25
    b.regions.injustice[:, b.geography.country_of == BB] = 0.8
    organisations.quietists(b)
    assert b.states.quietists[0] == pytest.approx([0.05 * (0.3 + 0.5 * (0.45 - 0.1)), 0.05 * 0.3])


def test_trust_in_religious_teaching_is_lost_slowly() -> None:
    """From pluralism 0.45 and 0.15 towards what regulation of 0.4 leaves where the state is held to be unjust."""
    b = empty()
    assert b.states.trust[0] == pytest.approx([0.45, 0.15])
    turn(b, "regulation", 0.4)
    b.regions.injustice[:] = 1.0
    organisations.quietists(b)
    assert b.states.trust[0] == pytest.approx([0.45 - 0.05 * 0.2, 0.15 - 0.05 * 0.15])
    turn(b, "regulation", -0.4)
    turn(b, "pluralism", 0.5)
    b.states.trust[:] = (0.45, 0.15)
    organisations.quietists(b)
    assert b.states.trust[0] == pytest.approx([0.45 + 0.05 * 0.5, 0.15 + 0.05 * 0.5])


@pytest.mark.parametrize(("step", "name", "table", "field", "constant", "expected"), [
    (organisations.movement, "movement.infiltrate", "regions", "infiltration", 1e9, 0.99),
    (organisations.rival, "rival.resist", "regions", "resist", 0.3, 0.3),
    (organisations.mass, "mass.splinter", "states", "splinter", 0.7, 0.07),
    (organisations.brokers, "brokers.trade", "states", "brokers", 0.6, 0.06),
    (organisations.quietists, "quietists.teach", "states", "quietists", 0.8, 0.04),
])
def test_each_decision_can_be_frozen(step: Callable[[Small], None], name: str, table: str, field: str, constant: float,
                                     expected: float) -> None:
    b = empty()
    freeze(b, name, constant)
    step(b)
    found = getattr(b, table)[field]
    assert found == pytest.approx(np.full(found.shape, expected))
