"""Recruiters one by one."""

from __future__ import annotations

import numpy as np
import pytest

from sim.engine.deciders import recruiters
from sim.engine.deciders.recruiters import expected_new, move_chance
from sim.engine.enums import ACTIVE, ARRESTED, CELL, EMPTY, HIDDEN, LYING_LOW, MASS, MOVEMENT, RIVAL
from sim.engine.sight import watch
from tests.engine.kit import (
    AA,
    AA1,
    AA2,
    AA3,
    ALL,
    BB,
    BB1,
    BB2,
    BB3,
    BB4,
    Small,
    ask,
    batch,
    formula,
    freeze,
    put,
    share,
    turn,
)

STILL = {"recruiter__mobility": 0.0, "recruiter__low": 0.0, "recruiter__switch": 0.0, "recruiter__from_returnees": 0.0,
         "recruiter__from_cells": 0.0, "recruiter__from_released": 0.0, "recruiter__open_work": 0.0}


def test_moving_needs_a_gain() -> None:
    moves = formula(move_chance)
    assert moves(0.0, 0.08, 4.0) == pytest.approx(0.04)
    assert moves(100.0, 0.08, 4.0) == pytest.approx(0.08)
    assert moves(-100.0, 0.08, 4.0) == pytest.approx(0)
    assert (np.diff([moves(gain, 0.08, 4.0) for gain in np.linspace(-1, 1, 9)]) > 0).all()


def one_each(worlds: int = 200, organisation: int = RIVAL, region: int = BB2, **only: float) -> Small:
    """One active recruiter in every world, and no sympathisers, danger or militants anywhere."""
    b = batch(worlds, **{**STILL, **only})
    put(b, "militants", ..., 0)
    agent = b.recruiters
    agent.status[:] = EMPTY
    agent.status[:, 0], agent.organisation[:, 0], agent.place[:, 0] = ACTIVE, organisation, region
    agent.skill[:, 0] = 0.5
    b.regions.presence[:], b.regions.readiness[:] = 0.0, 0.0
    return b


def conduct(b: Small) -> None:
    """What is worth and risked where, and the recruiters' month."""
    watch(b)
    recruiters.step(b)
    b.check()


def test_recruiters_move_towards_worth() -> None:
    """Borrun Sands has two neighbours; Borrun Shore is worth a move, Borrun West far from it."""
    b = one_each(region=BB4, recruiter__mobility=1.0)
    b.regions.readiness[:, BB3] = 20.0
    b.regions.readiness[:, BB2] = -20.0
    conduct(b)
    place = b.recruiters.place[:, 0]
    assert set(place) == {BB3, BB4}
    assert share(place == BB3, 0.5)  # who looked west stays
    b.step += 1
    conduct(b)
    assert share(b.recruiters.place[:, 0] == BB3, 0.75)


def test_borders_hold_recruiters_back() -> None:
    """Alvane March has three neighbours, one of them across the border: cost 0.5 x (1 + guard)."""
    for guard, gain in ((0.0, -0.5), (1.0, -1.0)):
        b = one_each(2000, region=AA3, recruiter__mobility=1.0)
        turn(b, "border_effort", guard, BB2)
        conduct(b)
        place = b.recruiters.place[:, 0]
        assert share(place == BB2, 1 / 3 / (1 + np.exp(-4 * gain)))
        assert share(place == AA1, 1 / 6)
        assert share(place == AA2, 1 / 6)


def test_moving_can_be_frozen() -> None:
    b = one_each(region=AA3, recruiter__mobility=1.0)
    freeze(b, "recruiter.move", 0.0)
    conduct(b)
    assert (b.recruiters.place[:, 0] == AA3).all()


@pytest.mark.parametrize("status", [EMPTY, ARRESTED])
def test_an_arrested_or_absent_recruiter_does_nothing(status: int) -> None:
    b = one_each(organisation=MASS, recruiter__mobility=1.0, recruiter__switch=10.0, recruiter__open_work=1.0)
    agent = b.recruiters
    agent.status[:, 0] = status
    b.regions.readiness[:, [BB1, BB3, BB4, AA3]] = 100
    conduct(b)
    assert (agent.place[:, 0] == BB2).all()
    assert (agent.organisation[:, 0] == MASS).all()
    assert (agent.status[:, 0] == status).all()
    assert (agent.skill[:, 0] == 0.5).all()
    assert (b.outreach == 0).all()


def test_only_active_recruiters_reach_out_with_their_skill() -> None:
    b = one_each(1, recruiter__experience=0.0)
    agent = b.recruiters
    agent.status[0, :4] = (ACTIVE, ACTIVE, ARRESTED, EMPTY)
    agent.place[0, :4] = BB2
    agent.organisation[0, :4] = (MOVEMENT, RIVAL, RIVAL, MOVEMENT)
    agent.skill[0, :4] = (0.25, 0.5, 1, 1)
    b.outreach[:] = 9.0  # of last month
    conduct(b)
    assert (b.outreach[0, MOVEMENT, BB2], b.outreach[0, RIVAL, BB2]) == (0.25, 0.5)
    assert b.outreach.sum() == 0.75


def test_they_lie_low_under_pressure_and_return() -> None:
    b = one_each(recruiter__low=1e9)
    b.regions.presence[:] = 1
    conduct(b)
    assert (b.recruiters.status[:, 0] == LYING_LOW).all()
    assert (b.outreach == 0).all()
    assert b.recruiters.skill[0, 0] == pytest.approx(0.5 + 0.04 * 0.5)  # of the month before
    b.regions.presence[:] = 0
    conduct(b)
    assert (b.recruiters.status[:, 0] == ACTIVE).all()
    assert b.recruiters.skill[0, 0] == pytest.approx(0.52)


