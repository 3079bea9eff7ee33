"""Entries of ``vary`` -> dimensions, with the levers and turns of dials that they add."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from sim.calendar import Month
from sim.inputs.mistakes import Fault, Mark, Path
from sim.inputs.numbers import DATA
from sim.inputs.posterior import FILE, has_posterior, load_posterior
from sim.inputs.scenario import Known, LeverUse, Scenario
from sim.inputs.scenario.checks import among
from sim.inputs.scenario.model import EVERYWHERE, MAX_RAMP, NEVER
from sim.inputs.theories import settings
from sim.policy.dials import DIALS
from sim.studies.sweep.dimensions import Dimension
from sim.studies.sweep.keys import Frozen, Names, Text, Whole, allowed_at, validated
from sim.words import shown

LOG_FROM = 5  # scale auto: a range that spans this factor is logarithmic, as calibration has it
BULK = {"parameters": "parameter", "levers": "lever", "theories": "theory"}


class _Spanned(Frozen):
    range: Any = None
    values: Any = None
    scale: Literal["linear", "log", "auto"] = "linear"
    levels: Annotated[Whole, Field(ge=2, le=1000)] | None = None
    default: Any = None


class _Parameter(_Spanned):
    parameter: Text


class _Value(_Spanned):
    value: Text


class _Theory(Frozen):
    theory: Text
    values: Any = None
    default: Any = None


class _Event(Frozen):
    event: Text
    range: Any = None
    values: Any = None
    levels: Annotated[Whole, Field(ge=2, le=1000)] | None = None
    default: Any = None


class _Posterior(Frozen):
    posterior: Literal[True]
    draws: Annotated[Whole, Field(ge=1)] | None = None


class _Dial(_Spanned):
    dial: Text
    where: Annotated[Names, Field(min_length=1)]
    start: Annotated[Month, Field(alias="from")]
    until: Month | None = None


class _Lever(Frozen):
    lever: Text
    where: Annotated[Names, Field(min_length=1)] = (EVERYWHERE,)
    start: Annotated[Any, Field(alias="from")]
    until: Any = None
    strength: Any = None
    ramp: Annotated[Whole, Field(ge=0, le=MAX_RAMP)] = 0


MODELS: dict[str, Any] = {"parameter": _Parameter, "lever": _Lever, "dial": _Dial, "theory": _Theory, "event": _Event,
                          "value": _Value, "posterior": _Posterior}


@dataclass(frozen=True)
class DialTurn:
    """A dial turned at some places for some months by an amount that differs between points."""

    dial: str
    where: tuple[str, ...]
    start: Month
    until: Month | None


@dataclass
class Entry:
    """What one entry brings."""

    dimensions: list[Dimension] = field(default_factory=list)
    use: LeverUse | None = None
    turn: DialTurn | None = None


class Reader:
    """Reads the entries of one sweep against its base scenario.

    ``positions`` counts the levers and ``turns`` the dials that entries have added so far.
    """

    def __init__(self, base: Scenario, known: Known, marks: Mapping[Path, Mark]):
        self.base, self.known, self.marks = base, known, marks
        self.world = known.world(base.world)
        self.positions, self.turns = len(base.levers), 0

    def expanded(self, vary: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """(entry of the file, name, entry) with one entry for each of several parameters, levers or theories."""
        for entry, raw in vary.items():
            kinds = [kind for kind in (*MODELS, *BULK) if kind in raw]
            if "value" in kinds and len(kinds) > 1:
                kinds.remove("value")
            if len(kinds) != 1:
                said = f"{', '.join(kinds)} stand together" if kinds else "nothing says what is varied"
                raise Fault(("vary", entry), said, allowed_at(("vary", entry)))
            if kinds[0] not in BULK:
                yield entry, entry, dict(raw)
                continue
            single = BULK[kinds[0]]
            rest = {key: value for key, value in raw.items() if key != kinds[0]}
            for name in self._several(("vary", entry, kinds[0]), single, raw[kinds[0]]):
                yield entry, name, {single: name, **rest}

    def _several(self, path: Path, kind: str, wanted: Any) -> list[str]:
        """The names that a pattern, a list of patterns or ``all`` stands for."""
        names = {"parameter": [name for name in self.known.parameters() if not name.startswith("theory.")],
                 "lever": [name for name, lever in self.known.levers().items()
                           if getattr(lever, "kind", "policy") == "policy"],
                 "theory": list(self.known.theories())}[kind]
        patterns = [wanted] if isinstance(wanted, str) else wanted
        if not isinstance(patterns, (list, tuple)) or not patterns or not all(isinstance(p, str) for p in patterns):
            raise Fault(path, f"{shown(wanted)} is not allowed here", "all, a name, a pattern such as exposure.*, or a "
                        "list of these")
        found: list[str] = []
        for pattern in patterns:
            fitting = names if pattern == "all" else fnmatch.filter(names, pattern)
            if not fitting:
                among(path, pattern, names, f"a {kind} or a pattern of them", f"{kind}s")
            found += fitting
        return list(dict.fromkeys(found))

    def read(self, entry: str, name: str, raw: dict[str, Any]) -> Entry:
        """The dimensions of one entry."""
        kind = next(kind for kind in MODELS if kind in raw and not (kind == "value" and len(raw.keys() & MODELS) > 1))
        model = validated(MODELS[kind], raw, ("vary", entry), self.marks)
        found: Entry = getattr(self, f"_{kind}")(("vary", entry), name, model)
        return found

    def _parameter(self, path: Path, name: str, entry: _Parameter) -> Entry:
        known = self.known.parameters()
        among((*path, "parameter"), entry.parameter, list(known), "a coefficient", "parameters")
        number = known[entry.parameter]
        usual = {**settings(self.base.theories), **self.base.parameters}.get(entry.parameter, number.value)
        keys = self._span(path, entry, (number.low, number.high), entry.parameter)
        return Entry([self._made(path, entry, name, "parameter", entry.parameter, usual, keys,
                                 label=number.description, unit=number.unit)])

    def _value(self, path: Path, name: str, entry: _Value) -> Entry:
        place, _, fieldname = entry.value.rpartition(".")
        among((*path, "value"), entry.value, [".".join(key) for key in self.world.values], "a value <place>.<field>")
        number = self.world.values[place, fieldname]
        usual = self.base.parameters.get(f"values.{entry.value}", number.value)
        keys = self._span(path, entry, (number.low, number.high))
        return Entry([self._made(path, entry, name, "value", entry.value, usual, keys,
                                 label=f"{fieldname} of {place}", unit=number.unit)])

    def _dial(self, path: Path, name: str, entry: _Dial) -> Entry:
        among((*path, "dial"), entry.dial, list(DIALS), "a dial")
        dial = DIALS[entry.dial]
        names = self.world.countries if dial.scope == "country" else self.world.places
        for index, place in enumerate(entry.where):
            if place != EVERYWHERE:
                among((*path, "where", index), place, names, f"a place where this dial of scope {dial.scope} turns")
        if entry.range is None and entry.values is None:
            raise Fault(path, "'range' or 'values' is missing", "range: [low, high] or values: [...]")
        wide = (0.0, 1e6) if dial.combine == "multiply" else (-1e6, 1e6)
        keys = self._span(path, entry, wide)
        turn = DialTurn(entry.dial, entry.where, entry.start, entry.until)
        self._begins((*path, "from"), turn.start)
        self._period(path, turn.start, turn.until)
        self.turns += 1
        return Entry([self._made(path, entry, name, "dial", entry.dial, dial.neutral, keys, position=self.turns - 1,
                                 label=dial.description, unit=dial.unit)], turn=turn)

    def _theory(self, path: Path, name: str, entry: _Theory) -> Entry:
        questions = self.known.theories()
        among((*path, "theory"), entry.theory, list(questions), "a question", "theories")
        answers = list(questions[entry.theory])
        chosen = answers if entry.values is None else self._list((*path, "values"), entry.values)
        for index, answer in enumerate(chosen):
            among((*path, "values", index), str(answer), answers, f"an answer to '{entry.theory}'", "theories")
        usual = self.base.theories.get(entry.theory, answers[0])
        return Entry([self._made(path, entry, name, "theory", entry.theory, usual, {"choices": tuple(chosen)},
                                 label=entry.theory)])

    def _event(self, path: Path, name: str, entry: _Event) -> Entry:
        among((*path, "event"), entry.event, self.world.events, f"an event of the world '{self.base.world}'", "events")
        text = self.world.events[entry.event]
        usual = self.base.events.get(entry.event, text.partition(":")[0])
        keys = self._dates(path, {"range": entry.range, "values": entry.values}, also=(NEVER,))
        return Entry([self._made(path, entry, name, "event", entry.event, usual, keys, label=text, unit="month")])

    def _posterior(self, path: Path, name: str, entry: _Posterior) -> Entry:
        if not has_posterior(self.base.world):
            raise Fault((*path, "posterior"), f"no posterior is shipped with the world '{self.base.world}'")
        there = len(_draws(self.base.world)[1])
        if entry.draws is not None and entry.draws > there:
            raise Fault((*path, "draws"), f"{entry.draws} is more than there are", f"at most {there}")
        choices = tuple(range(entry.draws or there))
        return Entry([Dimension(name, "posterior", self.base.world, str(path[1]), 0, choices=choices,
                                label="posterior draw of all fitted coefficients", unit="row of posterior.csv")])

    def _lever(self, path: Path, name: str, entry: _Lever) -> Entry:
        library = self.known.levers()
        among((*path, "lever"), entry.lever, {key: lever.title for key, lever in library.items()}, "a lever", "levers")
        lever = library[entry.lever]
        most = float(getattr(lever, "max_strength", 1.0))
        given = {"strength": {"range": [0.0, most]} if entry.strength is None else entry.strength,
                 "from": entry.start, "until": entry.until}
        varied = {key: value for key, value in given.items() if isinstance(value, dict)}
        if not varied:
            raise Fault(path, "nothing is varied", "strength, from or until as {range: [...]} or {values: [...]}")
        fixed = {key: value for key, value in given.items() if key not in varied and value is not None}
        use = validated(LeverUse, {"lever": entry.lever, "where": list(entry.where), "ramp": entry.ramp,
                                   "strength": most, "from": str(self.base.start), **fixed}, path, self.marks)
        if "from" in fixed:
            self._begins((*path, "from"), use.start)
        self.positions += 1
        found = [self._of_lever((*path, key), key, name, len(varied), value, lever, most)
                 for key, value in varied.items()]
        return Entry(found, use=use)

    def _of_lever(self, path: Path, key: str, name: str, count: int, raw: dict[str, Any], lever: Any,
                  most: float) -> Dimension:
        entry = validated(_Spanned, raw, path, self.marks)
        keys = (self._span(path, entry, (0.0, most)) if key == "strength"
                else self._dates(path, {"range": entry.range, "values": entry.values}))
        if key == "from":
            for month in keys.get("choices", ()) or (Month(int(keys["high"])),):
                self._begins(path, Month.parse(str(month)))
        usual = 0.0 if key == "strength" else None
        title = lever.title if key == "strength" else f"{lever.title}: {key}"
        called = name if key == "strength" or count == 1 else f"{name}_{key}"
        return self._made(path, entry, called, "lever", lever.name, usual, keys, field=key, label=title,
                          position=self.positions - 1, unit=lever.unit if key == "strength" else "month")

    def _made(self, path: Path, entry: Any, name: str, kind: str, target: str, usual: Any, keys: dict[str, Any],
              **more: Any) -> Dimension:
        given = getattr(entry, "default", None)
        made = Dimension(name, kind, target, str(path[1]), usual, levels=getattr(entry, "levels", None), **keys, **more)
        if given is not None and not made.holds(given):
            raise Fault((*path, "default"), f"{shown(given)} is none of its values", made.range_text())
        if given is None and usual is None:
            given = made.at(np.zeros(1))[0]
        return made if given is None else replace(made, default=given)

    def _span(self, path: Path, entry: _Spanned, widest: tuple[float, float], coefficient: str = "") -> dict[str, Any]:
        """Choices or ends of numbers."""
        if entry.values is not None:
            if entry.range is not None:
                raise Fault((*path, "values"), "range and values stand together", "one of them")
            return {"choices": self._numbers((*path, "values"), entry.values, widest)}
        if entry.range == "posterior":
            return {"draws": self._marginal((*path, "range"), coefficient)}
        low, high = self._ends((*path, "range"), entry.range, widest)
        log = entry.scale == "log" or (entry.scale == "auto" and low > 0 and high / low > LOG_FROM)
        if log and low <= 0:
            raise Fault((*path, "scale"), f"a range from {low:g} has no logarithm", "linear, or a range above zero")
        return {"low": low, "high": high, "log": log}

    def _ends(self, path: Path, value: Any, widest: tuple[float, float]) -> tuple[float, float]:
        if value is None:
            return widest
        numbers = self._numbers(path, value, widest)
        if len(numbers) != 2 or numbers[0] >= numbers[1]:
            raise Fault(path, f"{shown(value)} is not a range", "[low, high], two numbers, the lower one first")
        return numbers[0], numbers[1]

    def _numbers(self, path: Path, value: Any, widest: tuple[float, float]) -> tuple[float, ...]:
        for index, number in enumerate(self._list(path, value)):
            if isinstance(number, bool) or not isinstance(number, (int, float)):
                raise Fault((*path, index), f"{shown(number)} is not a number", allowed_at(path))
            if not widest[0] <= number <= widest[1]:
                raise Fault((*path, index), f"{number:g} lies outside its range",
                            f"a number from {widest[0]:g} to {widest[1]:g}")
        return tuple(float(number) for number in value)

    def _marginal(self, path: Path, coefficient: str) -> tuple[float, ...]:
        names, draws = _draws(self.base.world) if has_posterior(self.base.world) else ((), np.empty((0, 0)))
        if coefficient not in names:
            raise Fault(path, f"the posterior has no draws of {shown(coefficient)}", "[low, high]")
        return tuple(sorted(draws[:, names.index(coefficient)].tolist()))

    def _dates(self, path: Path, raw: Mapping[str, Any], also: tuple[str, ...] = ()) -> dict[str, Any]:
        """Choices or ends of months within the run."""
        if (raw.get("range") is None) == (raw.get("values") is None):
            raise Fault(path, "either range or values is needed", "{range: [first, last]} or {values: [month, ...]}")
        if raw.get("values") is not None:
            where = (*path, "values")
            return {"choices": tuple(value if value in also else str(self._month((*where, index), value, also))
                                     for index, value in enumerate(self._list(where, raw["values"])))}
        where = (*path, "range")
        ends = [self._month((*where, index), value) for index, value in enumerate(self._list(where, raw["range"]))]
        if len(ends) != 2 or ends[0] >= ends[1]:
            raise Fault(where, f"{shown(raw['range'])} is not a span of months", "[first month, last month]")
        return {"low": float(ends[0]), "high": float(ends[1]), "months": True}

    def _month(self, path: Path, value: Any, also: tuple[str, ...] = ()) -> Month:
        try:
            return Month.parse(value)
        except ValueError:
            other = "".join(f" or {word}" for word in also)
            raise Fault(path, f"{shown(value)} is not a month", f"a month as YYYY-MM{other}") from None

    def _list(self, path: Path, value: Any) -> list[Any]:
        if not isinstance(value, (list, tuple)) or not value:
            raise Fault(path, f"{shown(value)} is not allowed here", allowed_at(path))
        if len(set(map(repr, value))) < len(value):
            raise Fault(path, "a value stands there twice", "each value once")
        return list(value)

    def _begins(self, path: Path, start: Month) -> None:
        if start > self.base.end:
            raise Fault(path, f"{start} begins after the end of the run, {self.base.end}",
                        f"a month up to {self.base.end}")

    def _period(self, path: Path, start: Month, until: Month | None) -> None:
        if until is not None and until < start:
            raise Fault((*path, "until"), f"{until} lies before 'from' ({start})", f"a month from {start} on")



def _draws(world: str) -> tuple[tuple[str, ...], np.ndarray]:
    return load_posterior(DATA / world / FILE)


def resolved(raw: dict[str, Any], entry: Entry) -> dict[str, Any]:
    """The entry with what it left to the installation spelled out, so that it reads back to the same values."""
    one = entry.dimensions[0]
    if "lever" in raw and raw.get("strength") is None:
        return {**raw, "strength": {"range": [one.low, one.high]}}
    if "theory" in raw:
        return {**raw, "values": list(one.choices)}
    if one.kind in ("parameter", "value") and raw.get("range") is None and raw.get("values") is None:
        return {**raw, "range": [one.low, one.high]}
    return raw
