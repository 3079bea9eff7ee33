"""Aftermath: what becomes of survivors."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from sim.engine.enums import GROUND, HIDDEN, MOVEMENT, PRISON, REFUGE
from sim.engine.rules import aftermath
from sim.engine.rules.aftermath import survivors_shares
from tests.engine.kit import AA, AA1, AA3, ALL, BB, BB2, BB3, LANMERE, Small, batch, formula, near, put, turn


def shares(caught: float, hidden: float, home: float) -> np.ndarray:
    found = np.empty(4)
    formula(survivors_shares)(caught, hidden, home, found)
    return found


def test_shares_by_hand() -> None:
    """Caught, hidden, home, moved on: of those not caught some hide, of those who do not hide some go home."""
    assert shares(0.3, 0.7, 0.0) == pytest.approx([0.3, 0.49, 0.0, 0.21])
    assert shares(0.3, 0.2, 0.15) == pytest.approx([0.3, 0.14, 0.084, 0.476])
    assert shares(0.0, 0.2, 0.0) == pytest.approx([0, 0.2, 0, 0.8])
    assert shares(1.0, 0.7, 0.5) == pytest.approx([1, 0, 0, 0])


def test_shares_are_shares() -> None:
    for caught, hidden, home in itertools.product(np.linspace(0, 1, 5), repeat=3):
        found = shares(caught, hidden, home)
        assert found.sum() == pytest.approx(1)
        assert (found >= 0).all()


def beaten(worlds: int = 1, presence: float = 0.0) -> Small:
    """Ground forces in Borrun Shore, which is no longer ruled: own, Alvanese and from further away."""
    b = batch(worlds)
    put(b, "militants", ..., 0)
    put(b, "militants", (ALL, MOVEMENT, GROUND, BB3), 200)
    b.regions.presence[:] = presence
    return b


def test_survivors_disperse_by_origin() -> None:
    b = beaten(50)
    aftermath.step(b)
    assert b.militants[:, MOVEMENT, GROUND].sum() == 0
    assert b.militants[:, MOVEMENT, PRISON, BB3].sum() == 0  # nobody pursues
    for origin, stay in enumerate((0.2, 0.7, 0.2, 0.2)):
        hidden = b.militants[:, MOVEMENT, HIDDEN, BB3, origin].sum()
        assert near(hidden, 10_000 * stay, np.sqrt(10_000 * stay * (1 - stay)))
    assert b.elsewhere[:, [AA, BB]].sum() == 0  # they have a home on the map
    outsiders = b.elsewhere[:, 2:].sum()
    home = 0.8 * 0.15  # of the four in five who do not hide
    assert near(outsiders, 20_000 * home, np.sqrt(20_000 * home * (1 - home)))
    b.check()


def test_those_who_go_home_meet_their_state_where_most_had_left() -> None:
    """Alvane sees 0.6 x (0.5 + 0.5 x 0.4) x (0.5 + 0.5 x 0.5) x 1.5, of whom a fifth are welcome."""
    b = beaten(50)
    states = b.states
    states.capacity[:, AA], states.exit_control[:, AA], states.intelligence[:, AA] = 0.6, 0.4, 0.5
    states.welcome[:, AA] = 0.2
    b.regions.recent_gone[:, AA3] = 1e9
    aftermath.step(b)
    seen, home = 0.6 * 0.7 * 0.75 * 1.5, 0.8 * 0.15
    for found, part in ((b.militants[:, MOVEMENT, PRISON, AA3, AA], seen * 0.8), (b.reintegrated[:, AA], seen * 0.2),
                        (b.militants[:, MOVEMENT, HIDDEN, AA3, AA], 1 - seen)):
        odds = home * part
        assert near(found.sum(), 10_000 * odds, np.sqrt(10_000 * odds * (1 - odds)))
    happened = b.happened[:, AA3]
    assert (happened.returnees_jailed == b.militants[:, MOVEMENT, PRISON, AA3, AA]).all()
    assert (happened.returnees_reintegrated == b.reintegrated[:, AA]).all()
    assert (happened.returnees_hidden == b.militants[:, MOVEMENT, HIDDEN, AA3, AA]).all()
    assert b.militants[:, MOVEMENT, [PRISON, HIDDEN], AA1].sum() == 0
    b.check()


@pytest.mark.parametrize("dial", ["stabilisation", "pursuit"])
def test_pursuit_catches(dial: str) -> None:
    """Presence 0.2 and 0.5 more: pursuit 0.7, of which 0.6 is 0.42 caught."""
    b = beaten(50, presence=0.2)
    turn(b, dial, 0.5)
    aftermath.step(b)
    caught = b.militants[:, MOVEMENT, PRISON, BB3].sum()
    assert near(caught, 40_000 * 0.42, np.sqrt(40_000 * 0.42 * 0.58))


def test_those_who_move_on_go_where_authority_is_weak() -> None:
    b = beaten(50, presence=1.0)
    b.regions.presence[:, BB2] = 0.5
    aftermath.step(b)
    moved = b.militants[:, MOVEMENT, REFUGE].sum(axis=(0, 2))
    assert moved[BB2] == moved.sum() > 0
    b.regions.guarded[:, BB2] = 1.0
    b.regions.presence[:, BB3] = 0.5
    put(b, "militants", (ALL, MOVEMENT, GROUND, BB3), 200)
    before = moved[BB2]
    aftermath.step(b)
    assert b.militants[:, MOVEMENT, REFUGE, BB2].sum() == before


def test_where_authority_is_strong_everywhere_they_stay_in_the_hills_around() -> None:
    b = beaten(presence=1.0)
    aftermath.step(b)
    moved = b.militants[0, MOVEMENT, REFUGE].sum(axis=1)
    assert moved[BB3] == moved.sum() > 0


def test_whoever_still_rules_stays() -> None:
    b = beaten()
    b.localities.control[0, LANMERE] = 0.1
    aftermath.step(b)
    assert b.militants[0, MOVEMENT, GROUND, BB3].sum() == 800
