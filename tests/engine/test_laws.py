"""Laws over all processes: they write what they declare, keep the books, know no other world, and use every number."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import numpy as np
import pytest

from sim.engine.batch import COEFFICIENT_ROW
from sim.engine.month import MONTH, advance
from sim.engine.process import PROCESSES as DECLARED
from sim.engine.start import first_recruiters
from sim.engine.state import BooksError
from sim.inputs.numbers import coefficients
from tests.engine.kit import (
    LIVELY,
    PROCESSES,
    Small,
    after,
    batch,
    change,
    changed,
    conquered,
    everything,
    put,
    restore,
    stirred,
    troubles,
    turn,
)

ENGINE = Path("sim/engine")
NAMES = tuple(PROCESSES)
BY_ROW = tuple(process.name for process in MONTH if process.rows)
WORLDS = ("two_countries", "maghreb")


@functools.cache
def history(world: str) -> tuple[dict[str, set[str]], dict[str, list[str]]]:
    """Names of all that each process ever wrote in seven years, and where it broke the books."""
    b = stirred(batch(4, world=world, start="2011-01", pinned=False, **LIVELY))
    written: dict[str, set[str]] = {name: set() for name in NAMES}
    broken: dict[str, list[str]] = {name: [] for name in NAMES}

    def watched(name: str) -> None:
        before, people = everything(b), b.total()
        PROCESSES[name](b)
        written[name] |= changed(before, everything(b))
        if not np.array_equal(people, b.total()):
            broken[name].append(f"month {b.step}: people appeared or vanished")
        try:
            b.check()
        except BooksError as error:
            broken[name].append(f"month {b.step}: {error}")

    b.recruiters.status[:] = b.recruiters.organisation[:] = 0
    b.recruiters.skill[:] = 0
    watched(first_recruiters.name)
    for b.step in range(84):
        if b.step == 66:
            conquered(b)
        b.tables["happened"][:] = 0
        for process in MONTH:
            watched(process.name)
    return written, broken


def test_all_processes_are_here() -> None:
    assert set(DECLARED) == set(NAMES)
    assert all(DECLARED[name] is PROCESSES[name] for name in NAMES)


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("name", NAMES)
def test_a_process_writes_only_what_it_declares(name: str, world: str) -> None:
    assert history(world)[0][name] - set(PROCESSES[name].writes) == set()


@pytest.mark.parametrize("name", NAMES)
def test_a_process_does_write_all_that_it_declares(name: str) -> None:
    declared = PROCESSES[name].writes
    assert len(set(declared)) == len(declared)
    assert set(declared) - set.union(*(history(world)[0][name] for world in WORLDS)) == set()


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("name", NAMES)
def test_a_process_keeps_the_books(name: str, world: str) -> None:
    """People are conserved, no stock is negative, and the counts of members are true after each."""
    assert history(world)[1][name] == []


def same(a: Small, b: Small, i: int, j: int) -> list[str]:
    """Names of the tables in which world i of one batch differs from world j of another, in bits."""
    return [name for name in a.tables if a.tables[name][i].tobytes() != b.tables[name][j].tobytes()]


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("name", NAMES)
def test_a_process_does_the_same_to_a_world_alone_and_in_company(name: str, world: str) -> None:
    together = after(world, 60)
    alone = batch([1], world=world, start="2011-01", pinned=False)
    troubles(alone)
    restore(alone, together.tables, worlds=[1])
    assert same(together, alone, 1, 0) == []
    alone.step = together.step
    PROCESSES[name](together)
    PROCESSES[name](alone)
    assert same(together, alone, 1, 0) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_process_asked_for_one_world_touches_no_other(name: str) -> None:
    whole, part, before = after("maghreb", 60), after("maghreb", 60), after("maghreb", 60)
    PROCESSES[name](whole)
    PROCESSES[name](part, 1, 2)
    assert same(part, before, 0, 0) == same(part, before, 2, 2) == []
    assert same(part, whole, 1, 1) == []


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("name", BY_ROW)
def test_row_by_row_is_all_rows(name: str, world: str) -> None:
    process = PROCESSES[name]
    together, by_row = after(world, 60), after(world, 60)
    for b in (together, by_row):
        b.localities.resist[:] = 0.3
    before = everything(together)
    process(together)
    for row in range(by_row.tables[process.rows].shape[1]):
        process(by_row, rows=(row, row + 1))
    for i in range(3):
        assert same(together, by_row, i, i) == []
    assert changed(before, everything(together))


def test_deciders_speak_about_states_camps_and_localities() -> None:
    assert {name: PROCESSES[name].rows for name in BY_ROW} == {
        "states": "states", "camps": "camps", "local": "localities"}


@pytest.mark.parametrize("name", BY_ROW)
def test_one_row_leaves_the_rows_of_others_as_they_are(name: str) -> None:
    """The first row decides; of its own table nothing else changes."""
    process = PROCESSES[name]
    b = after("maghreb", 60)
    before = b.tables[process.rows].copy()
    process(b, rows=(0, 0 + 1))
    assert (b.tables[process.rows][:, 1:] == before[:, 1:]).all()


def test_whole_months_are_the_same_for_a_world_in_any_company_and_in_parts() -> None:
    batches = []
    for ids, parts in (([4], [(0, 1)]), ([6, 2, 4], [(0, 3)]), ([6, 2, 4], [(1, 3), (0, 1)])):
        b = batch(ids, world="maghreb", start="2011-01", pinned=False)
        troubles(b)
        for b.step in range(24):
            for first, last in parts:
                advance(b, first, last)
        batches.append(b)
    alone, together, parted = batches
    assert same(alone, together, 0, 2) == []
    assert same(together, parted, 2, 2) == same(together, parted, 0, 0) == []
    assert alone.total() == alone.opened


def words(pattern: str) -> set[str]:
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(ENGINE.rglob("*.py")))
    return {f"{group}.{name}" for group, name in re.findall(pattern, text)}


def test_every_coefficient_that_is_read_exists_and_every_one_that_exists_is_read() -> None:
    read = words(r"\bk\.(\w+)\.(\w+)") | words(r'\["(\w+)"\]\["(\w+)"\]')
    assert read - set(coefficients()) == {"group.name"}  # a form of words in the documentation
    assert set(coefficients()) - read == set()


def test_a_world_holds_every_coefficient() -> None:
    assert {f"{group}.{name}" for group in COEFFICIENT_ROW.names for name in COEFFICIENT_ROW[group].names} == set(
        coefficients())


#: Rounds of the search for what matters: alike but for one number in each world, with the same luck.
ROUNDS = (
    (0, {}, lambda c: c.high if c.value == 0 else c.value / 2),
    (1, {"theories": True}, lambda c: c.high if c.value == 0 else c.value / 2),
    (2, {"lively": True}, lambda c: c.high), (2, {"lively": True}, lambda c: c.low),
    (3, {"lively": True}, lambda c: c.value / 20), (3, {"lively": True, "theories": True}, lambda c: c.low),
    (4, {"lively": True, "split": True}, lambda c: c.low), (4, {"lively": True, "split": True}, lambda c: c.high),
    (5, {"lively": True}, lambda c: 20 * c.high))
#: Names the cause of a loss and nothing else: see the test of sieges in `test_ground`.
ONLY_NAMES = {"ground.siege_felt"}


@functools.cache
def felt() -> frozenset[str]:
    """Coefficients of which one change, within or far beyond its range, changes a world's history."""
    known = coefficients()
    found: set[str] = set()
    for world, conditions, altered in ROUNDS:
        missing = [name for name in known if name not in found]
        numbers = {name: np.full(len(missing) + 1, number.value) for name, number in known.items()}
        if conditions.get("lively"):
            numbers |= {name.replace("__", "."): np.full(len(missing) + 1, value) for name, value in LIVELY.items()}
        if conditions.get("theories"):  # for numbers that matter in one theory alone
            numbers |= {name: np.full(len(missing) + 1, (number.low + number.high) / 2)
                        for name, number in known.items() if name.startswith("theory.")}
        for i, name in enumerate(missing, start=1):
            numbers[name][i] = altered(known[name])
        b = batch([world] * (len(missing) + 1), world="maghreb", start="2011-01", pinned=False,
                  **{name.replace(".", "__"): values for name, values in numbers.items()})
        stirred(b)
        if conditions.get("split"):  # camps without a recognised government, and all prisons open
            turn(b, "fragmentation", 0.35)
            turn(b, "unified_support", -0.5)
            turn(b, "prison_release", 2.0)
        for b.step in range(84):
            if b.step == 66:
                conquered(b)
            advance(b)
            found |= {name for i, name in enumerate(missing, start=1) if name not in found and same(b, b, 0, i)}
    return frozenset(found)


