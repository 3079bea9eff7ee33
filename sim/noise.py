"""Named luck: uniforms that are a pure function of their name, and inverse distribution functions.

A uniform is a function of ``(seed, world, process, month, identity)`` and of nothing else: not of call order, nor of
which other worlds share the batch.  Counts come from uniforms by inverse distribution functions, which never fall when
``u``, the rate or the number at risk rises; so two scenarios of one world share their luck.

Every function here works entry by entry (or row by row, exactly, in integers), so one world's values carry the same
bits whatever the batch.  Monotonicity holds up to the rounding of the distribution function itself: a pair could only
cross where ``u`` lies within a few parts in 1e15 of a step.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from scipy import special

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_RECURSE_MEAN = 60.0
"""Up to this mean the distribution is summed term by term; above it, a guess is corrected."""
_RECURSE_U = 1.0 - 1e-9
"""Nearer to one than this, a running sum is too coarse and the survival function is used."""
_DEEP_U = 1e-3
"""Below this u, one minus the survival function is too coarse and the distribution function itself is used."""
_FEW = 24
"""So many entries or fewer are faster one by one than as arrays."""
_MAX_MEAN = 1e12
_MAX_TOTAL = math.isqrt(2**63 - 1) - 1
"""Largest row sum whose square, plus itself, fits an int64."""


def stream_key(seed: int, world: int, process: str) -> NDArray[np.uint64]:
    """128-bit Philox key of one (seed, world, process), the same on every machine: shape (2,)."""
    name = f"{int(seed)}/{int(world)}/{process}".encode()
    return np.frombuffer(hashlib.blake2b(name, digest_size=16).digest(), dtype="<u8").astype(np.uint64)


class Noise:
    """Uniform numbers by name, for one batch of worlds.

    One Philox generator is moved to the stream wanted by setting its state: key = hash of (seed, world, process),
    counter = month in the third 64-bit word, so two months of a stream are 2**128 steps apart and never overlap.

    An instance is cheap but not safe to share between threads.

    Parameters
    ----------
    seed : int
        Master seed; any integer.
    worlds : ndarray of int, shape (n_worlds,)
        Indices (>= 0) of the worlds in this batch.
    """

    def __init__(self, seed: int, worlds: NDArray[np.integer[Any]]) -> None:
        worlds = np.asarray(worlds)
        if worlds.ndim != 1 or not np.issubdtype(worlds.dtype, np.integer) or (worlds < 0).any():
            raise ValueError("worlds must be a one-dimensional array of integers >= 0")
        self.seed = int(seed)
        self.worlds: Ints = worlds.astype(np.int64)
        # A batch may hold one world at many points: its luck is drawn once.
        distinct, place = np.unique(self.worlds, return_inverse=True)
        self._repeats = distinct.size < self.worlds.size
        self._distinct: Ints = distinct if self._repeats else self.worlds
        self._place: Ints = place
        self._bits = np.random.Philox(key=0)
        self._random = np.random.Generator(self._bits).random
        self._counter = np.zeros(4, dtype=np.uint64)
        self._buffer = np.zeros(4, dtype=np.uint64)
        self._states: dict[str, list[Any]] = {}

    def __reduce__(self) -> tuple[type[Noise], tuple[int, Ints]]:
        return Noise, (self.seed, self.worlds)

    def uniform(self, process: str, month: int, shape: tuple[int, ...]) -> Floats:
        """Uniforms in [0, 1) for every world: shape (n_worlds, *shape).

        Entry i of the flattened (C-order) `shape` belongs to identity i.  A longer first axis leaves earlier entries
        unchanged, so newcomers are appended and never inserted.  The same name always gives the same numbers: use
        one process name per independent draw.
        """
        if month < 0:
            raise ValueError(f"month must be >= 0, got {month}")
        flat = np.empty((self._distinct.size, math.prod(shape)))
        states = self._states.get(process)
        if states is None:
            states = self._states[process] = [self._state(int(world), process) for world in self._distinct]
        self._counter[2] = month
        bits, random = self._bits, self._random
        for row, state in zip(flat, states, strict=True):
            bits.state = state
            random(out=row)
        return (flat[self._place] if self._repeats else flat).reshape(len(self.worlds), *shape)

    def part(self, process: str, month: int, row: int, first: int, size: int) -> Floats:
        """Numbers ``first`` to ``first + size`` of the flattened `uniform` of one world of the batch, (size,)."""
        block, skip = divmod(first, 4)  # Philox makes four numbers for each step of its counter
        self._counter[0], self._counter[2] = block, month
        self._bits.state = self._state(int(self.worlds[row]), process)
        self._counter[0] = 0
        return self._random(skip + size)[skip:]

    def _state(self, world: int, process: str) -> Any:
        """Philox state at the start of a stream; all share the counter, whose month word `uniform` sets."""
        return {
            "bit_generator": "Philox",
            "state": {"counter": self._counter, "key": stream_key(self.seed, world, process)},
            "buffer": self._buffer,
            "buffer_pos": 4,  # 4 = buffer used up: the next number comes from the counter
            "has_uint32": 0,
            "uinteger": 0,
        }


# --- counts from uniforms -------------------------------------------------------------------------------------------


def poisson(u: ArrayLike, mean: ArrayLike, dtype: DTypeLike = np.int64) -> NDArray[Any]:
    """Exact inverse Poisson distribution: least k with P(X <= k) >= u.

    Parameters
    ----------
    u : array of float in [0, 1)
    mean : array of float >= 0, broadcast against `u`
    dtype : integer type of the result

    Returns
    -------
    ndarray of `dtype`, the broadcast shape.  Never falls as `u` or `mean` rises.
    """
    u, mean = np.asarray(u, np.float64), np.asarray(mean, np.float64)
    _require(mean, "mean", 0.0, _MAX_MEAN)
    bound = u + mean  # P(X = 0) = exp(-mean) >= 1 - mean, so only entries with u + mean >= 1 can be above zero
    out = np.zeros(bound.shape, dtype)
    index = _where(bound >= 1.0)
    if index.size:
        pick = _picker(bound.shape, index)
        v, m = pick(u), pick(mean)
        _require_below_one(v)
        out.reshape(-1)[index] = _poisson(v, m)
    return out


def binomial(u: ArrayLike, n: ArrayLike, p: ArrayLike, dtype: DTypeLike = np.int64) -> NDArray[Any]:
    """Exact inverse binomial distribution: least k with P(X <= k) >= u; n where p is one, whatever u.

    Parameters
    ----------
    u : array of float in [0, 1)
    n : array of int >= 0, number at risk
    p : array of float in [0, 1], chance per trial
    dtype : integer type of the result

    Returns
    -------
    ndarray of `dtype`, the broadcast shape, within [0, n].  Never falls as `u`, `n` or `p` rises.
    """
    u, n, p = np.asarray(u, np.float64), _integers(n, "n"), np.asarray(p, np.float64)
    _require(p, "p", 0.0, 1.0)
    return _inverse_binomial(u, n, p, dtype)


def _inverse_binomial(u: Floats, n: Ints, p: Floats, dtype: DTypeLike = np.int64) -> NDArray[Any]:
    """`binomial` of sound arrays."""
    bound = u + n * p  # P(X = 0) = (1 - p)**n >= 1 - n p
    out = np.zeros(bound.shape, dtype)
    index = _where(bound >= 1.0)
    if index.size:
        pick = _picker(bound.shape, index)
        q = pick(p)
        flip = q > 0.5
        out.reshape(-1)[index] = _binomial(pick(u), pick(n), np.where(flip, 1.0 - q, q), flip)
    return out


def binomial_hazard(u: ArrayLike, n: ArrayLike, hazard: ArrayLike, dtype: DTypeLike = np.int64) -> NDArray[Any]:
    """`binomial` with p = 1 - exp(-hazard), without loss of digits for tiny or large hazards.

    Parameters
    ----------
    u : array of float in [0, 1)
    n : array of int >= 0, number at risk
    hazard : array of float >= 0, rate times duration; inf means certainty
    dtype : integer type of the result
    """
    u, n, hazard = np.asarray(u, np.float64), _integers(n, "n"), np.asarray(hazard, np.float64)
    _require(hazard, "hazard", 0.0, np.inf)
    with np.errstate(invalid="ignore"):  # 0 * inf: nobody at risk
        bound = u + n * hazard  # P(X = 0) = exp(-hazard n) >= 1 - hazard n
    out = np.zeros(bound.shape, dtype)
    index = _where(bound >= 1.0)
    if index.size:
        pick = _picker(bound.shape, index)
        h = pick(hazard)
        p = -np.expm1(-h)
        flip = p > 0.5
        out.reshape(-1)[index] = _binomial(pick(u), pick(n), np.where(flip, np.exp(-h), p), flip)
    return out


def stochastic_round(u: ArrayLike, x: ArrayLike, dtype: DTypeLike = np.int64) -> NDArray[Any]:
    """Integer whose expectation is x: floor(x + u), with the sum taken on the fraction so that no digit is lost."""
    x = np.asarray(x, np.float64)
    _require(x, "x", -(2.0**62), 2.0**62)
    whole = np.floor(x)
    return np.asarray(whole + (np.asarray(u, np.float64) + (x - whole) >= 1.0)).astype(dtype)


# --- dividing counts ------------------------------------------------------------------------------------------------


def systematic_split(stock: ArrayLike, n: ArrayLike, u: ArrayLike) -> Ints:
    """Take n from a row of stocks, each group in proportion to its size, with one uniform per row.

    With C the running total of the row and N its sum, group g gives
    floor((n C_g + r) / N) - floor((n C_{g-1} + r) / N), r = floor(u N), in integers: the total is n and no group gives
    more than it has, always.  Each group gives the whole number just below or just above n stock_g / N.

    Parameters
    ----------
    stock : array of int >= 0, shape (..., G)
    n : array of int, shape (...), 0 <= n <= stock.sum(-1)
    u : array of float in [0, 1), shape (...)

    Returns
    -------
    ndarray of int64, shape (..., G)
    """
    stock, n, u = _integers(stock, "stock"), _integers(n, "n"), np.asarray(u, np.float64)
    lead = np.broadcast_shapes(stock.shape[:-1], n.shape, u.shape)
    groups = stock.shape[-1]
    taken = np.zeros((*lead, groups), np.int64)
    index = _where(n > 0, lead)
    if not index.size:
        return taken
    pick = _picker(lead, index)
    rows = _split_rows(_gather_rows(stock, lead, index), pick(n).astype(np.int64, copy=False), pick(u))
    taken.reshape(math.prod(lead), groups)[index] = rows
    return taken


def _split_rows(rows: Ints, n: Ints, u: Floats) -> Ints:
    """`systematic_split` of rows that all give somebody."""
    number, v = n[:, None], u[:, None]
    _require_below_one(u)
    reach = np.add.accumulate(rows, axis=-1, dtype=np.int64)
    total = reach[:, -1:].copy() if rows.shape[-1] else np.zeros_like(number)
    if np.count_nonzero(number > total):
        raise ValueError("cannot take more than the stock holds")
    if np.count_nonzero(total > _MAX_TOTAL):
        raise ValueError(f"a row holds more than {_MAX_TOTAL}")
    start = np.minimum((v * total).astype(np.int64), total - 1)
    reach *= number
    reach += start
    reach //= total
    reach[:, 1:] -= reach[:, :-1].copy()
    return reach


def split_shares(n: ArrayLike, shares: ArrayLike, u: ArrayLike) -> Ints:
    """Divide n over G options by a multinomial draw, option by option (conditional binomials).

    Parameters
    ----------
    n : array of int >= 0, shape (...)
    shares : array of float >= 0, shape (..., G); scaled to sum to one; not all zero where n > 0
    u : array of float in [0, 1), shape (..., G - 1)

    Returns
    -------
    ndarray of int64, shape (..., G), summing to n; options with zero share get none.
    """
    n, shares, u = _integers(n, "n"), np.asarray(shares, np.float64), np.asarray(u, np.float64)
    options = shares.shape[-1]
    if u.shape[-1] != options - 1:
        raise ValueError(f"u must have {options - 1} entries on its last axis, got {u.shape[-1]}")
    lead = np.broadcast_shapes(n.shape, shares.shape[:-1], u.shape[:-1])
    given = np.zeros((*lead, options), np.int64)
    index = _where(n > 0, lead)
    if not index.size:
        return given
    left = _picker(lead, index)(n).astype(np.int64, copy=False)
    share = _gather_rows(shares, lead, index)
    v = _gather_rows(u, lead, index)
    _require(share, "shares", 0.0, np.finfo(np.float64).max / options)
    onward = np.cumsum(share[:, ::-1], axis=-1)[:, ::-1]  # this option and all after it
    if (onward[:, 0] <= 0.0).any():
        raise ValueError("shares are all zero where n > 0")
    rows = np.zeros((index.size, options), np.int64)
    chance = np.divide(share, onward, out=np.zeros_like(share), where=onward > 0.0)
    for option in range(options - 1):
        rows[:, option] = _inverse_binomial(v[:, option], left, chance[:, option])
        left = left - rows[:, option]
    rows[:, -1] = left
    given.reshape(-1, options)[index] = rows
    return given


def categorical(u: ArrayLike, weights: ArrayLike) -> Ints:
    """Index drawn in proportion to weights; -1 where all are zero.

    Parameters
    ----------
    u : array of float in [0, 1), shape (...)
    weights : array of float >= 0, shape (..., G)

    Returns
    -------
    ndarray of int64, shape (...).  Zero weights are never chosen.
    """
    u, weights = np.asarray(u, np.float64), np.asarray(weights, np.float64)
    _require(weights, "weights", 0.0, np.finfo(np.float64).max / max(1, weights.shape[-1]))
    reach = np.cumsum(weights, axis=-1)
    total = reach[..., -1]
    target = np.minimum(u * total, np.nextafter(total, 0.0))
    chosen = (reach <= target[..., None]).sum(axis=-1, dtype=np.int64)
    return np.where(np.broadcast_to(total > 0.0, chosen.shape), chosen, -1)


# --- inside ---------------------------------------------------------------------------------------------------------


def _poisson(u: Floats, mean: Floats) -> Ints:
    """Inverse Poisson of flat arrays."""
    count = np.zeros(u.shape, np.int64)
    summed = (mean <= _RECURSE_MEAN) & (u < _RECURSE_U)
    part = np.flatnonzero(summed)
    if part.size:
        m = mean[part]
        count[part] = _sum_terms(u[part], np.exp(-m), lambda k, m: m / k, m)
    part = np.flatnonzero(~summed)
    if part.size:
        v, m = u[part], mean[part]
        count[part] = _search(
            v,
            1.0 - v,
            _cornish_fisher(v, m, m, 1.0 / np.sqrt(m), 1.0 / m),
            np.full(v.shape, 2**62),
            lambda k, m: special.pdtr(k, m),
            lambda k, m: special.pdtrc(k, m),
            m,
        )
    return count


def _binomial(u: Floats, n: Ints, small: Floats, flip: NDArray[np.bool_]) -> Ints:
    """Inverse binomial of flat arrays; `small` <= 0.5 is the chance of the rarer result: failure where `flip`.

    Counting failures j = n - k, the least k with P(K <= k) >= u is n less the least j with P(J <= j) > 1 - u; and
    1 - u is exact for generated uniforms, which are multiples of 2**-53.
    """
    _require_below_one(u)
    n = n.astype(np.int64, copy=False)
    if not np.count_nonzero(flip):  # several times faster than any()
        return _rarer(u, 1.0 - u, n, small)
    rest = 1.0 - u
    below = np.where(flip, np.nextafter(rest, 2.0), u)  # "> x" is ">= the number after x"
    above = np.where(flip, np.nextafter(u, -1.0), rest)
    count = np.zeros(u.shape, np.int64)
    some = _where((small > 0.0) & (above >= 0.0))
    count[some] = _rarer(below[some], above[some], n[some], small[some])
    return np.where(flip, np.where((u > 0.0) | (small == 0.0), n - count, 0), count)


def _rarer(below: Floats, above: Floats, n: Ints, p: Floats) -> Ints:
    """Least k with P(X <= k) >= below for binomials with n p > 0 and p <= 0.5; `above` is 1 - below."""
    size = n.astype(np.float64)
    mean = size * p
    summed = (mean <= _RECURSE_MEAN) & (below < _RECURSE_U)
    if np.count_nonzero(summed) == summed.size:
        return _rarer_summed(below, size, p)
    count = np.zeros(below.shape, np.int64)
    part = _where(summed)
    count[part] = _rarer_summed(below[part], size[part], p[part])
    part = _where(~summed)
    count[part] = _rarer_sought(below[part], above[part], n[part], size[part], p[part], mean[part])
    return count


def _rarer_summed(below: Floats, size: Floats, p: Floats) -> Ints:
    none = np.exp(size * np.log1p(-p))
    return _sum_terms(below, none, lambda k, s, odds: (s - (k - 1)) * odds / k, size, p / (1.0 - p))


def _rarer_sought(below: Floats, above: Floats, n: Ints, size: Floats, p: Floats, mean: Floats) -> Ints:
    variance = mean * (1.0 - p)
    skew, kurtosis = (1.0 - 2.0 * p) / np.sqrt(variance), (1.0 - 6.0 * p * (1.0 - p)) / variance
    return _search(
        below,
        above,
        _cornish_fisher(below, mean, variance, skew, kurtosis),
        n,
        lambda k, s, p: special.betaincc(k + 1.0, s - k, p),
        lambda k, s, p: special.betainc(k + 1.0, s - k, p),  # bdtrc, but sound for the tiniest p as well
        size,
        p,
    )


def _sum_terms(goal: Floats, first: Floats, ratio: Callable[..., Any], *given: Floats) -> Ints:
    """Least k whose running sum reaches `goal`; term k is term k - 1 times ratio(k, *given).

    Blocks of terms are summed between checks, and the last few entries are finished one by one.  Every entry sees the
    same products and sums in the same order, so the same bits, either way.
    """
    count = np.zeros(goal.shape, np.int64)
    at = _where(goal > first)
    goal, term, given = goal[at], first[at], tuple(x[at] for x in given)
    total, k, block = term, 0, 4
    while at.size > _FEW:
        terms = ratio(np.arange(k + 1.0, k + block + 1.0)[:, None], *given)
        sums = np.empty_like(terms)
        for each, running in zip(terms, sums, strict=True):
            each *= term
            np.add(total, each, out=running)
            term, total = each, running
        short = goal > sums
        count[at] = k + 1 + np.add.reduce(short, axis=0)  # true for those whose sum now reaches the goal
        keep = _where(short[-1])
        at, goal, term, total = at[keep], goal[keep], term[keep], total[keep]
        given = tuple(x[keep] for x in given)
        k, block = k + block, 2 * block if at.size < 1000 else block
    if at.size:
        rows = zip(*(x.tolist() for x in (goal, term, total, *given)), strict=True)
        count[at] = [_sum_on(k, ratio, *row) for row in rows]
    return count


def _sum_on(k: int, ratio: Callable[..., float], goal: float, term: float, total: float, *given: float) -> int:
    """What `_sum_terms` does, from term k on, for one entry."""
    while goal > total:
        k += 1
        term *= ratio(k, *given)
        total += term
    return k


def _search(
    below: Floats,
    above: Floats,
    guess: Floats,
    limit: Ints,
    cdf: Callable[..., Floats],
    survival: Callable[..., Floats],
    *given: Floats,
) -> Ints:
    """Least k in [0, limit] with cdf(k) >= below, from a guess: doubling steps, then halving.

    `above` is 1 - below.  The survival function decides, save for small `below`, where only the cdf keeps its digits.
    """
    found = np.zeros(below.shape, np.int64)
    at = np.arange(below.size)
    low, high = np.full(below.shape, -1), limit
    k = np.clip(guess, 0.0, limit - 1.0).astype(np.int64)
    step = 1
    while at.size:
        x = k.astype(np.float64)
        short = survival(x, *given) > above
        deep = np.flatnonzero(below < _DEEP_U)
        if deep.size:
            short[deep] = cdf(x[deep], *(y[deep] for y in given)) < below[deep]
        low, high = np.where(short, k, low), np.where(short, high, k)
        found[at] = high
        k = np.where(short, k + step, k - step)
        step = min(2 * step, 2**40)
        keep = np.flatnonzero(high - low > 1)
        at, low, high, k, below, above = at[keep], low[keep], high[keep], k[keep], below[keep], above[keep]
        given = tuple(y[keep] for y in given)
        k = np.where((k > low) & (k < high), k, low + (high - low) // 2)
    return found


def _cornish_fisher(u: Floats, mean: Floats, variance: Floats, skew: Floats, kurtosis: Floats) -> Floats:
    """Approximate inverse distribution function of a count, by its first four moments."""
    z = np.clip(special.ndtri(np.minimum(u, 1.0 - 2.0**-53)), -9.0, 9.0)
    w = z + (z * z - 1.0) * skew / 6.0 + z * (z * z - 3.0) * kurtosis / 24.0 - z * (2.0 * z * z - 5.0) * skew**2 / 36.0
    return np.asarray(np.ceil(mean + np.sqrt(variance) * w - 0.5))


def _where(wanted: NDArray[np.bool_], shape: tuple[int, ...] | None = None) -> Ints:
    """Flat positions of what is wanted, broadcast to `shape` if that is given."""
    if shape is not None and wanted.shape != shape:
        wanted = np.broadcast_to(wanted, shape)
    return wanted.reshape(-1).nonzero()[0]


def _picker(shape: tuple[int, ...], index: Ints) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """Function that gives an array's entries at flat positions of `shape`, without building the broadcast."""
    where: list[tuple[Ints, ...]] = []

    def pick(x: NDArray[Any]) -> NDArray[Any]:
        if x.shape == shape:
            return x.reshape(-1)[index]
        if x.size == 1:
            return np.full(index.shape, x.reshape(-1)[0])
        if not where:
            where.append(np.unravel_index(index, shape))
        axes = zip(where[0][-x.ndim:], x.shape, strict=True)
        return x[tuple(at if length > 1 else 0 for at, length in axes)]

    return pick


