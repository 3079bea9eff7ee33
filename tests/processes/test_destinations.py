"""Destinations: open exits, near hubs and home."""

from __future__ import annotations

import numpy as np
import pytest

from sim.moment import Moment
from sim.processes import destinations
from sim.processes.destinations import airport_ease, choice_weights, exit_openness, hub_pull, openness, thwarted
from sim.world import CELL, MASS, MOVEMENT, RIVAL
from tests.small import AA, AA2, AA3, BB, BB1, BB2, BB3, BB4, moment, near, put, turn

OPEN = {"control": 0.0, "looking_away": 0.0, "visa": 0.0, "visa_factor": 0.35, "help_": 0.0, "ban": 0.0}


@pytest.mark.parametrize(("change", "expected"), [
    ({}, 1.0),
    ({"control": 1.0}, 0.0),
    ({"control": 1.0, "looking_away": 1.0}, 1.0),
    ({"control": 0.4, "looking_away": 0.5}, 0.8),
    ({"visa": 1.0}, 0.35),
    ({"help_": 0.5}, 1.5),
    ({"ban": 1.0, "help_": 3.0}, 0.0),
    ({"ban": 0.25, "visa": 1.0, "help_": 1.0}, 0.525),
])
def test_openness_of_exits(change: dict[str, float], expected: float) -> None:
    assert exit_openness(**{**OPEN, **change}) == pytest.approx(expected)


def test_shares_are_in_proportion_to_weights() -> None:
    assert choice_weights(np.array([1.0]), np.array([1.0]), np.array([2.0]))[0] == pytest.approx([0.25, 0.25, 0.5])
    assert choice_weights(np.array([0.0]), np.array([0.0]), np.array([0.1]))[0] == pytest.approx([0, 0, 1])


def test_airport_ease() -> None:
    distance = np.array([[0.0, 800.0], [800.0, 0.0]])
    assert airport_ease(distance, np.array([True, False])) == pytest.approx([1, 0.36787944])
    assert (airport_ease(distance, np.array([False, False])) == 1).all()


def test_the_ways_abroad_open_with_access_help_and_a_blind_eye() -> None:
    m = moment()  # December 2013: access 1, no visas
    m.world.exit_level[:], m.world.exit_tolerance[:], m.world.brokers[:] = 0.4, 0.5, 0.0
    assert openness(m)[0] == pytest.approx([0.8, 0.8])
    turn(m, "facilitation", 0.5, BB)
    turn(m, "tolerance_exit", 0.5, BB)
    assert openness(m)[0] == pytest.approx([0.8, 1.5])
    turn(m, "exit_ban", 1.0)
    assert (openness(m) == 0).all()


def test_hubs_pull_by_strength() -> None:
    m = moment(destination__hub_half=100.0)
    pull, chosen = hub_pull(m)
    assert (pull == 0).all()
    assert (chosen == -1).all()
    m.world.hub_strength[0, BB1] = 100  # the capital of Borrun itself: no distance
    pull, chosen = hub_pull(m)
    assert pull[0, BB] == pytest.approx(0.5)
    assert 0 < pull[0, AA] < 0.5
    assert (chosen == BB1).all()
    turn(m, "exit_ban", 1.0, AA)
    assert hub_pull(m)[0][0, AA] == 0


def with_recruits(worlds: int = 1, number: int = 400, **parameters: float) -> Moment:
    """New recruits of every organisation in BB-1, beside the airport; nobody else goes."""
    m = moment(worlds, destination__later=0.0, **parameters)
    w = m.world
    w.prestige[:] = (0.5, 0.3, 0.2)
    w.exit_level[:] = w.exit_tolerance[:] = w.brokers[:] = 0
    new = np.zeros((worlds, 7), dtype=np.int64)
    new[:, BB1] = number
    for organisation, kind in enumerate(("movement", "rival", "mass")):
        m.flows[f"recruits_{kind}"] = new
        put(m, "militants", (slice(None), organisation, CELL), 0)
        put(m, "militants", (slice(None), organisation, CELL, BB1, BB), number)
    return m


def test_share_who_go_abroad() -> None:
    """Weights 6 x 0.5 abroad and 1 at home for the movement: three in four; the rival 1.8, the mass movement 1.5."""
    m = with_recruits(worlds=50)
    destinations.step(m)
    n = 50 * 400
    left = n - m.world.militants[:, :, CELL, BB1, BB].sum(axis=0)
    for organisation, weight in ((MOVEMENT, 3.0), (RIVAL, 1.8), (MASS, 1.5)):
        chance = weight / (1 + weight)
        assert near(left[organisation], n * chance, np.sqrt(n * chance * (1 - chance)))
    assert m.world.transit[:, :, BB1].sum() == m.world.transit.sum() == left.sum()
    assert (m.world.recent_gone[:, BB1] == m.world.transit.sum(axis=(1, 2))).all()
    m.world.check()


