"""One rule written five times: exposure of residents as objects, as rows of columns, and as counts.

Run from the checkout: `python -m benchmarks.columnar`.  All use the same hazard, susceptibility x readiness x (outreach
+ peers + online), with the peers of the own region.  Objects are one `mesa.Agent` per resident; rows are columns with
one row per resident, in AMBER (a columnar framework on Polars), in plain Polars and in plain NumPy, all three with
NumPy's draws; counts are whole numbers by region and class, as in the engine.  Prints resident-steps a second, the
ratios of one run, and the sympathisers that each expects.  AMBER and Polars: `pip install ambr==0.5.2`.
"""

from __future__ import annotations

import argparse
import importlib
import statistics
import time
from typing import Any, Protocol

import numpy as np

from benchmarks.mesa_objects import ONLINE, OUTREACH, PEERS, READINESS, SUSCEPTIBILITY, exposed, objects, whole_month
from sim.engine.luck import draws
from sim.engine.start import largest_remainder
from sim.engine.state import CLASS_SHARES

SURE = 5.0  # standard errors that the means of two ways may lie apart
CHECKED = 8  # runs of a peer whose sympathisers are compared
NEEDED = "the package {} is not installed; the peers are installed with: pip install ambr==0.5.2"


class Peer(Protocol):
    """One way of writing the rule, with one row per resident."""

    def month(self) -> None: ...

    def sympathisers(self) -> int: ...


class Residents:
    """What every row needs to know: its region and class."""

    def __init__(self, residents: int, regions: int, seed: int):
        own = largest_remainder(np.full(regions, residents), CLASS_SHARES)  # (regions, classes)
        self.regions, self.each, self.rng = regions, residents, np.random.default_rng(seed)
        self.region = np.repeat(np.arange(regions, dtype=np.int32), residents)
        self.kind = np.concatenate([np.repeat(np.arange(CLASS_SHARES.size, dtype=np.int32), row) for row in own])
        self.group = self.region * np.int32(CLASS_SHARES.size) + self.kind

    def hazard(self, won: np.ndarray) -> np.ndarray:
        """Hazard of each region, before susceptibility, from its number of sympathisers."""
        return READINESS * (OUTREACH + PEERS * won / self.each + ONLINE)

    def chances(self, won: np.ndarray) -> np.ndarray:
        """Chance of each region and class, to be looked up by row."""
        return -np.expm1(-self.hazard(won)[:, None] * SUSCEPTIBILITY).ravel()


class Rows(Residents):
    """Plain NumPy."""

    def __init__(self, residents: int, regions: int, seed: int):
        super().__init__(residents, regions, seed)
        self.won = np.zeros(residents * regions, dtype=bool)

    def month(self) -> None:
        chance = self.chances(np.bincount(self.region[self.won], minlength=self.regions))[self.group]
        self.won |= self.rng.random(self.won.size) < chance

    def sympathisers(self) -> int:
        return int(self.won.sum())


class Frame(Residents):
    """Plain Polars: expressions on a frame; the draws are NumPy's."""

    def __init__(self, residents: int, regions: int, seed: int):
        super().__init__(residents, regions, seed)
        self.pl = importlib.import_module("polars")
        self.frame = self.pl.DataFrame({"region": self.region, "susceptibility": SUSCEPTIBILITY[self.kind],
                                        "won": np.zeros(residents * regions, dtype=bool)})

    def month(self) -> None:
        pl = self.pl
        won = self.frame.filter(pl.col("won"))["region"].to_numpy()
        hazard = pl.lit(pl.Series(self.hazard(np.bincount(won, minlength=self.regions))))
        chance = 1 - (-hazard.gather(pl.col("region")) * pl.col("susceptibility")).exp()
        drawn = pl.lit(pl.Series(self.rng.random(len(self.frame))))
        self.frame = self.frame.with_columns(won=pl.col("won") | (drawn < chance))

    def sympathisers(self) -> int:
        return int(self.frame["won"].sum())


