"""Sweep files: what is read, and one message for each mistake."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from sim.calendar import Month
from sim.inputs.geography import load_geography
from sim.inputs.numbers import DATA
from sim.inputs.scenario import ScenarioError
from sim.runs.scenarios import dump
from sim.studies.sweep.file_kind import is_sweep
from sim.studies.sweep.keys import HELP
from sim.studies.sweep.spec import load_sweep, needed
from tests.studies.sweep.small import ROOT, TWO_COUNTRIES, keys

GOOD = f"""\
name: toy
question: What if?
base: {TWO_COUNTRIES}
vary:
  settling: {{lever: national_cohesion, where: [BB], from: 2012-01, strength: {{range: [0, 1]}}}}
  peers: {{parameter: exposure.peers, range: [0.01, 0.05], scale: log}}
  might:
    dial: capacity
    where: [BB]
    from: 2011-01
    range: [0.1, 1.0]
  theory: {{theory: repression, values: [backlash, deterrence]}}
  split: {{event: bb_split, values: [2013-01, never]}}
  start: {{value: BB.capacity}}
design: {{kind: grid, levels: 3}}
worlds: 4
record:
  outcomes: [departures]
  summaries: [foothold_any]
  periods: {{late: [2013-01, 2014-12]}}
  places: [BB-2]
analysis:
  phase: [[settling, might]]
  undesired: {{outcome: foothold_any, place: BB, above: 0.5}}
