"""A geography: regions, localities, countries and outside nodes as arrays, read from the folder of a world."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sim.inputs.folder_checks import (
    check_events,
    check_tables,
    check_theatre,
    check_values,
    kinds_of_place,
    read_table,
)
from sim.inputs.mistakes import DataError
from sim.inputs.numbers import DATA, Number, available_worlds, read_values
from sim.inputs.reading import read_yaml
from sim.inputs.theatre import Theatre, theatre_of


def percentile_rank(x: np.ndarray) -> np.ndarray:
    """Mid-rank of each entry of a 1-d array as a share of its length; NaN stays NaN."""
    known = ~np.isnan(x)
    rank = np.full(x.shape, np.nan)
    order = x[known]
    rank[known] = [((order < v).sum() + 0.5 * (order == v).sum()) / order.size for v in order]
    return rank


def great_circle_km(lon1: Any, lat1: Any, lon2: Any, lat2: Any) -> np.ndarray:
    """Great-circle distance in km between points in degrees (haversine formula, Earth radius 6371 km)."""
    lon1, lat1, lon2, lat2 = (np.radians(np.asarray(x, dtype=float)) for x in (lon1, lat1, lon2, lat2))
    h = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    return 2 * 6371.0 * np.arcsin(np.sqrt(h))


@dataclass
class Geography:
    """A world as arrays: regions (R), localities (L), countries (Y), outside nodes (X), origins G = Y + X."""

    name: str
    info: dict[str, Any]
    countries: list[str]
    country_names: list[str]
    regions: list[str]
    region_names: list[str]
    localities: list[str]
    locality_names: list[str]
    nodes: list[str]
    node_names: list[str]
    origins: list[str]
    organisations: dict[str, str]  # kind -> id
    organisation_names: dict[str, str]  # kind -> name
    authorities: list[dict[str, Any]]
    events: dict[str, dict[str, Any]]
    theatre: Theatre
    values: dict[tuple[str, str], Number]
    tables: dict[str, list[dict[str, str]]]
    country_of: np.ndarray  # (R,) index of the country of each region
    region_of: np.ndarray  # (L,) index of the region of each locality, non-decreasing
    first_locality: np.ndarray  # (R,) index of each region's first locality
    lon: np.ndarray  # (R,) degrees
    lat: np.ndarray  # (R,)
    capital: np.ndarray  # (Y,) region index
    link_from: np.ndarray  # (E,) both directions of every land and border link, sorted by link_to
    link_to: np.ndarray  # (E,)
    link_km: np.ndarray  # (E,)
    link_cross: np.ndarray  # (E,) bool, crosses a state border
    airport: np.ndarray  # (R,) bool
    distance: np.ndarray  # (R, R) km between seats
    country_slices: list[slice]  # regions of each country, which stand together
    link_start: np.ndarray  # (R,) first link into each region
    link_degree: np.ndarray  # (R,) number of links into each region
    r: dict[str, np.ndarray] = field(default_factory=dict)  # region fields
    y: dict[str, np.ndarray] = field(default_factory=dict)  # country fields
    l: dict[str, np.ndarray] = field(default_factory=dict)  # noqa: E741  locality fields
    kept: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)  # what is worked out once

    def __getstate__(self) -> dict[str, Any]:
        """A copy may be altered, so it works its fixed rules out afresh."""
        return {**self.__dict__, "kept": {}}

    def number(self, field_name: str, *places: str) -> Number:
        """The first value found on the way from the narrowest place to ``*``."""
        for place in (*places, "*"):
            if (place, field_name) in self.values:
                return self.values[place, field_name]
        raise DataError(f"{self.name}/values.csv: no value of '{field_name}' for {places[0]} or anything above it")

    def look_up(self, field_name: str, chains: Iterable[Sequence[str]], default: float | None = None) -> np.ndarray:
        """One array of a field, a chain of places (narrow to wide) per entry; `default` where none is given."""
        out = []
        for chain in chains:
            try:
                out.append(self.number(field_name, *chain).value)
            except DataError:
                if default is None:
                    raise
                out.append(default)
        return np.array(out, dtype=float)

    def of_organisations(self, field_name: str, *kinds: str) -> np.ndarray:
        """One number for each kind of organisation, (kinds,)."""
        return self.look_up(field_name, [(self.organisations[kind],) for kind in kinds])

    def region_chains(self) -> list[tuple[str, str]]:
        return [(region, self.countries[c]) for region, c in zip(self.regions, self.country_of, strict=True)]

    def cooperation(self, a: int, b: int) -> float:
        """Cooperation 0-1 between two countries by index."""
        names = self.countries[a], self.countries[b]
        for pair in ("|".join(names), "|".join(reversed(names))):
            if (pair, "cooperation") in self.values:
                return self.values[pair, "cooperation"].value
        return self.number("cooperation", "|".join(names)).value


REGION_FIELDS = ("contestation", "urban_periphery", "attainment_gap", "rugged", "network_weight", "close_ties",
                 "ties_outside", "online_reach", "migration_ties", "nonstate_order", "presence", "smuggling",
                 "services")
COUNTRY_FIELDS = ("population_start", "population_growth", "youth_share_start", "youth_share_change", "corruption",
                  "exclusion", "weak_law", "capacity", "cohesion", "security_per_1000", "brutality",
                  "pluralism", "tolerance_recruitment", "tolerance_exit", "exit_control",
                  "visa_required", "intelligence", "prison_isolation", "veterans_total", "prison_network",
                  "rival_members_start", "conflict_deaths", "conflict_year", "outside_support",
                  "politics_open", "mass_members_start")
LOCALITY_FIELDS = {"security_presence": None, "local_armed_per_1000": None, "orphaned": None, "cleavage": None,
                   "allegiance": 0.0}
NODE_FIELDS = ("fighter_stock", "base_willingness")
#: field -> kinds of organisation that need it
ORGANISATION_FIELDS = {"selectivity": ("movement", "rival", "mass", "rebels"),
                       "revolutionary": ("movement", "rival", "mass"), "concealment": ("movement", "rival", "mass"),
                       "attack_will": ("movement", "rival", "mass"),
                       "prestige_start": ("rival", "quietist"), "money_start": ("rival",)}
AUTHORITY_FIELDS = ("fighters", "cohesion", "brutality", "patron_support")
THEATRE_FIELDS = ("rebel_strength", "movement_strength", "movement_territory", "lethality", "access")
#: Figures of countries behind the amounts of events; nothing else reads them.
BACKGROUND_FIELDS = ("hopes_raised", "oil_dependence")


def levels() -> dict[str, list[str]]:
    """Field of `values.csv` -> kinds of place where somebody reads it."""
    found: dict[str, list[str]] = {}
    for names, kinds in (
            ((*REGION_FIELDS, "population", "area", "deprivation_indicator"), ("region", "country", "everywhere")),
            (COUNTRY_FIELDS, ("country", "everywhere")), (BACKGROUND_FIELDS, ("country",)),
            (tuple(LOCALITY_FIELDS), ("locality", "region", "country", "everywhere")), (("share",), ("locality",)),
            (NODE_FIELDS, ("neighbour node", "rest node")), (AUTHORITY_FIELDS, ("authority",)),
            (("cooperation",), ("pair", "everywhere"))):
        for name in names:
            found.setdefault(name, []).extend(kinds)
    return found | {name: [f"{kind} organisation" for kind in kinds] for name, kinds in ORGANISATION_FIELDS.items()}


def load_geography(world: str, overrides: Mapping[str, float] | None = None) -> Geography:
    """Read and check one geography; overrides are ``values.<place>.<field>`` -> number.

    Raises
    ------
    DataError
        naming file, line and key, where the folder breaks its contract.
    """
    return _load(world, tuple(sorted((overrides or {}).items())))


@functools.lru_cache(maxsize=8)
def _load(world: str, overrides: tuple[tuple[str, float], ...]) -> Geography:
    folder = DATA / world
    if not (folder / "world.yaml").exists():
        raise DataError(f"no world '{world}'; there are {', '.join(available_worlds())}")
    return read_folder(folder, overrides)


def read_folder(folder: Path, overrides: Iterable[tuple[str, float]] = ()) -> Geography:
    """Read and check the folder of a geography, wherever it is.

    Raises
    ------
    DataError
        naming folder, file, line and key of the first breach.
    """
    try:
        return _read(folder.resolve(), overrides)
    except DataError as error:
        text, name = str(error), folder.resolve().name
        raise DataError(text if text.startswith(f"{name}/") else f"{name}/{text}") from None


def _read(folder: Path, overrides: Iterable[tuple[str, float]]) -> Geography:
    world = folder.name
    tables = {name: read_table(folder / f"{name}.csv") for name in
              ("countries", "regions", "localities", "nodes", "links", "organisations", "authorities", "theatre")}
    check_tables(tables, read_yaml(folder / "world.yaml"))
    check_theatre(tables["theatre"], THEATRE_FIELDS)
    check_values(read_table(folder / "values.csv"), kinds_of_place(tables), levels())
    values = read_values(folder / "values.csv")
    for name, value in overrides:
        place, _, field_name = name.removeprefix("values.").rpartition(".")
        if (place, field_name) not in values:
            raise DataError(f"values.csv: unknown value '{name}'")
        old = values[place, field_name]
        values[place, field_name] = Number(value, old.unit, old.low, old.high, "scenario", "assumed")
    geography = _topology(world, folder, tables, values)
    _fill_fields(geography)
    return geography


def _topology(world: str, folder: Path, tables: dict[str, list[dict[str, str]]],
              values: dict[tuple[str, str], Number]) -> Geography:
    ids = {name: [row["id"] for row in tables[name]] for name in ("countries", "regions", "nodes")}
    index = {region: i for i, region in enumerate(ids["regions"])}
    country_of = np.array([ids["countries"].index(row["country"]) for row in tables["regions"]])
    localities = sorted(tables["localities"], key=lambda row: (index[row["region"]], row["id"].endswith(".rest")))
    region_of = np.array([index[row["region"]] for row in localities])
    tables["localities"] = localities
    lon = np.array([float(row["lon"]) for row in tables["regions"]])
    lat = np.array([float(row["lat"]) for row in tables["regions"]])
    info = read_yaml(folder / "world.yaml")
    links, airport = _links(tables["links"], index, country_of)
    events = read_yaml(folder / "events.yaml") or []
    check_events(events, ids["countries"], ids["regions"])
    return Geography(
        name=world, info=info, countries=ids["countries"], country_names=[row["name"] for row in tables["countries"]],
        regions=ids["regions"], region_names=[row["name"] for row in tables["regions"]],
        localities=[row["id"] for row in localities], locality_names=[row["name"] for row in localities],
        nodes=ids["nodes"], node_names=[row["name"] for row in tables["nodes"]],
        origins=ids["countries"] + [row["id"] for row in tables["nodes"] if row["kind"] != "theatre"],
        organisations={row["kind"]: row["id"] for row in tables["organisations"]},
        organisation_names={row["kind"]: row["name"] for row in tables["organisations"]},
        authorities=[dict(row) for row in tables["authorities"]], events={e["id"]: e for e in events},
        theatre=theatre_of(tables["theatre"]), values=values, tables=tables, country_of=country_of, region_of=region_of,
        first_locality=np.searchsorted(region_of, np.arange(len(index))), lon=lon, lat=lat,
        capital=np.array([index[row["capital_region"]] for row in tables["countries"]]),
        link_from=links[0], link_to=links[1], link_km=links[2], link_cross=links[3],
        airport=airport, distance=great_circle_km(lon[:, None], lat[:, None], lon, lat),
        country_slices=_slices(country_of, world),
        link_start=np.searchsorted(links[1], np.arange(len(index))),
        link_degree=np.bincount(links[1], minlength=len(index)))


def _slices(country_of: np.ndarray, world: str) -> list[slice]:
    slices = []
    for country in range(country_of.max() + 1):
        own = np.flatnonzero(country_of == country)
        if own.size == 0 or own[-1] - own[0] + 1 != own.size:
            raise DataError(f"{world}/regions.csv: the regions of one country must stand together")
        slices.append(slice(int(own[0]), int(own[-1]) + 1))
    return slices


def _links(rows: list[dict[str, str]], index: Mapping[str, int],
           country_of: np.ndarray) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    both: list[tuple[int, int, float]] = []
    airport = np.zeros(len(index), dtype=bool)
    for row in rows:
        ends = [end for end in (row["from"], row["to"]) if end in index]
        if row["kind"] == "air":
            airport[[index[end] for end in ends]] = True
        elif len(ends) == 2:
            a, b = index[ends[0]], index[ends[1]]
            both += [(b, a, float(row["distance_km"])), (a, b, float(row["distance_km"]))]
    both.sort()
    unlinked = set(index.values()) - {to for to, _, _ in both}
    if unlinked:
        raise DataError(f"links.csv: no land link for {', '.join(r for r, i in index.items() if i in unlinked)}")
    to, frm, km = (np.array(column) for column in zip(*both, strict=True))
    return (frm.astype(int), to.astype(int), km.astype(float), country_of[frm] != country_of[to]), airport


def relative_deprivation(indicator: np.ndarray, country_of: np.ndarray, capital: np.ndarray) -> np.ndarray:
    """Gap to the capital, 0-1: how much higher a region ranks than the capital on its country's own measure.

    Ranks, because the countries measure deprivation differently (monetary poverty, multidimensional poverty,
    illiteracy). Where a country has no regional measure every region but the capital gets 0.5 (rank unknown).
    """
    gap = np.empty(indicator.shape)
    for country, seat in enumerate(capital):
        own = country_of == country
        rank = percentile_rank(np.where(own, indicator, np.nan))
        gap[own] = np.clip(rank[own] - rank[seat], 0, 1) if not np.isnan(rank[own]).any() else 0.5
        gap[seat] = 0.0
    return gap


def by_density(national: np.ndarray, density: np.ndarray, country_of: np.ndarray) -> np.ndarray:
    """Online reach by region: from three fifths of the national share in the emptiest to seven fifths in the densest.

    Towns were connected first; no regional figures were found, so one rule on the rank of density serves all countries.
    """
    out = np.empty(national.shape)
    for country in range(country_of.max() + 1):
        own = country_of == country
        out[own] = national[own] * (0.6 + 0.8 * percentile_rank(np.where(own, density, np.nan))[own])
    return np.clip(out, 0, 1)


def _fill_fields(g: Geography) -> None:
    chains = g.region_chains()
    for name in REGION_FIELDS:
        g.r[name] = g.look_up(name, chains)
    g.r["area"] = g.look_up("area", chains)
    g.r["deprivation_gap"] = relative_deprivation(g.look_up("deprivation_indicator", chains, np.nan),
                                                  g.country_of, g.capital)
    for name in COUNTRY_FIELDS:
        g.y[name] = g.look_up(name, [(c,) for c in g.countries])
    census = g.look_up("population", chains)
    national = np.bincount(g.country_of, census)
    g.r["residents"] = census / national[g.country_of] * g.y["population_start"][g.country_of]
    g.r["youth"] = np.rint(g.r["residents"] * g.y["youth_share_start"][g.country_of])
    g.r["veterans"] = _by_network(g, g.y["veterans_total"])
    g.r["prison_network"] = _by_network(g, g.y["prison_network"])
    g.r["rival_start"] = _by_network(g, g.y["rival_members_start"], g.r["rugged"])
    g.r["mass_start"] = _by_network(g, g.y["mass_members_start"])
    g.r["density"] = g.r["residents"] / g.r["area"]
    g.r["online_reach"] = by_density(g.r["online_reach"], g.r["density"], g.country_of)
    _fill_localities(g)
    for country in range(len(g.countries)):
        for other in range(country):
            g.cooperation(country, other)
    for node in g.origins[len(g.countries):]:
        for name in NODE_FIELDS:
            g.number(name, node)
    for name, kinds in ORGANISATION_FIELDS.items():
        for kind in kinds:
            g.number(name, g.organisations[kind])
    for authority in g.authorities:
        authority.update({name: g.number(name, authority["id"]).value for name in AUTHORITY_FIELDS})


def _by_network(g: Geography, totals: np.ndarray, suits: np.ndarray | float = 1.0) -> np.ndarray:
    """Spread a national total over regions by residents x recorded network history (x terrain); integers, (R,).

    One rule for all countries. Largest remainders, so that the parts add up to the total.
    """
    weight = g.r["residents"] * g.r["network_weight"] * suits
    out = np.zeros(len(g.regions))
    for country, total in enumerate(totals):
        own = np.flatnonzero(g.country_of == country)
        if total and weight[own].sum():
            exact = total * weight[own] / weight[own].sum()
            out[own] = np.floor(exact)
            left = round(total - out[own].sum())
            out[own[np.argsort(np.floor(exact) - exact, kind="stable")[:left]]] += 1
    return out


def _fill_localities(g: Geography) -> None:
    chains = [(loc, g.regions[r], g.countries[g.country_of[r]])
              for loc, r in zip(g.localities, g.region_of, strict=True)]
    for name, default in LOCALITY_FIELDS.items():
        g.l[name] = g.look_up(name, chains, default)
    rest = np.array([loc.endswith(".rest") for loc in g.localities])
    share = np.array([0.0 if is_rest else g.number("share", loc).value
                      for loc, is_rest in zip(g.localities, rest, strict=True)])
    total = np.bincount(g.region_of, share, minlength=len(g.regions))
    if (total > 1 + 1e-9).any():
        worst = g.regions[int(np.argmax(total))]
        raise DataError(f"{g.name}/values.csv: shares of the localities of {worst} add up to {total.max():.2f} > 1")
    share[rest] = 1 - total[g.region_of[rest]]
    g.l["share"] = share
    g.l["residents"] = share * g.r["residents"][g.region_of]
    g.l["lon"] = np.array([float(row["lon"]) for row in g.tables["localities"]])
    g.l["lat"] = np.array([float(row["lat"]) for row in g.tables["localities"]])
    g.r["local_armed"] = np.bincount(g.region_of, share * g.l["local_armed_per_1000"])
