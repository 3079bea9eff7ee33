"""From Python: the README's examples as they stand there, in processes of their own, and what Mesa may not touch."""

from __future__ import annotations

import os
import pkgutil
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import sim
from sim.runs.model import RecruitmentModel
from tests.small import scenario

ROOT = Path(__file__).resolve().parent.parent
TINY = ROOT / "scenarios/examples/two_countries.yaml"


def readme() -> tuple[str, list[str]]:
    """The import and the examples of the README's Python block, which are parted by empty lines."""
    code = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert code
    first, *examples = code[1].split("\n\n")
    return first, examples


def python(code: str, folder: Path) -> str:
    """What a script prints in a process of its own."""
    (folder / "script.py").write_text(code, encoding="utf-8")
    done = subprocess.run([sys.executable, "script.py"], cwd=folder, capture_output=True, text=True, check=False,
                          env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("number", range(len(readme()[1])))
def test_the_readme_example_runs(number: int, tmp_path: Path) -> None:
    """With few worlds; the rest is word for word."""
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    timing = tmp_path / "scenarios/sweeps/timing_of_action.yaml"
    timing.write_text(timing.read_text().replace("\nworlds: 40\n", "\nworlds: 1\n"))
    first, examples = readme()
    python(f"{first}\n{examples[number]}".replace("worlds=100", "worlds=2"), tmp_path)
    assert number or list((tmp_path / "figures").glob("*.png"))


def test_the_model_can_be_made_again(tmp_path: Path) -> None:
    said = python("import sim\nfor worlds in (1, 2):\n"
                  f"    print(sim.model({str(TINY)!r}, worlds=worlds).worlds.size)\n", tmp_path)
    assert said.split() == ["1", "2"]


def test_no_module_takes_the_name_of_a_public_function() -> None:
    """Importing a submodule sets an attribute of the package."""
    assert not {module.name for module in pkgutil.iter_modules(sim.__path__)} & set(sim.__all__)


def test_mesa_leaves_the_scenario_alone() -> None:
    """From 3.5 it has a scenario of its own, which it writes to."""
    given = scenario(worlds=1)
    model = RecruitmentModel(given)
    model.step()
    assert model.setting is given
