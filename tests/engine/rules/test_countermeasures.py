"""Counter-measures: who is found, arrested, worn down and let out."""

from __future__ import annotations

import numpy as np
import pytest

from sim.engine.enums import (
    ACTIVE,
    ARRESTED,
    CELL,
    EMPTY,
    GROUND,
    HIDDEN,
    LYING_LOW,
    MASS,
    MOVEMENT,
    PRISON,
    REFUGE,
    RIVAL,
)
from sim.engine.rules import countermeasures
from sim.engine.sight import watch
from tests.engine.kit import AA, AA1, AA2, AA3, ALL, BB, BB2, Small, batch, near, put, share, turn

STILL = {"counter__detection": 0.0, "counter__pursuit": 0.0, "counter__surrender": 0.0, "counter__sentence": 1e12,
         "counter__rejoin": 0.0, "counter__settle": 0.0}


def held(stock: tuple[int, int], number: int = 200, worlds: int = 50, **only: float) -> Small:
    """Two hundred of one kind in Borrun West; nothing works but what is named."""
    b = batch(worlds, **{**STILL, **only})
    b.recruiters.status[:] = EMPTY
    b.regions.presence[:] = 1.0
    put(b, "militants", ..., 0)
    put(b, "militants", (ALL, *stock, BB2, BB), number)
    return b


def act(b: Small) -> None:
    """What is seen, and what is done about it."""
    watch(b)
    countermeasures.step(b)
    b.check()


def count(b: Small, *stock: int) -> int:
    return int(b.militants[:, *stock, BB2, BB].sum())


def expect(number: int, chance: float, n: int = 10_000) -> None:
    assert near(number, n * chance, np.sqrt(n * chance * (1 - chance)))


@pytest.mark.parametrize(("organisation", "concealed"), [(MOVEMENT, 0.6), (RIVAL, 0.7)])
@pytest.mark.parametrize(("condition", "factor"), [(CELL, 1.0), (HIDDEN, 0.5)])
def test_arrests(organisation: int, concealed: float, condition: int, factor: float) -> None:
    b = held((organisation, condition), counter__detection=1.0)
    b.regions.grievance[:] = 0
    hazard = 0.55 * (1 + 0.4 * (b.geography.r["services"][BB2] - 0.5))  # intelligence x cooperation
    act(b)
    expect(count(b, organisation, PRISON), 1 - np.exp(-hazard * (1 - concealed) * factor))
    assert count(b, organisation, PRISON) + count(b, organisation, condition) == 10_000
    assert b.happened.arrests.sum() == count(b, organisation, PRISON)
    assert b.happened.arrests[:, BB2].sum() == b.happened.arrests.sum()


def test_arrests_in_cells_break_cells_and_make_cases() -> None:
    """A cell is five; those in hiding are of no cell; every arrest is a case, and sympathisers are prosecuted too."""
    b = held((MOVEMENT, CELL), counter__detection=1.0, counter__cell_size=5.0)
    act(b)
    arrests = b.happened.arrests[:, BB2]
    assert (np.abs(b.happened.cells_dismantled[:, BB2] - arrests / 5) < 1).all()
    assert (b.happened.cases == b.happened.arrests).all()
    b = held((MOVEMENT, HIDDEN), counter__detection=1.0)
    act(b)
    assert b.happened.arrests.sum() > 0
    assert b.happened.cells_dismantled.sum() == 0


def test_sympathisers_are_prosecuted_where_the_state_is_alert_and_sees() -> None:
    """1,000 in each of eight classes x prosecution x what is found x (base + alert)."""
    b = held((MOVEMENT, CELL), 0, counter__detection=1.0, counter__prosecution=0.01, counter__prosecution_base=0.2)
    put(b, "sympathisers", (ALL, BB2), 1000)
    b.states.alert[:] = 0.3
    act(b)
    expected = 8000 * 0.01 * b.regions.found[0, BB2] * 0.5
    assert expected > 1
    assert (np.abs(b.happened.cases[:, BB2] - expected) < 1).all()
    assert near(b.happened.cases[:, BB2].mean(), expected, 0.5 / np.sqrt(50))  # rounded by chance, without bias
    assert b.happened.cases.sum() == b.happened.cases[:, BB2].sum()
    assert (b.sympathisers[:, BB2] == 1000).all()


