"""Calibration: history matching in waves with emulators, ending in posterior draws of the coefficients.

Waves (Andrianakis et al. 2015; Vernon et al. 2010): simulate a design, one world with its own luck per point; emulate
every fitted target; rule out the points that stay implausible with all uncertainties counted; put the next design into
what is left. Then: sample prior x emulated likelihood (emcee), simulate there, emulate again with these points, weight
each simulation by how its real distance compares with the emulated one (ABC kernel), and draw.

Everything is a function of the settings and the seed, whatever the number of processes, stopped or not.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from sim.errors import UserError
from sim.inputs.numbers import DATA, coefficients
from sim.inputs.reading import read_yaml
from sim.inputs.scenario import Scenario
from sim.runs.threads import run_tasks
from sim.studies.calibrate import emulation as em

CHUNK = 25  # worlds
BATCH = 2048  # points that are judged at once
CHECK = "check"  # the stage of the posterior predictive check
FINAL = "final"


class CalibrationError(UserError):
    """A calibration that cannot start or go on."""


class Simulator(Protocol):
    """Worlds of given coefficients, one per point."""

    def __call__(self, points: Mapping[str, np.ndarray], seed: int, first: int, ids: Sequence[str]) -> np.ndarray:
        """Targets ``ids`` of the worlds first, first + 1, ... with these coefficients, (points, targets), own units."""


@dataclass(frozen=True)
class ModelSimulator:
    """The model: point k of a stage is world k of the scenario under the stage's seed."""

    scenario: Scenario
    targets: tuple[Any, ...]

    def __call__(self, points: Mapping[str, np.ndarray], seed: int, first: int, ids: Sequence[str]) -> np.ndarray:
        from sim.runs.ensemble import run_chunk
        from sim.studies.record.targets import measure, outcomes_of

        n = len(next(iter(points.values())))
        padded = {name: np.concatenate([np.zeros(first), values]) for name, values in points.items()}
        wanted = [next(t for t in self.targets if t.id == name) for name in ids]
        record = tuple(sorted({name for t in wanted for name in outcomes_of(t.measure)})) or ("departures",)
        scenario = self.scenario.model_copy(update={"seed": seed, "worlds": first + n, "record": record})
        raw = run_chunk(scenario, range(first, first + n), {"parameters": padded})
        return np.asarray(measure(raw, scenario.model_copy(update={"worlds": n}), wanted), dtype=float)


@dataclass(frozen=True)
class Prior:
    """Independent priors of the coefficients: uniform, or log-uniform where marked."""

    names: tuple[str, ...]
    low: np.ndarray
    high: np.ndarray
    log: np.ndarray

    @classmethod
    def of(cls, ranges: Mapping[str, tuple[float, float]]) -> Prior:
        """Log-uniform where low > 0 and high / low > 5."""
        low, high = (np.array([r[i] for r in ranges.values()], dtype=float) for i in (0, 1))
        return cls(tuple(ranges), low, high, (low > 0) & (high > 5 * low))

    @property
    def size(self) -> int:
        return len(self.names)

    def values(self, u: np.ndarray) -> np.ndarray:
        """Coefficients (n, d) at points of the unit cube."""
        low, high = (np.log(np.where(self.log, end, 1.0)) for end in (self.low, self.high))
        wide = np.where(self.log, np.exp(low + u * (high - low)), self.low + u * (self.high - self.low))
        return np.asarray(np.clip(wide, self.low, self.high))

    def unit(self, values: np.ndarray) -> np.ndarray:
        """Inverse of `values`."""
        low, high = (np.log(np.where(self.log, end, 1.0)) for end in (self.low, self.high))
        logs = (np.log(np.where(self.log, values, 1.0)) - low) / np.where(self.log, high - low, 1.0)
        return np.asarray(np.where(self.log, logs, (values - self.low) / (self.high - self.low)))


@dataclass(frozen=True)
class Effort:
    """Sizes of the searches between the simulations."""

    search: int = 2**15  # points looked at for the share of the prior that is not ruled out
    ensembles: int = 2  # independent sets of walkers, one process each
    walkers: int = 200
    burn: int = 200
    keep: int = 240  # steps of the walkers kept for the posterior
    region: int = 75  # steps through a small region, twice


