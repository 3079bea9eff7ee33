"""Why scenarios differ from their base, and whether that holds under rival theories."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from sim.reports.figures.comparison_tables import Compared, batches, manifest, parts, short, titles_of
from sim.reports.figures.run_tables import Run
from sim.reports.figures.scales import canvas, flat_signed_axis, headed, signed, signed_axis, value_axis
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
    page,
    text_width,
    wrap,
)

STAGE_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#999999", "#000000")
HATCHES = ("", "///", "", "\\\\\\", "", "xxx", "", "...")
BETTER, WORSE, OPEN = COLOURS[0], COLOURS[1], "#777777"
NAMES = 210.0  # points for the names of rows
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MAX_SCENARIOS, MAX_OUTCOMES, MAX_THEORIES = 5, 3, 11


# ------------------------------------------------------------------------------------------------ why


def why_pages(c: Compared, scenario: str) -> list[Page]:
    """One page for each outcome that was explained for a scenario."""
    if "stages" not in c.why and "shapley" not in c.why:
        return []
    own = {key: frame[frame["scenario"] == scenario] for key, frame in c.why.items() if "outcome" in frame}
    outcomes = list(dict.fromkeys(o for key in ("stages", "shapley") if key in own for o in own[key]["outcome"]))
    return [why(c, scenario, outcome, own) for outcome in outcomes]


def why(c: Compared, scenario: str, outcome: str, tables: Mapping[str, pd.DataFrame]) -> Page:
    """Stages by year, and the shares of the levers, over the whole run and the worlds that were run for it."""
    count = c.why_worlds(scenario, outcome)
    over = f"Whole run, {c.span}" + (f", mean over {worlds_of(count)}" if count else "")
    hollow = "hollow: interval holds zero or is missing"
    sheet = headed(replace(c.run, worlds=count or c.run.worlds), f"why_{scenario}_{outcome}",
                   f"Why {noun(outcome)}: {c.titles[scenario]}", f"{over}; {hollow}", over)
    stages, shares = ((frame[frame["outcome"] == outcome] if frame is not None else pd.DataFrame())
                      for frame in (tables.get("stages"), tables.get("shapley")))
    half = 0.56 * (WIDTH - 2 * LEFT)
    clear = stages_told_apart(c.account(scenario, outcome), stages)
    _stages(sheet, stages, (LEFT, BOTTOM, half - 20, TOP - BOTTOM), short(outcome), clear)
    _shares(sheet, shares, (LEFT + half, BOTTOM, WIDTH - 2 * LEFT - half, TOP - BOTTOM))
    return sheet


def stages_told_apart(account: str, rows: pd.DataFrame) -> set[str]:
    """Stages whose interval over the run leaves out zero; the table has intervals of single regions only.

    ``account`` is the sentence of why.md that names them before those that cannot be told apart from zero.
    """
    known = account.partition("By step:")[2].partition("cannot be told apart")[0]
    return {str(stage) for stage in (rows["stage"].unique() if len(rows) else ()) if f" {stage} (" in f" {known}"}


def noun(outcome: str) -> str:
    """The outcome with its verb."""
    words = short(outcome)
    return f"{words} {'change' if words.endswith('s') or ' ' in words else 'changes'}"


def worlds_of(count: int) -> str:
    """A number of worlds in words."""
    return "1 world" if count == 1 else f"{number(count)} worlds"


def _stages(sheet: Page, rows: pd.DataFrame, box: tuple[float, float, float, float], what: str,
            clear: Collection[str]) -> None:
    """Stacked bars either side of zero, hollow for stages that are not ``clear``, and a dot for their sum."""
    x, y, width, height = box
    sheet.text(x, y + height - 14, fit(f"Change in {what} by stage", width, 16, "bold"), fontsize=16, fontweight="bold")
    wide = rows.pivot_table(index="year", columns="stage", values="contribution", aggfunc="sum", sort=False) \
        if len(rows) else pd.DataFrame()
    foot = _stage_key(sheet, [str(stage) for stage in wide.columns], x, y + 4, width, clear)
    ax = sheet.axes(x + 58, foot + 26, width - 58, y + height - 28 - foot - 26)
    if wide.empty or not wide.to_numpy().any():
        note(ax, "not worked out" if wide.empty else "no difference in any world", width - 58)
        return
    years, above, below = wide.index.to_numpy(), np.zeros(len(wide)), np.zeros(len(wide))
    for k, stage in enumerate(wide.columns):
        value = wide[stage].fillna(0.0).to_numpy(dtype=float)
        bars = ax.bar(years, value, bottom=np.where(value > 0, above, below), width=0.72, zorder=2,
                      **_look(k, stage in clear))
        bars.set_label(str(stage))
        above, below = above + np.maximum(value, 0), below + np.minimum(value, 0)
    ax.plot(years, wide.sum(axis=1), "D", color=INK, markerfacecolor="white", markersize=8, markeredgewidth=2, zorder=4)
    ax.axhline(0, color=INK, linewidth=1.4, zorder=3)
    signed_axis(ax, float(below.min()), float(above.max()))
    ax.set_xticks(years, labels=[str(year) for year in years])
    ax.tick_params(axis="x", length=0)


def _look(k: int, clear: bool) -> dict[str, Any]:
    """Filled with its colour and pattern, or hollow."""
    colour = STAGE_COLOURS[k % 8]
    if clear:
        return {"facecolor": colour, "hatch": HATCHES[k % 8], "edgecolor": "white", "linewidth": 0.5}
    return {"facecolor": "white", "edgecolor": colour, "linewidth": 1.6}


def _share_words(row: Any, step: float, width: float) -> list[str]:
    """Name, value and interval of a lever; without the interval where there is little room."""
    if step < 60:
        return [f"{fit(row.player, width - 80)}: {signed(row.value)}"]
    known = np.isfinite([row.low, row.high]).all()
    span = f"95 % {signed(row.low)} to {signed(row.high)}" if known else "no interval"
    return [fit(row.player, width), f"{signed(row.value)}, {span}"]


def _stage_key(sheet: Page, stages: Sequence[str], x: float, y: float, width: float, clear: Collection[str]) -> float:
    """Samples with words, line by line from the bottom; returns the height of their top."""
    entries = [*enumerate(stages), (-1, "all stages together")]
    lines: list[list[tuple[int, str]]] = [[]]
    used = 0.0
    for k, words in entries:
        need = 26 + text_width(words) + 18
        if used + need > width + 18 and lines[-1]:
            lines, used = [*lines, []], 0.0
        lines[-1].append((k, words))
        used += need
    for row, line in enumerate(reversed(lines)):
        at, level = x, y + 18 * row
        for k, words in line:
            if k < 0:
                sheet.text(at + 9, level + 4.5, "◇", ha="center", va="center", fontweight="bold")
            else:
                sheet.box(at, level - 2, 20, 13, **_look(k, words in clear))
            sheet.text(at + 26, level, fit(words, width - 26))
            at += 26 + text_width(words) + 18
    return y + 18 * len(lines)


def _shares(sheet: Page, rows: pd.DataFrame, box: tuple[float, float, float, float]) -> None:
    """Bars from zero with intervals, names above each bar."""
    x, y, width, height = box
    sheet.text(x, y + height - 14, "Part of each lever (Shapley value)", fontsize=16, fontweight="bold")
    ax = sheet.axes(x + 4, y + 28, width - 8, height - 56)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    if rows.empty:
        note(ax, "not worked out", width)
        return
    ax.set_ylim(-0.5, len(rows) - 0.5)
    flat_signed_axis(ax, rows[["value", "low", "high"]], width - 8, signed)
    step = (height - 56) / len(rows)
    for k, row in enumerate(rows.itertuples()):
        at = len(rows) - 1 - k
        face = "#8c8c8c" if row.low > 0 or row.high < 0 else "white"
        ax.barh([at - 0.2], [row.value], height=0.36, color=face, edgecolor="#8c8c8c", linewidth=1.6, zorder=2)
        ax.plot([row.low, row.high], [at - 0.2] * 2, color=INK, linewidth=2.2, zorder=3)
        for j, line in enumerate(reversed(_share_words(row, step, width - 8))):
            sheet.text(x + 4, y + 28 + step * (at + 0.5) + 5 + 17 * j, line,
                       bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0})
    ax.axvline(0, color=INK, linewidth=1.4, zorder=4)


# ------------------------------------------------------------------------------------------------ rival theories


def read_robust(folder: Path) -> tuple[Run, dict[str, str], dict[str, pd.DataFrame]]:
    """What `robust_pages` needs from a folder that holds a test of robustness."""
    tables = parts(folder, "robust")
    if "futures" not in tables:
        raise FileNotFoundError(f"{folder}: no robust_futures.csv; is this the folder of a test of robustness?")
    titles, empty = titles_of(folder), pd.DataFrame()
    base = next(iter(titles))
    run = Run(empty, empty, empty, empty, f"base: {titles[base]}", base, int(tables["futures"]["n"].max()),
              manifest(folder).get("seed"))
    return run, titles, tables


def robust_pages(run: Run, titles: Mapping[str, str], tables: Mapping[str, pd.DataFrame]) -> list[Page]:
    """The matrix of theories, and regret."""
    futures, sheets = tables.get("futures"), []
    if futures is not None:
        names = [name for name in titles if name in set(futures["scenario"])]
        outcomes, theories = (list(dict.fromkeys(futures[key])) for key in ("outcome", "theory"))
        groups = list(product(batches(names, MAX_SCENARIOS), batches(outcomes, MAX_OUTCOMES),
                              batches(theories, MAX_THEORIES)))
        for k, group in enumerate(groups):
            name = f"robust_theories_{k + 1}" if len(groups) > 1 else "robust_theories"
            sheets.append(_matrix(run, name, titles, tables, *group))
    if "regret" in tables:
        sheets.append(_regret(run, titles, tables["regret"]))
    return sheets


def _matrix(run: Run, name: str, titles: Mapping[str, str], tables: Mapping[str, pd.DataFrame],
            scenarios: Sequence[str], outcomes: Sequence[str], theories: Sequence[str]) -> Page:
    """Share of worlds improved: theories down, outcomes and scenarios across."""
    sheet = page(run, name, "Does it hold under rival theories?",
                 f"Of 100 worlds that differ, how many are better than the base; {worlds_of(run.worlds)} a theory")
    floor = _matrix_key(sheet, [titles[s] for s in scenarios])
    top = TOP - 20 - (20 if len(scenarios) > 1 else 0)
    step, group = (top - floor) / len(theories), (WIDTH - 2 * LEFT - NAMES) / len(outcomes)
    ax, rows = canvas(sheet), tables["futures"].set_index(["theory", "outcome", "scenario"])
    for r, theory in enumerate(theories):
        y = top - step * (r + 0.5)
        sheet.text(LEFT, y - 5, fit(theory.replace("_", " "), NAMES - 8), fontweight="bold" if r == 0 else "normal")
        for g, outcome in enumerate(outcomes):
            x = LEFT + NAMES + g * group
            if _overturns(tables.get("ranking"), outcome, theory):
                sheet.box(x + 2, y - step / 2 + 2, group - 8, step - 4, facecolor="none", edgecolor=INK, linewidth=1.6)
            for s, scenario in enumerate(scenarios):
                if (theory, outcome, scenario) in rows.index:
                    at = x + (group - 4) * (s + 0.5) / len(scenarios), y
                    _dot(sheet, ax, rows.loc[(theory, outcome, scenario)], at, step)
    for g, outcome in enumerate(outcomes):
        x = LEFT + NAMES + g * group
        sheet.text(x + (group - 4) / 2, TOP - 12, fit(short(outcome), group - 8, weight="bold"), ha="center",
                   fontweight="bold")
        for s in range(len(scenarios) if len(scenarios) > 1 else 0):
            sheet.text(x + (group - 4) * (s + 0.5) / len(scenarios), TOP - 32, LETTERS[s], ha="center", color=SOFT)
        if g:
            sheet.line([x - 2, x - 2], [floor, TOP - 2], color="#c9c9c9", linewidth=0.8)
    return sheet


def _dot(sheet: Page, ax: Axes, row: pd.Series, at: tuple[float, float], step: float) -> None:
    """Share in per cent inside a mark: full circle better, full square worse, hollow undecided, '=' nothing differs."""
    better, worse = row["direction"] == "better", row["direction"] == "worse"
    colour = BETTER if better else WORSE if worse else OPEN
    size = min(34.0, step - 3)
    ax.plot([at[0]], [at[1]], "s" if worse else "o", color=colour, markersize=0.9 * size if worse else size,
            markerfacecolor=colour if better or worse else "white", markeredgewidth=1.8)
    words = "=" if row["direction"] == "same in every world" else f"{100 * row['share_improved']:.0f}"
    sheet.text(*at, words, ha="center", va="center_baseline", fontweight="bold",
               color="white" if better or worse else INK)


def _overturns(ranking: pd.DataFrame | None, outcome: str, theory: str) -> bool:
    if ranking is None:
        return False
    own = ranking[(ranking["outcome"] == outcome) & (ranking["theory"] == theory)]
    return bool(own["overturns"].astype(str).str.lower().isin(["true", "1"]).any())


def _matrix_key(sheet: Page, titles: Sequence[str]) -> float:
    """What the marks and letters mean; returns the height above them."""
    y = BOTTOM + 4
    words = ["blue circle: better; square: worse; hollow: undecided; =: no difference; frame: another scenario first",
             "circle: better; square: worse; hollow: undecided; =: no difference; frame: new first"]
    sheet.text(LEFT, y, first_fit(words, WIDTH - 2 * LEFT), color=SOFT)
    lines = [[f"{LETTERS[k]}  {title}" for k, title in enumerate(titles)][i:i + 2] for i in range(0, len(titles), 2)]
    half = (WIDTH - 2 * LEFT) / 2
    if len(titles) == 1:
        sheet.text(LEFT, y + 19, fit(titles[0], WIDTH - 2 * LEFT))
        return y + 40
    for r, line in enumerate(reversed(lines)):
        for i, text in enumerate(line):
            sheet.text(LEFT + i * half, y + 19 + 18 * r, fit(text, half - 12))
    return y + 22 + 18 * len(lines)


def _regret(run: Run, titles: Mapping[str, str], table: pd.DataFrame) -> Page:
    """How much worse than the best choice each scenario comes out over all futures."""
    sheet = page(run, "robust_regret", "Regret: how far from the best choice",
                 "Over all worlds and theories; bar: mean distance from the best scenario, line: 95th percentile")
    outcomes = list(dict.fromkeys(table["outcome"]))[:MAX_OUTCOMES]
    names = [name for name in titles if name in set(table["scenario"])]
    pitch, top, floor = (WIDTH - 2 * LEFT - NAMES) / len(outcomes), TOP - 24, BOTTOM + 42
    step = (top - floor) / len(names)
    for k, name in enumerate(names):
        lines = wrap(titles[name], NAMES - 12, 2)
        for j, line in enumerate(lines):
            sheet.text(LEFT, top - step * (k + 0.5) - 5 + 17 * ((len(lines) - 1) / 2 - j), line)
    for g, outcome in enumerate(outcomes):
        x, width = LEFT + NAMES + g * pitch, pitch - 26
        sheet.text(x, TOP - 12, fit(short(outcome), pitch - 8, weight="bold"), fontweight="bold")
        ax = sheet.axes(x, floor, width, top - floor)
        _regret_bars(ax, table[table["outcome"] == outcome].set_index("scenario").reindex(names), width)
    sheet.text(LEFT, BOTTOM + 4, "Shorter is safer: no scenario regrets less than one that is best in every future",
               color=SOFT)
    return sheet


def _regret_bars(ax: Axes, rows: pd.DataFrame, width: float) -> None:
    ax.set_ylim(-0.5, len(rows) - 0.5)
    ax.set_yticks([])
    top = float(rows[["regret_mean", "regret_p95"]].max().max())
    ax.set_xlim(0, 1.06 * top if top > 0 else 1.0)
    value_axis(ax, width)
    at = len(rows) - 1 - np.arange(len(rows))
    ax.barh(at, rows["regret_mean"], height=0.5, color="#8c8c8c")
    ax.hlines(at, rows["regret_mean"], rows["regret_p95"], color=INK, linewidth=2.4)
    ax.plot(rows["regret_p95"], at, "|", color=INK, markersize=13, markeredgewidth=2.4)
