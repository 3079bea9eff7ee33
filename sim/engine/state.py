"""The state of a world: a few tables, one row a place or an agent, and the book of people.

Every field is declared once here, with its type, unit and meaning; tables, checks, recorders and the documentation are
made from that. Letters: W worlds, R regions, Y states, L localities, A camps, N recruiters, O organisations,
K conditions, B brands, C propensity classes, G origins (states, then outside nodes).

People are integers in one book, and `move` is the only way to move them: what leaves one cell arrives in another, so
nobody appears or vanishes. ``members`` counts militants by organisation, condition and region; `move` keeps it true.
"""

from __future__ import annotations

from collections import namedtuple
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.engine.compiled import rule
from sim.engine.enums import (
    DEAD,
    DEMOBILISED,
    ELSEWHERE,
    MIGRATED,
    MILITANTS,
    OUTSIDE,
    OUTSIDE_BAND,
    REINTEGRATED,
    STOCKS,
    SYMPATHISERS,
    THEATRE,
    TRANSIT,
    UNINVOLVED,
)
from sim.engine.outcomes import OUTCOMES


@dataclass(frozen=True)
class Field:
    """One field of a table."""

    name: str
    kind: str  # NumPy type
    unit: str
    meaning: str


def declared(*rows: tuple[str, str, str]) -> tuple[Field, ...]:
    """Fields from (name, unit, meaning); rows of tables, counts, months and codes are whole numbers."""
    return tuple(Field(name, "i8" if unit in ("row", "count", "months", "code") else "f8", unit, meaning)
                 for name, unit, meaning in rows)


def row_type(fields: tuple[Field, ...]) -> np.dtype:
    """Record type of one row of a table."""
    return np.dtype((np.record, [(field.name, field.kind) for field in fields]))


