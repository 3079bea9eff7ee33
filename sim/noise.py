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
        flat = np.empty((len(self.worlds), math.prod(shape)))
        states = self._states.get(process)
        if states is None:
            states = self._states[process] = [self._state(int(world), process) for world in self.worlds]
        self._counter[2] = month
        bits, random = self._bits, self._random
        for row, state in zip(flat, states, strict=True):
            bits.state = state
            random(out=row)
        return flat.reshape(len(self.worlds), *shape)

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
    index = np.flatnonzero(bound >= 1.0)
    if index.size:
        v, m = _gather(u, bound.shape, index), _gather(mean, bound.shape, index)
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
    bound = u + n * p  # P(X = 0) = (1 - p)**n >= 1 - n p
    out = np.zeros(bound.shape, dtype)
    index = np.flatnonzero(bound >= 1.0)
    if index.size:
        q = _gather(p, bound.shape, index)
        flip = q > 0.5
        small = np.where(flip, 1.0 - q, q)
        v, size = _gather(u, bound.shape, index), _gather(n, bound.shape, index)
        out.reshape(-1)[index] = _binomial(v, size, small, flip)
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
    index = np.flatnonzero(bound >= 1.0)
    if index.size:
        h = _gather(hazard, bound.shape, index)
        p = -np.expm1(-h)
        flip = p > 0.5
        small = np.where(flip, np.exp(-h), p)
        v, size = _gather(u, bound.shape, index), _gather(n, bound.shape, index)
        out.reshape(-1)[index] = _binomial(v, size, small, flip)
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
    index = np.flatnonzero(np.broadcast_to(n, lead) > 0)
    if not index.size:
        return taken
    rows = _gather_rows(stock, lead, index)
    number = _gather(n, lead, index)[:, None]
    v = _gather(u, lead, index)[:, None]
    _require_below_one(v)
    reach = np.cumsum(rows, axis=-1)
    total = reach[:, -1:].copy() if groups else np.zeros_like(number)
    if (number > total).any():
        raise ValueError("cannot take more than the stock holds")
    if (total > _MAX_TOTAL).any():
        raise ValueError(f"a row holds more than {_MAX_TOTAL}")
    start = np.minimum((v * total).astype(np.int64), total - 1)
    reach *= number
    reach += start
    reach //= total
    reach[:, 1:] -= reach[:, :-1].copy()
    taken.reshape(math.prod(lead), groups)[index] = reach
    return taken


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
    index = np.flatnonzero(np.broadcast_to(n, lead) > 0)
    if not index.size:
        return given
    left = _gather(n, lead, index)
    share = _gather_rows(shares, lead, index)
    v = _gather_rows(u, lead, index)
    _require(share, "shares", 0.0, np.finfo(np.float64).max / options)
    onward = np.cumsum(share[:, ::-1], axis=-1)[:, ::-1]  # this option and all after it
    if (onward[:, 0] <= 0.0).any():
        raise ValueError("shares are all zero where n > 0")
    rows = np.zeros((index.size, options), np.int64)
    chance = np.divide(share, onward, out=np.zeros_like(share), where=onward > 0.0)
    for option in range(options - 1):
        rows[:, option] = binomial(v[:, option], left, chance[:, option])
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
    rest = 1.0 - u
    below = np.where(flip, np.nextafter(rest, 2.0), u)  # "> x" is ">= the number after x"
    above = np.where(flip, np.nextafter(u, -1.0), rest)
    size = n.astype(np.float64)
    mean = size * small
    count = np.zeros(u.shape, np.int64)
    some = (mean > 0.0) & (above >= 0.0)
    summed = some & (mean <= _RECURSE_MEAN) & (below < _RECURSE_U)
    part = np.flatnonzero(summed)
    if part.size:
        s, p = size[part], small[part]
        none = np.exp(s * np.log1p(-p))
        count[part] = _sum_terms(below[part], none, lambda k, s, odds: (s - (k - 1)) * odds / k, s, p / (1.0 - p))
    part = np.flatnonzero(some & ~summed)
    if part.size:
        s, p, m = size[part], small[part], mean[part]
        variance = m * (1.0 - p)
        skew, kurtosis = (1.0 - 2.0 * p) / np.sqrt(variance), (1.0 - 6.0 * p * (1.0 - p)) / variance
        count[part] = _search(
            below[part],
            above[part],
            _cornish_fisher(below[part], m, variance, skew, kurtosis),
            n[part],
            lambda k, s, p: special.betaincc(k + 1.0, s - k, p),
            lambda k, s, p: special.betainc(k + 1.0, s - k, p),  # bdtrc, but sound for the tiniest p as well
            s,
            p,
        )
    return np.where(flip, np.where((u > 0.0) | (small == 0.0), n - count, 0), count)


def _sum_terms(goal: Floats, first: Floats, ratio: Callable[..., Floats], *given: Floats) -> Ints:
    """Least k whose running sum reaches `goal`; term k is term k - 1 times ratio(k, *given).

    A finished entry may ride along until the arrays shrink; its count no longer changes.
    """
    count = np.zeros(goal.shape, np.int64)
    at = np.flatnonzero(goal > first)
    goal, term = goal[at], first[at]
    total = term.copy()
    given = tuple(x[at] for x in given)
    tally = np.ones(at.shape, np.int64)
    k = 0
    while at.size:
        k += 1
        term *= ratio(k, *given)
        total += term
        short = goal > total
        live = np.count_nonzero(short)
        tally += short
        if 2 * live <= at.size:
            count[at] = tally
            keep = np.flatnonzero(short)
            at, goal, term, total, tally = at[keep], goal[keep], term[keep], total[keep], tally[keep]
            given = tuple(x[keep] for x in given)
    return count


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


def _gather(x: NDArray[Any], shape: tuple[int, ...], index: Ints) -> NDArray[Any]:
    """Entries of x, broadcast to `shape`, at flat positions `index`, without building the broadcast."""
    if x.size == 1:
        return np.full(index.shape, x.reshape(-1)[0])
    if x.shape == shape:
        return x.reshape(-1)[index]
    return np.broadcast_to(x, shape)[np.unravel_index(index, shape)]


def _gather_rows(x: NDArray[Any], lead: tuple[int, ...], index: Ints) -> NDArray[Any]:
    """As `_gather`, for rows along the last axis: shape (len(index), G)."""
    if x.shape[:-1] == lead:
        return x.reshape(math.prod(lead), x.shape[-1])[index]
    return np.broadcast_to(x, (*lead, x.shape[-1]))[np.unravel_index(index, lead)]


def _integers(x: ArrayLike, name: str) -> Ints:
    array = np.asarray(x)
    if array.dtype.kind not in "iub":
        raise TypeError(f"{name} must hold integers, got {array.dtype}")
    if array.size and array.min() < 0:
        raise ValueError(f"{name} must be >= 0")
    return array.astype(np.int64, copy=False)


def _require(x: Floats, name: str, low: float, high: float) -> None:
    """Stop on values outside [low, high] and on NaN."""
    if x.size and not (x.min() >= low and x.max() <= high):
        raise ValueError(f"{name} must lie in [{low:g}, {high:g}]")


def _require_below_one(u: Floats) -> None:
    if not u.max() < 1.0:
        raise ValueError("u must lie in [0, 1)")
