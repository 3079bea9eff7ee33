"""Measures: small pure functions over the arrays of a run, with which targets and patterns read it.

Each returns one number per world, NaN where the thing did not happen in that world. Months are counted from the start
of 2011, whatever the scenario's start.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.calendar import Month
from sim.inputs.geography import Geography
from sim.inputs.mistakes import DataError
from sim.runs.reduce import as_one_place

if TYPE_CHECKING:
    from sim.inputs.scenario import Scenario
    from sim.runs.ensemble import Arrays

EPOCH = int(Month.of(2011, 1))
GRADES = {"contested": 0.25, "dominant": 0.5, "exclusive": 0.8}
SPELL = 3  # months at the grade that make a foothold
SMOOTH = 3  # months of the running mean before a peak is read
NEVER = -1  # stands for "not yet over"


@dataclass
class View:
    """A run seen by outcome, place and month.

    ``values`` (outcomes, W, months, R), ``control`` and ``cause`` (W, months, L); ``start`` in months since year 0.
    """

    names: list[str]
    values: np.ndarray
    control: np.ndarray
    cause: np.ndarray
    g: Geography
    start: int
    kept: dict[Any, np.ndarray] = field(default_factory=dict)

    @property
    def worlds(self) -> int:
        return int(self.values.shape[1])

    @property
    def months(self) -> int:
        return int(self.values.shape[2])

    def window(self, spec: Mapping[str, Any]) -> slice:
        """Months of ``from`` .. ``until`` (both included) as a slice; an absent end means the end of the run."""
        first = int(Month.parse(str(spec["from"]))) - self.start if "from" in spec else 0
        last = int(Month.parse(str(spec["until"]))) - self.start if "until" in spec else self.months - 1
        return slice(max(first, 0), max(min(last, self.months - 1) + 1, 0))

    def whole(self, spec: Mapping[str, Any]) -> bool:
        """Whether the run covers the months that a measure names."""
        first = int(Month.parse(str(spec["from"]))) - self.start if "from" in spec else 0
        last = int(Month.parse(str(spec["until"]))) - self.start if "until" in spec else self.months - 1
        return first >= 0 and last < self.months

    def by_region(self, outcome: str) -> np.ndarray:
        """Values of an outcome, or of outcomes joined by + and -, (W, months, R) float64."""
        key = ("regions", outcome)
        if key not in self.kept:
            total: Any = 0.0
            for sign, name in outcome_terms(outcome):
                if name not in self.names:
                    raise DataError(f"the outcome '{name}' was not recorded in this run")
                total = total + sign * self.values[self.names.index(name)].astype(np.float64)
            self.kept = {k: v for k, v in self.kept.items() if k[0] != "regions"}  # one at a time: they are large
            self.kept[key] = total
        return self.kept[key]

    def series(self, outcome: str, place: Any) -> np.ndarray:
        """An outcome in a place, (W, months): sums of counts, means weighted by residents, maxima."""
        key = ("series", outcome, str(place))
        if key not in self.kept:
            self.kept[key] = self._series(outcome, place)
        return self.kept[key]

    def _series(self, outcome: str, place: Any) -> np.ndarray:
        from sim.engine.outcomes import OUTCOMES

        where, share = regions_in(place, self.g)
        values = self.by_region(outcome)[..., where]
        how = OUTCOMES[outcome_terms(outcome)[0][1]].aggregate
        return as_one_place(values, how, self.g.r["residents"][where]) * (share if how == "sum" else 1.0)

    def held(self, place: Any, grade: str) -> np.ndarray:
        """Whether a locality, or any locality of a place, is at this grade or better, (W, months) bool."""
        own = localities_in(place, self.g)
        return np.asarray((self.control[..., own] >= GRADES[grade]).any(axis=-1))


def outcome_terms(text: str) -> list[tuple[int, str]]:
    """``a+b-c`` as signs and names."""
    return [(-1 if sign == "-" else 1, name) for sign, name in re.findall(r"([+-]?)\s*([a-z_]+)", text)]


def regions_in(place: Any, g: Geography) -> tuple[np.ndarray, float]:
    """Indices of the regions of a place (id, list of ids or ``*``) and the share of them that is meant.

    A locality stands for its share of the region's residents.
    """
    found: list[int] = []
    share = 1.0
    for name in place if isinstance(place, (list, tuple)) else [place]:
        if name == "*":
            found += range(len(g.regions))
        elif name in g.regions:
            found.append(g.regions.index(name))
        elif name in g.countries:
            found += np.flatnonzero(g.country_of == g.countries.index(name)).tolist()
        elif name in g.localities and place == name:
            at = g.localities.index(name)
            found.append(int(g.region_of[at]))
            share = float(g.l["share"][at])
        else:
            raise DataError(f"'{name}' is no place of the world {g.name}")
    return np.array(sorted(set(found)), dtype=int), share


def localities_in(place: Any, g: Geography) -> np.ndarray:
    """Indices of the localities of a place."""
    if isinstance(place, str) and place in g.localities:
        return np.array([g.localities.index(place)])
    return np.flatnonzero(np.isin(g.region_of, regions_in(place, g)[0]))


def spells(held: np.ndarray, shortest: int = SPELL) -> list[tuple[int, int, int]]:
    """Runs of at least ``shortest`` months in (W, months) bool: (world, first month, month after the last)."""
    padded = np.pad(held.astype(np.int8), ((0, 0), (1, 1)))
    edges = np.diff(padded, axis=1)
    worlds, first = np.nonzero(edges == 1)
    after = np.nonzero(edges == -1)[1]
    return [(int(w), int(a), int(b)) for w, a, b in zip(worlds, first, after, strict=True) if b - a >= shortest]


def _longest(held: np.ndarray) -> np.ndarray:
    """First month and month after of the longest spell, (W, 2) float; NaN where there is none."""
    out = np.full((held.shape[0], 2), np.nan)
    for world, first, after in spells(held):
        if np.isnan(out[world, 0]) or after - first > out[world, 1] - out[world, 0]:
            out[world] = first, after
    return out


def _smooth(series: np.ndarray, months: int) -> np.ndarray:
    """Centred running mean along the months (shorter at the ends), (W, months)."""
    if months <= 1 or series.shape[1] <= 1:
        return series
    kernel = np.ones(min(months, series.shape[1]))
    weight = np.convolve(np.ones(series.shape[1]), kernel, "same")
    return np.stack([np.convolve(row, kernel, "same") for row in series]) / weight


def _since_2011(month: np.ndarray, v: View) -> np.ndarray:
    return month + (v.start - EPOCH)


def _divide(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.divide(a, b, out=np.full(np.shape(a), np.nan), where=np.asarray(b) != 0)


def total(v: View, spec: Mapping[str, Any]) -> np.ndarray:
    """Sum over months; with ``none: missing`` a sum of 0 counts as 'did not happen'."""
    out = v.series(spec["outcome"], spec["place"])[:, v.window(spec)].sum(axis=1)
    return np.where(out == 0, np.nan, out) if spec.get("none") == "missing" else out


def level(v: View, spec: Mapping[str, Any]) -> np.ndarray:
    """Mean (or ``how``: max, min, first, last) over the months of a window."""
    part = v.series(spec["outcome"], spec["place"])[:, v.window(spec)]
    how = spec.get("how", "mean")
    if how in ("first", "last"):
        return np.asarray(part[:, 0 if how == "first" else -1])
    return np.asarray(getattr(part, how)(axis=1))


def peak_value(v: View, spec: Mapping[str, Any]) -> np.ndarray:
    """Highest month of the running mean (``smooth`` months, default 3) in a window."""
    series = _smooth(v.series(spec["outcome"], spec["place"]), int(spec.get("smooth", SMOOTH)))
    return np.asarray(series[:, v.window(spec)].max(axis=1))


def peak_month(v: View, spec: Mapping[str, Any]) -> np.ndarray:
    """Month of that peak, counted from January 2011; NaN where the series never rises above 0."""
    window = v.window(spec)
    series = _smooth(v.series(spec["outcome"], spec["place"]), int(spec.get("smooth", SMOOTH)))[:, window]
    month = _since_2011(series.argmax(axis=1) + float(window.start), v)
    return np.where(series.max(axis=1) > 0, month, np.nan)


def per_million(v: View, spec: Mapping[str, Any]) -> np.ndarray:
    """Sum over months per million residents of January 2011."""
    where, share = regions_in(spec["place"], v.g)
    return total(v, spec) / (v.g.r["residents"][where].sum() * share) * 1e6


def ratio(v: View, spec: Mapping[str, Any]) -> np.ndarray:
    """One measure over another; NaN where the other is 0."""
    return _divide(evaluate(v, spec["of"]), evaluate(v, spec["to"]))


def difference(v: View, spec: Mapping[str, Any]) -> np.ndarray:
    """One measure less another."""
    return evaluate(v, spec["of"]) - evaluate(v, spec["to"])


def share(v: View, spec: Mapping[str, Any]) -> np.ndarray:
    """One measure as a share of itself and the rest; a negative rest counts as 0."""
    part = evaluate(v, spec["part"])
    return _divide(part, part + np.maximum(evaluate(v, spec["rest"]), 0))


def onset_month(v: View, spec: Mapping[str, Any]) -> np.ndarray:
    """First month of the first spell of three months at the grade or better; NaN where there is none."""
    out = np.full(v.worlds, np.nan)
    for world, first, _ in reversed(spells(v.held(spec["place"], spec["grade"]))):
        out[world] = first
    return _since_2011(out, v)


def end_month(v: View, spec: Mapping[str, Any]) -> np.ndarray:
    """First month after the longest spell; NaN where there is none or where it lasts to the end of the run."""
    after = _longest(v.held(spec["place"], spec["grade"]))[:, 1]
    return _since_2011(np.where(after < v.months, after, np.nan), v)


def held_months(v: View, spec: Mapping[str, Any]) -> np.ndarray:
    """Months of the longest spell (cut off by the end of the run); NaN where there is none."""
    found = _longest(v.held(spec["place"], spec["grade"]))
    return np.asarray(found[:, 1] - found[:, 0])


def ended_by(v: View, spec: Mapping[str, Any]) -> np.ndarray:
    """1 where a locality's longest contested spell ended by one of ``causes``, else 0; NaN where it never ended."""
    from sim.engine.enums import CAUSES

    own = localities_in(spec["place"], v.g)[0]
    held = v.control[..., own] >= GRADES["contested"]
    wanted = [CAUSES.index(cause) for cause in spec["causes"]]
    out = np.full(v.worlds, np.nan)
    for world, (first, after) in enumerate(_longest(held)):
        if not np.isnan(first) and after < v.months:
            again = np.flatnonzero(held[world, int(after):])
            later = v.cause[world, int(after):, own][:again[0] if again.size else None]
            out[world] = float(later.any() and int(later[later > 0][0]) in wanted)
    return out


