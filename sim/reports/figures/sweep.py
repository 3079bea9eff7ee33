"""Figures of a sweep: response curves, phase diagrams, sensitivities, boxes of futures, tipping points, fronts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.reports.figures.scales import headed, value_axis, wrap_bold
from sim.reports.figures.style import (
    BOTTOM,
    COLOURS,
    LEFT,
    SOFT,
    TOP,
    WIDTH,
    Page,
    fit,
    quiet,
)
from sim.reports.figures.sweep_choices import capital, of_outcome, shown_outcomes
from sim.reports.figures.sweep_phases import phases
from sim.reports.figures.sweep_responses import crossed, responses
from sim.reports.figures.sweep_sensitivity import morris, sobol, tornado
from sim.reports.figures.sweep_tables import (
    SweepTables,
    limits_of,
    outcome_axis,
    plain,
    read,
)
from sim.reports.figures.sweep_tipping import tipping
from sim.words import percent


def draw(folder: Path, out: Path | None = None, svg: bool = False) -> list[Path]:
    """Write every figure of the analysis in ``folder`` into ``out`` (default: its ``figures``); return the files."""
    out = out or folder / "figures"
    out.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    with quiet():
        for sheet in pages(read(folder)):
            files += sheet.save(out, svg)
    return files


def pages(sweep: SweepTables) -> list[Page]:
    """Every figure for which there is a table, not yet written."""
    sheets = phases(sweep) + responses(sweep) + crossed(sweep)
    for maker in (tornado, sobol, morris, boxes, tipping, pareto):
        sheet = maker(sweep)
        sheets += [sheet] if sheet else []
    return sheets


# Phase diagrams


# Response curves


# Sensitivities


# Futures


def boxes(sweep: SweepTables) -> Page | None:
    """The boxes of PRIM: which part of each range, and how often."""
    table = sweep.table("discovery")
    table = table[table["method"] == "PRIM"] if len(table) else table
    if table.empty:
        return None
    which = str(table["futures"].iloc[0])
    sheet = headed(sweep.run, "discovery", f"Futures that {sweep.named(which)}",
                   "Boxes found by PRIM; bars: the part of each range that belongs to the box")
    need = sum(38 + 26 * len(own) for _, own in table.groupby("box"))
    grow = float(np.clip((TOP - BOTTOM - 28) / need, 1.0, 2.4))
    y = TOP - 4 - max(0.0, TOP - BOTTOM - 28 - grow * need) / 2
    for number_of, own in table.groupby("box", sort=True):
        row = own.iloc[0]
        span = f"{percent(row['density_low'])} to {percent(row['density_high'])}"
        sentence = (f"Box {number_of}: {percent(row['density'])} {sweep.named(which)} ({span}); covers "
                      f"{percent(row['coverage'])} of these")
        if y - 22 - 26 * len(own) < BOTTOM + 24:
            break
        y -= 22 * grow
        for k, line in enumerate(reversed(wrap_bold(sentence, WIDTH - 2 * LEFT, 2 if grow > 1.5 else 1))):
            sheet.text(LEFT, y + 17 * k, line, fontweight="bold")
        y -= 8 * grow
        for limit in own.itertuples():
            y -= 26 * grow
            _limit(sheet, sweep, limit, y, 15 * grow)
        y -= 8 * grow
    sheet.text(LEFT, BOTTOM + 4, "Further boxes hold what is left of futures outside the earlier ones; all in "
               "discovery.md", color=SOFT)
    return sheet


def _limit(sheet: Page, sweep: SweepTables, limit: Any, y: float, thick: float) -> None:
    name, left, wide = str(limit.parameter), LEFT + 250.0, 330.0
    low, high = limits_of(sweep, name)
    row = sweep.axes.loc[name]
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


def pareto(sweep: SweepTables) -> Page | None:
    """Effort against outcomes; the front."""
    table = sweep.here("pareto")
    if table.empty:
        return None
    outcomes = [name for name in shown_outcomes(sweep) if name in set(table["outcome"])][:2]
    sheet = headed(sweep.run, "pareto", "Effort against outcomes",
                   f"{sweep.where}; each dot a point of the sweep; "
                   "large: no other has less effort and a better outcome",
                   f"{sweep.where}; each dot a point; large: no other has less effort and a better outcome")
    sheet.text(LEFT, BOTTOM + 4, "vertical strokes: 95 % interval of the mean; only levers count as effort, parameters "
               "and dials cost nothing", color=SOFT)
    wide = (WIDTH - 2 * LEFT) / max(len(outcomes), 1)
    for k, outcome in enumerate(outcomes):
        x, width, height = LEFT + k * wide + 70, wide - 70 - 24, TOP - BOTTOM - 104
        own = of_outcome(table, outcome)
        front = own[own["on_front"].astype(str) == "True"].sort_values("effort")
        better = "lower" if sweep.outcomes.loc[outcome, "wish"] == "-" else "higher"
        sheet.text(x - 50, TOP - 16, fit(f"{capital(sweep.label(outcome))} ({better} is better)", wide - 40,
                                         weight="bold"), fontweight="bold")
        ax = sheet.axes(x, BOTTOM + 68, width, height)
        ax.scatter(own["effort"], own["mean"], s=16, color="#9a9a9a", linewidths=0)
        ax.plot(front["effort"], front["mean"], color=COLOURS[0], linewidth=1.6, drawstyle="steps-post")
        error = np.abs(front[["low", "high"]].to_numpy().T - front["mean"].to_numpy())
        ax.errorbar(front["effort"], front["mean"], error, fmt="o", color=COLOURS[0], markersize=9, linewidth=1.4,
                    markeredgecolor="white")
        outcome_axis(ax, sweep.chance(outcome), float(own["mean"].min()), float(max(own["mean"].max(),
                                                                                    front["high"].max())))
        value_axis(ax, width)
        sheet.text(x + width / 2, BOTTOM + 27, "effort of the levers, in effort units", ha="center")
    return sheet
