"""Ground: attempts, the contest for what is held, and rule."""

from __future__ import annotations

import numpy as np
import pytest

from sim.moment import Moment
from sim.processes import ground
from sim.processes.ground import (
    LOST_TO_OFFENSIVE,
    LOST_TO_REVOLT,
    LOST_TO_RIVALS,
    LOST_TO_WEAKNESS,
    NOT_LOST,
    authorities,
    garrison,
    revolt_chance,
    unreconciled,
    vacuum,
    win_chance,
    within_reach,
)
from sim.world import CELL, GROUND, MOVEMENT, RIVAL
from tests.small import AA, AA1, AA3, BB, BB2, BB3, BB4, moment, put, turn

LANMERE, SHORE_REST = 7, 8  # localities of BB-3: 200,000 and 300,000 residents


def test_contest_success() -> None:
    assert win_chance(100.0, 100.0, 1.5) == pytest.approx(0.5)
    assert win_chance(200.0, 100.0, 1.0) == pytest.approx(2 / 3)
    assert win_chance(200.0, 100.0, 2.0) == pytest.approx(0.8)
    assert win_chance(0.0, 0.0, 1.5) == 0  # nobody wins with nobody
    assert win_chance(0.0, 10.0, 1.5) == 0
    assert win_chance(1.0, 0.0, 1.5) == 1


def test_vacuum_against_the_norm() -> None:
    """2.5 per 1,000 residents are the norm: 500 for 200,000."""
    assert vacuum(0.0, 200_000.0, 2.5) == 1
    assert vacuum(125.0, 200_000.0, 2.5) == pytest.approx(0.75)
    assert vacuum(500.0, 200_000.0, 2.5) == 0
    assert vacuum(900.0, 200_000.0, 2.5) == 0


def test_garrison_follows_residents() -> None:
    assert garrison(200_000.0, 1.2) == pytest.approx(240)
    assert garrison(0.0, 1.2) == 0


def test_revolt_is_against_harsh_rule() -> None:
    assert revolt_chance(0.5, 0.4, 0.8, 0.1) == pytest.approx(0.032)
    assert revolt_chance(0.0, 0.0, 1.0, 0.1) == 0
    assert revolt_chance(1.0, 0.0, 0.0, 0.1) == 0
    assert revolt_chance(1.0, 1.0, 1.0, 0.1) == pytest.approx(0.05)  # those who chose it revolt half as often


def test_neighbours_lend_fighters_unless_the_border_is_guarded() -> None:
    """Alvane March is 183 km from Borrun West; 0.4 of a hundred at exp(-183 / 200)."""
    m = moment()
    own = np.zeros((1, 7))
    own[0, BB2] = 100
    lent = 40 * np.exp(-183 / 200)
    assert within_reach(m, own)[0, AA3] == pytest.approx(lent)
    assert within_reach(m, own)[0, BB2] == 100
    assert within_reach(m, own)[0, BB4] == pytest.approx(40 * np.exp(-236 / 200))
    turn(m, "border_effort", 0.25, AA3)
    assert within_reach(m, own)[0, AA3] == pytest.approx(0.75 * lent)
    m.world.barrier[:, AA3] = 0.75
    assert within_reach(m, own)[0, AA3] == 0


def test_who_stands_in_the_way_by_hand() -> None:
    m = moment()
    w = m.world
    put(m, "militants", (...,), 0)
    w.presence[:], w.local_resist[:], w.capacity[:] = 0.5, 0.6, 0.5
    here, rescue = authorities(m)
    # State 0.5 x 0.5 x 12 per 1,000 x 200,000 x 0.25 on duty; local 3 per 1,000 x 0.5 x 0.6 x 0.6
    assert here[0, LANMERE] == pytest.approx(150 + 108)
    assert rescue[0, LANMERE] == pytest.approx(0.03 * 0.5 * 12 * 3100)
    w.fragmentation[:] = 0.5
    assert authorities(m)[1][0, LANMERE] == pytest.approx(0.25 * 0.03 * 0.5 * 12 * 3100)
    put(m, "militants", (0, RIVAL, CELL, BB3, BB), 100)
    w.resist[:], w.infiltration[:] = 0.5, 0.2
    assert authorities(m)[0][0, LANMERE] == pytest.approx(150 + 108 * 0.8 + 100 * 0.8 * 0.5 * 0.4)


