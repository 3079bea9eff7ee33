"""Figures of a calibration, from its tables: marginals, pairs of the best informed coefficients, and the checks."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd

from sim.reports.figures.style import (
    BOTTOM,
    COLOURS,
    HEIGHT,
    INK,
    LEFT,
    PALE,
    SOFT,
    TOP,
    WIDTH,
    Page,
    fit,
    interval,
    legend,
    number,
    page,
    quiet,
    text_width,
)

PAIRS = 6
ROWS, COLUMNS = 6, 4
PER_PAGE = 18
EDGE = 5.0  # half ranges from the middle of the record that a check shows
_WORD = {"strongly": "strongly informed", "partly": "partly informed", "no": "uninformed"}


def draw_calibration(folder: Path | str) -> list[Path]:
    """Draw the figures of a calibration's folder into `folder/figures`; return the files written."""
    folder = Path(folder)
    out = folder / "figures"
    out.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    with quiet():
        for sheet in pages(folder):
            files += sheet.save(out, svg=True)
    return files


def pages(folder: Path) -> list[Page]:
    """Every figure, not yet written."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    run = SimpleNamespace(worlds=manifest["worlds"], seed=manifest["seed"], title=manifest.get("title") or
                          manifest["scenario"], name=manifest["scenario"])
    draws = pd.read_csv(folder / "posterior.csv")
    coefficients = pd.read_csv(folder / "coefficients.csv", keep_default_na=False)
    targets = pd.read_csv(folder / "targets.csv", keep_default_na=False)
    sheets = marginals(run, draws, coefficients)
    sheets.append(corner(run, draws, coefficients))
    for role in ("fitted", "reserved"):
        sheets += checks(run, targets[targets["role"] == role], role)
    return sheets


def _sheet(run: Any, name: str, title: str, subtitle: str) -> Page:
    return page(cast(Any, run), name, title, subtitle)


def on_prior(row: Any, values: np.ndarray) -> np.ndarray:
    """Values as shares of the prior's range, on its own scale."""
    low, high = float(row.low), float(row.high)
    if row.prior == "log-uniform":
        return np.asarray(np.log(values / low) / np.log(high / low))
    return np.asarray((values - low) / (high - low))


