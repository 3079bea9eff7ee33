"""Recruiters one by one, and what their organisations decide."""

from __future__ import annotations

import numpy as np
import pytest

from sim.agents.recruiters import conduct_recruiters, expected_new, move_chance, worth
from sim.moment import Moment
from sim.world import ACTIVE, CELL, EMPTY, GROUND, HIDDEN, LOW, MASS, MOVEMENT, RIVAL
from tests.small import AA, AA1, AA2, AA3, BB, BB1, BB2, BB3, BB4, model, moment, near, put, turn

STILL = {"recruiter__mobility": 0.0, "recruiter__low": 0.0, "recruiter__switch": 0.0, "recruiter__from_returnees": 0.0,
         "recruiter__from_cells": 0.0, "recruiter__from_released": 0.0, "recruiter__open_work": 0.0}


def test_worth_of_a_region() -> None:
    assert worth(np.e - 1, 0.2, 0.05, 6.0) == pytest.approx(0.3 + 0.2 - 0.3)
    assert worth(0.0, 0.0, 0.0, 6.0) == 0


def test_moving_needs_a_gain() -> None:
    assert move_chance(0.0, 0.08) == pytest.approx(0.04)
    assert move_chance(100.0, 0.08) == pytest.approx(0.08)
    assert move_chance(-100.0, 0.08) == pytest.approx(0)
    assert (np.diff(move_chance(np.linspace(-1, 1, 9), 0.08)) > 0).all()


def one_each(worlds: int = 200, organisation: int = RIVAL, region: int = BB2, **only: float) -> Moment:
    """One active recruiter in every world, and no sympathisers, danger or militants anywhere."""
    m = moment(worlds, **{**STILL, **only})
    w = m.world
    put(m, "militants", (...,), 0)
    w.recruiter_status[:] = EMPTY
    w.recruiter_status[:, 0], w.recruiter_org[:, 0], w.recruiter_place[:, 0] = ACTIVE, organisation, region
    w.recruiter_skill[:, 0] = 0.5
    w.presence[:], w.readiness[:] = 0.0, 0.0
    return m


def share(found: np.ndarray, chance: float) -> bool:
    return near(found.sum(), found.size * chance, np.sqrt(found.size * chance * (1 - chance)))


def test_recruiters_move_towards_worth() -> None:
    """Borrun Sands has two neighbours; Borrun Shore is worth a move, Borrun West far from it."""
    m = one_each(region=BB4, recruiter__mobility=1.0)
    m.world.readiness[:, BB3] = 20.0
    m.world.readiness[:, BB2] = -20.0
    conduct_recruiters(m)
    place = m.world.recruiter_place[:, 0]
    assert set(place) == {BB3, BB4}
    assert share(place == BB3, 0.5)  # who looked west stays
    m.month += 1
    conduct_recruiters(m)
    assert share(m.world.recruiter_place[:, 0] == BB3, 0.75)


def test_borders_hold_recruiters_back() -> None:
    """Alvane March has three neighbours, one of them across the border: cost 0.5 x (1 + guard)."""
    for guard, gain in ((0.0, -0.5), (1.0, -1.0)):
        m = one_each(2000, region=AA3, recruiter__mobility=1.0)
        turn(m, "border_effort", guard, BB2)
        conduct_recruiters(m)
        place = m.world.recruiter_place[:, 0]
        assert share(place == BB2, 1 / 3 / (1 + np.exp(-4 * gain)))
        assert share(place == AA1, 1 / 6)
        assert share(place == AA2, 1 / 6)


def test_an_arrested_or_absent_recruiter_does_nothing() -> None:
    for status in (EMPTY, 3):
        m = one_each(organisation=MASS, recruiter__mobility=1.0, recruiter__switch=10.0, recruiter__open_work=1.0)
        m.world.recruiter_status[:, 0] = status
        m.world.readiness[:, [BB1, BB3, BB4, AA3]] = 100
        conduct_recruiters(m)
        assert (m.world.recruiter_place[:, 0] == BB2).all()
        assert (m.world.recruiter_org[:, 0] == MASS).all()
        assert (m.world.recruiter_status[:, 0] == status).all()


def test_they_lie_low_under_pressure_and_return() -> None:
    m = one_each(recruiter__low=1e9)
    m.world.presence[:] = 1
    conduct_recruiters(m)
    assert (m.world.recruiter_status[:, 0] == LOW).all()
    assert m.world.recruiter_skill[0, 0] == pytest.approx(0.5 + 0.04 * 0.5)  # of the month before
    m.world.presence[:] = 0
    conduct_recruiters(m)
    assert (m.world.recruiter_status[:, 0] == ACTIVE).all()
    assert m.world.recruiter_skill[0, 0] == pytest.approx(0.52)


