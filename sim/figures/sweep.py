"""Figures of a sweep: response curves, phase diagrams, sensitivities, boxes of futures, tipping points, fronts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, Normalize
from matplotlib.patheffects import AbstractPathEffect, withStroke
from matplotlib.ticker import FuncFormatter, NullLocator

from sim.figures.scales import compact, value_axis
from sim.figures.style import (
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
    page,
    percent,
    quiet,
    text_width,
    wrap,
)
from sim.figures.swept import (
    Told,
    axis_words,
    dress,
    limits_of,
    outcome_axis,
    plain,
    read,
    set_limits,
    stairs,
    ticks_width,
)

OUTCOMES = 4  # of which curves and bars are drawn
PHASES = 12  # phase diagrams at most
PANELS = 8  # of response curves on one page
ROWS = 15  # bars on one page
LINE = 18.0  # points from one line of text to the next
CONTOURS = (0.1, 0.25, 0.5, 0.75, 0.9)
MARGIN = 54.0  # points kept for the numbers of a vertical axis


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
    sheet = page(told.run, name, f"{capital(told.label(outcome))} over {plain(x)} and {plain(y)}",
                 f"{told.where}; {how}, mean over {told.about['worlds']} worlds" + ("" if told.table("marks").empty
                                                                                    else "; dots: positions marked"))
    left = LEFT + 30 + ticks_width(told, y)
    width, height = LEFT + 722 - left, TOP - BOTTOM - 62
    ax = sheet.axes(left, BOTTOM + 48, width, height)
    at = [np.unique(table[f"{side}_at"]) for side in "xy"]
    grid = table.pivot(index="y_at", columns="x_at", values="mean").reindex(index=at[1], columns=at[0]).to_numpy()
    norm = _norm(grid, told.chance(outcome))
    colours = colormaps["cividis_r"].with_extremes(bad="#dddddd")
    edges = [_edges(told, side, values) for side, values in zip((x, y), at, strict=True)]
    ax.pcolormesh(edges[0], edges[1], np.ma.masked_invalid(grid), cmap=colours, norm=norm, rasterized=True)
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
    sheet = page(told.run, f"response_{outcome}", f"{capital(told.label(outcome))}: how it responds",
                 f"{told.where}; all else as the design has it" + (f"; {more} more in the tables" if more > 0 else ""))
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
    sheet = page(told.run, f"response_{x}_by_{y}", f"Responses to {plain(x)}, by {plain(y)}",
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
    sheet = page(told.run, "tornado", "What swings the outcomes most",
                 f"{told.where}; from the low to the high end of each range, {how}; strokes: 95 % intervals")

    def bars(ax: Axes, own: pd.DataFrame, outcome: str) -> list[str]:
        ax.axvline(0, color=INK, linewidth=1)
        for i, row in enumerate(own.itertuples()):
            colour = COLOURS[0] if row.swing < 0 else COLOURS[1]
            ax.barh(i, row.swing, height=0.62, color=colour)
            ax.plot([row.swing_low, row.swing_high], [i, i], color=INK, linewidth=1.6)
        reach = 1.15 * max(float(own["swing"].abs().max()), 1e-9)
        beyond = float(np.nanmax(np.abs(own[["swing_low", "swing_high"]].to_numpy()), initial=0.0))
        ax.set_xlim(-min(1.6 * reach, max(reach, beyond)), min(1.6 * reach, max(reach, beyond)))
        fits = own["r2"].dropna()
        parts = ["in points"] if told.chance(outcome) else []
        return [", ".join([*parts, *([f"{percent(float(fits.iloc[0]))} explained"] if len(fits) else [])])]

    _columns(sheet, told, table, bars)
    legend(sheet, [("lowers", "line", COLOURS[0]), ("raises", "line", COLOURS[1])], LEFT, BOTTOM + 4)
    return sheet


def sobol(told: Told) -> Page | None:
    """Shares of the variance between points."""
    table = told.here("sobol")
    if table.empty:
        return None
    whole = table["ST"].notna().any()
    sheet = page(told.run, "sobol", "Shares of the differences between points",
                 f"{told.where}; Sobol indices with 95 % intervals" + (
                     "" if whole else " (first order only: the design has no pairs)"))

    def bars(ax: Axes, own: pd.DataFrame, outcome: str) -> list[str]:
        for i, row in enumerate(own.itertuples()):
            for name, shift, colour in (("S1", -0.18 if whole else 0.0, COLOURS[0]), ("ST", 0.18, COLOURS[7])):
                value = float(getattr(row, name))
                if np.isfinite(value):
                    ax.barh(i + shift, max(value, 0.0), height=0.34 if whole else 0.62, color=colour)
                    ax.plot([getattr(row, f"{name}_low"), getattr(row, f"{name}_high")], [i + shift] * 2, color=INK,
                            linewidth=1.4)
        ax.set_xlim(0, max(1.0, float(own[["S1", "ST"]].max().max())))
        return []

    _columns(sheet, told, table.assign(swing=table["ST"].fillna(table["S1"])), bars, words=lambda v: f"{100 * v:.0f} %")
    legend(sheet, [("alone (S1)", "line", COLOURS[0]), *([("with all it interacts with (ST)", "line", COLOURS[7])]
                                                         if whole else [])], LEFT, BOTTOM + 4)
    return sheet


def morris(told: Told) -> Page | None:
    """Mean sizes of elementary effects, and their spread."""
    table = told.here("morris")
    if table.empty:
        return None
    sheet = page(told.run, "morris", "Elementary effects (Morris)",
                 f"{told.where}; bars: mean size of the effect over the whole range, strokes: 95 %, dots: spread")

    def bars(ax: Axes, own: pd.DataFrame, outcome: str) -> list[str]:
        for i, row in enumerate(own.itertuples()):
            ax.barh(i, row.mu_star, height=0.62, color=COLOURS[0])
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
    floor, top = BOTTOM + 46, TOP - 38
    wide = (WIDTH - 2 * LEFT - label) / max(len(outcomes), 1)
    high = min(46.0, (top - floor) / len(shown))
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
    sheet = page(told.run, "discovery", f"Futures that {which}",
                 "Boxes found by PRIM; bars: the part of each range that belongs to the box")
    y = TOP - 4
    for number_of, own in table.groupby("box", sort=True):
        row = own.iloc[0]
        told_words = (f"Box {number_of}: {percent(row['density'])} {which} ({percent(row['density_low'])} to "
                      f"{percent(row['density_high'])}); covers {percent(row['coverage'])} of these")
        if y - 22 - 26 * len(own) < BOTTOM + 24:
            break
        y -= 22
        sheet.text(LEFT, y, fit(told_words, WIDTH - 2 * LEFT, weight="bold"), fontweight="bold")
        y -= 8
        for limit in own.itertuples():
            y -= 26
            _limit(sheet, told, limit, y)
        y -= 8
    sheet.text(LEFT, BOTTOM + 4, "Further boxes hold what is left of futures outside the earlier ones; all in "
               "discovery.md", color=SOFT)
    return sheet


def _limit(sheet: Page, told: Told, limit: Any, y: float) -> None:
    name, left, wide = str(limit.parameter), LEFT + 250.0, 330.0
    low, high = limits_of(told, name)
    row = told.axes.loc[name]
    sheet.text(left - 10, y + 6, fit(plain(name), 230), ha="right")
    sheet.box(left, y + 3, wide, 15, facecolor="#e2e2e2", linewidth=0)
    for start, end in _spans(limit, row, low, high):
        log = row["scale"] == "log"
        a, b = (float(np.clip((np.log(v / low) / np.log(high / low)) if log else (v - low) / (high - low), 0, 1))
                for v in (start, end))
        sheet.box(left + a * wide, y + 3, (b - a) * wide, 15, facecolor=COLOURS[0], linewidth=0)
    words = str(limit.words).removeprefix(name).strip()
    sheet.text(left + wide + 12, y + 6, fit(words, WIDTH - LEFT - left - wide - 12))


def _spans(limit: Any, row: pd.Series, low: float, high: float) -> list[tuple[float, float]]:
    if row["kind"] == "category":
        levels = str(row["levels"]).split()
        return [(levels.index(name) - 0.5, levels.index(name) + 0.5) for name in str(limit.levels).split()]
    return [(max(float(limit.low), low), min(float(limit.high), high))]


def tipping(told: Told) -> Page | None:
    """Where each axis tips the undesired, with the interval."""
    table = told.table("tipping")
    bad = told.about["undesired"]
    if len(table):
        table = table[(table["outcome"] == bad["outcome"]) & (table["place"] == bad["place"])]
    if table.empty:
        return None
    whole = table[table["at"] == ""]
    rows = table if len(whole) <= 2 else whole
    rows = rows[:ROWS]
    sheet = page(told.run, "tipping", f"Where futures that have {bad['words']} become the rule",
                 "Dot: value at which the chance is one half, others at their mean; bar: 95 % interval; arrow: beyond "
                 "the range")
    high = min(40.0, (TOP - BOTTOM - 40) / len(rows))
    left, wide = LEFT + 260.0, 260.0
    for i, row in enumerate(rows.itertuples()):
        y = TOP - 10 - (i + 1) * high
        words = plain(str(row.parameter)) + (f", {plain(str(row.at))}" if row.at else "")
        sheet.text(left - 14, y + 4, fit(words, 240), ha="right", fontweight="normal" if row.at else "bold")
        _tip(sheet, told, row, left, y, wide)
        here = str(row.inside) == "True"
        text = f"{row.tipping} ({row.low} to {row.high})" if here else "none within the range"
        sheet.text(left + wide + 16, y + 4, fit(text, WIDTH - LEFT - left - wide - 16))
    return sheet


def _tip(sheet: Page, told: Told, row: Any, left: float, y: float, wide: float) -> None:
    axis = told.axes.loc[str(row.parameter)]
    low, high = limits_of(told, str(row.parameter))
    log = axis["scale"] == "log"

    def place(value: float) -> float:
        if log:
            value = max(value, low * 1e-6)
            return float(np.log(value / low) / np.log(high / low))
        return float((value - low) / (high - low))

    at, start, end = (place(float(v)) for v in (row.tipping_at, row.low_at, row.high_at))
    sheet.line([left, left + wide], [y + 8, y + 8], color="#cccccc", linewidth=2)
    colour = COLOURS[0] if 0 <= at <= 1 else SOFT
    a, b = np.clip([start, end], 0, 1)
    sheet.box(left + a * wide, y + 4, max((b - a) * wide, 2.0), 8, facecolor=colour, alpha=0.35, linewidth=0)
    marker = "o" if 0 <= at <= 1 else ">" if at > 1 else "<"
    x = left + float(np.clip(at, 0, 1)) * wide
    sheet.line([x, x], [y + 8, y + 8], color=colour, marker=marker, markersize=10, markeredgecolor="white")


def pareto(told: Told) -> Page | None:
    """Effort against outcomes; the front."""
    table = told.here("pareto")
    if table.empty:
        return None
    outcomes = [name for name in shown_outcomes(told) if name in set(table["outcome"])][:2]
    sheet = page(told.run, "pareto", "Effort against outcomes",
                 f"{told.where}; each dot a point of the sweep; large: no other has less effort and a better outcome")
    wide = (WIDTH - 2 * LEFT) / max(len(outcomes), 1)
    for k, outcome in enumerate(outcomes):
        x, width, height = LEFT + k * wide + 70, wide - 70 - 24, TOP - BOTTOM - 84
        own = _of(table, outcome)
        front = own[own["on_front"].astype(str) == "True"].sort_values("effort")
        better = "lower" if told.outcomes.loc[outcome, "wish"] == "-" else "higher"
        sheet.text(x - 50, TOP - 16, fit(f"{capital(told.label(outcome))} ({better} is better)", wide - 40,
                                         weight="bold"), fontweight="bold")
        ax = sheet.axes(x, BOTTOM + 48, width, height)
        ax.scatter(own["effort"], own["mean"], s=16, color="#9a9a9a", linewidths=0)
        ax.plot(front["effort"], front["mean"], color=COLOURS[0], linewidth=1.6, drawstyle="steps-post")
        error = np.abs(front[["low", "high"]].to_numpy().T - front["mean"].to_numpy())
        ax.errorbar(front["effort"], front["mean"], error, fmt="o", color=COLOURS[0], markersize=9, linewidth=1.4,
                    markeredgecolor="white")
        outcome_axis(ax, told.chance(outcome), float(own["mean"].min()), float(max(own["mean"].max(),
                                                                                    front["high"].max())))
        value_axis(ax, width)
        sheet.text(x + width / 2, BOTTOM + 8, "effort, in effort units", ha="center")
    return sheet


