"""What a sweep will cost, said before it starts."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

from sim.inputs.scenario import Scenario
from sim.runs.disk import check_fits, free_for, in_words
from sim.runs.pool import processes
from sim.studies.sweep.batches import Chunk, chunks, places_of, rows_of, simulate
from sim.studies.sweep.design import Points, points_of
from sim.studies.sweep.spec import SweepSpec
from sim.words import counted

TRIAL_MONTHS = 12
BYTES_A_NUMBER = 2.5  # measured: part and final table together, compressed
BYTES_A_CHUNK = 4000


@dataclass(frozen=True)
class Cost:
    """How much work a sweep is; ``seconds`` of one core, ``size`` in bytes."""

    points: int
    rows: int
    batches: int
    chunks: int
    seconds: float
    size: float


def cost(spec: SweepSpec) -> Cost:
    """Count a sweep's work and time a few months of one of its chunks on this machine."""
    points = points_of(spec)
    parts = chunks(spec, points)
    rows = len(points) * spec.worlds
    batches = len({part.fixed for part in parts})
    fixed, each = _trial(spec, points, max(parts, key=lambda part: part.worlds.size))
    return Cost(len(points), rows, batches, len(parts), batches * fixed + rows * each,
                size(spec, len(points), len(parts)))


def size(spec: SweepSpec, points: int, parts: int) -> float:
    """Bytes of disk for the results of so many points in so many chunks."""
    numbers = points * spec.worlds * len(spec.record.periods) * len(places_of(spec)) * len(spec.record.columns)
    return numbers * BYTES_A_NUMBER + parts * BYTES_A_CHUNK


def check_room(spec: SweepSpec, out: Path | None = None) -> None:
    """Raise UserError, with the numbers, where the results will not fit on the disk of ``out``."""
    points = points_of(spec)
    check_fits(size(spec, len(points), len(chunks(spec, points))), out or Path("results"),
               "fewer points or worlds, fewer outcomes or places (record: in the file)")


def _trial(spec: SweepSpec, points: Points, chunk: Chunk) -> tuple[float, float]:
    """Seconds to set up a batch, and seconds of one core for each row."""
    rows = rows_of(spec, points, chunk)
    months = min(TRIAL_MONTHS, rows.scenario.months)
    seconds = []
    for length in (1, months):
        began = time.process_time()  # what else the machine does is none of the sweep's cost
        simulate(replace(rows, scenario=_shortened(rows.scenario, length), record=rows.record.model_copy(update={
            "periods": {"trial": (rows.scenario.start, rows.scenario.start)}})))
        seconds.append(time.process_time() - began)
    return seconds[0], seconds[1] / months * rows.scenario.months / rows.worlds.size


def _shortened(scenario: Scenario, months: int) -> Scenario:
    return scenario.model_copy(update={"end": scenario.start + (months - 1)})


def describe(spec: SweepSpec, jobs: int = 0, out: Path | None = None) -> list[str]:
    """How many points, worlds and chunks, how long and how large, in lines for the reader."""
    total = cost(spec)
    jobs = min(processes(jobs), total.chunks)
    lines = [f"{spec.title}: {spec.question}".rstrip(": ")]
    lines += [f"  {d.name}: {d.label or d.target} ({d.range_text()})" for d in spec.dimensions[:12]]
    if len(spec.dimensions) > 12:
        lines.append(f"  and {len(spec.dimensions) - 12} more")
    same = "the same world at each" if spec.worlds == 1 else "the same worlds at each"
    luck = same if spec.luck == "common" else "own luck at each"
    lines += [f"{counted(total.points, 'point')} ({spec.design.kind.replace('_', ' ')}), "
              f"{counted(spec.worlds, 'world')} each ({luck}): {counted(total.rows, 'world')} of "
              f"{counted(spec.scenario.months, 'month')}",
              f"{counted(total.batches, 'batch', 'batches')}, {counted(total.chunks, 'chunk')}",
              f"about {duration(total.seconds / jobs)} on {counted(jobs, 'process', 'processes')} (from a trial of a "
              f"few months here), about {in_words(total.size)} of disk"]
    free = free_for(out or Path("results"))
    if total.size > free:
        lines.append(f"warning: only {in_words(free)} are free there")
    return lines


def duration(seconds: float) -> str:
    """Seconds in words, to the precision of an estimate."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return counted(round(seconds / 60), "minute") if seconds < 5400 else f"{seconds / 3600:.1f} hours"
