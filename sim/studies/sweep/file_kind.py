"""What kind of file this is, without loading anything heavy."""

from __future__ import annotations

import os

from sim.inputs.mistakes import ScenarioError
from sim.inputs.reading import parse, read_text


def is_sweep(path: str | os.PathLike[str]) -> bool:
    """Whether a file looks like a sweep rather than a scenario."""
    try:
        data, _ = parse(read_text(os.fspath(path)), os.fspath(path))
    except ScenarioError:
        return False
    return isinstance(data, dict) and "vary" in data
