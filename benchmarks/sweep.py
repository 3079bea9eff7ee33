"""Time sweeps: time and memory against the number of worlds, and what Dask adds.

Run from the checkout: `python -m benchmarks.sweep`. Options: `--most 10000` (largest number of worlds), `--jobs 2`,
`--no-dask`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from sim.studies.sweep.batches import Rows
from sim.studies.sweep.runner import run_sweep
from sim.studies.sweep.spec import SweepSpec, load_sweep

SIZES = (100, 1_000, 10_000, 100_000)
WORLDS = 20
LOOK = 0.5  # seconds between looks at the memory


def made(worlds: int, **changes: Any) -> SweepSpec:
    """The full Maghreb, 84 months, at points of a Latin hypercube of three coefficients and two levers."""
    return load_sweep({
        "name": "benchmark", "base": "scenarios/baseline.yaml", "worlds": WORLDS,
        "vary": {"detection": {"parameter": "counter.detection"}, "peers": {"parameter": "exposure.peers"},
                 "attrition": {"parameter": "counter.pursuit"},
                 "cohesion": {"lever": "national_cohesion", "where": ["LY"], "from": "2014-01"},
                 "borders": {"lever": "border_control", "where": ["TN"], "from": "2013-01"}},
        "design": {"kind": "latin_hypercube", "points": worlds // WORLDS},
        "record": {"outcomes": ["departures", "recruits", "attacks", "deaths_civilians", "controlled_residents"],
                   "summaries": ["foothold_any", "recurrence", "departures_per_million"]}, **changes})


class Memory:
    """Largest resident memory of this process and of all its children, in MB, while it is looked at."""

    def __init__(self) -> None:
        self.most, self._stop = 0.0, threading.Event()

    def look(self) -> None:
        while not self._stop.wait(LOOK):
            self.most = max(self.most, sum(map(resident, family())))

    def end(self) -> None:
        self._stop.set()


def family() -> list[int]:
    """This process's parent (the sweep) and the sweep's other children."""
    sweep = multiprocessing.parent_process()
    assert sweep is not None
    assert sweep.pid is not None
    children = Path(f"/proc/{sweep.pid}/task/{sweep.pid}/children").read_text().split()
    return [sweep.pid, *(int(pid) for pid in children)]


def resident(pid: int) -> float:
    """MB of a process; pages that several share count in parts."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has ended
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000


def _watch(pipe: Any) -> None:
    memory = Memory()
    thread = threading.Thread(target=memory.look, daemon=True)
    thread.start()
    pipe.recv()
    memory.end()
    thread.join()
    pipe.send(memory.most)


@contextmanager
def watched() -> Iterator[list[float]]:
    """Appends the largest memory of the sweep and its workers; a process of its own looks on."""
    pipe, other = multiprocessing.Pipe()
    watcher = multiprocessing.get_context("spawn").Process(target=_watch, args=(other,))
    watcher.start()
    found: list[float] = []
    yield found
    pipe.send(None)
    found.append(pipe.recv())
    watcher.join()


def busy() -> float:
    """Seconds of processor time of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def timed(spec: SweepSpec, folder: Path, **options: Any) -> tuple[float, float, float, Path]:
    """Seconds, seconds of processor time, MB and the folder of one sweep."""
    with watched() as memory:
        began, before = time.perf_counter(), busy()
        done = run_sweep(spec, folder, **options)
        seconds, processor = time.perf_counter() - began, busy() - before
    return seconds, processor, memory[0], done


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=10_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--no-dask", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        print(f"full Maghreb, 84 months, {WORLDS} worlds a point, {given.jobs} processes\n"
              f"  {'worlds':>8} {'seconds':>8} {'processor s':>12} {'ms/world':>9} {'MB most':>11} {'kB disk':>11}")
        for worlds in (size for size in SIZES if size <= given.most):
            seconds, processor, memory, folder = timed(made(worlds), Path(place) / str(worlds), jobs=given.jobs)
            disk = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1000
            print(f"  {worlds:>8,} {seconds:8.1f} {processor:12.1f} {1000 * processor / worlds:9.1f} {memory:11.0f} "
                  f"{disk:11.0f}", flush=True)
        if not given.no_dask:
            dask(Path(place))


def nothing(rows: Rows) -> np.ndarray:
    """No model: what is left is the cost of handing chunks around and writing them."""
    places = 5 + len(rows.record.places)
    return np.zeros((rows.worlds.size, len(rows.record.periods), places, len(rows.record.columns)), np.float32)


def dask(place: Path) -> None:
    """The same sweep on two local Dask workers: overhead, and whether the tables are the same."""
    from distributed import LocalCluster

    spec = made(1_000)
    own, _, _, alone = timed(spec, place / "alone", jobs=2)
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        address = cluster.scheduler_address
        run_sweep(made(100), place / "warm", scheduler=address)  # workers load the model once
        seconds, _, _, folder = timed(spec, place / "dask", scheduler=address)
        idle = made(20_000)
        bare, _, _, _ = timed(idle, place / "bare", jobs=2, evaluate=nothing)
        over, _, _, _ = timed(idle, place / "over", scheduler=address, evaluate=nothing)
    same = (alone / "results.parquet").read_bytes() == (folder / "results.parquet").read_bytes()
    print(f"  1,000 worlds: {own:.1f} s on two processes, {seconds:.1f} s on two Dask workers "
          f"({100 * (seconds / own - 1):+.0f} %); tables {'the same' if same else 'DIFFER'}\n"
          f"  a chunk without the model: {1000 * bare / 200:.0f} ms on processes, {1000 * over / 200:.0f} ms on Dask")


if __name__ == "__main__":
    main()
