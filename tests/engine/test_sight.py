"""Sight: what all see alike, at the head of the month and after decisions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sim.engine import sight
from sim.engine.enums import CELL, GROUND, HIDDEN, MASS, MOVEMENT, PRISON, REFUGE, RIVAL
from sim.engine.forms import either, saturating, share, sympathising_value
from sim.engine.sight import head, watch
from tests.engine.kit import AA, AA1, AA2, AA3, ALL, BB, BB1, BB2, Small, ask, batch, formula, put, turn

collapse, tolerated, told, won = map(formula, (sight.collapse, sight.tolerated, sight.told, sight.won_cooperation))


def test_shared_forms_by_hand() -> None:
    assert [formula(share)(x) for x in (-1.0, 0.3, 2.0)] == [0, 0.3, 1]
    assert formula(either)(0.5, 0.5) == pytest.approx(0.75)
    assert [formula(saturating)(x, 4.0) for x in (0.0, 4.0, 12.0)] == [0, 0.5, 0.75]
    assert formula(sympathising_value)(np.e - 1, 0.3) == pytest.approx(0.3)
    assert formula(sympathising_value)(0.0, 0.3) == 0


@pytest.mark.parametrize(("capacity", "rivalry", "presence", "expected"), [
    (0.0, 0.0, 0.0, 1.0), (0.25, 0.0, 0.0, 0.5), (0.5, 0.0, 0.0, 0.0), (0.5, 0.5, 0.0, 0.5), (1.0, 1.0, 0.0, 1.0),
    (0.0, 0.0, 0.5, 0.25), (0.0, 0.0, 1.0, 0.0), (0.9, 0.0, 0.0, 0.0)])
def test_collapse(capacity: float, rivalry: float, presence: float, expected: float) -> None:
    """1 - 2 x capacity x (1 - fragmentation), at least 0, times the square of absence."""
    assert collapse(capacity, rivalry, 2.0, presence) == pytest.approx(expected)
    b = batch()
    b.states.capacity[:], b.states.fragmentation[:], b.regions.presence[:] = capacity, rivalry, presence
    head(b)
    assert b.regions.collapse == pytest.approx(np.full((1, 7), expected))


def test_a_hub_is_where_members_are_and_no_state_is_left_the_more_so_where_they_rule() -> None:
    """Members in cells, refuges and on the ground x (collapse 0.5 + control's weight x ruled 0.3)."""
    b = batch(organisation__hub_control=2.0)
    put(b, "militants", ..., 0)
    for condition in (CELL, REFUGE, GROUND, PRISON, HIDDEN):
        put(b, "militants", (0, MOVEMENT, condition, [AA1, BB2]), 10)  # of four origins
    put(b, "militants", (0, RIVAL, CELL, BB1, BB), 1000)
    b.states.capacity[:], b.states.fragmentation[:], b.regions.presence[:] = 0.25, 0.0, 0.0
    b.regions.ruled[0, BB2] = 0.3
    head(b)
    assert b.regions.hub_strength[0, AA1] == pytest.approx(120 * 0.5)
    assert b.regions.hub_strength[0, BB2] == pytest.approx(120 * 1.1)
    assert b.regions.hub_strength.sum() == pytest.approx(120 * 1.6)
    b.states.capacity[:] = 1.0
    b.regions.ruled[:] = 0.0
    head(b)
    assert (b.regions.hub_strength == 0).all()


def test_open_sites_are_what_a_country_tolerates() -> None:
    """0.05 by itself, 0.5 more by a decision, half of the regulation less, nothing once banned."""
    assert tolerated(0.05, 0.5, 0.4, 0.5, 0.0) == pytest.approx(0.35)
    assert tolerated(0.05, 0.5, 0.4, 0.5, 0.5) == pytest.approx(0.175)
    b = batch()
    turn(b, "tolerance_recruitment", 0.5, BB)
    turn(b, "regulation", 0.4, BB)
    watch(b)
    assert b.regions.open_sites[0, [AA1, AA2, AA3]] == pytest.approx([0.05] * 3)
    assert b.regions.open_sites[0, BB1:] == pytest.approx([0.35] * 4)
    b.states.banned[0, BB] = 1.0
    watch(b)
    assert b.regions.open_sites[0, BB1:] == pytest.approx([0.0] * 4)
    assert b.regions.open_sites[0, AA1] == pytest.approx(0.05)
    turn(b, "regulation", 5.0)
    b.states.banned[:] = 0.0
    watch(b)
    assert (b.regions.open_sites == 0).all()
    turn(b, "tolerance_recruitment", 50.0, AA)
    watch(b)
    assert (b.regions.open_sites[0, :3] == 1).all()


def test_borders_are_guarded_by_barriers_and_effort() -> None:
    b = batch()
    b.regions.barrier[0, [AA2, AA3]] = (0.3, 0.8)
    turn(b, "border_effort", 0.5, AA3)
    watch(b)
    assert b.regions.guarded[0] == pytest.approx([0, 0.3, 1, 0, 0, 0, 0])


def test_exits_are_controlled_by_what_was_built_and_what_is_decided() -> None:
    b = batch()
    b.states.exit_level[:], b.states.exit_tolerance[:] = 0.4, 0.5
    turn(b, "exit_control", 0.3, BB)
    turn(b, "tolerance_exit", 0.2, BB)
    watch(b)
    assert b.states.exit_control[0] == pytest.approx([0.4, 0.7])
    assert b.states.looking_away[0] == pytest.approx([0.5, 0.7])
    turn(b, "exit_control", 3.0)
    turn(b, "tolerance_exit", -3.0)
    watch(b)
    assert b.states.exit_control[0].tolist() == [1, 1]
    assert b.states.looking_away[0].tolist() == [0, 0]


def test_intelligence_and_welcome_are_shares() -> None:
    """Alvane 0.75, Borrun 0.55; welcome 0.12 + reintegration + an amnesty's part."""
    b = batch(theatre__welcome=0.12, theatre__amnesty_welcome=0.5)
    watch(b)
    assert b.states.intelligence[0] == pytest.approx([0.75, 0.55])
    assert b.states.welcome[0] == pytest.approx([0.12, 0.12])
    turn(b, "intelligence", 1.2)
    turn(b, "reintegration", 0.3, AA)
    turn(b, "amnesty", 0.4, BB)
    watch(b)
    assert b.states.intelligence[0] == pytest.approx([0.9, 0.66])
    assert b.states.welcome[0] == pytest.approx([0.42, 0.32])
    turn(b, "intelligence", 5.0)
    turn(b, "reintegration", 5.0)
    watch(b)
    assert b.states.intelligence[0].tolist() == b.states.welcome[0].tolist() == [1, 1]


def test_who_is_found_by_hand() -> None:
    """Alvane Centre: 0.09 x intelligence 0.75 x presence 0.5 x cooperation (1 - 0.6 x 0.5 + 0.4 x 0.25) x (1 + 0.2)."""
    b = ready()
    b.regions.grievance[:], b.states.learning[:], b.states.alert[:] = 0.5, 0.1, 0.1
    b.states.agency[:] = 0
    look(b)
    assert b.regions.found[0, AA1] == pytest.approx(0.09 * 0.75 * 0.5 * 0.8 * 1.2)


def ready() -> Small:
    b = batch()
    b.regions.presence[:], b.regions.grievance[:] = 0.5, 0.3
    b.states.capacity[:] = b.geography.y["capacity"]
    return b


def look(b: Small) -> np.ndarray:
    head(b)
    watch(b)
    return b.regions.found.copy()


def test_nobody_is_found_without_information_presence_or_help() -> None:
    b = ready()
    b.regions.presence[:] = [[1, 0, 1, 1, 1, 1, 1]]
    found = look(b)
    assert found[0, AA2] == 0
    assert (np.delete(found[0], AA2) > 0).all()
    turn(b, "intelligence", 0.0)
    assert (look(b) == 0).all()
    b = ready()
    turn(b, "local_forces", -100.0)
    assert (look(b) == 0).all()
    b = ready()
    b.coefficients["counter"]["detection"] = 0.0
    assert (look(b) == 0).all()


@pytest.mark.parametrize(("change", "sign"), [
    (lambda b: b.regions.presence.__imul__(0.5), -1),
    (lambda b: b.regions.grievance.__iadd__(0.3), -1),
    (lambda b: b.states.learning.__iadd__(0.3), 1),
    (lambda b: b.states.alert.__iadd__(0.3), 1),
    (lambda b: b.states.agency.__iadd__(0.5), 1),
    (lambda b: turn(b, "intelligence", 1.2), 1),
    (lambda b: turn(b, "services", 0.2), 1),
    (lambda b: turn(b, "local_forces", 0.3), 1),
    (lambda b: turn(b, "community", 0.3), 1),
    (lambda b: turn(b, "cooperation", 0.3), 1),
])
def test_directions_of_detection(change: Callable[[Small], Any], sign: int) -> None:
    b = ready()
    before = look(b)
    change(b)
    assert (sign * (look(b) - before) > 0).all()


def test_residents_tell_within_bounds() -> None:
    """1 - silence 0.6 x grievance + 0.4 x (services - 0.5) + gain x allies, between 0 and the most."""
    assert told(0.5, 0.6, 0.75, 0.4, 0.0, 0.5, 1.5) == pytest.approx(0.8)
    assert told(0.5, 0.6, 0.75, 0.4, 0.2, 0.5, 1.5) == pytest.approx(0.9)
    assert told(0.0, 0.6, 0.5, 0.4, 9.0, 0.5, 1.5) == 1.5
    assert told(1.0, 2.0, 0.5, 0.4, 0.0, 0.5, 1.5) == 0


def test_two_states_cooperate_as_far_as_the_less_willing() -> None:
    """On the border 0.5 + half of the cooperation, 0.3 as it stands; inland nothing changes."""
    factors = []
    for amounts in ((0.0, 0.0), (0.4, 0.0), (0.4, 0.2), (0.4, 0.4), (2.0, 2.0)):
        b = batch()
        b.place.regions.rugged[:] = 0.0
        b.states.capacity[:] = b.geography.y["capacity"]
        b.regions.presence[:], b.states.alert[:] = 1.0, 1.0
        for country, amount in zip((AA, BB), amounts, strict=True):
            turn(b, "cooperation", amount, country)
        look(b)
        factors.append(b.regions.pressure[0].copy())
    stands = b.place.cooperation[AA, BB]
    assert stands == pytest.approx(0.3)
    assert [f[AA3] for f in factors] == pytest.approx([0.5 + 0.5 * (stands + more) for more in (0, 0, 0.2, 0.4)]
                                                      + [1.0])
    assert all(f[AA1] == 1 for f in factors)


def test_pressure_takes_presence_and_alert_and_is_broken_by_terrain() -> None:
    """Idle forces press at a fifth; terrain takes up to half."""
    b = batch(counter__idle_pressure=0.2)
    b.regions.presence[:], b.states.alert[:] = 0.5, 0.25
    b.place.regions.rugged[AA1] = 0.6
    look(b)
    assert b.regions.pressure[0, AA1] == pytest.approx(0.5 * (0.2 + 0.8 * 0.25) * 0.7)
    b.regions.presence[:] = 0.0
    look(b)
    assert (b.regions.pressure == 0).all()


def test_cooperation_takes_a_counterpart() -> None:
    """With a collapsed neighbour nothing is won, with one at half of its capacity half."""
    found = []
    for left in (1.0, 0.5, 0.0):
        b = batch()
        b.states.capacity[:] = b.geography.y["capacity"]
        b.states.capacity[:, BB] *= left
        turn(b, "cooperation", 0.4)
        head(b)
        assert b.states.cooperation_won[0, AA] == b.states.cooperation_won[0, BB]
        assert b.won[0, AA, BB] == b.won[0, BB, AA] == b.states.cooperation_won[0, AA]
        found.append(float(b.states.cooperation_won[0, AA]))
    assert found == pytest.approx([0.4, 0.2, 0.0])
    assert won(0.8, 0.4, 0.5, 1.0, 1.0) == pytest.approx(0.2)  # no more than all


def test_cooperation_is_won_with_neighbours_only() -> None:
    """In the Maghreb two states without a common border share nothing for detection."""
    b = batch(world="maghreb")
    g = b.geography
    assert (b.place.neighbours == b.place.neighbours.T).all()
    assert (np.diag(b.place.neighbours) == 0).all()
    pair = next((y, z) for y in range(len(g.countries)) for z in range(y) if b.place.neighbours[y, z] == 0)
    b.states.capacity[:] = g.y["capacity"]
    turn(b, "cooperation", 0.2, *pair)
    head(b)
    assert (b.states.cooperation_won == 0).all()
    assert b.won[0, pair[0], pair[1]] > 0


def test_worth_of_a_region() -> None:
    """0.3 x log(1 + sympathisers) + readiness - caution 6 x what is found there."""
    b = batch(recruiter__pool_weight=0.3, recruiter__caution=6.0)
    b.regions.presence[:], b.regions.readiness[:] = 0.5, 0.2
    put(b, "sympathisers", (ALL, BB2), 100)
    watch(b)
    found = b.regions.found[0]
    assert b.regions.risk_value[0, BB2] == pytest.approx(0.3 * np.log(801) + 0.2 - 6 * found[BB2])
    assert b.regions.risk_value[0, AA1] == pytest.approx(0.2 - 6 * found[AA1])


def test_what_activists_do_is_not_what_a_hub_does() -> None:
    b = batch()
    put(b, "militants", ..., 0)
    put(b, "militants", (0, MASS, CELL, BB2, BB), 1000)
    b.states.capacity[:], b.regions.presence[:] = 0.0, 0.0
    head(b)
    assert (b.regions.hub_strength == 0).all()


def test_a_state_that_never_had_any_capacity_has_kept_none() -> None:
    b = batch()
    b.place.states.capacity[AA] = b.states.capacity[:, AA] = 0.0
    b.states.capacity[:, BB] = 0.5 * b.place.states.capacity[BB]
    assert [ask(b, sight.kept_capacity, y) for y in (AA, BB)] == pytest.approx([0.0, 0.5])
