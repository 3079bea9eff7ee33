"""Counter-measures: who is found, arrested, worn down and let out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sim.conditions import detection, found
from sim.moment import Moment
from sim.processes import countermeasures
from sim.world import (
    ACTIVE,
    ARRESTED,
    CELL,
    EMPTY,
    GROUND,
    HIDDEN,
    LOW,
    MASS,
    MOVEMENT,
    PRISON,
    REFUGE,
    RIVAL,
)
from tests.small import AA, AA1, AA2, AA3, BB, BB2, moment, near, put, turn

STILL = {"counter__detection": 0.0, "counter__pursuit": 0.0, "counter__surrender": 0.0, "counter__sentence": 1e12,
         "counter__rejoin": 0.0, "counter__settle": 0.0}


def test_detection_is_a_product() -> None:
    assert detection(0.5, 0.8, 0.9, 0.1, 0.5) == pytest.approx(0.054)
    for blind in range(3):
        factors = [0.5, 0.8, 0.9]
        factors[blind] = 0.0
        assert detection(*factors, 0.1, 0.5) == 0


def test_who_is_found_by_hand() -> None:
    """Alvane Centre: 0.09 x intelligence 0.75 x presence 0.5 x cooperation (1 - 0.6 x 0.5 + 0.4 x 0.25) x (1 + 0.2)."""
    m = moment()
    m.world.presence[:], m.world.grievance[:], m.world.learning[:], m.world.alert[:] = 0.5, 0.5, 0.1, 0.1
    m.world.agency[:] = 0
    assert found(m)[0, AA1] == pytest.approx(0.09 * 0.75 * 0.5 * 0.8 * 1.2)


@pytest.mark.parametrize(("change", "sign"), [
    (lambda m: m.world.presence.__imul__(0.5), -1),
    (lambda m: m.world.grievance.__iadd__(0.3), -1),
    (lambda m: m.world.learning.__iadd__(0.3), 1),
    (lambda m: m.world.alert.__iadd__(0.3), 1),
    (lambda m: m.world.agency.__iadd__(0.5), 1),
    (lambda m: turn(m, "intelligence", 1.2), 1),
    (lambda m: turn(m, "services", 0.2), 1),
    (lambda m: turn(m, "local_forces", 0.3), 1),
    (lambda m: turn(m, "community", 0.3), 1),
    (lambda m: turn(m, "cooperation", 0.3), 1),
])
def test_directions_of_detection(change: Callable[[Moment], Any], sign: int) -> None:
    m = moment()
    m.world.presence[:], m.world.grievance[:] = 0.5, 0.3
    m.world.capacity[:] = m.geography.y["capacity"]
    before = found(m)
    change(m)
    assert (sign * (found(m) - before) > 0).all()


def held(stock: tuple[int, int], number: int = 200, worlds: int = 50, **only: float) -> Moment:
    """Two hundred of one kind in Borrun West; nothing works but what is named."""
    m = moment(worlds, **{**STILL, **only})
    m.world.recruiter_status[:] = EMPTY
    m.world.presence[:] = 1.0
    put(m, "militants", (...,), 0)
    put(m, "militants", (slice(None), *stock, BB2, BB), number)
    return m


def count(m: Moment, *stock: int) -> int:
    return int(m.world.militants[:, *stock, BB2, BB].sum())


def expect(number: int, chance: float, n: int = 10_000) -> None:
    assert near(number, n * chance, np.sqrt(n * chance * (1 - chance)))


@pytest.mark.parametrize(("organisation", "concealed"), [(MOVEMENT, 0.6), (RIVAL, 0.7)])
@pytest.mark.parametrize(("condition", "factor"), [(CELL, 1.0), (HIDDEN, 0.5)])
def test_arrests(organisation: int, concealed: float, condition: int, factor: float) -> None:
    m = held((organisation, condition), counter__detection=1.0)
    m.world.grievance[:] = 0
    hazard = 0.55 * (1 + 0.4 * (m.geography.r["services"][BB2] - 0.5))  # intelligence x cooperation
    countermeasures.step(m)
    expect(count(m, organisation, PRISON), 1 - np.exp(-hazard * (1 - concealed) * factor))
    assert count(m, organisation, PRISON) + count(m, organisation, condition) == 10_000
    assert m.flows["arrests"].sum() == count(m, organisation, PRISON)


def test_men_in_refuges_and_on_their_own_ground_are_not_arrested() -> None:
    for condition in (REFUGE, GROUND):
        m = held((MOVEMENT, condition), counter__detection=10.0)
        countermeasures.step(m)
        assert count(m, MOVEMENT, condition) == 10_000


def test_nobody_is_arrested_where_the_state_is_absent() -> None:
    m = held((MOVEMENT, CELL), counter__detection=10.0)
    m.world.presence[:] = 0
    countermeasures.step(m)
    assert count(m, MOVEMENT, CELL) == 10_000


def test_a_mass_movement_is_watched_while_tolerated_and_arrested_once_banned() -> None:
    for banned, free in ((0.0, True), (1.0, False)):
        m = held((MASS, CELL), counter__detection=1.0)
        turn(m, "tolerance_recruitment", 1.0)
        m.world.banned[:] = banned
        countermeasures.step(m)
        assert (count(m, MASS, CELL) == 10_000) is free


def test_released_by_an_amnesty() -> None:
    m = held((RIVAL, PRISON), counter__relapse=0.0)
    turn(m, "prison_release", 0.8, BB)
    countermeasures.step(m)
    expect(int(m.world.demobilised[:, BB].sum()), 0.8)
    assert (m.world.released[:, BB2] == m.world.demobilised[:, BB]).all()


def test_end_of_sentences_and_relapse() -> None:
    """One in sixty a month; of those 0.45 x (1 - 0.6 x isolation 0.25) go back."""
    m = held((RIVAL, PRISON), number=2000, counter__sentence=60.0)
    countermeasures.step(m)
    out = 1 - np.exp(-1 / 60)
    expect(int(m.world.released.sum()), out, 100_000)
    expect(count(m, RIVAL, CELL), out * 0.45 * 0.85, 100_000)
    m.world.check()


def test_longer_sentences_keep_in_prison_longer() -> None:
    m = held((RIVAL, PRISON), number=2000, counter__sentence=60.0)
    turn(m, "sentences", 1.5)
    countermeasures.step(m)
    expect(int(m.world.released.sum()), 1 - np.exp(-1 / 90), 100_000)


def test_isolation_and_reintegration_lower_relapse() -> None:
    """Full isolation leaves 0.4 of it, full reintegration half."""
    for dial, left in (("prison_isolation", 0.4), ("reintegration", 0.5 * 0.85)):
        m = held((RIVAL, PRISON), counter__sentence=1e-9, counter__relapse=1.0)  # everybody comes out
        turn(m, dial, 1.0)
        countermeasures.step(m)
        expect(count(m, RIVAL, CELL), left)


def test_pursuit_is_broken_by_terrain_and_beside_a_border_without_cooperation() -> None:
    """Under full alert inland 1; Alvane March beside Borrun 0.5 + 0.5 x 0.3. Terrain: 1 - 0.5 x rugged."""
    m = moment(50, **{**STILL, "counter__pursuit": 1.0})
    m.world.presence[:], m.world.alert[:] = 1.0, 1.0
    put(m, "militants", (...,), 0)
    for region in (AA1, AA3):
        put(m, "militants", (slice(None), MOVEMENT, REFUGE, region, AA), 200)
    countermeasures.step(m)
    killed = m.flows["deaths_militants"].sum(axis=0)
    expect(killed[AA1], 1 - np.exp(-(1 - 0.5 * 0.1)))
    expect(killed[AA3], 1 - np.exp(-(1 - 0.5 * 0.35) * 0.65))
    assert m.world.dead[:, AA].sum() == killed.sum()
    assert killed[AA2] == 0


def test_surrender_follows_amnesty() -> None:
    """0.2 of the rate without an offer, 1.2 with a full one."""
    for offer, share in ((0.0, 0.2), (1.0, 1.2)):
        m = held((RIVAL, REFUGE), counter__surrender=0.5)
        turn(m, "amnesty", offer)
        countermeasures.step(m)
        expect(int(m.world.demobilised.sum()), 1 - np.exp(-0.5 * share))


def test_the_hidden_rejoin_a_brand_that_stands_high_where_no_state_is_left() -> None:
    """Prestige 0.5 x (1 - presence)^2."""
    for presence, hazard in ((0.0, 0.5), (0.5, 0.125), (1.0, 0.0)):
        m = held((MOVEMENT, HIDDEN), counter__rejoin=1.0)
        m.world.prestige[:], m.world.presence[:] = (0.5, 0.0, 0.0), presence
        countermeasures.step(m)
        expect(count(m, MOVEMENT, CELL), 1 - np.exp(-hazard))


def test_the_hidden_settle_sooner_where_a_state_is() -> None:
    """0.5 x (0.2 + presence)."""
    for presence in (0.0, 1.0):
        m = held((MOVEMENT, HIDDEN), counter__settle=0.5)
        m.world.prestige[:], m.world.presence[:] = 0, presence
        countermeasures.step(m)
        assert count(m, MOVEMENT, CELL) == 0
        expect(int(m.world.reintegrated.sum()), 1 - np.exp(-0.5 * (0.2 + presence)))


def test_arrest_and_return_of_recruiters() -> None:
    m = held((RIVAL, CELL), number=0, counter__detection=1e3, counter__sentence=2.0)
    w = m.world
    w.recruiter_status[:, :4] = (ACTIVE, LOW, ARRESTED, EMPTY)
    countermeasures.step(m)
    assert (w.recruiter_status[:, :2] == ARRESTED).all()
    assert (w.recruiter_status[:, 3:] == EMPTY).all()
    assert set(w.recruiter_status[:, 2]) == {ARRESTED, EMPTY}  # half of them come out
