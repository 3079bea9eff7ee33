"""What is fitted: coefficients with their priors, the rules of `calibration.yaml`, and seeds of stages."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sim.errors import UserError
from sim.inputs.numbers import DATA, coefficients
from sim.inputs.reading import read_yaml


class CalibrationError(UserError):
    """A calibration that cannot start or go on."""


@dataclass(frozen=True)
class Prior:
    """Independent priors of the coefficients: uniform, or log-uniform where marked."""

    names: tuple[str, ...]
    low: np.ndarray
    high: np.ndarray
    log: np.ndarray

    @classmethod
    def of(cls, ranges: Mapping[str, tuple[float, float]]) -> Prior:
        """Log-uniform where low > 0 and high / low > 5."""
        low, high = (np.array([r[i] for r in ranges.values()], dtype=float) for i in (0, 1))
        return cls(tuple(ranges), low, high, (low > 0) & (high > 5 * low))

    @property
    def size(self) -> int:
        return len(self.names)

    def values(self, u: np.ndarray) -> np.ndarray:
        """Coefficients (n, d) at points of the unit cube."""
        low, high = (np.log(np.where(self.log, end, 1.0)) for end in (self.low, self.high))
        wide = np.where(self.log, np.exp(low + u * (high - low)), self.low + u * (self.high - self.low))
        return np.asarray(np.clip(wide, self.low, self.high))

    def unit(self, values: np.ndarray) -> np.ndarray:
        """Inverse of `values`."""
        low, high = (np.log(np.where(self.log, end, 1.0)) for end in (self.low, self.high))
        logs = (np.log(np.where(self.log, values, 1.0)) - low) / np.where(self.log, high - low, 1.0)
        return np.asarray(np.where(self.log, logs, (values - self.low) / (self.high - self.low)))


def rules_of(path: Path | None = None) -> dict[str, Any]:
    """The settings of `calibration.yaml`."""
    return dict(read_yaml(path or DATA / "calibration.yaml"))


def prior_of(rules: Mapping[str, Any]) -> Prior:
    """Priors of the listed coefficients from their published ranges."""
    known = coefficients()
    unknown = [name for name in rules["coefficients"] if name not in known]
    if unknown:
        raise CalibrationError(f"calibration.yaml: unknown coefficients: {', '.join(unknown)}.")
    if len(set(rules["coefficients"])) != len(rules["coefficients"]):
        raise CalibrationError("calibration.yaml: a coefficient stands there twice.")
    return Prior.of({name: (known[name].low, known[name].high) for name in rules["coefficients"]})


def stage_seed(seed: int, *names: object) -> int:
    """Seed of one purpose."""
    text = "/".join(["calibration", str(seed), *map(str, names)])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little") >> 1
