"""Plots from tables only, never from a model.

`draw_run` reads a result folder, `draw_tables` takes the same tables from memory. Importing this package is cheap:
pandas and matplotlib are loaded when something is drawn. Figures are written as PNG, with `svg` also as SVG.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["draw_comparison", "draw_robust", "draw_run", "draw_scoreboard", "draw_sweep", "draw_tables"]


def draw_run(folder: Path | str, svg: bool = False) -> list[Path]:
    """Draw every figure of a result folder into `folder/figures`; return the files written."""
    from sim.reports.figures.run_figures import draw
    from sim.reports.figures.run_tables import read_folder

    folder = Path(folder)
    return draw(read_folder(folder), folder / "figures", svg)


def draw_tables(
    tables: Any,
    title: str,
    out_dir: Path | str,
    *,
    name: str | None = None,
    worlds: int | None = None,
    seed: int | None = None,
) -> list[Path]:
    """Draw every figure from tables in memory into `out_dir`; return the files written.

    Parameters
    ----------
    tables
        Object with attributes, or mapping with keys, `summary`, `places` and where at hand `outcomes`, `footholds`,
        `events`, `outcome_info` (pandas frames in the layout of the result folder).
    title
        Title of the scenario, shown at the top of each figure.
    out_dir
        Folder for the files; made if missing.
    name, worlds, seed
        Scenario name, number of worlds and seed for the footer; `worlds` is counted from `outcomes` if not given.
    """
    from sim.reports.figures.run_figures import draw
    from sim.reports.figures.run_tables import from_memory

    return draw(from_memory(tables, title, name=name, worlds=worlds, seed=seed), Path(out_dir))


def draw_scoreboard(folder: Path | str, svg: bool = False) -> list[Path]:
    """Draw the scoreboard of a validation into its folder; return the files written."""
    from sim.reports.figures.scoreboard import draw

    return draw(Path(folder), svg)


def draw_comparison(folder: Path | str, svg: bool = False) -> list[Path]:
    """Draw every figure of the folder of a comparison into `folder/figures`; return the files written."""
    from sim.reports.figures.comparison import draw

    return draw(Path(folder), Path(folder) / "figures", svg)


def draw_robust(folder: Path | str, svg: bool = False) -> list[Path]:
    """Draw the figures of a test under rival theories into `folder/figures`; return the files written."""
    from sim.reports.figures.comparison import draw_robust

    return draw_robust(Path(folder), Path(folder) / "figures", svg)


def draw_sweep(folder: Path | str, svg: bool = False) -> list[Path]:
    """Draw every figure of the analysis of a sweep into `folder/figures`; return the files written."""
    from sim.reports.figures.sweep import draw

    return draw(Path(folder), svg=svg)
