"""Sweep folders read back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from sim.runs.results import read_manifest
from sim.studies.sweep.runner import FAILED, POINTS, RESULTS, SWEEP, UNIT, SweepError
from sim.studies.sweep.spec import SweepSpec, load_sweep


@dataclass(frozen=True)
class Sweep:
    """The tables of a sweep.

    ``points``: point, a column for each varied name, and what follows from them (`sim.studies.sweep.design.frames`).
    ``unit``: the same points as coordinates in [0, 1]. ``results``: one row per point, world, period and place, in this
    order, with a float32 column for each outcome and summary. ``failed``: chunk, point, its values, reason.
    """

    folder: Path
    spec: SweepSpec
    manifest: dict[str, Any]
    points: pd.DataFrame
    unit: pd.DataFrame
    results: pd.DataFrame
    failed: pd.DataFrame


def check_whole(folder: Path) -> None:
    """Refuse the folder of a sweep whose results are not put together yet."""
    if not (folder / RESULTS).exists():
        raise SweepError(f"{folder}: the sweep is not finished. Go on with: python run.py sweep {folder / SWEEP} "
                         f"--resume --out {folder}")


def read_sweep(folder: Path | str) -> Sweep:
    """Read a sweep folder.

    Raises
    ------
    SweepError
        where the folder is none of a sweep, or its results are not put together yet.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    if manifest.get("kind") != "sweep":
        raise SweepError(f"{folder}: this is no folder of a sweep.")
    check_whole(folder)
    failed = folder / FAILED
    try:
        return Sweep(folder, load_sweep(folder / SWEEP), manifest, pd.read_parquet(folder / POINTS),
                     pd.read_parquet(folder / UNIT), pd.read_parquet(folder / RESULTS),
                     pd.read_csv(failed) if failed.exists() else pd.DataFrame(columns=["chunk", "point", "reason"]))
    except (OSError, ValueError) as error:
        raise SweepError(f"{folder}: a table cannot be read ({error}).") from None
