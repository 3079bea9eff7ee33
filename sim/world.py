"""The state of all parallel worlds: who is where, and the books that must balance.

Every array has the worlds first. Letters: W worlds, R regions, C propensity classes, O organisations present in the
countries, K conditions, B brands in the theatre, Y countries, X outside nodes, G origins (Y + X), L localities,
N recruiters. People are integers; `move` is the only way to move them and `check` balances the books.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sim.inputs.geography import Geography
from sim.inputs.numbers import Group
from sim.noise import systematic_split

MOVEMENT, RIVAL, MASS = range(3)
ORGANISATIONS = ("movement", "rival", "mass")
REBELS = 2  # in the theatre the third brand is the host country's rebels
CELL, REFUGE, GROUND, PRISON, HIDDEN = range(5)
CONDITIONS = ("cell", "refuge", "ground", "prison", "hidden")
EMPTY, ACTIVE, LOW, ARRESTED = range(4)  # status of a recruiter
RECRUITER_STATUS = ("none", "active", "lying low", "arrested")

#: Stocks of people and whom they may pass to. Nobody moves in any other way.
ALLOWED = frozenset({
    ("outside_band", "uninvolved"), ("uninvolved", "outside_band"), ("sympathisers", "outside_band"),
    ("uninvolved", "sympathisers"), ("sympathisers", "uninvolved"), ("sympathisers", "militants"),
    ("sympathisers", "migrated"), ("militants", "transit"), ("militants", "militants"),
    ("transit", "theatre"), ("transit", "militants"), ("theatre", "theatre"), ("theatre", "dead"),
    ("theatre", "militants"), ("theatre", "reintegrated"), ("militants", "dead"), ("militants", "demobilised"),
    ("militants", "reintegrated"), ("militants", "elsewhere"), ("outside", "militants"),
})
STOCKS = ("uninvolved", "sympathisers", "militants", "transit", "theatre", "outside", "outside_band", "migrated",
          "dead", "demobilised", "reintegrated", "elsewhere")
#: Stocks that may not go below zero (the outside of the age band is a ledger account and may).
NON_NEGATIVE = tuple(stock for stock in STOCKS if stock != "outside_band")

#: Shares of residents in the propensity classes, most resistant first; the top class is one in two thousand.
CLASS_SHARES = np.array([0.50, 0.25, 0.13, 0.07, 0.03, 0.014, 0.0055, 0.0005])


class BooksError(AssertionError):
    """People appeared, vanished, went negative or moved where nobody may move."""


def class_multipliers(sigma: np.ndarray) -> np.ndarray:
    """Mean susceptibility of each class of a log-normal distribution with mean 1, shape (..., C).

    The mean between two quantiles of a log-normal is a difference of normal probabilities shifted by sigma.
    """
    from scipy.special import ndtr, ndtri

    edges = ndtri(np.clip(np.concatenate([[0.0], np.cumsum(CLASS_SHARES)]), 0, 1))
    edges[-1] = np.inf
    return np.diff(ndtr(edges - np.asarray(sigma)[..., None]), axis=-1) / CLASS_SHARES


class World:
    """State arrays of a batch of worlds; see the module's letters for the shapes.

    Parameters
    ----------
    geography : Geography
    k : mapping of coefficient groups
    worlds : int
        Number of parallel worlds in the batch.
    start_year : float
        First year of the run: how long earlier wars lie back.
    checking : bool
        Check every move.
    """

    def __init__(self, geography: Geography, k: dict[str, Group], worlds: int, start_year: float = 2011.0,
                 checking: bool = False):
        g = geography
        n_w, n_r, n_c = worlds, len(g.regions), CLASS_SHARES.size
        n_y, n_l, n_g = len(g.countries), len(g.localities), len(g.origins)
        self.geography, self.n, self.checking = g, worlds, checking
        self.shares = CLASS_SHARES
        self.susceptibility = np.broadcast_to(class_multipliers(k["exposure"].sigma),
                                              (n_w, 1, n_c) if np.ndim(k["exposure"].sigma) else (n_c,))

        def count(*shape: int) -> NDArray[np.int32]:
            return np.zeros((n_w, *shape), dtype=np.int32)

        def level(*shape: int, fill: float | np.ndarray = 0.0) -> NDArray[np.float64]:
            return np.zeros((n_w, *shape)) + fill

        # People
        self.uninvolved = count(n_r, n_c)  # residents aged 15-34
        self.uninvolved[:] = largest_remainder(g.r["youth"], CLASS_SHARES)
        self.sympathisers = count(n_r, n_c)
        self.militants = count(3, 5, n_r, n_g)  # (W, O, K, place, origin)
        self.transit = count(3, n_r)  # (W, B, region of origin): on the way to the theatre
        self.theatre = count(3, n_r)  # (W, B, region of origin)
        self.outside = count(n_g)  # would-be fighters who have not come
        self.outside_band = np.zeros((n_w, 1), dtype=np.int64)  # ledger: residents who entered (-) or left the band (+)
        self.migrated = count(n_r)  # left by legal migration instead
        self.dead = count(n_g)
        self.demobilised = count(n_g)
        self.reintegrated = count(n_g)
        self.elsewhere = count(n_g)  # moved to a theatre beyond the map
        # Recruiters: slot n belongs to those who start in region slot_region[n]
        self.slot_region = recruiter_slots(g)
        n_n = self.slot_region.size
        self.slots = np.bincount(self.slot_region, minlength=n_r)  # recruiter slots of each region
        self._first_cell = np.arange(n_w)[:, None] * n_r
        self.recruiter_status = np.zeros((n_w, n_n), dtype=np.int8)
        self.recruiter_org = np.zeros((n_w, n_n), dtype=np.int8)
        self.recruiter_place = np.broadcast_to(self.slot_region, (n_w, n_n)).astype(np.int16)
        self.recruiter_skill = level(n_n)
        # States
        self.presence = level(n_r)  # effective state presence, 0-1
        self.capacity = level(n_y)
        self.fragmentation = level(n_y)
        self.shock = level(n_y)  # share of capacity lost to violence
        self.threat = level(n_y)
        self.alert = level(n_y)
        self.learning = level(n_y)
        self.banned = level(n_y)  # 0-1: open recruitment suppressed by decision
        self.crackdown = level(n_y)  # pulse of repression in the month
        self.exit_level = level(n_y, fill=g.y["exit_control"])
        self.exit_tolerance = level(n_y, fill=g.y["tolerance_exit"])
        self.agency = level(n_y)
        self.barrier = level(n_r)
        self.surge = level(n_r)
        self.offensive = level(n_r)  # fighters committed against ground in the region
        self.camp_threat = level(max(1, len(g.authorities)))
        self.local_resist = level(n_l, fill=1.0)
        # Mood
        self.polarisation = level(n_y)
        self.war_deaths = level(n_y, fill=remembered_deaths(g, k["grievance"].exhaustion_half_life, start_year))
        self.abuse = level(n_y)  # memory of indiscriminate repression
        self.injustice = level(n_r)
        self.grievance = level(n_r)
        self.readiness = level(n_r)
        # Organisations
        self.prestige = level(3)  # movement, rival, rebels
        self.money = level(3)
        self.infiltration = level(n_r)  # share of local groups under the movement's influence
        self.released = level(n_r)  # persons let out of prison last month
        self.brokers = level(n_y)  # activity of those who sell passage, 0-1
        self.quietists = level(n_y)  # standing of non-violent competitors for the same public, 0-1
        self.trust = level(n_y, fill=g.y["pluralism"])  # trust in a plural religious sphere as a channel, 0-1
        self.gone_last = level(n_r)  # persons who left last month
        self.splinter = level(n_y)  # share of the mass movement that has turned to violence
        self.resist = level(n_r)  # rivals' resolve against the movement
        self.expansion = level(1)
        self.recent_gone = level(n_r)  # memory of departures, persons
        self.hub_strength = level(n_r)
        # Ground
        self.control = level(n_l)
        self.held = np.zeros((n_w, n_l), dtype=np.int16)  # months at contested or better
        self.harshness = level(n_l)
        self.setbacks = level(n_y)  # lessons of failed attempts
        self.prospect = level(n_r)  # residents whom the movement could win without a fight
        self.loss_cause = np.zeros((n_w, n_l), dtype=np.int8)  # how control was lost in the month
        # Violence of the last month, seen by everybody
        self.attacks_seen = level(n_r)
        self.mass_attacks_seen = level(n_r)
        # Within a month members are counted by place once, and again only after a move of theirs
        self.counting = False
        self._counts: dict[tuple[int, int], np.ndarray] = {}
        self._fresh = np.zeros((len(ORGANISATIONS), len(CONDITIONS)), dtype=bool)
        self._start(g)
        self._total = self.people()

    def _start(self, g: Geography) -> None:
        """January of the first year: who is in prison, underground, in the hills, or outside and willing to come."""
        place, origin = own_country(g)
        for organisation, condition, stock in ((RIVAL, HIDDEN, "veterans"), (RIVAL, PRISON, "prison_network"),
                                               (RIVAL, REFUGE, "rival_start"), (MASS, CELL, "mass_start")):
            self.militants[:, organisation, condition, place, origin] = g.r[stock]
        self.outside[:, len(g.countries):] = g.look_up("fighter_stock", [(n,) for n in g.origins[len(g.countries):]])

    def move(self, source: str, target: str, taken: np.ndarray, *, at: tuple = (), to: tuple = (),
             into: np.ndarray | None = None) -> None:
        """Move people between stocks.

        Parameters
        ----------
        source, target : str
            Names of stocks; the pair must be allowed.
        taken : integer array
            How many leave, in the shape of ``source[at]``.
        at, to : index tuples
        into : integer array, optional
            How many arrive, in the shape of ``target[to]``; equals ``taken`` if left out. Sums per world must agree.
        """
        arrived = taken if into is None else into
        if self.checking:
            self._check_move(source, target, taken, arrived, at, to)
        if not np.count_nonzero(taken):  # several times faster than any()
            return
        getattr(self, source)[at] -= taken
        getattr(self, target)[to] += arrived
        if source == "militants":
            self._fresh[at[1:3]] = False
        if target == "militants":
            self._fresh[to[1:3]] = False

    def open_month(self) -> None:
        """From now on people move by `move` alone, so that counts may be kept between moves."""
        self.counting = True
        self._fresh[:] = False

    def close_month(self) -> None:
        """Anybody may rearrange people again."""
        if self.checking:
            self.check()
        self.counting = False

    def transfer(self, sources: Sequence[tuple[int, int]], number: np.ndarray, luck: np.ndarray,
                 targets: Sequence[tuple[int, int]] | str) -> None:
        """Move numbers of militants by region, each origin in proportion to its share (systematic sampling).

        Parameters
        ----------
        sources : sequence of (organisation, condition), length S
            Different from each other.
        number, luck : (W, S, R)
            How many leave each source, and uniforms for the split over origins.
        targets : sequence of (organisation, condition) in the same regions, or the name of a ledger by origin.
        """
        if not np.count_nonzero(number):
            return
        world, which, region = number.nonzero()
        organisation, condition = _columns(tuple(sources))
        at = (world, organisation[which], condition[which], region)
        cell = (world, which, region)
        taken = systematic_split(self.militants[at], number[cell], luck[cell]).astype(np.int32)
        if isinstance(targets, str):
            into = np.zeros_like(self.dead)
            np.add.at(into, world, taken)
            self.move("militants", targets, taken, at=at, into=into)
            return
        organisation, condition = _columns(tuple(targets))
        to = (world, organisation[which], condition[which], region)
        if len(set(targets)) == len(targets):
            self.move("militants", "militants", taken, at=at, to=to)
        else:  # several sources meet in one target: add one source at a time
            for s in range(len(sources)):
                own = which == s
                self.move("militants", "militants", taken[own], at=tuple(i[own] for i in at),
                          to=tuple(i[own] for i in to))

    def stocks(self, sources: Sequence[tuple[int, int]]) -> np.ndarray:
        """Members of several (organisation, condition) by place, (W, S, R)."""
        return np.stack([self.members(o, c) for o, c in sources], axis=1)

    def members(self, organisation: int, condition: int) -> np.ndarray:
        """Members of an organisation in one condition by place, (W, R); to be read only."""
        pair = organisation, condition
        if not self.counting or not self._fresh[pair]:
            self._counts[pair] = over_last(self.militants[:, organisation, condition])
            self._counts[pair].flags.writeable = False
            self._fresh[pair] = True
        return self._counts[pair]

    def present(self, organisation: int, *conditions: int) -> np.ndarray:
        """Members of an organisation in the given conditions by place, (W, R)."""
        total = self.members(organisation, conditions[0])
        for condition in conditions[1:]:
            total = total + self.members(organisation, condition)
        return total

    def cells(self, place: np.ndarray) -> np.ndarray:
        """Flat positions in (W, R) arrays of places (W, .), for `take`."""
        return self._first_cell + place

    def sympathising(self) -> np.ndarray:
        """Sympathisers by region, (W, R)."""
        return over_last(self.sympathisers)

    def _check_move(self, source: str, target: str, taken: np.ndarray, arrived: np.ndarray, at: tuple,
                    to: tuple) -> None:
        if (source, target) not in ALLOWED:
            raise BooksError(f"nobody may move from {source} to {target}")
        left, came = self._by_world(source, taken, at), self._by_world(target, arrived, to)
        if not np.array_equal(left, came):
            world = int(np.argmax(left != came))
            raise BooksError(f"{source} to {target}: {left[world]} left and {came[world]} arrived in world {world}")
        if (np.asarray(taken) < 0).any() or (np.asarray(arrived) < 0).any():
            raise BooksError(f"{source} to {target}: a negative number of people")
        if source in NON_NEGATIVE and (getattr(self, source)[at] < taken).any():
            raise BooksError(f"{source} to {target}: more people leave than are there")

    def _by_world(self, stock: str, number: np.ndarray, at: tuple) -> np.ndarray:
        """People of ``stock[at]`` added up by world, (W,), whatever way ``at`` picks worlds."""
        shape = getattr(self, stock).shape
        world = np.broadcast_to(np.arange(self.n).reshape(-1, *(1,) * (len(shape) - 1)), shape)[at]
        if np.shape(number) != np.shape(world):
            raise BooksError(f"{stock}: numbers of shape {np.shape(number)} for places of shape {np.shape(world)}")
        return np.bincount(np.ravel(world), np.ravel(number), self.n).astype(np.int64)

    def people(self) -> np.ndarray:
        """Everybody on the books, (W,): constant from the first month to the last."""
        return np.sum([getattr(self, stock).reshape(self.n, -1).sum(axis=1, dtype=np.int64) for stock in STOCKS],
                      axis=0)

    def check(self) -> None:
        """Raise BooksError unless everybody is accounted for and no stock is negative."""
        for stock in NON_NEGATIVE:
            if (getattr(self, stock) < 0).any():
                raise BooksError(f"negative count in {stock}")
        for organisation, condition in zip(*np.nonzero(self._fresh & self.counting), strict=True):
            if not np.array_equal(self._counts[organisation, condition],
                                  over_last(self.militants[:, organisation, condition])):
                raise BooksError(f"{ORGANISATIONS[organisation]} in {CONDITIONS[condition]}: the count is out of date")
        total = self.people()
        if not np.array_equal(total, self._total):
            raise BooksError(f"{(total - self._total).tolist()} people appeared or vanished")

    def youth(self) -> np.ndarray:
        """Residents aged 15-34 on the books as residents, (W, R)."""
        return (over_last(self.uninvolved) + over_last(self.sympathisers)).astype(float)


@functools.cache
def _columns(pairs: tuple[tuple[int, int], ...]) -> tuple[np.ndarray, np.ndarray]:
    """Organisations and conditions of pairs, as index arrays."""
    organisation, condition = zip(*pairs, strict=True)
    return np.array(organisation), np.array(condition)


def over_last(counts: np.ndarray) -> np.ndarray:
    """Sum over the last axis; for short axes several times faster than ``sum``."""
    return np.einsum("...i->...", counts)


def remembered_deaths(g: Geography, half_life: np.ndarray, start_year: float) -> np.ndarray:
    """Deaths of earlier internal wars per 1,000 residents, faded since their middle year, (Y,) or (W, Y)."""
    age = np.maximum(0.0, start_year - g.y["conflict_year"])
    return g.y["conflict_deaths"] / g.y["population_start"] * 1000 * 0.5 ** (age / half_life)


def largest_remainder(totals: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Integers of shape (totals, shares) that add up to the totals and follow the shares."""
    exact = np.asarray(totals)[:, None] * shares
    whole = np.floor(exact)
    left = (np.asarray(totals) - whole.sum(axis=1)).astype(int)
    rank = np.argsort(np.argsort(whole - exact, axis=1, kind="stable"), axis=1)
    return (whole + (rank < left[:, None])).astype(np.int32)


