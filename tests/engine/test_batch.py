"""Batches: each world its own coefficients, dials, luck and row of memory; each month its own dials and theatre."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sim.engine.batch import Batch, Timetable
from sim.engine.enums import MOVEMENT
from sim.engine.month import MONTH, advance
from sim.engine.now import DECISIONS
from sim.engine.rules import capacity, prestige
from sim.engine.start import populate
from tests.engine.kit import AA, BB, batch, course, everything, freeze, put, troubles, turn

ROOT = Path(__file__).parents[2]


def test_each_world_has_its_own_dials() -> None:
    b = batch(3, own_dials=True)
    turn(b, "capacity", 0.5, BB, worlds=1)
    turn(b, "presence", 0.5, 4, worlds=2)
    capacity.step(b)
    plain = batch(3)
    capacity.step(plain)
    assert (b.states.capacity[[0, 2]] == plain.states.capacity[[0, 2]]).all()
    assert b.states.capacity[1, BB] == pytest.approx(0.5 * plain.states.capacity[1, BB])
    assert b.states.capacity[1, AA] == plain.states.capacity[1, AA]
    assert (b.regions.presence[0] == plain.regions.presence[0]).all()
    assert b.regions.presence[2, 4] == pytest.approx(0.5 * plain.regions.presence[2, 4])


def test_dials_alike_for_all_need_one_variant() -> None:
    one, many = batch(3), batch(3, own_dials=True)
    for b in (one, many):
        turn(b, "capacity", 0.3, BB)
        for b.step in range(6):
            advance(b)
    for name in one.tables:
        assert one.tables[name].tobytes() == many.tables[name].tobytes(), name


def test_each_world_has_its_own_coefficients() -> None:
    b = batch(2, state__shock_recovery=np.array([0.1, 0.5]))
    b.states.shock[:] = 0.4
    capacity.step(b)
    assert b.states.shock[:, AA] == pytest.approx([0.36, 0.2])
    assert b.k(1).state.shock_recovery == 0.5


def test_each_month_has_the_dials_of_its_epoch_and_its_theatre() -> None:
    plain = batch(2)
    t = plain.timetable
    states, regions = np.repeat(t.states, 2, axis=0), np.repeat(t.regions, 2, axis=0)
    states["capacity"][1] = 0.5
    regions["presence"][1] = 0.0
    theatre = t.theatre.copy()
    theatre["movement_strength"] = np.linspace(0.0, 1.0, theatre.size)
    theatre["movement_territory"] = 1.0
    epoch = np.zeros(t.epoch.size, np.int64)
    epoch[[3, 5]] = 1
    b = Batch(plain.place, plain.worlds, plain.seed, plain.coefficients, Timetable(epoch, states, regions, theatre),
              plain.start)
    populate(b, plain.geography)
    found, standing = [], []
    for step in range(7):
        capacity.step(b, step=step)
        prestige.step(b, step=step)
        found.append((b.regions.presence == 0).all())
        standing.append(float(b.brands.prestige[1, 0]))
    assert found == [False, False, False, True, False, True, False]
    assert standing == pytest.approx(np.linspace(0.0, 1.0, theatre.size)[:7])
    assert b.now(0, 3).states.capacity.tolist() == [0.5, 0.5]
    assert b.now(0, 4).states.capacity.tolist() == [1, 1]


def test_a_decision_is_frozen_in_all_worlds_and_an_unknown_one_is_none() -> None:
    b = batch(2, frozen={"theatre.prestige": 0.3})
    course(b, movement_strength=0.9)
    prestige.step(b)
    assert b.brands.prestige[:, 0] == pytest.approx([0.3, 0.3])
    with pytest.raises(ValueError, match="not in"):
        batch(frozen={"no.decision": 1.0})
    assert len(set(DECISIONS)) == len(DECISIONS)


def test_a_batch_has_no_other_attributes() -> None:
    with pytest.raises(AttributeError, match="weather"):
        _ = batch().weather


def test_another_seed_is_another_history() -> None:
    histories = []
    for seed in (1, 2, 1):
        b = batch(2, seed=seed)
        for b.step in range(3):
            advance(b)
        histories.append(b.people.tobytes())
    assert histories[0] == histories[2] != histories[1]
    assert b.people[0].tobytes() != b.people[1].tobytes()


def test_a_month_forgets_what_happened_before() -> None:
    b = batch(2)
    b.tables["happened"][:] = 7
    advance(b, 0, 1)
    assert b.happened.recruits[1, 0] == 7  # not yet its turn
    assert (b.happened.inflow[0] == 0).all()


def test_the_order_of_the_month_names_every_process_once() -> None:
    names = [process.name for process in MONTH]
    assert len(set(names)) == len(names) == 31


def troubled() -> dict[str, str]:
    """Digests of all that rules write, after three months of one world in which everything is drawn and decided."""
    b = batch(pinned=False)
    troubles(b)
    put(b, "militants", (0, MOVEMENT), 40)
    put(b, "theatre", ..., 30)
    for b.step in range(3):
        advance(b)
    b.check()
    return {name: hashlib.sha256(values.tobytes()).hexdigest() for name, values in everything(b).items()}


def test_plain_python_makes_the_same_worlds() -> None:
    code = "import json; from tests.engine.test_batch import troubled; print(json.dumps(troubled()))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True,
                          env=os.environ | {"PYTHONPATH": str(ROOT), "NUMBA_DISABLE_JIT": "1"})
    plain, compiled = json.loads(done.stdout), troubled()
    assert [name for name in compiled if compiled[name] != plain[name]] == []


def test_freezing_is_for_one_batch() -> None:
    one, other = batch(), batch()
    freeze(one, "peers", 0.0)
    assert np.isnan(other.frozen).all()
    assert np.isnan(one.frozen).sum() == one.frozen.size - 1
