"""A sweep survives errors, kills and full disks, and its tables do not depend on how it was run."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import yaml

import sim.studies.sweep.batches
import sim.studies.sweep.ledger
from sim.errors import UserError
from sim.studies.sweep import sweep
from sim.studies.sweep.batches import chunks, rows_of, work
from sim.studies.sweep.cluster import remote
from sim.studies.sweep.design import points_of
from sim.studies.sweep.design_and_response import load
from sim.studies.sweep.estimate import cost, describe
from sim.studies.sweep.fingerprint import fingerprint
from sim.studies.sweep.ledger import LEDGER, Ledger
from sim.studies.sweep.local import Lost
from sim.studies.sweep.runner import Stopped, SweepError, run_sweep
from sim.studies.sweep.spec import SweepSpec, load_sweep
from sim.studies.sweep.sweep_folder import read_sweep
from tests.studies.sweep import small
from tests.studies.sweep.small import ROOT, keys, same, spec

KILLS = int(os.environ.get("FOOTHOLD_KILLS", "4"))  # twenty take about a minute
CUT = (9, 5)  # chunks of 8 rows, and of 5 and 4: both cut through points of 3 worlds, the second through the bad one
TOY: dict[str, Any] = {"evaluate": small.toy}
LOCAL = {"threads_per_worker": 1, "dashboard_address": None, "silence_logs": 50}


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixteen chunks of three rows: one for each point."""
    monkeypatch.setattr(sim.studies.sweep.batches, "CHUNK", 3)


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """The toy sweep, run at once in this process."""
    return run_sweep(spec(), tmp_path / "whole", jobs=1, **TOY)


def entries(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / LEDGER).read_text().splitlines()]


def test_results_stand_in_order_with_every_row_once(whole: Path) -> None:
    found = read_sweep(whole)
    rows = found.results[["point", "world", "period", "place"]].astype(str).agg(" ".join, axis=1).tolist()
    assert rows == [f"{point} {world} all {place}" for point in range(16) for world in range(3)
                    for place in ("AA", "BB", "ALL")]
    first = found.results[(found.results["place"] == "AA") & (found.results["world"] == 2)]
    expected = 10 * found.points["settling"] + found.points["might"] + 2e-3
    assert first["departures"].to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-6)
    assert found.results.dtypes[["departures", "foothold_any"]].tolist() == [np.float32] * 2
    assert (len(found.failed), found.manifest["finished"], found.manifest["kind"]) == (0, True, "sweep")


def test_processes_change_nothing(whole: Path, tmp_path: Path) -> None:
    assert same(run_sweep(spec(), tmp_path / "two", jobs=2, **TOY), whole)


def test_neither_do_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = spec(set={"end": "2012-12"})
    one = run_sweep(made, tmp_path / "one", jobs=2)
    monkeypatch.setattr(sim.studies.sweep.batches, "CHUNK", 50)
    assert same(run_sweep(made, tmp_path / "other", jobs=1), one)


@pytest.mark.parametrize("rows", CUT)
def test_a_bad_point_costs_only_itself(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                       rows: int) -> None:
    monkeypatch.setattr(sim.studies.sweep.batches, "CHUNK", rows)
    found = read_sweep(run_sweep(spec(), tmp_path / "bad", jobs=2, evaluate=small.wrong_at_one_point))
    assert found.failed["point"].tolist() == [3]
    assert found.failed.loc[0, ["settling", "might"]].tolist() == [0.0, 1.0]
    assert "ArithmeticError: the toy cannot bear this point" in found.failed.loc[0, "reason"]
    good = read_sweep(whole).results
    assert found.results.equals(good[good["point"] != 3].reset_index(drop=True))
    assert found.manifest["finished"] is False
    assert load(found.folder).points.tolist() == [point for point in range(16) if point != 3]


