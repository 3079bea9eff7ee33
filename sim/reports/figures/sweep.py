"""Figures of a sweep: response curves, phase diagrams, sensitivities, boxes of futures, tipping points, fronts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
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

from sim.reports.figures.scales import compact, headed, value_axis, wrap_bold
from sim.reports.figures.style import (
    BOTTOM,
    COLOURS,
    DASHES,
    INK,
    LEFT,
    SOFT,
    TOP,
    WIDTH,
    Page,
    fit,
    legend,
    quiet,
    text_width,
    wrap,
)
from sim.reports.figures.sweep_tables import (
    Told,
    axis_words,
    dress,
    end_word,
    limits_of,
    outcome_axis,
    plain,
    read,
    set_limits,
    stairs,
    ticks_width,
)
from sim.words import percent

OUTCOMES = 4  # of which curves and bars are drawn
PHASES = 12  # phase diagrams at most
PANELS = 8  # of response curves on one page
ROWS = 15  # bars on one page
LINE = 18.0  # points from one line of text to the next
CONTOURS = (0.1, 0.25, 0.5, 0.75, 0.9)
MARGIN = 54.0  # points kept for the numbers of a vertical axis
EVEN = 0.5  # the chance at which something becomes the rule
TALL = 120.0  # a row of bars at most, points
RANGE, RANGE_WIDE = LEFT + 270.0, 200.0  # points: left end and length of the range of a tipping point
THICK = 34.0  # a bar at most, points
COLUMN_ENDS = (BOTTOM + 46, TOP - 38)  # between which columns of bars lie


def draw(folder: Path, out: Path | None = None) -> list[Path]:
    """Write every figure of the analysis in ``folder`` into ``out`` (default: its ``figures``); return the files."""
    out = out or folder / "figures"
    out.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    with quiet():
        for sheet in pages(read(folder)):
            files += sheet.save(out)
    return files


def pages(told: Told) -> list[Page]:
    """Every figure for which there is a table, not yet written."""
    sheets = phases(told) + responses(told) + crossed(told)
    for maker in (tornado, sobol, morris, boxes, tipping, pareto):
        sheet = maker(told)
        sheets += [sheet] if sheet else []
    return sheets


def shown_outcomes(told: Told) -> list[str]:
    """The undesired first, then the others in the order of the file, without effort."""
    first = told.about["undesired"]["outcome"]
    names = [name for name in told.outcomes.index if name != "effort"]
    return sorted(names, key=lambda name: name != first)[:OUTCOMES]


def ranked(told: Told) -> list[str]:
    """What was varied, that which swings the shown outcomes most first."""
    table = told.here("tornado")
    names = [str(name) for name in told.axes.index]
    if table.empty:
        return names
    largest = table.groupby("outcome")["swing"].transform(lambda column: column.abs().max())
    shares = (table["swing"].abs() / largest.where(largest > 0, 1.0)).groupby(table["parameter"]).mean()
    return [*shares.sort_values(ascending=False, kind="stable").index, *(n for n in names if n not in shares.index)]


def capital(text: str) -> str:
    """With a capital at the beginning."""
    return text[:1].upper() + text[1:]


# Phase diagrams


def phases(told: Told) -> list[Page]:
    """A page for every surface, the undesired first."""
    first = told.about["undesired"]["outcome"]
    names = sorted(path.stem for path in told.folder.glob("phase_*.csv"))
    order = [str(name) for name in told.outcomes.index if name != "effort"]
    found = [(name, *parts) for name in names if (parts := _phase_parts(told, name, order))]
    found.sort(key=lambda item: (item[3] != first, order.index(item[3])))
    return [_phase(told, *item) for item in found[:PHASES]]


def _phase_parts(told: Told, name: str, outcomes: Sequence[str]) -> tuple[str, str, str] | None:
    """x, y and outcome of the name of a table."""
    for x in told.axes.index:
        for y in told.axes.index:
            head = f"phase_{x}_{y}_"
            if name.startswith(head) and name.removeprefix(head) in outcomes:
                return str(x), str(y), name.removeprefix(head)
    return None


def _phase(told: Told, name: str, x: str, y: str, outcome: str) -> Page:
    table = told.here(name)
    kind = str(table["kind"].iloc[0])
    how = "cells of the grid" if kind == "grid" else "local linear fit between scattered points"
    open_cells = _open_cells(table) if told.chance(outcome) else table.iloc[:0]
    hatched = "; hatched: 95 % interval holds 50 %" if len(open_cells) else ""
    what, dots = f"{told.where}; {how}", "" if told.table("marks").empty else "; dots: positions marked"
    sheet = headed(told.run, name, f"{capital(told.label(outcome))} over {plain(x)} and {plain(y)}",
                   f"{what}, mean over {told.each}{hatched}{dots}", f"{what}, {told.each}{hatched}",
                   f"{told.where}, {told.each}{hatched}")
    left = LEFT + 30 + ticks_width(told, y)
    width, height = LEFT + 722 - left, TOP - BOTTOM - 62
    ax = sheet.axes(left, BOTTOM + 48, width, height)
    at = [np.unique(table[f"{side}_at"]) for side in "xy"]
    grid = table.pivot(index="y_at", columns="x_at", values="mean").reindex(index=at[1], columns=at[0]).to_numpy()
    norm = _norm(grid, told.chance(outcome))
    colours = colormaps["cividis_r"].with_extremes(bad="#dddddd")
    edges = [_edges(told, side, values) for side, values in zip((x, y), at, strict=True)]
    ax.pcolormesh(edges[0], edges[1], np.ma.masked_invalid(grid), cmap=colours, norm=norm, rasterized=True)
    _hatch(ax, open_cells, at, edges)
    dress(ax, told, x, "x", width)
    dress(ax, told, y, "y", ticks_width(told, y) if told.axes.loc[y, "kind"] == "category" else height,
          upright=True)
    ax.set_xlim(edges[0][0], edges[0][-1])
    ax.set_ylim(edges[1][0], edges[1][-1])
    if "category" not in (told.axes.loc[x, "kind"], told.axes.loc[y, "kind"]):
        _contours(ax, at, grid, told, outcome)
    _marks(ax, told, x, y, outcome)
    sheet.text(left + width / 2, BOTTOM + 6, axis_words(told, x, width), ha="center")
    sheet.text(LEFT + 14, BOTTOM + 48 + height / 2, axis_words(told, y, height), rotation=90, ha="center",
               va="center")
    _bar(sheet, norm, colours, told, outcome, left + width + 26, BOTTOM + 48, height)
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


def _edges(told: Told, name: str, middles: np.ndarray) -> np.ndarray:
    """Edges of cells around their middles, on the axis's own scale."""
    log = told.axes.loc[name, "scale"] == "log"
    at = np.log10(middles) if log else middles
    between = (at[1:] + at[:-1]) / 2
    ends = [2 * at[0] - between[0], 2 * at[-1] - between[-1]] if at.size > 1 else [at[0] - 0.5, at[0] + 0.5]
    edges = np.concatenate([ends[:1], between, ends[1:]])
    return np.asarray(10.0**edges if log else edges)


