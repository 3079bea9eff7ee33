"""A geography as rules see it: tables without worlds."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np

from sim.engine.enums import ORGANISATIONS
from sim.engine.state import declared, row_type
from sim.inputs.geography import COUNTRY_FIELDS, REGION_FIELDS, Geography

REGIONS = declared(
    ("country", "row", "country"), ("first_link", "row", "first land link into the region"),
    ("links", "count", "number of land links into the region"), ("first_locality", "row", "first locality"),
    ("localities", "count", "number of localities"), ("border", "code", "1 where a link crosses a state border"),
    ("slots", "count", "most recruiters who start here"), ("youth", "persons", "residents aged 15-34 at the start"),
    ("residents", "persons", "residents"), ("density", "persons per km2", "density"),
    ("airport_km", "km", "distance to the nearest international airport, 0 where none is recorded"),
    ("deprivation_gap", "0-1", "gap to the capital"), ("local_armed", "per 1,000 residents", "local armed people"),
    ("veterans", "persons", "veterans of earlier wars"), ("prison_network", "persons", "network prisoners"),
    ("rival_start", "persons", "older network in the hills"), ("mass_start", "persons", "activists at the start"),
    *((name, "see values.csv", name) for name in REGION_FIELDS))
STATES = declared(
    ("capital", "row", "region of the capital"), ("first_region", "row", "first region"),
    ("regions", "count", "number of regions"), ("first_locality", "row", "first locality"),
    ("localities", "count", "number of localities"),
    ("band_growth", "per month", "growth of the number of residents aged 15-34"),
    *((name, "see values.csv", name) for name in COUNTRY_FIELDS))
LOCALITIES = declared(
    ("region", "row", "region"), ("share", "share", "share of the region's residents"),
    ("residents", "persons", "residents"), ("security_presence", "factor", "state forces against the country's mean"),
    ("local_armed_per_1000", "per 1,000 residents", "local armed people"), ("orphaned", "0-1", "orphaned loyalty"),
    ("cleavage", "0-1", "local cleavage"), ("allegiance", "0-1", "allegiance to a camp"))
LINKS = declared(("source", "row", "region"), ("target", "row", "region"), ("km", "km", "distance"),
                 ("cross", "code", "1 where it crosses a state border"))
NODES = declared(("base_willingness", "per month", "willingness of those outside the map to come"))
ORGANISATION_TRAITS = declared(
    ("selectivity", "0-1", "vetting"), ("revolutionary", "0-1", "how revolutionary the message is"),
    ("concealment", "0-1", "concealment"), ("attack_will", "0-1", "bent on violence"))
SETTING = declared(
    ("rebel_selectivity", "0-1", "vetting by the theatre's rebels"), ("rival_prestige", "0-1", "at the start"),
    ("rival_money", "0-1", "at the start"), ("quietist_standing", "0-1", "at the start"))
TABLES = {"regions": (REGIONS, "R"), "states": (STATES, "Y"), "localities": (LOCALITIES, "L"), "links": (LINKS, "E"),
          "nodes": (NODES, "X"), "organisations": (ORGANISATION_TRAITS, "O"), "setting": (SETTING, "1")}
ROWS = {name: row_type(fields) for name, (fields, _) in TABLES.items()}
REGION_PLACE, STATE_PLACE, LOCALITY_PLACE, LINK_ROW, NODE_ROW, TRAIT_ROW, SETTING_ROW = ROWS.values()

Place = namedtuple("Place", "regions states localities links nodes organisations setting distance camp_km camp_seat "
                            "cooperation neighbours")
Place.__doc__ = """Tables of a geography; ``distance`` (R, R) km, ``camp_km`` (A, R) km from the camp's nearest seat
(negative outside its country), ``camp_seat`` (A, R) 1 where the camp sits, ``cooperation`` (Y, Y) 0-1 as it stood,
``neighbours`` (Y, Y) 1 for different states with a common border."""
_PER_SLOT, _VETERANS_PER_SLOT, _LEAST_SLOTS, _MOST_SLOTS = 80_000.0, 30.0, 2, 10


def table(dtype: np.dtype, rows: int, **columns: Any) -> np.ndarray:
    """A table as a record array with these columns filled in."""
    made = np.zeros(rows, dtype).view(np.recarray)
    for name, values in columns.items():
        made[name] = values
    return made


def names_of(dtype: np.dtype) -> tuple[str, ...]:
    """Names of the fields of a record type."""
    return dtype.names or ()


def place_of(g: Geography) -> Place:
    """Tables of one geography; each call makes its own, so that a model may change its agents' traits."""
    n_r, n_l, n_y = len(g.regions), len(g.localities), len(g.countries)
    airport = g.distance[:, g.airport].min(axis=1) if g.airport.any() else np.zeros(n_r)
    border = np.bincount(g.link_to[g.link_cross], minlength=n_r) > 0
    regions = table(REGION_PLACE, n_r, country=g.country_of, first_link=g.link_start, links=g.link_degree,
                    first_locality=g.first_locality, localities=np.bincount(g.region_of, minlength=n_r),
                    border=border, slots=np.bincount(recruiter_slots(g), minlength=n_r), airport_km=airport,
                    **{name: g.r[name] for name in names_of(REGION_PLACE) if name in g.r})
    country_of_locality = g.country_of[g.region_of]
    share, change = g.y["youth_share_start"], g.y["youth_share_change"]
    states = table(
        STATE_PLACE, n_y, capital=g.capital, first_region=[own.start for own in g.country_slices],
        regions=[own.stop - own.start for own in g.country_slices],
        first_locality=[int(np.argmax(country_of_locality == y)) for y in range(n_y)],
        localities=np.bincount(country_of_locality, minlength=n_y),
        band_growth=((1 + g.y["population_growth"]) * (share + change) / share) ** (1 / 12) - 1,
        **{name: g.y[name] for name in COUNTRY_FIELDS})
    localities = table(LOCALITY_PLACE, n_l, region=g.region_of,
                       **{name: g.l[name] for name in names_of(LOCALITY_PLACE) if name != "region"})
    links = table(LINK_ROW, len(g.link_from), source=g.link_from, target=g.link_to, km=g.link_km, cross=g.link_cross)
    outside = g.origins[n_y:]
    nodes = table(NODE_ROW, len(outside),
                  base_willingness=[g.number("base_willingness", node).value for node in outside])
    traits = table(TRAIT_ROW, len(ORGANISATIONS), **{
        name: g.of_organisations(name, *ORGANISATIONS) for name in names_of(TRAIT_ROW)})
    setting = table(SETTING_ROW, 1,
                    rebel_selectivity=g.number("selectivity", g.organisations["rebels"]).value,
                    rival_prestige=g.number("prestige_start", g.organisations["rival"]).value,
                    rival_money=g.number("money_start", g.organisations["rival"]).value,
                    quietist_standing=g.number("prestige_start", g.organisations["quietist"]).value)
    seats = camp_seats(g)
    km = np.full(seats.shape, -1.0)
    for a, authority in enumerate(g.authorities):
        own = g.country_of == g.countries.index(authority["country"])
        km[a, own] = g.distance[:, seats[a]].min(axis=1)[own]
    cooperation = np.array([[1.0 if a == b else g.cooperation(a, b) for a in range(n_y)] for b in range(n_y)])
    neighbours = np.zeros((n_y, n_y))
    neighbours[g.country_of[g.link_from[g.link_cross]], g.country_of[g.link_to[g.link_cross]]] = 1.0
    return Place(regions, states, localities, links, nodes, traits, setting, np.ascontiguousarray(g.distance), km,
                 seats.astype(float), cooperation, neighbours)


def camp_seats(g: Geography) -> np.ndarray:
    """Where each camp sits, (A, R) bool."""
    seats = np.zeros((len(g.authorities), len(g.regions)), dtype=bool)
    for a, authority in enumerate(g.authorities):
        wanted = authority["regions"].split(";")
        seats[a] = [region in wanted or f"{authority['country']}-*" in wanted for region in g.regions]
    return seats


def recruiter_slots(g: Geography) -> np.ndarray:
    """Region of every recruiter slot, (N,): one per 80,000 young residents and per 30 veterans, two to ten a region."""
    slots = np.ceil(g.r["youth"] / _PER_SLOT) + np.floor(
        (g.r["veterans"] + 0.3 * g.r["prison_network"]) / _VETERANS_PER_SLOT)
    return np.repeat(np.arange(len(g.regions)), np.clip(slots, _LEAST_SLOTS, _MOST_SLOTS).astype(int))
