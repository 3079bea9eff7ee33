"""The commands ``analyse``, ``export`` and ``plot`` of a sweep: what they say and their exit codes."""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd
import pytest

import sim.reports.figures
from sim.cli import analyse, export, main
from sim.errors import UserError
from sim.runs.results import DISCLAIMER
from tests.studies.sweep import functions
from tests.studies.sweep.functions import made, vary


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    entries = {name: entry for name, entry in vary().items() if name != "third"}
    return made(tmp_path / "s", functions.straight, vary=entries, design={"kind": "grid", "levels": 3})


def command(*words: str) -> int:
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers()
    for module in (analyse, export):
        module.add_command(commands)
    arguments = parser.parse_args(words)
    return int(arguments.handler(arguments))


def test_analyse_tells_what_it_found_and_where(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("analyse", str(folder), "--outcomes", "departures, effort", "--places", "BB", "--no-figures") == 0
    out = capsys.readouterr().out
    assert "9 points in 3 worlds each" in out
    assert f"Analysis: {folder / 'analysis'}" in out
    assert out.rstrip().endswith(DISCLAIMER)
    swings = pd.read_csv(folder / "analysis/tornado.csv")
    assert set(swings["outcome"]) == {"departures", "effort"}
    assert set(swings["place"]) == {"BB"}
    assert not (folder / "analysis/figures").exists()


def test_a_mistake_in_a_figure_costs_no_table(folder: Path, capsys: pytest.CaptureFixture[str],
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(folder: Path) -> None:
        raise ValueError("no such colour")

    monkeypatch.setattr(sim.reports.figures, "draw_sweep", wrong)
    assert command("analyse", str(folder)) == 1
    assert "the figures could not be drawn (ValueError: no such colour)" in capsys.readouterr().err
    assert (folder / "analysis/tornado.csv").exists()


@pytest.mark.parametrize(("words", "said"), [(["--outcomes", "departure"], "'departure' is no outcome"),
                                             (["--places", "CC"], "'CC' is no place"),
                                             (["--period", "late"], "'late' is no period")])
def test_analyse_refuses_names_that_are_not_there(folder: Path, words: list[str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        command("analyse", str(folder), *words)
    assert not (folder / "analysis").exists()


@pytest.mark.parametrize("words", [["analyse", "x", "--outcomes", " , "], ["export", "x", "--to", "pdf"]])
def test_arguments_that_mean_nothing_are_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        command(*words)
    assert stop.value.code == 2
    assert ("names nothing" if words[0] == "analyse" else "invalid choice: 'pdf'") in capsys.readouterr().err


def test_export_tells_the_files_and_what_was_adapted(folder: Path, tmp_path: Path,
                                                     capsys: pytest.CaptureFixture[str]) -> None:
    assert command("export", str(folder), "--to", "csv", "--out", str(tmp_path / "out")) == 0
    files = list((tmp_path / "out").rglob("*.*"))
    assert f"{len(files)} files in {tmp_path / 'out'}" in capsys.readouterr().out
    assert len(pd.read_csv(tmp_path / "out/results.csv")) == 9 * 3 * 3
    with pytest.raises(UserError, match="not empty"):
        command("export", str(folder), "--to", "csv", "--out", str(tmp_path / "out"))


@pytest.mark.parametrize("word", ["export", "analyse"])
def test_an_unfinished_sweep_is_refused(folder: Path, tmp_path: Path, word: str) -> None:
    (folder / "results.parquet").unlink()
    more = ["--to", "csv", "--out", str(tmp_path / "out")] if word == "export" else []
    with pytest.raises(UserError, match=f"{folder}: the sweep is not finished. Go on with: python run.py sweep"):
        command(word, str(folder), *more)
    assert not (tmp_path / "out").exists()


def test_one_file_is_one(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("export", str(folder), "--to", "xlsx", "--out", str(tmp_path / "out")) == 0
    assert f"1 file in {tmp_path / 'out'}" in capsys.readouterr().out


def test_plot_draws_an_analysis_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plot", str(folder)]) == 2
    assert f"{folder}: this sweep has no analysis yet. Make it with: python run.py analyse {folder}" in (
        capsys.readouterr().err)
    assert command("analyse", str(folder)) == 0
    figures = folder / "analysis/figures"
    before = {path.name: path.read_bytes() for path in figures.iterdir()}
    for path in figures.iterdir():
        path.unlink()
    assert main(["plot", str(folder)]) == 0
    assert f"{len(before)} files in {figures}" in capsys.readouterr().out
    assert {path.name: path.read_bytes() for path in figures.iterdir()} == before
