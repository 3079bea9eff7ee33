"""One slide for the projector: departures, footholds, members and the map."""

from __future__ import annotations

import numpy as np
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from sim.reports.figures.run_tables import Run, wilson
from sim.reports.figures.style import (
    BOTTOM,
    LEFT,
    SOFT,
    TOP,
    WIDTH,
    Page,
    calendar_axis,
    count_axis,
    days,
    fit,
    legend,
    looks,
    note,
    number,
    page,
    percent_axis,
    text_width,
)
from sim.reports.figures.tilemap import NONE, departures_shading, draw_map, foothold_shading, tile_centres


def overview(run: Run) -> Page:
    """Departures, chance of a foothold and members by country, and the map of departures."""
    period = f"{run.months[0]:%Y-%m} to {run.months[-1]:%Y-%m}"
    words = (
        "one world: no bands"
        if run.worlds == 1
        else (
            f"lines: median of {number(run.worlds)} worlds, band: the middle 50 %; for chances: share and 90 % interval"
        )
    )
    sheet = page(run, "overview", run.title, f"{period}; {words}")
    each = (WIDTH - 2 * LEFT) / len(run.countries) - 58
    entries = [(fit(str(n), each), "line", looks(run)[str(c)]) for c, n in run.countries["name"].items()]
    legend(sheet, entries, LEFT, TOP - 10)
    pitch_x, pitch_y = (WIDTH - 2 * LEFT + 26) / 2, (TOP - 18 - BOTTOM) / 2
    box = (50.0, 24.0, pitch_x - 26 - 50, pitch_y - 50.0)
    for k, draw in enumerate((_departures, _footholds, _members)):
        x, y = LEFT + (k % 2) * pitch_x, TOP - 18 - (k // 2 + 1) * pitch_y
        title = draw(sheet, run, (x + box[0], y + box[1], box[2], box[3]))
        sheet.text(x, y + box[1] + box[3] + 9, fit(title, pitch_x - 26, 16, "bold"), fontsize=16, fontweight="bold")
    _small_map(sheet, run, LEFT + pitch_x, BOTTOM, pitch_x - 26, pitch_y)
    return sheet


def _departures(sheet: Page, run: Run, box: tuple[float, float, float, float]) -> str:
    return _curves(sheet, run, box, "departures", "Departures, persons per month")


def _members(sheet: Page, run: Run, box: tuple[float, float, float, float]) -> str:
    return _curves(sheet, run, box, "movement_members", "Members of the movement present")


def _curves(sheet: Page, run: Run, box: tuple[float, float, float, float], outcome: str, title: str) -> str:
    """Medians with 50 % bands, on a logarithmic scale (linear below one) where countries lie far apart."""
    ax = sheet.axes(*box)
    calendar_axis(ax, run.months, box[2])
    curves = {c: run.curve(str(c), outcome) for c in run.countries.index}
    kept = {c: v for c, v in curves.items() if v is not None and (v[["p95", "mean"]].to_numpy() > 0).any()}
    if not kept:
        count_axis(ax, 0.0)
        ax.set_yticks([0])
        missing = all(v is None for v in curves.values())
        note(ax, "not recorded" if missing else "none in any world", box[2])
        return title
    peaks = [float(v["p75"].max()) or float(v["mean"].max()) for v in kept.values()]
    if len(peaks) > 1 and max(peaks) > 12 * min(peaks) and max(peaks) > 20:
        ax.set_yscale("symlog", linthresh=1.0, linscale=0.6)
        ax.set_ylim(0, max(peaks) * 1.2)
        tens = [0.0] + [10.0**k for k in range(0, 8) if 10.0**k <= max(peaks) * 1.2]
        step = 1 if len(tens) <= 5 else 2
        ax.yaxis.set_major_locator(FixedLocator(tens[:1] + tens[1::step]))
        ax.yaxis.set_minor_locator(NullLocator())
        ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: number(v)))
        ax.grid(axis="y", color="#d9d9d9", linewidth=0.7)
        ax.set_axisbelow(True)
        title += " (log scale)"
    else:
        count_axis(ax, max(peaks))
    at = days(run.months)
    for c, curve in kept.items():
        colour, dash = looks(run)[str(c)]
        ax.fill_between(at, curve["p25"], curve["p75"], color=colour, alpha=0.22, linewidth=0)
        ax.plot(at, curve["p50"], color=colour, linestyle=dash, linewidth=2.6)
    return title


def _footholds(sheet: Page, run: Run, box: tuple[float, float, float, float]) -> str:
    """Share of worlds with a foothold anywhere in the country."""
    ax = sheet.axes(*box)
    calendar_axis(ax, run.months, box[2])
    title, chance = "Chance of a foothold in the country", run.foothold_chance_country
    if chance is None or not (chance.to_numpy() > 0).any():
        percent_axis(ax, 1.0)
        note(ax, "foothold not recorded" if chance is None else "no foothold in any world", box[2])
        return title
    top = min(1.0, 1.05 * float(wilson(np.array([chance.to_numpy().max()]), run.worlds)[1][0]))
    percent_axis(ax, top)
    at = days(run.months)
    for c in chance.index:
        share = chance.loc[c].to_numpy(dtype=float)
        if not share.any():
            continue
        colour, dash = looks(run)[str(c)]
        low, high = wilson(share, run.worlds)
        ax.fill_between(at, low, high, where=(share > 0).tolist(), color=colour, alpha=0.17, linewidth=0)
        ax.plot(at, share, color=colour, linestyle=dash, linewidth=2.6)
    return title


def _small_map(sheet: Page, run: Run, x: float, y: float, width: float, height: float) -> None:
    shading, nothing = departures_shading(run), "no departures in any world"
    title = "Departures per million inhabitants, whole run"
    if shading is None:
        shading, title, nothing = foothold_shading(run), "Chance of a foothold at any time", "no foothold in any world"
    sheet.text(x, y + height - 17, fit(title, width, 16, "bold"), fontsize=16, fontweight="bold")
    if shading is None:
        sheet.text(x, y + height / 2, "neither departures nor footholds recorded", color=SOFT, style="italic")
        return
    draw_map(sheet, run, shading, (x, y + 22, width, height - 46), tile_centres(run.regions), labels=False)
    if not (shading.values > 0).any():
        sheet.text(x, y + 5, nothing, color=SOFT, style="italic")
        return
    short = [label.replace("up to ", "≤ ").replace("above ", "> ") for label in shading.labels]
    short = [short[0], *("≤ " + label.split("–")[-1] for label in short[1:-1]), *short[1:][-1:]]
    entries = [("0", NONE), *zip(short, shading.colours, strict=True)]
    room = width - sum(text_width(t) for t, _ in entries)
    swatch = max(6.0, min(22.0, room / len(entries) - 13))
    at = x
    for label, colour in entries:
        sheet.box(at, y + 4, swatch, 13, facecolor=colour, edgecolor=SOFT, linewidth=0.6)
        sheet.text(at + swatch + 4, y + 5, label)
        at += swatch + 4 + text_width(label) + 8
