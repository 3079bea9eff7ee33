"""The scoreboard: the run against the record, line by line, fit and misfit alike.

Three parts: targets (ranges of the record), patterns (counterfactual tests with a minimum effect written down
beforehand) and null models that the simulation must beat.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.inputs.mistakes import DataError
from sim.runs.threads import run_tasks
from sim.studies.record.measures import evaluate, outcomes_of, view
from sim.studies.record.null_models import NullRow, interval_score, null_rows, tally
from sim.studies.record.patterns import (
    BASELINE,
    FAILS,
    FINDING,
    PATTERN_WORLDS,
    SHOWN,
    UNDECIDED,
    UNTESTED,
    Case,
    PatternRow,
    judge,
    load_patterns,
    readings,
)
from sim.studies.record.target_verdicts import Verdict, verdict
from sim.studies.record.targets import ROLES, Target, load_targets, measure
from sim.words import percent

if TYPE_CHECKING:
    from sim.inputs.scenario import Scenario
    from sim.runs.ensemble import Arrays


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
        Threads; 0 means one per core.
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
