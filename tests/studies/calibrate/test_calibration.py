"""Calibration: it finds a known truth, leaves the unknown alone, and gives the same whatever happens on the way."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("emcee")

from sim.cli import main
from sim.inputs.mistakes import DataError
from sim.inputs.numbers import coefficients
from sim.inputs.posterior import load_posterior
from sim.runs.posterior_draws import draw_of_world
from sim.runs.scenarios import load_scenario
from sim.studies.calibrate import calibration as cal
from sim.studies.calibrate import emulation as em
from sim.studies.calibrate import report
from tests.studies.calibrate.fake_calibration import FITTED, RANGES, RESERVED, TRUTH, Fake, target

ROOT = Path(__file__).resolve().parents[3]
SMALL = cal.Effort(search=1024, ensembles=2, walkers=20, burn=30, keep=40, region=10)
RULES = cal.rules_of() | {"draws": 100, "effective": 120}
PRIOR = cal.Prior.of(RANGES)


def go(folder: Path, fake: Fake, seed: int = 3, jobs: int = 1, points: int = 150, waves: int = 2) -> cal.Outcome:
    folder.mkdir(exist_ok=True)
    shop = cal.Workshop(folder, fake, PRIOR, seed, cal.Crew(jobs), lambda *_: None, lambda _: None)
    return cal.calibrate(shop, FITTED, RESERVED, RULES, waves, points, SMALL)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[cal.Outcome, Fake, Path]:
    """One uninterrupted calibration in one process."""
    folder, fake = tmp_path_factory.mktemp("whole"), Fake()
    return go(folder, fake), fake, folder


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[cal.Outcome, Fake]:
    """The same with fewer worlds."""
    fake = Fake()
    return go(tmp_path_factory.mktemp("small"), fake, points=60), fake


def same(a: cal.Outcome, b: cal.Outcome) -> None:
    np.testing.assert_array_equal(a.draws, b.draws)
    np.testing.assert_array_equal(a.log_weights, b.log_weights)
    np.testing.assert_array_equal(a.check, b.check)


def test_truth_is_recovered(whole: tuple[cal.Outcome, Fake, Path]) -> None:
    values = PRIOR.values(whole[0].draws)
    inside = []
    for i, name in enumerate(PRIOR.names):
        if name in TRUTH:
            low, high = np.quantile(values[:, i], [0.05, 0.95])
            inside.append(low <= TRUTH[name] <= high)
    assert sum(inside) >= 2
    table = report.coefficient_table(PRIOR.names, whole[0].draws, whole[0]).set_index("coefficient")
    assert (table.loc[list(TRUTH), "contraction"] > 0.6).all()
    assert table.loc["idle.knob", "informed"] == "no"
    assert abs(table.loc["idle.knob", "shift"]) < 0.4


def test_the_waves_narrow_and_the_emulators_are_honest(whole: tuple[cal.Outcome, Fake, Path]) -> None:
    outcome = whole[0]
    first, second = outcome.waves
    assert first.share == 1.0
    assert second.share < 0.7
    assert 0.8 < outcome.facts["emulators_cover"] <= 1
    assert outcome.facts["effective"] >= 60
    assert len(np.unique(outcome.picked)) == 100


def test_reserved_targets_are_measured_at_the_finished_draws_only(whole: tuple[cal.Outcome, Fake, Path]) -> None:
    seen = [call for call in whole[1].calls if "R1" in call[2]]
    assert sum(call[3] for call in seen) == 100
    assert seen == whole[1].calls[-len(seen):]


def test_the_number_of_processes_does_not_matter(small: tuple[cal.Outcome, Fake], tmp_path: Path) -> None:
    same(small[0], go(tmp_path / "two", Fake(), jobs=2, points=60))


def test_another_seed_gives_other_draws(small: tuple[cal.Outcome, Fake], tmp_path: Path) -> None:
    assert not np.array_equal(small[0].draws, go(tmp_path, Fake(), seed=2, points=60).draws)


@pytest.mark.parametrize("stop", [4, 8])
def test_resumed_equals_uninterrupted(small: tuple[cal.Outcome, Fake], tmp_path: Path, stop: int) -> None:
    fake = Fake(stop_after=stop)
    with pytest.raises(KeyboardInterrupt):
        go(tmp_path, fake, points=60)
    assert not list(tmp_path.glob("**/.*"))
    again = Fake()
    same(small[0], go(tmp_path, again, points=60))
    assert len(fake.calls) + len(again.calls) == len(small[1].calls)  # nothing is simulated twice


def test_the_report(whole: tuple[cal.Outcome, Fake, Path], tmp_path: Path) -> None:
    scenario = load_scenario(ROOT / "scenarios/baseline.yaml", {})
    settings = {"seed": 3, "waves": 2}
    report.write(whole[0], scenario, tmp_path, settings, ["run.py", "calibrate"], 1.0)
    draws = pd.read_csv(tmp_path / "posterior.csv")
    assert (list(draws.columns), len(draws)) == (list(RANGES), 100)
    waves = pd.read_parquet(tmp_path / "waves.parquet")
    assert list(waves["stage"].unique()) == ["wave-1", "wave-2", "final"]
    assert waves["weight"].sum() == pytest.approx(1)
    text = (tmp_path / "report.md").read_text()
    assert "Exploration under stated assumptions, not a forecast" in text
    assert "Uninformed (the posterior is the prior): `idle.knob`" in text
    assert "reserved targets (" in text
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["kind"] == "calibration"
    from sim.reports.figures.calibration import draw_calibration

    names = {path.name for path in draw_calibration(tmp_path)}
    assert {"marginals.png", "corner.svg", "check_fitted.png", "check_reserved.png"} <= names


def test_figures_are_legible(whole: tuple[cal.Outcome, Fake, Path], tmp_path: Path) -> None:
    from sim.reports.figures.calibration import pages
    from sim.reports.figures.style import CAVEAT, FONT, quiet

    scenario = load_scenario(ROOT / "scenarios/baseline.yaml", {})
    report.write(whole[0], scenario, tmp_path, {"seed": 3, "waves": 2}, [], 1.0)
    with quiet():
        sheets = pages(tmp_path)
    for sheet in sheets:
        words = [t for t in sheet.figure.texts if t.get_text()]
        assert all(t.get_fontsize() >= FONT for t in words)
        assert any(CAVEAT in t.get_text() for t in words)
        assert not any(ax.get_xticklabels() for ax in sheet.figure.axes)


# --- pieces by hand --------------------------------------------------------------------------------------------------


def guess(mean: float, unsure: float = 0.0, luck: float = 0.0, chance: float = 1.0) -> em.Guess:
    return em.Guess(*(np.array([[v]]) for v in (mean, unsure, luck, chance, 0.0)))


def test_implausibility_by_hand() -> None:
    goal = em.Goal("T", "T", "linear", centre=10.0, observed=3.0, discrepancy=4.0)
    assert em.implausibility(guess(22.0, unsure=100.0, luck=19.0), [goal]) == pytest.approx(12 / 12)  # sqrt(144)
    assert em.implausibility(guess(25.0), [goal]) == pytest.approx(3.0)
    assert em.implausibility(guess(10.0, chance=0.1), [goal]) == pytest.approx(3.0)
    assert em.implausibility(guess(10.0, chance=0.5), [goal]) == pytest.approx(1.0)


def test_ranks_are_over_facts() -> None:
    goals = [em.Goal(name, group, "linear", 0, 1, 0) for name, group in
             (("a", "A"), ("b", "A"), ("c", "C"), ("d", "D"))]
    off = np.array([[9.0, 8.0, 5.0, 1.0]])
    assert em.ranked(off, goals, 1) == 9
    assert em.ranked(off, goals, 2) == 5  # the second row of fact A is not a second fact
    assert em.ranked(off, goals, 3) == 1
    assert em.ranked(off, goals, 2, aside=("c",)) == 1


def test_goals() -> None:
    counts = em.goal_of(target("T", 3000, 6000, "log"), RULES)
    assert counts.centre == pytest.approx((math.log(3001) + math.log(6001)) / 2)
    assert counts.observed == pytest.approx(math.log(6001 / 3001) / 2 / 1.645)
    assert counts.place(3000) == pytest.approx(-1)
    assert counts.place(6000) == pytest.approx(1)
    point = em.goal_of(target("T", 900, 900, "log", "point"), RULES)
    assert point.observed == pytest.approx(math.log(3) / 2 / 1.645, rel=0.01)
    month = em.goal_of(target("T", 40, 40, "months", "point"), RULES)
    assert month.observed == pytest.approx(6 / 1.645)
    narrow = em.goal_of(target("T", 0.5, 0.5001, "share"), RULES)
    assert narrow.observed == RULES["tolerance"]["share"]["floor"]
    shared = em.goals_of([target("a", 1, 2, "log", group="G"), target("b", 1, 2, "log", group="G")], RULES)
    assert [g.weight for g in shared] == [0.5, 0.5]


def test_the_emulated_likelihood_is_the_mean_of_the_kernel() -> None:
    goal = em.Goal("T", "T", "linear", 1.0, 0.8, 0.6)
    luck = np.random.default_rng(1)
    y = luck.normal(0.3, 0.9, 200_000)[:, None]
    y[luck.random(len(y)) > 0.8] = np.nan
    for tolerance in (1.0, 2.5):
        simulated = np.exp(em.log_kernel(y, guess(0.3), [goal], tolerance)).mean()
        emulated = np.exp(em.log_likelihood(guess(0.3, unsure=0.31, luck=0.5, chance=0.8), [goal], tolerance))[0]
        assert emulated == pytest.approx(simulated, rel=0.01)


def test_the_prior() -> None:
    assert PRIOR.log.tolist() == [True, False, True, False]
    u = np.random.default_rng(1).random((50, 4))
    np.testing.assert_allclose(PRIOR.unit(PRIOR.values(u)), u)
    middle = PRIOR.values(np.full((1, 4), 0.5))[0]
    np.testing.assert_allclose(middle, [1.0, 0.5, 0.5, 0.5])


def test_draws_follow_the_weights_without_repeats() -> None:
    rng = np.random.default_rng(1)
    log_weights = np.where(np.arange(2000) < 1000, 0.0, -1.0)
    picked = em.distinct_draws(log_weights, 300, rng)
    assert len(np.unique(picked)) == 300
    assert (picked < 1000).sum() == pytest.approx(300 / (1 + math.exp(-1)), abs=6)
    heavy = em.distinct_draws(np.r_[20.0, np.zeros(499)], 100, rng)
    assert (0 in heavy, len(np.unique(heavy))) == (True, 100)


def test_emulators_of_rare_and_constant_things() -> None:
    x = np.random.default_rng(1).random((200, 3))
    goal = em.Goal("T", "T", "linear", 5.0, 1.0, 1.0)
    nothing = em.fit_emulator(x, np.full(200, np.nan), goal, 1).predict(x[:2])
    assert (nothing[3] < 0.01).all()
    same_everywhere = em.fit_emulator(x, np.full(200, 4.0), goal, 1).predict(x[:2])
    assert same_everywhere[0] == pytest.approx(4.0)
    never = em.fit_emulator(x, np.zeros(200), replace(goal, scale="probability"), 1).predict(x[:2])
    assert (never[0] < 0.01).all()


# --- the shipped draws -----------------------------------------------------------------------------------------------


def test_a_world_carries_the_same_draw_in_any_batch() -> None:
    every = draw_of_world(7, np.arange(950), 300)
    np.testing.assert_array_equal(draw_of_world(7, [840, 3, 305], 300), every[[840, 3, 305]])
    assert sorted(every[:300]) == list(range(300))
    assert sorted(every[300:600]) == list(range(300))
    assert not np.array_equal(every[:300], draw_of_world(8, np.arange(300), 300))
    assert draw_of_world(7, [], 300).size == 0


def test_the_file_of_draws_is_checked(tmp_path: Path) -> None:
    def load(text: str) -> Any:
        path = tmp_path / f"{abs(hash(text))}.csv"
        path.write_text(text)
        return load_posterior(path)

    value = coefficients()["exposure.peers"].value
    names, draws = load(f"exposure.peers\n{value}\n{value}\n")
    assert (names, draws.shape) == (("exposure.peers",), (2, 1))
    for text, problem in (("exposure.peers\n", "no draws"), ("exposure.pears\n1\n", "unknown coefficient"),
                          (f"exposure.peers\n{value}\n99\n", "line 3.*outside its range"),
                          ("exposure.peers\nx\n", "line 2"), ("exposure.peers,exposure.peers\n1,1\n", "twice")):
        with pytest.raises(DataError, match=problem):
            load(text)
    with pytest.raises(DataError, match="no posterior"):
        load_posterior(tmp_path / "none.csv")


def test_the_listed_coefficients_exist() -> None:
    prior = cal.prior_of(cal.rules_of())
    assert 10 <= prior.size <= 24
    with pytest.raises(cal.CalibrationError, match=r"nothing\.here"):
        cal.prior_of({"coefficients": ["nothing.here"]})


# --- the folder and the command --------------------------------------------------------------------------------------


def test_resume_asks_for_the_same_settings(tmp_path: Path) -> None:
    cal.open_folder(tmp_path / "a", {"seed": 1, "points": 5}, resume=False)
    cal.open_folder(tmp_path / "a", {"seed": 1, "points": 5}, resume=True)
    with pytest.raises(cal.CalibrationError, match="points"):
        cal.open_folder(tmp_path / "a", {"seed": 1, "points": 6}, resume=True)
    with pytest.raises(cal.CalibrationError, match="--resume"):
        cal.open_folder(tmp_path / "a", {"seed": 1, "points": 5}, resume=False)
    with pytest.raises(cal.CalibrationError, match="no stopped calibration"):
        cal.open_folder(tmp_path / "b", {}, resume=True)


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    baseline = str(ROOT / "scenarios/baseline.yaml")
    assert main(["calibrate", baseline, "--resume"]) == 2
    assert "--out" in capsys.readouterr().err
    monkeypatch.setattr(cal, "run", lambda *args, **kwargs: (_ for _ in ()).throw(KeyboardInterrupt))
    assert main(["calibrate", baseline, "--out", str(tmp_path / "x")]) == 130
    assert "finished is kept" in capsys.readouterr().err
