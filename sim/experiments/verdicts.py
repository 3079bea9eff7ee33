"""What a comparison says in words: a verdict for each row of effects, and the lines of a scenario, the worse first."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from sim.experiments.paired import BEYOND
from sim.recorder import OUTCOMES

ALL = "ALL"  # all countries together
#: how the directions are ordered: what gets worse is never hidden
DIRECTIONS = ("worse", "higher", "lower", "better", "undecided", "same in every world")
#: outcomes whose label does not follow "fewer" or "less" well
NOUNS = {"departures": "departures to the theatre", "foothold": "time with a foothold", "effort": "effort",
         "mass_attacks": "mass-casualty attacks", "readiness": "readiness to hear a violent message"}


def verdict(row: Mapping[str, Any], outcome: str) -> str:
    """A row of effects in words."""
    n = row["better"] + row["worse"] + row["same"]
    if row["direction"] == "same in every world":
        return "the same in every world"
    if not row["decided"]:
        worlds = f"{n} worlds" if n > 1 else "1 world"
        return f"cannot be told apart with {worlds}; {_about(row['needed'])} would be needed{_against(row)}"
    same = f", the same in {row['same']}" if row["same"] else ""
    most = max(row["better"], row["worse"])
    return f"{change(outcome, _down(row))} in {most} of {n} worlds{same} ({_size(row)}){_against(row)}"


def _about(needed: str) -> str:
    return needed if needed == BEYOND else f"about {needed}"


def noun(outcome: str) -> str:
    """What an outcome is called within a sentence."""
    return NOUNS.get(outcome, OUTCOMES[outcome].label)


def change(outcome: str, down: bool) -> str:
    """'fewer attacks', 'less polarisation', 'more attacks' ..."""
    what = noun(outcome)
    uncounted = OUTCOMES[outcome].unit in ("0-1", "index") or outcome == "effort"
    return f"{('less' if uncounted else 'fewer') if down else 'more'} {what}"


def _size(row: Mapping[str, Any]) -> str:
    """The median with its interval; the mean where most worlds do not differ."""
    middle, ends = ("mean", "mean") if row["difference_median"] == 0 else ("median", "difference")
    low, high = row[f"{ends}_low"], row[f"{ends}_high"]
    text = f"{middle} {number(row[f'difference_{middle}'])}"
    return f"{text}, too few worlds for an interval" if math.isnan(low) else (
        f"{text}, 95 % {number(low)} to {number(high)}")


def _against(row: Mapping[str, Any]) -> str:
    """What the mean says where the count of worlds says something else."""
    low, mean, high = row["mean_low"], row["difference_mean"], row["mean_high"]
    interval = f"mean {number(mean)}, 95 % {number(low)} to {number(high)}"
    if row["decided"] and _contrary(row):
        return f"; the mean points the other way ({interval})"
    if not row["decided"] and (low > 0 or high < 0):
        return f"; the count of worlds does not decide, but the mean differs ({interval})"
    return ""


def _contrary(row: Mapping[str, Any]) -> bool:
    """Whether the mean changes the other way than most worlds."""
    return bool(row["difference_mean"] * (-1 if _down(row) else 1) < 0)


def _down(row: Mapping[str, Any]) -> bool:
    """Whether the outcome is lower in more worlds than it is higher."""
    return bool((row["better"] > row["worse"]) == (row["wish"] != "+"))


def number(x: float) -> str:
    """A number to read: three figures, whole and with commas from a hundred on."""
    return f"{x:,.0f}" if abs(x) >= 100 or x == 0 else f"{x:.3g}"


def told(own: pd.DataFrame, names: Mapping[str, str]) -> list[str]:
    """The lines of one scenario's effects: what gets worse, what better, what else changes, what is unclear, effort.

    ``names`` are the names of places.
    """
    rows = own[own["outcome"] != "effort"]
    parts = {"Worse": ("worse",), "Better": ("better",), "Other changes": ("lower", "higher")}
    lines = [line for word, ways in parts.items() for line in _list(word, rows[rows["direction"].isin(ways)], names)]
    unclear = rows[(rows["place"] == ALL) & rows["direction"].isin(DIRECTIONS[4:])].to_dict("records")
    lines += ["  Not told apart in all countries:" if unclear else "  Not told apart in all countries: none.",
              *(f"    {noun(row['outcome'])}: {row['verdict']}" for row in unclear)]
    return [*lines, f"  Effort: {_effort(float(own['effort'].iloc[0]))} than the base."]


def _effort(difference: float) -> str:
    return f"{number(abs(difference))} units {'more' if difference > 0 else 'less'}" if difference else "no more"


def _list(word: str, rows: pd.DataFrame, names: Mapping[str, str]) -> list[str]:
    """All countries together in full, then a line for each other place."""
    if not len(rows):
        return [f"  {word}: none decided."]
    lines = [f"  {word}:"]
    for place, own in rows.groupby("place", sort=False):
        records = own.to_dict("records")
        if place == ALL:
            lines += [f"    All countries: {row['verdict']}" for row in records]
        else:
            lines.append(f"    {names[str(place)]}: {'; '.join(map(_brief, records))}")
    return lines


def _brief(row: Mapping[str, Any]) -> str:
    """'more attacks (19 of 20 worlds, median 67)'."""
    n = row["better"] + row["worse"] + row["same"]
    middle = "mean" if row["difference_median"] == 0 else "median"
    return (f"{change(row['outcome'], _down(row))} ({max(row['better'], row['worse'])} of {n} worlds, "
            f"{middle} {number(row[f'difference_{middle}'])}{', mean the other way' if _contrary(row) else ''})")
