"""Scenarios against a base in the same worlds: what differs, in how many worlds, by how much, at what effort, where.

World k of every scenario carries the same luck and the same posterior draw, so each world is its own control.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.calendar import Month
from sim.engine.outcomes import OUTCOMES
from sim.errors import UserError
from sim.inputs.posterior import described
from sim.inputs.scenario import Scenario
from sim.runs import results
from sim.runs.ensemble import geography_of
from sim.runs.reduce import QUANTILES, quantile_of_sorted
from sim.runs.scenarios import installed
from sim.runs.tables import places as places_of
from sim.runs.variants import Reduced, Variant, joined, run_variants
from sim.studies.compare import paired
from sim.studies.compare.verdicts import (
    ALL,
    DIRECTIONS,
    by_chance,
    change,
    effect_lines,
    few,
    named,
    noun,
    verdict,
)
from sim.words import listed, nearest, worlds_of

DEFAULT_OUTCOMES = ("departures", "recruits", "attacks", "mass_attacks", "deaths_civilians", "deaths_state",
                    "controlled_residents", "foothold", "movement_members", "rival_members", "refuge_members",
                    "returnees_hidden", "prisoners", "readiness", "polarisation", "effort")
#: what has to be decided where worlds are added until all is, and the user names no outcome
HEADLINE = ("departures", "attacks", "controlled_residents")
FIRST_LOOK = 50  # worlds
KEPT = ("p05", "p25", "p50", "p75", "p95")

Progress = Callable[[int, int], None]


@dataclass(frozen=True, repr=False)
class Comparison:
    """Scenarios compared with a base in the same worlds, over the months ``first`` to ``last``.

    ``effects``: one row per scenario, outcome and place, what gets worse first. ``worlds_table``: value by scenario
    (the base included), world, outcome and place. ``monthly``: quantiles over worlds of levels and of paired
    differences. ``regions``: paired differences by region. ``decisions``: what was tested while worlds were added.
    ``asked``: the places that were asked for by name.
    """

    base: Scenario
    others: tuple[Scenario, ...]
    worlds: int
    first: Month
    last: Month
    effects: pd.DataFrame
    worlds_table: pd.DataFrame
    monthly: pd.DataFrame
    regions: pd.DataFrame
    decisions: pd.DataFrame
    seconds: float
    asked: tuple[str, ...] = ()

    def __repr__(self) -> str:
        others = ", ".join(repr(other.name) for other in self.others)
        return (f"<Comparison of {others} with {self.base.name!r}: {worlds_of(self.worlds)}, "
                f"{self.first} to {self.last}, {len(self.effects)} effects>")


@dataclass(frozen=True)
class _Plan:
    """What is read, and with which test."""

    scenarios: tuple[Scenario, ...]
    outcomes: tuple[str, ...]
    places: tuple[str, ...]  # of the axis of `Reduced.window`
    shown: tuple[str, ...]
    named: tuple[tuple[str, str, str], ...]  # scenario, outcome, place that are tested while worlds are added
    span: slice
    always_valid: bool
    jobs: int


def align(base: Scenario, others: Sequence[Scenario], worlds: int | None = None) -> tuple[Scenario, ...]:
    """The base and the others with the base's seed and number of worlds, ready to be paired.

    Raises
    ------
    UserError
        where there is nothing to compare, two scenarios have one name, or worlds could not be paired.
    """
    if not others:
        raise UserError(f"compare: give at least one scenario to compare with '{base.name}'.")
    names = [base.name, *(other.name for other in others)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UserError(f"compare: several scenarios are named '{twice[0]}' ({_sources((base, *others), twice[0])}). "
                        "Give each a name of its own.")
    for other in others:
        unlike = [f"{key} {getattr(base, key)} and {getattr(other, key)}"
                  for key in ("world", "start", "end", "uncertainty") if getattr(base, key) != getattr(other, key)]
        if unlike:
            raise UserError(f"compare: '{base.name}' and '{other.name}' cannot be compared world by world; they differ "
                            f"in {'; '.join(unlike)}. Scenarios compared need the same world, start, end and "
                            "uncertainty.")
    same = {"worlds": worlds or base.worlds, "seed": base.seed}
    return tuple(scenario.model_copy(update=same) for scenario in (base, *others))


def _sources(scenarios: Iterable[Scenario], name: str) -> str:
    return " and ".join(s.source or "built in Python" for s in scenarios if s.name == name)


def compare(base: Scenario, others: Sequence[Scenario], *, outcomes: Sequence[str] = DEFAULT_OUTCOMES,
            places: Sequence[str] = (), worlds: int | None = None, first: Month | None = None,
            last: Month | None = None, jobs: int = 0, until_sure: bool = False, most: int = 1000,
            progress: Progress | None = None) -> Comparison:
    """Run a base and other scenarios in the same worlds and compare them.

    Parameters
    ----------
    outcomes : names of outcomes; effort is always read.
    places : regions to show beside the countries; with ``until_sure``, the places to decide about.
    worlds : number of worlds. Default: the base's.
    first, last : the window that totals are read over. Default: the whole run.
    jobs : threads; 0 means one per core.
    until_sure : add worlds until every named comparison is decided or there are ``most``. Named are the outcomes, or
        the headline outcomes by default, at the places, or in all countries together by default.
    progress : ``progress(done, total)`` in world-months.

    Raises
    ------
    UserError
        where the scenarios cannot be paired, or a name or a month does not exist.
    """
    began = time.perf_counter()
    scenarios = align(base, others, worlds)
    first, last = _window(scenarios[0], first, last)
    plan = _plan(scenarios, outcomes, places, first, last, until_sure, jobs)
    if until_sure:
        kept, decisions = _add_until_sure(plan, most, progress)
    else:
        kept, decisions = _run(plan, np.arange(scenarios[0].worlds), progress), _decisions({})
    n = kept[0].window.shape[1]
    scenarios = tuple(scenario.model_copy(update={"worlds": n}) for scenario in scenarios)
    return Comparison(scenarios[0], scenarios[1:], n, first, last, _effects(plan, kept, decisions),
                      _worlds_table(plan, kept), _monthly(plan, kept), _regions(plan, kept), decisions,
                      time.perf_counter() - began, tuple(dict.fromkeys(places)))


def _window(base: Scenario, first: Month | None, last: Month | None) -> tuple[Month, Month]:
    first, last = first or base.start, last or base.end
    if not base.start <= first <= last <= base.end:
        raise UserError(f"compare: the window {first} to {last} does not lie within the run, {base.start} to "
                        f"{base.end}, or ends before it begins.")
    return first, last


def _plan(scenarios: tuple[Scenario, ...], outcomes: Sequence[str], places: Sequence[str], first: Month, last: Month,
          until_sure: bool, jobs: int) -> _Plan:
    base = scenarios[0]
    g = geography_of(base)
    if not outcomes:
        raise UserError("compare: name at least one outcome.")
    check_outcomes(outcomes)
    _check_names("a place", places, {ALL: "all countries", **installed().world(base.world).places},
                 f" (`python run.py list places --world {base.world}` shows them)")
    tested = HEADLINE if tuple(outcomes) == DEFAULT_OUTCOMES else tuple(o for o in outcomes if o != "effort")
    if until_sure and not tested:
        raise UserError("compare: with --until-sure name an outcome besides effort, which is an input.")
    named = tuple(itertools.product([s.name for s in scenarios[1:]], tested, dict.fromkeys(places or (ALL,))))
    begin = int(base.start)
    return _Plan(scenarios, tuple(dict.fromkeys((*outcomes, "effort"))), (*g.countries, ALL, *g.regions),
                 tuple(dict.fromkeys((ALL, *g.countries, *places))), named if until_sure else (),
                 slice(first - begin, last - begin + 1), until_sure, jobs)


def check_outcomes(names: Sequence[str]) -> None:
    """Raise UserError for a name that is no outcome."""
    _check_names("an outcome", names, {name: outcome.label for name, outcome in OUTCOMES.items()},
                 " (`python run.py list outcomes` shows them)")


def wished(outcomes: Sequence[str]) -> tuple[str, ...]:
    """Those outcomes of which prevention wishes fewer or more; UserError where that is none, or a name is unknown."""
    check_outcomes(outcomes)
    found = tuple(dict.fromkeys(name for name in outcomes if OUTCOMES[name].wish))
    if not found:
        raise UserError(f"robust: of {listed(outcomes)} prevention wishes neither more nor less; name an outcome such "
                        "as departures, attacks or controlled_residents.")
    return found


def enough(worlds: int) -> None:
    """Raise UserError for so few worlds that nothing could be decided under any theory."""
    if worlds < paired.FEWEST:
        raise UserError(f"robust: {worlds_of(worlds)} under each theory can decide nothing; give at least "
                        f"{paired.FEWEST} with --worlds, better {FIRST_LOOK}.")


def _check_names(kind: str, names: Sequence[str], known: Mapping[str, str], see: str) -> None:
    """Raise UserError for a name that is not among the known, id -> what it is called; ``see``: where all stand."""
    for name in names:
        if name not in known:
            close = nearest(name, known)
            hint = f" Did you mean '{close}'?" if close else ""
            raise UserError(f"compare: '{name}' is not {kind}. Allowed: {listed(list(known))}{see}.{hint}")


def _run(plan: _Plan, worlds: np.ndarray, progress: Progress | None, before: int = 0) -> list[Reduced]:
    """All scenarios in these worlds; ``before`` world-months were simulated in earlier rounds."""
    tell = None if progress is None else lambda done, total: progress(before + done, before + total)
    variants = [Variant(scenario, worlds) for scenario in plan.scenarios]
    return run_variants(variants, plan.outcomes, plan.jobs, tell, plan.span)


def looks(most: int) -> Iterator[tuple[int, int]]:
    """The worlds of each round, first and after the last: 50, then as many again as there are, up to ``most``."""
    done = 0
    while done < most:
        after = min(most, max(FIRST_LOOK, 2 * done))
        yield done, after
        done = after


def _add_until_sure(plan: _Plan, most: int, progress: Progress | None) -> tuple[list[Reduced], pd.DataFrame]:
    kept: list[Reduced] = []
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for begin, after in looks(most):
        cost = len(plan.scenarios) * plan.scenarios[0].months
        new = _run(plan, np.arange(begin, after), progress, begin * cost)
        kept = [joined(pair) for pair in zip(kept, new, strict=True)] if kept else new
        for key in plan.named:
            if not found.get(key, {}).get("decided"):
                found[key] = decide(_differences(plan, kept, key), len(plan.named), found.get(key))
        if all(row["decided"] for row in found.values()):
            break
    return kept, _decisions(found)


def decide(differences: np.ndarray, comparisons: int, before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """One look at one of so many comparisons, (n,) paired differences so far; ``before`` is the look before it.

    Decided when the evidence reaches comparisons / 0.05: then the chance that any of them is decided without an effect
    is at most 5 %, however many looks are taken (Ville's inequality, Bonferroni's over the comparisons).
    """
    lower, higher, same = (int(x) for x in paired.counts(differences))
    evidence = math.exp(min(700.0, float(paired.log_evidence(lower, higher))))
    wanted = comparisons / paired.LEVEL
    return {"looks": 1 + (before["looks"] if before else 0), "worlds": len(differences), "lower": lower,
            "higher": higher, "same": same, "evidence": evidence, "evidence_wanted": wanted,
            "decided": evidence >= wanted}


def _differences(plan: _Plan, kept: Sequence[Reduced], key: tuple[str, str, str]) -> np.ndarray:
    scenario, outcome, place = key
    number = [s.name for s in plan.scenarios].index(scenario)
    at = plan.outcomes.index(outcome), slice(None), plan.places.index(place)
    return np.asarray(kept[number].window[at] - kept[0].window[at])


def _decisions(found: Mapping[tuple[str, str, str], Mapping[str, Any]]) -> pd.DataFrame:
    columns = ["scenario", "outcome", "place", "looks", "worlds", "lower", "higher", "same", "evidence",
               "evidence_wanted", "decided"]
    rows = [dict(zip(columns[:3], key, strict=True)) | dict(row) for key, row in found.items()]
    return pd.DataFrame(rows, columns=columns)


def _effects(plan: _Plan, kept: Sequence[Reduced], decisions: pd.DataFrame) -> pd.DataFrame:
    tested = {(d["scenario"], d["outcome"], d["place"]): d for d in decisions.to_dict("records")}
    rows = []
    for scenario in plan.scenarios[1:]:
        effort = float(_differences(plan, kept, (scenario.name, "effort", ALL)).mean())
        for place, outcome in itertools.product(plan.shown, plan.outcomes):
            key = (scenario.name, outcome, place)
            at = plan.outcomes.index(outcome), slice(None), plan.places.index(place)
            row = _effect(kept[0].window[at], _differences(plan, kept, key), outcome, plan.always_valid,
                          tested.get(key))
            thousands = effort / 1000 if effort > 0 and outcome != "effort" else math.nan
            row |= {"effort": effort, "effect_per_effort": row["difference_mean"] / thousands}
            rows.append({"scenario": scenario.name, "title": scenario.title, "outcome": outcome, "place": place} | row)
    frame = pd.DataFrame(rows)[list(EFFECT_COLUMNS)]
    order = {s.name: i for i, s in enumerate(plan.scenarios)}
    rank = frame["scenario"].map(order) * len(DIRECTIONS) + frame["direction"].map(DIRECTIONS.index)
    return frame.iloc[np.argsort(rank, kind="stable")].reset_index(drop=True)


EFFECT_COLUMNS = (
    "scenario", "title", "outcome", "label", "unit", "place", "wish", "base_median", "base_p05", "base_p95",
    "other_median", "other_p05", "other_p95", "difference_median", "difference_low", "difference_high",
    "difference_mean", "mean_low", "mean_high", "spread_low", "spread_high", "ratio", "ratio_low", "ratio_high",
    "better", "worse", "same", "share_better", "share_low", "share_high", "p_value", "decided", "direction", "needed",
    "verdict", "effort", "effect_per_effort")


def _effect(base: np.ndarray, difference: np.ndarray, outcome: str, always_valid: bool,
            tested: Mapping[str, Any] | None) -> dict[str, Any]:
    """What can be said of one outcome at one place from the base's values and the paired differences, both (n,)."""
    about, n = OUTCOMES[outcome], len(base)
    lower, higher, same = (int(x) for x in paired.counts(difference))
    better, worse = (higher, lower) if about.wish == "+" else (lower, higher)
    positive = base > 0
    row: dict[str, Any] = {"label": about.label, "unit": _unit(outcome), "wish": about.wish}
    row |= _spread("base", base) | _spread("other", base + difference)
    row |= _triple("difference_median", "difference", paired.median_interval(difference, always_valid))
    row |= _triple("difference_mean", "mean", paired.mean_interval(difference))
    row |= dict(zip(("spread_low", "spread_high"), np.quantile(difference, [0.05, 0.95]), strict=True))
    row |= _triple("ratio", "ratio", paired.median_interval(1 + difference[positive] / base[positive], always_valid))
    row |= {"better": better, "worse": worse, "same": same}
    row |= _triple("share_better", "share", (better / n, *paired.share_interval(better, n)))
    row |= _decision(lower, higher, n, about.wish, always_valid, tested)
    row["verdict"] = verdict(row, outcome)
    return row


