"""Which model made the numbers: a checksum over its code and data, so that a sweep is not finished by another one."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

import numpy as np

SIM = Path(__file__).resolve().parents[2]
#: what numbers depend on; figures, command line and analysis may change in the middle of a sweep
PARTS = ("inputs", "policy", "engine", "data", "calendar.py", "streams.py", "runs/worlds.py", "runs/posterior_draws.py",
         "studies/sweep/batches.py", "studies/sweep/summaries.py", "studies/sweep/design.py",
         "studies/sweep/dimensions.py")
#: data that no run reads: what runs are held against, and what came of them
BESIDE = ("calibration.yaml", "lever_findings.csv", "lever_map.csv", "patterns.yaml", "scoreboard.csv", "targets.yaml")


@functools.cache
def fingerprint() -> str:
    """SHA-256 over the names and contents of the model's files and the version of numpy."""
    digest = hashlib.sha256(np.__version__.encode())
    for part in PARTS:
        path = SIM / part
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts and file.name not in BESIDE:
                digest.update(file.relative_to(SIM).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
