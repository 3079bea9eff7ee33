"""Worlds to test in: the two invented countries or the Maghreb, one month in the hand, every number changeable."""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sim.calendar import Month
from sim.engine.batch import COEFFICIENT_ROW, Batch, Timetable, coefficients_at, now_at, place_at, world_at
from sim.engine.compiled import COMPILED, rule
from sim.engine.enums import GROUND, MOVEMENT, STOCKS
from sim.engine.month import MONTH
from sim.engine.now import DECISIONS, REGION_DIAL_ROW, STATE_DIAL_ROW, THEATRE_ROW
from sim.engine.place import place_of
from sim.engine.start import first_recruiters, populate
from sim.engine.state import ARRAYS, TABLES, BooksError
from sim.inputs.geography import THEATRE_FIELDS, Geography, load_geography
from sim.inputs.numbers import coefficients
from sim.policy.dials import DIALS
from tests.small import AA, AA1, AA2, AA3, BB, BB1, BB2, BB3, BB4, PINNED, near

__all__ = [
    "AA", "AA1", "AA2", "AA3", "ALL", "BB", "BB1", "BB2", "BB3", "BB4", "LANMERE", "LIVELY", "PROCESSES", "SHORE_REST",
    "Small", "after", "ask", "batch", "change", "changed", "conquered", "course", "everything", "formula", "freeze",
    "mean", "near", "put", "restore", "share", "stirred", "troubles", "turn"]

LANMERE, SHORE_REST = 7, 8  # localities of BB-3: 200,000 and 300,000 residents
ALL = slice(None)
MONTHS = 240
PROCESSES = {process.name: process for process in (*MONTH, first_recruiters)}
#: What makes rare things happen: a theory in which the thwarted give up, revolts, and harder fighting.
LIVELY = {"theory__safety_valve": 0.5, "ground__revolt": 0.5, "ground__attempt": 0.5, "aftermath__home": 0.5}
#: All other dials, turned a little.
STIRRED = {"inclusion": 0.1, "stigma": 0.2, "regulation": 0.2, "facilitation": 0.2, "exit_ban": 0.1, "services": 0.1,
           "local_forces": 0.1, "community": 0.1, "patron_backing": 0.3, "outside_support": 0.2, "uprising_help": 0.3,
           "cooperation": 0.2, "pluralism": 0.15, "cohesion_gain": 0.1, "contestation": 3.0, "border_effort": 0.1,
           "stabilisation": 0.05, "pursuit": 0.05, "channels": 0.05, "prison_isolation": 0.1, "legitimation": 0.1,
           "second_theatre": 0.1, "integration": 0.1, "screening": 0.05, "exit_control": 0.1, "tolerance_exit": 0.1}


class Small(Batch):
    """A batch that remembers its geography and how many people its books opened with."""

    geography: Geography
    opened: np.ndarray

    def check(self) -> None:
        """Also raise BooksError where people appeared or vanished since the books were opened."""
        super().check()
        if not np.array_equal(self.total(), self.opened):
            raise BooksError(f"{(self.total() - self.opened).tolist()} people appeared or vanished")


def batch(worlds: int | np.ndarray | list[int] = 1, *, start: str = "2013-12", world: str = "two_countries",
          values: Mapping[str, float] | None = None, own_dials: bool = False, seed: int = 20110101,
          frozen: Mapping[str, float] | None = None, pinned: bool = True, **parameters: Any) -> Small:
    """Worlds in the first month of a run, all dials neutral. ``group__name=x`` sets a coefficient, per world if x is
    an array; ``own_dials`` gives each world dials of its own."""
    g = load_geography(world, {f"values.{name}": value for name, value in (values or {}).items()})
    ids = np.arange(worlds) if np.ndim(worlds) == 0 else np.asarray(worlds)
    first = int(Month.parse(start))
    made = Small(place_of(g), ids, seed, numbers(ids.size, pinned, parameters),
                 timetable(g, first, ids.size if own_dials else 1), first, frozen)
    made.geography = g
    populate(made, g)
    made.opened = made.total()
    return made


