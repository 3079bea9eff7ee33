"""The scoreboard: the run against the record, line by line, fit and misfit alike.

Three parts: targets (ranges of the record), patterns (counterfactual tests with a minimum effect written down
beforehand) and null models that the simulation must beat.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.calendar import Month
from sim.inputs.geography import load_geography
from sim.inputs.mistakes import DataError
from sim.inputs.numbers import DATA, coefficients
from sim.inputs.reading import read_yaml
from sim.runs.threads import run_tasks
from sim.studies.record.targets import (
    BOUNDS,
    ROLES,
    Target,
    Verdict,
    check_measure,
    evaluate,
    load_targets,
    measure,
    on_scale,
    outcomes_of,
    verdict,
    view,
)
from sim.words import percent

if TYPE_CHECKING:
    from sim.inputs.scenario import Scenario
    from sim.runs.ensemble import Arrays

PATTERN_WORLDS = 50
NULL_WORLDS = 400
MISS = 0.1  # the interval score is that of a 90 % interval
BASELINE = "baseline"
NULLS = {
    "population": "departures in proportion to residents, evenly over time",
    "networks": "departures in proportion to the networks of January 2011 (veterans and prisoners), evenly over time",
    "prestige": "departures follow the movement's prestige in the theatre, in proportion to residents",
}
SHOWN, FAILS, UNDECIDED, FINDING, UNTESTED = "shown", "fails", "undecided", "finding", "cannot be tested yet"


# ------------------------------------------------------------------------------------------------ scores


def interval_score(low: float, high: float, target: Target) -> float:
    """Interval score of a 90 % interval against an observed range, in widths of that range on the target's scale.

    Width plus 2/0.1 times the gap between interval and range (Gneiting & Raftery 2007, with the range in the place of
    a point: no penalty where they overlap). For a point the unit is a factor (or a difference) of three.
    """
    if math.isnan(low):
        return math.nan
    a, b, x, y = (on_scale(v, target) for v in (low, high, target.low, target.high))
    unit = y - x if y > x else (math.log(3) if target.scale == "log" else 3.0)
    gap = max(a - y, x - b, 0.0)
    return ((b - a) + 2 / MISS * gap) / unit


def middle(target: Target) -> float:
    """Middle of the observed range on the target's scale."""
    return (math.sqrt(target.low * target.high) if target.scale == "log" else (target.low + target.high) / 2)


@dataclass(frozen=True)
class Tally:
    """Hits, coverage and score of a set of targets.

    ``coverage50`` and ``coverage90``: share of ranges, probabilities apart, whose middle lies in that interval.
    ``score``: mean interval score of the targets that happened; ``median_score`` is robust to single wild misses.
    """

    count: int
    hits: int
    coverage50: float
    coverage90: float
    score: float
    median_score: float


def tally(pairs: Sequence[tuple[Target, Verdict]]) -> Tally:
    """Sum up verdicts."""
    ranges = [(middle(t), v) for t, v in pairs if t.kind != "probability" and not math.isnan(v.median)]
    scores = [s for t, v in pairs if not math.isnan(s := interval_score(v.low90, v.high90, t))]
    return Tally(len(pairs), sum(v.hit for _, v in pairs),
                 _mean([v.low50 <= m <= v.high50 for m, v in ranges]),
                 _mean([v.low90 <= m <= v.high90 for m, v in ranges]),
                 _mean(scores), float(np.median(scores)) if scores else math.nan)


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else math.nan


# ------------------------------------------------------------------------------------------------ null models


def null_intensity(kind: str, scenario: Scenario, total: float, until: Month) -> np.ndarray:
    """Expected departures by month and region, (months, R), of one null model.

    Its one free scale makes the sum up to ``until`` equal to ``total``.
    """
    from sim.runs.ensemble import geography_of

    g = geography_of(scenario)
    months = list(scenario.start.to(scenario.end))
    place = g.r["veterans"] + g.r["prison_network"] if kind == "networks" else g.r["residents"]
    when = np.ones(len(months))
    if kind == "prestige":
        weight = coefficients()["organisation.territory_weight"].value
        when = np.array([g.theatre.at("movement_strength", int(m))
                         * (1 - weight + weight * g.theatre.at("movement_territory", int(m))) for m in months])
    raw = when[:, None] * place
    upto = sum(int(m) <= int(until) for m in months)
    return np.asarray(raw * total / raw[:upto].sum())


