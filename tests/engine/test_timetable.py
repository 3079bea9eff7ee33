"""Dials tabulated before a run: neutral, turned, combined, in time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.engine.batch import Timetable
from sim.engine.timetable import tabulated
from sim.inputs.geography import load_geography
from sim.policy.dials import DIALS
from sim.policy.timeline import Turn

START, MONTHS = 24_000, 8


def table(*turns: Turn) -> Timetable:
    return tabulated(turns, load_geography("two_countries"), START, MONTHS)


def turn(dial: str, places: list[int], amount: Any, start: int = 0, end: int | None = None, ramp: int = 0,
         strength: Any = 1.0, effort: float = 0.0, regions: list[int] | None = None) -> Turn:
    return Turn(dial, np.array(places), amount, START + start, None if end is None else START + end, ramp, strength,
                effort, np.array(regions or places))


def dial(t: Timetable, name: str, month: int = 0) -> np.ndarray:
    return (t.states if DIALS[name].scope == "country" else t.regions)[name][t.epoch[month]]


def test_untouched_they_are_neutral() -> None:
    for name, each in DIALS.items():
        values = dial(table(), name)
        assert values.shape == (1, 2 if each.scope == "country" else 7)
        assert (values == {"multiply": 1.0, "add": 0.0}[each.combine]).all()
        assert each.unit
        assert each.description


def test_factors_multiply_and_amounts_add() -> None:
    t = table(*(turn(name, places, amount) for amount in (0.5, 0.8)
                for name, places in (("capacity", [1]), ("services", [0, 2]))))
    assert dial(t, "capacity")[0] == pytest.approx([1.0, 0.4])
    assert dial(t, "services")[0] == pytest.approx([1.3, 0.0, 1.3, 0, 0, 0, 0])


def test_worlds_may_differ() -> None:
    t = table(turn("capacity", [0], np.array([[1.0], [0.5]])), turn("capacity", [0, 1], 0.5),
              turn("capacity", [1], np.array([[1.0], [0.0]])))
    assert dial(t, "capacity") == pytest.approx(np.array([[0.5, 0.5], [0.25, 0.0]]))
    t = table(turn("hopes", [0], 0.4, strength=np.array([[0.25], [1.0]])))
    assert dial(t, "hopes")[:, 0] == pytest.approx([0.1, 0.4])


@pytest.mark.parametrize(("strength", "factor", "amount"), [(0.0, 1.0, 0.0), (0.5, 0.6, 0.2), (1.0, 0.2, 0.4)])
def test_a_share_of_the_full_turn(strength: float, factor: float, amount: float) -> None:
    t = table(turn("capacity", [0], 0.2, strength=strength), turn("hopes", [0], 0.4, strength=strength))
    assert dial(t, "capacity")[0] == pytest.approx([factor, 1.0])
    assert dial(t, "hopes")[0] == pytest.approx([amount, 0.0])


def test_turns_in_time() -> None:
    t = table(turn("hopes", [0], 0.8, 1, 3), turn("channels", [1], 1.0, 2, ramp=3))
    assert [dial(t, "hopes", month)[0, 0] for month in range(5)] == pytest.approx([0, 0.8, 0.8, 0.8, 0])
    assert [dial(t, "channels", month)[0, 1] for month in range(MONTHS)] == pytest.approx(
        [0, 0, 0.25, 0.5, 0.75, 1, 1, 1])


def test_months_in_which_nothing_changes_share_a_row() -> None:
    t = table(turn("hopes", [0], 0.8, 2, 4))
    assert t.epoch.tolist() == [0, 0, 1, 1, 1, 2, 2, 2]
    assert len(t.states) == 3


def test_effort_is_spent_where_and_while_a_lever_stands() -> None:
    t = table(turn("hopes", [0], 0.8, 1, 2, strength=0.5, effort=3.0, regions=[0, 1, 2]))
    assert t.regions["effort"][t.epoch[1], 0] == pytest.approx([1.5, 1.5, 1.5, 0, 0, 0, 0])
    assert t.regions["effort"][t.epoch[[0, 3]]].sum() == 0


def test_the_course_of_the_theatre_is_the_data() -> None:
    g = load_geography("two_countries")
    course = tabulated((), g, START + 24, 120).theatre
    for name in ("movement_strength", "movement_territory", "rebel_strength", "lethality", "access"):
        assert course[name] == pytest.approx([g.theatre.at(name, START + 24 + step) for step in range(120)])
    first = g.theatre.first_month("movement_territory")
    assert course["proclaimed"].tolist() == [int(START + 24 + step >= first) for step in range(120)]
