"""One message per mistake: file, line, key, value, what is allowed, nearest spelling."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sim.errors import UserError

Path = tuple[str | int, ...]


class ScenarioError(UserError):
    """A scenario that cannot be run."""


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


def shown(value: Any, width: int = 60) -> str:
    """A value as the user would recognise it, cut to ``width`` characters."""
    if value is None:
        return "nothing (the value is empty)"
    text = repr(str(value)) if isinstance(value, str) else str(value)
    return text if len(text) <= width else text[: width - 1] + "…"


def listed(names: Iterable[str], most: int = 12) -> str:
    """Names in a row, the rest counted."""
    names = list(names)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def nearest(value: Any, names: Mapping[str, str] | Iterable[str]) -> str | None:
    """The id nearest in spelling to ``value``; a mapping id -> name is also searched by name."""
    titles = dict(names) if isinstance(names, Mapping) else {name: name for name in names}
    said = {text.casefold(): key for key, title in reversed(titles.items()) for text in (title, key)}
    word = str(value)[:100].casefold()
    close = difflib.get_close_matches(word, said, n=1, cutoff=0.6 if len(word) > 3 else 0.5)
    return said[close[0]] if close else None
