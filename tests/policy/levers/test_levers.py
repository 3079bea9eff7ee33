"""One contract for every lever of the library."""

from __future__ import annotations

import functools
import importlib
import itertools
import re
from typing import Any

import numpy as np
import pytest

from sim.calendar import Month
from sim.engine.outcomes import OUTCOMES
from sim.engine.record import Recorder
from sim.inputs.scenario import LeverUse
from sim.policy.dials import DIALS
from sim.policy.levers import LIBRARY
from sim.policy.levers.base import KINDS, Lever
from sim.runs.worlds import Worlds
from tests.small import AA, BB, scenario

START, FIRST = "2012-01", 12  # the levers below begin in the thirteenth month
LEVERS = pytest.mark.parametrize("lever", LIBRARY.values(), ids=list(LIBRARY))
#: What the small world lacks and a lever needs to do anything: endorsement to withhold, and revolts that fail.
STAGE: dict[str, dict[str, Any]] = {
    "endorsement_withheld": {"turns": [("legitimation", ("*",), 0.5, int(Month.parse("2011-01")), None)]},
    "uprising_help": {"worlds": 8, "parameters": {"ground.revolt": 3.0, "ground.harsher": 0.9, "ground.garrison": 0.05,
                                                  "ground.rebels": 0.3}},
}


def use(name: str, strength: float = 1.0, where: tuple[str, ...] = ("*",), start: str = START,
        **keys: object) -> LeverUse:
    return LeverUse.model_validate({"lever": name, "where": where, "from": start, "strength": strength, **keys})


def run(*levers: LeverUse, **options: Any) -> Recorder:
    return Worlds(scenario(levers), **options).run()


@functools.cache
def baseline() -> Recorder:
    return run()


@functools.cache
def everywhere(name: str) -> Recorder:
    """The lever at full strength everywhere from the thirteenth month."""
    return run(use(name))


def three_years(*levers: LeverUse, turns: Any = (), worlds: int = 2, **stage: Any) -> np.ndarray:
    """All outcomes but effort, (outcomes, W, months, R)."""
    # While the movement does not exist few cross a border, and a guarded one may stop none of them.
    values = Worlds(scenario(levers, end="2014-12", worlds=worlds, **stage), turns=turns).run().values
    return np.delete(values, index("effort"), axis=0)


@functools.cache
def without(stage: str = "") -> np.ndarray:
    return three_years(**STAGE.get(stage, {}))


def dial_of(worlds: Worlds, name: str, month: int = FIRST) -> np.ndarray:
    """A dial in a month of the run, (1 or W, places)."""
    table = worlds.batch.timetable
    return (table.states if DIALS[name].scope == "country" else table.regions)[name][table.epoch[month]]


def index(name: str) -> int:
    return list(OUTCOMES).index(name)


def same(a: Recorder, b: Recorder, months: slice = slice(None), worlds: slice | int = slice(None)) -> bool:
    return bool((a.values[:, worlds, months] == b.values[:, worlds, months]).all()
                and (a.control[worlds, months] == b.control[worlds, months]).all()
                and (a.cause[worlds, months] == b.cause[worlds, months]).all())


@LEVERS
def test_it_says_what_it_is_and_what_it_costs(lever: Lever) -> None:
    assert importlib.import_module(f"sim.policy.levers.{lever.name}").LEVER is lever  # one file, named as the lever
    for text in (lever.title, lever.drawback, lever.effort_source, lever.strength_source, lever.unit, lever.actor,
                 lever.applies):
        assert len(text) > 5
    assert lever.kind in KINDS
    assert (lever.effort > 0) == (lever.kind == "policy")  # a shock is nobody's effort
    assert 0 < lever.max_strength <= 2
    assert lever.evidence
    for number in lever.evidence:
        assert re.fullmatch(r"[EL]\d{3}", number), number
    assert len(set(lever.evidence)) == len(lever.evidence)


@LEVERS
def test_it_turns_dials_that_exist_and_expects_outcomes_that_are_reported(lever: Lever) -> None:
    assert lever.turns
    for dial, amount in lever.turns.items():
        assert amount != DIALS[dial].neutral
        assert DIALS[dial].combine == "add" or amount >= 0
    assert lever.expected
    assert {*lever.expected, *lever.seen_in} <= set(OUTCOMES)
    assert {*lever.expected.values(), *lever.seen_in.values()} <= {"+", "-"}
    regional = {DIALS[dial].scope for dial in lever.turns} == {"region"}
    assert lever.scope == ("region" if regional else "country")


@LEVERS
def test_a_drawback_is_not_what_the_lever_is_for(lever: Lever) -> None:
    assert not set(lever.expected) & set(lever.seen_in)
    assert set(lever.seen_in) <= set(OUTCOMES)
    assert set(lever.seen_in.values()) <= {"+", "-"}


@LEVERS
def test_at_zero_it_is_the_baseline(lever: Lever) -> None:
    assert same(run(use(lever.name, 0.0)), baseline())


@LEVERS
def test_nothing_differs_before_its_start_and_something_does_after(lever: Lever) -> None:
    turned = everywhere(lever.name)
    assert same(turned, baseline(), slice(0, FIRST))
    effort = turned.values[index("effort")]
    assert (effort[:, :FIRST] == 0).all()
    assert effort[:, FIRST:] == pytest.approx(np.full((2, 12, 7), lever.effort))
    staged = lever.name if lever.name in STAGE else ""
    with_it = three_years(use(lever.name), **STAGE.get(lever.name, {}))
    assert (with_it[:, :, :FIRST] == without(staged)[:, :, :FIRST]).all()
    assert (with_it != without(staged)).any()


