"""The command ``brief``: a page to print from the folder of a comparison."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from sim.cli.shared import examples


def add_command(commands: Any) -> None:
    """Add ``brief`` to the parser of all commands."""
    brief = commands.add_parser("brief", help="a page to print from the folder of a comparison", **examples(
        "brief results/compare-baseline-20260101-120000\n"
        "brief results/compare-baseline-20260101-120000 --out brief.html"))
    brief.add_argument("folder", type=Path, metavar="RESULTS_DIR")
    brief.add_argument("--out", type=Path, metavar="FILE", help="the page (default: RESULTS_DIR/brief.html)")
    brief.set_defaults(handler=_brief)


def _brief(arguments: argparse.Namespace) -> int:
    """One page to print from a comparison's folder."""
    from sim.reports import brief
    from sim.runs.results import ResultsError

    try:
        page = brief.write(arguments.folder, arguments.out)
    except OSError as error:
        raise ResultsError(f"{arguments.out or arguments.folder}: the brief could not be written "
                           f"({error.strerror or error}).", 1) from None
    print(f"Brief: {page}")
    return 0
