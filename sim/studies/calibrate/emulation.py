"""Emulators of noisy simulations, implausibility and likelihood: the statistics of the calibration.

A simulation at point x gives, for each target, a number drawn from a distribution that depends on x; sometimes none,
where the thing did not happen in that world. An emulator says, for any x, the mean of that distribution, how unsure
this mean is (emulator variance), the spread by luck (luck variance) and the chance that the thing happens at all.

Andrianakis et al. 2015 (history matching of stochastic models), Vernon et al. 2010 (implausibility, waves).
All points lie in the unit cube of the prior.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Z90 = 1.645
MISSED = 3.0  # a thing that did not happen counts as missed by this many standard deviations
MISFIT = math.exp(-8.0)  # least likelihood of a target: one that the model cannot meet must not rule all others
FOLDS = 5
FEW = 30  # fewer simulations than this carry no emulator
GAIN = 0.01  # a richer emulator must beat the quadratic one by this much skill
_TUNED_ON = 200  # points that the lengths of a process are tuned on; of six targets none lost 0.005 of R2 against 400
_EPSILON = 0.01
_TREES: dict[str, Any] = {"learning_rate": 0.1, "max_leaf_nodes": 8, "min_samples_leaf": 20, "l2_regularization": 1.0}


@dataclass(frozen=True)
class Goal:
    """What is aimed at for one target, on its own scale.

    ``centre`` and ``observed`` (standard deviation) describe the record, ``discrepancy`` the model's own error.
    ``weight`` is one over the number of fitted targets that state the same fact, ``offset`` what the logarithm adds
    so that nothing at all has one too, ``half`` half the observed range.
    """

    id: str
    group: str
    scale: str
    centre: float
    observed: float
    discrepancy: float
    weight: float = 1.0
    offset: float = 1.0
    half: float = 1.0

    @property
    def variance(self) -> float:
        return self.observed**2 + self.discrepancy**2

    def scaled(self, values: Any) -> np.ndarray:
        """Values on the goal's scale."""
        return transformed(values, self.scale, self.offset)

    def place(self, values: Any) -> np.ndarray:
        """Where values lie: -1 and 1 are the ends of the observed range."""
        return (self.scaled(values) - self.centre) / self.half


def transformed(values: Any, scale: str, offset: float = 1.0) -> np.ndarray:
    """Values on the scale on which errors add: log(y + offset), smoothed log-odds, or as they are; NaN stays NaN."""
    y = np.asarray(values, dtype=float)
    y = np.where(np.isfinite(y), y, np.nan)
    if scale == "log":
        return np.asarray(np.log(np.maximum(y, 0.0) + offset))
    if scale == "share":
        smooth = _EPSILON + (1 - 2 * _EPSILON) * np.clip(y, 0, 1)
        return np.asarray(np.log(smooth / (1 - smooth)))
    return y


def scale_of(target: Any) -> str:
    """The scale on which a target is compared."""
    return "probability" if target.kind == "probability" else str(target.scale)


def widened(low: float, high: float, scale: str, point_months: float) -> tuple[float, float]:
    """The range that stands for a point: a factor of three overall, or some months either way."""
    middle = (low + high) / 2
    if scale == "months":
        return middle - point_months, middle + point_months
    if scale == "share":
        odds = (middle + _EPSILON) / (1 - middle + _EPSILON)
        return tuple(o / (1 + o) for o in (odds / math.sqrt(3), odds * math.sqrt(3)))  # type: ignore[return-value]
    if scale == "probability":
        return low, high
    ends = sorted((middle / math.sqrt(3), middle * math.sqrt(3)))
    return ends[0], ends[1]


def goal_of(target: Any, rules: Mapping[str, Any], weight: float = 1.0) -> Goal:
    """The goal of one target: its range read as a 90 % interval on its scale, with floors."""
    scale = scale_of(target)
    low, high = float(target.low), float(target.high)
    if target.kind == "point" or low == high:
        low, high = widened(low, high, scale, float(rules["point_months"]))
    offset = min(1.0, low / 4) if scale == "log" and low > 0 else 1.0
    a, b = (float(transformed(v, scale, offset)) for v in (low, high))
    half = (b - a) / 2
    tolerance = rules["tolerance"][scale]
    unit = (half or 1.0) if scale == "linear" else 1.0
    return Goal(target.id, target.group, scale, (a + b) / 2, max(half / Z90, unit * tolerance["floor"]),
                unit * tolerance["discrepancy"], weight, offset, max(half, unit * tolerance["floor"]))


