"""Functions with known answers in place of the model: sweeps of them go through the whole runner."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from sim.studies.sweep.batches import Rows
from sim.studies.sweep.runner import run_sweep
from tests.studies.sweep.small import PLACES, spec

RANGES = {"counter.detection": (0.02, 0.2), "organisation.infiltration": (0.2, 1.4), "ground.fighter_share": (0.4, 0.6)}
NAMES = ("first", "second", "third")
LUCK = np.random.default_rng(5).random(400_000)
BACKLASH = 0.3  # what the answer "deterrence" adds below


def vary(log: bool = False) -> dict[str, Any]:
    """Three coefficients under names of their own; the first on a logarithmic scale if asked."""
    entries: dict[str, Any] = {name: {"parameter": parameter, "range": list(ends), "scale": "linear"}
                               for name, (parameter, ends) in zip(NAMES, RANGES.items(), strict=True)}
    if log:
        entries["first"]["scale"] = "log"
    return entries


def made(folder: Path, evaluate: Callable[[Rows], np.ndarray], **changes: Any) -> Path:
    """Run a sweep of a function in this process."""
    record = {"outcomes": ["departures", "effort"], "summaries": ["foothold_any"]}
    return run_sweep(spec(**{"vary": vary(), "record": record, **changes}), folder, jobs=1, evaluate=evaluate)


def unit(rows: Rows, k: int) -> np.ndarray:
    """Coefficient k as a coordinate from 0 to 1, (n,)."""
    name, (low, high) = list(RANGES.items())[k]
    if name not in rows.parameters:
        return np.zeros(rows.worlds.size)
    return np.asarray((rows.parameters[name] - low) / (high - low))


def told(rows: Rows, **columns: np.ndarray) -> np.ndarray:
    """The same values (n,) for every period and place; columns that are not given are 0."""
    values = np.stack([columns.get(name, np.zeros(rows.worlds.size)) for name in rows.record.columns], axis=-1)
    return np.broadcast_to(values[:, None, None, :], (rows.worlds.size, len(rows.record.periods),
                                                      PLACES + len(rows.record.places), values.shape[-1])).copy()


def yes(rows: Rows, chance: np.ndarray) -> np.ndarray:
    """Yes with this chance; the luck of a world is one number."""
    return (LUCK[rows.worlds] < chance).astype(float)


def ishigami(rows: Rows) -> np.ndarray:
    """Ishigami & Homma (1990), a = 7, b = 0.1, on [-pi, pi]^3."""
    a, b, c = (np.pi * (2 * unit(rows, k) - 1) for k in range(3))
    return told(rows, departures=np.sin(a) + 7 * np.sin(b) ** 2 + 0.1 * c**4 * np.sin(a))


def ishigami_but_one(rows: Rows) -> np.ndarray:
    """The same with an error at one point of every hundred or so."""
    if (np.abs(unit(rows, 0) - 0.5) < 0.004).any():
        raise ArithmeticError("this point cannot be evaluated")
    return ishigami(rows)


def straight(rows: Rows) -> np.ndarray:
    """20, -10 and 0 over the three ranges; effort follows the first; worlds shift all points alike."""
    base = 50 + 20 * unit(rows, 0) - 10 * unit(rows, 1) + 3 * (LUCK[rows.worlds] - 0.5)
    answer = rows.parameters.get("theory.deterrence", np.zeros(rows.worlds.size))
    return told(rows, departures=base + 10 * BACKLASH * answer, effort=100 * unit(rows, 0))


def equals(rows: Rows) -> np.ndarray:
    """A coefficient and a theory's answer, both worth 10; a second answer among three is worth 4."""
    return told(rows, departures=10 * unit(rows, 0) + 10 * rows.parameters["theory.deterrence"]
                + 4 * rows.parameters.get("theory.inverted_u", np.zeros(rows.worlds.size)))


def of_the_first(rows: Rows) -> np.ndarray:
    """The second coefficient has no effect at all; nor has luck."""
    return told(rows, departures=10 * unit(rows, 0))


def chance_of(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The planted boundary: even at x = 0.3 + 0.4 y."""
    return np.asarray(1 / (1 + np.exp(-15 * (x - 0.3 - 0.4 * y))))


def boundary(rows: Rows) -> np.ndarray:
    """A foothold with the planted chance."""
    return told(rows, foothold_any=yes(rows, chance_of(unit(rows, 0), unit(rows, 1))), departures=unit(rows, 0) * 10)


def even(rows: Rows) -> np.ndarray:
    """A foothold with an even chance, whatever was varied."""
    return told(rows, foothold_any=yes(rows, np.full(rows.worlds.size, 0.5)))


def box(rows: Rows) -> np.ndarray:
    """A foothold with 80 % inside a planted box, 5 % outside it."""
    inside = (unit(rows, 0) < 0.4) & (unit(rows, 1) > 0.5)
    return told(rows, foothold_any=yes(rows, np.where(inside, 0.8, 0.05)), departures=unit(rows, 2) * 10)


def late(rows: Rows) -> np.ndarray:
    """A foothold is likelier the later the lever begins: even at its 19th month."""
    start = int(rows.scenario.levers[0].start) - int(rows.scenario.start)
    return told(rows, foothold_any=yes(rows, np.full(rows.worlds.size, 1 / (1 + np.exp(-(start - 18) / 3)))))


