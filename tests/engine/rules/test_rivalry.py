"""Rivals: who changes brand, goes open, quits or takes to the hills."""

from __future__ import annotations

import numpy as np
import pytest

from sim.engine.enums import CELL, MASS, MOVEMENT, REFUGE, RIVAL
from sim.engine.rules import rivalry
from tests.engine.kit import (
    ALL,
    BB,
    BB2,
    Small,
    batch,
    formula,
    near,
    put,
)

switch_hazard = formula(rivalry.switch_hazard)

STILL = {"rivalry__rate": 0.0, "rivalry__absorption": 0.0, "rivalry__radicalised": 0.0, "rivalry__disillusion": 0.0,
         "rivalry__refuge": 0.0, "rivalry__open_work": 0.0}
KINDS = [(o, c) for o in (MOVEMENT, RIVAL, MASS) for c in (CELL, REFUGE)]


def test_loyalty_is_a_margin() -> None:
    assert switch_hazard(0.5, 0.5, 0.02, 0.15) == 0
    assert switch_hazard(0.65, 0.5, 0.02, 0.15) == pytest.approx(0, abs=1e-15)
    assert switch_hazard(0.9, 0.5, 0.02, 0.15) == pytest.approx(0.005)
    assert switch_hazard(0.1, 0.9, 0.02, 0.0) == 0


def start(prestige: tuple[float, float, float] = (0.5, 0.5, 0.0), **only: float) -> Small:
    """Two hundred of each kind in Borrun West of fifty worlds."""
    b = batch(50, **{**STILL, **only})
    b.brands.prestige[:] = prestige
    b.regions.infiltration[:] = b.states.splinter[:] = 0
    put(b, "militants", ..., 0)
    for organisation, condition in KINDS:
        put(b, "militants", (ALL, organisation, condition, BB2, BB), 200)
    return b


def stepped(b: Small) -> dict[tuple[int, int], int]:
    """Change in each kind, all worlds together."""
    rivalry.step(b)
    b.check()
    return {kind: int(b.militants[:, kind[0], kind[1], BB2, BB].sum()) - 10_000 for kind in KINDS}


def expect(number: int, hazard: float) -> None:
    chance = 1 - np.exp(-hazard)
    assert near(number, 10_000 * chance, np.sqrt(10_000 * chance * (1 - chance)))


def test_nothing_happens_at_zero_rates() -> None:
    b = start((1.0, 0.0, 0.0))
    b.regions.infiltration[:] = b.states.splinter[:] = 1
    assert not any(stepped(b).values())
    assert b.demobilised.sum() == 0


@pytest.mark.parametrize(("prestige", "frm", "to"), [((0.9, 0.4, 0.0), RIVAL, MOVEMENT),
                                                     ((0.4, 0.9, 0.0), MOVEMENT, RIVAL)])
def test_members_follow_prestige(prestige: tuple[float, float, float], frm: int, to: int) -> None:
    """Hazard 1 x (0.9 - 0.4 - 0.15); men of the older network in refuges are dug in."""
    b = start(prestige, rivalry__rate=1.0, rivalry__dug_in=0.4)
    change = stepped(b)
    for condition in (CELL, REFUGE):
        expect(change[to, condition], 0.35 * (0.4 if (frm, condition) == (RIVAL, REFUGE) else 1.0))
        assert change[frm, condition] == -change[to, condition]
    assert change[MASS, CELL] == change[MASS, REFUGE] == 0
    assert b.happened.switched.sum() == change[to, CELL] + change[to, REFUGE]


def test_nobody_changes_for_less_than_loyalty_is_worth() -> None:
    assert not any(stepped(start((0.6, 0.5, 0.0), rivalry__rate=100.0)).values())