def foothold(v: View, spec: Mapping[str, Any]) -> np.ndarray:
    """1 where any one locality of the place is contested or better for three months within the window."""
    own = localities_in(spec["place"], v.g)
    held = v.control[:, v.window(spec)][..., own] >= GRADES[spec.get("grade", "contested")]
    if held.shape[1] < SPELL:
        return np.zeros(v.worlds)
    runs = np.logical_and.reduce([held[:, i:held.shape[1] - SPELL + 1 + i] for i in range(SPELL)])
    return runs.any(axis=(1, 2)).astype(float)


def localities_held(v: View, spec: Mapping[str, Any]) -> np.ndarray:
    """Most localities at the grade at once in a window; NaN where none ever is."""
    own = localities_in(spec["place"], v.g)
    most = (v.control[:, v.window(spec)][..., own] >= GRADES[spec["grade"]]).sum(axis=2).max(axis=1).astype(float)
    return np.where(most > 0, most, np.nan)


def likeliest_rank(v: View, spec: Mapping[str, Any]) -> np.ndarray:
    """Rank of a region among all by share of worlds with a foothold (mid-rank of ties): the same in every world."""
    shares = np.array([foothold(v, {**spec, "place": region}).mean() for region in v.g.regions])
    mine = shares[v.g.regions.index(spec["place"])]
    if mine == 0:
        return np.full(v.worlds, float(len(shares)))
    return np.full(v.worlds, 1 + (shares > mine).sum() + 0.5 * ((shares == mine).sum() - 1))


