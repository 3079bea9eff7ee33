"""The state: only allowed moves, exact transfers, balanced books."""

from __future__ import annotations

import time

import numpy as np
import pytest

from sim.calendar import Month
from sim.inputs.scenario import Scenario
from sim.recruitment_model import RecruitmentModel
from sim.runs.scenarios import load_scenario
from sim.world import (
    ALLOWED,
    CELL,
    CLASS_SHARES,
    GROUND,
    HIDDEN,
    MASS,
    MOVEMENT,
    PRISON,
    REFUGE,
    RIVAL,
    STOCKS,
    BooksError,
    class_multipliers,
    largest_remainder,
    regional_mean,
    regional_sum,
)
from tests.small import AA, AA1, AA2, BB, BB2, BB3, moment, put


def test_only_allowed_pairs_move() -> None:
    w = moment().world
    none = np.zeros_like(w.uninvolved)
    for source in STOCKS:
        for target in STOCKS:
            if (source, target) not in ALLOWED:
                with pytest.raises(BooksError, match=f"nobody may move from {source} to {target}"):
                    w.move(source, target, none)


def test_nobody_comes_back_from_the_dead_or_becomes_a_militant_at_once() -> None:
    assert not [pair for pair in ALLOWED if pair[0] in ("dead", "migrated", "elsewhere", "demobilised")]
    assert ("uninvolved", "militants") not in ALLOWED


def test_moves_that_do_not_add_up_are_refused() -> None:
    w = moment().world
    one = np.zeros_like(w.uninvolved)
    one[0, AA1, 0] = 1
    with pytest.raises(BooksError, match="a negative number of people"):
        w.move("uninvolved", "sympathisers", -one)
    with pytest.raises(BooksError, match="more people leave than are there"):
        w.move("sympathisers", "uninvolved", one)
    with pytest.raises(BooksError, match="1 left and 2 arrived"):
        w.move("uninvolved", "sympathisers", one, into=2 * one)
    w.check()
    assert w.sympathisers.sum() == 0


def test_people_may_not_pass_from_one_world_to_another() -> None:
    """The totals agree and the worlds do not, in whatever way worlds are picked."""
    w = moment(3).world
    whole = np.zeros_like(w.uninvolved)
    whole[0, AA1, 0] = 2
    other = np.roll(whole, 1, axis=0)
    cases = [
        (whole, other, (), ()),
        (whole[:, AA1], other[:, AA1], (slice(None), AA1), (slice(None), AA1)),
        (whole[0, AA1], whole[0, AA1], (0, AA1), (1, AA1)),
        (np.array([2, 0]), np.array([2, 0]), (np.array([0, 1]), AA1, 0), (np.array([1, 0]), AA1, 0)),
        (np.array([2, 0]), whole[:, AA1, 0][::-1].copy(), (np.array([0, 1]), AA1, 0), (slice(None), AA1, 0)),
        (whole[..., 0], other[..., 0], (..., 0), (..., 0)),
    ]
    for taken, into, at, to in cases:
        with pytest.raises(BooksError, match=r"2 left and 0 arrived in world 0"):
            w.move("uninvolved", "sympathisers", taken, at=at, to=to, into=into)
    w.check()
    assert w.sympathisers.sum() == 0
    for taken, _, at, _ in cases:
        w.move("uninvolved", "sympathisers", taken, at=at, to=at)
    assert w.sympathisers[:, AA1, 0].tolist() == [12, 0, 0]
    w.check()


def test_numbers_fit_their_places() -> None:
    w = moment(2).world
    one = np.zeros_like(w.uninvolved)
    with pytest.raises(BooksError, match="uninvolved: numbers of shape"):
        w.move("uninvolved", "sympathisers", one[0])


def test_checking_is_fast_enough() -> None:
    """Two worlds of the Maghreb over 2011 to 2017 take a few seconds with every move checked; ten are the limit."""
    months = {"start": Month.parse("2011-01"), "end": Month.parse("2017-12")}
    scenario = load_scenario(Scenario(name="checked", worlds=2, **months))
    began = time.process_time()
    RecruitmentModel(scenario, checking=True).run()
    assert time.process_time() - began < 10


