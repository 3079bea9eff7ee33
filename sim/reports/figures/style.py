"""One look for all figures: a page in points, fonts for a projector, colours that survive colour blindness and grey."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.colors import to_rgb
from matplotlib.dates import date2num
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.markers import TICKDOWN
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, MaxNLocator

from sim.reports.figures.run_tables import Run

CAVEAT = "Exploration under stated assumptions, not a forecast"
WIDTH, HEIGHT, DPI = 921.6, 518.4, 150  # points; 1920 x 1080 pixels
FONT = 14.0
LEFT = 16.0
TOP, BOTTOM = HEIGHT - 62.0, 32.0  # the body lies between these heights
INK, SOFT, PALE = "#1a1a1a", "#555555", "#ededed"
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#AA4499", "#A6761D", "#000000", "#56B4E9", "#E69F00")
"""Okabe-Ito, the light ones last, its yellow left out and its pink and orange darkened where lines must show."""
DASHES: tuple[Any, ...] = (
    "-",
    (0, (6, 2)),
    (0, (2, 1.2)),
    (0, (8, 2, 2, 2)),
    (0, (1, 1)),
    (0, (10, 3)),
    (0, (4, 1, 1, 1, 1, 1)),
    (0, (3, 3)),
)
MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
RC: dict[str, Any] = {
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "sans-serif"],
    "font.size": FONT,
    "svg.fonttype": "none",
    "svg.hashsalt": "sim.reports.figures",
    "axes.linewidth": 1.0,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": FONT,
    "ytick.labelsize": FONT,
    "axes.unicode_minus": True,
    "path.simplify": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.parse_math": False,
}


@lru_cache(maxsize=1)
def _renderer() -> RendererAgg:
    return RendererAgg(8, 8, 72.0)


@lru_cache(maxsize=4096)
def text_width(text: str, size: float = FONT, weight: str = "normal") -> float:
    """Width of a line of text, points."""
    # Hinting at 72 dpi rounds every glyph, so measure ten times larger.
    font = FontProperties(family=RC["font.sans-serif"][:1], size=size * 10, weight=weight)
    return float(_renderer().get_text_width_height_descent(text, font, False)[0]) / 10 if text else 0.0


def fit(text: str, width: float, size: float = FONT, weight: str = "normal") -> str:
    """The text, cut with an ellipsis where it is wider than `width` points."""
    if text_width(text, size, weight) <= width + 0.01:
        return text
    whole = text
    while text and text_width(text.rstrip(" -,;:(") + "…", size, weight) > width:
        text = text[:-1]
    word = max(text.rfind(" "), text.rfind("-"))
    if whole[len(text) : len(text) + 1] not in (" ", "-") and word >= 0.6 * len(text):
        text = text[:word]
    return text.rstrip(" -,;:(") + "…"


def first_fit(texts: Sequence[str], width: float, size: float = FONT) -> str:
    """The first of several wordings that fits into `width` points; else the last, cut."""
    return next((t for t in texts if text_width(t, size) <= width), fit(texts[-1], width, size))


def wrap(text: str, width: float, lines: int = 2, size: float = FONT) -> list[str]:
    """Words in at most `lines` lines of `width` points; the last line is cut if need be."""
    done: list[str] = []
    rest = text.split()
    while rest and len(done) < lines - 1:
        n = len(rest)
        while n > 1 and text_width(" ".join(rest[:n]), size) > width:
            n -= 1
        done.append(" ".join(rest[:n]))
        rest = rest[n:]
    return [*done, fit(" ".join(rest), width, size)] if rest else done


def number(value: float) -> str:
    """Short plain number: two figures below ten, thin space between thousands."""
    if not np.isfinite(value):
        return "–"
    size = abs(value)
    if size < 1e-9:
        return "0"
    if size < 0.0001:
        return "under 0.0001"
    if size < 10:
        return f"{value:.2g}" if size < 0.0995 else f"{value:.1f}".removesuffix(".0")
    if size >= 1000:
        value = round(value, -(len(str(int(size))) - 3))
    return f"{value:,.0f}".replace(",", "\u2009")


def interval(low: float, high: float) -> str:
    """Range in short form."""
    return f"{number(low)}–{number(high)}"


def spread(positions: Sequence[float], gap: float, low: float, high: float) -> np.ndarray:
    """Move positions until neighbours are `gap` apart, inside [low, high], as near as possible to where they were."""
    wanted = np.asarray(positions, dtype=float)
    if len(wanted) == 0:
        return wanted
    order = np.argsort(wanted, kind="stable")
    gap = min(gap, (high - low) / max(len(wanted) - 1, 1))
    # Least squares under order constraints: pool neighbours that collide (as in isotonic regression).
    blocks: list[list[float]] = []
    for value in wanted[order] - gap * np.arange(len(wanted)):
        blocks.append([value, 1.0])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            b, a = blocks.pop(), blocks.pop()
            blocks.append([(a[0] * a[1] + b[0] * b[1]) / (a[1] + b[1]), a[1] + b[1]])
    flat = np.concatenate([np.full(int(n), v) for v, n in blocks])
    placed = np.clip(flat, low, high - gap * (len(wanted) - 1)) + gap * np.arange(len(wanted))
    result = np.empty_like(placed)
    result[order] = placed
    return result


@dataclass
class Page:
    """A slide measured in points from its lower left corner."""

    figure: Figure
    name: str

    def axes(self, x: float, y: float, w: float, h: float) -> Axes:
        """Axes whose frame lies at this place."""
        return self.figure.add_axes((x / WIDTH, y / HEIGHT, w / WIDTH, h / HEIGHT))

    def text(self, x: float, y: float, text: str, **style: Any) -> Text:
        """Text at a place, left and baseline aligned unless told."""
        return self.figure.text(x / WIDTH, y / HEIGHT, text, **{"fontsize": FONT, "va": "baseline", **style})

    def line(self, xs: Sequence[float], ys: Sequence[float], **style: Any) -> None:
        """A line across the page."""
        self.figure.add_artist(Line2D(np.array(xs) / WIDTH, np.array(ys) / HEIGHT, **style))

    def box(self, x: float, y: float, w: float, h: float, **style: Any) -> None:
        """A rectangle on the page."""
        place = (x / WIDTH, y / HEIGHT)
        self.figure.add_artist(Rectangle(place, w / WIDTH, h / HEIGHT, transform=self.figure.transFigure, **style))

    def save(self, folder: Path, svg: bool = False) -> list[Path]:
        """Write PNG, and SVG if asked; the same tables give the same bytes."""
        files = [folder / f"{self.name}.png"]
        # The lowest level saves a third of the time of writing and costs three per cent of space.
        self.figure.savefig(files[0], dpi=DPI, metadata={"Software": None}, pil_kwargs={"compress_level": 1})
        if svg:
            files.append(folder / f"{self.name}.svg")
            about = {"Date": None, "Creator": "foothold", "Title": self.figure.get_label()}
            self.figure.savefig(files[1], metadata=about)
        return files


def page(run: Run, name: str, title: str, subtitle: str) -> Page:
    """Empty slide with title, scenario and footer."""
    figure = Figure(figsize=(WIDTH / 72, HEIGHT / 72), dpi=DPI, facecolor="white", label=title)
    FigureCanvasAgg(figure)
    sheet = Page(figure, name)
    full = WIDTH - 2 * LEFT
    sheet.text(LEFT, HEIGHT - 27, fit(title, full, 20, "bold"), fontsize=20, fontweight="bold")
    sheet.text(LEFT, HEIGHT - 49, fit(subtitle, full), color=SOFT)
    worlds = "1 world" if run.worlds == 1 else f"{number(run.worlds)} worlds"
    facts = f" · {worlds}" + (f" · seed {run.seed}" if run.seed is not None else "")
    sheet.line([LEFT, WIDTH - LEFT], [27, 27], color="#bbbbbb", linewidth=0.8)
    sheet.text(LEFT, 9, CAVEAT, fontweight="bold")
    room = full - text_width(CAVEAT, weight="bold") - text_width(facts) - 24
    names = [f"{run.title} ({run.name})", run.title, run.name] if run.title != run.name else [run.name]
    sheet.text(WIDTH - LEFT, 9, first_fit(names, room) + facts, ha="right")
    return sheet


def bands_note(run: Run) -> str:
    """What lines and bands are, in words."""
    return "one world: no bands" if run.worlds == 1 else f"bands over {number(run.worlds)} worlds"


def legend(sheet: Page, entries: Sequence[tuple[str, str, Any]], x: float, y: float, right: bool = False) -> float:
    """A row of samples with words: entries (words, kind `line`, `dark`, `light` or `dots`, colour or (colour, dash)).

    `x` is the left end, or the right end if `right`. Returns the width, points.
    """
    wide = 34.0
    width = sum(wide + 6 + text_width(words) + 18 for words, _, _ in entries) - 18
    at = x - width if right else x
    for words, kind, look in entries:
        colour, dash = look if isinstance(look, tuple) else (look, "-")
        if kind in ("dark", "light"):
            sheet.box(at, y - 2, wide, 13, facecolor=colour, alpha=0.45 if kind == "dark" else 0.2, linewidth=0)
        else:
            style = (0, (1, 1.6)) if kind == "dots" else dash
            thick = 1.6 if kind == "dots" else 2.6
            sheet.line([at, at + wide], [y + 4.5, y + 4.5], color=colour, linestyle=style, linewidth=thick)
        sheet.text(at + wide + 6, y, words)
        at += wide + 6 + text_width(words) + 18
    return width


def band_entries(run: Run, colour: str = SOFT) -> list[tuple[str, str, Any]]:
    """Legend of the usual curves."""
    if run.worlds == 1:
        return [("the one world", "line", colour)]
    return [
        ("median", "line", colour),
        ("50 %", "dark", colour),
        ("90 % of worlds", "light", colour),
        ("mean", "dots", colour),
    ]


def days(months: pd.DatetimeIndex) -> np.ndarray:
    """Middle of each month on matplotlib's time axis."""
    return np.asarray(date2num(months.to_numpy()), dtype=float) + 15.0


