"""Small sweeps, and things to evaluate in place of the model."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.studies.sweep.batches import Rows
from sim.studies.sweep.runner import run_sweep
from sim.studies.sweep.spec import SweepSpec, load_sweep
from sim.studies.sweep.sweep_folder import read_sweep

ROOT = Path(__file__).resolve().parents[3]
TWO_COUNTRIES = str(ROOT / "scenarios/examples/two_countries.yaml")
PLACES = 3  # AA, BB, ALL


def keys(**changes: Any) -> dict[str, Any]:
    """A sweep of a lever and a dial in the invented world, as keys of a file; None takes a key out."""
    whole = {"name": "small", "base": TWO_COUNTRIES, "set": {"end": "2011-06"},
             "vary": {"settling": {"lever": "national_cohesion", "where": ["BB"], "from": "2011-01",
                                   "strength": {"range": [0, 1]}},
                      "might": {"dial": "capacity", "where": ["BB"], "from": "2011-01", "range": [0.1, 1.0]}},
             "design": {"kind": "grid", "levels": 4}, "worlds": 3,
             "record": {"outcomes": ["departures", "grievance"], "summaries": ["foothold_any"]}}
    return {key: value for key, value in {**whole, **changes}.items() if value is not None}


def spec(**changes: Any) -> SweepSpec:
    return load_sweep(keys(**changes))


def toy(rows: Rows) -> np.ndarray:
    """A number for each column that depends on the point and the world alone."""
    strength = rows.strengths.get(0, np.zeros(rows.worlds.size))
    base = 10 * strength + rows.turns[0][2] + 1e-3 * rows.worlds
    shape = (len(rows.record.periods), PLACES + len(rows.record.places), len(rows.record.columns))
    return base[:, None, None, None] + np.arange(np.prod(shape)).reshape(shape)


def bad(rows: Rows) -> bool:
    """Whether the first world is there of the point with the dial at its highest value and the lever at its lowest."""
    return bool(((rows.turns[0][2] == 1.0) & (rows.strengths[0] == 0) & (rows.worlds == 0)).any())


def wrong_at_one_point(rows: Rows) -> np.ndarray:
    """An error in one world of one point."""
    if bad(rows):
        raise ArithmeticError("the toy cannot bear this point")
    return toy(rows)


def deadly_at_one_point(rows: Rows) -> np.ndarray:
    """The same world ends its process."""
    if bad(rows):
        os.kill(os.getpid(), signal.SIGKILL)
    return toy(rows)


def deadly_once(rows: Rows) -> np.ndarray:
    """Ends its process unless the file named by TOY_MARK is there; makes it first."""
    mark = Path(os.environ["TOY_MARK"])
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return toy(rows)


def same(a: Path, b: Path) -> bool:
    """Whether the tables of two folders are the same, bit for bit."""
    return (a / "results.parquet").read_bytes() == (b / "results.parquet").read_bytes()


def results(made: SweepSpec, folder: Path, **options: Any) -> pd.DataFrame:
    return read_sweep(run_sweep(made, folder, **options)).results
