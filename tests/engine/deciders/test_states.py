"""States: what they see, and what they do about it."""

from __future__ import annotations

import numpy as np
import pytest

from sim.engine.deciders import states
from sim.engine.deciders.states import attention
from sim.engine.enums import CELL, MASS, MOVEMENT_BRAND
from sim.engine.forms import lagged
from sim.engine.sight import head
from tests.engine.kit import (
    AA,
    AA1,
    AA3,
    ALL,
    BB,
    BB1,
    BB2,
    LANMERE,
    Small,
    batch,
    formula,
    freeze,
    put,
    share,
)


def decide(b: Small, y: int) -> None:
    """One state's month alone."""
    states.step(b, rows=(y, y + 1))
    b.check()


def test_perception_lags_behind_its_signal() -> None:
    follow = formula(lagged)
    assert follow(0.0, 1.0, 0.3) == pytest.approx(0.3)
    assert follow(1.0, 0.0, 0.3) == pytest.approx(0.7)
    assert follow(0.4, 0.4, 0.3) == pytest.approx(0.4)
    assert follow(0.2, 0.9, 1.0) == pytest.approx(0.9)


def test_a_rival_draws_attention_away() -> None:
    seen = formula(attention)
    assert seen(1.0, 0.0) == 1
    assert seen(1.0, 1.0) == pytest.approx(0.5)
    assert seen(1.0, 3.0) == pytest.approx(0.25)
    assert seen(0.0, 0.0) == 0


def test_threat_rises_fast_and_fades_slowly() -> None:
    """Four attacks in 4 million people: 0.15 x 4 / 4, of which 0.3 is seen in the month, and 0.04 forgotten."""
    b = batch(state__see_attacks=0.15)
    b.regions.blows[:, AA3] = 4
    decide(b, AA)
    assert b.states.threat[0, AA] == pytest.approx(0.15 * 0.3)
    b.regions.blows[:] = 0
    decide(b, AA)
    assert b.states.threat[0, AA] == pytest.approx(0.045 * 0.96)
    assert b.states.threat[0, BB] == 0  # each sees for itself
    decide(b, BB)
    assert b.states.threat[0, BB] == 0


def test_threat_follows_ground_lost_and_hubs_across_the_border() -> None:
    """Residents ruled, by the hundred thousand; members at the other end of each crossing."""
    k = {"state__see_ground": 0.5, "state__see_hub": 0.001, "state__rise": 1.0, "violence__mass_weight": 20.0}
    b = batch(**k)
    b.localities.control[:, LANMERE] = 0.5  # of 200,000
    decide(b, BB)
    assert b.states.threat[0, BB] == pytest.approx(0.5)
    b = batch(**k)
    b.regions.hub_strength[:, BB2] = 300
    decide(b, AA)  # from Alvane March
    assert b.states.threat[0, AA] == pytest.approx(0.3)
    decide(b, BB)  # its own hub is none across a border
    assert b.states.threat[0, BB] == 0


def test_fragmentation_lowers_alert_and_surge() -> None:
    united, split = batch(), batch()
    split.states.fragmentation[:] = 0.8
    for b in (united, split):
        b.states.threat[:] = 1.0
        b.regions.blows[:, BB2] = 1
        decide(b, BB)
    threat = united.states.threat[0, BB]
    assert united.states.alert[0, BB] == pytest.approx(1 - np.exp(-threat))
    assert split.states.alert[0, BB] == pytest.approx((1 - np.exp(-threat)) * threat / (threat + 0.8))
    surge = united.regions.surge
    assert (split.regions.surge[0, [BB1, BB2]] < surge[0, [BB1, BB2]]).all()
    assert surge[0, BB2] == pytest.approx(2 * surge[0, BB1])  # forces go where violence was seen
    assert surge[0, AA1] == 0


def test_alert_can_be_frozen() -> None:
    b = batch()
    freeze(b, "state.alert", 0.25)
    b.states.threat[:] = 9.0
    decide(b, BB)
    assert b.states.alert[0] == pytest.approx([0, 0.25])


def test_an_agency_is_built_while_alert_is_high_and_stays() -> None:
    b = batch(state__agency_threshold=0.5, state__agency_months=10.0)
    for alert, agency in ((0.4, 0.0), (0.6, 0.1), (0.6, 0.2), (0.4, 0.2)):
        freeze(b, "state.alert", alert)
        decide(b, BB)
        assert b.states.agency[0] == pytest.approx([0, agency])
    freeze(b, "state.alert", 1.0)
    for _ in range(20):
        decide(b, BB)
    assert b.states.agency[0, BB] == 1