def _unit(outcome: str) -> str:
    """A flow's unit without its month: over a window the months are added up."""
    about = OUTCOMES[outcome]
    return about.unit.removesuffix("/month") if about.flow else about.unit


def _spread(name: str, values: np.ndarray) -> dict[str, float]:
    low, middle, high = np.quantile(values, [0.05, 0.5, 0.95])
    return {f"{name}_median": middle, f"{name}_p05": low, f"{name}_p95": high}


def _triple(middle: str, ends: str, values: tuple[float, float, float]) -> dict[str, float]:
    return dict(zip((middle, f"{ends}_low", f"{ends}_high"), values, strict=True))


def _decision(lower: int, higher: int, n: int, wish: str, always_valid: bool,
              tested: Mapping[str, Any] | None) -> dict[str, Any]:
    """The sign's p-value, whether and how it is decided, and the worlds that would be needed if it is not."""
    if always_valid:
        evidence = tested["evidence"] if tested else math.exp(min(700.0, float(paired.log_evidence(lower, higher))))
        wanted = tested["evidence_wanted"] if tested else 1 / paired.LEVEL
        p, decided = min(1.0, 1 / evidence), evidence >= wanted
        needed = paired.worlds_needed_always(lower, higher, n, wanted)
    else:
        p = float(paired.sign_p(lower, higher))
        decided = p < paired.LEVEL
        needed = paired.worlds_needed(lower, higher, n)
    return {"p_value": p, "decided": decided, "direction": _direction(lower, higher, wish, decided),
            "needed": "" if decided or lower == higher == 0 else needed}


