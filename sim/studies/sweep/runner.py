"""Run a sweep into a folder, chunk by chunk, so that a stop at any moment loses only the chunks under way."""

from __future__ import annotations

import contextlib
import errno
import functools
import io
import itertools
import json
import shlex
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sim.inputs.posterior import described
from sim.runs.pool import processes
from sim.runs.results import MANIFEST, ResultsError, read_manifest, write_folder
from sim.runs.scenarios import dump
from sim.studies.sweep.batches import Chunk, Done, Evaluate, Rows, chunks, places_of, rows_of, simulate, together, work
from sim.studies.sweep.design import Points, frames, points_of
from sim.studies.sweep.estimate import check_room
from sim.studies.sweep.fingerprint import fingerprint
from sim.studies.sweep.ledger import FINISHED, PARTS, Ledger, write_whole
from sim.studies.sweep.local import Lost, one_by_one, parallel
from sim.studies.sweep.spec import SweepSpec
from sim.words import counted

if TYPE_CHECKING:
    import pandas as pd

SWEEP, SCENARIO, POINTS, UNIT = "sweep.yaml", "scenario.yaml", "points.parquet", "unit.parquet"
RESULTS, FAILED = "results.parquet", "failed.csv"
ROW_GROUP = 100_000
OPEN_PARTS = 512  # parts held while the results are put together, about 50 kB each
Progress = Callable[[int, int], None]


class SweepError(ResultsError):
    """A sweep folder that cannot be written, read or gone on with."""


class Stopped(KeyboardInterrupt):
    """Ctrl-C during a sweep; the message says what is kept."""


def run_sweep(spec: SweepSpec, out: Path | str | None = None, *, jobs: int = 0, scheduler: str | None = None,
              resume: bool = False, progress: Progress | None = None, evaluate: Evaluate = simulate,
              command: str | Sequence[str] = "") -> Path:
    """Run a sweep and return its folder.

    Parameters
    ----------
    spec : SweepSpec
    out : the result folder, new or empty. Default: ``results/sweep-<name>-<time>``.
    jobs : processes on this machine; 0 means one per core
    scheduler : address of a Dask scheduler that runs the chunks instead
    resume : go on with what ``out`` holds (default: with the newest unfinished folder of this sweep); chunks that are
        finished stay as they are, failed ones are tried again
    progress : called with (done, total) world-months of what is left to do
    evaluate : gives (n, periods, places, columns) for `Rows`; a function of a module. Default: the model.
    command : the command line, for the manifest

    Raises
    ------
    UserError
        where the folder does not suit or the disk refuses; what is finished is kept.
    Stopped
        on Ctrl-C, with the same message.
    """
    points = points_of(spec)
    if scheduler is not None:
        from sim.studies.sweep.cluster import reach

        reach(scheduler, fingerprint)  # before there is a folder
    folder = _folder(spec, points, out, resume, command)
    try:
        with _alone(folder):
            _Run(spec, points, folder, evaluate).all(jobs, scheduler, progress)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        problem = "the disk is full" if full else f"the results could not be written ({error.strerror or error})"
        raise SweepError(f"{folder}: {problem}. {kept(spec, folder)}", code=1) from error
    except KeyboardInterrupt:
        raise Stopped(kept(spec, folder)) from None
    return folder


def kept(spec: SweepSpec, folder: Path) -> str:
    """What is kept of a stopped sweep, and how to go on."""
    done = sum(entry["state"] == FINISHED for entry in Ledger(folder).entries.values())
    file = spec.source if Path(spec.source).is_file() else str(folder / SWEEP)
    every = counted(read_manifest(folder)["chunks"], "chunk")
    return (f"{done} of {every} kept in {folder}; go on with: python run.py sweep "
            f"{shlex.quote(file)} --out {shlex.quote(str(folder))} --resume")


def folder_of(spec: SweepSpec, out: Path | None, since: float) -> Path | None:
    """The folder that a stopped sweep left: ``out``, else the newest unfinished one of this sweep that was made at
    the time ``since`` (seconds since 1970) or later; None where there is none.
    """
    if out is not None:
        return out if (out / MANIFEST).exists() else None
    made = [folder for folder in _unfinished(spec) if (folder / MANIFEST).stat().st_mtime >= since]
    return max(made, key=lambda folder: folder.name, default=None)


