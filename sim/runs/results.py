"""The only reader and writer of result folders.

A folder is written beside its final place under a hidden name and renamed when whole, so that a stopped run, a crash
or a full disk leaves nothing that looks like a result.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.errors import UserError
from sim.version import __version__

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from sim.inputs.scenario import Scenario

SCHEMA_VERSION = 1
MANIFEST, SCENARIO, SCENARIOS = "manifest.json", "scenario.yaml", "scenarios"
OUTCOMES, DIFFERENCES = "outcomes.parquet", "differences.parquet"
KEYS = ("world", "month", "scope", "place")
DISCLAIMER = "Exploration under stated assumptions, not a forecast."
PACKAGES = ("mesa", "networkx", "numpy", "scipy", "pandas", "pyarrow", "matplotlib", "pyyaml", "pydantic", "rich")
#: columns of the CSV tables that hold numbers; all others are text and stay text ("NA" is a name, not a gap)
NUMBERS = ("world", "months", "p05", "p25", "p50", "p75", "p95", "mean", "lon", "lat", "tile_col", "tile_row",
           "residents", "youth")
SCENARIO_HEAD = "# Resolved scenario of this run; rerun it with: python run.py run <this file>\n"
ROW_GROUP = 100_000
LARGE = 20_000  # rows
COMPRESSION_LEVEL = 1  # 3 takes a third more time for half a per cent


class ResultsError(UserError):
    """A result folder that cannot be read or written."""


@dataclass
class RunTables:
    """The tables of one run, as pandas frames.

    ``outcomes``: world, month (first day), scope, place, then one column per outcome. ``summary``: quantiles over
    worlds by scope, place, month and outcome. ``footholds``: one row per foothold. ``places``: the regions and
    countries. ``outcome_info``: name, unit, label, aggregate. ``events``: the dated outside events of the run.
    """

    outcomes: pd.DataFrame
    summary: pd.DataFrame
    footholds: pd.DataFrame
    places: pd.DataFrame
    outcome_info: pd.DataFrame
    events: pd.DataFrame


CSV_TABLES = tuple(field.name for field in fields(RunTables) if field.name != "outcomes")


@dataclass
class ComparisonTables:
    """The tables of a comparison's folder, as pandas frames; see `sim.studies.compare.comparison.Comparison`.

    ``differences``: value by scenario, world, outcome and place. ``decisions`` is empty unless worlds were added until
    all was decided. ``places``: the regions and countries, as of a run.
    """

    manifest: dict[str, Any]
    effects: pd.DataFrame
    regions: pd.DataFrame
    monthly: pd.DataFrame
    differences: pd.DataFrame
    decisions: pd.DataFrame
    places: pd.DataFrame


#: columns of a comparison's CSV tables that hold text
TEXTS = ("scenario", "title", "outcome", "label", "unit", "place", "region", "wish", "direction", "needed", "verdict",
         "month", "kind", "id", "scope", "country", "name")


def check_out(out: Path) -> None:
    """Refuse, before anything is simulated, a folder that could not become a result."""
    try:
        if out.is_dir():
            if any(out.iterdir()):
                raise ResultsError(f"{out}: this folder exists and is not empty. Results need a new or an empty "
                                   "folder.")
        elif out.exists() or out.is_symlink():
            raise ResultsError(f"{out}: this is a file. Results need a new or an empty folder.")
    except OSError as error:  # a folder that may not be looked into, a name too long
        raise ResultsError(f"{out}: no folder can be made here ({error.strerror or error}).") from None
    check_place(out.absolute().parent)


def check_place(folder: Path) -> None:
    """Refuse, before anything is simulated, a folder in which none can be made, or which cannot be made itself.

    A folder is made and removed, in the nearest one that exists: permissions alone do not tell whether a disk takes it.
    """
    try:
        parent = next(place for place in (folder, *folder.absolute().parents) if place.exists())
        Path(tempfile.mkdtemp(prefix=".try-", dir=parent)).rmdir()
    except OSError as error:
        raise ResultsError(f"{folder}: no folder can be made here ({error.strerror or error}).") from None


def write(tables: RunTables, scenario: Scenario, *, command: str | Sequence[str] = "", wall_time: float = 0.0,
          out: Path | str | None = None, manifest_extra: Mapping[str, Any] | None = None,
          figures: Callable[[Path], object] | None = None) -> Path:
    """Write one result folder and return its path.

    Parameters
    ----------
    command : the command line; absolute paths in it are shortened.
    wall_time : seconds of simulation.
    out : the result folder itself (new or empty). Default: ``results/<name>-<time>``.
    manifest_extra : further entries of the manifest.
    figures : called with the unfinished folder once its tables are whole, to add pictures.

    Raises
    ------
    ResultsError
        with one message, where ``out`` is taken or the disk refuses. Nothing half-written is left.
    """
    return write_folder(lambda folder: write_tables(tables, folder), scenario, name=scenario.name, command=command,
                        wall_time=wall_time, out=out, manifest_extra=manifest_extra, figures=figures)


def write_folder(fill: Callable[[Path], object], scenario: Scenario, *, name: str, command: str | Sequence[str] = "",
                 wall_time: float | None = 0.0, out: Path | str | None = None, others: Sequence[Scenario] = (),
                 manifest_extra: Mapping[str, Any] | None = None,
                 figures: Callable[[Path], object] | None = None) -> Path:
    """Write any folder of results whole or not at all: what ``fill`` writes, the scenario, the manifest, the figures.

    Parameters as in `write`; without ``out`` the folder is ``results/<name>-<time>``. With ``others``, every scenario
    goes into ``scenarios/<its name>.yaml``. Without ``wall_time``, it is ``fill`` that simulates and is timed.
    """
    from sim.runs.scenarios import dump

    began = time.perf_counter()
    started = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=wall_time or 0.0)
    text = dump(scenario)
    if out is not None:
        check_out(Path(out))
    target = Path(out) if out is not None else Path("results") / f"{name}-{_stamp(started)}"
    try:
        with _folder_when_whole(target, exact=out is not None) as (folder, done):
            fill(folder)
            if wall_time is None:
                wall_time = time.perf_counter() - began
            _write_scenarios((scenario, *others), folder)
            manifest = _manifest(scenario, text, command, wall_time, started) | dict(manifest_extra or {})
            (folder / MANIFEST).write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
            if figures is not None:
                figures(folder)
        return done[0]
    except OSError as error:
        raise ResultsError(f"{target}: the results could not be written ({error.strerror or error}). "
                           "Nothing half-written was left.", code=1) from error


def _write_scenarios(scenarios: Sequence[Scenario], folder: Path) -> None:
    from sim.runs.scenarios import dump

    if len(scenarios) > 1:
        (folder / SCENARIOS).mkdir()
    for scenario in scenarios:
        path = folder / (SCENARIO if len(scenarios) == 1 else f"{SCENARIOS}/{scenario.name}.yaml")
        path.write_text(SCENARIO_HEAD + dump(scenario), encoding="utf-8")


def read(folder: Path | str, outcomes: Sequence[str] | None = None) -> RunTables:
    """The tables of a result folder; of the outcomes only those named, as far as the run has them.

    Raises
    ------
    ResultsError
        where the folder is missing, is not a result, is of another version, or lacks a table.
    """
    folder = Path(folder)
    kind = read_manifest(folder).get("kind")
    if kind is not None:
        raise ResultsError(f"{folder}: this is the folder of a {kind}, not of a run.")
    with _readable(folder):
        return RunTables(read_outcomes(folder, outcomes),
                         **{name: read_run_csv(folder, name) for name in CSV_TABLES})


def read_outcomes(folder: Path, outcomes: Sequence[str] | None = None) -> pd.DataFrame:
    """The table of outcomes, or of it only the outcomes named, as far as the run has them."""
    import pyarrow.parquet as pq

    path = folder / OUTCOMES
    columns = None if outcomes is None else [*KEYS, *(name for name in pq.read_schema(path).names if name in outcomes)]
    return pq.read_table(path, columns=columns).to_pandas(date_as_object=False)


def pieces_of(path: Path, outcomes: Sequence[str], scope: str | None = None) -> Iterator[pa.Table]:
    """A table of outcomes by row groups, so that memory stays flat: the keys, the outcomes named as far as it has them,
    and the rows of one scope or all.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        columns = [*KEYS, *(name for name in file.schema_arrow.names if name in outcomes)]
        for group in range(file.num_row_groups):
            rows = file.read_row_group(group, columns=columns, use_threads=False)
            yield rows if scope is None else rows.filter(pc.equal(rows["scope"].cast(pa.string()), scope))


