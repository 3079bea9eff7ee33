"""The drivers of one region by month, as small multiples with its turning points."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from sim.reports.figures.run_tables import Run, _about
from sim.reports.figures.style import (
    BOTTOM,
    COLOURS,
    INK,
    LEFT,
    MONTH_NAMES,
    SOFT,
    TOP,
    WIDTH,
    Page,
    calendar_axis,
    count_axis,
    days,
    draw_bands,
    fit,
    legend,
    note,
    page,
    percent_axis,
    quiet,
    spread,
    text_width,
)
from sim.words import percent

if TYPE_CHECKING:
    from sim.studies.record.explain import Story, Turn

SHARES = ("presence", "foreign_share", "control")
PANELS: tuple[tuple[str, str, str], ...] = (
    ("readiness", "Readiness", "index"),
    ("sympathisers", "Sympathisers", "persons"),
    ("recruiters", "Recruiters", "persons"),
    ("presence", "State presence", "of full"),
    ("movement_members", "Members", "persons"),
    ("foreign_share", "From elsewhere", "share"),
    ("inflow", "Outsiders", "per month"),
    ("attempts", "Attempts so far", "number"),
    ("control", "Control", "of residents"),
    ("offensive", "Offensive", "persons"),
    ("attacks", "Attacks", "per month"),
)
"""Outcome, title and unit of each panel; the last cell of the grid is the key to the turning points."""
COLUMNS, ROWS = 4, 3
BAND, TOLD = COLOURS[0], COLOURS[1]
FEW = 5  # worlds below which a share of members is left blank
RARE = 0.05  # turning points that come in fewer worlds are listed but not marked


def drivers(story: Story) -> Page:
    """Drivers by month: median with bands over worlds, the line of one world, and numbered turning points."""
    about = _about(story.folder)
    title = str(about.get("title") or about.get("name") or story.folder.name)
    run = Run(pd.DataFrame(), pd.DataFrame(), pd.DataFrame(), pd.DataFrame(), title, str(about.get("name") or title),
              story.worlds, about.get("seed"))
    one = story.world is not None and story.worlds > 1
    what = f"world {story.world} beside all worlds" if one else "one world" if story.worlds == 1 else "all worlds"
    sheet = page(run, story.stem, f"{story.name}, {story.country}: how it got there",
                 f"Drivers by month, {what}; numbers: turning points"
                 + ("" if story.row is not None else " (median month, share of worlds in which they came)"))
    months = pd.date_range(f"{story.start // 12}-{story.start % 12 + 1:02d}-01", periods=story.months, freq="MS")
    _legend(sheet, story, one)
    floor, left, gap = BOTTOM + 40.0, LEFT + 44.0, 52.0
    width = (WIDTH - LEFT - left - (COLUMNS - 1) * gap) / COLUMNS
    pitch = (TOP + 8 - floor) / ROWS
    height = pitch - 37.0
    marks = in_time(story)
    for k, (outcome, name, unit) in enumerate(PANELS):
        x, y = left + (k % COLUMNS) * (width + gap), TOP + 8 - (k // COLUMNS + 1) * pitch + 2
        ax = sheet.axes(x, y, width, height)
        calendar_axis(ax, months, width, labels=k + COLUMNS >= len(PANELS))
        _panel(ax, story, outcome, days(months), width)
        _title(sheet, name, unit, x - 40, y + height + 19, width + 40)
        _marks(ax, sheet, story, marks, days(months), (x, y + height, width))
    x, y = left + (COLUMNS - 1) * (width + gap), TOP + 8 - (ROWS - 1) * pitch - 34
    _key(sheet, story, marks, x - 48, y, width + 48)
    return sheet


def in_time(story: Story) -> list[tuple[int, Turn]]:
    """Turning points numbered in order of time; those that did not come stand last."""
    turns = sorted(story.turns.values(), key=lambda turn: np.inf if turn.shown is None else turn.shown)
    return list(enumerate(turns, start=1))


def draw(story: Story, out: Path) -> list[Path]:
    """Write the figure as PNG and SVG into ``out``; return the files."""
    with quiet():
        return drivers(story).save(out, svg=True)


def _values(story: Story, outcome: str) -> np.ndarray:
    """A panel's values, (W, months)."""
    if outcome == "foreign_share":
        members = story.drivers["movement_members"]
        return np.where(members >= 10, story.drivers["foreign_members"] / np.maximum(members, 1.0), np.nan)
    values = story.drivers[outcome]
    return values.cumsum(axis=1) if outcome == "attempts" else values


