"""The workers of a calibration: threads, with linear algebra held to one thread each."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sim.runs.threads import run_tasks


@dataclass(frozen=True)
class Crew:
    """Threads that do the work of a calibration."""

    jobs: int

    def do(self, function: Callable[..., Any], tasks: Sequence[tuple[Any, ...]], done: Callable[[int, Any], None]
           ) -> None:
        """Call ``function(*task)`` for every task; ``done(index, result)`` as they finish."""
        with one_thread(), contextlib.closing(run_tasks(lambda task, _: function(*task), tasks, self.jobs)) as results:
            for index, result in results:
                done(index, result)


def one_thread() -> Any:
    """Context in which linear algebra keeps to one thread: the same bits whatever the number of workers."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1)
