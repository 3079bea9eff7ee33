"""Analysis of a sweep: tidy tables, response curves, phase diagrams, sensitivity, discovery, tipping points, fronts.

Everything is written into the folder's ``analysis/``, as tables from which the figures are drawn.
"""

from __future__ import annotations

import itertools
import json
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.studies.sweep.design_and_response import Study, label, load, unit, wish
from sim.studies.sweep.discovery import Found, discover
from sim.studies.sweep.pareto import FREE, pareto
from sim.studies.sweep.runner import SweepError
from sim.studies.sweep.sensitivity import morris, sobol, tornado
from sim.studies.sweep.surfaces import QUANTILES, Kind, chosen, curve, curve_by, leading, surface
from sim.studies.sweep.tipping import tipping
from sim.words import counted, finer_percent

ALL = "ALL"
FOLDER = "analysis"
LARGE = 500_000  # rows, beyond which the table of points is Parquet
MOST_HARM = 0.8  # quantile beyond which an outcome counts as undesired where the sweep's file does not say
YES = {"foothold_any": "a foothold", "foothold_lost": "a foothold that is lost",
       "recurrence": "a foothold that comes back"}
MOST_AXES = 20  # among which boxes are looked for, and that stand beside points
TOLD = 8  # tipping points on the terminal
LEADING = 4  # things varied that are crossed in curves where the file names no pairs
FIRST = ("period", "place", "outcome")  # columns before those of a table
Row = dict[str, Any]


@dataclass(frozen=True)
class Bad:
    """What counts as undesired in a world: an outcome above a value at a place in a period."""

    outcome: str
    place: str
    period: str
    above: float
    chance: bool

    @property
    def words(self) -> str:
        """Words that go on after "futures that have"."""
        where = "" if self.place == ALL else f" in {self.place}"
        if self.chance and 0 <= self.above < 1:
            return f"{YES.get(self.outcome, label(self.outcome))}{where}"
        words = label(self.outcome)
        if unit(self.outcome) in ("0-1", "index") or words.startswith(("most", "months to")):
            return f"{words}{where} above {self.above:.4g}"
        return f"more than {self.above:,.4g} {words}{where}"


@dataclass(frozen=True)
class Focus:
    """The period, places and outcomes that the analysis dwells on."""

    study: Study
    drawn: Study
    period: str
    places: tuple[str, ...]
    outcomes: tuple[str, ...]
    bad: Bad

    def each(self) -> Iterator[tuple[Row, str, str]]:
        """Every outcome and place, as the first columns of a table."""
        for outcome, place in itertools.product(self.outcomes, self.places):
            yield {"period": self.period, "place": place, "outcome": outcome}, outcome, place

    def values(self, outcome: str, place: str) -> np.ndarray:
        """Values (P, W) in the period."""
        return self.study.of(self.period, place, outcome)


def focus(folder: Path | str, outcomes: Sequence[str] = (), places: Sequence[str] = (), period: str = "") -> Focus:
    """What to look at: as asked, else as the sweep's file says, else everything at all places together."""
    study = load(folder)
    said, asked = study.spec.analysis, study.spec.analysis.undesired
    chosen_outcomes = _known(outcomes, study.outcomes, "outcome") or tuple(said.outcomes) or study.outcomes
    period = next(iter(_known([period] if period else [], study.periods, "period")), "") or (
        asked.period if asked and asked.period else study.periods[0])
    usual = (ALL,) if ALL in study.places else study.places[:1]
    chosen_places = _known(places, study.places, "place") or tuple(dict.fromkeys([*([asked.place] if asked else []),
                                                                                  *usual]))
    seen = tuple(name for name in chosen_outcomes if np.isfinite(study.values[..., study.outcomes.index(name)]).any())
    if not seen:
        raise SweepError(f"{folder}: none of the outcomes has a value in any world.")
    bad = _bad(study, seen, chosen_places[0], period)
    posterior = any(dimension.kind == "posterior" for dimension in study.spec.dimensions)
    return Focus(study, load(folder, draws=True) if posterior else study, period, chosen_places, seen, bad)


