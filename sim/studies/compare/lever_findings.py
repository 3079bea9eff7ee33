"""What each lever does in the model, under every rival theory: the findings on the levers' pages.

    python -m sim.studies.compare.lever_findings [--worlds 40] [LEVER ...]

For every lever the scenario of its name in `scenarios/levers/` is compared with the baseline, world by world, with the
worlds' own posterior draws, under the default theories and under every other answer to one question at a time. The
result is packaged as `sim/data/<world>/lever_findings.csv`; `python -m sim.reports.documents` makes it into pages.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from sim.inputs.numbers import DATA, coefficients
from sim.inputs.scenario import Scenario
from sim.inputs.theories import THEORIES, settings
from sim.policy.levers import LIBRARY
from sim.policy.levers.base import Lever
from sim.runs.scenarios import load_scenario
from sim.runs.variants import Variant, run_variants, totals
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


def findings(levers: Sequence[str], worlds: int = WORLDS, jobs: int = 0,
             progress: Callable[[int, int], None] | None = None) -> pd.DataFrame:
    """One row per lever, theory and outcome, summed over all countries and months from the lever's first month on.

    Columns: lever, theory, outcome, role, expected, base (mean), difference (median, paired), low, high (95 % interval
    of the median), mean, lower, higher, same (worlds), p (exact sign test), worlds. ``progress(done, total)`` is in
    world-months.
    """
    scenarios = {name: load_scenario(SCENARIOS / f"{name}.yaml") for name in levers}
    outcomes = sorted({outcome for name in levers for outcome in asked(LIBRARY[name])})
    groups: dict[str, list[str]] = {}
    for name, scenario in scenarios.items():
        groups.setdefault(_without_lever(scenario).model_dump_json(), []).append(name)
    total = sum((1 + len(names)) * scenarios[names[0]].months for names in groups.values()) * worlds * len(theories())
    done = 0
    rows: list[dict[str, object]] = []
    for names in groups.values():
        variants = [under_theories(scenario, worlds) for scenario in (
            _without_lever(scenarios[names[0]]), *(scenarios[name] for name in names))]
        base, *others = run_variants(variants, outcomes, jobs, lambda n, _, before=done: (  # type: ignore[misc]
            progress(before + n, total) if progress else None))
        done += sum(variant.worlds.size * variant.scenario.months for variant in variants)
        for name, other in zip(names, others, strict=True):
            first = min(use.start - scenarios[name].start for use in scenarios[name].levers)
            rows += _rows(LIBRARY[name], totals(base, first), totals(other, first), outcomes, worlds)
    return in_order(pd.DataFrame(rows))


def _without_lever(scenario: Scenario) -> Scenario:
    return scenario.model_copy(update={"levers": (), "name": "base", "title": "", "description": ""})


def in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Rows in the order of the library."""
    order = table["lever"].map({name: i for i, name in enumerate(LIBRARY)})
    return table.iloc[np.argsort(order, kind="stable")].reset_index(drop=True)


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
    """Write the packaged findings of a world; with names of levers, those of the others stay."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lever", nargs="*", help="levers to run anew (default: all)")
    parser.add_argument("--worlds", type=int, default=WORLDS)
    parser.add_argument("--jobs", type=int, default=0)
    parser.add_argument("--out", type=Path, default=DATA / "maghreb" / FILE)
    given = parser.parse_args()
    for name in given.lever:
        if name not in LIBRARY:
            parser.error(f"{name!r} is not a lever; see: python run.py list levers")
    table = findings(given.lever or tuple(LIBRARY), given.worlds, given.jobs, lambda done, total: print(
        f"\r{100 * done // total} %", end="", flush=True))
    for name in ("base", "difference", "low", "high", "mean", "p"):
        table[name] = table[name].map(lambda value: f"{value:.4g}")
    if given.lever:
        kept = pd.read_csv(given.out, dtype=str, keep_default_na=False)
        table = in_order(pd.concat([kept[~kept["lever"].isin(given.lever)], table.astype(str)]))
    table.to_csv(given.out, index=False)
    print(f"\r{given.out.name}: {len(table):,} lines")


if __name__ == "__main__":
    main()
