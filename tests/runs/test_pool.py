"""The pool: results by position, and an end that takes its own workers with it and nobody else."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import time
from pathlib import Path

import pytest

from sim.runs.pool import Tick, run_tasks


def square(task: int, tick: Tick) -> int:
    tick(task)
    return task * task


def sign_in_and_wait(task: tuple[Path, bool], tick: Tick) -> None:
    """Leave this process's id; then fail once the other has left its own, or wait to be ended."""
    folder, fails = task
    (folder / str(os.getpid())).touch()
    while not fails or len(list(folder.iterdir())) < 2:
        time.sleep(0.01)
    raise ValueError("no luck")


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_carry_their_position_and_progress_reaches_the_total(jobs: int) -> None:
    seen: list[int] = []
    with contextlib.closing(run_tasks(square, [1, 2, 3, 4], jobs, seen.append)) as finished:
        assert sorted(finished) == [(0, 1), (1, 4), (2, 9), (3, 16)]
    assert seen == sorted(seen)
    assert seen[-1] == 10


def test_a_failure_ends_the_workers_and_spares_a_child_of_somebody_else(tmp_path: Path) -> None:
    bystander = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(600,))
    bystander.start()
    try:
        with pytest.raises(ValueError, match="no luck"):
            list(run_tasks(sign_in_and_wait, [(tmp_path, True), (tmp_path, False)], 2))
        workers = {int(path.name) for path in tmp_path.iterdir()}
        assert len(workers) == 2
        assert ended(workers)
        bystander.join(0.5)  # a kill would have come through by now
        assert bystander.is_alive()
    finally:
        bystander.kill()
        bystander.join()


def ended(workers: set[int], seconds: float = 20.0) -> bool:
    """Whether none of them is a child of this process any more before the time is up."""
    limit = time.monotonic() + seconds
    while workers & {child.pid for child in multiprocessing.active_children()}:
        if time.monotonic() > limit:
            return False
        time.sleep(0.02)
    return True