def banned(threat: float, members: int) -> np.ndarray:
    b = batch(1000, state__ban=1.0, state__relax=0.0, state__ban_members=300.0)
    b.states.threat[:] = threat
    put(b, "militants", (ALL, MASS, CELL, BB2), 0)
    put(b, "militants", (ALL, MASS, CELL, BB2, BB), members)
    decide(b, BB)
    assert ((b.states.crackdown[:, BB] == 1) == (b.states.banned[:, BB] == 1)).all()
    assert (b.states.banned[:, AA] == 0).all()
    return np.asarray(b.states.banned[:, BB])


def test_a_ban_needs_members_and_threat() -> None:
    """930 activists among 3.1 million are 300 per million: half the threat is blamed on them."""
    assert banned(0.0, 100_000).mean() == 0
    assert banned(10.0, 0).mean() == 0
    assert share(banned(1.0, 930), 1 - np.exp(-0.5))


def test_a_ban_fades() -> None:
    b = batch()
    b.states.banned[:] = 1.0
    decide(b, BB)
    assert b.states.banned[0] == pytest.approx([1.0, 0.99])
    assert b.states.crackdown[0, BB] == 0


def test_a_crackdown_is_of_one_month() -> None:
    b = batch()
    b.states.crackdown[:] = 1.0
    decide(b, BB)
    assert b.states.crackdown[0].tolist() == [1, 0]


def test_exits_close_with_danger_and_capacity() -> None:
    """310 away with a movement of prestige 0.5 are 100 per million: danger 1 - exp(-0.02 x 100 x 0.5)."""
    b = batch()
    put(b, "theatre", (0, MOVEMENT_BRAND, BB2), 310)
    b.brands.prestige[:, MOVEMENT_BRAND], b.states.capacity[:] = 0.5, 0.4
    decide(b, BB)
    danger = 1 - np.exp(-1)
    assert b.states.exit_tolerance[0, BB] == pytest.approx(0.3 * (1 - danger))
    assert b.states.exit_level[0, BB] == pytest.approx(0.3 + 0.05 * 0.7 * danger * 0.6)
    assert (b.states.exit_tolerance[0, AA], b.states.exit_level[0, AA]) == (0.5, 0.4)
    put(b, "theatre", ..., 0)  # what was built stays, and who has looked does not look away again
    before = b.states.exit_level[0, BB], b.states.exit_tolerance[0, BB]
    decide(b, BB)
    assert (b.states.exit_level[0, BB], b.states.exit_tolerance[0, BB]) == before


def test_exits_stay_as_they_are_without_danger_or_means() -> None:
    for away, capacity in ((0, 1.0), (310, 0.0)):
        b = batch()
        put(b, "theatre", (0, MOVEMENT_BRAND, BB2), away)
        b.brands.prestige[:, MOVEMENT_BRAND], b.states.capacity[:] = 0.5, capacity
        decide(b, BB)
        assert b.states.exit_level[0, BB] == 0.3


def test_barriers_grow_beside_a_hub_that_nobody_holds_down() -> None:
    b = batch()
    b.states.threat[:], b.states.capacity[:], b.regions.presence[:] = 5.0, 1.0, 0.0
    decide(b, AA)
    assert (b.regions.barrier == 0).all()  # nothing has come across
    b.regions.hub_strength[:, BB2] = 1000
    b.regions.presence[:, BB2] = 1.0
    decide(b, AA)
    assert (b.regions.barrier == 0).all()  # the neighbour holds its side
    b.regions.presence[:, BB2] = 0.0
    for _ in range(200):
        decide(b, AA)
    assert 0.5 < b.regions.barrier[0, AA3] <= 0.7
    assert b.regions.barrier.sum() == b.regions.barrier[0, AA3]  # at that border only


def test_borders_can_be_frozen_open() -> None:
    b = batch()
    freeze(b, "state.borders", 0.0)
    b.states.threat[:], b.states.capacity[:], b.regions.presence[:] = 5.0, 1.0, 0.0
    b.regions.hub_strength[:, BB2] = 1000
    decide(b, AA)
    assert (b.regions.barrier == 0).all()


def test_blows_are_attacks_as_those_who_decide_weigh_them() -> None:
    b = batch(violence__mass_weight=7.0)
    b.regions.attacks_seen[:, BB2], b.regions.mass_attacks_seen[:, BB2] = 3, 2
    head(b)
    assert b.regions.blows[0, BB2] == pytest.approx(17)
    assert b.regions.blows.sum() == b.regions.blows[0, BB2]
