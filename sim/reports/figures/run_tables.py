"""The tables of one run, in the shape the figures need."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

QUANTILES = ("p05", "p25", "p50", "p75", "p95", "mean")
WORLD_OUTCOMES = ("recruits", "departures", "foothold")
"""Outcomes of which the figures want every world's sum over the run, not only the summary."""
MEMBERS = ("movement_members", "foreign_members")
FEW = 10  # members below which a share of foreigners says nothing


@dataclass(frozen=True)
class Run:
    """Tables of one run plus what the header and footer say about it."""

    summary: pd.DataFrame
    places: pd.DataFrame
    footholds: pd.DataFrame
    events: pd.DataFrame
    title: str
    name: str
    worlds: int
    seed: int | None = None
    outcomes: pd.DataFrame | None = field(default=None, repr=False)
    members: pd.DataFrame | None = field(default=None, repr=False)
    _sums: dict[tuple[str, str], pd.DataFrame] = field(default_factory=dict, repr=False)

    @cached_property
    def months(self) -> pd.DatetimeIndex:
        """First day of every month of the run."""
        return pd.DatetimeIndex(sorted(self.summary["month"].unique()))

    @cached_property
    def countries(self) -> pd.DataFrame:
        """Countries in file order, indexed by id, with name and residents."""
        rows = self.places[self.places["scope"] == "country"].set_index("id")
        if rows.empty:
            ids = list(dict.fromkeys(self.regions["country"]))
            rows = pd.DataFrame({"name": ids}, index=pd.Index(ids, name="id"))
        residents = rows["residents"] if "residents" in rows else pd.Series(np.nan, index=rows.index)
        return rows.assign(residents=residents.fillna(self.regions.groupby("country")["residents"].sum()))

    @cached_property
    def regions(self) -> pd.DataFrame:
        """Regions in file order, indexed by id."""
        return self.places[self.places["scope"] == "region"].set_index("id")

    @cached_property
    def _summary(self) -> dict[tuple[str, str], pd.DataFrame]:
        return {(str(k[0]), str(k[1])): g for k, g in self.summary.groupby(["scope", "outcome"], observed=True)}

    def has(self, outcome: str, scope: str = "country") -> bool:
        """Whether the run kept this outcome."""
        return (scope, outcome) in self._summary

    def curve(self, place: str, outcome: str, scope: str = "country") -> pd.DataFrame | None:
        """Quantiles and mean by month of one place, or None where the outcome was not kept."""
        if not self.has(outcome, scope):
            return None
        rows = self._summary[scope, outcome]
        rows = rows[rows["place"] == place]
        return rows.set_index("month")[list(QUANTILES)].reindex(self.months, fill_value=0.0)

    def grid(self, outcome: str, column: str = "mean", scope: str = "region") -> pd.DataFrame | None:
        """One number per place and month, shape (places, months)."""
        if not self.has(outcome, scope):
            return None
        wide = self._summary[scope, outcome].pivot(index="place", columns="month", values=column)
        index = (self.regions if scope == "region" else self.countries).index
        return wide.reindex(index=index, columns=self.months).fillna(0.0)

    def by_world(self, outcome: str, scope: str) -> pd.DataFrame | None:
        """Every world of one outcome: columns world, place, value, in one row or several that are to be added up; None
        if the run did not keep it.
        """
        if self.outcomes is None or outcome not in self.outcomes:
            return None
        rows = self.outcomes[self.outcomes["scope"] == scope]
        return rows[["world", "place", outcome]].rename(columns={outcome: "value"})

    def world_sums(self, outcome: str, scope: str = "region") -> pd.DataFrame | None:
        """Sum over the run per place and world, shape (places, worlds); None without world tables."""
        if (outcome, scope) not in self._sums:
            rows = self.by_world(outcome, scope)
            if rows is None:
                return None
            sums = rows.groupby(["place", "world"], observed=True)["value"].sum().unstack("world", fill_value=0)
            index = (self.regions if scope == "region" else self.countries).index
            self._sums[outcome, scope] = sums.reindex(index, fill_value=0.0).astype(float)
        return self._sums[outcome, scope]

    def totals(self, outcome: str, scope: str = "region") -> pd.DataFrame | None:
        """Sum over the run per place: mean and 90 % range between worlds (range blank without world tables)."""
        grid, sums = self.grid(outcome, scope=scope), self.world_sums(outcome, scope)
        if sums is not None:
            low, high = np.quantile(sums.to_numpy(), [0.05, 0.95], axis=1)
            return pd.DataFrame({"mean": sums.mean(axis=1), "p05": low, "p95": high})
        return None if grid is None else pd.DataFrame({"mean": grid.sum(axis=1), "p05": np.nan, "p95": np.nan})

    @cached_property
    def foothold_chance(self) -> pd.DataFrame | None:
        """Share of worlds with a foothold, shape (regions, months)."""
        grid = self.grid("foothold")
        return grid if grid is not None else self._from_spells("region")

    @cached_property
    def foothold_chance_country(self) -> pd.DataFrame | None:
        """Share of worlds with a foothold anywhere in the country, shape (countries, months)."""
        grid = self.grid("foothold", scope="country")
        return grid if grid is not None else self._from_spells("country")

    @cached_property
    def foothold_ever(self) -> pd.Series | None:
        """Share of worlds in which the region held a foothold in some month."""
        rows = self.by_world("foothold", "region")
        if rows is not None:
            ever = rows.groupby(["place", "world"], observed=True)["value"].sum().gt(0.5)
            return (ever.groupby("place", observed=True).sum() / self.worlds).reindex(
                self.regions.index, fill_value=0.0
            )
        if self._from_spells("region") is None:
            return None
        counts = self.footholds.groupby("region")["world"].nunique()
        return (counts / self.worlds).reindex(self.regions.index, fill_value=0.0)

    def _from_spells(self, scope: str) -> pd.DataFrame | None:
        """The same from the list of footholds, for runs that did not record the outcome by month."""
        if not {"world", "region", "onset", "months"} <= set(self.footholds.columns):
            return None
        index = self.regions.index if scope == "region" else self.countries.index
        held = {place: np.zeros((self.worlds, len(self.months)), dtype=bool) for place in index}
        world_row = {w: i % self.worlds for i, w in enumerate(sorted(self.footholds["world"].unique()))}
        for row in self.footholds.itertuples(index=False):
            place = row.region if scope == "region" else self.regions["country"].get(row.region)
            if place in held:
                first = int(self.months.searchsorted(pd.Timestamp(str(row.onset))))
                held[place][world_row[row.world], first : first + int(str(row.months))] = True
        shares = np.array([held[place].mean(axis=0) for place in index]).reshape(len(index), len(self.months))
        return pd.DataFrame(shares, index=index, columns=self.months)

    @cached_property
    def foreign_share(self) -> dict[str, pd.DataFrame]:
        """Per country: quantiles over worlds of foreign members as a share of movement members.

        Only worlds with at least ten members count; months with fewer than five such worlds (or fewer than all, in
        runs under five worlds) are blank.
        """
        if self.members is None or self.members.empty:
            return {}
        share = (self.members["foreign_members"] / self.members["movement_members"]).to_numpy(dtype=float)
        rows = self.members[["place", "month"]].assign(share=share)
        grouped = rows.groupby(["place", "month"], observed=True)["share"]
        table = grouped.quantile(np.array([0.05, 0.25, 0.5, 0.75, 0.95])).unstack()
        table.columns = pd.Index(QUANTILES[:5])
        table["mean"], table["count"] = grouped.mean(), grouped.size()
        table = table[table["count"] >= min(5, self.worlds)]
        return {
            str(place): part.droplevel("place").reindex(self.months)
            for place, part in table.groupby("place", observed=True)
        }