def numbers(worlds: int, pinned: bool, parameters: Mapping[str, Any]) -> np.ndarray:
    """Coefficients as they are by default, beside what tests reckon with by hand and what one test wants."""
    made = np.zeros(worlds, COEFFICIENT_ROW)
    wanted = {name.replace("__", "."): value for name, value in parameters.items()}
    assert set(wanted) <= set(coefficients())
    for name, number in coefficients().items():
        group, short = name.split(".")
        made[group][short] = (PINNED if pinned else {}) .get(name, number.value)
        if name in wanted:
            made[group][short] = wanted[name]
    return made


def timetable(g: Geography, first: int, variants: int) -> Timetable:
    """One epoch of neutral dials, and the theatre's own course."""
    states = np.zeros((1, variants, len(g.countries)), STATE_DIAL_ROW)
    regions = np.zeros((1, variants, len(g.regions)), REGION_DIAL_ROW)
    for name, dial in DIALS.items():
        (states if dial.scope == "country" else regions)[name] = dial.neutral
    theatre = np.zeros(MONTHS, THEATRE_ROW)
    months = range(first, first + MONTHS)
    for name in THEATRE_FIELDS:
        theatre[name] = [g.theatre.at(name, month) for month in months]
    theatre["proclaimed"] = [month >= g.theatre.first_month("movement_territory") for month in months]
    return Timetable(np.zeros(MONTHS, np.int64), states, regions, theatre)


def turn(b: Batch, dial: str, amount: float, *places: int, worlds: Any = ALL) -> None:
    """Turn a dial for the whole run at some places, or everywhere."""
    table = b.timetable.states if DIALS[dial].scope == "country" else b.timetable.regions
    at = list(places or range(table.shape[2]))
    if DIALS[dial].combine == "multiply":
        table[dial][0, worlds, at] *= amount
    else:
        table[dial][0, worlds, at] += amount


def course(b: Batch, **series: float) -> None:
    """Set the theatre's course by hand, for all months."""
    for name, value in series.items():
        b.timetable.theatre[name] = value


def change(b: Batch, **parameters: Any) -> None:
    """Change coefficients, ``group__name=x``."""
    for name, value in parameters.items():
        group, short = name.split("__")
        b.coefficients[group][short] = value


def freeze(b: Batch, decision: str, value: float) -> None:
    """Put a constant in the place of a decision."""
    b.frozen[DECISIONS.index(decision)] = value


def put(b: Small, stock: str, at: Any, number: Any) -> None:
    """Place people where a test wants them, with the counts of members, and open the books anew."""
    getattr(b, stock)[at] = number
    b.counts[:] = b.militants.sum(axis=-1)
    b.opened = b.total()


def formula(pure: Any) -> Callable[..., Any]:
    """A rule of numbers alone as plain Python, compiled or not."""
    return getattr(pure, "py_func", pure)  # type: ignore[no-any-return]


#: What a rule takes of its world, in this order and first; the same letters later on are indices.
HANDLES = {"w": "world_at(row)", "g": "place_at(row)", "k": "coefficients_at(row)", "now": "now_at(row, month, step)"}


def _taken(asked: Any) -> tuple[list[str], list[str]]:
    """Names of what a rule takes of its world, and of what else it takes."""
    names = list(inspect.signature(formula(asked)).parameters)
    ahead = list(itertools.takewhile(HANDLES.__contains__, names))
    return ahead, names[len(ahead):]


@functools.cache
def _asked(asked: Any) -> Callable[..., Any]:
    """A compiled function that hands a rule its world, and what else it takes, by address."""
    ahead, rest = _taken(asked)
    scope = {"__name__": __name__, "asked": asked,
             "world_at": world_at, "place_at": place_at, "coefficients_at": coefficients_at,
             "now_at": now_at}
    given = ", ".join([*(HANDLES[name] for name in ahead), *(f"_{name}" for name in rest)])
    return rule(eval(f"lambda {', '.join(['row', 'month', 'step', *(f'_{name}' for name in rest)])}: asked({given})",
                     scope))


