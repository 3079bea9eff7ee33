"""Response curves and phase diagrams: an outcome over one or two of the things varied, with intervals.

Every curve is linear in the points' means over worlds, so one variance serves all: points and worlds are both clusters
(Cameron, Gelbach & Miller 2011, "Robust inference with multiway clustering"), because points share their luck where the
sweep says so. Surfaces between scattered points are local linear fits (Fan & Gijbels 1996).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from sim.studies.sweep.design_and_response import FEW, Axis, Study

Z = float(stats.norm.ppf(0.975))
BINS = 10
GROUPS = 3  # of the second axis in a two-axis curve
CELLS = 31  # along each side of a smoothed surface
MOST_FITTED = 1500  # points on which a bandwidth is chosen
BANDWIDTHS = (0.05, 0.07, 0.1, 0.14, 0.2, 0.28, 0.4)
FEWEST = 1.5  # points that must stand behind a cell of a surface
QUANTILES = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}


@dataclass(frozen=True)
class Linear:
    """Estimates that are weighted means of the points.

    ``x``: coordinates of the cells, (cells, dimensions); ``weights`` (cells, P); ``bin_of`` (P,): the cell of each
    point, where points are binned.
    """

    x: np.ndarray
    weights: np.ndarray
    bin_of: np.ndarray | None = None

    @property
    def points(self) -> np.ndarray:
        """How many points stand behind each cell (as many as equal weights would)."""
        return np.asarray(1.0 / np.maximum((self.weights**2).sum(axis=1), 1e-12))


def filled(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values (P, W) with gaps closed by the point's mean, and which points (P,) have any."""
    known = np.isfinite(values).any(axis=1)
    means = np.nanmean(values[known], axis=1, keepdims=True)
    return np.where(np.isfinite(values[known]), values[known], means), known


@dataclass(frozen=True)
class Kind:
    """``chance``: the values are yes (1) or no (0). ``common``: the points share their luck, world by world."""

    chance: bool
    common: bool


def errors(weights: np.ndarray, values: np.ndarray, residuals: np.ndarray,
           common: bool) -> tuple[np.ndarray, np.ndarray]:
    """Standard errors (cells,) of ``weights`` (cells, P) on values (P, W), and the factor that makes 95 % of them.

    ``residuals`` (P,): what the points' means differ from what the weights say of them. The factor is Student's, with
    Satterthwaite's degrees of freedom: few shared worlds leave wide intervals.
    """
    squares, (points, worlds) = weights**2, values.shape
    by_point = squares @ residuals**2
    within = squares @ (values.var(axis=1, ddof=1) / worlds) if worlds > 1 else np.zeros(len(weights))
    if not common or worlds < 2:
        return np.sqrt(np.maximum(by_point, within)), np.full(len(weights), Z)
    by_world = (weights @ values).var(axis=1, ddof=1) / worlds
    whole = np.maximum(by_point + by_world - within, np.maximum(by_point, by_world))
    parts = by_world**2 / (worlds - 1) + by_point**2 / max(points - 1, 1)
    freedom = np.where(parts > 0, whole**2 / np.where(parts > 0, parts, 1.0), np.inf)
    return np.sqrt(whole), stats.t.ppf(0.975, np.clip(freedom, 1, 1e6))


def bounds(mean: np.ndarray, error: np.ndarray, factor: np.ndarray, size: np.ndarray,
           chance: bool) -> tuple[np.ndarray, np.ndarray]:
    """Ends of 95 % intervals: Wilson's for chances, with the size of sample that the error speaks of; else symmetric.

    ``size`` (cells,) stands in for the sample where a chance of 0 or 1 shows no spread.
    """
    if not chance:
        return mean - factor * error, mean + factor * error
    mean = np.clip(mean, 0.0, 1.0)
    spread = mean * (1 - mean)
    n = np.where((error > 0) & (spread > 0), spread / np.maximum(error, 1e-9) ** 2, size)
    centre, half = mean + factor**2 / (2 * n), factor * np.sqrt(spread / n + factor**2 / (4 * n**2))
    return np.clip((centre - half) / (1 + factor**2 / n), 0, 1), np.clip((centre + half) / (1 + factor**2 / n), 0, 1)