@dataclass
class Wave:
    """What one wave found."""

    name: str
    points: int
    share: float  # of the prior, not ruled out before this wave
    cutoff: float
    trained: int = 0
    emulators: list[em.Emulator] = field(default_factory=list)
    aside: tuple[str, ...] = ()  # targets that no point of the wave can reach
    seconds: float = 0.0


@dataclass
class Outcome:
    """Everything that the report tells."""

    prior: Prior
    fitted: list[Any]
    reserved: list[Any]
    goals: list[em.Goal]
    waves: list[Wave]
    stages: dict[str, tuple[np.ndarray, np.ndarray]]  # unit points and raw targets of every stage
    last: list[em.Emulator]
    log_weights: np.ndarray
    tolerance: float
    picked: np.ndarray
    check: np.ndarray  # raw values of fitted, then reserved targets at the draws under new luck
    facts: dict[str, float]
    seconds: dict[str, float]

    @property
    def draws(self) -> np.ndarray:
        """Posterior draws, unit cube."""
        return self.stages[FINAL][0][self.picked]


Progress = Callable[[str, int, int], None]
Log = Callable[[str], None]


def rules_of(path: Path | None = None) -> dict[str, Any]:
    """The settings of `calibration.yaml`."""
    return dict(read_yaml(path or DATA / "calibration.yaml"))


def prior_of(rules: Mapping[str, Any]) -> Prior:
    """Priors of the listed coefficients from their published ranges."""
    known = coefficients()
    unknown = [name for name in rules["coefficients"] if name not in known]
    if unknown:
        raise CalibrationError(f"calibration.yaml: unknown coefficients: {', '.join(unknown)}.")
    if len(set(rules["coefficients"])) != len(rules["coefficients"]):
        raise CalibrationError("calibration.yaml: a coefficient stands there twice.")
    return Prior.of({name: (known[name].low, known[name].high) for name in rules["coefficients"]})


def stage_seed(seed: int, *names: object) -> int:
    """Seed of one purpose."""
    text = "/".join(["calibration", str(seed), *map(str, names)])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little") >> 1


# --- work in processes, chunks on disk -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Crew:
    """Threads that do the work of a calibration."""

    jobs: int

    def do(self, function: Callable[..., Any], tasks: Sequence[tuple[Any, ...]], done: Callable[[int, Any], None]
           ) -> None:
        """Call ``function(*task)`` for every task; ``done(index, result)`` as they finish."""
        with one_thread(), contextlib.closing(run_tasks(lambda task, _: function(*task), tasks, self.jobs)) as results:
            for index, result in results:
                done(index, result)


def one_thread() -> Any:
    """Context in which linear algebra keeps to one thread."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1)


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Parquet, whole or not at all."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    frame.to_parquet(beside, compression="zstd", index=False)
    os.replace(beside, path)


@dataclass
class Workshop:
    """A calibration's folder with the means to go on where it stopped."""

    folder: Path
    simulator: Simulator
    prior: Prior
    seed: int
    crew: Crew
    progress: Progress
    log: Log
    seconds: dict[str, float] = field(default_factory=dict)

    def design(self, stage: str, make: Callable[[], tuple[np.ndarray, dict[str, float]]]
               ) -> tuple[np.ndarray, dict[str, float]]:
        """Points of a stage (n, d) in the unit cube with some facts, made once and kept."""
        place = self.folder / "waves" / stage
        place.mkdir(parents=True, exist_ok=True)
        points, facts = place / "design.parquet", place / "facts.json"
        if not points.exists():
            u, found = make()
            facts.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
            write_table(pd.DataFrame(u, columns=list(self.prior.names)), points)
        return pd.read_parquet(points).to_numpy(dtype=float), json.loads(facts.read_text(encoding="utf-8"))

    def simulate(self, stage: str, u: np.ndarray, ids: Sequence[str]) -> np.ndarray:
        """Targets of every point of a stage, (n, T); finished chunks are read, not repeated."""
        place = self.folder / "waves" / stage
        whole = place / "values.parquet"
        if whole.exists():
            return pd.read_parquet(whole)[list(ids)].to_numpy(dtype=float)
        began = time.monotonic()
        starts = list(range(0, len(u), CHUNK))
        files = [place / f"chunk-{i:05d}.parquet" for i in range(len(starts))]
        missing = [i for i, path in enumerate(files) if not path.exists()]
        finished = len(starts) - len(missing)
        values = self.prior.values(u)
        seed = stage_seed(self.seed, stage, "luck")

        def keep(index: int, found: np.ndarray) -> None:
            nonlocal finished
            write_table(pd.DataFrame(found, columns=list(ids)), files[missing[index]])
            finished += 1
            self.progress(f"{stage}: worlds", min(finished * CHUNK, len(u)), len(u))

        tasks = [(self.simulator, self._cut(values, starts[i]), seed, starts[i], tuple(ids)) for i in missing]
        self.crew.do(_simulate_chunk, tasks, keep)
        table = pd.concat([pd.read_parquet(path) for path in files], ignore_index=True)
        write_table(table, whole)
        for path in files:
            path.unlink()
        self.seconds[f"{stage}: worlds"] = time.monotonic() - began
        return table[list(ids)].to_numpy(dtype=float)

    def _cut(self, values: np.ndarray, first: int) -> dict[str, np.ndarray]:
        return {name: values[first:first + CHUNK, i] for i, name in enumerate(self.prior.names)}

    def emulate(self, stage: str, u: np.ndarray, raw: np.ndarray, goals: Sequence[em.Goal]) -> list[em.Emulator]:
        """Emulators of all targets."""
        began = time.monotonic()
        tasks = [(u, goal.scaled(raw[:, t]), goal, stage_seed(self.seed, stage, "emulator", goal.id))
                 for t, goal in enumerate(goals)]
        found: dict[int, em.Emulator] = {}

        def keep(index: int, emulator: em.Emulator) -> None:
            found[index] = emulator
            self.progress(f"{stage}: emulators", len(found), len(tasks))

        self.crew.do(em.fit_emulator, tasks, keep)
        self.seconds[f"{stage}: emulators"] = time.monotonic() - began
        return [found[i] for i in range(len(tasks))]