def amber(residents: int, regions: int, seed: int) -> Peer:
    """AMBER: columns as arrays, and the changed one given back."""
    ambr = importlib.import_module("ambr")

    class Model(ambr.Model):  # type: ignore[misc, name-defined]
        def setup(self) -> None:
            self.about = Residents(residents, regions, seed)
            self.add_agents(residents * regions, region=self.about.region, group=self.about.group,
                            won=np.zeros(residents * regions, dtype=bool))

        def step_vectorized(self) -> None:
            region, group, won = (np.asarray(self.agents.array(name)) for name in ("region", "group", "won"))
            chance = self.about.chances(np.bincount(region[won], minlength=regions))[group]
            self.agents.set(won=won | (self.rng.random(won.size) < chance))

        def month(self) -> None:
            self.run_step()

        def sympathisers(self) -> int:
            return int(self.agents.won.sum())

    return Model({"steps": 1, "seed": seed, "show_progress": False}).cpu(mode="vectorized")  # type: ignore[no-any-return]


PEERS_OF = {"AMBER, columns": amber, "Polars, rows": Frame, "NumPy, rows": Rows}


def timed(make: Any, residents: int, regions: int, months: int, repeats: int) -> tuple[float, list[int]]:
    """Seconds of the months after a first one that prepares, median; sympathisers at the end of every run."""
    spent, found = [], []
    for seed in range(max(repeats, CHECKED)):
        peer = make(residents, regions, seed)
        peer.month()
        start = time.perf_counter()
        for _ in range(months):
            peer.month()
        spent.append(time.perf_counter() - start)
        found.append(peer.sympathisers())
    return statistics.median(spent), found


def counted(residents: int, regions: int, months: int, seed: int) -> tuple[float, int]:
    """The same with counts by region and class: seconds, and sympathisers at the end."""
    free = largest_remainder(np.full(regions, residents), CLASS_SHARES)
    won, keys = np.zeros_like(free), draws(seed, np.arange(regions), ["exposure"])[:, 0]
    start = time.perf_counter()
    exposed(free, won, keys, residents, months, SUSCEPTIBILITY, READINESS, OUTREACH, PEERS, ONLINE)
    return time.perf_counter() - start, int(won.sum())


def agree(name: str, found: list[int], own: np.ndarray) -> str:
    """The mean of a peer's runs beside ours, and how many standard errors lie between."""
    apart = (np.mean(found) - own.mean()) / (own.std(ddof=1) * np.sqrt(1 / len(found) + 1 / own.size))
    if abs(apart) > SURE:
        raise SystemExit(f"{name} expects {np.mean(found):.0f} sympathisers, counts {own.mean():.0f}: not one rule")
    return f"{np.mean(found):12.0f} ({apart:+.1f} standard errors)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--residents", type=int, default=10_000, help="of each region")
    parser.add_argument("--regions", type=int, default=106)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--repeats", type=int, default=9)
    given = parser.parse_args()
    n, regions, months = given.residents, given.regions, given.months
    counted(n, 1, 1, 1)  # compiled before it is timed
    ours = statistics.median(counted(n, regions, months, seed)[0] for seed in range(50))
    own = np.array([counted(n, regions, months + 1, seed)[1] for seed in range(200)])
    steps = n * regions * months
    print(f"{regions} regions of {n} residents, {months} months, exposure alone, one process")
    print(f"{'':20s}{'resident-steps a second':>24s}{'counts are faster by':>22s}   sympathisers in the end")
    each = statistics.median(objects(20_000, months, seed)[0] for seed in range(3)) / 20_000 / months
    print(f"{'Mesa objects':20s}{1 / each:24.3g}{each * steps / ours:22.0f}   (20000 residents; "
          "see benchmarks.mesa_objects)")
    for name, make in PEERS_OF.items():
        try:
            spent, found = timed(make, n, regions, months, given.repeats)
        except ModuleNotFoundError as error:
            print(f"{name:20s}{NEEDED.format(error.name)}")
            continue
        print(f"{name:20s}{steps / spent:24.3g}{spent / ours:22.0f}   {agree(name, found, own)}", flush=True)
    print(f"{'counts':20s}{steps / ours:24.3g}{1:22d}   {own.mean():12.0f} (200 runs)")
    spent, people = whole_month(25)
    print(f"{'the engine':20s}{people / spent:24.3g}{'':22s}   (all processes, agents and the record of a month, "
          "25 worlds of the baseline)")


if __name__ == "__main__":
    main()
