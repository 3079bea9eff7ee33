"""Designs: which points of the space a sweep visits.

Every design gives coordinates in [0, 1] for each dimension; `Dimension.at` makes values of them. Sobol designs are
Saltelli's (2010): for base points A and B, each A_i, the A_i with one coordinate from B_i (D of them; with
``second_order`` also the B_i with one from A_i), and B_i, in the order that SALib reads. Morris designs (1991) are
trajectories that move one coordinate at a time by levels / (2 (levels - 1)).
"""

from __future__ import annotations

import csv
import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.calendar import Month
from sim.errors import UserError
from sim.inputs.reading import scalar
from sim.studies.sweep.dimensions import Dimension, as_column
from sim.studies.sweep.spec import SweepSpec
from sim.words import counted, listed, nearest, shown

if TYPE_CHECKING:
    import pandas as pd

MORRIS_LEVELS = 4
MAX_ROWS = 5_000_000  # points times worlds


@dataclass(frozen=True)
class Points:
    """The P points: values by name of the dimension, and their coordinates (P, D)."""

    values: dict[str, list[Any]]
    unit: np.ndarray

    def __len__(self) -> int:
        return len(self.unit)


def points_of(spec: SweepSpec) -> Points:
    """The points of a sweep's design.

    Raises
    ------
    UserError
        where there are more rows than a sweep may have, or a table of points is wrong.
    """
    if spec.design.kind == "csv":
        return _within_limits(spec, _from_file(spec))
    if spec.design.kind == "one_at_a_time":
        return _within_limits(spec, _one_at_a_time(spec))
    count = size(spec)
    if count * spec.worlds > MAX_ROWS:
        raise _too_many(spec, count)
    unit = {"grid": _grid, "latin_hypercube": _latin_hypercube, "sobol": _sobol,
            "morris": _morris}[spec.design.kind](spec)
    return Points({d.name: d.at(unit[:, i]) for i, d in enumerate(spec.dimensions)}, unit)


def size(spec: SweepSpec) -> int:
    """Number of points of a grid, Latin hypercube, Sobol or Morris design."""
    design, count = spec.design, len(spec.dimensions)
    if design.kind == "grid":
        return int(np.prod([float(d.steps(design.levels).size) for d in spec.dimensions]))
    if design.kind == "sobol":
        return int(design.points or 0) * (2 * count + 2 if design.second_order else count + 2)
    return int(design.trajectories or 0) * (count + 1) if design.kind == "morris" else int(design.points or 0)


def _within_limits(spec: SweepSpec, points: Points) -> Points:
    if len(points) * spec.worlds > MAX_ROWS:
        raise _too_many(spec, len(points))
    return points


def _too_many(spec: SweepSpec, points: int) -> UserError:
    return UserError(f"{spec.source}, design: {counted(points, 'point')} of {counted(spec.worlds, 'world')} "
                     f"are {points * spec.worlds:,} worlds. Allowed: at most {MAX_ROWS:,}.")


def _grid(spec: SweepSpec) -> np.ndarray:
    steps = [d.steps(spec.design.levels) for d in spec.dimensions]
    return np.array(list(itertools.product(*steps)), dtype=float)


def _latin_hypercube(spec: SweepSpec) -> np.ndarray:
    from scipy.stats import qmc

    return np.asarray(qmc.LatinHypercube(len(spec.dimensions), seed=spec.design.seed).random(spec.design.points))


def _sobol(spec: SweepSpec) -> np.ndarray:
    from scipy.stats import qmc

    count = len(spec.dimensions)
    assert spec.design.points is not None
    base = qmc.Sobol(2 * count, seed=spec.design.seed).random(spec.design.points)
    a, b = base[:, :count], base[:, count:]
    blocks = [a, *(_exchanged(a, b, i) for i in range(count))]
    if spec.design.second_order:
        blocks += [_exchanged(b, a, i) for i in range(count)]
    return np.stack([*blocks, b], axis=1).reshape(-1, count)


def _exchanged(a: np.ndarray, b: np.ndarray, column: int) -> np.ndarray:
    mixed = a.copy()
    mixed[:, column] = b[:, column]
    return mixed


def _morris(spec: SweepSpec) -> np.ndarray:
    rng = np.random.default_rng(spec.design.seed)
    assert spec.design.trajectories is not None
    return np.concatenate([_trajectory(len(spec.dimensions), spec.design.levels or MORRIS_LEVELS, rng)
                           for _ in range(spec.design.trajectories)])