@pytest.mark.parametrize(("movement", "rival", "before", "after"), [
    (0.9, 0.4, RIVAL, MOVEMENT), (0.4, 0.9, MOVEMENT, RIVAL), (0.5, 0.4, RIVAL, RIVAL), (0.4, 0.5, MOVEMENT, MOVEMENT),
    (0.9, 0.4, MASS, MASS)])
def test_allegiance_follows_prestige_beyond_loyalty(movement: float, rival: float, before: int, after: int) -> None:
    """Loyalty is worth 0.15."""
    m = one_each(organisation=before, recruiter__switch=1e9)
    m.world.prestige[:, :2], m.world.money[:, :2] = (movement, rival), 0.3
    conduct_recruiters(m)
    assert (m.world.recruiter_org[:, 0] == after).all()


def test_money_counts_three_tenths_and_switching_takes_time() -> None:
    """0.3 x money 0.8 = 0.24 of a lead: a hazard of 5 x 0.24 a month."""
    m = one_each(2000, recruiter__switch=5.0)
    m.world.prestige[:], m.world.money[:, :2] = 0.5, (1.0, 0.2)
    conduct_recruiters(m)
    assert share(m.world.recruiter_org[:, 0] == MOVEMENT, 1 - np.exp(-1.2))


def test_men_of_the_older_network_preach_where_they_may() -> None:
    """A tenth a month at full tolerance; back underground once banned, with the brand that stands higher."""
    m = one_each(2000, recruiter__open_work=0.1)
    turn(m, "tolerance_recruitment", 1.0)
    m.world.prestige[:, :2], m.world.money[:, :2] = (0.5, 0.4), 0.3
    conduct_recruiters(m)
    assert share(m.world.recruiter_org[:, 0] == MASS, 0.1)
    m = one_each(2000, organisation=MASS, recruiter__open_work=0.1)
    m.world.banned[:] = 1
    m.world.prestige[:, :2] = (0.5, 0.4)
    conduct_recruiters(m)
    assert share(m.world.recruiter_org[:, 0] == MOVEMENT, 0.1)
    assert (m.world.recruiter_org[:, 0] != RIVAL).all()


def test_new_recruiters_come_from_returnees_cells_and_prison() -> None:
    m = moment()
    put(m, "militants", (...,), 0)
    assert (expected_new(m) == 0).all()
    put(m, "militants", (0, MOVEMENT, HIDDEN, BB2, BB), 10)
    put(m, "militants", (0, RIVAL, CELL, BB2, BB), 100)
    put(m, "militants", (0, MASS, CELL, BB2, BB), 100)
    m.world.released[0, BB2] = 4
    assert expected_new(m)[0, BB2] == pytest.approx(0.02 * 10 + 0.004 * 120 + 0.05 * 4)
    assert expected_new(m).sum() == expected_new(m)[0, BB2]


def test_new_recruiters_belong_to_those_who_are_there() -> None:
    m = one_each(recruiter__from_cells=1e6)
    m.world.recruiter_status[:] = EMPTY
    put(m, "militants", (slice(None), MOVEMENT, CELL, BB2, BB), 50)
    put(m, "militants", (slice(None), RIVAL, CELL, AA1, AA), 50)
    conduct_recruiters(m)
    w = m.world
    for region in range(7):
        own = w.recruiter_status[:, w.slot_region == region]
        assert (own == (ACTIVE if region in (BB2, AA1) else EMPTY)).all()
    assert (w.recruiter_org[:, w.slot_region == BB2] == MOVEMENT).all()
    assert (w.recruiter_org[:, w.slot_region == AA1] == RIVAL).all()
    assert (w.recruiter_skill[w.recruiter_status == ACTIVE] == 0.3).all()


def test_first_recruiters_follow_one_rule_for_all_regions() -> None:
    """Slot by slot 1 - exp(-expected / slots), expected = 0.25 x (veterans + 0.3 prisoners + 0.3 rivals)."""
    m = moment(1000)
    w, g = m.world, m.geography
    for region in range(7):
        slots = w.slot_region == region
        expected = 0.25 * (g.r["veterans"] + 0.3 * g.r["prison_network"] + 0.3 * g.r["rival_start"])[region]
        assert share(w.recruiter_status[:, slots] == ACTIVE, 1 - np.exp(-expected / slots.sum()))
        assert (w.recruiter_place[:, slots] == region).all()
    first = w.recruiter_status == ACTIVE
    assert (w.recruiter_org[first] == RIVAL).all()  # no mass movement here at the start
    assert ((w.recruiter_skill[first] >= 0.3) & (w.recruiter_skill[first] <= 0.65)).all()
    assert (w.recruiter_skill[~first] == 0).all()


def test_no_veterans_no_recruiters() -> None:
    m = moment(50, recruiter__per_veteran=0.0)
    assert (m.world.recruiter_status == EMPTY).all()


