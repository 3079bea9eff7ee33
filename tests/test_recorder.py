"""What is reported, and what counts as a foothold."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from sim.calendar import Month
from sim.engine.enums import (
    ACTIVE,
    ARRESTED,
    CELL,
    EMPTY,
    GROUND,
    LOST_TO_OFFENSIVE,
    LOST_TO_REVOLT,
    LYING_LOW,
    MOVEMENT,
    PRISON,
    REFUGE,
    RIVAL,
)
from sim.engine.outcomes import OUTCOMES
from sim.engine.record import Recorder
from sim.runs.ensemble import Arrays
from sim.runs.tables import footholds
from sim.runs.worlds import Worlds
from tests.small import AA, BB, BB2, BB3, put, scenario, worlds


def test_every_outcome_is_described_and_can_be_looked_at() -> None:
    recorder = Recorder(tuple(OUTCOMES), 2, 1, 7, 10)
    recorder.look(worlds(2).batch)
    assert recorder.values.shape == (len(OUTCOMES), 2, 1, 7)
    assert np.isfinite(recorder.values).all()
    for name, outcome in OUTCOMES.items():
        assert name == outcome.name
        assert outcome.unit
        assert outcome.label
        assert outcome.aggregate in ("sum", "mean", "max")
        if outcome.unit.startswith(("persons", "deaths", "attacks", "attempts")):
            assert outcome.aggregate == "sum", name


def looked(m: Worlds, name: str) -> np.ndarray:
    recorder = Recorder((name,), 1, 1, 7, 10)
    recorder.look(m.batch)
    return recorder.values[0, 0, 0]


def test_flows_of_the_month_are_recorded() -> None:
    """Recruits add up over organisations; who is stopped on the way, who is let out and which revolts fail is told."""
    run = Worlds(scenario(end="2014-12", worlds=4, parameters={"ground.revolt": 0.2, "ground.attempt": 0.6}))
    values = dict(zip(OUTCOMES, run.run().values, strict=True))
    assert np.array_equal(values["recruits"],
                          values["recruits_movement"] + values["recruits_rival"] + values["recruits_mass"])
    assert values["recruits_rival"].sum() > 0
    assert values["recruits_mass"].sum() > 0
    assert 0 < values["interdicted"].sum() < values["arrests"].sum()
    assert values["released"].sum() > 0
    assert (values["revolts_crushed"] <= values["revolts"]).all()


def test_what_members_and_fighters_are() -> None:
    m = worlds()
    put(m, "militants", (...,), 0)
    for condition, number in ((CELL, 1), (REFUGE, 2), (GROUND, 4), (PRISON, 8)):
        put(m, "militants", (0, MOVEMENT, condition, BB2, BB), number)
        put(m, "militants", (0, RIVAL, condition, BB2, AA), 10 * number)
    put(m, "militants", (0, MOVEMENT, GROUND, BB2, AA), 16)
    put(m, "militants", (0, MOVEMENT, GROUND, BB2, 3), 32)
    expected = {"movement_members": 55, "rival_members": 70, "fighters": 26.5, "foreign_members": 48,
                "neighbour_members": 16, "refuge_members": 22, "prisoners": 88}
    for name, value in expected.items():
        assert looked(m, name)[BB2] == value, name
        assert looked(m, name).sum() == value, name


def test_recruiters_at_large() -> None:
    m = worlds()
    agents = m.batch.recruiters
    agents.status = EMPTY
    agents.status[0, :4] = (ACTIVE, LYING_LOW, ARRESTED, ACTIVE)
    agents.place[0, :4] = (BB2, BB2, BB2, BB3)
    assert looked(m, "recruiters")[[BB2, BB3]] == pytest.approx([2, 1])


def test_control_and_footholds_of_a_region() -> None:
    m = worlds()
    places = m.batch.localities
    places.control[0, 7], places.held[0, 7] = 0.5, 2  # Lanmere, four in ten of 500,000
    assert looked(m, "control")[BB3] == pytest.approx(0.2)
    assert looked(m, "controlled_residents")[BB3] == pytest.approx(100_000)
    assert looked(m, "foothold").sum() == 0
    places.held[0, 7] = 3
    assert looked(m, "foothold")[BB3] == looked(m, "foothold").sum() == 1


def test_a_recorder_only_looks() -> None:
    m = worlds(2)
    before = {name: table.copy() for name, table in m.batch.tables.items()}
    Recorder(tuple(OUTCOMES), 2, 1, 7, 10).look(m.batch)
    for name, table in before.items():
        assert (m.batch.tables[name] == table).all(), name


GEOGRAPHY = SimpleNamespace(regions=["X-1", "X-2"], localities=["X-1.town", "X-1.rest", "X-2.rest"],
                            region_of=np.array([0, 0, 1]))
FROM_2014 = SimpleNamespace(start=Month.of(2014, 1))


def spells(*control: float, cause: dict[int, int] | None = None, place: int = 1) -> list[tuple]:
    """Spells found in one place's control by month: (onset, end, months, grade, ended_by)."""
    grid = np.zeros((2, len(control), 3), dtype=np.float32)
    causes = np.zeros(grid.shape, dtype=np.int8)
    grid[1, :, place] = control
    for month, why in (cause or {}).items():
        causes[1, month, place] = why
    found = footholds(FROM_2014, Arrays([], np.zeros((0, 2, len(control), 2)), grid, causes), GEOGRAPHY)
    assert (found["world"] == 1).all()
    assert (found["locality"] == GEOGRAPHY.localities[place]).all()
    assert (found["region"] == GEOGRAPHY.regions[GEOGRAPHY.region_of[place]]).all()
    return list(found[["onset", "end", "months", "grade", "ended_by"]].itertuples(index=False, name=None))


