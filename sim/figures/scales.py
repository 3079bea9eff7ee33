"""Axes of differences: compact signed numbers, and only as many ticks as there is room for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from sim.figures.style import WIDTH, Page, number, text_width, wrap

BOLD = 1.19  # a bold line is at most this much wider than a plain one
GAP = 7.0  # points between two labels
OVERHANG = 8.0  # points by which a label may stick out of its panel


def compact(value: float) -> str:
    """A number for an axis: 1.5M, −200k, 35."""
    size = abs(value)
    if size >= 1e4:
        words = f"{size / 1e6:.3g}M" if size >= 1e6 else f"{size / 1e3:.3g}k"
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


def signed_axis(ax: Axes, low: float, high: float) -> None:
    """Vertical axis of differences that holds zero."""
    low, high = min(low, 0.0), max(high, 0.0)
    span = (high - low) or 2.0
    ax.set_ylim(low - 0.08 * span, high + 0.08 * span)
    ax.yaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 5, 10]) if high > low else FixedLocator([0.0]))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: signed(v)))
    ax.grid(axis="y", color="#d9d9d9", linewidth=0.7)
    ax.set_axisbelow(True)


def wrap_bold(text: str, width: float, lines: int = 2) -> list[str]:
    """As `sim.figures.style.wrap`, for bold text."""
    return wrap(text, width / BOLD, lines)


def canvas(sheet: Page) -> Axes:
    """Axes over the whole slide, in points."""
    ax = sheet.figure.add_axes((0, 0, 1, 1))
    ax.set_xlim(0, WIDTH)
    ax.set_ylim(0, sheet.figure.get_figheight() * 72)
    ax.axis("off")
    return ax