def test_men_in_refuges_and_on_their_own_ground_are_not_arrested() -> None:
    for condition in (REFUGE, GROUND):
        b = held((MOVEMENT, condition), counter__detection=10.0)
        act(b)
        assert count(b, MOVEMENT, condition) == 10_000


def test_nobody_is_arrested_where_the_state_is_absent() -> None:
    b = held((MOVEMENT, CELL), counter__detection=10.0)
    b.regions.presence[:] = 0
    act(b)
    assert count(b, MOVEMENT, CELL) == 10_000


def test_a_mass_movement_is_watched_while_tolerated_and_arrested_once_banned() -> None:
    for banned, free in ((0.0, True), (1.0, False)):
        b = held((MASS, CELL), counter__detection=1.0)
        turn(b, "tolerance_recruitment", 1.0)
        b.states.banned[:] = banned
        act(b)
        assert (count(b, MASS, CELL) == 10_000) is free


def test_a_banned_movement_is_arrested_the_more_the_more_of_it_has_turned_to_arms() -> None:
    """Found 1 x (1 - concealment) x (0.1 + splinter)."""
    for splinter in (0.0, 0.4):
        b = held((MASS, CELL), counter__mass_arrest=0.1)
        watch(b)
        b.regions.found[:], b.regions.open_sites[:], b.states.splinter[:] = 1.0, 0.0, splinter
        countermeasures.step(b)
        hazard = (1 - b.place.organisations.concealment[MASS]) * (0.1 + splinter)
        expect(count(b, MASS, PRISON), 1 - np.exp(-hazard))


def test_released_by_an_amnesty() -> None:
    b = held((RIVAL, PRISON), counter__relapse=0.0)
    turn(b, "prison_release", 0.8, BB)
    act(b)
    expect(int(b.demobilised[:, BB].sum()), 0.8)
    assert (b.regions.released[:, BB2] == b.demobilised[:, BB]).all()
    assert (b.happened.released == b.regions.released).all()


def test_end_of_sentences_and_relapse() -> None:
    """One in sixty a month; of those 0.45 x (1 - 0.6 x isolation 0.25) go back."""
    b = held((RIVAL, PRISON), number=2000, counter__sentence=60.0)
    act(b)
    out = 1 - np.exp(-1 / 60)
    expect(int(b.regions.released.sum()), out, 100_000)
    expect(count(b, RIVAL, CELL), out * 0.45 * 0.85, 100_000)


def test_the_released_are_those_of_one_month() -> None:
    b = held((RIVAL, PRISON), counter__sentence=1e-9)
    act(b)
    assert (b.regions.released[:, BB2] == 200).all()
    b.step += 1
    act(b)
    assert (b.regions.released == 0).all()


def test_longer_sentences_keep_in_prison_longer() -> None:
    b = held((RIVAL, PRISON), number=2000, counter__sentence=60.0)
    turn(b, "sentences", 1.5)
    act(b)
    expect(int(b.regions.released.sum()), 1 - np.exp(-1 / 90), 100_000)


def test_isolation_and_reintegration_lower_relapse() -> None:
    """Full isolation leaves 0.4 of it, full reintegration half."""
    for dial, left in (("prison_isolation", 0.4), ("reintegration", 0.5 * 0.85)):
        b = held((RIVAL, PRISON), counter__sentence=1e-9, counter__relapse=1.0)  # everybody comes out
        turn(b, dial, 1.0)
        act(b)
        expect(count(b, RIVAL, CELL), left)


