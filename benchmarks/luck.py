"""Time named luck and counts, nanoseconds a draw, medians.  Run from the checkout: `python -m benchmarks.luck`."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

from sim.engine.compiled import rule
from sim.engine.counts import binomial_hazard, poisson
from sim.engine.luck import fill, stream_key, uniform

N = 200_000
KEY = stream_key(1, 0, "benchmark")


@rule
def lone(key0, key1, n):  # type: ignore[no-untyped-def]
    """Uniforms one by one."""
    total = 0.0
    for i in range(n):
        total += uniform(key0, key1, 24_000, i)
    return total


@rule
def counted(u, people, hazard):  # type: ignore[no-untyped-def]
    """Binomial draws."""
    total = 0
    for each in u:
        total += binomial_hazard(each, people, hazard)
    return total


@rule
def events(u, mean):  # type: ignore[no-untyped-def]
    """Poisson draws."""
    total = 0
    for each in u:
        total += poisson(each, mean)
    return total


def line(what: str, call: Callable[[], object], repeats: int = 5) -> None:
    """Print the median of the time of one draw."""
    call()
    runs = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        runs.append(time.perf_counter() - start)
    print(f"  {what:44} {1e9 * statistics.median(runs) / N:9.1f} ns", flush=True)


def main() -> None:
    u = np.empty(N)
    line("uniform, one by one", lambda: lone(KEY[0], KEY[1], N))
    line("uniform, a row", lambda: fill(u, KEY[0], KEY[1], 24_000, 0, N))
    generator = np.random.Generator(np.random.Philox(1))
    line("NumPy's Philox, a row", lambda: generator.random(N))
    for people, hazard in ((100, 1e-4), (1_000, 1e-3), (50_000, 1e-3), (10**6, 0.5)):
        line(f"count of {people:,} at hazard {hazard:g}", lambda p=people, h=hazard: counted(u, p, h))  # type: ignore[misc]
        line("  NumPy's binomial (no named luck)", lambda p=people, h=hazard: generator.binomial(p, 1 - np.exp(-h), N))  # type: ignore[misc]
    for mean in (0.01, 5.0, 1e6):
        line(f"Poisson count, mean {mean:g}", lambda m=mean: events(u, m))  # type: ignore[misc]


if __name__ == "__main__":
    main()
