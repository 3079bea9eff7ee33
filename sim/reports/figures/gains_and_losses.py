"""Where a scenario helps and where it harms: maps of the difference, and gains beside losses by country and region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from sim.reports.figures.comparison_tables import Compared, short
from sim.reports.figures.scales import flat_signed_axis, headed
from sim.reports.figures.style import (
    BOTTOM,
    COLOURS,
    INK,
    LEFT,
    SOFT,
    TOP,
    WIDTH,
    Page,
    first_fit,
    fit,
    note,
    number,
    on_colour,
    text_width,
)
from sim.reports.figures.tilemap import CORNERS, NONE, SCHEMATIC, Shading, abbreviations, draw_map, tile_centres
from sim.words import percent

MAPS = 2  # headline outcomes that are mapped
LIST, ITEM = 236.0, 39.0  # points: width of the list beside the map, height of an entry
#: light to dark; blue and orange stay apart for all common colour blindness and in lightness order in grey
BETTER = ("#d6e6f2", "#8fbfe0", "#3f8fc4", "#08519c")
WORSE = ("#fbe3cf", "#f4b183", "#dd7a2f", "#9c3d00")
BETTER_BAR, WORSE_BAR, OTHER_BAR = COLOURS[0], COLOURS[1], "#777777"
HATCH = "#8a8a8a"
EXTREMES = 4  # regions listed at either end
FIXED_UNITS = ("0-1", "index")


@dataclass(frozen=True)
class Diverging(Shading):
    """Differences, made so that positive is worse, in classes of size on either side of zero."""

    def colour(self, region: str) -> object:
        """Colour of a region's tile."""
        value = float(self.values[region])
        if not np.isfinite(value):
            return "white"
        if value == 0:
            return NONE
        return (WORSE if value > 0 else BETTER)[min(int(np.searchsorted(self.edges, abs(value))), len(WORSE) - 1)]


def maps(c: Compared, scenario: str) -> list[Page]:
    """Difference by region for the headline outcomes that were kept by region."""
    kept = set(c.regions["outcome"])
    mapped = [outcome for outcome in c.headline(6) if outcome in kept][:MAPS]
    return [difference_map(c, scenario, outcome) for outcome in mapped]


def difference_map(c: Compared, scenario: str, outcome: str) -> Page:
    """Mean paired difference by region, hatched where it cannot be told from chance."""
    table, unit = _scaled(c, scenario, outcome)
    per = unit.partition(" per ")[2]
    what = "Mean difference in the same worlds" + (f", per {per}" if per else "") + c.when
    sheet = headed(c.run, f"map_{scenario}_{outcome}", f"Change in {short(outcome)}: {c.titles[scenario]}",
                   what + "; hatched: not told apart from chance", what)
    sheet.text(LEFT, BOTTOM + 3, fit(SCHEMATIC, WIDTH - 2 * LEFT), color=SOFT)
    values = table["difference_mean"] * (-1.0 if c.outcomes.loc[outcome, "wish"] == "+" else 1.0)
    shading = _classes(values, unit)
    key, left = BOTTOM + 24.0, WIDTH - LEFT - LIST
    centres = tile_centres(c.run.regions)
    ax = draw_map(sheet, c.run, shading, (LEFT, key + 22, left - LEFT - 12, TOP - key - 24), centres)
    _hatch(ax, centres[~table["decided"] & values.ne(0)])
    _key(sheet, shading, "lower" if not c.outcomes.loc[outcome, "wish"] else "better", key)
    _extremes(sheet, c, shading, table, left)
    return sheet


def _scaled(c: Compared, scenario: str, outcome: str) -> tuple[pd.DataFrame, str]:
    """Differences by region, counts per million inhabitants, and their unit."""
    table, unit = c.by_region(scenario, outcome), str(c.outcomes.loc[outcome, "unit"])
    if unit in FIXED_UNITS:
        return table, unit
    residents = c.run.regions["residents"]
    million = residents.where(residents > 0) / 1e6
    return table.assign(difference_mean=table["difference_mean"] / million), f"{unit} per million inhabitants"


def _classes(values: pd.Series, unit: str) -> Diverging:
    """Classes of size on a 1-3-10 ladder under the largest difference."""
    top = float(values.abs().max())
    top = top if top > 0 else 1.0
    ladder = [m * 10.0**k for k in range(-8, 7) for m in (1.0, 3.0)]
    edges = [e for e in ladder if e < top][-(len(WORSE) - 1):]
    finite = [number(e) for e in edges]
    labels = (f"under {finite[0]}", *[f"{a}–{b}" for a, b in pairwise(finite)], f"over {finite[-1]}")
    return Diverging(values, (*edges, np.inf), labels, unit)


