"""Files and overrides -> one checked scenario; a scenario -> YAML."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

import yaml
from pydantic import ValidationError

from sim.calendar import Month
from sim.inputs.mistakes import Fault, Mark, Path, ScenarioError, find_mark, message
from sim.inputs.reading import Dumper, parse, read_text
from sim.inputs.scenario.checks import allowed_at, check
from sim.inputs.scenario.known import Known
from sim.inputs.scenario.model import ALL, LeverUse, Scenario
from sim.words import nearest, shown

KEYS = ("name", "title", "description", "extends", "world", "start", "end", "worlds", "seed", "uncertainty",
        "parameters", "theories", "events", "levers", "record")
LEVER_KEYS = ("lever", "where", "from", "until", "strength", "ramp")
OWN = ("name", "title", "description")  # not inherited: a child is another scenario
MAPPINGS = ("parameters", "theories", "events")
MAX_PARENTS = 20
SCENARIOS = FilePath("scenarios")  # where files that are given by a wrong folder are looked for


@dataclass
class Layer:
    """The keys of one file, or of the overrides, and where each stands."""

    data: dict[str, Any]
    marks: dict[Path, Mark]


def load_scenario(source: str | os.PathLike[str] | Scenario, overrides: Mapping[str, Any] | None = None, *,
                  known: Known, origin: str = "--set",
                  origins: Mapping[str, str] | None = None) -> Scenario:
    """Read and check a scenario.

    Parameters
    ----------
    source : path of a YAML file, or a Scenario built in Python.
    overrides : key -> value on top of the file; ``parameters.<name>``, ``theories.<question>`` and ``events.<id>`` name
        one entry. None: unset.
    known : the names that exist.
    origin : what messages call the place of the overrides.
    origins : the same for single keys, where it differs.

    Raises
    ------
    ScenarioError
        with one message: file, line, key, value, what is allowed, nearest spelling.
    """
    if isinstance(source, Scenario):
        label = source.source or f"scenario '{source.name}'"
        layers = [Layer(_keys(source), {(): Mark(label)})]
    else:
        label = os.fspath(source)
        layers = _files(label)
    layers.append(_override_layer(overrides or {}, origin, origins or {}))
    for layer in layers:
        _check_shape(layer)
    merged = _merge(layers)
    try:
        _fill_defaults(merged.data, label, known)
        scenario = Scenario.model_validate({**merged.data, "source": label})
        return check(scenario, known)
    except Fault as fault:
        raise fault.at(merged.marks) from None
    except ValidationError as error:  # only what no single layer could show, such as a name taken from the file's
        raise _first_fault(error, merged).at(merged.marks) from None


def parse_set(text: str) -> tuple[str, Any]:
    """``key=value`` of the command line; the value is read as YAML.

    Raises ScenarioError where there is no '=' or the value is not YAML.
    """
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise ScenarioError(f"--set: {shown(text)} is not of the form key=value, for instance --set worlds=20.")
    return key.strip(), parse(value, f"--set {key.strip()}")[0]


def _files(path: str) -> list[Layer]:
    """The file and its parents, the furthest parent first."""
    layers: list[Layer] = []
    chain: list[str] = []
    seen: set[FilePath] = set()
    mark: Mark | None = None
    current: str | None = path
    while current is not None:
        chain.append(current)
        if mark is None:
            _refuse_missing(current)
        text = read_text(current, mark)
        real = FilePath(current).resolve()
        if real in seen or len(chain) > MAX_PARENTS:
            problem = "the files extend each other in a circle" if real in seen else "too many parents"
            raise ScenarioError(message(mark or Mark(path), ("extends",), f"{problem}: {' -> '.join(chain)}"))
        seen.add(real)
        data, marks = parse(text, current)
        if not isinstance(data, dict):
            raise Fault((), "the file is empty" if data is None else f"found {shown(data)} instead of keys",
                        allowed_at(())).at(marks)
        layer = Layer(data, marks)
        layers.insert(0, layer)
        mark = marks.get(("extends",))
        current = _parent(layer, current)
    for parent in layers[:-1]:
        for key in OWN:
            _check_shape(Layer({k: v for k, v in parent.data.items() if k == key}, parent.marks))
            parent.data.pop(key, None)
    return layers


def _refuse_missing(path: str) -> None:
    """Where a file is missing that lies in a folder of scenarios by its name, name it there."""
    wanted = FilePath(path)
    if os.path.exists(path) or not wanted.name:
        return
    found = [str(file) for file in _folders_of(SCENARIOS, wanted.with_suffix(".yaml").name)]
    if found:
        raise ScenarioError(f"{path}: there is no such file; did you mean {' or '.join(found)}?")


def _folders_of(folder: FilePath, name: str) -> list[FilePath]:
    """The files of a name in a folder and in the folders within it."""
    places = [folder, *sorted(place for place in folder.glob("*") if place.is_dir())]
    return [place / name for place in places if (place / name).is_file()]


def _parent(layer: Layer, file: str) -> str | None:
    if "extends" not in layer.data:
        return None
    value = layer.data.pop("extends")
    if not isinstance(value, str):
        raise Fault(("extends",), f"{shown(value)} is not a path", allowed_at(("extends",))).at(layer.marks)
    return os.path.normpath(os.path.join(os.path.dirname(file), value))


def _override_layer(overrides: Mapping[str, Any], origin: str, origins: Mapping[str, str]) -> Layer:
    layer = Layer({}, {(): Mark(origin), **{(key,): Mark(label) for key, label in origins.items()}})
    for key, value in overrides.items():
        if value is None:
            continue
        head, dot, rest = key.partition(".")
        if key == "extends":
            raise ScenarioError(message(Mark(origin), ("extends",), "a parent can be named in a file only"))
        if dot and head in MAPPINGS:
            layer.data.setdefault(head, {})[rest] = _plain(value)
        else:
            layer.data[key] = _plain(value)
    return layer


def _plain(value: Any) -> Any:
    """Python values as YAML would give them: numpy scalars, tuples and lever uses become plain."""
    if isinstance(value, LeverUse):
        return _lever_keys(value)
    if isinstance(value, Month):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value.item() if hasattr(value, "item") else value


def _check_shape(layer: Layer) -> None:
    """Raise the first mistake of a layer in keys, types or plain ranges."""
    for key in (*MAPPINGS, "levers", "record"):
        if key in layer.data and layer.data[key] is None:
            del layer.data[key]
    try:
        Scenario.model_validate(layer.data, by_alias=True, by_name=False)
    except ValidationError as error:
        fault = _first_fault(error, layer, partial=True)
        if fault is not None:
            raise fault.at(layer.marks) from None
    if "source" in layer.data:
        raise _unknown_key(("source",)).at(layer.marks)


def _first_fault(error: ValidationError, layer: Layer, partial: bool = False) -> Any:
    """The mistake that stands first in the file; with ``partial``, top-level keys may be missing."""
    faults: list[tuple[int, int, Fault]] = []
    items = error.errors(include_url=False, include_context=False)
    misspelt = {item["loc"][:-1] for item in items if item["type"] == "extra_forbidden"}
    for item in items:
        path: Path = item["loc"]
        if item["type"] == "missing" and (path[:-1] in misspelt or (partial and len(path) == 1)):
            continue
        faults.append((find_mark(layer.marks, path).line or 0, len(faults), _fault(item, path)))
    return min(faults)[2] if faults else None


def _fault(item: Any, path: Path) -> Fault:
    if item["type"] == "extra_forbidden":
        return _unknown_key(path)
    if item["type"] == "missing":
        return Fault(path[:-1], f"'{path[-1]}' is missing", f"{path[-1]}: {allowed_at(path)}")
    if path[-1] == "[key]":
        path = path[:-1]
    return Fault(path, f"{shown(item['input'])} is not allowed here", allowed_at(path))


def _unknown_key(path: Path) -> Fault:
    keys = KEYS if len(path) == 1 else LEVER_KEYS
    return Fault(path, f"the key {shown(path[-1])} is unknown", ", ".join(keys), nearest(path[-1], keys))


def _merge(layers: list[Layer]) -> Layer:
    """Later layers override earlier ones; mappings merge key by key, levers are appended."""
    merged = Layer({}, {})
    for layer in layers:
        if layer.data:
            merged.marks[()] = layer.marks[()]
        for key, value in layer.data.items():
            before = len(merged.data.get(key, ())) if key == "levers" else 0
            if key in MAPPINGS:
                merged.data[key] = {**merged.data.get(key, {}), **value}
            elif key == "levers":
                merged.data[key] = [*merged.data.get(key, ()), *value]
            else:
                merged.data[key] = value
            merged.marks |= _marks_of(layer, key, before)
    return merged


def _marks_of(layer: Layer, key: str, before: int) -> dict[Path, Mark]:
    """The marks of a key and of each of its entries; entries of a list move on by ``before`` places."""
    value = layer.data[key]
    entries = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    marks = dict.fromkeys([(key,), *((key, entry) for entry in entries)], layer.marks[()])
    marks |= {path: mark for path, mark in layer.marks.items() if path[:1] == (key,)}
    return {(key, path[1] + before, *path[2:]) if len(path) > 1 and isinstance(path[1], int) else path: mark
            for path, mark in marks.items()}


def _fill_defaults(data: dict[str, Any], label: str, known: Known) -> None:
    data.setdefault("name", FilePath(label).stem)
    data["title"] = data.get("title") or data["name"]
    data.setdefault("world", Scenario.model_fields["world"].default)
    if data["world"] in known.worlds():
        world = known.world(data["world"])
        data.setdefault("start", world.start)
        data.setdefault("end", world.end)
    else:  # the check of names reports the world; any month will do
        data.setdefault("start", Month.of(2000, 1))
        data.setdefault("end", Month.of(2000, 1))


def _lever_keys(use: LeverUse) -> dict[str, Any]:
    keys = {"lever": use.lever, "where": list(use.where), "from": str(use.start), "until": use.until and str(use.until),
            "strength": use.strength, "ramp": use.ramp}
    return {key: value for key, value in keys.items() if value is not None}


def _keys(scenario: Scenario) -> dict[str, Any]:
    """The scenario as the keys of a file."""
    return {"name": scenario.name, "title": scenario.title, "description": scenario.description,
            "world": scenario.world, "start": str(scenario.start), "end": str(scenario.end), "worlds": scenario.worlds,
            "seed": scenario.seed, "uncertainty": scenario.uncertainty, "parameters": dict(scenario.parameters),
            "theories": dict(scenario.theories), "events": dict(scenario.events),
            "levers": [_lever_keys(use) for use in scenario.levers], "record": list(scenario.record)}


def dump(scenario: Scenario, known: Known) -> str:
    """The resolved scenario as YAML that loads back to the same Scenario."""
    keys = _keys(scenario)
    if scenario.record in ((ALL,), tuple(known.outcomes())):
        keys["record"] = ALL
    return yaml.dump(keys, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=100)
