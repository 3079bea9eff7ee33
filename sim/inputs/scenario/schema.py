"""JSON Schema of scenario files, with the names of this installation, so that editors complete and check them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sim.inputs.scenario.known import Known
from sim.inputs.scenario.model import ALL, EVERYWHERE, HELP, LeverUse, Scenario

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema(known: Known) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a scenario file."""
    keys = _properties(Scenario, "")
    keys.pop("source")
    keys = {"name": keys.pop("name"), "extends": {"type": "string", "description": HELP["extends"][0]}, **keys}
    lever = _properties(LeverUse, "levers.#.")
    worlds = {name: known.world(name) for name in known.worlds()}
    places = {place: title for world in worlds.values() for place, title in world.places.items()}
    events = {event: title for world in worlds.values() for event, title in world.events.items()}
    outcomes = {name: f"{outcome.label} ({outcome.unit})" for name, outcome in known.outcomes().items()}
    keys["world"] |= _choice({name: world.title for name, world in worlds.items()})
    keys["parameters"] = _parameters(known.parameters())
    keys["theories"] = {"type": ["object", "null"], "description": HELP["theories"][0], "additionalProperties": False,
                        "properties": {question: _choice(answers) for question, answers in known.theories().items()}}
    keys["events"] = {"type": ["object", "null"], "description": HELP["events"][0], "additionalProperties": False,
                      "properties": {event: _event(title) for event, title in events.items()}}
    lever["lever"] |= _choice({name: _lever_text(entry) for name, entry in known.levers().items()})
    lever["where"] = _one_or_more(_choice({EVERYWHERE: "everywhere", **places}), HELP["levers.#.where"][0])
    strongest = max((getattr(entry, "max_strength", 1.0) for entry in known.levers().values()), default=1.0)
    lever["strength"] |= {"maximum": strongest}
    keys["levers"] = {"type": ["array", "null"], "description": HELP["levers"][0],
                      "items": {"type": "object", "description": HELP["levers.#"][0], "additionalProperties": False,
                                "required": ["lever", "where", "from"], "properties": lever}}
    record = _one_or_more(_choice(outcomes), HELP["record"][0])
    record["anyOf"].insert(0, {"const": ALL})
    keys["record"] = record
    return {"$schema": DIALECT, "title": "Scenario", "description": HELP[""][0], "type": "object",
            "additionalProperties": False, "properties": keys}


def _properties(model: Any, prefix: str) -> dict[str, dict[str, Any]]:
    found = model.model_json_schema(by_alias=True)["properties"]
    for key, entry in found.items():
        entry.pop("title", None)
        if prefix + key in HELP:
            about, allowed = HELP[prefix + key]
            entry["description"] = f"{about} Allowed: {allowed}."
    if "until" in found:
        found["until"] = {**found["from"], "description": found["until"]["description"]}
    return dict(found)


def _choice(names: Mapping[str, str]) -> dict[str, Any]:
    return {"type": "string", "enum": list(names), "enumDescriptions": list(names.values())}


def _one_or_more(choice: dict[str, Any], description: str) -> dict[str, Any]:
    return {"description": description, "anyOf": [choice, {"type": "array", "minItems": 1, "items": choice}]}


def _event(title: str) -> dict[str, Any]:
    return {"description": f"{title}. {HELP['events.*'][0]} Allowed: {HELP['events.*'][1]}.", "type": "string",
            "pattern": r"^(never|\d{4}-(0[1-9]|1[0-2]))$"}


def _parameters(coefficients: Mapping[str, Any]) -> dict[str, Any]:
    listed = {name: {"type": "number", "minimum": entry.low, "maximum": entry.high, "default": entry.value,
                     "description": f"{entry.description} [{entry.unit}; {entry.source}]"}
              for name, entry in coefficients.items()}
    return {"type": ["object", "null"], "description": HELP["parameters"][0], "additionalProperties": False,
            "properties": listed, "patternProperties": {r"^values\..+\..+$": {"type": "number"}}}


def _lever_text(lever: Any) -> str:
    unit = getattr(lever, "unit", "")
    return f"{lever.title} [{unit}]" if unit else str(lever.title)
