"""The documents name what the code has, and nothing else."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

import sim.engine.start  # noqa: F401 - declares luck and a decision of the first month
from sim.engine.month import MONTH
from sim.engine.now import DECISIONS, STREAMS
from sim.engine.process import Process
from sim.engine.state import ARRAYS, TABLES
from sim.inputs.numbers import Number, coefficients
from sim.policy.levers import LIBRARY
from sim.reports import documents, lever_pages
from sim.studies.compare.lever_findings import asked

ROOT = Path(__file__).resolve().parents[2]
REFRESH = "run python -m sim.reports.documents"
ENGINE = ROOT / "sim/engine"
DOCUMENTS = sorted((ROOT / "docs").glob("*.md"))
ODD = (ROOT / "docs/ODD.md").read_text(encoding="utf-8")
SUFFIXES = {"py", "md", "csv", "yaml", "parquet", "json", "svg", "png"}
#: file of rules -> its processes in the order of the month
FILES: dict[Path, list[Process]] = {}
for each in MONTH:
    FILES.setdefault(ROOT / (each.step.__module__.replace(".", "/") + ".py"), []).append(each)


def kind_of(process: Process) -> str:
    return "Agent" if ".deciders." in process.step.__module__ else "Process"


def headed(kind: str, text: str = ODD) -> list[str]:
    return re.findall(rf"^#### {kind}: ([\w.]+)$", text, re.M)


def section(process: Process) -> str:
    """What the protocol says of one process, up to the next heading."""
    return re.split(r"^#{2,4} ", ODD.split(f"#### {kind_of(process)}: {process.name}\n")[1], maxsplit=1, flags=re.M)[0]


def sections(path: Path) -> str:
    """What the protocol says of all processes of one file."""
    return "\n".join(map(section, FILES[path]))


def coefficients_read(code: str) -> set[str]:
    """Coefficients that a file of the engine reads: ``k.group.name``, or by keys where it works on all worlds."""
    by_key = {f"{group}.{name}" for group, name in re.findall(r'\["([a-z_]+)"\]\["([a-z_0-9]+)"\]', code)}
    return set(re.findall(r"\bk\.([a-z_]+\.[a-z_0-9]+)", code)) & set(coefficients()) | by_key


def named(text: str) -> set[str]:
    return set(re.findall(r"`([a-z_]+\.[a-z_0-9]+)`", text)) & set(coefficients())


def told(word: str, text: str = ODD) -> list[str]:
    """Names in quotation marks after a word such as 'Luck:'."""
    return [name for part in re.findall(rf'{word}:\s*((?:"[a-z_.]+"[,\s]*)+)', text)
            for name in re.findall(r'"(.+?)"', part)]


def test_evidence_is_what_the_data_give() -> None:
    assert (ROOT / "docs/evidence.md").read_text(encoding="utf-8") == documents.evidence(), REFRESH


def test_lever_pages_are_what_levers_and_findings_give() -> None:
    assert (ROOT / "docs/levers.md").read_text(encoding="utf-8") == lever_pages.levers(), REFRESH


def test_every_lever_has_a_page_and_every_row_of_the_list_a_line() -> None:
    text = lever_pages.levers()
    assert [name for name in LIBRARY if text.count(f"### `{name}`:") != 1] == []
    assert [f"L{i:03d}" for i in range(1, 94) if f"| L{i:03d} |" not in text] == []


def test_findings_are_about_what_their_levers_expect() -> None:
    """A lever without findings yet is let pass; its page says so."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    with (ROOT / "sim/data/maghreb/lever_findings.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["lever"], {})[row["outcome"]] = row["role"], row["expected"]
    assert found == {name: asked(LIBRARY[name]) for name in found}
    assert found


def test_evidence_lists_every_coefficient_and_world() -> None:
    text = documents.evidence()
    assert [name for name in coefficients() if text.count(f"| `{name}` |") != 1] == []
    assert "## World `maghreb`" in text
    assert "## World `two_countries`" in text