def recruiter_slots(g: Geography, per_slot: float = 80_000.0, per_veteran: float = 30.0, most: int = 10) -> np.ndarray:
    """Region of every recruiter slot, (N,): one per 80,000 young residents and per 30 veterans, two to ten a region."""
    slots = np.ceil(g.r["youth"] / per_slot) + np.floor((g.r["veterans"] + 0.3 * g.r["prison_network"]) / per_veteran)
    slots = np.clip(slots, 2, most).astype(int)
    return np.repeat(np.arange(len(g.regions)), slots)


def own_country(g: Geography) -> tuple[np.ndarray, np.ndarray]:
    """Index pair (place, origin) of militants in a region of their own country, each (R,)."""
    return np.arange(len(g.regions)), g.country_of


def regional_sum(values: np.ndarray, g: Geography) -> np.ndarray:
    """Sum over the regions of each country, (..., R) -> (..., Y)."""
    return np.stack([values[..., own].sum(axis=-1) for own in g.country_slices], axis=-1)


def by_origin(counts: np.ndarray, g: Geography) -> np.ndarray:
    """People counted by region of origin added up by origin, (W, R) -> (W, G)."""
    total = np.zeros((counts.shape[0], len(g.origins)), dtype=np.int32)
    total[:, :len(g.countries)] = regional_sum(counts, g)
    return total


def arriving(amount: np.ndarray, place: np.ndarray, places: int) -> np.ndarray:
    """Sum of amounts (W, N) by the place (N,) or (W, N) where they arrive, added in their order, (W, places)."""
    cell = np.arange(0, amount.shape[0] * places, places)[:, None] + place
    return np.bincount(cell.ravel(), amount.ravel(), amount.shape[0] * places).reshape(-1, places)


def regional_mean(values: np.ndarray, g: Geography) -> np.ndarray:
    """Mean over residents of each country, (..., R) -> (..., Y)."""
    return regional_sum(values * g.r["residents"], g) / regional_sum(g.r["residents"], g)


def locality_sum(values: np.ndarray, g: Geography) -> np.ndarray:
    """Sum over the localities of each region, (W, L) -> (W, R)."""
    return np.add.reduceat(values, g.first_locality, axis=1)

