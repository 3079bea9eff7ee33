"""Counts from uniforms by inverse distribution functions, and the dividing of counts; scalar and compiled.

A count is the least k with P(X <= k) >= u, so it never falls when `u`, the rate or the number at risk rises, and two
scenarios of one world share their luck.  That holds up to the rounding of the distribution function itself: a pair
could only cross where `u` lies within a few parts in 1e13 of a step.

Most draws are settled by ``u + n p < 1``, without an exponential.  Small means are summed term by term.  Large ones
start from a guess (Cornish and Fisher 1938; normal quantile of Wichura 1988) that is put right by the distribution
function: the tail of a binomial or Poisson count is an integral over the chance or the mean of one saddle-point term
(Loader 2000, "Fast and accurate computation of binomial probabilities"), which has no cancellation anywhere, and is
done by Gauss-Legendre quadrature at the same cost for a mean of three hundred and of 1e12.
"""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from typing import Any

import numpy as np
from numba import float64, int64
from numpy.typing import NDArray

from sim.engine.compiled import distant, rule

Floats = NDArray[np.float64]
Ints = NDArray[np.integer[Any]]

_SUM_MEAN = 300.0
"""Up to this mean the distribution is summed term by term; above it, a guess is corrected."""
_SMALL_HAZARD = 2.0**-6
"""Up to it, the eighth term of an exponential series is lost in rounding."""
_SUM_U = 1.0 - 1e-9
"""Nearer to one than this, a running sum is too coarse and the upper tail decides."""
_MAX_MEAN = 1e12
_EXACT = 2**53
"""Below it every integer is a double."""
_EVEN_HAZARD = math.log(2.0)
"""Hazard at which half of those at risk are struck."""
_MAX_TOTAL = math.isqrt(2**63 - 1) - 1
"""Largest row sum whose square, plus itself, fits an int64."""
_MAX_ROUND = 2.0**62
_MAX_COUNT = 2**62
_MAX_STEP = 2**40
_MAX_FLOAT = float(np.finfo(np.float64).max)


# --- counts ---------------------------------------------------------------------------------------------------------


@rule
def poisson(u: float, mean: float) -> int:
    """Exact inverse Poisson distribution: least k with P(X <= k) >= u.

    Parameters
    ----------
    u : float in [0, 1)
    mean : float in [0, 1e12]

    Returns
    -------
    int64 >= 0.  Never falls as `u` or `mean` rises.
    """
    if mean >= 0.0 and u + mean < 1.0:  # P(X = 0) = exp(-mean) >= 1 - mean
        return 0
    if not 0.0 <= mean <= _MAX_MEAN:
        raise ValueError("mean must lie in [0, 1e12]")
    if not 0.0 <= u < 1.0:
        raise ValueError("u must lie in [0, 1)")
    if mean <= _SUM_MEAN and u < _SUM_U:
        return _poisson_summed(u, mean)
    return _poisson_sought(u, mean)


@rule
def binomial(u: float, n: int, p: float) -> int:
    """Exact inverse binomial distribution: least k with P(X <= k) >= u; n where p is one, whatever u.

    Parameters
    ----------
    u : float in [0, 1)
    n : int >= 0
        Number at risk.
    p : float in [0, 1]
        Chance per trial.

    Returns
    -------
    int64 in [0, n].  Never falls as `u`, `n` or `p` rises.
    """
    if n < 0:
        raise ValueError("n must be >= 0")
    if not 0.0 <= p <= 1.0:
        raise ValueError("p must lie in [0, 1]")
    if u + n * p < 1.0:  # P(X = 0) = (1 - p)**n >= 1 - n p
        return 0
    if not 0.0 <= u < 1.0:
        raise ValueError("u must lie in [0, 1)")
    if n == 1:
        return 0 if p < 1.0 and u <= 1.0 - p else 1
    return _flipped(u, n, 1.0 - p) if p > 0.5 else _unflipped(u, n, p)