def _direction(lower: int, higher: int, wish: str, decided: bool) -> str:
    if not decided:
        return "undecided" if lower or higher else "same in every world"
    way = "lower" if lower > higher else "higher"
    return way if not wish else "better" if (way == "lower") == (wish == "-") else "worse"


def _worlds_table(plan: _Plan, kept: Sequence[Reduced]) -> pd.DataFrame:
    shown = [plan.places.index(place) for place in plan.shown]
    values = np.stack([part.window[:, :, shown] for part in kept])
    names = ([s.name for s in plan.scenarios], plan.outcomes, range(values.shape[2]), plan.shown)
    index = pd.MultiIndex.from_product(names, names=["scenario", "outcome", "world", "place"])
    frame = pd.DataFrame({"value": values.ravel()}, index=index).reset_index()
    kinds = {"scenario": "category", "outcome": "category", "place": "category", "world": np.int32}
    return frame.astype(kinds)[["scenario", "world", "outcome", "place", "value"]]


def _monthly(plan: _Plan, kept: Sequence[Reduced]) -> pd.DataFrame:
    names = [s.name for s in plan.scenarios]
    parts = [_bands(plan, name, "level", part.monthly) for name, part in zip(names, kept, strict=True)]
    parts += [_bands(plan, name, "difference", part.monthly - kept[0].monthly)
              for name, part in zip(names[1:], kept[1:], strict=True)]
    return pd.concat(parts, ignore_index=True)