def limits(months: pd.DatetimeIndex) -> tuple[float, float]:
    """Begin of the first and end of the last month on matplotlib's time axis."""
    return float(date2num(months[0])), float(date2num(months[-1] + pd.DateOffset(months=1)))


def calendar_axis(
    ax: Axes, months: pd.DatetimeIndex, width: float, labels: bool = True, length: float = 5.0
) -> None:
    """Marks at the turn of years (of months, in short runs), words between them.

    `width` of the panel and `length` of the marks in points.
    """
    low, high = limits(months)
    end = months[-1] + pd.DateOffset(months=1)
    ax.set_xlim(low, high)
    if len(months) > 18:
        spans = [
            (max(pd.Timestamp(y, 1, 1), months[0]), min(pd.Timestamp(y + 1, 1, 1), end), str(y))
            for y in range(months[0].year, end.year + 1)
        ]
    else:
        spans = [(m, m + pd.DateOffset(months=1), f"{MONTH_NAMES[m.month - 1]} {m.year}") for m in months]
    spans = [s for s in spans if s[1] > s[0]]
    per_day = width / (high - low)
    # One line and plain texts draw faster than ticks, each of which is four artists.
    ax.set_xticks([])
    if length:
        marks, foot = [float(date2num(s[0])) for s in spans] + [high], ax.get_xaxis_transform()
        ax.add_artist(
            Line2D(
                marks,
                [0.0] * len(marks),
                linestyle="none",
                marker=TICKDOWN,  # type: ignore[arg-type]
                markersize=length,
                markeredgewidth=0.8,
                color=SOFT,
                transform=foot,
                clip_on=False,
                zorder=2.01,
            )
        )
    middles = [(float(date2num(a)) + float(date2num(b))) / 2 for a, b, _ in spans]
    need = text_width(spans[0][2]) + 6
    each = width / len(spans)
    step = max(1, int(np.ceil(need / each)))
    edge = text_width(spans[0][2]) / 2 - 12  # a label may stick out a little, into the gap between panels
    inside = [i for i, m in enumerate(middles) if (m - low) * per_day >= edge and (high - m) * per_day >= edge]
    shown = inside[::step]
    if labels:
        if not shown:
            shown, middles = [0], [(low + high) / 2]
        below, vertical, horizontal = ax.get_xaxis_text1_transform(8.0)
        for i in shown:
            ax.text(middles[i], 0.0, spans[i][2], transform=below, va=vertical, ha=horizontal)


