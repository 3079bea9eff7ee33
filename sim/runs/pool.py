"""Tasks on one or several processes: results as they come, progress while they run, no worker left behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from typing import Any

Tick = Callable[[int], None]
WATCH = 0.5  # seconds between looks at whether the parent still lives
_counter: Any = None


def processes(jobs: int) -> int:
    """Number of processes that ``jobs`` stands for: 0 means one per core."""
    return jobs or os.cpu_count() or 1


def run_tasks(work: Callable[[Any, Tick], Any], tasks: Sequence[Any], jobs: int = 0,
              progress: Tick | None = None) -> Generator[tuple[int, Any], None, None]:
    """Do ``work(task, tick)`` for every task and yield (position, result) in the order in which they finish.

    Parameters
    ----------
    work : a function of a module, called in a worker process; it calls ``tick(n)`` when n more units are done
    tasks : sequence of picklable tasks
    jobs : processes; 0 means one per core; with one process or one task everything happens in this one
    progress : called with the units done so far

    However the generator ends (use `contextlib.closing`), its workers end with it; an error of a task is raised here.
    """
    jobs = min(processes(jobs), len(tasks))
    return _one_by_one(work, tasks, progress) if jobs <= 1 else _parallel(work, tasks, jobs, progress)


def _one_by_one(work: Callable[[Any, Tick], Any], tasks: Sequence[Any],
                progress: Tick | None) -> Generator[tuple[int, Any], None, None]:
    done = 0

    def tick(count: int) -> None:
        nonlocal done
        done += count
        if progress:
            progress(done)

    for position, task in enumerate(tasks):
        yield position, work(task, tick)


def _parallel(work: Callable[[Any, Tick], Any], tasks: Sequence[Any], jobs: int,
              progress: Tick | None) -> Generator[tuple[int, Any], None, None]:
    # Forking is ten times faster than spawning but unsafe beside running threads.
    fork = sys.platform == "linux" and threading.active_count() == 1
    context = multiprocessing.get_context("fork" if fork else "spawn")
    counter = context.Value("q", 0)
    pool = ProcessPoolExecutor(jobs, context, initializer=_start_worker, initargs=(counter, os.getpid()))
    try:
        waiting = {pool.submit(_work, work, task): position for position, task in enumerate(tasks)}
        while waiting:
            finished = wait(waiting, timeout=0.02, return_when=FIRST_COMPLETED).done
            if progress:
                progress(counter.value)
            for future in finished:
                yield waiting.pop(future), future.result()
        pool.shutdown()
    except BaseException:
        for process in list((getattr(pool, "_processes", None) or {}).values()):  # no other children of this process
            process.kill()
        pool.shutdown(wait=False, cancel_futures=True)
        raise


def _start_worker(counter: Any, parent: int) -> None:
    global _counter
    _counter = counter
    begin_worker(parent)


def begin_worker(parent: int) -> None:
    """First in a worker: a stop is its parent's to handle, and it ends when that does, even by a kill."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(WATCH)
    os._exit(1)


def _work(work: Callable[[Any, Tick], Any], task: Any) -> Any:
    def tick(count: int) -> None:
        with _counter.get_lock():
            _counter.value += count

    return work(task, tick)
