"""The commands ``analyse`` and ``export``. Heavy packages are imported only when one of them starts."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sim.errors import UserError

FORMATS = ("csv", "xlsx", "dta", "nc")


def add_commands(commands: Any) -> None:
    """Add ``analyse`` and ``export`` to the parser of all commands."""
    from sim.cli import _examples

    analyse = commands.add_parser("analyse", help="analyse a finished sweep: tables, discovery, figures", **_examples(
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

    export = commands.add_parser("export", help="write the tables of a result folder in another format", **_examples(
        "export results/baseline-20260101-120000 --to xlsx\n"
        "export results/sweep-surge_drivers-20260101-120000 --to dta --out surge_stata"))
    export.add_argument("folder", type=Path, metavar="DIR", help="folder of a run, a comparison or a sweep")
    export.add_argument("--to", required=True, choices=FORMATS, help="csv, xlsx (Excel), dta (Stata) or nc (NetCDF)")
    export.add_argument("--out", type=Path, metavar="DIR", help="new or empty folder (default: DIR/export-FORMAT)")
    export.set_defaults(handler=_export)


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
                  figures=None if arguments.no_figures else _drawing(trouble))
    print("\n".join(summary_lines(out)))
    print(f"\nAnalysis: {out} ({time.monotonic() - began:.0f} s)\n{DISCLAIMER}")
    for text in trouble:
        print(f"{out}: the tables are whole, but the figures could not be drawn ({text}).", file=sys.stderr)
    return 1 if trouble else 0


def _drawing(trouble: list[str]) -> Callable[[Path], None]:
    """Draw into the unfinished folder; a mistake in a picture must not cost the tables."""
    def draw(folder: Path) -> None:
        from sim.reports.figures import draw_sweep

        try:
            draw_sweep(folder)
        except OSError:  # the disk: the writer of the analysis deals with it
            raise
        except Exception as error:
            trouble.append(f"{type(error).__name__}: {error}")

    return draw


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


def _export(arguments: argparse.Namespace) -> int:
    from sim.studies.sweep.export import export
    from sim.words import counted

    made = export(arguments.folder, arguments.to, arguments.out)
    for note in made.notes:
        print(f"Note: {note}")
    print(f"{counted(len(made.files), 'file')} in {made.folder}")
    return 0
