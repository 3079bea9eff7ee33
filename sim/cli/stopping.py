"""Stops by signal: Ctrl-C and a polite end."""

from __future__ import annotations

import contextlib
import os
import signal
import weakref
from collections.abc import Iterator

INTERRUPTED, TERMINATED = 130, 143  # by Ctrl-C, by SIGTERM
AGAIN = 0.3  # seconds after which a stop that got lost is repeated


class Stop(KeyboardInterrupt):
    """A stop by signal."""


@contextlib.contextmanager
def terminable(heard: list[int]) -> Iterator[None]:
    """Ctrl-C and a polite end by signal stop this process and let it clean up; ``heard`` receives the signals.

    Worker processes that inherit the handlers leave Ctrl-C to this process and end at once when it ends them.
    """
    owner = os.getpid()
    under_way: weakref.ref[Stop] | None = None

    def stop(number: int, frame: object) -> None:
        nonlocal under_way
        if os.getpid() != owner:
            if number == signal.SIGTERM:
                os._exit(TERMINATED)
            return
        if under_way is not None and under_way() is not None:  # cleaning up: not to be disturbed
            return
        heard.append(number)
        raised = Stop()
        under_way = weakref.ref(raised)
        if hasattr(signal, "setitimer"):  # Python drops what is raised in the middle of a finalizer or callback
            signal.setitimer(signal.ITIMER_REAL, AGAIN, AGAIN)
        try:
            raise raised
        finally:
            del raised

    numbers = [signal.SIGINT, signal.SIGTERM, *([signal.SIGALRM] if hasattr(signal, "setitimer") else ())]
    try:
        before = {number: signal.signal(number, stop) for number in numbers}
    except ValueError:  # not in the main thread
        yield
        return
    try:
        yield
    finally:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)
