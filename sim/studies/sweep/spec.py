"""Sweep files: YAML -> a checked, frozen `SweepSpec`, with errors that say where and what is allowed."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, Strict

from sim.calendar import Month
from sim.engine.outcomes import OUTCOMES
from sim.inputs.mistakes import Fault, Mark, Path, ScenarioError, find_mark
from sim.inputs.reading import Dumper, parse, read_text
from sim.inputs.scenario import Scenario
from sim.inputs.scenario.checks import among, check
from sim.inputs.scenario.known import Known, World
from sim.runs.scenarios import installed, load_scenario
from sim.studies.sweep.dimensions import Dimension
from sim.studies.sweep.keys import HELP, Frozen, Names, Number, Text, Whole, plain, validated
from sim.studies.sweep.summaries import SUMMARIES
from sim.studies.sweep.vary import DialTurn, Entry, Reader, resolved
from sim.words import shown

OF_SWEEPS = {"vary", "design", "base", "luck", "analysis"}  # keys that no scenario has
COLUMNS = ("point", "world", "period", "place")
ALL_PLACES = "ALL"


class Design(Frozen):
    """How points are chosen; see `sim.studies.sweep.design`."""

    kind: Literal["grid", "latin_hypercube", "sobol", "one_at_a_time", "morris", "csv"]
    points: Annotated[Whole, Field(ge=1)] | None = None
    levels: Annotated[Whole, Field(ge=2, le=1000)] | None = None
    trajectories: Annotated[Whole, Field(ge=2)] | None = None
    second_order: Annotated[bool, Strict()] = False
    seed: Annotated[Whole, Field(ge=0)] = 1
    file: Text | None = None


class Record(Frozen):
    """What is kept of each world: columns = outcomes, then summaries."""

    outcomes: Names = ("departures", "recruits", "attacks", "deaths_civilians", "controlled_residents")
    summaries: Names = ("foothold_any", "foothold_months")
    periods: Annotated[dict[Text, tuple[Month, Month]], Field(default_factory=dict)]
    places: Names = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the results beside point, world, period and place."""
        return (*self.outcomes, *self.summaries)


class Undesired(Frozen):
    """A point is undesired where the mean of ``outcome`` over its worlds lies above ``above``."""

    outcome: Text
    place: Text = ALL_PLACES
    period: Text | None = None
    above: Number


class PhaseMark(Frozen):
    """A known position on a phase diagram."""

    label: Text
    x: Number
    y: Number


class Analysis(Frozen):
    """What the analysis looks at first."""

    phase: tuple[tuple[Text, Text], ...] = ()
    outcomes: Names = ()
    undesired: Undesired | None = None
    marks: tuple[PhaseMark, ...] = ()