"""


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "toy.yaml"
    path.write_text(GOOD)
    return path


def message(path: Path, old: str, new: str) -> str:
    assert old in GOOD
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(ScenarioError) as error:
        load_sweep(path)
    return str(error.value)


def test_a_file_is_read(good: Path) -> None:
    made = load_sweep(good)
    kinds = [(d.name, d.kind) for d in made.dimensions]
    assert kinds == [("settling", "lever"), ("peers", "parameter"), ("might", "dial"), ("theory", "theory"),
                     ("split", "event"), ("start", "value")]
    assert made.scenario.record == ("departures", "foothold")
    assert needed(made.record) == ("departures", "foothold")
    assert [use.lever for use in made.scenario.levers] == ["national_cohesion"]
    assert made.base.levers == ()
    assert is_sweep(good)
    assert not is_sweep(TWO_COUNTRIES)


def test_the_resolved_file_reads_back_to_the_same_sweep(good: Path, tmp_path: Path) -> None:
    made = load_sweep(good)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "sweep.yaml").write_text(made.text)
    (folder / "scenario.yaml").write_text(dump(made.base))
    again = load_sweep(folder / "sweep.yaml")
    assert (again.dimensions, again.turns, again.design, again.record) == (
        made.dimensions, made.turns, made.design, made.record)
    assert (again.text, again.scenario) == (made.text, made.scenario)


def test_keys_from_python_are_read_as_those_of_a_file(good: Path) -> None:
    again = load_sweep(yaml.safe_load(GOOD.replace("2012-01", "'2012-01'").replace("2011-01", "'2011-01'").replace(
        "2013-01", "'2013-01'").replace("2014-12", "'2014-12'")))
    assert again.text == load_sweep(good).text


@pytest.mark.parametrize(("old", "new", "said"), [
    ("question: What if?", "questoin: What if?", "line 2, questoin: the key 'questoin' is unknown. Allowed: name, "
     "title, question"),
    ("worlds: 4\n", "", "'worlds' is missing. Allowed: worlds: a whole number"),
    ("worlds: 4", "worlds: 0", "line 16, worlds: 0 is not allowed here. Allowed: a whole number from 1"),
    ("worlds: 4", "worlds: four", "worlds: 'four' is not allowed here"),
    ("kind: grid", "kind: gird", "line 15, design.kind: 'gird' is not allowed here. Allowed: grid, latin_hypercube, "
     "sobol, one_at_a_time, morris, csv. Did you mean 'grid'?"),
    ("worlds: 4", "worlds: 4\nluck: shared", "line 17, luck: 'shared' is not allowed here. Allowed: common or own. Did "
     "you mean 'common'?"),
    ("from: 2012-01", "from: 2022-01", "line 5, vary.settling.from: 2022-01 begins after the end of the run, 2014-12"),
    ("from: 2012-01", "from: {range: [2012-01, 2022-01]}", "2022-01 begins after the end of the run, 2014-12"),
    ("    from: 2011-01", "    from: 2015-01", "line 10, vary.might.from: 2015-01 begins after the end of the run"),
    ("levels: 3", "levels: 3, points: 9", "design.points: the design grid has no 'points'"),
    ("kind: grid, levels: 3", "kind: sobol, points: 12", "design.points: 12 is not a power of two"),
    ("kind: grid, levels: 3", "kind: latin_hypercube", "the design latin_hypercube needs 'points'"),
    ("kind: grid, levels: 3", "kind: csv, file: none.csv", "there is no file"),
    ("lever: national_cohesion", "lever: national_cohesoin", "line 5, vary.settling.lever: 'national_cohesoin' is not "
     "a lever"),
    ("where: [BB], from: 2012-01", "where: [BX], from: 2012-01", "line 5, vary.settling.where[0]: 'BX' is not a place"),
    ("where: [BB], from: 2012-01", "where: [BB], form: 2012-01", "line 5, vary.settling.form: the key 'form' is "
     "unknown. Allowed: lever, where, from, until, strength, ramp. Did you mean 'from'?"),
    ("strength: {range: [0, 1]}", "strength: {range: [0, 9]}", "line 5, vary.settling.strength.range[1]: 9 lies "
     "outside its range"),
    ("strength: {range: [0, 1]}", "strength: 0.5", "vary.settling: nothing is varied"),
    ("parameter: exposure.peers", "parameter: exposure.peer", "Did you mean 'exposure.peers'?"),
    ("range: [0.01, 0.05]", "range: [0.05, 0.01]", "line 6, vary.peers.range: [0.05, 0.01] is not a range"),
    ("range: [0.01, 0.05]", "range: [0.01, 50]", "line 6, vary.peers.range[1]: 50 lies outside its range. Allowed: a "
     "number from"),
    ("range: [0.01, 0.05]", "range: posterior", "vary.peers.range: the posterior has no draws of 'exposure.peers'"),
    ("range: [0.01, 0.05]", "range: [0.01, 0.05], values: [0.02]", "range and values stand together"),
    ("range: [0.01, 0.05], scale: log", "values: [0.02, 0.02]", "vary.peers.values: a value stands there twice"),
    ("scale: log", "scale: cubic", "vary.peers.scale: 'cubic' is not allowed here. Allowed: linear, log or auto"),
    ("scale: log", "scale: log, default: 0.2", "vary.peers.default: 0.2 is none of its values. Allowed: 0.01 to 0.05"),
    ("dial: capacity", "dial: capacities", "vary.might.dial: 'capacities' is not a dial. Allowed: capacity"),
    ("    where: [BB]\n", "    where: [BB-2]\n", "line 9, vary.might.where[0]: 'BB-2' is not a place where this dial "
     "of scope country turns"),
    ("    range: [0.1, 1.0]\n", "", "vary.might: 'range' or 'values' is missing"),
    ("range: [0.1, 1.0]", "range: [-0.1, 1.0]", "line 11, vary.might.range[0]: -0.1 lies outside its range"),
    ("theory: repression", "theory: repressoin", "vary.theory.theory: 'repressoin' is not a question"),
    ("[backlash, deterrence]", "[backlash, detterence]", "Did you mean 'deterrence'?"),
    ("event: bb_split", "event: ly_split", "vary.split.event: 'ly_split' is not an event of the world 'two_countries'"),
    ("[2013-01, never]", "[2013-1, never]", "line 13, vary.split.values[0]: '2013-1' is not a month. Allowed: a month "
     "as YYYY-MM or never"),
    ("value: BB.capacity", "value: BB.capacitee", "Did you mean 'BB.capacity'?"),
    ("start: {value: BB.capacity}", "peers2: {parameter: exposure.peers}", "'exposure.peers' is varied by 'peers' "
     "already"),
    ("start: {value: BB.capacity}", "b: {parameter: theory.backlash}", "'theory.backlash' is varied by 'theory'"),
    ("start: {value", "foothold_any: {value", "'foothold_any' is also a column of the results"),
    ("start: {value: BB.capacity}", "start: {range: [0, 1]}", "line 14, vary.start: nothing says what is varied"),
    ("start: {value: BB.capacity}", "start: {posterior: true}", "no posterior is shipped with the world"),
    ("[departures]", "[departure]", "record.outcomes[0]: 'departure' is not an outcome"),
    ("[foothold_any]", "[foothold_ever]", "record.summaries[0]: 'foothold_ever' is not a summary"),
    ("[2013-01, 2014-12]", "[2013-01, 2024-12]", "record.periods.late: [2013-01, 2024-12] is not a span within the "
     "run. Allowed: [first month, last month] from"),
    ("[BB-2]", "[CC-2]", "record.places[0]: 'CC-2' is not a region"),
    ("[settling, might]", "[settling, migth]", "Did you mean 'might'?"),
    ("place: BB,", "place: CC,", "analysis.undesired.place: 'CC' is not a recorded place"),
    ("two_countries.yaml", "no_countries.yaml", "base: there is no file"),
])
def test_one_message_for_each_mistake(good: Path, old: str, new: str, said: str) -> None:
    text = message(good, old, new)
    assert said in text
    assert text.startswith(str(good))
    assert "\n" not in text


def test_a_lever_may_begin_in_the_last_month(good: Path) -> None:
    good.write_text(GOOD.replace("from: 2012-01", "from: {range: [2012-01, 2014-12]}"))
    assert load_sweep(good).base.end == Month.parse("2014-12")


def test_a_scenario_is_no_sweep_and_a_sweep_without_entries_no_scenario(good: Path) -> None:
    with pytest.raises(ScenarioError, match="is a scenario; use: python run.py run"):
        load_sweep(TWO_COUNTRIES)
    good.write_text("name: x\nbase: y.yaml\n")
    with pytest.raises(ScenarioError, match="is missing"):
        load_sweep(good)


PAGE = (ROOT / "docs/sweeps.md").read_text(encoding="utf-8")
FILES = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
ENTRIES = re.findall(r"^\| [^|`]+ \| (`\{[^|]+) \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("text", FILES, ids=lambda text: text.split("\n")[0])
def test_every_file_of_the_page_is_valid(text: str, tmp_path: Path) -> None:
    path = tmp_path / "page.yaml"
    path.write_text(text.replace("../baseline.yaml", str(ROOT / "scenarios/baseline.yaml")))
    assert load_sweep(path).question.endswith("?")


def test_so_is_every_entry_in_its_table() -> None:
    """Also the parts of an entry, such as another ``from``, put into the entry before them."""
    kinds = set()
    for cell in ENTRIES:
        texts = re.findall(r"`([^`]+)`", cell)
        entry = yaml.safe_load(texts[0])
        for more in ({}, *map(yaml.safe_load, texts[1:])):
            made = load_sweep({"name": "page", "base": str(ROOT / "scenarios/baseline.yaml"), "worlds": 1,
                               "vary": {"x": {**entry, **more}}, "design": {"kind": "grid"}})
            kinds.add(made.dimensions[0].kind)
    assert len(FILES) == 1
    assert kinds == {"parameter", "lever", "dial", "theory", "event", "value", "posterior"}


def test_a_mistake_in_set_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(GOOD + "set:\n  worlds: many\n")
    with pytest.raises(ScenarioError, match=r"s.yaml, line 26, worlds: 'many'"):
        load_sweep(tmp_path / "s.yaml")


def test_all_stands_for_every_policy_coefficient_and_theory() -> None:
    vary: dict[str, Any] = {"levers": {"levers": "all", "from": "2011-01"},
                            "numbers": {"parameters": ["exposure.*", "counter.pursuit"], "scale": "auto"},
                            "rivals": {"theories": "all"}}
    made = load_sweep(keys(vary=vary, design={"kind": "morris", "trajectories": 2}))
    from sim.inputs.numbers import coefficients
    from sim.inputs.theories import THEORIES
    from sim.policy.levers import LIBRARY

    policies = [name for name, lever in LIBRARY.items() if lever.kind == "policy"]
    numbers = [name for name in coefficients() if name.startswith("exposure.")]
    assert list(made.names) == [*policies, *numbers, "counter.pursuit", *THEORIES]
    for dimension in made.dimensions:
        if dimension.kind == "parameter":
            number = coefficients()[dimension.target]
            assert (dimension.low, dimension.high) == (number.low, number.high)
            assert dimension.log == (number.low > 0 and number.high / number.low > 5)
    with pytest.raises(ScenarioError, match="is not a parameter or a pattern of them"):
        load_sweep(keys(vary={"x": {"parameters": "exposures.*"}}))


@pytest.mark.parametrize(("high", "log"), [(0.04, False), (0.041, True)])
def test_scale_auto_is_what_its_help_says(high: float, log: bool) -> None:
    assert "more than a factor of five" in HELP["vary.*.scale"][0]
    vary = {"x": {"parameter": "exposure.peers", "range": [0.008, high], "scale": "auto"}}
    assert load_sweep(keys(vary=vary)).dimensions[0].log is log


def test_the_undesired_surge_is_half_of_the_record() -> None:
    target = next(target for target in yaml.safe_load((DATA / "maghreb/targets.yaml").read_text())
                  if target["id"] == "T01")
    g = load_geography("maghreb")
    residents = g.r["residents"][g.country_slices[g.countries.index("TN")]].sum()
    rate = 1e6 * np.sqrt(target["low"] * target["high"]) / residents
    undesired = load_sweep(ROOT / "scenarios/sweeps/surge_drivers.yaml").analysis.undesired
    assert undesired is not None
    assert undesired.above == pytest.approx(rate / 2, rel=0.05)  # rounded in the file


@pytest.mark.parametrize("path", sorted((ROOT / "scenarios/sweeps").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_ready_sweep_is_sound_and_says_what_it_asks(path: Path) -> None:
    made = load_sweep(path)
    assert made.name == path.stem
    assert made.question.endswith("?")
    assert any(unit in made.runtime for unit in ("second", "minute", "hour"))


def test_the_six_ready_sweeps_are_there() -> None:
    names = {path.stem for path in (ROOT / "scenarios/sweeps").glob("*.yaml")}
    assert {"collapse_phase_diagram", "surge_drivers", "levers_global_sensitivity", "border_and_exit",
            "timing_of_action", "outlook_uncertainty"} <= names