def test_pursuit_is_broken_by_terrain_and_beside_a_border_without_cooperation() -> None:
    """Under full alert inland 1; Alvane March beside Borrun 0.5 + 0.5 x 0.3. Terrain: 1 - 0.5 x rugged."""
    b = batch(50, **{**STILL, "counter__pursuit": 1.0})
    b.regions.presence[:], b.states.alert[:] = 1.0, 1.0
    put(b, "militants", ..., 0)
    for region in (AA1, AA3):
        put(b, "militants", (ALL, MOVEMENT, REFUGE, region, AA), 200)
    act(b)
    killed = b.happened.deaths_militants.sum(axis=0)
    expect(killed[AA1], 1 - np.exp(-(1 - 0.5 * 0.1)))
    expect(killed[AA3], 1 - np.exp(-(1 - 0.5 * 0.35) * 0.65))
    assert b.dead[:, AA].sum() == killed.sum()
    assert killed[AA2] == 0
    assert (b.happened.refuge_losses == b.happened.deaths_militants).all()


def test_pursuit_may_be_added_where_pressure_is_none() -> None:
    b = held((RIVAL, REFUGE), counter__pursuit=1.0)
    b.regions.presence[:] = 0
    turn(b, "pursuit", 0.3, BB2)
    act(b)
    expect(int(b.dead[:, BB].sum()), 1 - np.exp(-0.3))


def test_surrender_follows_amnesty() -> None:
    """0.2 of the rate without an offer, 1.2 with a full one."""
    for offer, part in ((0.0, 0.2), (1.0, 1.2)):
        b = held((RIVAL, REFUGE), counter__surrender=0.5)
        turn(b, "amnesty", offer)
        act(b)
        expect(int(b.demobilised.sum()), 1 - np.exp(-0.5 * part))
        assert b.happened.refuge_losses.sum() == b.demobilised.sum()


def test_the_hidden_rejoin_a_brand_that_stands_high_where_no_state_is_left() -> None:
    """Prestige 0.5 x (1 - presence)^2."""
    for presence, hazard in ((0.0, 0.5), (0.5, 0.125), (1.0, 0.0)):
        b = held((MOVEMENT, HIDDEN), counter__rejoin=1.0)
        b.brands.prestige[:], b.regions.presence[:] = (0.5, 0.0, 0.0), presence
        act(b)
        expect(count(b, MOVEMENT, CELL), 1 - np.exp(-hazard))


def test_the_hidden_settle_sooner_where_a_state_is() -> None:
    """0.5 x (0.2 + presence)."""
    for presence in (0.0, 1.0):
        b = held((MOVEMENT, HIDDEN), counter__settle=0.5)
        b.brands.prestige[:], b.regions.presence[:] = 0, presence
        act(b)
        assert count(b, MOVEMENT, CELL) == 0
        expect(int(b.reintegrated.sum()), 1 - np.exp(-0.5 * (0.2 + presence)))


def test_arrest_and_return_of_recruiters() -> None:
    b = held((RIVAL, CELL), number=0, counter__detection=1e3, counter__sentence=2.0)
    status = b.recruiters.status
    status[:, :4] = (ACTIVE, LYING_LOW, ARRESTED, EMPTY)
    act(b)
    assert (status[:, :2] == ARRESTED).all()
    assert (status[:, 3:] == EMPTY).all()
    assert set(status[:, 2]) == {ARRESTED, EMPTY}
    assert share(status[:, 2] == EMPTY, 0.5)  # half of them come out


@pytest.mark.parametrize(("status", "organisation", "factor"), [
    (ACTIVE, MOVEMENT, 1.0), (LYING_LOW, MOVEMENT, 0.3), (ACTIVE, MASS, 0.2), (LYING_LOW, MASS, 0.06)])
def test_recruiters_are_found_less_when_they_lie_low_or_work_in_the_open(status: int, organisation: int,
                                                                         factor: float) -> None:
    b = held((RIVAL, CELL), number=0, worlds=2000, counter__recruiter_exposure=2.0, counter__lying_low=0.3,
             counter__open_recruiter=0.2)
    recruiters = b.recruiters
    recruiters.status[:, 0], recruiters.organisation[:, 0], recruiters.place[:, 0] = status, organisation, BB2
    b.regions.found[:, BB2] = 0.5
    countermeasures.step(b)
    assert share(recruiters.status[:, 0] == ARRESTED, 1 - np.exp(-2.0 * 0.5 * factor))
