"""Ensembles: many worlds of one scenario, in chunks, on one or several threads.

World k is the same in any chunk on any number of threads, so chunks are only a matter of speed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sim.calendar import Month
from sim.engine.enums import CAUSES, CONTESTED, DOMINANT, EXCLUSIVE, FOOTHOLD_MONTHS
from sim.engine.outcomes import OUTCOMES, by_country
from sim.inputs.geography import Geography, load_geography
from sim.inputs.scenario import Scenario
from sim.runs.results import RunTables
from sim.runs.threads import run_tasks, threads

CHUNK = 50
QUANTILES = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}


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
    from sim.runs.worlds import Worlds

    recorder = Worlds(scenario, worlds, **_rows(options or {}, worlds)).run(progress)
    return Arrays([o.name for o in recorder.outcomes], recorder.values, recorder.control, recorder.cause)


def _rows(options: Mapping[str, Any], worlds: Sequence[int]) -> dict[str, Any]:
    """Options with per-world arrays cut down to the worlds of the chunk."""
    cut = dict(options)
    for key in ("parameters", "strengths"):
        if key in cut:
            cut[key] = {name: np.asarray(v)[list(worlds)] if np.ndim(v) else v for name, v in cut[key].items()}
    return cut


def _chunk(task: tuple[Scenario, list[int], Mapping[str, Any] | None], tick: Callable[[int], None]) -> Arrays:
    return run_chunk(*task, tick)


def arrays(scenario: Scenario, jobs: int = 0, progress: Callable[[int, int], None] | None = None,
           options: Mapping[str, Any] | None = None) -> Arrays:
    """Run all worlds of a scenario.

    Parameters
    ----------
    scenario : Scenario
    jobs : int
        Threads; 0 means one per core.
    progress : callable, optional
        ``progress(done, total)`` in world-months.
    options : mapping, optional
        Model options (parameters, strengths, frozen, turns, checking); arrays have one entry
        per world.
    """
    total = scenario.worlds * scenario.months
    chunks = chunked(np.arange(scenario.worlds), min(threads(jobs), max(1, scenario.worlds // 10)))
    tasks = [(scenario, chunk.tolist(), options) for chunk in chunks]
    parts = run_tasks(_chunk, tasks, jobs, None if progress is None else lambda done: progress(done, total))
    with contextlib.closing(parts):  # however this ends, the threads end with it
        return _together(((chunks[i], part) for i, part in parts), scenario.worlds)


def _together(parts: Iterator[tuple[np.ndarray, Arrays]], worlds: int) -> Arrays:
    """One batch from chunks of worlds; each is let go as soon as it has found its place."""
    whole: Arrays | None = None
    for chunk, part in parts:
        rows = slice(chunk[0], chunk[-1] + 1)
        if whole is None:
            n, _, months, regions = part.values.shape
            whole = Arrays(part.names, np.empty((n, worlds, months, regions), part.values.dtype),
                           *(np.empty((worlds, *x.shape[1:]), x.dtype) for x in (part.control, part.cause)))
        whole.values[:, rows], whole.control[rows], whole.cause[rows] = part.values, part.control, part.cause
    assert whole is not None
    return whole


def chunked(worlds: np.ndarray, jobs: int) -> list[np.ndarray]:
    """Worlds in order, in equal chunks that stay in cache, a whole number of rounds over the jobs."""
    rounds = max(1, -(-worlds.size // (CHUNK * jobs)))
    return np.array_split(worlds, min(worlds.size, rounds * jobs))


def simulate(scenario: Scenario, jobs: int = 0, progress: Callable[[int, int], None] | None = None,
             options: Mapping[str, Any] | None = None) -> RunTables:
    """Run a scenario and return its tables."""
    return tables(scenario, arrays(scenario, jobs, progress, options))


def tables(scenario: Scenario, raw: Arrays) -> RunTables:
    """Tidy tables from raw arrays."""
    g = geography_of(scenario)
    outcomes, stacked = _outcomes(scenario, raw, g)
    return RunTables(outcomes, _summary(scenario, raw.names, stacked, g), footholds(scenario, raw, g), places(g),
                     pd.DataFrame([(o.name, o.unit, o.label, o.aggregate) for o in (OUTCOMES[n] for n in raw.names)],
                                  columns=["outcome", "unit", "label", "aggregate"]), _events(scenario, g))


def with_countries(raw: Arrays, g: Geography) -> np.ndarray:
    """Values with the countries after the regions, (outcomes, W, months, R + Y), float32."""
    n, w, t, r = raw.values.shape
    out = np.empty((n, w, t, r + len(g.countries)), dtype=np.float32)
    for i, name in enumerate(raw.names):
        out[i, ..., :r] = raw.values[i]
        out[i, ..., r:] = by_country(raw.values[i], OUTCOMES[name].aggregate, g.country_slices, g.r["residents"])
    return out


def _outcomes(scenario: Scenario, raw: Arrays, g: Geography) -> tuple[pd.DataFrame, np.ndarray]:
    stacked = with_countries(raw, g)
    _, worlds, months, n_places = stacked.shape
    ids = [*g.regions, *g.countries]
    dates = pd.to_datetime([f"{Month(int(scenario.start) + t)}-01" for t in range(months)]).date
    place = np.tile(np.arange(n_places, dtype=np.int16), worlds * months)
    frame = pd.DataFrame({
        "world": np.repeat(np.arange(worlds, dtype=np.int32), months * n_places),
        "month": pd.Categorical.from_codes(np.tile(np.repeat(np.arange(months, dtype=np.int16), n_places), worlds),
                                           categories=pd.Index(dates)),
        "scope": pd.Categorical.from_codes((place >= len(g.regions)).astype(np.int8), categories=["region", "country"]),
        "place": pd.Categorical.from_codes(place, categories=ids),
    })
    columns = {name: pd.Series(stacked[i].reshape(-1), copy=False) for i, name in enumerate(raw.names)}
    return pd.concat([frame, pd.DataFrame(columns, copy=False)], axis=1), stacked


def _summary(scenario: Scenario, names: list[str], stacked: np.ndarray, g: Geography) -> pd.DataFrame:
    _, _, months, n_places = stacked.shape
    text = [str(Month(int(scenario.start) + t)) for t in range(months)]
    ids = [*g.regions, *g.countries]
    scope = np.where(np.arange(n_places) < len(g.regions), "region", "country")
    parts = []
    for i, name in enumerate(names):
        ordered = np.sort(stacked[i], axis=0)
        frame = {"scope": np.tile(scope, months), "place": np.tile(ids, months), "month": np.repeat(text, n_places),
                 "outcome": name, "unit": OUTCOMES[name].unit}
        for label, q in QUANTILES.items():
            frame[label] = quantile_of_sorted(ordered, q).reshape(-1)
        frame["mean"] = ordered.mean(axis=0, dtype=np.float64).astype(np.float32).reshape(-1)
        parts.append(pd.DataFrame(frame))
    return pd.concat(parts, ignore_index=True)


def quantile_of_sorted(ordered: np.ndarray, q: float) -> np.ndarray:
    """Linear-interpolation quantile (NumPy's default) along the sorted first axis."""
    at = q * (ordered.shape[0] - 1)
    low = int(np.floor(at))
    high = min(low + 1, ordered.shape[0] - 1)
    return np.asarray(ordered[low] + (ordered[high] - ordered[low]) * np.float32(at - low))


def footholds(scenario: Scenario, raw: Arrays, g: Geography) -> pd.DataFrame:
    """Spells of at least three months at contested or better control, as the record detects them."""
    held = raw.control >= CONTESTED
    rows = []
    for world, place in zip(*np.nonzero(held.sum(axis=1) >= FOOTHOLD_MONTHS), strict=True):
        edges = np.diff(np.concatenate([[0], held[world, :, place].astype(np.int8), [0]]))
        for first, after in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
            if after - first >= FOOTHOLD_MONTHS:
                rows.append(_spell(scenario, raw, g, int(world), int(place), int(first), int(after)))
    return pd.DataFrame(rows, columns=["world", "region", "locality", "onset", "end", "months", "grade", "ended_by"])


def _spell(scenario: Scenario, raw: Arrays, g: Geography, world: int, place: int, first: int,
           after: int) -> tuple[Any, ...]:
    peak = raw.control[world, first:after, place].max()
    grade = "exclusive" if peak >= EXCLUSIVE else "dominant" if peak >= DOMINANT else "contested"
    months = raw.control.shape[1]
    end = "" if after >= months else str(Month(int(scenario.start) + after))
    # Control may crumble for a while below "contested" before it is lost: the cause stands at the loss.
    later = raw.cause[world, after:, place]
    regained = np.flatnonzero(raw.control[world, after:, place] >= CONTESTED)
    cause = later[:regained[0] if regained.size else later.size]
    ended_by = "" if not end else CAUSES[int(cause[cause > 0][0])] if (cause > 0).any() else "faded"
    return (world, g.regions[g.region_of[place]], g.localities[place], str(Month(int(scenario.start) + first)), end,
            after - first, grade, ended_by)


def places(g: Geography) -> pd.DataFrame:
    """Regions and countries with their tiles, residents and young residents at the start."""
    rows = [(row["id"], "region", row["country"], row["name"], float(row["lon"]), float(row["lat"]),
             int(row["tile_col"]), int(row["tile_row"]), round(float(g.r["residents"][i])), int(g.r["youth"][i]))
            for i, row in enumerate(g.tables["regions"])]
    for y, (country, name) in enumerate(zip(g.countries, g.country_names, strict=True)):
        own, seat = g.country_slices[y], rows[g.capital[y]]
        rows.append((country, "country", country, name, seat[4], seat[5], seat[6], seat[7],
                     round(float(g.r["residents"][own].sum())), int(g.r["youth"][own].sum())))
    return pd.DataFrame(rows, columns=["id", "scope", "country", "name", "lon", "lat", "tile_col", "tile_row",
                                       "residents", "youth"])


def _events(scenario: Scenario, g: Geography) -> pd.DataFrame:
    rows = []
    for name, event in g.events.items():
        moved = scenario.events.get(name)
        if moved != "never":
            rows.append((name, str(moved or event["date"]), event["title"], event["source"],
                         int(bool(event.get("major", False)))))
    for mark in g.info.get("milestones", ()):
        if int(scenario.start) <= int(Month.parse(str(mark["date"]))) <= int(scenario.end):
            rows.append((mark["id"], str(mark["date"]), mark["title"], mark["source"], 1))
    return pd.DataFrame(sorted(rows, key=lambda row: row[1]), columns=["id", "date", "title", "source", "major"])
