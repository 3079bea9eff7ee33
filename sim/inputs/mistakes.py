"""One message per mistake: file, line, key, value, what is allowed, nearest spelling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sim.errors import UserError

Path = tuple[str | int, ...]


class ScenarioError(UserError):
    """A scenario that cannot be run."""


class DataError(UserError, ValueError):
    """A data file breaks the contract of its folder; the message names folder, file, line, key and value."""


@dataclass(frozen=True)
class Mark:
    """Where a value stands; ``line`` counts from 1, None where there are no lines (command line, Python)."""

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}, line {self.line}"


class Fault(Exception):
    """A mistake at a path of the scenario, before its mark is known."""

    def __init__(self, path: Path, problem: str, allowed: str = "", nearest: str | None = None) -> None:
        super().__init__(problem)
        self.path, self.problem, self.allowed, self.nearest = path, problem, allowed, nearest

    def at(self, marks: Mapping[Path, Mark]) -> ScenarioError:
        """The same mistake as the one message for the user."""
        return ScenarioError(message(find_mark(marks, self.path), self.path, self.problem, self.allowed, self.nearest))


def find_mark(marks: Mapping[Path, Mark], path: Path) -> Mark:
    """The mark of a path or of the nearest thing around it."""
    for size in range(len(path), -1, -1):
        if path[:size] in marks:
            return marks[path[:size]]
    return Mark("scenario")


def key_text(path: Path) -> str:
    """``levers[0].strength``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def message(mark: Mark, path: Path, problem: str, allowed: str = "", nearest: str | None = None) -> str:
    """The sentence shown to the user."""
    text = str(mark) + (f", {key_text(path)}" if path else "") + f": {problem}."
    if allowed:
        text += f" Allowed: {allowed}."
    if nearest:
        text += f" Did you mean '{nearest}'?"
    return text
