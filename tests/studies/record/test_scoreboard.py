"""The hit rule at its edges, scores and null models by hand, patterns on numbers made by hand, and the files."""

from __future__ import annotations

import csv
import json
import math

import numpy as np
import pytest
import yaml

from sim.calendar import Month
from sim.cli import main
from sim.inputs.geography import load_geography
from sim.inputs.mistakes import DataError
from sim.inputs.numbers import DATA
from sim.runs.scenarios import load_scenario
from sim.studies.record import null_models as N
from sim.studies.record import patterns as P
from sim.studies.record import scoreboard as S
from sim.studies.record.target_verdicts import verdict
from sim.studies.record.targets import Target


def target(low=100.0, high=200.0, scale="linear", kind="interval", **more):
    spec = {"id": "T1", "statement": "s", "evidence": ("E1",), "group": "E1", "topic": "x", "role": "fitted",
            "reliability": "r", "measure": {"kind": "total", "outcome": "departures", "place": "*"}, **more}
    return Target(low=low, high=high, scale=scale, kind=kind, **spec)


def between(low, high, n=101):
    """Values whose 5 % and 95 % quantiles are low and high."""
    step = (high - low) / 90
    return low + step * (np.linspace(0, 100, n) - 5)


@pytest.mark.parametrize(("low", "high", "word", "hit"), [
    (120, 180, "within", True), (100, 200, "within", True), (50, 100, "overlaps", True), (200, 400, "overlaps", True),
    (50, 99, "misses", False), (201, 300, "misses", False), (0, 300, "overlaps", True), (0, 301, "overlaps", False)])
def test_hit_rule_on_a_linear_scale(low, high, word, hit):
    found = verdict(between(low, high), target())
    assert (found.word, found.hit) == (word, hit)


@pytest.mark.parametrize(("low", "high", "hit"), [(50, 399, True), (50, 401, False), (1, 150, False)])
def test_hit_rule_on_a_logarithmic_scale(low, high, hit):
    """A range of a factor of two allows a factor of eight."""
    values = np.exp(between(math.log(low), math.log(high)))
    assert verdict(values, target(scale="log")).hit == hit


@pytest.mark.parametrize(("low", "high", "hit"), [(60, 179, True), (60, 181, False), (101, 150, False)])
def test_a_point_allows_a_factor_of_three_overall(low, high, hit):
    assert verdict(between(low, high), target(100, 100, kind="point")).hit == hit


def test_shares_of_worlds_have_jeffreys_intervals():
    known = np.array([1.0] * 30 + [0.0] * 70)
    found = verdict(known, target(0.5, 1, "share", "probability"))
    assert found.median == pytest.approx(0.3)
    assert found.low90 == pytest.approx(0.229, abs=0.002)
    assert found.high90 == pytest.approx(0.379, abs=0.002)
    assert found.word == "misses"
    assert verdict(np.zeros(50), target(0, 0.1, "share", "probability")).low90 == 0
    assert verdict(np.ones(50), target(0.8, 1, "share", "probability")).high90 == 1


def test_what_hardly_happens_is_a_miss_that_says_so():
    values = np.full(100, np.nan)
    values[:9] = 150
    found = verdict(values, target())
    assert (found.hit, found.word) == (False, "misses")
    assert "9 of 100" in found.note
    values[9] = 150
    assert verdict(values, target()).hit


def test_interval_score_by_hand():
    t = target()  # unit: 100
    assert N.interval_score(120, 180, t) == pytest.approx(0.6)
    assert N.interval_score(0, 50, t) == pytest.approx(0.5 + 20 * 0.5)
    assert N.interval_score(250, 260, t) == pytest.approx(0.1 + 20 * 0.5)
    log = target(100, 200, "log")  # unit: ln 2
    assert N.interval_score(25, 50, log) == pytest.approx(1 + 20 * 1)
    assert N.interval_score(30, 90, target(10, 10, "log", "point")) == pytest.approx(1 + 20)
    assert math.isnan(N.interval_score(math.nan, math.nan, t))


def test_tally_by_hand():
    pairs = [(t := target(), verdict(between(120, 180), t)), (t, verdict(between(10, 60), t)),
             (t, verdict(np.full(20, np.nan), t))]
    found = N.tally(pairs)
    assert (found.count, found.hits) == (3, 1)
    assert (found.coverage90, found.coverage50) == (0.5, 0.5)
    assert found.score == pytest.approx((0.6 + (0.5 + 20 * 0.4)) / 2, rel=1e-6)