def bins_of(axis: Axis, x: np.ndarray, most: int = BINS) -> tuple[np.ndarray, np.ndarray]:
    """Bin of each point (P,) and the bins' middles: listed values and few values are bins of their own."""
    levels, own = np.unique(x, return_inverse=True)
    if axis.listed or axis.kind == "category" or levels.size <= max(most, FEW):
        return own, levels
    edges = np.quantile(axis.scaled(x), np.linspace(0, 1, most + 1))
    own = np.clip(np.searchsorted(edges, axis.scaled(x), side="right") - 1, 0, most - 1)
    used, own = np.unique(own, return_inverse=True)
    return own, np.array([axis.unscaled(axis.scaled(x[own == k]).mean()) for k in range(used.size)])


def binned(own: np.ndarray, middles: np.ndarray) -> Linear:
    """Means of bins; ``middles`` (bins,) or (bins, dimensions)."""
    hits = own == np.arange(len(middles))[:, None]
    return Linear(np.asarray(middles).reshape(len(middles), -1), hits / hits.sum(axis=1, keepdims=True), own)


def explained(axis: Axis, x: np.ndarray, shares: np.ndarray) -> float:
    """Share of the differences between points (P,) that bins of one axis explain."""
    own, middles = bins_of(axis, x)
    means = binned(own, middles).weights @ shares
    return float(means[own].var() / max(float(shares.var()), 1e-12))


def leading(axes: Sequence[Axis], x: np.ndarray, shares: np.ndarray, most: int) -> list[int]:
    """Positions, in order, of the ``most`` axes that explain the most by themselves."""
    by_share = np.argsort([-explained(axis, own, shares) for axis, own in zip(axes, x.T, strict=True)], kind="stable")
    return sorted(by_share[:most].tolist())


def residuals_of(linear: Linear, means: np.ndarray) -> np.ndarray:
    """What each point's mean differs from the mean of the other points in its bin; 0 where it is alone."""
    assert linear.bin_of is not None
    n = np.bincount(linear.bin_of)[linear.bin_of]
    return np.where(n > 1, (means - (linear.weights @ means)[linear.bin_of]) * np.sqrt(n / np.maximum(n - 1, 1)), 0.0)


def local_weights(at: np.ndarray, x: np.ndarray, width: float, leave: np.ndarray | None = None) -> np.ndarray:
    """Weights (cells, P) of local linear fits at ``at`` (cells, 2) on ``x`` (P, 2); ``leave``: a point to leave out."""
    offset = x[None, :, :] - at[:, None, :]
    kernel = np.exp(-0.5 * (offset**2).sum(axis=2) / width**2)
    if leave is not None:
        kernel[np.arange(len(at)), leave] = 0.0
    design = np.concatenate([np.ones((*offset.shape[:2], 1)), offset / width], axis=2)
    moments = np.einsum("cp,cpi,cpj->cij", kernel, design, design)
    ridge = 1e-3 * np.trace(moments, axis1=1, axis2=2)[:, None, None] * np.diag([0.0, 1.0, 1.0]) + 1e-9 * np.eye(3)
    first = np.linalg.solve(moments + ridge, np.broadcast_to(np.eye(3)[:, :1], (len(at), 3, 1)))[..., 0]
    return np.asarray(kernel * np.einsum("ci,cpi->cp", first, design))


