"""Response curves of a sweep, alone and crossed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from sim.reports.figures.scales import headed
from sim.reports.figures.style import (
    BOTTOM,
    COLOURS,
    DASHES,
    INK,
    LEFT,
    TOP,
    WIDTH,
    Page,
    fit,
    legend,
    text_width,
)
from sim.reports.figures.sweep_choices import LINE, MARGIN, capital, ends_of, of_outcome, ranked, shown_outcomes
from sim.reports.figures.sweep_tables import (
    SweepTables,
    dress,
    outcome_axis,
    plain,
    set_limits,
    stairs,
)

PANELS = 8  # of response curves on one page


def responses(sweep: SweepTables) -> list[Page]:
    """A page for each outcome, a panel for each of the leading things varied."""
    names = [name for name in ranked(sweep) if not sweep.here(f"response_{name}").empty][:PANELS]
    return [_responses(sweep, names, outcome) for outcome in shown_outcomes(sweep)] if names else []


def _responses(sweep: SweepTables, names: Sequence[str], outcome: str) -> Page:
    more = len(sweep.axes) - len(names)
    sheet = headed(sweep.run, f"response_{outcome}", f"{capital(sweep.label(outcome))}: how it responds",
                 f"{sweep.where}; all else as the design has it" + (f"; {more} more in the tables" if more > 0 else ""),
                   sweep.where)
    tables = [of_outcome(sweep.here(f"response_{name}"), outcome) for name in names]
    ends = ends_of(tables, sweep.chance(outcome))
    columns = min(len(names), 4 if len(names) > 4 else len(names))
    rows = -(-len(names) // columns)
    _key(sheet, sweep, outcome)
    wide, high = (WIDTH - 2 * LEFT) / columns, (TOP - BOTTOM - 28) / rows
    for i, (name, table) in enumerate(zip(names, tables, strict=True)):
        x, y = LEFT + (i % columns) * wide + MARGIN, TOP - (i // columns + 1) * high + 26
        width = wide - MARGIN - 14
        sheet.text(x - 30, y + high - 44, fit(plain(name), width + 30, weight="bold"), fontweight="bold")
        deep = LINE * (stairs(sweep, name, width) - 1)
        ax = sheet.axes(x, y + deep, width, high - 26 - 30 - deep)
        _curve(ax, sweep, name, outcome, table, COLOURS[0], "-")
        dress(ax, sweep, name, "x", width)
        set_limits(ax, sweep, name)
        outcome_axis(ax, sweep.chance(outcome), *ends)
    return sheet


def _curve(ax: Axes, sweep: SweepTables, name: str, outcome: str, table: pd.DataFrame, colour: str, dash: Any,
           bands: bool = True) -> None:
    """Mean with its interval; of what is no chance, also bands over points and worlds."""
    at = table["at"].to_numpy()
    if sweep.axes.loc[name, "kind"] == "category":
        error = np.abs(table[["low", "high"]].to_numpy().T - table["mean"].to_numpy())
        if bands and not sweep.chance(outcome):
            ax.vlines(at, table["p05"], table["p95"], color=colour, alpha=0.2, linewidth=16)
        ax.errorbar(at, table["mean"], error, fmt="o", color=colour, linewidth=2.4, markersize=8)
        return
    if sweep.chance(outcome):
        ax.fill_between(at, table["low"], table["high"], color=colour, alpha=0.25, linewidth=0)
    elif bands:
        ax.fill_between(at, table["p05"], table["p95"], color=colour, alpha=0.18, linewidth=0)
        ax.fill_between(at, table["p25"], table["p75"], color=colour, alpha=0.25, linewidth=0)
    if bands and not sweep.chance(outcome):
        error = np.abs(table[["low", "high"]].to_numpy().T - table["mean"].to_numpy())
        ax.errorbar(at, table["mean"], error, fmt="none", color=INK, linewidth=1.2)
    elif not sweep.chance(outcome):
        ax.fill_between(at, table["low"], table["high"], color=colour, alpha=0.13, linewidth=0)
    ax.plot(at, table["mean"], color=colour, linestyle=dash, linewidth=2.6, marker="o", markersize=5)


def _key(sheet: Page, sweep: SweepTables, outcome: str) -> None:
    if sweep.chance(outcome):
        entries = [("mean", "line", COLOURS[0]), ("95 % interval", "light", COLOURS[0])]
    else:
        entries = [("mean", "line", COLOURS[0]), ("50 %", "dark", COLOURS[0]),
                   ("90 % of points and worlds", "light", COLOURS[0]), ("strokes: 95 % interval of the mean", "line",
                                                                        INK)]
    legend(sheet, entries, LEFT, BOTTOM + 4)


def crossed(sweep: SweepTables) -> list[Page]:
    """A page for each of the first pairs: curves along one for groups of the other."""
    found = [(x, y) for x in sweep.axes.index for y in sweep.axes.index
             if x != y and (sweep.folder / f"response_{x}_by_{y}.csv").exists()]
    order = ranked(sweep)
    found.sort(key=lambda pair: (order.index(pair[0]) + order.index(pair[1]), order.index(pair[0])))
    return [_crossed(sweep, str(x), str(y)) for x, y in found[:2]]


def _crossed(sweep: SweepTables, x: str, y: str) -> Page:
    table = sweep.here(f"response_{x}_by_{y}")
    groups = list(dict.fromkeys(table.sort_values("group")["by"]))
    sheet = headed(sweep.run, f"response_{x}_by_{y}", f"Responses to {plain(x)}, by {plain(y)}",
                 f"{sweep.where}; bands: 95 % interval of the mean")
    looks = [(COLOURS[i % len(COLOURS)], DASHES[i % len(DASHES)]) for i in range(len(groups))]
    lead = f"{plain(y)}: "
    sheet.text(LEFT, BOTTOM + 4, lead)
    legend(sheet, [(str(words), "line", look) for words, look in zip(groups, looks, strict=True)],
           LEFT + text_width(lead) + 8, BOTTOM + 4)
    outcomes = shown_outcomes(sweep)
    columns = 2 if len(outcomes) > 1 else 1
    rows = -(-len(outcomes) // columns)
    wide, high = (WIDTH - 2 * LEFT) / columns, (TOP - BOTTOM - 28) / rows
    for i, outcome in enumerate(outcomes):
        px, py = LEFT + (i % columns) * wide + MARGIN, TOP - (i // columns + 1) * high + 26
        width = wide - MARGIN - 18
        sheet.text(px - 30, py + high - 44, fit(capital(sweep.label(outcome)), width + 30, weight="bold"),
                   fontweight="bold")
        deep = LINE * (stairs(sweep, x, width) - 1)
        ax = sheet.axes(px, py + deep, width, high - 56 - deep)
        own = of_outcome(table, outcome)
        for words, (colour, dash) in zip(groups, looks, strict=True):
            _curve(ax, sweep, x, outcome, own[own["by"] == words], colour, dash, bands=False)
        dress(ax, sweep, x, "x", width)
        set_limits(ax, sweep, x)
        chance = sweep.chance(outcome)
        ends = (own["low"].min(), own["high"].max()) if chance else ends_of([own], False)
        outcome_axis(ax, chance, float(ends[0]), float(ends[1]))
    return sheet
