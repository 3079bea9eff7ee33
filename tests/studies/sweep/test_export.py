"""Exports hold what the folder holds, number for number, or refuse with one message."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim.errors import UserError
from sim.runs import results
from sim.runs.ensemble import simulate
from sim.runs.scenarios import load_scenario
from sim.studies.sweep import export as exporting
from sim.studies.sweep.analysis import analyse
from sim.studies.sweep.export import export
from tests.studies.sweep import functions
from tests.studies.sweep.functions import made
from tests.studies.sweep.small import TWO_COUNTRIES


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run."""
    scenario = load_scenario(TWO_COUNTRIES, {"worlds": 3, "end": "2011-06"})
    return results.write(simulate(scenario, jobs=1), scenario, out=tmp_path_factory.mktemp("run") / "a run")


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an analysed sweep."""
    folder = made(tmp_path_factory.mktemp("sweep") / "s", functions.straight,
                  design={"kind": "latin_hypercube", "points": 30})
    analyse(folder)
    return folder


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like that of a comparison: what matters here are its kinds of tables."""
    folder = tmp_path_factory.mktemp("comparison") / "c"
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps({"schema_version": 1, "kind": "comparison"}))
    pd.DataFrame({"scenario": ["NA", "b"], "needed": ["more than 10,000", ""], "ratio": [0.5, np.nan]}).to_csv(
        folder / "effects.csv", index=False)
    grid = pd.MultiIndex.from_product([["base", "b"], [0, 1], ["LY", "ALL"]], names=["scenario", "world", "place"])
    pd.DataFrame({"value": np.arange(8.0)}, index=grid).reset_index().to_parquet(folder / "differences.parquet")
    return folder


def test_csv_holds_every_table_to_the_last_digit(run: Path, sweep: Path, tmp_path: Path) -> None:
    made_run = export(run, "csv", tmp_path / "run")
    assert {path.name for path in made_run.files} == {f"{name}.csv" for name in (
        "outcomes", "summary", "footholds", "places", "outcome_info", "events")}
    whole, back = pd.read_parquet(run / "outcomes.parquet"), pd.read_csv(tmp_path / "run" / "outcomes.csv")
    assert (back["recruits"].to_numpy(dtype=np.float32) == whole["recruits"].to_numpy()).all()
    assert back["month"].iloc[0] == "2011-01-01"
    made_sweep = export(sweep, "csv", tmp_path / "sweep")
    names = {path.stem for path in made_sweep.files}
    assert {"points", "results", "unit", "analysis_tornado", "analysis_point_summary"} <= names
    found = pd.read_csv(tmp_path / "sweep" / "results.csv")
    assert (found["departures"].to_numpy(dtype=np.float32)
            == pd.read_parquet(sweep / "results.parquet")["departures"].to_numpy()).all()


def test_names_and_gaps_stay_apart(comparison: Path, tmp_path: Path) -> None:
    for to in ("csv", "xlsx", "dta"):
        export(comparison, to, tmp_path / to)
    text = (tmp_path / "csv" / "effects.csv").read_text().splitlines()
    assert text[1:] == ["NA,\"more than 10,000\",0.5", "b,,"]
    sheet = pd.read_excel(tmp_path / "xlsx" / "c.xlsx", sheet_name="effects", keep_default_na=False, na_values=[""])
    assert sheet["scenario"].tolist() == ["NA", "b"]
    assert sheet["ratio"].isna().tolist() == [False, True]
    stata = pd.read_stata(tmp_path / "dta" / "effects.dta")
    assert (stata["scenario"].tolist(), stata["needed"].tolist()) == (["NA", "b"], ["more than 10,000", ""])


def test_excel_has_a_sheet_for_each_table(run: Path, tmp_path: Path) -> None:
    made_run = export(run, "xlsx", tmp_path / "x")
    sheets = pd.read_excel(made_run.files[0], sheet_name=None)
    assert set(sheets) == {"outcomes", "summary", "footholds", "places", "outcome_info", "events"}
    assert sheets["summary"]["mean"].sum() == pytest.approx(pd.read_csv(run / "summary.csv")["mean"].sum(), rel=1e-12)


