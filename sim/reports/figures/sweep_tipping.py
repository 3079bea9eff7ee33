"""Tipping points of a sweep: where on an axis a chance passes one half."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from sim.reports.figures.scales import headed
from sim.reports.figures.style import (
    BOTTOM,
    COLOURS,
    LEFT,
    SOFT,
    TOP,
    WIDTH,
    Page,
    fit,
    text_width,
    wrap,
)
from sim.reports.figures.sweep_tables import (
    SweepTables,
    end_word,
    limits_of,
    plain,
)

RANGE, RANGE_WIDE = LEFT + 270.0, 200.0  # points: left end and length of the range of a tipping point


def tipping(sweep: SweepTables) -> Page | None:
    """Where each axis tips the undesired, with the interval; what does not tip within its range is told in a line."""
    table = sweep.table("tipping")
    bad = sweep.about["undesired"]
    if len(table):
        table = table[(table["outcome"] == bad["outcome"]) & (table["place"] == bad["place"])]
    if table.empty:
        return None
    whole = table[table["at"] == ""]
    rows = table if len(whole) <= 2 else whole
    sheet = headed(sweep.run, "tipping", f"Where futures that have {sweep.named(bad['words'])} become the rule",
                   "Dot: value at which the chance is one half, others at their mean; bar: 95 % interval; shaded: side "
                   "of the rule", "Dot: value at which the chance is one half; bar: 95 % interval")
    state = pd.Series([_state(sweep, row) for row in rows.itertuples()], index=rows.index)
    y = TOP - 6
    groups = [(str(name), own, state[own.index]) for name, own in rows.groupby("parameter", sort=False)]
    found = [group for group in groups if (group[2] != "none").any()]
    need = sum(46 + 26 * int((kind != "none").sum()) for _, _, kind in found)
    grow = float(np.clip((TOP - BOTTOM - 44) / max(need, 1), 0.66, 1.5))
    drawn = 0
    for name, own, kind in found:
        if y - 46 < BOTTOM + 36:
            break
        y, drawn = _tips(sheet, sweep, name, own, kind, y, grow), drawn + 1
    none = [plain(name) for name, _, kind in groups if (kind == "none").all()]
    left = [f"No tipping point within the range of {', '.join(none)}"] if none else []
    left += [f"{len(found) - drawn} more in the tables"] if drawn < len(found) else []
    for k, line in enumerate(reversed(wrap("; ".join(left), WIDTH - 2 * LEFT, 2))):
        sheet.text(LEFT, BOTTOM + 4 + 17 * k, line, color=SOFT)
    return sheet


def _state(sweep: SweepTables, row: Any) -> str:
    """'whole' where the interval is the whole range, 'inside' where it tips within the range, else 'none'."""
    low, high = (float(sweep.axes.loc[str(row.parameter), end]) for end in ("low", "high"))
    if row.low_at <= low and row.high_at >= high:
        return "whole"
    return "inside" if str(row.inside) == "True" else "none"


def _tips(sheet: Page, sweep: SweepTables, name: str, rows: pd.DataFrame, state: pd.Series, y: float,
          grow: float) -> float:
    """The rows of one thing varied under its name and the ends of its range; returns the height below them."""
    axis = sweep.axes.loc[name]
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
            _tip(sheet, sweep, row, kind, y)
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


def _tip(sheet: Page, sweep: SweepTables, row: Any, kind: str, y: float) -> None:
    """One row: where it tips, its interval, and on which side the undesired is the rule."""
    place = _placed(sweep, str(row.parameter))
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


def _placed(sweep: SweepTables, name: str) -> Callable[[float], float]:
    """From a value to its share of the range, on the axis's own scale."""
    low, high = limits_of(sweep, name)
    if sweep.axes.loc[name, "scale"] == "log":
        return lambda value: float(np.log(max(value, low * 1e-6) / low) / np.log(high / low))
    return lambda value: float((value - low) / (high - low))
