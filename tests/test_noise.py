"""Luck by name: streams, inverse distribution functions, dividing counts."""

from __future__ import annotations

import copy
import pickle
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import special, stats

from sim.noise import (
    Noise,
    binomial,
    binomial_hazard,
    categorical,
    poisson,
    split_shares,
    stochastic_round,
    systematic_split,
)

GRID = 2**53
units = st.integers(0, GRID - 1).map(lambda i: i / GRID)  # exactly the values a generator can give
means = st.one_of(st.floats(0.0, 0.05), st.floats(0.0, 80.0), st.floats(50.0, 1e5))
chances = st.one_of(st.floats(0.0, 1.0), st.floats(0.0, 1e-3), st.floats(0.999, 1.0))
sizes = st.one_of(st.integers(0, 5), st.integers(0, 300), st.integers(0, 1_000_000))
KNOWN = [
    [0.9276295186080594, 0.16493099642396114, 0.6004287634974091],
    [0.1497772490657383, 0.12660445476647664, 0.7965210124382166],
]
Z = 5.0  # two-sided width of tolerances in standard errors: false alarm about 6e-7 per comparison


def one(seed: int, world: int) -> Noise:
    return Noise(seed, np.array([world]))


def even(size: int) -> NDArray[np.float64]:
    """Mid-points of `size` equal cells of [0, 1): also a stratified sample."""
    return (np.arange(size) + 0.5) / size


# --- streams --------------------------------------------------------------------------------------------------------


def test_known_answer() -> None:
    values = Noise(20110101, np.array([0, 17])).uniform("recruit.contact", 5, (3,))
    assert values.tolist() == KNOWN
    assert values.dtype == np.float64


def test_world_alone_equals_world_in_batch() -> None:
    batch = Noise(3, np.arange(100)).uniform("p", 40, (7, 11))
    assert batch.shape == (100, 7, 11)
    for world in (0, 17, 99):
        assert np.array_equal(batch[world], one(3, world).uniform("p", 40, (7, 11))[0])
    assert np.array_equal(batch[[17, 2]], Noise(3, np.array([17, 2])).uniform("p", 40, (7, 11)))


def test_call_order_and_repeats_do_not_matter() -> None:
    names = [(process, month) for process in ("a", "b", "a.b") for month in (0, 1, 83)]
    forward, backward = Noise(1, np.arange(3)), Noise(1, np.arange(3))
    first = {name: forward.uniform(*name, (101,)) for name in names}
    for name in reversed(names):
        backward.uniform(*name, (5,))
        assert np.array_equal(first[name], backward.uniform(*name, (101,)))


def test_returned_array_is_the_callers_own() -> None:
    noise = Noise(1, np.arange(2))
    before = noise.uniform("a", 0, (4,))
    kept = before.copy()
    before[:] = 0.0
    assert np.array_equal(noise.uniform("a", 0, (4,)), kept)


@given(st.integers(0, 50), st.integers(0, 50))
def test_prefix(short: int, more: int) -> None:
    noise = Noise(9, np.arange(2))
    long = noise.uniform("p", 2, (short + more,))
    assert np.array_equal(noise.uniform("p", 2, (short,)), long[:, :short])
    rows = noise.uniform("p", 2, (short + more, 3))
    assert np.array_equal(noise.uniform("p", 2, (short, 3)), rows[:, :short])


def test_shape_is_only_a_view_of_the_flat_identities() -> None:
    noise = Noise(9, np.arange(2))
    assert np.array_equal(noise.uniform("p", 2, (4, 6)).reshape(2, 24), noise.uniform("p", 2, (24,)))
    assert noise.uniform("p", 2, ()).shape == (2,)
    assert noise.uniform("p", 2, (0,)).shape == (2, 0)
    assert Noise(9, np.array([], dtype=int)).uniform("p", 2, (3,)).shape == (0, 3)


def test_pickle_and_copy_give_the_same_numbers() -> None:
    noise = Noise(4, np.array([3, 1]))
    want = noise.uniform("p", 6, (5,))
    for twin in (pickle.loads(pickle.dumps(noise)), copy.deepcopy(noise)):
        assert np.array_equal(twin.uniform("p", 6, (5,)), want)


