"""The names that a scenario may use."""

from __future__ import annotations

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
    """The seam between scenario files and the layers above, which know levers and outcomes; see `sim.runs.scenarios`.

    ``levers`` have ``title``, ``scope``, ``max_strength``; ``parameters`` have ``low``, ``high``, ``unit``,
    ``description``; ``outcomes`` have ``unit``, ``label``; ``theories`` are question -> answer -> what it says.
    ``try_values`` raises ValueError where values that are each in range contradict one another.
    """

    worlds: Callable[[], Sequence[str]]
    world: Callable[[str], World]
    levers: Callable[[], Mapping[str, Any]]
    parameters: Callable[[], Mapping[str, Any]]
    outcomes: Callable[[], Mapping[str, Any]]
    try_values: Callable[[str, Mapping[str, float]], object] = lambda world, values: None
    theories: Callable[[], Mapping[str, Mapping[str, str]]] = dict
