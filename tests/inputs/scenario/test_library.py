"""The scenario files that come with the project: they load, say what they ask, and are equal where they say so."""

from __future__ import annotations

import collections
import re
from pathlib import Path

import pytest

from sim.calendar import Month
from sim.engine.outcomes import OUTCOMES
from sim.inputs.geography import load_geography
from sim.inputs.scenario import Scenario
from sim.policy.levers import LIBRARY
from sim.policy.timeline import places_of
from sim.runs.scenarios import load_scenario

ROOT = Path(__file__).resolve().parents[3] / "scenarios"
PATHS = sorted(path for path in ROOT.rglob("*.yaml") if "sweeps" not in path.relative_to(ROOT).parts)
SCENARIOS = {path.relative_to(ROOT).with_suffix("").as_posix(): load_scenario(path) for path in PATHS}
FREE = {"baseline", "libya_restored"}  # and examples: they come before the evidence is asked for
ASKED = [name for name in SCENARIOS if name not in FREE and not name.startswith("examples/")]
#: Scenarios whose descriptions call their effort equal.
EQUAL = [
    ("packages/security_only", "packages/security_plus", "packages/inclusion_first"),
    ("packages/religious_control", "packages/religious_pluralism"),
    ("packages/brand_all_opponents", "packages/integrate_opponents"),
    ("packages/returnees_detained", "packages/returnees_reintegrated"),
    ("packages/police_reform_instead", "levers/state_of_emergency"),
]


def of(folder: str) -> list[str]:
    return [name for name in SCENARIOS if name.startswith(f"{folder}/")]


def effort(scenario: Scenario) -> dict[tuple[object, ...], float]:
    """Effort per month at full strength by region and period."""
    g = load_geography(scenario.world)
    total: dict[tuple[object, ...], float] = collections.defaultdict(float)
    for use in scenario.levers:
        for region in places_of("region", use.where, g):
            total[region, use.start, use.until, use.ramp] += LIBRARY[use.lever].effort * use.strength
    return total


def test_names_are_unique() -> None:
    names = collections.Counter(scenario.name for scenario in SCENARIOS.values())
    assert [name for name, times in names.items() if times > 1] == []


@pytest.mark.parametrize("name", SCENARIOS)
def test_it_has_a_title_and_a_description(name: str) -> None:
    scenario = SCENARIOS[name]
    assert scenario.title not in ("", scenario.name)
    assert len(scenario.description.split()) >= 15


@pytest.mark.parametrize("name", ASKED)
def test_it_names_evidence_and_what_to_look_at(name: str) -> None:
    """Words with an underscore are names of outcomes, scenarios or events."""
    text = SCENARIOS[name].description
    assert re.search(r"\b[LE]\d{3}\b", text)
    words = set(re.findall(r"(?<![\w./])[a-z]+(?:_[a-z]+)+(?![\w./=])", text))
    scenarios = {scenario.name for scenario in SCENARIOS.values()} | {Path(other).name for other in SCENARIOS}
    assert words <= set(OUTCOMES) | scenarios | set(load_geography("maghreb").events), words


@pytest.mark.parametrize("name", [name for name in ASKED if name != "outlook/business_as_usual"])
def test_it_differs_from_its_parent(name: str) -> None:
    scenario = SCENARIOS[name]
    assert scenario.levers or scenario.events or scenario.parameters
    for use in scenario.levers:
        assert use.start <= scenario.end, use
        assert use.start >= scenario.start, use
        assert use.strength > 0, use


def test_every_lever_has_a_scenario_of_its_own_at_full_strength() -> None:
    assert [name.removeprefix("levers/") for name in of("levers")] == sorted(LIBRARY)
    for name in of("levers"):
        (use,) = SCENARIOS[name].levers
        assert use.lever == name.removeprefix("levers/")
        assert use.strength == 1


def test_every_shock_is_part_of_a_larger_question() -> None:
    shocks = {name for name, lever in LIBRARY.items() if lever.kind == "shock"}
    assert shocks <= {use.lever for name in (*of("shocks"), *of("packages")) for use in SCENARIOS[name].levers}


def test_outlooks_leave_the_simulated_past_alone() -> None:
    assert of("outlook")
    for name in of("outlook"):
        scenario = SCENARIOS[name]
        assert (str(scenario.start), str(scenario.end)) == ("2011-01", "2022-12")
        assert scenario.events == SCENARIOS["baseline"].events
        assert all(use.start >= Month.parse("2017-07") for use in scenario.levers), name
        assert "2017-07 to 2022-12" in scenario.description
        # A number holds from the first month; where one is set the text must say so.
        assert not scenario.parameters or re.search(r"holds? from 2011", scenario.description)


@pytest.mark.parametrize("names", EQUAL, ids=lambda names: names[0])
def test_equal_effort_is_equal(names: tuple[str, ...]) -> None:
    first = effort(SCENARIOS[names[0]])
    assert first
    for name in names[1:]:
        other = effort(SCENARIOS[name])
        assert set(other) == set(first)
        assert all(other[key] == pytest.approx(first[key]) for key in first)


def test_whoever_claims_equal_effort_is_compared() -> None:
    claimed = {name for name in ASKED if "Equal effort" in SCENARIOS[name].description}
    assert claimed == {name for names in EQUAL for name in names} - {"levers/state_of_emergency"}
