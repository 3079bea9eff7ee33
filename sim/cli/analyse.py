"""The command ``analyse``: tables, discovery and figures of a finished sweep."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from sim.cli.shared import drawer, drawing, examples
from sim.errors import UserError


def add_command(commands: Any) -> None:
    """Add ``analyse`` to the parser of all commands."""
    analyse = commands.add_parser("analyse", help="analyse a finished sweep: tables, discovery, figures", **examples(
        "analyse results/sweep-collapse_phase_diagram-20260101-120000\n"
        "analyse results/sweep-surge_drivers-20260101-120000 --outcomes departures,attacks --places TN"))
    analyse.add_argument("folder", type=Path, metavar="SWEEP_DIR", help="folder of a finished sweep")
    analyse.add_argument("--outcomes", type=_names, default=(), metavar="A,B",
                         help="outcomes and summaries, instead of those of the sweep's file")
    analyse.add_argument("--places", type=_names, default=(), metavar="A,B",
                         help="places; the first is drawn (default: that of the undesired, then ALL)")
    analyse.add_argument("--period", default="", metavar="NAME", help="one of the sweep's periods (default: the first)")
    analyse.add_argument("--no-figures", action="store_true", help="write tables only")
    analyse.set_defaults(handler=_analyse)


def _names(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names:
        raise argparse.ArgumentTypeError(f"'{text}' names nothing")
    return names


def _analyse(arguments: argparse.Namespace) -> int:
    from sim.runs.results import DISCLAIMER
    from sim.studies.sweep.analysis import analyse, summary_lines

    began = time.monotonic()
    trouble: list[str] = []
    out = analyse(arguments.folder, arguments.outcomes, arguments.places, arguments.period,
                  figures=None if arguments.no_figures else drawing(trouble, drawer("draw_sweep")))
    print("\n".join(summary_lines(out)))
    print(f"\nAnalysis: {out} ({time.monotonic() - began:.0f} s)\n{DISCLAIMER}")
    for text in trouble:
        print(f"{out}: the tables are whole, but the figures could not be drawn ({text}).", file=sys.stderr)
    return 1 if trouble else 0


def analysis_of(folder: Path) -> Path:
    """Where the analysis of a sweep stands.

    Raises
    ------
    UserError
        where there is none yet.
    """
    from sim.studies.sweep.analysis import FOLDER

    if not (folder / FOLDER / "about.json").exists():
        raise UserError(f"{folder}: this sweep has no analysis yet. Make it with: python run.py analyse {folder}")
    return folder / FOLDER