def _trajectory(count: int, levels: int, rng: np.random.Generator) -> np.ndarray:
    """A walk of count + 1 points, (count + 1, count), each coordinate moved once by delta, up or down."""
    delta = levels / (2 * (levels - 1))
    low = rng.integers(0, levels // 2, count) / (levels - 1)
    up = rng.random(count) < 0.5
    walk = np.tile(np.where(up, low, low + delta), (count + 1, 1))
    for step, column in enumerate(rng.permutation(count), start=1):
        walk[step:, column] += delta if up[column] else -delta
    return np.clip(walk, 0, 1)


def _one_at_a_time(spec: SweepSpec) -> Points:
    """The defaults, then each dimension through its levels while the others stay."""
    usual = [d.default for d in spec.dimensions]
    rows = [usual]
    for i, dimension in enumerate(spec.dimensions):
        for value in dimension.at(dimension.steps(spec.design.levels)):
            if value != usual[i]:
                rows.append([*usual[:i], value, *usual[i + 1:]])
    return _of_rows(spec, rows)


def _of_rows(spec: SweepSpec, rows: list[list[Any]]) -> Points:
    values = {d.name: [row[i] for row in rows] for i, d in enumerate(spec.dimensions)}
    unit = np.array([[d.unit_of(row[i]) for i, d in enumerate(spec.dimensions)] for row in rows])
    return Points(values, unit)


def _from_file(spec: SweepSpec) -> Points:
    path = Path(str(spec.design.file))
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            table = [row for row in csv.reader(handle) if row]
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: the points cannot be read ({error}).") from None
    head = table[0] if table else []
    _check_head(path, head, spec)
    if len(table) < 2:
        raise UserError(f"{path}: there are no points, only names.")
    columns = [head.index(d.name) for d in spec.dimensions]
    rows = []
    for line, cells in enumerate(table[1:], start=2):
        if len(cells) != len(head):
            raise UserError(f"{path}, line {line}: {len(cells)} cells. Allowed: {len(head)}, as in line 1.")
        rows.append([_cell(path, line, d, cells[i]) for d, i in zip(spec.dimensions, columns, strict=True)])
    return _of_rows(spec, rows)


def _check_head(path: Path, head: list[str], spec: SweepSpec) -> None:
    for name in head:
        if name not in (*spec.names, "point"):
            close = nearest(name, spec.names)
            hint = f" Did you mean '{close}'?" if close else ""
            raise UserError(f"{path}, line 1: {shown(name)} is not varied. Allowed: {listed(spec.names)}.{hint}")
    missing = [name for name in spec.names if name not in head]
    if missing or len(set(head)) < len(head):
        problem = f"the column '{missing[0]}' is missing" if missing else "a column stands there twice"
        raise UserError(f"{path}, line 1: {problem}. Allowed: each of {listed(spec.names)} once.")


def _cell(path: Path, line: int, dimension: Dimension, text: str) -> Any:
    value = scalar(text.strip())
    if isinstance(value, int) and not isinstance(value, bool) and dimension.kind != "posterior":
        value = float(value)
    try:
        if dimension.holds(value):
            return value
    except ValueError:  # not a month
        pass
    raise UserError(f"{path}, line {line}, {dimension.name}: {shown(text)} is none of its values. "
                    f"Allowed: {dimension.range_text()}.")


def frames(spec: SweepSpec, points: Points) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The points as a table, and their coordinates as another.

    The first has ``point``, a column for each dimension, and what follows from them: ``<name>_months`` (months since
    the start of the run; empty for never) of dates, and the coefficients that posterior draws set.
    """
    import pandas as pd

    number = np.arange(len(points), dtype=np.int32)
    table: dict[str, Any] = {"point": number}
    table |= {name: as_column(values) for name, values in points.values.items()}
    for dimension in spec.dimensions:
        if dimension.unit == "month":
            table[f"{dimension.name}_months"] = _since_start(points.values[dimension.name], int(spec.base.start))
        if dimension.kind == "posterior":
            table |= posterior_rows(dimension.target, points.values[dimension.name])
    unit = {d.name: points.unit[:, i] for i, d in enumerate(spec.dimensions)}
    return pd.DataFrame(table), pd.DataFrame({"point": number, **unit})


def _since_start(months: list[Any], start: int) -> np.ndarray:
    return np.array([np.nan if month == "never" else int(Month.parse(str(month))) - start for month in months])


def posterior_rows(world: str, rows: Any) -> dict[str, np.ndarray]:
    """Coefficients of some rows of the posterior."""
    from sim.inputs.numbers import DATA
    from sim.inputs.posterior import FILE, load_posterior

    names, draws = load_posterior(DATA / world / FILE)
    chosen = draws[np.asarray(rows, dtype=int)]
    return {name: chosen[:, i] for i, name in enumerate(names)}
