"""Variants: several settings run in the same worlds, kept as totals small enough for thousands of worlds.

A variant is a scenario with the worlds to run and what differs between its rows; rows of two variants that carry the
same world share their luck and their posterior draw, so they can be compared world by world.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from sim.engine.record import Recorder
from sim.inputs.scenario import Scenario
from sim.runs.ensemble import Arrays
from sim.runs.reduce import by_year, countries_and_all, over_window
from sim.runs.tables import footholds
from sim.runs.threads import Tick, run_tasks, threads
from sim.runs.worlds import Snapshot, Worlds, parting

CHUNK = 50  # rows


@dataclass(frozen=True)
class Variant:
    """A scenario in given worlds.

    ``worlds`` (n,) are world indices, of any size and in any order; they may repeat. ``parameters`` (coefficient ->
    array (n,)) and ``strengths`` (position of a lever -> array (n,)) differ between rows.
    """

    scenario: Scenario
    worlds: np.ndarray
    parameters: Mapping[str, np.ndarray] = field(default_factory=dict)
    strengths: Mapping[int, np.ndarray] = field(default_factory=dict)


@dataclass
class Reduced:
    """Totals of a variant's n rows.

    ``names``: O outcomes. ``monthly`` (O, n, months, Y + 1), float32: each country, then all of them together.
    ``yearly`` (O, n, years, R), float32: flows summed, the rest averaged over the months of each calendar year that
    the run covers. ``window`` (O, n, Y + 1 + R): totals over the months asked for of countries, all of them together,
    and regions. ``footholds``: as `sim.runs.tables.footholds`, its column ``world`` being the row 0..n-1.
    """

    names: list[str]
    monthly: np.ndarray
    yearly: np.ndarray
    window: np.ndarray
    footholds: pd.DataFrame


def run_variants(variants: Sequence[Variant], outcomes: Sequence[str], jobs: int = 0,
                 progress: Callable[[int, int], None] | None = None, span: slice = slice(None),
                 years: bool = False) -> list[Reduced]:
    """Run all variants on threads and reduce each to its totals.

    Variants of the same worlds share their past: each goes on from the state of the one before it that stays like it
    longest, from the month in which their settings begin to differ. ``outcomes`` are recorded whatever the scenarios
    say. ``progress(done, total)`` is in world-months. ``span`` are the months of the window, by default the whole run.
    Without ``years``, ``yearly`` has none: it is the largest part.
    """
    variants = [replace(each, scenario=each.scenario.model_copy(update={"record": tuple(outcomes)}))
                for each in variants]
    tasks = []
    for group in _of_same_worlds(variants):
        rows_of = np.arange(variants[group[0]].worlds.size)
        for rows in chunked(rows_of, max(1, min(threads(jobs), rows_of.size // 10))):
            tasks.append((group, [_cut(variants[index], rows) for index in group], span, years))
    total = sum(variant.worlds.size * variant.scenario.months for variant in variants)
    tell = None if progress is None else lambda done: progress(done, total)
    with contextlib.closing(run_tasks(reduce_chunk, tasks, jobs, tell)) as results:
        parts = [part for _, part in results]
    return [joined([part[index] for part in parts if index in part]) for index in range(len(variants))]


def chunked(rows: np.ndarray, jobs: int) -> list[np.ndarray]:
    """Rows in order, in equal chunks that stay in cache, a whole number of rounds over the jobs."""
    rounds = max(1, -(-rows.size // (CHUNK * jobs)))
    return np.array_split(rows, min(rows.size, rounds * jobs))


def _of_same_worlds(variants: Sequence[Variant]) -> list[list[int]]:
    """Indices of variants in groups that run in the same worlds."""
    groups: list[list[int]] = []
    for index, variant in enumerate(variants):
        for group in groups:
            if np.array_equal(variants[group[0]].worlds, variant.worlds):
                group.append(index)
                break
        else:
            groups.append([index])
    return groups


def _cut(variant: Variant, rows: np.ndarray) -> Variant:
    """Some rows of a variant."""
    return replace(variant, worlds=variant.worlds[rows],
                   parameters={name: np.asarray(value)[rows] for name, value in variant.parameters.items()},
                   strengths={position: np.asarray(value)[rows] for position, value in variant.strengths.items()})


def reduce_chunk(task: tuple[list[int], list[Variant], slice, bool], tick: Tick) -> dict[int, Reduced]:
    """Run the same rows of several variants in this thread and keep their totals by the variants' indices."""
    group, variants, span, years = task
    return {index: _reduced(worlds, span, years) for index, worlds in zip(group, _with_shared_past(variants, tick),
                                                                          strict=True)}