def _simulate_chunk(simulator: Simulator, points: Mapping[str, np.ndarray], seed: int, first: int,
                    ids: Sequence[str]) -> np.ndarray:
    return simulator(points, seed, first, ids)


# --- regions and samples ---------------------------------------------------------------------------------------------


@dataclass
class Region:
    """Points that no wave has ruled out."""

    goals: Sequence[em.Goal]
    cutoff: float
    tests: list[tuple[list[em.Emulator], int, tuple[str, ...]]] = field(default_factory=list)

    def excess(self, u: np.ndarray, enough: float = np.inf, newest: em.Guess | None = None) -> np.ndarray:
        """Ranked implausibility above the cutoff, the worst of the waves, (n,); at most 0 inside.

        Where the newest wave already exceeds ``enough`` the earlier ones are not asked; ``newest`` is what its
        emulators say, where that is known.
        """
        out = np.full(len(u), -np.inf)
        rows = np.arange(len(u))
        for emulators, rank, aside in reversed(self.tests):
            if not rows.size:
                break
            guess = newest if newest is not None else em.predict(emulators, u[rows] if rows.size < len(u) else u)
            newest = None
            off = em.implausibility(guess, self.goals)
            out[rows] = np.maximum(out[rows], em.ranked(off, self.goals, rank, aside) - self.cutoff)
            rows = rows[out[rows] <= enough]
        return out


def sobol(n: int, d: int, seed: int) -> np.ndarray:
    """Scrambled Sobol points, (n, d)."""
    from scipy.stats import qmc

    points = qmc.Sobol(d, scramble=True, seed=seed % 2**32).random_base2(max(1, (n - 1).bit_length()))
    return np.asarray(points[:n])


@dataclass(frozen=True)
class Density:
    """Log density on the unit cube: emulated likelihood (or 1) inside the region, falling off steeply outside.

    ``emulators`` are those of the region's newest wave.
    """

    region: Region
    emulators: list[em.Emulator] | None = None
    slack: float = 0.0

    def __call__(self, u: np.ndarray) -> np.ndarray:
        known = None if self.emulators is None else em.predict(self.emulators, u)
        outside = -20.0 * np.maximum(0, self.region.excess(u, newest=known) - self.slack)
        return outside if known is None else outside + em.log_likelihood(known, self.region.goals)

    def of_log_odds(self, z: np.ndarray) -> np.ndarray:
        """The density of the log-odds of the coordinates, which have no walls."""
        u = 1 / (1 + np.exp(-z))
        with np.errstate(divide="ignore"):
            edge = (np.log(u) + np.log1p(-u)).sum(axis=1)
        return np.where(np.isfinite(edge), self(np.clip(u, 1e-12, 1 - 1e-12)) + edge, -np.inf)


