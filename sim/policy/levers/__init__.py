"""The policies that a scenario can use: one file per lever, found by name.

A lever declares which dials it turns and by how much at full strength; it never sees a resident or a militant.
"""

from __future__ import annotations

import importlib
import pkgutil

from sim.policy.levers.base import Lever


def _library() -> dict[str, Lever]:
    found = {}
    for module in pkgutil.iter_modules(__path__):
        if module.name != "base":
            lever = importlib.import_module(f"{__name__}.{module.name}").LEVER
            found[lever.name] = lever
    return dict(sorted(found.items()))


LIBRARY: dict[str, Lever] = _library()