@rule
def binomial_hazard(u: float, n: int, hazard: float) -> int:
    """`binomial` with p = 1 - exp(-hazard), without loss of digits for tiny or large hazards.

    Parameters
    ----------
    u : float in [0, 1)
    n : int >= 0
        Number at risk.
    hazard : float >= 0
        Rate times duration; inf means certainty.
    """
    if n < 0:
        raise ValueError("n must be >= 0")
    if not hazard >= 0.0:
        raise ValueError("hazard must be >= 0")
    if n == 0 or u + n * hazard < 1.0:  # P(X = 0) = exp(-hazard n) >= 1 - hazard n
        return 0
    if not 0.0 <= u < 1.0:
        raise ValueError("u must lie in [0, 1)")
    if hazard <= _EVEN_HAZARD and n * hazard <= _SUM_MEAN and u < _SUM_U:
        return _hazard_summed(u, n, hazard)
    p = -math.expm1(-hazard)
    return _flipped(u, n, math.exp(-hazard)) if p > 0.5 else _unflipped(u, n, p)


@rule
def stochastic_round(u: float, x: float) -> int:
    """Integer whose expectation is x, |x| <= 2**62: floor(x + u), u in [0, 1), without loss of digits."""
    if not -_MAX_ROUND <= x <= _MAX_ROUND:
        raise ValueError("x must lie in [-2**62, 2**62]")
    whole = math.floor(x)
    return whole + 1 if u + (x - whole) >= 1.0 else whole


# --- dividing counts ------------------------------------------------------------------------------------------------


@rule
def split(stock: Ints, n: int, u: float, out: Ints) -> None:
    """Take n from a row of stocks, each group in proportion to its size, with one uniform.

    With C the running total of the row and N its sum, group g gives
    floor((n C_g + r) / N) - floor((n C_{g-1} + r) / N), r = floor(u N), in integers: the total is n and no group gives
    more than it has, always.  Each group gives the whole number just below or just above n stock_g / N.

    Parameters
    ----------
    stock : array of int >= 0, shape (G,)
        Sum at most 3.03e9, so that squares fit.
    n : int, 0 <= n <= stock.sum()
    u : float in [0, 1)
    out : array of int, shape (G,)
        What each group gives.
    """
    total = 0
    for g in range(len(stock)):
        if stock[g] < 0:
            raise ValueError("stock must be >= 0")
        total += int(stock[g])
        if total > _MAX_TOTAL:
            raise ValueError("a row holds more than isqrt(2**63 - 1) - 1")
    if n < 0 or n > total:
        raise ValueError("n must be >= 0 and cannot be more than the stock holds")
    if n == 0:
        out[:] = 0
        return
    if not 0.0 <= u < 1.0:
        raise ValueError("u must lie in [0, 1)")
    start = min(int(u * total), total - 1)
    if n == 1:
        _pick(stock, total - start, out)
        return
    held, before = 0, 0
    for g in range(len(stock)):
        out[g] = 0
        if stock[g] > 0:
            held += int(stock[g])
            reach = _quotient(held * int(n) + start, total)
            out[g] = reach - before
            before = reach


@rule
def _pick(stock: Ints, reach: int, out: Ints) -> None:
    """One from the first group up to which as many as `reach` are held, 0 from the others."""
    held = 0
    for g in range(len(stock)):
        before = held
        held += int(stock[g])
        out[g] = 1 if before < reach <= held else 0


@rule
def _quotient(a: int, b: int) -> int:
    """a // b for a >= 0 and b > 0; division of doubles is several times faster than of integers."""
    if a >= _EXACT:
        return a // b
    q = int(float(a) / float(b))
    rest = a - q * b
    return q - 1 if rest < 0 else q + 1 if rest >= b else q


@rule
def _onward(shares: Floats, first: int) -> float:
    """Sum of an option and all after it, from the last on."""
    total = 0.0
    for g in range(len(shares) - 1, first - 1, -1):
        total += shares[g]
    return total


@rule
def multinomial(n: int, shares: Floats, u: Floats, out: Ints) -> None:
    """Divide n over G options by a multinomial draw, option by option (conditional binomials).

    Parameters
    ----------
    n : int >= 0
    shares : array of float >= 0, shape (G,)
        Scaled to sum to one; not all zero if n > 0.
    u : array of float in [0, 1), shape (G - 1,)
    out : array of int, shape (G,)
        Counts that sum to n; options with zero share get none.
    """
    options = len(shares)
    if n < 0:
        raise ValueError("n must be >= 0")
    if len(u) != options - 1:
        raise ValueError("u must have one entry less than shares")
    out[:] = 0
    if n == 0:
        return
    for g in range(options):
        if not 0.0 <= shares[g] <= _MAX_FLOAT / options:
            raise ValueError("shares must be >= 0 and finite")
    if _onward(shares, 0) <= 0.0:
        raise ValueError("shares are all zero where n > 0")
    left = n
    for g in range(options - 1):
        if left > 0 and shares[g] > 0.0:
            given = binomial(u[g], left, shares[g] / _onward(shares, g))
            out[g] = given
            left -= given
    out[options - 1] = left


