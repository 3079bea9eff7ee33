"""No cheating on the fit: nothing in the code knows a place, nobody is scripted, every fitted number is felt widely."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import numpy as np
import pytest

from sim.inputs.geography import load_geography
from sim.inputs.numbers import coefficients
from sim.inputs.posterior import load_posterior
from sim.policy.dials import DIALS
from sim.runs.scenarios import load_scenario
from sim.runs.worlds import Worlds

SIM = Path("sim")
FITTED = load_posterior(SIM / "data" / "maghreb" / "posterior.csv")[0]


def words_of_code(path: Path) -> set[str]:
    """Names and strings of a file that the program uses: documentation strings are left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts = {id(node.body[0].value) for node in ast.walk(tree)
             if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node)}
    found = {node.value for node in ast.walk(tree)
             if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in texts}
    return found | {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def rooms(*names: str) -> list[Path]:
    return [path for name in names for path in sorted(SIM.glob(name))]


def test_no_place_is_named_in_the_engine():
    g = load_geography("maghreb")
    places = {*g.countries, *g.country_names, *g.regions, *g.region_names, *g.localities, *g.nodes}
    # The command line gives examples of use.
    engine = [path for path in rooms("engine/**/*.py", "policy/*.py", "runs/*.py", "*.py")
              if not path.name.startswith("cli")]
    assert len(engine) > 30
    for path in engine:
        for word in words_of_code(path):
            named = places & set(re.findall(r"[\w.-]+", word))
            assert not named, f"{path}: {named} in '{word[:60]}'"


def test_coefficients_are_global():
    g = load_geography("maghreb")
    for name in coefficients():
        assert not {part.upper() for part in re.split(r"[._]", name)} & set(g.countries), name


def test_events_and_levers_turn_dials_and_no_dial_moves_people_or_ground():
    """The only dial that lets people out counts a share of those in prison; none sets members, control or forces."""
    forbidden = ("militant", "recruit", "control", "offensive", "foothold", "member", "fighter", "attack")
    allowed = {"tolerance_recruitment", "exit_control"}
    for name, dial in DIALS.items():
        assert name in allowed or not any(word in name for word in forbidden), name
        assert dial.scope in ("country", "region")
    for event in load_geography("maghreb").events.values():
        assert set(event) <= {"id", "title", "date", "until", "ramp", "major", "turns", "source", "confidence"}
        assert all(turn["dial"] in DIALS for turn in event["turns"])


@pytest.fixture(scope="module")
def scenario():
    return load_scenario("scenarios/baseline.yaml", {"worlds": 2, "uncertainty": "fixed"})


@pytest.fixture(scope="module")
def base(scenario):
    return Worlds(scenario).run().values


def test_at_most_about_twenty_coefficients_are_fitted():
    assert len(FITTED) <= 24


@pytest.mark.parametrize("name", FITTED)
def test_a_fitted_coefficient_is_felt_in_at_least_two_countries(scenario, base, name):
    changed = Worlds(scenario, parameters={name: coefficients()[name].high}).run().values
    g = load_geography("maghreb")
    felt = [country for country, own in zip(g.countries, g.country_slices, strict=True)
            if not np.array_equal(base[..., own], changed[..., own])]
    assert len(felt) >= 2, f"{name} is felt in {felt} only"