def null_arrays(kind: str, scenario: Scenario, total: float, until: Month, worlds: int = NULL_WORLDS) -> Arrays:
    """Departures of a null model with Poisson chance, as the arrays of a run."""
    from sim.runs.ensemble import Arrays, geography_of

    expected = null_intensity(kind, scenario, total, until)
    rng = np.random.default_rng([scenario.seed, list(NULLS).index(kind)])
    drawn = rng.poisson(expected, size=(worlds, *expected.shape)).astype(np.float32)
    places = len(geography_of(scenario).localities)
    nothing = np.zeros((worlds, expected.shape[0], places), dtype=np.float32)
    return Arrays(["departures"], drawn[None], nothing, nothing.astype(np.int8))


@dataclass(frozen=True)
class NullRow:
    """Interval score of one null model, and of the simulation, on the same targets."""

    name: str
    title: str
    targets: int
    score: float
    model_score: float
    hits: int
    model_hits: int

    @property
    def beaten(self) -> bool:
        return self.model_score < self.score


def null_targets(targets: Sequence[Target]) -> tuple[list[Target], Target | None]:
    """Targets of departures by country and time that read departures alone, and the total that fits the scale."""
    about = [t for t in targets if t.topic in ("departures", "surges") and outcomes_of(t.measure) == ["departures"]]
    totals = [t for t in about if t.measure["kind"] == "total" and t.measure["place"] == "*"]
    return [t for t in about if t not in totals], totals[0] if totals else None


def null_rows(scenario: Scenario, targets: Sequence[Target], found: Mapping[str, Verdict]) -> list[NullRow]:
    """Every null model beside the simulation; its scale is fitted to the middle of the observed total only."""
    chosen, total = null_targets(targets)
    if total is None or not chosen:
        return []
    until = Month.parse(str(total.measure.get("until", scenario.end)))
    rows = []
    for kind, title in NULLS.items():
        values = measure(null_arrays(kind, scenario, middle(total), until), scenario, chosen)
        pairs = [(t, verdict(values[:, i], t)) for i, t in enumerate(chosen)]
        theirs, ours = tally(pairs), tally([(t, found[t.id]) for t in chosen])
        rows.append(NullRow(kind, title, len(chosen), theirs.score, ours.score, theirs.hits, ours.hits))
    return rows


# ------------------------------------------------------------------------------------------------ patterns


@dataclass(frozen=True)
class Case:
    """A counterfactual: the scenario with events, parameters, frozen decisions or turns of dials changed."""

    name: str
    title: str
    events: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, float] = field(default_factory=dict)
    frozen: dict[str, float] = field(default_factory=dict)
    turns: tuple[tuple[str, tuple[str, ...], float, int, int | None], ...] = ()


@dataclass(frozen=True)
class Test:
    """A pattern as a test; see the head of patterns.yaml. ``reason`` is given where it cannot be tested yet."""

    __test__ = False  # not a test of pytest

    id: str
    statement: str
    minimum: str = ""
    run: str = BASELINE
    against: str = ""
    measure: dict[str, Any] = field(default_factory=dict)
    compare: str = ""
    bounds: dict[str, float] = field(default_factory=dict)
    given: dict[str, Any] = field(default_factory=dict)
    required: float = 0.5
    finding: bool = False
    reason: str = ""


@dataclass(frozen=True)
class PatternRow:
    """Outcome of a test: the effect over worlds, and the share of worlds that show it with its 95 % interval."""

    test: Test
    worlds: int
    median: float
    low90: float
    high90: float
    share: float
    share_low: float
    share_high: float
    verdict: str
    note: str = ""


