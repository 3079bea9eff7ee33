"""Phase diagrams of a sweep: an outcome over two of the things varied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import colormaps, rc_context
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PolyCollection
from matplotlib.colors import LogNorm, Normalize
from matplotlib.patheffects import AbstractPathEffect, withStroke
from matplotlib.ticker import FuncFormatter, NullLocator

from sim.reports.figures.scales import compact, headed
from sim.reports.figures.style import (
    BOTTOM,
    COLOURS,
    INK,
    LEFT,
    TOP,
    WIDTH,
    Page,
    wrap,
)
from sim.reports.figures.sweep_choices import EVEN, capital
from sim.reports.figures.sweep_tables import (
    SweepTables,
    axis_words,
    dress,
    plain,
    ticks_width,
)
from sim.words import percent

PHASES = 12  # phase diagrams at most
CONTOURS = (0.1, 0.25, 0.5, 0.75, 0.9)


def phases(sweep: SweepTables) -> list[Page]:
    """A page for every surface, the undesired first."""
    first = sweep.about["undesired"]["outcome"]
    names = sorted(path.stem for path in sweep.folder.glob("phase_*.csv"))
    order = [str(name) for name in sweep.outcomes.index if name != "effort"]
    found = [(name, *parts) for name in names if (parts := _phase_parts(sweep, name, order))]
    found.sort(key=lambda item: (item[3] != first, order.index(item[3])))
    return [_phase(sweep, *item) for item in found[:PHASES]]


def _phase_parts(sweep: SweepTables, name: str, outcomes: Sequence[str]) -> tuple[str, str, str] | None:
    """x, y and outcome of the name of a table."""
    for x in sweep.axes.index:
        for y in sweep.axes.index:
            head = f"phase_{x}_{y}_"
            if name.startswith(head) and name.removeprefix(head) in outcomes:
                return str(x), str(y), name.removeprefix(head)
    return None


def _phase(sweep: SweepTables, name: str, x: str, y: str, outcome: str) -> Page:
    table = sweep.here(name)
    kind = str(table["kind"].iloc[0])
    how = "cells of the grid" if kind == "grid" else "local linear fit between scattered points"
    open_cells = _open_cells(table) if sweep.chance(outcome) else table.iloc[:0]
    hatched = "; hatched: 95 % interval holds 50 %" if len(open_cells) else ""
    what, dots = f"{sweep.where}; {how}", "" if sweep.table("marks").empty else "; dots: positions marked"
    sheet = headed(sweep.run, name, f"{capital(sweep.label(outcome))} over {plain(x)} and {plain(y)}",
                   f"{what}, mean over {sweep.each}{hatched}{dots}", f"{what}, {sweep.each}{hatched}",
                   f"{sweep.where}, {sweep.each}{hatched}")
    left = LEFT + 30 + ticks_width(sweep, y)
    width, height = LEFT + 722 - left, TOP - BOTTOM - 62
    ax = sheet.axes(left, BOTTOM + 48, width, height)
    at = [np.unique(table[f"{side}_at"]) for side in "xy"]
    grid = table.pivot(index="y_at", columns="x_at", values="mean").reindex(index=at[1], columns=at[0]).to_numpy()
    norm = _norm(grid, sweep.chance(outcome))
    colours = colormaps["cividis_r"].with_extremes(bad="#dddddd")
    edges = [_edges(sweep, side, values) for side, values in zip((x, y), at, strict=True)]
    ax.pcolormesh(edges[0], edges[1], np.ma.masked_invalid(grid), cmap=colours, norm=norm, rasterized=True)
    _hatch(ax, open_cells, at, edges)
    dress(ax, sweep, x, "x", width)
    dress(ax, sweep, y, "y", ticks_width(sweep, y) if sweep.axes.loc[y, "kind"] == "category" else height,
          upright=True)
    ax.set_xlim(edges[0][0], edges[0][-1])
    ax.set_ylim(edges[1][0], edges[1][-1])
    if "category" not in (sweep.axes.loc[x, "kind"], sweep.axes.loc[y, "kind"]):
        _contours(ax, at, grid, sweep, outcome)
    _marks(ax, sweep, x, y, outcome)
    sheet.text(left + width / 2, BOTTOM + 6, axis_words(sweep, x, width), ha="center")
    sheet.text(LEFT + 14, BOTTOM + 48 + height / 2, axis_words(sweep, y, height), rotation=90, ha="center",
               va="center")
    _bar(sheet, norm, colours, sweep, outcome, left + width + 26, BOTTOM + 48, height)
    return sheet


def _open_cells(table: pd.DataFrame) -> pd.DataFrame:
    """Cells of which the 95 % interval of the chance holds the even one, or that have no interval."""
    return table[table["mean"].notna() & ~((table["low"] > EVEN) | (table["high"] < EVEN))]


def _hatch(ax: Axes, cells: pd.DataFrame, at: Sequence[np.ndarray], edges: Sequence[np.ndarray]) -> None:
    """Strokes over cells, light so that the colour below still tells."""
    corners = []
    for cell in cells.itertuples():
        i, j = (int(np.searchsorted(middles, value)) for middles, value in zip(at, (cell.x_at, cell.y_at), strict=True))
        (left, right), (low, high) = edges[0][i:i + 2], edges[1][j:j + 2]
        corners.append([(left, low), (right, low), (right, high), (left, high)])
    with rc_context({"hatch.linewidth": 0.9}):
        ax.add_collection(PolyCollection(corners, facecolors="none", edgecolors="#ffffffb0", linewidths=0.0,
                                         hatch="//", label="interval holds 50 %"), autolim=False)


def _norm(grid: np.ndarray, chance: bool) -> Normalize:
    if chance:
        return Normalize(0, 1)
    low, high = float(np.nanmin(grid)), float(np.nanmax(grid))
    if low > 0 and high / low > 30:
        return LogNorm(low, high)
    return Normalize(min(low, 0.0) if low < 0.5 * high else low, high if high > low else low + 1)


def _edges(sweep: SweepTables, name: str, middles: np.ndarray) -> np.ndarray:
    """Edges of cells around their middles, on the axis's own scale."""
    log = sweep.axes.loc[name, "scale"] == "log"
    at = np.log10(middles) if log else middles
    between = (at[1:] + at[:-1]) / 2
    ends = [2 * at[0] - between[0], 2 * at[-1] - between[-1]] if at.size > 1 else [at[0] - 0.5, at[0] + 0.5]
    edges = np.concatenate([ends[:1], between, ends[1:]])
    return np.asarray(10.0**edges if log else edges)


