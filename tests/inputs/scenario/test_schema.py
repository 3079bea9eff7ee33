"""The JSON Schema that editors use."""

from __future__ import annotations

import json

from sim.inputs.scenario import Known, schema
from sim.inputs.scenario.loading import KEYS, LEVER_KEYS


def test_schema_names_what_exists(known: Known) -> None:
    found = schema(known)
    json.dumps(found)
    keys = found["properties"]
    assert set(keys) == set(KEYS)
    assert found["additionalProperties"] is False
    assert keys["world"]["enum"] == ["toy"]
    assert (keys["worlds"]["minimum"], keys["worlds"]["maximum"]) == (1, 100_000)
    assert keys["parameters"]["properties"]["exposure.peers"]["maximum"] == 0.5
    assert "1/month" in keys["parameters"]["properties"]["exposure.peers"]["description"]
    assert list(keys["events"]["properties"]) == ["uprising"]
    assert keys["theories"]["properties"] == {
        "peers": {"type": "string", "enum": ["on", "off"], "enumDescriptions": ["they matter", "they do not"]}}
    lever = keys["levers"]["items"]["properties"]
    assert set(lever) == set(LEVER_KEYS)
    assert lever["lever"]["enum"] == ["border_control", "national_cohesion"]
    assert lever["where"]["anyOf"][0]["enum"] == ["*", "AA", "BB", "AA-1", "AA-2", "BB-1"]
    assert keys["record"]["anyOf"][0] == {"const": "all"}
    assert "persons/month" in keys["record"]["anyOf"][1]["enumDescriptions"][0]
    assert all(entry.get("description") for entry in (*keys.values(), *lever.values()))
    assert "$ref" not in json.dumps(found)
