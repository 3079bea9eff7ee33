"""Progress on a terminal."""

from __future__ import annotations

import sys
import time
from typing import Any

QUIET_SECONDS = 2.0


class Meter:
    """Progress on a terminal, for anything longer than two seconds; silent otherwise."""

    def __init__(self, title: str) -> None:
        self._title, self._began = title, time.monotonic()
        self._shown = sys.stderr.isatty()
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Meter:
        return self

    def __call__(self, done: int, total: int) -> None:
        """``done`` of ``total`` world-months are simulated."""
        if not self._shown or time.monotonic() - self._began < QUIET_SECONDS:
            return
        if self._bar is None:
            self._start(total)
        rate = done / (time.monotonic() - self._began)
        self._bar.update(self._task, completed=done, total=total, rate=rate)

    def _start(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        self._bar = Progress(TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(),
                             TextColumn("{task.fields[rate]:,.0f} world-months/s, left"), TimeRemainingColumn(),
                             console=Console(stderr=True), transient=True)
        self._bar.start()
        self._task = self._bar.add_task(self._title, total=total, rate=0.0)

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.stop()


class Stages:
    """Progress through the stages of a long computation: a bar on a terminal, and a line for each finished part."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> Stages:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            self._bar = Progress(TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(),
                                 TextColumn("left"), TimeRemainingColumn(), console=Console(stderr=True),
                                 transient=True)
            self._bar.start()
        return self

    def __call__(self, stage: str, done: int, total: int) -> None:
        """``done`` of ``total`` of one stage are finished."""
        if self._bar is None:
            return
        if stage not in self._tasks:
            for task in self._tasks.values():
                self._bar.remove_task(task)
            self._tasks = {stage: self._bar.add_task(stage, total=total)}
        self._bar.update(self._tasks[stage], completed=done, total=total)

    def say(self, line: str) -> None:
        """A line that stays."""
        if self._bar is not None:
            self._bar.console.print(line, markup=False, highlight=False)
        else:
            print(line, flush=True)

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.stop()
