"""A batch of parallel worlds in memory: its tables, and how compiled rules find one world in them.

Compiled code gets one small array of sizes and addresses instead of twenty arrays, so that a call costs well under a
microsecond and a geography of another size compiles nothing anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from sim.engine.enums import BRANDS, CONDITIONS, ORGANISATIONS, STOCKS
from sim.engine.luck import draws
from sim.engine.now import DECISIONS, REGION_DIAL_ROW, STATE_DIAL_ROW, STREAMS, THEATRE_ROW, Now
from sim.engine.place import ROWS as PLACE_ROWS
from sim.engine.place import TABLES as PLACE_TABLES
from sim.engine.place import Place
from sim.engine.state import ARRAYS, CLASS_SHARES, ROOM, ROWS, TABLES, BooksError, World
from sim.engine.views import Column, Handle, MonthHandle, handle_from, month_from, record_from
from sim.inputs.numbers import coefficients


def coefficient_row() -> np.dtype:
    """One record of a world's coefficients: a group a mechanism, a number a name."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for dotted in coefficients():
        group, name = dotted.split(".")
        groups.setdefault(group, []).append((name, "f8"))
    return np.dtype((np.record, [(group, np.dtype((np.record, names))) for group, names in groups.items()]))


COEFFICIENT_ROW = coefficient_row()
#: Sizes by letter: worlds' tables and arrays, then what belongs to the run. See `sim.engine.state` for the letters;
#: X outside nodes, E links, D streams of luck, P cells of the book, S stocks + 1, F decisions, M months,
#: V variants of the dials (one, or one a world), v the variant of this world, H organisations x conditions x regions.
SIZES = (*"RYLANOKBCGXEDPSFMVvH123",)
#: Attributes of a world that are views of its book of people, with the letters of their shapes.
STOCK_VIEWS = {"uninvolved": "RC", "sympathisers": "RC", "militants": "OKRG", "transit": "BR", "theatre": "BR",
               "outside": "G"}
WORLD_COLUMNS: dict[str, tuple[np.dtype, str]] = {
    **{name: (ROWS[name], letter) for name, (_, letter) in TABLES.items()},
    **{name: (np.dtype(kind), letters) for name, (kind, letters, _) in {**ARRAYS, **ROOM}.items()},
    "nearness": (np.dtype("f8"), "RR"), "people": (np.dtype("i8"), "P"), "starts": (np.dtype("i8"), "S"),
    **{name: (np.dtype("i8"), letters) for name, letters in STOCK_VIEWS.items()},
    "members": (np.dtype("i8"), "OKR"), "counts": (np.dtype("i8"), "H")}
PLACE_COLUMNS: dict[str, tuple[np.dtype, str]] = {
    **{name: (PLACE_ROWS[name], letter) for name, (_, letter) in PLACE_TABLES.items()},
    "distance": (np.dtype("f8"), "RR"), "camp_km": (np.dtype("f8"), "AR"), "camp_seat": (np.dtype("f8"), "AR"),
    "cooperation": (np.dtype("f8"), "YY"), "neighbours": (np.dtype("f8"), "YY")}
#: What stands in each slot of a world's row of sizes and addresses.
SLOTS = [*SIZES, *(f"w.{name}" for name in WORLD_COLUMNS), *(f"g.{name}" for name in PLACE_COLUMNS), "k", "now.states",
         "now.regions", "now.theatre", "now.frozen", "epoch"]


def _column(slot: str, dtype: np.dtype, letters: str) -> Column:
    return Column(SLOTS.index(slot), dtype, tuple(SIZES.index(letter) for letter in letters))


WORLD = Handle("World", {name: _column(f"w.{name}", *spec) for name, spec in WORLD_COLUMNS.items()})
PLACE = Handle("Place", {name: _column(f"g.{name}", *spec) for name, spec in PLACE_COLUMNS.items()})
NOW = MonthHandle("Now", {"states": _column("now.states", STATE_DIAL_ROW, "Y"),
                          "regions": _column("now.regions", REGION_DIAL_ROW, "R")},
                  {"frozen": _column("now.frozen", np.dtype("f8"), "F")}, _column("now.theatre", THEATRE_ROW, "M"))
#: Compiled functions that make a rule's arguments from the address of a world's row.
world_at, place_at = handle_from(WORLD), handle_from(PLACE)
coefficients_at = record_from(COEFFICIENT_ROW, SLOTS.index("k"))
now_at = month_from(NOW, SLOTS.index("epoch"), SIZES.index("V"), SIZES.index("v"))


