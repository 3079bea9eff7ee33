"""From points to batches of worlds: which rows run together, what differs between them, and what is kept of each.

Points that the model can hold in one batch share it; a date or a value of a place makes another batch. The chunks
depend on the sweep alone, never on the machine.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from sim.calendar import Month
from sim.engine.outcomes import OUTCOMES
from sim.engine.record import Recorder
from sim.inputs.numbers import coefficients
from sim.inputs.scenario import Scenario
from sim.inputs.theories import settings
from sim.runs.reduce import by_place, over_months
from sim.studies.sweep.design import Points, posterior_rows
from sim.studies.sweep.dimensions import Dimension, switches
from sim.studies.sweep.spec import ALL_PLACES, Record, SweepSpec
from sim.studies.sweep.summaries import SUMMARIES, Months

CHUNK = 100  # worlds; measured: a row costs a sixth less than in chunks of 50, and no less in chunks of 200


@dataclass(frozen=True)
class Chunk:
    """Some rows of one batch: point and world of each, (n,); ``fixed`` is what the batch sets (dimension -> value)."""

    number: int
    points: np.ndarray
    worlds: np.ndarray
    fixed: tuple[tuple[int, Any], ...]

    def of_point(self, point: int) -> Chunk:
        """The rows of one point."""
        own = self.points == point
        return replace(self, points=self.points[own], worlds=self.worlds[own])


@dataclass(frozen=True)
class Rows:
    """A chunk ready for the model: n rows that differ by what stands in arrays (n,)."""

    scenario: Scenario
    points: np.ndarray
    worlds: np.ndarray
    parameters: Mapping[str, np.ndarray]
    strengths: Mapping[int, np.ndarray]
    turns: tuple[tuple[str, tuple[str, ...], np.ndarray, int, int | None], ...]
    record: Record

    def of_point(self, point: int) -> Rows:
        """The rows of one point."""
        own = self.points == point
        return replace(self, points=self.points[own], worlds=self.worlds[own],
                       parameters={name: values[own] for name, values in self.parameters.items()},
                       strengths={at: values[own] for at, values in self.strengths.items()},
                       turns=tuple((dial, where, amount[own], first, last)
                                   for dial, where, amount, first, last in self.turns))


@dataclass
class Done:
    """Results of a chunk: ``points``, ``worlds`` (n,), ``values`` (n, periods, places, columns) float32; ``failed``
    maps the points without results to the reason."""

    points: np.ndarray
    worlds: np.ndarray
    values: np.ndarray
    failed: dict[int, str] = field(default_factory=dict)


Evaluate = Callable[[Rows], np.ndarray]


def chunks(spec: SweepSpec, points: Points) -> list[Chunk]:
    """Every row of the sweep in one chunk, batch by batch in the order of their first points."""
    groups: dict[tuple[tuple[int, Any], ...], list[int]] = {}
    fixing = [i for i, dimension in enumerate(spec.dimensions) if dimension.batches]
    columns = [points.values[spec.dimensions[i].name] for i in fixing]
    for point in range(len(points)):
        key = tuple((i, column[point]) for i, column in zip(fixing, columns, strict=True))
        groups.setdefault(key, []).append(point)
    found: list[Chunk] = []
    for key, members in groups.items():
        rows = np.repeat(np.array(members), spec.worlds)
        worlds = np.tile(np.arange(spec.worlds), len(members)) + (rows * spec.worlds if spec.luck == "own" else 0)
        for part in np.array_split(np.arange(rows.size), -(-rows.size // CHUNK)):
            found.append(Chunk(len(found), rows[part], worlds[part], key))
    return found


def rows_of(spec: SweepSpec, points: Points, chunk: Chunk) -> Rows:
    """What the model needs to run a chunk."""
    parameters: dict[str, np.ndarray] = {}
    strengths: dict[int, np.ndarray] = {}
    turns = []
    for dimension in sorted(spec.dimensions, key=lambda one: one.kind != "posterior"):  # names go before draws
        column = points.values[dimension.name]
        values = [column[point] for point in chunk.points]
        if dimension.kind == "parameter":
            parameters[dimension.target] = np.array(values, dtype=float)
        elif dimension.kind == "posterior":
            parameters |= posterior_rows(dimension.target, values)
        elif dimension.kind == "theory":
            parameters |= _switched(dimension.target, values)
        elif dimension.field == "strength":
            strengths[dimension.position] = np.array(values, dtype=float)
        elif dimension.kind == "dial":
            turn = spec.turns[dimension.position]
            turns.append((turn.dial, turn.where, np.array(values, dtype=float), int(turn.start),
                          None if turn.until is None else int(turn.until)))
    return Rows(_batch(spec, chunk), chunk.points, chunk.worlds, parameters, strengths, tuple(turns), spec.record)


def _switched(question: str, answers: list[Any]) -> dict[str, np.ndarray]:
    """Coefficients of a theory's answers, each (n,)."""
    sets = {answer: settings({question: answer}) for answer in set(answers)}
    return {name: np.array([sets[answer].get(name, coefficients()[name].value) for answer in answers])
            for name in switches(question)}


