"""Tipping points: where on an axis a chance passes one half, with an interval, and how sharply.

A logistic curve with Firth's penalty (1993), which stays finite where the boundary is perfectly sharp; intervals by
Fieller's theorem from the larger of the model's own and the two-way clustered variance (points and worlds).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from sim.studies.sweep.design_and_response import Axis, Study
from sim.studies.sweep.surfaces import Z, bins_of, leading

STEPS = 60
MOST = 20  # axes in one fit
POINTS_EACH = 10  # points for each axis in a fit
LEVELS = 4  # values of an axis for a tipping point at one level of the other
Row = tuple[Any, ...]
SHARP = 2 * float(np.log(9))  # from a chance of 10 % to one of 90 %, on the logit scale


@dataclass(frozen=True)
class Fit:
    """A logistic curve: coefficients (k,) of the columns (P, k), and two variances (k, k) of them."""

    beta: np.ndarray
    model: np.ndarray
    clustered: np.ndarray


def logistic(design: np.ndarray, hits: np.ndarray, common: bool = True) -> Fit:
    """Fit yes (1) and no (0), hits (P, W), on the columns of design (P, k); ``common``: points share their luck."""
    worlds = hits.shape[1]
    share = hits.mean(axis=1)
    beta = np.zeros(design.shape[1])
    for _ in range(STEPS):
        p = _curve(design @ beta)
        weight = worlds * p * (1 - p)
        inverse = np.linalg.pinv(design.T @ (weight[:, None] * design))
        pull = weight * ((design @ inverse) * design).sum(axis=1)
        step = inverse @ (design.T @ (worlds * (share - p) + pull * (0.5 - p)))
        step *= min(1.0, 3.0 / max(float(np.abs(design @ step).max()), 1e-12))
        beta = beta + step
        if np.abs(step).max() < 1e-8:
            break
    rest = hits - _curve(design @ beta)[:, None]
    return Fit(beta, inverse, inverse @ _scatter(design, rest, common) @ inverse)


def _curve(eta: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-np.clip(eta, -35, 35))))


def _scatter(design: np.ndarray, rest: np.ndarray, common: bool) -> np.ndarray:
    """Variance of the score with points and, where they are common, worlds as clusters."""
    by_point = design * rest.sum(axis=1, keepdims=True)
    points = by_point.T @ by_point
    if rest.shape[1] < 2 or not common:
        return np.asarray(points)
    by_world = rest.T @ design
    both = design.T @ ((rest**2).sum(axis=1)[:, None] * design)
    whole = points + by_world.T @ by_world - both
    sizes, vectors = np.linalg.eigh(whole)
    return np.asarray(vectors * np.maximum(sizes, 0.0) @ vectors.T)  # their suggestion where it is not positive


def fieller(beta: np.ndarray, variance: np.ndarray, factor: float = Z) -> tuple[float, float]:
    """95 % interval of the place where beta[0] + beta[1] x is zero; infinite where the slope may be zero."""
    a = beta[1] ** 2 - factor**2 * variance[1, 1]
    b = 2 * (beta[0] * beta[1] - factor**2 * variance[0, 1])
    c = beta[0] ** 2 - factor**2 * variance[0, 0]
    inner = b**2 - 4 * a * c
    if a <= 0 or inner < 0:
        return -np.inf, np.inf
    roots = sorted(((-b - np.sqrt(inner)) / (2 * a), (-b + np.sqrt(inner)) / (2 * a)))
    return float(roots[0]), float(roots[1])


def tipping(study: Study, hits: np.ndarray) -> pd.DataFrame:
    """Tipping points of yes or no (P, W) on every axis that has a between; on the other axes the points' average.

    Of many axes, those that tell the most by themselves. Where two axes make up the sweep, also on each for every level
    of the other. ``located`` is false where the interval is the whole of the values tried.
    """
    shares = hits.mean(axis=1)
    kept = leading(study.axes, study.x, shares, max(1, min(MOST, len(hits) // POINTS_EACH)))
    rows = _together(study, hits, kept) + [row for k in range(len(study.axes)) if len(study.axes) == 2
                                           for row in _by_the_other(study, hits, k)]
    return pd.DataFrame(rows, columns=["parameter", "at", "tipping", "low", "high", "direction", "width", "inside",
                                       "located", "chance_low_end", "chance_high_end", "tipping_at", "low_at",
                                       "high_at"])


def _together(study: Study, hits: np.ndarray, axes: Sequence[int]) -> list[Row]:
    """One fit to all axes, over points whose dates do come."""
    rows = np.logical_and.reduce([study.x[:, k] != study.axes[k].never for k in axes])
    return _rows(study, hits, rows, axes, "")


def _by_the_other(study: Study, hits: np.ndarray, k: int) -> list[Row]:
    other = study.axes[1 - k]
    own, middles = bins_of(other, study.x[:, 1 - k], 6)
    here = study.x[:, k] != study.axes[k].never
    return [row for i, middle in enumerate(middles) if np.unique(study.x[here & (own == i), k]).size >= LEVELS
            for row in _rows(study, hits, here & (own == i), [k], f"{other.name} = {other.word(middle)}")]


def _rows(study: Study, hits: np.ndarray, rows: np.ndarray, axes: Sequence[int], at: str) -> list[Row]:
    """Tipping points of one fit; none where nothing can be fitted."""
    y, x = hits[rows], study.x[rows]
    if not len(y) or not 0 < y.mean() < 1:
        return []
    columns, owner = [np.ones(len(y))], [-1]
    for k in axes:
        own = _columns(study.axes[k], x[:, k])
        columns += own
        owner += [k] * len(own)
    fit = logistic(np.column_stack(columns), y, study.common)
    return [_row(study, fit, owner.index(k), x[:, k], y, k, at) for k in axes
            if k in owner and study.axes[k].kind != "category" and np.unique(x[:, k]).size >= 3]


def _columns(axis: Axis, x: np.ndarray) -> list[np.ndarray]:
    """An axis in the fit, centred: itself in standard deviations, or a column for every category but the first."""
    if axis.kind == "category":
        found = [(x == level).astype(float) for level in np.unique(x)[1:]]
        return [column - column.mean() for column in found]
    scaled = axis.scaled(x)
    return [(scaled - scaled.mean()) / scaled.std()] if scaled.std() > 0 else []


def _row(study: Study, fit: Fit, column: int, x: np.ndarray, y: np.ndarray, k: int, at: str) -> Row:
    axis, pair = study.axes[k], np.ix_([0, column], [0, column])
    beta = fit.beta[[0, column]]
    few = float(stats.t.ppf(0.975, y.shape[1] - 1)) if study.common and y.shape[1] > 1 else Z
    ends = [fieller(beta, fit.model[pair]), fieller(beta, fit.clustered[pair], few)]
    places = (-beta[0] / beta[1], min(end[0] for end in ends), max(end[1] for end in ends))
    scaled = axis.scaled(x)
    with np.errstate(over="ignore"):
        back = [float(axis.unscaled(scaled.mean() + scaled.std() * np.array(v))) for v in places]
    chances = [float(y[x == end].mean()) for end in (x.min(), x.max())]
    return (axis.name, at, *(_word(axis, v, x) for v in back), "rises" if beta[1] > 0 else "falls",
            SHARP / abs(beta[1]) * scaled.std(), bool(x.min() <= back[0] <= x.max()),
            bool(back[1] > x.min() or back[2] < x.max()), *chances, *back)


def _word(axis: Axis, at: float, x: np.ndarray) -> str:
    """A place on the axis; beyond the values tried, only that."""
    if at < x.min():
        return f"below {axis.word(x.min())}"
    return f"above {axis.word(x.max())}" if at > x.max() else axis.word(at)
