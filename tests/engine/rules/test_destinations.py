"""Destinations: open exits, near hubs and home."""

from __future__ import annotations

import numpy as np
import pytest

from sim.engine.enums import CELL, MASS, MOVEMENT, MOVEMENT_BRAND, REBEL_BRAND, RIVAL, RIVAL_BRAND
from sim.engine.place import place_of
from sim.engine.rules import destinations
from sim.engine.rules.destinations import exit_openness, hub_pull, openness, thwarted
from tests.engine.kit import (
    AA,
    AA2,
    AA3,
    ALL,
    BB,
    BB1,
    BB2,
    BB3,
    BB4,
    Small,
    ask,
    batch,
    course,
    formula,
    near,
    put,
    turn,
)

OPEN = {"control": 0.0, "looking_away": 0.0, "visa": 0.0, "visa_factor": 0.35, "helpers": 0.0, "ban": 0.0}


@pytest.mark.parametrize(("change", "expected"), [
    ({}, 1.0),
    ({"control": 1.0}, 0.0),
    ({"control": 1.0, "looking_away": 1.0}, 1.0),
    ({"control": 0.4, "looking_away": 0.5}, 0.8),
    ({"visa": 1.0}, 0.35),
    ({"helpers": 0.5}, 1.5),
    ({"ban": 1.0, "helpers": 3.0}, 0.0),
    ({"ban": 0.25, "visa": 1.0, "helpers": 1.0}, 0.525),
])
def test_openness_of_exits(change: dict[str, float], expected: float) -> None:
    assert formula(exit_openness)(**{**OPEN, **change}) == pytest.approx(expected)


def test_distance_to_an_airport() -> None:
    b = batch()
    g = b.geography
    assert g.airport.sum() == 2
    assert b.place.regions.airport_km == pytest.approx(g.distance[:, g.airport].min(axis=1))
    assert (b.place.regions.airport_km[g.airport] == 0).all()
    without = place_of(Grounded(g))  # type: ignore[arg-type]
    assert (without.regions.airport_km == 0).all()


class Grounded:
    """A geography without any airport."""

    def __init__(self, g: object):
        self.__dict__.update(vars(g))
        self.airport = np.zeros_like(self.airport)

    def __getattr__(self, name: str) -> object:
        from sim.inputs.geography import Geography

        return getattr(Geography, name).__get__(self)


def open_exits(b: Small) -> list[float]:
    return [ask(b, openness, y) for y in (AA, BB)]


def test_the_ways_abroad_open_with_access_help_and_a_blind_eye() -> None:
    b = batch()
    course(b, access=1.0)  # and no visas
    b.states.exit_control[:], b.states.looking_away[:], b.states.brokers[:] = 0.4, 0.5, 0.0
    assert open_exits(b) == pytest.approx([0.8, 0.8])
    turn(b, "facilitation", 0.5, BB)
    b.states.looking_away[:, BB] = 1.0
    assert open_exits(b) == pytest.approx([0.8, 1.5])
    course(b, access=0.25)
    assert open_exits(b) == pytest.approx([0.2, 0.375])
    turn(b, "second_theatre", 0.5, AA)  # one more way for everybody
    assert open_exits(b) == pytest.approx([0.4, 0.75])
    b.states.brokers[:, AA] = 0.5
    assert open_exits(b)[AA] == pytest.approx(0.4 * (1 + 0.5 * b.coefficients["destination"]["broker_help"][0]))
    turn(b, "exit_ban", 1.0)
    assert open_exits(b) == [0, 0]


def test_hubs_pull_by_strength() -> None:
    b = batch(destination__hub_half=100.0)
    weights = np.empty(7)
    assert [ask(b, hub_pull, y, weights) for y in (AA, BB)] == [0, 0]
    assert (weights == 0).all()
    b.regions.hub_strength[0, BB1] = 100  # the capital of Borrun itself: no distance
    assert ask(b, hub_pull, BB, weights) == pytest.approx(0.5)
    assert weights == pytest.approx([0, 0, 0, 100, 0, 0, 0])
    assert 0 < ask(b, hub_pull, AA, weights) < 0.5
    assert np.flatnonzero(weights).tolist() == [BB1]
    km = b.geography.distance[b.geography.capital[AA], BB1]
    assert weights[BB1] == pytest.approx(100 * np.exp(-km / b.coefficients["destination"]["hub_km"][0]))
    turn(b, "exit_ban", 1.0, AA)
    assert ask(b, hub_pull, AA, weights) == 0
    assert ask(b, hub_pull, BB, weights) == pytest.approx(0.5)


