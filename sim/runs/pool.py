"""Tasks on one or several processes: results in order, one got ready ahead, and no worker left behind."""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, wait
from multiprocessing.connection import Connection
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
    # What a fork shares with its parent would be copied wherever the collector looked, and it looks for nothing: a
    # worker ends soon.
    gc.freeze()
    gc.set_threshold(100_000)
    begin_worker(parent)


def _do(task: Any) -> Any:
    return _work(task)


class Ahead:
    """A forked process that gets ready while this one is busy, and then does one task after the other.

    Parameters
    ----------
    prepare : called at once in the other process; where it fails, the first task will tell
    work : called there with each task; its result is returned here, its error raised here

    Only where `forks` allows it. `close` ends the process and its workers.
    """

    def __init__(self, prepare: Callable[[], object], work: Callable[[Any], Any]) -> None:
        context = multiprocessing.get_context("fork")
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=_serve, args=(self._pipe, other, prepare, work))
        self._process.start()
        other.close()

    def __call__(self, task: Any) -> Any:
        self._pipe.send(task)
        try:
            result, error = self._pipe.recv()
        except EOFError:
            raise RuntimeError("the process that was to do it has ended") from None
        if error is not None:
            raise error
        return result

    def close(self) -> None:
        self._process.terminate()
        self._process.join(2 * WATCH)
        self._process.kill()
        self._process.join()


def _serve(parents: Connection, pipe: Connection, prepare: Callable[[], object], work: Callable[[Any], Any]) -> None:
    """Answer each task with (result, error), until the parent closes its end or dies."""
    parents.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # as an exception it ends the workers of a task too
    with contextlib.suppress(Exception):
        prepare()
    with contextlib.suppress(EOFError):
        while True:
            task = pipe.recv()
            try:
                pipe.send((work(task), None))
            except Exception as error:
                pipe.send((None, error))


def begin_worker(parent: int) -> None:
    """First in a worker: a stop is its parent's to handle, and it ends when that does, even by a kill."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(WATCH)
    os._exit(1)
