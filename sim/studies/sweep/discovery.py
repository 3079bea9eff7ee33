"""Scenario discovery: in which futures does something undesired happen, told as boxes and in words.

A future is one world of one point. PRIM (Friedman & Fisher 1999; Bryant & Lempert 2010) and CART come from the EMA
Workbench (Kwakkel 2017). Of PRIM's ever smaller boxes the one with the largest harmonic mean of density and coverage is
kept, freed of limits that hardly matter, its limits rounded, so that the sentence is true of the very limits it states.
"""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sim.studies.sweep.design_and_response import Axis
from sim.studies.sweep.sensitivity import package
from sim.words import counted, finer_percent

BOXES = 3
FEWEST = 20  # points
SMALLEST = 0.05  # share of futures in a box
LIMITS = 4  # of a box
LOSS = 0.02  # of the harmonic mean, that a limit must be worth
GAIN = 1.2  # times as frequent as overall, for a box to be told
SHARE = 0.03  # of all undesired futures, that a further box must cover
MOST = 10_000  # futures that PRIM reads
RESAMPLES = 300
SEED = 1
COLUMNS = ("method", "box", "parameter", "low", "high", "levels", "words", "density", "density_low", "density_high",
           "coverage", "coverage_low", "coverage_high", "mass", "density_new", "coverage_new")


@dataclass(frozen=True)
class Limit:
    """What a box asks of one axis: more than ``low``, less than ``high``, or one of the ``levels``."""

    axis: int
    low: float = -np.inf
    high: float = np.inf
    levels: tuple[int, ...] = ()

    def holds(self, x: np.ndarray) -> np.ndarray:
        """Which points (P,) of coordinates (P, D) keep it."""
        own = x[:, self.axis]
        return np.isin(own, self.levels) if self.levels else (own > self.low) & (own < self.high)


Box = tuple[Limit, ...]


@dataclass(frozen=True)
class Found:
    """Boxes of a sweep: a table with a row for each limit, and what is said about them."""

    table: pd.DataFrame
    sentences: list[str]


def inside(box: Box, x: np.ndarray) -> np.ndarray:
    """Which points (P,) lie in a box."""
    return np.logical_and.reduce([limit.holds(x) for limit in box]) if box else np.ones(len(x), dtype=bool)


def shares(hit: np.ndarray, bad: np.ndarray) -> tuple[float, float, float]:
    """Density, coverage and mass of some points (P,) with the share of undesired worlds ``bad`` (P,) at each."""
    within = float(bad[hit].sum())
    return within / max(hit.sum(), 1), within / max(float(bad.sum()), 1e-12), float(hit.mean())


def quality(hit: np.ndarray, bad: np.ndarray) -> float:
    """Harmonic mean of density and coverage."""
    density, coverage, _ = shares(hit, bad)
    return 2 * density * coverage / max(density + coverage, 1e-12)


def discover(axes: Sequence[Axis], x: np.ndarray, bad: np.ndarray, undesired: str) -> Found:
    """Boxes of the futures ``bad`` (P, W; yes or no) over points ``x`` (P, D); of the others where those are fewer.

    ``undesired``: what is undesired, in words that go on after "futures that have".
    """
    whole = float(bad.mean())
    start = (f"Of {counted(bad.size, 'future')} ({counted(len(bad), 'point')} in "
             f"{counted(bad.shape[1], 'world')} each), {finer_percent(whole)} have {undesired}.")
    if not 0 < whole < 1 or len(bad) < FEWEST:
        why = "too few points were run" if 0 < whole < 1 else "all futures are alike"
        return Found(pd.DataFrame(columns=list(COLUMNS)), [start, f"No boxes: {why}."])
    if whole > 0.5:
        start += " Since most do, what follows tells which do not."
    about = (f"have {undesired}", bad) if whole <= 0.5 else (f"do not have {undesired}", ~bad)
    rows, sentences = _told(axes, x, *about)
    for number, box in enumerate(cart_boxes(axes, x, about[1]), 1):
        rows += _rows("CART", number, axes, box, inside(box, x), about[1], (np.nan, np.nan))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table.insert(0, "futures", about[0])
    return Found(table, [start, *sentences])


