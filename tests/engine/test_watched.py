"""Laws that only worlds under watch can show: every allowed move is made, no other is, and no luck serves twice.

Compiled movers and draws cannot be watched, so a world of the laws is run uncompiled, in a process of its own.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sim.engine import now, state
from sim.engine.enums import MILITANTS, OUTSIDE_BAND, STOCKS
from sim.engine.month import MONTH
from sim.engine.now import STREAMS
from sim.engine.state import ALLOWED_MOVES
from tests.engine.kit import LIVELY, PROCESSES, Small, batch, conquered, stirred

ROOT = Path(__file__).resolve().parents[2]
#: Mover -> the stocks between which it moves and how many, of its arguments beside the world.
MOVERS: dict[str, Callable[..., tuple[int, int, int]]] = {
    "move": lambda source, i, target, j, n: (source, target, n),
    "leave": lambda source, r, target, j, taken: (source, target, sum(taken)),
    "enter": lambda target, r, taken: (OUTSIDE_BAND, target, sum(taken)),
    "move_members": lambda o, k, r, to_o, to_k, to_r, taken: (MILITANTS, MILITANTS, sum(taken)),
    "release_members": lambda o, k, r, ledger, taken: (MILITANTS, ledger, sum(taken)),
}
#: Draw -> identities that it draws, of its arguments beside world, month and stream.
DRAWS: dict[str, Callable[..., range]] = {
    "draw": lambda i: range(i, i + 1),
    "draw_four": lambda i: range(4 * i, 4 * i + 4),
    "draw_row": lambda row, out: range(row * len(out), (row + 1) * len(out)),
}
MONTHS, CONQUEST = 84, 66
WORLD = 7  # in which attempts fail, too


class Seen(NamedTuple):
    """What was seen in seven years of one world."""

    moves: dict[str, list[tuple[int, int]]]  # pairs of stocks by process
    unbooked: list[str]  # where stocks changed otherwise than people were moved
    twice: list[str]  # uniforms that were drawn more than once in a month
    streams: list[str]  # names of luck that were drawn


def watch(module: Any, name: str, look: Callable[..., None]) -> None:
    """Have every rule that calls a function of a module be looked at first."""
    watched = getattr(module, name)

    def calling(*given: Any) -> Any:
        look(*given)
        return watched(*given)

    for known, each in list(sys.modules.items()):
        if known.startswith("sim.engine.") and getattr(each, name, None) is watched:
            setattr(each, name, calling)


def stocks(b: Small) -> np.ndarray:
    return np.array([getattr(b, stock).sum() for stock in STOCKS])


def watch_a_world() -> Seen:
    moved = np.zeros((len(STOCKS), len(STOCKS)), np.int64)
    drawn: Counter[tuple[int, int]] = Counter()

    def note_move(pair: Callable[..., tuple[int, int, int]], _w: Any, *rest: Any) -> None:
        source, target, n = pair(*rest)
        moved[source, target] += n

    def note_draw(identities: Callable[..., range], _w: Any, _now: Any, stream: int, *rest: Any) -> None:
        drawn.update((stream, int(i)) for i in identities(*rest))

    for name, pair in MOVERS.items():
        watch(state, name, functools.partial(note_move, pair))
    for name, identities in DRAWS.items():
        watch(now, name, functools.partial(note_draw, identities))
    b = stirred(batch([WORLD], world="two_countries", start="2011-01", pinned=False, **LIVELY))
    seen = Seen({}, [], [], [])
    total, streams = {process.name: np.zeros_like(moved) for process in MONTH}, set()
    for b.step in range(MONTHS):
        if b.step == CONQUEST:
            conquered(b)
        drawn.clear()
        for process in MONTH:
            before, moved[:] = stocks(b), 0
            process(b)
            if (stocks(b) - before != moved.sum(axis=0) - moved.sum(axis=1)).any():
                seen.unbooked.append(f"{process.name} in month {b.step}")
            total[process.name] += moved
        seen.twice.extend(f"{STREAMS[stream]} {i} in month {b.step}" for (stream, i), n in drawn.items() if n > 1)
        streams |= {STREAMS[stream] for stream, _ in drawn}
    seen.moves.update({name: np.argwhere(pairs).tolist() for name, pairs in total.items()})
    seen.streams.extend(sorted(streams))
    return seen


@functools.cache
def seen() -> Seen:
    code = "import json; from tests.engine.test_watched import watch_a_world; print(json.dumps(watch_a_world()))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False,
                          env=os.environ | {"PYTHONPATH": str(ROOT), "NUMBA_DISABLE_JIT": "1"})
    assert done.returncode == 0, done.stderr
    return Seen(*json.loads(done.stdout))


def named(pairs: Any) -> set[str]:
    return {f"{STOCKS[source]} to {STOCKS[target]}" for source, target in pairs}


def test_every_allowed_move_is_made_and_no_other() -> None:
    made = named(pair for pairs in seen().moves.values() for pair in pairs)
    assert made == named(ALLOWED_MOVES)


def test_nobody_changes_stock_except_by_a_mover() -> None:
    assert seen().unbooked == []


def test_people_are_moved_by_processes_that_say_so() -> None:
    for name, pairs in seen().moves.items():
        assert {STOCKS[stock] for pair in pairs for stock in pair} <= set(PROCESSES[name].writes), name


def test_no_luck_serves_twice() -> None:
    """A uniform that two agents or two questions shared would tie their fates."""
    assert seen().twice == []


def test_every_name_of_luck_is_drawn_from() -> None:
    start_alone = {"recruiter.first", "recruiter.shuffled"}
    assert set(seen().streams) == set(STREAMS) - start_alone