def test_guarded_borders_cut_the_way_to_a_hub_abroad_by_the_residents_behind_them() -> None:
    """Both border regions of Alvane guarded at half: half of the way is shut, as far as guards count."""
    b = batch(destination__hub_half=1e9, destination__guard=0.8)
    b.regions.hub_strength[0, BB1] = 100
    weights, open_ = np.empty(7), np.empty(7)
    ask(b, hub_pull, AA, open_)
    b.regions.guarded[0, [AA2, AA3]] = 0.5
    ask(b, hub_pull, AA, weights)
    assert weights[BB1] == pytest.approx(open_[BB1] * (1 - 0.8 * 0.5))
    b.regions.guarded[0, AA3] = 0.0
    ask(b, hub_pull, AA, weights)
    residents = b.geography.r["residents"]
    part = residents[AA2] / (residents[AA2] + residents[AA3])
    assert weights[BB1] == pytest.approx(open_[BB1] * (1 - 0.8 * 0.5 * part))


def with_recruits(worlds: int = 1, number: int = 400, **parameters: float) -> Small:
    """New recruits of every organisation in BB-1, beside the airport; nobody else goes."""
    b = batch(worlds, destination__later=0.0, **parameters)
    course(b, access=1.0)
    b.brands.prestige[:] = (0.5, 0.3, 0.2)
    b.states.exit_control[:] = b.states.looking_away[:] = b.states.brokers[:] = 0
    b.recruited[:, :, BB1] = number
    put(b, "militants", (ALL, ALL, CELL), 0)
    put(b, "militants", (ALL, ALL, CELL, BB1, BB), number)
    return b


def test_share_who_go_abroad() -> None:
    """Weights 6 x 0.5 abroad and 1 at home for the movement: three in four; the rival 1.8, the mass movement 1.5."""
    b = with_recruits(worlds=50)
    destinations.step(b)
    n = 50 * 400
    left = n - b.militants[:, :, CELL, BB1, BB].sum(axis=0)
    for organisation, weight in ((MOVEMENT, 3.0), (RIVAL, 1.8), (MASS, 1.5)):
        chance = weight / (1 + weight)
        assert near(left[organisation], n * chance, np.sqrt(n * chance * (1 - chance)))
    assert b.transit[:, :, BB1].sum() == b.transit.sum() == left.sum()
    assert (b.regions.recent_gone[:, BB1] == b.transit.sum(axis=(1, 2))).all()
    assert (b.regions.gone_last == b.regions.recent_gone).all()
    b.check()


def test_with_which_brand_they_go() -> None:
    """The movement's with its own; the rival's with the others, by squares 9 to 4; activists with any, 25 to 9 to 4."""
    for organisation, odds in ((MOVEMENT, (1.0, 0.0, 0.0)), (RIVAL, (0.0, 9 / 13, 4 / 13)),
                               (MASS, (25 / 38, 9 / 38, 4 / 38))):
        b = with_recruits(worlds=50, number=0)
        b.recruited[:, organisation, BB1] = 400
        put(b, "militants", (ALL, organisation, CELL, BB1, BB), 400)
        destinations.step(b)
        gone = b.transit[:, :, BB1].sum(axis=0)
        n = gone.sum()
        assert n > 5000
        for brand in (MOVEMENT_BRAND, RIVAL_BRAND, REBEL_BRAND):
            p = odds[brand]
            assert near(gone[brand], n * p, np.sqrt(n * p * (1 - p)))


def test_endorsement_sends_more_of_the_older_network() -> None:
    """Twice the weight at full endorsement: 3.6 against 1."""
    b = with_recruits(worlds=50)
    turn(b, "legitimation", 1.0)
    destinations.step(b)
    left = 20_000 - b.militants[:, RIVAL, CELL, BB1, BB].sum()
    assert near(left, 20_000 * 3.6 / 4.6, np.sqrt(20_000 * 3.6 / 4.6 / 4.6))


def test_nobody_leaves_through_shut_exits() -> None:
    b = with_recruits(theory__safety_valve=1.0)
    b.regions.hub_strength[:, AA2] = 1000
    turn(b, "exit_ban", 1.0)
    destinations.step(b)
    assert b.transit.sum() == 0
    assert (b.militants[:, :, CELL, BB1, BB] == 400).all()
    assert (b.regions.gone_last == 0).all()


def test_recruits_of_the_movement_go_to_the_hub() -> None:
    """No way abroad; hub weight 3 x 1/2 x (0.3 + 0.7) = 1.5 against 1 at home."""
    b = with_recruits(worlds=50, destination__hub_half=100.0, destination__hub_km=1000.0, theory__safety_valve=1.0)
    b.states.exit_control[:] = 1
    b.organisations.ambition[:] = 0.7
    distance = b.geography.distance[BB1, BB3]
    b.regions.hub_strength[:, BB3] = 100 * np.exp(distance / 1000)
    destinations.step(b)
    moved = b.militants[:, MOVEMENT, CELL, BB3, BB].sum()
    assert near(moved, 20_000 * 0.6, np.sqrt(20_000 * 0.24))
    assert (b.militants[:, RIVAL:, CELL, BB1, BB] == 400).all()  # others have no hub
    assert (b.happened.to_foothold[:, BB1] == b.militants[:, MOVEMENT, CELL, BB3, BB]).all()
    assert (b.regions.recent_gone[:, BB1] == b.happened.to_foothold[:, BB1]).all()
    b.check()


