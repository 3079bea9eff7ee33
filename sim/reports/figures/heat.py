"""Heat strips: months across, regions down, grouped by country."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LogNorm, Normalize
from matplotlib.dates import date2num
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from sim.reports.figures.run_tables import Run, wilson
from sim.reports.figures.style import (
    BOTTOM,
    FONT,
    HEIGHT,
    LEFT,
    PALE,
    SOFT,
    TOP,
    WIDTH,
    Page,
    calendar_axis,
    first_fit,
    fit,
    interval,
    limits,
    number,
    page,
    text_width,
)

ROW = 17.5
KEY = 42.0  # points kept below the strips for colour bar and note


@dataclass
class Block:
    """Strips of one country: labels, values of shape (rows, months) and a word at the right end of each."""

    title: str
    labels: list[str]
    values: np.ndarray
    words: list[str]

    @property
    def height(self) -> float:
        """Points, header included."""
        return (len(self.labels) + 1) * ROW + 5


def heat_recruits(run: Run) -> Page:
    """Mean recruits per month and region, log colours; totals with 90 % range at the right."""
    grid = run.grid("recruits")
    totals = run.totals("recruits")
    sheet = page(
        run,
        "heat_recruits",
        "Recruits by region and month",
        "Colour: persons per month in one world, log scale; right: total of the run"
        if run.worlds == 1
        else f"Colour: persons per month, mean of {_worlds(run)}, log scale; right: total of the run (90 % range)",
    )
    if grid is None or totals is None or not (totals["mean"] > 0).any():
        return _empty(sheet, "recruits not recorded" if grid is None else "no recruits in any world")
    blocks = _blocks(run, grid, totals["mean"], None, lambda ids: _total_words(run, "recruits", ids))
    top = max(float(b.values.max()) for b in blocks if b.values.size)
    ladder = [m * 10.0**k for k in range(-6, 6) for m in (1.0, 3.0)]
    norm = LogNorm(next(v for v in ladder if v >= top / 3000), top)
    _strips(sheet, run, blocks, norm)
    _paint(sheet, norm, "recruits per month, mean", _without(run, grid, "recruits"), log=True)
    return sheet


def heat_control(run: Run) -> Page:
    """Mean share of residents under the movement's control; chance of a foothold at the right."""
    grid = run.grid("control")
    sheet = page(
        run,
        "heat_control",
        "Control by the movement, by region and month",
        f"Colour: share of residents, mean of {_worlds(run)}; right: chance of a foothold in the run (90 % interval)",
    )
    if grid is None or not (grid.to_numpy() > 0).any():
        return _empty(sheet, "control not recorded" if grid is None else "no control by the movement in any world")
    weight = run.regions["residents"].fillna(0.0).clip(lower=1.0)
    ever = run.foothold_ever

    def words(ids: list[str]) -> str:
        if ever is None or len(ids) > 1:
            return ""
        low, high = wilson(np.array([ever[ids[0]]]), run.worlds)
        return f"{100 * ever[ids[0]]:.0f} % ({100 * low[0]:.0f}–{100 * high[0]:.0f})"

    blocks = _blocks(run, grid, grid.mean(axis=1), weight, words)
    top = max(float(b.values.max()) for b in blocks if b.values.size)
    _strips(sheet, run, blocks, Normalize(0.0, top))
    _paint(sheet, Normalize(0.0, top), "share of residents, mean", _without(run, grid, "control"), log=False)
    return sheet


def _worlds(run: Run) -> str:
    return "one world" if run.worlds == 1 else f"{number(run.worlds)} worlds"


def _total_words(run: Run, outcome: str, ids: list[str]) -> str:
    """Mean of the run's total over worlds with its 90 % range, for one region or a group."""
    table = run.world_sums(outcome)
    if table is None:
        grid = run.grid(outcome)
        return "" if grid is None else number(float(grid.loc[ids].to_numpy().sum()))
    sums = table.loc[ids].sum(axis=0).to_numpy()
    low, high = np.quantile(sums, [0.05, 0.95])
    return number(float(sums.mean())) + (f" ({interval(low, high)})" if run.worlds > 1 else "")


def _columns(blocks: Sequence[Block]) -> list[list[Block]]:
    """Two columns, cut where the taller one is least tall."""
    cuts = range(1, len(blocks))
    tall = [max(sum(b.height for b in blocks[:c]), sum(b.height for b in blocks[c:])) for c in cuts]
    cut = 1 + int(np.argmin(tall)) if tall else 1
    return [list(blocks[:cut]), list(blocks[cut:])]


def _room() -> float:
    return TOP - BOTTOM - KEY - 20.0


def _blocks(
    run: Run, grid: pd.DataFrame, rank: pd.Series, weight: pd.Series | None, words: Callable[[list[str]], str]
) -> list[Block]:
    """One block per country. Regions with the least are pooled in a last row of their country until all fits.

    Pooling is a sum, or a mean with `weight`. Regions that are zero throughout are left out.
    """
    active = rank[(grid > 0).any(axis=1)].sort_values(ascending=False, kind="stable")
    country, names = run.regions["country"].to_dict(), run.regions["name"].to_dict()
    members = {str(name): [str(r) for r in active.index if country[r] == c]
               for c, name in run.countries["name"].items()}

    def labelled(kept: set[str]) -> list[Block]:
        """Blocks still without values: their labels make their height."""
        blocks = []
        for title, ids in members.items():
            labels = [str(names[r]) for r in ids if r in kept]
            rest = len(ids) - len(labels)
            labels += [f"{rest} others, {'sum' if weight is None else 'mean'}"] if rest else []
            blocks.append(Block(title, labels, np.empty((0, grid.shape[1])), []))
        return blocks

    kept = [str(r) for r in active.index]
    while kept and max(sum(b.height for b in column) for column in _columns(labelled(set(kept)))) > _room():
        kept.pop()
    blocks = labelled(set(kept))
    for block, ids in zip(blocks, members.values(), strict=True):
        shown, pooled = [r for r in ids if r in kept], [r for r in ids if r not in kept]
        block.values, block.words = grid.loc[shown].to_numpy(), [words([r]) for r in shown]
        if pooled:
            part = grid.loc[pooled].to_numpy()
            row = part.sum(axis=0) if weight is None else np.average(part, axis=0, weights=weight[pooled])
            block.values, block.words = np.vstack([block.values, row]), [*block.words, words(pooled)]
    return blocks


