"""Scenario files that are right."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.calendar import Month
from sim.inputs.scenario import Known, LeverUse, Scenario, ScenarioError, dump, load_scenario, parse_set

PARENT = """\
name: parent
title: The parent
worlds: 7
parameters: {exposure.peers: 0.1, values.AA.capacity: 0.3}
events: {uprising: never}
levers:
  - {lever: border_control, where: AA, from: 2012-01}
"""
CHILD = """\
extends: up/parent.yaml
world: toy
worlds: 9
parameters: {exposure.peers: 0.4}
levers:
  - lever: national_cohesion
    where: ['*']
    from: 2013-01
    until: 2013-12
    strength: 0.5
    ramp: 3
record: [control]
"""


@pytest.fixture
def child(tmp_path: Path) -> Path:
    (tmp_path / "up").mkdir()
    (tmp_path / "up/parent.yaml").write_text(PARENT)
    (tmp_path / "child.yaml").write_text(CHILD)
    return tmp_path / "child.yaml"


def test_child_overrides_merges_and_appends(child: Path, known: Known) -> None:
    scenario = load_scenario(child, known=known)
    assert (scenario.name, scenario.title, scenario.worlds) == ("child", "child", 9)
    assert scenario.parameters == {"exposure.peers": 0.4, "values.AA.capacity": 0.3}
    assert scenario.events == {"uprising": "never"}
    assert [use.lever for use in scenario.levers] == ["border_control", "national_cohesion"]
    first, second = scenario.levers
    assert first == LeverUse(lever="border_control", where=("AA",), start="2012-01")
    assert (second.start, second.until, second.strength, second.ramp) == (
        Month.of(2013, 1), Month.of(2013, 12), 0.5, 3)
    assert scenario.record == ("control",)
    assert scenario.source == str(child)


def test_defaults_come_from_the_world(tmp_path: Path, known: Known) -> None:
    (tmp_path / "a.yaml").write_text("world: toy\n")
    scenario = load_scenario(tmp_path / "a.yaml", known=known)
    assert (str(scenario.start), str(scenario.end), scenario.months) == ("2011-01", "2017-12", 84)
    assert scenario.record == ("recruits", "control")
    assert (scenario.name, scenario.title) == ("a", "a")


def test_round_trip(child: Path, tmp_path: Path, known: Known) -> None:
    scenario = load_scenario(child, known=known)
    (tmp_path / "again.yaml").write_text(dump(scenario, known), encoding="utf-8")
    again = load_scenario(tmp_path / "again.yaml", known=known)
    assert again == scenario
    assert dump(again, known) == dump(scenario, known)


tricky = st.sampled_from([
    "NO", "012", "12:30", "2014-01-01", "1e5", "0x1F", "1_000", "~", "null", "true", "", " a ", "a: b", "# no", "*",
    "&x", "!tag", "- x", "'", '"', "عربي", "a\nb", "\u2028", "😀", "=", "<<", ".5", "0o7"])


@settings(max_examples=80, deadline=None)
@given(title=tricky | st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
       description=tricky, peers=st.floats(0, 0.5), strength=st.floats(0, 0.8), seed=st.integers(0, 2**63 - 1))
def test_round_trip_of_any_text_and_number(tmp_path_factory: pytest.TempPathFactory, known: Known, title: str,
                                           description: str, peers: float, strength: float, seed: int) -> None:
    built = Scenario(name="x", title=title, description=description, world="toy", start="2011-01", end="2012-01",
                     seed=seed, parameters={"exposure.peers": peers},
                     levers=[LeverUse(lever="national_cohesion", where=("AA",), start="2011-03", strength=strength)])
    scenario = load_scenario(built, known=known)
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(dump(scenario, known), encoding="utf-8", newline="")
    assert load_scenario(path, known=known) == scenario


def test_core_scalars_stay_text(tmp_path: Path, known: Known) -> None:
    for text in ("NO", "012", "12:30", "2014-01-02", "yes", "0x1F", "1_000"):
        (tmp_path / "a.yaml").write_text(f"world: toy\ntitle: {text}\n")
        assert load_scenario(tmp_path / "a.yaml", known=known).title == text


def test_overrides(child: Path, known: Known) -> None:
    scenario = load_scenario(child, {
        "worlds": 2, "parameters.exposure.peers": 0, "events.uprising": "2012-05", "end": Month.of(2014, 1),
        "seed": None, "record": "all", "levers": [{"lever": "border_control", "where": ["BB-1"], "from": "2013-01"}],
    }, known=known)
    assert (scenario.worlds, str(scenario.end), scenario.events) == (2, "2014-01", {"uprising": "2012-05"})
    assert scenario.parameters["exposure.peers"] == 0
    assert scenario.parameters["values.AA.capacity"] == 0.3
    assert len(scenario.levers) == 3
    assert scenario.record == ("recruits", "control")


def test_scenario_built_in_python(known: Known) -> None:
    built = Scenario(name="mine", world="toy", start="2011-01", end="2011-12", worlds=3)
    scenario = load_scenario(built, {"worlds": 5}, known=known)
    assert (scenario.worlds, scenario.title) == (5, "mine")
    with pytest.raises(ScenarioError, match="scenario 'mine', worlds: 0 is not allowed"):
        load_scenario(built.model_copy(update={"worlds": 0}), known=known)


def test_scenario_is_frozen(known: Known) -> None:
    built = Scenario(name="mine", world="toy", start="2011-01", end="2011-12")
    with pytest.raises(ValueError, match="frozen"):
        built.worlds = 3  # type: ignore[misc]


def test_byte_order_mark_and_empty_lists(tmp_path: Path, known: Known) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbfworld: toy\r\nlevers:\r\nparameters:\r\nevents:\r\nrecord:\r\n")
    assert load_scenario(tmp_path / "a.yaml", known=known).levers == ()


def test_parse_set() -> None:
    assert parse_set("worlds=20") == ("worlds", 20)
    assert parse_set("title=a=b") == ("title", "a=b")
    assert parse_set("record=[a, b]") == ("record", ["a", "b"])
    assert parse_set("start=2012-01") == ("start", "2012-01")
    for wrong in ("worlds", "=3", ""):
        with pytest.raises(ScenarioError, match="key=value"):
            parse_set(wrong)
    with pytest.raises(ScenarioError, match="--set a"):
        parse_set("a=[1")
