"""Patterns: counterfactual tests with a minimum effect written down beforehand."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.calendar import Month
from sim.inputs.geography import load_geography
from sim.inputs.mistakes import DataError
from sim.inputs.numbers import DATA
from sim.inputs.reading import read_yaml
from sim.studies.record.measures import BOUNDS, check_measure

if TYPE_CHECKING:
    pass

PATTERN_WORLDS = 50
SHOWN, FAILS, UNDECIDED, FINDING, UNTESTED = "shown", "fails", "undecided", "finding", "cannot be tested yet"
BASELINE = "baseline"


@dataclass(frozen=True)
class Case:
    """A counterfactual: the scenario with events, parameters, frozen decisions or turns of dials changed."""

    name: str
    title: str
    events: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, float] = field(default_factory=dict)
    frozen: dict[str, float] = field(default_factory=dict)
    turns: tuple[tuple[str, tuple[str, ...], float, int, int | None], ...] = ()


@dataclass(frozen=True)
class Test:
    """A pattern as a test; see the head of patterns.yaml. ``reason`` is given where it cannot be tested yet."""

    __test__ = False  # not a test of pytest

    id: str
    statement: str
    minimum: str = ""
    run: str = BASELINE
    against: str = ""
    measure: dict[str, Any] = field(default_factory=dict)
    compare: str = ""
    bounds: dict[str, float] = field(default_factory=dict)
    given: dict[str, Any] = field(default_factory=dict)
    required: float = 0.5
    finding: bool = False
    reason: str = ""


@dataclass(frozen=True)
class PatternRow:
    """Outcome of a test: the effect over worlds, and the share of worlds that show it with its 95 % interval."""

    test: Test
    worlds: int
    median: float
    low90: float
    high90: float
    share: float
    share_low: float
    share_high: float
    verdict: str
    note: str = ""


def load_patterns(world: str) -> tuple[dict[str, Case], list[Test]]:
    """Cases and tests of a world, checked; nothing where it has none."""
    path = DATA / world / "patterns.yaml"
    if not path.exists():
        return {}, []
    raw = read_yaml(path)
    cases = {name: _case(name, entry, path, world) for name, entry in raw["cases"].items()}
    tests = [_test(entry, cases, path, world) for entry in raw["tests"]]
    tests += [Test(entry["id"], entry["statement"], reason=entry["reason"]) for entry in raw.get("untested", ())]
    return cases, sorted(tests, key=lambda t: (int("".join(filter(str.isdigit, t.id))), t.id))


def _case(name: str, entry: Mapping[str, Any], path: Path, world: str) -> Case:
    from sim.policy.dials import DIALS
    from sim.policy.timeline import places_of

    where = f"{path.name}, {name}"
    unknown = set(entry) - {"title", "events", "parameters", "frozen", "turns"}
    if unknown:
        raise DataError(f"{where}: unknown key '{sorted(unknown)[0]}'")
    g = load_geography(world)
    for event in entry.get("events", {}):
        if event not in g.events:
            raise DataError(f"{where}: there is no event '{event}'")
    turns = []
    for turn in entry.get("turns", ()):
        if turn["dial"] not in DIALS:
            raise DataError(f"{where}: there is no dial '{turn['dial']}'")
        try:
            places_of(DIALS[turn["dial"]].scope, turn["where"], g)
        except ValueError as error:
            raise DataError(f"{where}: {error}") from None
        until = int(Month.parse(str(turn["until"]))) if "until" in turn else None
        turns.append((str(turn["dial"]), tuple(turn["where"]), float(turn["amount"]),
                      int(Month.parse(str(turn["from"]))), until))
    return Case(name, entry["title"], {k: str(v) for k, v in entry.get("events", {}).items()},
                {k: float(v) for k, v in entry.get("parameters", {}).items()},
                {k: float(v) for k, v in entry.get("frozen", {}).items()}, tuple(turns))


def _test(entry: Mapping[str, Any], cases: Mapping[str, Case], path: Path, world: str) -> Test:
    where = f"{path.name}, {entry.get('id')}"
    keys = {"id", "statement", "minimum", "run", "against", "measure", "compare", "given", "required", "finding"}
    unknown = set(entry) - keys - set(BOUNDS)
    if unknown:
        raise DataError(f"{where}: unknown key '{sorted(unknown)[0]}'")
    given = entry.get("given", {})
    for run in (entry["run"], entry.get("against", BASELINE), given.get("run", BASELINE)):
        if run != BASELINE and run not in cases:
            raise DataError(f"{where}: there is no case '{run}'")
    g = load_geography(world)
    check_measure(entry["measure"], g, where)
    if given:
        check_measure(given["measure"], g, where)
    bounds = {key: float(entry[key]) for key in BOUNDS if key in entry}
    if not bounds or not entry.get("minimum"):
        raise DataError(f"{where}: a test needs its minimum effect in words and a bound ({', '.join(BOUNDS)})")
    if bool(entry.get("against")) != (entry.get("compare") in ("ratio", "difference")):
        raise DataError(f"{where}: 'against' and 'compare' (ratio or difference) belong together")
    return Test(entry["id"], entry["statement"], entry["minimum"], entry["run"], entry.get("against", ""),
                dict(entry["measure"]), entry.get("compare", ""), bounds, dict(given), float(entry["required"]),
                bool(entry.get("finding", False)))


def readings(tests: Iterable[Test]) -> dict[str, list[dict[str, Any]]]:
    """Every measure that the tests read, by run."""
    wanted: dict[str, list[dict[str, Any]]] = {}
    for test in tests:
        if not test.reason:
            for run in filter(None, (test.run, test.against)):
                wanted.setdefault(run, []).append(test.measure)
            if test.given:
                wanted.setdefault(test.given["run"], []).append(test.given["measure"])
    return wanted


def judge(test: Test, read: Callable[[str, Mapping[str, Any]], np.ndarray]) -> PatternRow:
    """Judge one test; ``read(run, measure)`` gives one number per world, paired by world."""
    if test.reason:
        return _empty(test, UNTESTED, test.reason)
    effect = read(test.run, test.measure)
    if test.against:
        other = read(test.against, test.measure)
        effect, other = effect[:min(effect.size, other.size)], other[:min(effect.size, other.size)]
        effect = effect - other if test.compare == "difference" else _ratio(effect, other)
    counts = ~np.isnan(effect)
    if test.given:
        known = read(test.given["run"], test.given["measure"])[:effect.size]
        effect, counts = effect[:known.size], counts[:known.size] & _within(known, test.given)
    effect = effect[counts]
    return _judged(test, effect, _within(effect, test.bounds))


def _ratio(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a / b; infinite where only b is 0, NaN where both are."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(a / b)


def _within(values: np.ndarray, bounds: Mapping[str, Any]) -> np.ndarray:
    return np.asarray(np.logical_and.reduce([BOUNDS[key](values, float(bounds[key])) for key in BOUNDS
                                             if key in bounds]), dtype=bool)


def _empty(test: Test, word: str, note: str) -> PatternRow:
    nan = math.nan
    return PatternRow(test, 0, nan, nan, nan, nan, nan, nan, word, note)


def _judged(test: Test, effect: np.ndarray, shows: np.ndarray) -> PatternRow:
    from scipy.stats import binomtest

    if not effect.size:
        return _empty(test, FINDING if test.finding else UNDECIDED, "did not arise in any world")
    found = binomtest(int(shows.sum()), effect.size).proportion_ci(0.95)
    low, high = float(found.low), float(found.high)
    word = FINDING if test.finding else SHOWN if low > test.required else FAILS if high < test.required else UNDECIDED
    q = np.quantile(effect, [0.5, 0.05, 0.95], method="closest_observation")
    return PatternRow(test, effect.size, float(q[0]), float(q[1]), float(q[2]), float(shows.mean()), low, high, word)
