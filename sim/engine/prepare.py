"""Preparing the engine: everything compiled, once per installation, or loaded from disk."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock, Thread

from sim.engine.cache import folder
from sim.engine.month import MONTH
from sim.engine.process import Process
from sim.engine.record import Looking
from sim.engine.start import first_recruiters

Report = Callable[[int, int, str], None]
Part = Process | Looking
#: All that has to be compiled before a run.
PARTS: tuple[Part, ...] = (*MONTH, first_recruiters, Looking())

_WAIT = 0.1  # seconds between looks at whether a stop has come
_MOST, _SHARE = 4, 4
"""Most processes that compile at a time, and how many rules it takes to make one more worth its start."""


def prepare(report: Report | None = None, parts: Sequence[Part] = PARTS, jobs: int | None = None) -> None:
    """Compile what has not been compiled before and load the rest.

    In a thread of its own, since a stop by signal, which comes to the main thread, must not break into what LLVM calls
    back: that could crash, or leave it locked.

    Parameters
    ----------
    report : callable, optional
        ``report(done, total, name)`` once before and after each part that is compiled, perhaps in another thread
        but never twice at a time; not called where all comes from disk.
    parts : sequence of parts
        Default: the processes of the month and of the start, and the recorder.
    jobs : int, optional
        Most processor cores to use. Default: those there are, up to four.
    """
    helpers: list[subprocess.Popen[str]] = []
    trouble: list[BaseException] = []

    def work() -> None:
        try:
            missing = sorted((each for each in parts if not each.ready()), key=_size, reverse=True)
            if missing:
                _compile(missing, report or (lambda done, total, name: None), jobs or min(_cores(), _MOST), helpers)
            for each in parts:
                each.compile()
        except BaseException as error:  # raised again where it is waited for
            trouble.append(error)

    thread = Thread(target=work, daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(_WAIT)
    finally:
        for helper in helpers:
            helper.kill()
    if trouble:
        raise trouble[0]


def _compile(missing: list[Part], report: Report, jobs: int, helpers: list[subprocess.Popen[str]]) -> None:
    """Compile here and, through the folder that all share, in helpers; what a helper fails to do is done here."""
    todo, done, lock = deque(missing), 0, Lock()

    def finished(each: Part) -> None:
        nonlocal done
        with lock:
            done += 1
            report(done, len(missing), each.name)

    def ask(helper: subprocess.Popen[str]) -> None:
        assert helper.stdin is not None
        assert helper.stdout is not None
        while todo:
            try:
                each = todo.popleft()
            except IndexError:
                return
            try:
                print(each.name, file=helper.stdin, flush=True)
                answer = helper.stdout.readline()
            except (OSError, ValueError):
                answer = ""
            if answer.rstrip("\n") != each.name:
                todo.append(each)
                return
            finished(each)

    report(0, len(missing), "")
    if folder() and _python():
        helpers += [_helper() for _ in range(min(jobs - 1, len(missing) // _SHARE))]
    threads = [Thread(target=ask, args=(helper,), daemon=True) for helper in helpers]
    try:
        for thread in threads:
            thread.start()
        while todo or threads:
            try:
                each = todo.popleft()
            except IndexError:
                threads.pop().join()
                continue
            each.compile()
            finished(each)
    finally:
        for helper in helpers:
            helper.kill()
            helper.communicate()


def _helper() -> subprocess.Popen[str]:
    """Another Python that compiles what it is told; not of `multiprocessing`, which would import the main module."""
    path = os.pathsep.join(os.path.abspath(entry) for entry in sys.path)
    return subprocess.Popen([sys.executable, "-c", "from sim.engine.prepare import _serve; _serve()"], text=True,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                            env={**os.environ, "PYTHONPATH": path})


def _serve() -> None:
    """Compile the processes that are named on standard input, and name them when they are done."""
    parts = {each.name: each for each in PARTS}
    for line in sys.stdin:
        parts[line.strip()].compile()
        print(line.strip(), flush=True)


def _python() -> bool:
    """Whether this is the usual interpreter, and not one within another program."""
    return not getattr(sys, "frozen", False) and Path(sys.executable or "").stem.lower().startswith("python")


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _size(each: Part) -> int:
    """Length of the module, a measure of how long it takes: the long ones go first."""
    return Path(sys.modules[type(each).__module__ if isinstance(each, Looking) else each.step.__module__].__file__
                or "").stat().st_size
