"""The theatre: death, allegiance and return."""

from __future__ import annotations

import numpy as np
import pytest

from sim.moment import Moment
from sim.processes import theatre
from sim.processes.theatre import homeward, return_fate, switching
from sim.world import CELL, HIDDEN, MOVEMENT, PRISON, REBELS, RIVAL
from tests.small import AA, AA1, BB, BB2, moment, near, put, turn

STILL = {"theatre__lethality": 0.0, "theatre__switch_rate": 0.0, "theatre__bloc_rate": 0.0,
         "theatre__return_rate": 0.0, "theatre__send_home": 0.0}


def test_switching_needs_a_higher_standing() -> None:
    assert switching(np.array([-0.5, 0.0, 0.4]), 0.05) == pytest.approx([0, 0, 0.02])


def test_fate_of_returnees() -> None:
    """Seen: 0.6 x 0.7 x 0.75 x 1.5 = 0.4725, of whom a fifth are welcomed."""
    assert return_fate(0.6, 0.4, 0.5, 0.2, 1.5) == pytest.approx((0.378, 0.0945))
    assert return_fate(0.6, 0.4, 0.5, 0.2, 0.0) == (0, 0)  # nobody looks
    assert return_fate(0.0, 1.0, 1.0, 0.5, 1.5) == (0, 0)
    assert return_fate(1.0, 1.0, 1.0, 0.0, 1.5) == (1, 0)
    assert return_fate(1.0, 1.0, 1.0, 1.0, 1.5) == (0, 1)
    assert return_fate(0.6, 0.4, 0.5, 0.2, 1.5, 0.1) == pytest.approx((0.5725 * 0.8, 0.5725 * 0.2))


def test_way_home() -> None:
    assert homeward(1.0, 1.0, 0.01, 1.5) == pytest.approx(0.01)
    assert homeward(0.0, 1.0, 0.01, 1.5) == pytest.approx(0.003)  # shut
    assert homeward(1.0, 0.0, 0.01, 1.5) == pytest.approx(0.025)  # everything lost


def away(worlds: int = 50, **only: float) -> Moment:
    m = moment(worlds, **{**STILL, **only})
    put(m, "militants", (...,), 0)
    put(m, "theatre", (slice(None), slice(None), BB2), 200)
    return m


def test_nothing_happens_at_zero_rates() -> None:
    m = away()
    theatre.step(m)
    assert (m.world.theatre[:, :, BB2] == 200).all()


def test_deaths_abroad() -> None:
    """January 2014: 0.02 a month."""
    m = away(theatre__lethality=1.0)
    m.month += 1
    theatre.step(m)
    chance = 1 - np.exp(-0.02)
    assert near(m.world.dead[:, BB].sum(), 30_000 * chance, np.sqrt(30_000 * chance * (1 - chance)))
    assert (m.world.dead[:, BB] == m.flows["deaths_abroad"][:, BB2]).all()
    m.world.check()


def test_brigades_go_over_to_the_higher_brand_only() -> None:
    m = away(theatre__switch_rate=0.5, theatre__bloc_rate=10.0, theatre__bloc_size=2.0)
    m.world.prestige[:] = (0.6, 0.8, 0.5)
    theatre.step(m)
    assert (m.world.theatre[:, RIVAL, BB2] == 200).all()
    assert m.world.theatre[:, REBELS, BB2].sum() < 50 * 200
    assert (m.world.theatre[:, MOVEMENT, BB2] + m.world.theatre[:, REBELS, BB2] == 400).all()


def test_one_by_one() -> None:
    """0.5 x (0.6 - 0.4) = 0.1 a month."""
    m = away(theatre__switch_rate=0.5)
    m.world.prestige[:] = (0.6, 0.4, 0.6)
    theatre.step(m)
    over = 10_000 - m.world.theatre[:, RIVAL, BB2].sum()
    chance = 1 - np.exp(-0.1)
    assert near(over, 10_000 * chance, np.sqrt(10_000 * chance * (1 - chance)))
    assert (m.world.theatre[:, REBELS, BB2] == 200).all()


def test_returnees_go_where_their_state_puts_them() -> None:
    m = away(theatre__return_rate=100.0)
    m.world.capacity[:, BB] = 0
    theatre.step(m)
    assert m.world.theatre.sum() == 0
    assert (m.world.militants[:, MOVEMENT, HIDDEN, BB2, BB] == 200).all()  # a state without means sees nobody
    assert (m.world.militants[:, RIVAL, HIDDEN, BB2, BB] == 400).all()  # former rebels return as the rival's
    m.world.check()


def test_strong_states_jail_returnees_and_offers_welcome_them() -> None:
    """Borrun: seen 0.5 x (0.5 + 0.15) x (0.5 + 0.275) x 1.5 = 0.3778; welcomed 0.12 + 0.5 of them."""
    m = away(theatre__return_rate=100.0)
    m.world.capacity[:], m.world.exit_level[:] = 0.5, 0.3
    turn(m, "reintegration", 0.5)
    theatre.step(m)
    seen, n = 0.5 * 0.65 * 0.775 * 1.5, 30_000
    jailed, welcomed = seen * 0.38, seen * 0.62
    assert near(m.world.militants[:, :, PRISON].sum(), n * jailed, np.sqrt(n * jailed * (1 - jailed)))
    assert near(m.world.reintegrated[:, BB].sum(), n * welcomed, np.sqrt(n * welcomed * (1 - welcomed)))


def sent_home(**state: float) -> Moment:
    m = away(theatre__send_home=1.0)
    put(m, "theatre", (slice(None), slice(None), AA1), 200)
    m.world.expansion[:], m.world.capacity[:], m.world.presence[:] = 1.0, 0.8, 0.8
    m.world.capacity[:, BB], m.world.presence[:, BB2] = 0.1, 0.2
    for name, value in state.items():
        getattr(m.world, name)[:] = value
    theatre.step(m)
    return m


def test_the_core_opens_fronts_in_weak_states_only() -> None:
    """(1 - 0.1 x 2) x (1 - 0.2)^2 = 0.512 in Borrun; no chance in Alvane, where capacity is 0.8."""
    m = sent_home()
    chance = 1 - np.exp(-0.512)
    assert near(m.flows["sent_home"][:, BB2].sum(), 10_000 * chance, np.sqrt(10_000 * chance * (1 - chance)))
    assert m.flows["sent_home"][:, AA1].sum() == 0
    assert (m.world.militants[:, MOVEMENT, CELL, BB2, BB] == m.flows["sent_home"][:, BB2]).all()
    assert (m.world.theatre[:, RIVAL, BB2] == 200).all()  # the movement alone sends men home


@pytest.mark.parametrize("state", [{"expansion": 0.0}, {"presence": 1.0}, {"capacity": 0.5}])
def test_nobody_is_sent_home(state: dict[str, float]) -> None:
    m = sent_home(**state)
    assert m.flows["sent_home"].sum() == 0


def test_a_split_state_invites_a_front() -> None:
    """Capacity 0.8 of which half is spent on the rival: 1 - 0.8 = 0.2."""
    m = away(theatre__send_home=1.0)
    put(m, "theatre", (slice(None), slice(None), AA1), 200)
    m.world.expansion[:], m.world.capacity[:], m.world.presence[:], m.world.fragmentation[:, AA] = 1, 0.8, 0, 0.5
    theatre.step(m)
    chance = 1 - np.exp(-0.2)
    assert near(m.flows["sent_home"][:, AA1].sum(), 10_000 * chance, np.sqrt(10_000 * chance * (1 - chance)))
