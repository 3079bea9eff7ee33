"""The quick tier (`-m quick`): something of each area in under a minute, for interpreters beside the usual one."""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
#: files and folders; the examples of the README run, plot, compare and sweep
QUICK = ("engine/rules", "engine/deciders", "inputs/scenario/test_load.py", "inputs/scenario/test_mistakes.py",
         "test_golden.py", "runs/test_pool.py", "test_python.py", "test_recorder.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    wanted = [TESTS / name for name in QUICK]
    for item in items:
        if any(item.path.is_relative_to(path) for path in wanted):
            item.add_marker(pytest.mark.quick)
