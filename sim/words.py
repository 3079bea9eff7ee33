"""How numbers, lists and names are said in sentences, once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any


def counted(number: int, one: str, many: str = "") -> str:
    """"1 world", "2 worlds"; ``many`` where it is not ``one`` with an s."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def worlds_of(count: int) -> str:
    """A number of worlds."""
    return counted(count, "world")


def percent(share: float) -> str:
    """Whole per cent, without rounding what is rare to never or what is not quite always to always; '–' for none."""
    if share != share:
        return "–"
    if 0 < share < 0.005:
        return "under 1 %"
    return "over 99 %" if 0.995 < share < 1 else f"{100 * share:.0f} %"


def finer_percent(share: float) -> str:
    """A share in whole per cent; near the ends with one more figure."""
    digits = 1 if 0 < share < 0.01 or 0.99 < share < 1 else 0
    return f"{100 * share:.{digits}f} %"


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