@pytest.mark.parametrize("name", sorted(set(coefficients()) - ONLY_NAMES))
def test_every_coefficient_matters(name: str) -> None:
    assert name in felt()


#: process, coefficient, field that it alone lets fade or follow: at zero the field changes otherwise
PACES = [
    ("memory", "grievance.abuse_decay", "states.abuse"), ("memory", "recruitment.kin_decay", "regions.recent_gone"),
    ("grievance", "grievance.polarisation_decay", "states.polarisation"),
    ("capacity", "state.forgetting", "states.learning"), ("capacity", "state.shock_recovery", "states.shock"),
    ("prestige", "organisation.money_speed", "organisations.money"),
    ("states", "state.ban_decay", "states.banned"), ("states", "state.relax", "states.threat"),
    ("states", "state.exit_speed", "states.exit_level"), ("camps", "camp.relax", "camps.threat"),
    ("organisations.movement", "organisation.infiltration_decay", "regions.infiltration"),
    ("organisations.mass", "organisation.splinter_speed", "states.splinter"),
    ("organisations.brokers", "destination.broker_speed", "states.brokers"),
    ("organisations.quietists", "exposure.quietist_speed", "states.quietists"),
    ("organisations.quietists", "exposure.quietist_speed", "states.trust"),
    ("recruiters", "recruiter.experience", "recruiters.skill"),
    ("offensives", "offensive.recall", "regions.offensive"),
]


@pytest.mark.parametrize(("name", "coefficient", "field"), PACES)
def test_what_fades_or_follows_does_so_by_its_own_number(name: str, coefficient: str, field: str) -> None:
    """Standing high with nothing behind it, the field falls; not so at zero."""
    found = []
    for off in (False, True):
        b = batch(2, start="2013-12")
        put(b, "militants", ..., 0)
        put(b, "theatre", ..., 20)
        b.localities.control[:] = 0.5
        b.states.capacity[:], b.states.fragmentation[:], b.brands.prestige[:] = 0.5, 0.3, 0.5
        table, short = field.split(".")
        level = {"camps.threat": 9.0, "states.threat": 9.0, "regions.offensive": 9000.0}.get(field, 0.37)
        getattr(b, table)[short][:] = level
        if off:
            change(b, **{coefficient.replace(".", "__"): 0.0})
        PROCESSES[name](b)
        found.append((getattr(b, table)[short].copy(), level))
    (moved, level), (stays, _) = found
    assert (moved != stays).any()
    assert np.abs(moved - level).max() > np.abs(stays - level).max() or (stays == level).any()