@pytest.fixture(scope="module")
def scenario():
    return load_scenario("scenarios/baseline.yaml", {"worlds": 4})


@pytest.mark.parametrize("kind", N.NULLS)
def test_null_models_by_hand(scenario, kind):
    g = load_geography("maghreb")
    until = Month.parse("2016-12")
    expected = N.null_intensity(kind, scenario, 6000, until)
    upto = until - scenario.start + 1
    assert expected[:upto].sum() == pytest.approx(6000)
    base = g.r["veterans"] + g.r["prison_network"] if kind == "networks" else g.r["residents"]
    np.testing.assert_allclose(expected.sum(axis=0) / expected.sum(), base / base.sum())
    month = expected.sum(axis=1)
    if kind == "prestige":
        assert month[12] < month[44]
        assert month[-1] < 0.25 * month.max()
    else:
        np.testing.assert_allclose(month, 6000 / upto)


def test_null_worlds_have_poisson_chance_and_repeat(scenario):
    a, b = (N.null_arrays("population", scenario, 6000, Month.parse("2016-12"), 200) for _ in range(2))
    np.testing.assert_array_equal(a.values, b.values)
    sums = a.values[0, :, :72].sum(axis=(1, 2))
    assert sums.mean() == pytest.approx(6000, abs=4 * math.sqrt(6000 / 200))
    assert sums.var() == pytest.approx(6000, rel=0.4)


def test_nulls_are_scored_on_departures_alone_and_not_on_what_they_are_fitted_to(scenario):
    chosen, total = N.null_targets(S.load_targets("maghreb"))
    assert total is not None
    assert total.id == "T10"
    assert {"T01", "T02", "T03", "T04", "T05", "T16"} <= {t.id for t in chosen}
    assert not {"T10", "T12", "T14"} & {t.id for t in chosen}


# ------------------------------------------------------------------------------------------------ patterns


def make(**more):
    return P.Test(**{"id": "Q1", "statement": "s", "minimum": "m", "run": "a", "measure": {"m": 1},
                     "bounds": {"at_most": 0.5}, "required": 0.8, **more})


@pytest.mark.parametrize(("showing", "word"), [(50, P.SHOWN), (46, P.SHOWN), (45, P.UNDECIDED), (40, P.UNDECIDED),
                                               (30, P.FAILS)])
def test_patterns_are_judged_on_both_sides(showing, word):
    values = np.r_[np.zeros(showing), np.ones(50 - showing)]
    row = P.judge(make(), lambda run, spec: values)
    assert row.verdict == word
    assert row.share_low < row.share < row.share_high or row.share in (0, 1)


def test_paired_effects_and_conditions():
    runs = {"a": np.array([1.0, 2, 0, 4, np.nan]), "b": np.array([4.0, 4, 0, 4, 4, 9]), "c": np.r_[1.0, 1, 1, 0, 1]}

    def read(run, spec):
        return runs[run]

    ratio = P.judge(make(against="b", compare="ratio"), read)
    assert (ratio.worlds, ratio.share) == (3, pytest.approx(2 / 3))  # 0/0 and NaN do not count
    difference = P.judge(make(against="b", compare="difference", bounds={"below": 0}), read)
    assert (difference.worlds, difference.share) == (4, 0.5)
    some = P.judge(make(against="b", compare="ratio", given={"run": "c", "measure": {}, "above": 0.5}), read)
    assert (some.worlds, some.share) == (2, 1)


def test_what_cannot_be_tested_says_why_and_what_never_arose_is_undecided():
    assert P.judge(make(reason="no data"), lambda run, spec: np.zeros(1)).note == "no data"
    row = P.judge(make(), lambda run, spec: np.full(9, np.nan))
    assert (row.verdict, row.worlds) == (P.UNDECIDED, 0)
    assert P.judge(make(finding=True), lambda run, spec: np.zeros(50)).verdict == P.FINDING


def test_every_pattern_of_the_design_stands_on_the_board():
    cases, tests = P.load_patterns("maghreb")
    numbers = {int("".join(filter(str.isdigit, t.id))) for t in tests}
    assert numbers == set(range(1, 19))
    assert set(P.readings(tests)) == {P.BASELINE, *cases}
    assert all(t.minimum and t.bounds for t in tests if not t.reason)


@pytest.mark.parametrize(("change", "part"), [
    ({"run": "nowhere"}, "nowhere"), ({"minimum": ""}, "minimum"), ({"at_most": None}, "bound"),
    ({"against": "baseline"}, "belong together"), ({"wrong": 1}, "wrong")])