@rule
def choose(u: float, weights: Floats) -> int:
    """Index drawn in proportion to weights (array of float >= 0), u in [0, 1); -1 where all are zero."""
    if not 0.0 <= u < 1.0:
        raise ValueError("u must lie in [0, 1)")
    total = 0.0
    for weight in weights:
        if not 0.0 <= weight <= _MAX_FLOAT / len(weights):
            raise ValueError("weights must be >= 0 and finite")
        total += weight
    target = min(u * total, np.nextafter(total, 0.0))
    reach = 0.0
    for g in range(len(weights)):
        reach += weights[g]
        if reach > target:
            return g
    return -1


# --- small means: term by term --------------------------------------------------------------------------------------

_RECIPROCALS = 1.0 / np.arange(1.0, 1025.0)
"""Of 1, 2, ...: more than are needed for means up to `_SUM_MEAN` and u below `_SUM_U`."""


@rule
def _least(goal: float, term: float, left: float, odds: float, fewer: float) -> int:
    """Least k at which terms add up to `goal`, from the term of k = 0 on.

    Term k + 1 is term k times (left - fewer k) odds / (k + 1): `left` are those at risk, `fewer` is one; or, for a
    Poisson count, the mean and nought.  Four terms at a time, since a processor would often guess wrong if each decided
    whether to go on.
    """
    if goal <= term:
        return 0
    total, k = term, 0
    while True:
        one = term * (left * odds * _RECIPROCALS[k])
        two = one * ((left - fewer) * odds * _RECIPROCALS[k + 1])
        three = two * ((left - 2.0 * fewer) * odds * _RECIPROCALS[k + 2])
        term = three * ((left - 3.0 * fewer) * odds * _RECIPROCALS[k + 3])
        to_one = total + one
        to_two = to_one + two
        to_three = to_two + three
        total = to_three + term
        k += 4
        left -= 4.0 * fewer
        if goal <= total:
            return k - int(goal <= to_three) - int(goal <= to_two) - int(goal <= to_one)


@rule
def _odds(hazard: float) -> float:
    """exp(hazard) - 1, by as many terms as count where it is small."""
    if hazard > _SMALL_HAZARD:
        return math.expm1(hazard)
    h, square = hazard, hazard * hazard
    return h + square * (1 / 2 + h / 6 + square * (1 / 24 + h / 120 + square * (1 / 720 + h / 5040)))


@rule
def _binomial_summed(goal: float, n: int, p: float) -> int:
    return _least(goal, math.exp(n * math.log1p(-p)), float(n), p / (1.0 - p), 1.0)


@rule
def _rarer(below: float, above: float, n: int, p: float) -> int:
    """Least k with P(X <= k) >= below for a binomial with n p > 0 and p <= 0.5; `above` is 1 - below."""
    if float(n) * p <= _SUM_MEAN and below < _SUM_U:
        return _binomial_summed(below, n, p)
    return _binomial_sought(below, above, n, p)


# --- large means: a guess put right by the distribution function ------------------------------------------------------


@rule
def _binomial_sought(below: float, above: float, n: int, p: float) -> int:
    if n == 1:
        return 1 if p > above else 0
    variance = n * p * (1.0 - p)
    guess = _cornish_fisher(below, above, n * p, variance, 1.0 - 2.0 * p, 1.0 - 6.0 * p * (1.0 - p))
    return _search(below, above, guess, int(n), int(n), p)


@rule
def _search(below: float, above: float, guess: float, limit: int, n: int, rate: float) -> int:
    """Least k in [0, limit] with P(X <= k) >= below, from a guess: doubling steps, then halving.

    X is binomial with n trials of chance `rate`, or Poisson with mean `rate` if n < 0; `above` is 1 - below.
    """
    low, high = -1, limit
    k = int(min(max(guess + 0.5, 0.0), limit - 1.0))
    step = 1
    while high - low > 1:
        if not low < k < high:
            k = low + (high - low) // 2
        if _falls_short(below, above, k, n, rate):
            low = k
            k += step
        else:
            high = k
            k -= step
        step = min(2 * step, _MAX_STEP)
    return high


