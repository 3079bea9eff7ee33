"""Why a scenario differs from its base: through which steps of the model, by which levers, and from when on.

Three accounts of the same paired worlds. Steps: an exact sum over a chain of recorded flows (see `stages`). Levers: the
Shapley value, a lever's mean effect over the orders in which the levers could be added (Shapley 1953, "A value for
n-person games"). Parting: the first month in which anything recorded differs. All of it holds under the stated
assumptions only.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.calendar import Month
from sim.engine.outcomes import OUTCOMES
from sim.inputs.geography import Geography
from sim.inputs.scenario import LeverUse, Scenario
from sim.policy.levers import LIBRARY
from sim.runs import results
from sim.runs.ensemble import geography_of, run_chunk
from sim.runs.threads import Tick, run_tasks
from sim.runs.variants import Variant, run_variants, totals
from sim.studies.compare import stages
from sim.studies.compare.comparison import align
from sim.studies.compare.paired import mean_interval
from sim.studies.compare.verdicts import change, noun, number
from sim.words import worlds_of

REST = "events and other settings"
SETTINGS = ("parameters", "theories", "events")
MOST_PLAYERS = 5  # with more than this, orders are drawn instead of all coalitions run
PARTING_WORLDS = 10
INPUTS = ("effort",)  # differs by construction
TABLES = ("stages", "shapley", "parting")
TEXTS = ("scenario", "outcome", "stage", "process", "region", "player", "month", "place")
HEADING = "# Why the scenarios differ from the base, over the whole run"

Progress = Callable[[int, int], None]
Estimate = tuple[float, float, float]  # value, and the ends of its 95 % interval


@dataclass(frozen=True)
class Why:
    """Why scenarios differ from their base, in all countries and over the whole run.

    ``stages``: scenario, outcome, stage, process, region, year, contribution (to the difference of the means over
    worlds, in units of the outcome), low, high (95 %). Rows without any difference are left out; the contributions of
    an outcome add up to its difference over the run (of stocks, a year counts by its share of the months).
    ``shapley``: scenario, outcome, player, value (mean over worlds), low, high (95 %), share of the whole difference
    (NaN where that cannot be told from zero). ``parting``: scenario, month (median over the worlds that part), the
    place in which most worlds part first (a region; where several share that first place, their countries), how many
    regions that is, the outcome in which most worlds differ there, share of worlds that ever part. ``sentences``: the
    same in words, by scenario.
    """

    stages: pd.DataFrame
    shapley: pd.DataFrame
    parting: pd.DataFrame
    sentences: dict[str, list[str]]


@dataclass(frozen=True)
class Player:
    """What is added to the base as one: levers of the other scenario, levers of the base left out, or all settings.

    ``on`` and ``off`` are positions among the other's levers followed by those that it lacks.
    """

    name: str
    on: tuple[int, ...] = ()
    off: tuple[int, ...] = ()
    settings: bool = False


@dataclass(frozen=True)
class Orders:
    """In which orders the players are added, and what has to be run for it.

    ``orders`` (M, worlds, players); ``coalitions`` (P, worlds), bit j for player j, from none to all of them; ``at``
    (M, worlds, players + 1): where among the coalitions each order stands after each step.
    """

    orders: np.ndarray
    coalitions: np.ndarray
    at: np.ndarray


@dataclass(frozen=True)
class Played:
    """What the coalitions came to.

    ``values``: outcome -> (P, worlds), totals of all countries over the run. ``base``, ``other``: yearly flows of
    nobody's and everybody's coalition, name -> (worlds, years, R).
    """

    values: dict[str, np.ndarray]
    base: dict[str, np.ndarray]
    other: dict[str, np.ndarray]


def explain_comparison(base: Scenario, other: Scenario, *, outcome: str | Sequence[str] = "departures",
                       worlds: int = 40, jobs: int = 0, progress: Progress | None = None) -> Why:
    """Why ``other`` differs from ``base`` in one or several outcomes, in all countries and over the whole run.

    Parameters
    ----------
    outcome : name or names; steps are known for `stages.CHAINS`, the levers' parts for every outcome.
    worlds : paired worlds; each of them runs every coalition of levers.
    jobs : threads; 0 means one per core.
    progress : ``progress(done, total)`` in world-months.

    Raises
    ------
    UserError
        where the two cannot be paired.
    """
    base, other = align(base, [other], worlds)
    outcomes = (outcome,) if isinstance(outcome, str) else tuple(outcome)
    players, levers = players_of(base, other)
    orders = orders_of(len(players), worlds, base.seed)
    few = min(PARTING_WORLDS, worlds)
    cost, look = orders.coalitions.size * base.months, 2 * few * base.months
    tell = progress or (lambda done, total: None)
    played = play(base, other, players, levers, orders.coalitions, outcomes, jobs,
                  lambda done, _: tell(done, cost + look))
    parting, dates = _parting(base, other, outcomes, few, jobs, lambda done: tell(cost + done, cost + look))
    shares = {name: shapley(played.values[name], orders) for name in outcomes}
    words = [sentence for name in outcomes for sentence in (
        _effect_and_steps(name, base, played), _levers(name, players, played, shares[name], orders))]
    return Why(_stage_table(outcomes, base, other, played), _share_table(other, players, played, shares),
               pd.DataFrame([parting]), {other.name: [*words, _parting_words(base, parting, dates, few)]})


# ------------------------------------------------------------------------------------------------ levers


def players_of(base: Scenario, other: Scenario) -> tuple[tuple[Player, ...], tuple[LeverUse, ...]]:
    """Who makes the difference, and the other's levers followed by those of the base that it lacks.

    A lever that stands in both at the same places but not alike is one player, its change. All differences besides
    levers are one player, the last.
    """
    added, lacking = _unmatched(other.levers, base.levers), _unmatched(base.levers, other.levers)
    levers = (*other.levers, *(base.levers[i] for i in lacking))
    left = dict(enumerate(lacking, start=len(other.levers)))
    found = []
    for i in added:
        same = next((p for p in left if (levers[p].lever, levers[p].where) == (levers[i].lever, levers[i].where)), None)
        if same is not None:
            del left[same]
        found.append(Player(_named(i, levers, added) + (", changed" if same is not None else ""), (i,),
                            () if same is None else (same,)))
    found += [Player(f"{_named(p, levers, list(left))}, left out", off=(p,)) for p in left]
    if any(getattr(base, key) != getattr(other, key) for key in SETTINGS):
        found.append(Player(REST, settings=True))
    return tuple(found), levers


def _unmatched(own: Sequence[LeverUse], others: Sequence[LeverUse]) -> list[int]:
    """Positions of the levers that the others have not, each lever matched once."""
    rest, found = list(others), []
    for i, use in enumerate(own):
        if use in rest:
            rest.remove(use)
        else:
            found.append(i)
    return found


def _named(position: int, levers: Sequence[LeverUse], among: Sequence[int]) -> str:
    """A lever's title; with its position in the scenario where the title stands twice."""
    name = levers[position].lever
    alone = sum(levers[i].lever == name for i in among) == 1
    return LIBRARY[name].title + ("" if alone else f" (lever {position + 1})")


