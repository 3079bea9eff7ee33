"""What a calibration found: waves, draws and checks."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.studies.calibrate import emulation as em
from sim.studies.calibrate.prior import Prior

CHECK = "check"  # the stage of the posterior predictive check
FINAL = "final"


@dataclass
class Wave:
    """What one wave found."""

    name: str
    points: int
    share: float  # of the prior, not ruled out before this wave
    cutoff: float
    trained: int = 0
    emulators: list[em.Emulator] = field(default_factory=list)
    aside: tuple[str, ...] = ()  # targets that no point of the wave can reach
    seconds: float = 0.0


@dataclass
class Outcome:
    """Everything that the report tells."""

    prior: Prior
    fitted: list[Any]
    reserved: list[Any]
    goals: list[em.Goal]
    waves: list[Wave]
    stages: dict[str, tuple[np.ndarray, np.ndarray]]  # unit points and raw targets of every stage
    last: list[em.Emulator]
    log_weights: np.ndarray
    tolerance: float
    picked: np.ndarray
    check: np.ndarray  # raw values of fitted, then reserved targets at the draws under new luck
    facts: dict[str, float]
    seconds: dict[str, float]

    @property
    def draws(self) -> np.ndarray:
        """Posterior draws, unit cube."""
        return self.stages[FINAL][0][self.picked]


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Parquet, whole or not at all."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    frame.to_parquet(beside, compression="zstd", index=False)
    os.replace(beside, path)