REGION_FIELDS = declared(
    ("presence", "0-1", "effective state presence"),
    ("barrier", "0-1", "border barriers"),
    ("surge", "factor", "gain in presence by alert"),
    ("offensive", "persons", "forces committed against ground in the region"),
    ("injustice", "0-1", "felt injustice"),
    ("grievance", "0-1", "grievance"),
    ("readiness", "index", "readiness to hear a violent message"),
    ("infiltration", "0-1", "share of local groups under the movement's influence"),
    ("resist", "0-1", "rivals' resolve against the movement"),
    ("released", "persons", "persons let out of prison last month"),
    ("gone_last", "persons", "persons who left last month"),
    ("recent_gone", "persons", "memory of departures"),
    ("hub_strength", "members", "members where no state is left, weighted"),
    ("prospect", "residents", "residents whom the movement could win without a fight"),
    ("attacks_seen", "attacks", "small attacks of last month"),
    ("mass_attacks_seen", "attacks", "mass-casualty attacks of last month"),
    ("foreign_strikes", "0-1", "level of strikes by outside powers"),
    ("ruled", "0-1", "share of residents under the movement's control, at the head of the month"),
    ("blows", "small attacks", "last month's attacks as those who decide weigh them"),
    ("guarded", "0-1", "guarding of land borders"),
    ("collapse", "0-1", "how far the region lies in a collapsed state"),
    ("found", "per month", "hazard that a member is found, before concealment"),
    ("open_sites", "0-1", "open recruitment that the authorities let be"),
    ("pressure", "0-1", "pressure of state forces on refuges"),
    ("risk_value", "value", "what the region is worth to a recruiter"),
)
STATE_FIELDS = declared(
    ("capacity", "0-1", "security and administrative capacity"),
    ("fragmentation", "0-1", "share of strength that rival camps hold against each other"),
    ("shock", "share", "capacity lost to violence for a while"),
    ("threat", "index", "perceived threat"),
    ("alert", "0-1", "alert"),
    ("learning", "0-1", "lessons of attacks and failed raids"),
    ("banned", "0-1", "open recruitment suppressed by decision"),
    ("crackdown", "0-1", "pulse of repression in the month"),
    ("exit_level", "0-1", "control of departures that the state has built"),
    ("exit_tolerance", "0-1", "departures on which the state looks away by itself"),
    ("agency", "0-1", "specialised agency"),
    ("polarisation", "0-1", "polarisation"),
    ("war_deaths", "deaths per 1,000 residents", "memory of war"),
    ("abuse", "0-1", "memory of indiscriminate repression"),
    ("brokers", "0-1", "activity of those who sell passage"),
    ("quietists", "0-1", "standing of non-violent competitors for the same public"),
    ("trust", "0-1", "trust in a plural religious sphere as a channel"),
    ("splinter", "share", "mass movement that has turned to violence"),
    ("setbacks", "0-1", "movement's lessons of failed attempts"),
    ("exit_control", "0-1", "control of departures by air and sea"),
    ("looking_away", "0-1", "departures on which the state looks away"),
    ("intelligence", "0-1", "intelligence"),
    ("welcome", "share", "returnees whom the state would reintegrate"),
    ("cooperation_won", "0-1", "cooperation won with the best neighbour"),
)
LOCALITY_FIELDS = declared(
    ("control", "0-1", "the movement's control"),
    ("held", "months", "months at contested or better"),
    ("harshness", "0-1", "harshness of the movement's rule"),
    ("resist", "factor", "local authorities' will to resist"),
    ("loss_cause", "code", "how control was lost in the month"),
    ("on_the_spot", "persons", "armed people who stand in the way"),
    ("entry", "probability", "chance of a negotiated entry"),
    ("storm", "probability", "chance of taking the place by force"),
    ("force", "persons", "fighters who can be brought here"),
    ("expected", "probability", "chance of success as the movement sees it"),
)
CAMP_FIELDS = declared(
    ("country", "row", "country"),
    ("is_state", "code", "1 = the army of a unified state, 0 = a rival camp"),
    ("fighters", "persons", "men under arms"),
    ("cohesion", "0-1", "how far they act as one"),
    ("brutality", "0-1", "indiscriminate style"),
    ("patron", "0-1", "outside backing"),
    ("threat", "index", "perceived threat"),
)
ORGANISATION_FIELDS = declared(
    ("money", "0-1", "money"),
    ("ambition", "0-1", "will to hold ground"),
)
BRAND_FIELDS = declared(("prestige", "0-1", "standing"),)
RECRUITER_FIELDS = declared(
    ("status", "code", "none, active, lying low, arrested"),
    ("organisation", "row", "side"),
    ("place", "row", "region"),
    ("skill", "0-1", "skill"),
)
#: What happened in the month by region: the flows that are reported.
HAPPENED_FIELDS = declared(*((outcome.name, outcome.unit, outcome.label) for outcome in OUTCOMES.values()
                             if not outcome.formula))
#: Table of a world -> (fields, letter of its rows).
TABLES = {
    "regions": (REGION_FIELDS, "R"), "states": (STATE_FIELDS, "Y"), "localities": (LOCALITY_FIELDS, "L"),
    "camps": (CAMP_FIELDS, "A"), "organisations": (ORGANISATION_FIELDS, "O"), "brands": (BRAND_FIELDS, "B"),
    "recruiters": (RECRUITER_FIELDS, "N"), "happened": (HAPPENED_FIELDS, "R"),
}
ROWS = {name: row_type(fields) for name, (fields, _) in TABLES.items()}
REGION_ROW, STATE_ROW, LOCALITY_ROW, CAMP_ROW, ORGANISATION_ROW, BRAND_ROW, RECRUITER_ROW, HAPPENED_ROW = ROWS.values()
#: Plain arrays of a world -> (type, letters, meaning).
ARRAYS = {
    "outreach": ("f8", "OR", "skill of active recruiters by organisation and region"),
    "recruited": ("i8", "OR", "recruits of the month by organisation and region"),
    "susceptibility": ("f8", "C", "mean susceptibility of each propensity class"),
    "eagerness": ("f8", "C", "preference for each propensity class among sympathisers"),
    "won": ("f8", "YY", "cooperation won by each pair of states beside what stood, 0-1"),
    "keys": ("u8", "D2", "Philox keys of each stream of luck"),
}
#: Room for a rule to work in -> (type, letters, what it is used for). From one rule to the next it means nothing.
ROOM = {
    "taken": ("i8", "G", "members by origin on their way"),
    "class_taken": ("i8", "C", "residents by propensity class on their way"),
    "class_luck": ("f8", "C", "uniforms by propensity class"),
    "region_luck": ("f8", "R", "uniforms by region"),
    "recruiter_luck": ("f8", "N", "uniforms by recruiter"),
    "weights": ("f8", "3", "weights of three options"),
    "weights_luck": ("f8", "2", "uniforms of a choice among three options"),
    "parts": ("i8", "3", "people divided among three options"),
    "flow": ("f8", "O", "persons by organisation"),
}

