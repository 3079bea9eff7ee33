"""Camps: when they march, and whom they drive into the movement's arms."""

from __future__ import annotations

import numpy as np
import pytest

from sim.engine.deciders import camps
from sim.engine.deciders.camps import nearness
from sim.engine.enums import GROUND, MOVEMENT, MOVEMENT_BRAND
from sim.engine.rules import capacity
from tests.engine.kit import (
    AA3,
    ALL,
    BB,
    BB1,
    BB2,
    BB3,
    LANMERE,
    Small,
    ask,
    batch,
    formula,
    freeze,
    put,
    turn,
)

NAMES = ("Alvane (state)", "Borrun (state)", "Northern camp", "Southern camp")
ALVANE, STATE, NORTH, SOUTH = range(4)


def decide(b: Small, a: int) -> None:
    camps.step(b, rows=(a, a + 1))


def test_the_camps_are_those_of_the_geography() -> None:
    b = batch()
    assert tuple(one["name"] for one in b.geography.authorities) == NAMES
    assert b.camps.is_state[0].tolist() == [1, 1, 0, 0]
    assert b.place.camp_seat[NORTH].tolist() == [0, 0, 0, 1, 0, 0, 0]
    assert (b.place.camp_km[NORTH, :3] < 0).all()
    assert b.place.camp_km[NORTH, 3:] == pytest.approx(b.geography.distance[BB1, 3:])


def test_the_army_of_a_state_without_any_capacity_is_no_force() -> None:
    b = batch()
    b.place.states.capacity[:] = b.states.capacity[:] = 0.0
    found = [ask(b, camps.strength, a) for a in (ALVANE, NORTH)]
    assert found[0] == 0
    assert found[1] > 0  # a rival camp needs no state


def test_nearness_ends_at_the_border() -> None:
    near_to = formula(nearness)
    assert near_to(0.0, 200.0) == 1
    assert near_to(200.0, 200.0) == pytest.approx(np.exp(-1))
    assert near_to(-1.0, 200.0) == 0


def camp(a: int, *, threat: float = 1.0, split: float = 0.8, garrison: int = 1000, support: float = 0.0,
         joint: float = 0.0, frozen: float | None = None, **parameters: float) -> tuple[float, Small]:
    """Forces that a camp of Borrun sends against Borrun Shore."""
    b = batch(**{"camp__rise": 0.0, **parameters})
    b.localities.control[:, LANMERE] = 0.9
    b.regions.ruled[:, BB3] = 0.36
    b.states.fragmentation[:, BB], b.states.capacity[:] = split, 0.6
    b.camps.threat[:, a] = threat / 0.9 if threat else 0.0
    put(b, "militants", (ALL, MOVEMENT), 0)
    put(b, "militants", (ALL, MOVEMENT, GROUND, BB3, BB), garrison)
    turn(b, "unified_support", support)
    turn(b, "joint_action", joint)
    if frozen is not None:
        freeze(b, "camp.offensive", frozen)
    decide(b, a)
    b.check()
    return float(b.regions.offensive[0, BB3]), b


def test_the_state_commits_where_threat_ability_and_support_meet() -> None:
    """37,000 x cohesion 0.9 x (1 + 0.5 x 0) x attention 1 x 0.5, built up by half a month."""
    sent, b = camp(STATE, split=0.0)
    assert sent == pytest.approx(37_000 * 0.9 * 0.5 * 0.5)
    assert b.regions.offensive.sum() == sent
    decide(b, STATE)
    assert b.regions.offensive.sum() == pytest.approx(2 * sent)  # and no more
    decide(b, STATE)
    assert b.regions.offensive.sum() == pytest.approx(2 * sent)


@pytest.mark.parametrize(("why", "change"), [
    ("threat", {"threat": 0.0}), ("ability", {"garrison": 100_000}), ("rival", {"camp__rival_bias": 100.0}),
    ("support", {"camp__support_needed": 0.9}), ("unity", {"split": 1.0}), ("placebo", {"frozen": 0.0}),
])
def test_the_state_stays_at_home(why: str, change: dict[str, float]) -> None:
    assert camp(STATE, **{"split": 0.3, **change})[0] == 0
    assert camp(STATE, split=0.3)[0] > 0