def test_infiltration_absorbs_activists() -> None:
    """0.5 x infiltration 0.4 x prestige 0.5."""
    b = start(rivalry__absorption=0.5)
    b.regions.infiltration[:] = 0.4
    change = stepped(b)
    expect(change[MOVEMENT, CELL], 0.1)
    assert change[MASS, CELL] == -change[MOVEMENT, CELL]
    assert change[RIVAL, CELL] == 0


def test_the_older_network_comes_into_the_open_where_tolerated() -> None:
    """Open sites 0.25."""
    b = start(rivalry__open_work=0.4)
    b.regions.open_sites[:] = 0.25
    change = stepped(b)
    expect(change[MASS, CELL], 0.4 * 0.25)
    assert change[RIVAL, CELL] == -change[MASS, CELL]
    b = start(rivalry__open_work=0.4)
    b.regions.open_sites[:] = 0.0
    assert not any(stepped(b).values())


def test_activists_lose_heart_sooner_once_banned() -> None:
    for banned, hazard in ((0.0, 0.1), (1.0, 0.4)):
        b = start(rivalry__disillusion=0.1)
        b.states.banned[:] = banned
        change = stepped(b)
        expect(-change[MASS, CELL], hazard)
        assert b.demobilised[:, BB].sum() == -change[MASS, CELL]
        assert change[MASS, REFUGE] == change[RIVAL, CELL] == 0


def test_cells_take_to_the_hills_under_pressure() -> None:
    """Rugged 0.35 x (0.2 + alert 0.8) x rate 1; the movement half as readily."""
    b = start(rivalry__refuge=1.0)
    b.states.alert[:] = 0.8
    change = stepped(b)
    expect(change[RIVAL, REFUGE], 0.35)
    expect(change[MOVEMENT, REFUGE], 0.175)
    assert change[RIVAL, CELL] == -change[RIVAL, REFUGE]


def test_a_broken_movement_goes_back_to_arms_with_either_brand() -> None:
    """Splinter 0.5 x 0.6 to the movement, then 0.5 x 0.4 of who is left to the older network."""
    b = start((0.6, 0.4, 0.0), rivalry__radicalised=1.0, rivalry__margin=1.0)
    b.states.splinter[:] = 0.5
    change = stepped(b)
    expect(change[MOVEMENT, CELL], 0.3)
    left = 10_000 - change[MOVEMENT, CELL]
    chance = 1 - np.exp(-0.2)
    assert near(change[RIVAL, CELL], left * chance, np.sqrt(left * chance * (1 - chance)))
    assert change[MASS, CELL] == -change[MOVEMENT, CELL] - change[RIVAL, CELL]
    assert change[MASS, REFUGE] == 0


def test_who_changes_keeps_his_origin_in_proportion() -> None:
    b = start((1.0, 0.0, 0.0), rivalry__rate=1e9)
    put(b, "militants", (ALL, RIVAL, CELL, BB2), np.array([10, 200, 30, 4]))
    put(b, "militants", (ALL, MOVEMENT), 0)
    rivalry.step(b)
    assert (b.militants[:, MOVEMENT, CELL, BB2] == [10, 200, 30, 4]).all()
    b.check()


def test_some_come_into_the_open_while_others_go_under() -> None:
    """Out at 0.4 x open 0.5, under at splinter 0.6 x prestige 0.5, in the same month; who came does not go back."""
    b = start((0.0, 0.5, 0.0), rivalry__open_work=0.4, rivalry__radicalised=1.0, rivalry__margin=1.0)
    b.regions.open_sites[:], b.states.splinter[:] = 0.5, 0.6
    put(b, "militants", (ALL, MASS, CELL, BB2), np.array([0, 0, 200, 0]))  # told apart by where they are from
    rivalry.step(b)
    b.check()
    expect(int(b.militants[:, MASS, CELL, BB2, BB].sum()), 0.2)
    expect(int(b.militants[:, RIVAL, CELL, BB2, 2].sum()), 0.3)
    assert (b.militants[:, [RIVAL, MASS], CELL, BB2].sum(axis=1)[:, [BB, 2]] == 200).all()
