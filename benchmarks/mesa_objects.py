"""One rule written twice: exposure on residents as Mesa objects and on counts by region and class.

Run from the checkout: `python -m benchmarks.mesa_objects`.  Both use the same hazard, susceptibility x readiness x
(outreach + peers + online), in one region; objects are one `mesa.Agent` per resident, as a beginner would write it.
Prints the time for one resident and month of each, their ratio, and that both give the same number of sympathisers.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from collections.abc import Callable
from typing import Any

import mesa
import numpy as np

from sim.engine.compiled import rule
from sim.engine.counts import binomial_hazard
from sim.engine.luck import draws, uniform
from sim.engine.rules.exposure import exposure_hazard
from sim.engine.start import class_multipliers, largest_remainder
from sim.engine.state import CLASS_SHARES
from sim.inputs.numbers import coefficients
from sim.runs.scenarios import load_scenario
from sim.runs.worlds import Worlds

READINESS, OUTREACH, ONLINE = 0.4, 0.01, 0.005
PEERS = coefficients()["exposure.peers"].value
SUSCEPTIBILITY = class_multipliers(np.asarray(coefficients()["exposure.sigma"].value))


class Region(mesa.Model):
    """A region of residents who are objects."""

    def __init__(self, residents: int, seed: int):
        super().__init__(rng=seed)
        classes = np.repeat(np.arange(CLASS_SHARES.size), largest_remainder(np.array([residents]), CLASS_SHARES)[0])
        self.size, self.hazard = residents, 0.0
        Resident.create_agents(self, residents, SUSCEPTIBILITY[classes].tolist())

    def step(self) -> None:
        share = len(self.agents.select(lambda resident: resident.sympathises)) / self.size
        self.hazard = float(exposure_hazard(READINESS, OUTREACH, PEERS * share, ONLINE))
        self.agents.do("step")


class Resident(mesa.Agent):
    """A resident who may come to sympathise."""

    def __init__(self, model: Region, susceptibility: float):
        super().__init__(model)
        self.susceptibility, self.sympathises = susceptibility, False

    def step(self) -> None:
        """Come to sympathise with the chance that the hazard gives."""
        if not self.sympathises:
            chance = 1 - math.exp(-self.model.hazard * self.susceptibility)
            self.sympathises = self.model.random.random() < chance


def objects(residents: int, months: int, seed: int = 1) -> tuple[float, int]:
    """Seconds for the months, and sympathisers at the end."""
    region = Region(residents, seed)
    start = time.perf_counter()
    for _ in range(months):
        region.step()
    spent = time.perf_counter() - start
    return spent, sum(resident.sympathises for resident in region.agents)


@rule
def exposed(free, won, keys, residents, months, susceptibility, readiness, outreach, peers, online):  # type: ignore[no-untyped-def]
    """The same with counts by class, for many regions one after the other."""
    for i in range(free.shape[0]):
        for month in range(months):
            hazard = exposure_hazard(readiness, outreach, peers * won[i].sum() / residents, online)
            for c in range(free.shape[1]):
                joining = binomial_hazard(uniform(keys[i, 0], keys[i, 1], month, c), free[i, c],
                                          hazard * susceptibility[c])
                free[i, c] -= joining
                won[i, c] += joining


def counts(residents: int, months: int, worlds: int) -> tuple[float, np.ndarray]:
    """Seconds for the months in many regions (here: worlds), and sympathisers of each at the end."""
    free = np.tile(largest_remainder(np.array([residents]), CLASS_SHARES), (worlds, 1))
    won, keys = np.zeros_like(free), draws(1, np.arange(worlds), ["exposure"])[:, 0]
    start = time.perf_counter()
    exposed(free, won, keys, residents, months, SUSCEPTIBILITY, READINESS, OUTREACH, PEERS, ONLINE)
    return time.perf_counter() - start, won.sum(axis=1)


def median(call: Callable[[], tuple[float, Any]], repeats: int) -> float:
    return statistics.median(call()[0] for _ in range(repeats))


def whole_month(worlds: int) -> tuple[float, int]:
    """Seconds for all processes, agents and the record of a month of the baseline, and its residents aged 15-34."""
    made = Worlds(load_scenario("scenarios/baseline.yaml", {"worlds": worlds}))
    residents = int(made.batch.uninvolved.sum())
    made.run(until=1)
    start = time.perf_counter()
    made.run()
    return (time.perf_counter() - start) / (made.months - 1), residents


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--residents", type=int, default=20_000)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    n, months = given.residents, given.months
    counts(n, 1, 1)  # compiled before it is timed
    each = 1e9 * median(lambda: objects(n, months), given.repeats) / n / months
    print(f"{n} residents, {months} months, exposure alone: nanoseconds per resident and month")
    print(f"  Mesa objects              {each:12.2f}")
    for regions in (1, 106, 25 * 106):
        lumped = 1e9 * median(lambda w=regions: counts(n, months, w), given.repeats) / n / months / regions  # type: ignore[misc]
        print(f"  counts, {regions:5d} region(s)   {lumped:12.4f}   {each / lumped:10.0f} times faster")
    for worlds in (1, 25):
        spent, residents = whole_month(worlds)
        lumped = 1e9 * spent / residents
        print(f"  the whole month, {worlds:2d} world(s) {lumped:10.4f}   {each / lumped:10.0f} times faster than "
              "exposure alone as objects")
    by_hand = np.mean([objects(n, months, seed)[1] for seed in range(5)])
    lumped = counts(n, months, 500)[1].mean()
    print(f"sympathisers at the end: objects {by_hand:.0f} (5 runs), counts {lumped:.0f} (500 runs)")


if __name__ == "__main__":
    main()