def _bands(plan: _Plan, scenario: str, kind: str, values: np.ndarray) -> pd.DataFrame:
    """Quantiles over worlds of (O, n, months, Y + 1)."""
    ordered = np.sort(values, axis=1).swapaxes(0, 1)  # worlds first
    start = plan.scenarios[0].start
    names = (plan.outcomes, [str(start + t) for t in range(values.shape[2])], plan.places[:values.shape[3]])
    frame = pd.MultiIndex.from_product(names, names=["outcome", "month", "place"]).to_frame(index=False)
    frame.insert(0, "scenario", scenario)
    frame["kind"] = kind
    for label in KEPT:
        frame[label] = quantile_of_sorted(ordered, QUANTILES[label]).ravel()
    frame["mean"] = ordered.mean(axis=0, dtype=np.float64).ravel()
    return frame[["scenario", "outcome", "place", "month", "kind", *KEPT, "mean"]]


def _regions(plan: _Plan, kept: Sequence[Reduced]) -> pd.DataFrame:
    first = plan.places.index(ALL) + 1
    base = kept[0].window[:, :, first:]
    names = [plan.outcomes, plan.places[first:]]
    wished_up = np.array([OUTCOMES[name].wish == "+" for name in plan.outcomes])[:, None]
    parts = []
    for scenario, part in zip(plan.scenarios[1:], kept[1:], strict=True):
        difference = part.window[:, :, first:] - base
        lower, higher, same = paired.counts(difference.swapaxes(0, 1))
        frame = pd.MultiIndex.from_product(names, names=["outcome", "region"]).to_frame(index=False)
        frame.insert(0, "scenario", scenario.name)
        n = base.shape[1]
        columns = {"base_mean": base.mean(axis=1), "difference_mean": difference.mean(axis=1),
                   "difference_median": np.median(difference, axis=1),
                   "share_better": np.where(wished_up, higher, lower) / n,
                   "share_worse": np.where(wished_up, lower, higher) / n, "n": np.full(same.shape, n)}
        parts.append(frame.assign(**{name: values.ravel() for name, values in columns.items()}))
    return pd.concat(parts, ignore_index=True)


