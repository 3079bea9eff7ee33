"""The cache of compiled rules: what is found there, what makes it stale, and what goes wrong without harm."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sim.engine import cache
from sim.engine.compiled import COMPILED

ROOT = Path(__file__).parents[2]
#: a distant rule and one that Python calls with numbers; says what had to be compiled
LOOK = """
import sys
from numba.core import event
from sim.engine.luck import uniform
from sim.engine.rules import memory
from sim.engine.compiled import _register_distant
from sim.engine.prepare import prepare
with event.install_recorder("numba:compile") as seen:
    said = []
    prepare(lambda *told: said.append(told), [memory.step], jobs=1)
    value = uniform(1, 2, 3, 4)
print(len(seen.buffer), len(said), value)
"""

pytestmark = pytest.mark.skipif(not COMPILED, reason="there is nothing to keep")


def run(code: str, folder: Path, root: Path = ROOT, **environment: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=300,
                          env=surroundings(folder, root) | environment, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.split()


def surroundings(folder: Path, root: Path = ROOT) -> dict[str, str]:
    return {**os.environ, "FOOTHOLD_CACHE_DIR": str(folder), "PYTHONPATH": str(root), "TMPDIR": str(folder.parent)}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with compiled rules, and the number that the rule gives."""
    folder = tmp_path_factory.mktemp("cache") / "filled"
    compiled, said, value = run(LOOK, folder)
    assert int(compiled) > 0
    assert int(said) == 2
    return folder, value


@pytest.fixture
def own(filled: tuple[Path, str], tmp_path: Path) -> tuple[Path, str]:
    """A copy to spoil."""
    return Path(shutil.copytree(filled[0], tmp_path / "own")), filled[1]


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("engine-*/*"))


def test_second_process_compiles_nothing(filled: tuple[Path, str]) -> None:
    before = [(path, path.stat().st_mtime_ns) for path in files(filled[0])]
    assert run(LOOK, filled[0]) == ["0", "0", filled[1]]
    assert [(path, path.stat().st_mtime_ns) for path in files(filled[0])] == before
    assert {path.name.rsplit("-")[0] for path in files(filled[0])} == {
        "luck.uniform", "rules.memory.step.of_worlds", "counts._poisson_summed", "counts._unflipped",
        "counts._flipped", "counts._poisson_sought"}


def test_damaged_files_are_made_anew(own: tuple[Path, str]) -> None:
    folder, value = own
    whole = files(folder)
    for number, path in enumerate(whole):
        content = path.read_bytes()
        path.write_bytes((b"", content[:20], content[:-100], content[:60] + b"\0\0\0\0" + content[64:])[number % 4])
    cache.write(path, b"whole, but something else")
    compiled, _, again = run(LOOK, folder)
    assert int(compiled) > 0
    assert again == value
    assert files(folder) == whole
    assert run(LOOK, folder) == ["0", "0", value]


@pytest.mark.skipif(os.name != "posix", reason="owners and permissions of POSIX")
def test_what_others_could_have_written_is_not_read(own: tuple[Path, str], tmp_path: Path) -> None:
    path = files(own[0])[0]
    assert cache.read(path)
    path.chmod(0o620)
    with pytest.raises(PermissionError):
        cache.read(path)
    next(own[0].glob("engine-*")).chmod(0o770)
    code = "from sim.engine.cache import folder; print(folder())"
    assert Path(run(code, own[0])[0]).parent.parent == tmp_path


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code = "from sim.engine.cache import folder; print(folder())"
    [folder] = run(code, tmp_path / "file" / "cache", TMPDIR=str(tmp_path))
    assert Path(folder).is_relative_to(tmp_path)
    if os.name == "posix":
        assert Path(folder).stat().st_mode & 0o777 == 0o700
    code = ("import tempfile; from pathlib import Path; tempfile.gettempdir = lambda: {!r}\n"
            "from sim.engine.cache import folder; from sim.engine.luck import uniform\n"
            "print(folder(), uniform(1, 2, 3, 4) < 1)").format(str(tmp_path / "file"))
    assert run(code, tmp_path / "file" / "cache") == ["None", "True"]