def finished(folder: Path) -> bool:
    """Whether a sweep has run in every point, and its tables are there."""
    return bool(read_manifest(folder).get("finished")) and (folder / RESULTS).exists()


class _Run:
    """One sweep under way."""

    def __init__(self, spec: SweepSpec, points: Points, folder: Path, evaluate: Evaluate):
        self.spec, self.points, self.folder, self.evaluate = spec, points, folder, evaluate
        self.chunks = chunks(spec, points)
        self.places = places_of(spec)
        self.ledger = Ledger(folder)
        self.began = time.perf_counter()

    def all(self, jobs: int, scheduler: str | None, progress: Progress | None) -> None:
        """Everything that is not finished, then the tables."""
        todo = [chunk.number for chunk in self.chunks if not self.ledger.finished(chunk.number)]
        if not todo and finished(self.folder):
            return
        total = sum(self.chunks[number].worlds.size for number in todo) * self.spec.scenario.months
        done = 0
        with contextlib.closing(self._results_of(todo, jobs, scheduler)) as results:
            for number, result in results:
                self.ledger.add(number, self._part(result) if result.worlds.size else None, result.failed)
                done += self.chunks[number].worlds.size * self.spec.scenario.months
                if progress is not None:
                    progress(done, total)
        self._failed()
        self._results()
        self._manifest()

    def _results_of(self, todo: list[int], jobs: int, scheduler: str | None) -> Generator[tuple[int, Done], None, None]:
        """Results as they come; then lost chunks once more, alone; then, of those lost again, each point alone."""
        lost = yield from self._pass(todo, jobs, scheduler)
        again = yield from self._pass(lost, 1, scheduler, apart=True)
        for number in again:
            yield number, self._point_by_point(self.chunks[number], scheduler)

    def _pass(self, todo: list[int], jobs: int, scheduler: str | None,
              apart: bool = False) -> Generator[tuple[int, Done], None, list[int]]:
        """Run chunks and return those that were lost."""
        lost = []
        with contextlib.closing(self._engine(todo, self.chunks.__getitem__, jobs, scheduler, apart)) as results:
            for number, result in results:
                if isinstance(result, Lost):
                    lost.append(number)
                else:
                    yield number, result
        return lost

    def _point_by_point(self, chunk: Chunk, scheduler: str | None) -> Done:
        """A chunk that took its process with it twice: the points that do it are named, the others are kept."""
        done: list[Done] = []
        failed: dict[int, str] = {}
        points = list(dict.fromkeys(chunk.points.tolist()))
        with contextlib.closing(self._engine(points, chunk.of_point, 1, scheduler, apart=True)) as results:
            for point, result in results:
                if isinstance(result, Lost):
                    failed[point] = result.reason
                else:
                    done.append(result)
                    failed |= result.failed
        good = [part for part in done if part.worlds.size]
        return together(sorted(good, key=lambda part: points.index(part.points[0])), failed)

    def _engine(self, todo: list[int], chunk_of: Callable[[int], Chunk], jobs: int, scheduler: str | None,
                apart: bool) -> Generator[tuple[int, Any], None, None]:
        """Run what ``todo`` stands for; ``apart``: one at a time, in another process than this."""
        def make(number: int) -> tuple[Rows, Evaluate]:
            return rows_of(self.spec, self.points, chunk_of(number)), self.evaluate

        if scheduler is not None:
            from sim.studies.sweep.cluster import remote

            return remote(todo, make, work, scheduler, fingerprint, 1 if apart else None)
        jobs = min(processes(jobs), len(todo))
        return parallel(todo, make, work, jobs) if jobs > 1 or apart else one_by_one(todo, make, work)

    def _part(self, done: Done) -> bytes:
        """The results of a chunk as Parquet: one row per point, world, period and place."""
        buffer = io.BytesIO()
        pq.write_table(table(done, tuple(self.spec.record.periods), self.places, self.spec.record.columns), buffer,
                       compression="zstd")
        return buffer.getvalue()

    def _failed(self) -> None:
        """`failed.csv`: one row for each chunk and point that failed, with the point's values."""
        import pandas as pd

        rows = [{"chunk": chunk, "point": point, **{name: values[point] for name, values in self.points.values.items()},
                 "reason": reason} for chunk, points in self.ledger.failed.items() for point, reason in points.items()]
        if rows:
            write_whole(self.folder / FAILED, pd.DataFrame(rows).to_csv(index=False, lineterminator="\n").encode())
        else:
            (self.folder / FAILED).unlink(missing_ok=True)

    def _results(self) -> None:
        """`results.parquet`: the parts in the order of points and worlds, a few in memory at a time.

        A point that failed in one of its chunks is left out in all of its worlds.
        """
        failed = {point for points in self.ledger.failed.values() for point in points}
        where: dict[int, list[int]] = {}
        for chunk in self.chunks:
            for point in dict.fromkeys(chunk.points.tolist()):
                where.setdefault(point, []).append(chunk.number)
        load = functools.lru_cache(maxsize=OPEN_PARTS)(self._by_point)
        unfinished = self.folder / f".{RESULTS}.unfinished"
        try:
            self._write_results(unfinished, (piece for point in sorted(where.keys() - failed) for number in where[point]
                                             if (piece := load(number).get(point)) is not None))
            unfinished.replace(self.folder / RESULTS)
        finally:
            unfinished.unlink(missing_ok=True)

    def _by_point(self, chunk: int) -> dict[int, pa.Table]:
        """The rows of each point in a chunk's part."""
        entry = self.ledger.entries[chunk]
        if entry["sha256"] is None:
            return {}
        whole = pq.read_table(self.ledger.part(chunk))
        points = whole.column("point").to_numpy()
        edges = [0, *(np.flatnonzero(np.diff(points)) + 1).tolist(), len(points)]
        return {int(points[first]): whole.slice(first, after - first)
                for first, after in itertools.pairwise(edges)}

    def _write_results(self, path: Path, pieces: Iterator[pa.Table]) -> None:
        empty = Done(*(np.zeros(0, dtype=np.int64),) * 2, np.zeros(
            (0, len(self.spec.record.periods), len(self.places), len(self.spec.record.columns)), dtype=np.float32))
        start = table(empty, tuple(self.spec.record.periods), self.places, self.spec.record.columns)
        with pq.ParquetWriter(path, start.schema, compression="zstd") as writer:
            held, rows = [start], 0
            for piece in pieces:
                held.append(piece)
                rows += len(piece)
                if rows >= ROW_GROUP:
                    writer.write_table(pa.concat_tables(held).combine_chunks(), row_group_size=ROW_GROUP)
                    held, rows = [start], 0
            writer.write_table(pa.concat_tables(held).combine_chunks(), row_group_size=ROW_GROUP)

    def _manifest(self) -> None:
        manifest = read_manifest(self.folder)
        failed = self.ledger.failed
        manifest |= {"finished": not failed, "failed_points": len({p for points in failed.values() for p in points}),
                     "wall_time_s": round(manifest["wall_time_s"] + time.perf_counter() - self.began, 3)}
        write_whole(self.folder / MANIFEST, (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode())


def table(done: Done, periods: tuple[str, ...], places: tuple[str, ...], columns: tuple[str, ...]) -> pa.Table:
    """Long rows (point, world, period, place), one float32 column for each outcome and summary."""
    n, each = done.worlds.size, len(periods) * len(places)
    names = {"period": (periods, np.tile(np.repeat(np.arange(len(periods)), len(places)), n)),
             "place": (places, np.tile(np.arange(len(places)), n * len(periods)))}
    arrays: dict[str, Any] = {"point": pa.array(np.repeat(done.points, each).astype(np.int32)),
                              "world": pa.array(np.repeat(done.worlds, each).astype(np.int32))}
    for name, (labels, codes) in names.items():
        arrays[name] = pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(labels))
    arrays |= {name: pa.array(np.ascontiguousarray(done.values[..., i]).reshape(-1)) for i, name in enumerate(columns)}
    return pa.table(arrays)