_VIEWS = ("nearness", "people", "starts", "uninvolved", "sympathisers", "militants", "members", "counts", "transit",
          "theatre", "outside")
World: Any = namedtuple("World", (*TABLES, *ARRAYS, *ROOM, *_VIEWS))  # type: ignore[misc]
World.__doc__ = """One world as rules see it: tables, arrays, and views of the book of people.

``people`` is the book, ``starts`` where each stock begins in it; ``uninvolved`` and ``sympathisers`` (R, C),
``militants`` (O, K, R, G), ``transit`` and ``theatre`` (B, R), ``outside`` (G,) are views of it. ``members`` (O, K, R)
and its flat view ``counts`` add up the militants over their origins.
"""

#: Stocks of people and whom they may pass to. Nobody moves in any other way.
ALLOWED_MOVES = (
    (OUTSIDE_BAND, UNINVOLVED), (UNINVOLVED, OUTSIDE_BAND), (SYMPATHISERS, OUTSIDE_BAND),
    (UNINVOLVED, SYMPATHISERS), (SYMPATHISERS, UNINVOLVED), (SYMPATHISERS, MILITANTS),
    (SYMPATHISERS, MIGRATED), (MILITANTS, TRANSIT), (MILITANTS, MILITANTS),
    (TRANSIT, THEATRE), (TRANSIT, MILITANTS), (THEATRE, THEATRE), (THEATRE, DEAD),
    (THEATRE, MILITANTS), (THEATRE, REINTEGRATED), (MILITANTS, DEAD), (MILITANTS, DEMOBILISED),
    (MILITANTS, REINTEGRATED), (MILITANTS, ELSEWHERE), (OUTSIDE, MILITANTS),
)
ALLOWED = np.zeros((len(STOCKS), len(STOCKS)), dtype=np.bool_)
for _source, _target in ALLOWED_MOVES:
    ALLOWED[_source, _target] = True


#: Shares of residents in the propensity classes, most resistant first; the top class is one in two thousand.
CLASS_SHARES = np.array([0.50, 0.25, 0.13, 0.07, 0.03, 0.014, 0.0055, 0.0005])


class BooksError(AssertionError):
    """People appeared, vanished, went negative or moved where nobody may move."""


