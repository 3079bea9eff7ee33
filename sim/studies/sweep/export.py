"""Tables of a result folder for other programs: CSV, Excel, Stata, NetCDF.

Works for the folders of runs, comparisons and sweeps: every table as it stands there, Parquet or CSV. The export is
written whole or not at all.
"""

from __future__ import annotations

import io
import re
import shutil
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.runs.results import check_out, read_manifest
from sim.studies.sweep.runner import SweepError
from sim.studies.sweep.sensitivity import package
from sim.studies.sweep.sweep_folder import check_whole

FORMATS = ("csv", "xlsx", "dta", "nc")
INNER = ("analysis",)  # folders whose tables come along, with the folder's name before theirs
EXCEL_ROWS, EXCEL_COLUMNS, EXCEL_NAME = 1_048_575, 16_384, 31  # rows without the header
EXCEL_XML = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PIECE = 10_000  # rows written at a time
STATA_NAME, STATA_TEXT = 32, 2045
_RESERVED = """aggregate array boolean break byte case catch class colvector complex const continue default delegate
delete do double else eltypedef end enum explicit export external float for friend function global goto if inline int
local long NULL pragma protected quad rowvector short typedef typename virtual in strL using with _all _b _coef _cons _n
_N _pi _pred _rc _se _skip"""  # help reserved, Stata; those of Mata too
STATA_WORDS = frozenset(_RESERVED.split())
#: columns that make up a cube, in the order of its dimensions
DIMENSIONS = ("point", "scenario", "world", "month", "period", "scope", "place", "region", "outcome", "kind")
FEWEST_AXES = 2


@dataclass(frozen=True)
class Exported:
    """Where an export stands, and what had to be adapted, in words."""

    folder: Path
    files: tuple[Path, ...]
    notes: tuple[str, ...]


def export(folder: Path | str, to: str, out: Path | str | None = None) -> Exported:
    """Write every table of a result folder in another format.

    Parameters
    ----------
    folder : of a run, a comparison or a sweep.
    to : csv, xlsx (one workbook, a sheet for each table), dta (Stata 14 and later) or nc (NetCDF 4, a group for each
        table; tables over worlds, months and places as labelled cubes).
    out : new or empty folder. Default: ``export-<to>`` in the folder.

    Raises
    ------
    SweepError
        with one message, where the folder is none of results or of a sweep that is not finished, a table does not fit
        the format, a package is missing or the disk refuses.
    """
    folder = Path(folder)
    if read_manifest(folder).get("kind") == "sweep":
        check_whole(folder)
    if to not in FORMATS:
        raise SweepError(f"export: '{to}' is no format. Allowed: {', '.join(FORMATS)}.")
    target = Path(out) if out is not None else folder / f"export-{to}"
    check_out(target)
    tables = dict(tables_of(folder))
    if not tables:
        raise SweepError(f"{folder}: there are no tables here to export.")
    return _whole(target, lambda fresh: WRITERS[to](tables, fresh, folder.resolve().name))


def _whole(target: Path, fill: Callable[[Path], list[str]]) -> Exported:
    """A hidden folder beside ``target`` that takes its name once it is filled."""
    fresh = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}.unfinished-", dir=target.parent))
        notes = fill(fresh)
        fresh.chmod(0o755)
        if target.exists():
            target.rmdir()
        fresh.rename(target)
    except OSError as error:
        raise SweepError(f"{target}: the export could not be written ({error.strerror or error}). Nothing half-written "
                         "was left.", 1) from error
    finally:
        if fresh is not None:
            shutil.rmtree(fresh, ignore_errors=True)
    return Exported(target, tuple(sorted(target.iterdir())), tuple(notes))


def tables_of(folder: Path) -> Iterator[tuple[str, pd.DataFrame]]:
    """Name and table of every Parquet and CSV file; where a table stands as both, of the Parquet."""
    for inner in ("", *INNER):
        where = folder / inner
        found = {path.stem: path for suffix in ("csv", "parquet") for path in sorted(where.glob(f"*.{suffix}"))}
        for name, path in sorted(found.items()):
            yield f"{inner}_{name}" if inner else name, read_table(path)


