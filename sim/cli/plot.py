"""The command ``plot``: the figures of a result folder again."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path
from typing import Any

from sim.cli.analyse import analysis_of
from sim.cli.shared import examples

#: kind of result folder -> function of `sim.reports.figures` that draws it
DRAWERS = {"scoreboard": "draw_scoreboard", "comparison": "draw_comparison", "robust": "draw_robust",
           "sweep": "draw_sweep"}


def add_command(commands: Any) -> None:
    """Add ``plot`` to the parser of all commands."""
    plot = commands.add_parser("plot", help="draw the figures of a result folder again", **examples(
        "plot results/baseline-20260101-120000\nplot results/baseline-20260101-120000 --svg"))
    plot.add_argument("folder", type=Path, metavar="RESULTS_DIR")
    plot.add_argument("--svg", action="store_true", help="write each picture as SVG too")
    plot.set_defaults(handler=_plot)


def _plot(arguments: argparse.Namespace) -> int:
    from sim.runs.results import ResultsError, read_manifest

    kind = read_manifest(arguments.folder).get("kind")
    folder = analysis_of(arguments.folder) if kind == "sweep" else arguments.folder
    drawer = getattr(importlib.import_module("sim.reports.figures"), DRAWERS.get(str(kind), "draw_run"))
    try:
        drawn = drawer(folder, arguments.svg)
    except FileNotFoundError as error:
        raise ResultsError(f"{arguments.folder}: the result folder is not whole ({error}).") from None
    except OSError as error:
        raise ResultsError(f"{arguments.folder}: the figures could not be written ({error.strerror}).", 1) from None
    print(f"{len(drawn)} files in {drawn[0].parent if drawn else arguments.folder}")
    return 0