@dataclass(frozen=True)
class Timetable:
    """Dials and the course of the theatre by month, worked out before the run.

    Parameters
    ----------
    epoch : (months,) int64
        Row of the dials that holds in each month.
    states : (epochs, 1 or worlds, Y) records
    regions : (epochs, 1 or worlds, R) records
    theatre : (months,) records
    """

    epoch: np.ndarray
    states: np.ndarray
    regions: np.ndarray
    theatre: np.ndarray


class Batch:
    """Parallel worlds in memory.

    Parameters
    ----------
    place : Place
        The geography's tables; kept and not copied.
    worlds : sequence of int
        Indices of the worlds; a world is the same in any batch.
    seed : int
        Seed of all luck.
    coefficients : (worlds,) records of `COEFFICIENT_ROW`
    timetable : Timetable
    start : int
        First month, since year 0.
    frozen : mapping, optional
        Decision -> constant put in its place.
    """

    def __init__(self, place: Place, worlds: Sequence[int] | np.ndarray, seed: int, coefficients: np.ndarray,
                 timetable: Timetable, start: int, frozen: Mapping[str, float] | None = None):
        self.place, self.seed, self.start, self.timetable = place, seed, start, timetable
        self.worlds = np.asarray(worlds, dtype=np.int64)
        self.coefficients = coefficients
        self.step = 0
        self.frozen = np.full(len(DECISIONS), np.nan)
        for name, value in (frozen or {}).items():
            self.frozen[DECISIONS.index(name)] = value
        n_r, n_y, n_b, n_c = len(place.regions), len(place.states), len(BRANDS), len(CLASS_SHARES)
        n_g = n_y + len(place.nodes)
        cells = {"uninvolved": n_r * n_c, "sympathisers": n_r * n_c,
                 "militants": len(ORGANISATIONS) * len(CONDITIONS) * n_r * n_g, "transit": n_b * n_r,
                 "theatre": n_b * n_r, "outside_band": 1, "migrated": n_r}
        self.starts = np.cumsum([0, *(cells.get(stock, n_g) for stock in STOCKS)])
        self.sizes = {
            "R": n_r, "Y": n_y, "L": len(place.localities), "A": len(place.camp_km),
            "N": int(place.regions.slots.sum()), "O": len(ORGANISATIONS), "K": len(CONDITIONS), "B": n_b, "C": n_c,
            "G": n_g, "X": len(place.nodes), "E": len(place.links), "D": len(STREAMS), "P": int(self.starts[-1]),
            "S": self.starts.size, "F": len(DECISIONS), "M": timetable.epoch.size, "V": timetable.states.shape[1],
            "v": 0, "H": len(ORGANISATIONS) * len(CONDITIONS) * n_r, "1": 1, "2": 2, "3": 3}
        self.tables: dict[str, np.ndarray] = {
            name: np.zeros((self.worlds.size, self.sizes[rows]), ROWS[name]) for name, (_, rows) in TABLES.items()}
        for name, (kind, letters, _) in {**ARRAYS, **ROOM}.items():
            self.tables[name] = np.zeros((self.worlds.size, *(self.sizes[letter] for letter in letters)), kind)
        self.tables["people"] = np.zeros((self.worlds.size, self.sizes["P"]), np.int64)
        self.tables["counts"] = np.zeros((self.worlds.size, len(ORGANISATIONS), len(CONDITIONS), n_r), np.int64)
        self.tables["keys"][:] = draws(seed, self.worlds, STREAMS)
        km = np.maximum(coefficients["deployment"]["reach_km"], 1.0)
        alike = np.ptp(km) == 0  # then one table serves all worlds
        self.nearness = np.exp(-place.distance / km[0]) if alike else np.exp(-place.distance / km[:, None, None])
        # As bytes, since NumPy puts zeros into records thirty times slower
        self.happened_bytes = self.tables["happened"].view(np.uint8)
        self.memory = self._memory()
        self.address = self.memory.ctypes.data

    def _memory(self) -> np.ndarray:
        """Rows of sizes and addresses, one a world, in the order of `SLOTS`."""
        rows = np.empty((self.worlds.size, len(SLOTS)), dtype=np.int64)
        t = self.timetable
        shared = {**{f"g.{name}": getattr(self.place, name) for name in PLACE_COLUMNS}, "w.starts": self.starts,
                  "now.states": t.states, "now.regions": t.regions, "now.theatre": t.theatre,
                  "now.frozen": self.frozen, "epoch": t.epoch}
        own = {f"w.{name}": self.tables["counts" if name == "members" else name] for name in WORLD_COLUMNS
               if name not in ("starts", "nearness", *STOCK_VIEWS)}
        (shared if self.nearness.ndim == 2 else own)["w.nearness"] = self.nearness
        own["k"] = self.coefficients
        for slot, name in enumerate(SLOTS):
            if name in self.sizes:
                rows[:, slot] = np.arange(self.worlds.size) if name == "v" and self.sizes["V"] > 1 else self.sizes[name]
                continue
            stock = name.removeprefix("w.")
            array = shared[name] if name in shared else own["w.people" if stock in STOCK_VIEWS else name]
            if not array.flags.c_contiguous:
                raise ValueError(f"{name} must be contiguous")
            rows[:, slot] = array.ctypes.data
            if name not in shared:
                rows[:, slot] += np.arange(self.worlds.size) * array.strides[0]
            if stock in STOCK_VIEWS:
                rows[:, slot] += self.starts[STOCKS.index(stock)] * array.itemsize
        return rows

    def __getattr__(self, name: str) -> Any:
        """A table of all worlds as a record array, or a stock of the book as an array with the worlds first."""
        tables = self.__dict__.get("tables", {})
        if name in tables:
            found = tables[name]
            return found.view(np.recarray) if found.dtype.names else found
        if name in STOCKS:
            return self._stock(name)
        raise AttributeError(name)

    def _stock(self, name: str) -> np.ndarray:
        s, n = self.sizes, STOCKS.index(name)
        shape = {"uninvolved": (s["R"], s["C"]), "sympathisers": (s["R"], s["C"]),
                 "militants": (s["O"], s["K"], s["R"], s["G"]), "transit": (s["B"], s["R"]),
                 "theatre": (s["B"], s["R"]), "outside_band": (1,), "migrated": (s["R"],)}.get(name, (s["G"],))
        flat = self.tables["people"][:, self.starts[n]:self.starts[n + 1]]
        return flat.reshape(len(flat), *shape) if len(flat) == 1 else np.lib.stride_tricks.as_strided(
            flat, (len(flat), *shape), (flat.strides[0], *np.empty(shape, np.int8).astype(np.int64).strides))

    def world(self, i: int) -> World:
        """One world as rules see it, for reading and for rules that are not compiled."""
        tables = [getattr(self, name)[i] for name in (*TABLES, *ARRAYS, *ROOM, "people")]
        counts = self.tables["counts"][i]
        nearness = self.nearness if self.nearness.ndim == 2 else self.nearness[i]
        views = (self.starts, self.uninvolved[i], self.sympathisers[i], self.militants[i], counts, counts.reshape(-1),
                 self.transit[i], self.theatre[i], self.outside[i])
        return World(*tables[:-1], nearness, tables[-1], *views)  # type: ignore[call-arg]

    def now(self, i: int, step: int | None = None) -> Now:
        """A month of one world as rules see it; default: the current one."""
        step = self.step if step is None else step
        t = self.timetable
        variant = i if t.states.shape[1] > 1 else 0
        states, regions, theatre = (x.view(np.recarray) for x in (t.states, t.regions, t.theatre))
        return Now(states[t.epoch[step], variant], regions[t.epoch[step], variant], theatre[step], self.frozen,
                   self.start + step, step)

    def k(self, i: int) -> SimpleNamespace:
        """Coefficients of one world as ``k.group.name``."""
        row = self.coefficients[i]
        return SimpleNamespace(**{group: SimpleNamespace(**dict(zip(row[group].dtype.names, row[group], strict=True)))
                                  for group in row.dtype.names})

    def check(self) -> None:
        """Raise BooksError unless no stock is negative and the counts of members are up to date."""
        for name in STOCKS:
            if name != "outside_band" and (getattr(self, name) < 0).any():
                raise BooksError(f"negative count in {name}")
        if not np.array_equal(self.militants.sum(axis=-1), self.tables["counts"]):
            raise BooksError("the counts of members are out of date")

    def total(self) -> np.ndarray:
        """Everybody on the books, (W,): constant from the first month to the last."""
        return np.asarray(self.tables["people"].sum(axis=1))
