"""Made-up names and tables, so that reading, writing and the command line are tested without the model."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd

from sim.calendar import Month
from sim.inputs.scenario import Known, Scenario, World
from sim.runs.results import RunTables


def make_known() -> Known:
    """Registries of a toy world."""
    number = SimpleNamespace(value=0.2, low=0.0, high=0.5, unit="1/month", description="a rate", source="E001")
    toy = World(
        start=Month.parse("2011-01"), end=Month.parse("2017-12"), title="Toy",
        countries={"AA": "Aland", "BB": "Beland"}, regions={"AA-1": "North", "AA-2": "South", "BB-1": "Coast"},
        country_of={"AA-1": "AA", "AA-2": "AA", "BB-1": "BB"}, events={"uprising": "The uprising"},
        values={("AA", "capacity"): number, ("AA-1.port", "share"): number})
    levers = {
        "border_control": SimpleNamespace(title="Border control", scope="region", max_strength=1.0, unit="share",
                                          drawback="Shifts."),
        "national_cohesion": SimpleNamespace(title="Cohesion", scope="country", max_strength=0.8, unit="share",
                                             drawback="Fails.")}
    outcomes = {"recruits": SimpleNamespace(unit="persons/month", label="New recruits"),
                "control": SimpleNamespace(unit="0-1", label="Control")}
    return Known(worlds=lambda: ["toy"], world=lambda name: toy, levers=lambda: levers,
                 parameters=lambda: {"exposure.peers": number}, outcomes=lambda: outcomes,
                 theories=lambda: {"peers": {"on": "they matter", "off": "they do not"}})


def make_scenario(worlds: int = 4, months: int = 6) -> Scenario:
    """A resolved toy scenario."""
    start = Month.of(2011, 1)
    return Scenario(name="toy", title="Toy run", world="toy", start=start, end=start + (months - 1), worlds=worlds,
                    record=("recruits", "control"), source="toy.yaml")


def make_tables(worlds: int = 4, months: int = 6, places: int = 3, counts: int = 2, shares: int = 1,
                seed: int = 3) -> RunTables:
    """Tables of the right shape, mostly zero as in a real run; the first two places are countries."""
    luck = np.random.default_rng(seed)
    rows = worlds * months * places
    ids = ["AA", "BB", *(f"AA-{k}" for k in range(1, places - 1))]
    start = np.datetime64("2011-01", "M")
    frame = pd.DataFrame({
        "world": np.repeat(np.arange(worlds), months * places),
        "month": np.tile(np.repeat(start + np.arange(months), places), worlds).astype("datetime64[s]"),
        "scope": pd.Categorical(np.tile(["country"] * 2 + ["region"] * (places - 2), worlds * months)),
        "place": pd.Categorical(np.tile(ids, worlds * months))})
    names = ["recruits", "departures", *(f"count_{k}" for k in range(counts - 2))][:counts]
    columns = {name: np.where(luck.random(rows) < 0.15, luck.poisson(3, rows), 0).astype(np.int64) for name in names}
    columns |= {f"share_{k}": luck.random(rows) for k in range(shares)}
    frame = pd.concat([frame, pd.DataFrame(columns)], axis=1)
    quantiles = ("p05", "p25", "p50", "p75", "p95", "mean")
    summary = pd.DataFrame([{"scope": "country", "place": "AA", "month": "2011-01", "outcome": "recruits",
                             "unit": "persons/month", **dict.fromkeys(quantiles, 1.5)}])
    footholds = pd.DataFrame({"world": [0, 1], "region": ["AA-1"] * 2, "locality": ["AA-1.port"] * 2,
                              "onset": ["2011-02"] * 2, "end": ["2011-05", ""], "months": [3, 4],
                              "grade": ["contested"] * 2, "ended_by": ["offensive", ""]})
    names_of = pd.DataFrame([{
        "id": place, "scope": "country" if len(place) == 2 else "region", "country": place[:2], "name": f"NA {place}",
        "lon": 1.0, "lat": 2.0, "tile_col": 1, "tile_row": 2, "residents": 1000, "youth": 300} for place in ids])
    info = pd.DataFrame({"outcome": ["recruits"], "unit": ["persons/month"], "label": ["New"], "aggregate": ["sum"]})
    events = pd.DataFrame({"id": ["uprising"], "date": ["2011-01"], "title": ["The uprising"], "source": ["E001"]})
    return RunTables(frame, summary, footholds, names_of, info, events)