def load_patterns(world: str) -> tuple[dict[str, Case], list[Test]]:
    """Cases and tests of a world, checked; nothing where it has none."""
    path = DATA / world / "patterns.yaml"
    if not path.exists():
        return {}, []
    raw = read_yaml(path)
    cases = {name: _case(name, entry, path, world) for name, entry in raw["cases"].items()}
    tests = [_test(entry, cases, path, world) for entry in raw["tests"]]
    tests += [Test(entry["id"], entry["statement"], reason=entry["reason"]) for entry in raw.get("untested", ())]
    return cases, sorted(tests, key=lambda t: (int("".join(filter(str.isdigit, t.id))), t.id))


def _case(name: str, entry: Mapping[str, Any], path: Path, world: str) -> Case:
    from sim.policy.dials import DIALS
    from sim.policy.timeline import places_of

    where = f"{path.name}, {name}"
    unknown = set(entry) - {"title", "events", "parameters", "frozen", "turns"}
    if unknown:
        raise DataError(f"{where}: unknown key '{sorted(unknown)[0]}'")
    g = load_geography(world)
    for event in entry.get("events", {}):
        if event not in g.events:
            raise DataError(f"{where}: there is no event '{event}'")
    turns = []
    for turn in entry.get("turns", ()):
        if turn["dial"] not in DIALS:
            raise DataError(f"{where}: there is no dial '{turn['dial']}'")
        try:
            places_of(DIALS[turn["dial"]].scope, turn["where"], g)
        except ValueError as error:
            raise DataError(f"{where}: {error}") from None
        until = int(Month.parse(str(turn["until"]))) if "until" in turn else None
        turns.append((str(turn["dial"]), tuple(turn["where"]), float(turn["amount"]),
                      int(Month.parse(str(turn["from"]))), until))
    return Case(name, entry["title"], {k: str(v) for k, v in entry.get("events", {}).items()},
                {k: float(v) for k, v in entry.get("parameters", {}).items()},
                {k: float(v) for k, v in entry.get("frozen", {}).items()}, tuple(turns))


def _test(entry: Mapping[str, Any], cases: Mapping[str, Case], path: Path, world: str) -> Test:
    where = f"{path.name}, {entry.get('id')}"
    keys = {"id", "statement", "minimum", "run", "against", "measure", "compare", "given", "required", "finding"}
    unknown = set(entry) - keys - set(BOUNDS)
    if unknown:
        raise DataError(f"{where}: unknown key '{sorted(unknown)[0]}'")
    given = entry.get("given", {})
    for run in (entry["run"], entry.get("against", BASELINE), given.get("run", BASELINE)):
        if run != BASELINE and run not in cases:
            raise DataError(f"{where}: there is no case '{run}'")
    g = load_geography(world)
    check_measure(entry["measure"], g, where)
    if given:
        check_measure(given["measure"], g, where)
    bounds = {key: float(entry[key]) for key in BOUNDS if key in entry}
    if not bounds or not entry.get("minimum"):
        raise DataError(f"{where}: a test needs its minimum effect in words and a bound ({', '.join(BOUNDS)})")
    if bool(entry.get("against")) != (entry.get("compare") in ("ratio", "difference")):
        raise DataError(f"{where}: 'against' and 'compare' (ratio or difference) belong together")
    return Test(entry["id"], entry["statement"], entry["minimum"], entry["run"], entry.get("against", ""),
                dict(entry["measure"]), entry.get("compare", ""), bounds, dict(given), float(entry["required"]),
                bool(entry.get("finding", False)))


def readings(tests: Iterable[Test]) -> dict[str, list[dict[str, Any]]]:
    """Every measure that the tests read, by run."""
    wanted: dict[str, list[dict[str, Any]]] = {}
    for test in tests:
        if not test.reason:
            for run in filter(None, (test.run, test.against)):
                wanted.setdefault(run, []).append(test.measure)
            if test.given:
                wanted.setdefault(test.given["run"], []).append(test.given["measure"])
    return wanted