def test_neighbouring_keys_are_unrelated() -> None:
    size = 20_000
    draws = [
        one(seed, world).uniform(process, month, (size,))[0]
        for seed in (0, 1)
        for world in (0, 1, 10)
        for process in ("a", "b", "1/a")
        for month in (0, 1, 12)
    ]
    correlation = np.corrcoef(draws)
    apart = correlation[np.triu_indices(len(draws), 1)]
    assert np.abs(apart).max() < Z * 1.1 / np.sqrt(size)
    assert abs(np.sqrt((apart**2).mean() * size) - 1.0) < 0.1
    for lag in range(1, 6):  # shifted copies are what poor keys give
        shifted = np.corrcoef([row[lag:] for row in draws], [row[:-lag] for row in draws])
        cross = shifted[: len(draws), len(draws) :]
        assert np.abs(cross).max() < Z * 1.1 / np.sqrt(size)
    assert len({value for row in draws for value in row[:50]}) == 50 * len(draws)


def test_uniform_moments_and_range() -> None:
    values = Noise(11, np.arange(20)).uniform("m", 3, (10_000,)).ravel()
    assert values.min() >= 0.0
    assert values.max() < 1.0
    assert abs(values.mean() - 0.5) < Z * np.sqrt(1 / 12 / values.size)
    assert abs(values.var() - 1 / 12) < Z * np.sqrt(1 / 180 / values.size)
    assert stats.kstest(values, "uniform").pvalue > 1e-6


@pytest.mark.parametrize("worlds", [np.array([-1]), np.array([0.5]), np.array([[1]])])
def test_bad_worlds(worlds: NDArray[Any]) -> None:
    with pytest.raises(ValueError, match="worlds"):
        Noise(1, worlds)


def test_bad_month() -> None:
    with pytest.raises(ValueError, match="month"):
        one(1, 1).uniform("a", -1, (1,))


# --- Poisson --------------------------------------------------------------------------------------------------------

POISSON_MEANS = np.array([0.0, 1e-9, 1e-4, 0.01, 0.3, 1.0, 4.0, 11.9, 30.0, 59.9, 60.1, 250.0, 1000.0, 3e4, 1e6])


def test_poisson_is_scipys_inverse() -> None:
    u, mean = even(4001)[:, None], POISSON_MEANS[None, :]
    assert np.array_equal(poisson(u, mean), np.where(mean > 0, stats.poisson.ppf(u, np.maximum(mean, 1e-300)), 0))


@pytest.mark.parametrize("mean", [1e-6, 0.02, 3.0, 59.0, 61.0, 5000.0])
def test_poisson_far_tails(mean: float) -> None:
    u = np.concatenate([10.0 ** -np.arange(1, 16), 1.0 - 2.0 ** -np.arange(2.0, 54.0)])
    k = poisson(u, mean)
    assert (special.pdtrc(k, mean) <= (1.0 - u) * (1 + 1e-6)).all()  # P(X > k) <= 1 - u
    assert ((k == 0) | (special.pdtrc(k - 1.0, mean) > (1.0 - u) * (1 - 1e-6))).all()
    small = u < 0.5
    assert (special.pdtr(k, mean) >= u * (1 - 1e-9))[small].all()
    assert ((k == 0) | (special.pdtr(k - 1.0, mean) < u * (1 + 1e-9)))[small].all()


@given(units, units, means, means)
@settings(max_examples=500)
def test_poisson_is_monotone(u: float, v: float, a: float, b: float) -> None:
    (u, v), (a, b) = sorted((u, v)), sorted((a, b))
    assert poisson(u, a) <= poisson(v, a) <= poisson(v, b)


@pytest.mark.parametrize("mean", [0.005, 0.7, 20.0, 200.0])
def test_poisson_moments(mean: float) -> None:
    size = 200_000
    k = poisson(one(5, 1).uniform(f"poisson {mean}", 0, (size,))[0], mean)
    fourth = mean * (1 + 3 * mean)  # central
    assert abs(k.mean() - mean) < Z * np.sqrt(mean / size)
    assert abs(k.var() - mean) < Z * np.sqrt((fourth - mean**2) / size)


def test_poisson_monotone_along_a_fine_path() -> None:
    mean = np.concatenate([np.linspace(0, 3, 3001), np.linspace(55, 65, 3001), np.linspace(990, 1010, 3001)])
    assert (np.diff(poisson(even(97)[:, None], mean[None, :]), axis=1) >= 0).all()


# --- binomial -------------------------------------------------------------------------------------------------------

SIZES = np.array([0, 1, 2, 7, 60, 900, 20_000, 1_000_000])
CHANCES = np.array([0.0, 1e-7, 1e-4, 0.01, 0.2, 0.5, 0.51, 0.9, 0.9999, 1.0])


