"""Result folders: whole or not at all, small, and readable by others."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import sim.runs.scenarios
from sim.runs import results
from sim.runs.results import ResultsError, RunTables, read, read_manifest, write
from tests.fake_run import make_known, make_scenario, make_tables


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sim.runs.scenarios, "INSTALLED", make_known())
    return tmp_path


def test_round_trip(here: Path) -> None:
    tables = make_tables()
    folder = write(tables, make_scenario(), out=here / "a/b/run", command="run.py x.yaml", wall_time=1.5)
    assert folder == here / "a/b/run"
    again = read(folder)
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        ["manifest.json", "scenario.yaml", "outcomes.parquet", *(f"{name}.csv" for name in results.CSV_TABLES)])
    for name in results.CSV_TABLES:
        pd.testing.assert_frame_equal(getattr(again, name), getattr(tables, name), check_dtype=False)
    want, got = tables.outcomes, again.outcomes
    assert list(got.columns) == list(want.columns)
    assert (got["month"].to_numpy() == want["month"].to_numpy()).all()
    assert (got["place"].astype(str) == want["place"].astype(str)).all()
    assert (got["recruits"] == want["recruits"]).all()
    np.testing.assert_allclose(got["share_0"], want["share_0"], rtol=1e-6)


def test_types_that_pandas_r_and_duckdb_read(here: Path) -> None:
    folder = write(make_tables(), make_scenario(), out=here / "run")
    kinds = {field.name: str(field.type) for field in pq.read_schema(folder / "outcomes.parquet")}
    assert kinds["world"] == "int32"
    assert kinds["month"] == "date32[day]"
    assert kinds["recruits"] == "int32"
    assert kinds["share_0"] == "float"
    assert kinds["place"].startswith("dictionary<values=string")
    with (folder / "summary.csv").open(newline="", encoding="utf-8") as handle:
        assert ",".join(next(csv.reader(handle))) == "scope,place,month,outcome,unit,p05,p25,p50,p75,p95,mean"


def test_months_as_dates_are_accepted(here: Path) -> None:
    tables = make_tables()
    tables.outcomes["month"] = [stamp.date() for stamp in tables.outcomes["month"]]
    folder = write(tables, make_scenario(), out=here / "run")
    assert str(read(folder).outcomes["month"].iloc[0])[:10] == "2011-01-01"


@pytest.mark.parametrize("rows", [7, 100_000])
def test_sums_over_the_run_are_the_same_in_pieces(here: Path, rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a row group ends within a world; what was not recorded is left out."""
    monkeypatch.setattr(results, "ROW_GROUP", rows)
    tables = make_tables()
    folder = write(tables, make_scenario(), out=here / "run")
    found = results.sums_over_run(folder / "outcomes.parquet", ("recruits", "departures", "attacks"), "country")
    own = tables.outcomes[tables.outcomes["scope"] == "country"].astype({"place": str})
    expected = own.groupby(["world", "place"])[["recruits", "departures"]].sum()
    got = found.astype({"place": str}).set_index(["world", "place"]).sort_index()
    assert list(got.columns) == ["scope", "recruits", "departures"]
    assert (got[["recruits", "departures"]] == expected).all().all()
    assert len(results.sums_over_run(folder / "outcomes.parquet", ())) == 4 * 3


def test_size_of_a_full_run(here: Path) -> None:
    """100 worlds x 84 months x 110 places x 50 outcomes, twelve of them incompressible shares: below 60 MB."""
    tables = make_tables(worlds=100, months=84, places=110, counts=38, shares=12)
    folder = write(tables, make_scenario(100, 84), out=here / "run")
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    assert size < 60e6, f"{size / 1e6:.0f} MB"


def test_manifest(here: Path) -> None:
    command = ["run.py", "run", str(here / "x.yaml"), f"--out={here.parent.parent / 'elsewhere'}"]
    folder = write(make_tables(), make_scenario(), out=here / "run", command=command, wall_time=2.0,
                   manifest_extra={"jobs": 2})
    text = (folder / "manifest.json").read_text()
    manifest = read_manifest(folder)
    assert manifest["command"] == "run.py run x.yaml --out=elsewhere"
    assert (manifest["worlds"], manifest["seed"], manifest["wall_time_s"], manifest["jobs"]) == (4, 1, 2.0, 2)
    assert len(manifest["scenario_sha256"]) == 64
    assert manifest["packages"]["numpy"] == np.__version__
    assert str(here) not in text
    assert os.uname().nodename not in text if hasattr(os, "uname") and len(os.uname().nodename) > 5 else True
    other = write(make_tables(seed=9), make_scenario(), out=here / "other")
    assert read_manifest(other)["scenario_sha256"] == manifest["scenario_sha256"]