def marginals(run: Any, draws: pd.DataFrame, coefficients: pd.DataFrame) -> list[Page]:
    """Prior (flat on its own scale) and posterior of every coefficient."""
    sheets = []
    each = ROWS * COLUMNS
    for first in range(0, len(coefficients), each):
        part = coefficients.iloc[first:first + each]
        number_of = f"_{first // each + 1}" if len(coefficients) > each else ""
        sheet = _sheet(run, f"marginals{number_of}", "What the record says about the coefficients",
                       f"Prior range (grey) and {len(draws)} posterior draws, each on its prior's scale (log where "
                       "marked); the stroke is the median")
        wide, high = (WIDTH - 2 * LEFT) / COLUMNS, (TOP - BOTTOM) / ROWS
        for i, row in enumerate(part.itertuples()):
            x = LEFT + (i % COLUMNS) * wide
            y = TOP - (i // COLUMNS + 1) * high
            _marginal(sheet, row, draws[str(row.coefficient)].to_numpy(), x, y, wide - 14, high)
        sheets.append(sheet)
    return sheets


def _marginal(sheet: Page, row: Any, values: np.ndarray, x: float, y: float, wide: float, high: float) -> None:
    colour = COLOURS[0] if row.informed == "strongly" else COLOURS[2] if row.informed == "partly" else SOFT
    sheet.text(x, y + high - 15, fit(row.coefficient, wide), color=colour if row.informed != "no" else INK)
    ax = sheet.axes(x, y + 20, wide, high - 38)
    shares = on_prior(row, values)
    ax.set_xlim(0, 1)
    height, edges = np.histogram(shares, bins=20, range=(0, 1), density=True)
    ax.axhspan(0, 1, color="#d0d0d0", linewidth=0)
    ax.stairs(height, edges, fill=True, color=colour, alpha=0.75)
    ax.axvline(float(np.median(shares)), color=INK, linewidth=2)
    ax.set_ylim(0, max(2.0, float(height.max())))
    ax.set_yticks([])
    ax.set_xticks([])
    ax.spines["left"].set_visible(False)
    log = "log" if row.prior == "log-uniform" else ""
    sheet.text(x, y + 4, number(float(row.low)), color=SOFT)
    sheet.text(x + wide / 2, y + 4, " ".join(filter(None, [log, {"strongly": "strong", "partly": "part"}.get(
        row.informed, "uninformed")])), color=SOFT, ha="center")
    sheet.text(x + wide, y + 4, number(float(row.high)), color=SOFT, ha="right")


def corner(run: Any, draws: pd.DataFrame, coefficients: pd.DataFrame) -> Page:
    """Pairs of the coefficients that the record informs most."""
    order = coefficients.sort_values("contraction", ascending=False, kind="stable")[:PAIRS]
    rows = list(order.itertuples())
    n = len(rows)
    sheet = _sheet(run, "corner", "Best informed coefficients in pairs",
                   f"{len(draws)} posterior draws, the {n} coefficients with the largest contraction; axes span the "
                   "prior range")
    gutter = 210.0
    wide, high = (WIDTH - 2 * LEFT - gutter) / n, (TOP - BOTTOM - 22) / n
    shares = [on_prior(row, draws[str(row.coefficient)].to_numpy()) for row in rows]
    for i, row in enumerate(rows):
        y = TOP - (i + 1) * high
        middle = y + high / 2
        sheet.text(LEFT, middle + 2, fit(str(row.coefficient), gutter - 14))
        sheet.text(LEFT, middle - 16, fit(f"{number(float(cast(float, row.p50)))} "
                                          f"({interval(float(cast(float, row.p05)), float(cast(float, row.p95)))})",
                                          gutter - 14), color=SOFT)
        for j in range(i + 1):
            ax = sheet.axes(LEFT + gutter + j * wide, y + 4, wide - 8, high - 8)
            ax.set_xlim(0, 1)
            ax.set_xticks([])
            ax.set_yticks([])
            if i == j:
                ax.axhspan(0, 1, color="#d0d0d0", linewidth=0)
                height, edges = np.histogram(shares[i], bins=16, range=(0, 1), density=True)
                ax.stairs(height, edges, fill=True, color=COLOURS[0], alpha=0.75)
            else:
                ax.set_ylim(0, 1)
                ax.set_facecolor("#f4f4f4")
                ax.scatter(shares[j], shares[i], s=7, color=COLOURS[0], alpha=0.45, linewidths=0)
                rho = float(pd.Series(shares[j]).corr(pd.Series(shares[i]), method="spearman"))
                if abs(rho) >= 0.2:
                    _label(sheet, LEFT + gutter + j * wide + 4, y + high - 20, f"{rho:+.1f}")
    for j, row in enumerate(rows):
        sheet.text(LEFT + gutter + j * wide + (wide - 8) / 2, BOTTOM + 4,
                   fit(str(row.coefficient).split(".")[1], wide - 10), ha="center")
    return sheet


def _label(sheet: Page, x: float, y: float, words: str) -> None:
    sheet.box(x - 2, y - 4, text_width(words) + 4, 18, facecolor="white", alpha=0.8, linewidth=0, zorder=3)
    sheet.text(x, y, words, zorder=4)


def checks(run: Any, targets: pd.DataFrame, role: str) -> list[Page]:
    """Draws under new luck against the record, one line a target."""
    sheets = []
    count = max(1, -(-len(targets) // PER_PAGE))
    hits = int((targets["hit"].astype(str) == "True").sum())
    for k in range(count):
        part = targets.iloc[k * PER_PAGE:(k + 1) * PER_PAGE]
        name = f"check_{role}" + (f"_{k + 1}" if count > 1 else "")
        where = f" ({k + 1} of {count})" if count > 1 else ""
        used = "used for fitting" if role == "fitted" else "never used for fitting"
        sheet = _sheet(run, name, f"Check on new luck: {role} targets{where}",
                       f"Posterior draws in new worlds; {used}; {hits} of {len(targets)} hit; the band is the observed "
                       "range")
        if len(part):
            _check_rows(sheet, part, role)
        else:
            sheet.text(WIDTH / 2, HEIGHT / 2, f"no {role} targets", ha="center", color=SOFT, style="italic")
        sheets.append(sheet)
    return sheets


def _check_rows(sheet: Page, part: pd.DataFrame, role: str) -> None:
    left, mid, right = LEFT + 430.0, 300.0, 150.0
    high = 20.0
    floor = TOP - len(part) * high - 4
    ax = sheet.axes(left, floor, mid, TOP - floor)
    ax.set_ylim(-len(part), 0)
    ax.set_xlim(-EDGE, EDGE)
    ax.set_yticks([])
    ax.set_xticks([])
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    ax.axvspan(-1, 1, color=PALE, zorder=0)
    for i, row in enumerate(part.itertuples()):
        y = -i - 0.5
        base = TOP - (i + 0.5) * (TOP - floor) / len(part) - 5
        hit = str(row.hit) == "True"
        colour = COLOURS[0] if hit else COLOURS[1]
        sheet.text(LEFT, base, fit(f"{row.id} {row.statement}", 420))
        if role == "fitted":
            _bar(ax, y - 0.3, getattr(row, "prior_p05", ""), getattr(row, "prior_p95", ""), "#9a9a9a", 2.0)
        known = _bar(ax, y, row.place_p05, row.place_p95, colour, 2.5)
        _bar(ax, y, row.place_p25, row.place_p75, colour, 7.0)
        if known:
            ax.plot(np.clip(float(cast(float, row.place_p50)), -EDGE, EDGE), y, "o", color="white",
                    markeredgecolor=INK, markersize=6, zorder=4)
            observed = interval(float(cast(float, row.low)), float(cast(float, row.high)))
            words = f"{number(float(cast(float, row.median)))} · {observed}"
        else:
            words = "did not happen"
        mark = "✓ " if hit else "✗ "
        sheet.text(left + mid + 8, base, fit(mark + words, right + 12), color=INK if hit else COLOURS[1])
    entries: list[tuple[str, str, Any]] = [("90 % and 50 %, hit", "line", COLOURS[0]), ("miss", "line", COLOURS[1])]
    if role == "fitted":
        entries.append(("prior 90 %", "line", "#9a9a9a"))
    if floor - 22 > BOTTOM:
        legend(sheet, entries, left, max(BOTTOM + 4, floor - 20))
        sheet.text(LEFT, max(BOTTOM + 4, floor - 20), "right: median · observed range", color=SOFT)


def _bar(ax: Any, y: float, low: Any, high: Any, colour: str, thick: float) -> bool:
    """A stroke between two places, cut at the edge; nothing where they are unknown."""
    try:
        a, b = float(low), float(high)
    except ValueError:
        return False
    if not (np.isfinite(a) and np.isfinite(b)):
        return False
    a, b = (float(v) for v in np.clip([a, b], -EDGE, EDGE))
    if b - a < 0.06:
        a, b = a - 0.03, b + 0.03
    ax.plot([a, b], [y, y], color=colour, linewidth=thick, solid_capstyle="butt", zorder=3)
    return True