def collapsed(worlds: int = 40, fighters: int = 2000, **parameters: float) -> Moment:
    """Borrun without a state, two thousand of the movement in Borrun Shore, and the ambition to rule."""
    m = moment(worlds, **parameters)
    w = m.world
    put(m, "militants", (...,), 0)
    put(m, "militants", (slice(None), MOVEMENT, CELL, BB3, BB), fighters)
    w.presence[:], w.capacity[:], w.local_resist[:], w.expansion[:] = 0.0, 0.0, 0.0, 1.0
    return m


def test_a_vacuum_is_entered() -> None:
    m = collapsed(ground__attempt=1e6)
    ground.step(m)
    tries = m.flows["attempts"]
    assert (tries[:, BB3] == 1).all()  # one place a month
    held = m.world.control[:, m.geography.region_of == BB3]
    assert set(held.max(axis=1)) == {0.0 + held.max()}
    assert held.max() >= 0.25
    assert (m.world.militants[:, MOVEMENT, CELL, BB3] == 0).all()  # they come into the open
    assert (m.world.militants[:, MOVEMENT, GROUND, BB3, BB] == 2000).all()
    m.world.check()


@pytest.mark.parametrize("stop", ["ambition", "garrison", "state"])
def test_no_attempt(stop: str) -> None:
    m = collapsed(fighters=200 if stop == "garrison" else 2000, ground__attempt=1e6, ground__on_duty=4.0)
    if stop == "ambition":
        m.world.expansion[:] = 0
    if stop == "state":
        m.world.presence[:] = m.world.capacity[:] = m.world.local_resist[:] = 1
    ground.step(m)
    assert m.flows.get("attempts", np.zeros(1)).sum() == 0
    assert (m.world.control == 0).all()


def test_failure_costs_men_and_teaches() -> None:
    m = collapsed(ground__attempt=1e6, ground__reinforcement=1e9, ground__foresight=0.0, ground__open_base=0.0,
                  ground__orphaned=0.0, ground__cleavage=0.0, ground__infiltrated=0.0)
    m.world.capacity[:] = 1.0  # unseen, help comes at once
    ground.step(m)
    assert (m.flows["attempts_failed"] == m.flows["attempts"]).all()
    assert (m.flows["attempts_failed"][:, BB3] == 1).all()
    assert (m.world.control == 0).all()
    assert (m.flows["deaths_militants"][:, BB3] == 90).all()  # 0.6 of the 150 who raid
    assert m.world.setbacks[:, BB] == pytest.approx(1 - np.exp(-0.5 * m.flows["attempts"][:, 3:].sum(axis=1)))
    assert (m.world.learning[:, BB] > 0).all()
    assert (m.world.setbacks[:, AA] == 0).all()


def raid(men: dict[tuple[int, int], int], closed: bool = False, worlds: int = 20) -> Moment:
    """A raid on Borrun Shore that must fail; men by (region, condition); 0.6 of the 150 who are sent are lost."""
    m = collapsed(worlds, 0, ground__attempt=1e6, ground__reinforcement=1e9, ground__foresight=0.0,
                  ground__open_base=0.0, ground__orphaned=0.0, ground__cleavage=0.0, ground__infiltrated=0.0,
                  ground__garrison=1e-9)
    m.world.capacity[:] = 1.0
    for (region, condition), number in men.items():
        put(m, "militants", (slice(None), MOVEMENT, condition, region, BB), number)
    if closed:
        m.world.barrier[:, AA3] = 1.0
    return m


def fallen(m: Moment) -> dict[int, int]:
    """Killed in the raids on AA-3, BB-3 and the others, by region of origin, in the first world."""
    ground.step(m)
    m.world.check()
    assert (m.world.dead.sum(axis=1) == m.flows["deaths_militants"].sum(axis=1)).all()
    return {region: int(n) for region, n in enumerate(m.flows["deaths_militants"][0]) if n}


def lost_in(m: Moment, region: int, number: int) -> np.ndarray:
    """As a failed attempt on one region: attackers killed, (W, R)."""
    lost = np.zeros((m.world.n, 7), dtype=np.int64)
    lost[:, region] = number
    luck = np.full((m.world.n, 7), 0.5)
    return ground._lose(m, lost, luck, luck)