def count_axis(ax: Axes, top: float, bins: int = 5) -> float:
    """Axis from zero with few round ticks; returns its upper end."""
    top = top * 1.06 if top > 0 else 1.0
    ax.set_ylim(0, top)
    ax.yaxis.set_major_locator(MaxNLocator(nbins=bins, integer=top >= 4, steps=[1, 2, 5, 10]))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: number(v)))
    ax.grid(axis="y", color="#d9d9d9", linewidth=0.7)
    ax.set_axisbelow(True)
    return top


def percent_axis(ax: Axes, top: float, bins: int = 5) -> None:
    """Axis of shares from zero to `top` in per cent."""
    ax.set_ylim(0, top)
    ax.yaxis.set_major_locator(MaxNLocator(nbins=bins, steps=[1, 2, 5, 10]))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{100 * v:.3g} %"))
    ax.grid(axis="y", color="#d9d9d9", linewidth=0.7)
    ax.set_axisbelow(True)


def draw_bands(
    ax: Axes, x: np.ndarray, curve: pd.DataFrame, colour: str, dash: Any = "-", mean: bool = True, strength: float = 1.0
) -> None:
    """Median with 50 % and 90 % bands; the mean as dots."""
    ax.fill_between(x, curve["p05"], curve["p95"], color=colour, alpha=0.2 * strength, linewidth=0)
    ax.fill_between(x, curve["p25"], curve["p75"], color=colour, alpha=0.31 * strength, linewidth=0)
    if mean:
        ax.plot(x, curve["mean"], color=colour, linestyle=(0, (1, 1.6)), linewidth=1.6)
    ax.plot(x, curve["p50"], color=colour, linestyle=dash, linewidth=2.4, solid_capstyle="butt")


def note(ax: Axes, text: str, width: float) -> None:
    """Words in the middle of an empty panel."""
    lines = wrap(text, width - 12, 3)
    ax.text(
        0.5,
        0.5,
        "\n".join(lines),
        transform=ax.transAxes,
        ha="center",
        va="center",
        color=SOFT,
        style="italic",
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 3.0},
    )


def looks(run: Run) -> dict[str, tuple[str, Any]]:
    """Colour and dash of each country."""
    return {c: (COLOURS[i % len(COLOURS)], DASHES[i % len(DASHES)]) for i, c in enumerate(run.countries.index)}


def on_colour(colour: Any) -> str:
    """Black or white, whichever reads better on this colour."""
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in to_rgb(colour))
    return "white" if 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.19 else INK


def quiet() -> Any:
    """Context in which figures are drawn and saved."""
    return matplotlib.rc_context(RC)  # type: ignore[arg-type]
