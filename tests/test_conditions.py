"""Conditions that agents and processes share."""

from __future__ import annotations

import numpy as np
import pytest

from sim.conditions import collapse, detection, fighters, found, guarded, open_sites, ruled_share, tolerated
from sim.world import CELL, GROUND, HIDDEN, MOVEMENT, REFUGE, RIVAL
from tests.small import AA, AA1, AA2, AA3, BB, BB1, BB2, BB3, moment, put, turn


def test_open_sites_are_what_a_country_tolerates() -> None:
    """0.05 by itself, 0.5 more by a decision, half of the regulation less, nothing once banned."""
    m = moment()
    turn(m, "tolerance_recruitment", 0.5, BB)
    turn(m, "regulation", 0.4, BB)
    assert tolerated(m)[0] == pytest.approx([0.05, 0.35])
    assert open_sites(m)[0, [AA1, AA2, AA3]] == pytest.approx([0.05] * 3)
    assert open_sites(m)[0, BB1:] == pytest.approx([0.35] * 4)
    m.world.banned[0, BB] = 1.0
    assert open_sites(m)[0, BB1:] == pytest.approx([0.0] * 4)
    turn(m, "regulation", 5.0)
    assert (tolerated(m) == 0).all()
    turn(m, "tolerance_recruitment", 50.0, AA)
    assert tolerated(m)[0, AA] == 1


def test_nobody_is_found_without_information_presence_or_help() -> None:
    for blind in range(4):
        factors = [0.5, 0.8, 0.9, 0.1]
        factors[blind] = 0.0
        assert detection(*factors, 0.5) == 0
    m = moment()
    m.world.presence[:] = [[1, 0, 1, 1, 1, 1, 1]]
    assert found(m)[0, AA2] == 0
    assert (np.delete(found(m)[0], AA2) > 0).all()


def test_borders_are_guarded_by_barriers_and_effort() -> None:
    m = moment()
    m.world.barrier[0, [AA2, AA3]] = (0.3, 0.8)
    turn(m, "border_effort", 0.5, AA3)
    assert guarded(m)[0] == pytest.approx([0, 0.3, 1, 0, 0, 0, 0])


@pytest.mark.parametrize(("capacity", "rivalry", "presence", "expected"), [
    (0.0, 0.0, 0.0, 1.0), (0.25, 0.0, 0.0, 0.5), (0.5, 0.0, 0.0, 0.0), (0.5, 0.5, 0.0, 0.5), (1.0, 1.0, 0.0, 1.0),
    (0.0, 0.0, 0.5, 0.25), (0.0, 0.0, 1.0, 0.0), (0.9, 0.0, 0.0, 0.0)])
def test_collapse(capacity: float, rivalry: float, presence: float, expected: float) -> None:
    """1 - 2 x capacity x (1 - fragmentation), at least 0, times the square of absence."""
    m = moment()
    m.world.capacity[:], m.world.fragmentation[:], m.world.presence[:] = capacity, rivalry, presence
    assert collapse(m) == pytest.approx(np.full((1, 7), expected))


def test_ruled_share_is_weighted_by_residents() -> None:
    m = moment()
    m.world.control[0, m.geography.localities.index("BB-3.lanmere")] = 0.5  # four in ten
    assert ruled_share(m)[0, BB3] == pytest.approx(0.2)
    assert ruled_share(m).sum() == pytest.approx(0.2)
    m.world.control[:] = 1.0
    assert ruled_share(m) == pytest.approx(np.ones((1, 7)))


def test_fighters_are_members_in_cells_and_on_the_ground() -> None:
    m = moment(ground__fighter_share=0.4)
    put(m, "militants", (...,), 0)
    for condition, number in ((CELL, 10), (GROUND, 20), (REFUGE, 400), (HIDDEN, 800)):
        put(m, "militants", (0, MOVEMENT, condition, BB2, BB), number)
    put(m, "militants", (0, RIVAL, CELL, BB2, BB), 1600)
    assert fighters(m)[0, BB2] == pytest.approx(12)
    assert fighters(m).sum() == pytest.approx(12)
