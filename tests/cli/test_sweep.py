"""The command ``sweep``: what it says and its exit codes."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import sim.studies.sweep.runner
from sim.cli.sweep import add_command
from sim.errors import UserError
from sim.runs.results import DISCLAIMER
from tests.studies.sweep import small
from tests.studies.sweep.small import keys


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "toy.yaml"
    path.write_text(yaml.safe_dump(keys(name="toy", question="What if?"), sort_keys=False))
    return path


def command(*words: str) -> int:
    parser = argparse.ArgumentParser()
    add_command(parser.add_subparsers())
    arguments = parser.parse_args(["sweep", *words])
    arguments.words = ["sweep", *words]
    return int(arguments.handler(arguments))


def evaluated(monkeypatch: pytest.MonkeyPatch, evaluate: Any, **more: Any) -> None:
    """Let the command run something else than the model."""
    real = sim.studies.sweep.runner.run_sweep
    monkeypatch.setattr(sim.studies.sweep.runner, "run_sweep", lambda *args, **options: real(
        *args, **{**options, "evaluate": evaluate, **more}))


def test_it_says_what_it_will_cost_and_where_the_results_are(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("toy.yaml", "--jobs", "1", "--out", "out") == 0
    out, err = capsys.readouterr()
    assert err == ""
    for text in ("toy: What if?", "16 points (grid), 3 worlds each", "of disk",
                 "Results: out"):
        assert text in out
    assert out.rstrip().endswith(DISCLAIMER)
    assert (file.parent / "out/results.parquet").exists()


def test_failed_points_are_told_and_fail_the_command(file: Path, capsys: pytest.CaptureFixture[str],
                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    evaluated(monkeypatch, small.wrong_at_one_point)
    assert command("toy.yaml", "--jobs", "1", "--out", "out") == 1
    out, err = capsys.readouterr()
    assert "point 3 failed (settling=0.0, might=1.0): ArithmeticError: the toy cannot bear this point" in err
    assert "Results: out" in out


def test_a_stop_says_how_to_go_on(file: Path, capsys: pytest.CaptureFixture[str],
                                  monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        evaluated(patch, small.toy, progress=stop)
        assert command("toy.yaml", "--jobs", "1", "--out", "out") == 130
    assert "1 of 1 chunk kept in out; go on with: python run.py sweep toy.yaml --out out --resume\n" in (
        capsys.readouterr().err)
    evaluated(monkeypatch, small.toy)
    assert command("toy.yaml", "--jobs", "1", "--out", "out", "--resume") == 0
    assert "toy: going on in out" in capsys.readouterr().out
    assert command("toy.yaml", "--jobs", "1", "--out", "out", "--resume") == 0
    again = capsys.readouterr().out
    assert "16 points: the sweep was finished already" in again
    assert "going on" not in again


def raising(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


def test_a_stop_before_there_is_a_folder_is_a_plain_one(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.studies.sweep.estimate.describe", raising)
    for out in (["--out", "out"], []):
        with pytest.raises(KeyboardInterrupt):
            command("toy.yaml", *out)
    assert [path.name for path in file.parent.iterdir()] == ["toy.yaml"]


@pytest.mark.parametrize("out", [["--out", "out"], []])
def test_a_stop_anywhere_else_names_the_folder(file: Path, capsys: pytest.CaptureFixture[str], out: list[str],
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the folder and the first chunk; at the start of what goes on."""
    said = r"0 of 1 chunk kept in (out|results/sweep-toy-\S+); go on with: .* sweep toy.yaml --out \1 --resume\n"
    for where, more in (("sim.studies.sweep.runner._alone", []), ("sim.studies.sweep.runner.to_resume", ["--resume"])):
        with monkeypatch.context() as patch:
            patch.setattr(where, raising)
            if where.endswith("_alone"):  # and once more, while the first is told
                patch.setattr(sim.studies.sweep.runner, "Stopped", raising)
            assert command("toy.yaml", "--jobs", "1", *out, *more) == 130
        assert re.search(said, capsys.readouterr().err)


def test_a_resume_of_nothing_says_only_that(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UserError, match="there is no unfinished folder"):
        command("toy.yaml", "--resume")
    assert capsys.readouterr().out == ""


def test_a_scheduler_that_does_not_answer_leaves_nothing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("sim.studies.sweep.cluster.TIMEOUT", 0.3)
    with pytest.raises(UserError, match="no Dask scheduler answers there"):
        command("toy.yaml", "--out", "out", "--scheduler", "tcp://127.0.0.1:9")
    assert not (file.parent / "out").exists()


def test_a_scenario_is_named_as_such() -> None:
    with pytest.raises(UserError, match=r"yaml is a scenario; use: python run.py run .*two_countries.yaml$"):
        command(small.TWO_COUNTRIES)


def test_one_world_is_one(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(file.read_text().replace("worlds: 3", "worlds: 1"))
    assert command("toy.yaml", "--jobs", "1", "--out", "out") == 0
    assert "16 points (grid), 1 world each (the same world at each): 16 worlds of 6 months" in capsys.readouterr().out


def test_a_taken_folder_is_refused_before_anything_runs(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sim.studies.sweep.runner, "run_sweep", None)
    (file.parent / "out").mkdir()
    (file.parent / "out/x").touch()
    with pytest.raises(UserError, match="not empty"):
        command("toy.yaml", "--out", "out")


def test_a_mistake_in_the_file_is_one_message(file: Path) -> None:
    file.write_text(file.read_text().replace("kind: grid", "kind: gird"))
    with pytest.raises(UserError, match=r"toy.yaml, line \d+, design.kind: 'gird' .* Did you mean 'grid'"):
        command("toy.yaml")
