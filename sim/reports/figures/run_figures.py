"""All figures of a run, in order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sim.reports.figures import curves, heat, overview, tilemap
from sim.reports.figures.run_tables import Run
from sim.reports.figures.style import Page, quiet

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

#: names of the figures, in the order in which they are written (each as .png and .svg)
FIGURES: tuple[str, ...] = tuple(MAKERS)


def pages(run: Run) -> list[Page]:
    """Every figure, not yet written."""
    with quiet():
        return [MAKERS[name](run) for name in FIGURES]


def draw(run: Run, folder: Path) -> list[Path]:
    """Write every figure as PNG and SVG; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    with quiet():
        for name in FIGURES:
            files += MAKERS[name](run).save(folder)
    return files
