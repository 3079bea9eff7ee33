"""Statistics of paired differences keep their promises, with and without looking often."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from sim.runs.variants import Variant, run_variants, totals
from sim.studies.compare import paired
from sim.studies.compare.comparison import looks
from tests.small import scenario

SEES = tuple(after for _, after in looks(800))


def seen(runs: int, higher: float, ties: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Worlds lower and higher at each look, (runs, looks), where an untied world is higher with a given chance."""
    luck = np.random.default_rng(seed)
    untied = luck.random((runs, SEES[-1])) >= ties
    up = luck.random(untied.shape) < higher
    at = np.array(SEES) - 1
    return (untied & ~up).cumsum(axis=1)[:, at], (untied & up).cumsum(axis=1)[:, at]


def ever(decided: np.ndarray) -> int:
    return int(decided.any(axis=1).sum())


def test_the_sign_test_is_the_exact_binomial_test() -> None:
    for lower, higher in [(0, 0), (0, 5), (3, 9), (9, 3), (10, 10), (40, 61)]:
        want = stats.binomtest(lower, lower + higher).pvalue if lower + higher else 1.0
        assert paired.sign_p(lower, higher) == pytest.approx(want, abs=1e-12)


def test_looking_often_at_no_effect_decides_in_at_most_one_run_of_twenty() -> None:
    runs = 4000
    for ties in (0.0, 0.3):
        evidence = paired.log_evidence(*seen(runs, 0.5, ties, seed=3))
        false = ever(evidence >= math.log(1 / paired.LEVEL))
        assert paired.share_interval(false, runs)[1] <= paired.LEVEL
        assert false > 0  # a test that never decides would pass as well


def test_looking_after_every_world_at_no_effect_decides_in_at_most_one_run_of_twenty() -> None:
    runs, up = 4000, np.random.default_rng(4).random((4000, 300)) < 0.5
    higher = up.cumsum(axis=1)
    false = ever(paired.log_evidence(np.arange(1, 301) - higher, higher) >= math.log(1 / paired.LEVEL))
    assert paired.share_interval(false, runs)[1] <= paired.LEVEL


def test_a_plain_sign_test_would_be_fooled_by_looking_often() -> None:
    false = ever(paired.sign_p(*seen(4000, 0.5, 0.0, seed=3)) < paired.LEVEL)
    assert paired.share_interval(false, 4000)[0] > paired.LEVEL


def test_an_effect_is_decided_the_right_way_and_sooner_if_larger() -> None:
    when = []
    for share in (0.7, 0.9):
        lower, higher = seen(500, share, 0.3, seed=5)
        decided = paired.log_evidence(lower, higher) >= math.log(1 / paired.LEVEL)
        assert paired.share_interval(ever(decided), 500)[0] > 0.95
        first = decided.argmax(axis=1)
        right = (higher > lower)[np.arange(500), first]
        assert paired.share_interval(int(right.sum()), 500)[0] > 0.95
        when.append(np.array(SEES)[first].mean())
    assert when[1] < when[0]


def test_evidence_is_a_mean_of_one_without_an_effect() -> None:
    """Its mean over all outcomes of n fair worlds is one, which is what makes it evidence."""
    for n in (1, 7, 60):
        k = np.arange(n + 1)
        assert np.exp(paired.log_evidence(n - k, k)) @ stats.binom.pmf(k, n, 0.5) == pytest.approx(1, rel=1e-9)


@pytest.mark.parametrize("n", [6, 20, 101])
def test_the_interval_of_the_median_covers_as_often_as_it_says(n: int) -> None:
    runs, values = 4000, np.random.default_rng(n).lognormal(0, 2, (4000, n))
    hits = sum(low <= 1 <= high for _, low, high in map(paired.median_interval, values))
    exact = 1 - 2 * stats.binom.cdf(paired.median_rank(n) - 1, n, 0.5)
    assert exact >= 0.95
    assert abs(hits - runs * exact) <= 5 * math.sqrt(runs * exact * (1 - exact))
    k = paired.median_rank(n) + 1  # one rank further in would promise too much
    assert 1 - 2 * stats.binom.cdf(k - 1, n, 0.5) < 0.95


def test_the_always_valid_interval_covers_at_every_look_together() -> None:
    runs, values = 1000, np.random.default_rng(8).lognormal(0, 2, (1000, SEES[-1]))
    missed = np.zeros(runs, dtype=bool)
    for n in SEES:
        k = paired.median_rank(n, always_valid=True)
        assert 0 < k < paired.median_rank(n)
        ordered = np.sort(values[:, :n], axis=1)
        missed |= (ordered[:, k - 1] > 1) | (ordered[:, -k] < 1)
    assert paired.share_interval(int(missed.sum()), runs)[1] <= paired.LEVEL