def test_an_army_is_worth_what_its_state_is() -> None:
    """Half of the state's capacity, half of the force; outside backing adds to it."""
    full, _ = camp(STATE, split=0.0)
    b = batch(camp__rise=0.0, camp__backing_gain=0.5)
    b.regions.ruled[:, BB3], b.camps.threat[:] = 0.36, 1.0
    b.states.capacity[:] = 0.5 * b.geography.y["capacity"]
    decide(b, STATE)
    half = float(b.regions.offensive[0, BB3])
    assert half == pytest.approx(full * 0.5 * b.geography.y["capacity"][BB] / 0.6)
    b.regions.offensive[:] = 0
    turn(b, "outside_support", 0.4)
    turn(b, "patron_backing", 0.2)
    decide(b, STATE)
    assert b.regions.offensive[0, BB3] == pytest.approx(1.3 * half)


def test_nobody_marches_against_nothing() -> None:
    b = batch()
    b.camps.threat[:] = 5.0
    camps.step(b)
    assert (b.regions.offensive == 0).all()


def test_nobody_marches_across_the_border() -> None:
    b = batch()
    b.camps.threat[:] = 5.0
    b.states.capacity[:] = 1.0
    b.regions.ruled[:, BB3] = 1.0
    decide(b, ALVANE)
    assert (b.regions.offensive == 0).all()


def test_camps_act_for_themselves_only_once_the_country_is_split() -> None:
    assert camp(NORTH, split=0.0)[0] == 0
    assert camp(NORTH, split=0.6, garrison=100)[0] > 0


def test_recognised_unity_turns_camps_to_the_movement() -> None:
    """Many watch the rival at split 0.7; fewer do under a recognised government."""
    alone, together = (camp(NORTH, split=0.7, garrison=100, support=s)[0] for s in (0.0, 1.0))
    assert together > alone > 0


def test_camps_that_act_together_march_although_split() -> None:
    """They forget their rivalry, and need no recognised government."""
    alone = {"split": 0.8, "garrison": 100, "camp__support_needed": 0.7}
    assert camp(NORTH, **alone)[0] == 0
    assert camp(NORTH, joint=0.8, **alone)[0] > 0


def test_a_camp_sees_blows_at_its_seat_and_ground_lost_near_by() -> None:
    """Residents ruled by the hundred thousand, fading with distance; it rises and relaxes at its own paces."""
    b = batch(camp__see_attacks=0.1, camp__see_ground=0.4, camp__seat_km=200.0, camp__rise=0.5, camp__relax=0.25)
    b.regions.blows[:, BB1], b.regions.blows[:, BB2] = 3, 50
    b.localities.control[:, LANMERE] = 0.5
    capacity.step(b)  # 100,000 ruled
    decide(b, NORTH)
    near_by = np.exp(-b.geography.distance[BB1, BB3] / 200)
    assert b.camps.threat[0, NORTH] == pytest.approx(0.5 * (0.3 + 0.4 * near_by))
    assert b.camps.threat[0, SOUTH] == 0
    before = float(b.camps.threat[0, NORTH])
    b.regions.blows[:] = b.regions.ruled[:] = 0.0
    decide(b, NORTH)
    assert b.camps.threat[0, NORTH] == pytest.approx(0.75 * before)


def branding(dial: str | None = None, amount: float = 1.0, a: int = NORTH) -> Small:
    b = batch()
    b.states.fragmentation[:, BB], b.brands.prestige[:, MOVEMENT_BRAND] = 0.8, 0.5
    if dial:
        turn(b, dial, amount)
    decide(b, a)
    return b


@pytest.mark.parametrize(("dial", "amount", "left"), [
    ("branding", 3.0, 3.0), ("branding", 0.2, 0.2), ("integration", 0.7, 0.3), ("integration", 5.0, 0.0),
    ("brutality", 0.5, 0.5)])
def test_branding_may_be_stronger_or_give_way_to_integration(dial: str, amount: float, left: float) -> None:
    assert branding(dial, amount).regions.infiltration[0, BB1] == pytest.approx(left * 0.05 * 0.8 * 0.75 * 0.5)


def test_a_camp_that_brands_all_opponents_pushes_them_to_the_movement() -> None:
    """Branding 0.05 x split 0.8 x brutality 0.75 x prestige, in its own seat."""
    b = branding()
    assert b.regions.infiltration[0, BB1] == pytest.approx(0.05 * 0.8 * 0.75 * 0.5)
    assert 0 < b.regions.infiltration[0, BB2] < b.regions.infiltration[0, BB1]
    assert b.regions.infiltration[0, AA3] == 0


def test_the_army_of_a_state_brands_nobody() -> None:
    assert (branding(a=STATE).regions.infiltration == 0).all()
