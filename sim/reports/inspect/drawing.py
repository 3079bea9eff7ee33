"""Pictures of one live world: the tile map with its recruiters, and curves by country."""

from __future__ import annotations

import io
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from sim.calendar import Month
from sim.engine.outcomes import OUTCOMES
from sim.reports.figures.run_tables import Run
from sim.reports.figures.style import (
    COLOURS,
    FONT,
    INK,
    SOFT,
    Page,
    calendar_axis,
    count_axis,
    days,
    fit,
    looks,
    quiet,
    text_width,
)
from sim.reports.figures.tilemap import SCHEMATIC, Shading, draw_key, draw_map, tile_centres
from sim.reports.inspect.world import ViewedWorld
from sim.runs.tables import places

MAP_SIZE, CURVE_SIZE = (700.0, 388.0), (700.0, 440.0)  # points
DPI = 110
#: What the map can show, the first at the start: outcome -> upper ends of the classes. They are fixed, so that a colour
#: means the same in every month; those of control are its grades.
SHADED: dict[str, tuple[float, ...]] = {
    "recruits": (1, 3, 10, 30, np.inf), "movement_members": (10, 30, 100, 300, np.inf),
    "control": (0.05, 0.25, 0.5, 0.8, 1.0), "departures": (1, 3, 10, 30, np.inf),
    "sympathisers": (100, 300, 1000, 3000, np.inf), "presence": (0.2, 0.4, 0.6, 0.8, 1.0),
    "readiness": (0.02, 0.05, 0.1, 0.2, np.inf)}
#: Recruiters: colour by organisation, a full dot while at work.
RECRUITER_COLOURS = {"movement": "#D55E00", "rival": "#0072B2", "mass": "#CC79A7"}
RECRUITER_WORDS = {"movement": "movement", "rival": "older network", "mass": "mass movement"}
IN_A_ROW, STEP, ROWS = 5, 0.13, (-0.27, 0.29, -0.39, 0.41)  # of the dots in a tile, around its letters; tile widths
_drawing = threading.Lock()  # settings of matplotlib are of the whole process, and each tab of a browser has a thread


@dataclass
class Panel(Page):
    """A page of another size."""

    wide: float = MAP_SIZE[0]
    high: float = MAP_SIZE[1]

    def axes(self, x: float, y: float, w: float, h: float) -> Axes:
        return self.figure.add_axes((x / self.wide, y / self.high, w / self.wide, h / self.high))

    def text(self, x: float, y: float, text: str, **style: Any) -> Any:
        return self.figure.text(x / self.wide, y / self.high, text, **{"fontsize": FONT, "va": "baseline", **style})

    def line(self, xs: Sequence[float], ys: Sequence[float], **style: Any) -> None:
        self.figure.add_artist(Line2D(np.array(xs) / self.wide, np.array(ys) / self.high, **style))

    def box(self, x: float, y: float, w: float, h: float, **style: Any) -> None:
        place = (x / self.wide, y / self.high)
        self.figure.add_artist(Rectangle(place, w / self.wide, h / self.high, transform=self.figure.transFigure,
                                         **style))


def panel(name: str, size: tuple[float, float]) -> Panel:
    return Panel(Figure(figsize=(size[0] / 72, size[1] / 72), facecolor="white"), name, *size)


def run_of(model: ViewedWorld) -> Run:
    """The places of the model in the shape that figures need."""
    empty = pd.DataFrame()
    return Run(empty, places(model.geography), empty, empty, model.setting.title, model.setting.name, 1)


def png(sheet: Panel) -> bytes:
    out = io.BytesIO()
    sheet.figure.savefig(out, format="png", dpi=DPI)
    return out.getvalue()


def draw_places(model: ViewedWorld, outcome: str) -> bytes:
    """The tile map of one outcome in the last month, and every recruiter as a dot in the tile of its region."""
    with _drawing, quiet():
        run, sheet = run_of(model), panel("map", MAP_SIZE)
        centres = tile_centres(run.regions)
        gone = model.values(outcome)
        now = gone[-1].astype(float) if len(gone) else np.zeros(len(centres))
        shading = Shading(pd.Series(now, index=run.regions.index), SHADED[outcome], labels_of(outcome),
                          "of residents" if outcome == "control" else OUTCOMES[outcome].unit)
        ax = draw_map(sheet, run, shading, (8, 70, MAP_SIZE[0] - 16, MAP_SIZE[1] - 72), centres)
        _recruiters(ax, model, centres[["x", "y"]].to_numpy())
        draw_key(sheet, shading, 12, 52)
        _recruiter_key(sheet)
        sheet.text(12, 8, fit(SCHEMATIC, MAP_SIZE[0] - 24, 11), color=SOFT, fontsize=11)
        return png(sheet)


