"""Placebos and sensitivity: a known answer is found, and a shuffled start is a different one."""

from __future__ import annotations

import numpy as np
import pytest

from sim.inputs.numbers import coefficients
from sim.runs.scenarios import load_scenario
from sim.runs.worlds import Worlds
from sim.studies.record.placebo import design, rank_regression


def test_the_design_stays_inside_all_ranges_and_fills_them():
    points = design(50, 3)
    assert not [name for name in points if name.startswith("theory.")]
    for name, x in points.items():
        c = coefficients()[name]
        assert x.min() >= c.low
        assert x.max() <= c.high
        assert len(np.unique(x)) == 50 or c.low == c.high


def test_rank_regression_finds_a_known_answer():
    """y = 3 a - b (+ c of no effect) with equal independent spreads: shares 3 : -1 : 0 of sqrt(10)."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4000, 3))
    found = rank_regression(x, 3 * x[:, 0] - x[:, 1])
    assert found == pytest.approx(np.array([3, -1, 0]) / np.sqrt(10), abs=0.03)


def test_shuffled_first_recruiters_keep_their_expected_number_but_not_their_places():
    scenario = load_scenario("scenarios/baseline.yaml", {"worlds": 40, "end": "2011-01"})

    def first(frozen):
        worlds = Worlds(scenario, frozen=frozen)
        agents, place = worlds.batch.recruiters, worlds.geography.regions.index("LY-DR")
        there = agents.status > 0
        return there.sum(axis=1), (there & (agents.place == place)).sum(axis=1)

    (all_plain, derna_plain), (all_moved, derna_moved) = first({}), first({"recruiters.shuffled": 1.0})
    assert derna_moved.mean() < 0.7 * derna_plain.mean()
    assert 0.5 * all_plain.mean() < all_moved.mean() < 1.2 * all_plain.mean()