def _strips(sheet: Page, run: Run, blocks: Sequence[Block], norm: Normalize) -> None:
    months, columns = run.months, [c for c in _columns(blocks) if c]
    if sum(b.height for b in blocks) <= _room():
        columns = [list(blocks)]
    # Few strips may be taller.
    rows = max(sum(len(b.labels) for b in column) for column in columns)
    tall = ROW + min(20.0, (_room() - max(sum(b.height for b in column) for column in columns)) / max(rows, 1))
    pitch = (WIDTH - 2 * LEFT + 24) / len(columns)
    low, high = limits(months)
    years = [float(date2num(m)) for m in months[1:] if m.month == 1]
    for k, column in enumerate(columns):
        x = LEFT + k * pitch
        longest = max((text_width(t) for b in column for t in b.labels), default=0.0)
        label = min(longest, 0.36 * (pitch - 24)) + 8
        end = max((text_width(t) for b in column for t in b.words), default=0.0)
        width = pitch - 24 - label - (end + 8 if end else 0)
        y = TOP
        for b in column:
            y -= ROW
            empty = not b.labels
            title = f"{b.title}: none in any world" if empty else b.title
            sheet.text(x, y + 3, fit(title, pitch - 24, FONT, "bold"), fontweight="bold")
            n = len(b.labels)
            if empty:
                y -= 5
                continue
            ax = sheet.axes(x + label, y - n * tall, width, n * tall)
            shown = np.ma.masked_less_equal(b.values, 0.0)
            ax.imshow(shown, aspect="auto", interpolation="nearest", cmap=_map(), norm=norm, extent=(low, high, n, 0))
            ax.hlines(range(n + 1), low, high, color="white", linewidth=1.2)
            ax.vlines(years, 0, n, color="white", linewidth=0.8)
            ax.set_ylim(n, 0)
            ax.set_yticks([])
            ax.spines[:].set_visible(False)
            last = b is column[-1] or not any(c.labels for c in column[column.index(b) + 1 :])
            calendar_axis(ax, months, width, labels=last, length=4.0 if last else 0.0)
            for i in range(n):
                middle = y - (i + 0.5) * tall
                sheet.text(x + label - 6, middle, fit(b.labels[i], label - 8), ha="right", va="center_baseline")
                if b.words:
                    sheet.text(x + label + width + 6, middle, b.words[i], va="center_baseline")
            y -= n * tall + 5 + (20 if last else 0)  # years stand below the last strips of a column


def _map() -> Colormap:
    return colormaps["cividis_r"].with_extremes(under=PALE, bad=PALE)


def _paint(sheet: Page, norm: Normalize, label: str, remarks: Sequence[str], log: bool) -> None:
    """Colour bar, its label and the remark on what is left out, in one line above the footer."""
    x, y, width = LEFT + 12, BOTTOM + 22.0, 220.0
    ax = sheet.axes(x, y, width, 12.0)
    bar = sheet.figure.colorbar(ScalarMappable(norm, _map()), cax=ax, orientation="horizontal")
    low, high = float(norm.vmin or 0.0), float(norm.vmax or 1.0)
    if log:
        ticks = [10.0**k for k in range(-6, 7) if low <= 10.0**k <= high] or [low, high]
    else:
        steps = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25)
        step = next((s for s in steps if high / s <= 4.001), high)
        ticks = list(np.arange(0, high + 1e-9, step))
    bar.ax.xaxis.set_major_locator(FixedLocator(ticks))
    bar.ax.xaxis.set_minor_locator(NullLocator())
    bar.ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: number(v) if log else f"{100 * v:.3g} %"))
    bar.outline.set_linewidth(0.6)
    sheet.text(x + width + 18, y + 1, label)
    at = x + width + 18 + text_width(label) + 24
    none = f"none, or below {number(low)}" if log else "none"
    sheet.box(at, y, 26, 12, facecolor=PALE, edgecolor=SOFT, linewidth=0.6)
    sheet.text(at + 32, y + 1, none)
    sheet.text(WIDTH - LEFT, BOTTOM + 3, first_fit(remarks, WIDTH - 2 * LEFT - width - 34), ha="right", color=SOFT)


def _without(run: Run, grid: pd.DataFrame, what: str) -> list[str]:
    """Which regions have no strip, in wordings from the fullest to the shortest."""
    gone = grid.index[~(grid > 0).any(axis=1)]
    if not len(gone):
        return ["Smallest regions pooled in the last row of their country", "Smallest pooled by country"]
    names = run.regions["name"]
    per = run.regions["country"].reindex(gone).value_counts(sort=False)
    counts = ", ".join(f"{n} in {run.countries['name'][str(c)]}" for c, n in per.items())
    start = f"Left out, no {what} in any world: "
    short = f"Left out, no {what}: {len(gone)} regions"
    return [start + ", ".join(str(names[r]) for r in gone), start + counts, short]


def _empty(sheet: Page, words: str) -> Page:
    sheet.text(WIDTH / 2, HEIGHT / 2, words, ha="center", fontsize=18, color=SOFT, style="italic")
    return sheet