def _gather_rows(x: NDArray[Any], lead: tuple[int, ...], index: Ints) -> NDArray[Any]:
    """As `_gather`, for rows along the last axis: shape (len(index), G)."""
    if x.shape[:-1] == lead:
        rows = x.reshape(math.prod(lead), x.shape[-1])
        return rows if index.size == len(rows) else rows[index]
    return np.broadcast_to(x, (*lead, x.shape[-1]))[np.unravel_index(index, lead)]


def _integers(x: ArrayLike, name: str) -> Ints:
    array = np.asarray(x)
    if array.dtype.kind not in "iub":
        raise TypeError(f"{name} must hold integers, got {array.dtype}")
    if array.size and np.minimum.reduce(array, axis=None) < 0:
        raise ValueError(f"{name} must be >= 0")
    return array


def _require(x: Floats, name: str, low: float, high: float) -> None:
    """Stop on values outside [low, high] and on NaN."""
    if not x.size:
        return
    least = np.minimum.reduce(x, axis=None)  # NaN if there is one
    if not (least >= low and (high == np.inf or np.maximum.reduce(x, axis=None) <= high)):
        raise ValueError(f"{name} must lie in [{low:g}, {high:g}]")


def _require_below_one(u: Floats) -> None:
    if not np.maximum.reduce(u) < 1.0:
        raise ValueError("u must lie in [0, 1)")