def test_who_lives_where_the_hub_is_serves_it_at_home() -> None:
    b = with_recruits(worlds=20, destination__hub_half=1e-9, theory__safety_valve=1.0)
    b.states.exit_control[:] = 1
    b.organisations.ambition[:] = 1.0
    b.regions.hub_strength[:, BB1] = 1000
    destinations.step(b)
    assert (b.militants[:, MOVEMENT, CELL, BB1, BB] == 400).all()
    assert b.happened.to_foothold.sum() == 0


def test_a_front_at_home_keeps_men_there() -> None:
    """Weight of home 1 x (1 + 2 x collapse 0.5) = 2 against 3 abroad."""
    b = with_recruits(worlds=50, destination__home_front=2.0)
    b.regions.collapse[:, BB1] = 0.5
    destinations.step(b)
    left = 20_000 - b.militants[:, MOVEMENT, CELL, BB1, BB].sum()
    assert near(left, 20_000 * 0.6, np.sqrt(20_000 * 0.24))


def test_share_who_are_thwarted() -> None:
    """Of those at home at weight 1 against 0.5 abroad, half would have left at weight 2: 2/3 at home against 1/3."""
    held_back = formula(thwarted)
    assert held_back(2.0, 0.5, 1.0) == pytest.approx(0.5)
    assert held_back(2.0, 0.0, 1.0) == pytest.approx(2 / 3)  # shut altogether
    assert held_back(2.0, 2.0, 1.0) == 0
    assert held_back(2.0, 3.0, 1.0) == 0  # helpers at work: nobody is held back


@pytest.mark.parametrize(("valve", "part"), [(1.0, 0.0), (0.5, 0.375), (0.0, 0.75)])
def test_without_a_safety_valve_the_thwarted_give_up(valve: float, part: float) -> None:
    """All exits shut; by open ones three in four of the movement's recruits would leave (weight 3 against 1)."""
    b = with_recruits(worlds=50, theory__safety_valve=valve, destination__theatre=6.0)
    turn(b, "exit_ban", 1.0)
    b.states.exit_control[:] = 1.0
    b.coefficients["destination"]["helpers"] = 0.0
    destinations.step(b)
    stayed = b.militants[:, MOVEMENT, CELL, BB1, BB]
    assert np.abs(400 * (1 - part) - stayed).max() <= 1
    assert b.transit.sum() == 0
    assert (b.demobilised[:, BB] == 1200 - b.militants[:, :, CELL, BB1, BB].sum(axis=1)).all()
    b.check()


def test_those_who_stayed_may_leave_later_more_easily_beside_an_airport() -> None:
    b = batch(50, destination__later=0.4)
    course(b, access=1.0)
    b.brands.prestige[:] = 0.5
    b.states.exit_control[:] = b.states.looking_away[:] = b.states.brokers[:] = 0
    put(b, "militants", ..., 0)
    places, countries = [BB1, AA3, BB4], [BB, AA, BB]
    for region, country in zip(places, countries, strict=True):
        put(b, "militants", (ALL, MOVEMENT, CELL, region, country), 1000)
    destinations.step(b)
    gone = 50_000 - b.militants[:, MOVEMENT, CELL, places, countries].sum(axis=0)
    g = b.geography
    chance = 1 - np.exp(-0.2 * np.exp(-g.distance[:, g.airport].min(axis=1)[places] / 800))
    assert chance[0] == pytest.approx(0.18126925)
    for number, p in zip(gone, chance, strict=True):
        assert near(number, 50_000 * p, np.sqrt(50_000 * p * (1 - p)))
    assert b.transit[:, MOVEMENT_BRAND, BB2].sum() == 0
    b.check()


def test_those_who_stayed_follow_their_own_brand_and_activists_any() -> None:
    """Beside the airport, hazards 0.4 x 0.2, 0.5 and, the best of all, 0.8."""
    b = batch(50, destination__later=0.4)
    course(b, access=1.0)
    b.brands.prestige[:] = (0.2, 0.5, 0.8)
    b.states.exit_control[:] = b.states.looking_away[:] = b.states.brokers[:] = 0
    put(b, "militants", ..., 0)
    put(b, "militants", (ALL, ALL, CELL, BB1, BB), 1000)
    destinations.step(b)
    gone = 50_000 - b.militants[:, :, CELL, BB1, BB].sum(axis=0)
    for organisation, prestige in ((MOVEMENT, 0.2), (RIVAL, 0.5), (MASS, 0.8)):
        p = 1 - np.exp(-0.4 * prestige)
        assert near(gone[organisation], 50_000 * p, np.sqrt(50_000 * p * (1 - p)))


def test_nobody_leaves_a_country_that_is_not_his() -> None:
    b = batch(5, destination__later=1e9)
    course(b, access=1.0)
    b.brands.prestige[:] = 0.5
    put(b, "militants", ..., 0)
    put(b, "militants", (ALL, MOVEMENT, CELL, BB1, AA), 100)
    destinations.step(b)
    assert (b.militants[:, MOVEMENT, CELL, BB1, AA] == 100).all()
