"""Time the noise module: medians of repeated runs.  Run from the checkout: `python -m benchmarks.noise`."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

from sim.noise import (
    Noise,
    binomial,
    binomial_hazard,
    categorical,
    poisson,
    split_shares,
    stochastic_round,
    systematic_split,
)

WORLDS = 25


def microseconds(call: Callable[[], object], repeats: int = 9, least: float = 0.01) -> float:
    """Median time of one call over `repeats` runs of at least `least` seconds each."""
    start = time.perf_counter()
    call()
    loops = max(1, int(least / max(time.perf_counter() - start, 1e-7)))
    runs = []
    for _ in range(repeats):
        start = time.perf_counter()
        for _ in range(loops):
            call()
        runs.append((time.perf_counter() - start) / loops)
    return 1e6 * statistics.median(runs)


def uniforms() -> None:
    print(f"uniform, {WORLDS} worlds: numbers per world, microseconds per call, per world, nanoseconds per number")
    noise = Noise(1, np.arange(WORLDS))
    for size in (1, 100, 300, 1000, 3000):
        whole = microseconds(lambda size=size: noise.uniform("p", 7, (size,)))  # type: ignore[misc]
        print(f"  {size:5d} {whole:9.1f} {whole / WORLDS:8.2f} {1e3 * whole / WORLDS / size:8.2f}")

    def first_calls() -> None:
        fresh = Noise(1, np.arange(WORLDS))
        for process in range(40):
            fresh.uniform(f"p{process}", 0, (1,))

    print(f"  new instance, 40 processes, first calls: {microseconds(first_calls) / 1e3:.2f} ms")

    def chunk() -> None:
        fresh = Noise(1, np.arange(WORLDS))
        for month in range(84):
            for process in range(40):
                fresh.uniform(f"p{process}", month, (300,))

    print(f"  84 months x 40 processes x 300 numbers: {microseconds(chunk, 3) / 1e3:.0f} ms for the chunk")


def counts() -> None:
    size = 1000
    noise = Noise(2, np.arange(WORLDS))
    u, v = noise.uniform("u", 0, (size,)), noise.uniform("v", 0, (size,))
    print(f"counts, {WORLDS} x {size} entries, mean varied within (0, 2 m): microseconds per call")
    print(f"  {'m':>8} {'poisson':>9} {'binomial':>9} {'hazard':>9} {'1 - p':>9}")
    for m in (0.001, 0.01, 0.1, 1.0, 10.0, 25.0, 50.0, 200.0, 2000.0):
        mean = 2.0 * m * v
        n = np.full(u.shape, int(50 + 20 * m))
        p = mean / n
        row = (
            microseconds(lambda mean=mean: poisson(u, mean)),  # type: ignore[misc]
            microseconds(lambda n=n, p=p: binomial(u, n, p)),  # type: ignore[misc]
            microseconds(lambda n=n, p=p: binomial_hazard(u, n, p)),  # type: ignore[misc]
            microseconds(lambda n=n, p=p: binomial(u, n, 1.0 - p)),  # type: ignore[misc]
        )
        print(f"  {m:8g} " + " ".join(f"{x:9.0f}" for x in row))


def dividing() -> None:
    places, groups = 110, 8
    noise = Noise(3, np.arange(WORLDS))
    stock = (1000 * noise.uniform("stock", 0, (places, groups))).astype(np.int64)
    shares = noise.uniform("shares", 0, (places, groups))
    u = noise.uniform("u", 0, (places,))
    v = noise.uniform("v", 0, (places, groups - 1))
    print(f"dividing, {WORLDS} x {places} rows of {groups}: microseconds per call, share of rows with n > 0")
    for busy in (0.01, 0.1, 1.0):
        n = np.where(noise.uniform("busy", 0, (places,)) < busy, 20, 0)
        split = microseconds(lambda n=n: systematic_split(stock, n, u))  # type: ignore[misc]
        share = microseconds(lambda n=n: split_shares(n, shares, v))  # type: ignore[misc]
        print(f"  {busy:4.0%}  systematic_split {split:7.0f}  split_shares {share:7.0f}")
    print(f"  categorical {microseconds(lambda: categorical(u, shares)):.0f}")
    print(f"  stochastic_round {microseconds(lambda: stochastic_round(u, 9.0 * u)):.0f}")


if __name__ == "__main__":
    uniforms()
    counts()
    dividing()
