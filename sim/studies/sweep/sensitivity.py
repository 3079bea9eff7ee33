"""Which of the things varied matter most: Sobol indices (SALib), Morris' effects, swings and rank correlations.

Indices speak of the mean over worlds of each point. Their intervals come from resampling the points, so they leave out
the chance between worlds; where points share their luck that chance moves all points alike.
"""

from __future__ import annotations

import importlib
import warnings
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from sim.studies.sweep.design_and_response import Axis, Study
from sim.studies.sweep.runner import SweepError
from sim.studies.sweep.surfaces import Z, errors, filled

SEED = 1
RESAMPLES = 200
FEWEST = 30  # points for first-order indices from any sample
NOTHING = 1e-6  # share of a spread below which what is left of it is rounding
HARMONICS = 6  # of the Fourier series behind them
SOBOL = ("parameter", "S1", "S1_low", "S1_high", "ST", "ST_low", "ST_high", "method", "points")
PAIRS = ("parameter", "with", "S2", "S2_low", "S2_high")
MORRIS = ("parameter", "mu_star", "mu_star_low", "mu_star_high", "mu", "sigma", "trajectories")


def package(name: str) -> Any:
    """A module of the extra ``analysis``; one plain message where it is not installed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise SweepError(f"this needs the package {error.name}, which is not installed. Install the extra 'analysis': "
                         "pip install -c constraints.txt -e '.[analysis]'.") from None


def sobol(study: Study, means: np.ndarray) -> tuple[pd.DataFrame, pd.DataFrame]:
    """First and total indices and, where the design allows, those of pairs; means (P,), NaN where not defined.

    A Saltelli design gives all of them. From any other sample of enough points come first-order indices only (random
    balance design, Tarantola et al. 2006).
    """
    known = np.isfinite(means)
    if not known.any() or np.ptp(means[known]) == 0:
        return pd.DataFrame(columns=list(SOBOL)), pd.DataFrame(columns=list(PAIRS))
    step = saltelli_step(study.design)
    if step:
        return _saltelli(study, means, step)
    if study.spec.design.kind in ("latin_hypercube", "sobol", "csv") and known.sum() >= FEWEST:
        return _any_sample(study, means, known), pd.DataFrame(columns=list(PAIRS))
    return pd.DataFrame(columns=list(SOBOL)), pd.DataFrame(columns=list(PAIRS))


def saltelli_step(design: np.ndarray) -> int:
    """Rows of one block of a Saltelli design, D + 2 or 2 D + 2; 0 where the points are none."""
    n, d = design.shape
    for step in (2 * d + 2, d + 2):
        if d > 1 and n % step == 0 and _is_saltelli(design.reshape(-1, step, d)):
            return step
    return 0


def _is_saltelli(blocks: np.ndarray) -> bool:
    """Row j of a block is its first row with coordinate j of its last row; then the other way round."""
    step, d = blocks.shape[1:]
    first, last = blocks[:, :1], blocks[:, -1:]
    swap = np.eye(d, dtype=bool)[None]
    parts = [np.where(swap, last, first)] + ([np.where(swap, first, last)] if step == 2 * d + 2 else [])
    return bool((blocks[:, 1:-1] == np.concatenate(parts, axis=1)).all()) and bool((first != last).any())


def blocks_of(study: Study, means: np.ndarray, step: int) -> tuple[np.ndarray, np.ndarray]:
    """Means (blocks, step) by blocks of the design, and which blocks were run in every point."""
    every = np.full(study.asked.size, np.nan)
    every[np.searchsorted(study.asked, study.points)] = means
    blocks = every.reshape(-1, step)
    return blocks, np.isfinite(blocks).all(axis=1)


def _problem(study: Study) -> dict[str, Any]:
    return {"num_vars": len(study.axes), "names": study.names, "groups": None,
            "bounds": [[0.0, 1.0]] * len(study.axes)}


def _saltelli(study: Study, means: np.ndarray, step: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    blocks, whole = blocks_of(study, means, step)
    blocks = blocks[whole]
    if len(blocks) < 2 or np.ptp(blocks) == 0:
        return pd.DataFrame(columns=list(SOBOL)), pd.DataFrame(columns=list(PAIRS))
    second = step == 2 * len(study.axes) + 2
    found = package("SALib.analyze.sobol").analyze(_problem(study), blocks.ravel(), calc_second_order=second,
                                                   num_resamples=RESAMPLES, seed=SEED)
    rows = [(name, *_ends(found["S1"][i], found["S1_conf"][i]), *_ends(found["ST"][i], found["ST_conf"][i]),
             "Saltelli", blocks.size) for i, name in enumerate(study.names)]
    pairs = [(a, b, *_ends(found["S2"][i, j], found["S2_conf"][i, j])) for i, a in enumerate(study.names)
             for j, b in enumerate(study.names) if second and i < j]
    return pd.DataFrame(rows, columns=list(SOBOL)), pd.DataFrame(pairs, columns=list(PAIRS))


def _any_sample(study: Study, means: np.ndarray, known: np.ndarray) -> pd.DataFrame:
    found = package("SALib.analyze.rbd_fast").analyze(_problem(study), study.scaled(study.x)[known], means[known],
                                                      M=HARMONICS, num_resamples=RESAMPLES, seed=SEED)
    rows = [(name, *_ends(found["S1"][i], found["S1_conf"][i]), np.nan, np.nan, np.nan, "first order, any sample",
             int(known.sum())) for i, name in enumerate(study.names)]
    return pd.DataFrame(rows, columns=list(SOBOL))


def _ends(value: Any, half: Any) -> tuple[float, float, float]:
    return float(value), float(value) - float(half), float(value) + float(half)


def morris(study: Study, means: np.ndarray) -> pd.DataFrame:
    """Elementary effects (Morris 1991): their mean size mu*, mean mu and spread sigma; empty where the sweep is not of
    the design morris.

    Of a range an effect is that over the whole of it, on its scale; of listed values and theories it is that of the
    move from one to another, positive where the later one in the list has more. So a range and a theory of two answers
    that are worth the same have the same mu*.
    """
    step = len(study.axes) + 1
    if study.spec.design.kind != "morris" or len(study.design) % step:
        return pd.DataFrame(columns=list(MORRIS))
    blocks, whole = blocks_of(study, means, step)
    if whole.sum() < 2:
        return pd.DataFrame(columns=list(MORRIS))
    effects = elementary(study.scaled(study.design).reshape(-1, step, step - 1)[whole], blocks[whole], _listed(study))
    n = len(effects)
    drawn = np.random.default_rng(SEED).integers(0, n, (RESAMPLES, n))
    size = np.abs(effects)
    half = Z * size[drawn].mean(axis=1).std(axis=0, ddof=1)
    mu, sigma = effects.mean(axis=0), effects.std(axis=0, ddof=1)
    rows = [(name, *_ends(size[:, i].mean(), half[i]), mu[i], sigma[i], n) for i, name in enumerate(study.names)]
    return pd.DataFrame(rows, columns=list(MORRIS))


def _listed(study: Study) -> np.ndarray:
    """Which axes (D,) take listed values."""
    choices = {dimension.name: bool(dimension.choices) for dimension in study.spec.dimensions}
    return np.array([choices[name] for name in study.names])


def elementary(paths: np.ndarray, means: np.ndarray, listed: np.ndarray) -> np.ndarray:
    """The effect of each axis in each trajectory, (R, D), from ``paths`` (R, D + 1, D), of which every step moves one
    axis, and ``means`` (R, D + 1): dy/dx, of ``listed`` axes (D,) the whole dy, with the sign of dx.
    """
    moves, rises = np.diff(paths, axis=1), np.diff(means, axis=1)
    steps = np.abs(moves).argmax(axis=1)  # (R, D): the step that moves the axis
    dx = np.take_along_axis(moves, steps[:, None, :], axis=1)[:, 0]
    dy = np.take_along_axis(rises, steps, axis=1)
    slopes = np.divide(dy, dx, out=np.zeros_like(dy), where=dx != 0)
    return np.where(listed, dy * np.sign(dx), slopes)


def tornado(study: Study, values: np.ndarray) -> pd.DataFrame:
    """How far each axis alone swings an outcome (P, W) from one end of its range to the other, largest first.

    Axes whose values have no order (`unordered`) have no ends, so that they are left out; the fit knows them.
    ``one at a time``: the points themselves. Otherwise from a linear fit (with categories as such) whose ``r2`` says
    how much of the differences between points it explains; beside it the partial rank correlation.
    """
    values, known = filled(values)
    if study.spec.design.kind == "one_at_a_time":
        table = _one_at_a_time(study, values, study.x[known])
    else:
        table = _regression(study, values, study.scaled(study.x)[known])
    return table.sort_values("swing", key=lambda column: -column.abs(), kind="stable", ignore_index=True)


def unordered(axis: Axis, x: np.ndarray) -> bool:
    """Whether the values x (n,) have no low and high end: three and more answers, dates beside "never"."""
    return np.unique(x).size > 2 and (axis.kind == "category" or bool((x == axis.never).any()))


def _one_at_a_time(study: Study, values: np.ndarray, x: np.ndarray) -> pd.DataFrame:
    base = np.array([stats.mode(column).mode for column in x.T])
    rows = []
    for k, axis in enumerate(study.axes):
        own = np.flatnonzero((np.delete(x, k, axis=1) == np.delete(base, k)).all(axis=1))
        if own.size < 2 or unordered(axis, study.design[:, k]):
            continue
        low, high = own[np.argmin(x[own, k])], own[np.argmax(x[own, k])]
        swing, half = _paired(values[high] - values[low])
        rows.append((axis.name, axis.word(x[low, k]), axis.word(x[high, k]), values[low].mean(), values[high].mean(),
                     swing, swing - half, swing + half, np.nan, np.nan, np.nan, np.nan, "one at a time"))
    return _tornado_frame(rows)


def _paired(differences: np.ndarray) -> tuple[float, float]:
    n = differences.size
    if n < 2:
        return float(differences.mean()), np.nan
    half = stats.t.ppf(0.975, n - 1) * differences.std(ddof=1) / np.sqrt(n)
    return float(differences.mean()), float(half)


def _tornado_frame(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["parameter", "low_value", "high_value", "at_low", "at_high", "swing",
                                       "swing_low", "swing_high", "rank_correlation", "rank_low", "rank_high", "r2",
                                       "method"])


def _regression(study: Study, values: np.ndarray, unit: np.ndarray) -> pd.DataFrame:
    columns = [_columns(axis, x, bool((own == axis.never).any()))
               for axis, x, own in zip(study.axes, unit.T, study.design.T, strict=True)]
    design = np.column_stack([np.ones(len(unit)), *columns])
    if len(unit) <= design.shape[1]:
        return _tornado_frame([])
    solver = np.linalg.pinv(design)
    means = values.mean(axis=1)
    leverage = np.einsum("pk,kp->p", design, solver)
    residuals = means - design @ (solver @ means)
    r2 = 1 - residuals.var() / means.var() if means.var() > 0 else np.nan
    ranks = partial_rank_correlations(design[:, 1:], means)
    steady = residuals / np.maximum(1 - leverage, 1e-3)
    rows, first = [], 1
    for k, (axis, own) in enumerate(zip(study.axes, columns, strict=True)):
        place = slice(first, first + own.shape[1])
        if not unordered(axis, study.design[:, k]):
            swing = _swing(axis, study.design[:, k], solver, place, values, steady, design.mean(axis=0), study.common)
            rows.append((*swing, *ranks[first - 1], r2, "linear fit"))
        first += own.shape[1]
    return _tornado_frame(rows)


def _columns(axis: Axis, unit: np.ndarray, never: bool) -> np.ndarray:
    """The axis in the fit: itself, with ``never``, its last place, apart; or a column for every category but the
    first.
    """
    if axis.kind != "category":
        apart = never and np.unique(unit).size > 2
        return np.column_stack([unit, unit == 1.0]) if apart else unit[:, None]
    return (np.round(unit * (len(axis.levels) - 1))[:, None] == np.arange(1, len(axis.levels))).astype(float)


def _swing(axis: Axis, x: np.ndarray, solver: np.ndarray, place: slice, values: np.ndarray, residuals: np.ndarray,
           average: np.ndarray, common: bool) -> tuple[Any, ...]:
    """Fitted outcome at the two ends (of two answers: at the lower and the higher), others at their mean."""
    means = values.mean(axis=1)
    ends = np.zeros((2, solver.shape[0]))
    ends[:] = average
    effects = np.concatenate([[0.0], solver[place] @ means])
    low, high = (0, 1) if axis.kind != "category" else (int(np.argmin(effects)), int(np.argmax(effects)))
    for row, level in zip(ends, (low, high), strict=True):
        row[place] = 0.0
        if level:
            row[place.start + level - 1] = 1.0
    weights = ends @ solver
    at_low, at_high = weights @ means
    half = float(np.prod(errors((weights[1] - weights[0])[None], values, residuals, common)))
    words = (axis.levels[low], axis.levels[high]) if axis.kind == "category" else (axis.word(x.min()),
                                                                                   axis.word(x.max()))
    swing = float(at_high - at_low)
    return axis.name, *words, float(at_low), float(at_high), swing, swing - half, swing + half


def partial_rank_correlations(x: np.ndarray, y: np.ndarray) -> list[tuple[float, float, float]]:
    """Correlation of ranks with the other columns of x (P, D) taken out, and its 95 % interval (Fisher).

    NaN for a column, or where y, has nothing left once the others are taken out.
    """
    n, d = x.shape
    ranks = np.column_stack([stats.rankdata(x, axis=0), stats.rankdata(y)])
    ranks -= ranks.mean(axis=0)
    r = np.array([_partial(np.delete(ranks, (k, d), axis=1), ranks[:, (k, d)]) for k in range(d)])
    half = Z / np.sqrt(max(n - d - 2, 1))
    at = np.arctanh(np.clip(r, -0.999999, 0.999999))
    return [(float(r[k]), float(np.tanh(at[k] - half)), float(np.tanh(at[k] + half))) for k in range(d)]


def _partial(others: np.ndarray, pair: np.ndarray) -> float:
    """Correlation of two columns, pair (P, 2), with others (P, k) taken out of both."""
    rest = pair - others @ np.linalg.lstsq(others, pair, rcond=None)[0]
    left = np.linalg.norm(rest, axis=0)
    if (left <= NOTHING * np.linalg.norm(pair, axis=0)).any():
        return np.nan
    return float(rest[:, 0] @ rest[:, 1] / left.prod())