def test_too_many_rows_for_excel_are_left_out_with_one_note(run: Path, tmp_path: Path,
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    rows = len(pd.read_csv(run / "summary.csv"))
    monkeypatch.setattr(exporting, "EXCEL_ROWS", 100)
    found = export(run, "xlsx", tmp_path / "x")
    assert len(found.notes) == 1
    assert found.notes[0].startswith("left out, because a sheet of Excel holds 100 rows and 16,384 columns: outcomes (")
    assert f", summary ({rows:,} rows, 11 columns). Export to csv instead" in found.notes[0]
    assert {"footholds", "places"} <= set(pd.read_excel(found.files[0], sheet_name=None)) <= {
        "footholds", "places", "outcome_info", "events"}


def test_where_no_table_fits_excel_nothing_is_written(run: Path, tmp_path: Path,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "EXCEL_COLUMNS", 1)
    with pytest.raises(UserError, match="no table fits: a sheet of Excel holds"):
        export(run, "xlsx", tmp_path / "x")
    assert not list(tmp_path.iterdir())


def test_cells_of_excel_are_what_they_were(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "PIECE", 2)
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / "manifest.json").write_text((run / "manifest.json").read_text())
    table = pd.DataFrame({"a < b & c": ["<é> & 'x'", None, " =1+1"], "small": np.float32([0.1, np.nan, 1e-30]),
                          "large": [1 / 3, np.inf, -1e300], "whole": [2**53, 0, -1], "true": [True, False, True],
                          "bell": ["\x07", "two\nlines", "NA"], "none": [None] * 3})
    table.to_parquet(folder / "odd.parquet")
    path = export(folder, "xlsx", tmp_path / "x").files[0]
    sheet = pd.read_excel(path, sheet_name="odd", keep_default_na=False, na_values=[""])
    assert list(sheet) == list(table)
    assert sheet["a < b & c"].fillna("none").tolist() == ["<é> & 'x'", "none", " =1+1"]
    assert sheet["small"].astype(np.float32).equals(table["small"])
    assert sheet["large"].fillna(0).tolist() == [1 / 3, 0, -1e300]
    assert (sheet["whole"].tolist(), sheet["true"].tolist()) == ([2**53, 0, -1], [True, False, True])
    assert sheet["bell"].fillna("").tolist() == ["", "two\nlines", "NA"]
    assert sheet["none"].isna().all()
    again = pd.read_excel(export(run, "xlsx", tmp_path / "run").files[0], sheet_name="outcomes")
    whole = pd.read_parquet(run / "outcomes.parquet")
    assert (again["recruits"].to_numpy(np.float32) == whole["recruits"].to_numpy()).all()


def test_long_names_of_sheets_are_cut_and_told(run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "long"
    folder.mkdir()
    (folder / "manifest.json").write_text((run / "manifest.json").read_text())
    for end in ("one", "two"):
        pd.DataFrame({"a": [1]}).to_csv(folder / f"{'a_very_long_name_of_a_table_' * 2}{end}.csv", index=False)
    made_long = export(folder, "xlsx", tmp_path / "x")
    sheets = list(pd.read_excel(made_long.files[0], sheet_name=None))
    assert len(set(sheets)) == 2
    assert max(map(len, sheets)) <= 31
    assert len(made_long.notes) == 2


def test_stata_names_are_adapted_with_a_note(tmp_path: Path, run: Path) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / "manifest.json").write_text((run / "manifest.json").read_text())
    long = "a_name_that_is_longer_than_stata_bears"
    table = pd.DataFrame({"counter.detection": [0.5, np.inf], "1st": ["é", None], "int": [1, 2], f"{long}_a": [1, 2],
                          f"{long}_b": [3, 4], "text": ["x" * 3000, ""]})
    table.to_parquet(folder / "odd.parquet")
    found = export(folder, "dta", tmp_path / "d")
    stata = pd.read_stata(found.files[0])
    assert list(stata.columns) == ["counter_detection", "_1st", "_int", long[:32], f"{long[:30]}_2", "text"]
    assert stata["counter_detection"].isna().tolist() == [False, True]
    assert (stata["_1st"].tolist(), stata["text"].str.len().tolist()) == (["é", ""], [3000, 0])
    assert stata[long[:32]].tolist() == [1, 2]
    assert any("'counter.detection' is named 'counter_detection'" in note for note in found.notes)
    assert len(found.notes) == 5


def test_every_table_of_a_run_is_legible_in_stata(run: Path, tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    found = export(run, "dta", tmp_path / "d")
    assert len(found.files) == 6
    assert not [w for w in recwarn if "Stata" in str(w.message)]
    assert "_end" in pd.read_stata(tmp_path / "d" / "footholds.dta").columns
    assert any("'end' is named '_end'" in note for note in found.notes)


def test_netcdf_has_cubes_with_names_on_their_axes(run: Path, sweep: Path, comparison: Path, tmp_path: Path) -> None:
    xarray = pytest.importorskip("xarray")
    path = export(run, "nc", tmp_path / "run").files[0]
    with xarray.open_dataset(path, group="outcomes", engine="h5netcdf") as cube:
        assert (cube["recruits"].dims, cube.sizes["month"]) == (("world", "month", "place"), 6)
        whole = pd.read_parquet(run / "outcomes.parquet")
        own = whole[(whole["world"] == 1) & (whole["place"] == "AA")]["recruits"].to_numpy()
        assert (cube["recruits"].sel(world=1, place="AA").to_numpy() == own).all()
    with xarray.open_dataset(export(sweep, "nc", tmp_path / "s").files[0], group="results", engine="h5netcdf") as cube:
        assert dict(cube.sizes) == {"point": 30, "world": 3, "period": 1, "place": 3}
    with xarray.open_dataset(export(comparison, "nc", tmp_path / "c").files[0], group="effects",
                             engine="h5netcdf") as rows:
        assert rows["scenario"].to_numpy().tolist() == ["NA", "b"]


def test_default_place_and_refusals(run: Path, tmp_path: Path) -> None:
    assert export(run, "csv").folder == run / "export-csv"
    with pytest.raises(UserError, match="not empty"):
        export(run, "csv")
    with pytest.raises(UserError, match="'sas' is no format. Allowed: csv, xlsx, dta, nc"):
        export(run, "sas")
    with pytest.raises(UserError, match="not a result folder"):
        export(tmp_path, "csv")


def test_a_missing_package_names_the_extra(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    with pytest.raises(UserError, match=r"needs the package openpyxl.*pip install .*\[analysis\]"):
        export(run, "xlsx", tmp_path / "x")
    assert not list(tmp_path.iterdir())