ROUND = 20  # steps between two reports of progress


def _round(density: Density, state: Any, steps: int) -> tuple[Any, np.ndarray, float]:
    """Some steps of one ensemble with emcee's differential-evolution moves: state, chain, share accepted."""
    import emcee

    moves = [(emcee.moves.DEMove(), 0.8), (emcee.moves.DESnookerMove(), 0.1), (emcee.moves.DEMove(gamma0=1.0), 0.1)]
    walkers, d = state.coords.shape
    sampler = emcee.EnsembleSampler(walkers, d, density.of_log_odds, moves=moves, vectorize=True)
    state = sampler.run_mcmc(state, steps, skip_initial_state_check=True)
    return state, sampler.get_chain(), float(sampler.acceptance_fraction.mean())


def walk(density: Density, starts: Sequence[np.ndarray], burn: int, keep: int, seed: int, crew: Crew,
         tick: Callable[[int, int], None]) -> tuple[np.ndarray, dict[str, float]]:
    """Sample a density with independent ensembles of walkers, each from its own starting points (walkers, d).

    Returns
    -------
    chain (ensembles, keep, walkers, d) in the unit cube; share of accepted moves, mean autocorrelation time (steps)
    and the largest R-hat between the ensembles
    """
    import emcee

    states: list[Any] = []
    for i, start in enumerate(starts):
        u = np.clip(start, 1e-6, 1 - 1e-6)
        luck = np.random.RandomState(stage_seed(seed, "walkers", i) % 2**32).get_state()
        states.append(emcee.State(np.log(u / (1 - u)), random_state=luck))
    chains: list[list[np.ndarray]] = [[] for _ in starts]
    accepted: list[float] = []
    for first in range(0, burn + keep, ROUND):
        steps = min(ROUND, burn + keep - first)

        def take(i: int, found: tuple[Any, np.ndarray, float]) -> None:
            states[i] = found[0]
            chains[i].append(found[1])
            accepted.append(found[2])

        crew.do(_round, [(density, state, steps) for state in states], take)
        tick(first + steps, burn + keep)
    z = np.stack([np.concatenate(parts)[burn:] for parts in chains])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        slow = float(np.nanmean([emcee.autocorr.integrated_time(chain, quiet=True, tol=0) for chain in z]))
    within, means = z.var(axis=(1, 2)).mean(axis=0), z.mean(axis=(1, 2))
    rhat = float(np.sqrt(1 + means.var(axis=0, ddof=1) / within).max()) if len(starts) > 1 else float("nan")
    return 1 / (1 + np.exp(-z)), {"accepted": float(np.mean(accepted)), "autocorrelation": slow, "rhat": rhat}


