"""A cheap simulator with a known truth: four coefficients, one of which does nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sim.studies.record.targets import Target

RANGES = {"reach.rate": (0.1, 10.0), "state.share": (0.0, 1.0), "delay.scale": (0.05, 5.0), "idle.knob": (0.0, 1.0)}
TRUTH = {"reach.rate": 2.0, "state.share": 0.3, "delay.scale": 0.5}


def target(name: str, low: float, high: float, scale: str, kind: str = "interval", role: str = "fitted",
           group: str = "") -> Target:
    return Target(name, f"statement of {name}", ("E001",), group or name, "topic", role, low, high, scale, kind, "fair",
                  {"kind": "fake"})


FITTED = [target("T1", 330, 480, "log"), target("T2", 0.22, 0.38, "share"), target("T3", 20, 26, "months"),
          target("T4", 0.35, 0.75, "linear", "probability"), target("T5", 1.0, 2.0, "linear")]
RESERVED = [target("R1", 60, 160, "log", role="reserved")]


@dataclass
class Fake:
    """World k of a seed has the same luck in any chunk; ``stop_after`` calls it is interrupted."""

    stop_after: int = 10**9
    calls: list[tuple[int, int, tuple[str, ...], int]] = field(default_factory=list)

    def __call__(self, points: Mapping[str, np.ndarray], seed: int, first: int, ids: Sequence[str]) -> np.ndarray:
        if len(self.calls) >= self.stop_after:
            raise KeyboardInterrupt
        n = len(points["reach.rate"])
        self.calls.append((seed, first, tuple(ids), n))
        rows = [self._world({k: float(v[i]) for k, v in points.items()}, np.random.default_rng([seed, first + i]))
                for i in range(n)]
        return np.array([[row[name] for name in ids] for row in rows])

    @staticmethod
    def _world(p: Mapping[str, float], luck: np.random.Generator) -> dict[str, Any]:
        a, b, c = p["reach.rate"], p["state.share"], p["delay.scale"]
        known = luck.random() < min(1.0, 0.2 + a / 3)
        return {"T1": luck.poisson(200 * a), "T2": luck.binomial(60, b) / 60,
                "T3": 30 + 10 * np.log(c) + luck.normal(0, 2),
                "T4": float(luck.random() < 1 / (1 + np.exp(4 * (b - 0.3)))),
                "T5": 5 * b + luck.normal(0, 0.3) if known else np.nan, "R1": luck.poisson(100 * a * c)}
