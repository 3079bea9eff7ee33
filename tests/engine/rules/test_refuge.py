"""Refuges: one-sided pressure shifts them, joint pressure leaves them nowhere to go, a closed border stops them."""

from __future__ import annotations

import numpy as np
import pytest

from sim.engine.enums import CELL, MOVEMENT, REFUGE, RIVAL
from sim.engine.rules import refuge
from sim.engine.sight import watch
from tests.engine.kit import (
    AA,
    AA1,
    AA2,
    AA3,
    ALL,
    BB,
    BB2,
    Small,
    batch,
    formula,
    near,
    put,
    turn,
)

relief = formula(refuge.relief)


def test_relief_is_what_is_lower_elsewhere() -> None:
    assert [relief(here, there) for here, there in ((0.5, 0.2), (0.5, 0.5), (0.2, 0.5))] == pytest.approx([0.3, 0, 0])


def pressed(worlds: int = 400, here: float = 1.0, there: float = 0.0, shift: float = 1.0) -> Small:
    """Refuges in Alvane March, which borders on Borrun West alone; the other regions of Alvane are as much pressed."""
    b = batch(worlds, refuge__shift=shift)
    put(b, "militants", ..., 0)
    for organisation in (MOVEMENT, RIVAL):
        put(b, "militants", (ALL, organisation, REFUGE, AA3, AA), 100)
    b.states.alert[:], b.regions.barrier[:], b.regions.presence[:] = 1.0, 0.0, there
    b.regions.presence[:, [AA1, AA2, AA3]] = 1.0
    b.regions.presence[:, AA3] = here
    return b


def act(b: Small) -> None:
    """What the state presses, and who gives way."""
    watch(b)
    refuge.step(b)
    b.check()


def across(b: Small) -> int:
    return int(b.militants[:, :, REFUGE, BB2].sum())


def test_one_sided_pressure_shifts_a_refuge_across_the_border() -> None:
    """A third of the refuges look at Borrun West; hazard 1 x relief x ruggedness there."""
    b = pressed()
    act(b)
    force = b.regions.pressure[0]
    assert force[BB2] == 0
    hazard = force[AA3] * b.geography.r["rugged"][BB2]
    chance = 1 - np.exp(-hazard)
    per_refuge = b.militants[:, :, REFUGE, BB2, AA]
    looked = per_refuge > 0
    assert near(looked.sum(), 800 / 3, np.sqrt(800 * 2 / 9))
    moved, n = per_refuge[looked].sum(), 100 * looked.sum()
    assert near(moved, n * chance, np.sqrt(n * chance * (1 - chance)))
    assert b.militants[:, :, REFUGE].sum() == 400 * 200
    b.check()


def test_joint_pressure_leaves_nowhere_to_go() -> None:
    b = pressed(there=1.0, shift=1e6)
    b.place.regions.rugged[:] = 0.35  # as much pressure on either side of the border
    before = b.militants.copy()
    act(b)
    assert b.regions.pressure[0, AA3] == b.regions.pressure[0].min()
    assert (b.militants == before).all()


def test_no_pressure_no_shift() -> None:
    b = pressed(here=0.0, shift=1e6)
    act(b)
    assert (b.militants[:, :2, REFUGE, AA3, AA] == 100).all()


@pytest.mark.parametrize("how", ["barrier", "effort"])
def test_a_closed_border_stops_it(how: str) -> None:
    b = pressed(shift=1e6)
    if how == "barrier":
        b.regions.barrier[:, BB2] = 1.0
    else:
        turn(b, "border_effort", 1.0, BB2)
    act(b)
    assert across(b) == 0
    b = pressed(shift=1e6)
    act(b)
    assert across(b) > 0


def test_only_men_in_refuges_shift_and_only_to_shelter() -> None:
    b = pressed(shift=1e6)
    put(b, "militants", ..., 0)
    put(b, "militants", (ALL, MOVEMENT, CELL, AA3, AA), 100)
    act(b)
    assert (b.militants[:, MOVEMENT, CELL, AA3, AA] == 100).all()
    b = pressed(shift=1e6)
    b.place.regions.rugged[BB2] = 0.0
    act(b)
    assert across(b) == 0


def test_men_of_a_refuge_keep_their_origin_and_side() -> None:
    b = pressed(worlds=50, shift=1e9)
    put(b, "militants", (ALL, RIVAL, REFUGE, AA3, BB), 30)
    put(b, "militants", (ALL, MOVEMENT, REFUGE, AA3), 0)
    act(b)
    assert b.militants[:, MOVEMENT].sum() == 0
    there = b.militants[:, RIVAL, REFUGE, BB2]
    gone = there.sum(axis=1) > 0
    assert gone.any()
    assert (there[gone] == [100, 30, 0, 0]).all()
    b.check()


def test_a_refuge_in_any_region_may_shift() -> None:
    """Pressed there alone, with shelter everywhere and no border guarded: all go, of both sides."""
    for region in range(7):
        b = batch(refuge__shift=1e9)
        b.place.regions.rugged[:] = 1.0
        b.regions.pressure[:], b.regions.guarded[:] = 0.0, 0.0
        b.regions.pressure[:, region] = 1.0
        put(b, "militants", ..., 0)
        put(b, "militants", (0, [MOVEMENT, RIVAL], REFUGE, region), [[10], [20]])  # of four origins
        refuge.step(b)
        b.check()
        assert (b.counts[0, :, :, region] == 0).all()
        assert b.counts[0, :2, REFUGE].sum(axis=-1).tolist() == [40, 80]
