"""Scenario files that are wrong: one message with file, line, key, value, what is allowed, nearest spelling."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from sim.inputs.scenario import Known, ScenarioError, load_scenario

LEVER = "levers:\n  - lever: {lever}\n    where: [{where}]\n    from: {start}\n"


def lever(lever: str = "border_control", where: str = "AA", start: str = "2012-01", more: str = "") -> str:
    return LEVER.format(lever=lever, where=where, start=start) + more


MISTAKES = {
    # what is written: line, then parts of the message
    "wrlds: 3": (1, "wrlds", "unknown", "extends", "Did you mean 'worlds'?"),
    "source: x": (1, "source", "unknown"),
    "worlds: 0": (1, "worlds", "0", "1 to 100000"),
    "worlds: 100001": (1, "100001", "1 to 100000"),
    "worlds: 1e3": (1, "1000.0", "whole number"),
    "worlds: '100'": (1, "'100'", "whole number"),
    "worlds: true": (1, "True", "whole number"),
    "worlds:": (1, "worlds", "empty"),
    "worlds: " + "9" * 5000: (1, "worlds", "…", "whole number"),
    "seed: -1": (1, "-1", "whole number"),
    "name: a/b": (1, "'a/b'", "letters"),
    "name: ..": (1, "'..'"),
    "title: 2014": (1, "title", "2014", "quotes"),
    "title: [a]": (1, "title", "text"),
    "world: toi": (1, "'toi'", "Allowed: toy", "Did you mean 'toy'?"),
    "start: 2014-13": (1, "'2014-13'", "YYYY-MM"),
    "start: 2014": (1, "2014", "YYYY-MM"),
    "start: 2014-1-1": (1, "'2014-1-1'", "YYYY-MM"),
    "start: 2010-12": (1, "2010-12", "own range", "2011-01 to 2017-12"),
    "end: 2018-01": (1, "2018-01", "2011-01 to 2017-12"),
    "start: 2013-01\nend: 2012-01": (2, "2012-01", "before the start 2013-01"),
    "parameters: 3": (1, "parameters", "mapping"),
    "parameters:\n  exposure.pers: 0.1": (2, "'exposure.pers'", "Did you mean 'exposure.peers'?"),
    "parameters:\n  exposure.peers: 0.6": (2, "0.6", "0 to 0.5", "1/month"),
    "parameters:\n  exposure.peers: .nan": (2, "nan", "a number"),
    "parameters:\n  exposure.peers: yes": (2, "'yes'", "a number"),
    "parameters:\n  values.AA.capcity: 0.1": (2, "'capcity'", "Did you mean 'values.AA.capacity'?"),
    "parameters:\n  values.AB.capacity: 0.1": (2, "'AB'", "Did you mean 'values.AA.capacity'?"),
    "parameters:\n  values.AA.capacity: 0.7": (2, "0.7", "0 to 0.5"),
    "events:\n  uprsing: never": (2, "'uprsing'", "Did you mean 'uprising'?"),
    "events:\n  uprising: often": (2, "'often'", "'never'"),
    "events: [uprising]": (1, "events", "mapping"),
    "record: recruit": (1, "'recruit'", "Did you mean 'recruits'?"),
    "record: [recruits, all]": (1, "'all'", "stands alone"),
    "record: []": (1, "record", "'all'"),
    "levers: 3": (1, "levers", "list"),
    "levers: {a: 1}": (1, "levers", "list"),
    "levers: [3]": (1, "levers[0]", "mapping"),
    lever(lever="border_contol"): (2, "'border_contol'", "Did you mean 'border_control'?"),
    lever(where="AA, AA-9"): (3, "where[1]", "'AA-9'", "AA, BB", "Did you mean 'AA-"),
    lever(where="coast"): (3, "'coast'", "Did you mean 'BB-1'?"),
    lever(where=""): (3, "where"),
    lever(where="*"): (3, "'*', in quotes"),
    lever("national_cohesion", "BB-1"): (3, "whole countries", "Did you mean 'BB'?"),
    lever(start="2012-00"): (4, "from", "'2012-00'", "YYYY-MM"),
    lever(more="    until: 2011-12\n"): (5, "2011-12", "before 'from' (2012-01)"),
    lever(more="    strength: 1.5\n"): (5, "1.5", "0 to 1"),
    lever(more="    strength: -1\n"): (5, "-1", "0 to 1"),
    lever("national_cohesion", more="    strength: 0.9\n"): (5, "0.9", "0 to 0.8"),
    lever(more="    ramp: 1.5\n"): (5, "1.5", "whole number"),
    lever(more="    strenght: 1\n"): (5, "'strenght'", "Did you mean 'strength'?"),
    "levers:\n  - lever: border_control\n    where: AA\n": (2, "levers[0]", "'from' is missing"),
    "levers:\n  - lever: border_control\n    where: AA\n    start: 2012-01\n": (4, "'start' is unknown", "from"),
    "seed: 1\nseed: 2": (2, "'seed' is given twice", "first in line"),
    "title: &a x\nname: *a": (1, "anchors"),
    "name: *a": (1, "aliases"),
    "title: !!str 3": (1, "tags"),
    "a: !!python/object/apply:os.system [x]": (1, "tags"),
    "\tname: x": (1, "tab"),
    "levers:\n\t- lever: x": (2, "tab"),
    "title: a: b": (1, "not valid YAML"),
    "title: [a": (1, "not valid YAML"),
    "title: 'a": (1, "not valid YAML"),
    "seed: 1\n---\nseed: 2": (2, "second document"),
    "title: " + "[" * 5000: (1, "nested"),
    "? [a]\n: b": (1, "single word"),
    "title: a\x07b": (1, "U+0007"),
    "extends: [a.yaml]": (1, "extends", "one path"),
    "extends: nope.yaml": (1, "nope.yaml", "no such file"),
    "extends: .": (1, "folder"),
}


@pytest.mark.parametrize(("text", "expected"), MISTAKES.items(), ids=[text[:40] for text in MISTAKES])
def test_one_message(text: str, expected: tuple[object, ...], tmp_path: Path, known: Known) -> None:
    path = tmp_path / "case.yaml"
    first = "" if text.startswith("world:") else "world: toy\n"
    path.write_text(first + text)
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path, known=known)
    message = str(caught.value)
    line = int(str(expected[0])) + (1 if first else 0)
    assert message.startswith((f"{path}, line {line}:", f"{path}, line {line},", f"{path}, line {line + 1}: not valid"))
    assert "\n" not in message
    assert len(message) < 600
    for part in expected[1:]:
        assert str(part) in message


def test_whole_files(tmp_path: Path, known: Known) -> None:
    cases = {"empty.yaml": (b"", "empty"), "comment.yaml": (b"# nothing\n", "empty"), "list.yaml": (b"- a\n", "keys"),
             "latin.yaml": ("title: x\ndescription: é\n".encode("latin-1"), "line 2: not UTF-8"),
             "utf16.yaml": ("title: x".encode("utf-16"), "not UTF-8"), "big.yaml": (b"#" * 1_000_001, "1000000")}
    for name, (content, part) in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ScenarioError, match=part):
            load_scenario(tmp_path / name, known=known)


def test_missing_file_folder_and_device(tmp_path: Path, known: Known) -> None:
    (tmp_path / "baseline.yaml").write_text("world: toy\n")
    with pytest.raises(ScenarioError, match=r"basline\.yaml: there is no such file; did you mean .*baseline\.yaml"):
        load_scenario(tmp_path / "basline.yaml", known=known)
    with pytest.raises(ScenarioError, match=r"folder.*baseline\.yaml"):
        load_scenario(tmp_path, known=known)
    with pytest.raises(ScenarioError, match="cannot be read"):
        load_scenario(tmp_path / "a\0b", known=known)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(ScenarioError, match="not a regular file"):
            load_scenario(tmp_path / "pipe", known=known)


def test_circles(tmp_path: Path, known: Known) -> None:
    (tmp_path / "a.yaml").write_text("extends: b.yaml\n")
    (tmp_path / "b.yaml").write_text("name: b\nextends: ./a.yaml\n")
    (tmp_path / "self.yaml").write_text("extends: self.yaml\n")
    with pytest.raises(ScenarioError, match=r"b\.yaml, line 2, extends: .*circle.*a\.yaml -> .*b\.yaml -> .*a\.yaml"):
        load_scenario(tmp_path / "a.yaml", known=known)
    with pytest.raises(ScenarioError, match="circle"):
        load_scenario(tmp_path / "self.yaml", known=known)


def test_mistake_of_the_parent_is_shown_in_the_parent(tmp_path: Path, known: Known) -> None:
    (tmp_path / "parent.yaml").write_text("world: toy\n" + lever(where="AA-9"))
    (tmp_path / "child.yaml").write_text("extends: parent.yaml\n" + lever(where="BB"))
    with pytest.raises(ScenarioError, match=r"parent\.yaml, line 4, levers\[0\]"):
        load_scenario(tmp_path / "child.yaml", known=known)
    (tmp_path / "parent.yaml").write_text("world: toy\n" + lever())
    (tmp_path / "child.yaml").write_text("extends: parent.yaml\n" + lever(where="AA-9"))
    with pytest.raises(ScenarioError, match=r"child\.yaml, line 4, levers\[1\]\.where\[0\]"):
        load_scenario(tmp_path / "child.yaml", known=known)
    (tmp_path / "parent.yaml").write_text("world: toy\ntitle: 3\n")
    with pytest.raises(ScenarioError, match=r"parent\.yaml, line 2, title"):
        load_scenario(tmp_path / "child.yaml", known=known)


def test_override_that_contradicts_the_file(tmp_path: Path, known: Known) -> None:
    (tmp_path / "a.yaml").write_text("world: toy\nstart: 2013-01\n")
    cases = {"worlds": (0, "--set, worlds: 0"), "wrlds": (3, "--set, wrlds.*'worlds'"),
             "end": ("2012-01", "--set, end"), "parameters.exposure.peers": (9, "--set, parameters.exposure.peers: 9"),
             "events.x": ("never", "--set"), "extends": ("b.yaml", "in a file only"), "levers": (3, "--set, levers")}
    for key, (value, part) in cases.items():
        with pytest.raises(ScenarioError, match=part):
            load_scenario(tmp_path / "a.yaml", {key: value}, known=known)


def test_values_that_contradict_one_another(tmp_path: Path, known: Known) -> None:
    def refuse(world: str, values: object) -> None:
        raise ValueError("shares add up to 1.2")

    (tmp_path / "a.yaml").write_text("world: toy\nparameters:\n  values.AA.capacity: 0.1\n")
    with pytest.raises(ScenarioError, match=r"line 2, parameters: .*shares add up to 1\.2"):
        load_scenario(tmp_path / "a.yaml", known=replace(known, try_values=refuse))


def test_a_bomb_of_aliases_is_refused_at_once(tmp_path: Path, known: Known) -> None:
    lines = ["a0: &a0 [x]"] + [f"a{i}: &a{i} [" + ", ".join([f"*a{i - 1}"] * 9) + "]" for i in range(1, 12)]
    (tmp_path / "bomb.yaml").write_text("\n".join(lines))
    with pytest.raises(ScenarioError, match="line 1: anchors"):
        load_scenario(tmp_path / "bomb.yaml", known=known)
