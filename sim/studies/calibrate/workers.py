"""The workers of a calibration, which live as long as it does."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any

from sim.runs.pool import begin_worker


class Crew:
    """Processes that live as long as a calibration; one job works in this process."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Crew:
        if self.jobs > 1:
            # Forking is ten times faster than spawning but unsafe beside running threads.
            fork = sys.platform == "linux" and threading.active_count() == 1
            context = multiprocessing.get_context("fork" if fork else "spawn")
            self._pool = ProcessPoolExecutor(self.jobs, context, begin_worker, (os.getpid(),))
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        if self._pool is None:
            return
        processes = list((self._pool._processes or {}).values())
        self._pool.shutdown(wait=kind is None, cancel_futures=True)
        if kind is not None:
            for process in processes:
                process.kill()

    def do(self, function: Callable[..., Any], tasks: Sequence[tuple[Any, ...]], done: Callable[[int, Any], None]
           ) -> None:
        """Call ``function(*task)`` for every task; ``done(index, result)`` as they finish."""
        if self._pool is None or len(tasks) <= 1:
            for i, task in enumerate(tasks):
                done(i, function(*task))
            return
        futures = {self._pool.submit(_quietly, function, task): i for i, task in enumerate(tasks)}
        for future in as_completed(futures):
            done(futures[future], future.result())


def _quietly(function: Callable[..., Any], task: tuple[Any, ...]) -> Any:
    """One thread per process: the same bits whatever the number of processes, and no crowding."""
    with one_thread():
        return function(*task)


def one_thread() -> Any:
    """Context in which linear algebra keeps to one thread."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1)
