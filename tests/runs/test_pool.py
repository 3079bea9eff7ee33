"""The pool: results in order, and an end that takes its own workers with it and nobody else."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import time
from functools import partial
from pathlib import Path

import pytest

from sim.runs.pool import Ahead, forks, in_order


def power(exponent: int, task: int) -> int:
    return int(task ** exponent)


def sign_in_and_wait(task: tuple[Path, bool]) -> None:
    """Leave this process's id; then fail once the other has left its own, or wait to be ended."""
    folder, fails = task
    (folder / str(os.getpid())).touch()
    while not fails or len(list(folder.iterdir())) < 2:
        time.sleep(0.01)
    raise ValueError("no luck")


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_come_in_the_order_of_the_tasks(jobs: int) -> None:
    assert in_order(partial(power, 2), [1, 2, 3, 4], jobs) == [1, 4, 9, 16]


def test_a_failure_ends_the_workers_and_spares_a_child_of_somebody_else(tmp_path: Path) -> None:
    bystander = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(600,))
    bystander.start()
    try:
        with pytest.raises(ValueError, match="no luck"):
            in_order(sign_in_and_wait, [(tmp_path, True), (tmp_path, False)], 2)
        workers = {int(path.name) for path in tmp_path.iterdir()}
        assert len(workers) == 2
        assert ended(workers)
        bystander.join(0.5)  # a kill would have come through by now
        assert bystander.is_alive()
    finally:
        bystander.kill()
        bystander.join()


@pytest.mark.skipif(not forks(), reason="processes do not fork here")
def test_a_process_got_ready_ahead_answers_tells_errors_and_ends_with_its_workers(tmp_path: Path) -> None:
    with contextlib.closing(Ahead((tmp_path / "ready").touch, partial(power, 2))) as ahead:
        assert [ahead(3), ahead(4)] == [9, 16]
        with pytest.raises(TypeError):
            ahead("x")
        assert ahead(5) == 25
    assert (tmp_path / "ready").exists()
    assert not multiprocessing.active_children()


def ended(workers: set[int], seconds: float = 20.0) -> bool:
    """Whether none of them is a child of this process any more before the time is up."""
    limit = time.monotonic() + seconds
    while workers & {child.pid for child in multiprocessing.active_children()}:
        if time.monotonic() > limit:
            return False
        time.sleep(0.02)
    return True
