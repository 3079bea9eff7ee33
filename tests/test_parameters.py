"""Every number has a unit, a range and a source; the loader refuses what breaks the contract."""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml

from sim import parameters
from sim.calendar import Month
from sim.dials import DIALS
from sim.parameters import (
    CONFIDENCE,
    DataError,
    available_worlds,
    coefficient_groups,
    coefficients,
    great_circle_km,
    load_geography,
    percentile_rank,
    relative_deprivation,
)
from tests.small import AA1, BB1

WORLDS = pytest.mark.parametrize("world", available_worlds())


# --- what is shipped --------------------------------------------------------------------------------------------------


def test_every_coefficient_has_its_papers() -> None:
    assert len(coefficients()) > 100
    for name, number in coefficients().items():
        assert re.fullmatch(r"[a-z]+\.[a-z_]+", name)
        assert number.unit, name
        assert len(number.source) >= 4, name  # at least "E001"
        assert number.description, name
        assert number.confidence in CONFIDENCE, name
        assert number.low <= number.value <= number.high, name
        assert number.low < number.high, f"{name}: a range of one point is no range"


@WORLDS
def test_every_value_has_its_papers(world: str) -> None:
    for (place, name), number in load_geography(world).values.items():
        assert number.unit, (place, name)
        assert number.source, (place, name)
        assert number.confidence in CONFIDENCE, (place, name)
        assert number.low <= number.value <= number.high, (place, name)


@WORLDS
def test_every_value_belongs_to_a_place_that_exists(world: str) -> None:
    g = load_geography(world)
    known = {"*", *g.countries, *g.regions, *g.localities, *g.nodes, *g.organisations.values(),
             *(row["id"] for row in g.authorities)}
    for place, name in g.values:
        assert set(place.split("|")) <= known, f"{place} ({name})"


@WORLDS
def test_residents_add_up_to_the_national_totals(world: str) -> None:
    g = load_geography(world)
    totals = np.array([g.r["residents"][own].sum() for own in g.country_slices])
    assert totals == pytest.approx(g.y["population_start"])
    assert np.bincount(g.region_of, g.l["share"]) == pytest.approx(np.ones(len(g.regions)))
    assert np.bincount(g.region_of, g.l["residents"]) == pytest.approx(g.r["residents"])
    for name, total in (("veterans", "veterans_total"), ("prison_network", "prison_network"),
                        ("rival_start", "rival_members_start"), ("mass_start", "mass_members_start")):
        assert [g.r[name][own].sum() for own in g.country_slices] == g.y[total].tolist(), name


@WORLDS
def test_shares_and_indices_lie_between_zero_and_one(world: str) -> None:
    g = load_geography(world)
    for name in ("contestation", "urban_periphery", "rugged", "ties_outside", "online_reach", "presence", "services",
                 "deprivation_gap", "smuggling"):
        assert ((g.r[name] >= 0) & (g.r[name] <= 1)).all(), name
    for name in ("capacity", "cohesion", "intelligence", "exit_control", "tolerance_exit", "tolerance_recruitment",
                 "corruption", "exclusion", "pluralism"):
        assert ((g.y[name] >= 0) & (g.y[name] <= 1)).all(), name
    for name in ("orphaned", "cleavage", "allegiance", "share", "security_presence"):
        assert ((g.l[name] >= 0) & (g.l[name] <= 1)).all(), name


@WORLDS
def test_links_go_both_ways_and_reach_everybody(world: str) -> None:
    g = load_geography(world)
    pairs = list(zip(g.link_from.tolist(), g.link_to.tolist(), strict=True))
    assert len(set(pairs)) == len(pairs)
    assert {(b, a) for a, b in pairs} == set(pairs)
    assert all(a != b for a, b in pairs)
    assert (g.link_cross == (g.country_of[g.link_from] != g.country_of[g.link_to])).all()
    assert (g.link_km > 0).all()
    reached, frontier = {0}, [0]
    while frontier:
        here = frontier.pop()
        new = {b for a, b in pairs if a == here} - reached
        reached |= new
        frontier += new
    assert len(reached) == len(g.regions)


# --- events: what arises outside the simulated actors, and nothing else -----------------------------------------------

#: Conditions set from outside. No dial of an event is a person, a place held, an offensive or a decision of the agents.
OUTSIDE = {
    "capacity", "channels", "contestation", "exit_control", "facilitation", "fragmentation", "hopes", "legitimation",
    "migration_open", "online", "patron_backing", "pluralism", "polarisation_shock", "prison_release", "regulation",
    "services", "tolerance_exit", "tolerance_recruitment", "unified_support", "war_deaths",
}