def walkers_from(u: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """n starting points from few, slightly shaken so that no two are the same."""
    chosen = u[rng.permutation(len(u))[:n]]
    if len(chosen) < n:
        chosen = np.concatenate([chosen, u[rng.integers(0, len(u), n - len(chosen))]])
    return np.clip(chosen + rng.normal(0, 0.02, chosen.shape), 0.001, 0.999)


def points_inside(region: Region, n: int, d: int, seed: int, effort: Effort, crew: Crew,
                  tick: Callable[[int, int], None]) -> tuple[np.ndarray, dict[str, float]]:
    """n points spread evenly over the region, the region's share of the prior, and the cutoff that was needed."""
    rng = np.random.default_rng(seed)
    search = sobol(max(effort.search, n), d, seed)
    excess = everywhere(region, search, crew, enough=3.0)
    share = float((excess <= 0).mean())
    inside = search[excess <= 0]
    facts = {"share": share, "cutoff": region.cutoff}
    if len(inside) >= n:
        return inside[:n], facts
    best = search[np.argsort(excess, kind="stable")[:max(4 * d, 50)]]
    walkers = max(effort.walkers, 4 * d)
    starts = [walkers_from(inside if len(inside) > 2 * d else best, walkers, rng) for _ in range(effort.ensembles)]
    chain, _ = walk(Density(region), starts, effort.region, effort.region, seed, crew, tick)
    flat = chain[:, ::5].reshape(-1, d)
    excess = everywhere(region, flat, crew)
    pool = flat[excess <= 0]
    if len(pool) < n:  # nothing, or almost nothing, is left: relax
        order = np.argsort(excess, kind="stable")[:n]
        facts["cutoff"] = region.cutoff + max(0.0, float(excess[order].max()))
        return flat[order], facts
    pool = np.concatenate([inside, pool])
    return pool[rng.permutation(len(pool))[:n]], facts


def everywhere(region: Region, u: np.ndarray, crew: Crew, enough: float = np.inf) -> np.ndarray:
    """`Region.excess` of many points on several processes."""
    starts = range(0, len(u), BATCH)
    found: dict[int, np.ndarray] = {}
    crew.do(region.excess, [(u[i:i + BATCH], enough) for i in starts], found.__setitem__)
    return np.concatenate([found[i] for i in range(len(starts))]) if len(u) else np.empty(0)


# --- the calibration -------------------------------------------------------------------------------------------------


def calibrate(shop: Workshop, fitted: Sequence[Any], reserved: Sequence[Any], rules: Mapping[str, Any], waves: int,
              points: int, effort: Effort | None = None) -> Outcome:
    """History matching, posterior draws and their check.

    Parameters
    ----------
    shop : Workshop
    fitted, reserved : targets with id, group, scale, kind, low, high; reserved ones are measured at the very end only
    rules : as in calibration.yaml
    waves, points : waves of history matching, and worlds per wave
    """
    effort = effort or Effort()
    with one_thread():
        return _calibrate(shop, list(fitted), list(reserved), rules, waves, points, effort)


def _calibrate(shop: Workshop, fitted: list[Any], reserved: list[Any], rules: Mapping[str, Any], waves: int,
               points: int, effort: Effort) -> Outcome:
    if not fitted:
        raise CalibrationError("There is no fitted target to calibrate on.")
    goals = em.goals_of(fitted, rules)
    ids = [t.id for t in fitted]
    d = shop.prior.size
    region = Region(goals, float(rules["cutoff"]))
    found: list[Wave] = []
    stages: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    began = time.monotonic()
    for k in range(1, waves + 1):
        stage, wave_began = f"wave-{k}", time.monotonic()
        u, facts = shop.design(stage, lambda stage=stage: _wave_design(shop, stage, region, points, d, effort))  # type: ignore[misc]
        raw = shop.simulate(stage, u, ids)
        x, y = _with_earlier(region, u, raw, list(stages.values()), shop.crew)
        stages[stage] = u, raw
        emulators = shop.emulate(stage, x, y, goals)
        aside = _out_of_reach(emulators, goals, u, region.cutoff)
        rank = int(rules["rank"]["first" if k == 1 else "later"])
        region.tests.append((emulators, rank, aside))
        wave = Wave(stage, len(u), facts["share"], facts["cutoff"], len(x), emulators, aside,
                    time.monotonic() - wave_began)
        found.append(wave)
        shop.log(wave_line(wave, goals))
    facts, x, y = _posterior(shop, stages, region, goals, ids, points, d, effort)
    u, raw = stages[FINAL]
    last = shop.emulate(FINAL, np.concatenate([u, x]), np.concatenate([raw, y]), goals)
    weights, tolerance, more = _weigh(u, raw, region.tests[-1][0], last, goals, float(rules["effective"]))
    rng = np.random.default_rng(stage_seed(shop.seed, "draws"))
    picked = em.distinct_draws(weights, int(rules["draws"]), rng)
    shop.log(f"posterior: effective sample size {more['effective']:,.0f} of {len(u):,}, {len(np.unique(picked))} "
             f"distinct of {len(picked)} draws")
    drawn, _ = shop.design(CHECK, lambda: (u[picked], {}))
    check = shop.simulate(CHECK, drawn, [*ids, *(t.id for t in reserved)])
    shop.seconds["all"] = time.monotonic() - began
    return Outcome(shop.prior, fitted, reserved, goals, found, stages, last, weights, tolerance, picked, check,
                   facts | more, shop.seconds)


def _wave_design(shop: Workshop, stage: str, region: Region, n: int, d: int, effort: Effort
                 ) -> tuple[np.ndarray, dict[str, float]]:
    seed = stage_seed(shop.seed, stage, "design")
    if not region.tests:
        return sobol(n, d, seed), {"share": 1.0, "cutoff": region.cutoff}
    return points_inside(region, n, d, seed, effort, shop.crew,
                         lambda done, total: shop.progress(f"{stage}: design", done, total))


def _with_earlier(region: Region, u: np.ndarray, raw: np.ndarray, earlier: Sequence[tuple[np.ndarray, np.ndarray]],
                  crew: Crew) -> tuple[np.ndarray, np.ndarray]:
    """The points of a wave, and those of earlier waves that are not ruled out."""
    xs, ys = [u], [raw]
    for before, values in earlier:
        kept = everywhere(region, before, crew) <= 0
        xs.append(before[kept])
        ys.append(values[kept])
    return np.concatenate(xs), np.concatenate(ys)


def _out_of_reach(emulators: list[em.Emulator], goals: Sequence[em.Goal], u: np.ndarray, cutoff: float
                  ) -> tuple[str, ...]:
    """Targets that are implausible everywhere: a misfit of the model, which must not rule out every point."""
    least = em.implausibility(em.predict(emulators, u), goals).min(axis=0)
    return tuple(goal.id for goal, off in zip(goals, least, strict=True) if off > cutoff)


def _posterior(shop: Workshop, stages: dict[str, tuple[np.ndarray, np.ndarray]], region: Region,
               goals: Sequence[em.Goal], ids: Sequence[str], n: int, d: int, effort: Effort
               ) -> tuple[dict[str, float], np.ndarray, np.ndarray]:
    """Sample prior x emulated likelihood inside the region and simulate there; also the earlier points inside it."""
    newest = region.tests[-1][0]

    def make() -> tuple[np.ndarray, dict[str, float]]:
        seed = stage_seed(shop.seed, FINAL, "design")
        rng = np.random.default_rng(seed)
        u, facts = points_inside(region, max(n, 8 * effort.walkers), d, seed, effort, shop.crew,
                                 lambda done, total: shop.progress("posterior: region", done, total))
        likely = em.log_likelihood(em.predict(newest, u), goals)
        chance = np.exp(likely - likely.max())
        starts = [walkers_from(u[rng.choice(len(u), effort.walkers, p=chance / chance.sum())], effort.walkers, rng)
                  for _ in range(effort.ensembles)]
        density = Density(region, newest, facts["cutoff"] - region.cutoff)
        chain, more = walk(density, starts, effort.burn, effort.keep, seed, shop.crew,
                           lambda done, total: shop.progress("posterior: sample", done, total))
        flat = chain.reshape(-1, d)
        facts |= more | {"independent": len(flat) / max(more["autocorrelation"], 1.0)}
        return flat[rng.choice(len(flat), n, replace=len(flat) < n)], facts

    began = time.monotonic()
    u, facts = shop.design(FINAL, make)
    shop.seconds["posterior: sample"] = time.monotonic() - began
    x, y = _with_earlier(region, np.empty((0, d)), np.empty((0, len(ids))), list(stages.values()), shop.crew)
    stages[FINAL] = u, shop.simulate(FINAL, u, ids)
    return facts, x, y


def _weigh(u: np.ndarray, raw: np.ndarray, old: list[em.Emulator], new: list[em.Emulator], goals: Sequence[em.Goal],
           least: float) -> tuple[np.ndarray, float, dict[str, float]]:
    """Log weights of the final simulations, the tolerance of the ABC kernel, and effective sample sizes.

    The points were placed by the likelihood of the old emulators: the better ones, which know these points too,
    correct it, and the real distances correct the better ones. Both as far as the effective sample size allows.
    """
    values = np.column_stack([goal.scaled(raw[:, t]) for t, goal in enumerate(goals)])
    guess = em.predict(new, u)
    base = em.log_likelihood(guess, goals) - em.log_likelihood(em.predict(old, u), goals)
    power, base = em.softened(base, min(1.5 * least, 0.7 * len(u)))
    size = em.effective_size(base)
    tolerance, weights = em.smallest_tolerance(values, guess, goals, base, min(least, 0.7 * size))
    spread = np.sqrt(guess.luck + guess.unsure)
    real = np.array([g.scale != "probability" for g in goals])
    hits = (np.abs(values - guess.mean) <= em.Z90 * spread)[:, real]
    known = np.isfinite(values[:, real])
    return weights, tolerance, {"effective": em.effective_size(weights), "effective_emulated": size,
                                "tolerance": tolerance, "corrected": power,
                                "emulators_cover": float(hits[known].mean()) if known.any() else float("nan")}


def wave_line(wave: Wave, goals: Sequence[em.Goal]) -> str:
    """One line on a wave, for the terminal."""
    skill = float(np.median([e.skill for e in wave.emulators]))
    relaxed = "" if wave.cutoff <= 3.0 else f" (cutoff relaxed to {wave.cutoff:.1f})"
    beyond = f"; out of reach: {', '.join(wave.aside)}" if wave.aside else ""
    return (f"{wave.name}: {wave.points:,} worlds in {100 * wave.share:.3g} % of the prior{relaxed}; emulators: median "
            f"R2 {skill:.2f}{beyond}; {wave.seconds:.0f} s")


# --- the command -----------------------------------------------------------------------------------------------------


def run(scenario: Scenario, folder: Path, *, waves: int = 3, points: int = 2000, seed: int = 1, jobs: int = 1,
        resume: bool = False, command: Sequence[str] = (), progress: Progress | None = None, log: Log | None = None,
        rules: Mapping[str, Any] | None = None, targets: Iterable[Any] | None = None) -> Outcome:
    """Calibrate the model on the fitted targets of its world; results go to ``folder``.

    ``targets`` may name other targets than those of the world, for instance without one country.
    """
    _need_packages()
    # An earlier posterior must not shape the next one.
    scenario = scenario.model_copy(update={"uncertainty": "fixed"})
    from sim.studies.calibrate import report
    from sim.studies.record.targets import load_targets

    rules = rules or rules_of()
    chosen = list(targets) if targets is not None else load_targets(scenario.world)
    fitted = [t for t in chosen if t.role == "fitted"]
    reserved = [t for t in chosen if t.role != "fitted"]
    prior = prior_of(rules)
    settings = settings_of(scenario, prior, rules, chosen, waves, points, seed)
    open_folder(folder, settings, resume)
    began = time.monotonic()
    shop = Workshop(folder, ModelSimulator(scenario, tuple(chosen)), prior, seed, Crew(jobs),
                    progress or (lambda *_: None), log or (lambda _: None))
    outcome = calibrate(shop, fitted, reserved, rules, waves, points)
    report.write(outcome, scenario, folder, settings, command, time.monotonic() - began)
    return outcome


def _need_packages() -> None:
    try:
        import emcee
        import sklearn

        del emcee, sklearn
    except ImportError as error:
        raise CalibrationError(f"calibrate needs the package {error.name}: "
                               "pip install -c constraints.txt -e '.[calibrate]'.",
                               1) from None


def settings_of(scenario: Scenario, prior: Prior, rules: Mapping[str, Any], targets: Sequence[Any], waves: int,
                points: int, seed: int) -> dict[str, Any]:
    """All that decides the result; a calibration resumes only under the same settings."""
    from sim.runs.scenarios import dump

    facts = [asdict(t) for t in targets]
    return {"scenario": scenario.name, "scenario_sha256": _digest(dump(scenario)), "world": scenario.world,
            "waves": waves, "points": points, "seed": seed,
            "coefficients": {name: [float(low), float(high), "log-uniform" if log else "uniform"]
                             for name, low, high, log in zip(prior.names, prior.low, prior.high, prior.log,
                                                             strict=True)},
            "rules": {key: value for key, value in rules.items() if key != "coefficients"},
            "fitted": [t.id for t in targets if t.role == "fitted"],
            "reserved": [t.id for t in targets if t.role != "fitted"],
            "targets_sha256": _digest(json.dumps(facts, sort_keys=True, default=str))}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def open_folder(folder: Path, settings: Mapping[str, Any], resume: bool) -> None:
    """Make the folder, or check that it holds a stopped calibration with these settings."""
    path = folder / "settings.json"
    fresh = json.loads(json.dumps(settings))
    if resume:
        if not path.exists():
            raise CalibrationError(f"{folder}: there is no stopped calibration here (no {path.name}).")
        before = json.loads(path.read_text(encoding="utf-8"))
        changed = [key for key in fresh if before.get(key) != fresh[key]]
        if changed:
            raise CalibrationError(f"{folder}: it was begun with other settings ({', '.join(changed)}); resume needs "
                                   "the same, or start afresh in a new folder.")
        return
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        more = " To go on with a stopped calibration add --resume." if path.exists() else ""
        raise CalibrationError(f"{folder}: this folder exists and is not empty.{more}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(fresh, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise CalibrationError(f"{folder}: no folder can be made here ({error.strerror}).", 1) from None
