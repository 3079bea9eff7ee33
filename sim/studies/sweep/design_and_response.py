"""A sweep as its analysis sees it: what was varied, as numbers on axes, and what came of it, as an array."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.calendar import Month
from sim.engine.outcomes import OUTCOMES
from sim.studies.sweep.dimensions import Dimension
from sim.studies.sweep.runner import SweepError
from sim.studies.sweep.spec import SweepSpec
from sim.studies.sweep.summaries import SUMMARIES
from sim.studies.sweep.sweep_folder import read_sweep

KEYS = ("point", "world", "period", "place")
NEVER = "never"
CHANCE = "0 or 1"
AFTER = 12  # months after the last date at which "never" stands on an axis
FEW = 12  # different values up to which each is a level of its own
#: summaries of which less is better. `first_foothold` carries no wish: worlds without any are not in its mean, so that
#: preventing all but the earliest footholds would look like harm.
WORSE = ("foothold_any", "foothold_months", "recurrence", "peak_residents", "departures_per_million",
         "recruits_per_million")
#: shorter words than the labels of summaries and outcomes, for titles
SHORT = {"foothold_any": "chance of a foothold", "recurrence": "chance that a foothold comes back",
         "foothold_lost": "chance that a foothold is lost", "first_foothold": "months to the first foothold",
         "departures_per_million": "departures per million residents", "departures": "departures",
         "recruits_per_million": "recruits per million residents", "recruits": "recruits",
         "peak_residents": "most residents under control in any month", "effort": "effort spent on levers",
         "controlled_residents": "residents under control", "foothold": "share of months with a foothold"}


@dataclass(frozen=True)
class Axis:
    """One thing that was varied.

    ``kind``: number, date (counted in months) or category (counted from 0 in the order of ``levels``). ``never``: where
    a date that never comes stands. ``log``: the scale. ``listed``: its values were listed, none lies between them.
    """

    name: str
    kind: str
    label: str = ""
    log: bool = False
    listed: bool = False
    levels: tuple[str, ...] = ()
    never: float = np.nan

    def number(self, value: Any) -> float:
        """A value of the points' table, or of a mark, as a coordinate; raises ValueError where it is none."""
        if self.kind == "category":
            return float(self.levels.index(str(value)))
        if self.kind == "date":
            return self.never if str(value) == NEVER else float(Month.parse(str(value)))
        return float(value)

    def word(self, at: float) -> str:
        """A coordinate as text."""
        if self.kind == "category":
            return self.levels[int(np.clip(round(at), 0, len(self.levels) - 1))]
        if self.kind == "date":
            return NEVER if at == self.never else str(Month(round(at)))
        return f"{at:.3g}"

    def scaled(self, x: np.ndarray) -> np.ndarray:
        """Coordinates on the axis's own scale."""
        return np.log10(x) if self.log else np.asarray(x, dtype=float)

    def unscaled(self, x: np.ndarray) -> np.ndarray:
        """The way back from `scaled`."""
        return np.asarray(10.0**x if self.log else x)


@dataclass(frozen=True)
class Study:
    """A sweep read for analysis.

    ``x`` (P, D): coordinates of the points that were run, on ``axes``. ``values`` (P, W, T, L, O) by point, world,
    period, place and outcome; NaN where an outcome is not defined in a world. ``asked`` (A,) and ``design`` (A, D):
    every point that was asked for and its coordinates.
    """

    folder: Path
    spec: SweepSpec
    axes: tuple[Axis, ...]
    points: np.ndarray
    x: np.ndarray
    asked: np.ndarray
    design: np.ndarray
    values: np.ndarray
    periods: tuple[str, ...]
    places: tuple[str, ...]
    outcomes: tuple[str, ...]

    @property
    def worlds(self) -> int:
        return self.values.shape[1]

    @property
    def common(self) -> bool:
        """Whether the points share their luck."""
        return self.spec.luck == "common"

    @property
    def names(self) -> list[str]:
        return [axis.name for axis in self.axes]

    def axis(self, name: str) -> int:
        """Position of what was varied under this name."""
        if name not in self.names:
            raise SweepError(f"{self.folder}: '{name}' was not varied in this sweep. Varied: {', '.join(self.names)}.")
        return self.names.index(name)

    def of(self, period: str, place: str, outcome: str) -> np.ndarray:
        """Values (P, W), float64."""
        at = self.periods.index(period), self.places.index(place), self.outcomes.index(outcome)
        return np.asarray(self.values[:, :, *at], dtype=float)

    def chance(self, outcome: str) -> bool:
        """Whether an outcome is yes (1) or no (0) in each world."""
        return unit(outcome) == CHANCE

    def scaled(self, x: np.ndarray) -> np.ndarray:
        """Coordinates (n, D) from 0 to 1 over the design, on each axis's scale."""
        own, whole = (np.column_stack([axis.scaled(column) for axis, column in zip(self.axes, table.T, strict=True)])
                      for table in (x, self.design))
        low, high = whole.min(axis=0), whole.max(axis=0)
        return np.asarray((own - low) / np.where(high > low, high - low, 1.0))