def _contours(ax: Axes, at: Sequence[np.ndarray], grid: np.ndarray, told: Told, outcome: str) -> None:
    """Lines of equal value, the even chance thick; with their numbers."""
    if min(grid.shape) < 2 or np.nanmax(grid) == np.nanmin(grid):
        return
    chance = told.chance(outcome)
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


def _marks(ax: Axes, told: Told, x: str, y: str, outcome: str) -> None:
    marks = told.here("marks")
    if marks.empty:
        return
    own = marks[(marks["x_name"] == x) & (marks["y_name"] == y) & (marks["outcome"] == outcome)]
    for row in own.itertuples():
        place = (float(row.x_at), float(row.y_at))
        ax.plot(*place, "o", markersize=11, color=COLOURS[1], markeredgecolor="white", markeredgewidth=2, zorder=6,
                clip_on=False)
        share = ax.transAxes.inverted().transform(ax.transData.transform(place))
        right = share[0] < 0.6
        ax.annotate(f"{row.label}: {told.value(outcome, float(row.mean))}", place, zorder=7, fontweight="bold",
                    xytext=(10 if right else -10, -16 if share[1] > 0.9 else 8), textcoords="offset points",
                    ha="left" if right else "right",
                    path_effects=[withStroke(linewidth=4, foreground="white")])


def _bar(sheet: Page, norm: Normalize, colours: Any, told: Told, outcome: str, x: float, y: float,
         height: float) -> None:
    ax = sheet.axes(x, y, 18, height - 34)
    bar = sheet.figure.colorbar(ScalarMappable(norm, colours), cax=ax)
    bar.ax.yaxis.set_minor_locator(NullLocator())
    chance = told.chance(outcome)
    bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{100 * v:.0f} %" if chance else compact(v)))
    bar.outline.set_linewidth(0.6)
    for i, line in enumerate(reversed(wrap(told.label(outcome), WIDTH - LEFT - x, 2))):
        sheet.text(x, y + height - 20 + 17 * i, line)


