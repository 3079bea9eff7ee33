"""Inverse distribution functions and the dividing of counts, against SciPy, exact sums and each other."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from sim.engine.compiled import rule
from sim.engine.counts import (
    _cornish_fisher,
    _normal_quantile,
    _odds,
    _tail,
    binomial,
    binomial_hazard,
    choose,
    multinomial,
    poisson,
    split,
    stochastic_round,
)

ROOT = Path(__file__).parents[2]
GRID = 2**53
TOLERANCE = 1e-12  # relative, on the tail that is small
units = st.one_of(  # exactly the values a generator can give, with many near the ends
    st.integers(0, GRID - 1), st.integers(0, 1000), st.integers(GRID - 1000, GRID - 1)
).map(lambda i: i / GRID)
means = st.one_of(st.floats(0.0, 0.05), st.floats(0.0, 80.0), st.floats(50.0, 1e5), st.floats(1.0, 1e12))
chances = st.one_of(st.floats(0.0, 1.0), st.floats(0.0, 1e-3), st.floats(0.999, 1.0))
sizes = st.one_of(st.integers(0, 5), st.integers(0, 300), st.integers(0, 1_000_000), st.integers(0, 2**40))
ENDS = np.concatenate([2.0 ** -np.arange(2.0, 54.0), 1.0 - 2.0 ** -np.arange(1.0, 54.0)])

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@rule
def _poissons(u, mean, out):  # type: ignore[no-untyped-def]
    for i in range(len(out)):
        out[i] = poisson(u[i], mean[i])


@rule
def _binomials(u, n, p, out):  # type: ignore[no-untyped-def]
    for i in range(len(out)):
        out[i] = binomial(u[i], n[i], p[i])


@rule
def _hazards(u, n, hazard, out):  # type: ignore[no-untyped-def]
    for i in range(len(out)):
        out[i] = binomial_hazard(u[i], n[i], hazard[i])


def many(loop: Callable[..., None], *given: ArrayLike) -> Ints:
    """A compiled loop over broadcast arguments."""
    whole = np.broadcast_arrays(*given)
    out = np.empty(whole[0].size, np.int64)
    loop(*(np.ascontiguousarray(x).reshape(-1) for x in whole), out)
    return out.reshape(whole[0].shape)


def poissons(u: ArrayLike, mean: ArrayLike) -> Ints:
    return many(_poissons, u, np.asarray(mean, np.float64))


def binomials(u: ArrayLike, n: ArrayLike, p: ArrayLike) -> Ints:
    return many(_binomials, u, np.asarray(n, np.int64), np.asarray(p, np.float64))


def hazards(u: ArrayLike, n: ArrayLike, hazard: ArrayLike) -> Ints:
    return many(_hazards, u, np.asarray(n, np.int64), np.asarray(hazard, np.float64))


def even(size: int) -> Floats:
    """Mid-points of `size` equal cells of [0, 1)."""
    return (np.arange(size) + 0.5) / size


def assert_least(
    u: Floats, k: Ints, cdf: Callable[[Floats], Any], survival: Callable[[Floats], Any], rtol: float
) -> None:
    """cdf(k) >= u > cdf(k - 1), seen from the tail that is small."""
    x, high = k.astype(float), u >= 0.5
    with np.errstate(invalid="ignore"):
        assert (survival(x) <= (1.0 - u) * (1.0 + rtol))[high].all()
        assert ((k == 0) | (survival(x - 1.0) > (1.0 - u) * (1.0 - rtol)))[high].all()
        assert (cdf(x) >= u * (1.0 - rtol))[~high].all()
        assert ((k == 0) | (cdf(x - 1.0) < u * (1.0 + rtol)))[~high].all()


# --- Poisson --------------------------------------------------------------------------------------------------------

POISSON_MEANS = np.array([0.0, 1e-9, 1e-4, 0.01, 0.3, 1.0, 4.0, 11.9, 30.0, 60.0, 299.9, 300.1, 1000.0, 3e4, 1e6])


def test_poisson_is_scipys_inverse() -> None:
    u, mean = even(2001)[:, None], POISSON_MEANS[None, :]
    want = np.where(mean > 0, stats.poisson.ppf(u, np.maximum(mean, 1e-300)), 0)
    assert np.array_equal(poissons(u, mean), want)


@pytest.mark.parametrize("mean", [1e-15, 1e-6, 0.02, 0.9, 3.0, 60.0, 299.0, 300.0, 301.0, 999.5, 5000.0, 1e5])
def test_poisson_tails(mean: float) -> None:
    k = poissons(ENDS, mean)
    assert_least(ENDS, k, lambda x: special.pdtr(x, mean), lambda x: special.pdtrc(x, mean), TOLERANCE)


def exact_poisson_tail(k: int, mean: float, upper: bool) -> float:
    """P(X > k) or P(X <= k), k > 1000: a chance in forty decimal places times a sum of ratios.

    SciPy's own tails are wrong beyond 4.5 standard deviations of means above a million.
    """
    with localcontext() as context:
        context.prec = 40
        x, m = Decimal(k), Decimal(mean)
        series = 1 / (12 * x) - 1 / (360 * x**3) + 1 / (1260 * x**5) - 1 / (1680 * x**7)
        pi = Decimal("3.141592653589793238462643383279502884197")
        chance = float((x * (m / x).ln() + x - m - (2 * pi * x).ln() / 2 - series).exp())
    away = np.arange(int(12 * mean**0.5))
    ratios = mean / (k + 1.0 + away) if upper else (k - away) / mean
    return chance * (float(upper is False) + float(np.cumprod(ratios).sum()))


@pytest.mark.parametrize("mean", [5e4, 1e6, 1e9])
def test_poisson_far_tails_of_large_means(mean: float) -> None:
    u = np.array([2.0**-53, 1e-12, 1e-6, 0.01, 0.3, 0.9, 1 - 1e-6, 1 - 1e-9, 1 - 2.0**-40, 1 - 2.0**-53])
    k = poissons(u, mean)
    tails = [np.vectorize(lambda x, upper=upper: exact_poisson_tail(int(x), mean, upper)) for upper in (False, True)]
    assert_least(u, k, *tails, TOLERANCE)


def test_poisson_of_the_largest_mean() -> None:
    k = poissons(even(101), 1e12)
    assert_least(even(101), k, lambda x: special.pdtr(x, 1e12), lambda x: special.pdtrc(x, 1e12), 1e-8)
    z = (poissons(ENDS, 1e12) - 1e12) / 1e6
    normal = np.where(ENDS < 0.5, special.ndtri(ENDS), -special.ndtri(1.0 - ENDS))
    assert np.allclose(z, normal + (normal**2 - 1.0) / 6e6, atol=2e-6)  # first term of Cornish and Fisher


@given(units, units, means, means)
@settings(max_examples=500, deadline=None)
def test_poisson_is_monotone(u: float, v: float, a: float, b: float) -> None:
    (u, v), (a, b) = sorted((u, v)), sorted((a, b))
    assert 0 <= poisson(u, a) <= poisson(v, a) <= poisson(v, b)


def test_poisson_is_monotone_across_the_seams() -> None:
    mean = np.concatenate([np.linspace(0, 3, 3001), np.linspace(55, 65, 3001), np.linspace(990, 1010, 3001)])
    u = np.concatenate([[0.0, 2.0**-53], even(61), 1 - 1e-9 + np.arange(-3, 4) * 2.0**-53, [1 - 2.0**-53]])
    k = poissons(u[:, None], mean)
    assert (np.diff(k, axis=0) >= 0).all()
    assert (np.diff(k, axis=1) >= 0).all()


# --- binomial -------------------------------------------------------------------------------------------------------

SIZES = np.array([0, 1, 2, 7, 60, 900, 20_000, 1_000_000])
CHANCES = np.array([0.0, 1e-7, 1e-4, 0.01, 0.2, 0.5, 0.51, 0.9, 0.9999, 1.0])


def test_binomial_is_scipys_inverse() -> None:
    u, n, p = np.broadcast_arrays(even(301)[:, None, None], SIZES[None, :, None], CHANCES[None, None, :])
    got, want = binomials(u, n, p), stats.binom.ppf(u, n, p)
    # SciPy forms 1 - p first and so loses digits of tiny p: any difference must be a tie to within 1e-9
    off = got != want
    assert off.mean() < 1e-3
    lower = np.minimum(got, want)[off]
    assert np.allclose(special.betaincc(lower + 1.0, n[off] - lower, p[off]), u[off], rtol=1e-9)


@pytest.mark.parametrize(
    ("n", "p", "rtol"),
    [
        (1, 0.3, TOLERANCE),
        (2, 1e-12, TOLERANCE),
        (7, 0.5, TOLERANCE),
        (130, 0.5, TOLERANCE),
        (130, 0.97, TOLERANCE),
        (1000, 1e-9, TOLERANCE),
        (1000, 0.3, TOLERANCE),
        (100_000, 0.001, TOLERANCE),
        (100_000, 0.4, TOLERANCE),
        (100_000, 0.75, TOLERANCE),
        (1_000_000, 0.5, 5 * TOLERANCE),
        (2**30, 0.2, 1e-9),  # from here on it is SciPy that has fewer digits
        (2**40, 1e-9, 1e-11),
        (2**40, 1e-12, TOLERANCE),
        (2**40, 0.5, 1e-8),
    ],
)
def test_binomial_tails(n: int, p: float, rtol: float) -> None:
    k = binomials(ENDS, n, p)
    assert_least(
        ENDS,
        k,
        lambda x: np.where(x < n, special.betaincc(x + 1.0, np.maximum(n - x, 1.0), p), 1.0),
        lambda x: np.where(x < n, special.betainc(x + 1.0, np.maximum(n - x, 1.0), p), 0.0),
        rtol,
    )


def exact_least(u: Fraction, n: int, p: Fraction) -> int:
    term, k = (1 - p) ** n, 0
    total = term
    while total < u:
        k += 1
        term = term * (n - k + 1) / k * p / (1 - p)
        total += term
    return k


@given(units, st.integers(0, 40), st.integers(1, 63).map(lambda i: i / 64))
@settings(max_examples=300, deadline=None)
def test_binomial_in_exact_arithmetic(u: float, n: int, p: float) -> None:
    want = exact_least(Fraction(u), n, Fraction(p))
    total = special.betaincc(want + 1.0, n - want, p) if want < n else 1.0
    if abs(total - u) > 1e-14 and abs(total - u) > 1e-10 * (1 - u):
        assert binomial(u, n, p) == want


@given(st.integers(0, 10), units)
@settings(deadline=None)
def test_binomial_of_nothing_or_certainty(n: int, u: float) -> None:
    assert binomial(u, n, 0.0) == 0 == binomial_hazard(u, n, 0.0)
    assert binomial(u, 0, 0.7) == 0 == binomial_hazard(u, 0, np.inf)
    assert binomial(u, n, 1.0) == n == binomial_hazard(u, n, np.inf)


@given(units, units, sizes, sizes, chances, chances)
@settings(max_examples=1000, deadline=None)
def test_binomial_is_monotone(u: float, v: float, a: int, b: int, p: float, q: float) -> None:
    (u, v), (a, b), (p, q) = sorted((u, v)), sorted((a, b)), sorted((p, q))
    path = [binomial(*x) for x in ((u, a, p), (v, a, p), (v, b, p), (v, b, q))]
    assert path == sorted(path)
    assert path[0] >= 0
    assert path[-1] <= b


@given(units, units, sizes, sizes, st.floats(0, 40), st.floats(0, 800))
@settings(max_examples=500, deadline=None)
def test_hazard_is_monotone(u: float, v: float, m: int, n: int, a: float, b: float) -> None:
    (u, v), (m, n), (a, b) = sorted((u, v)), sorted((m, n)), sorted((a, b))
    path = [binomial_hazard(*x) for x in ((u, m, a), (v, m, a), (v, n, a), (v, n, b))]
    assert path == sorted(path)
    assert path[0] >= 0
    assert path[-1] <= n


def test_hazard_agrees_with_chance() -> None:
    hazard = np.array([1e-8, 1e-3, 0.1, 0.6, 0.69, 0.7, 2.0, 20.0])
    u, n = even(500)[:, None, None], SIZES[None, :, None]
    got, want = hazards(u, n, hazard), binomials(u, n, -np.expm1(-hazard))
    assert (got != want).mean() < 1e-3
    assert np.abs(got - want).max() <= 1


def test_tiny_hazard_keeps_its_digits() -> None:
    u = 1.0 - 2.0 ** -np.arange(10.0, 53.0)
    n, hazard = 1_000_000, 1e-12
    assert np.array_equal(hazards(u, n, hazard), poissons(u, n * hazard))


def test_odds_of_a_hazard_keep_their_digits() -> None:
    hazards_ = np.concatenate([2.0 ** -np.arange(0.0, 60.0), np.linspace(1e-4, 0.7, 5000)])
    assert [_odds(h) for h in hazards_] == pytest.approx(np.expm1(hazards_), rel=3e-16, abs=0)


def test_binomial_strictness_at_exact_ties() -> None:
    u = np.array([0.0, 0.25, 0.25 + 1 / GRID, 0.75, 0.75 + 1 / GRID])
    assert binomials(u, 2, 0.5).tolist() == [0, 0, 1, 1, 2]
    assert binomials(u, 1, 0.75).tolist() == [0, 0, 1, 1, 1]


@pytest.mark.parametrize(
    ("n", "rate"),
    [(-1, m) for m in (0.4, 7.5, 61.0, 1e3, 1e6, 1e9, 1e12)]
    + [(3, 0.4), (150, 0.45), (10_000, 0.5), (2**40, 1e-9), (2**40, 0.1), (2**40, 0.5)],
)
def test_the_two_tails_sum_to_one(n: int, rate: float) -> None:
    """Two different integrals, so this tells of the digits of both."""
    mean = rate if n < 0 else n * rate
    deviation = (mean if n < 0 else mean * (1 - rate)) ** 0.5
    for z in np.linspace(-0.3, 0.3, 9):
        k = min(max(int(mean + z * deviation), 0), n - 1 if n > 0 else 2**62)
        assert abs(_tail(k, n, rate, True) + _tail(k, n, rate, False) - 1.0) < 2e-14


# --- rounding, dividing, choosing -----------------------------------------------------------------------------------


@given(units, st.floats(-1e9, 1e9))
@settings(deadline=None)
def test_stochastic_round_brackets(u: float, x: float) -> None:
    k = stochastic_round(u, x)
    assert k in (np.floor(x), np.ceil(x))
    assert k == (Fraction(x) + Fraction(u)).__floor__() or abs(u + x - np.floor(x) - 1) < 1e-15


@given(units, units, st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
@settings(deadline=None)
def test_stochastic_round_is_monotone(u: float, v: float, x: float, y: float) -> None:
    (u, v), (x, y) = sorted((u, v)), sorted((x, y))
    assert stochastic_round(u, x) <= stochastic_round(v, x) <= stochastic_round(v, y)


def test_stochastic_round_is_unbiased() -> None:
    for x in (0.0, 0.001, 0.5, 2.25, 7.0, -1.3):
        assert abs(np.mean([stochastic_round(u, x) for u in even(10_000)]) - x) < 1e-4


def taken(stock: ArrayLike, n: int, u: float, kind: Any = np.int64) -> NDArray[Any]:
    stock = np.array(stock, kind)
    out = np.full(len(stock), -1, kind)
    split(stock, n, u, out)
    return out


def given_out(n: int, shares: ArrayLike, u: ArrayLike) -> Ints:
    shares = np.array(shares, np.float64)
    out = np.full(len(shares), -1)
    multinomial(n, shares, np.array(u, np.float64), out)
    return out


@given(
    st.lists(st.one_of(st.integers(0, 4), st.integers(0, 500_000_000)), min_size=1, max_size=6),
    st.sampled_from([np.int32, np.int64]),
    units,
    st.data(),
)
@settings(max_examples=500, deadline=None)
def test_split_balances(stock: list[int], kind: Any, u: float, data: st.DataObject) -> None:
    total = sum(stock)
    n = data.draw(st.integers(0, total))
    got = taken(stock, n, u, kind).tolist()
    assert sum(got) == n
    for gives, holds in zip(got, stock, strict=True):
        assert 0 <= gives <= holds
        assert abs(gives - Fraction(n * holds, max(1, total))) < 1


def test_split_is_proportional() -> None:
    stock, n = np.array([3, 0, 1, 6]), 4
    starts = np.arange(10) / 10 + 0.05  # every start r = 0..9 once
    assert np.array_equal(np.mean([taken(stock, n, u) for u in starts], axis=0), n * stock / 10)
    assert taken([], 0, 0.5).tolist() == []


def test_split_of_the_largest_row() -> None:
    stock = np.array([2_000_000_000, 1_000_000_000, 37_000_498])
    got = taken(stock, 3_037_000_497, 1 - 2.0**-53)
    assert got.sum() == 3_037_000_497
    assert (got <= stock).all()


@given(st.lists(st.one_of(st.just(0.0), st.floats(1e-9, 1e9)), min_size=1, max_size=6), sizes, st.data())
@settings(max_examples=300, deadline=None)
def test_multinomial_balances(shares: list[float], n: int, data: st.DataObject) -> None:
    if not any(shares):
        shares[0] = 1.0
    got = given_out(n, shares, [data.draw(units) for _ in shares[1:]])
    assert got.sum() == n
    assert (got >= 0).all()
    assert not got[np.array(shares) == 0.0].any()


def test_multinomial_is_in_proportion() -> None:
    size, n, shares, tolerance = 20_000, 30, np.array([0.1, 0.0, 0.6, 0.3]), 5.0
    u = np.random.default_rng(1).random((size, 3))
    mean = np.mean([given_out(n, 7 * shares, row) for row in u], axis=0)
    assert (np.abs(mean - n * shares) <= tolerance * np.sqrt(n * shares * (1 - shares) / size)).all()
    assert given_out(0, [0.0, 0.0], [0.5]).tolist() == [0, 0]


@given(units, st.lists(st.one_of(st.just(0.0), st.floats(0.0, 1e6)), min_size=1, max_size=8))
@settings(max_examples=500, deadline=None)
def test_choose_never_takes_a_zero_weight(u: float, weights: list[float]) -> None:
    chosen = choose(u, np.array(weights))
    assert (chosen == -1) if not any(weights) else weights[chosen] > 0


def test_choose_is_proportional_and_monotone() -> None:
    weights = np.array([0.0, 2.0, 0.0, 1.0, 5.0, 0.0])
    chosen = np.array([choose(u, weights) for u in even(8000)])
    assert np.bincount(chosen, minlength=6).tolist() == [0, 2000, 0, 1000, 5000, 0]
    assert (np.diff(chosen) >= 0).all()
    assert [choose(u, weights) for u in (0.0, 1 - 2.0**-53)] == [1, 4]
    assert choose(0.5, np.zeros(4)) == -1 == choose(0.5, np.zeros(0))


@pytest.mark.parametrize(
    "call",
    [
        lambda: poisson(0.5, -1.0),
        lambda: poisson(0.5, np.nan),
        lambda: poisson(0.5, np.inf),
        lambda: poisson(1.0, 1.0),
        lambda: poisson(np.nan, 1.0),
        lambda: binomial(0.5, -1, 0.5),
        lambda: binomial(0.5, 3, 1.1),
        lambda: binomial(0.5, 3, np.nan),
        lambda: binomial(1.0, 3, 0.3),
        lambda: binomial(np.nan, 3, 0.8),
        lambda: binomial_hazard(0.5, 3, -0.1),
        lambda: binomial_hazard(0.5, 3, np.nan),
        lambda: binomial_hazard(0.5, -1, 0.1),
        lambda: stochastic_round(0.5, np.nan),
        lambda: taken([1, 2], 4, 0.5),
        lambda: taken([1, 2], -1, 0.5),
        lambda: taken([1, -2], 1, 0.5),
        lambda: taken([1, 2], 1, 1.0),
        lambda: taken([2**32, 1], 1, 0.5),
        lambda: given_out(3, [0.0, 0.0], [0.5]),
        lambda: given_out(3, [0.5, -0.5], [0.5]),
        lambda: given_out(3, [0.5, 0.5], [0.5, 0.5]),
        lambda: given_out(-1, [0.5, 0.5], [0.5]),
        lambda: choose(0.5, np.array([1.0, -1.0])),
        lambda: choose(0.5, np.array([1.0, np.nan])),
        lambda: choose(1.0, np.array([1.0])),
    ],
)
def test_refuses_nonsense(call: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match=r"must|cannot|zero|more than"):
        call()


# --- the guess --------------------------------------------------------------------------------------------------------


def test_the_normal_quantile_has_seven_digits() -> None:
    """A worse guess is put right and costs nothing but time: no count would show it."""
    inside = np.concatenate([ENDS, np.linspace(0.01, 0.99, 99)])
    found = [_normal_quantile(below, 1.0 - below) for below in inside]
    assert np.allclose(found, stats.norm.ppf(inside), rtol=2e-7, atol=1e-9)


@pytest.mark.parametrize("mean", [1e3, 1e4, 1e5])
def test_the_guess_is_nearly_the_count(mean: float) -> None:
    for below in (1e-6, 0.01, 0.3, 0.5, 0.9, 1.0 - 1e-6):
        guess = _cornish_fisher(below, 1.0 - below, mean, mean, 1.0, 1.0)
        assert abs(guess - stats.poisson.ppf(below, mean)) <= 1.0, below


# --- without compilation; the engine before -------------------------------------------------------------------------

PLAIN = """
import numpy as np
from sim.engine.counts import *
values = []
for u in (0.0, 2.0**-53, 0.004, 0.6, 1 - 1e-12, np.float64(1 - 2.0**-53)):
    values += [poisson(u, m) for m in (0.0, 1e-6, 2.5, 75.0, np.float64(1e12))]
    for n in (0, 1, 9, 10**6, np.int64(2**40)):
        values += [binomial(u, n, p) for p in (0.0, 1e-9, np.float64(0.3), 0.8, 1 - 2.0**-53, 1.0)]
        values += [binomial_hazard(u, n, h) for h in (0.0, 1e-6, np.float64(0.3), 3.0, 700.0, 745.0, np.inf)]
    values += [stochastic_round(u, -2.4), choose(u, np.array([0.0, 1.0, 2.0])), choose(u, np.zeros(2))]
    for kind in (np.int32, np.int64):
        out = np.zeros(3, kind)
        split(np.array([2_000_000_000, 0, 1_000_000_000], kind), 999_999_999, u, out)
        values += list(out)
        multinomial(1000, np.array([0.2, 0.0, 0.5]), np.array([u, 0.5]), out)
        values += list(out)
"""


def test_plain_python_gives_the_same_counts() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PLAIN + "print(*values)"],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    compiled: dict[str, Any] = {}
    exec(PLAIN, compiled)
    assert [int(x) for x in done.stdout.split()] == compiled["values"]
