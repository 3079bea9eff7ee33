"""One thing that differs between the points of a sweep: where it acts and what values it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.calendar import Month
from sim.inputs.theories import THEORIES

MOST_TOLD = 8  # values that are told one by one


@dataclass(frozen=True)
class Dimension:
    """A name that is varied.

    ``kind``: parameter, lever, dial, theory, event, value or posterior; ``target`` is the coefficient, lever, dial,
    question, event, ``<place>.<field>`` or world; ``field`` of a lever is strength, from or until. ``entry`` is the
    key of the file that it comes from, ``position`` the lever's place among the scenario's levers or the dial's turn.

    The values are ``choices``, or lie from ``low`` to ``high`` (``log``: even on a logarithmic scale; ``months``:
    whole months, in months since year 0), or are spread as ``draws``, the sorted posterior values of a coefficient.
    ``default`` is the value without any turning.
    """

    name: str
    kind: str
    target: str
    entry: str
    default: Any
    field: str = ""
    position: int = -1
    choices: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 1.0
    log: bool = False
    months: bool = False
    draws: tuple[float, ...] = ()
    levels: int | None = None
    label: str = ""
    unit: str = ""

    @property
    def numeric(self) -> bool:
        """Whether the values are numbers; otherwise they are names or months."""
        return not self.months and all(isinstance(value, (int, float)) for value in self.choices)

    @property
    def batches(self) -> bool:
        """Whether another value needs another batch: the model takes one date or value of a place for all worlds."""
        return self.kind in ("event", "value") or self.field in ("from", "until")

    def at(self, unit: np.ndarray) -> list[Any]:
        """The values at coordinates in [0, 1]."""
        unit = np.asarray(unit, dtype=float)
        if self.choices:
            return [self.choices[i] for i in _cell(unit, len(self.choices))]
        if self.months:
            return [str(Month(int(self.low) + int(i))) for i in _cell(unit, int(self.high - self.low) + 1)]
        if self.draws:
            return np.quantile(np.array(self.draws), unit).tolist()
        if self.log:
            return np.clip(self.low * (self.high / self.low) ** unit, self.low, self.high).tolist()
        return np.clip(self.low + unit * (self.high - self.low), self.low, self.high).tolist()

    def unit_of(self, value: Any) -> float:
        """The coordinate of a value; NaN for one that is no choice."""
        if self.choices:
            places = [i for i, choice in enumerate(self.choices) if choice == value]
            return (places[0] + 0.5) / len(self.choices) if places else float("nan")
        if self.months:
            return float((int(Month.parse(str(value))) - self.low + 0.5) / (self.high - self.low + 1))
        if self.draws:
            return float(np.interp(value, self.draws, np.linspace(0, 1, len(self.draws))))
        if self.log:
            return float(np.log(value / self.low) / np.log(self.high / self.low))
        return float((value - self.low) / (self.high - self.low))

    def steps(self, levels: int | None) -> np.ndarray:
        """Coordinates of the levels of a grid: every choice or month, else so many from end to end of the range."""
        count = self.levels or levels or 5
        if self.choices:
            return _middles(len(self.choices))
        if self.months:
            every = int(self.high - self.low) + 1
            kept = np.unique(np.linspace(0, every - 1, min(every, self.levels or levels or every)).round())
            return np.asarray((kept + 0.5) / every)
        return _middles(count) if self.draws else np.linspace(0, 1, count)

    def holds(self, value: Any) -> bool:
        """Whether a value is one of the choices or lies in the range."""
        if self.choices:
            return value in self.choices
        if self.months:
            return isinstance(value, str) and self.low <= int(Month.parse(value)) <= self.high
        ends = (self.draws[0], self.draws[-1]) if self.draws else (self.low, self.high)
        return isinstance(value, (int, float)) and not isinstance(value, bool) and ends[0] <= value <= ends[1]

    def sets(self) -> list[tuple[str, str]]:
        """What no other dimension may set as well."""
        if self.kind == "parameter":
            return [("coefficient", self.target)]
        if self.kind == "theory":
            return [("theory", self.target), *(("coefficient", name) for name in switches(self.target))]
        return [(self.kind, self.target)] if self.kind in ("event", "value", "posterior") else []

    def range_text(self) -> str:
        """The values in words."""
        if len(self.choices) > MOST_TOLD:
            return f"{', '.join(map(str, self.choices[:3]))} … {self.choices[-1]} ({len(self.choices)} values)"
        if self.choices:
            return ", ".join(map(str, self.choices))
        if self.months:
            return f"{Month(int(self.low))} to {Month(int(self.high))}"
        if self.draws:
            return f"as in the posterior, {self.draws[0]:g} to {self.draws[-1]:g}"
        return f"{self.low:g} to {self.high:g}" + (", logarithmic" if self.log else "")


def switches(question: str) -> list[str]:
    """Coefficients that some answer to a question sets."""
    return sorted({name for _, sets in THEORIES[question].values() for name in sets})


def _cell(unit: np.ndarray, count: int) -> np.ndarray:
    return np.clip(np.floor(unit * count), 0, count - 1).astype(int)


def _middles(count: int) -> np.ndarray:
    return (np.arange(count) + 0.5) / count


def as_column(values: Sequence[Any]) -> np.ndarray:
    """Values as a column: numbers as float64, anything else as text."""
    if all(isinstance(value, (int, float)) for value in values):
        return np.array(values, dtype=float)
    return np.array([str(value) for value in values], dtype=object)