def organisation(kind: str, **parameters: float) -> tuple[object, Moment]:
    made = model(**parameters)
    m = made.moment()
    put(m, "militants", (...,), 0)
    return next(o for o in made.organisations if o.kind == kind), m


def test_the_movement_infiltrates_where_it_outshines_and_the_state_is_absent() -> None:
    """Rate 0.15 x lead 0.4 x 100 of 100 + 50 + 50 x (1 - presence); of what is won a hundredth is forgotten."""
    movement, m = organisation("movement")
    put(m, "militants", (0, MOVEMENT, GROUND, BB2, BB), 100)
    put(m, "militants", (0, MASS, CELL, BB2, BB), 50)
    m.world.prestige[:, :2], m.world.presence[:] = (0.8, 0.4), 0.25
    movement.decide(m)
    assert m.world.infiltration[0, BB2] == pytest.approx(-np.expm1(-0.15 * 0.4 * 0.5 * 0.75) * 0.99)
    assert m.world.infiltration.sum() == m.world.infiltration[0, BB2]
    m.world.infiltration[:] = 0
    m.world.prestige[:, :2] = (0.4, 0.8)
    movement.decide(m)
    assert (m.world.infiltration == 0).all()


def test_rivals_resist_where_pressed_and_less_where_infiltrated() -> None:
    """Resolve 0.5, half of what presses, less half of the infiltration."""
    rival, m = organisation("rival")
    put(m, "militants", (0, MOVEMENT, CELL, BB2, BB), 100)
    m.world.infiltration[:, BB3] = 0.6
    rival.decide(m)
    assert m.world.resist[0, [BB1, BB2, BB3]] == pytest.approx([0.5, 0.75, 0.2])


def test_a_ban_splinters_the_mass_movement() -> None:
    """Towards the fringe 0.04, or 0.34 under a ban, by a tenth a month."""
    mass, m = organisation("mass")
    m.world.banned[:, BB] = 1
    mass.decide(m)
    assert m.world.splinter[0] == pytest.approx([0.004, 0.034])


def test_brokers_follow_demand_and_routes() -> None:
    brokers, m = organisation("brokers")
    brokers.decide(m)
    assert (m.world.brokers == 0).all()
    m.world.gone_last[:, BB2] = 6.2  # two per million: half of full trade
    brokers.decide(m)
    smuggling = 0.15 * 16 / 31 + 0.4 * 8 / 31 + 0.15 * 5 / 31 + 0.5 * 2 / 31
    assert m.world.brokers[0] == pytest.approx([0, 0.1 * 0.5 * 2 * smuggling])
    m.world.brokers[:] = 0
    turn(m, "brokers", 0.0)
    brokers.decide(m)
    assert (m.world.brokers == 0).all()


def test_quietists_stand_where_teaching_is_free() -> None:
    """0.3 + half of pluralism 0.45 and 0.15; half of the regulation costs them where injustice is one half or more."""
    quietists, m = organisation("quietist")
    quietists.decide(m)
    assert m.world.quietists[0] == pytest.approx([0.05 * 0.525, 0.05 * 0.375])
    m.world.quietists[:] = 0
    turn(m, "regulation", 0.4)
    m.world.injustice[:] = 0.25
    m.world.injustice[:, m.geography.country_of == BB] = 0.8
    quietists.decide(m)
    assert m.world.quietists[0] == pytest.approx([0.05 * (0.3 + 0.5 * (0.45 - 0.1)), 0.05 * 0.3])


def test_trust_in_religious_teaching_is_lost_slowly() -> None:
    """From pluralism 0.45 and 0.15 towards what regulation of 0.4 leaves where the state is held to be unjust."""
    quietists, m = organisation("quietist")
    assert m.world.trust[0] == pytest.approx([0.45, 0.15])
    turn(m, "regulation", 0.4)
    m.world.injustice[:] = 1.0
    quietists.decide(m)
    assert m.world.trust[0] == pytest.approx([0.45 - 0.05 * 0.2, 0.15 - 0.05 * 0.15])


def test_integrated_groups_are_not_infiltrated() -> None:
    movement, m = organisation("movement")
    put(m, "militants", (slice(None), MOVEMENT, CELL, BB2, BB), 200)
    m.world.prestige[:, 0] = 0.9
    turn(m, "integration", 0.5, BB)
    twin = organisation("movement")[1]
    put(twin, "militants", (slice(None), MOVEMENT, CELL, BB2, BB), 200)
    twin.world.prestige[:, 0] = 0.9
    movement.decide(m)
    movement.decide(twin)
    less, more = m.world.infiltration[0, BB2], twin.world.infiltration[0, BB2]
    assert 0.4 * more < less < 0.6 * more