def test_a_bad_test_is_named(change, part):
    entry = {"id": "Q1", "statement": "s", "minimum": "m", "run": "baseline", "required": 0.8, "at_most": 1,
             "measure": {"kind": "total", "outcome": "departures", "place": "*"}} | change
    entry = {k: v for k, v in entry.items() if v is not None}
    with pytest.raises(DataError, match=part):
        P._test(entry, {}, DATA / "maghreb" / "patterns.yaml", "maghreb")


@pytest.mark.parametrize("entry", [{"title": "t", "events": {"no_event": "never"}}, {"title": "t", "event": {}},
                                   {"title": "t", "turns": [{"dial": "no_dial"}]}])
def test_a_bad_case_is_refused(entry):
    with pytest.raises(DataError, match="patterns.yaml, c"):
        P._case("c", entry, DATA / "maghreb" / "patterns.yaml", "maghreb")


def test_a_case_overrides_what_the_worlds_carry(scenario):
    case = P.Case("c", "t", {"ly_split": "never"}, {"grievance.exhaustion": 0.0}, {"peers": 0.0},
                  (("capacity", ("TN",), 0.5, 24133, None),))
    options = {"parameters": {"grievance.exhaustion": np.ones(4), "exposure.peers": np.ones(4)}, "frozen": {"x": 1.0}}
    changed, extra = S.counterfactual(scenario, case, ["departures"], 3, options)
    assert (changed.worlds, changed.record) == (3, ("departures",))
    assert changed.events["ly_split"] == "never"
    assert changed.parameters["grievance.exhaustion"] == 0
    assert set(extra["parameters"]) == {"exposure.peers"}
    assert extra["frozen"] == {"x": 1.0, "peers": 0.0}
    assert extra["turns"] == case.turns


def test_turns_of_dials_reach_the_model_and_worlds_stay_paired(scenario):
    short = scenario.model_copy(update={"worlds": 2, "end": Month.parse("2011-12")})
    month = int(Month.parse("2011-06"))
    shut = P.Case("shut", "t", turns=(("exit_ban", ("DZ", "LY", "MA", "TN"), 1.0, month, None),))
    spec = {"kind": "total", "outcome": "recruits", "place": "*", "until": "2011-05"}
    later = {"kind": "total", "outcome": "departures", "place": "*", "from": "2011-07", "until": "2011-12"}
    wanted = {"none": [spec, later], "shut": [spec, later]}
    found = S.run_cases(short, {"none": P.Case("none", "t"), "shut": shut}, wanted, 2, 1, lambda n: None, {})
    np.testing.assert_array_equal(found["none", repr(spec)], found["shut", repr(spec)])
    assert (found["none", repr(later)] > found["shut", repr(later)]).all()
    assert (found["shut", repr(later)] == 0).all()


# ------------------------------------------------------------------------------------------------ the command


def test_validate_writes_a_whole_folder(tmp_path, monkeypatch, capsys):
    raw = yaml.safe_load((DATA / "maghreb" / "patterns.yaml").read_text(encoding="utf-8"))
    cases, tests = P.load_patterns("maghreb")
    few = [t for t in tests if (t.run in (P.BASELINE, "libya_restored") and not t.against) or t.reason]
    monkeypatch.setattr(S, "load_patterns", lambda world: (cases, few) if world == "maghreb" else ({}, []))
    out = tmp_path / "board"
    assert main(["validate", "--worlds", "6", "--out", str(tmp_path / "few")]) == 2
    assert "too few" in capsys.readouterr().err
    assert main(["validate", "--worlds", "20", "--jobs", "1", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "fitted: " in said
    assert "null model 'population'" in said
    with (out / "scoreboard.csv").open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert len([r for r in rows if r["part"] == "target"]) == len(S.load_targets("maghreb"))
    assert len([r for r in rows if r["part"] == "pattern"]) == len(few)
    assert len([r for r in rows if r["part"] == "null model"]) == len(N.NULLS)
    text = (out / "scoreboard.md").read_text(encoding="utf-8")
    assert all(f"| {entry['id']} |" in text for entry in raw["untested"])
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["kind"] == "scoreboard"
    assert (out / "scoreboard.png").stat().st_size > 10_000
    assert (out / "scenario.yaml").exists()
    assert main(["validate", "--worlds", "6", "--out", str(out)]) == 2  # taken
    assert main(["validate", "scenarios/examples/two_countries.yaml", "--out", str(tmp_path / "x")]) == 2
    assert "nothing to validate" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["board"]
