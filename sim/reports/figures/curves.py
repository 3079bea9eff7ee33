"""Curves by month: recruits and departures, militants, footholds."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.dates import date2num

from sim.reports.figures.run_tables import Run, wilson
from sim.reports.figures.style import (
    BOTTOM,
    INK,
    LEFT,
    MONTH_NAMES,
    SOFT,
    TOP,
    WIDTH,
    Page,
    band_entries,
    calendar_axis,
    count_axis,
    days,
    draw_bands,
    first_fit,
    fit,
    legend,
    limits,
    looks,
    note,
    number,
    page,
    percent_axis,
    spread,
    text_width,
)
from sim.words import percent

MAX_EVENTS = 8
ROW = 17.5  # points from one line of text to the next
THRESHOLD, ROUNDING = 0.05, 1e-6
MAX_PANELS = 20
HANG = 34.0  # headings of panels begin above the labels of the y axis


def major_events(run: Run, limit: int = MAX_EVENTS) -> tuple[pd.DataFrame, int]:
    """Dated events to mark, numbered in order of time, and how many were left out.

    A column `major` (0/1) in the table decides if there is one; beyond the limit, of the two events nearest in time
    the later is dropped until few enough are left, so that the marks stay apart.
    """
    if run.events.empty or not {"date", "title"} <= set(run.events.columns):
        return pd.DataFrame(columns=["when", "title"]), 0
    table = run.events.assign(when=pd.DatetimeIndex([pd.Timestamp(str(d)) for d in run.events["date"]]))
    end = run.months[-1] + pd.DateOffset(months=1)
    table = table[(table["when"] >= run.months[0]) & (table["when"] < end)].sort_values("when", kind="stable")
    total = len(table)
    if "major" in table and table["major"].fillna(0).astype(bool).any():
        table = table[table["major"].fillna(0).astype(bool)]
    while len(table) > limit:
        gaps = np.diff(table["when"].to_numpy()).astype("timedelta64[D]").astype(int)
        table = table.drop(index=table.index[int(np.argmin(gaps)) + 1])
    return table.reset_index(drop=True), total - len(table)


def recruitment_departures(run: Run) -> Page:
    """Recruits and departures per month by country, with the dated outside events."""
    sheet = page(
        run,
        "recruitment_departures",
        "Recruits and departures per month, by country",
        "Each panel has its own scale; peak: of the mean, and per million inhabitants; numbers: outside events",
    )
    events, left_out = major_events(run)
    used = legend(sheet, band_entries(run), LEFT, BOTTOM + 4)
    floor = _event_key(sheet, events, left_out, WIDTH - 2 * LEFT - used - 20) if len(events) else BOTTOM + 24
    head, under, between = 54.0, 22.0, 32.0
    height = (TOP - floor - head - under - between) / 2
    for r, (outcome, label) in enumerate((("recruits", "Recruits"), ("departures", "Departures"))):
        y = TOP - head - height if r == 0 else floor + under
        _row_label(sheet, y + height / 2, label, "persons / month")
        peaks = _peaks(run, outcome)
        for place, x, width in _columns(run, 54.0):
            ax = sheet.axes(x, y, width, height)
            calendar_axis(ax, run.months, width, labels=r == 1)
            _event_lines(ax, sheet if r == 0 else None, events, run, x, y + height, width)
            if r == 0:
                _country(sheet, run, place, x, width)
            curve = run.curve(place, outcome)
            colour = looks(run)[place][0]
            if curve is None or not _any(curve):
                count_axis(ax, 0.0)
                ax.set_yticks([0])
                note(ax, f"{outcome} not recorded" if curve is None else f"no {outcome} in any world", width)
                continue
            count_axis(ax, float(curve["p95"].max()) or float(curve["mean"].max()), bins=4)
            draw_bands(ax, days(run.months), curve, colour, mean=run.worlds > 1)
            sheet.text(x - HANG, (TOP - 33) if r == 0 else y + height + 12, peaks[place], color=SOFT)
    return sheet


def militants_by_place(run: Run) -> Page:
    """Members present by country: movement, older rival, and the share that came from elsewhere."""
    sheet = page(
        run,
        "militants_by_place",
        "Militants present, by country",
        "Movement and older rival, each panel on its own scale; peak: of the movement's mean, and per million",
    )
    rival = "#000000"
    y_key = BOTTOM + 4
    entries = [("movement", "line", SOFT), ("older rival", "line", (rival, (0, (5, 2)))), *band_entries(run)[1:]]
    if run.worlds == 1:
        entries = entries[:2]
    legend(sheet, entries, LEFT, y_key)
    floor, head, under, between = y_key + 20, 42.0, 20.0, 28.0
    height = (TOP - floor - head - under - between) * 0.58
    low = (TOP - floor - head - under - between) - height
    shares, peaks = run.foreign_share, _peaks(run, "movement_members")
    highest = max((float(s["p95"].max()) for s in shares.values() if s["p95"].notna().any()), default=1.0)
    for r in range(2):
        y, h = (TOP - head - height, height) if r == 0 else (floor + under, low)
        label = ("Members", "persons") if r == 0 else ("From elsewhere", "share of members")
        _row_label(sheet, y + h / 2, *label)
        for place, x, width in _columns(run, 62.0):
            ax = sheet.axes(x, y, width, h)
            calendar_axis(ax, run.months, width, labels=r == 1)
            colour = looks(run)[place][0]
            if r == 1:
                percent_axis(ax, min(1.0, max(0.1, 1.1 * highest)), bins=4)
                _foreign(ax, run, place, shares, colour, width)
                continue
            _country(sheet, run, place, x, width)
            members, old = run.curve(place, "movement_members"), run.curve(place, "rival_members")
            drawn = [c for c in (members, old) if c is not None and _any(c)]
            if not drawn:
                count_axis(ax, 0.0)
                ax.set_yticks([0])
                missing = members is None and old is None
                note(ax, "members not recorded" if missing else "no members in any world", width)
                continue
            count_axis(ax, max(float(c[["p95", "mean"]].max().max()) for c in drawn))
            if old is not None and _any(old):
                draw_bands(ax, days(run.months), old, rival, (0, (5, 2)), mean=False, strength=0.6)
            if members is not None and _any(members):
                draw_bands(ax, days(run.months), members, colour, mean=run.worlds > 1)
                sheet.text(x - HANG, TOP - 33, peaks[place], color=SOFT)
            else:
                words = first_fit(["movement: none in any world", "movement: none"], width + HANG)
                sheet.text(x - HANG, TOP - 33, words, color=SOFT)
    return sheet


def _foreign(ax: Axes, run: Run, place: str, shares: dict[str, pd.DataFrame], colour: str, width: float) -> None:
    if place in shares and shares[place]["p50"].notna().any():
        draw_bands(ax, days(run.months), shares[place], colour, mean=False)
        return
    members, foreign = run.curve(place, "movement_members"), run.curve(place, "foreign_members")
    if members is None or foreign is None:
        note(ax, "not recorded", width)
    elif not _any(members):
        note(ax, "no movement members in any world", width)
    elif shares or run.outcomes is not None:
        note(ax, "fewer than ten members in nearly all worlds", width)
    else:  # no world tables: ratio of the means, without a band
        share = foreign["mean"] / members["mean"].where(members["mean"] > 0)
        ax.plot(days(run.months), share, color=colour, linestyle=(0, (1, 1.6)), linewidth=2.0)
        ax.text(0.03, 0.97, "ratio of means", transform=ax.transAxes, ha="left", va="top", color=SOFT)


def foothold_probability(run: Run) -> Page:
    """Chance of a foothold by month for regions where it exceeds five per cent in some month."""
    sheet = page(
        run,
        "foothold_probability",
        "Chance that a region holds a foothold, by month",
        f"Share of {number(run.worlds)} worlds; bands are Wilson 90 % intervals; regions above 5 % in some month",
    )
    chance = run.foothold_chance
    body = (LEFT + 52.0, BOTTOM + 24.0, WIDTH - 2 * LEFT - 52.0, TOP - BOTTOM - 30.0)
    peaks = None if chance is None else chance.max(axis=1)
    if chance is None or peaks is None or not (peaks > THRESHOLD + ROUNDING).any():
        ax = sheet.axes(*body)
        calendar_axis(ax, run.months, body[2])
        percent_axis(ax, 1.0)
        words = "foothold not recorded" if peaks is None else "no foothold in any world"
        if peaks is not None and peaks.any():
            best = run.regions["name"][str(peaks.idxmax())]
            words = f"no region above 5 % in any month; highest: {best}, {100 * peaks.max():.2g} %"
        note(ax, words, body[2] * 0.7)
        return sheet
    order = {c: i for i, c in enumerate(run.countries.index)}
    above = peaks[peaks > THRESHOLD + ROUNDING].sort_values(ascending=False, kind="stable")
    shown = sorted(above.index[:MAX_PANELS], key=lambda r: order[run.regions["country"][r]])
    sheet.text(LEFT, BOTTOM + 4, _others(run, peaks, list(above.index[MAX_PANELS:]), len(shown)), color=SOFT)
    columns = next(c for c in (1, 2, 3, 4, 5) if len(shown) <= c * min(c, 4))
    rows = -(-len(shown) // columns)
    if rows < columns - 1:
        columns = -(-len(shown) // rows)
    floor, left, gap = BOTTOM + 42.0, LEFT + 48.0, 14.0
    pitch_x, pitch_y = (WIDTH - LEFT - left + gap) / columns, (TOP - floor) / rows
    top = min(1.0, float(wilson(np.array([above.max()]), run.worlds)[1][0]) * 1.03)
    at = days(run.months)
    lines = [np.column_stack([at, chance.loc[region]]) for region in shown]
    for k, region in enumerate(shown):
        x, y = left + (k % columns) * pitch_x, TOP - (k // columns + 1) * pitch_y + 4
        width, height = pitch_x - gap, pitch_y - 26.0
        ax = sheet.axes(x, y, width, height)
        calendar_axis(ax, run.months, width, labels=k + columns >= len(shown))
        percent_axis(ax, top, bins=min(6, max(2, int(height // 22))))
        if k % columns:
            ax.tick_params(axis="y", labelleft=False)
        ax.add_collection(LineCollection(lines, colors="#c9c9c9", linewidths=0.8, capstyle="projecting"))
        share = chance.loc[region].to_numpy(dtype=float)
        colour = looks(run)[run.regions["country"][region]][0]
        low, high = wilson(share, run.worlds)
        ax.fill_between(at, low, high, color=colour, alpha=0.25, linewidth=0)
        ax.plot(at, share, color=colour, linewidth=2.6)
        _panel_title(sheet, run, region, float(peaks[region]), (x, y + height + 5), width)
    return sheet


def _panel_title(sheet: Page, run: Run, region: str, peak: float, at: tuple[float, float], width: float) -> None:
    """Name of the region, its country as far as there is room, and its peak at the right end."""
    x, y = at
    right = f"peak {percent(peak)}" if width > 260 else percent(peak)
    name, country = str(run.regions["name"][region]), run.regions["country"][region]
    room = width - text_width(right) - 8
    full = [f"{name}, {run.countries['name'][country]}", f"{name} ({country})", name]
    sheet.text(x, y, first_fit(full, room), color=INK)
    sheet.text(x + width, y, right, ha="right", fontweight="normal", color=SOFT)


def _others(run: Run, peaks: pd.Series, dropped: list[str], shown: int) -> str:
    below = int(((peaks > 0) & (peaks <= THRESHOLD + ROUNDING)).sum())
    rest = f"{below} further regions stay at or below 5 %" if below else "no other region has a foothold in any world"
    grey = "; grey: the other regions shown" if shown > 1 else ""
    if not dropped:
        return f"At the right of each name: its peak{grey}; {rest}"
    return fit(f"Highest {shown} shown{grey}; {len(dropped)} more exceed 5 %; {rest}", WIDTH - 2 * LEFT)


def _any(curve: pd.DataFrame) -> bool:
    return bool((curve[["p95", "mean"]].to_numpy() > 0).any())


def _columns(run: Run, axis: float) -> list[tuple[str, float, float]]:
    """Country, left end and width of its column of panels; `axis` points are kept for the y axis of each."""
    n, start = len(run.countries), LEFT + 40.0
    pitch = (WIDTH - LEFT - start) / n
    axis = min(axis, 0.4 * pitch)
    return [(str(c), start + i * pitch + axis - 8, pitch - axis) for i, c in enumerate(run.countries.index)]


def _country(sheet: Page, run: Run, place: str, x: float, width: float) -> None:
    name = fit(str(run.countries["name"][place]), width + HANG, 16, "bold")
    sheet.text(x - HANG, TOP - 15, name, fontsize=16, fontweight="bold")


def _row_label(sheet: Page, y: float, label: str, unit: str) -> None:
    sheet.text(LEFT + 8, y, label, rotation=90, ha="center", va="center", fontweight="bold")
    sheet.text(LEFT + 27, y, unit, rotation=90, ha="center", va="center", color=SOFT)


def _peaks(run: Run, outcome: str) -> dict[str, str]:
    """Peak of the mean in persons and per million inhabitants, by country, in the same wording for all."""
    wordings: dict[str, list[str]] = {}
    room = min(width for _, _, width in _columns(run, 54.0)) + HANG + 6
    for place, residents in run.countries["residents"].items():
        curve = run.curve(str(place), outcome)
        peak = 0.0 if curve is None else float(curve["mean"].max())
        rate = number(peak / float(residents) * 1e6) if residents > 0 else "–"
        wordings[str(place)] = [
            f"peak {number(peak)} ({rate} per million)",
            f"peak {number(peak)} ({rate}/million)",
            f"{rate} per million",
            f"{rate}/million",
        ]
    level = next((k for k in range(3) if all(text_width(w[k]) <= room for w in wordings.values())), 3)
    return {place: w[level] for place, w in wordings.items()}


def _event_lines(
    ax: Axes, sheet: Page | None, events: pd.DataFrame, run: Run, x: float, y: float, width: float
) -> None:
    """Thin lines in the panel; numbers above it if a sheet is given."""
    if events.empty:
        return
    low, high = limits(run.months)
    at = np.array([float(date2num(w)) + 15 for w in events["when"]])
    for day in at:
        ax.axvline(day, color="#8a8a8a", linewidth=0.9, zorder=0.5)
    if sheet is None:
        return
    places = (at - low) / (high - low) * width
    for i, (p, q) in enumerate(zip(places, spread(list(places), 11.0, 2.0, width - 2.0), strict=True)):
        sheet.line([x + p, x + q], [y, y + 5], color="#8a8a8a", linewidth=0.9)
        sheet.text(x + q, y + 6, str(i + 1), ha="center", color=INK)


def _event_key(sheet: Page, events: pd.DataFrame, left_out: int, room: float) -> float:
    """Numbers, dates and titles of the events in two columns; returns the height of the top of the key."""
    rows = -(-len(events) // 2)
    when = [f"{MONTH_NAMES[d.month - 1]} {d.year}" for d in pd.DatetimeIndex(events["when"])]
    width = (WIDTH - 2 * LEFT - 20) / 2
    base = BOTTOM + 26
    if left_out:
        words = [f"{left_out} further outside events: see events.csv", f"{left_out} more in events.csv"]
        sheet.text(WIDTH - LEFT, BOTTOM + 4, first_fit(words, room), ha="right", color=SOFT)
    for i, title in enumerate(events["title"]):
        x, y = LEFT + (i // rows) * (width + 20), base + (rows - 1 - i % rows) * ROW
        sheet.text(x, y, str(i + 1), fontweight="bold")
        sheet.text(x + 16, y, when[i], color=SOFT)
        sheet.text(x + 90, y, fit(str(title), width - 90))
    return base + rows * ROW


__all__ = ["foothold_probability", "major_events", "militants_by_place", "recruitment_departures"]
