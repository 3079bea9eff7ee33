"""Tasks on threads: results in order, never piled up, and an end that is heard by all."""

from __future__ import annotations

import contextlib
import threading

import pytest

from sim.runs.threads import AHEAD, Stopped, Tick, run_tasks


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_results_come_in_the_order_of_tasks_and_progress_reaches_the_total(jobs: int) -> None:
    seen: list[int] = []

    def square(task: int, tick: Tick) -> int:
        tick(task)
        return task * task

    with contextlib.closing(run_tasks(square, range(20), jobs, seen.append)) as results:
        assert list(results) == [(task, task * task) for task in range(20)]
    assert seen == sorted(seen)
    assert seen[-1] == sum(range(20))


def test_results_that_nobody_takes_are_not_piled_up() -> None:
    begun: list[int] = []
    with contextlib.closing(run_tasks(lambda task, _: begun.append(task), range(100), 2)) as results:
        for position, _ in results:
            assert len(begun) <= position + 2 * AHEAD
    assert sorted(begun) == list(range(100))


def test_an_error_is_raised_and_stops_the_others() -> None:
    stopped = threading.Event()

    def work(task: int, tick: Tick) -> None:
        if task == 0:
            raise ValueError("no luck")
        try:
            while True:
                tick(0)
        except Stopped:
            stopped.set()
            raise

    with pytest.raises(ValueError, match="no luck"), contextlib.closing(run_tasks(work, range(3), 2)) as results:
        next(results)
    assert stopped.is_set()