def test_binomial_is_scipys_inverse() -> None:
    u, n, p = np.broadcast_arrays(even(301)[:, None, None], SIZES[None, :, None], CHANCES[None, None, :])
    got, want = binomial(u, n, p), stats.binom.ppf(u, n, p)
    # SciPy forms 1 - p first and so loses digits of tiny p: any difference must be a tie to within 1e-9
    off = got != want
    assert off.mean() < 1e-3
    lower = np.minimum(got, want)[off]
    edge = special.betaincc(lower + 1.0, n[off] - lower, p[off])
    assert np.allclose(edge, u[off], rtol=1e-9)


def exact_least(u: Fraction, n: int, p: Fraction) -> int:
    term, k = (1 - p) ** n, 0
    total = term
    while total < u:
        k += 1
        term = term * (n - k + 1) / k * p / (1 - p)
        total += term
    return k


@given(units, st.integers(0, 40), st.integers(1, 63).map(lambda i: i / 64))
@settings(max_examples=300)
def test_binomial_in_exact_arithmetic(u: float, n: int, p: float) -> None:
    want = exact_least(Fraction(u), n, Fraction(p))
    total = special.betaincc(want + 1.0, n - want, p) if want < n else 1.0
    if abs(total - u) > 1e-14 and abs(total - u) > 1e-10 * (1 - u):
        assert binomial(u, n, p) == want


@given(st.integers(0, 10), units)
def test_binomial_of_nothing_or_certainty(n: int, u: float) -> None:
    assert binomial(u, n, 0.0) == 0 == binomial_hazard(u, n, 0.0)
    assert binomial(u, 0, 0.7) == 0 == binomial_hazard(u, 0, np.inf)
    assert binomial(u, n, 1.0) == n == binomial_hazard(u, n, np.inf)


@given(units, units, sizes, sizes, chances, chances)
@settings(max_examples=1000)
def test_binomial_is_monotone(u: float, v: float, a: int, b: int, p: float, q: float) -> None:
    (u, v), (a, b), (p, q) = sorted((u, v)), sorted((a, b)), sorted((p, q))
    path = [int(binomial(*x)) for x in ((u, a, p), (v, a, p), (v, b, p), (v, b, q))]
    assert path == sorted(path)
    assert path[0] >= 0
    assert path[-1] <= b


@given(units, sizes, st.floats(0, 40), st.floats(0, 40))
@settings(max_examples=500)
def test_hazard_is_monotone_and_agrees(u: float, n: int, a: float, b: float) -> None:
    a, b = sorted((a, b))
    low, high = int(binomial_hazard(u, n, a)), int(binomial_hazard(u, n, b))
    assert 0 <= low <= high <= n


def test_hazard_agrees_with_chance() -> None:
    hazard = np.array([1e-8, 1e-3, 0.1, 0.6, 0.69, 0.7, 2.0, 20.0])
    u, n = even(500)[:, None, None], SIZES[None, :, None]
    got, want = binomial_hazard(u, n, hazard), binomial(u, n, -np.expm1(-hazard))
    assert (got != want).mean() < 1e-3
    assert np.abs(got - want).max() <= 1


def test_tiny_hazard_keeps_its_digits() -> None:
    u = 1.0 - 2.0 ** -np.arange(10.0, 53.0)
    n, hazard = 1_000_000, 1e-12
    k = binomial_hazard(u, n, hazard)
    assert np.array_equal(k, poisson(u, n * hazard))


def test_binomial_strictness_at_exact_ties() -> None:
    u = np.array([0.0, 0.25, 0.25 + 1 / GRID, 0.75, 0.75 + 1 / GRID])
    assert binomial(u, 2, 0.5).tolist() == [0, 0, 1, 1, 2]
    assert binomial(u, 1, 0.75).tolist() == [0, 0, 1, 1, 1]


@pytest.mark.parametrize(("n", "p"), [(50, 1e-4), (40, 0.3), (30, 0.95), (3000, 0.4), (100_000, 0.999)])
def test_binomial_moments(n: int, p: float) -> None:
    size = 100_000
    k = binomial(one(6, 2).uniform(f"binomial {n} {p}", 0, (size,))[0], n, p)
    mean, variance, _, excess = (float(x) for x in stats.binom.stats(n, p, moments="mvsk"))
    assert abs(k.mean() - mean) < Z * np.sqrt(variance / size)
    assert abs(k.var() - variance) < Z * variance * np.sqrt((excess + 2) / size)


# --- rows, types, refusals ------------------------------------------------------------------------------------------


