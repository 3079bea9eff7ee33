"""The commands compare, robust and brief: folders, exit codes, one message per mistake, nothing half-written."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

from sim import cli
from sim.cli import main
from sim.inputs.scenario import Scenario
from sim.runs import variants
from sim.runs.results import DISCLAIMER, read_manifest
from sim.runs.scenarios import load_scenario
from sim.studies.compare import comparison

BASE = "name: base\ntitle: The base\nworld: two_countries\nend: 2011-12\nworlds: 10\nseed: 3\n"
OTHER = """extends: base.yaml
name: guarded
title: A guarded border
levers:
  - lever: border_control
    where: [AA]
    from: 2011-03
"""
PAIR = ["base.yaml", "guarded.yaml"]
QUICK = ["--outcomes", "departures,attacks", "--no-figures", "--no-why", "--jobs", "1"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "base.yaml").write_text(BASE)
    (tmp_path / "guarded.yaml").write_text(OTHER)
    return tmp_path


def replace(monkeypatch: pytest.MonkeyPatch, name: str, **contents: Any) -> None:
    """A stand-in for a module that a handler imports."""
    module = ModuleType(name)
    vars(module).update(contents)
    monkeypatch.setitem(sys.modules, name, module)
    parent, _, child = name.rpartition(".")
    monkeypatch.setattr(sys.modules[parent], child, module, raising=False)


def test_compare_writes_a_folder_and_says_what_gets_worse(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", *PAIR, *QUICK, "--out", "out"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "  Worse:" in out
    assert "A guarded border (guarded)" in out
    assert out.rstrip().endswith(DISCLAIMER)
    t = comparison.read(here / "out")
    assert set(t.effects["outcome"]) == {"departures", "attacks", "effort"}
    assert (t.manifest["worlds"], t.manifest["seed"], t.manifest["others"]) == (10, 3, ["guarded"])
    assert t.manifest["command"] == f"run.py compare {' '.join([*PAIR, *QUICK])} --out out"
    assert not (here / "out/figures").exists()


def test_the_default_folder_carries_the_base_in_its_name(here: Path) -> None:
    assert main(["compare", *PAIR, *QUICK]) == 0
    (folder,) = (here / "results").iterdir()
    assert folder.name.startswith("compare-base-")


def test_options_reach_every_scenario(here: Path) -> None:
    words = ["--worlds", "7", "--seed", "5", "--set", "end=2011-10", "--from", "2011-02", "--until", "2011-04",
             "--places", "AA-2,BB"]
    assert main(["compare", *PAIR, *QUICK, *words, "--out", "out"]) == 0
    t = comparison.read(here / "out")
    assert (t.manifest["first"], t.manifest["last"]) == ("2011-02", "2011-04")
    assert set(t.effects["place"]) == {"ALL", "AA", "BB", "AA-2"}
    for name in ("base", "guarded"):
        one = load_scenario(here / f"out/scenarios/{name}.yaml")
        assert (one.worlds, one.seed, str(one.end)) == (7, 5, "2011-10")


def test_until_sure_adds_worlds_by_itself(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", *PAIR, *QUICK, "--until-sure", "--most", "60", "--out", "out"]) == 0
    t = comparison.read(here / "out")
    assert list(t.decisions["outcome"]) == ["departures", "attacks"]
    assert t.manifest["worlds"] == t.decisions["worlds"].max() in (50, 60)
    assert "however often one looks" in capsys.readouterr().out


def test_two_runs_write_the_same_tables(here: Path) -> None:
    for out, jobs in (("a", "1"), ("b", "2")):
        assert main(["compare", *PAIR, "--worlds", "20", *QUICK[:-1], jobs, "--out", out]) == 0
    for name in ("effects.csv", "monthly.csv", "regions.csv"):
        assert (here / "a" / name).read_bytes() == (here / "b" / name).read_bytes()


MISTAKES = {
    "compare base.yaml": "required: OTHER",
    "compare base.yaml nothing.yaml": "no such file",
    "compare base.yaml base.yaml": "base.yaml: this file is given twice",
    "compare base.yaml ./guarded.yaml guarded.yaml": "guarded.yaml: this file is given twice",
    "compare base.yaml named_alike.yaml": "several scenarios are named 'base'",
    "compare base.yaml sweep.yaml": "sweep.yaml: this is a sweep, not a scenario; use `python run.py sweep sweep.yaml`",
    "robust sweep.yaml base.yaml": "use `python run.py sweep sweep.yaml`",
    "run base.yaml sweep.yaml": "use `python run.py sweep sweep.yaml`",
    "validate sweep.yaml": "use `python run.py sweep sweep.yaml`",
    "compare base.yaml guarded.yaml --outcomes=": "--outcomes: name at least one; python run.py list outcomes",
    "compare base.yaml guarded.yaml --places ,": "--places: name at least one; python run.py list places",
    "robust base.yaml guarded.yaml --outcomes=": "--outcomes: name at least one",
    "robust base.yaml guarded.yaml --worlds 5": "5 worlds under each theory can decide nothing",
    "compare base.yaml guarded.yaml --robust --worlds 1": "1 world under each theory can decide nothing",
    "compare base.yaml guarded.yaml --out base.yaml/out": "no folder can be made here (Not a directory)",
    "robust base.yaml guarded.yaml --out base.yaml/out": "no folder can be made here (Not a directory)",
    "compare base.yaml guarded.yaml --outcomes departure": "Did you mean 'departures'?",
    "compare base.yaml guarded.yaml --places AA-22": "'AA-22' is not a place",
    "compare base.yaml guarded.yaml --from 2011": "--from: '2011' is not a month",
    "compare base.yaml guarded.yaml --from 2011-06 --until 2011-05": "ends before it begins",
    "compare base.yaml guarded.yaml --until 2012-01": "does not lie within the run, 2011-01 to 2011-12",
    "compare base.yaml guarded.yaml --worlds 0": "--worlds, worlds: 0",
    "compare base.yaml guarded.yaml --until-sure --worlds 5": "limit them with --most",
    "compare base.yaml guarded.yaml --most 5": "--most goes with --until-sure",
    "compare base.yaml guarded.yaml --robust --outcomes prisoners": "prevention wishes neither more nor less",
    "compare base.yaml guarded.yaml --robust --outcomes departure": "Did you mean 'departures'?",
    "compare base.yaml guarded.yaml --out base.yaml": "this is a file",
    "compare base.yaml short.yaml": "differ in end 2011-12 and 2011-06",
    "robust base.yaml short.yaml": "differ in end 2011-12 and 2011-06",
    "robust base.yaml guarded.yaml --out base.yaml": "this is a file",
    "robust base.yaml guarded.yaml --outcomes departure": "Did you mean 'departures'?",
    "brief nowhere": "no such folder",
    "brief .": "not a result folder",
    "brif nowhere": "Did you mean 'brief'?",
    "compar base.yaml": "Did you mean 'compare'?",
}


@pytest.mark.parametrize(("words", "part"), MISTAKES.items(), ids=list(MISTAKES))
def test_mistakes(words: str, part: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "short.yaml").write_text("extends: base.yaml\nend: 2011-06\n")
    (here / "named_alike.yaml").write_text("extends: base.yaml\nname: base\n")
    (here / "sweep.yaml").write_text("scenario: base.yaml\nvary: {}\n")
    before = sorted(here.rglob("*"))
    assert main([*words.split(), *([] if "brief" in words else ["--no-figures"])]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert part in err
    assert sorted(here.rglob("*")) == before


def test_robust_is_refused_before_any_world_is_run(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.runs.model.RecruitmentModel", lambda *_, **__: pytest.fail("a world was run"))
    assert main(["compare", *PAIR, "--robust", "--outcomes", "prisoners,effort", "--jobs", "1"]) == 2


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("compare", "robust", "brief"):
        assert main([command, "--help"]) == 0
        assert "examples:" in capsys.readouterr().out


def test_figures_that_fail_do_not_cost_the_tables(here: Path, monkeypatch: pytest.MonkeyPatch,
                                                  capsys: pytest.CaptureFixture[str]) -> None:
    def broken(folder: Path) -> None:
        raise ValueError("no ink")

    monkeypatch.setattr("sim.reports.figures.draw_comparison", broken, raising=False)
    words = [word for word in QUICK if word != "--no-figures"]
    assert main(["compare", *PAIR, *words, "--out", "out"]) == 1
    assert "no ink" in capsys.readouterr().err
    assert (here / "out/effects.csv").exists()


def test_plot_draws_a_comparison_again(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["compare", *PAIR, *QUICK, "--out", "out"]) == 0
    drawn: list[Path] = []

    def draw(folder: Path, svg: bool = False) -> list[Path]:
        drawn.append(folder)
        return [folder / "figures/a.png"]

    monkeypatch.setattr("sim.reports.figures.draw_comparison", draw, raising=False)
    assert main(["plot", "out"]) == 0
    assert drawn == [Path("out")]


def test_compare_says_why(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "again.yaml").write_text("extends: guarded.yaml\n")
    words = [word for word in QUICK if word != "--no-why"]
    assert main(["compare", *PAIR, "again.yaml", *words, "--out", "out"]) == 0
    shares = pd.read_csv(here / "out/why_shapley.csv").drop_duplicates(["scenario", "outcome"])
    assert shares[["scenario", "outcome"]].values.tolist() == [
        [name, outcome] for name in ("guarded", "again") for outcome in ("departures", "attacks")]
    assert "## guarded\n" in (here / "out/why.md").read_text(encoding="utf-8")
    assert "Why again differs, over the whole run:" in capsys.readouterr().out
    assert main(["compare", *PAIR, *QUICK, "--out", "without"]) == 0
    assert not list((here / "without").glob("why*"))


def test_why_explains_only_what_was_compared(here: Path) -> None:
    words = [word for word in QUICK if word != "--no-why"]
    assert main(["compare", *PAIR, *words[2:], "--outcomes", "prisoners", "--out", "out"]) == 0
    assert not list((here / "out").glob("why*"))


def fake_robust(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """A stand-in for `sim.studies.compare.robust`; returns what it is asked."""
    asked: list[dict[str, Any]] = []

    def robust(base: Scenario, others: Sequence[Scenario], **keys: Any) -> str:
        asked.append({"base": base.name, "others": [other.name for other in others], **keys})
        return "tested"

    def write(tested: str, folder: Path) -> None:
        (folder / "robust_futures.csv").write_text(tested)

    replace(monkeypatch, "sim.studies.compare.robust", robust=robust, write=write,
            summary_lines=lambda tested: [tested])
    return asked


def test_robust_writes_a_folder_of_its_own(here: Path, monkeypatch: pytest.MonkeyPatch,
                                           capsys: pytest.CaptureFixture[str]) -> None:
    asked = fake_robust(monkeypatch)
    assert main(["robust", *PAIR, "--worlds", "70", "--no-figures", "--jobs", "1", "--out", "out"]) == 0
    assert (asked[0]["base"], asked[0]["others"], asked[0]["worlds"]) == ("base", ["guarded"], 70)
    assert asked[0]["outcomes"] == comparison.HEADLINE
    assert capsys.readouterr().out.startswith("tested\n")
    manifest = read_manifest(here / "out")
    assert (manifest["kind"], manifest["others"], manifest["summary"]) == ("robust", ["guarded"], ["tested"])
    assert sorted(path.name for path in (here / "out").iterdir()) == ["manifest.json", "robust_futures.csv",
                                                                      "scenarios"]
    assert main(["robust", *PAIR, "--outcomes", "recruits", "--no-figures", "--out", "again"]) == 0
    assert (asked[1]["outcomes"], asked[1]["worlds"]) == (("recruits",), 10)


def test_compare_may_test_robustness_too(here: Path, monkeypatch: pytest.MonkeyPatch,
                                         capsys: pytest.CaptureFixture[str]) -> None:
    fake_robust(monkeypatch)
    assert main(["compare", *PAIR, *QUICK, "--robust", "--out", "out"]) == 0
    assert (here / "out/robust_futures.csv").read_text() == "tested"
    assert "\ntested\n" in capsys.readouterr().out


def test_brief(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", *PAIR, *QUICK, "--out", "out"]) == 0
    capsys.readouterr()
    assert main(["brief", "out"]) == main(["brief", "out", "--out", "page.html"]) == 0
    assert capsys.readouterr().out == f"Brief: {Path('out/brief.html')}\nBrief: page.html\n"
    for page in ("out/brief.html", "page.html"):
        assert "A guarded border" in (here / page).read_text(encoding="utf-8")
    (here / "out/manifest.json").write_text('{"schema_version": 1}')
    assert main(["brief", "out"]) == 2
    assert "not the folder of a comparison" in capsys.readouterr().err


def test_a_brief_that_cannot_be_written_is_one_message(here: Path, monkeypatch: pytest.MonkeyPatch,
                                                       capsys: pytest.CaptureFixture[str]) -> None:
    def full(folder: Path, out: Path | None = None) -> Path:
        raise OSError(28, "No space left on device")

    replace(monkeypatch, "sim.reports.brief", write=full)
    assert main(["compare", *PAIR, *QUICK, "--out", "out"]) == 0
    assert main(["brief", "out"]) == 1
    assert capsys.readouterr().err == "out: the brief could not be written (No space left on device).\n"


def test_ctrl_c_leaves_nothing(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*args: object, **keys: object) -> None:
        raise KeyboardInterrupt

    before = sorted(here.rglob("*"))
    monkeypatch.setattr(variants, "run_tasks", stopped)
    assert main(["compare", *PAIR, *QUICK, "--out", "out"]) == cli.INTERRUPTED
    assert sorted(here.rglob("*")) == before
