"""The scoreboard as slides: one that shows every target as hit or miss, and for each topic the ranges themselves."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from sim.reports.figures.run_tables import Run
from sim.reports.figures.style import BOTTOM, FONT, INK, LEFT, SOFT, TOP, WIDTH, Page, fit, number, page, quiet, wrap

ROLE_COLOUR = {"fitted": "#0072B2", "reserved": "#D55E00"}
ROLE_MARK = {"fitted": "o", "reserved": "s"}
WORDS, VERDICT = 372.0, 104.0  # widths of the columns beside the ranges, points
ROW, HEAD = 33.0, 34.0
OBSERVED = "#d0d0d0"


@dataclass(frozen=True)
class Header:
    """What the foot of a slide says about the run."""

    title: str
    name: str
    worlds: int
    seed: int | None


def draw(folder: Path, svg: bool = False) -> list[Path]:
    """Draw a scoreboard from its table into its folder; return the files written."""
    table = pd.read_csv(folder / "scoreboard.csv", keep_default_na=False, na_values=[""], encoding="utf-8")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    head = Header(str(manifest["scenario"]), str(manifest["scenario"]), int(manifest["worlds"]), manifest.get("seed"))
    files: list[Path] = []
    with quiet():
        for sheet in pages(table, head):
            files += sheet.save(folder, svg)
    return files


def pages(table: pd.DataFrame, head: Header) -> list[Page]:
    """The overview, then the slides of each topic."""
    targets = table[table["part"] == "target"]
    sheets = [overview(table, head)]
    for topic in dict.fromkeys(targets["topic"]):
        rows = targets[targets["topic"] == topic]
        parts = list(_split(rows))
        for k, part in enumerate(parts):
            name = f"scoreboard_{topic}" + (f"_{k + 1}" if len(parts) > 1 else "")
            count = f" ({k + 1} of {len(parts)})" if len(parts) > 1 else ""
            sheets.append(_topic(part, head, name, f"{str(topic).capitalize()}: record and simulation{count}",
                                 int((rows["hit"] == 1).sum()), len(rows)))
    return sheets


def _new(head: Header, name: str, title: str, subtitle: str) -> Page:
    return page(cast(Run, head), name, title, subtitle)


# ------------------------------------------------------------------------------------------------ all at one glance


def overview(table: pd.DataFrame, head: Header) -> Page:
    """Every target and pattern as a mark: filled hit, crossed miss; round fitted, square reserved."""
    targets = table[table["part"] == "target"]
    counts = [f"{role} {int((own['hit'] == 1).sum())} of {len(own)}"
              for role in ROLE_MARK if len(own := targets[targets["role"] == role])]
    sheet = _new(head, "scoreboard", "Scoreboard: the record against the simulation",
                 f"Targets hit: {', '.join(counts)}. Filled: hit; hollow with a cross: miss")
    ax = _canvas(sheet)
    _key(ax, TOP - 8)
    topics = list(dict.fromkeys(targets["topic"]))
    step = min(34.0, (TOP - 40 - BOTTOM - 70) / max(len(topics), 1))
    y = TOP - 44
    for topic in topics:
        own = targets[targets["topic"] == topic]
        ax.text(LEFT, y - 5, str(topic).capitalize(), fontsize=FONT)
        x = LEFT + 112
        for role in ROLE_MARK:
            mine = own[own["role"] == role]
            for hit in mine["hit"]:
                _mark(ax, x, y, role, hit == 1, 9)
                x += 24
            x += 14 if len(mine) else 0
        ax.text(WIDTH - LEFT, y - 5, f"{int((own['hit'] == 1).sum())} of {len(own)}", fontsize=FONT, ha="right")
        y -= step
    _patterns(ax, table, y - 8)
    _nulls(ax, table, y - 46)
    return sheet


def _canvas(sheet: Page) -> Axes:
    """Axes over the whole slide, in points."""
    ax = sheet.figure.add_axes((0, 0, 1, 1))
    ax.set_xlim(0, WIDTH)
    ax.set_ylim(0, sheet.figure.get_figheight() * 72)
    ax.axis("off")
    return ax


def _mark(ax: Axes, x: float, y: float, role: str, hit: bool, size: float) -> None:
    colour = ROLE_COLOUR.get(role, INK)
    face = colour if hit else "white"
    ax.plot([x], [y], ROLE_MARK.get(role, "D"), color=colour, markerfacecolor=face, markersize=size,
            markeredgewidth=1.6, clip_on=False, zorder=5)
    if not hit:
        ax.plot([x], [y], "x", color=colour, markersize=size * 0.62, markeredgewidth=1.6, clip_on=False, zorder=6)


def _key(ax: Axes, y: float) -> None:
    x = LEFT + 6
    for role in ROLE_MARK:
        for hit in (True, False):
            _mark(ax, x, y, role, hit, 9)
            word = f"{role}, {'hit' if hit else 'miss'}"
            ax.text(x + 12, y - 5, word, fontsize=FONT)
            x += 150


def _patterns(ax: Axes, table: pd.DataFrame, y: float) -> None:
    rows = table[table["part"] == "pattern"]
    if rows.empty:
        return
    words = [f"{len(own)} {word}" for word in ("shown", "fails", "undecided", "finding", "cannot be tested yet")
             if len(own := rows[rows["verdict"] == word])]
    ax.text(LEFT, y - 5, fit("Patterns Q1–Q18: " + ", ".join(words), WIDTH - 2 * LEFT, FONT, "bold"), fontsize=FONT,
            fontweight="bold")
    failing = ", ".join(rows.loc[rows["verdict"] == "fails", "id"])
    ax.text(LEFT, y - 23, fit(f"Fail: {failing or 'none'}", WIDTH - 2 * LEFT), fontsize=FONT, color=SOFT)


def _nulls(ax: Axes, table: pd.DataFrame, y: float) -> None:
    rows = table[table["part"] == "null model"]
    if rows.empty:
        return
    words = "; ".join(f"{r.id} {number(float(r.interval_score))} ({r.verdict})" for r in rows.itertuples())
    own = str(rows["note"].iloc[0]).partition(",")[0].removeprefix("the simulation: ")
    text = f"Interval score on departures, lower is better: simulation {own}; null models {words}"
    for k, line in enumerate(wrap(text, WIDTH - 2 * LEFT)):
        ax.text(LEFT, y - 5 - 18 * k, line, fontsize=FONT)


# ------------------------------------------------------------------------------------------------ ranges


def _family(row: Any) -> str:
    """Targets of one family share an axis."""
    if row.scale == "linear":
        return "linear, to 1" if row.observed_high <= 1 and row.observed_low < 0 else "linear"
    return str(row.scale)


def _split(rows: pd.DataFrame) -> list[pd.DataFrame]:
    """Rows by scale, as many to a slide as fit, in slides of like length."""
    families = ["log", "share", "months", "linear", "linear, to 1"]
    rows = rows.assign(family=[_family(r) for r in rows.itertuples()])
    rows = rows.assign(order=rows["family"].map(families.index)).sort_values("order", kind="stable")
    room = TOP - BOTTOM - 26

    def height(part: pd.DataFrame) -> float:
        return ROW * len(part) + HEAD * part["family"].nunique()

    for count in range(1, len(rows) + 1):
        parts = [rows.iloc[list(i)] for i in np.array_split(np.arange(len(rows)), count)]
        if all(height(part) <= room for part in parts):
            return parts
    return [rows]


def _topic(rows: pd.DataFrame, head: Header, name: str, title: str, hits: int, count: int) -> Page:
    sheet = _new(head, name, title, f"{hits} of {count} targets of this topic hit. Grey box: observed range; thick and "
                 "thin line: simulated 50 % and 90 % interval")
    canvas = _canvas(sheet)
    _key(canvas, TOP - 8)
    y = TOP - 26
    for family in dict.fromkeys(rows["family"]):
        own = rows[rows["family"] == family]
        height = ROW * len(own)
        ax = sheet.axes(LEFT + WORDS, y - height, WIDTH - 2 * LEFT - WORDS - VERDICT, height)
        _axis(ax, own, str(family))
        for k, row in enumerate(own.itertuples()):
            _row(ax, canvas, row, len(own) - 1 - k, y - ROW * (k + 0.5))
        y -= height + HEAD
    return sheet


def _axis(ax: Axes, rows: pd.DataFrame, family: str) -> None:
    low, high = _limits(rows, family)
    ax.set_ylim(-0.5, len(rows) - 0.5)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.grid(axis="x", color="#e4e4e4", linewidth=0.7)
    ax.set_axisbelow(True)
    if family == "log":
        ax.set_xscale("log")
        ax.set_xlim(low, high)
        ax.xaxis.set_major_locator(LogLocator(numticks=6))
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: number(v)))
        return
    ax.set_xlim(low, high)
    if family == "months":
        ax.xaxis.set_major_locator(FixedLocator([12.0 * k for k in range(int(low // 12), int(high // 12) + 2)]))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{2011 + v / 12:.0f}"))
    elif family == "share":
        ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{100 * v:.0f} %"))
    else:
        ax.xaxis.set_major_locator(MaxNLocator(nbins=6))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))


def _limits(rows: pd.DataFrame, family: str) -> tuple[float, float]:
    """Room for every observed range and median; intervals that reach beyond are cut off with an arrow."""
    if family == "share":
        return -0.02, 1.02
    if family == "months":
        return -2.0, 86.0
    lows, highs = _numbers(rows, ["observed_low", "median"]), _numbers(rows, ["observed_high", "median"])
    if family == "log":
        lows = lows[lows > 0]
        return float(max(lows.min(), rows["observed_low"].min() / 100)) / 2, float(highs.max()) * 2
    pad = 0.08 * (highs.max() - lows.min())
    return float(lows.min() - pad), float(highs.max() + pad)


def _numbers(rows: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    values = rows[list(columns)].to_numpy(dtype=float).ravel()
    return np.asarray(values[np.isfinite(values)])


def _row(ax: Axes, canvas: Axes, row: Any, at: float, y: float) -> None:
    """One target: its words, observed range, simulated intervals and verdict."""
    hit = row.hit == 1
    lines = wrap(f"{row.id} {row.statement}", WORDS - 14, 2, 12)
    for k, line in enumerate(lines):
        canvas.text(LEFT, y - 4 + (7 if len(lines) > 1 else 0) - 14 * k, line, fontsize=12)
    left, right = ax.get_xlim()
    ax.fill_between([max(row.observed_low, left), min(row.observed_high, right)], at - 0.34, at + 0.34, color=OBSERVED,
                    linewidth=0)
    for edge in (row.observed_low, row.observed_high):
        if left <= edge <= right:
            ax.plot([edge, edge], [at - 0.34, at + 0.34], color=SOFT, linewidth=1.2)
    colour = ROLE_COLOUR[row.role]
    if np.isfinite(row.median):
        for low, high, thick in ((row.low90, row.high90, 1.8), (row.low50, row.high50, 5.5)):
            ax.plot([max(low, left), min(max(high, left), right)], [at, at], color=colour, linewidth=thick,
                    solid_capstyle="butt")
        if row.low90 < left:
            ax.plot([left], [at], "<", color=colour, markersize=7, clip_on=False)
        if row.high90 > right:
            ax.plot([right], [at], ">", color=colour, markersize=7, clip_on=False)
        middle = float(np.clip(row.median, left, right))
        ax.plot([middle], [at], ROLE_MARK[row.role], color=colour, markerfacecolor=colour if hit else "white",
                markersize=8, markeredgewidth=1.6, clip_on=False, zorder=5)
        if not hit:
            ax.plot([middle], [at], "x", color=colour, markersize=5, markeredgewidth=1.5, clip_on=False, zorder=6)
    else:
        words = f"in {number(row.worlds)} worlds only" if row.worlds else "did not happen"
        ax.text(0.01, at, words, transform=ax.get_yaxis_transform(), va="center", fontsize=12, style="italic",
                color=INK)
    _mark(canvas, WIDTH - LEFT - VERDICT + 18, y, row.role, hit, 8)
    canvas.text(WIDTH - LEFT - VERDICT + 30, y - 5, "hit" if hit else ("misses" if row.verdict == "misses"
                                                                        else "too wide"), fontsize=13)
