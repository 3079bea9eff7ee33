"""Recruitment: few hands, many sympathisers."""

from __future__ import annotations

import numpy as np
import pytest

from sim.engine.enums import (
    CELL,
    MASS,
    MOVEMENT,
    RIVAL,
)
from sim.engine.rules import recruitment
from tests.engine.kit import (
    AA1,
    ALL,
    BB,
    BB1,
    BB2,
    Small,
    ask,
    batch,
    formula,
    near,
    put,
    turn,
)

hands_limited = formula(recruitment.hands_limited)


def test_hands_and_pool_limit_each_other() -> None:
    assert hands_limited(2.0, 400.0, 3.0, 400.0) == 3  # half of 2 x 3 at the half pool
    assert hands_limited(0.0, 400.0, 3.0, 400.0) == 0
    assert hands_limited(2.0, 0.0, 3.0, 400.0) == 0
    assert hands_limited(2.0, 1e9, 3.0, 400.0) == pytest.approx(6)
    pools = hands_limited(2.0, np.array([100.0, 200.0, 300.0]), 3.0, 400.0)
    assert np.diff(pools, n=1).min() > 0
    assert np.diff(pools, n=2).max() < 0  # each further sympathiser adds less


def appeal(b: Small, region: int) -> list[float]:
    pull = np.empty(3)
    ask(b, recruitment.appeal, region, pull)
    return pull.tolist()


def test_appeal_is_standing_behind_the_door_of_vetting() -> None:
    """Selectivity 0.1, 0.8, 0.6; revolutionary message 0.95, 0.7, 0.6; tolerated 0.05."""
    b = batch()
    b.brands.prestige[:] = (0.5, 0.4, 0.0)
    b.regions.open_sites[:] = 0.05
    assert appeal(b, BB2) == pytest.approx([0.5 * 0.9, 0.4 * 0.2, 0.05 * 0.4])
    b.states.polarisation[:, BB] = 0.5
    assert appeal(b, BB2) == pytest.approx([0.45 * 1.475, 0.08 * 1.35, 0.02 * 1.3])
    assert appeal(b, AA1) == pytest.approx([0.45, 0.08, 0.02])
    b.regions.open_sites[:] = 0.0
    assert appeal(b, BB2)[MASS] == 0


def test_the_older_network_recruits_for_the_rebels_too() -> None:
    """They ask less: 0.4 x (1 - selectivity) of the better of the two."""
    b = batch()
    b.brands.prestige[:] = (0.5, 0.4, 0.4)
    door = 1 - b.place.setting.rebel_selectivity[0]
    assert door > 0.2
    assert appeal(b, BB2)[RIVAL] == pytest.approx(0.4 * door)
    b.brands.prestige[:] = (0.5, 0.4, 0.4 * 0.2 / door / 2)
    assert appeal(b, BB2)[RIVAL] == pytest.approx(0.4 * 0.2)


def one_recruiter(worlds: int = 1, organisation: int = MOVEMENT, **parameters: float) -> Small:
    b = batch(worlds, recruitment__self_starting=0.0, recruitment__kin=0.0, **parameters)
    b.outreach[:] = 0.0
    b.outreach[:, organisation, BB2] = 1.0
    b.brands.prestige[:] = (0.5, 0.5, 0.0)
    b.regions.open_sites[:] = 0.0
    put(b, "sympathisers", (ALL, BB2), 1000)
    put(b, "sympathisers", (ALL, BB1), 1000)
    return b


@pytest.mark.parametrize(("organisation", "door"), [(MOVEMENT, 0.9), (RIVAL, 0.2)])
def test_recruits_of_one_recruiter(organisation: int, door: float) -> None:
    """One recruiter among 8000 sympathisers: 3 x 8000 / 8400 x 0.5 x open door a month, nearly Poisson."""
    b = one_recruiter(200, organisation)
    before = b.militants.copy()
    recruitment.step(b)
    expected = 200 * 3 * 8000 / 8400 * 0.5 * door
    new = b.militants - before
    assert near(new.sum(), expected, np.sqrt(expected))
    assert new[:, organisation, CELL, BB2, BB].sum() == new.sum() == b.happened.recruits.sum()
    assert 8000 - b.sympathisers[:, BB2].sum(axis=1) == pytest.approx(new.sum(axis=(1, 2, 3, 4)))
    assert (b.sympathisers[:, BB1].sum(axis=1) == 8000).all()  # nobody recruits there
    assert (b.recruited[:, organisation, BB2] == b.happened.recruits[:, BB2]).all()
    assert b.recruited.sum() == b.happened.recruits.sum()
    b.check()