def labels_of(outcome: str) -> tuple[str, ...]:
    """The classes in words."""
    edges, percent = SHADED[outcome], OUTCOMES[outcome].unit == "0-1"
    words = [f"{100 * edge:.0f}" if percent else f"{edge:g}" for edge in edges]
    end = " %" if percent else ""
    middle = [f"{low}–{high}" for low, high in pairwise(words[:-1])]
    return (f"to {words[0]}{end}", *middle, f"above {words[-2]}{end}")


def _recruiters(ax: Axes, model: ViewedWorld, centres: np.ndarray) -> None:
    """Each who is at large in the cell of its region, in the order of the table, as far as a tile has room."""
    seen = np.zeros(len(centres), dtype=int)
    dots: dict[tuple[str, bool], list[tuple[float, float]]] = {}
    for agent in model.recruiters:
        place = agent.cell.coordinate
        row, column = divmod(int(seen[place]), IN_A_ROW)
        if agent.status != "arrested" and row < len(ROWS):
            seen[place] += 1
            spot = (centres[place, 0] + (column - (IN_A_ROW - 1) / 2) * STEP, centres[place, 1] + ROWS[row])
            dots.setdefault((agent.organisation, agent.status == "active"), []).append(spot)
    for (organisation, active), spots in dots.items():
        _dots(ax, np.array(spots), organisation, active)


def _dots(ax: Axes, spots: np.ndarray, organisation: str, active: bool) -> None:
    colour = RECRUITER_COLOURS[organisation]
    ax.plot(spots[:, 0], spots[:, 1], marker="o" if active else "D", markersize=4.6 if active else 3.4,
            linestyle="none", markerfacecolor=colour if active else "white",
            markeredgecolor="white" if active else colour, markeredgewidth=0.6 if active else 1.0)


def _recruiter_key(sheet: Panel) -> None:
    """What dots and colours of recruiters mean."""
    ax = sheet.axes(0, 22, sheet.wide, 22)
    ax.set(xlim=(0, sheet.wide), ylim=(0, 22))
    ax.axis("off")
    at = 12.0
    sheet.text(at, 30, "Recruiters:", fontsize=12, color=INK)
    at += text_width("Recruiters:", 12) + 14
    for words, organisation, active in (*((RECRUITER_WORDS[name], name, True) for name in RECRUITER_COLOURS),
                                        ("lying low", "movement", False)):
        _dots(ax, np.array([[at, 12.0]]), organisation, active)
        sheet.text(at + 8, 30, words, fontsize=12, color=INK)
        at += text_width(words, 12) + 30


def draw_curves(model: ViewedWorld, outcome: str, bars: str = "") -> bytes:
    """One outcome by country from the start to the last month; ``bars``: an outcome that is or is not, marked below."""
    with _drawing, quiet():
        run, sheet = run_of(model), panel(outcome, CURVE_SIZE)
        wide, high = CURVE_SIZE[0] - 76, CURVE_SIZE[1] - 96 - (30 if bars else 0)
        ax = sheet.axes(62, 36 + (30 if bars else 0), wide, high)
        first = Month(model.worlds.start)
        months = pd.date_range(first.date, periods=model.months, freq="MS")
        values = model.curves(outcome)
        at = days(months)[:len(values)]
        for y, (colour, dash) in enumerate(looks(run).values()):
            ax.plot(at, values[:, y], color=colour, linestyle=dash, linewidth=2.0,
                    marker="o" if len(values) == 1 else "")
        calendar_axis(ax, months, wide, labels=not bars)
        count_axis(ax, max(float(values.max(initial=0)), 4.0), 4)
        if bars:
            _bars(sheet, model, bars, months, wide)
        _head(sheet, run, OUTCOMES[outcome].label, OUTCOMES[outcome].unit)
        return png(sheet)


def _head(sheet: Panel, run: Run, label: str, unit: str) -> None:
    """Title and the countries in their colours."""
    sheet.text(12, sheet.high - 22, fit(f"{label[:1].upper()}{label[1:]}, {unit}", sheet.wide - 24, FONT, "bold"),
               fontweight="bold")
    at = 62.0
    for country, (colour, dash) in looks(run).items():
        name = str(run.countries["name"][country])
        sheet.line([at, at + 30], [sheet.high - 41.5] * 2, color=colour, linestyle=dash, linewidth=2.4)
        sheet.text(at + 36, sheet.high - 46, name, fontsize=13)
        at += 36 + text_width(name, 13) + 20


def _bars(sheet: Panel, model: ViewedWorld, outcome: str, months: pd.DatetimeIndex, wide: float) -> None:
    """A line for each country, drawn in the months in which the outcome is there."""
    ax = sheet.axes(62, 36, wide, 24)
    values = model.curves(outcome) > 0
    low = days(months)[:len(values)] - 15
    for y, colour in enumerate(COLOURS[:values.shape[1]]):
        ax.barh(-y, 30.5 * values[:, y], left=low, height=0.8, color=colour, linewidth=0)
    calendar_axis(ax, months, wide)
    ax.set_ylim(0.6 - values.shape[1], 0.6)
    ax.set_yticks([])
    sheet.text(58, 48, "foothold", fontsize=11, ha="right", va="center", color=SOFT)
