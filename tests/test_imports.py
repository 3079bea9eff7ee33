"""Imports run downwards only: each layer of docs/architecture.md imports itself and the layers below it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

SIM = Path(__file__).resolve().parent.parent / "sim"

#: the layers, lowest first: each may import itself and those before it (docs/architecture.md)
LAYERS = ("inputs", "policy", "engine", "runs", "studies", "reports", "workshop", "cli")
#: small modules at the top that any layer may use; they import one another only
SHARED = ("calendar", "errors", "streams", "version", "words")
#: the public verbs and the entry of `python -m sim` stand over the door
DOOR = ("__init__", "__main__")
HEAVY = {"mesa", "scipy", "pandas", "matplotlib", "pyarrow", "numba", "solara"}
#: packages that belong to some rooms only; a room is a layer or a folder or module of it
ONLY_IN = {"mesa": {"runs/model", "reports/inspect"}, "solara": {"reports/inspect"},
           "numba": {"engine"}, "llvmlite": {"engine"}, "matplotlib": {"reports/figures", "reports/inspect"},
           "jinja2": {"reports"},
           "pyarrow": {"runs", "studies", "reports/figures"},
           "pydantic": {"calendar", "inputs/scenario", "studies/sweep", "workshop"}, "pydantic_core": {"calendar"},
           "rich": {"cli", "studies/sweep"}, "distributed": {"studies/sweep"}, "SALib": {"studies/sweep"},
           "ema_workbench": {"studies/sweep"}, "sklearn": {"studies"}, "emcee": {"studies/calibrate"}}
#: rooms that load nothing heavy at import: `--help`, `check` and `list` load these
LIGHT = ("__init__", *SHARED, "inputs", "policy", "cli", "runs/scenarios", "runs/results", "runs/pool", "runs/threads",
         "engine/outcomes", "engine/enums", "reports/brief", "reports/figures/__init__", "studies/sweep/__init__")


def files() -> list[Path]:
    return sorted(path for path in SIM.rglob("*.py") if "__pycache__" not in path.parts)


def name_of(path: Path) -> str:
    return path.relative_to(SIM).with_suffix("").as_posix()


def inside(name: str, rooms: Iterable[str]) -> bool:
    return any(name == room or name.startswith(room + "/") for room in rooms)


def layer_of(name: str) -> int:
    """Height of a module's layer; the door stands over all, the shared modules under all."""
    room = name.split("/")[0]
    if room in DOOR:
        return len(LAYERS)
    if room in SHARED:
        return -1
    assert room in LAYERS, f"'{name}' belongs to no layer: see docs/architecture.md"
    return LAYERS.index(room)


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


@pytest.mark.parametrize("path", files(), ids=name_of)
def test_imports_run_downwards(path: Path) -> None:
    own = layer_of(name_of(path))
    for line, name in imports(path):
        where, parts = f"{path.relative_to(SIM)}, line {line}", name.split(".")
        if parts[0] == "sim" and len(parts) > 1:
            if (SIM / parts[1]).is_dir() or (SIM / f"{parts[1]}.py").exists():
                assert layer_of(parts[1]) <= own, f"{where}: sim.{parts[1]} lies above"
        elif parts[0] in ONLY_IN:
            assert inside(name_of(path), ONLY_IN[parts[0]]), f"{where}: {parts[0]} has no place here"


def modules() -> dict[str, Path]:
    return {".".join(("sim", *path.relative_to(SIM).with_suffix("").parts)).removesuffix(".__init__"): path
            for path in files()}


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Imports within functions count as well; what only type checking reads does not."""
    known = modules()
    edges = {}
    for name, path in known.items():
        found = {full if full in known else full.rpartition(".")[0] for _, full in imports(path)}
        edges[name] = {other for other in found if other in known and other != name}
    while free := [name for name, used in edges.items() if not used]:
        for name in free:
            del edges[name]
        for used in edges.values():
            used.difference_update(free)
    users = {name: {user for user, used in edges.items() if name in used} for name in edges}
    while idle := [name for name, by in users.items() if not by]:
        for name in idle:
            del users[name]
        for by in users.values():
            by.difference_update(idle)
    assert not users, f"circles among {', '.join(sorted(users))}"


def top_level(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


@pytest.mark.parametrize("path", [path for path in files() if inside(name_of(path), LIGHT)], ids=name_of)
def test_light_rooms_load_nothing_heavy(path: Path) -> None:
    heavy = {name.split(".")[0] for name in top_level(path)} & HEAVY
    assert not heavy, f"{path.relative_to(SIM)} loads {heavy} at import"


def test_the_rule_can_fail() -> None:
    found = {name.split(".")[1] for _, name in imports(SIM / "runs/scenarios.py") if name.startswith("sim.")}
    assert {layer_of(room) for room in found} == {layer_of(n) for n in ("calendar", "inputs", "policy", "engine")}
    assert layer_of("inputs") < layer_of("policy") < layer_of("runs/scenarios") < layer_of("__main__")