class _File(Frozen):
    name: Annotated[Text, Field(max_length=64, pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$")]
    title: Annotated[Text, Field(max_length=200)] = ""
    question: Text = ""
    runtime: Text = ""
    base: Any
    set: Annotated[dict[Text, Any], Field(default_factory=dict)]
    vary: Annotated[dict[Text, dict[Text, Any]], Field(min_length=1)]
    design: Design
    worlds: Annotated[Whole, Field(ge=1, le=100_000)]
    luck: Literal["common", "own"] = "common"
    record: Annotated[Record, Field(default_factory=lambda: Record.model_validate({}))]
    analysis: Analysis = Analysis()


@dataclass(frozen=True)
class SweepSpec:
    """A resolved sweep.

    ``base`` is the scenario that all points share; ``scenario`` carries the levers of the entries after its own, in the
    order in which dimensions refer to them (`Dimension.position`), and records what the columns need. ``text`` is the
    resolved file, whose base is the scenario beside it.
    """

    name: str
    title: str
    question: str
    runtime: str
    base: Scenario
    scenario: Scenario
    dimensions: tuple[Dimension, ...]
    turns: tuple[DialTurn, ...]
    design: Design
    worlds: int
    luck: str
    record: Record
    analysis: Analysis
    text: str
    source: str

    @property
    def names(self) -> tuple[str, ...]:
        """Names of what is varied: the columns of the points."""
        return tuple(dimension.name for dimension in self.dimensions)


def load_sweep(source: str | os.PathLike[str] | Mapping[str, Any], *, known: Known | None = None) -> SweepSpec:
    """Read and check a sweep.

    Parameters
    ----------
    source : path of a YAML file, or its keys as a mapping (paths in it are then relative to the working folder)
    known : the names that exist. Default: those of this installation.

    Raises
    ------
    ScenarioError
        with one message: file, line, key, value, what is allowed, nearest spelling.
    """
    data, marks, label = _read(source)
    try:
        return _Checker(data, marks, label, known or installed()).spec()
    except Fault as fault:
        raise fault.at(marks) from None


def _read(source: Any) -> tuple[dict[str, Any], dict[Path, Mark], str]:
    if isinstance(source, Mapping):
        label = f"sweep '{source.get('name', '')}'"
        return dict(source), {(): Mark(label)}, label
    label = os.fspath(source)
    data, marks = parse(read_text(label), label)
    if not isinstance(data, dict):
        raise Fault((), "the file is empty" if data is None else f"found {shown(data)} instead of keys",
                    HELP[""][1]).at(marks)
    if not data.keys() & OF_SWEEPS and data.keys() & Scenario.model_fields.keys():
        raise ScenarioError(f"{label} is a scenario; use: python run.py run {shlex.quote(label)}")
    return data, marks, label


class _Checker:
    """One file on its way to a spec; faults are raised with paths of the file."""

    def __init__(self, data: dict[str, Any], marks: dict[Path, Mark], label: str, known: Known):
        self.data, self.marks, self.label, self.known = data, marks, label, known
        self.folder = "" if isinstance(marks.get(()), Mark) and marks[()].line is None else os.path.dirname(label)

    def spec(self) -> SweepSpec:
        self.data.setdefault("name", FilePath(self.label).stem)
        file = validated(_File, self.data, (), self.marks)
        base = self._base(file)
        world = self.known.world(base.world)
        entries = self._entries(file, base)
        found = [entry for entry, _ in entries.values()]
        dimensions = tuple(dimension for entry in found for dimension in entry.dimensions)
        whole = self._with_levers(base, found)
        record = self._record(file.record, base, world)
        self._names(dimensions, record)
        self._targets(dimensions)
        self._design(file.design)
        self._analysis(file.analysis, dimensions, record, world)
        whole = whole.model_copy(update={"worlds": file.worlds, "record": needed(record)})
        text = self._text(file, {name: raw for name, (_, raw) in entries.items()}, record)
        return SweepSpec(file.name, file.title or file.name, file.question, file.runtime, base, whole, dimensions,
                         tuple(entry.turn for entry in found if entry.turn), self._design_file(file.design),
                         file.worlds, file.luck, record, file.analysis, text, self.label)

    def _base(self, file: _File) -> Scenario:
        origins = {key: str(find_mark(self.marks, ("set", key))) for key in file.set}
        if isinstance(file.base, Scenario):
            return load_scenario(file.base, file.set, known=self.known, origin="set", origins=origins)
        if not isinstance(file.base, str):
            raise Fault(("base",), f"{shown(file.base)} is not a path", HELP["base"][1])
        path = os.path.normpath(os.path.join(self.folder, file.base))
        if not os.path.exists(path):
            raise Fault(("base",), f"there is no file {path}", HELP["base"][1])
        return load_scenario(path, file.set, known=self.known, origin="set", origins=origins)

    def _entries(self, file: _File, base: Scenario) -> dict[str, tuple[Entry, dict[str, Any]]]:
        """Name -> what the entry brings, and the entry spelled out."""
        reader, found = Reader(base, self.known, self.marks), {}
        for entry, name, raw in reader.expanded(file.vary):
            if name in found:
                raise Fault(("vary", entry), f"the name '{name}' stands for another entry already", "each name once")
            read = reader.read(entry, name, plain(raw))
            found[name] = read, resolved(plain(raw), read)
        return found

    def _with_levers(self, base: Scenario, entries: list[Entry]) -> Scenario:
        """The base with the levers of the entries; a mistake in one is reported where it stands."""
        added = [(entry.dimensions[0].entry, entry.use) for entry in entries if entry.use is not None]
        before = len(base.levers)
        try:
            return check(base.model_copy(update={"levers": (*base.levers, *(use for _, use in added))}), self.known)
        except Fault as fault:
            if fault.path[:1] == ("levers",) and int(fault.path[1]) >= before:
                fault.path = ("vary", added[int(fault.path[1]) - before][0], *fault.path[2:])
            raise

    def _record(self, record: Record, base: Scenario, world: World) -> Record:
        for index, name in enumerate(record.outcomes):
            among(("record", "outcomes", index), name, list(OUTCOMES), "an outcome", "outcomes")
        for index, name in enumerate(record.summaries):
            among(("record", "summaries", index), name, list(SUMMARIES), "a summary")
            if name in record.outcomes:
                raise Fault(("record", "summaries", index), f"'{name}' is kept as an outcome already")
        for index, name in enumerate(record.places):
            among(("record", "places", index), name, world.regions, f"a region of the world '{base.world}'")
        for name, (first, last) in record.periods.items():
            if not base.start <= first <= last <= base.end:
                raise Fault(("record", "periods", name), f"[{first}, {last}] is not a span within the run",
                            f"[first month, last month] from {base.start} to {base.end}")
        if not record.columns:
            raise Fault(("record",), "nothing is kept", HELP["record"][1])
        return record.model_copy(update={"periods": record.periods or {"all": (base.start, base.end)},
                                         "outcomes": tuple(dict.fromkeys(record.outcomes)),
                                         "summaries": tuple(dict.fromkeys(record.summaries)),
                                         "places": tuple(dict.fromkeys(record.places))})

    def _names(self, dimensions: tuple[Dimension, ...], record: Record) -> None:
        seen: dict[str, str] = {}
        for dimension in dimensions:
            path: Path = ("vary", dimension.entry)
            if dimension.name in (*COLUMNS, *record.columns):
                raise Fault(path, f"'{dimension.name}' is also a column of the results", "another name")
            if dimension.name in seen:
                raise Fault(path, f"the name '{dimension.name}' is taken by the entry '{seen[dimension.name]}'",
                            "another name")
            seen[dimension.name] = dimension.entry

    def _targets(self, dimensions: tuple[Dimension, ...]) -> None:
        """Two dimensions must not set the same number."""
        owner: dict[tuple[str, str], str] = {}
        for dimension in dimensions:
            for target in dimension.sets():
                if target in owner:
                    raise Fault(("vary", dimension.entry), f"'{target[1]}' is varied by '{owner[target]}' already",
                                "each coefficient, value, event and theory once")
                owner[target] = dimension.name

    def _design(self, design: Design) -> None:
        needs = {"latin_hypercube": ("points",), "sobol": ("points",), "morris": ("trajectories",), "csv": ("file",)}
        for key in needs.get(design.kind, ()):
            if getattr(design, key) is None:
                raise Fault(("design",), f"the design {design.kind} needs '{key}'",
                            f"{key}: {HELP['design.' + key][1]}")
        if design.kind == "sobol" and design.points and design.points & (design.points - 1):
            raise Fault(("design", "points"), f"{design.points} is not a power of two", "64, 128, 256 and so on")
        if design.kind == "morris" and design.levels and design.levels % 2:
            raise Fault(("design", "levels"), f"{design.levels} is odd", "an even number of levels")
        unused = {"points": ("latin_hypercube", "sobol"), "levels": ("grid", "one_at_a_time", "morris"),
                  "trajectories": ("morris",), "file": ("csv",)}
        for key, kinds in unused.items():
            if getattr(design, key) is not None and design.kind not in kinds:
                raise Fault(("design", key), f"the design {design.kind} has no '{key}'",
                            f"only with {', '.join(kinds)}")

    def _design_file(self, design: Design) -> Design:
        if design.file is None:
            return design
        path = os.path.normpath(os.path.join(self.folder, design.file))
        if not os.path.isfile(path):
            raise Fault(("design", "file"), f"there is no file {path}", HELP["design.file"][1])
        return design.model_copy(update={"file": path})

    def _analysis(self, analysis: Analysis, dimensions: tuple[Dimension, ...], record: Record, world: World) -> None:
        names = [dimension.name for dimension in dimensions]
        for index, pair in enumerate(analysis.phase):
            for side, name in enumerate(pair):
                among(("analysis", "phase", index, side), name, names, "a varied name")
        for index, name in enumerate(analysis.outcomes):
            among(("analysis", "outcomes", index), name, record.columns, "a recorded column")
        bad = analysis.undesired
        if bad is not None:
            among(("analysis", "undesired", "outcome"), bad.outcome, record.columns, "a recorded column")
            places = [*world.countries, ALL_PLACES, *record.places]
            among(("analysis", "undesired", "place"), bad.place, places, "a recorded place")
            if bad.period is not None:
                among(("analysis", "undesired", "period"), bad.period, list(record.periods), "a recorded period")

    def _text(self, file: _File, entries: Mapping[str, Any], record: Record) -> str:
        """The resolved file as YAML; it reads back to the same spec from a folder with the base beside it."""
        design = file.design.model_dump(exclude_none=True) | ({"file": "design.csv"} if file.design.file else {})
        keys = {"name": file.name, "title": file.title or file.name, "question": file.question, "runtime": file.runtime,
                "base": "scenario.yaml", "vary": dict(entries), "design": design, "worlds": file.worlds,
                "luck": file.luck, "record": plain(record.model_dump()),
                "analysis": plain(file.analysis.model_dump(exclude_none=True, exclude_defaults=True))}
        return yaml.dump(plain(keys), Dumper=Dumper, sort_keys=False, allow_unicode=True, width=100)


def needed(record: Record) -> tuple[str, ...]:
    """Outcomes that the model must record for a sweep's columns."""
    of_summaries = (name for summary in record.summaries for name in SUMMARIES[summary].needs)
    return tuple(dict.fromkeys([*record.outcomes, *of_summaries]))
