"""Sweeps: one scenario at many points, to be read as response curves, phase diagrams and sensitivities."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.studies.sweep.sweep_folder import Sweep

Progress = Callable[[int, int], None]


def sweep(source: str | os.PathLike[str] | Mapping[str, Any], *, jobs: int = 0, out: Path | str | None = None,
          resume: bool = False, scheduler: str | None = None, progress: Progress | None = None) -> Sweep:
    """Run a sweep and return its tables.

    Parameters
    ----------
    source : path of a sweep file, or its keys as a mapping (paths in it are then relative to the working folder)
    jobs : processes; 0 means one per core
    out : the result folder, new or empty. Default: ``results/sweep-<name>-<time>``.
    resume : go on with what ``out`` holds
    scheduler : address of a Dask scheduler that runs the chunks instead of this machine
    progress : called with (done, total) world-months. Default: a bar in a notebook, silence elsewhere.
    """
    from sim.studies.sweep.runner import run_sweep
    from sim.studies.sweep.spec import load_sweep
    from sim.studies.sweep.sweep_folder import read_sweep

    spec = load_sweep(source)
    with _bar(spec.name) if progress is None else contextlib.nullcontext(progress) as told:
        return read_sweep(run_sweep(spec, out, jobs=jobs, scheduler=scheduler, resume=resume, progress=told,
                                    command="python"))


@contextlib.contextmanager
def _bar(name: str) -> Iterator[Progress | None]:
    """Progress in a notebook or an IPython shell; None anywhere else."""
    if "IPython" not in sys.modules or sys.modules["IPython"].get_ipython() is None:
        yield None
        return
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    # Drawn at each report: a thread that redraws would forbid the fast way to start processes.
    with Progress(TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(),
                  TimeRemainingColumn(), auto_refresh=False) as bar:
        task = bar.add_task(name, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total, refresh=True)
