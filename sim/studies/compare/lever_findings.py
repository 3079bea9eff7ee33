"""What each lever does in the model, under every rival theory: the findings on the levers' pages.

    python -m sim.studies.compare.lever_findings [--worlds 40]

For every lever the scenario of its name in `scenarios/levers/` is compared with the baseline, world by world, with the
worlds' own posterior draws, under the default theories and under every other answer to one question at a time. The
result is packaged as `sim/data/<world>/lever_findings.csv`; `python -m sim.reports.documents` makes it into pages.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from sim.inputs.numbers import DATA, coefficients
from sim.inputs.scenario import Scenario
from sim.inputs.theories import THEORIES, settings
from sim.policy.levers import LIBRARY
from sim.policy.levers.base import Lever
from sim.runs.scenarios import load_scenario
from sim.runs.variants import Reduced, Variant, run_variants, totals
from sim.studies.compare.paired import counts, median_interval, sign_p

FILE = "lever_findings.csv"
SCENARIOS = Path("scenarios/levers")
DEFAULT = "as calibrated"
#: Reported for every lever, beside what it and its drawback are expected to move.
HEADLINE = ("departures", "recruits", "attacks", "controlled_residents", "movement_members", "readiness")
WORLDS = 40


def theories() -> dict[str, dict[str, float]]:
    """'as calibrated' and every other answer to one question at a time: name -> coefficients it sets."""
    found: dict[str, dict[str, float]] = {DEFAULT: {}}
    for question, answers in THEORIES.items():
        for answer in list(answers)[1:]:
            found[f"{question}: {answer}"] = settings({question: answer})
    return found


def under_theories(scenario: Scenario, worlds: int) -> Variant:
    """A scenario in the same worlds under each theory: theory after theory, ``worlds`` rows each."""
    chosen = list(theories().values())
    names = sorted({name for one in chosen for name in one})
    rows = {name: np.repeat([one.get(name, coefficients()[name].value) for one in chosen], worlds) for name in names}
    return Variant(scenario, np.tile(np.arange(worlds), len(chosen)), parameters=rows)


def asked(lever: Lever) -> dict[str, tuple[str, str]]:
    """Outcome -> (role, sign that the sources name); roles are 'effect', 'drawback' and, unsigned, 'headline'."""
    return {**dict.fromkeys(HEADLINE, ("headline", "")),
            **{name: ("drawback", sign) for name, sign in lever.seen_in.items()},
            **{name: ("effect", sign) for name, sign in lever.expected.items()}}


def findings(worlds: int = WORLDS, jobs: int = 0, progress: Callable[[str], None] | None = None) -> pd.DataFrame:
    """One row per lever, theory and outcome, summed over all countries and months from the lever's first month on.

    Columns: lever, theory, outcome, role, expected, base (mean), difference (median, paired), low, high (95 % interval
    of the median), mean, lower, higher, same (worlds), p (exact sign test), worlds.
    """
    scenarios = {name: load_scenario(SCENARIOS / f"{name}.yaml") for name in LIBRARY}
    outcomes = sorted({name for lever in LIBRARY.values() for name in asked(lever)})
    bases: dict[str, Reduced] = {}
    rows: list[dict[str, object]] = []
    for name, scenario in scenarios.items():
        base = scenario.model_copy(update={"levers": ()})
        key = base.model_copy(update={"name": "base", "title": "", "description": ""}).model_dump_json()
        if key not in bases:
            bases[key] = run_variants([under_theories(base, worlds)], outcomes, jobs)[0]
        with_lever = run_variants([under_theories(scenario, worlds)], outcomes, jobs)[0]
        first = min(use.start - scenario.start for use in scenario.levers)
        rows.extend(_rows(LIBRARY[name], totals(bases[key], first), totals(with_lever, first), outcomes, worlds))
        if progress:
            progress(name)
    return pd.DataFrame(rows)


def _rows(lever: Lever, before: np.ndarray, after: np.ndarray, outcomes: list[str],
          worlds: int) -> Iterator[dict[str, object]]:
    for i, theory in enumerate(theories()):
        own = slice(i * worlds, (i + 1) * worlds)
        for outcome, (role, sign) in asked(lever).items():
            base = before[outcomes.index(outcome), own, -1]
            difference = after[outcomes.index(outcome), own, -1] - base
            lower, higher, same = (int(n) for n in counts(difference))
            median, low, high = median_interval(difference)
            yield {"lever": lever.name, "theory": theory, "outcome": outcome, "role": role, "expected": sign,
                   "base": base.mean(), "difference": median, "low": low, "high": high, "mean": difference.mean(),
                   "lower": lower, "higher": higher, "same": same, "p": float(sign_p(lower, higher)),
                   "worlds": worlds}


def main() -> None:
    """Write the packaged findings of a world."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=WORLDS)
    parser.add_argument("--jobs", type=int, default=0)
    parser.add_argument("--out", type=Path, default=DATA / "maghreb" / FILE)
    given = parser.parse_args()
    table = findings(given.worlds, given.jobs, lambda name: print(name, flush=True))
    digits = {name: 4 for name in ("base", "difference", "low", "high", "mean", "p")}
    for name, count in digits.items():
        table[name] = table[name].map(lambda value, count=count: f"{value:.{count}g}")
    table.to_csv(given.out, index=False)
    print(f"{given.out.name}: {len(table):,} lines")


if __name__ == "__main__":
    main()