def _hatch(ax: Axes, centres: pd.DataFrame) -> None:
    outline = [np.array([row.x, row.y]) + CORNERS for row in centres.itertuples()]
    with rc_context({"hatch.linewidth": 0.7}):
        ax.add_collection(PolyCollection(outline, facecolors="none", edgecolors=HATCH, linewidths=0.0, hatch="////",
                                         zorder=1.2))


def _key(sheet: Page, shading: Diverging, good: str, y: float) -> None:
    """Both sides of zero in one row, with the words of their classes below the middle of each pair."""
    bad = {"better": "worse", "lower": "higher"}[good]
    at = LEFT
    sheet.text(at, y, good)
    at += text_width(good) + 6
    for colour in (*reversed(BETTER), NONE, *WORSE):
        sheet.box(at, y - 2, 20, 14, facecolor=colour, edgecolor=SOFT, linewidth=0.6)
        at += 20
    sheet.text(at + 6, y, bad)
    at += text_width(bad) + 20
    edges = ", ".join(number(e) for e in shading.edges[:-1])
    sizes = ", ".join(shading.labels)
    words = [f"white: no change; pale to dark: {sizes}; sign test, 5 % false discoveries",
             f"white: no change; pale to dark: {sizes}; sign test at 5 %", f"white: no change; pale to dark: {sizes}",
             f"white: no change; darker from {edges} on", f"darker from {edges} on"]
    sheet.text(at, y, first_fit(words, WIDTH - LEFT - at), color=SOFT)


def _extremes(sheet: Page, c: Compared, shading: Diverging, table: pd.DataFrame, left: float) -> None:
    """The regions that change most either way: those told apart first."""
    worst, best = _ends(shading.values, table["decided"])
    names = abbreviations(c.run.regions)
    y = TOP - 14
    for heading, regions in (("Worsens most", worst), ("Improves most", best)):
        if not len(regions):
            sheet.text(left, y, f"{heading}: none told apart", color=SOFT)
            y -= 26
            continue
        sheet.text(left, y, heading, fontweight="bold")
        y -= 24
        for region in regions:
            colour = shading.colour(region)
            sheet.box(left, y - 19, 42, 32, facecolor=colour, edgecolor=SOFT, linewidth=0.6)
            sheet.text(left + 21, y - 3, names[region], ha="center", va="center_baseline", color=on_colour(colour))
            sheet.text(left + 50, y, fit(str(c.run.regions["name"][region]), LIST - 50))
            sheet.text(left + 50, y - 17, fit(_region_words(table.loc[region]), LIST - 50), color=SOFT)
            y -= ITEM
        y -= 4


def _ends(values: pd.Series, decided: pd.Series) -> tuple[list[str], list[str]]:
    """Regions told apart that worsen and that improve, the largest first, few of each."""
    told = values[decided & values.ne(0)].sort_values(kind="stable")
    return [str(r) for r in told[told > 0].index[::-1][:EXTREMES]], [str(r) for r in told[told < 0].index[:EXTREMES]]


def _region_words(row: Any) -> str:
    change = float(row["difference_mean"])
    share = max(float(row["share_better"]), float(row["share_worse"]))
    return f"{'+' if change > 0 else '−'}{number(abs(change))}; {percent(share)} of worlds"


# ------------------------------------------------------------------------------------------------ displacement


def displacement(c: Compared, scenario: str) -> Page:
    """Countries, and the regions that gain and lose most, side by side for the headline outcomes.

    One rule fills a bar: the sign test decides, the mean lies on the side of most worlds, and the interval of the mean,
    where there is one, leaves out zero.
    """
    what = f"Mean difference in the same worlds{c.when}; ◆ the scenario acts here"
    sheet = headed(c.run, f"displacement_{scenario}", f"Who gains, who loses: {c.titles[scenario]}",
                   f"{what}; filled: sign test decides and the mean's interval leaves out zero",
                   f"{what}; filled: sign test and interval decide", what)
    outcomes = c.headline()
    _displacement_key(sheet)
    pitch = (WIDTH - 2 * LEFT) / len(outcomes)
    for i, outcome in enumerate(outcomes):
        x, width = LEFT + i * pitch, pitch - 16
        hope = {"-": ", less is better", "+": ", more is better"}.get(str(c.outcomes.loc[outcome, "wish"]), "")
        name = short(outcome)[0].upper() + short(outcome)[1:]
        sheet.text(x, TOP - 12, fit(name, width, 16, "bold"), fontsize=16, fontweight="bold")
        unit = str(c.outcomes.loc[outcome, "unit"]).removesuffix("/month")
        sheet.text(x, TOP - 30, first_fit([unit + hope, unit], width), color=SOFT)
        middle = TOP - 44 - 26 * len(c.run.countries) - 22
        _bars(sheet, _country_bars(c, scenario, outcome), (x, middle + 22, width, TOP - 44 - middle - 22))
        bars = _region_bars(c, scenario, outcome)
        sheet.text(x, middle - 24, "Regions that change most", color=INK)
        _bars(sheet, bars, (x, BOTTOM + 42, width, middle - 34 - BOTTOM - 42))
    return sheet