@rule
def _falls_short(below: float, above: float, k: int, n: int, rate: float) -> bool:
    """Whether P(X <= k) < below, seen from the tail that is small; see `_search`."""
    upper = k + 1 > (rate if n < 0 else n * rate)
    tail = _tail(k, n, rate, upper)
    return tail > above if upper else tail < below


@rule
def _tail(k: int, n: int, rate: float, upper: bool) -> float:
    """P(X > k) if upper, else P(X <= k); see `_search`.  For n != 1 and rate <= 0.5 if n >= 0.

    P(X <= k) is the integral over the mean m of exp(-m) m**k / k! from `rate` on, P(X > k) that up to `rate`; and for a
    binomial the same integrals over n t, of the chance of k successes in n - 1 trials of chance t.
    """
    x = float(k)
    if n < 0:
        return _integral(x, math.inf, rate, math.inf, x - rate, upper) / _stirling(x)
    trials = float(n - 1)
    rest = trials - x
    mean, error = _product(trials, rate)
    scale = _stirling(trials) / _stirling(x) / _stirling(rest) * (n / trials)
    return scale * _integral(x, rest, mean, trials - mean, (x - mean) - error, upper)


# --- saddle-point terms and their integrals ---------------------------------------------------------------------------


def _legendre(count: int) -> tuple[Floats, Floats]:
    """Nodes in (0, 1) and weights, summing to one, of Gauss-Legendre quadrature; correctly rounded."""
    nodes, weights = np.empty(count), np.empty(count)
    with localcontext() as context:
        context.prec = 40
        for i in range(count):
            x = Decimal(math.cos(math.pi * (i + 0.75) / (count + 0.5)))
            for _ in range(6):  # Newton; more than enough for 40 digits
                now, last = x, Decimal(1)
                for degree in range(2, count + 1):
                    now, last = ((2 * degree - 1) * x * now - (degree - 1) * last) / degree, now
                slope = count * (x * now - last) / (x * x - 1)
                x -= now / slope
            nodes[i], weights[i] = float((1 + x) / 2), float(1 / ((1 - x * x) * slope * slope))
    return nodes, weights


_NODES, _WEIGHTS = _legendre(28)
"""Enough for 1e-14 of half a normal curve, and of its tails."""
_FADE = 37.0
"""An integrand that has lost a factor exp(37) = 1e16 against its edge is over."""
_FACTORIALS = np.array([math.factorial(x) / max(1, x**x) * math.exp(x) for x in range(16)])
"""`_stirling` of 0 to 15."""


@rule
def _stirling(x: float) -> float:
    """x! over (x / e)**x, for integers x >= 0, from Stirling's series where that has all digits (Loader 2000)."""
    if x < len(_FACTORIALS):
        return _FACTORIALS[int(x)]
    y = 1.0 / (x * x)
    series = (1 / 12 - y * (1 / 360 - y * (1 / 1260 - y * (1 / 1680 - y / 1188)))) / x
    return math.sqrt(2.0 * math.pi * x) * math.exp(series)


@rule
def _deviance(x: float, mean: float, gap: float) -> float:
    """x log(x / mean) - x + mean, with gap = x - mean known to all its digits (`bd0` of Loader 2000)."""
    if x == 0.0:
        return mean
    if x == math.inf:
        return 0.0
    v = gap / (x + mean)
    if not abs(v) <= 0.2:
        return x * math.log(x / mean) - gap
    total, term, divisor = gap * v, 2.0 * x * v, 1.0
    while True:
        term *= v * v
        divisor += 2.0
        following = total + term / divisor
        if following == total:
            return total
        total = following


@rule
def _deviances(x: float, rest: float, mean: float, other: float, gap: float, y: float) -> float:
    """Less the log of the saddle-point term of x successes and `rest` failures, y to the right of their means."""
    return _deviance(x, mean + y, gap - y) + _deviance(rest, other - y, y - gap)


@rule
def _integral(x: float, rest: float, mean: float, other: float, gap: float, upper: bool) -> float:
    """Integral of the saddle-point term of x and `rest` over their mean: from `mean` up, or down if `upper`.

    `mean` and `other` are the means of x and `rest`, gap = x - mean = other - rest; `rest` and `other` are inf for a
    Poisson count.  The integrand must fall all the way from its edge, or nearly so.
    """
    reach, side = (mean, -1.0) if upper else (other, 1.0)
    # As far as a normal curve goes on, or further
    spread = 2.0 * _FADE * mean / (1.0 + mean / other)
    width = min(spread / (abs(gap) + math.sqrt(gap * gap + spread)), reach)
    edge = _deviances(x, rest, mean, other, gap, 0.0)
    while width < reach and _deviances(x, rest, mean, other, gap, side * width) - edge < _FADE:
        width = min(1.25 * width, reach)
    total = 0.0
    for i in range(len(_NODES)):
        total += _WEIGHTS[i] * math.exp(-_deviances(x, rest, mean, other, gap, side * width * _NODES[i]))
    return width * total


