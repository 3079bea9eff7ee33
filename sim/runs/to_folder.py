"""A run straight into its result folder: each chunk of worlds is written and forgotten, so that memory stays flat."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sim.inputs.geography import Geography
from sim.inputs.scenario import Scenario
from sim.runs import tables
from sim.runs.ensemble import Arrays, by_chunk, geography_of
from sim.runs.reduce import with_countries
from sim.runs.results import OUTCOMES, OutcomesFile, outcomes_as_arrow, write_csv_tables
from sim.runs.threads import Tick
from sim.runs.worlds import recorded

#: bytes of one number (world, month, place) in ``outcomes.parquet``; measured: the baseline, 100 worlds, all outcomes.
#: Most numbers are zeros and small counts; what differs everywhere in every month takes more.
BYTES_A_NUMBER = 0.25
BYTES_OF = {"readiness": 3.1, "presence": 2.9, "grievance": 2.7, "sympathisers": 1.2, "new_sympathisers": 0.9}
#: bytes of the keys of one row of it; measured likewise
BYTES_A_ROW = 0.08
#: bytes of one line of ``summary.csv``; measured likewise
BYTES_A_LINE = 66
#: bytes of the footholds of one world, and of all that does not grow: the other tables and the figures; measured
BYTES_A_WORLD, BYTES_ANYHOW = 800, 6_000_000


def bytes_of_run(scenario: Scenario) -> float:
    """About how many bytes the result folder of a run will take."""
    g, names = geography_of(scenario), recorded(scenario)
    cells = scenario.months * (len(g.regions) + len(g.countries))
    row = BYTES_A_ROW + sum(BYTES_OF.get(name, BYTES_A_NUMBER) for name in names)
    return (scenario.worlds * (cells * row + BYTES_A_WORLD) + cells * len(names) * BYTES_A_LINE + BYTES_ANYHOW)


def fill(folder: Path, scenario: Scenario, jobs: int = 0, progress: Callable[[int, int], None] | None = None) -> None:
    """Run a scenario and write its tables into a folder; the same files, bit for bit, for any number of ``jobs``.

    ``progress(done, total)`` is in world-months.
    """
    g, names = geography_of(scenario), recorded(scenario)

    def keep(raw: Arrays, first: int) -> tuple[pa.Table, pd.DataFrame]:
        stacked = with_countries(raw.names, raw.values, g)
        spells = tables.footholds(scenario, raw, g)
        return (outcomes_as_arrow(tables.outcomes(raw.names, stacked, scenario.start, g, first)),
                spells.assign(world=spells["world"] + first))

    spells = []
    with contextlib.closing(by_chunk(scenario, keep, jobs, progress)) as parts, OutcomesFile(folder / OUTCOMES) as file:
        for _, (table, own) in parts:
            file.write(table)
            spells.append(own)
    shape = (scenario.months, scenario.worlds)
    write_csv_tables({
        "summary": tables.summary(names, scenario.start, shape, g, cells_of(folder / OUTCOMES, names, shape, g), jobs),
        "footholds": pd.concat([own for own in spells if len(own)] or spells[:1], ignore_index=True),
        "places": tables.places(g), "outcome_info": tables.outcome_info(names), "events": tables.events(scenario, g),
    }, folder)


def cells_of(path: Path, names: list[str], shape: tuple[int, int], g: Geography) -> tables.Cells:
    """One outcome in all worlds, read from a table of outcomes whose row groups are whole worlds in order."""
    months, worlds = shape
    each = months * (len(g.regions) + len(g.countries))
    about = pq.read_metadata(path)

    def cells(outcome: int, first: int, last: int, tick: Tick) -> np.ndarray:
        found, at = np.empty((last - first, worlds), dtype=np.float32), 0
        with pq.ParquetFile(path, metadata=about) as file:
            for group in range(file.num_row_groups):
                tick(0)
                column = file.read_row_group(group, columns=[names[outcome]], use_threads=False).column(0)
                part = column.to_numpy().reshape(-1, each)
                found[:, at:at + len(part)] = part[:, first:last].T
                at += len(part)
        return found

    return cells