def sums_over_run(path: Path, outcomes: Sequence[str], scope: str | None = None) -> pd.DataFrame:
    """Months added up: world, scope, place, then a float64 column for each outcome named, as far as the run has it."""
    import pyarrow as pa

    keys, parts = ["world", "scope", "place"], []
    for rows in pieces_of(path, outcomes, scope):
        names = rows.column_names[len(KEYS):]
        sums = rows.group_by(keys, use_threads=False).aggregate([(name, "sum") for name in names])
        parts.append(sums.rename_columns([*keys, *names]))
    # Row groups may cut through a world.
    return pa.concat_tables(parts).to_pandas().groupby(keys, observed=True, sort=False).sum().reset_index()


def read_run_csv(folder: Path, name: str) -> pd.DataFrame:
    """One of a run's tables by its name in `CSV_TABLES`."""
    return read_csv(folder / f"{name}.csv", lambda column: column not in NUMBERS)


def read_comparison(folder: Path | str) -> ComparisonTables:
    """The tables of a comparison's folder; raises ResultsError as `read` does."""
    import pandas as pd

    folder = Path(folder)
    manifest = read_manifest(folder)
    if manifest.get("kind") != "comparison":
        raise ResultsError(f"{folder}: this is not the folder of a comparison; make one with: python run.py compare")
    with _readable(folder):
        found = {name: read_csv(folder / f"{name}.csv", TEXTS.__contains__)
                 for name in ("effects", "regions", "monthly", "places")}
        found["differences"] = pd.read_parquet(folder / DIFFERENCES)
        path = folder / "decisions.csv"
        found["decisions"] = read_csv(path, TEXTS.__contains__) if manifest["until_sure"] else pd.DataFrame()
    return ComparisonTables(manifest, **found)


