"""Rivals: who changes brand, goes open, quits or takes to the hills."""

from __future__ import annotations

import numpy as np
import pytest

from sim.moment import Moment
from sim.processes import rivalry
from sim.processes.rivalry import switch_hazard
from sim.world import CELL, MASS, MOVEMENT, REFUGE, RIVAL
from tests.small import BB, BB2, moment, near, put, turn

STILL = {"rivalry__rate": 0.0, "rivalry__absorption": 0.0, "rivalry__radicalised": 0.0, "rivalry__disillusion": 0.0,
         "rivalry__refuge": 0.0, "rivalry__open_work": 0.0}
KINDS = [(o, c) for o in (MOVEMENT, RIVAL, MASS) for c in (CELL, REFUGE)]


def test_loyalty_is_a_margin() -> None:
    assert switch_hazard(0.5, 0.5, 0.02, 0.15) == 0
    assert switch_hazard(0.65, 0.5, 0.02, 0.15) == pytest.approx(0, abs=1e-15)
    assert switch_hazard(0.9, 0.5, 0.02, 0.15) == pytest.approx(0.005)
    assert switch_hazard(0.1, 0.9, 0.02, 0.0) == 0


def start(prestige: tuple[float, float, float] = (0.5, 0.5, 0.0), **only: float) -> Moment:
    """Two hundred of each kind in Borrun West of fifty worlds."""
    m = moment(50, **{**STILL, **only})
    m.world.prestige[:] = prestige
    m.world.infiltration[:] = m.world.splinter[:] = 0
    put(m, "militants", (...,), 0)
    for organisation, condition in KINDS:
        put(m, "militants", (slice(None), organisation, condition, BB2, BB), 200)
    return m


def stepped(m: Moment) -> dict[tuple[int, int], int]:
    """Change in each kind, all worlds together."""
    rivalry.step(m)
    m.world.check()
    return {kind: int(m.world.militants[:, kind[0], kind[1], BB2, BB].sum()) - 10_000 for kind in KINDS}


def expect(number: int, hazard: float) -> None:
    chance = 1 - np.exp(-hazard)
    assert near(number, 10_000 * chance, np.sqrt(10_000 * chance * (1 - chance)))


def test_nothing_happens_at_zero_rates() -> None:
    m = start((1.0, 0.0, 0.0))
    m.world.infiltration[:] = m.world.splinter[:] = 1
    assert not any(stepped(m).values())
    assert m.world.demobilised.sum() == 0


@pytest.mark.parametrize(("prestige", "frm", "to"), [((0.9, 0.4, 0.0), RIVAL, MOVEMENT),
                                                     ((0.4, 0.9, 0.0), MOVEMENT, RIVAL)])
def test_members_follow_prestige(prestige: tuple[float, float, float], frm: int, to: int) -> None:
    """Hazard 1 x (0.9 - 0.4 - 0.15); men of the older network in refuges are dug in."""
    m = start(prestige, rivalry__rate=1.0, rivalry__dug_in=0.4)
    change = stepped(m)
    for condition in (CELL, REFUGE):
        expect(change[to, condition], 0.35 * (0.4 if (frm, condition) == (RIVAL, REFUGE) else 1.0))
        assert change[frm, condition] == -change[to, condition]
    assert change[MASS, CELL] == change[MASS, REFUGE] == 0
    assert m.flows["switched"].sum() == change[to, CELL] + change[to, REFUGE]


def test_nobody_changes_for_less_than_loyalty_is_worth() -> None:
    assert not any(stepped(start((0.6, 0.5, 0.0), rivalry__rate=100.0)).values())


def test_infiltration_absorbs_activists() -> None:
    """0.5 x infiltration 0.4 x prestige 0.5."""
    m = start(rivalry__absorption=0.5)
    m.world.infiltration[:] = 0.4
    change = stepped(m)
    expect(change[MOVEMENT, CELL], 0.1)
    assert change[MASS, CELL] == -change[MOVEMENT, CELL]
    assert change[RIVAL, CELL] == 0


def test_the_older_network_comes_into_the_open_where_tolerated() -> None:
    """Tolerance 0.05 + 0.45, halved by a ban at half strength."""
    m = start(rivalry__open_work=0.4)
    turn(m, "tolerance_recruitment", 0.45)
    m.world.banned[:] = 0.5
    change = stepped(m)
    expect(change[MASS, CELL], 0.4 * 0.25)
    assert change[RIVAL, CELL] == -change[MASS, CELL]
    m = start(rivalry__open_work=0.4)
    m.world.banned[:] = 1
    assert not any(stepped(m).values())


def test_activists_lose_heart_sooner_once_banned() -> None:
    for banned, hazard in ((0.0, 0.1), (1.0, 0.4)):
        m = start(rivalry__disillusion=0.1)
        m.world.banned[:] = banned
        change = stepped(m)
        expect(-change[MASS, CELL], hazard)
        assert m.world.demobilised[:, BB].sum() == -change[MASS, CELL]
        assert change[MASS, REFUGE] == change[RIVAL, CELL] == 0


def test_cells_take_to_the_hills_under_pressure() -> None:
    """Rugged 0.35 x (0.2 + alert 0.8) x rate 1; the movement half as readily."""
    m = start(rivalry__refuge=1.0)
    m.world.alert[:] = 0.8
    change = stepped(m)
    expect(change[RIVAL, REFUGE], 0.35)
    expect(change[MOVEMENT, REFUGE], 0.175)
    assert change[RIVAL, CELL] == -change[RIVAL, REFUGE]
