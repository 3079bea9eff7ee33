"""The command ``inspect``: what it refuses, what it says without its extra, its server and its end."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.cli import main

ROOT = Path(__file__).resolve().parents[2]
TINY = str(ROOT / "scenarios/examples/two_countries.yaml")
INSTALLED = importlib.util.find_spec("solara") is not None
SECONDS = 0.5


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def test_without_the_extra_one_message_names_the_command(monkeypatch: pytest.MonkeyPatch,
                                                         capsys: pytest.CaptureFixture[str]) -> None:
    for name in [name for name in sys.modules if name.startswith("sim.reports.inspect.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "solara", None)
    assert main(["inspect", TINY]) == 1
    out, err = capsys.readouterr()
    assert (out, err) == ("", "inspect needs the package solara, which is not installed. Install the extra 'inspect': "
                              "pip install -c constraints.txt -e '.[inspect]'.\n")


@pytest.mark.parametrize(("words", "said"), [
    (["--world", "-1"], "'-1' is not a whole number from 0 to 99999"),
    (["--port", "80"], "'80' is not a whole number from 1024 to 65535"),
    (["--set", "seed=x"], "seed: 'x'")])
def test_mistakes_are_said_before_anything_starts(words: list[str], said: str,
                                                  capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", TINY, *words]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.skipif(not INSTALLED, reason="the extra 'inspect' is not installed")
def test_a_taken_port_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["inspect", TINY, "--port", str(port)]) == 1
    assert capsys.readouterr().err.startswith(f"--port {port}: cannot be used (")


@pytest.mark.skipif(not INSTALLED, reason="the extra 'inspect' is not installed")
def test_a_page_without_its_files_is_not_served(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, str(ROOT / "run.py"), "inspect", TINY, "--port", str(free_port())],
                          env=os.environ | {"SOLARA_ASSETS_PROXY_CACHE_DIR": str(tmp_path)}, capture_output=True,
                          text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"inspect lacks the file @widgetti/\S+ of its page: .* must be of one version\. .*\n",
                        done.stderr)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process that serves a page, and its address."""
    port = free_port()
    process = subprocess.Popen([sys.executable, str(ROOT / "run.py"), "inspect", TINY, "--port", str(port)],
                               cwd=tmp_path, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    yield process, f"http://127.0.0.1:{port}/"
    process.kill()
    process.communicate()


@pytest.mark.skipif(not INSTALLED or os.name != "posix", reason="the extra 'inspect', and signals to a process")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_serves_its_files_itself_until_it_is_stopped(number: signal.Signals, code: int, tmp_path: Path,
                                                        served: tuple[subprocess.Popen[str], str]) -> None:
    process, address = served
    assert process.stdout is not None
    said = process.stdout.readline()
    assert said.endswith(f"{address}\n"), process.communicate(timeout=30)
    with urllib.request.urlopen(address) as answer:
        text = answer.read().decode()
    asked = re.findall(r'<(?:script|link|img|iframe)[^>]*?(?:src|href)="([^"]+)"', text)
    assert len(asked) > 5
    assert not [file for file in asked if re.match("([a-z]+:)?//", file)]
    with pytest.raises(urllib.error.HTTPError):  # not fetched from elsewhere
        urllib.request.urlopen(f"{address}_solara/cdn/vue@2.7.0/dist/vue.js", timeout=5)
    began = time.monotonic()
    process.send_signal(number)
    err = process.communicate(timeout=30)[1]
    assert time.monotonic() - began < SECONDS
    assert process.returncode == code
    assert err.splitlines()[-1] == "Stopped. Nothing half-written was left."
    assert not list(tmp_path.iterdir())