def _folder(spec: SweepSpec, points: Points, out: Path | str | None, resume: bool,
            command: str | Sequence[str]) -> Path:
    """The folder to run in: a new one, or the one to go on with."""
    before = to_resume(spec, out) if resume else None
    if before is not None:
        _check_same(spec, points, before)
        return before
    check_room(spec, None if out is None else Path(out))
    return _new_folder(spec, points, out, command)


def to_resume(spec: SweepSpec, out: Path | str | None) -> Path | None:
    """The folder to go on with: ``out`` (None where it holds nothing yet), else the newest unfinished one.

    Raises
    ------
    SweepError
        where no folder is named and none is unfinished.
    """
    if out is not None:
        return Path(out) if (Path(out) / MANIFEST).exists() else None
    found = _unfinished(spec)
    if not found:
        raise SweepError(f"--resume: there is no unfinished folder results/sweep-{spec.name}-*. Say with --out DIR "
                         "which sweep goes on.")
    return max(found, key=lambda folder: folder.name)


def _unfinished(spec: SweepSpec) -> list[Path]:
    return [path.parent for path in Path("results").glob(f"sweep-{spec.name}-*/{MANIFEST}")
            if not json.loads(path.read_text(encoding="utf-8")).get("finished")]


def _check_same(spec: SweepSpec, points: Points, folder: Path) -> None:
    """Refuse to mix two sweeps, or two versions of the model, in one folder."""
    manifest = read_manifest(folder)
    if manifest.get("kind") != "sweep":
        raise SweepError(f"{folder}: this is no folder of a sweep.")
    for name, text in ((SWEEP, spec.text), (SCENARIO, dump(spec.base))):
        before = [line for line in (folder / name).read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
        now = text.splitlines()
        if before != now:
            other = next((f"'{old.strip()}' there, '{new.strip()}' now"
                          for old, new in zip(before, now, strict=False) if old != new), "one is longer")
            raise SweepError(f"{folder}: {name} is of another sweep ({other}). Start anew without --resume.")
    if not np.array_equal(pq.read_table(folder / UNIT).to_pandas(), frames(spec, points)[1], equal_nan=True):
        raise SweepError(f"{folder}: its points are others than the design gives now. Start anew without --resume.")
    if manifest.get("model_sha256") != fingerprint():
        raise SweepError(f"{folder}: the model has changed since this sweep began; its parts would not fit together. "
                         "Start anew without --resume.")


def _new_folder(spec: SweepSpec, points: Points, out: Path | str | None, command: str | Sequence[str]) -> Path:
    extra = {"kind": "sweep", "sweep": spec.name, "title": spec.title, "question": spec.question,
             "design": spec.design.kind, "points": len(points), "worlds_each": spec.worlds, "luck": spec.luck,
             "worlds": spec.worlds * (len(points) if spec.luck == "own" else 1),
             "chunks": len(chunks(spec, points)), "model_sha256": fingerprint(), "finished": False,
             **described(spec.base.world, spec.base.uncertainty)}

    def fill(folder: Path) -> None:
        table_, unit = frames(spec, points)
        (folder / SWEEP).write_text(spec.text, encoding="utf-8")
        _write_points(table_, unit, folder)
        if spec.design.file is not None:
            (folder / "design.csv").write_bytes(Path(spec.design.file).read_bytes())
        (folder / PARTS).mkdir()

    return write_folder(fill, spec.base, name=f"sweep-{spec.name}", command=command, out=out, manifest_extra=extra)


def _write_points(points: pd.DataFrame, unit: pd.DataFrame, folder: Path) -> None:
    points.to_parquet(folder / POINTS, index=False)
    points.to_csv(folder / "points.csv", index=False, lineterminator="\n", encoding="utf-8")
    unit.to_parquet(folder / UNIT, index=False)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep a second run out of the folder, where the system has locks; a killed run leaves none behind."""
    try:
        import fcntl
    except ModuleNotFoundError:
        yield
        return
    with (folder / ".lock").open("w") as handle:
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EAGAIN):
                raise SweepError(f"{folder}: another process runs this sweep.") from None
            if error.errno not in (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP):  # a file system without locks
                raise
        yield