def test_rows_are_bit_stable() -> None:
    """One world's counts do not depend on the rest of the batch, on alignment, or on strides."""
    noise = Noise(8, np.arange(9))
    u = noise.uniform("u", 0, (211,))
    rate = 10.0 ** (noise.uniform("rate", 0, (211,)) * 9 - 5)
    n = (noise.uniform("n", 0, (211,)) * 3000).astype(np.int64)
    p = noise.uniform("p", 0, (211,)) ** 4
    whole = poisson(u, rate), binomial(u, n, p), binomial_hazard(u, n, 3 * p)
    for world in range(9):
        row = slice(world, world + 1)
        assert np.array_equal(poisson(u[row], rate[row]), whole[0][row])
        assert np.array_equal(binomial(u[row], n[row], p[row]), whole[1][row])
        assert np.array_equal(binomial_hazard(u[row], n[row], 3 * p[row]), whole[2][row])
    assert np.array_equal(poisson(u[::-1, ::3], rate[::-1, ::3]), whole[0][::-1, ::3])
    assert np.array_equal(binomial(u.T, n.T, p.T), whole[1].T)


@pytest.mark.parametrize("function", [np.exp, np.expm1, np.log1p], ids=lambda f: f.__name__)
def test_elementary_functions_do_not_depend_on_position(function: Any) -> None:
    """What row stability rests on in this environment: vector lanes and remainders give the same bits."""
    x = -(10.0 ** (one(8, 0).uniform("x", 0, (1003,))[0] * 9 - 8)) if function is not np.log1p else -even(1003) / 2
    whole = function(x)
    for start in range(17):
        for size in (1, 2, 3, 5, 8, 13, 64, 201):
            assert np.array_equal(function(x[start : start + size].copy()), whole[start : start + size])


def test_broadcasting_and_types() -> None:
    u = even(24).reshape(2, 3, 4)
    mean = np.array([0.1, 2.0, 90.0])[:, None]
    full = poisson(u, np.broadcast_to(mean, u.shape).copy())
    assert np.array_equal(poisson(u, mean), full)
    assert full.dtype == np.int64
    assert poisson(u, mean, dtype=np.int32).dtype == np.int32
    assert np.array_equal(binomial(u, np.array([1, 50, 999])[:, None], 0.3)[:, 1], binomial(u[:, 1], 50, 0.3))
    assert poisson(0.5, 3.0).shape == ()
    assert poisson(even(0), 3.0).shape == (0,)
    assert stochastic_round(0.5, 0.7, dtype=np.int32).dtype == np.int32


@pytest.mark.parametrize(
    "call",
    [
        lambda: poisson(0.5, -1.0),
        lambda: poisson(0.5, np.nan),
        lambda: poisson(0.5, np.inf),
        lambda: poisson(1.0, 1.0),
        lambda: binomial(0.5, -1, 0.5),
        lambda: binomial(0.5, 3, 1.1),
        lambda: binomial(0.5, 3, np.nan),
        lambda: binomial_hazard(0.5, 3, -0.1),
        lambda: stochastic_round(0.5, np.nan),
        lambda: systematic_split([1, 2], 4, 0.5),
        lambda: systematic_split([1, -2], 1, 0.5),
        lambda: systematic_split([2**32, 1], 1, 0.5),
        lambda: split_shares(3, [0.0, 0.0], [0.5]),
        lambda: split_shares(3, [0.5, 0.5], [0.5, 0.5]),
        lambda: categorical(0.5, [1.0, -1.0]),
    ],
)
def test_refuses_nonsense(call: Any) -> None:
    with pytest.raises(ValueError, match=r"must|cannot|zero|more than"):
        call()


def test_refuses_fractional_people() -> None:
    with pytest.raises(TypeError, match="n must hold integers"):
        binomial(0.5, 2.5, 0.5)


# --- rounding, dividing, choosing -----------------------------------------------------------------------------------


@given(units, st.floats(-1e9, 1e9))
def test_stochastic_round_brackets(u: float, x: float) -> None:
    k = int(stochastic_round(u, x))
    assert k in (np.floor(x), np.ceil(x))
    assert k == (Fraction(x) + Fraction(u)).__floor__() or abs(u + x - np.floor(x) - 1) < 1e-15