def _told(axes: Sequence[Axis], x: np.ndarray, which: str, bad: np.ndarray) -> tuple[list[Any], list[str]]:
    """PRIM's boxes as rows and sentences."""
    boxes = prim_boxes(axes, x, bad)
    rows, sentences, left = [], [], np.ones(len(x), dtype=bool)
    for number, box in enumerate(boxes, 1):
        hit = inside(box, x) & left
        left &= ~hit
        rows += _rows("PRIM", number, axes, box, hit, bad, held_out(axes, x, bad) if number == 1 else (np.nan, np.nan))
        sentences.append(_sentence(rows[-1], axes, box, which, number))
    if len(boxes) > 1:
        _, coverage, mass = shares(~left, bad.mean(axis=1))
        sentences.append(f"Together the {len(boxes)} boxes hold {finer_percent(mass)} of all futures and cover "
                         f"{finer_percent(coverage)} of those that {which}.")
    if not boxes:
        sentences.append("No box stands out: what was varied hardly tells the futures apart.")
    return rows, sentences


def _rows(method: str, number: int, axes: Sequence[Axis], box: Box, hit: np.ndarray, bad: np.ndarray,
          new: tuple[float, float]) -> list[tuple[object, ...]]:
    density, coverage, mass = shares(hit, bad.mean(axis=1))
    (d_low, d_high), (c_low, c_high) = _intervals(hit, bad)
    told = (density, d_low, d_high, coverage, c_low, c_high, mass, *new)
    return [(method, number, axes[limit.axis].name, limit.low, limit.high,
             " ".join(axes[limit.axis].levels[i] for i in limit.levels), words_of(axes, limit), *told)
            for limit in box]


def _intervals(hit: np.ndarray, bad: np.ndarray) -> tuple[tuple[float, float], tuple[float, float]]:
    """95 % intervals of density and coverage of a given box: points and worlds are drawn again."""
    rng = np.random.default_rng(SEED)
    n, worlds = bad.shape
    values = bad.astype(float)
    found = []
    for _ in range(RESAMPLES):
        points = rng.multinomial(n, np.full(n, 1 / n))
        share = values @ rng.multinomial(worlds, np.full(worlds, 1 / worlds)) / worlds
        within, whole = float((points * share)[hit].sum()), float((points * share).sum())
        found.append((within / max(int(points[hit].sum()), 1), within / max(whole, 1e-12)))
    low, high = np.quantile(found, [0.025, 0.975], axis=0)
    return (float(low[0]), float(high[0])), (float(low[1]), float(high[1]))


def _sentence(row: tuple[object, ...], axes: Sequence[Axis], box: Box, which: str, number: int) -> str:
    told = dict(zip(COLUMNS, row, strict=True))
    d, d_low, d_high, c, c_low, c_high, d_new, c_new = (
        float(str(told[key])) for key in ("density", "density_low", "density_high", "coverage", "coverage_low",
                                          "coverage_high", "density_new", "coverage_new"))
    where = " and ".join(words_of(axes, limit) for limit in box)
    text = (f"{'Of' if number == 1 else 'Beyond these, of'} futures with {where}, {finer_percent(d)} {which} (95 %: "
            f"{finer_percent(d_low)} to {finer_percent(d_high)}); these cover {finer_percent(c)} of all futures "
            f"that {which} ({finer_percent(c_low)} to {finer_percent(c_high)}).")
    if np.isfinite(d_new):
        text += (f" Boxes found on one half of the points and judged on the other: {finer_percent(d_new)}, covering "
                 f"{finer_percent(c_new)}.")
    return text


def words_of(axes: Sequence[Axis], limit: Limit) -> str:
    """A limit in words."""
    axis = axes[limit.axis]
    if limit.levels:
        return f"{axis.name} {' or '.join(axis.levels[i] for i in limit.levels)}"
    if axis.kind == "date":
        return f"{axis.name} {_dates(axis, limit)}"
    low, high = _plain(limit.low), _plain(limit.high)
    if np.isfinite(limit.low) and np.isfinite(limit.high):
        return f"{axis.name} between {low} and {high}"
    return f"{axis.name} > {low}" if np.isfinite(limit.low) else f"{axis.name} < {high}"


def _dates(axis: Axis, limit: Limit) -> str:
    late = f"from {axis.word(np.ceil(limit.low))} on" if np.isfinite(limit.low) else ""
    early = f"before {axis.word(np.ceil(limit.high))}" if np.isfinite(limit.high) else ""
    never = " or never" if late and not early and np.isfinite(axis.never) else ""
    return f"{late} and {early}" if late and early else f"{late}{never}{early}"


