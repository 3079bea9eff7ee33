"""Recording: chosen outcomes of a month, and the control of every locality. Recorders look and never touch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numba import float32, int8, int64

from sim.engine.batch import Batch, coefficients_at, now_at, place_at, world_at
from sim.engine.compiled import COMPILED, rule
from sim.engine.enums import (
    ACTIVE,
    BRANDS,
    CELL,
    FOOTHOLD_MONTHS,
    GROUND,
    LYING_LOW,
    MASS,
    MOVEMENT,
    MOVEMENT_BRAND,
    PRISON,
    REFUGE,
    RIVAL,
)
from sim.engine.forms import at_large, controlled, fighters, foreigners
from sim.engine.outcomes import OUTCOMES, Outcome
from sim.engine.state import everywhere, sympathising


@rule
def from_other_states(w, g, r):
    """The movement's members at large in a region from the other countries of the map."""
    people = 0
    for origin in range(len(w.states)):
        if origin != g.regions[r].country:
            people += (w.militants[MOVEMENT, CELL, r, origin] + w.militants[MOVEMENT, REFUGE, r, origin]
                       + w.militants[MOVEMENT, GROUND, r, origin])
    return people


@rule
def in_theatre(w, r):
    """Residents of a region who fight in the theatre under any brand."""
    people = 0
    for b in range(len(BRANDS)):
        people += w.theatre[b, r]
    return people


@rule
def foothold(w, g, r):
    """1 where a locality of the region has been held at contested or better for three months."""
    place = g.regions[r]
    for t in range(place.first_locality, place.first_locality + place.localities):
        if w.localities[t].held >= FOOTHOLD_MONTHS:
            return 1.0
    return 0.0


@rule
def count_recruiters(w, free):
    """Recruiters at large by region, into free (R,)."""
    free[:] = 0.0
    for n in range(len(w.recruiters)):
        agent = w.recruiters[n]
        if agent.status == ACTIVE or agent.status == LYING_LOW:
            free[agent.place] += 1


def written(outcomes: Sequence[Outcome]) -> Callable[..., None]:
    """The function that looks: region by region, every outcome that is wanted, made from the formulas."""
    lines = ["def look(w, g, k, now, wanted, values, i, free):", "    step = now.step",
             "    for r in range(len(w.regions)):", "        here, month = w.regions[r], w.happened[r]",
             "        state = w.states[g.regions[r].country]"]
    for index, outcome in enumerate(outcomes):
        lines += [f"        if wanted[{index}] >= 0:",
                  f"            values[wanted[{index}], i, step, r] = {outcome.code}"]
    space: dict[str, Any] = {
        "__name__": __name__, "MOVEMENT": MOVEMENT, "RIVAL": RIVAL, "MASS": MASS, "REFUGE": REFUGE, "PRISON": PRISON,
        "MOVEMENT_BRAND": MOVEMENT_BRAND, "sympathising": sympathising, "at_large": at_large, "everywhere": everywhere,
        "foreigners": foreigners, "fighters": fighters, "from_other_states": from_other_states,
        "in_theatre": in_theatre, "controlled": controlled, "foothold": foothold}
    exec("\n".join(lines), space)
    return space["look"]  # type: ignore[no-any-return]


look = rule(written(tuple(OUTCOMES.values())))


@rule
def keep_control(w, step, control, cause, i):
    """Control of every locality and how it was lost, into control and cause (worlds, months, L)."""
    for t in range(len(w.localities)):
        control[i, step, t] = w.localities[t].control
        cause[i, step, t] = w.localities[t].loss_cause


@rule
def look_at_worlds(address, size, first, last, month, step, at, wanted, values, control, cause):
    """Record a month of worlds first to last - 1 as the worlds from ``at`` on of the recorder's arrays."""
    free = np.zeros(len(world_at(address).regions))
    for i in range(first, last):
        row = address + i * size
        w = world_at(row)
        count_recruiters(w, free)
        look(w, place_at(row), coefficients_at(row), now_at(row, month, step), wanted, values, at + i - first, free)
        keep_control(w, step, control, cause, at + i - first)


class Looking:
    """The compiled function that looks, to be prepared as processes are."""

    _run: Any = look_at_worlds

    name = "record"
    _signature = (*(int64,) * 7, int64[::1], float32[:, :, :, ::1], float32[:, :, ::1], int8[:, :, ::1])

    def compile(self) -> None:
        """Compile, or load from disk; otherwise this happens at the first call."""
        if COMPILED:
            self._run.compile(self._signature)

    def ready(self) -> bool:
        """Whether there is nothing to compile."""
        return not COMPILED or self._run.ready(self._signature)


class Recorder:
    """Keeps chosen outcomes of worlds and the control of every locality.

    ``values`` (outcomes, W, months, R) float32; ``control`` (W, months, L) float32; ``cause`` (W, months, L) int8.
    """

    def __init__(self, names: Sequence[str], worlds: int, months: int, regions: int, localities: int):
        self.outcomes = [OUTCOMES[name] for name in names]
        self.values = np.zeros((len(names), worlds, months, regions), dtype=np.float32)
        self.control = np.zeros((worlds, months, localities), dtype=np.float32)
        self.cause = np.zeros((worlds, months, localities), dtype=np.int8)
        self.wanted = np.array([list(names).index(name) if name in names else -1 for name in OUTCOMES], dtype=np.int64)

    def look(self, batch: Batch, first: int = 0, last: int | None = None, step: int | None = None, at: int = 0) -> None:
        """Record a month of worlds first to last - 1 of a batch as the recorder's worlds from ``at`` on."""
        last = len(batch.worlds) if last is None else last
        step = batch.step if step is None else step
        if COMPILED:
            look_at_worlds(batch.address, batch.memory.strides[0], first, last, batch.start + step, step, at,
                           self.wanted, self.values, self.control, self.cause)
            return
        free = np.zeros(batch.sizes["R"])
        for i in range(first, last):
            w = batch.world(i)
            count_recruiters(w, free)
            look(w, batch.place, batch.k(i), batch.now(i, step), self.wanted, self.values, at + i - first, free)
            keep_control(w, step, self.control, self.cause, at + i - first)