@rule
def _product(a: float, b: float) -> tuple[float, float]:
    """a b rounded, and the exact error of that (Dekker 1971)."""
    product = a * b
    a_high, a_low = _halves(a)
    b_high, b_low = _halves(b)
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


@rule
def _halves(a: float) -> tuple[float, float]:
    """Two numbers of at most 26 bits that sum to a (Veltkamp)."""
    wide = a * 134217729.0  # 2**27 + 1
    high = wide - (wide - a)
    return high, a - high


# --- the guess --------------------------------------------------------------------------------------------------------


@rule
def _normal_quantile(below: float, above: float) -> float:
    """Inverse of the normal distribution function at `below` = 1 - above, to seven digits.

    PPND7 of Wichura 1988, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37.
    """
    q = 0.5 * (below - above)
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        top = ((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179
        return q * top / (((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1.0)
    r = math.sqrt(-math.log(max(min(below, above), 1e-300)))
    if r <= 5.0:
        r -= 1.6
        top = ((0.17023821103 * r + 1.3067284816) * r + 2.7568153900) * r + 1.4234372777
        z = top / ((0.12021131975 * r + 0.73700164250) * r + 1.0)
    else:
        r -= 5.0
        top = ((0.017337203997 * r + 0.42868294337) * r + 3.0812263860) * r + 6.6579051150
        z = top / ((0.012258202635 * r + 0.24197894225) * r + 1.0)
    return z if q > 0.0 else -z


@rule
def _cornish_fisher(below: float, above: float, mean: float, variance: float, third: float, fourth: float) -> float:
    """Approximate inverse distribution function of a count, by its cumulants (Cornish and Fisher 1938).

    `third` and `fourth` are the third and fourth cumulant over the variance: one for a Poisson count.
    """
    if variance < 1.0:
        return mean  # too lumpy for a series around the normal curve
    deviation = math.sqrt(variance)
    skew, kurtosis = third / deviation, fourth / variance
    z = min(max(_normal_quantile(below, above), -9.0), 9.0)
    w = z + (z * z - 1.0) * skew / 6.0 + z * (z * z - 3.0) * kurtosis / 24.0 - z * (2.0 * z * z - 5.0) * skew**2 / 36.0
    return mean + deviation * w


# --- compiled once and called from afar ------------------------------------------------------------------------------


@distant(int64, float64, float64)
def _poisson_summed(goal: float, mean: float) -> int:
    return _least(goal, math.exp(-mean), mean, 1.0, 0.0)


@distant(int64, float64, int64, float64)
def _unflipped(u: float, n: int, p: float) -> int:
    """Inverse binomial for p <= 0.5 and n p > 0."""
    return _rarer(u, 1.0 - u, n, p)


@distant(int64, float64, int64, float64)
def _flipped(u: float, n: int, p: float) -> int:
    """Inverse binomial for a chance of failure p < 0.5, by counting failures.

    With j = n - k, the least k with P(K <= k) >= u is n less the least j with P(J <= j) > 1 - u; and 1 - u is exact for
    generated uniforms, which are multiples of 2**-53.
    """
    if p == 0.0:
        return n
    if u == 0.0:
        return 0
    return n - _rarer(np.nextafter(1.0 - u, 2.0), np.nextafter(u, -1.0), n, p)  # "> x" is ">= the number after x"


@distant(int64, float64, float64)
def _poisson_sought(u: float, mean: float) -> int:
    guess = _cornish_fisher(u, 1.0 - u, mean, mean, 1.0, 1.0)
    return _search(u, 1.0 - u, guess, _MAX_COUNT, -1, mean)


@rule
def _hazard_summed(goal: float, n: int, hazard: float) -> int:
    """As `_binomial_summed` with p = 1 - exp(-hazard): the chance of none is exp(-n hazard), the odds e^hazard - 1."""
    return _least(goal, math.exp(-n * hazard), float(n), _odds(hazard), 1.0)
