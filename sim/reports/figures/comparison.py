"""Scenarios against their base: fans, paired differences by month, and the forest of all outcomes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.path import Path as MarkerPath
from matplotlib.ticker import FuncFormatter

from sim.reports.figures import gains_and_losses, reasons
from sim.reports.figures.comparison_tables import ALL, Compared, batches, explained, read, short
from sim.reports.figures.run_tables import QUANTILES
from sim.reports.figures.scales import canvas, compact, headed, shares, signed, signed_axis, value_axis, wrap_bold
from sim.reports.figures.style import (
    BOTTOM,
    COLOURS,
    INK,
    LEFT,
    SOFT,
    TOP,
    WIDTH,
    Page,
    calendar_axis,
    count_axis,
    days,
    draw_bands,
    first_fit,
    fit,
    legend,
    note,
    quiet,
    text_width,
)
from sim.runs.pool import forks, in_order

BASE, OTHER = "#4d4d4d", COLOURS[0]
BASE_DASH = (0, (5, 2))
BETTER, WORSE, NEITHER = COLOURS[0], COLOURS[1], "#000000"
MARKS = {"better": ("o", BETTER), "worse": ("s", WORSE), "lower": ("v", NEITHER), "higher": ("^", NEITHER)}
UNDECIDED = ("o", "#777777")
MAX_COLUMNS, MAX_ROWS = 5, 18
HEAD_LINES = 6  # of a column's heading at most
ON_LEFT, ON_RIGHT = (MarkerPath([(side, 1), (-side, 0), (side, -1)]) for side in (0.5, -0.5))  # open angles
LINE = 17.0  # points from one line of text to the next
AXIS = 52.0  # points kept for the numbers of a vertical axis
REACH = 1.5  # the forest shows changes up to this many times the base; beyond it an arrow stands

Column = tuple[str, str, str]  # heading, scenario, place


def draw(folder: Path, out: Path, svg: bool = False) -> list[Path]:
    """Write every figure of a comparison into ``out`` as PNG, and as SVG if asked, on all cores; return the files."""
    out.mkdir(parents=True, exist_ok=True)
    c = read(folder)
    jobs = 0 if forks() or len(c.others) > 1 else 1
    drawn = in_order(partial(_draw_part, c, out, svg), [None, *c.others], jobs)
    return [file for files in drawn for file in files]


def _draw_part(c: Compared, out: Path, svg: bool, scenario: str | None) -> list[Path]:
    """Figures of one scenario; without one, those that show all of them."""
    with quiet():
        return [file for sheet in (common_pages(c) if scenario is None else scenario_pages(c, scenario))
                for file in sheet.save(out, svg)]


def draw_robust(folder: Path, out: Path, svg: bool = False) -> list[Path]:
    """Write the figures of a test of robustness."""
    out.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    with quiet():
        for sheet in reasons.robust_pages(*reasons.read_robust(folder)):
            files += sheet.save(out, svg)
    return files


def pages(c: Compared) -> Iterator[Page]:
    """Every figure, one by one; what was not computed has none."""
    yield from common_pages(c)
    for scenario in c.others:
        yield from scenario_pages(c, scenario)


def common_pages(c: Compared) -> Iterator[Page]:
    """Figures that show all scenarios together."""
    yield from forest(c)
    yield from differences(c)
    if c.robust:
        yield from reasons.robust_pages(c.run, c.titles, c.robust)


def scenario_pages(c: Compared, scenario: str) -> Iterator[Page]:
    """Figures of one scenario beside the base."""
    yield fans(c, scenario)
    yield differences_by_country(c, scenario)
    yield gains_and_losses.displacement(c, scenario)
    yield from gains_and_losses.maps(c, scenario)
    yield from reasons.why_pages(c, scenario)


# ------------------------------------------------------------------------------------------------ curves


def fans(c: Compared, scenario: str) -> Page:
    """Base and scenario by month and country, each with its bands."""
    sheet = headed(c.run, f"fans_{scenario}", f"Beside the base: {c.titles[scenario]}",
                   f"Each month by country, each panel on its own scale; both from the same worlds{c.beside}")
    legend(sheet, [("base, median", "line", (BASE, BASE_DASH)), ("scenario, median", "line", OTHER),
                   ("50 %", "dark", OTHER), ("90 % of worlds", "light", OTHER)], LEFT, BOTTOM + 4)

    def panel(ax: Axes, outcome: str, column: Column, width: float) -> None:
        _, _, place = column
        base, other = c.curve(c.base, outcome, place, "level"), c.curve(scenario, outcome, place, "level")
        both = [curve for curve in (base, other) if curve is not None]
        top = max((float(curve[["p95", "mean"]].max().max()) for curve in both), default=0.0)
        count_axis(ax, top, bins=4)
        ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: compact(v)))
        if base is None or other is None or not top:
            ax.set_yticks([0])
            note(ax, "not recorded" if base is None or other is None else "none in any world", width)
            return
        draw_bands(ax, days(c.months), other, OTHER, mean=False, strength=0.8)
        draw_bands(ax, days(c.months), base, BASE, BASE_DASH, mean=False, strength=0.8)

    _grid(sheet, c, _countries(c, scenario), panel, "")
    return sheet


def differences(c: Compared) -> list[Page]:
    """Paired difference of each scenario by month, all countries together."""
    groups, sheets = batches(c.others, MAX_COLUMNS), []
    for k, group in enumerate(groups):
        what = "All countries together; the same worlds with and without the change"
        sheet = headed(c.run, _numbered("differences", k, groups), "Change against the base, month by month",
                       f"{what}, so luck cancels out{c.beside}", what + c.beside)
        columns = [(c.titles[scenario], scenario, ALL) for scenario in group]
        _difference_grid(sheet, c, columns, shared=True)
        sheets.append(sheet)
    return sheets


def differences_by_country(c: Compared, scenario: str) -> Page:
    """Paired difference of one scenario by month and country."""
    what = "By country; the same worlds with and without the change"
    sheet = headed(c.run, f"differences_{scenario}", f"Change month by month: {c.titles[scenario]}",
                   f"{what}; each panel on its own scale{c.beside}", what + c.beside)
    _difference_grid(sheet, c, _countries(c, scenario), shared=False)
    return sheet


def _difference_grid(sheet: Page, c: Compared, columns: Sequence[Column], shared: bool) -> None:
    legend(sheet, [("median difference", "line", OTHER), ("50 %", "dark", OTHER), ("90 % of worlds", "light", OTHER),
                   ("mean", "dots", OTHER), ("no change", "line", (INK, "-"))], LEFT, BOTTOM + 4)
    curves = {(o, column): c.curve(column[1], o, column[2], "difference") for o in c.headline() for column in columns}
    found = {o: [curve for key, curve in curves.items() if key[0] == o and curve is not None] for o in c.headline()}

    def panel(ax: Axes, outcome: str, column: Column, width: float) -> None:
        curve = curves[outcome, column]
        own = [] if curve is None else [curve]
        bands = found[outcome] if shared else own
        signed_axis(ax, min((float(b[["p05", "mean"]].min().min()) for b in bands), default=0.0),
                    max((float(b[["p95", "mean"]].max().max()) for b in bands), default=0.0))
        ax.axhline(0, color=INK, linewidth=1.4, zorder=3)
        if curve is None or not curve[list(QUANTILES)].to_numpy().any():
            note(ax, "not recorded" if curve is None else "the same in every world", width)
        if curve is not None:
            draw_bands(ax, days(c.months), curve, OTHER)

    _grid(sheet, c, columns, panel, "change in ", shared)


def _countries(c: Compared, scenario: str) -> list[Column]:
    return [(str(name), scenario, str(country)) for country, name in c.run.countries["name"].items()]


def _grid(sheet: Page, c: Compared, columns: Sequence[Column],
          panel: Callable[[Axes, str, Column, float], None], before: str, shared: bool = False) -> None:
    """Panels in rows of headline outcomes and the given columns, under headings of few lines."""
    axis = AXIS if not shared else 6.0
    left = LEFT + (AXIS if shared else 0.0)
    pitch = (WIDTH - LEFT - left) / len(columns)
    heads = [wrap_bold(heading, pitch - 10, HEAD_LINES) for heading, _, _ in columns]
    lines = max(len(head) for head in heads)
    for i, head in enumerate(heads):
        for k, words in enumerate(head):
            sheet.text(left + i * pitch + axis, TOP - 12 - LINE * k, words, fontweight="bold")
    rows, top, floor = c.headline(), TOP - 4 - LINE * lines, BOTTOM + 44
    high = (top - floor) / len(rows)
    for r, outcome in enumerate(rows):
        y = top - high * (r + 1) + 6
        sheet.text(LEFT, y + high - 21, _row_words(c, outcome, before))
        for i, column in enumerate(columns):
            x, width = left + i * pitch + axis, pitch - axis - 12
            ax = sheet.axes(x, y, width, high - 34)
            panel(ax, outcome, column, width)
            calendar_axis(ax, c.months, width, labels=r + 1 == len(rows))
            if shared and i:
                ax.tick_params(axis="y", labelleft=False)


def _row_words(c: Compared, outcome: str, before: str) -> str:
    """What a row of panels shows, as long as there is room for it."""
    label, _, wish = c.outcomes.loc[outcome]
    hope = {"-": " (less is better)", "+": " (more is better)"}.get(str(wish), "")
    words = f"{before}{short(outcome)}"
    words = words[0].upper() + words[1:]
    longer = explained(str(label), outcome)
    return first_fit([f"{words}: {longer}{hope}" if longer else words + hope, words + hope, words], WIDTH - 2 * LEFT)


def _numbered(name: str, k: int, groups: Sequence[Any]) -> str:
    return f"{name}_{k + 1}" if len(groups) > 1 else name


# ------------------------------------------------------------------------------------------------ forest


def forest(c: Compared) -> list[Page]:
    """Every outcome and scenario: median paired difference as a share of the base, with its interval."""
    rows = forest_rows(c)
    groups = [(few, some) for few in batches(c.others, MAX_COLUMNS) for some in batches(rows, MAX_ROWS)]
    title = f"{c.titles[c.others[0]]}: {_counted(c)}" if len(c.others) == 1 else "Every outcome against the base"
    what = "Median change in the same worlds in per cent of the base's median, 95 % interval; all countries"
    sheets = []
    for k, (scenarios, outcomes) in enumerate(groups):
        sheet = headed(c.run, _numbered("forest", k, groups), title, what + c.when,
                       f"Median change in per cent of the base's median, 95 % interval; all countries{c.when}")
        _forest(sheet, c, scenarios, outcomes)
        sheets.append(sheet)
    return sheets


def _counted(c: Compared) -> str:
    """How many outcomes of the one scenario come out which way."""
    count = c.effects[(c.effects["place"] == ALL) & (c.effects["outcome"] != "effort")]["direction"].value_counts()
    words = [f"{count[key]} {key}" for key in ("worse", "better", "lower", "higher") if key in count]
    left = int(count.sum()) - sum(int(count.get(key, 0)) for key in MARKS)
    return ", ".join([*words, f"{left} not told apart"])


def forest_rows(c: Compared) -> list[str]:
    """Outcomes that get worse in the most scenarios first; then by wish: less, more, neither is better."""
    order = {"-": 0, "+": 1, "": 2}
    worse = c.effects[(c.effects["place"] == ALL) & (c.effects["direction"] == "worse")]["outcome"].value_counts()
    return sorted((o for o in c.outcomes.index if o != "effort"),
                  key=lambda o: (-int(worse.get(o, 0)), order[c.outcomes.loc[o, "wish"]]))


def _forest(sheet: Page, c: Compared, scenarios: Sequence[str], outcomes: Sequence[str]) -> None:
    _forest_key(sheet)
    names = 200.0
    pitch = (WIDTH - 2 * LEFT - names) / len(scenarios)
    heads = [wrap_bold(c.titles[scenario], pitch - 10, HEAD_LINES) for scenario in scenarios]
    top, floor = TOP - 4 - LINE * max(map(len, heads)), BOTTOM + 46
    sheet.text(LEFT, TOP - 12, "↓ less, ↑ more is better", color=SOFT)
    step = (top - floor) / len(outcomes)
    for k, outcome in enumerate(outcomes):
        y = top - step * (k + 0.5) - 5
        sheet.text(LEFT, y, {"-": "↓", "+": "↑", "": ""}[str(c.outcomes.loc[outcome, "wish"])], color=SOFT)
        sheet.text(LEFT + 18, y, fit(short(outcome), names - 24))
    reach = _reach(c, scenarios, outcomes)
    for i, scenario in enumerate(scenarios):
        x = LEFT + names + i * pitch
        for k, words in enumerate(heads[i]):
            sheet.text(x + 6, TOP - 12 - LINE * k, words, fontweight="bold")
        numbers = 66.0 if pitch > 220 else 0.0
        ax = sheet.axes(x + 6, floor, pitch - 18 - numbers, top - floor)
        _forest_axis(ax, reach, len(outcomes), pitch - 18 - numbers)
        for k, outcome in enumerate(outcomes):
            row = c.effect(scenario, outcome, ALL)
            at = len(outcomes) - 1 - k
            words = _forest_mark(ax, row, at, reach, pitch - 24 - numbers)
            if numbers and words:
                sheet.text(x + pitch - 10, floor + step * (at + 0.5) - 5, words, ha="right")


def _forest_key(sheet: Page) -> None:
    at, y = LEFT + 6, BOTTOM + 8.5
    ax = canvas(sheet)
    words = {"better": "better", "worse": "worse", "lower": "lower", "higher": "higher"}
    for key, text in [*words.items(), ("", "not told apart")]:
        marker, colour = MARKS.get(key, UNDECIDED)
        ax.plot([at], [y], marker, color=colour, markerfacecolor=colour if key else "white", markersize=9,
                markeredgewidth=1.8)
        sheet.text(at + 11, y - 4.5, text)
        at += 11 + text_width(text) + 26
    sheet.text(WIDTH - LEFT, y - 4.5, "‹ or ›: interval goes on beyond the edge", ha="right", color=SOFT)


def _reach(c: Compared, scenarios: Sequence[str], outcomes: Sequence[str]) -> float:
    """Half width of the forest: holds every interval up to a limit."""
    rows = c.effects[(c.effects["place"] == ALL) & c.effects["scenario"].isin(list(scenarios))
                     & c.effects["outcome"].isin(list(outcomes)) & (c.effects["base_median"] > 0)]
    ends = rows[["difference_median", "difference_low", "difference_high"]].abs().max(axis=1) / rows["base_median"]
    return float(np.clip(1.08 * (ends.max() if len(ends) else 0.0), 0.05, REACH))


def _forest_axis(ax: Axes, reach: float, rows: int, width: float) -> None:
    ax.set_xlim(-reach, reach)
    ax.set_ylim(-0.5, rows - 0.5)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.axvline(0, color=INK, linewidth=1.4, zorder=1)
    value_axis(ax, width, lambda value: shares(value).removesuffix(" %"))
    for at in range(rows):
        ax.axhline(at, color="#ededed", linewidth=0.7, zorder=0)


def _forest_mark(ax: Axes, row: Any | None, at: int, reach: float, width: float) -> str:
    """One estimate in its row; returns its words, or '' where words stand in the panel."""
    if row is None or not row["base_median"] > 0 or row["direction"] == "same in every world":
        _unscaled(ax, row, at, reach, width / 2)
        return ""
    middle, low, high = (float(row[key]) / float(row["base_median"])
                         for key in ("difference_median", "difference_low", "difference_high"))
    marker, colour = MARKS.get(str(row["direction"]), UNDECIDED)
    ax.plot(np.clip([low, high], -reach, reach), [at, at], color=colour, linewidth=2.6, solid_capstyle="butt")
    for beyond, side, arrow in ((low < -reach, -reach, ON_LEFT), (high > reach, reach, ON_RIGHT)):
        if beyond:
            ax.plot([side], [at], marker=arrow, color=colour, markerfacecolor="none", markersize=8, clip_on=False,
                    markeredgewidth=2.2)
    if abs(middle) <= reach:
        ax.plot([middle], [at], marker, color=colour, markerfacecolor=colour if row["direction"] in MARKS else "white",
                markersize=9, markeredgewidth=1.8, clip_on=False, zorder=5)
    return shares(middle)


def _unscaled(ax: Axes, row: Any | None, at: int, reach: float, width: float) -> None:
    """Words, and the mark on its side of zero, for what has no share of the base."""
    side, texts = 1, ["not recorded", "–"]
    if row is not None and row["direction"] == "same in every world":
        texts = ["same in every world", "same"]
    elif row is not None:
        mean = float(row["difference_mean"])
        side, texts = (-1 if mean < 0 else 1), [f"base 0; mean {signed(mean)}", f"mean {signed(mean)}", signed(mean)]
        marker, colour = MARKS.get(str(row["direction"]), UNDECIDED)
        ax.plot([side * 14 * reach / width], [at], marker, color=colour, markersize=9, markeredgewidth=1.8,
                markerfacecolor=colour if row["direction"] in MARKS else "white")
    gap = 26 if row is not None and len(texts) == 3 else 6
    ax.text(side * gap * reach / width, at, first_fit(texts, width - gap), va="center_baseline", color=SOFT,
            ha="left" if side > 0 else "right", style="italic")
