"""What a point says is what its worlds live through."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim.studies.sweep.batches
from sim.calendar import Month
from sim.engine.outcomes import OUTCOMES
from sim.runs.model import RecruitmentModel
from sim.runs.scenarios import load_scenario
from sim.studies.sweep.batches import chunks, kept, places_of, rows_of, simulate
from sim.studies.sweep.design import points_of
from sim.studies.sweep.spec import SweepSpec
from sim.studies.sweep.summaries import GAP, SUMMARIES, Months, lost_and_back
from tests.studies.sweep.small import TWO_COUNTRIES, spec

END = "2014-12"
VARY: dict[str, Any] = {
    "settling": {"lever": "national_cohesion", "where": ["BB"], "from": {"values": ["2013-01", "2014-01"]},
                 "strength": {"range": [0, 1]}, "ramp": 3},
    "might": {"dial": "capacity", "where": ["BB"], "from": "2011-06", "range": [0.2, 1.0]},
    "peers": {"parameter": "exposure.peers"},
    "repression": {"theory": "repression"},
    "split": {"event": "bb_split", "values": ["2013-06", "never"]},
    "start": {"value": "BB.capacity"},
}


def mixed(**changes: Any) -> SweepSpec:
    return spec(**{"set": {"end": END}, "vary": VARY, "design": {"kind": "latin_hypercube", "points": 6, "seed": 2},
                   "worlds": 2, "record": {"outcomes": ["departures", "grievance"], "summaries": ["foothold_months"],
                                           "places": ["BB-2"]}, **changes})


def by_hand(values: dict[str, Any], world: int) -> RecruitmentModel:
    """The same point as a scenario written out, one world alone."""
    scenario = load_scenario(TWO_COUNTRIES, {
        "end": END, "events": {"bb_split": values["split"]}, "theories": {"repression": values["repression"]},
        "parameters": {"exposure.peers": values["peers"], "values.BB.capacity": values["start"]},
        "levers": [{"lever": "national_cohesion", "where": ["BB"], "from": values["settling_from"],
                    "strength": values["settling"], "ramp": 3}]})
    turn = ("capacity", ("BB",), values["might"], int(Month.parse("2011-06")), None)
    return RecruitmentModel(scenario, [world], turns=[turn])


def test_each_row_is_the_run_that_its_point_describes() -> None:
    made = mixed()
    points = points_of(made)
    seen = []
    for chunk in chunks(made, points):
        rows = rows_of(made, points, chunk)
        for i, values in enumerate(simulate(rows)):
            point = {name: column[rows.points[i]] for name, column in points.values.items()}
            recorder = by_hand(point, int(rows.worlds[i])).run()
            gone = recorder.values[list(OUTCOMES).index("departures"), 0].astype(np.float64)
            assert values[0, 2, 0] == gone.sum()  # ALL
            assert values[0, 3, 0] == gone[:, 4].sum()  # BB-2
            seen.append(float(gone.sum()))
    assert len(seen) == 12
    assert len(set(seen)) > 6  # points and worlds do differ


def test_rows_do_not_depend_on_the_chunk_they_are_in(monkeypatch: pytest.MonkeyPatch) -> None:
    made = spec(set={"end": "2013-12"}, record={"outcomes": ["departures", "grievance", "attacks", "control"]})
    points = points_of(made)

    def everything() -> dict[tuple[int, int], bytes]:
        found = {}
        for chunk in chunks(made, points):
            for point, world, values in zip(chunk.points, chunk.worlds, simulate(rows_of(made, points, chunk)),
                                            strict=True):
                found[int(point), int(world)] = values.tobytes()
        return found

    whole = everything()
    monkeypatch.setattr(sim.studies.sweep.batches, "CHUNK", 7)
    assert everything() == whole
    assert len(whole) == 48


def test_batches_hold_only_points_that_may_share_one() -> None:
    made = mixed()
    points = points_of(made)
    for chunk in chunks(made, points):
        for index, value in chunk.fixed:
            column = points.values[made.dimensions[index].name]
            assert {column[point] for point in chunk.points} == {value}
    assert {made.dimensions[index].name for index, _ in chunks(made, points)[0].fixed} == {
        "settling_from", "split", "start"}


def test_every_row_is_in_one_chunk_of_at_most_a_hundred() -> None:
    made = spec(design={"kind": "grid", "levels": 13})
    parts = chunks(made, points_of(made))
    rows = [pair for part in parts for pair in zip(part.points.tolist(), part.worlds.tolist(), strict=True)]
    assert sorted(rows) == [(point, world) for point in range(169) for world in range(3)]
    assert max(part.worlds.size for part in parts) <= 100


@pytest.mark.parametrize("luck", ["common", "own"])
def test_luck_is_shared_unless_every_point_has_its_own(luck: str) -> None:
    made = spec(luck=luck)
    worlds: dict[int, list[int]] = {}
    for part in chunks(made, points_of(made)):
        for point, world in zip(part.points.tolist(), part.worlds.tolist(), strict=True):
            worlds.setdefault(point, []).append(world)
    if luck == "common":
        assert set(map(tuple, worlds.values())) == {(0, 1, 2)}
    else:
        assert sorted(world for own in worlds.values() for world in own) == list(range(48))


def test_posterior_draws_of_a_point_hold_in_all_its_worlds_and_give_way_to_names() -> None:
    baseline = str(Path(TWO_COUNTRIES).parent.parent / "baseline.yaml")
    made = spec(base=baseline, set={"end": "2011-02"}, design={"kind": "grid", "levels": 2}, worlds=2, vary={
        "detection": {"parameter": "counter.detection", "range": [0.05, 0.06]},
        "draw": {"posterior": True, "draws": 2}})
    points = points_of(made)
    rows = rows_of(made, points, chunks(made, points)[0])
    assert rows.parameters["counter.detection"].tolist() == [0.05] * 4 + [0.06] * 4
    contacts = rows.parameters["exposure.contacts"]
    assert contacts[0] == contacts[1] == contacts[4] != contacts[2]


def test_places_are_countries_all_and_those_asked_for() -> None:
    assert places_of(mixed()) == ("AA", "BB", "ALL", "BB-2")


def months(held: list[int]) -> Months:
    shape = (1, len(held), 1)
    return Months({"foothold": np.array(held).reshape(shape), "departures": np.arange(len(held)).reshape(shape),
                   "controlled_residents": 10.0 * np.array(held).reshape(shape)}, np.array([2e6]))


@pytest.mark.parametrize(("held", "lost", "back"), [
    ([1, 1, 1, 1], False, False),
    ([0, 0, 0, 0], False, False),
    ([1] + [0] * (GAP - 1) + [1], False, False),  # the gap is too short for an end
    ([1] + [0] * GAP, True, False),
    ([1] + [0] * GAP + [1], True, True),
    ([0] * 20 + [1, 1], False, False),  # nothing stood before
])
def test_a_foothold_recurs_only_after_a_gap(held: list[int], lost: bool, back: bool) -> None:
    found = lost_and_back(months(held).held)
    assert (bool(found[0][0, 0]), bool(found[1][0, 0])) == (lost, back)


def test_summaries_by_hand() -> None:
    m = months([0, 0, 1, 1, 0, 0])

    def value(name: str, first: int = 0, last: int = 5) -> float:
        return float(SUMMARIES[name].of(m, first, last)[0, 0])

    assert (value("foothold_any"), value("foothold_any", 4)) == (1, 0)
    assert (value("foothold_months"), value("foothold_months", 3)) == (2, 1)
    assert (value("first_foothold"), value("first_foothold", 3)) == (2, 3)
    assert np.isnan(value("first_foothold", 4))
    assert value("departures_per_million") == 15 / 2
    assert value("peak_residents") == 10


def test_flows_are_summed_and_states_averaged_over_each_period() -> None:
    made = spec(record={"outcomes": ["departures", "grievance"], "summaries": [],
                        "periods": {"early": ["2011-01", "2011-02"], "late": ["2011-03", "2011-06"]}})
    values = np.arange(6.0).reshape(1, 6, 1)
    found = kept(Months({"departures": values, "grievance": values}, np.ones(1)), made.record, int(made.base.start))
    assert found[0, :, 0].tolist() == [[1, 0.5], [14, 3.5]]
