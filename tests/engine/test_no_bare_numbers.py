"""A formula holds no number of judgement: those are coefficients with unit, range and source."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ENGINE = Path("sim/engine")
RULES = [*sorted((ENGINE / "rules").glob("*.py")), *sorted((ENGINE / "deciders").glob("*.py")), ENGINE / "sight.py",
         ENGINE / "forms.py"]
#: counting, halves of a range, months of a year, per thousand, guards against a division by zero
PLAIN = {0, 1, -1, 2, 12, 1000, 0.5, 1e-9, 1e-12}


def bare_numbers(source: str) -> list[tuple[int, float]]:
    """Line and value of every number in an operation, a comparison or a call, but for those that a constant names."""
    tree = ast.parse(source)
    named = {id(inner) for node in tree.body if isinstance(node, ast.Assign)
             and all(name.id.lstrip("_").isupper() for target in node.targets for name in ast.walk(target)
                     if isinstance(name, ast.Name)) for inner in ast.walk(node)}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, (ast.BinOp, ast.Compare, ast.Call, ast.AugAssign)) and id(node) not in named:
            for child in ast.iter_child_nodes(node):
                if (isinstance(child, ast.Constant) and isinstance(child.value, (int, float))
                        and not isinstance(child.value, bool) and child.value not in PLAIN):
                    found.append((child.lineno, child.value))
    return found


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_formulas_hold_no_numbers_of_judgement(path: Path) -> None:
    assert bare_numbers(path.read_text(encoding="utf-8")) == []


def test_the_search_can_find_one() -> None:
    assert bare_numbers("def f(x):\n    return 0.6 + 0.4 * x\n") == [(2, 0.6), (2, 0.4)]
    assert bare_numbers("DAYS = 365 / 7\n") == []
