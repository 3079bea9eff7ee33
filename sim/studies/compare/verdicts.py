"""What a comparison says in words: a verdict for each row of effects, and the lines of a scenario, the worse first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from sim.engine.outcomes import OUTCOMES
from sim.studies.compare.paired import BEYOND, FEWEST, LEVEL
from sim.words import worlds_of

ALL = "ALL"  # all countries together
EVERYWHERE = "All countries"
FEW = 40  # worlds below which intervals are wide
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
        return (f"too few worlds to tell ({n})" if n < FEWEST else
                f"cannot be told apart with {n} worlds; {_about(row['needed'])} would be needed{_against(row)}")
    most = max(row["better"], row["worse"])
    return f"{change(outcome, _down(row))} in {most} of {n} worlds{_same(row)} ({_size(row)}){_against(row)}"


def _same(row: Mapping[str, Any]) -> str:
    return f", the same in {row['same']}" if row["same"] else ""


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
    """The median with the base's and its interval; the mean where most worlds do not differ."""
    low, high = (row[f"{'mean' if row['difference_median'] == 0 else 'difference'}_{end}"] for end in ("low", "high"))
    text = _middle(row)
    return f"{text}, too few worlds for an interval" if math.isnan(low) else (
        f"{text}, 95 % {number(low)} to {number(high)}")


def _middle(row: Mapping[str, Any]) -> str:
    """'median -358 of 5,390, -6.6 %': of the base's median; 'mean -1.2, base median 10' where most do not differ."""
    middle, base = row["difference_median"], row["base_median"]
    if middle == 0:
        return f"mean {number(row['difference_mean'])}, base median {number(base)}"
    size = f"median {number(middle)} of {number(base)}"
    if base <= 0:
        return size
    per_cent = 100 * middle / base
    return f"{size}, {per_cent:+,.0f} %" if abs(per_cent) >= 100 else f"{size}, {per_cent:+.2g} %"


def _against(row: Mapping[str, Any]) -> str:
    """What the mean says where the count of worlds says something else."""
    low, mean, high = row["mean_low"], row["difference_mean"], row["mean_high"]
    interval = f"mean {number(mean)}, 95 % {number(low)} to {number(high)}"
    if row["decided"] and _contrary(row):
        return f"; the mean points the other way ({interval})"
    if row["decided"] and _mean_open(row):
        return f"; the mean cannot be told apart from no change ({interval})"
    if not row["decided"] and (low > 0 or high < 0):
        return f"; the count of worlds does not decide, but the mean differs ({interval})"
    return ""


def _contrary(row: Mapping[str, Any]) -> bool:
    """Whether the mean changes the other way than most worlds."""
    return bool(row["difference_mean"] * (-1 if _down(row) else 1) < 0)


def _mean_open(row: Mapping[str, Any]) -> bool:
    """Whether the interval of the mean holds zero."""
    return bool(row["mean_low"] <= 0 <= row["mean_high"])


def _down(row: Mapping[str, Any]) -> bool:
    """Whether the outcome is lower in more worlds than it is higher."""
    return bool((row["better"] > row["worse"]) == (row["wish"] != "+"))


def number(x: float) -> str:
    """A number to read: three figures, whole and with commas from a hundred on."""
    return f"{x:,.0f}" if abs(x) >= 100 or x == 0 else f"{x:.3g}"


def effect_lines(own: pd.DataFrame, names: Mapping[str, str], asked: Sequence[str] = ()) -> list[str]:
    """The lines of one scenario's effects: what gets worse, what better, what else changes, what is unclear, effort.

    ``names`` are the names of places; at the places ``asked`` for the unclear is told as well as in all countries.
    """
    rows = own[own["outcome"] != "effort"]
    parts = {"Worse": ("worse",), "Better": ("better",), "Other changes": ("lower", "higher")}
    lines = [line for word, ways in parts.items() for line in _list(word, rows[rows["direction"].isin(ways)], names)]
    lines += [line for place in dict.fromkeys((ALL, *asked)) for line in _unclear(rows, place, names)]
    return [*lines, f"  Effort: {_effort(float(own['effort'].iloc[0]))} than the base."]


def named(place: str, names: Mapping[str, str]) -> str:
    """A place as it is called in a list."""
    return EVERYWHERE if place == ALL else names[place]


def _unclear(rows: pd.DataFrame, place: str, names: Mapping[str, str]) -> list[str]:
    """What is not told apart at one place."""
    head = f"  {named(place, names)}, not told apart:"
    unclear = rows[(rows["place"] == place) & rows["direction"].isin(DIRECTIONS[4:])].to_dict("records")
    lines = [f"    {noun(row['outcome'])}: {row['verdict']}" for row in unclear]
    return [head, *lines] if lines else [f"{head} none."]


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
            lines += [f"    {EVERYWHERE}: {row['verdict']}" for row in records]
        else:
            lines.append(f"    {names[str(place)]}: {'; '.join(map(_brief, records))}")
    return lines


def _brief(row: Mapping[str, Any]) -> str:
    """'more attacks (15 of 20 worlds, the same in 3, median 67 of 1,200, +5.6 %)'."""
    n = row["better"] + row["worse"] + row["same"]
    against = ", mean the other way" if _contrary(row) else ", mean not told apart" if _mean_open(row) else ""
    return (f"{change(row['outcome'], _down(row))} ({max(row['better'], row['worse'])} of {n} worlds{_same(row)}, "
            f"{_middle(row)}{against})")


def by_chance(made: int, further: bool = False) -> list[str]:
    """How many of so many comparisons, each at 5 %, chance alone would decide; ``further``: beside those named."""
    return [f"{made} {'further ' if further else ''}comparison{' was' if made == 1 else 's were'} made; without any "
            f"effect about {LEVEL * made:.2g} of them would look decided by chance (at 5 % each)."] if made else []


def few(worlds: int) -> list[str]:
    """What is to be said of few worlds."""
    if worlds >= FEW:
        return []
    if worlds < FEWEST:
        return [f"{worlds_of(worlds)} can decide nothing: the count of worlds needs at least {FEWEST}."]
    return [f"{worlds} worlds are few: the intervals are wide."]
