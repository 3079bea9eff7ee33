"""Imports run one way: each room of the house imports only what its line allows."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SIM = Path(__file__).resolve().parent.parent / "sim"

#: small rooms without state that any other may use
SHARED = {"calendar", "errors", "pool", "version"}
CORE = {"engine", "parameters", "noise", "world", "dials", "moment", "conditions", "levers", "agents", "processes",
        "recorder"}
#: room -> rooms that it may import
MAY_IMPORT: dict[str, set[str]] = {
    "calendar": set(),
    "errors": set(),
    "version": set(),
    "noise": set(),
    "pool": set(),
    "dials": set(),
    "theories": set(),
    "contract": {"dials"},
    "parameters": {"contract"},
    "posterior": {"parameters", "noise"},
    "world": {"parameters", "noise"},
    "moment": {"world", "parameters", "dials", "noise"},
    "conditions": {"world", "moment"},
    "levers": {"dials"},
    "engine": {"parameters", "dials"},
    "scenario": {"levers", "parameters", "recorder", "theories"},
    "agents": {"world", "dials", "noise", "moment", "conditions"},
    "processes": {"world", "dials", "noise", "moment", "conditions"},
    "recorder": {"world"},
    "recruitment_model": {*CORE, "scenario", "theories", "posterior"},
    "experiments": {*CORE, "scenario", "recruitment_model", "results", "posterior", "theories"},
    "results": {"scenario"},
    "figures": {"results"},
    "workshop": {"experiments", "figures", "results", "scenario"},
    "brief": {"results", "scenario", "parameters", "levers", "theories", "figures"},
    "sweeps": {*CORE, "scenario", "experiments", "recruitment_model", "results", "posterior", "theories"},
    "cli": {"scenario", "experiments", "results", "figures", "theories", "posterior", "brief", "sweeps", "cli_sweep",
            "cli_analyse"},
    "cli_sweep": {"cli", "results", "sweeps"},
    "cli_analyse": {"cli", "results", "sweeps", "figures"},
    "docs": {"parameters", "dials", "engine", "lever_pages"},
    "lever_pages": {"dials", "levers", "parameters", "recorder"},
    "__main__": {"cli"},
    "__init__": {*CORE, "scenario", "recruitment_model", "experiments", "results", "figures", "sweeps"},
}
HEAVY = {"mesa", "scipy", "pandas", "matplotlib", "pyarrow"}
#: packages that belong to one kind of room
ONLY_IN = {"mesa": {"agents", "recruitment_model"}, "numba": {"engine"}, "llvmlite": {"engine"},
           "matplotlib": {"figures"},
           "pyarrow": {"results", "figures", "experiments", "sweeps"},
           "pydantic": {"scenario", "sweeps", "workshop", "calendar"},
           "pydantic_core": {"calendar", "scenario"},
           "rich": {"cli", "sweeps"}, "distributed": {"sweeps"}, "SALib": {"sweeps"}, "ema_workbench": {"sweeps"}}


def files() -> list[Path]:
    return sorted(path for path in SIM.rglob("*.py") if "__pycache__" not in path.parts)


def room_of(path: Path) -> str:
    return path.relative_to(SIM).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of every import that happens when the program runs (not those for type checking)."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    guards = [node for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)]
    skipped = {id(inner) for guard in guards for inner in ast.walk(guard)}
    package = ("sim", *path.relative_to(SIM).parts[:-1])
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else ()
            base = ".".join((*above, *([node.module] if node.module else [])))
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def rooms() -> set[str]:
    return {room_of(path) for path in files()} | set(MAY_IMPORT)


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(SIM)))
def test_a_room_imports_what_its_line_allows(path: Path) -> None:
    room = room_of(path)
    assert room in MAY_IMPORT, f"'{room}' is a new room: give it a line in this file and in ARCHITECTURE"
    allowed = MAY_IMPORT[room] | SHARED | {room}
    for line, name in imports(path):
        where = f"{path.relative_to(SIM)}, line {line}"
        parts = name.split(".")
        if parts[0] == "sim" and len(parts) > 1 and parts[1] in rooms():
            assert parts[1] in allowed, f"{where}: '{room}' may not import sim.{parts[1]}"
        elif parts[0] in ONLY_IN:
            assert room in ONLY_IN[parts[0]], f"{where}: {parts[0]} has no place in '{room}'"


def top_level(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


@pytest.mark.parametrize("room", ["cli", "scenario", "levers", "parameters", "contract", "theories", "recorder",
                                  "dials", "world", "results", "calendar", "__init__"])
def test_light_rooms_load_nothing_heavy(room: str) -> None:
    """`--help`, `check` and `list` load these."""
    for path in files():
        if room_of(path) == room:
            heavy = {name.split(".")[0] for name in top_level(path)} & HEAVY
            assert not heavy, f"{path.relative_to(SIM)} loads {heavy} at import"


def test_the_rule_can_fail() -> None:
    found = {name.split(".")[1] for _, name in imports(SIM / "results.py") if name.startswith("sim.")}
    assert "scenario" in found
    assert "recruitment_model" not in found
