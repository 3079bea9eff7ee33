"""The map of the ninety-three rows: each is a lever, an event, a theory, a mechanism, or says why it is none."""

from __future__ import annotations

import csv
import importlib
from pathlib import Path

import pytest

from sim.inputs.geography import load_geography
from sim.inputs.theories import THEORIES
from sim.policy.levers import LIBRARY
from sim.runs.scenarios import load_scenario

SIM = Path(__file__).resolve().parents[3] / "sim"
SCENARIOS = SIM.parent / "scenarios"
ROWS = [f"L{number:03d}" for number in range(1, 94)]
with (SIM / "data" / "maghreb" / "lever_map.csv").open(encoding="utf-8", newline="") as _file:
    LINES = list(csv.DictReader(_file))
LINE = pytest.mark.parametrize("line", LINES, ids=[f"{line['row']}-{line['target'] or 'none'}" for line in LINES])


def known(kind: str, target: str) -> bool:
    if kind == "lever":
        return target in LIBRARY
    if kind == "event":
        return target in load_geography("maghreb").events
    if kind == "theory":
        question, _, answer = target.partition("=")
        return answer in THEORIES.get(question, {})
    if kind == "mechanism":
        return (SIM / target).is_file() and target.endswith(".py")
    return kind == "none" and target == ""


def test_every_row_is_there_in_order_and_no_line_twice() -> None:
    assert list(dict.fromkeys(line["row"] for line in LINES)) == ROWS
    assert len({(line["row"], line["kind"], line["target"]) for line in LINES}) == len(LINES)


@LINE
def test_its_target_exists_and_it_says_why(line: dict[str, str]) -> None:
    assert known(line["kind"], line["target"])
    assert line["note"].endswith(".")
    assert len(line["note"].split()) > 3


def test_what_does_not_exist_is_not_known() -> None:
    for kind, target in (("lever", "mood"), ("event", "ly_mood"), ("theory", "joining=mood"), ("theory", "joining"),
                         ("mechanism", "processes/mood.py"), ("mechanism", "processes"), ("none", "mood"),
                         ("wish", "")):
        assert not known(kind, target), (kind, target)


@pytest.mark.parametrize("path", sorted({line["scenario"] for line in LINES} - {""}))
def test_each_scenario_named_asks_what_the_map_says(path: str) -> None:
    scenario = load_scenario(SCENARIOS / path)
    for line in LINES:
        if line["scenario"] == path and line["kind"] == "lever":
            assert line["target"] in {use.lever for use in scenario.levers}, line
            assert line["row"] in scenario.description, line
        if line["scenario"] == path and line["kind"] == "event":
            assert line["target"] in scenario.events, line


def test_levers_and_map_agree_on_the_rows() -> None:
    """Both ways; a lever that no row names rests on the evidence of events alone."""
    mapped = {(line["target"], line["row"]) for line in LINES if line["kind"] == "lever"}
    claimed = {(name, row) for name, lever in LIBRARY.items() for row in lever.evidence if row.startswith("L")}
    assert mapped == claimed
    unnamed = {name for name in LIBRARY if name not in {target for target, _ in mapped}}
    assert all(row.startswith("E") for name in unnamed for row in LIBRARY[name].evidence)
    assert all(LIBRARY[name].kind == "shock" for name in unnamed)


def test_mechanisms_can_be_imported() -> None:
    modules = {line["target"] for line in LINES if line["kind"] == "mechanism"}
    for module in modules:
        importlib.import_module("sim." + module.removesuffix(".py").replace("/", "."))
