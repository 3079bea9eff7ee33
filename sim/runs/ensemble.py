"""Ensembles: many worlds of one scenario, in chunks, on one or several threads.

World k is the same in any chunk on any number of threads, so chunks are only a matter of speed and memory.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from sim.engine.record import Recorder
from sim.inputs.geography import Geography, load_geography
from sim.inputs.scenario import Scenario
from sim.runs import tables
from sim.runs.reduce import with_countries
from sim.runs.results import RunTables
from sim.runs.threads import Tick, run_tasks
from sim.runs.worlds import TOGETHER, Worlds, recorder_of

CHUNK = TOGETHER  # worlds; making a batch costs about a thirtieth of running it
Kept = TypeVar("Kept")


@dataclass
class Arrays:
    """Raw output of a batch: values (outcomes, W, months, R), control and cause (W, months, L)."""

    names: list[str]
    values: np.ndarray
    control: np.ndarray
    cause: np.ndarray


def geography_of(scenario: Scenario) -> Geography:
    """The geography with the scenario's overrides."""
    return load_geography(scenario.world, {k: v for k, v in scenario.parameters.items() if k.startswith("values.")})


def run_chunk(scenario: Scenario, worlds: Sequence[int], options: Mapping[str, Any] | None = None,
              progress: Callable[[int], None] | None = None) -> Arrays:
    """Run one batch of worlds in this thread; options are passed to `sim.runs.worlds.Worlds`."""
    return _arrays(Worlds(scenario, worlds, **_rows(options or {}, worlds)).run(progress))


def _arrays(recorder: Recorder) -> Arrays:
    return Arrays([o.name for o in recorder.outcomes], recorder.values, recorder.control, recorder.cause)


def _rows(options: Mapping[str, Any], worlds: Sequence[int]) -> dict[str, Any]:
    """Options with per-world arrays cut down to the worlds of the chunk."""
    cut = dict(options)
    for key in ("parameters", "strengths"):
        if key in cut:
            cut[key] = {name: np.asarray(v)[list(worlds)] if np.ndim(v) else v for name, v in cut[key].items()}
    return cut


def by_chunk(scenario: Scenario, keep: Callable[[Arrays, int], Kept], jobs: int = 0,
             progress: Callable[[int, int], None] | None = None,
             options: Mapping[str, Any] | None = None) -> Generator[tuple[range, Kept], None, None]:
    """Run all worlds of a scenario, `CHUNK` at a time, and yield of each chunk in order its worlds and what is kept.

    Parameters
    ----------
    scenario : Scenario
    keep : called in the thread of a chunk with its arrays and its first world; the arrays are forgotten after it
    jobs : int
        Threads; 0 means one per core.
    progress : callable, optional
        ``progress(done, total)`` in world-months.
    options : mapping, optional
        Model options (parameters, strengths, frozen, turns, checking); arrays have one entry
        per world.
    """
    def work(worlds: range, tick: Tick) -> Kept:
        return keep(run_chunk(scenario, worlds, options, tick), worlds.start)

    return _chunks(scenario, work, jobs, progress)


def _chunks(scenario: Scenario, work: Callable[[range, Tick], Kept], jobs: int,
            progress: Callable[[int, int], None] | None) -> Generator[tuple[range, Kept], None, None]:
    total = scenario.worlds * scenario.months
    chunks = [range(first, min(first + CHUNK, scenario.worlds)) for first in range(0, scenario.worlds, CHUNK)]
    tell = None if progress is None else lambda done: progress(done, total)
    with contextlib.closing(run_tasks(work, chunks, jobs, tell)) as parts:  # however this ends, the threads end with it
        for position, part in parts:
            yield chunks[position], part
            del part  # not held while the next one is waited for


def arrays(scenario: Scenario, jobs: int = 0, progress: Callable[[int, int], None] | None = None,
           options: Mapping[str, Any] | None = None) -> Arrays:
    """Run all worlds of a scenario and hold all that they recorded; parameters as of `by_chunk`."""
    whole = recorder_of(scenario, geography_of(scenario), scenario.worlds)

    def work(worlds: range, tick: Tick) -> None:
        Worlds(scenario, worlds, recorder=(whole, worlds.start), **_rows(options or {}, worlds)).run(tick)

    for _ in _chunks(scenario, work, jobs, progress):
        pass
    return _arrays(whole)


def simulate(scenario: Scenario, jobs: int = 0, progress: Callable[[int, int], None] | None = None,
             options: Mapping[str, Any] | None = None) -> RunTables:
    """Run a scenario and return its tables, all in memory; parameters as of `by_chunk`."""
    return tables_of(scenario, arrays(scenario, jobs, progress, options), jobs)


def tables_of(scenario: Scenario, raw: Arrays, jobs: int = 0) -> RunTables:
    """The tables of a run from all its arrays."""
    g = geography_of(scenario)
    stacked = with_countries(raw.names, raw.values, g)

    def cells(outcome: int, first: int, last: int, _: Tick) -> np.ndarray:
        return stacked[outcome].reshape(scenario.worlds, -1)[:, first:last].T.copy()

    return RunTables(tables.outcomes(raw.names, stacked, scenario.start, g),
                     tables.summary(raw.names, scenario.start, (scenario.months, scenario.worlds), g, cells, jobs),
                     tables.footholds(scenario, raw, g), tables.places(g), tables.outcome_info(raw.names),
                     tables.events(scenario, g))