def test_a_raid_costs_those_on_the_spot_first_then_the_lender() -> None:
    m = raid({(BB3, CELL): 30, (BB3, GROUND): 20, (BB2, GROUND): 25, (BB2, CELL): 100, (BB4, CELL): 60})
    killed = lost_in(m, BB3, 90)
    assert (killed[:, BB3] == 50).all()
    assert (killed[:, BB2] == 40).all()
    assert killed.sum() == 20 * 90
    w = m.world
    assert (w.present(MOVEMENT, GROUND)[:, BB2] == 0).all()  # men of the ground force go on raids first
    assert (w.present(MOVEMENT, CELL)[:, BB2] == 85).all()
    assert (w.dead[:, BB] == 90).all()
    w.check()


def test_no_more_fall_than_there_are() -> None:
    m = raid({(BB3, CELL): 30, (BB2, CELL): 10})
    killed = lost_in(m, BB3, 90)
    assert (killed[:, [BB2, BB3]] == [10, 30]).all()
    assert killed.sum() == 20 * 40
    m.world.check()


def test_nobody_falls_who_could_not_come() -> None:
    """Alvane March is raided from Borrun West; once its border is closed, from Alvane Centre."""
    for closed, lender in ((False, BB2), (True, AA1)):
        m = raid({(BB2, CELL): 1000, (AA1, CELL): 200}, closed)
        killed = lost_in(m, AA3, 90)
        assert (killed[:, lender] == 90).all()
        assert killed.sum() == 20 * 90


def test_failed_raids_are_paid_for_in_full() -> None:
    """From Borrun West alone everybody around is raided; each failure costs its share of men."""
    m = raid({(BB2, CELL): 4000})
    killed = fallen(m)
    assert set(killed) == {BB2}
    assert killed[BB2] <= 0.6 * 150 * m.flows["attempts_failed"][0].sum() + 1
    assert killed[BB2] >= 90  # its own attempt


def ruling(control: float = 0.3, men: int = 4000, worlds: int = 1, **parameters: float) -> Moment:
    """The movement holds Lanmere and nobody opposes it."""
    m = collapsed(worlds, 0, **{"ground__attempt": 0.0, "ground__revolt": 0.0, **parameters})
    put(m, "militants", (slice(None), MOVEMENT, GROUND, BB3, BB), men)
    m.world.control[:, LANMERE] = control
    return m


def test_control_grows_unopposed() -> None:
    """0.12 a month when nobody stands against it."""
    m = ruling()
    ground.step(m)
    assert m.world.control[0, LANMERE] == pytest.approx(0.42)
    assert m.world.control.sum() == pytest.approx(0.42)  # and nowhere else
    assert (m.world.held[0, LANMERE], m.world.held.sum()) == (1, 1)
    for _ in range(10):
        ground.step(m)
    assert m.world.control[0, LANMERE] == 1


def test_control_crumbles_without_a_garrison() -> None:
    """0.15 a month: 0.3, 0.15, and lost below 0.1."""
    m = ruling(men=0)
    ground.step(m)
    assert m.world.control[0, LANMERE] == pytest.approx(0.15)
    assert m.world.held[0, LANMERE] == 0  # no longer contested
    assert m.world.loss_cause[0, LANMERE] == NOT_LOST
    ground.step(m)
    assert m.world.control[0, LANMERE] == 0
    assert m.world.loss_cause[0, LANMERE] == LOST_TO_WEAKNESS
    ground.step(m)
    assert m.world.loss_cause[0, LANMERE] == NOT_LOST


def test_control_shrinks_against_the_stronger() -> None:
    """At equal strength it stands still; against many it loses up to 0.12 a month."""
    m = ruling(men=2000)
    put(m, "militants", (0, RIVAL, CELL, BB3, BB), 1_000_000)
    m.world.resist[:] = 1.0
    ground.step(m)
    assert m.world.control[0, LANMERE] == pytest.approx(0.18, abs=1e-3)
    ground.step(m)
    assert m.world.loss_cause[0, LANMERE] == LOST_TO_RIVALS