def _known(names: Sequence[str], allowed: Sequence[str], what: str) -> tuple[str, ...]:
    for name in names:
        if name not in allowed:
            raise SweepError(f"analyse: '{name}' is no {what} of this sweep. Allowed: {', '.join(allowed)}.")
    return tuple(names)


def _bad(study: Study, outcomes: Sequence[str], place: str, period: str) -> Bad:
    asked = study.spec.analysis.undesired
    if asked is not None:
        return Bad(asked.outcome, asked.place, asked.period or period, asked.above, study.chance(asked.outcome))
    differ = [name for name in outcomes if np.unique(study.of(period, place, name)).size > 1] or list(outcomes)
    chances = [name for name in differ if study.chance(name) and wish(name) == "-"]
    harms = [name for name in differ if wish(name) == "-"] or differ
    outcome = (chances or harms)[0]
    above = 0.5 if chances else float(np.nanquantile(study.of(period, place, outcome), MOST_HARM))
    return Bad(outcome, place, period, above, study.chance(outcome))


def analyse(folder: Path | str, outcomes: Sequence[str] = (), places: Sequence[str] = (), period: str = "",
            figures: Callable[[Path], object] | None = None) -> Path:
    """Analyse a sweep and write the tables into its ``analysis/``; a former analysis is replaced.

    Parameters
    ----------
    outcomes, places, period : what to dwell on instead of what the sweep's file says.
    figures : called with the folder of the unfinished analysis once its tables are whole.

    Raises
    ------
    SweepError
        where the folder is none of a finished sweep, a name is none of it, or the disk refuses.
    """
    folder = Path(folder)
    at = focus(folder, outcomes, places, period)
    target = folder / FOLDER
    try:
        fresh = Path(tempfile.mkdtemp(prefix=f".{FOLDER}.unfinished-", dir=folder))
    except OSError as error:
        raise SweepError(f"{folder}: the analysis could not be written ({error.strerror or error}).", 1) from error
    try:
        _write(at, fresh)
        if figures is not None:
            figures(fresh)
        fresh.chmod(0o755)
        if target.exists():
            shutil.rmtree(target)
        fresh.rename(target)
    except OSError as error:
        raise SweepError(f"{target}: the analysis could not be written ({error.strerror or error}).", 1) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return target