def test_too_few_worlds_have_no_interval() -> None:
    assert paired.median_interval(np.arange(5.0))[0] == 2
    assert math.isnan(paired.median_interval(np.arange(5.0))[1])
    assert not math.isnan(paired.median_interval(np.arange(6.0))[1])
    assert math.isnan(paired.mean_interval(np.array([3.0]))[2])
    assert all(map(math.isnan, paired.median_interval(np.array([]))))


def test_the_interval_of_the_mean_is_the_t_interval() -> None:
    values = np.random.default_rng(1).normal(3, 2, 30)
    want = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert paired.mean_interval(values) == pytest.approx((values.mean(), want.low, want.high))


def test_the_interval_of_a_share_is_exact() -> None:
    for count, n in [(0, 10), (3, 10), (10, 10)]:
        want = stats.binomtest(count, n).proportion_ci(0.95, method="exact")
        assert paired.share_interval(count, n) == pytest.approx((want.low, want.high))


@pytest.mark.parametrize(("lower", "higher", "n"), [(12, 8, 20), (30, 20, 100), (54, 46, 100), (4, 6, 40)])
def test_with_the_worlds_needed_the_sign_test_decides_in_four_of_five_runs(lower: int, higher: int, n: int) -> None:
    needed = int(paired.worlds_needed(lower, higher, n).replace(",", ""))
    luck = np.random.default_rng(2)
    untied = luck.binomial(needed, (lower + higher) / n, 4000)
    up = luck.binomial(untied, higher / (lower + higher))
    power = float((paired.sign_p(untied - up, up) < paired.LEVEL).mean())
    # Rounding the worlds up raises it a little; the exact test's steps lower it a little.
    assert 0.73 < power < 0.88
    assert needed > n


def test_worlds_needed_are_capped_and_always_more_than_there_are() -> None:
    assert paired.worlds_needed(50, 50, 100) == paired.worlds_needed(0, 0, 100) == paired.BEYOND
    assert paired.worlds_needed(501, 499, 1000) == paired.BEYOND
    assert paired.worlds_needed(5, 0, 5) == paired.worlds_needed(1, 0, 1) == str(paired.FEWEST)
    assert paired.worlds_needed(4, 0, 5) == "8"
    assert paired.sign_p(paired.FEWEST, 0) < paired.LEVEL < paired.sign_p(paired.FEWEST - 1, 0)
    assert paired.rounded_up(1201) == "1,300"
    assert paired.rounded_up(85.0) == "85"


@pytest.mark.parametrize(("higher", "n", "needed"), [(5, 50, "60"), (3, 20, "40"), (4, 5, "8"), (1, 50, "300")])
def test_six_of_the_worlds_needed_are_expected_to_differ(higher: int, n: int, needed: str) -> None:
    """Worlds that are the same in both decide nothing, however many there are."""
    assert paired.worlds_needed(0, higher, n) == paired.worlds_needed(higher, 0, n) == needed
    assert int(needed) * higher / n >= paired.FEWEST


def test_with_the_worlds_needed_the_evidence_suffices() -> None:
    for lower, higher, n, wanted in [(30, 20, 50, 20.0), (55, 45, 100, 300.0), (3, 9, 50, 20.0)]:
        needed = int(paired.worlds_needed_always(lower, higher, n, wanted).replace(",", ""))
        evidence = [paired.log_evidence(x * lower / n, x * higher / n) for x in (needed, 0.9 * needed)]
        assert evidence[0] >= math.log(wanted) > evidence[1]
    assert paired.worlds_needed_always(50, 50, 100, 20) == paired.BEYOND
    assert paired.worlds_needed_always(505, 495, 1000, 20) == paired.BEYOND


def test_the_engine_without_an_effect_is_decided_as_seldom_as_promised() -> None:
    """The same scenario with other luck: twenty groups of 25 pairs are twenty tests without an effect."""
    names = ("departures", "attacks", "recruits")
    runs = run_variants([Variant(scenario(seed=seed), np.arange(500)) for seed in (1, 2)], names, jobs=1)
    difference = totals(runs[1])[:, :, -1] - totals(runs[0])[:, :, -1]
    for own in difference.reshape(len(names), 20, 25):
        lower, higher, _ = paired.counts(own.T)
        assert (lower + higher).mean() > 10  # there is something to decide about
        p, evidence = paired.sign_p(lower, higher), paired.log_evidence(lower, higher)
        most = stats.binom.ppf(1 - 5e-5, 20, paired.LEVEL)  # exceeded at 5 % each less than once in 20,000 times
        assert (p < paired.LEVEL).sum() <= most
        assert (evidence >= math.log(1 / paired.LEVEL)).sum() <= most