def test_three_months_make_a_foothold() -> None:
    assert spells(0, 0.3, 0.3, 0, 0) == []
    assert spells(0, 0.3, 0.3, 0.3, 0) == [("2014-02", "2014-05", 3, "contested", "faded")]
    assert spells(0, 0.24, 0.24, 0.24, 0) == []
    assert spells(0, 0.25, 0.25, 0.25, 0) == [("2014-02", "2014-05", 3, "contested", "faded")]
    assert spells(0.3, 0.3, 0, 0.3, 0.3, 0, 0.3) == []  # five months, never three on end


@pytest.mark.parametrize(("peak", "grade"), [(0.49, "contested"), (0.5, "dominant"), (0.79, "dominant"),
                                             (0.8, "exclusive"), (1.0, "exclusive")])
def test_grade_is_the_highest_reached(peak: float, grade: str) -> None:
    assert spells(0, 0.3, peak, 0.3, 0) == [("2014-02", "2014-05", 3, grade, "faded")]


def test_a_foothold_may_stand_at_the_beginning_and_at_the_end() -> None:
    assert spells(0.3, 0.3, 0.3, 0) == [("2014-01", "2014-04", 3, "contested", "faded")]
    assert spells(0, 0, 0.3, 0.3, 0.3) == [("2014-03", "", 3, "contested", "")]


def test_recurrence() -> None:
    found = spells(*[0.3] * 3, 0, *[0.6] * 4, 0, 0, 0.9, 0.9, place=2)
    assert found == [("2014-01", "2014-04", 3, "contested", "faded"), ("2014-05", "2014-09", 4, "dominant", "faded")]


def test_cause_is_found_at_the_loss_even_after_crumbling() -> None:
    lost = {"cause": {4: LOST_TO_REVOLT}}
    assert spells(0, 0.3, 0.3, 0.3, 0, **lost)[0][-1] == "revolt"
    assert spells(0.3, 0.3, 0.3, 0.2, 0, **lost)[0][-1] == "revolt"


def test_the_cause_of_a_later_loss_is_not_that_of_an_earlier_one() -> None:
    found = spells(0.3, 0.3, 0.3, 0.2, 0.3, 0.3, 0.3, 0, cause={7: LOST_TO_OFFENSIVE})
    assert [spell[-1] for spell in found] == ["faded", "offensive"]