def read_table(path: Path) -> pd.DataFrame:
    """One table; in CSV only empty cells are missing ("NA" is a name)."""
    try:
        if path.suffix == ".parquet":
            return _plain(pd.read_parquet(path))
        return pd.read_csv(path, keep_default_na=False, na_values=[""], encoding="utf-8")
    except pd.errors.EmptyDataError:
        return pd.DataFrame()
    except (OSError, ValueError) as error:
        raise SweepError(f"{path}: the table cannot be read ({error}).") from None


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """Categories and dates as text: every format knows it."""
    def cell(column: pd.Series) -> pd.Series:
        if isinstance(column.dtype, pd.CategoricalDtype):
            return column.cat.rename_categories([str(value) for value in column.cat.categories]).astype(object)
        if column.dtype == object or pd.api.types.is_datetime64_any_dtype(column):
            return column.map(lambda value: value if value is None else str(value)[:10])
        return column

    return table.apply(cell) if len(table.columns) else table


def _csv(tables: dict[str, pd.DataFrame], out: Path, name: str) -> list[str]:
    for table_name, table in tables.items():
        table.to_csv(out / f"{table_name}.csv", index=False, encoding="utf-8", lineterminator="\n")
    return []


def _xlsx(tables: dict[str, pd.DataFrame], out: Path, name: str) -> list[str]:
    fitting = {key: table for key, table in tables.items()
               if len(table) <= EXCEL_ROWS and len(table.columns) <= EXCEL_COLUMNS}
    large = [f"{key} ({len(table):,} rows, {len(table.columns):,} columns)" for key, table in tables.items()
             if key not in fitting]
    why = (f"a sheet of Excel holds {EXCEL_ROWS:,} rows and {EXCEL_COLUMNS:,} columns: {', '.join(large)}. Export to "
           "csv instead, or read the Parquet file.")
    if not fitting:
        raise SweepError(f"no table fits: {why}")
    openpyxl = package("openpyxl")
    sheets = _distinct(list(fitting), lambda text: re.sub(r"[\[\]:*?/\\]", "_", text), EXCEL_NAME)
    book = openpyxl.Workbook()
    book.remove(book.active)
    for sheet in sheets.values():
        book.create_sheet(sheet)
    frame = io.BytesIO()
    book.save(frame)
    # openpyxl makes the workbook and its empty sheets; cell by cell it would take a quarter of an hour for a usual run
    contents = {f"xl/worksheets/sheet{i}.xml": table for i, table in enumerate(fitting.values(), start=1)}
    with (zipfile.ZipFile(frame) as empty,
          zipfile.ZipFile(out / f"{name}.xlsx", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as full):
        for part in empty.namelist():
            with full.open(part, "w", force_zip64=True) as handle:
                if part in contents:
                    handle.writelines(_sheet(contents[part]))
                else:
                    handle.write(empty.read(part))
    return [*([f"left out, because {why}"] if large else []), *_renamed("sheet", sheets, "Excel allows 31 characters")]


def _sheet(table: pd.DataFrame) -> Iterator[bytes]:
    """A table as the XML of a sheet, piece by piece; cells without address stand side by side."""
    import pyarrow as pa

    yield f'<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="{EXCEL_XML}"><sheetData>'.encode()
    if len(table.columns):
        yield _rows([pa.array([str(column)], pa.large_string()) for column in table.columns])
        for first in range(0, len(table), PIECE):
            yield _rows([_arrow(column) for _, column in table.iloc[first:first + PIECE].items()])
    yield b"</sheetData></worksheet>"


def _rows(columns: list[Any]) -> bytes:
    return "".join(_joined("<row>", *map(_cells, columns), "</row>").to_pylist()).encode()


def _joined(*parts: Any) -> Any:
    """Texts put together, row by row; none where one is missing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(*(pa.scalar(part, pa.large_string()) if isinstance(part, str) else part
                                         for part in (*parts, "")))


def _arrow(column: pd.Series) -> Any:
    """Numbers and truth values as they are, infinity as a gap; anything else as text."""
    import pyarrow as pa

    if not pd.api.types.is_numeric_dtype(column):
        return pa.array([None if pd.isna(value) else str(value) for value in column], pa.large_string())
    if pd.api.types.is_float_dtype(column):
        column = column.where(np.isfinite(column))
    return pa.array(column, from_pandas=True)


def _cells(column: Any) -> Any:
    """The XML of each value of a column; a gap is an empty cell."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_large_string(column.type):
        text = pc.replace_substring_regex(column, r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "")  # XML has no place for them
        for sign, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
            text = pc.replace_substring(text, sign, name)
        cells = _joined('<c t="inlineStr"><is><t xml:space="preserve">', text, "</t></is></c>")
    elif pa.types.is_boolean(column.type):
        cells = _joined('<c t="b"><v>', column.cast(pa.int8()).cast(pa.large_string()), "</v></c>")
    else:
        cells = _joined("<c><v>", column.cast(pa.large_string()), "</v></c>")
    return pc.fill_null(cells, "<c/>")


def _dta(tables: dict[str, pd.DataFrame], out: Path, name: str) -> list[str]:
    notes = []
    for table_name, table in tables.items():
        names = _distinct([str(column) for column in table.columns], _stata_name, STATA_NAME)
        labels = {names[str(column)]: str(column)[:80] for column in table.columns}
        stata, longest = _for_stata(table.rename(columns=names))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", category=pd.errors.PerformanceWarning)
            stata.to_stata(out / f"{table_name}.dta", write_index=False, version=118, convert_strl=longest,
                           variable_labels=labels)
        notes += [f"{table_name}: {note}" for note in _renamed("column", names, "Stata allows letters, digits and "
                                                                                "'_', 32 characters")]
    return notes


def _for_stata(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Text without gaps, no infinity, whole numbers that Stata has; and the columns whose text is long."""
    fixed, longest = table.copy(), []
    for column in fixed.columns:
        if not pd.api.types.is_numeric_dtype(fixed[column]):
            fixed[column] = fixed[column].map(lambda value: "" if pd.isna(value) else str(value)).astype(object)
            if fixed[column].map(lambda text: len(text.encode())).max() > STATA_TEXT:
                longest.append(str(column))
        elif pd.api.types.is_bool_dtype(fixed[column]):
            fixed[column] = fixed[column].astype(np.int8)
        elif pd.api.types.is_float_dtype(fixed[column]):
            fixed[column] = fixed[column].replace([np.inf, -np.inf], np.nan)
    return fixed, longest


def _stata_name(text: str) -> str:
    word = re.sub(r"[^A-Za-z0-9_]", "_", text) or "_"
    reserved = word in STATA_WORDS or re.fullmatch(r"str\d+", word)
    return f"_{word}" if word[0].isdigit() or reserved else word


def _distinct(names: list[str], clean: Callable[[str], str], most: int) -> dict[str, str]:
    """A name of at most ``most`` characters for each, none twice, capitals or not."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        word, number = clean(name)[:most], 2
        while word.lower() in taken:
            word, number = f"{clean(name)[:most - len(str(number)) - 1]}_{number}", number + 1
        taken.add(word.lower())
        found[name] = word
    return found


def _renamed(what: str, names: dict[str, str], why: str) -> list[str]:
    return [f"{what} '{old}' is named '{new}' ({why})." for old, new in names.items() if old != new]


def _nc(tables: dict[str, pd.DataFrame], out: Path, name: str) -> list[str]:
    package("h5netcdf")
    xarray = package("xarray")
    path = out / f"{name}.nc"
    xarray.Dataset(attrs={"note": "a group for each table"}).to_netcdf(path, engine="h5netcdf")
    for table_name, table in tables.items():
        dataset = _dataset(table)
        packed = {str(key): {"zlib": True, "complevel": 4} for key, values in dataset.data_vars.items()
                  if values.dtype.kind in "fiu"}
        dataset.to_netcdf(path, mode="a", group=table_name, engine="h5netcdf", encoding=packed)
    return []


def _dataset(table: pd.DataFrame) -> Any:
    """A cube where rows are every combination of their dimensions; else columns along ``row``."""
    table = table.rename(columns=lambda column: str(column).replace("/", "_"))
    text = [column for column in table.columns if not pd.api.types.is_numeric_dtype(table[column])]
    table = table.assign(**{column: table[column].map(lambda v: "" if pd.isna(v) else str(v)).astype(object)
                            for column in text})
    keys = _cube_keys(table, text)
    if keys:
        return table.set_index(keys).to_xarray()
    return table.rename_axis("row").to_xarray()


def _cube_keys(table: pd.DataFrame, text: list[str]) -> list[str]:
    """Dimensions of a cube: those that the table has, if its other columns are numbers and no cell is empty."""
    keys = [column for column in DIMENSIONS if column in table.columns]
    if {"scope", "place"} <= set(keys) and table.groupby("place")["scope"].nunique().max() == 1:
        keys.remove("scope")  # it follows from the place
    others = [column for column in table.columns if column not in keys]
    sizes = [table[key].nunique() for key in keys]
    axes = sum(size > 1 for size in sizes)
    whole = axes >= FEWEST_AXES and int(np.prod(sizes)) == len(table) and not table.duplicated(keys).any()
    return keys if whole and not set(others) & (set(text) - {"scope"}) else []


WRITERS: dict[str, Callable[[dict[str, pd.DataFrame], Path, str], list[str]]] = {
    "csv": _csv, "xlsx": _xlsx, "dta": _dta, "nc": _nc}