def test_failed_points_are_tried_again_on_resume(whole: Path, tmp_path: Path) -> None:
    folder = run_sweep(spec(), tmp_path / "bad", jobs=1, evaluate=small.wrong_at_one_point)
    assert same(run_sweep(spec(), folder, jobs=1, resume=True, **TOY), whole)
    assert not (folder / "failed.csv").exists()
    assert len(entries(folder)) == 17  # only the failed chunk ran again


@pytest.mark.parametrize("rows", CUT)
def test_a_point_that_kills_its_process_is_named_and_no_other(whole: Path, tmp_path: Path, rows: int,
                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sim.studies.sweep.batches, "CHUNK", rows)
    found = read_sweep(run_sweep(spec(), tmp_path / "deadly", jobs=2, evaluate=small.deadly_at_one_point))
    assert found.failed["point"].tolist() == [3]
    assert "killed" in found.failed.loc[0, "reason"]
    good = read_sweep(whole).results
    assert found.results.equals(good[good["point"] != 3].reset_index(drop=True))


def test_a_worker_killed_once_costs_nothing(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOY_MARK", str(tmp_path / "mark"))
    assert same(run_sweep(spec(), tmp_path / "once", jobs=2, evaluate=small.deadly_once), whole)
    assert (tmp_path / "mark").exists()


def stop_after(count: int) -> Any:
    """A progress that stops the sweep, as Ctrl-C would, once so many chunks are done."""
    seen = 0

    def progress(done: int, total: int) -> None:
        nonlocal seen
        seen += 1
        if seen == count:
            raise KeyboardInterrupt

    return progress


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_stopped_sweep_says_what_is_kept_and_goes_on(whole: Path, tmp_path: Path, jobs: int) -> None:
    with pytest.raises(Stopped, match=r"5 of 16 chunks kept in (\S+); .* --out \1 --resume$"):
        run_sweep(spec(), tmp_path / "s", jobs=jobs, progress=stop_after(5), **TOY)
    assert len(entries(tmp_path / "s")) == 5
    with pytest.raises(SweepError, match="not finished"):
        read_sweep(tmp_path / "s")
    done = []
    assert same(run_sweep(spec(), tmp_path / "s", jobs=jobs, resume=True,
                          progress=lambda now, total: done.append((now, total)), **TOY), whole)
    assert done[-1] == (11 * 3 * 6, 11 * 3 * 6)  # world-months of what was left
    assert len(entries(tmp_path / "s")) == 16


@pytest.mark.parametrize("torn", [b'{"chunk": 4, "state": "fini', b"\x00" * 30, b"not json\n"])
def test_a_torn_line_of_the_ledger_is_dropped(whole: Path, tmp_path: Path, torn: bytes) -> None:
    with pytest.raises(Stopped):
        run_sweep(spec(), tmp_path / "s", jobs=1, progress=stop_after(5), **TOY)
    with (tmp_path / "s" / LEDGER).open("ab") as handle:
        handle.write(torn)
    assert len(Ledger(tmp_path / "s").entries) == 5
    assert same(run_sweep(spec(), tmp_path / "s", jobs=1, resume=True, **TOY), whole)
    assert len(entries(tmp_path / "s")) == 16


@pytest.mark.parametrize("harm", ["gone", "cut", "changed"])
def test_a_part_that_is_not_what_was_written_is_run_again(whole: Path, tmp_path: Path, harm: str) -> None:
    with pytest.raises(Stopped):
        run_sweep(spec(), tmp_path / "s", jobs=1, progress=stop_after(5), **TOY)
    part = Ledger(tmp_path / "s").part(2)
    content = part.read_bytes()
    if harm == "gone":
        part.unlink()
    else:
        part.write_bytes(content[:100] if harm == "cut" else content[:-1] + bytes([content[-1] ^ 1]))
    assert same(run_sweep(spec(), tmp_path / "s", jobs=1, resume=True, **TOY), whole)
    assert len(entries(tmp_path / "s")) == 17


def test_a_resume_of_what_is_finished_does_nothing(whole: Path) -> None:
    before = (whole / "results.parquet").stat().st_mtime_ns

    def never(rows: Any) -> Any:
        raise AssertionError

    assert run_sweep(spec(), whole, resume=True, evaluate=never) == whole
    assert (whole / "results.parquet").stat().st_mtime_ns == before


@pytest.mark.parametrize(("changes", "said"), [
    ({"worlds": 4}, "'worlds: 3' there, 'worlds: 4' now"),
    ({"set": {"end": "2011-07"}}, "another sweep"),
    ({"design": {"kind": "grid", "levels": 3}}, "'levels: 4' there, 'levels: 3' now"),
])
def test_another_sweep_is_not_mixed_in(whole: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SweepError) as error:
        run_sweep(spec(**changes), whole, resume=True, **TOY)
    assert said in str(error.value)


def test_another_model_is_not_mixed_in(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.studies.sweep.runner.fingerprint", lambda: "another")
    with pytest.raises(SweepError, match="the model has changed"):
        run_sweep(spec(), whole, resume=True, **TOY)


def test_a_taken_folder_and_a_missing_one(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="not empty"):
        run_sweep(spec(), whole, **TOY)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SweepError, match="there is no unfinished folder results/sweep-small-"):
        run_sweep(spec(), resume=True, **TOY)
    with pytest.raises(Stopped):
        run_sweep(spec(), jobs=1, progress=stop_after(5), **TOY)
    assert same(run_sweep(spec(), jobs=1, resume=True, **TOY), whole)  # the newest unfinished one


def test_two_runs_cannot_share_a_folder(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    with pytest.raises(Stopped):
        run_sweep(spec(), tmp_path / "s", jobs=1, progress=stop_after(1), **TOY)
    code = (f"import fcntl, time; f = open({str(tmp_path / 's' / '.lock')!r}, 'w'); fcntl.lockf(f, fcntl.LOCK_EX); "
            "print('held', flush=True); time.sleep(60)")
    other = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    try:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(SweepError, match="another process runs this sweep"):
            run_sweep(spec(), tmp_path / "s", resume=True, **TOY)
    finally:
        other.kill()
        other.wait()
    run_sweep(spec(), tmp_path / "s", resume=True, jobs=1, **TOY)  # a killed run leaves no lock


@pytest.mark.parametrize("where", ["parts", "results", "ledger"])
def test_a_full_disk_is_one_message_and_a_resume_completes(whole: Path, tmp_path: Path, where: str,
                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    real, count = os.fsync, 0

    def full(handle: int) -> None:
        nonlocal count
        count += 1
        if count > {"parts": 6, "ledger": 8}[where]:  # each chunk: its part, the folder, the ledger
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(handle)

    def full_at_the_end(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        if where == "results":
            patch.setattr("sim.studies.sweep.runner.pq.ParquetWriter", full_at_the_end)
        else:
            patch.setattr(os, "fsync", full)
        with pytest.raises(SweepError, match=r"the disk is full\. (2|16) of 16 chunks .* --resume") as error:
            run_sweep(spec(), tmp_path / "s", jobs=1, **TOY)
    assert error.value.code == 1
    assert not list((tmp_path / "s").rglob("*unfinished*"))
    assert same(run_sweep(spec(), tmp_path / "s", jobs=1, resume=True, **TOY), whole)


def test_a_truly_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a file system of 200 kB, not looked at before; needs the right to mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    if mount is None or subprocess.run([mount, "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(disk)],
                                       capture_output=True).returncode:
        pytest.skip("no right to mount a file system here")
    made = spec(design={"kind": "grid", "levels": 12})  # 144 chunks of 4 kB and more
    try:
        with pytest.raises(UserError, match="200 kB|205 kB"):
            run_sweep(made, disk / "s", jobs=2, **TOY)
        monkeypatch.setattr("sim.studies.sweep.runner.check_room", lambda *_: None)
        with pytest.raises(SweepError, match="the disk is full") as error:
            run_sweep(made, disk / "s", jobs=2, **TOY)
        kept = int(str(error.value).split(" of 144")[0].split()[-1])
        assert 5 < kept < 144
        assert len(Ledger(disk / "s").entries) == kept
        subprocess.run([mount, "-o", "remount,size=20m", str(disk)], check=True)
        assert same(run_sweep(made, disk / "s", jobs=2, resume=True, **TOY),
                    run_sweep(made, tmp_path / "roomy", jobs=1, **TOY))
    finally:
        subprocess.run(["umount", str(disk)], check=True)


SCRIPT = """
import sys
import sim.studies.sweep.batches
from sim.studies.sweep.runner import run_sweep
from sim.studies.sweep.spec import load_sweep
sim.studies.sweep.batches.CHUNK = 3
run_sweep(load_sweep(sys.argv[1]), sys.argv[2], jobs=2, resume=True)
"""


def begun(file: Path, folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", SCRIPT, str(file), str(folder)], cwd=ROOT, stderr=subprocess.PIPE)


def workers(process: subprocess.Popen[bytes]) -> list[int]:
    try:
        return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
    except OSError:  # it has just ended
        return []


def killed(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds workers in /proc")
def test_killed_at_random_moments_the_tables_are_the_same(tmp_path: Path) -> None:
    """The real model: workers and the parent are killed, the sweep is resumed until it is finished."""
    text = yaml.safe_dump(keys(set={"end": "2012-03"}, design={"kind": "grid", "levels": 6}), sort_keys=False)
    (tmp_path / "s.yaml").write_text(text)
    whole = run_sweep(load_sweep(tmp_path / "s.yaml"), tmp_path / "whole", jobs=2)  # 36 chunks
    rng, folder, kills, parents = random.Random(20110114), tmp_path / "s", 0, 0
    process, seen = begun(tmp_path / "s.yaml", folder), set()
    while kills < KILLS:
        time.sleep(rng.uniform(0.2, 2.0))
        if process.poll() is not None:  # finished before a kill: begin again
            assert process.returncode == 0, process.stderr and process.stderr.read()
            shutil.rmtree(folder)
            process = begun(tmp_path / "s.yaml", folder)
            continue
        there = workers(process)
        seen |= set(there)
        kills += 1
        if there and kills % 2:
            killed(rng.choice(there))
        else:
            parents += 1
            process.kill()
            process.wait()
            process = begun(tmp_path / "s.yaml", folder)
    assert process.wait(timeout=120) == 0, process.stderr and process.stderr.read()
    if read_sweep(folder).manifest["finished"] is False:  # a chunk whose process was killed each time
        assert begun(tmp_path / "s.yaml", folder).wait(timeout=120) == 0
    assert same(folder, whole)
    assert parents > 0
    time.sleep(1.5)
    assert not [pid for pid in seen if Path(f"/proc/{pid}").exists()], "workers outlive their parents"


def test_a_cluster_gives_the_same_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = pytest.importorskip("distributed")
    made = spec(set={"end": "2012-06"})
    alone = run_sweep(made, tmp_path / "alone", jobs=1)
    with distributed.LocalCluster(n_workers=2, **LOCAL) as cluster:
        address = cluster.scheduler_address
        assert same(run_sweep(made, tmp_path / "cluster", scheduler=address), alone)
        found = read_sweep(run_sweep(made, tmp_path / "bad", scheduler=address, evaluate=small.wrong_at_one_point))
        assert found.failed["point"].tolist() == [3]
    monkeypatch.setattr("sim.studies.sweep.cluster.TIMEOUT", 1)
    with pytest.raises(UserError, match="no Dask scheduler answers there"):
        run_sweep(made, tmp_path / "none", scheduler="tcp://127.0.0.1:9")


@pytest.mark.parametrize("address", ["nowhere", "http://127.0.0.1:8786", "tcp://127.0.0.1", "127.0.0.1:port", ""])
def test_what_is_no_address_is_said_at_once(tmp_path: Path, address: str) -> None:
    pytest.importorskip("distributed")
    with pytest.raises(UserError, match=rf"--scheduler {address}: this is no address. Allowed: one such as tcp://"):
        run_sweep(spec(), tmp_path / "s", scheduler=address, **TOY)


def test_a_worker_with_another_model_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr("sim.studies.sweep.runner.fingerprint", lambda: "another")
    with (distributed.LocalCluster(n_workers=1, **LOCAL) as cluster,
          pytest.raises(UserError, match="its version of the model is another one")):
        run_sweep(spec(), tmp_path / "s", scheduler=cluster.scheduler_address)


def watched(rows: Any) -> np.ndarray:
    """The toy; leaves a mark of its own while it runs, and tells by a lasting one where it was not alone."""
    marks = Path(os.environ["TOY_MARK"])
    own = marks / f"{rows.points[0]}"
    own.touch()
    time.sleep(0.1)
    if len(list(marks.glob("*"))) > 1:
        (marks.parent / "crowd").touch()
    own.unlink()
    return small.toy(rows)


def alone(made: SweepSpec, numbers: list[int], address: str, at_once: int | None) -> None:
    points = points_of(made)
    parts = chunks(made, points)
    done = remote(numbers, lambda number: (rows_of(made, points, parts[number]), watched), work, address, fingerprint,
                  at_once)
    assert sorted(number for number, _ in done) == numbers


def test_tasks_on_a_cluster_run_alone_where_they_must(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = pytest.importorskip("distributed")
    monkeypatch.setenv("TOY_MARK", str(tmp_path / "marks"))
    (tmp_path / "marks").mkdir()
    with distributed.LocalCluster(n_workers=2, **LOCAL) as cluster:
        alone(spec(), list(range(6)), cluster.scheduler_address, 1)
        assert not (tmp_path / "crowd").exists()
        alone(spec(), list(range(6)), cluster.scheduler_address, None)
        assert (tmp_path / "crowd").exists()


def test_chunks_that_were_lost_run_alone_on_a_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def lossy(tasks: list[int], make: Any, work: Any, address: str, fingerprint: Any, at_once: int | None) -> Any:
        asked.append((list(tasks), at_once))
        for task in tasks:
            lost = task == 3 and len(asked) < 3
            yield task, Lost("gone") if lost else work(*make(task))

    monkeypatch.setattr("sim.studies.sweep.cluster.remote", lossy)
    monkeypatch.setattr("sim.studies.sweep.cluster.reach", lambda address, fingerprint: None)
    run_sweep(spec(), tmp_path / "s", scheduler="somewhere", **TOY)
    assert asked == [(list(range(16)), None), ([3], 1), ([3], 1)]


SCHEDULER = """
import asyncio
from distributed import Scheduler, Worker

async def serve():
    async with Scheduler(port=0, host="127.0.0.1", dashboard_address=None) as scheduler:
        async with Worker(scheduler.address, nthreads=1, dashboard_address=None):
            print(scheduler.address, flush=True)
            await scheduler.finished()

if __name__ == "__main__":
    asyncio.run(serve())
"""


def test_a_lost_scheduler_is_one_message_and_a_resume_completes(whole: Path, tmp_path: Path,
                                                               monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("sim.studies.sweep.cluster.TIMEOUT", 1)
    (tmp_path / "serve.py").write_text(SCHEDULER)
    process = subprocess.Popen([sys.executable, str(tmp_path / "serve.py")], stdout=subprocess.PIPE, text=True,
                               stderr=subprocess.DEVNULL, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    try:
        with pytest.raises(UserError, match=rf"--scheduler {address}: .*lost.* --resume") as error:
            run_sweep(spec(), tmp_path / "s", scheduler=address,
                      progress=lambda done, total: process.kill() if done == 5 * 18 else None, **TOY)
    finally:
        process.kill()
        process.wait()
    assert error.value.code == 1
    assert len(entries(tmp_path / "s")) >= 5
    assert same(run_sweep(spec(), tmp_path / "s", jobs=1, resume=True, **TOY), whole)


def changed(folder: Path, name: str) -> str:
    """The model's checksum once a file of a copy of it has another line."""
    with (folder / name).open("a") as handle:
        handle.write("\n")
    fingerprint.cache_clear()
    return fingerprint()


def test_the_checksum_is_over_what_a_run_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "sim", tmp_path / "sim", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr("sim.studies.sweep.fingerprint.SIM", tmp_path / "sim")
    try:
        fingerprint.cache_clear()
        first = fingerprint()
        for name in ("lever_findings.csv", "lever_map.csv", "scoreboard.csv", "targets.yaml", "patterns.yaml"):
            assert changed(tmp_path / "sim/data/maghreb", name) == first
        assert changed(tmp_path / "sim/data", "calibration.yaml") == first
        seen = {first, *(changed(tmp_path / "sim", name) for name in (
            "data/coefficients.yaml", "data/maghreb/regions.csv", "data/maghreb/events.yaml",
            "data/maghreb/posterior.csv", "data/maghreb/theatre.csv", "runs/worlds.py", "engine/month.py",
            "policy/levers/__init__.py"))}
        monkeypatch.setattr(np, "__version__", "0.0")
        fingerprint.cache_clear()
        assert len({*seen, fingerprint()}) == 10
    finally:
        fingerprint.cache_clear()


def test_from_python(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    found = sweep(keys(), out=tmp_path / "s", jobs=1, progress=lambda done, total: told.append((done, total)))
    assert len(found.results) == 16 * 3 * 3
    assert told[-1] == (16 * 3 * 6, 16 * 3 * 6)


def test_the_cost_is_said_before_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sim.studies.sweep.batches, "CHUNK", 50)
    made: SweepSpec = spec(set={"end": "2012-12"}, worlds=40)
    text = "\n".join(describe(made, jobs=2))
    assert "16 points (grid), 40 worlds each (the same worlds at each): 640 worlds of 24 months" in text
    assert "1 batch, 13 chunks" in text
    assert "2 processes" in text


def test_a_sweep_that_does_not_fit_the_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=50_000))
    with pytest.raises(UserError, match=r"about \S+ kB, and 50 kB are free there.*fewer points or worlds"):
        run_sweep(spec(), tmp_path / "deep/er", jobs=1, **TOY)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("luck", "worlds"), [("common", 3), ("own", 48)])
def test_the_manifest_counts_the_worlds(tmp_path: Path, luck: str, worlds: int) -> None:
    manifest = read_sweep(run_sweep(spec(luck=luck), tmp_path / "s", jobs=1, **TOY)).manifest
    assert (manifest["worlds"], manifest["worlds_each"], manifest["points"]) == (worlds, 3, 16)


def test_long_lists_of_values_are_told_in_short(monkeypatch: pytest.MonkeyPatch) -> None:
    values = [round(0.1 * k, 1) for k in range(1, 10)]
    might = {"dial": "capacity", "where": ["BB"], "from": "2011-01"}

    def told(count: int) -> str:
        return "\n".join(describe(spec(vary={"might": {**might, "values": values[:count]}}), jobs=1))

    assert "(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)" in told(8)
    assert "(0.1, 0.2, 0.3 … 0.9 (9 values))" in told(9)


def test_the_estimate_is_of_the_right_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within a factor of three in processor time and in disk."""
    monkeypatch.setattr(sim.studies.sweep.batches, "CHUNK", 50)
    made = spec(set={"end": "2014-12"}, worlds=20)
    expected = cost(made)
    began = time.process_time()
    folder = run_sweep(made, tmp_path / "s", jobs=1)
    seconds = time.process_time() - began
    size = sum(path.stat().st_size for path in folder.rglob("*.parquet"))
    assert seconds / 3 < expected.seconds < 3 * seconds
    assert size / 3 < expected.size < 3 * size
