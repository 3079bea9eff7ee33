"""Tasks on threads: results as they come, progress while they run; the engine's rules release the interpreter lock."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import Any

Tick = Callable[[int], None]


class Stopped(BaseException):
    """Raised in a task's ``tick`` once nobody waits for its result any more."""


def threads(jobs: int) -> int:
    """Number of threads that ``jobs`` stands for: 0 means one per core."""
    return jobs or os.cpu_count() or 1


def run_tasks(work: Callable[[Any, Tick], Any], tasks: Sequence[Any], jobs: int = 0,
              progress: Tick | None = None) -> Generator[tuple[int, Any], None, None]:
    """Do ``work(task, tick)`` for every task and yield (position, result) in the order in which they finish.

    Parameters
    ----------
    work : called in a thread; it calls ``tick(n)`` when n more units are done, often enough to be stopped there
    tasks : sequence of tasks
    jobs : threads; 0 means one per core; with one thread or one task everything happens in this one
    progress : called with the units done so far, never by two threads at once

    However the generator ends (use `contextlib.closing`), its threads end at their next tick; an error of a task is
    raised here.
    """
    done, stopped, lock = [0], [False], threading.Lock()

    def tick(count: int) -> None:
        if stopped[0]:
            raise Stopped
        with lock:
            done[0] += count
            if progress:
                progress(done[0])

    if min(threads(jobs), len(tasks)) <= 1:
        for position, task in enumerate(tasks):
            yield position, work(task, tick)
        return
    pool = ThreadPoolExecutor(min(threads(jobs), len(tasks)))
    try:
        waiting = {pool.submit(work, task, tick): position for position, task in enumerate(tasks)}
        while waiting:  # a wait with a limit lets Ctrl-C through on every system
            for future in wait(waiting, timeout=0.1, return_when=FIRST_COMPLETED).done:
                yield waiting.pop(future), future.result()
    finally:
        stopped[0] = True
        pool.shutdown(wait=True, cancel_futures=True)
