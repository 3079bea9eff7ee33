"""Refuges: one-sided pressure shifts them, joint pressure leaves them nowhere to go, a closed border stops them."""

from __future__ import annotations

import numpy as np
import pytest

from sim.conditions import shared_intelligence, standing_cooperation
from sim.moment import Moment
from sim.processes import refuge
from sim.processes.countermeasures import joint_pressure, pressure
from sim.processes.refuge import relief
from sim.world import CELL, MOVEMENT, REFUGE, RIVAL
from tests.small import AA, AA1, AA2, AA3, BB, BB2, moment, near, put, turn


def test_relief_is_what_is_lower_elsewhere() -> None:
    assert relief(np.array([0.5, 0.5, 0.2]), np.array([0.2, 0.5, 0.5])) == pytest.approx([0.3, 0, 0])


def pressed(worlds: int = 400, here: float = 1.0, there: float = 0.0, shift: float = 1.0) -> Moment:
    """Refuges in Alvane March, which borders on Borrun West alone; the other regions of Alvane are as much pressed."""
    m = moment(worlds, refuge__shift=shift)
    w = m.world
    put(m, "militants", (...,), 0)
    for organisation in (MOVEMENT, RIVAL):
        put(m, "militants", (slice(None), organisation, REFUGE, AA3, AA), 100)
    w.alert[:], w.barrier[:], w.presence[:] = 1.0, 0.0, there
    w.presence[:, [AA1, AA2, AA3]] = 1.0
    w.presence[:, AA3] = here
    return m


def test_two_states_cooperate_as_far_as_the_less_willing() -> None:
    """On the border 0.5 + half of the cooperation, 0.3 as it stands; inland nothing changes."""
    factors = []
    for amounts in ((0.0, 0.0), (0.4, 0.0), (0.4, 0.2), (0.4, 0.4), (2.0, 2.0)):
        m = moment()
        m.world.capacity[:] = m.geography.y["capacity"]
        for country, amount in zip((AA, BB), amounts, strict=True):
            turn(m, "cooperation", amount, country)
        factors.append(joint_pressure(m)[0])
    stands = standing_cooperation(m.geography)[AA, BB]
    assert [f[AA3] for f in factors] == pytest.approx([0.5 + 0.5 * (stands + more) for more in (0, 0, 0.2, 0.4)]
                                                      + [1.0])
    assert all(f[AA1] == 1 for f in factors)


def test_cooperation_takes_a_counterpart() -> None:
    """With a collapsed neighbour nothing is won, with one at half of its capacity half."""
    won = []
    for left in (1.0, 0.5, 0.0):
        m = moment()
        m.world.capacity[:] = m.geography.y["capacity"]
        m.world.capacity[:, BB] *= left
        turn(m, "cooperation", 0.4)
        won.append(shared_intelligence(m)[0, AA])
    assert won == pytest.approx([0.4, 0.2, 0.0])


def across(m: Moment) -> int:
    return int(m.world.militants[:, :, REFUGE, BB2].sum())


def test_one_sided_pressure_shifts_a_refuge_across_the_border() -> None:
    """A third of the worlds look at Borrun West; hazard 1 x relief x ruggedness there."""
    m = pressed()
    force = pressure(m)[0]
    assert force[BB2] == 0
    refuge.step(m)
    hazard = force[AA3] * m.geography.r["rugged"][BB2]
    chance = 1 - np.exp(-hazard)
    per_world = m.world.militants[:, :, REFUGE, BB2, AA].sum(axis=1)
    looked = per_world > 0
    assert near(looked.sum(), 400 / 3, np.sqrt(400 * 2 / 9))
    moved, n = per_world[looked].sum(), 200 * looked.sum()
    assert near(moved, n * chance, np.sqrt(n * chance * (1 - chance)))
    assert m.world.militants[:, :, REFUGE].sum() == 400 * 200
    m.world.check()


def test_joint_pressure_leaves_nowhere_to_go(monkeypatch: pytest.MonkeyPatch) -> None:
    m = pressed(there=1.0, shift=1e6)
    monkeypatch.setitem(m.geography.r, "rugged", np.full(7, 0.35))  # as much pressure on either side of the border
    before = m.world.militants.copy()
    assert pressure(m)[0, AA3] == pressure(m)[0].min()
    refuge.step(m)
    assert (m.world.militants == before).all()


def test_no_pressure_no_shift() -> None:
    m = pressed(here=0.0, shift=1e6)
    refuge.step(m)
    assert (m.world.militants[:, :2, REFUGE, AA3, AA] == 100).all()


@pytest.mark.parametrize("how", ["barrier", "effort"])
def test_a_closed_border_stops_it(how: str) -> None:
    m = pressed(shift=1e6)
    if how == "barrier":
        m.world.barrier[:, BB2] = 1.0
    else:
        turn(m, "border_effort", 1.0, BB2)
    refuge.step(m)
    assert across(m) == 0
    m = pressed(shift=1e6)
    refuge.step(m)
    assert across(m) > 0


def test_only_men_in_refuges_shift_and_only_to_shelter(monkeypatch: pytest.MonkeyPatch) -> None:
    m = pressed(shift=1e6)
    put(m, "militants", (...,), 0)
    put(m, "militants", (slice(None), MOVEMENT, CELL, AA3, AA), 100)
    refuge.step(m)
    assert (m.world.militants[:, MOVEMENT, CELL, AA3, AA] == 100).all()
    m = pressed(shift=1e6)
    monkeypatch.setitem(m.geography.r, "rugged", np.where(np.arange(7) == BB2, 0.0, m.geography.r["rugged"]))
    refuge.step(m)
    assert across(m) == 0


def test_men_of_a_refuge_keep_their_origin_and_side() -> None:
    m = pressed(worlds=50, shift=1e9)
    put(m, "militants", (slice(None), RIVAL, REFUGE, AA3, BB), 30)
    put(m, "militants", (slice(None), MOVEMENT, REFUGE, AA3), 0)
    refuge.step(m)
    assert m.world.militants[:, MOVEMENT].sum() == 0
    there = m.world.militants[:, RIVAL, REFUGE, BB2]
    gone = there.sum(axis=1) > 0
    assert gone.any()
    assert (there[gone] == [100, 30, 0, 0]).all()
    m.world.check()
