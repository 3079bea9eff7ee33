"""What pairing saves: worlds that unpaired runs would need for the same interval of the mean difference.

Run from the checkout: `python -m benchmarks.pairing`, perhaps with scenario files and `--worlds 200`.  Worlds with
luck of their own would give the difference of means the variance var(base) + var(other); pairs give it
var(other - base). The ratio is printed by scenario and outcome: that many times the worlds without pairing.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

import numpy as np
import pandas as pd

from sim.runs.scenarios import load_scenario
from sim.studies.compare.comparison import HEADLINE, Comparison, compare
from sim.studies.compare.verdicts import ALL

BASELINE = "scenarios/baseline.yaml"
OUTCOMES = (*HEADLINE, "deaths_civilians", "movement_members")
SCENARIOS = 6


def found() -> list[str]:
    """The first six scenarios that can be compared with the baseline."""
    base = load_scenario(BASELINE)
    paths = [path for folder in ("examples", "levers", "packages", ".")
             for path in sorted(Path("scenarios", folder).glob("*.yaml")) if path != Path(BASELINE)]
    return [str(path) for path in paths if load_scenario(path).world == base.world][:SCENARIOS]


def saved(c: Comparison) -> pd.DataFrame:
    """Ratio of the unpaired to the paired variance, scenarios by outcomes; infinite where no world differs."""
    everywhere = c.worlds_table[c.worlds_table["place"] == ALL]
    values = everywhere.pivot(index="world", columns=["scenario", "outcome"], values="value")
    rows = {}
    for other in c.others:
        base, own = values[c.base.name], values[other.name]
        with np.errstate(divide="ignore", invalid="ignore"):
            rows[other.name] = (base.var() + own.var()) / (own - base).var()
    return pd.DataFrame(rows).T[list(OUTCOMES)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenarios", nargs="*", help="default: six of the shipped ones")
    parser.add_argument("--worlds", type=int, default=200)
    given = parser.parse_args()
    paths = given.scenarios or found()
    c = compare(load_scenario(BASELINE), [load_scenario(path) for path in paths], outcomes=OUTCOMES,
                worlds=given.worlds)
    table = saved(c)
    print(f"{given.worlds} worlds, {c.first} to {c.last}, all countries: times the worlds needed without pairing\n")
    print(table.to_string(float_format="{:.1f}".format))
    finite = table.to_numpy()[np.isfinite(table.to_numpy())]
    print(f"\nmedian of {finite.size}: {statistics.median(finite):.1f}, least {finite.min():.1f}")


if __name__ == "__main__":
    main()
