"""Rival theories: every answer changes something, and the defaults change nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.inputs.numbers import coefficients
from sim.inputs.scenario import Scenario, ScenarioError
from sim.inputs.theories import THEORIES, settings
from sim.runs.model import RecruitmentModel
from sim.runs.scenarios import dump, load_scenario
from tests.small import scenario

DEFAULTS = {question: next(iter(answers)) for question, answers in THEORIES.items()}
OTHERS = [(question, answer) for question, answers in THEORIES.items() for answer in list(answers)[1:]]


def run(**keys: object) -> np.ndarray:
    return RecruitmentModel(scenario(end="2014-06", worlds=1, **keys)).run().values


@pytest.fixture(scope="module")
def plain() -> np.ndarray:
    return run()


def test_theories_set_coefficients_inside_their_ranges() -> None:
    known = coefficients()
    for question, answers in THEORIES.items():
        for answer, (about, values) in answers.items():
            assert about, (question, answer)
            for name, value in values.items():
                assert known[name].low <= value <= known[name].high, (question, answer, name)
                assert value != known[name].value, f"{question}: {answer} sets {name} to its default"


def test_the_first_answer_is_the_default() -> None:
    assert settings({}) == settings(DEFAULTS) == {}


def test_settings_of_several_questions_come_together() -> None:
    assert settings({"peers": "off", "repression": "deterrence"}) == {
        "theory.peers": 0.0, "theory.backlash": 0.0, "theory.deterrence": 1.0}
    for wrong in ({"pears": "off"}, {"peers": "of"}):
        with pytest.raises(KeyError):
            settings(wrong)


def test_defaults_are_bit_identical_to_no_theories(plain: np.ndarray) -> None:
    assert np.array_equal(plain, run(theories=DEFAULTS))


@pytest.mark.parametrize(("question", "answer"), OTHERS)
def test_every_other_answer_changes_something(plain: np.ndarray, question: str, answer: str) -> None:
    changed = run(theories={question: answer})
    assert changed.shape == plain.shape
    assert not np.array_equal(plain, changed)


def test_parameters_go_before_theories_and_options_before_both(plain: np.ndarray) -> None:
    s = scenario(end="2014-06", worlds=1, theories={"peers": "off"}, parameters={"theory.peers": 1.0})
    assert np.array_equal(RecruitmentModel(s).run().values, plain)
    s = scenario(end="2014-06", worlds=1, theories={"peers": "off"}, parameters={"theory.peers": 0.5})
    got = RecruitmentModel(s, parameters={"theory.peers": np.array([1.0])}).run().values
    assert np.array_equal(got, plain)


# --- in scenario files ------------------------------------------------------------------------------------------------


def written(tmp_path: Path, text: str) -> Scenario:
    path = tmp_path / "a.yaml"
    path.write_text("world: two_countries\n" + text, encoding="utf-8")
    return load_scenario(path)


def test_a_scenario_names_theories_and_keeps_them(tmp_path: Path) -> None:
    """`off` is a word here, as everywhere in scenario files."""
    s = written(tmp_path, "theories:\n  safety_valve: off\n  joining: organisations\n")
    assert s.theories == {"safety_valve": "off", "joining": "organisations"}
    (tmp_path / "b.yaml").write_text(dump(s), encoding="utf-8")
    again = load_scenario(tmp_path / "b.yaml", {"name": s.name, "title": s.title})
    assert again == s
    assert written(tmp_path, "").theories == {}
    assert written(tmp_path, "theories:\n").theories == {}


def test_theories_of_a_child_and_of_the_command_line_go_first(tmp_path: Path) -> None:
    written(tmp_path, "theories: {peers: off, prestige: off}\n")
    (tmp_path / "child.yaml").write_text("extends: a.yaml\ntheories: {peers: on}\n", encoding="utf-8")
    s = load_scenario(tmp_path / "child.yaml", {"theories.repression": "inverted_u"})
    assert s.theories == {"peers": "on", "prestige": "off", "repression": "inverted_u"}


@pytest.mark.parametrize(("text", "parts"), [
    ("theories:\n  peer: off\n", ("line 3", "theories.peer", "'peer' is not a question", "Did you mean 'peers'?")),
    ("theories:\n  joining: deprivations\n", ("line 3", "theories.joining", "'deprivations' is not an answer to "
                                              "'joining'", "both, deprivation", "Did you mean 'deprivation'?")),
    ("theories:\n  peers: 0\n", ("line 3", "theories.peers", "0 is not allowed here", "the name of an answer")),
    ("theories: off\n", ("line 2", "theories", "a mapping of questions to answers")),
])
def test_mistakes_in_theories(tmp_path: Path, text: str, parts: tuple[str, ...]) -> None:
    with pytest.raises(ScenarioError) as caught:
        written(tmp_path, text)
    for part in parts:
        assert part in str(caught.value)
