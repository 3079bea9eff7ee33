"""Tasks on threads: results as they come, progress while they run; the engine's rules release the interpreter lock."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

Tick = Callable[[int], None]
AHEAD = 2  # tasks for each thread


class Stopped(BaseException):
    """Raised in a task's ``tick`` once nobody waits for its result any more."""


def threads(jobs: int) -> int:
    """Number of threads that ``jobs`` stands for: 0 means one per core."""
    return jobs or os.cpu_count() or 1


def run_tasks(work: Callable[[Any, Tick], Any], tasks: Sequence[Any], jobs: int = 0,
              progress: Tick | None = None) -> Generator[tuple[int, Any], None, None]:
    """Do ``work(task, tick)`` for every task and yield (position, result) in the order of the tasks.

    Parameters
    ----------
    work : called in a thread; it calls ``tick(n)`` when n more units are done, often enough to be stopped there
    tasks : sequence of tasks
    jobs : threads; 0 means one per core; with one thread or one task everything happens in this one
    progress : called with the units done so far, never by two threads at once

    No more than `AHEAD` tasks a thread are under way or wait to be taken, so that results are never piled up. However
    the generator ends (use `contextlib.closing`), its threads end at their next tick; an error of a task is raised
    here.
    """
    done, stopped, lock = [0], [False], threading.Lock()

    def tick(count: int) -> None:
        if stopped[0]:
            raise Stopped
        with lock:
            done[0] += count
            if progress:
                progress(done[0])

    jobs = min(threads(jobs), len(tasks))
    if jobs <= 1:
        for position, task in enumerate(tasks):
            yield position, work(task, tick)
        return
    pool = ThreadPoolExecutor(jobs)
    try:
        under_way = deque(pool.submit(work, task, tick) for task in tasks[:AHEAD * jobs])
        for position in range(len(tasks)):
            while not under_way[0].done():  # a wait with a limit lets Ctrl-C through on every system
                wait([under_way[0]], timeout=0.1)
            yield position, under_way.popleft().result()
            if position + AHEAD * jobs < len(tasks):
                under_way.append(pool.submit(work, tasks[position + AHEAD * jobs], tick))
    finally:
        stopped[0] = True
        pool.shutdown(wait=True, cancel_futures=True)
