"""SIGTERM ends every command at once, with its workers, and leaves nothing half-written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sim.engine.prepare import prepare
from sim.runs import results
from tests.fake_run import make_scenario, make_tables

ROOT = Path(__file__).resolve().parents[2]
BASELINE = str(ROOT / "scenarios/baseline.yaml")
PACKAGE = str(ROOT / "scenarios/packages/security_plus.yaml")
SWEEP = str(ROOT / "scenarios/sweeps/timing_of_action.yaml")
PLAIN = "Stopped. Nothing half-written was left."
SECONDS = 2.0
SIMULATING = 4.0  # seconds after which a command that works on threads is in the middle of it

psutil = pytest.importorskip("psutil")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals to a process")


@pytest.fixture(scope="module", autouse=True)
def _prepared() -> None:
    """What commands say while they compile, the first time, is not what is looked at here."""
    prepare()


def alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def stopped(words: list[str], folder: Path, workers: int, after: float = 1.0) -> str:
    """What a command says that gets SIGTERM some seconds after it has so many workers; all must end in time."""
    process = subprocess.Popen([sys.executable, str(ROOT / "run.py"), *words], cwd=folder, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    found: list[psutil.Process] = []
    limit = time.monotonic() + 30
    while len(found) < workers and process.poll() is None and time.monotonic() < limit:
        time.sleep(0.05)
        found = psutil.Process(process.pid).children(recursive=True)
    time.sleep(after)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    err = process.communicate(timeout=30)[1]
    while any(map(alive, found)) and time.monotonic() < began + SECONDS:
        time.sleep(0.02)
    assert (process.returncode, len(found)) == (143, workers), err
    assert not any(map(alive, found))
    assert time.monotonic() < began + SECONDS
    return err.strip()


@pytest.mark.parametrize("words", [
    [BASELINE, "--worlds", "5000"], ["compare", BASELINE, PACKAGE, "--worlds", "3000"],
    ["robust", BASELINE, PACKAGE, "--worlds", "200"],
    ["validate", BASELINE, "--worlds", "2000"]], ids=["run", "compare", "robust", "validate"])
def test_a_stopped_simulation_leaves_nothing(words: list[str], tmp_path: Path) -> None:
    assert stopped([*words, "--jobs", "2"], tmp_path, 0, SIMULATING) == PLAIN
    assert not list(tmp_path.rglob("*"))


def test_a_stopped_sweep_says_how_to_go_on(tmp_path: Path) -> None:
    assert "chunks kept in out; go on with: " in stopped(["sweep", SWEEP, "--jobs", "2", "--out", "out"], tmp_path, 2)


def test_a_stopped_calibration_keeps_what_is_finished(tmp_path: Path) -> None:
    pytest.importorskip("emcee")
    assert stopped(["calibrate", BASELINE, "--jobs", "2", "--out", "out"], tmp_path, 0, SIMULATING).endswith(
        "Stopped. What is finished is kept.")


@pytest.mark.parametrize("to", ["csv", "xlsx", "dta", "nc"])
def test_a_stopped_export_leaves_nothing(to: str, tmp_path: Path) -> None:
    tables = make_tables(worlds=800, months=60, places=20, counts=20, shares=4)
    results.write(tables, make_scenario(), out=tmp_path / "r")
    assert stopped(["export", "r", "--to", to, "--out", "out"], tmp_path, 0) == PLAIN
    assert [path.name for path in tmp_path.iterdir()] == ["r"]


def test_a_stop_that_python_drops_is_repeated(tmp_path: Path) -> None:
    """What is raised in the middle of a finalizer never arrives."""
    code = ("import signal, sys, time\nfrom sim import cli\nfrom sim.cli import schema\n\n"
            "class Last:\n    def __del__(self):\n        signal.raise_signal(signal.SIGTERM)\n\n"
            "def work(arguments):\n    Last()\n    time.sleep(20)\n\n"
            "schema._schema = work\nsys.exit(cli.main(['schema']))\n")
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (143, PLAIN)
    assert time.monotonic() - began < 10