@rule
def move(w, source, i, target, j, n):
    """Move n people from cell i of one stock to cell j of another; the only way anybody moves.

    Raises ValueError where the pair of stocks is not allowed or more would leave than are there. Only the outside of
    the age band, a ledger, may fall below zero.
    """
    if n == 0:
        return
    if not ALLOWED[source, target]:
        raise ValueError("nobody may move between these stocks")
    a, b = w.starts[source] + i, w.starts[target] + j
    if n < 0 or (source != OUTSIDE_BAND and w.people[a] < n):
        raise ValueError("more people leave than are there")
    w.people[a] -= n
    w.people[b] += n
    origins = len(w.outside)
    if source == MILITANTS:
        w.counts[i // origins] -= n
    if target == MILITANTS:
        w.counts[j // origins] += n


@rule
def of_class(w, r, c):
    """Cell of a propensity class of a region among residents."""
    return r * len(w.susceptibility) + c


@rule
def leave(w, source, r, target, j, taken):
    """Residents by propensity class, taken (C,), from a region to one cell of another stock: `move` of a whole row."""
    if not ALLOWED[source, target]:
        raise ValueError("nobody may move between these stocks")
    a, total = w.starts[source] + of_class(w, r, 0), 0
    for c in range(len(taken)):
        if taken[c] < 0 or w.people[a + c] < taken[c]:
            raise ValueError("more people leave than are there")
        w.people[a + c] -= taken[c]
        total += taken[c]
    w.people[w.starts[target] + j] += total


@rule
def enter(w, target, r, taken):
    """Residents by propensity class, taken (C,), from outside the age band to a region: `move` of a whole row."""
    if not ALLOWED[OUTSIDE_BAND, target]:
        raise ValueError("nobody may move between these stocks")
    b, total = w.starts[target] + of_class(w, r, 0), 0
    for c in range(len(taken)):
        if taken[c] < 0:
            raise ValueError("more people leave than are there")
        w.people[b + c] += taken[c]
        total += taken[c]
    w.people[w.starts[OUTSIDE_BAND]] -= total


@rule
def move_members(w, o, k, r, to_o, to_k, to_r, taken):
    """Move members by origin, taken (G,), between organisations, conditions and regions: `move` of a whole row."""
    n_r, origins = len(w.regions), len(w.outside)
    here, there = (o * w.members.shape[1] + k) * n_r + r, (to_o * w.members.shape[1] + to_k) * n_r + to_r
    a, b, total = w.starts[MILITANTS] + here * origins, w.starts[MILITANTS] + there * origins, 0
    for g in range(origins):
        if taken[g] < 0 or w.people[a + g] < taken[g]:
            raise ValueError("more people leave than are there")
        w.people[a + g] -= taken[g]
        w.people[b + g] += taken[g]
        total += taken[g]
    w.counts[here] -= total
    w.counts[there] += total


@rule
def release_members(w, o, k, r, ledger, taken):
    """Move members by origin, taken (G,), to a ledger by origin: `move` of a whole row."""
    origins, total = len(w.outside), 0
    if not ALLOWED[MILITANTS, ledger]:
        raise ValueError("nobody may move between these stocks")
    here = (o * w.members.shape[1] + k) * len(w.regions) + r
    a, b = w.starts[MILITANTS] + here * origins, w.starts[ledger]
    for g in range(origins):
        if taken[g] < 0 or w.people[a + g] < taken[g]:
            raise ValueError("more people leave than are there")
        w.people[a + g] -= taken[g]
        w.people[b + g] += taken[g]
        total += taken[g]
    w.counts[here] -= total


@rule
def of_brand(w, b, r):
    """Cell of a brand and region of origin in transit or in the theatre."""
    return b * len(w.regions) + r


@rule
def militant(w, o, k, r, g):
    """Cell of an organisation's members in a condition, a region and of an origin."""
    return ((o * w.members.shape[1] + k) * len(w.regions) + r) * len(w.outside) + g


@rule
def sympathising(w, r):
    """Sympathisers of a region."""
    people = 0
    for c in range(w.sympathisers.shape[1]):
        people += w.sympathisers[r, c]
    return people


@rule
def everywhere(w, condition, r):
    """Members of all organisations in one condition in a region."""
    people = 0
    for o in range(w.members.shape[0]):
        people += w.members[o, condition, r]
    return people


@rule
def young(w, r):
    """Residents aged 15-34 on the books as residents of a region."""
    people = 0
    for c in range(w.uninvolved.shape[1]):
        people += w.uninvolved[r, c]
    return float(people + sympathising(w, r))
