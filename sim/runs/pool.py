"""Tasks on one or several processes: results in order, and no worker left behind."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, wait
from typing import Any

WATCH = 0.5  # seconds between looks at whether the parent still lives
_work: Any = None


def processes(jobs: int) -> int:
    """Number of processes that ``jobs`` stands for: 0 means one per core."""
    return jobs or os.cpu_count() or 1


def forks() -> bool:
    """Whether a process can be split: ten times faster than starting one anew, but unsafe beside running threads."""
    return sys.platform == "linux" and threading.active_count() == 1


def in_order(work: Callable[[Any], Any], tasks: Sequence[Any], jobs: int = 0) -> list[Any]:
    """Do ``work(task)`` for every task; return the results in the order of the tasks.

    Parameters
    ----------
    work : a function of a module, or a partial of one; each process gets it once, for nothing where processes fork
    tasks : sequence of picklable tasks
    jobs : processes; 0 means one per core; with one process or one task everything happens in this one

    However this ends, its workers end with it; an error of a task is raised here.
    """
    jobs = min(processes(jobs), len(tasks))
    if jobs <= 1:
        return [work(task) for task in tasks]
    context = multiprocessing.get_context("fork" if forks() else "spawn")
    pool = ProcessPoolExecutor(jobs, context, initializer=_start_worker, initargs=(work, os.getpid()))
    try:
        futures = [pool.submit(_do, task) for task in tasks]
        done: set[Any] = set()
        while len(done) < len(futures):  # a wait with a limit lets Ctrl-C through on every system
            done = wait(futures, timeout=0.1, return_when=FIRST_EXCEPTION).done
            results = [future.result() for future in futures if future in done]
        pool.shutdown()
    except BaseException:
        for process in list((getattr(pool, "_processes", None) or {}).values()):  # no other children of this process
            process.kill()
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    return results


def _start_worker(work: Callable[[Any], Any], parent: int) -> None:
    global _work
    _work = work
    gc.freeze()  # what a fork shares with its parent would be copied wherever the collector looked at it
    begin_worker(parent)


def _do(task: Any) -> Any:
    return _work(task)


def begin_worker(parent: int) -> None:
    """First in a worker: a stop is its parent's to handle, and it ends when that does, even by a kill."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(WATCH)
    os._exit(1)
