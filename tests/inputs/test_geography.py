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

from sim.calendar import Month
from sim.inputs import geography, numbers
from sim.inputs.folder_checks import CONFIDENCE
from sim.inputs.geography import (
    BACKGROUND_FIELDS,
    by_density,
    great_circle_km,
    levels,
    load_geography,
    percentile_rank,
    read_folder,
    relative_deprivation,
)
from sim.inputs.mistakes import DataError
from sim.inputs.numbers import DATA, available_worlds, coefficient_groups, coefficients
from sim.inputs.theatre import Theatre
from sim.policy.dials import DIALS
from sim.policy.timeline import check_event_dials
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
            assert set(turn) == {"dial", "where", "amount", "range"}, name
            assert turn["range"][0] <= turn["amount"] <= turn["range"][1], name
            assert turn["range"][0] < turn["range"][1], f"{name}: a range of one point is no range"
            dial = DIALS[turn["dial"]]
            assert turn["dial"] in OUTSIDE, f"{name}: {turn['dial']}"
            assert turn["amount"] >= 0 if dial.combine == "multiply" else abs(turn["amount"]) <= 1, name
            assert set(turn["where"]) <= {*g.countries, *(g.regions if dial.scope == "region" else ())}, name
            if turn["dial"] == "prison_release":
                assert 0 < turn["amount"] <= 1, name


@WORLDS
def test_events_name_no_result_of_the_simulation(world: str) -> None:
    """What the model is to produce may not be put in by hand."""
    folder = geography.DATA / world
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
    shutil.copytree(geography.DATA / "two_countries", tmp_path / "two_countries")
    shutil.copy(geography.DATA / "coefficients.yaml", tmp_path)
    for module in (geography, numbers):
        monkeypatch.setattr(module, "DATA", tmp_path)
    caches = (geography._load, numbers.coefficients)
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
    ({"unit": ""}, "values.csv, line 7: AA-1.urban_periphery: 'unit' is missing"),
    ({"low": ""}, "values.csv, line 7: AA-1.urban_periphery: 'low' is missing"),
    ({"high": ""}, "values.csv, line 7: AA-1.urban_periphery: 'high' is missing"),
    ({"source": ""}, "values.csv, line 7: AA-1.urban_periphery: 'source' is missing"),
    ({"confidence": ""}, "values.csv, line 7: AA-1.urban_periphery: 'confidence' is missing"),
    ({"value": ""}, "values.csv, line 7: AA-1.urban_periphery: 'value' is missing"),
    ({"confidence": "certain"},
     "values.csv, line 7: AA-1.urban_periphery: confidence 'certain' is none of measured, derived, assumed"),
    ({"value": "0.9"}, "values.csv, line 7: AA-1.urban_periphery: value 0.9 lies outside its own range"),
    ({"value": "nan"}, "values.csv, line 7: AA-1.urban_periphery: value nan lies outside its own range"),
    ({"value": "much"}, "values.csv, line 7: AA-1.urban_periphery: value: 'much' is not a number"),
    ({"place": ""}, "values.csv, line 7: place and field must be given"),
    ({"field": "area"}, "values.csv, line 7: AA-1 already has a value for area"),
])
def test_a_number_without_its_papers(folder: Path, changes: dict[str, str], message: str) -> None:
    spoil(folder / "two_countries/values.csv", 7, **changes)  # AA-1, urban_periphery
    with pytest.raises(DataError, match=re.escape(f"two_countries/{message}")):
        load_geography("two_countries")


def test_a_missing_field(folder: Path) -> None:
    path = folder / "two_countries/values.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:6] + lines[7:]), encoding="utf-8")
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
    with pytest.raises(DataError, match=r"links\.csv, line 5: 'CC-9' is not a region or node \(to\)"):
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
    (lambda entry: entry.pop("range"), "'range' is missing"),
    (lambda entry: entry.update(range=0.5), "'range' is missing"),
    (lambda entry: entry.pop("confidence"), "'confidence' is missing"),
    (lambda entry: entry.update(confidence="sure"), "confidence 'sure' is none of"),
    (lambda entry: entry.update(value=9.0), "value 9.0 lies outside its own range"),
])
def test_a_coefficient_without_its_papers(folder: Path, change: Callable[[dict], object], message: str) -> None:
    path = folder / "coefficients.yaml"
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(data["exposure"]["peers"])
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    with pytest.raises(DataError, match=rf"coefficients\.yaml, line \d+: exposure\.peers: {message}"):
        coefficients()