def _write(at: Focus, out: Path) -> None:
    """Every table that the design allows; an empty one is not written."""
    _save_points(point_summary(at.study), out)
    tables: dict[str, pd.DataFrame] = {"axes": axes_table(at), "outcomes": outcomes_table(at)}
    swings = each(at, lambda values: tornado(at.drawn, values))
    tables |= {"tornado": swings, **indices(at), **responses(at, by_swing(at, swings)), **phases(at)}
    tables["tipping"] = tippings(at)
    tables["pareto"] = fronts(at)
    found = discovery(at)
    tables["discovery"] = found.table
    for name, table in tables.items():
        if len(table):
            _csv(table, out / f"{name}.csv")
    text = "# Which futures are undesired\n\n" + "\n\n".join(found.sentences) + "\n"
    (out / "discovery.md").write_text(text, encoding="utf-8")
    (out / "about.json").write_text(json.dumps(about(at), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _csv(table: pd.DataFrame, path: Path) -> None:
    table.to_csv(path, index=False, float_format="%.6g", encoding="utf-8", lineterminator="\n")


def _save_points(table: pd.DataFrame, out: Path) -> None:
    if len(table) > LARGE:
        table.to_parquet(out / "point_summary.parquet", index=False)
    else:
        _csv(table, out / "point_summary.csv")


def about(at: Focus) -> Row:
    """What the figures say in their heads and feet."""
    from sim.runs.results import read_manifest

    spec = at.study.spec
    return {"name": spec.name, "title": spec.title, "question": spec.question, "design": spec.design.kind,
            "points": int(at.study.points.size), "points_asked": int(at.study.asked.size), "worlds": at.study.worlds,
            "luck": spec.luck, "seed": read_manifest(at.study.folder).get("seed"), "period": at.period,
            "places": list(at.places), "names": _place_names(spec.base.world), "outcomes": list(at.outcomes),
            "undesired": {"words": at.bad.words, "outcome": at.bad.outcome, "place": at.bad.place,
                          "period": at.bad.period, "above": at.bad.above}}


def _place_names(world: str) -> dict[str, str]:
    from sim.inputs.geography import load_geography

    g = load_geography(world)
    return dict(zip((*g.countries, *g.regions), (*g.country_names, *g.region_names), strict=True))


def axes_table(at: Focus) -> pd.DataFrame:
    """What was varied: kind, scale, ends."""
    axes = dict.fromkeys([*at.study.axes, *at.drawn.axes])
    columns = {axis: study.design[:, study.names.index(axis.name)] for study in (at.drawn, at.study)
               for axis in study.axes}
    return pd.DataFrame([(axis.name, axis.label, axis.kind, "log" if axis.log else "linear", columns[axis].min(),
                          columns[axis].max(), " ".join(axis.levels), axis.never) for axis in axes],
                        columns=["name", "label", "kind", "scale", "low", "high", "levels", "never"])


def outcomes_table(at: Focus) -> pd.DataFrame:
    """What was looked at: words, unit, what prevention wishes for."""
    return pd.DataFrame([(name, label(name), unit(name), wish(name), int(at.study.chance(name)))
                         for name in at.outcomes], columns=["outcome", "label", "unit", "wish", "chance"])


def point_summary(study: Study) -> pd.DataFrame:
    """One row by point, period, place and outcome: mean, quantiles and share above 0 over its worlds."""
    p, _, t, y, o = study.values.shape
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # an outcome that is defined in no world of a point
        mean = np.nanmean(study.values, axis=1)
        spread = _quantiles(study.values)
    frame = pd.DataFrame({
        "point": np.repeat(study.points, t * y * o), "period": np.tile(np.repeat(study.periods, y * o), p),
        "place": np.tile(np.repeat(study.places, o), p * t), "outcome": np.tile(study.outcomes, p * t * y),
        "worlds": np.isfinite(study.values).sum(axis=1).ravel(), "mean": mean.ravel(),
        **{name: part.ravel() for name, part in zip(QUANTILES, spread, strict=True)},
        "share_above_0": (np.nan_to_num(study.values) > 0).mean(axis=1).ravel()})
    return with_varied(study, frame)


def with_varied(study: Study, frame: pd.DataFrame) -> pd.DataFrame:
    """A table by point with what was varied beside it, unless that is very much; it all stands in points.parquet."""
    if len(study.axes) > MOST_AXES:
        return frame
    varied = pd.DataFrame({axis.name: [axis.word(v) if axis.kind != "number" else v for v in x]
                           for axis, x in zip(study.axes, study.x.T, strict=True)}, index=study.points)
    return frame.join(varied, on="point")


def _quantiles(values: np.ndarray) -> np.ndarray:
    """Over worlds; the slow way only where something is not defined."""
    find = np.quantile if np.isfinite(values).all() else np.nanquantile
    return np.asarray(find(values, list(QUANTILES.values()), axis=1))


def differing(at: Focus) -> Iterator[tuple[Row, np.ndarray]]:
    """First columns and values (P, W) of every outcome and place that differs between worlds or points."""
    for key, outcome, place in at.each():
        values = at.values(outcome, place)
        if np.nanmax(values, initial=-np.inf) > np.nanmin(values, initial=np.inf):
            yield key, values


def each(at: Focus, table_of: Callable[[np.ndarray], pd.DataFrame]) -> pd.DataFrame:
    """A table for every outcome and place that differs, one below the other."""
    return _stacked([table_of(values).assign(**key) for key, values in differing(at)], list(FIRST))


def _stacked(parts: list[pd.DataFrame], first: list[str]) -> pd.DataFrame:
    """Tables one below the other, some columns before the rest."""
    kept = [part for part in parts if len(part)]
    if not kept:
        return pd.DataFrame()
    table = pd.concat(kept, ignore_index=True)
    return table[[*first, *(column for column in table.columns if column not in first)]]


def indices(at: Focus) -> dict[str, pd.DataFrame]:
    """Sobol indices, those of pairs, and Morris' effects."""
    tables: dict[str, list[pd.DataFrame]] = {"sobol": [], "sobol_pairs": [], "morris": []}
    for key, values in differing(at):
        means = _means(values)
        found = *sobol(at.study, means), morris(at.study, means)
        for parts, table in zip(tables.values(), found, strict=True):
            parts.append(table.assign(**key))
    return {name: _stacked(parts, list(FIRST)) for name, parts in tables.items()}


def _means(values: np.ndarray) -> np.ndarray:
    """Means over worlds (P,) of values (P, W); NaN where a point has none."""
    known = np.isfinite(values).any(axis=1)
    return np.where(known, np.nanmean(np.where(known[:, None], values, 0.0), axis=1), np.nan)


def by_swing(at: Focus, swings: pd.DataFrame) -> list[str]:
    """What was varied, that which swings the outcomes most first."""
    if swings.empty:
        return at.drawn.names
    largest = swings.groupby("outcome")["swing"].transform(lambda column: column.abs().max())
    shares = (swings["swing"].abs() / largest).groupby(swings["parameter"]).mean().sort_values(ascending=False)
    return [*shares.index, *(name for name in at.drawn.names if name not in shares.index)]


def pairs_of(at: Focus, order: Sequence[str]) -> list[tuple[str, str]]:
    """The pairs that the file names, else those of the leading things varied."""
    named = [pair for pair in at.study.spec.analysis.phase if set(pair) <= set(at.study.names)]
    return named or list(itertools.combinations([name for name in order if name in at.study.names][:LEADING], 2))


def responses(at: Focus, order: Sequence[str]) -> dict[str, pd.DataFrame]:
    """A curve for every thing varied; crossed ones for pairs."""
    study, tables = at.drawn, {}
    for axis, x in zip(study.axes, study.x.T, strict=True):
        tables[f"response_{axis.name}"] = _curves(at, axis.name, partial(curve, axis, x))
    for a, b in pairs_of(at, order):
        for one, other in ((a, b), (b, a)):
            axes, x = chosen(at.study, (one, other))
            tables[f"response_{one}_by_{other}"] = _curves(at, one, partial(curve_by, *axes, x))
    return tables


def _curves(at: Focus, name: str, table_of: Callable[[np.ndarray, Kind], pd.DataFrame]) -> pd.DataFrame:
    parts = []
    for key, outcome, place in at.each():
        values = at.values(outcome, place)
        if np.isfinite(values).any():
            kind = Kind(at.study.chance(outcome), at.study.common)
            parts.append(table_of(values, kind).assign(parameter=name, **key))
    return _stacked(parts, ["parameter", "period", "place", "outcome"])


def phases(at: Focus) -> dict[str, pd.DataFrame]:
    """A surface for each pair and outcome, and the values at the marks of the first pair."""
    named = [pair for pair in at.study.spec.analysis.phase if set(pair) <= set(at.study.names)]
    pairs = named or ([(at.study.names[0], at.study.names[1])] if len(at.study.axes) == 2 else [])
    tables: dict[str, pd.DataFrame] = {}
    marked = []
    for number, pair in enumerate(pairs):
        axes, x = chosen(at.study, pair)
        marks = [(m.label, m.x, m.y) for m in at.study.spec.analysis.marks] if number == 0 else []
        for outcome in at.outcomes:
            parts = []
            for place in at.places:
                kind = Kind(at.study.chance(outcome), at.study.common)
                found = surface(axes, x, at.values(outcome, place), kind, marks)
                key = {"period": at.period, "place": place}
                parts.append(found.table.assign(kind=found.kind, **key))
                marked.append(found.marks.assign(x_name=pair[0], y_name=pair[1], outcome=outcome, **key))
            tables[f"phase_{pair[0]}_{pair[1]}_{outcome}"] = pd.concat(parts, ignore_index=True)
    tables["marks"] = pd.concat(marked, ignore_index=True) if marked else pd.DataFrame()
    return tables


def tippings(at: Focus) -> pd.DataFrame:
    """Tipping points of the undesired and of every chance among the outcomes."""
    wanted = {(name, place): 0.5 for name in at.outcomes if at.study.chance(name) for place in at.places}
    wanted.setdefault((at.bad.outcome, at.bad.place), at.bad.above)
    parts = []
    for (outcome, place), above in wanted.items():
        period = at.bad.period if outcome == at.bad.outcome else at.period
        hits = np.nan_to_num(at.study.of(period, place, outcome), nan=-np.inf) > above
        table = tipping(at.drawn, hits)
        parts.append(table.assign(period=period, place=place, outcome=outcome, above=above))
    return _stacked(parts, ["period", "place", "outcome", "above"])


def fronts(at: Focus) -> pd.DataFrame:
    """Effort against every outcome with a wish, where effort was kept and differs."""
    study = at.study
    if "effort" not in study.outcomes:
        return pd.DataFrame()
    effort = study.of(at.period, ALL if ALL in study.places else at.places[0], "effort")
    if np.ptp(effort) == 0:
        return pd.DataFrame()
    parts = []
    for key, outcome, place in at.each():
        if outcome != "effort" and wish(outcome):
            table = pareto(effort, at.values(outcome, place), wish(outcome))
            table.insert(0, "point", study.points[table.pop("row")])
            parts.append(table.assign(**key))
    return with_varied(study, pd.concat(parts, ignore_index=True)) if parts else pd.DataFrame()


def discovery(at: Focus) -> Found:
    """Boxes in which the undesired is frequent."""
    bad = np.nan_to_num(at.study.of(at.bad.period, at.bad.place, at.bad.outcome), nan=-np.inf) > at.bad.above
    axes, x = at.drawn.axes, at.drawn.x
    kept = leading(axes, x, bad.mean(axis=1), MOST_AXES)
    found = discover([axes[k] for k in kept], x[:, kept], bad, at.bad.words)
    if len(kept) < len(axes):
        found.sentences.append(f"Looked for among the {MOST_AXES} of {len(axes)} things varied that tell the most by "
                               "themselves.")
    return found


def summary_lines(folder: Path) -> list[str]:
    """What an analysis found, for the terminal."""
    told = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    missing = told["points_asked"] - told["points"]
    lines = [f"{counted(told['points'], 'point')} in {counted(told['worlds'], 'world')} each" + (
        f"; {counted(missing, 'point')} failed and {'is' if missing == 1 else 'are'} left out" if missing else "")]
    lines += (folder / "discovery.md").read_text(encoding="utf-8").split("\n\n")[1:]
    return [*(line.strip() for line in lines), *_tipping_lines(folder), *_front_lines(folder),
            *_mark_lines(folder)]


def _tipping_lines(folder: Path) -> list[str]:
    path = folder / "tipping.csv"
    if not path.exists():
        return []
    table = pd.read_csv(path, keep_default_na=False, dtype=dict.fromkeys(("tipping", "low", "high"), str))
    table = table[table["inside"].astype(str) == "True"].sort_values("located", ascending=False, kind="stable")
    return [f"Tipping point of {row.parameter}{f' at {row.at}' if row.at else ''} ({label(str(row.outcome))} above "
            f"{row.above:.4g}, {row.place}): {_tipping_words(row)}." for row in table[:TOLD].itertuples()]


def _tipping_words(row: Any) -> str:
    if str(row.located) != "True":
        return "not located, its 95 % interval is the whole range"
    return f"{row.tipping} (95 %: {row.low} to {row.high}); the chance {row.direction} with it"


def _front_lines(folder: Path) -> list[str]:
    path = folder / "pareto.csv"
    return [f"Fronts of effort against outcomes: {FREE}."] if path.exists() else []


def _mark_lines(folder: Path) -> list[str]:
    path = folder / "marks.csv"
    if not path.exists():
        return []
    table = pd.read_csv(path, keep_default_na=False)
    return [f"At {row.label}, {label(str(row.outcome))} ({row.place}): {_value(row)}" for row in table.itertuples()]


def _value(row: Any) -> str:
    if wish(row.outcome) == "-" and float(row.high) <= 1 and unit(row.outcome) == "0 or 1":
        mean, low, high = (finer_percent(float(x)) for x in (row.mean, row.low, row.high))
        return f"{mean} (95 %: {low} to {high})"
    return f"{float(row.mean):.4g} (95 %: {float(row.low):.4g} to {float(row.high):.4g})"