@WORLDS
def test_events_only_turn_dials_of_the_outside(world: str) -> None:
    g = load_geography(world)
    assert g.events
    for name, event in g.events.items():
        assert set(event) <= {"id", "title", "date", "until", "ramp", "major", "turns", "source", "confidence"}, name
        assert event["source"], name
        assert event["confidence"] in CONFIDENCE, name
        first = Month.parse(event["date"])
        assert Month.parse(event.get("until", event["date"])) >= first, name
        assert event["turns"], name
        for turn in event["turns"]:
            assert set(turn) == {"dial", "where", "amount"}, name
            dial = DIALS[turn["dial"]]
            assert turn["dial"] in OUTSIDE, f"{name}: {turn['dial']}"
            assert turn["amount"] >= 0 if dial.combine == "multiply" else abs(turn["amount"]) <= 1, name
            assert set(turn["where"]) <= {*g.countries, *(g.regions if dial.scope == "region" else ())}, name
            if turn["dial"] == "prison_release":
                assert 0 < turn["amount"] <= 1, name


@WORLDS
def test_events_name_no_result_of_the_simulation(world: str) -> None:
    """What the model is to produce may not be put in by hand."""
    folder = parameters.DATA / world
    for event in yaml.safe_load((folder / "events.yaml").read_text(encoding="utf-8")):
        words = event["id"] + " " + event["title"].lower()
        for taboo in ("foothold", "offensive", "militant", "recruit", "siege", "captur", "seiz", "liberat"):
            allowed = taboo == "recruit" and "tolerance_recruitment" in {t["dial"] for t in event["turns"]}
            assert allowed or taboo not in words, f"{event['id']}: {taboo}"


@WORLDS
def test_nobody_of_the_movement_and_no_control_stands_at_the_start(world: str) -> None:
    for _, name in load_geography(world).values:
        assert not re.search(r"foothold|offensive|control_start|held|movement_(start|members)", name), name


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_ranks() -> None:
    assert percentile_rank(np.array([3.0, 1.0, 2.0, 2.0])) == pytest.approx([0.875, 0.125, 0.5, 0.5])
    some = percentile_rank(np.array([3.0, np.nan, 1.0]))
    assert some[[0, 2]] == pytest.approx([0.75, 0.25])
    assert np.isnan(some[1])


def test_deprivation_is_a_gap_in_rank_to_the_capital() -> None:
    country = np.array([0, 0, 0, 1, 1])
    capital = np.array([1, 3])
    gap = relative_deprivation(np.array([0.1, 0.2, 0.9, np.nan, 5.0]), country, capital)
    # Ranks 1/6, 3/6, 5/6: the first region is better off than the capital; the second country has no measure.
    assert gap == pytest.approx([0, 0, 1 / 3, 0, 0.5])


def test_deprivation_of_the_two_countries() -> None:
    """Ranks 1, 2, 3 of three, and 1, 3, 2, 4 of four; the capitals come first."""
    gap = load_geography("two_countries").r["deprivation_gap"]
    assert gap == pytest.approx([0, 1 / 3, 2 / 3, 0, 2 / 4, 1 / 4, 3 / 4])
    assert gap[AA1] == gap[BB1] == 0


def test_distance() -> None:
    assert great_circle_km(0, 0, 90, 0) == pytest.approx(6371 * np.pi / 2)
    assert great_circle_km(10, 90, 50, -90) == pytest.approx(6371 * np.pi)
    assert great_circle_km(5, 5, 5, 5) == 0


def test_the_theatre_is_linear_between_anchors_and_constant_beyond() -> None:
    theatre = load_geography("two_countries").theatre
    assert theatre.at("movement_strength", Month.of(2014, 9)) == pytest.approx(0.7)  # half way from 1.0 to 0.4
    assert theatre.at("movement_strength", Month.of(2010, 1)) == 0
    assert theatre.at("movement_strength", Month.of(2020, 1)) == pytest.approx(0.4)


def test_coefficients_may_differ_between_worlds() -> None:
    k = coefficient_groups({"exposure.peers": [0.1, 0.2, 0.3]}, 3)
    assert k["exposure"].peers.tolist() == [[0.1], [0.2], [0.3]]
    assert k["exposure"].online.shape == ()
    with pytest.raises(DataError, match=r"unknown coefficients: exposure\.pears"):
        coefficient_groups({"exposure.pears": 1.0})
    with pytest.raises(AttributeError, match="no coefficient 'pears'; there are sigma"):
        _ = k["exposure"].pears


def test_a_value_may_be_overridden_by_its_full_name() -> None:
    changed = load_geography("two_countries", {"values.AA.capacity": 0.5})
    assert changed.y["capacity"].tolist() == [0.5, 0.6]
    assert load_geography("two_countries").y["capacity"].tolist() == [0.75, 0.6]
    with pytest.raises(DataError, match=r"unknown value 'values\.AA\.capasity'"):
        load_geography("two_countries", {"values.AA.capasity": 0.5})


# --- what the loader refuses ------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the data that a test may spoil."""
    shutil.copytree(parameters.DATA / "two_countries", tmp_path / "two_countries")
    shutil.copy(parameters.DATA / "coefficients.yaml", tmp_path)
    monkeypatch.setattr(parameters, "DATA", tmp_path)
    caches = (parameters._load, parameters.coefficients)
    for cache in caches:
        cache.cache_clear()
    yield tmp_path
    for cache in caches:
        cache.cache_clear()


