"""Every number of the model, each with unit, range, source and confidence.

Two kinds: *coefficients* of the mechanisms (`data/coefficients.yaml`, the same for every geography) and *values* of
places and actors (`data/<world>/values.csv`). The loader refuses a number that lacks a unit, a range or a source.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sim.inputs.folder_checks import CONFIDENCE, read_table
from sim.inputs.mistakes import DataError
from sim.inputs.reading import read_yaml

DATA = Path(__file__).resolve().parent.parent / "data"


@dataclass(frozen=True)
class Number:
    """One number and where it comes from."""

    value: float
    unit: str
    low: float
    high: float
    source: str
    confidence: str
    description: str = ""


Coefficient = Number


def number_of(raw: Mapping[str, Any], where: str) -> Number:
    for key in ("value", "unit", "low", "high", "source", "confidence"):
        if raw.get(key) in (None, ""):
            raise DataError(f"{where}: '{key}' is missing; a number needs value, unit, low, high, source, confidence")
    value, low, high = (_float(raw[key], f"{where}: {key}") for key in ("value", "low", "high"))
    if not low <= value <= high or not all(map(math.isfinite, (value, low, high))):
        raise DataError(f"{where}: value {value} lies outside its own range {low} to {high}")
    if raw["confidence"] not in CONFIDENCE:
        raise DataError(f"{where}: confidence '{raw['confidence']}' is none of {', '.join(CONFIDENCE)}")
    return Number(value, str(raw["unit"]), low, high, str(raw["source"]), raw["confidence"],
                  str(raw.get("description") or raw.get("note") or ""))


def _float(raw: Any, where: str) -> float:
    try:
        return float(raw)
    except (TypeError, ValueError):
        raise DataError(f"{where}: '{raw}' is not a number") from None


@functools.cache
def coefficients() -> dict[str, Coefficient]:
    """All coefficients of the mechanisms by dotted name, for instance ``exposure.peers``."""
    path = DATA / "coefficients.yaml"
    found: dict[str, Coefficient] = {}
    for group, entries in read_yaml(path).items():
        for name, raw in entries.items():
            where = f"{path.name}, line {getattr(raw, 'line', entries.line)}: {group}.{name}"
            if not isinstance(raw, dict):
                raise DataError(f"{where}: a mapping with value, unit, range, source and confidence is needed")
            span = raw.get("range")
            if not isinstance(span, list) or len(span) != 2:
                raise DataError(f"{where}: 'range' is missing; it is written [low, high]")
            found[f"{group}.{name}"] = number_of({**raw, "low": span[0], "high": span[1]}, where)
    return found


class Group:
    """The coefficients of one mechanism as attributes, each of shape () or (worlds, 1)."""

    def __init__(self, entries: Mapping[str, np.ndarray]):
        self.__dict__.update(entries)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"no coefficient '{name}'; there are {', '.join(self.__dict__)}")


def coefficient_groups(overrides: Mapping[str, Any] | None = None, worlds: int = 1) -> dict[str, Group]:
    """Coefficients as ``groups["exposure"].peers``.

    Overrides may be scalars or arrays of shape (worlds,) or (worlds, 1): parameter uncertainty is worlds too.
    """
    overrides = dict(overrides or {})
    grouped: dict[str, dict[str, np.ndarray]] = {}
    for dotted, number in coefficients().items():
        group, name = dotted.split(".")
        value = np.asarray(overrides.pop(dotted, number.value), dtype=float)
        if value.ndim:
            value = np.broadcast_to(value.reshape(-1, 1), (worlds, 1))
        grouped.setdefault(group, {})[name] = value
    if overrides:
        raise DataError(f"unknown coefficients: {', '.join(overrides)}")
    return {group: Group(entries) for group, entries in grouped.items()}


def available_worlds() -> list[str]:
    """Names of the geographies that are shipped."""
    return sorted(path.parent.name for path in DATA.glob("*/world.yaml"))


def read_values(path: Path) -> dict[tuple[str, str], Number]:
    """`values.csv` as (place, field) -> Number."""
    found: dict[tuple[str, str], Number] = {}
    for line, row in enumerate(read_table(path), start=2):
        where = f"{path.name}, line {line}"
        key = row["place"], row["field"]
        if key in found:
            raise DataError(f"{where}: {key[0]} already has a value for {key[1]}")
        found[key] = number_of(row, f"{where}: {key[0]}.{key[1]}")
    return found