def test_odd_lists_the_month_in_order() -> None:
    assert re.findall(r"^\d+\. `([\w.]+)`", ODD, re.M) == [process.name for process in MONTH]
    numbers = [int(n) for n in re.findall(r"^(\d+)\. `", ODD, re.M)]
    assert numbers == list(range(1, len(MONTH) + 1))


@pytest.mark.parametrize("kind", ["Process", "Agent"])
def test_every_process_and_agent_has_one_section_in_the_order_of_the_month(kind: str) -> None:
    assert headed(kind) == [process.name for process in MONTH if kind_of(process) == kind]


def test_every_file_of_rules_and_of_agents_is_in_the_month() -> None:
    found = {path for folder in ("rules", "deciders") for path in (ENGINE / folder).glob("*.py")}
    assert found - {path for path in found if path.name == "__init__.py"} == FILES.keys() - {ENGINE / "sight.py"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_section_names_every_coefficient_that_its_rules_read(path: Path) -> None:
    read = coefficients_read(path.read_text(encoding="utf-8"))
    assert read - named(sections(path)) == set()


def test_every_coefficient_is_read_and_named() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in ENGINE.rglob("*.py"))
    assert coefficients_read(code) == set(coefficients())
    assert set(coefficients()) - named(ODD) == set()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_coefficient_named_exists(path: Path) -> None:
    assert unknown_coefficients(path.read_text(encoding="utf-8")) == set()


def unknown_coefficients(text: str) -> set[str]:
    groups = {name.split(".")[0] for name in coefficients()}
    named = re.findall(r"`([a-z_]+)\.([a-z_0-9]+)`", text)
    return {f"{group}.{name}" for group, name in named
            if group in groups and name not in SUFFIXES} - set(coefficients())


@pytest.mark.parametrize(("word", "names"), [("Luck", STREAMS), ("Decision", DECISIONS)])
def test_every_name_of_luck_and_every_decision_is_told_once(word: str, names: list[str]) -> None:
    assert sorted(told(word)) == sorted(names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_section_tells_the_luck_of_its_rules(path: Path) -> None:
    code = path.read_text(encoding="utf-8")
    assert {name for name in STREAMS if f'"{name}"' in code} == set(told("Luck", sections(path)))


def test_odd_lists_every_field_and_array_of_a_world() -> None:
    assert (ROOT / "docs/ODD.md").read_text(encoding="utf-8") == documents.odd(), "run python -m sim.docs"
    entities = ODD.split("\n## 2. ")[1].split("\n## 3. ")[0]
    listed = set(re.findall(r"^\| (?:`(\w+)`)? ?\| `(\w+)` \|", entities, re.M))
    assert listed == {(name, field.name) for name, (fields, _) in TABLES.items() for field in fields} | {
        ("", name) for name in ARRAYS}


def test_seven_elements() -> None:
    assert [int(n) for n in re.findall(r"^## (\d)\. ", ODD, re.M)] == [1, 2, 3, 4, 5, 6, 7]


def test_these_checks_can_fail() -> None:
    group = next(iter(coefficients())).split(".")[0]
    assert unknown_coefficients(f"`{group}.no_such_thing`, `{group}.py`") == {f"{group}.no_such_thing"}
    assert headed("Process", "#### Process: nonsense\n") == ["nonsense"]
    assert coefficients_read('k.ground.siege k["exposure"]["sigma"] k.no.such') == {"ground.siege", "exposure.sigma"}
    assert told("Luck", 'Luck: "a.b", "c". Source: "d"') == ["a.b", "c"]


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
    marks = "".join(f"<!-- {name} -->\n<!-- end of {name} -->\n" for name in ("fields", "dials"))
    (tmp_path / "docs/ODD.md").write_text(marks, encoding="utf-8")
    monkeypatch.setattr(documents, "levers", lambda: "levers\n")
    monkeypatch.setattr(documents, "FOLDER", tmp_path / "docs")
    assert documents.main(["--check"]) == 1
    assert documents.main([]) == 0
    assert documents.main(["--check"]) == 0
    assert "up to date" in capsys.readouterr().out
    monkeypatch.setattr(documents, "FOLDER", tmp_path / "nowhere")
    assert documents.main([]) == 2
