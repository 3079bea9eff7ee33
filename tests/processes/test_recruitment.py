"""Recruitment: few hands, many sympathisers."""

from __future__ import annotations

import numpy as np
import pytest

from sim.moment import Moment
from sim.processes import recruitment
from sim.processes.recruitment import appeal, hands_limited
from sim.world import ACTIVE, CELL, EMPTY, MASS, MOVEMENT, RIVAL
from tests.small import AA, BB, BB1, BB2, moment, near, put


def test_hands_and_pool_limit_each_other() -> None:
    assert hands_limited(2.0, 400.0, 3.0, 400.0) == 3  # half of 2 x 3 at the half pool
    assert hands_limited(0.0, 400.0, 3.0, 400.0) == 0
    assert hands_limited(2.0, 0.0, 3.0, 400.0) == 0
    assert hands_limited(2.0, 1e9, 3.0, 400.0) == pytest.approx(6)
    pools = hands_limited(2.0, np.array([100.0, 200.0, 300.0]), 3.0, 400.0)
    assert np.diff(pools, n=1).min() > 0
    assert np.diff(pools, n=2).max() < 0  # each further sympathiser adds less


def test_appeal_is_standing_behind_the_door_of_vetting() -> None:
    """Selectivity 0.1, 0.8, 0.6; revolutionary message 0.95, 0.7, 0.6; tolerated 0.05."""
    m = moment()
    m.world.prestige[:] = (0.5, 0.4, 0.0)
    assert appeal(m)[0, :, BB2] == pytest.approx([0.5 * 0.9, 0.4 * 0.2, 0.05 * 0.4])
    m.world.polarisation[:, BB] = 0.5
    assert appeal(m)[0, :, BB2] == pytest.approx([0.45 * 1.475, 0.08 * 1.35, 0.02 * 1.3])
    assert appeal(m)[0, :, AA] == pytest.approx([0.45, 0.08, 0.02])
    m.world.banned[:] = 1
    assert (appeal(m)[:, MASS] == 0).all()


def one_recruiter(worlds: int = 1, organisation: int = MOVEMENT, **parameters: float) -> Moment:
    m = moment(worlds, recruitment__self_starting=0.0, recruitment__kin=0.0, **parameters)
    m.world.recruiter_status[:] = EMPTY
    m.world.recruiter_status[:, 0], m.world.recruiter_org[:, 0] = ACTIVE, organisation
    m.world.recruiter_place[:, 0], m.world.recruiter_skill[:, 0] = BB2, 1.0
    m.world.prestige[:] = (0.5, 0.5, 0.0)
    m.world.banned[:] = 1
    put(m, "sympathisers", (slice(None), BB2), 1000)
    put(m, "sympathisers", (slice(None), BB1), 1000)
    return m


@pytest.mark.parametrize(("organisation", "door"), [(MOVEMENT, 0.9), (RIVAL, 0.2)])
def test_recruits_of_one_recruiter(organisation: int, door: float) -> None:
    """One recruiter among 8000 sympathisers: 3 x 8000 / 8400 x 0.5 x open door a month, nearly Poisson."""
    m = one_recruiter(200, organisation)
    before = m.world.militants.copy()
    recruitment.step(m)
    expected = 200 * 3 * 8000 / 8400 * 0.5 * door
    new = m.world.militants - before
    assert near(new.sum(), expected, np.sqrt(expected))
    assert new[:, organisation, CELL, BB2, BB].sum() == new.sum() == m.flows["recruits"].sum()
    assert 8000 - m.world.sympathising()[:, BB2] == pytest.approx(new.sum(axis=(1, 2, 3, 4)))
    assert (m.world.sympathising()[:, BB1] == 8000).all()  # nobody recruits there
    m.world.check()


def test_the_most_susceptible_go_first() -> None:
    m = one_recruiter(200, recruitment__capacity=300.0)
    recruitment.step(m)
    left = 1000 - m.world.sympathisers[:, BB2].mean(axis=0)
    assert (np.diff(left) > 0).all()
    assert left[-1] > 10 * left[0]


def test_no_difference_between_classes_where_the_exponent_is_zero() -> None:
    m = one_recruiter(200, recruitment__capacity=300.0, recruitment__first_go=0.0)
    recruitment.step(m)
    left = 1000 - m.world.sympathisers[:, BB2].mean(axis=0)
    assert left == pytest.approx(left.mean(), abs=5 * np.sqrt(left.mean() / 200))


def test_kin_of_those_who_left_are_drawn_in() -> None:
    """0.3 x 1000 gone x 10 ties / 312,000 residents and 8,000 sympathisers x 8,000 = 75 a month."""
    m = moment(100, recruitment__self_starting=0.0)
    m.world.recruiter_status[:] = EMPTY
    m.world.prestige[:] = 0.5
    m.world.recent_gone[:, BB2] = 1000
    put(m, "sympathisers", (slice(None), BB2), 1000)
    recruitment.step(m)
    expected = 100 * 0.3 * 1000 * 10 / 320_000 * 8000
    assert near(m.flows["recruits"].sum(), expected, np.sqrt(expected))


def test_nobody_without_sympathisers() -> None:
    m = one_recruiter()
    put(m, "sympathisers", (...,), 0)
    recruitment.step(m)
    assert m.flows["recruits"].sum() == 0
