"""Aftermath: what becomes of survivors."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from sim.moment import Moment
from sim.processes import aftermath
from sim.processes.aftermath import survivors_shares
from sim.world import GROUND, HIDDEN, MOVEMENT, PRISON, REFUGE
from tests.small import AA, BB, BB2, BB3, moment, near, put, turn


def test_shares_by_hand() -> None:
    """Caught, hidden, home, moved on: of those not caught some hide, of those who do not hide some go home."""
    assert survivors_shares(0.3, 0.7, 0.0) == pytest.approx([0.3, 0.49, 0.0, 0.21])
    assert survivors_shares(0.3, 0.2, 0.15) == pytest.approx([0.3, 0.14, 0.084, 0.476])
    assert survivors_shares(0.0, 0.2, 0.0) == pytest.approx([0, 0.2, 0, 0.8])
    assert survivors_shares(1.0, 0.7, 0.5) == pytest.approx([1, 0, 0, 0])


def test_shares_are_shares() -> None:
    for caught, hidden, home in itertools.product(np.linspace(0, 1, 5), repeat=3):
        shares = survivors_shares(caught, hidden, home)
        assert shares.sum() == pytest.approx(1)
        assert (shares >= 0).all()


def beaten(worlds: int = 1, presence: float = 0.0) -> Moment:
    """Ground forces in Borrun Shore, which is no longer ruled: own, Alvanese and from further away."""
    m = moment(worlds)
    put(m, "militants", (...,), 0)
    put(m, "militants", (slice(None), MOVEMENT, GROUND, BB3), 200)
    m.world.presence[:] = presence
    return m


def test_survivors_disperse_by_origin() -> None:
    m = beaten(50)
    aftermath.step(m)
    w = m.world
    assert w.militants[:, MOVEMENT, GROUND].sum() == 0
    assert w.militants[:, MOVEMENT, PRISON, BB3].sum() == 0  # nobody pursues
    for origin, stay in enumerate((0.2, 0.7, 0.2, 0.2)):
        hidden = w.militants[:, MOVEMENT, HIDDEN, BB3, origin].sum()
        assert near(hidden, 10_000 * stay, np.sqrt(10_000 * stay * (1 - stay)))
    assert w.elsewhere[:, [AA, BB]].sum() == 0  # they have a home on the map
    outsiders = w.elsewhere[:, 2:].sum()
    home = 0.8 * 0.15  # of the four in five who do not hide
    assert near(outsiders, 20_000 * home, np.sqrt(20_000 * home * (1 - home)))
    w.check()


@pytest.mark.parametrize("dial", ["stabilisation", "pursuit"])
def test_pursuit_catches(dial: str) -> None:
    """Presence 0.2 and 0.5 more: pursuit 0.7, of which 0.6 is 0.42 caught."""
    m = beaten(50, presence=0.2)
    turn(m, dial, 0.5)
    aftermath.step(m)
    caught = m.world.militants[:, MOVEMENT, PRISON, BB3].sum()
    assert near(caught, 40_000 * 0.42, np.sqrt(40_000 * 0.42 * 0.58))


def test_those_who_move_on_go_where_authority_is_weak() -> None:
    m = beaten(50, presence=1.0)
    m.world.presence[:, BB2] = 0.5
    aftermath.step(m)
    moved = m.world.militants[:, MOVEMENT, REFUGE].sum(axis=(0, 2))
    assert moved[BB2] == moved.sum() > 0
    m.world.barrier[:, BB2] = 1.0
    m.world.presence[:, BB3] = 0.5
    put(m, "militants", (slice(None), MOVEMENT, GROUND, BB3), 200)
    before = moved[BB2]
    aftermath.step(m)
    assert m.world.militants[:, MOVEMENT, REFUGE, BB2].sum() == before


def test_whoever_still_rules_stays() -> None:
    m = beaten()
    m.world.control[0, m.geography.localities.index("BB-3.lanmere")] = 0.1
    aftermath.step(m)
    assert m.world.militants[0, MOVEMENT, GROUND, BB3].sum() == 800