# Response curves


def responses(told: Told) -> list[Page]:
    """A page for each outcome, a panel for each of the leading things varied."""
    names = [name for name in ranked(told) if not told.here(f"response_{name}").empty][:PANELS]
    return [_responses(told, names, outcome) for outcome in shown_outcomes(told)] if names else []


def _responses(told: Told, names: Sequence[str], outcome: str) -> Page:
    more = len(told.axes) - len(names)
    sheet = headed(told.run, f"response_{outcome}", f"{capital(told.label(outcome))}: how it responds",
                 f"{told.where}; all else as the design has it" + (f"; {more} more in the tables" if more > 0 else ""),
                   told.where)
    tables = [_of(told.here(f"response_{name}"), outcome) for name in names]
    ends = _ends(tables, told.chance(outcome))
    columns = min(len(names), 4 if len(names) > 4 else len(names))
    rows = -(-len(names) // columns)
    _key(sheet, told, outcome)
    wide, high = (WIDTH - 2 * LEFT) / columns, (TOP - BOTTOM - 28) / rows
    for i, (name, table) in enumerate(zip(names, tables, strict=True)):
        x, y = LEFT + (i % columns) * wide + MARGIN, TOP - (i // columns + 1) * high + 26
        width = wide - MARGIN - 14
        sheet.text(x - 30, y + high - 44, fit(plain(name), width + 30, weight="bold"), fontweight="bold")
        deep = LINE * (stairs(told, name, width) - 1)
        ax = sheet.axes(x, y + deep, width, high - 26 - 30 - deep)
        _curve(ax, told, name, outcome, table, COLOURS[0], "-")
        dress(ax, told, name, "x", width)
        set_limits(ax, told, name)
        outcome_axis(ax, told.chance(outcome), *ends)
    return sheet


def _of(table: pd.DataFrame, outcome: str) -> pd.DataFrame:
    return table[table["outcome"] == outcome]


def _ends(tables: Sequence[pd.DataFrame], chance: bool) -> tuple[float, float]:
    low, high = ("low", "high") if chance else ("p05", "p95")
    ends = [(np.nanmin(t[[low, "low"]].to_numpy()), np.nanmax(t[[high, "high"]].to_numpy())) for t in tables if len(t)]
    bottom, top = min(e[0] for e in ends), max(e[1] for e in ends)
    if not chance:  # a wide interval of the mean must not hide the curves
        spans = [(t["p05"].min(), t["p95"].max()) for t in tables]
        span = max(e[1] for e in spans) - min(e[0] for e in spans)
        lowest = min(e[0] for e in spans)
        bottom = max(bottom, lowest - 0.3 * span, 0.0 if lowest >= 0 else -np.inf)
        top = min(top, max(e[1] for e in spans) + 0.3 * span)
    return float(bottom), float(top)


def _curve(ax: Axes, told: Told, name: str, outcome: str, table: pd.DataFrame, colour: str, dash: Any,
           bands: bool = True) -> None:
    """Mean with its interval; of what is no chance, also bands over points and worlds."""
    at = table["at"].to_numpy()
    if told.axes.loc[name, "kind"] == "category":
        error = np.abs(table[["low", "high"]].to_numpy().T - table["mean"].to_numpy())
        if bands and not told.chance(outcome):
            ax.vlines(at, table["p05"], table["p95"], color=colour, alpha=0.2, linewidth=16)
        ax.errorbar(at, table["mean"], error, fmt="o", color=colour, linewidth=2.4, markersize=8)
        return
    if told.chance(outcome):
        ax.fill_between(at, table["low"], table["high"], color=colour, alpha=0.25, linewidth=0)
    elif bands:
        ax.fill_between(at, table["p05"], table["p95"], color=colour, alpha=0.18, linewidth=0)
        ax.fill_between(at, table["p25"], table["p75"], color=colour, alpha=0.25, linewidth=0)
    if bands and not told.chance(outcome):
        error = np.abs(table[["low", "high"]].to_numpy().T - table["mean"].to_numpy())
        ax.errorbar(at, table["mean"], error, fmt="none", color=INK, linewidth=1.2)
    elif not told.chance(outcome):
        ax.fill_between(at, table["low"], table["high"], color=colour, alpha=0.13, linewidth=0)
    ax.plot(at, table["mean"], color=colour, linestyle=dash, linewidth=2.6, marker="o", markersize=5)


def _key(sheet: Page, told: Told, outcome: str) -> None:
    if told.chance(outcome):
        entries = [("mean", "line", COLOURS[0]), ("95 % interval", "light", COLOURS[0])]
    else:
        entries = [("mean", "line", COLOURS[0]), ("50 %", "dark", COLOURS[0]),
                   ("90 % of points and worlds", "light", COLOURS[0]), ("strokes: 95 % interval of the mean", "line",
                                                                        INK)]
    legend(sheet, entries, LEFT, BOTTOM + 4)


def crossed(told: Told) -> list[Page]:
    """A page for each of the first pairs: curves along one for groups of the other."""
    found = [(x, y) for x in told.axes.index for y in told.axes.index
             if x != y and (told.folder / f"response_{x}_by_{y}.csv").exists()]
    order = ranked(told)
    found.sort(key=lambda pair: (order.index(pair[0]) + order.index(pair[1]), order.index(pair[0])))
    return [_crossed(told, str(x), str(y)) for x, y in found[:2]]


def _crossed(told: Told, x: str, y: str) -> Page:
    table = told.here(f"response_{x}_by_{y}")
    groups = list(dict.fromkeys(table.sort_values("group")["by"]))
    sheet = headed(told.run, f"response_{x}_by_{y}", f"Responses to {plain(x)}, by {plain(y)}",
                 f"{told.where}; bands: 95 % interval of the mean")
    looks = [(COLOURS[i % len(COLOURS)], DASHES[i % len(DASHES)]) for i in range(len(groups))]
    lead = f"{plain(y)}: "
    sheet.text(LEFT, BOTTOM + 4, lead)
    legend(sheet, [(str(words), "line", look) for words, look in zip(groups, looks, strict=True)],
           LEFT + text_width(lead) + 8, BOTTOM + 4)
    outcomes = shown_outcomes(told)
    columns = 2 if len(outcomes) > 1 else 1
    rows = -(-len(outcomes) // columns)
    wide, high = (WIDTH - 2 * LEFT) / columns, (TOP - BOTTOM - 28) / rows
    for i, outcome in enumerate(outcomes):
        px, py = LEFT + (i % columns) * wide + MARGIN, TOP - (i // columns + 1) * high + 26
        width = wide - MARGIN - 18
        sheet.text(px - 30, py + high - 44, fit(capital(told.label(outcome)), width + 30, weight="bold"),
                   fontweight="bold")
        deep = LINE * (stairs(told, x, width) - 1)
        ax = sheet.axes(px, py + deep, width, high - 56 - deep)
        own = _of(table, outcome)
        for words, (colour, dash) in zip(groups, looks, strict=True):
            _curve(ax, told, x, outcome, own[own["by"] == words], colour, dash, bands=False)
        dress(ax, told, x, "x", width)
        set_limits(ax, told, x)
        chance = told.chance(outcome)
        ends = (own["low"].min(), own["high"].max()) if chance else _ends([own], False)
        outcome_axis(ax, chance, float(ends[0]), float(ends[1]))
    return sheet


# Sensitivities


def tornado(told: Told) -> Page | None:
    """Swings of the outcomes from one end of each range to the other."""
    table = told.here("tornado")
    if table.empty:
        return None
    how = "points with one thing changed" if (table["method"] == "one at a time").all() else "linear fit"
    sheet = headed(told.run, "tornado", "What swings the outcomes most",
                   f"{told.where}; from the low to the high end of each range, {how}; strokes: 95 % intervals",
                   f"{told.where}; low to high end of each range, {how}; strokes: 95 % intervals")

    def bars(ax: Axes, own: pd.DataFrame, outcome: str) -> list[str]:
        ax.axvline(0, color=INK, linewidth=1)
        for i, row in enumerate(own.itertuples()):
            colour = COLOURS[0] if row.swing < 0 else COLOURS[1]
            clear = row.swing_low > 0 or row.swing_high < 0
            ax.barh(i, row.swing, height=_thickness(len(own)), facecolor=colour if clear else "white",
                    edgecolor=colour, linewidth=1.8)
            ax.plot([row.swing_low, row.swing_high], [i, i], color=INK, linewidth=1.6)
        ends = np.abs(own[["swing", "swing_low", "swing_high"]].to_numpy(dtype=float))
        reach = 1.06 * max(float(np.nanmax(ends, initial=0.0)), 1e-9)
        ax.set_xlim(-reach, reach)
        fits = own["r2"].dropna()
        parts = ["in points"] if told.chance(outcome) else []
        return [", ".join([*parts, *([f"{percent(float(fits.iloc[0]))} explained"] if len(fits) else [])])]

    _columns(sheet, told, table, bars)
    _bar_legend(sheet, [("lowers", COLOURS[0], True), ("raises", COLOURS[1], True),
                        ("hollow: interval holds zero or is missing", SOFT, False)])
    return sheet


def sobol(told: Told) -> Page | None:
    """Shares of the variance between points."""
    table = told.here("sobol")
    if table.empty:
        return None
    whole = table["ST"].notna().any()
    sheet = headed(told.run, "sobol", "Shares of the differences between points",
                 f"{told.where}; Sobol indices with 95 % intervals" + (
                     "" if whole else " (first order only: the design has no pairs)"))

    def bars(ax: Axes, own: pd.DataFrame, outcome: str) -> list[str]:
        shifted = 0.29 * _thickness(len(own)) if whole else 0.0
        for i, row in enumerate(own.itertuples()):
            for name, shift, colour in (("S1", -shifted, COLOURS[0]), ("ST", shifted, COLOURS[7])):
                value = float(getattr(row, name))
                if np.isfinite(value):
                    ax.barh(i + shift, max(value, 0.0), height=_thickness(len(own)) * (0.55 if whole else 1.0),
                            color=colour)
                    ax.plot([getattr(row, f"{name}_low"), getattr(row, f"{name}_high")], [i + shift] * 2, color=INK,
                            linewidth=1.4)
        ax.set_xlim(0, max(1.0, float(own[["S1", "ST"]].max().max())))
        return []

    _columns(sheet, told, table.assign(swing=table["ST"].fillna(table["S1"])), bars, words=lambda v: f"{100 * v:.0f} %")
    _bar_legend(sheet, [("alone (S1)", COLOURS[0], True),
                        *([("with all it interacts with (ST)", COLOURS[7], True)] if whole else [])])
    return sheet


def morris(told: Told) -> Page | None:
    """Mean sizes of elementary effects, and their spread."""
    table = told.here("morris")
    if table.empty:
        return None
    sheet = headed(told.run, "morris", "Elementary effects (Morris)",
                 f"{told.where}; bars: mean size of the effect over the whole range, strokes: 95 %, dots: spread")

    def bars(ax: Axes, own: pd.DataFrame, outcome: str) -> list[str]:
        for i, row in enumerate(own.itertuples()):
            ax.barh(i, row.mu_star, height=_thickness(len(own)), color=COLOURS[0])
            ax.plot([row.mu_star_low, row.mu_star_high], [i, i], color=INK, linewidth=1.6)
            ax.plot(row.sigma, i, "o", color=COLOURS[1], markeredgecolor="white", markersize=8)
        ax.set_xlim(0, 1.1 * max(float(own[["mu_star_high", "sigma"]].max().max()), 1e-9))
        return []

    _columns(sheet, told, table.assign(swing=table["mu_star"]), bars)
    return sheet


def _columns(sheet: Page, told: Told, table: pd.DataFrame, bars: Any, words: Any = compact) -> None:
    """A column of bars for each outcome; the rows are what was varied, the largest on average first."""
    outcomes = [name for name in shown_outcomes(told) if name in set(table["outcome"])]
    largest = table.groupby("outcome")["swing"].transform(lambda column: column.abs().max())
    share = (table["swing"].abs() / largest.where(largest > 0, 1.0)).groupby(table["parameter"]).mean()
    order = list(share.sort_values(ascending=False, kind="stable").index)
    shown = order[:ROWS]
    label = min(max(text_width(plain(name)) for name in shown) + 12, 250.0)
    floor, top = COLUMN_ENDS
    wide = (WIDTH - 2 * LEFT - label) / max(len(outcomes), 1)
    high = _row_height(len(shown))
    top -= (top - floor - high * len(shown)) / 2
    floor = top - high * len(shown)
    for i, name in enumerate(shown):
        sheet.text(LEFT + label - 8, top - (i + 0.5) * high, fit(plain(name), label - 8), ha="right",
                   va="center_baseline")
    for k, outcome in enumerate(outcomes):
        x = LEFT + label + k * wide
        ax = sheet.axes(x + 6, floor, wide - 18, top - floor)
        own = _of(table, outcome).set_index("parameter").reindex(shown).reset_index()
        ax.set_ylim(len(shown) - 0.5, -0.5)
        remarks = bars(ax, own, outcome)
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
        value_axis(ax, wide - 18, words if words is not compact or not told.chance(outcome) else _points)
        lines = wrap(capital(told.label(outcome)), wide - 20, 2)
        for i, line in enumerate(reversed([*lines, *remarks][:2])):
            sheet.text(x + 6, top + 6 + 17 * i, fit(line, wide - 16), fontweight="bold" if line in lines else "normal")
    if len(order) > ROWS:
        sheet.text(WIDTH - LEFT, BOTTOM + 4, f"{len(order) - ROWS} more in the tables", ha="right", color=SOFT)


def _row_height(rows: int) -> float:
    """Points for each of few or many rows of bars."""
    return min(TALL, (COLUMN_ENDS[1] - COLUMN_ENDS[0]) / rows)


def _thickness(rows: int) -> float:
    """Of a bar, as a share of its row."""
    return min(0.62, THICK / _row_height(rows))


def _bar_legend(sheet: Page, entries: Sequence[tuple[str, str, bool]]) -> None:
    """Samples of bars, filled or hollow, with words."""
    at, y = LEFT, BOTTOM + 4
    for words, colour, full in entries:
        sheet.box(at, y - 2, 28, 13, facecolor=colour if full else "white", edgecolor=colour, linewidth=1.6)
        sheet.text(at + 34, y, words)
        at += 34 + text_width(words) + 20


def _points(value: float) -> str:
    """A difference of chances in percentage points."""
    return f"{100 * value:.3g}".replace("-", "−")


# Futures


def boxes(told: Told) -> Page | None:
    """The boxes of PRIM: which part of each range, and how often."""
    table = told.table("discovery")
    table = table[table["method"] == "PRIM"] if len(table) else table
    if table.empty:
        return None
    which = str(table["futures"].iloc[0])
    sheet = headed(told.run, "discovery", f"Futures that {told.named(which)}",
                   "Boxes found by PRIM; bars: the part of each range that belongs to the box")
    need = sum(38 + 26 * len(own) for _, own in table.groupby("box"))
    grow = float(np.clip((TOP - BOTTOM - 28) / need, 1.0, 2.4))
    y = TOP - 4 - max(0.0, TOP - BOTTOM - 28 - grow * need) / 2
    for number_of, own in table.groupby("box", sort=True):
        row = own.iloc[0]
        span = f"{percent(row['density_low'])} to {percent(row['density_high'])}"
        told_words = (f"Box {number_of}: {percent(row['density'])} {told.named(which)} ({span}); covers "
                      f"{percent(row['coverage'])} of these")
        if y - 22 - 26 * len(own) < BOTTOM + 24:
            break
        y -= 22 * grow
        for k, line in enumerate(reversed(wrap_bold(told_words, WIDTH - 2 * LEFT, 2 if grow > 1.5 else 1))):
            sheet.text(LEFT, y + 17 * k, line, fontweight="bold")
        y -= 8 * grow
        for limit in own.itertuples():
            y -= 26 * grow
            _limit(sheet, told, limit, y, 15 * grow)
        y -= 8 * grow
    sheet.text(LEFT, BOTTOM + 4, "Further boxes hold what is left of futures outside the earlier ones; all in "
               "discovery.md", color=SOFT)
    return sheet


def _limit(sheet: Page, told: Told, limit: Any, y: float, thick: float) -> None:
    name, left, wide = str(limit.parameter), LEFT + 250.0, 330.0
    low, high = limits_of(told, name)
    row = told.axes.loc[name]
    sheet.text(left - 10, y + thick / 2 - 2, fit(plain(name), 230), ha="right")
    sheet.box(left, y + 3, wide, thick, facecolor="#e2e2e2", linewidth=0)
    for start, end in _spans(limit, row, low, high):
        log = row["scale"] == "log"
        a, b = (float(np.clip((np.log(v / low) / np.log(high / low)) if log else (v - low) / (high - low), 0, 1))
                for v in (start, end))
        sheet.box(left + a * wide, y + 3, (b - a) * wide, thick, facecolor=COLOURS[0], linewidth=0)
    words = str(limit.words).removeprefix(name).strip()
    sheet.text(left + wide + 12, y + thick / 2 - 2, fit(words, WIDTH - LEFT - left - wide - 12))


def _spans(limit: Any, row: pd.Series, low: float, high: float) -> list[tuple[float, float]]:
    if row["kind"] == "category":
        levels = str(row["levels"]).split()
        return [(levels.index(name) - 0.5, levels.index(name) + 0.5) for name in str(limit.levels).split()]
    return [(max(float(limit.low), low), min(float(limit.high), high))]


def tipping(told: Told) -> Page | None:
    """Where each axis tips the undesired, with the interval; what does not tip within its range is told in a line."""
    table = told.table("tipping")
    bad = told.about["undesired"]
    if len(table):
        table = table[(table["outcome"] == bad["outcome"]) & (table["place"] == bad["place"])]
    if table.empty:
        return None
    whole = table[table["at"] == ""]
    rows = table if len(whole) <= 2 else whole
    sheet = headed(told.run, "tipping", f"Where futures that have {told.named(bad['words'])} become the rule",
                   "Dot: value at which the chance is one half, others at their mean; bar: 95 % interval; shaded: side "
                   "of the rule", "Dot: value at which the chance is one half; bar: 95 % interval")
    state = pd.Series([_state(told, row) for row in rows.itertuples()], index=rows.index)
    y = TOP - 6
    groups = [(str(name), own, state[own.index]) for name, own in rows.groupby("parameter", sort=False)]
    found = [group for group in groups if (group[2] != "none").any()]
    need = sum(46 + 26 * int((kind != "none").sum()) for _, _, kind in found)
    grow = float(np.clip((TOP - BOTTOM - 44) / max(need, 1), 0.66, 1.5))
    drawn = 0
    for name, own, kind in found:
        if y - 46 < BOTTOM + 36:
            break
        y, drawn = _tips(sheet, told, name, own, kind, y, grow), drawn + 1
    none = [plain(name) for name, _, kind in groups if (kind == "none").all()]
    left = [f"No tipping point within the range of {', '.join(none)}"] if none else []
    left += [f"{len(found) - drawn} more in the tables"] if drawn < len(found) else []
    for k, line in enumerate(reversed(wrap("; ".join(left), WIDTH - 2 * LEFT, 2))):
        sheet.text(LEFT, BOTTOM + 4 + 17 * k, line, color=SOFT)
    return sheet


def _state(told: Told, row: Any) -> str:
    """'whole' where the interval is the whole range, 'inside' where it tips within the range, else 'none'."""
    low, high = (float(told.axes.loc[str(row.parameter), end]) for end in ("low", "high"))
    if row.low_at <= low and row.high_at >= high:
        return "whole"
    return "inside" if str(row.inside) == "True" else "none"


def _tips(sheet: Page, told: Told, name: str, rows: pd.DataFrame, state: pd.Series, y: float, grow: float) -> float:
    """The rows of one thing varied under its name and the ends of its range; returns the height below them."""
    axis = told.axes.loc[name]
    ends = [end_word(axis, float(axis[end])) for end in ("low", "high")]
    y -= 17
    sheet.text(LEFT, y, fit(plain(name), RANGE - LEFT - 40, weight="bold"), fontweight="bold")
    beside = RANGE + RANGE_WIDE + max(22.0, text_width(ends[1]) / 2 + 12)
    sheet.text(beside, y, fit(str(axis["label"]), WIDTH - LEFT - beside), color=SOFT)
    for x, words in zip((RANGE, RANGE + RANGE_WIDE), ends, strict=True):
        sheet.text(x, y, words, ha="center", color=SOFT)
    for row, kind in zip(rows.itertuples(), state, strict=True):
        if kind != "none" and y - 26 * grow > BOTTOM + 36:
            y -= 26 * grow
            _tip(sheet, told, row, kind, y)
    none = _untipped(rows[(state == "none").to_numpy()])
    if none:
        y -= 20 * max(grow, 1.0)
        sheet.text(LEFT + 12, y, fit(none, WIDTH - 2 * LEFT - 12), color=SOFT)
    return y - 9 * grow


def _untipped(rows: pd.DataFrame) -> str:
    """The rows without a tipping point within the range in one line; '' where there are none."""
    if rows.empty:
        return ""
    where = ["others at their mean"] if (rows["at"] == "").any() else []
    given = [str(at) for at in rows["at"] if at]
    if given:
        lead = given[0].partition(" = ")[0]
        where.append(f"{plain(lead)} = " + ", ".join(at.partition(" = ")[2] for at in given))
    return f"no tipping point within the range: {'; '.join(where)}"


def _tip(sheet: Page, told: Told, row: Any, kind: str, y: float) -> None:
    """One row: where it tips, its interval, and on which side the undesired is the rule."""
    place = _placed(told, str(row.parameter))
    at, start, end = (place(float(v)) for v in (row.tipping_at, row.low_at, row.high_at))
    sheet.text(RANGE - 20, y + 4, fit(plain(str(row.at)) or "others at their mean", RANGE - LEFT - 20), ha="right")
    sheet.line([RANGE, RANGE + RANGE_WIDE], [y + 8, y + 8], color="#cccccc", linewidth=2)
    a, b = np.clip([start, end], 0, 1)
    colour = COLOURS[0] if kind == "inside" else "#999999"
    if kind == "inside":
        rule = (at, 1.0) if row.direction == "rises" else (0.0, at)
        sheet.box(RANGE + rule[0] * RANGE_WIDE, y - 1, (rule[1] - rule[0]) * RANGE_WIDE, 18, facecolor=COLOURS[1],
                  alpha=0.16, linewidth=0)
    sheet.box(RANGE + a * RANGE_WIDE, y + 4, max((b - a) * RANGE_WIDE, 2.0), 8, facecolor=colour, alpha=0.45,
              linewidth=0)
    side = "above" if row.direction == "rises" else "below"
    words = "not located: interval is the whole range"
    if kind == "inside":
        x = RANGE + at * RANGE_WIDE
        sheet.line([x, x], [y + 8, y + 8], color=colour, marker="o", markersize=10, markeredgecolor="white")
        words = f"the rule {side} {row.tipping} ({row.low} to {row.high})"
    sheet.text(RANGE + RANGE_WIDE + 22, y + 4, fit(words, WIDTH - LEFT - RANGE - RANGE_WIDE - 22))


def _placed(told: Told, name: str) -> Callable[[float], float]:
    """From a value to its share of the range, on the axis's own scale."""
    low, high = limits_of(told, name)
    if told.axes.loc[name, "scale"] == "log":
        return lambda value: float(np.log(max(value, low * 1e-6) / low) / np.log(high / low))
    return lambda value: float((value - low) / (high - low))


def pareto(told: Told) -> Page | None:
    """Effort against outcomes; the front."""
    table = told.here("pareto")
    if table.empty:
        return None
    outcomes = [name for name in shown_outcomes(told) if name in set(table["outcome"])][:2]
    sheet = headed(told.run, "pareto", "Effort against outcomes",
                   f"{told.where}; each dot a point of the sweep; large: no other has less effort and a better outcome",
                   f"{told.where}; each dot a point; large: no other has less effort and a better outcome")
    sheet.text(LEFT, BOTTOM + 4, "vertical strokes: 95 % interval of the mean; only levers count as effort, parameters "
               "and dials cost nothing", color=SOFT)
    wide = (WIDTH - 2 * LEFT) / max(len(outcomes), 1)
    for k, outcome in enumerate(outcomes):
        x, width, height = LEFT + k * wide + 70, wide - 70 - 24, TOP - BOTTOM - 104
        own = _of(table, outcome)
        front = own[own["on_front"].astype(str) == "True"].sort_values("effort")
        better = "lower" if told.outcomes.loc[outcome, "wish"] == "-" else "higher"
        sheet.text(x - 50, TOP - 16, fit(f"{capital(told.label(outcome))} ({better} is better)", wide - 40,
                                         weight="bold"), fontweight="bold")
        ax = sheet.axes(x, BOTTOM + 68, width, height)
        ax.scatter(own["effort"], own["mean"], s=16, color="#9a9a9a", linewidths=0)
        ax.plot(front["effort"], front["mean"], color=COLOURS[0], linewidth=1.6, drawstyle="steps-post")
        error = np.abs(front[["low", "high"]].to_numpy().T - front["mean"].to_numpy())
        ax.errorbar(front["effort"], front["mean"], error, fmt="o", color=COLOURS[0], markersize=9, linewidth=1.4,
                    markeredgecolor="white")
        outcome_axis(ax, told.chance(outcome), float(own["mean"].min()), float(max(own["mean"].max(),
                                                                                    front["high"].max())))
        value_axis(ax, width)
        sheet.text(x + width / 2, BOTTOM + 27, "effort of the levers, in effort units", ha="center")
    return sheet


