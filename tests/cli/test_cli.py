"""The command line: exit codes, one message per mistake, nothing half-written."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

import sim.runs.scenarios
from sim.cli import main
from sim.cli.parser import with_run
from sim.cli.progress import Meter
from sim.cli.run import summary_lines
from sim.errors import UserError
from sim.inputs.scenario import Scenario
from sim.runs.results import DISCLAIMER, read_manifest, write_tables
from tests.fake_run import make_known, make_tables

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a toy scenario, toy names and a toy model."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sim.runs.scenarios, "INSTALLED", make_known())
    model = ModuleType("sim.runs.to_folder")

    def fill(folder: Path, scenario: Scenario, jobs: int = 0,
             progress: Callable[[int, int], None] | None = None) -> None:
        assert jobs >= 1
        if progress is not None:
            progress(1, 2)
        if scenario.seed == 666:
            raise KeyboardInterrupt
        write_tables(make_tables(scenario.worlds, scenario.months), folder)

    model.fill, model.bytes_of_run = fill, lambda scenario: 1e9 * scenario.worlds  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sim.runs.to_folder", model)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1e12))
    (tmp_path / "toy.yaml").write_text("world: toy\nworlds: 4\nend: 2011-06\n")
    return tmp_path


def drawn(folder: Path, svg: bool = False) -> list[Path]:
    (folder / "figures").mkdir(exist_ok=True)
    (folder / "figures/a.png").write_bytes(b"x")
    return [folder / "figures/a.png"]


@pytest.fixture(autouse=True)
def figures(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = ModuleType("sim.reports.figures")
    module.draw_run = drawn  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sim.reports.figures", module)
    return module


def test_run(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["toy.yaml", "--worlds", "3", "--out", "out"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.rstrip().endswith(DISCLAIMER)
    assert "Results: out" in out
    assert "Aland" not in out  # names come from the tables
    assert "2 of 3 (67 %)" in out
    manifest = read_manifest(here / "out")
    assert (manifest["worlds"], manifest["command"]) == (3, "run.py toy.yaml --worlds 3 --out out")
    assert (here / "out/figures/a.png").exists()


def test_run_without_figures_into_the_default_folder(here: Path) -> None:
    assert main(["run", "toy.yaml", "--no-figures", "--jobs", "1", "--set", "title=Short"]) == 0
    (folder,) = (here / "results").iterdir()
    assert folder.name.startswith("toy-")
    assert not (folder / "figures").exists()


def test_several_scenarios(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "b.yaml").write_text("extends: toy.yaml\n")
    assert main(["run", "toy.yaml", "b.yaml", "--out", "both"]) == 0
    assert sorted(path.name for path in (here / "both").iterdir()) == ["b", "toy"]
    assert main(["run", "toy.yaml", "b.yaml", "--out", "both"]) == 2
    assert "not empty" in capsys.readouterr().err
    assert main(["run", "toy.yaml", "toy.yaml", "--out", "twice"]) == 2
    assert "toy.yaml: this file is given twice" in capsys.readouterr().err
    (here / "c.yaml").write_text("extends: toy.yaml\nname: toy\n")
    assert main(["run", "toy.yaml", "c.yaml", "--out", "twice"]) == 2
    assert "several scenarios are named 'toy'" in capsys.readouterr().err
    assert not (here / "twice").exists()


def test_a_wrong_second_scenario_stops_before_the_first_runs(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "b.yaml").write_text("world: toy\nworlds: 0\n")
    assert main(["run", "toy.yaml", "b.yaml", "--out", "both"]) == 2
    assert "b.yaml, line 2, worlds: 0" in capsys.readouterr().err
    assert not (here / "both").exists()


MISTAKES = {
    "nothing.yaml": "no such file",
    "chek toy.yaml": "Did you mean 'check'?",
    "run": "required: SCENARIO",
    "run toy.yaml --jobs 0": "whole number of 1 or more",
    "run toy.yaml --jobs two": "whole number of 1 or more",
    "run toy.yaml --worlds 0": "--worlds, worlds: 0",
    "run toy.yaml --worlds many": "'many'",
    "run toy.yaml --seed -1": "--seed, seed: -1",
    "run toy.yaml --set worlds": "key=value",
    "run toy.yaml --set worlds=1 --worlds 2 --set worlds=3": "given twice",
    "run toy.yaml --set exposure.peers=0.1": "unknown",
    "run toy.yaml --out toy.yaml": "this is a file",
    "run toy.yaml --wrlds 3": "--wrlds",
    "list leavers": "Did you mean 'levers'?",
    "list places --world mars": "'mars' is not a world",
    "plot nowhere": "no such folder",
    "plot .": "not a result folder",
}


@pytest.mark.parametrize(("words", "part"), MISTAKES.items(), ids=list(MISTAKES))
def test_mistakes(words: str, part: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(here.rglob("*"))
    assert main(words.split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert part in err
    assert sorted(here.rglob("*")) == before


@pytest.mark.parametrize("out", [[], ["--out", "deep/er/out"]])
def test_a_disk_that_takes_nothing_is_noticed_before_the_run(out: list[str], here: Path,
                                                             monkeypatch: pytest.MonkeyPatch,
                                                             capsys: pytest.CaptureFixture[str]) -> None:
    def refused(*_: object, **keys: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkdtemp", refused)
    monkeypatch.setattr(sys.modules["sim.runs.to_folder"], "fill", lambda *_, **__: pytest.fail("it ran"))
    before = sorted(here.rglob("*"))
    assert main(["run", "toy.yaml", *out]) == 2
    assert "no folder can be made here (Permission denied)" in capsys.readouterr().err
    assert sorted(here.rglob("*")) == before


def test_a_file_that_lies_in_a_folder_of_scenarios_is_named(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder in ("levers", "packages"):
        (here / "scenarios" / folder).mkdir(parents=True)
    (here / "scenarios/levers/amnesty.yaml").write_text("extends: ../../toy.yaml\n")
    for wrong in ("amnesty.yaml", "scenarios/amnesty.yaml", "scenarios/packages/amnesty"):
        assert main(["run", wrong]) == 2
        assert capsys.readouterr().err == (f"{wrong}: there is no such file; did you mean "
                                           f"{Path('scenarios/levers/amnesty.yaml')}?\n")
    assert main(["run", "scenarios/packages/amnasty.yaml"]) == 2
    assert "did you mean" not in capsys.readouterr().err


def test_one_world_is_one_world(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "toy.yaml", "--worlds", "1", "--out", "out"]) == 0
    out = capsys.readouterr().out
    assert ": 1 world, 2011-01 to 2011-06, simulated in " in out
    assert "1 worlds" not in out


def test_ctrl_c(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(here.rglob("*"))
    assert main(["toy.yaml", "--seed", "666"]) == 130
    assert "Nothing half-written" in capsys.readouterr().err
    assert sorted(here.rglob("*")) == before


def test_figures_that_fail_do_not_cost_the_tables(here: Path, figures: ModuleType,
                                                  capsys: pytest.CaptureFixture[str]) -> None:
    def broken(folder: Path) -> None:
        raise ValueError("no ink")

    figures.draw_run = broken  # type: ignore[attr-defined]
    assert main(["toy.yaml", "--out", "out"]) == 1
    assert "no ink" in capsys.readouterr().err
    assert (here / "out/outcomes.parquet").exists()


def test_check_prints_what_loads_back(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "toy.yaml", "--set", "parameters.exposure.peers=0.4"]) == 0
    resolved = capsys.readouterr().out
    assert "# toy.yaml: valid" in resolved
    (here / "again.yaml").write_text(resolved)
    assert main(["check", "again.yaml"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == resolved.splitlines()[1:]


def test_list_schema_and_plot(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    out = capsys.readouterr().out
    assert all(text in out for text in ("toy", "2011-01 to 2017-12", "border_control", "0 to 0.8", "persons/month"))
    assert main(["list", "parameters", "events", "places", "--world", "toy"]) == 0
    out = capsys.readouterr().out
    assert all(text in out for text in ("0.2 (0 to 0.5) 1/month", "uprising", "AA-1"))
    assert main(["list", "theories"]) == 0
    out = capsys.readouterr().out
    assert "peers  on (default)  they matter" in out
    assert "peers  off           they do not" in out
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out)["properties"]["world"]["enum"] == ["toy"]
    assert main(["toy.yaml", "--out", "out"]) == 0
    assert main(["plot", "out"]) == 0
    assert "1 files in out" in capsys.readouterr().out


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--help"], ["run", "--help"], ["check", "-h"], ["list", "-h"], ["schema", "-h"], ["plot", "-h"], []):
        assert main(words) == 0
        assert "examples:" in capsys.readouterr().out
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("foothold 0.")


def test_summary_is_honest_about_few_worlds(here: Path) -> None:
    for worlds, note in ((1, "one world: no interval"), (4, "the interval is rough"), (50, "[90 % of worlds])")):
        write_tables(make_tables(worlds), here)
        assert note in summary_lines(here, worlds)[-1]
    tables = make_tables()
    tables.outcomes = tables.outcomes.drop(columns="departures")
    write_tables(tables, here)
    assert "not recorded" in "\n".join(summary_lines(here, 4))


def test_runs_that_do_not_fit_the_disk_are_refused_together(here: Path, monkeypatch: pytest.MonkeyPatch,
                                                            capsys: pytest.CaptureFixture[str]) -> None:
    (here / "b.yaml").write_text("extends: toy.yaml\n")
    before = sorted(here.rglob("*"))
    asked = []

    def free(place: Path) -> SimpleNamespace:
        asked.append(place)
        return SimpleNamespace(free=7.5e9)

    monkeypatch.setattr("shutil.disk_usage", free)
    assert main(["run", "toy.yaml", "b.yaml", "--out", "deep/er"]) == 2
    assert capsys.readouterr() == ("", "deep/er: the results need about 8 GB, and 7.5 GB are free there. Choose fewer "
                                       "worlds (--worlds), fewer outcomes (record: in the scenario), or another disk "
                                       "with --out.\n")
    assert asked == [here]
    assert sorted(here.rglob("*")) == before
    assert main(["run", "toy.yaml", "b.yaml", "--worlds", "3", "--out", "deep/er"]) == 0


def test_meter_shows_itself_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.cli.progress.QUIET_SECONDS", 0.0)
    with Meter("toy") as quiet:
        quiet(1, 2)
    assert quiet._bar is None
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with Meter("toy") as shown:
        shown(1, 2)
        shown(2, 2)
    assert shown._bar is not None


def test_misspelt_commands_only() -> None:
    assert with_run(["a.yaml"]) == ["run", "a.yaml"]
    assert with_run(["--worlds", "2", "a.yaml"]) == ["run", "--worlds", "2", "a.yaml"]
    assert with_run(["plot", "x"]) == ["plot", "x"]
    with pytest.raises(UserError):
        with_run(["ceck"])


def test_nothing_heavy_before_a_run() -> None:
    code = ("import sys, sim.cli; sim.cli.main(['--help']); "
            "print([name for name in ('mesa', 'scipy', 'pandas', 'matplotlib', 'pyarrow', 'pydantic', 'yaml', 'numpy') "
            "if name in sys.modules], file=sys.stderr)")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_check_and_schema_load_no_engine() -> None:
    code = ("import sys, sim.cli; code = sim.cli.main(['check', 'scenarios/baseline.yaml']); "
            "sim.cli.main(['schema']); sim.cli.main(['list']); "
            "print([name for name in ('mesa', 'scipy', 'pandas', 'matplotlib', 'pyarrow', 'networkx') "
            "if name in sys.modules]); sys.exit(code)")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


def test_module_and_script_are_the_same() -> None:
    for words in (["run.py"], ["-m", "sim"]):
        done = subprocess.run([sys.executable, *words, "--version"], cwd=ROOT, capture_output=True, text=True,
                              check=True)
        assert done.stdout.startswith("foothold ")


@pytest.mark.skipif(os.name != "posix", reason="signals to a group of processes")
def test_ctrl_c_in_the_middle_of_a_real_run(here: Path) -> None:
    words = [str(ROOT / "run.py"), str(ROOT / "scenarios/baseline.yaml"), "--worlds", "2000", "--jobs", "2"]
    process = subprocess.Popen([sys.executable, *words], cwd=here, text=True, start_new_session=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(3)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert err.strip() == "Stopped. Nothing half-written was left."
    assert [path.name for path in here.iterdir()] == ["toy.yaml"]