def summary_lines(comparison: Comparison) -> list[str]:
    """What the comparison says: for each scenario what gets worse first, then the rest; last, what chance would do."""
    c = comparison
    lines = [f"Counterfactual results under the stated assumptions, {c.first} to {c.last}, {c.worlds} paired "
             f"world{'' if c.worlds == 1 else 's'}, each against '{c.base.name}'.",
             f"Verdicts count in how many of {worlds_of(c.worlds)} an outcome changes; sizes are medians over them, "
             "means where so named."]
    names = installed().world(c.base.world).places
    for scenario in c.others:
        own = c.effects[c.effects["scenario"] == scenario.name]
        lines += ["", f"{scenario.title} ({scenario.name})", *effect_lines(own, names, c.asked)]
    return [*lines, "", *_named_lines(c, names), *_cautions(c)]


def _named_lines(c: Comparison, names: Mapping[str, str]) -> list[str]:
    """Each comparison that worlds were added for, and whether it was decided."""
    lines = [f"  {row['scenario']}, {noun(row['outcome'])}, {named(row['place'], names)}: {_decided(row)}"
             for row in c.decisions.to_dict("records")]
    return ["Named comparisons:", *lines, ""] if lines else []


def _decided(row: Mapping[str, Any]) -> str:
    down = row["lower"] > row["higher"]
    seen = (f"{change(row['outcome'], down)} in {max(row['lower'], row['higher'])}" if row["decided"] else
            f"lower in {row['lower']}, higher in {row['higher']}")
    word = "decided" if row["decided"] else "not decided"
    return f"{word} after {worlds_of(row['worlds'])}; {seen}, the same in {row['same']}"


