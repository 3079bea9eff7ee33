"""The names that a scenario may use; filled from the project's registries when first asked."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sim.calendar import Month


@dataclass(frozen=True)
class World:
    """The names of one geography: ids with their display names."""

    start: Month
    end: Month
    countries: Mapping[str, str]
    regions: Mapping[str, str]
    country_of: Mapping[str, str] = field(default_factory=dict)
    events: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[tuple[str, str], Any] = field(default_factory=dict)
    title: str = ""

    @property
    def places(self) -> dict[str, str]:
        """Countries, then regions."""
        return {**self.countries, **self.regions}


@dataclass(frozen=True)
class Known:
    """The seam between scenario files and the registries; tests put their own names here.

    ``levers`` have ``title``, ``scope``, ``max_strength``; ``parameters`` have ``low``, ``high``, ``unit``,
    ``description``; ``outcomes`` have ``unit``, ``label``; ``theories`` are question -> answer -> what it says.
    ``try_values`` raises ValueError where values that are each
    in range contradict one another.
    """

    worlds: Callable[[], Sequence[str]]
    world: Callable[[str], World]
    levers: Callable[[], Mapping[str, Any]]
    parameters: Callable[[], Mapping[str, Any]]
    outcomes: Callable[[], Mapping[str, Any]]
    try_values: Callable[[str, Mapping[str, float]], object] = lambda world, values: None
    theories: Callable[[], Mapping[str, Mapping[str, str]]] = dict


def _levers() -> Mapping[str, Any]:
    from sim.levers import LIBRARY

    return LIBRARY


def _parameters() -> Mapping[str, Any]:
    from sim.parameters import coefficients

    return coefficients()


def _outcomes() -> Mapping[str, Any]:
    from sim.recorder import OUTCOMES

    return OUTCOMES


def _theories() -> Mapping[str, Mapping[str, str]]:
    from sim.theories import THEORIES

    return {question: {answer: about for answer, (about, _) in answers.items()}
            for question, answers in THEORIES.items()}


def _worlds() -> Sequence[str]:
    from sim.parameters import available_worlds

    return available_worlds()


@functools.cache
def _world(name: str) -> World:
    from sim.parameters import load_geography

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
    from sim.parameters import load_geography

    load_geography(name, values)


INSTALLED = Known(_worlds, _world, _levers, _parameters, _outcomes, _try_values, _theories)


def installed() -> Known:
    """The names of this installation."""
    return INSTALLED