def wilson(share: np.ndarray, n: int, z: float = 1.6449) -> tuple[np.ndarray, np.ndarray]:
    """Wilson interval of a share out of `n` worlds (default 90 %)."""
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return np.clip(centre - half, 0.0, 1.0), np.clip(centre + half, 0.0, 1.0)


def from_memory(
    tables: Any, title: str, *, name: str | None = None, worlds: int | None = None, seed: int | None = None
) -> Run:
    """Tables of a run held in memory, given as attributes or as a mapping."""

    def get(key: str) -> pd.DataFrame | None:
        return tables.get(key) if isinstance(tables, Mapping) else getattr(tables, key, None)

    summary, places = get("summary"), get("places")
    if summary is None or places is None:
        raise ValueError("figures need at least the tables summary and places")
    outcomes = get("outcomes")
    if worlds is None:
        worlds = int(outcomes["world"].nunique()) if outcomes is not None and len(outcomes) else 1
    members = get("members")
    if members is None and outcomes is not None:
        members = _members(outcomes)
    footholds, events = get("footholds"), get("events")
    return Run(
        summary=summary.assign(month=_months(summary["month"])),
        places=places,
        footholds=pd.DataFrame() if footholds is None else footholds,
        events=pd.DataFrame(columns=["id", "date", "title"]) if events is None else events,
        title=title,
        name=name or title,
        worlds=max(int(worlds), 1),
        seed=seed,
        outcomes=outcomes,
        members=None if members is None else members.assign(month=_months(members["month"])),
    )