def bands(values: np.ndarray) -> pd.DataFrame:
    """Quantiles and mean by month over the worlds that have a value; blank where too few have one."""
    count = np.isfinite(values).sum(axis=0)
    table = pd.DataFrame(np.nan, index=range(values.shape[1]), columns=["p05", "p25", "p50", "p75", "p95", "mean"])
    enough = count >= min(FEW, values.shape[0])
    if enough.any():
        some = values[:, enough]
        table.loc[enough, table.columns[:5]] = np.nanquantile(some, [0.05, 0.25, 0.5, 0.75, 0.95], axis=0).T
        table.loc[enough, "mean"] = np.nanmean(some, axis=0)
    return table


def _panel(ax: Axes, story: Story, outcome: str, at: np.ndarray, width: float) -> None:
    values = _values(story, outcome)
    curve = bands(values)
    told = values[story.row] if story.row is not None else None
    top = np.nanmax([0.0, *curve["p95"].dropna(), *curve["mean"].dropna()])
    if told is not None and np.isfinite(told).any():
        top = max(top, float(np.nanmax(told)))
    if outcome in SHARES:
        percent_axis(ax, min(1.0, max(0.02, 1.1 * top)) if top else 1.0, bins=4)
    else:
        count_axis(ax, top, bins=4)
        if top < 10:
            ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:.3g}"))
    if not top:
        ax.set_yticks([0])
        blank = outcome == "foreign_share" and curve["p50"].isna().all()
        note(ax, "under ten members in nearly all worlds" if blank else "none in any world", width)
        return
    if story.worlds > 1:
        draw_bands(ax, at, curve, BAND, mean=story.row is None)
    if told is not None:
        single = np.isfinite(told).sum() == 1
        ax.plot(at, told, color=TOLD, linewidth=2.2, marker="." if single else "", zorder=4)


def _title(sheet: Page, name: str, unit: str, x: float, y: float, width: float) -> None:
    sheet.text(x, y, name, fontweight="bold")
    used = text_width(name, weight="bold") + 6
    sheet.text(x + used, y, fit(unit, width - used), color=SOFT)


def _drawn(turn: Turn, story: Story) -> bool:
    return turn.shown is not None and (story.row is not None or turn.share >= RARE)


def _marks(ax: Axes, sheet: Page, story: Story, marks: list[tuple[int, Turn]], at: np.ndarray,
           where: tuple[float, float, float]) -> None:
    """Thin lines in the panel and numbers above it."""
    x, y, width = where
    drawn = [(n, float(at[turn.shown])) for n, turn in marks if _drawn(turn, story) and turn.shown is not None]
    if not drawn:
        return
    low, high = ax.get_xlim()
    places = [(day - low) / (high - low) * width for _, day in drawn]
    for _, day in drawn:
        ax.axvline(day, color="#8a8a8a", linewidth=0.9, zorder=0.5)
    for (n, _), p, q in zip(drawn, places, spread(places, 12.0, 2.0, width - 2.0), strict=True):
        sheet.line([x + p, x + q], [y, y + 4], color="#8a8a8a", linewidth=0.9)
        sheet.text(x + q, y + 5, str(n), ha="center", color=INK)


def _key(sheet: Page, story: Story, marks: list[tuple[int, Turn]], x: float, y: float, width: float) -> None:
    """Number, name and month of each turning point; over all worlds also the share in which it came."""
    labels = [f"{n} {turn.label}" for n, turn in marks]
    rooms = [width - text_width(label) - 8 for label in labels]
    words = [_when(story, turn) for _, turn in marks]
    short = next((k for k in range(2) if all(text_width(w[k]) <= r for w, r in zip(words, rooms, strict=True))), 2)
    for (_, turn), label, texts, room in zip(marks, labels, words, rooms, strict=True):
        colour = INK if _drawn(turn, story) else SOFT
        sheet.text(x, y, fit(label, width), color=colour)
        sheet.text(x + width, y, fit(texts[short], room), ha="right", color=colour)
        y -= 17.0


def _when(story: Story, turn: Turn) -> list[str]:
    """Three wordings of the month, the longest first."""
    if turn.shown is None:
        return ["did not come" if story.row is not None else "in no world", "none", "none"]
    year, month = divmod(story.start + turn.shown, 12)
    texts = [f"{MONTH_NAMES[month]} {year}", f"{month + 1:02d}/{year}", f"{month + 1:02d}/{year % 100:02d}"]
    every = story.row is not None or turn.name == "lowest"
    return texts if every else [f"{text}, {percent(turn.share)}" for text in texts]


def _legend(sheet: Page, story: Story, one: bool) -> None:
    entries: list[tuple[str, str, Any]] = []
    if story.worlds > 1:
        entries = [("median of all worlds", "line", BAND), ("50 %", "dark", BAND), ("90 %", "light", BAND)]
        entries += [(f"world {story.world}", "line", TOLD)] if one else [("mean", "dots", BAND)]
    else:
        entries = [("the one world", "line", TOLD)]
    legend(sheet, entries, LEFT, BOTTOM + 4)