def test_default_names_never_collide(here: Path) -> None:
    folders = [write(make_tables(), make_scenario()) for _ in range(3)]
    assert len(set(folders)) == 3
    assert all(folder.parent == Path("results") and folder.name.startswith("toy-20") for folder in folders)
    assert sorted(path.name for path in Path("results").iterdir()) == sorted(folder.name for folder in folders)


def test_out_must_be_new_or_empty(here: Path) -> None:
    (here / "empty").mkdir()
    assert write(make_tables(), make_scenario(), out=here / "empty") == here / "empty"
    with pytest.raises(ResultsError, match="exists and is not empty"):
        write(make_tables(), make_scenario(), out=here / "empty")
    (here / "file").write_text("x")
    for out in (here / "file", here / "file/below"):
        with pytest.raises(ResultsError, match=r"file|folder"):
            write(make_tables(), make_scenario(), out=out)
    assert (here / "file").read_text() == "x"


class Explosion(BaseException):
    """As hard as Ctrl-C."""


@pytest.mark.parametrize("error", [KeyboardInterrupt, Explosion, RuntimeError])
def test_nothing_half_written(here: Path, error: type[BaseException]) -> None:
    def figures(folder: Path) -> None:
        assert (folder / "outcomes.parquet").exists()
        assert (folder / "manifest.json").exists()
        raise error

    with pytest.raises(error):
        write(make_tables(), make_scenario(), figures=figures)
    assert list(here.iterdir()) == []


def test_full_disk(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq.ParquetWriter, "write_table", full)
    with pytest.raises(ResultsError, match=r"run: .*No space left on device.*Nothing half-written") as caught:
        write(make_tables(), make_scenario(), out=here / "run")
    assert caught.value.code == 1
    assert list(here.iterdir()) == []


def test_figures_are_added_before_the_rename(here: Path) -> None:
    def figures(folder: Path) -> None:
        assert not (here / "run").exists()
        (folder / "figures").mkdir()
        (folder / "figures/a.png").write_bytes(b"x")

    folder = write(make_tables(), make_scenario(), out=here / "run", figures=figures)
    assert (folder / "figures/a.png").read_bytes() == b"x"
    assert folder.stat().st_mode & 0o077 == 0o777 & ~_umask() & 0o077


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_reading_what_is_no_result(here: Path) -> None:
    good = write(make_tables(), make_scenario(), out=here / "all/good")
    (here / "file").write_text("x")
    (here / "foreign").mkdir()
    cases = {here / "nowhere": "no such folder", here / "file": "a file", here / "foreign": "not a result folder",
             here / "all": "inside it: good"}
    for folder, part in cases.items():
        with pytest.raises(ResultsError, match=part):
            read(folder)
    (good / "summary.csv").unlink()
    with pytest.raises(ResultsError, match=r"lacks summary\.csv"):
        read(good)
    (good / "outcomes.parquet").write_bytes(b"not parquet")
    with pytest.raises(ResultsError, match="cannot be read"):
        read(good)
    manifest = json.loads((good / "manifest.json").read_text())
    (good / "manifest.json").write_text(json.dumps({**manifest, "schema_version": 99}))
    with pytest.raises(ResultsError, match="schema version 99"):
        read(good)
    (good / "manifest.json").write_text("{")
    with pytest.raises(ResultsError, match="cannot be read"):
        read(good)


def test_the_scenario_beside_the_tables_loads_back(here: Path) -> None:
    from sim.runs.scenarios import load_scenario

    scenario = make_scenario()
    folder = write(make_tables(), scenario, out=here / "run")
    assert load_scenario(folder / "scenario.yaml") == scenario


def test_empty_tables(here: Path) -> None:
    tables = make_tables()
    empty = RunTables(tables.outcomes, tables.summary, tables.footholds.iloc[:0], tables.places, tables.outcome_info,
                      tables.events.iloc[:0])
    assert len(read(write(empty, make_scenario(), out=here / "run")).footholds) == 0


@pytest.mark.parametrize("text", ["recruits", "a, b", 'say "so"'])
def test_large_tables_are_the_same_csv(here: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = make_tables()
    rows = [tables.summary.assign(outcome=text, mean=[value]) for value in (0.1, 3.0, 1e-7, np.nan)]
    tables.summary = pd.concat(rows, ignore_index=True)
    small = write(tables, make_scenario(), out=here / "small")
    monkeypatch.setattr(results, "LARGE", 1)
    large = write(tables, make_scenario(), out=here / "large")
    pd.testing.assert_frame_equal(read(small).summary, read(large).summary, check_dtype=False)
    first = [(folder / "summary.csv").read_text().splitlines()[0] for folder in (small, large)]
    assert first[0] == first[1]
