"""The documents name what the code has, and nothing else."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
import sim.agents
from sim.processes import MONTHLY_ORDER

from sim.inputs.numbers import Number, coefficients
from sim.policy.levers import LIBRARY
from sim.reports import documents, lever_pages

ROOT = Path(__file__).resolve().parents[2]
REFRESH = "run python -m sim.reports.documents"
DOCUMENTS = sorted((ROOT / "docs").glob("*.md"))
ODD = (ROOT / "docs/ODD.md").read_text(encoding="utf-8")
SUFFIXES = {"py", "md", "csv", "yaml", "parquet", "json", "svg", "png"}


def process_names() -> list[str]:
    return [p if isinstance(p, str) else p.__name__.rsplit(".", 1)[-1] for p in MONTHLY_ORDER]


def headed(kind: str, text: str = ODD) -> list[str]:
    return re.findall(rf"^#### {kind}: (\w+)$", text, re.M)


def test_evidence_is_what_the_data_give() -> None:
    assert (ROOT / "docs/evidence.md").read_text(encoding="utf-8") == documents.evidence(), REFRESH


def test_lever_pages_are_what_levers_and_findings_give() -> None:
    assert (ROOT / "docs/levers.md").read_text(encoding="utf-8") == lever_pages.levers(), REFRESH


def test_every_lever_has_a_page_and_every_row_of_the_list_a_line() -> None:
    text = lever_pages.levers()
    assert [name for name in LIBRARY if text.count(f"### `{name}`:") != 1] == []
    assert [f"L{i:03d}" for i in range(1, 94) if f"| L{i:03d} |" not in text] == []


def test_evidence_lists_every_coefficient_and_world() -> None:
    text = documents.evidence()
    assert [name for name in coefficients() if text.count(f"| `{name}` |") != 1] == []
    assert "## World `maghreb`" in text
    assert "## World `two_countries`" in text


def test_odd_lists_the_month_in_order() -> None:
    assert re.findall(r"^\d+\. `(\w+)`", ODD, re.M) == process_names()


def test_every_process_and_agent_has_one_section() -> None:
    assert sorted(headed("Process")) == sorted(name for name in process_names() if name != "decisions")
    agents = [name for name in sim.agents.__all__ if inspect.isclass(getattr(sim.agents, name))]
    assert sorted(headed("Agent")) == sorted(agents)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_coefficient_named_exists(path: Path) -> None:
    assert unknown_coefficients(path.read_text(encoding="utf-8")) == set()


def unknown_coefficients(text: str) -> set[str]:
    groups = {name.split(".")[0] for name in coefficients()}
    named = re.findall(r"`([a-z_]+)\.([a-z_0-9]+)`", text)
    return {f"{group}.{name}" for group, name in named
            if group in groups and name not in SUFFIXES} - set(coefficients())


def test_every_name_of_luck_is_documented() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "sim").rglob("*.py"))
    used = set(re.findall(r'\.luck(?:_at)?\(\s*"([a-z_.]+)"', code))
    told = {name for part in re.findall(r'Luck: ((?:"[a-z_.]+"[,\s]*)+)', ODD) for name in re.findall(r'"(.+?)"', part)}
    assert used - told == set()
    assert {name for name in told if f'"{name}"' not in code} == set()


def test_seven_elements() -> None:
    assert [int(n) for n in re.findall(r"^## (\d)\. ", ODD, re.M)] == [1, 2, 3, 4, 5, 6, 7]


def test_these_checks_can_fail() -> None:
    group = next(iter(coefficients())).split(".")[0]
    assert unknown_coefficients(f"`{group}.no_such_thing`, `{group}.py`") == {f"{group}.no_such_thing"}
    assert headed("Process", "#### Process: nonsense\n") == ["nonsense"]


def test_table_keeps_cells_apart() -> None:
    assert documents.table(("a", "b"), [("x|y", "two\nlines")])[2] == "| x\\|y | two lines |"
    assert documents.plain(0.1) == "0.1"
    assert documents.by_confidence(["assumed", "assumed"]) == ["", "", "2"]
    lines = documents.coefficient_lines({"a.b": Number(1, "u", 0, 2, "E001", "assumed", "meaning")})
    assert lines[-1] == "| `a.b` | 1 | 0 to 2 | u | meaning | E001 | assumed |"
    assert "1 assumed" in lines[2]


def test_check_says_whether_the_file_is_fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                              capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "docs").mkdir()
    monkeypatch.setattr(documents, "levers", lambda: "levers\n")
    monkeypatch.setattr(documents, "FOLDER", tmp_path / "docs")
    assert documents.main(["--check"]) == 1
    assert documents.main([]) == 0
    assert documents.main(["--check"]) == 0
    assert "up to date" in capsys.readouterr().out
    monkeypatch.setattr(documents, "FOLDER", tmp_path / "nowhere")
    assert documents.main([]) == 2
