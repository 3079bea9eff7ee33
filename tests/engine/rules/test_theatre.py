"""The theatre: death, allegiance and return."""

from __future__ import annotations

import numpy as np
import pytest

from sim.engine.enums import CELL, HIDDEN, MOVEMENT, MOVEMENT_BRAND, PRISON, REBEL_BRAND, RIVAL, RIVAL_BRAND
from sim.engine.rules import theatre
from sim.engine.sight import head
from tests.engine.kit import (
    AA1,
    ALL,
    BB,
    BB2,
    Small,
    batch,
    course,
    formula,
    freeze,
    near,
    put,
    turn,
)

homeward = formula(theatre.homeward)
switching = formula(theatre.switching)

STILL = {"theatre__lethality": 0.0, "theatre__switch_rate": 0.0, "theatre__bloc_rate": 0.0,
         "theatre__return_rate": 0.0, "theatre__send_home": 0.0}


def test_switching_needs_a_higher_standing() -> None:
    assert [switching(gap, 0.05) for gap in (-0.5, 0.0, 0.4)] == pytest.approx([0, 0, 0.02])


def fate(capacity: float, control: float, intelligence: float, welcome: float, screening: float,
         more: float = 0.0) -> list[float]:
    """Shares jailed, welcomed and hiding; half of what is seen does not hang on control, nor half on intelligence."""
    shares = np.empty(3)
    formula(theatre.return_fate)(capacity, control, intelligence, welcome, screening, more, 0.5, shares)
    return shares.tolist()


def test_fate_of_returnees() -> None:
    """Seen: 0.6 x 0.7 x 0.75 x 1.5 = 0.4725, of whom a fifth are welcomed."""
    assert fate(0.6, 0.4, 0.5, 0.2, 1.5) == pytest.approx([0.378, 0.0945, 0.5275])
    assert fate(0.6, 0.4, 0.5, 0.2, 0.0) == [0, 0, 1]  # nobody looks
    assert fate(0.0, 1.0, 1.0, 0.5, 1.5) == [0, 0, 1]
    assert fate(1.0, 1.0, 1.0, 0.0, 1.5) == [1, 0, 0]
    assert fate(1.0, 1.0, 1.0, 1.0, 1.5) == [0, 1, 0]
    assert fate(0.6, 0.4, 0.5, 0.2, 1.5, 0.1) == pytest.approx([0.5725 * 0.8, 0.5725 * 0.2, 0.4275])


def test_way_home() -> None:
    assert homeward(1.0, 1.0, 0.01, 1.5, 0.3) == pytest.approx(0.01)
    assert homeward(0.0, 1.0, 0.01, 1.5, 0.3) == pytest.approx(0.003)  # shut
    assert homeward(1.0, 0.0, 0.01, 1.5, 0.3) == pytest.approx(0.025)  # everything lost


def away(worlds: int = 50, **only: float) -> Small:
    b = batch(worlds, **{**STILL, **only})
    put(b, "militants", ..., 0)
    put(b, "theatre", (ALL, ALL, BB2), 200)
    return b


def test_nothing_happens_at_zero_rates() -> None:
    b = away()
    theatre.step(b)
    assert (b.theatre[:, :, BB2] == 200).all()


def test_deaths_abroad() -> None:
    """January 2014: 0.02 a month."""
    b = away(theatre__lethality=1.0)
    b.step += 1
    theatre.step(b)
    chance = 1 - np.exp(-0.02)
    assert near(b.dead[:, BB].sum(), 30_000 * chance, np.sqrt(30_000 * chance * (1 - chance)))
    assert (b.dead[:, BB] == b.happened.deaths_abroad[:, BB2]).all()
    b.check()


def test_brigades_go_over_to_the_higher_brand_only() -> None:
    b = away(theatre__switch_rate=0.5, theatre__bloc_rate=10.0, theatre__bloc_size=2.0)
    b.brands.prestige[:] = (0.6, 0.8, 0.5)
    theatre.step(b)
    assert (b.theatre[:, RIVAL_BRAND, BB2] == 200).all()
    assert b.theatre[:, REBEL_BRAND, BB2].sum() < 50 * 200
    assert (b.theatre[:, MOVEMENT_BRAND, BB2] + b.theatre[:, REBEL_BRAND, BB2] == 400).all()


def test_one_by_one() -> None:
    """0.5 x (0.6 - 0.4) = 0.1 a month."""
    b = away(theatre__switch_rate=0.5)
    b.brands.prestige[:] = (0.6, 0.4, 0.6)
    theatre.step(b)
    over = 10_000 - b.theatre[:, RIVAL_BRAND, BB2].sum()
    chance = 1 - np.exp(-0.1)
    assert near(over, 10_000 * chance, np.sqrt(10_000 * chance * (1 - chance)))
    assert (b.theatre[:, REBEL_BRAND, BB2] == 200).all()


def test_returnees_go_where_their_state_puts_them() -> None:
    b = away(theatre__return_rate=1e4)
    b.states.capacity[:, BB] = 0
    b.states.exit_control[:], b.states.intelligence[:] = 1.0, 1.0
    theatre.step(b)
    assert b.theatre.sum() == 0
    assert (b.militants[:, MOVEMENT, HIDDEN, BB2, BB] == 200).all()  # a state without means sees nobody
    assert (b.militants[:, RIVAL, HIDDEN, BB2, BB] == 400).all()  # former rebels return as the rival's
    b.check()