def goals_of(targets: Sequence[Any], rules: Mapping[str, Any]) -> list[Goal]:
    """Goals of the fitted targets; rows that state the same fact share its weight."""
    size: dict[str, int] = {}
    for target in targets:
        size[target.group] = size.get(target.group, 0) + 1
    return [goal_of(target, rules, 1.0 / size[target.group]) for target in targets]


# --- emulators ------------------------------------------------------------------------------------------------------


@dataclass
class Guess:
    """Emulated distributions at n points for T targets, each (n, T), on the targets' own scales."""

    mean: np.ndarray
    unsure: np.ndarray  # emulator variance
    luck: np.ndarray  # variance between worlds of one point
    chance: np.ndarray  # that the target is defined
    chance_unsure: np.ndarray  # variance of that chance


class Quadratic:
    """Bayesian ridge regression on all first and second powers and products."""

    def __init__(self, x: np.ndarray, y: np.ndarray):
        from sklearn.linear_model import BayesianRidge

        features = powers(x)
        self.centre = features.mean(axis=0)
        fit = BayesianRidge(max_iter=100, tol=1e-3).fit(features - self.centre, y)
        self.weights, self.offset, self.spread = fit.coef_, fit.intercept_, fit.sigma_
        self.least = 1.0 / fit.alpha_ / len(y)  # of the intercept

    def predict(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and emulator variance."""
        features = powers_of(x) - self.centre
        return features @ self.weights + self.offset, (features @ self.spread * features).sum(axis=1) + self.least


class Process:
    """A quadratic surface plus a Gaussian process on what it leaves over (at most ``most`` points)."""

    def __init__(self, x: np.ndarray, y: np.ndarray, seed: int, kernel: Any = None, most: int = 600):
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

        self.surface = Quadratic(x, y)
        rest = y - self.surface.predict(x)[0]
        self.scale = max(float(rest.std()), 1e-12)
        keep = np.random.default_rng(seed).permutation(len(y))[:most]
        tune = kernel is None
        if tune:
            kernel = (ConstantKernel(0.3, (1e-3, 10.0)) * RBF(np.full(x.shape[1], 2.0), (0.2, 30.0))
                      + WhiteKernel(0.7, (1e-4, 2.0)))
            keep = keep[:_TUNED_ON]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.fit = GaussianProcessRegressor(kernel, alpha=1e-8, optimizer=_few_steps if tune else None,
                                                random_state=seed).fit(2 * x[keep] - 1, rest[keep] / self.scale)
        self.noise = float(self.fit.kernel_.k2.noise_level)

    @property
    def kernel(self) -> Any:
        return self.fit.kernel_

    def predict(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and emulator variance."""
        mean, _ = self.surface.predict(x)
        more, sd = self.fit.predict(2 * x - 1, return_std=True)
        return mean + self.scale * more, np.maximum(sd**2 - self.noise, 1e-6) * self.scale**2


def _few_steps(objective: Any, start: np.ndarray, bounds: np.ndarray) -> tuple[np.ndarray, float]:
    from scipy.optimize import minimize

    found = minimize(objective, start, method="L-BFGS-B", jac=True, bounds=bounds, options={"maxiter": 20})
    return found.x, float(found.fun)


class Boosted:
    """Gradient-boosted trees; the emulator variance is the mean disagreement of the folds' models (jackknife)."""

    def __init__(self, model: Any, unsure: float):
        self.model, self.unsure = model, unsure

    def predict(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and emulator variance."""
        return self.model.predict(x), np.full(len(x), self.unsure)


def disagreement(each: Sequence[np.ndarray]) -> float:
    """Jackknife variance of predictions by the folds' models at the same points, averaged over the points."""
    return float(np.stack(each).var(axis=0).mean() * (len(each) - 1))


class Flat:
    """The same everywhere."""

    def __init__(self, mean: float, unsure: float):
        self.mean, self.unsure = mean, unsure

    def predict(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and emulator variance."""
        return np.full(len(x), self.mean), np.full(len(x), self.unsure)


class Logistic:
    """Chance of an event: penalised logistic regression on first and second powers, one per fold."""

    def __init__(self, weights: np.ndarray, offsets: np.ndarray):
        self.weights, self.offsets = weights, offsets

    def predict(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Chance and its emulator variance."""
        each = 1 / (1 + np.exp(-(powers_of(x) @ self.weights.T + self.offsets)))
        return each.mean(axis=1), each.var(axis=1) * (each.shape[1] - 1)


class BoostedChance(Boosted):
    """As `Boosted`, for the chance of an event."""

    def predict(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Chance and its emulator variance."""
        return self.model.predict_proba(x)[:, 1], np.full(len(x), self.unsure)


def powers(x: np.ndarray) -> np.ndarray:
    """First powers, squares and products of centred coordinates, (n, d + d (d + 1) / 2)."""
    z = 2 * np.asarray(x) - 1
    first, second = np.triu_indices(z.shape[1])
    return np.concatenate([z, z[:, first] * z[:, second]], axis=1)


_kept: tuple[Any, np.ndarray] = (None, np.empty(0))


def powers_of(x: np.ndarray) -> np.ndarray:
    """`powers`, kept for the next emulator that asks for the same array."""
    global _kept
    if _kept[0] is not x:
        _kept = (x, powers(x))
    return _kept[1]


@dataclass
class Emulator:
    """Emulator of one target.

    ``kind`` is the form chosen by cross-validation, ``skill`` its R2 against single worlds (luck included, so it
    cannot reach one); for chances the Brier skill.
    """

    kind: str
    skill: float
    surface: Any
    luck: np.ndarray | None  # log variance = luck . (1, x, f, f**2), None for probabilities
    luck_range: tuple[float, float]
    f_scale: tuple[float, float]
    chance: Any
    chance_kind: str
    worlds: int

    def predict(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        """Mean, emulator variance, luck variance, chance of being defined and its emulator variance, each (n,)."""
        mean, unsure = self.surface.predict(x)
        luck = np.zeros(len(x)) if self.luck is None else np.exp(np.clip(
            _luck_features(x, mean, self.f_scale) @ self.luck, *np.log(self.luck_range)))
        if self.chance is None:
            return mean, unsure, luck, np.ones(len(x)), np.zeros(len(x))
        return (mean, unsure, luck, *self.chance.predict(x))


def _luck_features(x: np.ndarray, f: np.ndarray, f_scale: tuple[float, float]) -> np.ndarray:
    z = np.clip((f - f_scale[0]) / f_scale[1], -3, 3)
    return np.column_stack([np.ones(len(x)), 2 * x - 1, z, z * z])


def fit_emulator(x: np.ndarray, y: np.ndarray, goal: Goal, seed: int) -> Emulator:
    """Emulator of one target from single worlds.

    Parameters
    ----------
    x : (n, d) points in the unit cube
    y : (n,) the target on its own scale, NaN where undefined (0 or 1 for probabilities)
    goal : Goal
    seed : int
    """
    known = np.isfinite(y)
    if goal.scale == "probability":
        return _probability_emulator(x[known], y[known], seed)
    chance, chance_kind = (None, "") if known.all() else _fit_chance(x, known.astype(float), seed)[:2]
    x, y = x[known], y[known]
    wide = max(float(y.var()) if len(y) > 1 else 0.0, 1e-12)
    if len(y) < FEW or y.std() < 1e-9:
        centre = float(y.mean()) if len(y) else goal.centre
        wide = max(wide, 0.0 if len(y) >= FEW else goal.variance)
        return Emulator("constant", 0.0, Flat(centre, wide / max(1, len(y))), _constant_luck(x.shape[1], wide),
                        (wide, wide), (centre, 1.0), chance, chance_kind, len(y))
    kind, skill, surface, out = _best_surface(x, y, seed)
    luck, limits, f_scale = _fit_luck(x, y, out)
    return Emulator(kind, skill, surface, luck, limits, f_scale, chance, chance_kind, len(y))


def _constant_luck(d: int, variance: float) -> np.ndarray:
    return np.concatenate([[math.log(variance)], np.zeros(d + 2)])


def _folds(n: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    from sklearn.model_selection import KFold

    return list(KFold(FOLDS, shuffle=True, random_state=seed % 2**32).split(np.arange(n)))


def _best_surface(x: np.ndarray, y: np.ndarray, seed: int) -> tuple[str, float, Any, np.ndarray]:
    """Form with the best cross-validated R2: its name, R2, the fit on all points and its out-of-fold predictions."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    seed %= 2**32
    folds = _folds(len(y), seed)
    full = Process(x, y, seed)
    out = {kind: np.empty(len(y)) for kind in ("quadratic", "process", "boosted")}
    trees: list[Any] = []
    for train, test in folds:
        out["quadratic"][test] = Quadratic(x[train], y[train]).predict(x[test])[0]
        out["process"][test] = Process(x[train], y[train], seed, full.kernel).predict(x[test])[0]
        trees.append(HistGradientBoostingRegressor(**_TREES, max_iter=90, random_state=seed).fit(x[train], y[train]))
        out["boosted"][test] = trees[-1].predict(x[test])
    skill = {kind: 1 - float(((y - p) ** 2).mean() / y.var()) for kind, p in out.items()}
    best = max(skill, key=lambda kind: skill[kind] - (0 if kind == "quadratic" else GAIN))
    if skill[best] <= 0:  # nothing was learned: the mean
        return "constant", 0.0, Flat(float(y.mean()), float(y.var()) / len(y)), np.full(len(y), y.mean())
    surface = {"quadratic": lambda: Quadratic(x, y), "process": lambda: Process(x, y, seed, full.kernel),
               "boosted": lambda: Boosted(
                   HistGradientBoostingRegressor(**_TREES, max_iter=90, random_state=seed).fit(x, y),
                   disagreement([tree.predict(x) for tree in trees]))}[best]()
    return best, skill[best], surface, out[best]


def _fit_luck(x: np.ndarray, y: np.ndarray, out: np.ndarray) -> tuple[np.ndarray, tuple[float, float],
                                                                      tuple[float, float]]:
    """Variance between worlds as a log-linear function of place and mean, from squared out-of-fold errors."""
    from sklearn.linear_model import GammaRegressor

    square = (y - out) ** 2
    wide = max(float(square.mean()), 1e-12)
    f_scale = (float(out.mean()), max(float(out.std()), 1e-9))
    features = _luck_features(x, out, f_scale)[:, 1:]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = GammaRegressor(alpha=1.0, max_iter=100).fit(features, np.maximum(square / wide, 1e-6))
    weights = np.concatenate([[fit.intercept_ + math.log(wide)], fit.coef_])
    return weights, (wide / 20, wide * 20), f_scale


def _probability_emulator(x: np.ndarray, y: np.ndarray, seed: int) -> Emulator:
    surface, kind, skill = _fit_chance(x, y, seed)
    return Emulator(kind, skill, surface, None, (1.0, 1.0), (0.0, 1.0), None, "", len(y))


def _fit_chance(x: np.ndarray, happened: np.ndarray, seed: int) -> tuple[Any, str, float]:
    """Chance that something happens as a function of place; form and strength by cross-validated log loss."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression

    n, k = len(happened), float(happened.sum())
    share = (k + 0.5) / (n + 1)
    if min(k, n - k) < 10 or n < FEW:
        return Flat(share, share * (1 - share) / (n + 2)), "constant", 0.0
    event = happened > 0.5
    folds = _folds(n, seed)
    features = powers(x)
    fits: dict[str, list[Any]] = {}
    loss: dict[str, float] = {}
    out: dict[str, np.ndarray] = {}
    for strength in (0.003, 0.03, 0.3):
        name = f"logistic {strength}"
        fits[name], out[name] = [], np.empty(n)
        for train, test in folds:
            fit = LogisticRegression(C=strength, max_iter=300).fit(features[train], event[train])
            fits[name].append(fit)
            out[name][test] = fit.predict_proba(features[test])[:, 1]
    fits["boosted"], out["boosted"] = [], np.empty(n)
    for train, test in folds:
        fit = HistGradientBoostingClassifier(**_TREES, max_iter=60, random_state=seed % 2**32)
        fits["boosted"].append(fit.fit(x[train], event[train]))
        out["boosted"][test] = fit.predict_proba(x[test])[:, 1]
    for name, p in out.items():
        p = np.clip(p, 1e-4, 1 - 1e-4)
        loss[name] = -float(np.log(np.where(event, p, 1 - p)).mean())
    best = min(loss, key=lambda name: loss[name])
    skill = 1 - float(((out[best] - event) ** 2).mean() / event.var())
    if skill <= 0:
        return Flat(share, share * (1 - share) / (n + 2)), "constant", 0.0
    if best == "boosted":
        whole = HistGradientBoostingClassifier(**_TREES, max_iter=60, random_state=seed % 2**32).fit(x, event)
        return BoostedChance(whole, disagreement([f.predict_proba(x)[:, 1] for f in fits[best]])), "boosted", skill
    return Logistic(np.stack([f.coef_[0] for f in fits[best]]), np.array([f.intercept_[0] for f in fits[best]])), (
        "logistic"), skill


def predict(emulators: Sequence[Emulator], x: np.ndarray) -> Guess:
    """All targets at all points."""
    parts = [e.predict(x) for e in emulators]
    return Guess(*(np.column_stack(column) for column in zip(*parts, strict=True)))


# --- judging points -------------------------------------------------------------------------------------------------


def implausibility(guess: Guess, goals: Sequence[Goal]) -> np.ndarray:
    """Distance of each target's emulated mean from the record in standard deviations, (n, T).

    |mean - centre| / sqrt(emulator + luck + observation + discrepancy variance); for probabilities without luck. A
    thing that the record shows and that happens with chance p is missed by sqrt((1 - p) / p) standard deviations (the
    distance of a one from a Bernoulli's mean), so at p = 0.1 by three.
    """
    centre = np.array([g.centre for g in goals])
    off = np.abs(guess.mean - centre) / np.sqrt(guess.unsure + guess.luck + np.array([g.variance for g in goals]))
    chance = np.clip(guess.chance + np.sqrt(guess.chance_unsure), 1e-6, 1)
    return np.maximum(off, np.sqrt((1 - chance) / chance))


def ranked(off: np.ndarray, goals: Sequence[Goal], rank: int, aside: Sequence[str] = ()) -> np.ndarray:
    """The rank-highest implausibility over fact groups, (n,); a group counts by its worst row, ``aside`` not."""
    groups: dict[str, list[int]] = {}
    for t, goal in enumerate(goals):
        if goal.id not in aside:
            groups.setdefault(goal.group, []).append(t)
    if not groups:
        return np.zeros(len(off))
    worst = np.column_stack([off[:, rows].max(axis=1) for rows in groups.values()])
    rank = min(rank, worst.shape[1])
    return np.asarray(np.partition(worst, -rank, axis=1)[:, -rank])


def log_likelihood(guess: Guess, goals: Sequence[Goal], tolerance: float = 1.0) -> np.ndarray:
    """Log of the emulated mean of `log_kernel`'s exponential, target by target, (n,).

    With mean f, luck and emulator variance v and kernel width s, the mean of exp(-(y - c)**2 / 2 s**2) over y is
    s / sqrt(s**2 + v) exp(-(f - c)**2 / 2 (s**2 + v)).
    """
    total = np.zeros(len(guess.mean))
    for t, goal in enumerate(goals):
        width = tolerance**2 * goal.variance
        spread = guess.unsure[:, t] + guess.luck[:, t]
        near = np.sqrt(width / (width + spread)) * np.exp(-((guess.mean[:, t] - goal.centre) ** 2)
                                                          / (2 * (width + spread)))
        missed = math.exp(-(MISSED**2) / 2 / tolerance**2)
        near = guess.chance[:, t] * near + (1 - guess.chance[:, t]) * missed
        total += goal.weight * np.log(near + MISFIT ** (1 / tolerance**2))
    return total


def log_kernel(values: np.ndarray, guess: Guess, goals: Sequence[Goal], tolerance: float) -> np.ndarray:
    """Log of the ABC kernel on real distances, (n,): Gaussian of width ``tolerance`` standard deviations a target.

    ``values`` (n, T) are on the targets' scales. The share of worlds in which something happens cannot be read off one
    world, so probability targets stand by their emulator, as in `log_likelihood`.
    """
    total = np.zeros(len(values))
    for t, goal in enumerate(goals):
        width = tolerance**2 * goal.variance
        y, front = values[:, t], np.ones(len(values))
        if goal.scale == "probability":
            wider = width + guess.unsure[:, t]
            y, front = guess.mean[:, t], np.sqrt(width / wider)
        else:
            wider = np.full(len(values), width)
        missed = math.exp(-(MISSED**2) / 2 / tolerance**2)
        near = np.where(np.isfinite(y), front * np.exp(-((np.nan_to_num(y) - goal.centre) ** 2) / (2 * wider)), missed)
        total += goal.weight * np.log(near + MISFIT ** (1 / tolerance**2))
    return total


def effective_size(log_weights: np.ndarray) -> float:
    """Kish's effective sample size of weights given as logarithms."""
    w = np.exp(log_weights - log_weights.max())
    return float(w.sum() ** 2 / (w**2).sum())


def smallest_tolerance(values: np.ndarray, guess: Guess, goals: Sequence[Goal], log_base: np.ndarray,
                       least: float) -> tuple[float, np.ndarray]:
    """The tightest ABC kernel (tolerance from 1 to 100) that leaves the effective sample size wanted.

    Weights are base x kernel / emulated mean of the kernel: points were placed by the emulator's likelihood, so the
    data must not count twice; what counts is how much better or worse a real simulation did than the emulator said.
    Returns the tolerance and the log weights.
    """
    grid = np.geomspace(1.0, 100.0, 60)
    best = (-1.0, float(grid[-1]), log_base)
    for tolerance in grid:
        log_weights = (log_base + log_kernel(values, guess, goals, float(tolerance))
                       - log_likelihood(guess, goals, float(tolerance)))
        size = effective_size(log_weights)
        if size >= least:
            return float(tolerance), log_weights
        if size > best[0]:
            best = (size, float(tolerance), log_weights)
    return best[1], best[2]


def softened(log_weights: np.ndarray, least: float) -> tuple[float, np.ndarray]:
    """The highest power of the weights (at most 1) that leaves an effective sample size of ``least``; and they."""
    for power in np.linspace(1.0, 0.0, 41):
        if effective_size(power * log_weights) >= least:
            break
    return float(power), power * log_weights


def distinct_draws(log_weights: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Indices of n draws by systematic resampling, none twice where there are n weights above zero, in random order.

    Chances are proportional to the weights, capped at one.
    """
    w = np.exp(log_weights - log_weights.max())
    w = w / w.sum()
    if (w > 0).sum() < n:
        picked = rng.choice(len(w), n, p=w)
        return np.asarray(picked)
    chance = np.zeros(len(w))
    sure = np.zeros(len(w), dtype=bool)
    for _ in range(len(w)):
        chance = np.where(sure, 1.0, (n - sure.sum()) * w / w[~sure].sum())
        over = (chance >= 1) & ~sure
        if not over.any():
            break
        sure |= over
    order = rng.permutation(len(w))
    reach = np.cumsum(np.where(sure, 1.0, chance)[order])
    marks = np.minimum((rng.random() + np.arange(n)) * reach[-1] / n, np.nextafter(reach[-1], 0))
    picked = order[np.searchsorted(reach, marks, side="right")]
    return np.asarray(rng.permutation(picked))