def orders_of(players: int, worlds: int, seed: int) -> Orders:
    """All orders of up to five players; of more, orders drawn for each world, each with its reverse.

    Values from drawn orders are unbiased, and those of a world still add up to its whole difference; what the draw adds
    to the spread is in their intervals. No world runs more coalitions than five players need, or one pair of orders.
    """
    if players <= MOST_PLAYERS:
        every = np.array(list(itertools.permutations(range(players))), dtype=int)[:, None]
        orders = np.broadcast_to(every, (len(every), worlds, players))
        coalitions = np.broadcast_to(np.arange(2**players)[:, None], (2**players, worlds))
        return Orders(orders, coalitions, _prefixes(orders))
    pairs = max(1, (2**MOST_PLAYERS - 2) // (2 * (players - 1)))
    drawn = np.random.default_rng(seed).permuted(
        np.broadcast_to(np.arange(players), (pairs, worlds, players)), axis=2)
    orders = np.concatenate([drawn, drawn[..., ::-1]])
    prefixes = _prefixes(orders)
    inner = np.moveaxis(prefixes[..., 1:-1], 2, 1).reshape(-1, worlds)
    coalitions = np.concatenate([np.zeros((1, worlds), int), inner, prefixes[0, None, :, -1]])
    steps = 1 + np.arange(len(orders))[:, None] * (players - 1) + np.arange(players - 1)
    rows = np.concatenate([np.zeros((len(orders), 1), int), steps,
                           np.full((len(orders), 1), len(coalitions) - 1)], axis=1)
    return Orders(orders, coalitions, np.broadcast_to(rows[:, None], (len(orders), worlds, players + 1)))


def _prefixes(orders: np.ndarray) -> np.ndarray:
    """Bits of those added after each step of an order, (M, worlds, players) -> (M, worlds, players + 1)."""
    bits = np.cumsum(1 << orders, axis=2)
    return np.concatenate([np.zeros((*orders.shape[:2], 1), int), bits], axis=2)


def shapley(values: np.ndarray, orders: Orders) -> np.ndarray:
    """Each player's effect averaged over the orders, (players, worlds), from the coalitions' values (P, worlds)."""
    number, worlds, players = orders.orders.shape
    world = np.arange(worlds)[None, :, None]
    steps = np.diff(values[orders.at, world], axis=2)
    out = np.zeros((players, worlds))
    np.add.at(out, (orders.orders, np.broadcast_to(world, steps.shape)), steps / number)
    return out


def play(base: Scenario, other: Scenario, players: Sequence[Player], levers: tuple[LeverUse, ...],
         coalitions: np.ndarray, outcomes: Sequence[str], jobs: int = 0, progress: Progress | None = None) -> Played:
    """Run the coalitions (P, worlds): the first is the base, the last the other scenario."""
    count, worlds = coalitions.shape
    inside = (coalitions[..., None] >> np.arange(len(players)) & 1).astype(bool)
    new = np.asarray(inside[..., [j for j, player in enumerate(players) if player.settings]].any(axis=2))
    parts = [(p, np.flatnonzero(new[p] == which), scenario.model_copy(update={"levers": levers}))
             for p in range(count) for which, scenario in ((False, base), (True, other))]
    parts = [part for part in parts if part[1].size]
    variants = [_variant(scenario, rows, _strengths(players, levers, inside[p, rows])) for p, rows, scenario in parts]
    names = tuple(dict.fromkeys((*outcomes, *(n for o in outcomes for n in stages.NEEDED.get(o, ())))))
    values = np.empty((len(names), count, worlds))
    flows: dict[int, np.ndarray] = {}
    for (p, rows, _), reduced in zip(parts, run_variants(variants, names, jobs, progress, years=True), strict=True):
        values[:, p, rows] = totals(reduced)[..., -1]
        if p in (0, count - 1):
            flows.setdefault(p, np.empty((len(names), worlds, *reduced.yearly.shape[2:]), np.float32))[:, rows] = (
                reduced.yearly)
    return Played(dict(zip(names, values, strict=True)), dict(zip(names, flows[0], strict=True)),
                  dict(zip(names, flows[count - 1], strict=True)))


def _variant(scenario: Scenario, worlds: np.ndarray, strengths: dict[int, np.ndarray]) -> Variant:
    """A coalition's scenario; a lever that is as strong in all of its worlds has that strength in the scenario."""
    alike = {i: float(own[0]) for i, own in strengths.items() if np.ptp(own) == 0}
    levers = tuple(use.model_copy(update={"strength": alike.get(i, use.strength)})
                   for i, use in enumerate(scenario.levers))
    return Variant(scenario.model_copy(update={"levers": levers}), worlds,
                   strengths={i: own for i, own in strengths.items() if i not in alike})


def _strengths(players: Sequence[Player], levers: Sequence[LeverUse], inside: np.ndarray) -> dict[int, np.ndarray]:
    """Strength of every lever that the players switch, position -> (rows,), from who is inside (rows, players)."""
    found: dict[int, np.ndarray] = {}
    for j, player in enumerate(players):
        found |= {i: np.where(inside[:, j], levers[i].strength, 0.0) for i in player.on}
        found |= {i: np.where(inside[:, j], 0.0, levers[i].strength) for i in player.off}
    return found


# ------------------------------------------------------------------------------------------------ tables


def _stage_table(outcomes: Sequence[str], base: Scenario, other: Scenario, played: Played) -> pd.DataFrame:
    regions, years = geography_of(base).regions, range(base.start.year, base.end.year + 1)
    parts = []
    for outcome in (name for name in outcomes if name in stages.CHAINS):
        steps, share = stages.steps(outcome), _weights(outcome, base)
        estimate = stages.interval(outcome, played.base, played.other, functools.partial(np.multiply, share))
        names = pd.MultiIndex.from_product([[s.name for s in steps], years, regions], names=["stage", "year", "region"])
        frame = names.to_frame(index=False).assign(
            scenario=other.name, outcome=outcome,
            process=np.repeat([s.process for s in steps], len(years) * len(regions)),
            **{key: values.ravel() for key, values in zip(("contribution", "low", "high"), estimate, strict=True)})
        parts.append(frame[(estimate[0].ravel() != 0) | (estimate[1].ravel() < 0)])
    columns = ["scenario", "outcome", "stage", "process", "region", "year", "contribution", "low", "high"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _weights(outcome: str, base: Scenario) -> np.ndarray:
    """(years, 1) factors with which yearly values add up to that of the run: 1 for flows, else shares of the months."""
    count = np.unique((int(base.start) + np.arange(base.months)) // 12, return_counts=True)[1][:, None]
    return np.ones(count.shape) if OUTCOMES[outcome].flow else count / base.months


def _whole(outcome: str, played: Played) -> Estimate:
    return mean_interval(played.values[outcome][-1] - played.values[outcome][0])


def _share_table(other: Scenario, players: Sequence[Player], played: Played,
                 shares: dict[str, np.ndarray]) -> pd.DataFrame:
    rows = []
    for outcome, values in shares.items():
        whole = _whole(outcome, played)
        for player, own in zip(players, values, strict=True):
            value, low, high = mean_interval(own)
            rows.append((other.name, outcome, player.name, value, low, high,
                         value / whole[0] if _told(whole) else math.nan))
    return pd.DataFrame(rows, columns=["scenario", "outcome", "player", "value", "low", "high", "share"])


def _parting(base: Scenario, other: Scenario, outcomes: Sequence[str], worlds: int, jobs: int,
             tell: Tick) -> tuple[dict[str, Any], list[tuple[str, str, float]]]:
    """When, where and in what the worlds part first; and for each outcome from when on and in what share of worlds."""
    names = [name for name in OUTCOMES if name not in INPUTS or name in outcomes]
    tasks = [(scenario.model_copy(update={"record": tuple(names)}), worlds) for scenario in (base, other)]
    one, two = (values for _, values in sorted(run_tasks(_recorded, tasks, jobs, tell), key=lambda item: item[0]))
    differs = one != two
    dates = [(name, *_first(differs[names.index(name)].any(axis=2), base.start)[:2]) for name in outcomes]
    differs[[name in INPUTS for name in names]] = False
    month, share, first = _first(differs.any(axis=(0, 3)), base.start)
    parted = np.flatnonzero(first >= 0)
    regions, outcome = _first_seen(differs[:, parted, first[parted]])
    place, what = (_together(geography_of(base), regions), names[outcome]) if parted.size else ("", "")
    return {"scenario": other.name, "month": month, "place": place, "regions": len(regions), "outcome": what,
            "share": share}, dates


def _first_seen(differs: np.ndarray) -> tuple[np.ndarray, int]:
    """Regions that part first in the most worlds, all that tie, and the outcome that most worlds show there.

    From (outcomes, worlds that part, R): what differs in each world's first month.
    """
    if not differs.shape[1]:
        return np.array([], dtype=int), 0
    times = differs.any(axis=0).sum(axis=0)
    regions = np.flatnonzero(times == times.max())
    return regions, int(np.argmax(differs[..., regions].any(axis=2).sum(axis=1)))


def _together(g: Geography, regions: np.ndarray) -> str:
    """A region's id where it is alone, else the ids of the countries, 'DZ, MA'."""
    if len(regions) == 1:
        return g.regions[regions[0]]
    return ", ".join(g.countries[y] for y in np.unique(g.country_of[regions]))


def _recorded(task: tuple[Scenario, int], tick: Tick) -> np.ndarray:
    scenario, worlds = task
    return run_chunk(scenario, range(worlds), progress=tick).values


def _first(differs: np.ndarray, start: Month) -> tuple[str, float, np.ndarray]:
    """Median first month, '' if none, share of worlds with one, and each world's step or -1; from (worlds, months)."""
    ever = differs.any(axis=1)
    first = np.where(ever, np.argmax(differs, axis=1), -1)
    return str(start + int(np.median(first[ever]))) if ever.any() else "", float(ever.mean()), first


# ------------------------------------------------------------------------------------------------ words


def _effect_and_steps(outcome: str, base: Scenario, played: Played) -> str:
    """The difference, and by which steps it comes about."""
    whole, n = _whole(outcome, played), played.values[outcome].shape[1]
    before = f"base {number(played.values[outcome][0].mean())}"
    name = noun(outcome)
    if not (played.values[outcome][-1] - played.values[outcome][0]).any():
        said = f"{name} are the same in each of {worlds_of(n)} ({before})"
    elif _told(whole):
        ends = sorted(abs(end) for end in whole[1:])
        said = (f"{change(outcome, whole[0] < 0)}, by {number(abs(whole[0]))} on average over {worlds_of(n)} "
                f"(95 % {number(ends[0])} to {number(ends[1])}; {before})")
    else:
        said = f"{name} cannot be told apart from the base with {worlds_of(n)} ({_signed(whole)}; {before})"
    found = _step_totals(outcome, base, played)
    steps = f" By step: {_sorted_out(found)}." if any(e[0] for _, e in found) else ""
    return f"Over the whole run and all countries, {said}.{steps}"


def _step_totals(outcome: str, base: Scenario, played: Played) -> list[tuple[str, Estimate]]:
    if outcome not in stages.CHAINS:
        return []
    share = _weights(outcome, base)
    ends = stages.interval(outcome, played.base, played.other, lambda x: (x * share).sum(axis=(-2, -1)))
    return [(f"{step.name} ({step.what})", (float(m), float(low), float(high)))
            for step, m, low, high in zip(stages.steps(outcome), *ends, strict=True)]


def _sorted_out(found: Sequence[tuple[str, Estimate]]) -> str:
    """Those told apart from zero, the largest first, with numbers; then the names of the others."""
    clear = sorted((item for item in found if _told(item[1])), key=lambda item: -abs(item[1][0]))
    unclear = ", ".join(name for name, e in found if not _told(e))
    told = ", ".join(f"{name} {_signed(e)}" for name, e in clear)
    return "; ".join([*([told] if told else []), *([f"cannot be told apart from zero: {unclear}"] if unclear else [])])


def _levers(outcome: str, players: Sequence[Player], played: Played, shares: np.ndarray, orders: Orders) -> str:
    """Which levers account for the difference."""
    if not players:
        return "The scenarios do not differ in any lever or setting."
    if len(players) == 1:
        return (f"There is one difference only, so that the whole change in {noun(outcome)} is due to it: "
                f"{players[0].name}.")
    some = f"{len(orders.orders)} drawn orders in each world" if len(players) > MOST_PLAYERS else "all orders"
    parts = [(player.name, mean_interval(own)) for player, own in zip(players, shares, strict=True)]
    return f"Change in {noun(outcome)} by lever (mean over {some} of adding them): {_sorted_out(parts)}."


def _parting_words(base: Scenario, parting: dict[str, Any], dates: Iterable[tuple[str, str, float]], n: int) -> str:
    """When the worlds part."""
    if not parting["month"]:
        return f"In none of {worlds_of(n)} does anything recorded differ from the base."
    where = _where(geography_of(base), parting["place"], parting["regions"])
    outcomes = "; ".join(f"{noun(name)} {_dated(month, share, n)}" for name, month, share in dates)
    return (f"{_count(parting['share'], n)} worlds part from the base, half of these by {parting['month']}, most often "
            f"first in {where} ({OUTCOMES[parting['outcome']].label}); {outcomes}.")


def _where(g: Geography, place: str, regions: int) -> str:
    """'Sirte', 'all 27 regions of Tunisia in the same month', '3 regions of Algeria and Libya in the same month'."""
    if regions == 1:
        return g.region_names[g.regions.index(place)]
    countries = [g.countries.index(country) for country in place.split(", ")]
    every = "all " if regions == np.isin(g.country_of, countries).sum() else ""
    *rest, last = (g.country_names[y] for y in countries)
    return f"{every}{regions} regions of {', '.join(rest)}{' and ' if rest else ''}{last} in the same month"


def _dated(month: str, share: float, n: int) -> str:
    return f"differ in {_count(share, n)}, at the median from {month} on" if month else "never differ"


def _count(share: float, n: int) -> str:
    return f"{round(share * n)} of {n}"


def _told(estimate: Estimate) -> bool:
    return estimate[1] > 0 or estimate[2] < 0


def _signed(estimate: Estimate) -> str:
    value, low, high = (f"{'+' if x > 0 else ''}{number(x)}" for x in estimate)
    return value if math.isnan(estimate[1]) else f"{value} [95 % {low} to {high}]"


# ------------------------------------------------------------------------------------------------ files


def write(reasons: Sequence[Why], folder: Path) -> None:
    """Why each scenario differs, as why_*.csv and why.md."""
    for name in TABLES:
        frame = pd.concat([getattr(why, name) for why in reasons], ignore_index=True)
        results.write_csv(frame, folder / f"why_{name}.csv")
    lines = [HEADING, "", results.DISCLAIMER]
    for scenario, sentences in (item for why in reasons for item in why.sentences.items()):
        lines += ["", f"## {scenario}", "", *(f"- {sentence}" for sentence in sentences)]
    (folder / "why.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def read(folder: Path) -> Why:
    """What `write` wrote, all scenarios together."""
    tables = {name: results.read_csv(folder / f"why_{name}.csv", TEXTS.__contains__) for name in TABLES}
    sentences: dict[str, list[str]] = {}
    for line in (folder / "why.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            sentences[line.removeprefix("## ")] = []
        elif line.startswith("- "):
            sentences[list(sentences)[-1]].append(line.removeprefix("- "))
    return Why(**tables, sentences=sentences)


def summary_lines(reasons: Sequence[Why], worlds: int) -> list[str]:
    """The sentences, scenario by scenario, and on how many worlds they rest."""
    lines = ["", f"Why the scenarios differ rests on means over {worlds_of(worlds)}, when and where they part on "
             f"{min(worlds, PARTING_WORLDS)} of these."] if reasons else []
    for scenario, sentences in (item for why in reasons for item in why.sentences.items()):
        lines += ["", f"Why {scenario} differs, over the whole run:", *(f"  {sentence}" for sentence in sentences)]
    return lines