def _cautions(c: Comparison) -> list[str]:
    made, lines = int((c.effects["outcome"] != "effort").sum()), []
    if len(c.decisions):
        decided = int(c.decisions["decided"].sum())
        lines = [f"Of {len(c.decisions)} named comparisons {decided} are decided after {worlds_of(c.worlds)}; the "
                 "chance that any of them is decided without an effect is at most 5 %, however often one looks. "
                 "Intervals of medians hold as well; intervals of means and shares are not adjusted for the looks."]
        made -= len(c.decisions)
    return [*lines, *by_chance(made, further=bool(lines)), *few(c.worlds)]


def write(comparison: Comparison, *, command: str | Sequence[str] = "", out: Path | None = None,
          more: Callable[[Path], object] | None = None,
          figures: Callable[[Path], object] | None = None) -> Path:
    """Write the tables and the resolved scenarios into a new folder, whole or not at all; return its path.

    ``more`` and ``figures`` are called with the unfinished folder once its tables are whole, to add to it.
    """
    def fill(folder: Path) -> None:
        _write_tables(comparison, folder)
        if more is not None:
            more(folder)

    c = comparison
    extra = {"kind": "comparison", "others": [s.name for s in c.others], "first": str(c.first), "last": str(c.last),
             "titles": {s.name: s.title for s in (c.base, *c.others)}, "until_sure": bool(len(c.decisions)),
             "outcomes": list(c.monthly["outcome"].unique()), "summary": summary_lines(c),
             **described(c.base.world, c.base.uncertainty)}
    return results.write_folder(fill, c.base, others=c.others, name=f"compare-{c.base.name}", command=command,
                                wall_time=c.seconds, out=out, manifest_extra=extra, figures=figures)


def _write_tables(c: Comparison, folder: Path) -> None:
    for name in ("effects", "regions", "monthly"):
        results.write_csv(getattr(c, name), folder / f"{name}.csv")
    if len(c.decisions):
        results.write_csv(c.decisions, folder / "decisions.csv")
    results.write_csv(places_of(geography_of(c.base)), folder / "places.csv")
    c.worlds_table.to_parquet(folder / "differences.parquet", compression="zstd", index=False)


read = results.read_comparison