def test_strong_states_jail_returnees_and_offers_welcome_them() -> None:
    """Borrun: seen 0.5 x (0.5 + 0.15) x (0.5 + 0.275) x 1.5 = 0.3778; welcomed 0.12 + 0.5 of them."""
    b = away(theatre__return_rate=1e4)
    b.states.capacity[:], b.states.exit_control[:], b.states.intelligence[:] = 0.5, 0.3, 0.55
    b.states.welcome[:] = 0.62
    theatre.step(b)
    seen, n = 0.5 * 0.65 * 0.775 * 1.5, 30_000
    jailed, welcomed = seen * 0.38, seen * 0.62
    assert near(b.militants[:, :, PRISON].sum(), n * jailed, np.sqrt(n * jailed * (1 - jailed)))
    assert near(b.reintegrated[:, BB].sum(), n * welcomed, np.sqrt(n * welcomed * (1 - welcomed)))


@pytest.mark.parametrize(("proclaimed", "territory", "more"), [(1, 0.0, 2.5), (1, 1.0, 1.0), (0, 0.0, 1.0)])
def test_men_come_home_sooner_once_ground_is_lost_that_had_been_held(proclaimed: int, territory: float,
                                                                     more: float) -> None:
    b = away(theatre__return_rate=0.1, theatre__return_decline=1.5)
    course(b, access=1.0, movement_territory=territory, proclaimed=proclaimed)
    theatre.step(b)
    chance = 1 - np.exp(-0.1 * more)
    assert near(30_000 - b.theatre.sum(), 30_000 * chance, np.sqrt(30_000 * chance * (1 - chance)))


@pytest.mark.parametrize(("dial", "seen"), [(0.0, 0.5), (0.3, 0.8)])
def test_screening_sees_more_of_them(dial: float, seen: float) -> None:
    """Half are seen anyhow by a full state."""
    b = away(theatre__return_rate=1e4, theatre__screening=0.5)
    b.states.capacity[:] = b.states.exit_control[:] = b.states.intelligence[:] = 1.0
    turn(b, "screening", dial)
    theatre.step(b)
    happened = b.happened
    assert near(happened.returnees_jailed.sum(), 30_000 * seen, np.sqrt(30_000 * seen * (1 - seen)))
    assert happened.returnees_jailed.sum() + happened.returnees_hidden.sum() == 30_000
    assert (happened.returnees_jailed[:, BB2] == b.militants[:, :, PRISON, BB2, BB].sum(axis=1)).all()


def sent_home(collapse: float, ambition: float = 1.0, **parameters: float) -> Small:
    b = away(theatre__send_home=1.0, **parameters)
    put(b, "theatre", (ALL, ALL, AA1), 200)
    b.organisations.ambition[:], b.regions.collapse[:, BB2] = ambition, collapse
    return b


def test_the_core_opens_fronts_in_weak_states_only() -> None:
    """Collapse 0.512 in Borrun; none in Alvane."""
    b = sent_home(0.512)
    theatre.step(b)
    chance = 1 - np.exp(-0.512)
    assert near(b.happened.sent_home[:, BB2].sum(), 10_000 * chance, np.sqrt(10_000 * chance * (1 - chance)))
    assert b.happened.sent_home[:, AA1].sum() == 0
    assert (b.militants[:, MOVEMENT, CELL, BB2, BB] == b.happened.sent_home[:, BB2]).all()
    assert (b.theatre[:, RIVAL_BRAND, BB2] == 200).all()  # the movement alone sends men home
    b.check()


@pytest.mark.parametrize(("collapse", "ambition"), [(0.512, 0.0), (0.0, 1.0)])
def test_nobody_is_sent_home(collapse: float, ambition: float) -> None:
    b = sent_home(collapse, ambition)
    theatre.step(b)
    assert b.happened.sent_home.sum() == 0


def test_the_will_to_send_men_home_can_be_frozen() -> None:
    b = sent_home(1.0)
    freeze(b, "movement.send_home", 0.0)
    theatre.step(b)
    assert b.happened.sent_home.sum() == 0


@pytest.mark.parametrize(("capacity", "presence", "split", "chance"), [
    (0.1, 0.2, 0.0, 0.512), (0.8, 0.0, 0.5, 0.2), (0.8, 0.2, 0.0, 0.0), (0.5, 0.0, 0.0, 0.0), (0.1, 1.0, 0.0, 0.0)])
def test_weak_split_and_absent_states_invite_a_front(capacity: float, presence: float, split: float,
                                                     chance: float) -> None:
    """(1 - 2 x capacity x (1 - split)) x (1 - presence)^2, as seen at the head of the month."""
    b = sent_home(0.0)
    b.states.capacity[:], b.regions.presence[:], b.states.fragmentation[:] = capacity, presence, split
    head(b)
    theatre.step(b)
    odds = 1 - np.exp(-chance)
    assert near(b.happened.sent_home[:, BB2].sum(), 10_000 * odds, np.sqrt(10_000 * odds * (1 - odds)))
