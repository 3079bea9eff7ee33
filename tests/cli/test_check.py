"""The command ``check`` on the folder of a geography, and a scenario whose geography is broken."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.cli import main
from sim.inputs import geography, numbers

DATA = geography.DATA
BROKEN = ("islands/values.csv, line 7: AA-1.urban_periphery: value: 'much' is not a number\n",
          "islands/values.csv, line 3: 'AA-11' is not a place, actor or node (place); did you mean 'AA-1'?\n",
          "islands/values.csv, line 4: AA-1.deprivation_indicator: value 0.5 lies outside its own range 0.01 to 0.09\n")


@pytest.fixture
def islands(tmp_path: Path) -> Path:
    """A copy of the tiny world under another name."""
    return Path(shutil.copytree(DATA / "two_countries", tmp_path / "data/islands"))


def spoil(folder: Path, which: int) -> None:
    path = folder / "values.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    at, old, new = ((6, ",0.25,", ",much,"), (2, "AA-1,", "AA-11,"), (3, ",0.05,", ",0.5,"))[which]
    assert old in lines[at]
    lines[at] = lines[at].replace(old, new, 1)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_a_folder_that_is_valid(islands: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(islands)]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"# {islands}: valid. 2 countries, 7 regions, ")


@pytest.mark.parametrize("which", range(len(BROKEN)))
def test_a_folder_that_is_broken(islands: Path, which: int, capsys: pytest.CaptureFixture[str]) -> None:
    spoil(islands, which)
    assert main(["check", str(islands)]) == 2
    assert capsys.readouterr() == ("", BROKEN[which])


@pytest.fixture
def installed(islands: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The copy as the only world of this installation."""
    monkeypatch.setattr(geography, "DATA", islands.parent)
    monkeypatch.setattr(numbers, "DATA", islands.parent)
    shutil.copy(DATA / "coefficients.yaml", islands.parent)
    yield islands
    numbers.coefficients.cache_clear()


@pytest.mark.parametrize("command", ["check", "run", "compare"])
def test_a_scenario_in_a_broken_world(installed: Path, command: str, tmp_path: Path,
                                      capsys: pytest.CaptureFixture[str]) -> None:
    spoil(installed, 0)
    files = [tmp_path / f"{name}.yaml" for name in ("one", "two")]
    for file in files:
        file.write_text("world: islands\nend: 2011-06\n")
    assert main([command, *map(str, files)]) == 2
    assert capsys.readouterr() == ("", BROKEN[0])
