"""Null models that the simulation must beat, with the scores by which they are compared."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.calendar import Month
from sim.inputs.numbers import coefficients
from sim.studies.record.measures import outcomes_of
from sim.studies.record.target_verdicts import Verdict, on_scale, verdict
from sim.studies.record.targets import Target, measure

if TYPE_CHECKING:
    from sim.inputs.scenario import Scenario
    from sim.runs.ensemble import Arrays

NULL_WORLDS = 400
MISS = 0.1  # the interval score is that of a 90 % interval
NULLS = {
    "population": "departures in proportion to residents, evenly over time",
    "networks": "departures in proportion to the networks of January 2011 (veterans and prisoners), evenly over time",
    "prestige": "departures follow the movement's prestige in the theatre, in proportion to residents",
}


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