def test_an_offensive_takes_control_back() -> None:
    """Overwhelming force: 0.12 gained from rivals' absence less the siege's 0.22 a month."""
    m = ruling()
    m.world.offensive[0, BB3] = 1e12
    ground.step(m)
    assert m.world.control[0, LANMERE] == pytest.approx(0.2)
    ground.step(m)
    m.world.offensive[0, BB3] = 1e12
    ground.step(m)
    assert m.world.loss_cause[0, LANMERE] == LOST_TO_OFFENSIVE or m.world.control[0, LANMERE] == pytest.approx(0.1)


def test_rule_hardens_with_foreign_cadres() -> None:
    """0.08 x 0.3 a month where all are local, 0.08 x 1.3 where none is, and not before rule is firm."""
    for origin, control, harsh in ((BB, 0.9, 0.024), (2, 0.9, 0.104), (2, 0.3, 0.0)):
        m = ruling(control, 0)
        put(m, "militants", (0, MOVEMENT, GROUND, BB3, origin), 4000)
        ground.step(m)
        assert m.world.harshness[0, LANMERE] == pytest.approx(harsh)


def test_a_revolt_ends_rule_or_is_crushed() -> None:
    for men, over in ((1500, True), (10**5, False)):
        m = ruling(1.0, men, ground__revolt=1e9, ground__decisiveness=50.0)
        m.world.harshness[0, LANMERE] = 1.0
        ground.step(m)
        assert m.flows["revolts"][0, BB3] == 1
        assert (m.world.control[0, LANMERE] == 0) == over
        assert (m.world.loss_cause[0, LANMERE] == LOST_TO_REVOLT) == over


def test_a_revolt_that_gets_help_wins_where_it_would_be_crushed() -> None:
    """Fighters (half of the members, four in ten of them in Lanmere) half as many again as 3 rebels to the thousand."""
    outcomes = []
    for help_ in (0.0, 1.0):
        men = int(1.5 * 3 * collapsed().geography.l["residents"][LANMERE] / 1000 / (0.5 * 0.4))
        m = ruling(1.0, men, ground__revolt=1e9, ground__decisiveness=50.0, ground__uprising_help=1.0)
        m.world.harshness[0, LANMERE] = 1.0
        turn(m, "uprising_help", help_)
        ground.step(m)
        outcomes.append(m.world.control[0, LANMERE] > 0)
    assert outcomes == [True, False]


@pytest.mark.parametrize(("dial", "left"), [("inclusion", 0.6), ("stabilisation", 0.6)])
def test_loyalties_are_won_back_by_being_heard_and_by_rebuilding(dial: str, left: float) -> None:
    m = collapsed()
    turn(m, dial, 0.4)
    assert unreconciled(m) == pytest.approx(np.full((1, 7), left))
    turn(m, dial, 9.0)
    assert (unreconciled(m) == 0).all()


def test_what_is_won_back_is_no_prospect() -> None:
    plain, heard = collapsed(), collapsed()
    turn(heard, "inclusion", 1.0)
    ground.step(plain)
    ground.step(heard)
    assert heard.world.prospect[0, BB3] < plain.world.prospect[0, BB3]


def test_locals_bleed_the_movement_they_resist() -> None:
    m = ruling()
    ground.step(m)
    assert m.world.dead.sum() == 0
    put(m, "militants", (0, RIVAL, CELL, BB3, BB), 1000)
    m.world.resist[:] = 1.0
    ground.step(m)
    assert m.world.dead[0, BB] > 0
    m.world.check()


def test_memory_of_harsh_rule_does_not_depend_on_other_worlds() -> None:
    """World 0 has lost all; world 1 is ruled or not."""
    harsh = []
    for other in (0.0, 0.9):
        m = moment(2)
        m.world.expansion[:] = 0
        m.world.harshness[0, LANMERE] = 0.5
        m.world.control[1, LANMERE] = other
        ground.step(m)
        harsh.append(m.world.harshness[0, LANMERE])
    assert harsh[0] == harsh[1]


def test_what_is_held_already_is_not_attempted_again() -> None:
    m = ruling(0.3, 4000, worlds=40, ground__attempt=1e6)
    ground.step(m)
    tried = m.flows["attempts"][:, BB3]
    assert ((m.world.control[:, SHORE_REST] > 0) == (tried > 0)).all()
