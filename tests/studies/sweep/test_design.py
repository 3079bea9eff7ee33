"""Designs visit the points that they say."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from sim.errors import UserError
from sim.inputs.numbers import DATA
from sim.inputs.posterior import load_posterior
from sim.studies.sweep.design import Points, frames, points_of, size
from sim.studies.sweep.spec import load_sweep
from tests.studies.sweep.small import keys, spec

DETECTION = {"parameter": "counter.detection", "range": [0.02, 0.2], "scale": "log"}
THEORY = {"theory": "repression", "values": ["deterrence", "backlash"]}
SPLIT = {"event": "bb_split", "values": ["2013-01", "never"]}


def points(vary: dict[str, Any], **design: Any) -> Points:
    return points_of(spec(vary=vary, design=design))


def test_a_grid_holds_every_combination_once() -> None:
    found = points({"a": {**DETECTION, "levels": 3}, "b": THEORY, "c": SPLIT}, kind="grid")
    rows = list(zip(*(found.values[name] for name in "abc"), strict=True))
    assert len(rows) == len(set(rows)) == 12
    assert found.values["a"][::4] == pytest.approx([0.02, np.sqrt(0.02 * 0.2), 0.2])  # even on a log scale
    assert set(rows) == set(itertools.product(found.values["a"][::4], THEORY["values"], SPLIT["values"]))


def test_months_of_a_range_are_whole_months() -> None:
    vary = {"when": {"event": "bb_split", "range": ["2012-11", "2013-02"]}}
    assert points(vary, kind="grid").values["when"] == ["2012-11", "2012-12", "2013-01", "2013-02"]
    assert points(vary, kind="grid", levels=2).values["when"] == ["2012-11", "2013-02"]


def test_a_latin_hypercube_has_one_point_in_each_slice() -> None:
    found = points({"a": DETECTION, "b": {"parameter": "exposure.peers"}, "c": THEORY}, kind="latin_hypercube",
                   points=40, seed=3)
    for column in found.unit.T:
        assert sorted(np.floor(column * 40)) == list(range(40))
    assert found.values["c"].count("backlash") == 20
    assert min(found.values["a"]) >= 0.02
    other = points({"a": DETECTION, "b": {"parameter": "exposure.peers"}, "c": THEORY}, kind="latin_hypercube",
                   points=40, seed=4)
    assert (other.unit != found.unit).any()


@pytest.mark.parametrize("second_order", [False, True])
def test_a_sobol_design_is_the_one_that_salib_reads(second_order: bool) -> None:
    """Checked on SALib's own estimator's demand: A, A with columns of B (B with columns of A), B, sample by sample."""
    vary = {"a": DETECTION, "b": {"parameter": "exposure.peers"}, "c": {"parameter": "counter.pursuit"}}
    unit = points(vary, kind="sobol", points=8, second_order=second_order).unit
    blocks = unit.reshape(8, 8 if second_order else 5, 3)
    a, b = blocks[:, 0], blocks[:, -1]
    for column in range(3):
        for base, other, block in ((a, b, 1 + column), *([(b, a, 4 + column)] if second_order else [])):
            expected = base.copy()
            expected[:, column] = other[:, column]
            assert (blocks[:, block] == expected).all()
    sampler = pytest.importorskip("SALib.sample.sobol")
    problem = {"num_vars": 3, "names": list("abc"), "bounds": [[0, 1]] * 3}
    assert (sampler.sample(problem, 8, calc_second_order=second_order, seed=1) == unit).all()


def test_a_morris_design_moves_one_coordinate_at_a_time() -> None:
    found = points({"a": DETECTION, "b": {"parameter": "exposure.peers"}, "c": THEORY}, kind="morris",
                   trajectories=30, levels=4)
    walks = found.unit.reshape(30, 4, 3)
    steps = np.diff(walks, axis=1)
    assert ((np.abs(steps) > 0).sum(axis=2) == 1).all()
    assert ((np.abs(steps) > 0).sum(axis=1) == 1).all()  # each coordinate once
    assert np.abs(steps[steps != 0]) == pytest.approx(2 / 3)
    assert set(np.round(walks.ravel() * 3, 6)) == {0, 1, 2, 3}
    ups = int((steps[steps != 0] > 0).sum())
    assert stats.binom.cdf(ups, 90, 0.5) > 1e-6
    assert stats.binom.sf(ups, 90, 0.5) > 1e-6


def test_one_at_a_time_begins_with_the_usual_and_leaves_the_rest_there() -> None:
    found = points({"a": {**DETECTION, "default": 0.05}, "b": THEORY, "c": SPLIT}, kind="one_at_a_time", levels=3)
    rows = list(zip(*(found.values[name] for name in "abc"), strict=True))
    usual = rows[0]
    assert usual[:2] == (0.05, "backlash")  # the first answer of the theory is the model's
    assert usual[2] not in SPLIT["values"]  # the event's own date
    assert all(sum(x != y for x, y in zip(row, usual, strict=True)) == 1 for row in rows[1:])
    assert [row[0] for row in rows[1:4]] == pytest.approx([0.02, np.sqrt(0.004), 0.2])
    assert [row[1:] for row in rows[4:]] == [("deterrence", usual[2]), ("backlash", "2013-01"), ("backlash", "never")]


def test_the_usual_value_of_a_coefficient_is_what_the_base_has() -> None:
    vary = {"a": {"parameter": "counter.detection"}}
    base = {"end": "2011-06", "parameters": {"counter.detection": 0.07}}
    made = load_sweep(keys(vary=vary, set=base, design={"kind": "one_at_a_time"}))
    assert points_of(made).values["a"][0] == 0.07


def test_a_table_of_points_is_taken_as_it_stands(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("b,point,a\ndeterrence,7,0.05\nbacklash,8,0.19\n")
    found = points({"a": DETECTION, "b": THEORY}, kind="csv", file=str(tmp_path / "p.csv"))
    assert found.values == {"a": [0.05, 0.19], "b": ["deterrence", "backlash"]}


@pytest.mark.parametrize(("text", "said"), [
    ("a,b\n0.5,backlash\n", "p.csv, line 2, a: '0.5' is none of its values. Allowed: 0.02 to 0.2, logarithmic."),
    ("a,b\n0.1,backlsh\n", "p.csv, line 2, b: 'backlsh' is none of its values. Allowed: deterrence, backlash."),
    ("a,c\n0.1,2\n", "p.csv, line 1: 'c' is not varied. Allowed: a, b."),
    ("a\n0.1\n", "the column 'b' is missing"),
    ("a,b\n", "there are no points"),
    ("a,b\n0.1\n", "line 2: 1 cells. Allowed: 2"),
])
def test_a_wrong_table_of_points_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "p.csv").write_text(text)
    with pytest.raises(UserError) as error:
        points({"a": DETECTION, "b": THEORY}, kind="csv", file=str(tmp_path / "p.csv"))
    assert said in str(error.value)


def test_too_many_worlds_are_refused() -> None:
    with pytest.raises(UserError, match="6,000,000 worlds"):
        points_of(spec(vary={"a": {**DETECTION, "levels": 1000}, "b": {"parameter": "exposure.peers"}},
                       design={"kind": "grid", "levels": 1000}, worlds=6))


def test_the_size_is_known_beforehand() -> None:
    vary = {"a": DETECTION, "b": THEORY}
    for design in ({"kind": "grid", "levels": 7}, {"kind": "latin_hypercube", "points": 9},
                   {"kind": "sobol", "points": 4}, {"kind": "sobol", "points": 4, "second_order": True},
                   {"kind": "morris", "trajectories": 5}):
        made = spec(vary=vary, design=design)
        assert size(made) == len(points_of(made)), design


def test_posterior_draws_are_a_dimension_and_bring_their_coefficients() -> None:
    made = spec(base=str(Path(keys()["base"]).parent.parent / "baseline.yaml"), set={"end": "2011-03"},
                vary={"draw": {"posterior": True, "draws": 4}, "p": {"parameter": "counter.detection",
                                                                    "range": "posterior", "levels": 5}},
                design={"kind": "grid"})
    table, unit = frames(made, points_of(made))
    names, draws = load_posterior(DATA / "maghreb/posterior.csv")
    assert table["draw"].tolist() == np.repeat([0, 1, 2, 3], 5).tolist()
    assert (table[list(names)].to_numpy() == draws[np.repeat([0, 1, 2, 3], 5)]).all()
    own = np.sort(draws[:, names.index("counter.detection")])
    assert table["p"][:5].tolist() == pytest.approx(np.quantile(own, [0.1, 0.3, 0.5, 0.7, 0.9]).tolist())
    assert unit.shape == (20, 3)


def test_dates_come_with_a_number() -> None:
    made = spec(vary={"when": {"event": "bb_split", "values": ["2011-03", "never"]}}, design={"kind": "grid"})
    months = frames(made, points_of(made))[0]["when_months"]
    assert months[0] == 2
    assert np.isnan(months[1])
