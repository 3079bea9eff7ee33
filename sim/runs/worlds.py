"""Worlds of one scenario: the engine's batch with what the scenario says, run month by month."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.engine.batch import COEFFICIENT_ROW, Batch
from sim.engine.month import advance
from sim.engine.outcomes import OUTCOMES
from sim.engine.place import Place, place_of
from sim.engine.record import Recorder
from sim.engine.start import populate
from sim.engine.state import BooksError
from sim.engine.timetable import tabulated
from sim.inputs.geography import Geography, load_geography
from sim.inputs.mistakes import DataError
from sim.inputs.numbers import coefficients
from sim.inputs.posterior import has_posterior
from sim.inputs.theories import settings
from sim.policy.timeline import ExtraTurn, extra_turn, timeline
from sim.runs.posterior_draws import posterior_draws

if TYPE_CHECKING:
    from sim.inputs.scenario import Scenario

#: Worlds that walk the months together: few enough that their tables stay in the cache of one core.
TOGETHER = 10


@dataclass(frozen=True)
class Snapshot:
    """The state of a batch of worlds at the head of a month, ``step`` months after the start, to be gone on from."""

    step: int
    worlds: np.ndarray
    tables: dict[str, np.ndarray]


class Worlds:
    """Parallel worlds of one scenario.

    Parameters
    ----------
    scenario : Scenario
    worlds : sequence of int, optional
        Indices of the worlds; world k is the same in any batch. Default: all of the scenario.
    parameters : mapping, optional
        Coefficient name -> array of shape (worlds,): values that differ between worlds. They go before the scenario's
        own parameters, and these before what its theories set.
    strengths : mapping, optional
        Position of a lever in the scenario -> array (worlds,) of strengths that differ between worlds.
    frozen : mapping, optional
        Decision name -> constant put in its place (a placebo).
    turns : sequence of (dial, where, amount, first month, last month or None), optional
        Turns of dials beside those of events and levers, for experiments that no lever describes. An amount may be
        an array (worlds,).
    checking : bool
        Balance the books of every month.
    own_place : bool
        Give these worlds tables of the geography of their own, so that traits may be changed.
    recorder : (Recorder, int), optional
        A recorder of more worlds, and the first of its worlds that these are. Default: one of their own.
    """

    def __init__(self, scenario: Scenario, worlds: Sequence[int] | np.ndarray | None = None, *,
                 parameters: Mapping[str, Any] | None = None, strengths: Mapping[int, np.ndarray] | None = None,
                 frozen: Mapping[str, float] | None = None, turns: Sequence[ExtraTurn] = (), checking: bool = False,
                 own_place: bool = False, recorder: tuple[Recorder, int] | None = None):
        ids = np.arange(scenario.worlds) if worlds is None else np.asarray(worlds, dtype=np.int64)
        values = {k: v for k, v in scenario.parameters.items() if k.startswith("values.")}
        given = {k: v for k, v in scenario.parameters.items() if k not in values}
        self.setting, self.checking = scenario, checking
        self.geography: Geography = load_geography(scenario.world, values)
        drawn = (posterior_draws(scenario.world, scenario.seed, ids)
                 if scenario.uncertainty == "posterior" and has_posterior(scenario.world) else {})
        rows = coefficient_rows({**drawn, **settings(scenario.theories), **given, **(parameters or {})}, ids.size)
        self.start, self.months = int(scenario.start), int(scenario.end) - int(scenario.start) + 1
        self.timeline = [*timeline(scenario, self.geography, strengths or {}),
                         *(extra_turn(turn, self.geography) for turn in turns)]
        self.batch = Batch(place_of(self.geography) if own_place else shared_place(self.geography), ids, scenario.seed,
                           rows, tabulated(self.timeline, self.geography, self.start, self.months), self.start, frozen)
        populate(self.batch, self.geography)
        self.recorder, self._at = recorder or (recorder_of(scenario, self.geography, ids.size), 0)
        self.people = self.batch.total()

    @property
    def size(self) -> int:
        """Number of worlds."""
        return len(self.batch.worlds)

    def run(self, progress: Callable[[int], None] | None = None, until: int | None = None) -> Recorder:
        """Run to month ``until`` of the run (not included), by default its end.

        A few worlds at a time walk the months, so that their tables stay in the cache of a core.
        ``progress(world_months)`` is called as they are done; what it raises stops the run.
        """
        until = self.months if until is None else until
        for first in range(0, self.size, TOGETHER):
            last = min(first + TOGETHER, self.size)
            for step in range(self.batch.step, until):
                advance(self.batch, first, last, step)
                self.recorder.look(self.batch, first, last, step, at=self._at + first)
                if self.checking:
                    self.check()
                if progress:
                    progress(last - first)
        self.batch.step = max(self.batch.step, until)
        return self.recorder

    def check(self) -> None:
        """Raise BooksError unless everybody is accounted for."""
        self.batch.check()
        if not np.array_equal(self.batch.total(), self.people):
            raise BooksError("people appeared or vanished")

    def snapshot(self) -> Snapshot:
        """The present state, to be gone on from by worlds of the same indices."""
        return Snapshot(self.batch.step, self.batch.worlds,
                        {name: table.copy() for name, table in self.batch.tables.items()})

    def go_on_from(self, kept: Snapshot) -> None:
        """Take over a kept state: bit for bit as if these worlds had come there themselves.

        That is so where settings do not differ before the snapshot's month. What was recorded before that month is
        not part of the state.
        """
        if not np.array_equal(kept.worlds, self.batch.worlds):
            raise ValueError("a snapshot goes on in the worlds that it was taken of")
        for name, table in kept.tables.items():
            self.batch.tables[name][...] = table
        self.batch.step = kept.step

    def course(self) -> list[bytes]:
        """A digest a month of all that is set: worlds whose courses agree up to a month are the same up to it."""
        batch, dials = self.batch, self.batch.timetable
        place = sorted(item for item in self.setting.parameters.items() if item[0].startswith("values."))
        head = hashlib.sha256(repr((batch.seed, self.start, self.setting.world, place)).encode())
        for part in (batch.worlds, batch.coefficients, batch.frozen):
            head.update(part.tobytes())
        digests = []
        for states, regions in zip(dials.states, dials.regions, strict=True):
            digest = head.copy()
            digest.update(_bytes(states))
            digest.update(_bytes(regions))
            digests.append(digest.digest())
        return [digests[epoch] for epoch in dials.epoch]


def parting(one: Sequence[bytes], two: Sequence[bytes]) -> int:
    """First month of the run in which worlds of these courses may differ."""
    return next((step for step, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))


def recorder_of(scenario: Scenario, g: Geography, worlds: int) -> Recorder:
    """A recorder of so many worlds of a scenario."""
    return Recorder(recorded(scenario), worlds, scenario.months, len(g.regions), len(g.localities))


def recorded(scenario: Scenario) -> list[str]:
    """Names of the outcomes that a scenario asks for."""
    return list(OUTCOMES) if tuple(scenario.record) in ((), ("all",)) else list(scenario.record)


def _bytes(dials: np.ndarray) -> bytes:
    """Dials of a period; a row for all worlds stands for one each."""
    rows = dials.view(np.uint8).reshape(len(dials), -1)
    return bytes(rows[0] if (rows == rows[0]).all() else rows)


def shared_place(g: Geography) -> Place:
    """Tables of a geography, made once for all who only read them."""
    if "place" not in g.kept:
        g.kept["place"] = place_of(g)
    return g.kept["place"]


def coefficient_rows(values: Mapping[str, Any], worlds: int) -> np.ndarray:
    """Coefficients of each world as records; values are scalars or arrays (worlds,) put in the place of the shipped."""
    rows = np.zeros(worlds, COEFFICIENT_ROW)
    known = coefficients()
    unknown = [name for name in values if name not in known]
    if unknown:
        raise DataError(f"unknown coefficients: {', '.join(unknown)}")
    for dotted, number in known.items():
        group, name = dotted.split(".")
        given = np.asarray(values.get(dotted, number.value), dtype=float)
        rows[group][name] = given.reshape(-1) if given.ndim else given
    return rows