def _plain(value: float) -> str:
    return f"{value:.4g}"


def prim_boxes(axes: Sequence[Axis], x: np.ndarray, bad: np.ndarray, most: int = BOXES) -> list[Box]:
    """Boxes by PRIM, one after the other on what the earlier ones leave."""
    share, base = bad.mean(axis=1), float(bad.mean())
    left = np.ones(len(x), dtype=bool)
    found: list[Box] = []
    while len(found) < most and left.sum() >= FEWEST:
        box = _best_box(axes, x[left], bad[left])
        hit = inside(box, x) & left
        density, coverage, _ = shares(hit, share)
        coverage = float(share[hit].sum() / share.sum())
        if not box or density < min(GAIN * base, (1 + base) / 2) or coverage < SHARE:
            break
        found.append(box)
        left &= ~hit
        if not 0 < share[left].sum() < left.sum():
            break
    return found


def _best_box(axes: Sequence[Axis], x: np.ndarray, bad: np.ndarray) -> Box:
    share = bad.mean(axis=1)
    candidates = _peeled(axes, x, bad)
    if not candidates:
        return ()
    box = max(candidates, key=lambda one: quality(inside(one, x), share))
    return _rounded(axes, _simpler(box, x, share), x, share)


def _peeled(axes: Sequence[Axis], x: np.ndarray, bad: np.ndarray) -> list[Box]:
    """Every box of PRIM's peeling and pasting."""
    worlds = np.arange(bad.shape[1])[:max(1, MOST // len(x))]
    table = _table(axes, x).loc[np.repeat(np.arange(len(x)), worlds.size)].reset_index(drop=True)
    with _quiet():
        prim = package("ema_workbench.analysis.prim")
        algorithm = prim.Prim(table, bad[:, worlds].ravel().astype(int), threshold=0.0, mass_min=SMALLEST)
        box = algorithm.find_box()
    if box is None:
        return []
    start = box.box_lims[0]
    return [_limits(axes, lims, start) for lims in box.box_lims]


def _table(axes: Sequence[Axis], x: np.ndarray) -> pd.DataFrame:
    """The points as the EMA Workbench reads them: numbers, and categories as objects."""
    return pd.DataFrame({axis.name: (pd.Series([axis.word(v) for v in column], dtype=object)
                                     if axis.kind == "category" else pd.Series(column.astype(float)))
                         for axis, column in zip(axes, x.T, strict=True)})


def _limits(axes: Sequence[Axis], lims: pd.DataFrame, start: pd.DataFrame) -> Box:
    """A box of the EMA Workbench as limits, on the axes where it differs from the whole."""
    found = []
    for k, axis in enumerate(axes):
        own, first = list(lims[axis.name]), list(start[axis.name])
        if axis.kind == "category":
            if own[0] != first[0]:
                found.append(Limit(k, levels=tuple(i for i, level in enumerate(axis.levels) if level in own[0])))
        elif own != first:
            # The workbench's limits are closed; these are open.
            low = np.nextafter(own[0], -np.inf) if own[0] > first[0] else -np.inf
            high = np.nextafter(own[1], np.inf) if own[1] < first[1] else np.inf
            found.append(Limit(k, float(low), float(high)))
    return tuple(found)


def _simpler(box: Box, x: np.ndarray, share: np.ndarray) -> Box:
    """Without limits and sides that hardly matter, and with few enough limits to be understood."""
    while True:
        floor = quality(inside(box, x), share) * (1 - LOSS)
        fewer = [one for k in range(len(box)) for one in _without(box, k)]
        good = [(quality(inside(one, x), share), one) for one in fewer if one]
        best = max(good, key=lambda pair: pair[0], default=(-1.0, ()))
        if not best[1] or (best[0] < floor and len(box) <= LIMITS):
            return box
        box = best[1]


def _without(box: Box, k: int) -> list[Box]:
    rest, limit = (*box[:k], *box[k + 1:]), box[k]
    if limit.levels or not (np.isfinite(limit.low) and np.isfinite(limit.high)):
        return [rest]
    return [rest, (*box[:k], Limit(limit.axis, low=limit.low), *box[k + 1:]),
            (*box[:k], Limit(limit.axis, high=limit.high), *box[k + 1:])]


def _rounded(axes: Sequence[Axis], box: Box, x: np.ndarray, share: np.ndarray) -> Box:
    """Limits with as few figures as cost nothing that matters."""
    floor = quality(inside(box, x), share) * (1 - LOSS)
    for k, limit in enumerate(box):
        if limit.levels:
            continue
        for digits in (1, 2, 3):
            low, high = (_to(axes[limit.axis], value, digits) for value in (limit.low, limit.high))
            short = (*box[:k], Limit(limit.axis, low, high), *box[k + 1:])
            if low < high and quality(inside(short, x), share) >= floor:
                box = short
                break
    return box


def _to(axis: Axis, value: float, digits: int) -> float:
    if axis.kind == "date" and np.isfinite(value):
        return float(np.ceil(value)) - 0.5  # between two months
    return float(f"{value:.{digits}g}")


def held_out(axes: Sequence[Axis], x: np.ndarray, bad: np.ndarray) -> tuple[float, float]:
    """Density and coverage of boxes that were found on one half of the points, on the other half; NaN for few."""
    if len(x) < 80:
        return np.nan, np.nan
    first = np.zeros(len(x), dtype=bool)
    first[np.random.default_rng(SEED).permutation(len(x))[:len(x) // 2]] = True
    found = []
    for half in (first, ~first):
        if not 0 < bad[half].mean() < 1:
            return np.nan, np.nan
        box = _best_box(axes, x[half], bad[half])
        found.append(shares(inside(box, x[~half]), bad[~half].mean(axis=1))[:2])
    return float(np.mean([d for d, _ in found])), float(np.mean([c for _, c in found]))


def cart_boxes(axes: Sequence[Axis], x: np.ndarray, bad: np.ndarray) -> list[Box]:
    """Leaves of a classification tree in which undesired futures are clearly more frequent than overall, densest first.

    Categories stand as a column for each level.
    """
    share, base = bad.mean(axis=1), float(bad.mean())
    table, owner = _by_level(axes, x)
    worlds = np.arange(bad.shape[1])[:max(1, MOST // len(x))]
    with _quiet():
        tree = package("ema_workbench.analysis.cart").CART(
            table.loc[np.repeat(np.arange(len(x)), worlds.size)].reset_index(drop=True),
            bad[:, worlds].ravel().astype(int), mass_min=SMALLEST)
        tree.build_tree()
        leaves = tree.boxes if tree.clf.tree_.node_count > 1 else []
    found = [_leaf(axes, owner, leaf, table) for leaf in leaves]
    dense = [box for box in found if shares(inside(box, x), share)[0] >= min(GAIN * base, (1 + base) / 2)]
    return sorted(dense, key=lambda box: -shares(inside(box, x), share)[0])


def _by_level(axes: Sequence[Axis], x: np.ndarray) -> tuple[pd.DataFrame, dict[str, tuple[int, int | None]]]:
    columns, owner = {}, {}
    for k, axis in enumerate(axes):
        for level in range(len(axis.levels)) if axis.kind == "category" else [None]:
            name = f"{k}" if level is None else f"{k}.{level}"
            columns[name] = x[:, k].astype(float) if level is None else (x[:, k] == level).astype(float)
            owner[name] = (k, level)
    return pd.DataFrame(columns), owner


def _leaf(axes: Sequence[Axis], owner: dict[str, tuple[int, int | None]], leaf: pd.DataFrame,
          table: pd.DataFrame) -> Box:
    limits: dict[int, Limit] = {}
    for name, (k, level) in owner.items():
        low, high = float(leaf[name].iloc[0]), float(leaf[name].iloc[1])
        if level is None:
            low = low if low > table[name].min() else -np.inf
            high = float(np.nextafter(high, np.inf)) if high < table[name].max() else np.inf
            if np.isfinite(low) or np.isfinite(high):
                limits[k] = Limit(k, low, high)
        elif low > 0 or high < 1:
            kept = limits[k].levels if k in limits else tuple(range(len(axes[k].levels)))
            limits[k] = Limit(k, levels=(level,) if low > 0 else tuple(i for i in kept if i != level))
    return tuple(limits.values())


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the workbench's messages; ties in trees are cut by NumPy's global state, which is set and put back."""
    state, level = np.random.get_state(), logging.root.manager.disable
    logging.disable(logging.WARNING)
    np.random.seed(SEED)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        np.random.set_state(state)
        logging.disable(level)
