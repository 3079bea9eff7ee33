"""Time the engine on the baseline: medians of repeated runs.  Run from the checkout: `python -m benchmarks.engine`.

Options: `--repeats 5`, `--quick` (no 100 worlds, no memory), `--peer "COMMAND"` (a command that prints its seconds,
timed in turn with 100 worlds on two threads; the ratio is printed).
"""

from __future__ import annotations

import argparse
import multiprocessing
import re
import resource
import shlex
import statistics
import subprocess
import time
from collections.abc import Callable
from typing import Any

from sim.inputs.geography import load_geography
from sim.inputs.scenario import Scenario
from sim.runs.ensemble import CHUNK, arrays, tables_of
from sim.runs.scenarios import load_scenario

BASELINE = "scenarios/baseline.yaml"


def baseline(worlds: int, **changes: Any) -> Scenario:
    return load_scenario(BASELINE, {"worlds": worlds, **changes})


def against(peer: str, repeats: int) -> None:
    """The ratio of 100 worlds with all outcomes on two threads to what a command says it took, in turn."""
    scenario, ratios = baseline(100), []
    arrays(scenario, 2)
    for _ in range(repeats):
        start = time.perf_counter()
        arrays(scenario, 2)
        own = time.perf_counter() - start
        said = subprocess.run(shlex.split(peer), capture_output=True, text=True, check=True).stdout
        found = re.search(r"([0-9.]+) s\b", said)
        if found is None:
            raise SystemExit(f"the peer printed no seconds: {said!r}")
        ratios.append((own / float(found[1]), own, float(found[1])))
        print(f"  100 worlds {own:.3f} s, peer {float(found[1]):.3f} s, ratio {ratios[-1][0]:.2f}", flush=True)
    print(f"  median ratio {statistics.median(ratio for ratio, _, _ in ratios):.2f}")


def larger(scenario: Scenario, factor: float) -> Scenario:
    """The scenario with so many times the residents; the loader would refuse them as out of range."""
    g = load_geography(scenario.world)
    people = {f"values.{country}.population_start": factor * float(start)
              for country, start in zip(g.countries, g.y["population_start"], strict=True)}
    return scenario.model_copy(update={"parameters": {**scenario.parameters, **people}})


def seconds(call: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Median and minimum of the time of one call, after a first one that is not counted."""
    call()
    runs = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        runs.append(time.perf_counter() - start)
    return statistics.median(runs), min(runs)


def line(what: str, scenario: Scenario, repeats: int, jobs: int = 1) -> float:
    """Time a scenario, print it with the cost of one world's month, and return the median."""
    median, least = seconds(lambda: arrays(scenario, jobs), repeats)
    months = int(scenario.end) - int(scenario.start) + 1
    each = 1e6 * median / months / scenario.worlds
    print(f"  {what:34} {median:8.3f} {least:8.3f} {each:10.1f}", flush=True)
    return median


def megabytes(scenario: Scenario, jobs: int) -> tuple[float, float]:
    """Peak memory of a fresh process that runs the scenario and builds its tables, and of its largest child."""
    context = multiprocessing.get_context("spawn")
    pipe, other = context.Pipe()
    process = context.Process(target=_measure, args=(scenario, jobs, other))
    process.start()
    peaks: tuple[float, float] = pipe.recv()
    process.join()
    return peaks


def _measure(scenario: Scenario, jobs: int, pipe: Any) -> None:
    tables_of(scenario, arrays(scenario, jobs))
    pipe.send(tuple(resource.getrusage(who).ru_maxrss / 1024
                    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--peer", default="")
    given = parser.parse_args()
    again = given.repeats
    if given.peer:
        against(given.peer, again)
        return
    if not given.quick:  # first, because Linux counts the parent's memory at the start of a process as that process's
        for jobs in (1, 2):
            own, _ = megabytes(baseline(100), jobs)
            print(f"100 worlds with tables, {jobs} thread(s): peak {own:.0f} MB")
    print(f"baseline, 84 months, chunks of up to {CHUNK} worlds\n"
          f"  {'run':34} {'median s':>8} {'least s':>8} {'us / month':>10}")
    one = line("1 world", baseline(1), again)
    some = line("25 worlds", baseline(25), again)
    line("50 worlds", baseline(50), again)
    if not given.quick:
        hundred = line("100 worlds, 1 thread", baseline(100), max(1, again // 2))
        line("100 worlds, 2 threads", baseline(100), max(1, again // 2), jobs=2)
        print(f"  100 worlds cost {hundred / some:.2f} times 25 worlds (linear: 4), {hundred / one:.1f} times one")
    half = line("25 worlds, 42 months", baseline(25, end="2014-06"), again)
    long = line("25 worlds, 144 months", baseline(25, end="2022-12"), again)
    print(f"  84 months cost {some / half:.2f} times 42 (linear: 2), 144 {long / some:.2f} times 84 (linear: 1.71)")
    crowd = line("25 worlds, 10 times the residents", larger(baseline(25), 10), again)
    print(f"  ten times the residents cost {crowd / some:.2f} times as much")
    raw = arrays(baseline(25))
    median, least = seconds(lambda: tables_of(baseline(25), raw), again)
    print(f"  {'tables of 25 worlds':34} {median:8.3f} {least:8.3f}")


if __name__ == "__main__":
    main()
