"""The contract of the data files: every breach is one `DataError` that names file, line and key."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, NoReturn

from sim.calendar import Month
from sim.inputs.mistakes import DataError
from sim.inputs.reading import Lined, Rows, read_rows
from sim.words import nearest

CONFIDENCE = ("measured", "derived", "assumed")
COLUMNS = {
    "countries": ("id", "name", "capital_region"),
    "regions": ("id", "country", "name", "name_local", "seat", "lon", "lat", "tile_col", "tile_row"),
    "localities": ("id", "region", "name", "lon", "lat", "camp"),
    "nodes": ("id", "name", "kind", "lon", "lat"),
    "links": ("from", "to", "kind", "distance_km", "source", "confidence"),
    "organisations": ("id", "name", "kind"),
    "authorities": ("id", "name", "country", "kind", "regions"),
    "theatre": ("month", "field", "value", "low", "high", "unit", "source", "confidence"),
    "values": ("place", "field", "value", "low", "high", "unit", "source", "confidence", "note"),
}
WITH_IDS = ("countries", "regions", "localities", "nodes", "organisations", "authorities")
KINDS = {"nodes": ("neighbour", "theatre", "rest"), "links": ("land", "border", "air"),
         "organisations": ("movement", "rival", "mass", "rebels", "brokers", "quietist"),
         "authorities": ("state", "camp")}
NUMBERS = {"regions": ("lon", "lat", "tile_col", "tile_row"), "localities": ("lon", "lat"), "nodes": ("lon", "lat"),
           "links": ("distance_km",)}
REFERENCES = (("regions", "country", "countries"), ("countries", "capital_region", "regions"),
              ("localities", "region", "regions"), ("localities", "camp", "authorities"),
              ("authorities", "country", "countries"))
MAY_BE_BLANK = {"camp", "name_local", "seat", "source", "confidence", "note"}  # papers of numbers: checked with them
MAY_BE_MISSING = ("note", "camp")
EVENT_KEYS = {"id", "title", "date", "until", "ramp", "major", "turns", "source", "confidence"}
TURN_KEYS = {"dial", "where", "amount", "range"}
EVERYWHERE = "*"


def _fail(where: str, problem: str) -> NoReturn:
    raise DataError(f"{where}: {problem}")


def among(where: str, word: Any, names: Collection[str], what: str) -> None:
    """Raise DataError unless the word is one of the names; a short list is spelled out."""
    if word not in names:
        known = f" ({', '.join(names)})" if 0 < len(names) <= 8 else ""
        close = nearest(word, list(names))
        meant = f"; did you mean '{close}'?" if close else ""
        _fail(where, f"'{word}' is not {what}{known}{meant}")


def read_table(path: Path) -> Rows:
    """One table of a folder with the columns that it needs; the line of row i is i + 2."""
    return read_rows(path, COLUMNS[path.stem], MAY_BE_MISSING)


# --- tables -----------------------------------------------------------------------------------------------------------


def check_tables(tables: Mapping[str, Rows], info: Mapping[str, Any]) -> None:
    """Ids, kinds, numbers and references of all tables of a world."""
    ids = _ids(tables)
    for name, rows in tables.items():
        for line, row in enumerate(rows, start=2):
            where = f"{name}.csv, line {line}"
            for column in COLUMNS[name]:
                if row.get(column, "") == "" and column not in MAY_BE_BLANK and name not in ("theatre", "values"):
                    _fail(where, f"'{column}' is empty")
            if name in KINDS:
                among(where, row["kind"], KINDS[name], f"a kind of {name}")
            for column in NUMBERS.get(name, ()):
                _number(where, column, row[column])
    for name, column, target in REFERENCES:
        for line, row in enumerate(tables[name], start=2):
            if row.get(column) or column not in MAY_BE_BLANK:
                among(f"{name}.csv, line {line}", row[column], ids[target], f"one of {target}.csv ({column})")
    _check_links(tables["links"], ids)
    _check_relations(tables, ids)
    if info.get("theatre") not in [row["id"] for row in tables["nodes"] if row["kind"] == "theatre"]:
        _fail("world.yaml", f"theatre: '{info.get('theatre')}' is no node of kind theatre")
    for key in ("start", "end"):
        _month(f"world.yaml: {key}", info.get(key))


def _ids(tables: Mapping[str, Rows]) -> dict[str, list[str]]:
    seen: dict[str, str] = {}
    for name in WITH_IDS:
        for line, row in enumerate(tables[name], start=2):
            where = f"{name}.csv, line {line}"
            if row["id"] in seen:
                _fail(where, f"the id '{row['id']}' is used twice (first in {seen[row['id']]})")
            seen[row["id"]] = where
    return {name: [row["id"] for row in tables[name]] for name in WITH_IDS}


def _number(where: str, column: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        _fail(where, f"{column}: '{text}' is not a number")
    if not math.isfinite(value):
        _fail(where, f"{column}: '{text}' is not a number")
    return value


def _check_links(rows: Rows, ids: Mapping[str, list[str]]) -> None:
    places = [*ids["regions"], *ids["nodes"]]
    seen: dict[frozenset[str], int] = {}
    for line, row in enumerate(rows, start=2):
        where = f"links.csv, line {line}"
        for end in ("from", "to"):
            among(where, row[end], places, f"a region or node ({end})")
        if row["from"] == row["to"]:
            _fail(where, f"{row['from']} is linked to itself")
        pair = frozenset((row["from"], row["to"]))
        if pair in seen:
            _fail(where, f"{row['from']} and {row['to']} are linked already in line {seen[pair]}")
        seen[pair] = line
        if float(row["distance_km"]) <= 0:
            _fail(where, f"distance_km: {row['distance_km']} is not above 0")


def _check_relations(tables: Mapping[str, Rows], ids: Mapping[str, list[str]]) -> None:
    """Capitals in their country, a rest in every region, authorities at home, one organisation of a kind."""
    country_of = {row["id"]: row["country"] for row in tables["regions"]}
    for line, row in enumerate(tables["countries"], start=2):
        if country_of[row["capital_region"]] != row["id"]:
            _fail(f"countries.csv, line {line}", f"capital_region: {row['capital_region']} is not in {row['id']}")
    region_of = {row["id"]: row["region"] for row in tables["localities"]}
    for line, row in enumerate(tables["regions"], start=2):
        if region_of.get(f"{row['id']}.rest") != row["id"]:
            _fail("localities.csv", f"every region needs at least the locality '<region>.rest'; {row['id']} "
                                    f"(regions.csv, line {line}) has none")
    for line, row in enumerate(tables["localities"], start=2):
        if row["id"].endswith(".rest") and row["id"] != f"{row['region']}.rest":
            _fail(f"localities.csv, line {line}", f"the rest of {row['region']} is called '{row['region']}.rest'")
    for line, row in enumerate(tables["authorities"], start=2):
        own = [region for region, country in country_of.items() if country == row["country"]]
        for region in row["regions"].split(";"):
            among(f"authorities.csv, line {line}", region, [f"{row['country']}-*", *own],
                  f"a region of {row['country']} (regions)")
    kinds = [row["kind"] for row in tables["organisations"]]
    for kind in KINDS["organisations"]:
        if kinds.count(kind) != 1:
            _fail("organisations.csv", f"one organisation of the kind '{kind}' is needed, {kinds.count(kind)} found")


def kinds_of_place(tables: Mapping[str, Rows]) -> dict[str, str]:
    """What each place of `values.csv` is: 'region', 'rival organisation', 'theatre node' and so on."""
    found = {EVERYWHERE: "everywhere"}
    for name, kind in (("countries", "country"), ("regions", "region"), ("localities", "locality"),
                       ("authorities", "authority")):
        found |= {row["id"]: kind for row in tables[name]}
    found |= {row["id"]: f"{row['kind']} node" for row in tables["nodes"]}
    return found | {row["id"]: f"{row['kind']} organisation" for row in tables["organisations"]}


def check_values(rows: Rows, places: Mapping[str, str], levels: Mapping[str, Collection[str]]) -> None:
    """Places exist and fields stand where somebody reads them; ``levels``: field -> kinds of place."""
    for line, row in enumerate(rows, start=2):
        where, place, field = f"values.csv, line {line}", row["place"], row["field"]
        if not place or not field:
            _fail(where, "place and field must be given")
        among(where, field, levels, "a field that anybody reads")
        kind = places.get(place, "")
        if "|" in place:
            for country in place.split("|"):
                among(where, country, [name for name, what in places.items() if what == "country"], "a country (place)")
            kind = "pair"
        if not kind:
            among(where, place, places, "a place, actor or node (place)")
        if kind not in levels[field]:
            _fail(where, f"nobody reads '{field}' of '{place}' ({kind}); it belongs to: {', '.join(levels[field])}")


def check_theatre(rows: Rows, fields: Collection[str]) -> None:
    """Known series, all of them, and one anchor a month."""
    seen: dict[tuple[str, int], int] = {}
    for line, row in enumerate(rows, start=2):
        where = f"theatre.csv, line {line}"
        among(where, row["field"], fields, "a series of the theatre")
        key = row["field"], _month(f"{where}: month", row["month"])
        if key in seen:
            _fail(where, f"'{row['field']}' already has a value for {row['month']} in line {seen[key]}")
        seen[key] = line
    missing = set(fields) - {name for name, _ in seen}
    if missing:
        _fail("theatre.csv", f"the series '{min(missing)}' is missing")


def _month(where: str, text: Any) -> int:
    try:
        return int(Month.parse(text))
    except ValueError as error:
        raise DataError(f"{where}: {error}") from None


# --- events -----------------------------------------------------------------------------------------------------------


def check_events(events: Any, countries: Collection[str], regions: Collection[str]) -> None:
    """Dates, places, amounts and ranges of `events.yaml`; its dials are checked by `sim.policy.timeline`."""
    if not isinstance(events, list) or not all(isinstance(event, Lined) for event in events):
        _fail("events.yaml", "a list of events is needed, each beginning with '- id:'")
    seen: dict[str, int] = {}
    for event in events:
        where = f"events.yaml, line {event.line}"
        _keys(where, event, EVENT_KEYS, ("id", "title", "date", "turns", "source", "confidence"))
        name = event["id"]
        where = f"{where}: {name}"
        if name in seen:
            _fail(where, f"the id is used twice (first in line {seen[name]})")
        seen[name] = event.line
        first = _month(f"{where}: date", event["date"])
        if "until" in event and _month(f"{where}: until", event["until"]) < first:
            _fail(where, f"until: {event['until']} lies before the date {event['date']}")
        ramp = event.get("ramp", 0)
        if type(ramp) is not int or ramp < 0:
            _fail(where, f"ramp: {ramp!r} is not a whole number of months")
        among(f"{where}: confidence", event["confidence"], CONFIDENCE, "a degree of confidence")
        if not isinstance(event["turns"], list) or not event["turns"]:
            _fail(where, "turns: a list of turns of dials is needed")
        for turn in event["turns"]:
            _check_turn(name, turn, countries, regions)


def _keys(where: str, found: Any, known: Collection[str], needed: Collection[str]) -> None:
    if not isinstance(found, dict):
        _fail(where, f"a mapping is needed, found '{found}'")
    for key in found:
        among(where, key, sorted(known), "a key here")
    for key in needed:
        if found.get(key) in (None, ""):
            _fail(where, f"'{key}' is missing")


def _check_turn(event: str, turn: Any, countries: Collection[str], regions: Collection[str]) -> None:
    where = f"events.yaml, line {turn.line}: {event}" if isinstance(turn, Lined) else f"events.yaml: {event}"
    _keys(where, turn, TURN_KEYS, ("dial", "where", "amount", "range"))
    if not isinstance(turn["where"], list) or not turn["where"]:
        _fail(where, "where: a list of places is needed")
    for place in turn["where"]:
        among(where, place, [EVERYWHERE, *countries, *regions], "a place")
    span = turn["range"]
    if not isinstance(span, list) or len(span) != 2 or not all(_real(x) for x in (*span, turn["amount"])):
        _fail(where, "amount: a number and its range [low, high] are needed")
    if not span[0] <= turn["amount"] <= span[1]:
        _fail(where, f"amount: {turn['amount']} lies outside its own range {span[0]} to {span[1]}")


def _real(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
