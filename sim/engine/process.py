"""Processes: a compiled rule for one world, or for one agent of it, that Python calls for a run of worlds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import int64

from sim.engine.batch import Batch, coefficients_at, now_at, place_at, world_at
from sim.engine.compiled import COMPILED, rule

#: Argument types of every compiled process.
SIGNATURE = (int64,) * 8
#: All processes by name, in the order in which they were declared.
PROCESSES: dict[str, Process] = {}


class Process:
    """One step of the month.

    Attributes
    ----------
    name : str
    writes : tuple of str
        What it may change: stocks ('militants'), arrays ('outreach'), fields of tables ('regions.presence').
    rows : str
        Table whose rows it speaks about one by one ('states'), or '' for the whole world.
    step : callable
        The rule: ``step(w, g, k, now)`` or ``step(w, g, k, now, row)``.
    """

    def __init__(self, step: Callable[..., None], writes: tuple[str, ...], rows: str = ""):
        self.name = step.__module__.rsplit(".", 1)[-1] + ("" if step.__name__ == "step" else "." + step.__name__)
        self.writes, self.rows = writes, rows
        self.step = rule(step)
        self._run = self._compiled(self.step, bool(rows)) if COMPILED else None
        PROCESSES[self.name] = self

    @staticmethod
    def _compiled(step: Any, by_row: bool) -> Any:
        def of_worlds(address, size, first, last, month, number, low, high):  # type: ignore[no-untyped-def]
            for i in range(first, last):
                row = address + i * size
                step(world_at(row), place_at(row), coefficients_at(row), now_at(row, month, number))

        def of_rows(address, size, first, last, month, number, low, high):  # type: ignore[no-untyped-def]
            for i in range(first, last):
                row = address + i * size
                w, g, k, now = world_at(row), place_at(row), coefficients_at(row), now_at(row, month, number)
                for each in range(low, high):
                    step(w, g, k, now, each)

        run = of_rows if by_row else of_worlds
        run.__module__, run.__qualname__ = step.__module__, f"{step.__qualname__}.{run.__name__}"
        return rule(run)

    def compile(self) -> None:
        """Compile for all batches, or load from disk; otherwise this happens at the first call."""
        if self._run is not None:
            self._run.compile(SIGNATURE)

    def ready(self) -> bool:
        """Whether there is nothing to compile."""
        return self._run is None or self._run.ready(SIGNATURE)

    def __call__(self, batch: Batch, first: int = 0, last: int | None = None, step: int | None = None,
                 rows: tuple[int, int] | None = None) -> None:
        """Run for worlds first to last - 1 of the batch, in a month of the run (default: the batch's).

        A process that speaks about rows runs for all of them, or for rows[0] to rows[1] - 1.
        """
        last = len(batch.worlds) if last is None else last
        step = batch.step if step is None else step
        low, high = 0, 0
        if self.rows:
            low, high = (0, batch.tables[self.rows].shape[1]) if rows is None else rows
        if self._run is not None:
            self._run(batch.address, batch.memory.strides[0], first, last, batch.start + step, step, low, high)
            return
        for i in range(first, last):
            w, k, now = batch.world(i), batch.k(i), batch.now(i, step)
            if not self.rows:
                self.step(w, batch.place, k, now)
            for each in range(low, high):
                self.step(w, batch.place, k, now, each)


def process(*writes: str, rows: str = "") -> Callable[[Callable[..., None]], Process]:
    """Declare a process by what it writes and, if it speaks about one row of a table at a time, which."""
    return lambda step: Process(step, writes, rows)