@contextlib.contextmanager
def _readable(folder: Path) -> Iterator[None]:
    """One message where a table is missing or broken."""
    try:
        yield
    except FileNotFoundError as error:
        missing = Path(str(error.filename)).name if error.filename else "a table"
        raise ResultsError(f"{folder}: the result folder lacks {missing}.") from None
    except (OSError, ValueError) as error:
        raise ResultsError(f"{folder}: a table cannot be read ({error}).") from None


def read_csv(path: Path, is_text: Callable[[str], bool]) -> pd.DataFrame:
    """A table as `write_csv` writes it; "NA" stays text in the columns of text, gaps are NaN in the others."""
    import pandas as pd

    columns = pd.read_csv(path, nrows=0, encoding="utf-8").columns
    return pd.read_csv(path, keep_default_na=False, encoding="utf-8",
                       dtype={column: str for column in columns if is_text(column)},
                       na_values={column: [""] for column in columns if not is_text(column)})


def read_manifest(folder: Path | str) -> dict[str, Any]:
    """The manifest of a result folder, checked; raises ResultsError where it is none."""
    folder = Path(folder)
    if not folder.is_dir():
        problem = "this is a file" if folder.exists() else "there is no such folder"
        raise ResultsError(f"{folder}: {problem}; give a result folder such as results/baseline-20260101-120000.")
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ResultsError(f"{folder}: not a result folder (it has no {MANIFEST}).{_inside(folder)}") from None
    except (OSError, ValueError) as error:
        raise ResultsError(f"{folder}: {MANIFEST} cannot be read ({error}).") from None
    version = manifest.get("schema_version") if isinstance(manifest, dict) else None
    if version != SCHEMA_VERSION:
        raise ResultsError(f"{folder}: {MANIFEST} has the schema version {version!r}; this program reads "
                           f"{SCHEMA_VERSION}.")
    return dict(manifest)


