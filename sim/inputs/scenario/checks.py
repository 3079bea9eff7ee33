"""Names, ranges and dates of a scenario against what the project knows. Each check raises one `Fault`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sim.inputs.mistakes import Fault, Path
from sim.inputs.scenario.known import Known, World
from sim.inputs.scenario.model import ALL, EVERYWHERE, HELP, LeverUse, Scenario
from sim.words import listed, nearest, shown


def among(path: Path, value: str, names: Mapping[str, str] | Iterable[str], what: str, see: str = "") -> None:
    """Raise a Fault unless ``value`` is one of the names."""
    names = names if isinstance(names, Mapping) else list(names)
    if value not in names:
        more = f" (`python run.py list {see}` shows them)" if see and len(names) > 12 else ""
        allowed = listed(names) + more if names else "none"
        raise Fault(path, f"{shown(value)} is not {what}", allowed, nearest(value, names))


def check(scenario: Scenario, known: Known) -> Scenario:
    """The scenario with ``record`` spelled out, if everything in it is known and in range."""
    among(("world",), scenario.world, known.worlds(), "a world")
    world = known.world(scenario.world)
    _period(scenario, world)
    for name, value in scenario.parameters.items():
        _parameter(name, value, known.parameters(), world, scenario.world)
    _together(scenario, known)
    for question, answer in scenario.theories.items():
        among(("theories", question), question, list(known.theories()), "a question", "theories")
        answers = list(known.theories()[question])
        among(("theories", question), answer, answers, f"an answer to '{question}'", "theories")
    for event in scenario.events:
        among(("events", event), event, world.events, f"an event of the world '{scenario.world}'", "events")
    for index, use in enumerate(scenario.levers):
        _lever(("levers", index), use, known.levers(), world, scenario.world)
    return scenario.model_copy(update={"record": _record(scenario.record, list(known.outcomes()))})


def _period(scenario: Scenario, world: World) -> None:
    allowed = f"a month from {world.start} to {world.end}, the range of the world '{scenario.world}'"
    for key, month in (("start", scenario.start), ("end", scenario.end)):
        if not world.start <= month <= world.end:
            raise Fault((key,), f"{month} lies outside the world's own range", allowed)
    if scenario.end < scenario.start:
        raise Fault(("end",), f"{scenario.end} lies before the start {scenario.start}",
                    f"a month from {scenario.start} to {world.end}")


def _parameter(name: str, value: float, coefficients: Mapping[str, Any], world: World, world_name: str) -> None:
    path: Path = ("parameters", name)
    if name.startswith("values."):
        place, _, field = name.removeprefix("values.").rpartition(".")
        if (place, field) not in world.values:
            raise _unknown_value(path, place, field, world, world_name)
        number = world.values[place, field]
    else:
        among(path, name, list(coefficients), "a coefficient (or values.<place>.<field>)", "parameters")
        number = coefficients[name]
    if not number.low <= value <= number.high:
        raise Fault(path, f"{value:g} lies outside its range",
                    f"a number from {number.low:g} to {number.high:g} ({number.unit})")


def _together(scenario: Scenario, known: Known) -> None:
    values = {name: value for name, value in scenario.parameters.items() if name.startswith("values.")}
    if values:
        try:
            known.try_values(scenario.world, values)
        except ValueError as error:
            raise Fault(("parameters",), f"these values do not fit together ({error})") from None


def _unknown_value(path: Path, place: str, field: str, world: World, world_name: str) -> Fault:
    fields = [known for at, known in world.values if at == place]
    if fields:
        close = nearest(field, fields)
        return Fault(path, f"{shown(place)} has no value {shown(field)} of its own", listed(fields),
                     close and f"values.{place}.{close}")
    places = list(dict.fromkeys(at for at, _ in world.values))
    close = nearest(place, {at: world.places.get(at, at) for at in places})
    return Fault(path, f"{shown(place)} is not a place with values in the world '{world_name}'",
                 f"values.<place>.<field> with a place such as {listed(places, 6)}",
                 close and f"values.{close}.{field}")


def _lever(path: Path, use: LeverUse, library: Mapping[str, Any], world: World, world_name: str) -> None:
    among((*path, "lever"), use.lever, {name: lever.title for name, lever in library.items()}, "a lever", "levers")
    lever = library[use.lever]
    for index, place in enumerate(use.where):
        _place((*path, "where", index), place, lever, use.lever, world, world_name)
    if use.until is not None and use.until < use.start:
        raise Fault((*path, "until"), f"{use.until} lies before 'from' ({use.start})", f"a month from {use.start} on")
    most = getattr(lever, "max_strength", 1.0)
    if use.strength > most:
        raise Fault((*path, "strength"), f"{use.strength:g} is too strong", f"a number from 0 to {most:g}")


def _place(path: Path, place: str, lever: Any, name: str, world: World, world_name: str) -> None:
    if place == EVERYWHERE:
        return
    countries = ", ".join(world.countries)
    if place not in world.places:
        raise Fault(path, f"{shown(place)} is not a place of the world '{world_name}'",
                    f"'*', a country ({countries}) or one of {len(world.regions)} regions "
                    f"(`python run.py list places --world {world_name}` shows them)", nearest(place, world.places))
    if place in world.regions and getattr(lever, "scope", "region") == "country":
        raise Fault(path, f"{shown(place)} is a region, but the lever '{name}' acts on whole countries",
                    f"'*' or a country ({countries})", world.country_of.get(place))


def _record(record: tuple[str, ...], outcomes: list[str]) -> tuple[str, ...]:
    if record == (ALL,):
        return tuple(outcomes)
    for index, name in enumerate(record):
        what = "an outcome; it stands alone" if name == ALL else "an outcome"
        among(("record", index), name, outcomes, what, "outcomes")
    return tuple(dict.fromkeys(record))


def allowed_at(path: Path) -> str:
    """What is allowed at a path, from `HELP`."""
    parts: list[str] = []
    for part in path:
        named = parts in (["parameters"], ["theories"], ["events"])
        parts.append("#" if isinstance(part, int) else "*" if named else part)
    while ".".join(parts) not in HELP:
        parts.pop()
    return HELP[".".join(parts)][1]