def _batch(spec: SweepSpec, chunk: Chunk) -> Scenario:
    """The scenario with the dates and values of the chunk's batch."""
    scenario = spec.scenario
    events, values, levers = dict(scenario.events), dict(scenario.parameters), list(scenario.levers)
    for index, value in chunk.fixed:
        dimension = spec.dimensions[index]
        if dimension.kind == "event":
            events[dimension.target] = value
        elif dimension.kind == "value":
            values[f"values.{dimension.target}"] = value
        else:
            levers[dimension.position] = _dated(levers[dimension.position], dimension, value)
    return scenario.model_copy(update={"events": events, "parameters": values, "levers": tuple(levers)})


def _dated(use: Any, dimension: Dimension, month: str) -> Any:
    key = "start" if dimension.field == "from" else "until"
    return use.model_copy(update={key: Month.parse(month)})


def places_of(spec: SweepSpec) -> tuple[str, ...]:
    """Countries, all of them together, and the regions that are kept."""
    from sim.runs.ensemble import geography_of

    return (*geography_of(spec.base).countries, ALL_PLACES, *spec.record.places)


def simulate(rows: Rows) -> np.ndarray:
    """Run the rows as one batch of worlds: (n, periods, places, columns), float32."""
    from sim.runs.ensemble import geography_of

    for use in rows.scenario.levers:
        if use.until is not None and use.until < use.start:
            raise ValueError(f"the lever {use.lever} ends ({use.until}) before it begins ({use.start})")
    recorder = _recorded(rows)
    g = geography_of(rows.scenario)
    inner = [g.regions.index(name) for name in rows.record.places]
    everywhere = [*g.country_slices, slice(0, len(g.regions)), *(slice(i, i + 1) for i in inner)]
    residents = np.array([g.r["residents"][own].sum() for own in everywhere])
    months = Months({outcome.name: by_place(values, outcome.aggregate, everywhere, g.r["residents"])
                     for outcome, values in zip(recorder.outcomes, recorder.values, strict=True)}, residents)
    return kept(months, rows.record, int(rows.scenario.start))


def _recorded(rows: Rows) -> Recorder:
    from sim.runs.worlds import Worlds

    return Worlds(rows.scenario, rows.worlds, parameters=rows.parameters, strengths=rows.strengths,
                            turns=rows.turns).run()


def kept(months: Months, record: Record, start: int) -> np.ndarray:
    """The columns of each period: (n, periods, places, columns), float32."""
    spans = [(int(first) - start, int(last) - start) for first, last in record.periods.values()]
    return np.stack([np.stack([*(over_months(months.values[name], OUTCOMES[name].flow, slice(first, last + 1))
                                 for name in record.outcomes),
                               *(SUMMARIES[name].of(months, first, last) for name in record.summaries)], axis=-1)
                     for first, last in spans], axis=1).astype(np.float32)


def work(rows: Rows, evaluate: Evaluate) -> Done:
    """Evaluate a chunk; where that raises an error, point by point, so that one bad point costs only itself."""
    try:
        return Done(rows.points, rows.worlds, _checked(evaluate(rows), rows))
    except Exception:
        parts = list(_singly(rows, evaluate))
    failed = {part[0]: part[1] for part in parts if not isinstance(part, Done)}
    return together([part for part in parts if isinstance(part, Done)], failed)


def together(parts: list[Done], failed: dict[int, str]) -> Done:
    """Results of several points as one."""
    good = [part for part in parts if part.worlds.size]
    if not good:
        none = np.zeros(0, dtype=np.int64)
        return Done(none, none, np.zeros(0, dtype=np.float32), failed)
    points, worlds, values = (np.concatenate([getattr(part, name) for part in good])
                              for name in ("points", "worlds", "values"))
    return Done(points, worlds, values, failed)


def _singly(rows: Rows, evaluate: Evaluate) -> Iterator[Done | tuple[int, str]]:
    for point in dict.fromkeys(rows.points.tolist()):
        own = rows.of_point(point)
        try:
            yield Done(own.points, own.worlds, _checked(evaluate(own), own))
        except Exception as error:
            yield point, _reason(error)


def _checked(values: np.ndarray, rows: Rows) -> np.ndarray:
    if values.shape[0] != rows.worlds.size or values.shape[-1] != len(rows.record.columns):
        raise ValueError(f"results of shape {values.shape} for {rows.worlds.size} worlds and "
                         f"{len(rows.record.columns)} columns")
    return np.asarray(values, dtype=np.float32)


def _reason(error: Exception) -> str:
    """The error in one line, with the last place of it in this project."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "sim" in frame.filename.split("/")]
    where = f" (in {frames[-1].name}, line {frames[-1].lineno})" if frames else ""
    return " ".join(f"{type(error).__name__}: {error}{where}".split())