def _contours(ax: Axes, at: Sequence[np.ndarray], grid: np.ndarray, sweep: SweepTables, outcome: str) -> None:
    """Lines of equal value, the even chance thick; with their numbers."""
    if min(grid.shape) < 2 or np.nanmax(grid) == np.nanmin(grid):
        return
    chance = sweep.chance(outcome)
    ends = float(np.nanmin(grid)), float(np.nanmax(grid))
    levels = [v for v in CONTOURS if ends[0] < v < ends[1]] if chance else list(np.linspace(*ends, 6)[1:-1])
    if not levels:
        return
    white: list[AbstractPathEffect] = [withStroke(linewidth=3.5, foreground="white", alpha=0.8)]
    lines = ax.contour(at[0], at[1], grid, levels=levels, colors=INK,
                       linewidths=[2.8 if v == 0.5 and chance else 1.2 for v in levels])
    lines.set_path_effects(white)
    for words in ax.clabel(lines, fontsize=14, fmt=lambda v: percent(v) if chance else compact(v)):
        words.set_path_effects(white)


def _marks(ax: Axes, sweep: SweepTables, x: str, y: str, outcome: str) -> None:
    marks = sweep.here("marks")
    if marks.empty:
        return
    own = marks[(marks["x_name"] == x) & (marks["y_name"] == y) & (marks["outcome"] == outcome)]
    for row in own.itertuples():
        place = (float(row.x_at), float(row.y_at))
        ax.plot(*place, "o", markersize=11, color=COLOURS[1], markeredgecolor="white", markeredgewidth=2, zorder=6,
                clip_on=False)
        share = ax.transAxes.inverted().transform(ax.transData.transform(place))
        right = share[0] < 0.6
        ax.annotate(f"{row.label}: {sweep.value(outcome, float(row.mean))}", place, zorder=7, fontweight="bold",
                    xytext=(10 if right else -10, -16 if share[1] > 0.9 else 8), textcoords="offset points",
                    ha="left" if right else "right",
                    path_effects=[withStroke(linewidth=4, foreground="white")])


def _bar(sheet: Page, norm: Normalize, colours: Any, sweep: SweepTables, outcome: str, x: float, y: float,
         height: float) -> None:
    ax = sheet.axes(x, y, 18, height - 34)
    bar = sheet.figure.colorbar(ScalarMappable(norm, colours), cax=ax)
    bar.ax.yaxis.set_minor_locator(NullLocator())
    chance = sweep.chance(outcome)
    bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{100 * v:.0f} %" if chance else compact(v)))
    bar.outline.set_linewidth(0.6)
    for i, line in enumerate(reversed(wrap(sweep.label(outcome), WIDTH - LEFT - x, 2))):
        sheet.text(x, y + height - 20 + 17 * i, line)
