"""The tables of a comparison, in the shape the figures need."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from sim.reports.figures.run_tables import Run, _months

ALL = "ALL"
HEADLINE = ("departures", "attacks", "controlled_residents", "movement_members", "recruits", "deaths_civilians")
"""Outcomes that are drawn large where they were compared, the first ones first."""
SHORT = {
    "controlled_residents": "residents under control",
    "deaths_civilians": "civilians killed",
    "deaths_state": "state forces killed",
    "mass_attacks": "mass-casualty attacks",
    "refuge_members": "armed men in refuges",
    "returnees_hidden": "hidden returnees",
}
TEXT = ("scenario", "title", "outcome", "label", "unit", "place", "wish", "region", "stage", "process", "player",
        "theory", "direction", "verdict", "needed", "month", "kind", "id", "country", "name", "scope", "ranking")
TABLES = ("effects", "monthly", "regions", "places")
OVER = re.compile(r"(?:over|with|each of) ([\d,]+) worlds?\b")  # in the sentences of why.md
ACCOUNT = "Over the whole run"  # how the sentence of an outcome begins there
PARTS = {"why": ("stages", "shapley", "parting"), "robust": ("futures", "regret", "ranking")}
FALSE_DISCOVERIES = 0.05
Item = TypeVar("Item")


@dataclass(frozen=True)
class Compared:
    """Tables of one comparison plus what headers and footers say about it.

    ``titles`` and ``acts`` are by scenario: its title, and the places where levers act that the base has not.
    ``why`` and ``robust`` hold the tables that were made, by the last part of their file's name; ``told`` has the
    sentences of why.md by scenario. ``span`` is the whole run in words, ``window`` the part of it that is compared,
    '' where that is all.
    """

    run: Run
    base: str
    titles: dict[str, str]
    effects: pd.DataFrame
    monthly: pd.DataFrame
    regions: pd.DataFrame
    acts: dict[str, frozenset[str]]
    why: dict[str, pd.DataFrame] = field(default_factory=dict)
    robust: dict[str, pd.DataFrame] = field(default_factory=dict)
    told: dict[str, list[str]] = field(default_factory=dict)
    span: str = ""
    window: str = ""

    @property
    def when(self) -> str:
        """The end of a subtitle that names the months where they are not the whole run."""
        return f"; {self.window} only" if self.window else ""

    @property
    def beside(self) -> str:
        """The same for curves by month, which show the whole run."""
        return f"; effects read {self.window}" if self.window else ""

    def account(self, scenario: str, outcome: str) -> str:
        """The sentence of why.md on the steps of one outcome; '' where there is none."""
        tables = [self.why[part] for part in ("shapley", "stages") if part in self.why]
        order = list(dict.fromkeys(str(o) for own in tables for o in own.loc[own["scenario"] == scenario, "outcome"]))
        found = [line for line in self.told.get(scenario, []) if line.startswith(ACCOUNT)]
        return found[order.index(outcome)] if outcome in order[:len(found)] else ""

    def why_worlds(self, scenario: str, outcome: str) -> int | None:
        """Worlds that the account of one outcome rests on; None where why.md does not say."""
        said = OVER.search(self.account(scenario, outcome))
        return int(said[1].replace(",", "")) if said else None

    @cached_property
    def others(self) -> list[str]:
        """Scenarios that are compared with the base, in the order of the command."""
        return [name for name in self.titles if name != self.base]

    @cached_property
    def outcomes(self) -> pd.DataFrame:
        """Label, unit and wish of each outcome, the headline outcomes first."""
        known = self.effects.drop_duplicates("outcome").set_index("outcome")[["label", "unit", "wish"]]
        order = sorted(known.index, key=lambda name: HEADLINE.index(name) if name in HEADLINE else len(HEADLINE))
        return known.loc[order]

    def headline(self, limit: int = 3) -> list[str]:
        """The outcomes that are drawn large; effort is a price, not an outcome."""
        return [name for name in self.outcomes.index if name != "effort"][:limit]

    def effect(self, scenario: str, outcome: str, place: str) -> Any | None:
        """One row of the table of effects."""
        rows = self._effects.get((scenario, outcome, place))
        return rows.iloc[0] if rows is not None else None

    @cached_property
    def _effects(self) -> dict[Any, pd.DataFrame]:
        return dict(list(self.effects.groupby(["scenario", "outcome", "place"])))

    def curve(self, scenario: str, outcome: str, place: str, kind: str) -> pd.DataFrame | None:
        """Quantiles and mean by month; ``kind`` is 'level' or 'difference'."""
        rows = self._monthly.get((scenario, outcome, place, kind))
        return None if rows is None else rows.set_index("month").sort_index()

    @cached_property
    def _monthly(self) -> dict[Any, pd.DataFrame]:
        return dict(list(self.monthly.groupby(["scenario", "outcome", "place", "kind"])))

    @cached_property
    def months(self) -> pd.DatetimeIndex:
        """First day of every month of the window."""
        return pd.DatetimeIndex(sorted(self.monthly["month"].unique()))

    def by_region(self, scenario: str, outcome: str) -> pd.DataFrame:
        """Mean difference by region and whether its sign is told apart from chance; indexed by region.

        The sign tests of one map are many, so those count that the procedure of Benjamini & Hochberg (1995) keeps at
        a false discovery rate of 5 %.
        """
        own = self.regions[(self.regions["scenario"] == scenario) & (self.regions["outcome"] == outcome)]
        table = own.set_index("region").reindex(self.run.regions.index)
        counts = table[["share_better", "share_worse"]].mul(table["n"], axis=0).fillna(0.0).round()
        return table.assign(decided=discoveries(sign_test(*counts.to_numpy().T)))


def sign_test(better: np.ndarray, worse: np.ndarray) -> np.ndarray:
    """Two-sided exact p-value of the sign test on counts of untied pairs; 1 where there are none."""
    from scipy.special import bdtr

    few, pairs = np.minimum(better, worse), better + worse
    return np.asarray(np.minimum(1.0, 2 * bdtr(few, pairs.astype(int), 0.5)))


def discoveries(p: np.ndarray, rate: float = FALSE_DISCOVERIES) -> np.ndarray:
    """Which of several tests stand at a false discovery rate (Benjamini & Hochberg 1995)."""
    order = np.sort(p)
    passed = order[order <= rate * np.arange(1, p.size + 1) / max(p.size, 1)]
    return np.asarray(p <= (passed[-1] if passed.size else -1.0))


def short(outcome: str) -> str:
    """A few words for an outcome."""
    return SHORT.get(outcome, outcome.replace("_", " "))


def explained(label: str, outcome: str) -> str:
    """What an outcome counts, where its short name leaves that open; else ''."""
    return "" if outcome in SHORT or short(outcome) in label else label


def batches(items: Sequence[Item], most: int) -> list[list[Item]]:
    """Items in as few groups of like size as hold at most ``most`` each."""
    if not items:
        return []
    ends = np.linspace(0, len(items), -(-len(items) // most) + 1).round().astype(int)
    return [list(items[a:b]) for a, b in pairwise(ends)]


def read(folder: Path) -> Compared:
    """Tables of the folder of a comparison; raises FileNotFoundError where one that figures need is missing."""
    missing = [name for name in TABLES if not (folder / f"{name}.csv").exists()]
    if missing:
        raise FileNotFoundError(f"{folder}: no {missing[0]}.csv; is this the folder of a comparison?")
    effects, monthly, regions, places = (table(folder / f"{name}.csv") for name in TABLES)
    titles = titles_of(folder)
    base, scenarios = next(iter(titles)), {name: scenario(folder, name) for name in titles}
    worlds = int(effects[["better", "worse", "same"]].sum(axis=1).max())
    run = _run(folder, places, f"base: {titles[base]}", base, worlds)
    acts = {name: _acts(found, scenarios[base]) for name, found in scenarios.items()}
    monthly = monthly.assign(month=_months(monthly["month"]))
    span = _span(scenarios[base].get("start"), scenarios[base].get("end"))
    window = _span(manifest(folder).get("first"), manifest(folder).get("last"))
    told = {name: why_sentences(folder, name) for name in titles}
    return Compared(run, base, titles, effects, monthly, regions, acts, parts(folder, "why"), parts(folder, "robust"),
                    told, span or window, window if span and window != span else "")


def _span(first: object, last: object) -> str:
    return f"{str(first)[:7]} to {str(last)[:7]}" if first and last else ""


def why_sentences(folder: Path, name: str) -> list[str]:
    """The sentences on one scenario out of why.md: the points under the heading that names it."""
    path = folder / "why.md"
    if not path.exists():
        return []
    sections = path.read_text(encoding="utf-8").split("\n## ")
    own = next((part for part in sections if part.partition("\n")[0].strip() == name), "")
    return [line[2:].strip() for line in own.splitlines() if line.startswith("- ")]


def table(path: Path) -> pd.DataFrame:
    """A table whose text stays text: `NA` is a name, `1` may be one."""
    columns = pd.read_csv(path, nrows=0).columns
    text = {column: str for column in columns if column in TEXT}
    numbers = {column: [""] for column in columns if column not in TEXT}
    return pd.read_csv(path, dtype=text, keep_default_na=False, na_values=numbers, encoding="utf-8")


def parts(folder: Path, about: str) -> dict[str, pd.DataFrame]:
    paths = {part: folder / f"{about}_{part}.csv" for part in PARTS[about]}
    return {part: table(path) for part, path in paths.items() if path.exists()}


def manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a folder."""
    return dict(json.loads((folder / "manifest.json").read_text(encoding="utf-8")))


def titles_of(folder: Path) -> dict[str, str]:
    """Title of each scenario, the base first, then in the order of the command."""
    about = manifest(folder)
    names = [str(name) for name in (about["scenario"], *about["others"])]
    return {name: str(scenario(folder, name).get("title") or name) for name in names}


def scenario(folder: Path, name: str) -> dict[str, Any]:
    """The resolved scenario file, as a mapping; empty where there is none."""
    from sim.inputs.reading import read_yaml

    path = folder / "scenarios" / f"{name}.yaml"
    return dict(read_yaml(path) or {}) if path.exists() else {}


def _acts(own: dict[str, Any], base: dict[str, Any]) -> frozenset[str]:
    shared = base.get("levers") or []
    uses = [use for use in own.get("levers") or [] if use not in shared]
    return frozenset(place for use in uses for place in use["where"])


def _run(folder: Path, places: pd.DataFrame, title: str, name: str, worlds: int) -> Run:
    empty = pd.DataFrame()
    return Run(empty, places, empty, empty, title, name, worlds, manifest(folder).get("seed"))
