"""Points inside a region that is not implausible, and walks over a density."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sim.studies.calibrate import emulation as em
from sim.studies.calibrate.prior import stage_seed
from sim.studies.calibrate.workers import Crew

BATCH = 2048  # points that are judged at once


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