def in_blocks(at: np.ndarray, x: np.ndarray, width: float, leave: bool = False) -> Iterator[tuple[slice, np.ndarray]]:
    """`local_weights` by blocks of cells that stay small."""
    step = max(1, 400_000 // len(x))
    for first in range(0, len(at), step):
        rows = slice(first, min(first + step, len(at)))
        yield rows, local_weights(at[rows], x, width, np.arange(rows.start, rows.stop) if leave else None)


def predicted(x: np.ndarray, means: np.ndarray, width: float) -> np.ndarray:
    """Each point's mean from the other points."""
    out = np.empty(len(x))
    for rows, weights in in_blocks(x, x, width, leave=True):
        out[rows] = weights @ means
    return out


def bandwidth(x: np.ndarray, means: np.ndarray) -> float:
    """The bandwidth that predicts left-out points best, in shares of the axes."""
    step = -(-len(x) // MOST_FITTED)
    x, means = x[::step], means[::step]
    return min(BANDWIDTHS, key=lambda width: float(((predicted(x, means, width) - means) ** 2).mean()))


def summarised(values: np.ndarray, linear: Linear, residuals: np.ndarray, kind: Kind) -> pd.DataFrame:
    """Mean with its 95 % interval for every cell."""
    mean = linear.weights @ values.mean(axis=1)
    error, factor = errors(linear.weights, values, residuals, kind.common)
    worlds = values.shape[1]
    size = np.full(len(mean), worlds) if kind.common else np.maximum(linear.points, 1.0) * worlds
    low, high = bounds(mean, error, factor, size, kind.chance)
    return pd.DataFrame({"points": np.round(linear.points, 1), "mean": np.clip(mean, 0, 1) if kind.chance else mean,
                         "low": low, "high": high})


def curve(axis: Axis, x: np.ndarray, values: np.ndarray, kind: Kind, most: int = BINS) -> pd.DataFrame:
    """An outcome along one axis: mean with its interval, and quantiles over all points and worlds of each bin."""
    values, known = filled(values)
    own, middles = bins_of(axis, x[known], most)
    linear = binned(own, middles)
    table = summarised(values, linear, residuals_of(linear, values.mean(axis=1)), kind)
    spread = np.array([np.quantile(values[own == k], list(QUANTILES.values())) for k in range(len(middles))])
    table.insert(0, "value", [axis.word(at) for at in middles])
    table.insert(1, "at", middles)
    return pd.concat([table, pd.DataFrame(spread, columns=list(QUANTILES))], axis=1)


def curve_by(axis: Axis, by: Axis, x: np.ndarray, values: np.ndarray, kind: Kind) -> pd.DataFrame:
    """The same for groups of points of a second axis; ``x`` (P, 2)."""
    few = np.unique(x[:, 1]).size <= 5
    own, middles = bins_of(by, x[:, 1]) if few else _thirds(x[:, 1])
    parts = []
    for k, middle in enumerate(middles):
        rows = own == k
        if np.isfinite(values[rows]).any():
            part = curve(axis, x[rows, 0], values[rows], kind, most=6)
            ends = dict.fromkeys([by.word(x[rows, 1].min()), by.word(x[rows, 1].max())])
            words = by.word(middle) if few else " to ".join(ends)
            parts.append(part.assign(by=words, group=k))
    return pd.concat(parts, ignore_index=True)


def _thirds(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Groups of about as many points each, (P,), and their means. Whole levels: a part of one would stand for what
    the other axis was when the design visited it.
    """
    _, at, n = np.unique(x, return_inverse=True, return_counts=True)
    middle = np.cumsum(n) - n / 2
    used, own = np.unique((middle * GROUPS // len(x)).astype(int)[at], return_inverse=True)
    return own, np.array([x[own == k].mean() for k in range(used.size)])


@dataclass(frozen=True)
class Surface:
    """An outcome over two axes: one row of ``table`` per cell, ``kind`` grid or smoothed, and the values at marks."""

    table: pd.DataFrame
    kind: str
    marks: pd.DataFrame


def surface(axes: tuple[Axis, Axis], x: np.ndarray, values: np.ndarray, kind: Kind,
            marks: list[tuple[str, float, float]]) -> Surface:
    """A surface over two axes from points at ``x`` (P, 2): means of cells on a grid, else local linear fits."""
    values, known = filled(values)
    x = x[known]
    cells = _cells(axes, x)
    if cells is not None:
        own, middles = cells
        linear = binned(own, middles)
        residuals, made = residuals_of(linear, values.mean(axis=1)), "grid"
        at_marks = _between(axes, middles, linear, marks)
    else:
        linear, residuals, at_marks = _smoothed(axes, x, values.mean(axis=1), marks)
        made = "smoothed"
    table = summarised(values, linear, residuals, kind)
    for k, name in ((1, "y"), (0, "x")):
        table.insert(0, name, [axes[k].word(at) for at in linear.x[:, k]])
        table.insert(1, f"{name}_at", linear.x[:, k])
    if made == "smoothed":
        table.loc[linear.points < FEWEST, ["mean", "low", "high"]] = np.nan
    told = summarised(values, at_marks, residuals, kind) if marks else pd.DataFrame()
    named = pd.DataFrame(marks, columns=["label", "x_at", "y_at"]).reset_index(drop=True)
    return Surface(table, made, pd.concat([named, told.drop(columns="points", errors="ignore")], axis=1))


def _cells(axes: tuple[Axis, Axis], x: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Cell of each point and the cells' coordinates, where points stand on a grid or one axis has no between."""
    own, middles = zip(*(bins_of(axis, x[:, k], 8) for k, axis in enumerate(axes)), strict=True)
    levels = [np.unique(x[:, k]).size for k in (0, 1)]
    whole = np.unique(x, axis=0).shape[0] == levels[0] * levels[1]
    if whole and len(x) > levels[0]:
        own, middles = zip(*((np.unique(x[:, k], return_inverse=True)[::-1]) for k in (0, 1)), strict=True)
    elif not any(axis.kind == "category" or axis.listed for axis in axes):
        return None
    used, cell = np.unique(own[0] * len(middles[1]) + own[1], return_inverse=True)
    return cell, np.column_stack([middles[0][used // len(middles[1])], middles[1][used % len(middles[1])]])


def _smoothed(axes: tuple[Axis, Axis], x: np.ndarray, means: np.ndarray,
              marks: list[tuple[str, float, float]]) -> tuple[Linear, np.ndarray, Linear]:
    low, high = (np.array([axis.scaled(f(x[:, k])) for k, axis in enumerate(axes)]) for f in
                 (lambda v: v.min(), lambda v: v.max()))
    unit = np.column_stack([(axis.scaled(x[:, k]) - low[k]) / (high[k] - low[k]) for k, axis in enumerate(axes)])
    width = bandwidth(unit, means)
    side = np.linspace(0, 1, CELLS)
    grid = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1).reshape(-1, 2)
    placed = np.array([[axes[k].scaled(np.array(mark[k + 1])) for k in (0, 1)] for mark in marks]).reshape(-1, 2)
    residuals = means - predicted(unit, means, width)
    fits = []
    for at in (grid, (placed - low) / (high - low)):
        weights = np.concatenate([part for _, part in in_blocks(at, unit, width)]) if len(at) else np.empty((0, len(x)))
        back = np.column_stack([axis.unscaled(low[k] + at[:, k] * (high[k] - low[k])) for k, axis in enumerate(axes)])
        fits.append(Linear(back, weights))
    return fits[0], residuals, fits[1]


def _between(axes: tuple[Axis, Axis], cells: np.ndarray, linear: Linear,
             marks: list[tuple[str, float, float]]) -> Linear:
    """Values at marks between the cells of a grid: bilinear; outside it, those of its edge."""
    rows = []
    for _, *at in marks:
        row = np.zeros(len(linear.weights[0]))
        sides = [_sides(axes[k], np.unique(cells[:, k]), at[k]) for k in (0, 1)]
        for across, share in sides[0]:
            for up, part in sides[1]:
                hit = (cells[:, 0] == across) & (cells[:, 1] == up)
                row += share * part * (linear.weights[hit][0] if hit.any() else np.nan)
        rows.append(row)
    places = np.array([mark[1:] for mark in marks]).reshape(-1, 2)
    return Linear(places, np.array(rows).reshape(-1, linear.weights.shape[1]))


def _sides(axis: Axis, levels: np.ndarray, at: float) -> list[tuple[float, float]]:
    """The levels around a coordinate with their shares."""
    scale = axis.scaled(levels)
    place = float(np.interp(axis.scaled(np.array(at)), scale, np.arange(levels.size)))
    below = min(int(place), levels.size - 1)
    above = min(below + 1, levels.size - 1)
    return [(float(levels[below]), 1 - (place - below)), *([(float(levels[above]), place - below)] if above > below
                                                          else [])]


def chosen(study: Study, names: tuple[str, str]) -> tuple[tuple[Axis, Axis], np.ndarray]:
    """Two axes by name and the points' coordinates on them, (P, 2)."""
    a, b = (study.axis(name) for name in names)
    return (study.axes[a], study.axes[b]), study.x[:, [a, b]]
