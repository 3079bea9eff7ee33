"""Scenario files read against the names of this installation: its worlds, levers, outcomes, coefficients, theories."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from typing import Any

from sim.calendar import Month
from sim.engine.outcomes import OUTCOMES
from sim.inputs import scenario as files
from sim.inputs.geography import load_geography
from sim.inputs.numbers import available_worlds, coefficients
from sim.inputs.scenario import Known, Scenario, World
from sim.inputs.theories import THEORIES
from sim.policy.levers import LIBRARY
from sim.policy.timeline import check_event_dials


def _theories() -> Mapping[str, Mapping[str, str]]:
    return {question: {answer: about for answer, (about, _) in answers.items()}
            for question, answers in THEORIES.items()}


@functools.cache
def _world(name: str) -> World:
    geography = load_geography(name)
    check_event_dials(geography)
    return World(
        start=Month.parse(str(geography.info["start"])),
        end=Month.parse(str(geography.info["end"])),
        countries=dict(zip(geography.countries, geography.country_names, strict=True)),
        regions=dict(zip(geography.regions, geography.region_names, strict=True)),
        country_of={region: geography.countries[index]
                    for region, index in zip(geography.regions, geography.country_of, strict=True)},
        events={key: f"{event['date']}: {event.get('title', key)}" for key, event in geography.events.items()},
        values=geography.values,
        title=str(geography.info.get("title", name)),
    )


INSTALLED = Known(available_worlds, _world, lambda: LIBRARY, coefficients, lambda: OUTCOMES, load_geography, _theories)


def installed() -> Known:
    """The names of this installation."""
    return INSTALLED


def load_scenario(source: str | os.PathLike[str] | Scenario, overrides: Mapping[str, Any] | None = None, *,
                  known: Known | None = None, origin: str = "--set",
                  origins: Mapping[str, str] | None = None) -> Scenario:
    """Read and check a scenario; see `sim.inputs.scenario.load_scenario`. Default names: those of this installation."""
    return files.load_scenario(source, overrides, known=known or installed(), origin=origin, origins=origins)


def dump(scenario: Scenario) -> str:
    """The resolved scenario as YAML that loads back to the same Scenario."""
    return files.dump(scenario, installed())


def schema() -> dict[str, Any]:
    """JSON Schema of scenario files with the names of this installation."""
    return files.schema(installed())
