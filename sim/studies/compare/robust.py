"""Whether what scenarios change holds under rival theories: improvement, regret and ranking over many futures.

A future is a world, with its luck and its own posterior draw, under one theory: the theories as calibrated, or one
other answer to one question. All scenarios are run in the same futures; the theories that they name are set aside.
Every theory counts alike; the coefficients were calibrated under the first answers, so that a rival theory is tried
without a fit of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.engine.outcomes import OUTCOMES
from sim.inputs.scenario import Scenario
from sim.runs import results
from sim.runs.variants import run_variants, totals
from sim.studies.compare.comparison import align, enough, wished
from sim.studies.compare.lever_findings import DEFAULT, theories, under_theories
from sim.studies.compare.paired import LEVEL, counts, share_interval, sign_p
from sim.studies.compare.verdicts import by_chance, few, noun, number

WORST = 0.95  # quantile that stands for the worst case
TABLES = ("futures", "regret", "ranking")
TEXTS = ("scenario", "theory", "outcome", "direction", "ranking")

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Robust:
    """Scenarios against their base in the same futures, totals of all countries over the whole run.

    ``futures``: scenario, theory, outcome, share_improved (of the worlds that differ from the base; 0.5 where none
    does), low, high (95 %), difference_median, worst (95th percentile of the harm, the difference in the unwished
    direction), n (worlds), same (of these, without a difference), direction (better, worse, undecided, same in every
    world). ``regret``: scenario, outcome, regret_mean, regret_p95 over all futures; regret is the distance from the
    best of all scenarios, the base included, in the same future. ``ranking``: outcome, theory, ranking (scenarios by
    mean, the best first), ahead (whether that first one is better than the first as calibrated, beyond chance),
    overturns (ahead, and as calibrated the first is better than this one, beyond chance). Where nothing differs, at
    most 5 % of all results report any overturn.
    """

    base: Scenario
    others: tuple[Scenario, ...]
    worlds: int
    futures: pd.DataFrame
    regret: pd.DataFrame
    ranking: pd.DataFrame


def robust(base: Scenario, others: Sequence[Scenario], *,
           outcomes: Sequence[str] = ("departures", "attacks", "controlled_residents"), worlds: int = 50, jobs: int = 0,
           progress: Progress | None = None) -> Robust:
    """Run a base and other scenarios under every theory in the same worlds.

    Parameters
    ----------
    outcomes : names; those of which prevention wishes neither more nor less are left out.
    worlds : worlds per theory.
    jobs : threads; 0 means one per core.
    progress : ``progress(done, total)`` in world-months.

    Raises
    ------
    UserError
        where the scenarios cannot be paired, no outcome is left, or so few worlds could decide nothing.
    """
    scenarios = align(base, others, worlds)
    read = wished(outcomes)
    enough(worlds)
    found = run_variants([under_theories(scenario, worlds) for scenario in scenarios], read, jobs, progress)
    # the harm of each future: whatever is wished, less is better
    sign = np.array([-1.0 if OUTCOMES[name].wish == "+" else 1.0 for name in read])
    harm = np.stack([totals(part)[..., -1].reshape(len(read), -1, worlds) for part in found], axis=1)
    harm *= sign[:, None, None, None]
    names = [scenario.name for scenario in scenarios]
    return Robust(scenarios[0], scenarios[1:], worlds, pd.DataFrame(_futures(read, names, harm)),
                  pd.DataFrame(_regret(read, names, harm)), pd.DataFrame(_ranking(read, names, harm)))


def _futures(outcomes: Sequence[str], names: Sequence[str], harm: np.ndarray) -> Iterator[dict[str, Any]]:
    """How each scenario differs from the base under each theory; harm is (O, scenarios, theories, worlds)."""
    for s, name in enumerate(names[1:], start=1):
        for o, outcome in enumerate(outcomes):
            for t, theory in enumerate(theories()):
                yield {"scenario": name, "theory": theory, "outcome": outcome,
                       **improvement(harm[o, s, t] - harm[o, 0, t], OUTCOMES[outcome].wish)}


def improvement(harm: np.ndarray, wish: str) -> dict[str, Any]:
    """What can be said of paired harms (worlds,), of which less is better; ``wish`` restores the outcome's own sign."""
    better, worse, same = (int(count) for count in counts(harm))
    low, high = share_interval(better, better + worse) if better + worse else (0.0, 1.0)
    decided = float(sign_p(better, worse)) < LEVEL
    direction = ("better" if better > worse else "worse") if decided else (
        "undecided" if better + worse else "same in every world")
    return {"share_improved": better / (better + worse) if better + worse else 0.5, "low": low, "high": high,
            "difference_median": float(np.median(-harm if wish == "+" else harm)),
            "worst": float(np.quantile(harm, WORST)), "n": len(harm), "same": same, "direction": direction}


