"""What matters most in a sweep: swings, Sobol indices, Morris' effects, as bars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from sim.reports.figures.scales import compact, headed, value_axis
from sim.reports.figures.style import (
    BOTTOM,
    COLOURS,
    INK,
    LEFT,
    SOFT,
    TOP,
    WIDTH,
    Page,
    fit,
    text_width,
    wrap,
)
from sim.reports.figures.sweep_choices import capital, of_outcome, shown_outcomes
from sim.reports.figures.sweep_tables import (
    SweepTables,
    plain,
)
from sim.words import percent

ROWS = 15  # bars on one page
TALL = 120.0  # a row of bars at most, points
THICK = 34.0  # a bar at most, points
COLUMN_ENDS = (BOTTOM + 46, TOP - 38)  # between which columns of bars lie


def tornado(sweep: SweepTables) -> Page | None:
    """Swings of the outcomes from one end of each range to the other."""
    table = sweep.here("tornado")
    if table.empty:
        return None
    how = "points with one thing changed" if (table["method"] == "one at a time").all() else "linear fit"
    sheet = headed(sweep.run, "tornado", "What swings the outcomes most",
                   f"{sweep.where}; from the low to the high end of each range, {how}; strokes: 95 % intervals",
                   f"{sweep.where}; low to high end of each range, {how}; strokes: 95 % intervals")

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
        parts = ["in points"] if sweep.chance(outcome) else []
        return [", ".join([*parts, *([f"{percent(float(fits.iloc[0]))} explained"] if len(fits) else [])])]

    _columns(sheet, sweep, table, bars)
    _bar_legend(sheet, [("lowers", COLOURS[0], True), ("raises", COLOURS[1], True),
                        ("hollow: interval holds zero or is missing", SOFT, False)])
    return sheet


def sobol(sweep: SweepTables) -> Page | None:
    """Shares of the variance between points."""
    table = sweep.here("sobol")
    if table.empty:
        return None
    whole = table["ST"].notna().any()
    sheet = headed(sweep.run, "sobol", "Shares of the differences between points",
                 f"{sweep.where}; Sobol indices with 95 % intervals" + (
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

    _columns(sheet, sweep, table.assign(swing=table["ST"].fillna(table["S1"])), bars,
             words=lambda v: f"{100 * v:.0f} %")
    _bar_legend(sheet, [("alone (S1)", COLOURS[0], True),
                        *([("with all it interacts with (ST)", COLOURS[7], True)] if whole else [])])
    return sheet


def morris(sweep: SweepTables) -> Page | None:
    """Mean sizes of elementary effects, and their spread."""
    table = sweep.here("morris")
    if table.empty:
        return None
    sheet = headed(sweep.run, "morris", "Elementary effects (Morris)",
                 f"{sweep.where}; bars: mean size of the effect over the whole range, strokes: 95 %, dots: spread")

    def bars(ax: Axes, own: pd.DataFrame, outcome: str) -> list[str]:
        for i, row in enumerate(own.itertuples()):
            ax.barh(i, row.mu_star, height=_thickness(len(own)), color=COLOURS[0])
            ax.plot([row.mu_star_low, row.mu_star_high], [i, i], color=INK, linewidth=1.6)
            ax.plot(row.sigma, i, "o", color=COLOURS[1], markeredgecolor="white", markersize=8)
        ax.set_xlim(0, 1.1 * max(float(own[["mu_star_high", "sigma"]].max().max()), 1e-9))
        return []

    _columns(sheet, sweep, table.assign(swing=table["mu_star"]), bars)
    return sheet


def _columns(sheet: Page, sweep: SweepTables, table: pd.DataFrame, bars: Any, words: Any = compact) -> None:
    """A column of bars for each outcome; the rows are what was varied, the largest on average first."""
    outcomes = [name for name in shown_outcomes(sweep) if name in set(table["outcome"])]
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
        own = of_outcome(table, outcome).set_index("parameter").reindex(shown).reset_index()
        ax.set_ylim(len(shown) - 0.5, -0.5)
        remarks = bars(ax, own, outcome)
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
        value_axis(ax, wide - 18, words if words is not compact or not sweep.chance(outcome) else _points)
        lines = wrap(capital(sweep.label(outcome)), wide - 20, 2)
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