def test_version_depends_on_sources_layout_and_versions(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "sim", tmp_path / "sim", ignore=shutil.ignore_patterns("__pycache__", "figures"))
    code = ("import numba\n{}\n"
            "from sim.engine.cache import version; print(version())")
    usual = run(code.format(""), tmp_path, tmp_path)
    assert run(code.format(""), tmp_path) == usual  # wherever it is installed
    coefficients = tmp_path / "sim" / "data" / "coefficients.yaml"
    coefficients.write_text(coefficients.read_text().replace("value: 2.0", "value: 2.5"))
    assert run(code.format(""), tmp_path, tmp_path) == usual  # values are no part of the code
    changes = ["numba.__version__ = '0'", "numba.config.LOOP_VECTORIZE = 0"]
    found = [run(code.format(change), tmp_path, tmp_path) for change in changes]
    for name in ("engine/rules/memory.py", "policy/dials.py", "inputs/geography.py"):
        path = tmp_path / "sim" / name
        path.write_text(path.read_text() + "\n")
        found.append(run(code.format(""), tmp_path, tmp_path))
    coefficients.write_text(coefficients.read_text().replace("  decay:", "  fading:"))
    found.append(run(code.format(""), tmp_path, tmp_path))
    assert len({*map(tuple, found), tuple(usual)}) == len(found) + 1


def test_two_first_starts_at_once(filled: tuple[Path, str], tmp_path: Path) -> None:
    both = [subprocess.Popen([sys.executable, "-c", LOOK], cwd=ROOT, env=surroundings(tmp_path / "cache"), text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    for process in both:
        said, errors = process.communicate(timeout=300)
        assert (process.returncode, errors) == (0, "")
        assert said.split()[2] == filled[1]
    assert [path.name for path in files(tmp_path / "cache")] == [path.name for path in files(filled[0])]


def test_helper_compiles_into_the_same_folder(tmp_path: Path) -> None:
    code = """
from sim.engine import prepare
from sim.engine.deciders import foreign, local
from sim.engine.rules import memory
prepare._SHARE = 1
said = []
prepare.prepare(lambda *told: said.append(told[:2]), [memory.step, foreign.step, local.step], jobs=2)
print(said == [(done, 3) for done in range(4)])
"""
    assert run(code, tmp_path / "cache") == ["True"]
    assert len(files(tmp_path / "cache")) == 7


def test_another_geography_compiles_nothing(own: tuple[Path, str]) -> None:
    code = """
from numba.core import event
from sim.engine.rules import memory
from sim.engine.batch import Batch, COEFFICIENT_ROW, Timetable
from sim.engine.now import REGION_DIAL_ROW, STATE_DIAL_ROW, THEATRE_ROW
from sim.engine.place import place_of
from sim.inputs.geography import load_geography
import numpy as np
with event.install_recorder("numba:compile") as seen:
    for name in ("maghreb", "two_countries"):
        place = place_of(load_geography(name))
        dials = [np.zeros((1, 1, n), row) for n, row in
                 ((len(place.states), STATE_DIAL_ROW), (len(place.regions), REGION_DIAL_ROW))]
        table = Timetable(np.zeros(1, np.int64), *dials, np.zeros(1, THEATRE_ROW))
        memory.step(Batch(place, [0, 1], 1, np.zeros(2, COEFFICIENT_ROW), table, 2011 * 12))
print(len(seen.buffer))
"""
    assert run(code, own[0]) == ["0"]


def test_nothing_is_kept_where_nothing_is_compiled(tmp_path: Path) -> None:
    code = LOOK.replace("print(len(seen.buffer), len(said), value)", "print(len(said), value)")
    said, value = run(code, tmp_path / "cache", NUMBA_DISABLE_JIT="1")
    assert said == "0"
    assert 0 <= float(value) < 1
    assert not (tmp_path / "cache").exists()


def test_old_versions_go_once_nobody_uses_them(tmp_path: Path) -> None:
    now = time.time()
    for age in range(8):
        folder = tmp_path / f"engine-{age}"
        folder.mkdir()
        (folder / "rule").write_text("")
        os.utime(folder, (now, now - age * 86400 * 0.3))
    cache._tidy(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["engine-0", "engine-1", "engine-2", "engine-3"]