def _inside(folder: Path) -> str:
    inner = sorted(path.parent.name for path in folder.glob(f"*/{MANIFEST}"))
    return f" Result folders inside it: {', '.join(inner[:6])}." if inner else ""


def _stamp(moment: datetime.datetime) -> str:
    return f"{moment.astimezone():%Y%m%d-%H%M%S}"


@contextlib.contextmanager
def _folder_when_whole(target: Path, exact: bool) -> Iterator[tuple[Path, list[Path]]]:
    """A hidden folder beside ``target`` that takes its name on success and vanishes on failure.

    The second item receives the final path. Unless ``exact``, a taken name gets a number. Folders that had to be made
    around it vanish with it.
    """
    new = [place for place in target.absolute().parents if not place.exists()]
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.unfinished-", dir=target.parent))
    done: list[Path] = []
    try:
        yield folder, done
        mask = os.umask(0)
        os.umask(mask)
        folder.chmod(0o777 & ~mask)
        done.append(_rename(folder, target, exact))
    finally:
        if not done:
            shutil.rmtree(folder, ignore_errors=True)
            with contextlib.suppress(OSError):  # somebody else has put something there
                for place in new:
                    place.rmdir()


def _rename(folder: Path, target: Path, exact: bool) -> Path:
    for number in range(1, 1000):
        place = target if number == 1 else target.with_name(f"{target.name}-{number}")
        if place.exists():
            if not exact:
                continue
            place.rmdir()  # fails unless empty
        folder.rename(place)
        return place
    raise FileExistsError(f"{target} and a thousand names like it are taken")


def write_tables(tables: RunTables, folder: Path) -> None:
    """All tables of a run into a folder."""
    table = outcomes_as_arrow(tables.outcomes)
    with OutcomesFile(folder / OUTCOMES) as file:
        for first in range(0, max(1, len(table)), ROW_GROUP):
            file.write(table.slice(first, ROW_GROUP))
    write_csv_tables({name: getattr(tables, name) for name in CSV_TABLES}, folder)


def write_csv_tables(tables: Mapping[str, pd.DataFrame], folder: Path) -> None:
    """All tables of a run but the outcomes, by the names in `CSV_TABLES`."""
    for name in CSV_TABLES:
        write_csv(tables[name], folder / f"{name}.csv")


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """CSV; large tables go through pyarrow, which is ten times as fast, unless a text in them needs quotes."""
    import pyarrow as pa
    import pyarrow.csv as pc

    if len(frame) >= LARGE:
        table = pa.Table.from_pandas(frame, preserve_index=False)
        columns = [column.cast(_small(column.type)) for column in table.columns]
        with contextlib.suppress(pa.ArrowInvalid), path.open("wb") as handle:  # a name with a comma needs quotes
            handle.write((",".join(table.column_names) + "\n").encode())
            options = pc.WriteOptions(include_header=False, quoting_style="none")
            pc.write_csv(pa.table(columns, names=table.column_names), handle, options)
            return
    frame.to_csv(path, index=False, float_format="%.6g", encoding="utf-8", lineterminator="\n")