def read_folder(folder: Path) -> Run:
    """Tables of a result folder; of `outcomes.parquet` only what the figures use."""
    names = ("summary", "footholds", "places", "events")
    tables: dict[str, pd.DataFrame | None] = {key: _csv(folder / f"{key}.csv") for key in names}
    missing = [f"{key}.csv" for key in ("summary", "places") if tables[key] is None]
    if missing:
        raise FileNotFoundError(f"{folder}: no {' and no '.join(missing)}; is this a result folder?")
    about = _about(folder)
    tables |= _world_tables(folder / "outcomes.parquet")
    title = str(about.get("title") or about.get("name") or folder.name)
    worlds = about.get("worlds")
    return from_memory(
        tables,
        title,
        name=str(about.get("name") or title),
        worlds=None if worlds is None else int(worlds),
        seed=about.get("seed"),
    )


def _csv(path: Path) -> pd.DataFrame | None:
    """A small table; text columns that name places must not turn `NA` into a blank."""
    if not path.exists():
        return None
    return pd.read_csv(path, keep_default_na=False, na_values=[""], dtype={"id": str, "place": str, "region": str})


def _world_tables(path: Path) -> dict[str, pd.DataFrame]:
    """Sums over the run in every world and place, and members by month, read piece by piece."""
    if not path.exists():
        return {}
    from sim.runs.results import pieces_of, sums_over_run

    some = [_members(rows.to_pandas(date_as_object=False)) for rows in pieces_of(path, MEMBERS, "country")]
    members = [rows for rows in some if rows is not None]
    found = {"members": pd.concat(members, ignore_index=True)} if members else {}
    return {"outcomes": sums_over_run(path, WORLD_OUTCOMES), **found}


def _members(rows: pd.DataFrame) -> pd.DataFrame | None:
    """Months of countries in which a world has members enough; None where the run did not keep them."""
    if not {*MEMBERS} <= set(rows.columns):
        return None
    return rows.loc[(rows["scope"] == "country") & (rows[MEMBERS[0]] >= FEW), ["place", "month", *MEMBERS]]


def _about(folder: Path) -> dict[str, Any]:
    """Name, title, worlds and seed from the resolved scenario, else from the manifest."""
    about: dict[str, Any] = {}
    manifest = folder / "manifest.json"
    if manifest.exists():
        found = json.loads(manifest.read_text(encoding="utf-8"))
        inner = found.get("scenario")
        about = {**found, **inner} if isinstance(inner, dict) else found
        if isinstance(inner, str) and "name" not in about:
            about["name"] = inner
    scenario = folder / "scenario.yaml"
    if scenario.exists():
        from sim.inputs.reading import read_yaml

        written = read_yaml(scenario) or {}
        about = {**about, **{k: written[k] for k in ("name", "title", "worlds", "seed") if written.get(k) is not None}}
    return about


def _months(values: pd.Series) -> pd.Series:
    """First of the month as timestamps, from text, dates or timestamps; each distinct value is parsed once."""
    codes, distinct = pd.factorize(values)
    parsed = pd.DatetimeIndex([pd.Timestamp(str(v)) for v in distinct])
    return pd.Series(parsed.take(codes), index=values.index)