def test_endorsement_sends_more_of_the_older_network() -> None:
    """Twice the weight at full endorsement: 3.6 against 1."""
    m = with_recruits(worlds=50)
    turn(m, "legitimation", 1.0)
    destinations.step(m)
    left = 20_000 - m.world.militants[:, RIVAL, CELL, BB1, BB].sum()
    assert near(left, 20_000 * 3.6 / 4.6, np.sqrt(20_000 * 3.6 / 4.6 / 4.6))


def test_nobody_leaves_through_shut_exits() -> None:
    m = with_recruits()
    m.world.hub_strength[:, AA2] = 1000
    turn(m, "exit_ban", 1.0)
    destinations.step(m)
    assert m.world.transit.sum() == 0
    assert (m.world.militants[:, :, CELL, BB1, BB] == 400).all()


def test_recruits_of_the_movement_go_to_the_hub() -> None:
    """No way abroad; hub weight 3 x 1/2 x (0.3 + 0.7) = 1.5 against 1 at home."""
    m = with_recruits(worlds=50, destination__hub_half=100.0, destination__hub_km=1000.0)
    m.world.exit_level[:] = 1
    m.world.expansion[:] = 0.7
    distance = m.geography.distance[BB1, BB3]
    m.world.hub_strength[:, BB3] = 100 * np.exp(distance / 1000)
    destinations.step(m)
    moved = m.world.militants[:, MOVEMENT, CELL, BB3, BB].sum()
    assert near(moved, 20_000 * 0.6, np.sqrt(20_000 * 0.24))
    assert (m.world.militants[:, RIVAL:, CELL, BB1, BB] == 400).all()  # others have no hub
    m.world.check()


def test_share_who_are_thwarted() -> None:
    """Of those at home at weight 1 against 0.5 abroad, half would have left at weight 2: 2/3 at home against 1/3."""
    assert thwarted(np.array(2.0), np.array(0.5), np.array(1.0)) == pytest.approx(0.5)
    assert thwarted(np.array(2.0), np.array(0.0), np.array(1.0)) == pytest.approx(2 / 3)  # shut altogether
    assert thwarted(np.array(2.0), np.array(2.0), np.array(1.0)) == 0
    assert thwarted(np.array(2.0), np.array(3.0), np.array(1.0)) == 0  # helpers at work: nobody is held back


@pytest.mark.parametrize(("valve", "share"), [(1.0, 0.0), (0.5, 0.375), (0.0, 0.75)])
def test_without_a_safety_valve_the_thwarted_give_up(valve: float, share: float) -> None:
    """All exits shut; by open ones three in four of the movement's recruits would leave (weight 3 against 1)."""
    m = with_recruits(worlds=50, theory__safety_valve=valve, destination__theatre=6.0)
    turn(m, "exit_ban", 1.0)
    destinations.step(m)
    stayed = m.world.militants[:, MOVEMENT, CELL, BB1, BB]
    assert np.abs(400 * (1 - share) - stayed).max() <= 1
    assert m.world.transit.sum() == 0
    assert (m.world.demobilised[:, BB] == 1200 - m.world.militants[:, :, CELL, BB1, BB].sum(axis=1)).all()
    m.world.check()


def test_those_who_stayed_may_leave_later_more_easily_beside_an_airport() -> None:
    m = moment(50, destination__later=0.4)
    w = m.world
    for kind in ("movement", "rival", "mass"):
        m.flows[f"recruits_{kind}"] = np.zeros((50, 7), dtype=np.int64)
    w.prestige[:] = 0.5
    w.exit_level[:] = w.exit_tolerance[:] = w.brokers[:] = 0
    put(m, "militants", (...,), 0)
    for region, country in ((BB1, BB), (AA3, AA), (BB4, BB)):
        put(m, "militants", (slice(None), MOVEMENT, CELL, region, country), 1000)
    destinations.step(m)
    gone = 50_000 - w.militants[:, MOVEMENT, CELL, [BB1, AA3, BB4], [BB, AA, BB]].sum(axis=0)
    chance = 1 - np.exp(-0.2 * airport_ease(m.geography.distance, m.geography.airport)[[BB1, AA3, BB4]])
    assert chance[0] == pytest.approx(0.18126925)
    for number, p in zip(gone, chance, strict=True):
        assert near(number, 50_000 * p, np.sqrt(50_000 * p * (1 - p)))
    assert w.transit[:, MOVEMENT, BB2].sum() == 0
