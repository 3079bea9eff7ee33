"""Every allowed move is made by somebody, and nobody moves in any other way.

Compiled movers cannot be watched, so the worlds of the laws are run uncompiled, in a process of their own.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from sim.engine import state
from sim.engine.enums import MILITANTS, OUTSIDE_BAND, STOCKS
from sim.engine.month import MONTH
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
MONTHS, CONQUEST = 84, 66


def watch_movers() -> np.ndarray:
    """Wrap the movers wherever a rule knows them; people moved between each two stocks, counted on from here."""
    moved = np.zeros((len(STOCKS), len(STOCKS)), np.int64)

    def watched(mover: Any, pair: Callable[..., tuple[int, int, int]]) -> Callable[..., None]:
        def moving(w: Any, *rest: Any) -> None:
            mover(w, *rest)
            source, target, n = pair(*rest)
            moved[source, target] += n
        return moving

    for name, pair in MOVERS.items():
        mover = getattr(state, name)
        for module in [each for known, each in sys.modules.items() if known.startswith("sim.engine.")]:
            if getattr(module, name, None) is mover:
                setattr(module, name, watched(mover, pair))
    return moved


def stocks(b: Small) -> np.ndarray:
    return np.array([getattr(b, stock).sum() for stock in STOCKS])


def history() -> tuple[dict[str, list[list[int]]], list[str]]:
    """Pairs of stocks between which each process moved people in seven years, and where the book says otherwise."""
    moved = watch_movers()
    b = stirred(batch(1, world="two_countries", start="2011-01", pinned=False, **LIVELY))
    total = {name: np.zeros_like(moved) for name in PROCESSES}
    unbooked = []
    for b.step in range(MONTHS):
        if b.step == CONQUEST:
            conquered(b)
        for process in MONTH:
            before, moved[:] = stocks(b), 0
            process(b)
            if (stocks(b) - before != moved.sum(axis=0) - moved.sum(axis=1)).any():
                unbooked.append(f"{process.name} in month {b.step}")
            total[process.name] += moved
    return {name: np.argwhere(pairs).tolist() for name, pairs in total.items()}, unbooked


@functools.cache
def watched_history() -> tuple[dict[str, list[list[int]]], list[str]]:
    code = "import json; from tests.engine.test_moves import history; print(json.dumps(history()))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True,
                          env=os.environ | {"PYTHONPATH": str(ROOT), "NUMBA_DISABLE_JIT": "1"})
    used, unbooked = json.loads(done.stdout)
    return used, unbooked


def named(pairs: Any) -> set[str]:
    return {f"{STOCKS[source]} to {STOCKS[target]}" for source, target in pairs}


def test_every_allowed_move_is_made_and_no_other() -> None:
    used, _ = watched_history()
    made = named(pair for pairs in used.values() for pair in pairs)
    assert made == named(ALLOWED_MOVES)


def test_nobody_changes_stock_except_by_a_mover() -> None:
    _, unbooked = watched_history()
    assert unbooked == []


def test_people_are_moved_by_processes_that_say_so() -> None:
    used, _ = watched_history()
    for name, pairs in used.items():
        assert {STOCKS[stock] for pair in pairs for stock in pair} <= set(PROCESSES[name].writes), name
