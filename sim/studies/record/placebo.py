"""Placebos and sensitivity: what happens when a cause is put out of place, and which coefficients matter.

    python -m sim.studies.record.placebo [--worlds 100] [--points 1500]
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import qmc, rankdata

from sim.inputs.numbers import coefficients
from sim.inputs.scenario import Scenario
from sim.inputs.theories import THEORIES
from sim.runs.ensemble import arrays
from sim.runs.scenarios import load_scenario
from sim.studies.record.target_verdicts import verdict
from sim.studies.record.targets import load_targets, measure

PLACEBOS: dict[str, Mapping[str, Any]] = {
    "as it is": {},
    "first recruiters shuffled within each country": {"frozen": {"recruiters.shuffled": 1.0}},
    "theatre prestige held constant": {"frozen": {"theatre.prestige": 0.4}},
}
#: Share of the defaults' fitted hits below which a theory is flagged.
PLAUSIBLE = 0.9
#: Outcomes summed over all regions and months
STUDIED = {"departures": "residents who leave for the theatre", "control": "region-months under control",
           "attacks": "attacks"}


def score(scenario: Scenario, jobs: int = 0, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Targets hit by role, and the ids of those missed."""
    targets = load_targets(scenario.world)
    values = measure(arrays(scenario, jobs, options=options), scenario, targets)
    hit = [verdict(values[:, i], target).hit for i, target in enumerate(targets)]
    found: dict[str, Any] = {}
    for role in ("fitted", "reserved"):
        own = [h for h, target in zip(hit, targets, strict=True) if target.role == role]
        found[role] = f"{sum(own)} of {len(own)}"
        found[f"{role} share"] = sum(own) / len(own)
    return {**found, "missed": " ".join(t.id for t, h in zip(targets, hit, strict=True) if not h)}


def placebos(scenario: Scenario, jobs: int = 0) -> pd.DataFrame:
    """Targets hit with each placebo: one row a placebo."""
    return pd.DataFrame([{"placebo": name, **score(scenario, jobs, options)} for name, options in PLACEBOS.items()])


def by_theory(scenario: Scenario, jobs: int = 0) -> pd.DataFrame:
    """Targets hit under every answer to every question of the rival theories, the others at their defaults.

    An answer is flagged implausible where it hits fewer than nine tenths of the fitted targets that the defaults hit;
    the coefficients were calibrated under the defaults, so a flag says "not without a fit of its own".
    """
    base = score(scenario.model_copy(update={"theories": {}}), jobs)
    rows = [{"question": "(all)", "answer": "(defaults)", **base, "flag": ""}]
    for question, answers in THEORIES.items():
        for answer in list(answers)[1:]:
            found = score(scenario.model_copy(update={"theories": {question: answer}}), jobs)
            weak = found["fitted share"] < PLAUSIBLE * base["fitted share"]
            rows.append({"question": question, "answer": answer, **found, "flag": "implausible" if weak else ""})
    return pd.DataFrame(rows).drop(columns=["fitted share", "reserved share"])


def design(points: int, seed: int) -> dict[str, np.ndarray]:
    """Latin hypercube over the ranges of all coefficients but the theory switches, name -> (points,)."""
    names = [name for name in coefficients() if not name.startswith("theory.")]
    unit = qmc.LatinHypercube(len(names), rng=np.random.default_rng(seed)).random(points)
    found = {}
    for i, name in enumerate(names):
        c = coefficients()[name]
        log = c.low > 0 and c.high / c.low > 5
        found[name] = (c.low * (c.high / c.low) ** unit[:, i]) if log else c.low + (c.high - c.low) * unit[:, i]
    return found


def rank_regression(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Standardised rank regression coefficients of y (n,) on the columns of x (n, p): share of a rank's spread."""
    a = rankdata(x, axis=0)
    b = rankdata(y)
    a, b = (a - a.mean(axis=0)) / a.std(axis=0), (b - b.mean()) / max(b.std(), 1e-12)
    return np.linalg.lstsq(a, b, rcond=None)[0]


def sensitivity(scenario: Scenario, points: int, seed: int = 1, jobs: int = 0) -> pd.DataFrame:
    """Standardised rank regression of the studied outcomes on all coefficients: rows coefficients, columns outcomes."""
    spread = design(points, seed)
    run = scenario.model_copy(update={"worlds": points, "uncertainty": "fixed", "record": tuple(STUDIED)})
    raw = arrays(run, jobs, options={"parameters": spread})
    x = np.stack(list(spread.values()), axis=1)
    totals = {name: raw.values[raw.names.index(name)].sum(axis=(1, 2), dtype=float) for name in STUDIED}
    return pd.DataFrame({name: rank_regression(x, y) for name, y in totals.items()}, index=list(spread))


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", nargs="?", default="scenarios/baseline.yaml")
    parser.add_argument("--worlds", type=int, default=100)
    parser.add_argument("--points", type=int, default=1500)
    parser.add_argument("--jobs", type=int, default=0)
    given = parser.parse_args()
    scenario = load_scenario(given.scenario, {"worlds": given.worlds})
    print(placebos(scenario, given.jobs).drop(columns=["fitted share", "reserved share"]).to_string(index=False))
    table = sensitivity(scenario, given.points, jobs=given.jobs)
    for name, what in STUDIED.items():
        top = table[name].abs().sort_values(ascending=False).index[:10]
        print(f"\n{what} ({name}), {given.points} points over all ranges, standardised rank regression:")
        print("\n".join(f"  {coefficient:32s} {table.loc[coefficient, name]:+.2f}" for coefficient in top))


if __name__ == "__main__":
    main()
