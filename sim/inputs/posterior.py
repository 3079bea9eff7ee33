"""The posterior draws shipped with a world."""

from __future__ import annotations

import csv
import functools
import hashlib
from pathlib import Path

import numpy as np

from sim.inputs.mistakes import DataError
from sim.inputs.numbers import DATA, coefficients

FILE = "posterior.csv"


def has_posterior(world: str) -> bool:
    """Whether draws are shipped with this world."""
    return (DATA / world / FILE).exists()


def described(world: str, uncertainty: str) -> dict[str, object]:
    """What a manifest says about the coefficients of a run: fixed, or draws with their number and checksum."""
    if uncertainty != "posterior" or not has_posterior(world):
        return {"coefficients": "fixed at the shipped values"}
    path = DATA / world / FILE
    return {"coefficients": "each world carries its own posterior draw",
            "posterior_draws": len(load_posterior(path)[1]),
            "posterior_sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


@functools.lru_cache(maxsize=8)
def load_posterior(path: Path) -> tuple[tuple[str, ...], np.ndarray]:
    """Names of the coefficients and draws (draws, coefficients) of a file, checked.

    Raises
    ------
    DataError
        where the file is missing, names an unknown coefficient, or holds a number outside its published range.
    """
    if not path.exists():
        raise DataError(f"{path.parent.name}/{path.name}: no posterior draws are shipped with this world")
    where = f"{path.parent.name}/{path.name}"
    with path.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.reader(handle))
    if len(rows) < 2:
        raise DataError(f"{where}: no draws")
    known, names = coefficients(), tuple(rows[0])
    for name in names:
        if name not in known:
            raise DataError(f"{where}, line 1: unknown coefficient '{name}'")
    if len(set(names)) != len(names):
        raise DataError(f"{where}, line 1: a coefficient stands there twice")
    draws = np.empty((len(rows) - 1, len(names)))
    for line, row in enumerate(rows[1:], start=2):
        try:
            draws[line - 2] = [float(cell) for cell in row]
        except ValueError:
            raise DataError(f"{where}, line {line}: {len(names)} numbers are needed") from None
    low, high = (np.array([getattr(known[name], end) for name in names]) for end in ("low", "high"))
    slack = 1e-6 * (np.abs(low) + np.abs(high))
    outside = ~((draws >= low - slack) & (draws <= high + slack))
    if outside.any():
        row, column = np.argwhere(outside)[0]
        raise DataError(f"{where}, line {row + 2}: {names[column]} = {draws[row, column]:g} lies outside its range "
                        f"{low[column]:g} to {high[column]:g}")
    draws.setflags(write=False)
    return names, draws
