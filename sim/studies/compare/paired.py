"""Statistics of paired differences: what can be said, from so many worlds, about a change of sign and of size.

The sign of a difference is tested, because outcomes have heavy tails; sizes stand beside it with their intervals. Where
worlds are added until something is decided, the test is an e-process: its evidence against "as often lower as higher"
exceeds 1/a with a chance of at most a, however often one looks (Ville 1939; Robbins 1970; Ramdas et al. 2023,
"Game-theoretic statistics and safe anytime-valid inference").
"""

from __future__ import annotations

import math

import numpy as np
from scipy import special, stats

LEVEL = 0.05
POWER = 0.8
FEWEST = 6  # differing worlds with which a two-sided sign test at 5 % can decide: 2 * 0.5**6 = 0.031
MIXTURE = 0.5  # Beta(1/2, 1/2) over the share of higher worlds: Jeffreys' prior, loses least against any share
MOST_NEEDED = 10_000
BEYOND = f"more than {MOST_NEEDED:,}"


def counts(differences: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Worlds in which the other is lower, higher and the same, along the first axis."""
    lower, higher = (differences < 0).sum(axis=0), (differences > 0).sum(axis=0)
    return lower, higher, len(differences) - lower - higher


def sign_p(lower: np.ndarray | int, higher: np.ndarray | int) -> np.ndarray:
    """Two-sided p-value of the exact sign test on the worlds that differ; 1 where none does."""
    untied = np.add(lower, higher)
    return np.minimum(1.0, 2 * stats.binom.cdf(np.minimum(lower, higher), untied, 0.5))


def log_evidence(lower: np.ndarray | float, higher: np.ndarray | float) -> np.ndarray:
    """Logarithm of the evidence against "as often lower as higher": a mixture's likelihood over that of 1/2."""
    untied = np.add(lower, higher)
    return np.asarray(special.betaln(np.add(lower, MIXTURE), np.add(higher, MIXTURE)) - special.betaln(MIXTURE, MIXTURE)
                      + untied * math.log(2))


def median_rank(n: int, always_valid: bool = False) -> int:
    """Rank k such that the k-th smallest and the k-th largest of n bound the median with 95 %; 0 where n is too small.

    ``always_valid``: also when n depends on what was seen. (The other side of the mixture adds at most 1/2 to the
    evidence, so that 1/2 more is asked of it.)
    """
    if not always_valid:
        return int(stats.binom.ppf(LEVEL / 2, n, 0.5))
    below = np.arange(n // 2 + 1)
    return int((log_evidence(below, n - below) >= math.log(1 / LEVEL + 0.5)).sum())


def median_interval(values: np.ndarray, always_valid: bool = False) -> tuple[float, float, float]:
    """Median of values (n,) and its 95 % interval by order statistics; NaN where n is too small."""
    if not len(values):
        return math.nan, math.nan, math.nan
    ordered, k = np.sort(values), median_rank(len(values), always_valid)
    ends = (float(ordered[k - 1]), float(ordered[-k])) if k else (math.nan, math.nan)
    return float(np.median(ordered)), *ends


def mean_interval(values: np.ndarray) -> tuple[float, float, float]:
    """Mean of values (n,) and its 95 % t interval; NaN for fewer than two."""
    mean, n = float(np.mean(values)), len(values)
    if n < 2:
        return mean, math.nan, math.nan
    half = float(stats.t.ppf(1 - LEVEL / 2, n - 1) * np.std(values, ddof=1) / math.sqrt(n))
    return mean, mean - half, mean + half


def share_interval(count: int, n: int) -> tuple[float, float]:
    """Clopper and Pearson's 95 % interval of a share."""
    low = float(stats.beta.ppf(LEVEL / 2, count, n - count + 1)) if count else 0.0
    high = float(stats.beta.ppf(1 - LEVEL / 2, count + 1, n - count)) if count < n else 1.0
    return low, high


def worlds_needed(lower: int, higher: int, n: int) -> str:
    """Worlds with which a sign test would probably (80 %) decide, if the shares seen in n worlds are the true ones.

    At least so many that `FEWEST` are expected to differ, and more than there are.
    """
    untied = lower + higher
    if lower == higher:
        return BEYOND
    share = higher / untied
    z, power = stats.norm.ppf(1 - LEVEL / 2), stats.norm.ppf(POWER)
    untied_needed = ((z / 2 + power * math.sqrt(share * (1 - share))) / (share - 0.5)) ** 2
    return rounded_up(max(max(untied_needed, FEWEST) * n / untied, n + 1))


def worlds_needed_always(lower: int, higher: int, n: int, threshold: float) -> str:
    """Worlds with which the evidence would reach the threshold, if the shares seen in n worlds stay as they are."""
    if lower == higher:
        return BEYOND
    grid = np.geomspace(n + 1, MOST_NEEDED + n + 1, 400)
    enough = grid[log_evidence(grid * lower / n, grid * higher / n) >= math.log(threshold)]
    return rounded_up(float(enough[0])) if enough.size else BEYOND


def rounded_up(number: float) -> str:
    """To two significant digits, never down."""
    if number > MOST_NEEDED:
        return BEYOND
    unit = 10 ** max(0, math.floor(math.log10(number)) - 1)
    return f"{math.ceil(number / unit) * unit:,}"
