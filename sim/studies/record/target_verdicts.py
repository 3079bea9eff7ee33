"""The verdict on a target: whether the worlds of a run hit its range."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.studies.record.targets import Target

if TYPE_CHECKING:
    pass

TOO_WIDE = 3.0  # the simulated 90 % interval may be this many times as wide as the observed range
FEW = 5  # worlds in which the thing must have happened


@dataclass(frozen=True)
class Verdict:
    """What a run says about a target.

    ``happened`` is the number of worlds that count. ``word`` is 'within' (the 90 % interval lies in the observed
    range), 'overlaps' or 'misses'; ``hit`` also asks for an interval that is not too wide. ``note`` says why not.
    """

    median: float
    low50: float
    high50: float
    low90: float
    high90: float
    happened: int
    word: str
    hit: bool
    note: str


def verdict(values: np.ndarray, target: Target) -> Verdict:
    """Judge the values of one target, (W,), by the rule of the scoreboard.

    A hit: the observed range and the simulated 90 % interval overlap, and that interval is no wider than three times
    the observed range on the target's own scale (for a point: a factor of three overall).
    """
    known = values[~np.isnan(values)]
    if known.size < max(FEW, 0.1 * values.size):
        note = f"happened in {known.size} of {values.size} worlds"
        nan = math.nan
        return Verdict(nan, nan, nan, nan, nan, int(known.size), "misses", False, note)
    middle, spread = _intervals(known, target)
    low, high = spread[2:]
    if low > target.high or high < target.low:
        word = "misses"
    else:
        word = "within" if low >= target.low and high <= target.high else "overlaps"
    wide = too_wide(low, high, target)
    hit = word != "misses" and not wide
    note = "" if hit else ("outside the observed range" if word == "misses" else "the simulated interval is too wide")
    return Verdict(middle, *spread, int(known.size), word, hit, note)


def _intervals(known: np.ndarray, target: Target) -> tuple[float, tuple[float, float, float, float]]:
    if target.kind == "probability":
        from scipy.stats import beta

        a, b = known.sum() + 0.5, known.size - known.sum() + 0.5  # Jeffreys
        low50, high50, low90, high90 = (float(x) for x in beta.ppf([0.25, 0.75, 0.05, 0.95], a, b))
        if known.sum() == 0:
            low50 = low90 = 0.0
        if known.sum() == known.size:
            high50 = high90 = 1.0
        return float(known.mean()), (low50, high50, low90, high90)
    q = np.quantile(known, [0.5, 0.25, 0.75, 0.05, 0.95])
    return float(q[0]), (float(q[1]), float(q[2]), float(q[3]), float(q[4]))


def on_scale(x: float, target: Target) -> float:
    """A number on the target's scale: its logarithm (with a floor at a thousandth of the range) or itself."""
    return math.log(max(x, target.low / 1000)) if target.scale == "log" else x


def too_wide(low: float, high: float, target: Target) -> bool:
    """Whether a simulated interval is wider than three times the observed range (a point: a factor of three)."""
    if target.kind == "point":
        return high > TOO_WIDE * low if target.low > 0 else high - low > TOO_WIDE
    allowed = TOO_WIDE * (on_scale(target.high, target) - on_scale(target.low, target))
    return on_scale(high, target) - on_scale(low, target) > allowed * (1 + 1e-9)
