"""The command ``export``: the tables of a result folder in another format."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from sim.cli.shared import examples

FORMATS = ("csv", "xlsx", "dta", "nc")


def add_command(commands: Any) -> None:
    """Add ``export`` to the parser of all commands."""
    export = commands.add_parser("export", help="write the tables of a result folder in another format", **examples(
        "export results/baseline-20260101-120000 --to xlsx\n"
        "export results/sweep-surge_drivers-20260101-120000 --to dta --out surge_stata"))
    export.add_argument("folder", type=Path, metavar="DIR", help="folder of a run, a comparison or a sweep")
    export.add_argument("--to", required=True, choices=FORMATS, help="csv, xlsx (Excel), dta (Stata) or nc (NetCDF)")
    export.add_argument("--out", type=Path, metavar="DIR", help="new or empty folder (default: DIR/export-FORMAT)")
    export.set_defaults(handler=_export)


def _export(arguments: argparse.Namespace) -> int:
    from sim.studies.sweep.export import export
    from sim.words import counted

    made = export(arguments.folder, arguments.to, arguments.out)
    for note in made.notes:
        print(f"Note: {note}")
    print(f"{counted(len(made.files), 'file')} in {made.folder}")
    return 0