def label(outcome: str) -> str:
    """What an outcome or summary is, in a few words."""
    if outcome in SHORT:
        return SHORT[outcome]
    return SUMMARIES[outcome].label if outcome in SUMMARIES else OUTCOMES[outcome].label


def unit(outcome: str) -> str:
    """Its unit over a period: flows are summed up, so that they are no longer by the month."""
    if outcome in SUMMARIES:
        return SUMMARIES[outcome].unit
    return OUTCOMES[outcome].unit.removesuffix("/month")


def wish(outcome: str) -> str:
    """``-`` where less is better, ``+`` where more is, else empty."""
    if outcome in SUMMARIES:
        return "-" if outcome in WORSE else ""
    return OUTCOMES[outcome].wish


def load(folder: Path | str, draws: bool = False) -> Study:
    """Read the folder of a sweep.

    Parameters
    ----------
    draws : whether what was varied as a posterior draw stands as the coefficients that it sets, not as its number.

    Raises
    ------
    SweepError
        where the folder is none of a sweep, or is not whole.
    """
    folder = Path(folder)
    sweep = read_sweep(folder)
    points, spec = sweep.points.sort_values("point", kind="stable"), sweep.spec
    if sweep.results.empty:
        raise SweepError(f"{folder}: no point of this sweep was run, so there is nothing to analyse.")
    axes = _axes(points, spec, draws)
    if not axes:
        raise SweepError(f"{folder}: nothing was varied in this sweep, so there is nothing to analyse.")
    design = np.column_stack([[axis.number(v) for v in points[axis.name]] for axis in axes])
    values, kept, periods, places, outcomes = _cube(folder, sweep.results)
    asked = points["point"].to_numpy()
    return Study(folder, spec, axes, kept, design[np.searchsorted(asked, kept)], asked, design, values, periods, places,
                 outcomes)


def _axes(points: pd.DataFrame, spec: SweepSpec, draws: bool) -> tuple[Axis, ...]:
    """What differs between points."""
    axes = []
    for dimension in spec.dimensions:
        if points[dimension.name].nunique() < 2:
            continue
        if dimension.kind == "posterior" and draws:
            axes += [Axis(name, "number") for name in _coefficients(points, spec)]
        else:
            axes.append(_axis(dimension, points[dimension.name]))
    return tuple(axes)


def _coefficients(points: pd.DataFrame, spec: SweepSpec) -> list[str]:
    """Columns that follow from posterior draws."""
    own = {"point", *spec.names, *(f"{name}_months" for name in spec.names)}
    return [str(name) for name in points.columns if name not in own and points[name].nunique() > 1]


def _axis(dimension: Dimension, column: pd.Series) -> Axis:
    axis = Axis(dimension.name, "number", dimension.label, dimension.log, bool(dimension.choices))
    if dimension.numeric:
        return axis
    if dimension.months or dimension.unit == "month":
        last = max(int(Month.parse(str(text))) for text in column if text != NEVER)
        return replace(axis, kind="date", listed=True, never=float(last + AFTER))
    found = set(column.astype(str))
    return replace(axis, kind="category", levels=tuple(name for name in map(str, dimension.choices) if name in found))


def _cube(folder: Path, results: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, tuple[str, ...], tuple[str, ...],
                                                        tuple[str, ...]]:
    """The long table as (points, worlds, periods, places, outcomes)."""
    outcomes = tuple(str(name) for name in results.columns if name not in KEYS)
    codes = {key: pd.factorize(results[key]) for key in KEYS}
    periods, places = (tuple(str(name) for name in codes[key][1]) for key in ("period", "place"))
    order = np.lexsort([codes["place"][0], codes["period"][0], results["world"], results["point"]])
    points = np.unique(results["point"])
    shape = (points.size, -1, len(periods), len(places), len(outcomes))
    if len(results) % (points.size * len(periods) * len(places)) or results.groupby("point").size().nunique() > 1:
        raise SweepError(f"{folder}: results.parquet is not whole: points differ in their worlds, periods or places.")
    values = results[list(outcomes)].to_numpy(dtype=np.float64)[order].reshape(shape)
    return values, points, periods, places, outcomes