def _regret(outcomes: Sequence[str], names: Sequence[str], harm: np.ndarray) -> Iterator[dict[str, Any]]:
    regret = (harm - harm.min(axis=1, keepdims=True)).reshape(len(outcomes), len(names), -1)
    for o, outcome in enumerate(outcomes):
        for s, name in enumerate(names):
            yield {"scenario": name, "outcome": outcome, "regret_mean": float(regret[o, s].mean()),
                   "regret_p95": float(np.quantile(regret[o, s], WORST))}


def _ranking(outcomes: Sequence[str], names: Sequence[str], harm: np.ndarray) -> Iterator[dict[str, Any]]:
    comparisons = (len(names) - 1) * (len(theories()) - 1) * len(outcomes)
    for o, outcome in enumerate(outcomes):
        usual = int(np.argmin(harm[o, :, 0].mean(axis=1)))
        for t, theory in enumerate(theories()):
            order = np.argsort(harm[o, :, t].mean(axis=1), kind="stable")
            first = int(order[0])
            clear = ahead(harm[o, first, t], harm[o, usual, t], comparisons)
            yield {"outcome": outcome, "theory": theory, "ranking": " > ".join(names[i] for i in order), "ahead": clear,
                   "overturns": clear and ahead(harm[o, usual, 0], harm[o, first, 0], comparisons)}


def ahead(one: np.ndarray, other: np.ndarray, comparisons: int) -> bool:
    """Whether one has less harm than the other in the mean of paired worlds, beyond chance.

    One-sided paired t-test at 2.5 %, divided by the number of comparisons: every rival that might have come first,
    under every rival theory, in every outcome (Bonferroni).
    """
    from scipy import stats

    gain, n = other - one, len(one)
    if n < 2:
        return False
    margin = stats.t.ppf(1 - LEVEL / 2 / comparisons, n - 1) * np.std(gain, ddof=1) / np.sqrt(n)
    return bool(gain.mean() > margin)


def write(found: Robust, folder: Path) -> None:
    """The tables, as robust_*.csv."""
    for name in TABLES:
        results.write_csv(getattr(found, name), folder / f"robust_{name}.csv")


def read(folder: Path) -> dict[str, pd.DataFrame]:
    """The tables that `write` wrote, by name."""
    return {name: results.read_csv(folder / f"robust_{name}.csv", TEXTS.__contains__) for name in TABLES}


def summary_lines(found: Robust) -> list[str]:
    """What holds and what does not, what is regretted least, and which theories put another scenario first."""
    tried = len(theories())
    lines = [f"Rival theories: {tried} settings, {found.worlds} paired worlds each, against '{found.base.name}'; "
             "coefficients as calibrated under the default answers."]
    for scenario in found.others:
        own = found.futures[found.futures["scenario"] == scenario.name]
        lines += ["", f"{scenario.title} ({scenario.name})"]
        lines += [f"  {noun(str(outcome))}: {_holds(rows)}" for outcome, rows in own.groupby("outcome", sort=False)]
    lines.append("")
    for outcome, own in found.regret.groupby("outcome", sort=False):
        least = own[own["regret_mean"] == own["regret_mean"].min()]
        lines.append(f"Least regret in {noun(str(outcome))}: {' and '.join(least['scenario'])} (mean "
                     f"{number(least['regret_mean'].iloc[0])}, 95th percentile {number(least['regret_p95'].max())} "
                     "from the best of all in the same future)")
    return [*lines, *_overturned(found.ranking), "", *by_chance(len(found.futures)), *few(found.worlds)]


def _holds(rows: pd.DataFrame) -> str:
    """Of one scenario and outcome, under which theories it is worse, better or undecided, the worse first."""
    by = {way: rows.loc[rows["direction"] == way, "theory"].tolist()
          for way in ("worse", "better", "undecided", "same in every world")}
    told = [f"{way} under {_some(names, len(rows))}" for way, names in by.items() if names or way == "worse"]
    worst = rows.loc[rows["worst"].idxmax()]
    bad = (f"worst case {number(worst['worst'])} worse (95th percentile, {worst['theory']})" if worst["worst"] > 0 else
           "no worse even in the 95th percentile of any theory")
    return "; ".join([*told, bad])


def _some(names: Sequence[str], of: int) -> str:
    """'none', 'all 8', '6 of 8', '2 of 8 (peers: off, prestige: off)': named where they are fewer than half."""
    if len(names) in (0, of):
        return f"all {of}" if names else "none"
    return f"{len(names)} of {of}" + (f" ({', '.join(names)})" if 2 * len(names) < of else "")


def _overturned(ranking: pd.DataFrame) -> list[str]:
    rows = ranking[ranking["ahead"]].to_dict("records")
    if not rows:
        return ["No theory puts another scenario first beyond chance."]
    return [f"Another scenario comes first in {noun(row['outcome'])} under {row['theory']}: {row['ranking']} "
            f"({DEFAULT}: {_calibrated(ranking, row['outcome'])}"
            f"{'' if row['overturns'] else '; first as calibrated not beyond chance'})" for row in rows]


def _calibrated(ranking: pd.DataFrame, outcome: str) -> str:
    return str(ranking[(ranking["outcome"] == outcome) & (ranking["theory"] == DEFAULT)]["ranking"].iloc[0])
