"""Chunks on the processes of this machine. A worker that dies costs the chunks in flight, never the sweep."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any

from sim.runs.pool import begin_worker


@dataclass(frozen=True)
class Lost:
    """A task whose worker died or could not answer."""

    reason: str


KILLED = Lost("the process that ran it was killed")
Outcome = Generator[tuple[int, Any], None, None]


def one_by_one(tasks: Sequence[int], make: Callable[[int], tuple[Any, ...]], work: Callable[..., Any]) -> Outcome:
    """Do ``work(*make(task))`` for every task in this process."""
    for task in tasks:
        yield task, work(*make(task))


def parallel(tasks: Sequence[int], make: Callable[[int], tuple[Any, ...]], work: Callable[..., Any],
             jobs: int) -> Outcome:
    """Do ``work(*make(task))`` for every task on ``jobs`` processes; yield (task, result or Lost) as they come.

    At most twice as many tasks as processes are under way, so that memory does not grow with their number. However
    the generator ends, its workers end with it.
    """
    waiting = deque(tasks)
    while waiting:
        yield from _until_broken(waiting, make, work, min(jobs, len(waiting)))


def _until_broken(waiting: deque[int], make: Callable[[int], tuple[Any, ...]], work: Callable[..., Any],
                  jobs: int) -> Outcome:
    # Forking is ten times faster than spawning but unsafe beside running threads.
    fork = sys.platform == "linux" and threading.active_count() == 1
    context = multiprocessing.get_context("fork" if fork else "spawn")
    pool = ProcessPoolExecutor(jobs, context, begin_worker, (os.getpid(),))
    flying: dict[Future[Any], int] = {}
    ahead = jobs if jobs == 1 else 2 * jobs
    broken = False
    try:
        while flying or (waiting and not broken):
            while waiting and not broken and len(flying) < ahead:
                task = waiting.popleft()
                try:
                    flying[pool.submit(work, *make(task))] = task
                except BrokenProcessPool:
                    broken = True
                    yield task, KILLED
            for future in wait(flying, return_when=FIRST_COMPLETED).done:
                task = flying.pop(future)
                error = future.exception()
                broken |= isinstance(error, BrokenProcessPool)
                yield task, future.result() if error is None else _lost(error)
        pool.shutdown()
    except BaseException:
        for process in list((getattr(pool, "_processes", None) or {}).values()):
            process.kill()
        pool.shutdown(wait=False, cancel_futures=True)
        raise


def _lost(error: BaseException) -> Lost:
    return KILLED if isinstance(error, BrokenProcessPool) else Lost(f"{type(error).__name__}: {error}")
