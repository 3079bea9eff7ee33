"""Scenario files read against the names of this installation: its worlds, levers, outcomes, coefficients, theories."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping, Sequence
from typing import Any

from sim.calendar import Month
from sim.inputs import scenario as files
from sim.inputs.scenario import Known, Scenario, World


def _levers() -> Mapping[str, Any]:
    from sim.levers import LIBRARY

    return LIBRARY


def _parameters() -> Mapping[str, Any]:
    from sim.inputs.numbers import coefficients

    return coefficients()


def _outcomes() -> Mapping[str, Any]:
    from sim.recorder import OUTCOMES

    return OUTCOMES


def _theories() -> Mapping[str, Mapping[str, str]]:
    from sim.inputs.theories import THEORIES

    return {question: {answer: about for answer, (about, _) in answers.items()}
            for question, answers in THEORIES.items()}


def _worlds() -> Sequence[str]:
    from sim.inputs.numbers import available_worlds

    return available_worlds()


@functools.cache
def _world(name: str) -> World:
    from sim.inputs.geography import load_geography

    geography = load_geography(name)
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


def _try_values(name: str, values: Mapping[str, float]) -> None:
    from sim.inputs.geography import load_geography

    load_geography(name, values)


INSTALLED = Known(_worlds, _world, _levers, _parameters, _outcomes, _try_values, _theories)


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
