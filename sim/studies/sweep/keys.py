"""What the keys of a sweep file are, and the one message where they are wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict, ValidationError

from sim.calendar import Month
from sim.inputs.mistakes import Fault, Mark, Path, find_mark
from sim.inputs.scenario.model import MAX_RAMP
from sim.studies.sweep.summaries import SUMMARIES
from sim.words import nearest, shown

KINDS = ("grid", "latin_hypercube", "sobol", "one_at_a_time", "morris", "csv")

#: key -> (what it is, what is allowed); '*': an entry of a mapping
HELP: dict[str, tuple[str, str]] = {
    "": ("A sweep.", "a mapping of keys such as name, question, base, vary, design, worlds, record"),
    "name": ("Short name; it begins the name of the result folder. Default: the name of the file.",
             "at most 64 letters, digits, '-', '_' or '.', beginning and ending with a letter or digit"),
    "title": ("Title on figures. Default: the name.", "text of at most 200 characters"),
    "question": ("What is asked.", "text"),
    "runtime": ("How long it takes, and on what.", "text"),
    "base": ("The scenario that all points share, relative to this file.", "the path of a scenario file"),
    "set": ("Other keys of the base scenario.", "a mapping of scenario keys, such as end or events.<id>"),
    "vary": ("What differs between points.", "a mapping of names of your choice to entries such as {parameter: "
             "counter.detection, range: [0.02, 0.2]}"),
    "vary.*": ("One thing that differs.", "a mapping with one of parameter, parameters, lever, levers, dial, theory, "
               "theories, event, value, posterior"),
    "vary.*.range": ("Lowest and highest value.", "[low, high], two numbers or two months"),
    "vary.*.values": ("The values, one by one.", "a list of at least one value"),
    "vary.*.scale": ("How a range is divided; auto: log where it lies above zero and spans more than a factor of five.",
                     "linear, log or auto"),
    "vary.*.levels": ("Steps of a range in a grid.", "a whole number from 2 to 1000"),
    "vary.*.where": ("Countries or regions.", "a list of country or region ids, or '*' in quotes"),
    "vary.*.from": ("First month.", "a month as YYYY-MM; of a lever also {values: [...]} or {range: [...]}"),
    "vary.*.until": ("Last month. Default: the end of the run.", "a month as YYYY-MM; of a lever also {values: [...]}"),
    "vary.*.ramp": ("Months of linear build-up.", f"a whole number from 0 to {MAX_RAMP}"),
    "vary.*.strength": ("Share of the lever's full effect. Default: from nothing to its maximum.",
                        "a number, {range: [low, high]} or {values: [...]}"),
    "vary.*.draws": ("How many of the posterior draws.", "a whole number of 1 or more"),
    "vary.*.posterior": ("The posterior draws of all fitted coefficients together, one draw a point.", "true"),
    "design": ("How points are chosen.", f"a mapping with kind ({', '.join(KINDS)}) and its options"),
    "design.kind": ("The design.", ", ".join(KINDS)),
    "design.points": ("Points of a Latin hypercube; base points (a power of two) of a Sobol design.",
                      "a whole number of 1 or more"),
    "design.levels": ("Levels of a range in grid, one_at_a_time or morris.", "a whole number from 2 to 1000"),
    "design.trajectories": ("Trajectories of a Morris design.", "a whole number of 2 or more"),
    "design.second_order": ("Whether a Sobol design allows indices of pairs.", "true or false"),
    "design.seed": ("Seed of a random design.", "a whole number of 0 or more"),
    "design.file": ("Table of points, relative to this file: one column for each varied name.",
                    "the path of a CSV file"),
    "worlds": ("Worlds at each point.", "a whole number from 1 to 100000"),
    "luck": ("common: all points meet the same worlds; own: every point has worlds of its own.", "common or own"),
    "record": ("What is kept.", "a mapping with outcomes, summaries, periods, places"),
    "record.outcomes": ("Totals (flows) or means (the rest) over each period.", "a list of outcome names"),
    "record.summaries": ("Numbers derived in each world.", f"a list of {', '.join(SUMMARIES)}"),
    "record.periods": ("Spans of months. Default: all, the whole run.",
                       "a mapping of names to [first month, last month] within the run"),
    "record.places": ("Regions kept beside the countries and ALL.", "a list of region ids"),
    "analysis": ("What the analysis looks at first.", "a mapping with phase, outcomes, undesired, marks"),
    "analysis.phase": ("Pairs of varied names for phase diagrams.", "a list of pairs [x, y] of varied names"),
    "analysis.outcomes": ("Columns that are analysed. Default: all.", "a list of recorded outcomes and summaries"),
    "analysis.undesired": ("What counts as undesired at a point.",
                           "a mapping with outcome, place, above and perhaps period"),
    "analysis.marks": ("Known positions on phase diagrams.", "a list of {label: text, x: number, y: number}"),
}

#: key -> its words, each with another that is taken for it
CHOICES: dict[str, dict[str, str]] = {"design.kind": {kind: kind.replace("_", " ") for kind in KINDS},
                                      "luck": {"common": "shared", "own": "separate"},
                                      "vary.*.scale": {"linear": "lin", "log": "logarithmic", "auto": "automatic"}}

Text = Annotated[str, Strict()]
Whole = Annotated[int, Strict()]
Number = Annotated[float, Strict(), Field(allow_inf_nan=False)]
Names = Annotated[tuple[Text, ...], BeforeValidator(lambda value: (value,) if isinstance(value, str) else value)]


class Frozen(BaseModel):
    """Strict, unchangeable keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def plain(value: Any) -> Any:
    """Python values as YAML has them."""
    if isinstance(value, Month):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value.item() if hasattr(value, "item") else value