def ask(b: Batch, asked: Any, *rest: Any, world: int = 0) -> Any:
    """What a rule of the engine says about one world of a batch; arrays among the rest may be filled."""
    if COMPILED:
        return _asked(asked)(b.address + world * b.memory.strides[0], b.start + b.step, b.step, *rest)
    given = {"w": b.world(world), "g": b.place, "k": b.k(world), "now": b.now(world)}
    return asked(*(given[name] for name in _taken(asked)[0]), *rest)


def share(found: np.ndarray, chance: float) -> bool:
    """Whether so many of these are true, two-sided."""
    return near(found.sum(), found.size * chance, np.sqrt(found.size * chance * (1 - chance)))


def mean(b: Small, values: np.ndarray, y: int) -> float:
    """Mean of regional values over the residents of a country."""
    own = b.geography.country_slices[y]
    return float(np.average(np.asarray(values)[own], weights=b.geography.r["residents"][own]))


def everything(b: Batch) -> dict[str, np.ndarray]:
    """Copies of all that rules may write, by the names that processes declare: fields of tables, arrays, stocks."""
    found = {}
    for table in TABLES:
        for name in b.tables[table].dtype.names:
            found[f"{table}.{name}"] = b.tables[table][name].copy()
    for name in ARRAYS:
        found[name] = b.tables[name].copy()
    return found | {stock: getattr(b, stock).copy() for stock in STOCKS}


def changed(before: Mapping[str, np.ndarray], now: Mapping[str, np.ndarray]) -> set[str]:
    """Names of what differs, in bits."""
    return {name for name in before if before[name].tobytes() != now[name].tobytes()}


@functools.cache
def _run(world: str, months: int, worlds: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    from sim.engine.month import advance

    b = batch(worlds, world=world, start="2011-01", pinned=False)
    troubles(b)
    for _ in range(months):
        advance(b)
        b.step += 1
    return {name: table.copy() for name, table in b.tables.items()}, b.opened


def after(world: str, months: int, worlds: int = 3) -> Small:
    """Worlds some dozens of months into troubled times; each call gives a batch of its own."""
    tables, opened = _run(world, months, worlds)
    b = batch(worlds, world=world, start="2011-01", pinned=False)
    troubles(b)
    restore(b, tables)
    b.opened, b.step = opened.copy(), months
    return b


def restore(b: Batch, tables: Mapping[str, np.ndarray], worlds: Any = ALL) -> None:
    """Put tables into a batch, keys excepted: they belong to its worlds already."""
    for name, table in tables.items():
        b.tables[name][:] = table[worlds]


def troubles(b: Batch) -> None:
    """Turn dials so that every mechanism has something to do: a collapsed, split country and some help from outside."""
    last = b.sizes["Y"] - 1
    split = int(np.argmax(np.bincount(b.camps.country[0]))) if b.sizes["A"] else last
    turn(b, "capacity", 0.25, split)
    turn(b, "fragmentation", 0.5, split)
    turn(b, "tolerance_recruitment", 0.3)
    turn(b, "polarisation_shock", 0.01)
    turn(b, "hopes", 0.3)
    turn(b, "airstrikes", 0.1)
    turn(b, "amnesty", 0.2)
    turn(b, "reintegration", 0.1)
    turn(b, "prison_release", 0.02)
    turn(b, "migration_open", 0.1)
    turn(b, "war_deaths", 0.001)
    turn(b, "unified_support", 0.5)


def stirred(b: Small) -> Small:
    """Every dial off neutral, so that everything that a process may do does happen sooner or later."""
    troubles(b)
    for dial, amount in STIRRED.items():
        turn(b, dial, amount)
    return b


def conquered(b: Small) -> None:
    """All localities are harshly ruled by men from outside: what comes then are revolts, offensives and losses."""
    b.localities.control[:], b.localities.harshness[:] = 0.9, 0.5
    put(b, "militants", (ALL, MOVEMENT, GROUND, ALL, -1), 3000)