@dataclass(frozen=True)
class Bar:
    """One place: mean difference, its interval where known, and its looks."""

    name: str
    value: float
    low: float
    high: float
    colour: str
    decided: bool


def _colour(value: float, wish: str) -> str:
    """Blue is better, orange worse, grey neither."""
    if not wish:
        return OTHER_BAR
    return BETTER_BAR if (value < 0) == (wish == "-") else WORSE_BAR


def _country_bars(c: Compared, scenario: str, outcome: str) -> list[Bar]:
    bars = []
    for country, name in c.run.countries["name"].items():
        row = c.effect(scenario, outcome, str(country))
        if row is not None:
            value = float(row["difference_mean"])
            low, high = float(row["mean_low"]), float(row["mean_high"])
            solid = _truth(row["decided"]) and (low > 0 or high < 0) and agrees(row["better"], row["worse"], value,
                                                                                str(row["wish"]))
            bars.append(Bar(_marked(c, scenario, str(country), str(name)), value, low, high,
                            _colour(value, str(row["wish"])), solid))
    return bars


def agrees(better: float, worse: float, mean: float, wish: str) -> bool:
    """Whether the mean lies on the side on which most worlds do; of what has no wish, lower counts as better."""
    return (better - worse) * mean * (1.0 if wish == "+" else -1.0) > 0


def _region_bars(c: Compared, scenario: str, outcome: str) -> list[Bar]:
    """The largest falls, then the largest rises; those told apart come first."""
    table = c.by_region(scenario, outcome)
    values = table["difference_mean"].fillna(0.0)
    rank = values.where(table["decided"], values * 1e-6)
    falls = [r for r in rank.sort_values(kind="stable").index if values[r] < 0][:EXTREMES]
    rises = [r for r in rank.sort_values(ascending=False, kind="stable").index if values[r] > 0][:EXTREMES]
    wish = str(c.outcomes.loc[outcome, "wish"])
    countries = c.run.regions["country"]
    return [Bar(_marked(c, scenario, str(r), f"{c.run.regions['name'][r]} ({countries[r]})", str(countries[r])),
                float(values[r]), np.nan, np.nan, _colour(values[r], wish),
                bool(table["decided"][r]) and agrees(float(table["share_better"][r]), float(table["share_worse"][r]),
                                                     float(values[r]), wish))
            for r in [*falls, *reversed(rises)]]


def _marked(c: Compared, scenario: str, place: str, name: str, country: str = "") -> str:
    acts = {place, country, "*"} & c.acts.get(scenario, frozenset())
    return f"◆ {name}" if acts else name


def _truth(value: object) -> bool:
    return str(value).lower() in ("true", "1", "1.0")


def _bars(sheet: Page, bars: Sequence[Bar], box: tuple[float, float, float, float]) -> None:
    """Horizontal bars from zero, names at the left."""
    x, y, width, height = box
    names = 0.46 * width
    ax = sheet.axes(x + names, y, width - names, height)
    rows = max(len(bars), 1)
    ax.set_ylim(-0.5, rows - 0.5)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ends = np.array([[bar.value, bar.low, bar.high] for bar in bars], dtype=float)
    flat_signed_axis(ax, ends, width - names)
    if not bars or not np.nan_to_num(ends).any():
        note(ax, "no difference in any world", width - names)
    for k, bar in enumerate(bars):
        at = rows - 1 - k
        ax.barh([at], [bar.value], height=0.62, color=bar.colour if bar.decided else "white", edgecolor=bar.colour,
                linewidth=1.8, zorder=2)
        if np.isfinite(bar.low):
            ax.plot([bar.low, bar.high], [at, at], color=INK, linewidth=1.6, zorder=3)
        texts = [bar.name, bar.name.rpartition(" (")[0] or bar.name]
        sheet.text(x, y + height * (at + 0.5) / rows - 5, first_fit(texts, names - 6))
    ax.axvline(0, color=INK, linewidth=1.4, zorder=4)


def _displacement_key(sheet: Page) -> None:
    at, y = LEFT, BOTTOM + 4
    for words, colour, full in (("better", BETTER_BAR, True), ("worse", WORSE_BAR, True),
                                ("neither by itself", OTHER_BAR, True), ("hollow: one of the two leaves it open", SOFT,
                                                                         False)):
        sheet.box(at, y - 2, 28, 13, facecolor=colour if full else "white", edgecolor=colour, linewidth=1.6)
        sheet.text(at + 34, y, words)
        at += 34 + text_width(words) + 20
    sheet.line([at, at + 28], [y + 4.5, y + 4.5], color=INK, linewidth=1.6)
    sheet.text(at + 34, y, first_fit(["95 % interval of the mean", "95 %, mean"], WIDTH - LEFT - at - 34))