@pytest.mark.parametrize("name", STAGE)
def test_only_what_needs_a_stage_has_one(name: str) -> None:
    assert (three_years(use(name)) == without()).all()


@LEVERS
def test_it_moves_its_dials_as_declared_and_no_other(lever: Lever) -> None:
    place = "BB-2" if lever.scope == "region" else "BB"
    model, plain = Worlds(scenario([use(lever.name, 0.5, (place,))])), Worlds(scenario())
    for name, dial in DIALS.items():
        after, before = dial_of(model, name), dial_of(plain, name)
        if dial.scope == "country":
            there = np.arange(2) == BB
        else:
            there = np.arange(7) == 4 if place == "BB-2" else model.geography.country_of == BB
        if name not in lever.turns:
            assert (after == before).all(), name
            continue
        assert (after[:, ~there] == before[:, ~there]).all(), name
        if dial.combine == "add":
            assert (after - before)[:, there] == pytest.approx(0.5 * lever.turns[name]), name
        else:
            assert (after / before)[:, there] == pytest.approx(1 + 0.5 * (lever.turns[name] - 1)), name


@LEVERS
def test_it_ends_and_builds_up(lever: Lever) -> None:
    model, plain = Worlds(scenario([use(lever.name, until="2012-06", ramp=3)])), Worlds(scenario())
    name, amount = next(iter(lever.turns.items()))
    strength = []
    for month in range(24):
        after, before = dial_of(model, name, month)[0, 0], dial_of(plain, name, month)[0, 0]
        strength.append((after - before) / amount if DIALS[name].combine == "add"
                        else (after / before - 1) / (amount - 1))
    assert strength == pytest.approx([0] * 12 + [0.25, 0.5, 0.75, 1, 1, 1] + [0] * 6)


@LEVERS
def test_strengths_may_differ_between_worlds(lever: Lever) -> None:
    mixed = run(use(lever.name), strengths={0: np.array([0.0, 1.0])})
    assert same(mixed, baseline(), worlds=0)
    assert same(mixed, everywhere(lever.name), worlds=1)


def test_order_in_the_file_does_not_matter() -> None:
    uses = [use(name, strength) for name, strength in zip(LIBRARY, itertools.cycle((0.3, 0.7, 0.9)), strict=False)]
    assert len(uses) > 1
    assert same(run(*uses), run(*reversed(uses)))


def test_two_levers_on_one_dial_multiply_factors_and_add_amounts() -> None:
    """Factor 0.7 at strengths 1 and 0.5: 0.7 x 0.85; amount 0.5: 0.5 + 0.25."""
    twice = [use("governance_inclusion", 1.0, ("AA",)), use("governance_inclusion", 0.5)]
    model = Worlds(scenario(twice))
    own = model.geography.country_of == AA
    assert dial_of(model, "corruption")[0, own] == pytest.approx(0.7 * 0.85)
    assert dial_of(model, "corruption")[0, ~own] == pytest.approx(0.85)
    assert dial_of(model, "inclusion")[0, own] == pytest.approx(0.75)
    assert dial_of(model, "inclusion")[0, ~own] == pytest.approx(0.25)
    model.run(until=FIRST + 1)
    assert model.recorder.values[index("effort"), 0, FIRST] == pytest.approx(np.where(own, 2.25, 0.75))


def test_different_levers_meet_on_one_dial() -> None:
    """Brutality 0.5 x 1.3 x 1.2; open recruitment +0.5 - 0.6, whatever the order in the file."""
    names = ("police_reform", "state_of_emergency", "recruitment_curbed", "recruitment_tolerated")
    uses = [use(name, where=("AA",)) for name in names]
    for order in itertools.permutations(uses):
        model = Worlds(scenario(order))
        assert dial_of(model, "brutality")[0, AA] == pytest.approx(0.5 * 1.3 * 1.2)
        assert dial_of(model, "tolerance_recruitment")[0, AA] == pytest.approx(-0.1)
        assert dial_of(model, "brutality")[0, BB] == 1


def test_cooperation_needs_both_sides() -> None:
    alone, both = (run(use("regional_cooperation", where=where)) for where in (("AA",), ("AA", "BB")))
    others = [i for i, name in enumerate(OUTCOMES) if name != "effort"]
    assert (alone.values[others] == baseline().values[others]).all()
    assert (both.values[others] != baseline().values[others]).any()


def test_a_lever_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="is of kind 'wish', none of policy, shock"):
        Lever("x", "X", {"channels": 0.1}, 1.0, "", (), {}, "", "", "", "", kind="wish")


def test_a_lever_on_an_unknown_dial_is_refused() -> None:
    with pytest.raises(ValueError, match="turns unknown dials \\['mood'\\]"):
        Lever("x", "X", {"mood": 1.0}, 1.0, "", (), {}, "", "", "", "")


def test_full_cohesion_leaves_no_fragmentation() -> None:
    settled, divided = (Worlds(scenario(levers, start="2012-01", end="2013-02"))
                        for levers in ([use("national_cohesion")], []))
    settled.run()
    divided.run()
    assert (settled.batch.states.fragmentation == 0).all()
    assert (divided.batch.states.fragmentation[:, BB] > 0.5).all()
    assert (settled.batch.regions.presence[:, 3:] > divided.batch.regions.presence[:, 3:]).all()