def spoil(path: Path, line: int, **changes: str) -> None:
    """Change cells of one line of a CSV file; lines count from 1, the header being the first."""
    with path.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.reader(handle))
    for column, text in changes.items():
        rows[line - 1][rows[0].index(column.rstrip("_"))] = text
    with path.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle).writerows(rows)


def test_the_copy_loads_as_it_is(folder: Path) -> None:
    assert load_geography("two_countries").countries == ["AA", "BB"]
    assert coefficients()["exposure.peers"].value > 0


@pytest.mark.parametrize(("changes", "message"), [
    ({"unit": ""}, "values.csv, line 7: 'unit' is missing"),
    ({"low": ""}, "values.csv, line 7: 'low' is missing"),
    ({"high": ""}, "values.csv, line 7: 'high' is missing"),
    ({"source": ""}, "values.csv, line 7: 'source' is missing"),
    ({"confidence": ""}, "values.csv, line 7: 'confidence' is missing"),
    ({"value": ""}, "values.csv, line 7: 'value' is missing"),
    ({"confidence": "certain"}, "values.csv, line 7: confidence 'certain' is none of measured, derived, assumed"),
    ({"value": "0.9"}, "values.csv, line 7: value 0.9 lies outside its own range"),
    ({"value": "nan"}, "values.csv, line 7: value nan lies outside its own range"),
    ({"value": "much"}, "values.csv, line 7: could not convert string to float: 'much'"),
    ({"place": ""}, "values.csv, line 7: place and field must be given"),
    ({"field": "area"}, "values.csv, line 7: AA-1 already has a value for area"),
])
def test_a_number_without_its_papers(folder: Path, changes: dict[str, str], message: str) -> None:
    spoil(folder / "two_countries/values.csv", 7, **changes)  # AA-1, urban_periphery
    with pytest.raises(DataError, match=re.escape(message)):
        load_geography("two_countries")


def test_a_missing_field(folder: Path) -> None:
    spoil(folder / "two_countries/values.csv", 7, place="AA-2", field="other")
    with pytest.raises(DataError, match=r"two_countries/values\.csv: no value of 'urban_periphery' for AA-1"):
        load_geography("two_countries")


def test_shares_over_one(folder: Path) -> None:
    path = folder / "two_countries/values.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("BB-3.lanmere,share,0.4,0.28,0.52", "BB-3.lanmere,share,1.2,0.28,1.5"))
    with pytest.raises(DataError, match=r"shares of the localities of BB-3 add up to 1\.20 > 1"):
        load_geography("two_countries")


def test_an_unknown_place_in_links(folder: Path) -> None:
    spoil(folder / "two_countries/links.csv", 5, to="CC-9")
    with pytest.raises(DataError, match=r"links\.csv, line 5: unknown place in BB-1-CC-9"):
        load_geography("two_countries")


def test_a_region_without_land_links(folder: Path) -> None:
    for line in (8, 9):
        spoil(folder / "two_countries/links.csv", line, kind="air")
    with pytest.raises(DataError, match=r"links\.csv: no land link for BB-4"):
        load_geography("two_countries")


def test_a_theatre_number_without_its_papers(folder: Path) -> None:
    spoil(folder / "two_countries/theatre.csv", 3, source="")
    with pytest.raises(DataError, match=r"theatre\.csv, line 3: 'source' is missing"):
        load_geography("two_countries")


def test_a_region_without_a_locality(folder: Path) -> None:
    spoil(folder / "two_countries/localities.csv", 2, region="AA-2")
    with pytest.raises(DataError, match=r"localities\.csv: every region needs at least the locality"):
        load_geography("two_countries")


def test_regions_of_one_country_stand_together(folder: Path) -> None:
    path = folder / "two_countries/regions.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([lines[0], lines[4], *lines[1:4], *lines[5:]]) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"regions\.csv: the regions of one country must stand together"):
        load_geography("two_countries")


def test_a_world_that_does_not_exist() -> None:
    with pytest.raises(DataError, match="no world 'atlantis'; there are maghreb, two_countries"):
        load_geography("atlantis")


@pytest.mark.parametrize(("change", "message"), [
    (lambda entry: entry.pop("unit"), "'unit' is missing"),
    (lambda entry: entry.pop("source"), "'source' is missing"),
    (lambda entry: entry.pop("range"), "'low' is missing"),
    (lambda entry: entry.pop("confidence"), "'confidence' is missing"),
    (lambda entry: entry.update(confidence="sure"), "confidence 'sure' is none of"),
    (lambda entry: entry.update(value=9.0), "value 9.0 lies outside its own range"),
])
def test_a_coefficient_without_its_papers(folder: Path, change: Callable[[dict], object], message: str) -> None:
    path = folder / "coefficients.yaml"
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(data["exposure"]["peers"])
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    with pytest.raises(DataError, match=rf"coefficients\.yaml: exposure\.peers: {message}"):
        coefficients()