def test_how_many_lie_low() -> None:
    """Hazard 2 x what is found."""
    b = one_each(2000, recruiter__low=2.0)
    b.regions.found[:, BB2] = 0.3
    recruiters.step(b)
    assert share(b.recruiters.status[:, 0] == LYING_LOW, 1 - np.exp(-0.6))


@pytest.mark.parametrize(("movement", "rival", "before", "after"), [
    (0.9, 0.4, RIVAL, MOVEMENT), (0.4, 0.9, MOVEMENT, RIVAL), (0.5, 0.4, RIVAL, RIVAL), (0.4, 0.5, MOVEMENT, MOVEMENT),
    (0.9, 0.4, MASS, MASS)])
def test_allegiance_follows_prestige_beyond_loyalty(movement: float, rival: float, before: int, after: int) -> None:
    """Loyalty is worth 0.15."""
    b = one_each(organisation=before, recruiter__switch=1e9)
    b.brands.prestige[:, :2], b.organisations.money[:, :2] = (movement, rival), 0.3
    conduct(b)
    assert (b.recruiters.organisation[:, 0] == after).all()


def test_money_counts_three_tenths_and_switching_takes_time() -> None:
    """0.3 x money 0.8 = 0.24 of a lead: a hazard of 5 x 0.24 a month."""
    b = one_each(2000, recruiter__switch=5.0)
    b.brands.prestige[:], b.organisations.money[:, :2] = 0.5, (1.0, 0.2)
    conduct(b)
    assert share(b.recruiters.organisation[:, 0] == MOVEMENT, 1 - np.exp(-1.2))


def test_men_of_the_older_network_preach_where_they_may() -> None:
    """A tenth a month at full tolerance; back underground once banned, with the brand that stands higher."""
    b = one_each(2000, recruiter__open_work=0.1)
    turn(b, "tolerance_recruitment", 1.0)
    b.brands.prestige[:, :2], b.organisations.money[:, :2] = (0.5, 0.4), 0.3
    conduct(b)
    assert share(b.recruiters.organisation[:, 0] == MASS, 0.1)
    b = one_each(2000, organisation=MASS, recruiter__open_work=0.1)
    b.states.banned[:] = 1
    b.brands.prestige[:, :2] = (0.5, 0.4)
    conduct(b)
    assert share(b.recruiters.organisation[:, 0] == MOVEMENT, 0.1)
    assert (b.recruiters.organisation[:, 0] != RIVAL).all()


def test_new_recruiters_come_from_returnees_cells_and_prison() -> None:
    b = batch()
    put(b, "militants", ..., 0)
    assert all(ask(b, expected_new, r) == 0 for r in range(7))
    put(b, "militants", (0, MOVEMENT, HIDDEN, BB2, BB), 10)
    put(b, "militants", (0, RIVAL, CELL, BB2, BB), 100)
    put(b, "militants", (0, MASS, CELL, BB2, BB), 100)
    b.regions.released[0, BB2] = 4
    found = [ask(b, expected_new, r) for r in range(7)]
    assert found[BB2] == pytest.approx(0.02 * 10 + 0.004 * 120 + 0.05 * 4)
    assert sum(found) == found[BB2]


def test_how_many_slots_are_taken() -> None:
    """Each empty slot by 1 - exp(-expected / slots); taken ones stay as they are."""
    b = one_each(1000, recruiter__from_cells=0.01)
    put(b, "militants", (ALL, RIVAL, CELL, BB2, BB), 200)
    b.recruiters.status[:] = EMPTY
    conduct(b)
    own = slots(b) == BB2
    assert share(b.recruiters.status[:, own] == ACTIVE, 1 - np.exp(-2 / own.sum()))
    assert (b.recruiters.status[:, ~own] == EMPTY).all()


def slots(b: Small) -> np.ndarray:
    """Region of every recruiter slot."""
    return np.repeat(np.arange(7), b.place.regions.slots)


def test_new_recruiters_belong_to_those_who_are_there() -> None:
    b = one_each(recruiter__from_cells=1e6)
    agent, home = b.recruiters, slots(b)
    agent.status[:] = EMPTY
    agent.place[:] = BB4  # where those who had the slots were last
    put(b, "militants", (ALL, MOVEMENT, CELL, BB2, BB), 50)
    put(b, "militants", (ALL, RIVAL, CELL, AA1, AA), 50)
    conduct(b)
    for region in range(7):
        expected = ACTIVE if region in (BB2, AA1) else EMPTY
        assert (agent.status[:, home == region] == expected).all()
    assert (agent.organisation[:, home == BB2] == MOVEMENT).all()
    assert (agent.organisation[:, home == AA1] == RIVAL).all()
    assert (agent.place[:, home == BB2] == BB2).all()
    assert (agent.skill[agent.status == ACTIVE] == 0.3).all()


def test_new_recruiters_are_of_each_side_by_its_members() -> None:
    """40 of the movement, 20 of the rival, a fifth of 200 activists."""
    b = one_each(2000, recruiter__from_cells=1e6)
    b.recruiters.status[:] = EMPTY
    for organisation, number in ((MOVEMENT, 40), (RIVAL, 20), (MASS, 200)):
        put(b, "militants", (ALL, organisation, CELL, BB2, BB), number)
    conduct(b)
    side = b.recruiters.organisation[:, slots(b) == BB2]
    for organisation, odds in ((MOVEMENT, 0.4), (RIVAL, 0.2), (MASS, 0.4)):
        assert share(side == organisation, odds)