def _worlds(variant: Variant) -> Worlds:
    return Worlds(variant.scenario, variant.worlds, parameters=variant.parameters, strengths=variant.strengths)


def _with_shared_past(variants: Sequence[Variant], tick: Tick) -> Iterator[Worlds]:
    """Worlds of each variant, run to the end; each goes on from where it parts from the nearest one before it."""
    origins = _origins([_worlds(variant).course() for variant in variants])
    waiting = Counter(origins)
    kept: dict[tuple[int, int], Snapshot] = {}
    pasts: dict[int, Recorder] = {}
    for index, (variant, (parent, step)) in enumerate(zip(variants, origins, strict=True)):
        worlds = _worlds(variant)
        if step:
            worlds.go_on_from(kept[parent, step])
            for name in ("values", "control", "cause"):
                past = (..., slice(step), slice(None))
                getattr(worlds.recorder, name)[past] = getattr(pasts[parent], name)[past]
            tick(step * worlds.size)
        waiting[parent, step] -= 1
        if not waiting[parent, step]:
            kept.pop((parent, step), None)
        if not any(left for (one, _), left in waiting.items() if one == parent):
            pasts.pop(parent, None)
        for stop in sorted(at for one, at in waiting if one == index and at):
            worlds.run(tick, until=stop)
            kept[index, stop] = worlds.snapshot()
            pasts[index] = worlds.recorder
        worlds.run(tick)
        yield worlds


def _origins(courses: Sequence[Sequence[bytes]]) -> list[tuple[int, int]]:
    """For each course: which one before it stays like it longest, and until which month; (-1, 0) for none."""
    found = []
    for index, course in enumerate(courses):
        steps = [parting(course, other) for other in courses[:index]]
        step = max(steps, default=0)
        found.append((steps.index(step), step) if step else (-1, 0))
    return found


def _reduced(worlds: Worlds, span: slice, years: bool) -> Reduced:
    recorder, g = worlds.recorder, worlds.geography
    raw = Arrays([o.name for o in recorder.outcomes], recorder.values, recorder.control, recorder.cause)
    months = countries_and_all(raw.names, raw.values, g)
    window = np.concatenate([over_window(raw.names, values, span) for values in (months, raw.values)], axis=2)
    yearly = by_year(raw.names, raw.values if years else raw.values[:, :, :0], worlds.start)
    return Reduced(raw.names, months, yearly, window,
                   footholds(worlds.setting, raw, g))


def totals(reduced: Reduced, first: int = 0, last: int | None = None) -> np.ndarray:
    """One number for each outcome, row and place over a span of months, (O, n, Y + 1): sums of flows, else means."""
    return over_window(reduced.names, reduced.monthly, slice(first, last))


def joined(parts: Sequence[Reduced]) -> Reduced:
    """The rows of several parts one after another, as one."""
    shifted, first = [], 0
    for part in parts:
        shifted.append(part.footholds.assign(world=part.footholds["world"] + first))
        first += part.monthly.shape[1]
    kept = [frame for frame in shifted if len(frame)] or shifted[:1]
    return Reduced(parts[0].names, np.concatenate([p.monthly for p in parts], axis=1),
                   np.concatenate([p.yearly for p in parts], axis=1),
                   np.concatenate([p.window for p in parts], axis=1), pd.concat(kept, ignore_index=True))