def test_the_most_susceptible_go_first() -> None:
    b = one_recruiter(200, recruitment__capacity=300.0)
    recruitment.step(b)
    left = 1000 - b.sympathisers[:, BB2].mean(axis=0)
    assert (np.diff(left) > 0).all()
    assert left[-1] > 10 * left[0]


def test_no_difference_between_classes_where_the_exponent_is_zero() -> None:
    b = one_recruiter(200, recruitment__capacity=300.0, recruitment__first_go=0.0)
    recruitment.step(b)
    left = 1000 - b.sympathisers[:, BB2].mean(axis=0)
    assert left == pytest.approx(left.mean(), abs=5 * np.sqrt(left.mean() / 200))


def test_kin_of_those_who_left_are_drawn_in() -> None:
    """0.3 x 1000 gone x 10 ties / 312,000 residents and 8,000 sympathisers x 8,000 = 75 a month."""
    b = batch(100, recruitment__self_starting=0.0)
    b.outreach[:] = 0.0
    b.brands.prestige[:] = 0.5
    b.regions.recent_gone[:, BB2] = 1000
    put(b, "sympathisers", (ALL, BB2), 1000)
    recruitment.step(b)
    expected = 100 * 0.3 * 1000 * 10 / 320_000 * 8000
    assert near(b.happened.recruits.sum(), expected, np.sqrt(expected))


def test_nobody_without_sympathisers() -> None:
    b = one_recruiter()
    put(b, "sympathisers", ..., 0)
    recruitment.step(b)
    assert b.happened.recruits.sum() == 0


def test_last_months_recruits_are_forgotten() -> None:
    b = one_recruiter()
    b.recruited[:] = 7
    put(b, "sympathisers", ..., 0)
    recruitment.step(b)
    assert (b.recruited == 0).all()


def test_some_start_by_themselves_online_and_join_the_movement() -> None:
    """0.01 x 8,000 x reach x prestige 0.5 x online 2."""
    b = batch(200, recruitment__self_starting=0.01, recruitment__kin=0.0)
    b.outreach[:] = 0.0
    b.brands.prestige[:] = (0.5, 0.5, 0.0)
    turn(b, "online", 2.0)
    put(b, "sympathisers", (ALL, BB2), 1000)
    recruitment.step(b)
    expected = 200 * 0.01 * 8000 * b.place.regions.online_reach[BB2] * 0.5 * 2
    assert near(b.happened.recruits_movement.sum(), expected, np.sqrt(expected))
    assert b.happened.recruits.sum() == b.happened.recruits_movement.sum()
    b.check()


def test_activists_recruit_in_the_open_as_far_as_they_may() -> None:
    """1,000 activists x open sites 0.2 x 0.5 of a recruiter's hands x pull 0.2 x 0.4."""
    b = batch(200, recruitment__self_starting=0.0, recruitment__kin=0.0, recruitment__mass_capacity=0.5)
    b.outreach[:] = 0.0
    b.brands.prestige[:] = 0.0
    b.regions.open_sites[:] = 0.2
    put(b, "militants", ..., 0)
    put(b, "militants", (ALL, MASS, CELL, BB2, BB), 1000)
    put(b, "sympathisers", (ALL, BB2), 1000)
    recruitment.step(b)
    expected = 200 * 0.5 * 0.08 * 200 * 3 * 8000 / 8400
    chance = expected / 200 / 8000
    assert near(b.happened.recruits_mass.sum(), expected, np.sqrt(expected * (1 - chance)))
    assert b.happened.recruits.sum() == b.happened.recruits_mass.sum()


def test_recruits_divide_by_the_flows_of_the_sides() -> None:
    """Hands of 1 and 3, doors 0.9 and 0.2 at the same prestige."""
    b = one_recruiter(200, recruitment__capacity=100.0)
    b.outreach[:, RIVAL, BB2] = 3.0
    recruitment.step(b)
    n, odds = b.happened.recruits.sum(), 0.9 / (0.9 + 0.6)
    assert n > 1000
    assert near(b.happened.recruits_movement.sum(), n * odds, np.sqrt(n * odds * (1 - odds)))
    assert (b.happened.recruits == b.happened.recruits_movement + b.happened.recruits_rival).all()
    b.check()
