"""Extremist recruitment and territorial expansion as an agent-based simulation, for those who want to prevent it.

    >>> import sim
    >>> result = sim.run("scenarios/baseline.yaml", worlds=100)
    >>> result.summary, result.footholds, result.plot("figures")
    >>> sim.compare("scenarios/baseline.yaml", "scenarios/libya_restored.yaml", worlds=100).effects
    >>> sim.sweep("scenarios/sweeps/timing_of_action.yaml").results

Heavy libraries load when something runs, not on import.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.version import __version__

if TYPE_CHECKING:
    import pandas as pd

    from sim.inputs.scenario import Scenario
    from sim.runs.model import RecruitmentModel
    from sim.runs.results import RunTables
    from sim.studies.compare.comparison import Comparison
    from sim.studies.sweep.sweep_folder import Sweep

__all__ = ["Result", "__version__", "compare", "load", "model", "run", "sweep"]


@dataclass(frozen=True)
class Result:
    """The tables of a run, and what made it."""

    scenario: Scenario
    tables: RunTables
    wall_time: float  # seconds

    @property
    def outcomes(self) -> pd.DataFrame:
        """One row per world, month and place; one column per outcome."""
        return self.tables.outcomes

    @property
    def summary(self) -> pd.DataFrame:
        """Quantiles over worlds by place, month and outcome."""
        return self.tables.summary

    @property
    def footholds(self) -> pd.DataFrame:
        """Spells of control of three months or more."""
        return self.tables.footholds

    def plot(self, folder: str | Path) -> list[Path]:
        """Draw the figures of the run into a folder; returns the files."""
        from sim.reports.figures import draw_tables

        title = self.scenario.title or self.scenario.name
        return draw_tables(self.tables, title, Path(folder), name=self.scenario.name, worlds=self.scenario.worlds,
                           seed=self.scenario.seed)

    def save(self, folder: str | Path | None = None) -> Path:
        """Write the result folder, figures included, as the command line does."""
        from sim.reports.figures import draw_run
        from sim.runs import results

        return results.write(self.tables, self.scenario, command="python", wall_time=self.wall_time,
                             out=None if folder is None else Path(folder), figures=draw_run)


def load(path: str | Path, **overrides: Any) -> Scenario:
    """Read and check a scenario file; keywords override its keys (worlds, seed, parameters ...)."""
    from sim.runs.scenarios import load_scenario

    return load_scenario(path, overrides or None)


def run(scenario: Scenario | str | Path, *, jobs: int = 0, progress: Callable[[int, int], None] | None = None,
        options: Mapping[str, Any] | None = None, **overrides: Any) -> Result:
    """Run a scenario in many worlds and hold its tables in memory.

    With all outcomes a world of the full Maghreb takes about 5 MB. For thousands of worlds name a few outcomes
    (``record=("departures",)``), or use the command ``run``, which writes them as they come.

    Parameters
    ----------
    scenario : Scenario or path of a YAML file
    jobs : int
        Threads; 0 means one per core.
    progress : callable, optional
        ``progress(done, total)`` in world-months.
    options : mapping, optional
        ``parameters``: coefficient -> array (worlds,); ``strengths``: lever position -> array (worlds,);
        ``frozen``: decision -> constant; ``checking``: balance the books of every move.
    **overrides
        Keys of the scenario, for instance ``worlds=20``.
    """
    import time

    from sim.runs.ensemble import simulate

    if isinstance(scenario, (str, Path)):
        scenario = load(scenario, **overrides)
    elif overrides:
        raise TypeError("overrides go with a path; change a Scenario with its own methods")
    start = time.perf_counter()
    tables = simulate(scenario, jobs, progress, options)
    return Result(scenario, tables, time.perf_counter() - start)


def compare(base: Scenario | str | Path, *others: Scenario | str | Path, worlds: int | None = None,
            outcomes: str | Sequence[str] | None = None, **options: Any) -> Comparison:
    """Run scenarios in the same worlds and compare each with the base.

    Parameters
    ----------
    base, others : scenarios or paths of YAML files
    worlds : number of worlds. Default: the base's.
    outcomes : name or names of outcomes. Default: those of `sim.studies.compare.comparison.DEFAULT_OUTCOMES`.
    **options
        As for `sim.studies.compare.comparison.compare`: places, first, last, jobs, until_sure, most, progress.
        ``first`` and ``last`` are the months, both included, that totals are read over, such as ``"2014-01"`` (or a
        `sim.calendar.Month`); the runs themselves always cover the whole period. Default: the start and the end.
    """
    from sim.calendar import Month
    from sim.studies.compare import comparison

    options |= {key: Month.parse(options[key]) for key in ("first", "last") if isinstance(options.get(key), str)}
    outcomes = (outcomes,) if isinstance(outcomes, str) else outcomes
    scenarios = [load(scenario) if isinstance(scenario, (str, Path)) else scenario for scenario in (base, *others)]
    return comparison.compare(scenarios[0], scenarios[1:], worlds=worlds,
                              outcomes=comparison.DEFAULT_OUTCOMES if outcomes is None else outcomes, **options)


def sweep(source: str | Path | Mapping[str, Any], **options: Any) -> Sweep:
    """Run a sweep file, or its keys as a mapping, and return its tables: points, results, failed.

    Options are those of `sim.studies.sweep.sweep`: jobs, out, resume, scheduler, progress. In a notebook a bar shows
    progress.
    """
    from sim.studies.sweep import sweep as run_sweep

    return run_sweep(source, **options)


def model(scenario: Scenario | str | Path, worlds: int = 1, **overrides: Any) -> RecruitmentModel:
    """The Mesa model itself, to be stepped month by month and inspected."""
    from sim.runs.model import RecruitmentModel

    if isinstance(scenario, (str, Path)):
        scenario = load(scenario, worlds=worlds, **overrides)
    return RecruitmentModel(scenario, range(worlds))