def test_a_move_takes_and_gives() -> None:
    w = moment().world
    before = w.uninvolved[0, AA1, 0]
    w.move("uninvolved", "sympathisers", np.array([7]), at=(0, AA1, slice(0, 1)), to=(0, AA1, slice(0, 1)))
    assert (w.uninvolved[0, AA1, 0], w.sympathisers[0, AA1, 0]) == (before - 7, 7)
    w.check()


def test_check_finds_a_lost_person_in_its_world() -> None:
    w = moment(3).world
    w.uninvolved[1, AA1, 0] -= 1
    with pytest.raises(BooksError, match=r"\[0, -1, 0\] people appeared or vanished"):
        w.check()


def test_check_finds_a_negative_stock() -> None:
    w = moment().world
    w.transit[0, 0, 0], w.transit[0, 0, 1] = -1, 1
    with pytest.raises(BooksError, match="negative count in transit"):
        w.check()


def test_transfer_takes_exactly_the_number_each_origin_by_its_share() -> None:
    m = moment()
    put(m, "militants", (...,), 0)
    put(m, "militants", (0, MOVEMENT, GROUND, BB2), np.array([10, 60, 30, 0]))
    number = np.zeros((1, 1, 7), dtype=np.int64)
    number[0, 0, BB2] = 50
    m.world.transfer([(MOVEMENT, GROUND)], number, np.full((1, 1, 7), 0.3), [(MOVEMENT, PRISON)])
    assert m.world.militants[0, MOVEMENT, PRISON, BB2].tolist() == [5, 30, 15, 0]
    assert m.world.militants[0, MOVEMENT, GROUND, BB2].tolist() == [5, 30, 15, 0]
    m.world.check()


@pytest.mark.parametrize("luck", [0.0, 0.3, 0.7, 0.999])
def test_shares_that_do_not_divide_are_rounded_one_way_or_the_other(luck: float) -> None:
    m = moment()
    put(m, "militants", (...,), 0)
    put(m, "militants", (0, MOVEMENT, GROUND, BB2), np.array([1, 1, 1, 0]))
    number = np.zeros((1, 1, 7), dtype=np.int64)
    number[0, 0, BB2] = 2
    m.world.transfer([(MOVEMENT, GROUND)], number, np.full((1, 1, 7), luck), "dead")
    dead = m.world.dead[0]
    assert dead.sum() == 2
    assert set(dead[:3].tolist()) == {0, 1}
    assert dead[3] == 0


def test_several_sources_may_meet_in_one_target() -> None:
    m = moment(2)
    put(m, "militants", (...,), 0)
    sources = [(RIVAL, CELL), (RIVAL, REFUGE), (MASS, CELL)]
    for organisation, condition in sources:
        put(m, "militants", (slice(None), organisation, condition, slice(None), BB), 4)
    number = np.full((2, 3, 7), 3)
    m.world.transfer(sources, number, np.zeros((2, 3, 7)), [(MOVEMENT, CELL), (MOVEMENT, REFUGE), (MOVEMENT, CELL)])
    assert (m.world.militants[:, MOVEMENT, CELL, :, BB] == 6).all()
    assert (m.world.militants[:, MOVEMENT, REFUGE, :, BB] == 3).all()
    for organisation, condition in sources:
        assert (m.world.militants[:, organisation, condition, :, BB] == 1).all()
    m.world.check()


def test_more_than_there_are_cannot_be_transferred() -> None:
    m = moment()
    put(m, "militants", (...,), 0)
    number = np.zeros((1, 1, 7), dtype=np.int64)
    number[0, 0, BB3] = 1
    with pytest.raises(ValueError, match="more than the stock holds"):
        m.world.transfer([(MOVEMENT, GROUND)], number, np.zeros((1, 1, 7)), "dead")


def test_present_counts_conditions_at_large_or_not() -> None:
    m = moment()
    put(m, "militants", (...,), 0)
    put(m, "militants", (0, MOVEMENT, CELL, AA2), np.array([1, 2, 3, 4]))
    put(m, "militants", (0, MOVEMENT, HIDDEN, AA2, AA), 5)
    assert m.world.present(MOVEMENT, CELL)[0, AA2] == 10
    assert m.world.present(MOVEMENT, CELL, HIDDEN)[0, AA2] == 15
    assert m.world.present(RIVAL, CELL).sum() == 0
    assert m.world.stocks([(MOVEMENT, HIDDEN), (MOVEMENT, CELL)])[0, :, AA2].tolist() == [5, 10]


