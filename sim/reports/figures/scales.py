"""Axes of differences, with compact signed numbers and only as many ticks as there is room for; heads of slides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from sim.reports.figures.run_tables import Run
from sim.reports.figures.style import FONT, HEIGHT, LEFT, WIDTH, Page, first_fit, fit, number, page, text_width, wrap

BOLD = 1.19  # a bold line is at most this much wider than a plain one
GAP = 7.0  # points between two labels
OVERHANG = 8.0  # points by which a label may stick out of its panel
LADDER = (5.0, 2.0, 1.0)  # distances between ticks, times a power of ten
BLANK = 1.5  # an axis may grow by this much to show a tick on the smaller side of zero
TITLE = 20.0  # points, of a title that fits on one line


def compact(value: float) -> str:
    """A number for an axis: 1.5M, −200k, 35."""
    size = abs(value)
    if size >= 1e3:
        words = f"{size / 1e6:.3g}M" if size >= 999.5e3 else f"{size / 1e3:.3g}k"
    else:
        words = number(size)
    return ("−" if value < -1e-12 else "") + words


def signed(value: float) -> str:
    """A difference: `compact` with its sign."""
    return ("+" if value > 1e-12 else "") + compact(value)


def shares(value: float) -> str:
    """A difference as a signed percentage."""
    if abs(value) < 5e-6:
        return "0"
    sign = "+" if value > 0 else "−"
    return f"{sign}{100 * abs(value):.2g} %" if abs(value) < 0.1 else f"{sign}{100 * abs(value):.0f} %"


def value_axis(ax: Axes, width: float, words: Callable[[float], str] = compact) -> None:
    """Round ticks on a horizontal axis ``width`` points wide whose labels neither collide nor stick out."""
    ax.xaxis.set_major_locator(FixedLocator(list(_ticks(ax.get_xlim(), width, words))))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: words(v)))
    ax.grid(axis="x", color="#e4e4e4", linewidth=0.7)
    ax.set_axisbelow(True)


def _ticks(ends: tuple[float, float], width: float, words: Callable[[float], str]) -> np.ndarray:
    """The most round ticks, out of several spacings, that have room."""
    low, high = ends
    best = np.zeros(1)
    for count in range(7, 0, -1):
        ticks = np.asarray(MaxNLocator(count, steps=[1, 2, 3, 4, 5, 10]).tick_values(low, high), dtype=float)
        at = (ticks - low) / (high - low) * width
        half = np.array([text_width(words(tick)) / 2 for tick in ticks])
        inside = (at >= 0) & (at <= width) & (at - half >= -OVERHANG) & (at + half <= width + OVERHANG)
        ticks, at, half = ticks[inside], at[inside], half[inside]
        if ticks.size > best.size and (np.diff(at) >= half[1:] + half[:-1] + GAP).all():
            best = ticks
    return best


def round_ends(low: float, high: float) -> tuple[float, float, float]:
    """Ends of an axis of differences that holds zero and a tick on every side with values, and its ticks' distance.

    The widest distance on a 1-2-5 ladder that gives at least three ticks, and little blank.
    """
    low, high = min(low, 0.0), max(high, 0.0)
    span = (high - low) or 2.0
    power = float(np.floor(np.log10(span)))
    for step in (m * 10.0**k for k in (power, power - 1) for m in LADDER):
        ends = min(low, -step) if low < 0 else 0.0, max(high, step) if high > 0 else 0.0
        ticks = np.floor(ends[1] / step + 1e-9) + np.floor(-ends[0] / step + 1e-9) + 1
        if ticks >= 3 and ends[1] - ends[0] <= BLANK * span:
            return *ends, step
    return low, high, span


def signed_axis(ax: Axes, low: float, high: float) -> None:
    """Vertical axis of differences that holds zero, with three ticks or more where anything differs."""
    differs = high > 0 or low < 0
    low, high, step = round_ends(low, high)
    span = (high - low) or 2.0
    ax.set_ylim(low - 0.08 * span, high + 0.08 * span)
    ticks = step * np.arange(np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9) + 1)
    ax.yaxis.set_major_locator(FixedLocator(list(ticks) if differs else [0.0]))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: signed(v)))
    ax.grid(axis="y", color="#d9d9d9", linewidth=0.7)
    ax.set_axisbelow(True)


def flat_signed_axis(ax: Axes, values: Any, width: float, words: Callable[[float], str] = compact) -> None:
    """Horizontal axis ``width`` points wide that holds all finite values and a tick on each side in use.

    Where not every tick has room for its label, zero and the outermost keep theirs.
    """
    ends = np.append(np.asarray(values, dtype=float).ravel(), 0.0)
    differs = bool(np.nan_to_num(ends).any())
    low, high, step = round_ends(float(np.nanmin(ends)), float(np.nanmax(ends)))
    span = (high - low) or 2.0
    ax.set_xlim(low - 0.06 * span, high + 0.06 * span)
    ticks = step * np.arange(np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9) + 1) if differs else np.zeros(1)
    shown = _labelled(ticks, width / (1.12 * span), words)
    ax.set_xticks(ticks, labels=[words(tick) if keep else "" for tick, keep in zip(ticks, shown, strict=True)])
    ax.grid(axis="x", color="#e4e4e4", linewidth=0.7)
    ax.set_axisbelow(True)


def _labelled(ticks: np.ndarray, scale: float, words: Callable[[float], str]) -> np.ndarray:
    """Which ticks get a label: zero, the ends, then the others, as far as there is room; ``scale`` points per unit."""
    half = np.array([text_width(words(tick)) / 2 for tick in ticks])
    shown = np.zeros(ticks.size, dtype=bool)
    for i in np.argsort(np.where(ticks == 0, -np.inf, -np.abs(ticks)), kind="stable"):
        taken = np.flatnonzero(shown)
        shown[i] = (np.abs(ticks[taken] - ticks[i]) * scale >= half[taken] + half[i] + GAP).all()
    return shown


def headed(run: Run, name: str, title: str, *subtitles: str) -> Page:
    """A slide as `sim.reports.figures.style.page` makes it, with a long title smaller or on two lines instead of cut.

    ``subtitles`` are wordings, the longest first, of which the first that fits is taken.
    """
    full = WIDTH - 2 * LEFT
    sheet = page(run, name, title, first_fit(subtitles, full))
    size = next((s for s in np.arange(TITLE, 14.5, -0.5) if text_width(title, s, "bold") <= full), None)
    head = sheet.figure.texts[0]
    if size is not None:
        head.set_text(title)
        head.set_fontsize(size)
        return sheet
    head.remove()
    for k, line in enumerate(wrap_bold(title, full)):
        sheet.text(LEFT, HEIGHT - 16 - 17 * k, fit(line, full, FONT, "bold"), fontweight="bold")
    return sheet


def wrap_bold(text: str, width: float, lines: int = 2) -> list[str]:
    """As `sim.reports.figures.style.wrap`, for bold text."""
    return wrap(text, width / BOLD, lines)


def canvas(sheet: Page) -> Axes:
    """Axes over the whole slide, in points."""
    ax = sheet.figure.add_axes((0, 0, 1, 1))
    ax.set_xlim(0, WIDTH)
    ax.set_ylim(0, sheet.figure.get_figheight() * 72)
    ax.axis("off")
    return ax