def validated(model: Any, data: Mapping[str, Any], path: Path, marks: Mapping[Path, Mark]) -> Any:
    """The model of some data; the first mistake in the file as a Fault."""
    try:
        return model.model_validate(dict(data), by_alias=True, by_name=False)
    except ValidationError as error:
        items = error.errors(include_url=False, include_context=False)
        misspelt = {item["loc"][:-1] for item in items if item["type"] == "extra_forbidden"}
        faults = [_fault(item, path, model) for item in items
                  if item["type"] != "missing" or item["loc"][:-1] not in misspelt]
        raise min(faults, key=lambda fault: find_mark(marks, fault.path).line or 0) from None


def _fault(item: Any, above: Path, model: Any) -> Fault:
    path: Path = (*above, *(part for part in item["loc"] if part != "[key]"))
    if item["type"] == "extra_forbidden":
        keys = _keys_at(model, item["loc"][:-1])
        return Fault(path, f"the key {shown(path[-1])} is unknown", ", ".join(keys), nearest(path[-1], keys))
    if item["type"] == "missing":
        return Fault(path[:-1], f"'{path[-1]}' is missing", f"{path[-1]}: {allowed_at(path)}")
    names = CHOICES.get(_general(path))
    close = nearest(item["input"], names) if names and isinstance(item["input"], str) else None
    return Fault(path, f"{shown(item['input'])} is not allowed here", allowed_at(path), close)


def _keys_at(model: Any, loc: tuple[Any, ...]) -> list[str]:
    for part in loc:
        kind = model.model_fields[part].annotation if part in model.model_fields else None
        inner = [one for one in (kind, *getattr(kind, "__args__", ())) if isinstance(one, type)
                 and issubclass(one, BaseModel)]
        model = inner[0] if inner else model
    return [field.alias or name for name, field in model.model_fields.items()]


def allowed_at(path: Path) -> str:
    """What is allowed at a path, from `HELP`; what has no line of its own, from the line above it."""
    parts = _general(path).split(".")
    while ".".join(parts) not in HELP:
        parts.pop()
    return HELP[".".join(parts)][1]


def _general(path: Path) -> str:
    """A path as in `HELP`."""
    return ".".join("*" if index == 1 and path[0] == "vary" else str(part) for index, part in enumerate(path))