@given(units, units, st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_stochastic_round_is_monotone(u: float, v: float, x: float, y: float) -> None:
    (u, v), (x, y) = sorted((u, v)), sorted((x, y))
    assert stochastic_round(u, x) <= stochastic_round(v, x) <= stochastic_round(v, y)


def test_stochastic_round_is_unbiased() -> None:
    x = np.array([0.0, 0.001, 0.5, 2.25, 7.0, -1.3])
    assert np.allclose(stochastic_round(even(10_000)[:, None], x).mean(0), x, atol=1e-4)


@st.composite
def stocks(draw: st.DrawFn) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    groups, rows = draw(st.integers(1, 6)), draw(st.integers(1, 4))
    size = st.one_of(st.integers(0, 4), st.integers(0, 500_000_000))
    stock = np.array(draw(st.lists(size, min_size=groups * rows, max_size=groups * rows))).reshape(rows, groups)
    n = np.array([draw(st.integers(0, int(total))) for total in stock.sum(-1)])
    return stock, n, np.array([draw(units) for _ in range(rows)])


@given(stocks())
@settings(max_examples=500)
def test_systematic_split_balances(case: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]) -> None:
    stock, n, u = case
    taken = systematic_split(stock, n, u)
    assert taken.dtype == np.int64
    assert taken.shape == stock.shape
    assert (taken.sum(-1) == n).all()
    assert (taken >= 0).all()
    assert (taken <= stock).all()
    for row in range(len(n)):
        for group in range(stock.shape[1]):
            fair = Fraction(int(n[row]) * int(stock[row, group]), max(1, int(stock[row].sum())))
            assert abs(int(taken[row, group]) - fair) < 1
        assert np.array_equal(systematic_split(stock[row], n[row], u[row]), taken[row])


def test_systematic_split_is_proportional() -> None:
    stock, n = np.array([3, 0, 1, 6]), 4
    u = np.arange(10) / 10 + 0.05  # every start r = 0..9 once
    assert np.array_equal(systematic_split(stock, n, u).mean(0), n * stock / 10)


def test_systematic_split_broadcasts() -> None:
    stock = np.array([[5, 5], [1, 9]])
    taken = systematic_split(stock, np.array([[2], [0], [10]]), 0.3)
    assert taken.shape == (3, 2, 2)
    assert np.array_equal(taken[2], stock)
    assert not taken[1].any()


@given(st.lists(st.one_of(st.just(0.0), st.floats(1e-9, 1e9)), min_size=1, max_size=6), sizes, st.data())
@settings(max_examples=300)
def test_split_shares_balances(shares: list[float], n: int, data: st.DataObject) -> None:
    if not any(shares):
        shares[0] = 1.0
    u = [data.draw(units) for _ in shares[1:]]
    given_out = split_shares(n, shares, u)
    assert given_out.sum() == n
    assert (given_out >= 0).all()
    assert not given_out[np.array(shares) == 0.0].any()


def test_split_shares_moments() -> None:
    size, n, shares = 100_000, 30, np.array([0.1, 0.0, 0.6, 0.3])
    u = one(2, 2).uniform("split", 0, (size, 3))[0]
    got = split_shares(np.full(size, n), 7 * shares, u)
    spread = n * (np.diag(shares) - np.outer(shares, shares))
    assert (np.abs(got.mean(0) - n * shares) <= Z * np.sqrt(np.diag(spread) / size)).all()
    limit = Z * np.sqrt(2.2 * np.outer(np.diag(spread), np.diag(spread)) / size)
    assert (np.abs(np.cov(got.T) - spread) <= limit).all()


def test_split_shares_skips_empty_rows() -> None:
    got = split_shares(np.array([0, 5]), np.array([[0.0, 0.0], [1.0, 0.0]]), np.array([[0.5], [0.0]]))
    assert got.tolist() == [[0, 0], [5, 0]]


@given(units, st.lists(st.one_of(st.just(0.0), st.floats(0.0, 1e6)), min_size=1, max_size=8))
@settings(max_examples=500)
def test_categorical_never_chooses_zero_weight(u: float, weights: list[float]) -> None:
    chosen = int(categorical(u, weights))
    assert (chosen == -1) if not any(weights) else weights[chosen] > 0


def test_categorical_is_proportional_and_monotone() -> None:
    weights = np.array([0.0, 2.0, 0.0, 1.0, 5.0, 0.0])
    chosen = categorical(even(8000), weights)
    assert np.bincount(chosen, minlength=6).tolist() == [0, 2000, 0, 1000, 5000, 0]
    assert (np.diff(chosen) >= 0).all()
    assert categorical(np.array([0.0, 1 - 2.0**-53]), weights).tolist() == [1, 4]
    assert categorical(even(3), np.zeros((3, 4))).tolist() == [-1, -1, -1]


def test_a_world_that_stands_twice_in_a_batch_has_one_luck() -> None:
    """In any order and beside others, bit for bit what it has alone."""
    mixed = Noise(7, np.array([5, 2, 5, 9, 2])).uniform("process", 3, (4, 2))
    for row, world in enumerate((5, 2, 5, 9, 2)):
        assert (mixed[row] == Noise(7, np.array([world])).uniform("process", 3, (4, 2))[0]).all()