@pytest.mark.parametrize("sigma", [0.5, 1.2, 2.0, 3.0])
def test_class_multipliers_have_mean_one_and_follow_the_log_normal(sigma: float) -> None:
    got = class_multipliers(np.array(sigma))
    assert (got * CLASS_SHARES).sum() == pytest.approx(1)
    assert (np.diff(got) > 0).all()
    # By numbers: the mean of exp(sigma z - sigma^2 / 2) where z lies between the quantiles of each class.
    z = np.linspace(-12, 15, 2_700_001)
    step = z[1] - z[0]
    density = np.exp(-z * z / 2) / np.sqrt(2 * np.pi) * step
    cumulative = np.cumsum(density)
    edges = np.searchsorted(cumulative, np.cumsum(CLASS_SHARES)[:-1])
    parts = np.add.reduceat(np.exp(sigma * z - sigma**2 / 2) * density, np.concatenate([[0], edges]))
    assert got == pytest.approx(parts / CLASS_SHARES, rel=2e-3)


def test_without_spread_all_classes_are_alike() -> None:
    assert class_multipliers(np.array(0.0)) == pytest.approx(np.ones(8))


def test_shares_of_classes_add_up() -> None:
    assert CLASS_SHARES.sum() == pytest.approx(1)
    assert CLASS_SHARES[-1] == 0.0005  # one in two thousand


def test_largest_remainder_by_hand() -> None:
    assert largest_remainder(np.array([10, 3, 0]), np.array([0.55, 0.25, 0.2])).tolist() == [
        [6, 2, 2], [2, 1, 0], [0, 0, 0]]


def test_residents_start_by_class_and_add_up() -> None:
    m = moment()
    assert m.world.uninvolved[0].sum(axis=1).tolist() == m.geography.r["youth"].tolist()
    assert m.world.uninvolved[0, AA1].tolist() == [432000, 216000, 112320, 60480, 25920, 12096, 4752, 432]


def test_recruiter_slots_follow_the_young() -> None:
    """One per 80,000 and per 30 veterans (0.3 of prisoners count); 864, 252, 324, 624, 312, 195 and 78 thousand young.

    Networks by hand: Alvane 60 + 0.3 x 300 spread by residents 6:1.75:2.25; Borrun's in the loader's own numbers.
    """
    m = moment()
    w, g = m.world, m.geography
    network = np.floor((g.r["veterans"] + 0.3 * g.r["prison_network"]) / 30).astype(int)
    assert network[:3].tolist() == [3, 0, 1]
    assert np.bincount(w.slot_region).tolist() == np.clip(np.array([11, 4, 5, 8, 4, 3, 1]) + network, 2, 10).tolist()
    assert (w.recruiter_place == w.slot_region).all()


def test_militants_start_at_home() -> None:
    m = moment()
    g, w = m.geography, m.world
    assert w.militants[0, RIVAL, PRISON, BB2, BB] == g.r["prison_network"][BB2]
    assert w.militants[0, RIVAL, REFUGE, :, AA].sum() == 0
    assert w.militants[0, RIVAL, REFUGE, 3:, BB].sum() == g.y["rival_members_start"][BB]
    assert w.militants[0, RIVAL, HIDDEN].sum() == g.y["veterans_total"].sum()
    assert w.militants[0, MOVEMENT].sum() == 0  # the movement does not exist yet


def test_sums_and_means_of_countries() -> None:
    g = moment().geography
    values = np.arange(7.0)
    assert regional_sum(values, g).tolist() == [3, 18]
    assert regional_mean(values, g) == pytest.approx([(0.7 + 2 * 0.9) / 4.0, (3 * 1.6 + 4 * 0.8 + 5 * 0.5 + 1.2) / 3.1])


def test_memory_of_an_earlier_war() -> None:
    """5,000 deaths among 4 million, 16 years before 2011, at a half-life of 16 years."""
    m = moment(start="2011-01", grievance__exhaustion_half_life=16.0)
    assert m.world.war_deaths[0, AA] == pytest.approx(1.25 / 2)