def test_a_coefficient_that_stands_twice(folder: Path) -> None:
    path = folder / "coefficients.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("  contacts:\n", "  sigma:\n", 1), encoding="utf-8")
    with pytest.raises(DataError, match=r"coefficients\.yaml, line \d+: the key 'sigma' is given twice \(first in"):
        coefficients()


def test_the_line_of_a_coefficient_is_that_of_its_name(folder: Path) -> None:
    path = folder / "coefficients.yaml"
    path.write_text("# first\nexposure:\n  peers:\n    value: 0.1\n    unit: x\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"coefficients\.yaml, line 3: exposure\.peers: 'range' is missing"):
        coefficients()


TABLES: list[tuple[str, int, dict[str, str], str]] = [
    # file, line, what is put there, the message
    ("values", 7, {"place": "AA-11"}, "'AA-11' is not a place, actor or node (place); did you mean 'AA-1'?"),
    ("values", 7, {"field": "urban_perifery"}, "'urban_perifery' is not a field that anybody reads; did you mean "
                                               "'urban_periphery'?"),
    ("values", 7, {"field": "capacity"}, "nobody reads 'capacity' of 'AA-1' (region); it belongs to: country, every"),
    ("values", 7, {"field": "selectivity"}, "nobody reads 'selectivity' of 'AA-1' (region); it belongs to: movement"),
    ("values", 7, {"field": "hopes_raised"}, "nobody reads 'hopes_raised' of 'AA-1' (region); it belongs to: country"),
    ("values", 7, {"place": "AA|CC", "field": "cooperation"}, "'CC' is not a country (place) (AA, BB)"),
    ("links", 5, {"kind": "rail"}, "'rail' is not a kind of links (land, border, air)"),
    ("links", 5, {"from": "BB-2"}, "BB-2 is linked to itself"),
    ("links", 5, {"from": "AA-2", "to": "AA-1"}, "AA-2 and AA-1 are linked already in line 2"),
    ("links", 5, {"distance_km": "far"}, "distance_km: 'far' is not a number"),
    ("links", 5, {"distance_km": "-3"}, "distance_km: -3 is not above 0"),
    ("links", 5, {"to": "EXT-NRB"}, "'EXT-NRB' is not a region or node (to); did you mean 'EXT-NBR'?"),
    ("countries", 3, {"id": "AA"}, "the id 'AA' is used twice (first in countries.csv, line 2)"),
    ("countries", 3, {"capital_region": "BB-9"}, "'BB-9' is not one of regions.csv (capital_region)"),
    ("countries", 3, {"capital_region": "AA-1"}, "capital_region: AA-1 is not in BB"),
    ("regions", 5, {"country": "CC"}, "'CC' is not one of countries.csv (country)"),
    ("regions", 5, {"lon": "east"}, "lon: 'east' is not a number"),
    ("regions", 5, {"lat": "nan"}, "lat: 'nan' is not a number"),
    ("regions", 5, {"name": ""}, "'name' is empty"),
    ("localities", 4, {"region": "AA-9"}, "'AA-9' is not one of regions.csv (region)"),
    ("localities", 6, {"camp": "bb_nroth"}, "'bb_nroth' is not one of authorities.csv (camp) (aa_state, bb_state"),
    ("localities", 4, {"lat": "north"}, "lat: 'north' is not a number"),
    ("localities", 4, {"id": "AA-2.rest"}, "the id 'AA-2.rest' is used twice (first in localities.csv, line 3)"),
    ("nodes", 3, {"kind": "moon"}, "'moon' is not a kind of nodes (neighbour, theatre, rest)"),
    ("nodes", 3, {"id": "AA-1"}, "the id 'AA-1' is used twice (first in regions.csv, line 2)"),
    ("authorities", 4, {"country": "CC"}, "'CC' is not one of countries.csv (country)"),
    ("authorities", 4, {"regions": "AA-1"}, "'AA-1' is not a region of BB (regions) (BB-*, BB-1, BB-2, BB-3, BB-4)"),
    ("authorities", 4, {"kind": "army"}, "'army' is not a kind of authorities (state, camp)"),
    ("theatre", 3, {"month": "2011-01"}, "'rebel_strength' already has a value for 2011-01 in line 2"),
    ("theatre", 3, {"month": "2011-13"}, "month: 2011-13 is not a month as YYYY-MM"),
    ("theatre", 3, {"field": "rebel_strenght"}, "'rebel_strenght' is not a series of the theatre (rebel_strength"),
]


@pytest.mark.parametrize(("table", "line", "changes", "message"), TABLES,
                         ids=[f"{table} {line} {changes}" for table, line, changes, _ in TABLES])
def test_one_message_for_a_broken_table(folder: Path, table: str, line: int, changes: dict[str, str],
                                        message: str) -> None:
    spoil(folder / f"two_countries/{table}.csv", line, **{f"{key}_": text for key, text in changes.items()})
    with pytest.raises(DataError) as caught:
        load_geography("two_countries")
    assert str(caught.value).startswith(f"two_countries/{table}.csv, line {line}: {message}")
    assert len(str(caught.value)) < 800
    assert "\n" not in str(caught.value)


def test_a_series_of_the_theatre_that_is_missing(folder: Path) -> None:
    path = folder / "two_countries/theatre.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(line for line in lines if "lethality" not in line), encoding="utf-8")
    with pytest.raises(DataError, match=r"theatre\.csv: the series 'lethality' is missing"):
        load_geography("two_countries")


def test_an_organisation_that_is_missing(folder: Path) -> None:
    spoil(folder / "two_countries/organisations.csv", 4, kind="rival")
    with pytest.raises(DataError, match=r"organisations\.csv: one organisation of the kind 'rival' is needed, 2 found"):
        load_geography("two_countries")


@pytest.mark.parametrize(("old", "new", "message"), [
    ("dial: capacity", "dial: capasity", "line 8: bb_uprising: 'capasity' is not a dial; did you mean 'capacity'?"),
    ("dial: capacity, where: [BB]", "dial: capacity, where: [BB-1]",
     "line 8: bb_uprising: 'BB-1' is not a country; the dial 'capacity' turns whole countries"),
    ("dial: capacity, where: [BB]", "dial: services, where: [BB-11]",
     "line 8: bb_uprising: 'BB-11' is not a place; did you mean 'BB-1'?"),
    (", range: [0.075, 0.225]", "", "line 8: bb_uprising: 'range' is missing"),
    ("range: [0.075, 0.225]", "range: [0.075]", "line 8: bb_uprising: amount: a number and its range [low, high]"),
    ("amount: 0.15,", "amount: much,", "line 8: bb_uprising: amount: a number and its range [low, high]"),
    ("amount: 0.15,", "amount: 0.5,", "line 8: bb_uprising: amount: 0.5 lies outside its own range 0.075 to 0.225"),
    ("- id: bb_war", "- id: bb_uprising", "line 17: bb_uprising: the id is used twice (first in line 3)"),
    ('date: "2011-04"\n  ramp', 'date: "2011-00"\n  ramp', "line 3: bb_uprising: date: 2011-00 is not a month"),
    ('until: "2011-08"', 'until: "2011-03"', "line 17: bb_war: until: 2011-03 lies before the date 2011-04"),
    ("  ramp: 4", "  ramp: -1", "line 3: bb_uprising: ramp: -1 is not a whole number of months"),
    ("  ramp: 4", "  rampp: 4", "line 3: 'rampp' is not a key here; did you mean 'ramp'?"),
    ("  ramp: 4", "  ramp: 4\n  ramp: 5", "line 7: the key 'ramp' is given twice (first in line 6)"),
    ("  ramp: 4", "  ramp: [4", "line 7: not valid YAML"),
])
def test_one_message_for_a_broken_event(folder: Path, old: str, new: str, message: str) -> None:
    path = folder / "two_countries/events.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        check_event_dials(load_geography("two_countries"))
    assert str(caught.value).startswith(f"two_countries/events.yaml, {message}")


def test_a_theatre_node_that_does_not_exist(folder: Path) -> None:
    path = folder / "two_countries/world.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("EXT-FAR", "EXT-NBR"), encoding="utf-8")
    with pytest.raises(DataError, match=r"world\.yaml: theatre: 'EXT-NBR' is no node of kind theatre"):
        load_geography("two_countries")


def test_a_file_or_column_that_is_missing(folder: Path) -> None:
    path = folder / "two_countries/links.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("distance_km", "km", 1), encoding="utf-8")
    with pytest.raises(DataError, match=r"links\.csv, line 1: the column 'distance_km' is missing"):
        load_geography("two_countries")
    path.write_text(text.replace("land,222,", "land,2,22,", 1), encoding="utf-8")
    with pytest.raises(DataError, match=r"links\.csv, line 2: more cells than columns"):
        load_geography("two_countries")
    path.unlink()
    with pytest.raises(DataError, match=r"two_countries/links\.csv: the file is missing"):
        load_geography("two_countries")


@WORLDS
def test_every_value_is_read_or_is_background(world: str) -> None:
    """The loader's lists name what somebody reads: a field of theirs occurs in the program or is background."""
    read = set(levels())
    assert {name for _, name in load_geography(world).values} <= read
    program = "".join(path.read_text(encoding="utf-8") for path in sorted(geography.DATA.parent.rglob("*.py"))
                      if path.name not in ("geography.py", "folder_checks.py", "targets.py"))
    loader = (geography.DATA.parent / "inputs/geography.py").read_text(encoding="utf-8")
    for name in read - set(BACKGROUND_FIELDS):
        assert re.search(rf'\.{name}\b|"{name}"', program) or loader.count(f'"{name}"') > 1, f"nobody reads {name}"
    document = (geography.DATA.parent.parent / "docs/data.md").read_text(encoding="utf-8")
    for name in read:
        assert name in document, f"{name} is not in docs/data.md"


# --- small rules ------------------------------------------------------------------------------------------------------


def test_towns_were_online_first() -> None:
    """Ranks 1/6, 3/6, 5/6 of three; one region alone has rank a half and the national share."""
    reach = by_density(np.array([0.3, 0.3, 0.3, 0.9]), np.array([1.0, 100.0, 10.0, 5.0]), np.array([0, 0, 0, 1]))
    assert reach == pytest.approx([0.3 * (0.6 + 0.8 / 6), 0.3 * (0.6 + 4 / 6), 0.3, 0.9])
    assert by_density(np.ones(3), np.arange(3.0), np.zeros(3, dtype=int)).max() == 1  # a share


def test_first_month_of_a_series() -> None:
    """Half of the peak: from 0 in month 24 to 0.8 in month 34 it is 0.4 in month 29."""
    theatre = Theatre({"ground": (np.array([12.0, 24.0, 34.0, 50.0]), np.array([0.0, 0.0, 0.8, 0.1])),
                       "flat": (np.array([12.0, 24.0]), np.array([0.5, 0.5]))})
    assert theatre.first_month("ground") == 29
    assert theatre.first_month("flat") == 12
    assert load_geography("two_countries").theatre.first_month("movement_territory") == Month.of(2013, 8)


def test_a_coefficient_is_said_to_be_fitted_exactly_if_it_is() -> None:
    fitted = set(yaml.safe_load((DATA / "calibration.yaml").read_text(encoding="utf-8"))["coefficients"])
    said = {name for name, number in coefficients().items() if "median of the posterior" in number.source}
    assert said == fitted


def test_a_file_that_is_no_text(folder: Path) -> None:
    path = folder / "two_countries/values.csv"
    text = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*text[:3], b"AA-1,\xe9\n", *text[3:]]))
    with pytest.raises(DataError, match=r"two_countries/values\.csv, line 4: not UTF-8 text \(byte 0xe9\)"):
        load_geography("two_countries")


def test_a_folder_is_read_wherever_it_is(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = shutil.copytree(folder / "two_countries", tmp_path_factory.mktemp("mine") / "islands")
    assert read_folder(elsewhere).name == "islands"
    spoil(elsewhere / "values.csv", 7, value="much")
    with pytest.raises(DataError, match=r"^islands/values\.csv, line 7: AA-1\.urban_periphery: value: 'much' is not"):
        read_folder(elsewhere)
