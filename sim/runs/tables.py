"""Arrays of worlds as tidy tables: outcomes, their summary over worlds, footholds, places, events."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim.calendar import Month
from sim.engine.enums import CAUSES, CONTESTED, DOMINANT, EXCLUSIVE, FOOTHOLD_MONTHS
from sim.engine.outcomes import OUTCOMES
from sim.inputs.geography import Geography
from sim.inputs.scenario import Scenario
from sim.runs.reduce import QUANTILES, over_worlds
from sim.runs.threads import Tick, run_tasks, threads

if TYPE_CHECKING:
    from sim.runs.ensemble import Arrays

#: bytes that all threads together hold of the outcomes that they summarise
HELD = 2**28
#: values of one outcome: ``cells(outcome, first, last, tick)`` gives (last - first, W) of the cells (month, place), as
#: an array of its own
Cells = Callable[[int, int, int, Tick], np.ndarray]


def outcomes(names: Sequence[str], stacked: np.ndarray, start: Month, g: Geography, first: int = 0) -> pd.DataFrame:
    """The table of outcomes: a row for each world, month and place, a column for each outcome.

    ``stacked`` (O, W, months, R + Y) are the worlds from ``first`` on, as `sim.runs.reduce.with_countries` gives them.
    """
    _, worlds, months, n_places = stacked.shape
    dates = pd.to_datetime([f"{start + t}-01" for t in range(months)]).date
    place = np.tile(np.arange(n_places, dtype=np.int16), worlds * months)
    frame = pd.DataFrame({
        "world": np.repeat(np.arange(first, first + worlds, dtype=np.int32), months * n_places),
        "month": pd.Categorical.from_codes(np.tile(np.repeat(np.arange(months, dtype=np.int16), n_places), worlds),
                                           categories=pd.Index(dates)),
        "scope": pd.Categorical.from_codes((place >= len(g.regions)).astype(np.int8), categories=["region", "country"]),
        "place": pd.Categorical.from_codes(place, categories=[*g.regions, *g.countries]),
    })
    columns = {name: pd.Series(stacked[i].reshape(-1), copy=False) for i, name in enumerate(names)}
    return pd.concat([frame, pd.DataFrame(columns, copy=False)], axis=1)


def summary(names: Sequence[str], start: Month, shape: tuple[int, int], g: Geography, cells: Cells,
            jobs: int = 0) -> pd.DataFrame:
    """Quantiles over worlds and the mean by outcome, month and place, worked out piece by piece on threads.

    ``shape``: months, and worlds. However many worlds there are, no more than `HELD` bytes of them are held at once.
    """
    months, worlds = shape
    n_places = len(g.regions) + len(g.countries)
    found = np.empty((len(names), len(QUANTILES) + 1, months * n_places), dtype=np.float32)
    piece = max(1, min(months * n_places, HELD // threads(jobs) // (4 * worlds)))
    tasks = [(i, first, min(first + piece, months * n_places)) for i in range(len(names))
             for first in range(0, months * n_places, piece)]

    def work(task: tuple[int, int, int], tick: Tick) -> None:
        i, first, last = task
        found[i, :, first:last] = over_worlds(cells(i, first, last, tick))

    with contextlib.closing(run_tasks(work, tasks, jobs)) as pieces:
        for _ in pieces:
            pass
    scope = np.repeat(["region", "country"], [len(g.regions), len(g.countries)])
    keys = pd.DataFrame({"scope": np.tile(scope, months), "place": np.tile([*g.regions, *g.countries], months),
                         "month": np.repeat([str(start + t) for t in range(months)], n_places)})
    return pd.concat([keys.assign(outcome=name, unit=OUTCOMES[name].unit,
                                  **dict(zip((*QUANTILES, "mean"), own, strict=True)))
                      for name, own in zip(names, found, strict=True)], ignore_index=True)


def footholds(scenario: Scenario, raw: Arrays, g: Geography) -> pd.DataFrame:
    """Spells of at least three months at contested or better control, as the record detects them.

    ``world`` counts from 0 in the arrays.
    """
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


def outcome_info(names: Sequence[str]) -> pd.DataFrame:
    """Unit, label and aggregate of each outcome."""
    return pd.DataFrame([(o.name, o.unit, o.label, o.aggregate) for o in (OUTCOMES[name] for name in names)],
                        columns=["outcome", "unit", "label", "aggregate"])


def events(scenario: Scenario, g: Geography) -> pd.DataFrame:
    """The dated outside events of the run."""
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