def outcomes_as_arrow(frame: pd.DataFrame) -> pa.Table:
    """The table of outcomes with small types: dictionaries for names, 32 bits for numbers."""
    import pyarrow as pa

    missing = [key for key in KEYS if key not in frame.columns]
    if missing:
        raise ValueError(f"the table of outcomes lacks the columns {', '.join(missing)}")
    table = pa.Table.from_pandas(frame, preserve_index=False, nthreads=1)
    types = {"world": pa.int32(), "month": pa.date32(), "scope": pa.dictionary(pa.int32(), pa.string()),
             "place": pa.dictionary(pa.int32(), pa.string())}
    columns = [table[name].cast(types.get(name) or _small(table[name].type)) for name in table.column_names]
    return pa.table(dict(zip(table.column_names, columns, strict=True)))


class OutcomesFile:
    """Writes ``outcomes.parquet`` piece by piece, in a ``with`` block; nothing is held beyond one row group.

    A row group is as many whole pieces as fit into `ROW_GROUP` rows, at least one. Dictionaries for names and counts,
    split bytes for 32-bit floats, zstd.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writer: Any = None
        self._held: list[pa.Table] = []

    def write(self, piece: pa.Table) -> None:
        """Add rows, as `outcomes_as_arrow` gives them."""
        if self._held and sum(map(len, self._held)) + len(piece) > ROW_GROUP:
            self._flush()
        self._held.append(piece)

    def _flush(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        table, self._held = pa.concat_tables(self._held), []
        if self._writer is None:
            floats = [field.name for field in table.schema if pa.types.is_floating(field.type)]
            self._writer = pq.ParquetWriter(
                self.path, table.schema, compression="zstd", compression_level=COMPRESSION_LEVEL,
                use_dictionary=[name for name in table.column_names if name not in floats],
                use_byte_stream_split=floats)
        self._writer.write_table(table, row_group_size=max(1, len(table)))

    def __enter__(self) -> OutcomesFile:
        return self

    def __exit__(self, kind: object, *error: object) -> None:
        try:
            if kind is None:
                self._flush()
        finally:
            if self._writer is not None:
                self._writer.close()


def _small(kind: Any) -> Any:
    import pyarrow as pa

    if pa.types.is_floating(kind):
        return pa.float32()
    return pa.int32() if pa.types.is_integer(kind) or pa.types.is_boolean(kind) else kind


def _manifest(scenario: Scenario, text: str, command: str | Sequence[str], wall_time: float,
              started: datetime.datetime) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "project": "foothold",
        "project_version": __version__,
        "git": _git(Path(__file__).resolve().parents[2]),
        "note": DISCLAIMER,
        "scenario": scenario.name,
        "scenario_source": shorten(scenario.source),
        "scenario_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "world": scenario.world,
        "worlds": scenario.worlds,
        "seed": scenario.seed,
        "command": shorten(command) if isinstance(command, str) else " ".join(map(shorten, command)),
        "started_utc": f"{started:%Y-%m-%dT%H:%M:%SZ}",
        "wall_time_s": round(wall_time, 3),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
    }


def shorten(word: str) -> str:
    """A path without this machine in it: relative to the working folder, else its last part."""
    head, equals, tail = word.rpartition("=")
    if not os.path.isabs(tail):
        return word
    path = Path(tail)
    inside = path.is_relative_to(Path.cwd())
    return head + equals + (path.relative_to(Path.cwd()).as_posix() if inside else path.name)


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _git(root: Path) -> dict[str, Any] | None:
    """Commit and whether the checkout differs from it; None outside a checkout."""
    if not (root / ".git").exists():
        return None
    try:
        answers = [subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, timeout=10,
                                  check=True) for words in (("rev-parse", "HEAD"), ("status", "--porcelain"))]
    except (OSError, subprocess.SubprocessError):
        return None
    return {"commit": answers[0].stdout.strip(), "dirty": bool(answers[1].stdout.strip())}
