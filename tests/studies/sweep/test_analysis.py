"""What is known beforehand is found by the analysis, through the runner, the folder and the tables."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import sim.studies.sweep.analysis
from sim.errors import UserError
from sim.studies.sweep.analysis import analyse, focus, indices, summary_lines
from sim.studies.sweep.design_and_response import load, wish
from sim.studies.sweep.pareto import FREE, front
from sim.studies.sweep.sensitivity import partial_rank_correlations, sobol
from sim.studies.sweep.surfaces import Kind, binned, residuals_of, summarised
from sim.studies.sweep.tipping import fieller, logistic
from tests.studies.sweep import functions
from tests.studies.sweep.functions import NAMES, RANGES, chance_of, made, vary

S1 = (0.3139, 0.4424, 0.0)  # Ishigami & Homma (1990)
ST = (0.5576, 0.4424, 0.2437)


def table(folder: Path, name: str, place: str = "ALL", outcome: str = "departures") -> pd.DataFrame:
    found = pd.read_csv(folder / "analysis" / f"{name}.csv", keep_default_na=False, na_values={"S1": [""]})
    return found[(found["place"] == place) & (found["outcome"] == outcome)].reset_index(drop=True)


def in_unit(name: str, values: np.ndarray) -> np.ndarray:
    low, high = list(RANGES.values())[NAMES.index(name)]
    return np.asarray((values - low) / (high - low))


@pytest.fixture(scope="module")
def ishigami(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = made(tmp_path_factory.mktemp("sobol") / "s", functions.ishigami, worlds=1,
                  design={"kind": "sobol", "points": 256, "second_order": True},
                  analysis={"outcomes": ["departures"]})
    analyse(folder)
    return folder


def test_sobol_indices_are_recovered_with_their_intervals(ishigami: Path) -> None:
    found = table(ishigami, "sobol").set_index("parameter").loc[list(NAMES)]
    assert (found["method"] == "Saltelli").all()
    for index, truth in (("S1", S1), ("ST", ST)):
        value, low, high = (found[f"{index}{end}"].to_numpy() for end in ("", "_low", "_high"))
        half = (high - low) / 2
        # Six indices: a 99.6 % interval each holds all of them with 98 %.
        assert (np.abs(value - np.array(truth)) <= half * 2.9 / 1.96 + 0.01).all()
        assert half.max() < 0.2
        assert half[value > 0.1].min() > 0.01


def test_so_are_those_of_pairs(ishigami: Path) -> None:
    pairs = table(ishigami, "sobol_pairs").set_index(["parameter", "with"])
    assert pairs.loc[("first", "third"), "S2"] == pytest.approx(0.2437, abs=0.12)
    assert abs(pairs.loc[("first", "second"), "S2"]) < 0.12


def test_points_that_failed_cost_only_their_blocks(tmp_path: Path) -> None:
    folder = made(tmp_path / "s", functions.ishigami_but_one, worlds=1, design={"kind": "sobol", "points": 256},
                  analysis={"outcomes": ["departures"]})
    lost = len(pd.read_csv(folder / "failed.csv"))
    analyse(folder)
    found = table(folder, "sobol").set_index("parameter")
    assert 0 < lost < 100
    assert 256 * 5 - 5 * lost <= found["points"].iloc[0] < 256 * 5
    assert np.abs(found.loc[list(NAMES), "S1"] - np.array(S1)).max() < 0.2
    assert any(f"{lost} points failed" in line for line in summary_lines(folder / "analysis"))


def test_first_indices_come_from_any_sample(tmp_path: Path) -> None:
    folder = made(tmp_path / "s", functions.ishigami, worlds=1, design={"kind": "latin_hypercube", "points": 800},
                  analysis={"outcomes": ["departures"]})
    analyse(folder)
    found = table(folder, "sobol").set_index("parameter").loc[list(NAMES)]
    # Random balance designs of 800 points stray by about 0.03 (Tarantola et al. 2006).
    assert np.abs(found["S1"] - np.array(S1)).max() < 0.09
    assert (found["ST"] == "").all()


def test_morris_finds_the_slopes_of_a_plane(tmp_path: Path) -> None:
    folder = made(tmp_path / "s", functions.straight, design={"kind": "morris", "trajectories": 12, "levels": 4})
    analyse(folder)
    found = table(folder, "morris").set_index("parameter").loc[list(NAMES)]
    assert found["mu_star"].tolist() == pytest.approx([20, 10, 0], abs=1e-3)
    assert found["mu"].tolist() == pytest.approx([20, -10, 0], abs=1e-3)
    assert found["sigma"].max() < 1e-3


@pytest.mark.parametrize("levels", [4, 6])
def test_morris_has_one_scale_for_numbers_and_answers(tmp_path: Path, levels: int) -> None:
    entries = {"first": vary()["first"], "answer": {"theory": "repression", "values": ["backlash", "deterrence"]},
               "list": {"parameter": list(RANGES)[1], "values": [0.3, 0.9]}}
    folder = made(tmp_path / "s", functions.equals, vary=entries,
                  design={"kind": "morris", "trajectories": 12, "levels": levels})
    analyse(folder)
    found = table(folder, "morris").set_index("parameter").loc[["first", "answer", "list"]]
    for name in ("mu_star", "mu_star_low", "mu_star_high", "mu"):
        assert found[name].tolist() == pytest.approx([10, 10, 0], abs=1e-3)
    assert found["sigma"].max() < 1e-3


def test_intervals_of_mu_star_are_those_of_a_mean(tmp_path: Path) -> None:
    folder = made(tmp_path / "s", functions.ishigami, worlds=1,
                  design={"kind": "morris", "trajectories": 60, "levels": 8})
    analyse(folder)
    found = table(folder, "morris").set_index("parameter").loc[list(NAMES)]
    half = (found["mu_star_high"] - found["mu_star_low"]) / 2
    spread = np.sqrt(np.maximum(found["sigma"]**2 + found["mu"]**2 - found["mu_star"]**2, 0))
    # 200 resamples know a spread to 5 %.
    assert half.tolist() == pytest.approx((1.96 * spread / np.sqrt(60)).tolist(), rel=0.2)
    assert half.min() > 0


@pytest.mark.parametrize("design", [{"kind": "one_at_a_time", "levels": 3}, {"kind": "latin_hypercube", "points": 60}])
def test_tornado_swings_are_those_of_the_plane(tmp_path: Path, design: dict[str, object]) -> None:
    folder = made(tmp_path / "s", functions.straight, design=design, worlds=6)
    analyse(folder)
    found = table(folder, "tornado").set_index("parameter").loc[list(NAMES)]
    reach = 1.0 if design["kind"] == "one_at_a_time" else pytest.approx(0.98, abs=0.02)
    assert found["swing"].iloc[0] / 20 == reach
    assert found["swing"].iloc[1] / -10 == reach
    assert abs(found["swing"].iloc[2]) < 1e-3


@pytest.mark.parametrize("design", [{"kind": "one_at_a_time", "levels": 3}, {"kind": "latin_hypercube", "points": 90}])
def test_what_has_no_order_has_no_swing(tmp_path: Path, design: dict[str, object]) -> None:
    """Three answers, and dates beside "never"; what stands beside them keeps its swing, two answers have theirs."""
    entries = {**vary(), "answer": {"theory": "repression", "values": ["backlash", "deterrence", "inverted_u"]},
               "split": {"event": "bb_split", "values": ["2011-02", "2011-04", "never"]},
               "yes": {"theory": "prestige", "values": ["off", "on"]}}
    folder = made(tmp_path / "s", functions.straight, vary=entries, design=design)
    analyse(folder)
    found = table(folder, "tornado").set_index("parameter")
    assert set(found.index) == {*NAMES, "yes"}
    assert found.loc[list(NAMES), "swing"].tolist() == pytest.approx([20, -10, 0], rel=0.04, abs=1e-3)
    means = table(folder, "response_answer").set_index("value")["mean"]
    assert list(means.index) == ["backlash", "deterrence", "inverted_u"]
    assert means.idxmax() == "deterrence"


def test_two_answers_swing(tmp_path: Path) -> None:
    entries = {**vary(), "answer": {"theory": "repression", "values": ["backlash", "deterrence"]}}
    folder = made(tmp_path / "s", functions.straight, vary=entries, design={"kind": "latin_hypercube", "points": 90})
    analyse(folder)
    row = table(folder, "tornado").set_index("parameter").loc["answer"]
    assert row["high_value"] == "deterrence"
    assert row["swing"] == pytest.approx(10 * functions.BACKLASH, rel=1e-3)


def test_rank_correlations_are_those_of_what_is_left(tmp_path: Path) -> None:
    folder = made(tmp_path / "s", functions.straight, design={"kind": "latin_hypercube", "points": 90})
    analyse(folder)
    numbers = table(folder, "tornado").set_index("parameter")["rank_correlation"].astype(float)
    assert numbers["first"] > 0.9 > -0.9 > numbers["second"]
    assert abs(numbers["third"]) < 3.5 / np.sqrt(90)  # nothing but chance


@pytest.mark.parametrize("sign", [1, -1])
def test_an_exact_relation_keeps_its_sign_and_leaves_nothing_to_the_rest(sign: int) -> None:
    rng = np.random.default_rng(4)
    x = rng.random((60, 3))
    exact = [row[0] for row in partial_rank_correlations(x, sign * x[:, 0])]
    assert exact[0] == pytest.approx(sign)
    assert np.isnan(exact[1:]).all()
    y = x @ [1.0, -0.5, 0.2] + 0.3 * rng.normal(size=60)
    ranks = stats.rankdata(np.column_stack([x, y]), axis=0)
    inverse = np.linalg.inv(np.corrcoef(ranks.T))
    usual = -inverse[:3, 3] / np.sqrt(np.diag(inverse)[:3] * inverse[3, 3])
    assert [row[0] for row in partial_rank_correlations(x, y)] == pytest.approx(usual.tolist())


def test_groups_of_a_second_axis_hold_whole_levels(tmp_path: Path) -> None:
    entries = {name: entry for name, entry in vary().items() if name != "third"}
    folder = made(tmp_path / "s", functions.of_the_first, vary=entries, design={"kind": "grid", "levels": 8})
    analyse(folder)
    found = table(folder, "response_second_by_first")
    assert found.groupby("group")["mean"].agg(np.ptp).max() < 1e-5
    ends = np.array([[float(end) for end in text.split(" to ")] for text in found.groupby("group")["by"].first()])
    assert len(ends) == 3
    assert (ends[1:, 0] > ends[:-1, 1]).all()
    assert found.groupby("group")["points"].sum().between(16, 24).all()


def test_sobol_tables_are_computed_once(ishigami: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Mock(wraps=sobol)
    monkeypatch.setattr(sim.studies.sweep.analysis, "sobol", counted)
    found = indices(focus(ishigami, places=["AA", "ALL"]))
    assert counted.call_count == 2  # places of one outcome
    assert len(found["sobol"]) == len(found["sobol_pairs"]) == 6


def two(**changes: object) -> dict[str, object]:
    entries = {name: entry for name, entry in vary().items() if name != "third"}
    return {"vary": entries, "luck": "own", "analysis": {
        "phase": [["first", "second"]], "outcomes": ["foothold_any"],
        "undesired": {"outcome": "foothold_any", "place": "BB", "above": 0.5},
        "marks": [{"label": "inside", "x": 0.18, "y": 0.5}, {"label": "outside", "x": 0.038, "y": 1.1}]}, **changes}


def truth(frame: pd.DataFrame) -> np.ndarray:
    return chance_of(in_unit("first", frame["x_at"].to_numpy()), in_unit("second", frame["y_at"].to_numpy()))


def test_a_grid_shows_the_planted_boundary_with_its_intervals(tmp_path: Path) -> None:
    folder = made(tmp_path / "s", functions.boundary, **two(design={"kind": "grid", "levels": 9}, worlds=40))
    analyse(folder)
    found = table_of_phase(folder)
    assert (len(found), set(found["kind"])) == (81, {"grid"})
    held = (found["low"] <= truth(found)) & (truth(found) <= found["high"])
    # Wilson's interval holds the truth in 95 % of cells, a little more near 0 and 1; 81 cells vary by 2.4 %.
    assert 0.87 <= held.mean() <= 1.0
    sides = found["mean"][np.abs(truth(found) - 0.5) > 0.3] > 0.5
    assert (sides == (truth(found)[np.abs(truth(found) - 0.5) > 0.3] > 0.5)).all()


def table_of_phase(folder: Path) -> pd.DataFrame:
    found = pd.read_csv(folder / "analysis" / "phase_first_second_foothold_any.csv")
    return found[found["place"] == "BB"]


@pytest.fixture(scope="module")
def scattered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = made(tmp_path_factory.mktemp("scattered") / "s", functions.boundary,
                  **two(design={"kind": "latin_hypercube", "points": 400}, worlds=5))
    analyse(folder)
    return folder


def test_scattered_points_show_it_too(scattered: Path) -> None:
    found = table_of_phase(scattered)
    assert (len(found), set(found["kind"])) == (31 * 31, {"smoothed"})
    miss = found["mean"] - truth(found)
    # About 40 worlds stand behind a cell, so that chance alone gives up to 0.08.
    assert np.sqrt((miss**2).mean()) < 0.08 < truth(found).std() / 3
    held = (found["low"] <= truth(found)) & (truth(found) <= found["high"])
    assert held.mean() > 0.8


def test_marks_stand_where_the_boundary_says(scattered: Path) -> None:
    marks = pd.read_csv(scattered / "analysis" / "marks.csv")
    marks = marks[marks["place"] == "BB"].set_index("label")
    assert marks.loc["inside", "low"] > 0.5 > marks.loc["outside", "high"]
    expected = truth(marks)
    assert ((marks["low"] - 0.05 <= expected) & (expected <= marks["high"] + 0.05)).all()


def test_the_tipping_point_is_found(scattered: Path) -> None:
    found = table(scattered, "tipping", "BB", "foothold_any")
    row = found[(found["parameter"] == "first") & (found["at"] == "")].iloc[0]
    low, high = RANGES["counter.detection"]
    planted = low + (0.3 + 0.4 * 0.5) * (high - low)
    assert row["low_at"] < planted < row["high_at"]
    assert row["high_at"] - row["low_at"] < 0.1 * (high - low)
    assert row["direction"] == "rises"
    assert str(row["located"]) == "True"
    assert row["width"] == pytest.approx(2 * np.log(9) / 15 * (high - low), rel=0.35)


def test_a_tipping_point_that_is_not_located_is_told_as_such(tmp_path: Path) -> None:
    """The second coefficient has nothing to do with the even chance."""
    folder = made(tmp_path / "s", functions.even, **two(design={"kind": "latin_hypercube", "points": 60}, worlds=1))
    analyse(folder)
    found = table(folder, "tipping", "BB", "foothold_any")
    rows = found[found["at"] == ""]
    whole = rows["low"].str.startswith("below") & rows["high"].str.startswith("above")
    assert whole.any()
    assert (rows["located"].astype(str) == "True").tolist() == (~whole).tolist()
    told = [line for line in summary_lines(folder / "analysis") if line.startswith("Tipping point")]
    assert sum("not located, its 95 % interval is the whole range" in line for line in told) >= 1


def test_intervals_of_tipping_points_hold_the_truth_as_often_as_they_say() -> None:
    rng, x, held = np.random.default_rng(2), np.linspace(-1, 1, 30), []
    design = np.column_stack([np.ones(30), x])
    for _ in range(300):
        hits = rng.random((30, 10)) < 1 / (1 + np.exp(-6 * (x[:, None] - 0.2)))
        fit = logistic(design, hits, common=False)
        ends = [fieller(fit.beta, variance) for variance in (fit.model, fit.clustered)]
        held.append(min(end[0] for end in ends) < 0.2 < max(end[1] for end in ends))
    low, high = stats.binom.interval(0.999, 300, 0.95)
    assert low <= sum(held) <= min(300, high + 9)  # the wider of two intervals holds a little more


def test_a_sharp_boundary_has_a_finite_tipping_point() -> None:
    x = np.linspace(-1, 1, 12)
    fit = logistic(np.column_stack([np.ones(12), x]), np.repeat((x > 0)[:, None], 20, axis=1))
    assert -fit.beta[0] / fit.beta[1] == pytest.approx(0.0, abs=1e-6)
    low, high = fieller(fit.beta, fit.model)
    assert x[5] < low < 0 < high < x[6]


@pytest.mark.parametrize("common", [True, False])
def test_intervals_of_means_hold_the_truth_as_often_as_they_say(common: bool) -> None:
    """Points that share their luck are not so many independent ones."""
    rng, points, worlds, held = np.random.default_rng(3), 12, 8, []
    linear = binned(np.zeros(points, dtype=int), np.zeros(1))
    for _ in range(600):
        luck = rng.normal(size=(1, worlds)) if common else rng.normal(size=(points, worlds))
        values = rng.normal(0, 0.5, (points, 1)) + luck + rng.normal(0, 0.3, (points, worlds))
        row = summarised(values, linear, residuals_of(linear, values.mean(axis=1)), Kind(False, common)).iloc[0]
        held.append(row["low"] <= 0 <= row["high"])
    low, high = stats.binom.interval(0.9999, 600, 0.95)
    assert low - 12 <= sum(held) <= high  # Satterthwaite is an approximation: two per cent are allowed


def test_dates_tip_in_months(tmp_path: Path) -> None:
    dates = [f"{year}-{month:02d}" for year in (2011, 2012, 2013) for month in (1, 4, 7, 10)]
    lever = {"lever": "national_cohesion", "where": ["BB"], "strength": 1, "from": {"values": dates}}
    folder = made(tmp_path / "s", functions.late, vary={"settling": lever}, set={"end": "2013-12"}, worlds=60,
                  design={"kind": "grid"}, luck="own", analysis={"outcomes": ["foothold_any"]})
    analyse(folder)
    row = table(folder, "tipping", "ALL", "foothold_any").iloc[0]
    assert row["low"] <= "2012-07" <= row["high"]
    assert abs(row["tipping_at"] - (2012 * 12 + 6)) < 3
    assert row["tipping"].startswith("2012-0")


def test_the_front_of_effort_and_outcome(tmp_path: Path) -> None:
    folder = made(tmp_path / "s", functions.straight, design={"kind": "latin_hypercube", "points": 40})
    analyse(folder)
    found = table(folder, "pareto")
    best = front(found["effort"].to_numpy(), found["mean"].to_numpy())
    assert (found["on_front"].astype(str) == "True").tolist() == best.tolist()
    assert 0 < best.sum() < 15
    assert found.loc[found["effort"].idxmin(), "front_share"] == 1.0
    assert set(found["note"]) == {FREE}
    assert FREE.startswith("only levers cost effort; dials, parameters")
    assert f"Fronts of effort against outcomes: {FREE}." in summary_lines(folder / "analysis")


def test_what_only_some_worlds_have_carries_no_wish(tmp_path: Path) -> None:
    record = {"outcomes": ["departures", "effort"], "summaries": ["first_foothold"]}
    folder = made(tmp_path / "s", functions.straight, record=record, design={"kind": "latin_hypercube", "points": 40})
    analyse(folder)
    assert (wish("first_foothold"), wish("foothold_any")) == ("", "-")
    assert set(pd.read_csv(folder / "analysis" / "pareto.csv")["outcome"]) == {"departures"}


def test_a_front_leaves_out_what_is_beaten() -> None:
    effort, harm = np.array([1, 2, 3, 2, 1.0]), np.array([5, 3, 4, 3, 5.0])
    assert front(effort, harm).tolist() == [True, True, False, True, True]


def test_tables_by_point_add_up(ishigami: Path) -> None:
    study = load(ishigami)
    frame = pd.read_csv(ishigami / "analysis" / "point_summary.csv")
    assert len(frame) == 2048 * len(study.places) * len(study.outcomes)
    row = frame[(frame["point"] == 7) & (frame["place"] == "ALL") & (frame["outcome"] == "departures")].iloc[0]
    assert row["mean"] == pytest.approx(study.of("all", "ALL", "departures")[7].mean(), rel=1e-5)
    assert row["first"] == pytest.approx(study.x[7, 0], rel=1e-5)


def test_an_analysis_repeats_itself_and_replaces_the_former(scattered: Path) -> None:
    before = {path.name: path.read_bytes() for path in (scattered / "analysis").iterdir()}
    (scattered / "analysis" / "left.csv").touch()
    analyse(scattered)
    assert {path.name: path.read_bytes() for path in (scattered / "analysis").iterdir()} == before


@pytest.mark.parametrize(("options", "words"), [
    ({"outcomes": ["departure"]}, "'departure' is no outcome of this sweep. Allowed: departures, effort, foothold_any"),
    ({"places": ["CC"]}, "'CC' is no place of this sweep. Allowed: AA, BB, ALL"),
    ({"period": "late"}, "'late' is no period of this sweep. Allowed: all"),
])
def test_names_that_are_not_there_are_refused(scattered: Path, options: dict[str, object], words: str) -> None:
    with pytest.raises(UserError, match=words):
        analyse(scattered, **options)  # type: ignore[arg-type]


def test_other_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not a result folder"):
        analyse(tmp_path)
    with pytest.raises(UserError, match="no such folder"):
        analyse(tmp_path / "nothing")
