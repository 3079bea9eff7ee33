"""Calibration: history matching in waves with emulators, ending in posterior draws of the coefficients.

Waves (Andrianakis et al. 2015; Vernon et al. 2010): simulate a design, one world with its own luck per point; emulate
every fitted target; rule out the points that stay implausible with all uncertainties counted; put the next design into
what is left. Then: sample prior x emulated likelihood (emcee), simulate there, emulate again with these points, weight
each simulation by how its real distance compares with the emulated one (ABC kernel), and draw.

Everything is a function of the settings and the seed, whatever the number of processes, stopped or not.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from sim.inputs.scenario import Scenario
from sim.studies.calibrate import emulation as em
from sim.studies.calibrate import report
from sim.studies.calibrate.outcome import CHECK, FINAL, Outcome, Wave, write_table
from sim.studies.calibrate.prior import CalibrationError, Prior, prior_of, rules_of, stage_seed
from sim.studies.calibrate.sampling import (
    Density,
    Effort,
    Region,
    everywhere,
    points_inside,
    sobol,
    walk,
    walkers_from,
)
from sim.studies.calibrate.workers import Crew, one_thread

CHUNK = 25  # worlds


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
        from sim.studies.record.measures import outcomes_of
        from sim.studies.record.targets import measure

        n = len(next(iter(points.values())))
        padded = {name: np.concatenate([np.zeros(first), values]) for name, values in points.items()}
        wanted = [next(t for t in self.targets if t.id == name) for name in ids]
        record = tuple(sorted({name for t in wanted for name in outcomes_of(t.measure)})) or ("departures",)
        scenario = self.scenario.model_copy(update={"seed": seed, "worlds": first + n, "record": record})
        raw = run_chunk(scenario, range(first, first + n), {"parameters": padded})
        return np.asarray(measure(raw, scenario.model_copy(update={"worlds": n}), wanted), dtype=float)


Progress = Callable[[str, int, int], None]
Log = Callable[[str], None]


# --- work in processes, chunks on disk -------------------------------------------------------------------------------


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
