"""What several figures of a sweep share: which outcomes are shown, in which order, between which ends."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sim.reports.figures.sweep_tables import (
    SweepTables,
)

OUTCOMES = 4  # of which curves and bars are drawn
LINE = 18.0  # points from one line of text to the next
MARGIN = 54.0  # points kept for the numbers of a vertical axis
EVEN = 0.5  # the chance at which something becomes the rule


def shown_outcomes(sweep: SweepTables) -> list[str]:
    """The undesired first, then the others in the order of the file, without effort."""
    first = sweep.about["undesired"]["outcome"]
    names = [name for name in sweep.outcomes.index if name != "effort"]
    return sorted(names, key=lambda name: name != first)[:OUTCOMES]


def ranked(sweep: SweepTables) -> list[str]:
    """What was varied, that which swings the shown outcomes most first."""
    table = sweep.here("tornado")
    names = [str(name) for name in sweep.axes.index]
    if table.empty:
        return names
    largest = table.groupby("outcome")["swing"].transform(lambda column: column.abs().max())
    shares = (table["swing"].abs() / largest.where(largest > 0, 1.0)).groupby(table["parameter"]).mean()
    return [*shares.sort_values(ascending=False, kind="stable").index, *(n for n in names if n not in shares.index)]


def capital(text: str) -> str:
    """With a capital at the beginning."""
    return text[:1].upper() + text[1:]


def of_outcome(table: pd.DataFrame, outcome: str) -> pd.DataFrame:
    return table[table["outcome"] == outcome]


def ends_of(tables: Sequence[pd.DataFrame], chance: bool) -> tuple[float, float]:
    low, high = ("low", "high") if chance else ("p05", "p95")
    ends = [(np.nanmin(t[[low, "low"]].to_numpy()), np.nanmax(t[[high, "high"]].to_numpy())) for t in tables if len(t)]
    bottom, top = min(e[0] for e in ends), max(e[1] for e in ends)
    if not chance:  # a wide interval of the mean must not hide the curves
        spans = [(t["p05"].min(), t["p95"].max()) for t in tables]
        span = max(e[1] for e in spans) - min(e[0] for e in spans)
        lowest = min(e[0] for e in spans)
        bottom = max(bottom, lowest - 0.3 * span, 0.0 if lowest >= 0 else -np.inf)
        top = min(top, max(e[1] for e in spans) + 0.3 * span)
    return float(bottom), float(top)