def judge(test: Test, read: Callable[[str, Mapping[str, Any]], np.ndarray]) -> PatternRow:
    """Judge one test; ``read(run, measure)`` gives one number per world, paired by world."""
    if test.reason:
        return _empty(test, UNTESTED, test.reason)
    effect = read(test.run, test.measure)
    if test.against:
        other = read(test.against, test.measure)
        effect, other = effect[:min(effect.size, other.size)], other[:min(effect.size, other.size)]
        effect = effect - other if test.compare == "difference" else _ratio(effect, other)
    counts = ~np.isnan(effect)
    if test.given:
        known = read(test.given["run"], test.given["measure"])[:effect.size]
        effect, counts = effect[:known.size], counts[:known.size] & _within(known, test.given)
    effect = effect[counts]
    return _judged(test, effect, _within(effect, test.bounds))


def _ratio(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a / b; infinite where only b is 0, NaN where both are."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(a / b)


def _within(values: np.ndarray, bounds: Mapping[str, Any]) -> np.ndarray:
    return np.asarray(np.logical_and.reduce([BOUNDS[key](values, float(bounds[key])) for key in BOUNDS
                                             if key in bounds]), dtype=bool)


def _empty(test: Test, word: str, note: str) -> PatternRow:
    nan = math.nan
    return PatternRow(test, 0, nan, nan, nan, nan, nan, nan, word, note)


def _judged(test: Test, effect: np.ndarray, shows: np.ndarray) -> PatternRow:
    from scipy.stats import binomtest

    if not effect.size:
        return _empty(test, FINDING if test.finding else UNDECIDED, "did not arise in any world")
    found = binomtest(int(shows.sum()), effect.size).proportion_ci(0.95)
    low, high = float(found.low), float(found.high)
    word = FINDING if test.finding else SHOWN if low > test.required else FAILS if high < test.required else UNDECIDED
    q = np.quantile(effect, [0.5, 0.05, 0.95], method="closest_observation")
    return PatternRow(test, effect.size, float(q[0]), float(q[1]), float(q[2]), float(shows.mean()), low, high, word)


# ------------------------------------------------------------------------------------------------ running


@dataclass
class Board:
    """Everything on the scoreboard."""

    scenario: Scenario
    targets: list[Target]
    verdicts: dict[str, Verdict]
    nulls: list[NullRow]
    patterns: list[PatternRow]
    cases: dict[str, Case]
    pattern_worlds: int
    seconds: float = 0.0

    def pairs(self, role: str | None = None, topic: str | None = None) -> list[tuple[Target, Verdict]]:
        """Targets of a role and topic with their verdicts."""
        return [(t, self.verdicts[t.id]) for t in self.targets if role in (None, t.role) and topic in (None, t.topic)]

    @property
    def topics(self) -> list[str]:
        return list(dict.fromkeys(t.topic for t in self.targets))


def validate(scenario: Scenario, jobs: int = 0, progress: Callable[[int, int], None] | None = None,
             pattern_worlds: int = PATTERN_WORLDS, options: Mapping[str, Any] | None = None) -> Board:
    """Run a scenario and the counterfactuals of the patterns, and judge them.

    Parameters
    ----------
    scenario : Scenario
        Its number of worlds is that of the baseline; cases use at most ``pattern_worlds`` of them.
    jobs : int
        Processes; 0 means one per core.
    progress : callable, optional
        ``progress(done, total)`` in world-months of all runs.
    options : mapping, optional
        Model options of every run (parameters, frozen), for instance one draw per world.
    """
    from sim.runs.ensemble import arrays

    began = time.perf_counter()
    targets = load_targets(scenario.world)
    cases, tests = load_patterns(scenario.world)
    if not targets and not tests:
        raise DataError(f"the world {scenario.world} has neither targets.yaml nor patterns.yaml: nothing to validate")
    wanted = readings(tests)
    few = min(pattern_worlds, scenario.worlds)
    months = int(scenario.end) - int(scenario.start) + 1
    total = months * (scenario.worlds + few * len([c for c in cases if c in wanted]))
    done = 0

    def run(case: Case | None, outcomes: Sequence[str], worlds: int) -> tuple[Arrays, Scenario]:
        nonlocal done
        changed, extra = counterfactual(scenario, case, outcomes, worlds, options or {})
        raw = arrays(changed, jobs, None if progress is None else lambda n, _: progress(done + n, total), extra)
        done += months * worlds
        return raw, changed

    named = {name: case for name, case in cases.items() if name in wanted}
    steps = 1 if not named else len(named) * len(_chunks(few))
    months = int(scenario.end) - int(scenario.start) + 1
    total = months * (scenario.worlds + few * len(named))
    specs = wanted.get(BASELINE, [])
    changed, extra = counterfactual(scenario, None, _outcomes([*(t.measure for t in targets), *specs]),
                                    scenario.worlds, options or {})
    raw = arrays(changed, jobs, None if progress is None else lambda n, _: progress(n, total), extra)
    values = measure(raw, changed, targets)
    verdicts = {t.id: verdict(values[:, i], t) for i, t in enumerate(targets)}
    v = view(raw, changed)
    read = {(BASELINE, repr(spec)): evaluate(v, spec) for spec in specs}
    del raw, v

    def tick(finished: int) -> None:
        if progress is not None:
            progress(months * scenario.worlds + round(months * few * len(named) * finished / steps), total)

    read |= run_cases(scenario, named, wanted, few, jobs, tick, options or {})
    rows = [judge(test, lambda name, spec: read[name, repr(spec)]) for test in tests]
    return Board(scenario, targets, verdicts, null_rows(scenario, targets, verdicts), rows, cases, few,
                 time.perf_counter() - began)


def _outcomes(specs: Iterable[Mapping[str, Any]]) -> list[str]:
    return sorted({name for spec in specs for name in outcomes_of(spec)})


def _chunks(worlds: int) -> list[list[int]]:
    from sim.runs.ensemble import CHUNK

    return [part.tolist() for part in np.array_split(np.arange(worlds), max(1, -(-worlds // CHUNK)))]


def run_cases(scenario: Scenario, cases: Mapping[str, Case], wanted: Mapping[str, Sequence[dict[str, Any]]],
              worlds: int, jobs: int, tick: Callable[[int], None],
              options: Mapping[str, Any]) -> dict[tuple[str, str], np.ndarray]:
    """Run all cases side by side; only readings are kept, keyed by case and measure.

    World k has the same luck in every case. ``tick(n)`` is called when n chunks are finished.
    """
    tasks = [(name, chunk) for name in cases for chunk in _chunks(worlds)]
    arguments = [(scenario, cases[name], list(wanted[name]), worlds, chunk, options) for name, chunk in tasks]
    found: list[list[np.ndarray]] = [[] for _ in tasks]
    with contextlib.closing(run_tasks(lambda task, _: _read_case(*task), arguments, jobs)) as results:
        for n, (i, reading) in enumerate(results, start=1):
            found[i] = reading
            tick(n)
    out: dict[tuple[str, str], np.ndarray] = {}
    for name in cases:
        parts = [found[i] for i, (case, _) in enumerate(tasks) if case == name]
        for j, spec in enumerate(wanted[name]):
            out[name, repr(spec)] = np.concatenate([part[j] for part in parts])
    return out


def _read_case(scenario: Scenario, case: Case, specs: Sequence[dict[str, Any]], worlds: int, chunk: list[int],
               options: Mapping[str, Any]) -> list[np.ndarray]:
    from sim.runs.ensemble import run_chunk

    changed, extra = counterfactual(scenario, case, _outcomes(specs), worlds, options)
    v = view(run_chunk(changed, chunk, extra), changed)
    return [evaluate(v, spec) for spec in specs]


def counterfactual(scenario: Scenario, case: Case | None, outcomes: Sequence[str], worlds: int,
                   options: Mapping[str, Any]) -> tuple[Scenario, dict[str, Any]]:
    """The scenario and the model options of a case; without a case those of the baseline, with fewer outcomes."""
    update: dict[str, Any] = {"worlds": worlds, "record": tuple(outcomes) or ("departures",)}
    extra = dict(options)
    if case is not None:
        update["events"] = {**scenario.events, **case.events}
        update["parameters"] = {**scenario.parameters, **case.parameters}
        extra["parameters"] = {k: v for k, v in dict(extra.get("parameters", {})).items() if k not in case.parameters}
        extra["frozen"] = {**extra.get("frozen", {}), **case.frozen}
        extra["turns"] = (*extra.get("turns", ()), *case.turns)
    return scenario.model_copy(update=update), {k: v for k, v in extra.items() if v}


# ------------------------------------------------------------------------------------------------ writing


def summary_lines(board: Board) -> list[str]:
    """The scoreboard in a few lines."""
    lines = []
    for role in ROLES:
        t = tally(board.pairs(role))
        groups = len({x.group for x, _ in board.pairs(role)})
        if t.count:
            lines.append(f"{role}: {t.hits} of {t.count} targets hit ({100 * t.hits / t.count:.0f} %; {groups} facts), "
                         f"coverage of the 90 % interval {percent(t.coverage90)}, of the 50 % interval "
                         f"{percent(t.coverage50)}, interval score {t.score:.2f} (median {t.median_score:.2f})")
    for row in board.nulls:
        word = "beaten" if row.beaten else "NOT beaten"
        lines.append(f"null model '{row.name}' {word}: interval score {row.model_score:.2f} against {row.score:.2f} on "
                     f"{row.targets} targets of departures by country and time")
    words = [row.verdict for row in board.patterns]
    if words:
        every = (SHOWN, FAILS, UNDECIDED, FINDING, UNTESTED)
        lines.append("patterns: " + ", ".join(f"{words.count(w)} {w}" for w in every if w in words))
    return lines


COLUMNS = ("part", "id", "statement", "topic", "role", "group", "evidence", "observed_low", "observed_high", "scale",
           "kind", "reliability", "median", "low50", "high50", "low90", "high90", "worlds", "share", "share_low",
           "share_high", "required", "minimum", "verdict", "hit", "interval_score", "note")


def rows(board: Board) -> list[dict[str, Any]]:
    """Every line of the scoreboard by column."""
    out: list[dict[str, Any]] = []
    for t, v in board.pairs():
        out.append({"part": "target", "id": t.id, "statement": t.statement, "topic": t.topic, "role": t.role,
                    "group": t.group, "evidence": ";".join(t.evidence), "observed_low": t.low, "observed_high": t.high,
                    "scale": t.scale, "kind": t.kind, "reliability": t.reliability, "median": v.median,
                    "low50": v.low50, "high50": v.high50, "low90": v.low90, "high90": v.high90, "worlds": v.happened,
                    "verdict": v.word, "hit": int(v.hit), "interval_score": interval_score(v.low90, v.high90, t),
                    "note": v.note})
    for row in board.patterns:
        out.append({"part": "pattern", "id": row.test.id, "statement": row.test.statement, "median": row.median,
                    "low90": row.low90, "high90": row.high90, "worlds": row.worlds, "share": row.share,
                    "share_low": row.share_low, "share_high": row.share_high,
                    "required": "" if row.test.reason or row.test.finding else row.test.required,
                    "minimum": row.test.minimum, "verdict": row.verdict, "note": row.note})
    for null in board.nulls:
        out.append({"part": "null model", "id": null.name, "statement": null.title, "verdict":
                    "beaten" if null.beaten else "not beaten", "interval_score": null.score,
                    "note": f"the simulation: {null.model_score:.3g}, on {null.targets} targets"})
    return out


def markdown(board: Board) -> str:
    """The scoreboard as a document."""
    s = board.scenario
    lines = [f"# Scoreboard: {s.title}", "",
             f"{s.worlds} worlds, seed {s.seed}, {s.start} to {s.end}; patterns on {board.pattern_worlds} paired "
             "worlds. Exploration under stated assumptions, not a forecast.", "",
             *(f"- {line}" for line in summary_lines(board)), "",
             "A hit: the observed range and the simulated 90 % interval overlap, and that interval is no wider than "
             "three times the observed range on its scale. Reserved targets are never used for fitting. The interval "
             "score counts widths of the observed range: lower is better. *n* is the number of worlds in which the "
             "thing happened.", ""]
    for topic in board.topics:
        lines += [f"## {topic.capitalize()}", "",
                  "| id | statement | evidence | observed | reliability | simulated median [50 %] (90 %) | n | "
                  "verdict | hit | role |", "|---|---|---|---|---|---|---|---|---|---|"]
        for t, v in board.pairs(topic=topic):
            seen = (f"{_short(v.median)} [{_short(v.low50)} – {_short(v.high50)}] ({_short(v.low90)} – "
                    f"{_short(v.high90)})" if not math.isnan(v.median) else "–")
            lines.append(f"| {t.id} | {t.statement} | {', '.join(t.evidence)} | {_short(t.low)} – {_short(t.high)} | "
                         f"{t.reliability} | {seen} | {v.happened} | {v.word} | "
                         f"{'yes' if v.hit else 'no: ' + v.note} | {t.role} |")
        lines.append("")
    if board.nulls:
        lines += ["## Null models", "", "Each has one free scale, fitted to the middle of the observed total.", "",
                  "| null model | interval score | the simulation's | hits | the simulation's | verdict |",
                  "|---|---|---|---|---|---|"]
        lines += [f"| {r.title} | {r.score:.2f} | {r.model_score:.2f} | {r.hits} of {r.targets} | {r.model_hits} of "
                  f"{r.targets} | {'beaten' if r.beaten else 'not beaten'} |" for r in board.nulls]
        lines.append("")
    if board.patterns:
        lines += ["## Patterns", "", "Shown: the two-sided 95 % interval of the share of worlds lies above the "
                  "required share; fails: below it; undecided otherwise.", "",
                  "| id | pattern | minimum effect | effect, median (90 %) | share of worlds [95 %] | required | n | "
                  "verdict |", "|---|---|---|---|---|---|---|---|"]
        lines += [_pattern_line(row) for row in board.patterns]
        lines += ["", "Counterfactuals: " + "; ".join(f"*{c.name}*: {c.title}" for c in board.cases.values()) + "."]
    return "\n".join(lines) + "\n"


def _pattern_line(row: PatternRow) -> str:
    t = row.test
    if not row.worlds:
        return f"| {t.id} | {t.statement} | {t.minimum or '–'} | – | – | – | 0 | {row.verdict}: {row.note} |"
    versus = f" ({t.run} against {t.against})" if t.against else f" ({t.run})"
    required = "–" if t.finding else f"{100 * t.required:.0f} %"
    share = f"{100 * row.share:.0f} % [{100 * row.share_low:.0f} – {100 * row.share_high:.0f} %]"
    return (f"| {t.id} | {t.statement}{versus} | {t.minimum} | {_short(row.median)} ({_short(row.low90)} – "
            f"{_short(row.high90)}) | {share} | {required} | {row.worlds} | {row.verdict} |")


def _short(x: float) -> str:
    if math.isnan(x):
        return "–"
    return f"{x:,.0f}" if abs(x) >= 100 else f"{x:.3g}"


def write(board: Board, command: Sequence[str] | str = "", out: Path | None = None,
          figures: Callable[[Path], object] | None = None) -> Path:
    """Write scoreboard.csv, .md and the manifest into a new folder, whole or not at all; return its path.

    ``figures`` is called with the unfinished folder once its tables are whole, to add pictures.
    """
    from sim.runs.results import write_folder

    def fill(folder: Path) -> None:
        import csv

        with (folder / "scoreboard.csv").open("w", encoding="utf-8", newline="") as handle:
            sheet = csv.DictWriter(handle, COLUMNS, restval="", lineterminator="\n")
            sheet.writeheader()
            sheet.writerows({k: _cell(v) for k, v in row.items()} for row in rows(board))
        (folder / "scoreboard.md").write_text(markdown(board), encoding="utf-8")

    totals = {role: vars(tally(board.pairs(role))) for role in ROLES}
    extra = {"kind": "scoreboard", "summary": summary_lines(board), "tally": _plain(totals),
             "nulls": {r.name: {"score": r.score, "model_score": r.model_score} for r in board.nulls},
             "pattern_worlds": board.pattern_worlds}
    return write_folder(fill, board.scenario, name=f"validate-{board.scenario.name}", command=command,
                        wall_time=board.seconds, out=out, manifest_extra=_plain(extra), figures=figures)


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.6g}"
    return value


def _plain(value: Any) -> Any:
    """Without NaN, which JSON does not know."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value
