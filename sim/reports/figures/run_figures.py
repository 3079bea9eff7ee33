"""All figures of a run, in order."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from sim.reports.figures import curves, heat, overview, tilemap
from sim.reports.figures.run_tables import Run
from sim.reports.figures.style import Page, quiet
from sim.runs.pool import forks, in_order

MAKERS: dict[str, Callable[[Run], Page]] = {
    "overview": overview.overview,
    "recruitment_departures": curves.recruitment_departures,
    "militants_by_place": curves.militants_by_place,
    "heat_recruits": heat.heat_recruits,
    "heat_control": heat.heat_control,
    "map_departures": tilemap.map_departures,
    "map_foothold": tilemap.map_foothold,
    "foothold_probability": curves.foothold_probability,
}

#: names of the figures, in the order in which they are written
FIGURES: tuple[str, ...] = tuple(MAKERS)


def pages(run: Run) -> list[Page]:
    """Every figure, not yet written."""
    with quiet():
        return [MAKERS[name](run) for name in FIGURES]


def draw(run: Run, folder: Path, svg: bool = False) -> list[Path]:
    """Write every figure as PNG, and as SVG if asked, on all cores where that is quick; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = in_order(partial(_draw_one, run, folder, svg), FIGURES, 0 if forks() else 1)
    return [file for files in drawn for file in files]


def _draw_one(run: Run, folder: Path, svg: bool, name: str) -> list[Path]:
    with quiet():
        return MAKERS[name](run).save(folder, svg)