def active_months(v: View, spec: Mapping[str, Any]) -> np.ndarray:
    """Length of the longest run of months in which the outcome is above 0; NaN where it never is."""
    active = v.series(spec["outcome"], spec["place"])[:, v.window(spec)] > 0
    out = np.full(v.worlds, np.nan)
    for world, first, after in spells(active, 1):
        out[world] = np.fmax(out[world], after - first)
    return out


def reached_month(v: View, spec: Mapping[str, Any]) -> np.ndarray:
    """First month in which the running total reaches ``amount``; NaN where it never does."""
    reached = v.series(spec["outcome"], spec["place"]).cumsum(axis=1) >= float(spec["amount"])
    return np.where(reached.any(axis=1), _since_2011(reached.argmax(axis=1).astype(float), v), np.nan)


def _by_region_total(v: View, spec: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Totals by region of ``among``, (W, n), and the indices of these regions."""
    where, _ = regions_in(spec["among"], v.g)
    return v.by_region(spec["outcome"])[:, v.window(spec)][..., where].sum(axis=1), where


def rank(v: View, spec: Mapping[str, Any]) -> np.ndarray:
    """Rank of a region among others by total (``per_head: true`` per resident); 1 is the highest, ties share.

    NaN where all are 0.
    """
    sums, where = _by_region_total(v, spec)
    if spec.get("per_head"):
        sums = sums / v.g.r["residents"][where]
    mine = sums[:, where.tolist().index(v.g.regions.index(spec["place"]))][:, None]
    out = 1 + (sums > mine).sum(axis=1) + 0.5 * ((sums == mine).sum(axis=1) - 1)
    return np.where(sums.any(axis=1), out, np.nan)


def entropy(v: View, spec: Mapping[str, Any]) -> np.ndarray:
    """Shannon entropy of the origins of a total (nats); NaN where the total is 0."""
    sums, _ = _by_region_total(v, spec)
    p = _divide(sums, np.repeat(sums.sum(axis=1, keepdims=True), sums.shape[1], axis=1))
    return -np.where(p > 0, p * np.log(np.where(p > 0, p, 1)), np.where(np.isnan(p), np.nan, 0)).sum(axis=1)


def correlation(v: View, spec: Mapping[str, Any]) -> np.ndarray:
    """Spearman rank correlation over regions of a value of the data and a total per resident."""
    sums, where = _by_region_total(v, spec)
    chains = v.g.region_chains()
    x = _ranks(v.g.look_up(spec["field"], [chains[i] for i in where], np.nan)[None])[0]
    y = _ranks(sums / v.g.r["residents"][where])
    x, y = x - x.mean(), y - y.mean(axis=1, keepdims=True)
    return _divide(y @ x, np.sqrt((y**2).sum(axis=1) * (x**2).sum()))


def _ranks(x: np.ndarray) -> np.ndarray:
    """Mid-ranks along the last axis."""
    return (x[..., None] > x[..., None, :]).sum(-1) + 0.5 * (x[..., None] == x[..., None, :]).sum(-1)


def replaced_share(v: View, spec: Mapping[str, Any]) -> np.ndarray:
    """Share of losses that newcomers made good: (stock at the end - at the start + losses) / losses; NaN without."""
    window = v.window(spec)
    stock = v.series(spec["stock"], spec["place"])
    losses = v.series(spec["losses"], spec["place"])[:, window].sum(axis=1)
    change = stock[:, window.stop - 1] - stock[:, max(window.start - 1, 0)]
    return _divide(change + losses, losses)


def response(v: View, spec: Mapping[str, Any]) -> np.ndarray:
    """Mean of an outcome over the ``months`` after the first month in which ``trigger`` is above 0, less that before.

    NaN where the trigger never comes or where the run is too short on either side.
    """
    span = int(spec["months"])
    hit = v.series(spec["trigger"], spec["place"]) > 0
    series = v.series(spec["outcome"], spec["place"])
    out = np.full(v.worlds, np.nan)
    for world in np.flatnonzero(hit.any(axis=1)):
        at = int(hit[world].argmax())
        if at >= span and at + span < v.months:
            out[world] = series[world, at + 1:at + 1 + span].mean() - series[world, at - span:at].mean()
    return out


def probability(v: View, spec: Mapping[str, Any]) -> np.ndarray:
    """1 where ``all`` conditions hold, else 0; NaN where ``given`` does not hold."""
    out = np.logical_and.reduce([holds(v, condition) for condition in spec["all"]]).astype(float)
    return np.where(holds(v, spec["given"]), out, np.nan) if "given" in spec else out


BOUNDS: dict[str, Callable[[np.ndarray, float], np.ndarray]] = {
    "above": lambda x, b: x > b, "at_least": lambda x, b: x >= b, "below": lambda x, b: x < b,
    "at_most": lambda x, b: x <= b}


def holds(v: View, condition: Mapping[str, Any]) -> np.ndarray:
    """Whether a measure lies within its bounds, (W,) bool; a thing that did not happen holds nowhere."""
    values = evaluate(v, condition["measure"])
    within = [BOUNDS[key](values, float(condition[key])) for key in BOUNDS if key in condition]
    return np.asarray(np.logical_and.reduce(within))


@dataclass(frozen=True)
class Kind:
    """A kind of measure: its function, the keys it needs and may have."""

    run: Callable[[View, Mapping[str, Any]], np.ndarray]
    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()


_WINDOW = ("from", "until")
MEASURES: dict[str, Kind] = {
    "total": Kind(total, ("outcome", "place"), (*_WINDOW, "none")),
    "level": Kind(level, ("outcome", "place"), (*_WINDOW, "how")),
    "peak_value": Kind(peak_value, ("outcome", "place"), (*_WINDOW, "smooth")),
    "peak_month": Kind(peak_month, ("outcome", "place"), (*_WINDOW, "smooth")),
    "per_million": Kind(per_million, ("outcome", "place"), _WINDOW),
    "ratio": Kind(ratio, ("of", "to")),
    "difference": Kind(difference, ("of", "to")),
    "share": Kind(share, ("part", "rest")),
    "onset_month": Kind(onset_month, ("place", "grade")),
    "end_month": Kind(end_month, ("place", "grade")),
    "held_months": Kind(held_months, ("place", "grade")),
    "ended_by": Kind(ended_by, ("place", "causes")),
    "foothold": Kind(foothold, ("place",), (*_WINDOW, "grade")),
    "localities_held": Kind(localities_held, ("place", "grade"), _WINDOW),
    "likeliest_rank": Kind(likeliest_rank, ("place",), _WINDOW),
    "active_months": Kind(active_months, ("outcome", "place"), _WINDOW),
    "reached_month": Kind(reached_month, ("outcome", "place", "amount")),
    "rank": Kind(rank, ("outcome", "place", "among"), (*_WINDOW, "per_head")),
    "entropy": Kind(entropy, ("outcome", "among"), _WINDOW),
    "correlation": Kind(correlation, ("outcome", "field", "among"), _WINDOW),
    "replaced_share": Kind(replaced_share, ("stock", "losses", "place"), _WINDOW),
    "response": Kind(response, ("outcome", "trigger", "place", "months")),
    "probability": Kind(probability, ("all",), ("given",)),
}
OUTCOME_KEYS = ("outcome", "stock", "losses", "trigger")
ZERO_ONE = ("probability", "foothold", "ended_by")


def evaluate(v: View, spec: Mapping[str, Any]) -> np.ndarray:
    """One number per world, (W,); NaN throughout where the run does not cover the months that the measure names."""
    if not v.whole(spec):
        return np.full(v.worlds, np.nan)
    return np.asarray(MEASURES[spec["kind"]].run(v, spec), dtype=np.float64)


def view(raw: Arrays, scenario: Scenario) -> View:
    """The run as measures see it."""
    from sim.runs.ensemble import geography_of

    return View(raw.names, raw.values, raw.control, raw.cause, geography_of(scenario), int(scenario.start))


def outcomes_of(spec: Any) -> list[str]:
    """Every outcome that a measure reads, sorted."""
    found: set[str] = set()
    if isinstance(spec, Mapping):
        for key in OUTCOME_KEYS:
            if key in spec:
                found |= {name for _, name in outcome_terms(str(spec[key]))}
        spec = list(spec.values())
    if isinstance(spec, (list, tuple)):
        found |= {name for part in spec for name in outcomes_of(part)}
    return sorted(found)


def check_measure(spec: Any, g: Geography, where: str) -> None:
    """Refuse a measure with an unknown kind, key, outcome, place, grade, cause or month."""
    from sim.engine.enums import CAUSES
    from sim.engine.outcomes import OUTCOMES

    if not isinstance(spec, dict) or spec.get("kind") not in MEASURES:
        raise DataError(f"{where}: a measure needs a kind, one of {', '.join(MEASURES)}")
    kind = MEASURES[spec["kind"]]
    for key in kind.needs:
        if key not in spec:
            raise DataError(f"{where}: the measure '{spec['kind']}' needs '{key}'")
    unknown = set(spec) - {"kind", *kind.needs, *kind.may}
    if unknown:
        raise DataError(f"{where}: the measure '{spec['kind']}' has no '{sorted(unknown)[0]}'")
    for key in OUTCOME_KEYS:
        for _, name in outcome_terms(str(spec.get(key, ""))):
            if name not in OUTCOMES:
                raise DataError(f"{where}: '{name}' is no outcome")
    try:
        for key in ("place", "among"):
            if key in spec:
                regions_in(spec[key], g)
        for key in _WINDOW:
            if key in spec:
                Month.parse(str(spec[key]))
    except ValueError as error:
        raise DataError(f"{where}: {error}") from None
    if "grade" in spec and spec["grade"] not in GRADES:
        raise DataError(f"{where}: grade '{spec['grade']}' is none of {', '.join(GRADES)}")
    if set(spec.get("causes", ())) - set(CAUSES):
        raise DataError(f"{where}: the causes of a loss are {', '.join(CAUSES[1:])}")
    for key in ("of", "to", "part", "rest"):
        if key in spec:
            check_measure(spec[key], g, where)
    for condition in [*spec.get("all", ()), *([spec["given"]] if "given" in spec else [])]:
        if not isinstance(condition, dict) or not set(BOUNDS) & set(condition):
            raise DataError(f"{where}: a condition needs a measure and one of {', '.join(BOUNDS)}")
        check_measure(condition.get("measure"), g, where)
