"""The timeline: every turn of every dial by events and levers, and how far each is built up in a month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from sim.calendar import Month
from sim.inputs.folder_checks import EVERYWHERE, among
from sim.inputs.geography import Geography
from sim.policy.dials import DIALS, build_up
from sim.policy.levers import LIBRARY

if TYPE_CHECKING:
    from sim.inputs.scenario import Scenario

#: (dial, where, amount or amounts (worlds,), first month, last month or None), months since year 0
ExtraTurn = tuple[str, Sequence[str], float | np.ndarray, int, int | None]


class Turn:
    """One turn of one dial over a period, by an event or a lever."""

    __slots__ = ("amount", "dial", "effort", "end", "places", "ramp", "regions", "start", "strength")

    def __init__(self, dial: str, places: np.ndarray, amount: float | np.ndarray, start: int, end: int | None,
                 ramp: int, strength: float | np.ndarray, effort: float = 0.0, regions: np.ndarray | None = None):
        self.dial, self.places, self.amount = dial, places, amount
        self.start, self.end, self.ramp, self.strength = start, end, ramp, strength
        self.effort, self.regions = effort, regions

    def level(self, month: int) -> float:
        """How far the turn is built up in a month, 0-1."""
        return build_up(month, self.start, self.end, self.ramp)


def places_of(scope: str, where: Sequence[str], g: Geography) -> np.ndarray:
    """Indices in a dial's scope for place names: a country stands for its regions, ``*`` for all."""
    names = g.countries if scope == "country" else g.regions
    found: set[int] = set()
    for place in where:
        if place == "*":
            found.update(range(len(names)))
        elif place in names:
            found.add(names.index(place))
        elif scope == "region" and place in g.countries:
            found.update(np.flatnonzero(g.country_of == g.countries.index(place)).tolist())
        else:
            raise ValueError(f"'{place}' is no place for a dial of scope {scope}")
    return np.array(sorted(found), dtype=int)


def extra_turn(turn: ExtraTurn, g: Geography) -> Turn:
    """A turn that belongs to no event or lever."""
    dial, where, amount, first, last = turn
    if np.ndim(amount):
        amount = np.reshape(amount, (-1, 1))
    return Turn(dial, places_of(DIALS[dial].scope, where, g), amount, first, last, 0, 1.0)


def check_event_dials(g: Geography) -> None:
    """Raise DataError where an event turns an unknown dial, or one of whole countries in a region."""
    for name, event in g.events.items():
        for turn in event["turns"]:
            where = f"{g.name}/events.yaml, line {turn.line}: {name}"
            among(where, turn["dial"], DIALS, "a dial")
            if DIALS[turn["dial"]].scope == "country":
                for place in turn["where"]:
                    among(where, place, [EVERYWHERE, *g.countries],
                          f"a country; the dial '{turn['dial']}' turns whole countries")


def timeline(scenario: Scenario, g: Geography, strengths: Mapping[int, np.ndarray]) -> list[Turn]:
    """Every turn of every dial: events in the order of their ids, then levers in a canonical order."""
    check_event_dials(g)
    turns = []
    for name in sorted(g.events):
        event = g.events[name]
        moved = scenario.events.get(name)
        if moved == "never":
            continue
        start = int(Month.parse(str(moved or event["date"])))
        end = None
        if event.get("until"):
            end = start + int(Month.parse(str(event["until"]))) - int(Month.parse(str(event["date"])))
        for turn in event["turns"]:
            scope = DIALS[turn["dial"]].scope
            turns.append(Turn(turn["dial"], places_of(scope, turn["where"], g), float(turn["amount"]), start, end,
                              int(event.get("ramp", 0)), 1.0))
    order = sorted(range(len(scenario.levers)), key=lambda i: repr(scenario.levers[i]))
    for i in order:
        use = scenario.levers[i]
        lever = LIBRARY[use.lever]
        regions = places_of("region", use.where, g)
        strength: float | np.ndarray = use.strength
        if i in strengths:
            strength = np.asarray(strengths[i], dtype=float).reshape(-1, 1)
        for j, (dial, amount) in enumerate(lever.turns.items()):
            turns.append(Turn(dial, places_of(DIALS[dial].scope, use.where, g), amount, int(use.start),
                              None if use.until is None else int(use.until), use.ramp, strength,
                              lever.effort if j == 0 else 0.0, regions))
    return turns
