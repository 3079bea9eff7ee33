"""The command ``explain``: how a region of a result folder got where it got."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from sim.cli.shared import examples


def add_command(commands: Any) -> None:
    """Add ``explain`` to the parser of all commands."""
    explain = commands.add_parser("explain", help="how a region of a result folder got where it got", **examples(
        "explain results/baseline-20260101-120000 --region LY-SR\n"
        "explain results/baseline-20260101-120000 --region LY-SR --world 17"))
    explain.add_argument("folder", type=Path, metavar="RESULTS_DIR")
    explain.add_argument("--region", required=True, metavar="ID", help="the region, such as LY-SR")
    explain.add_argument("--world", type=int, metavar="K", help="tell one world beside all of them")
    explain.add_argument("--out", type=Path, metavar="DIR", help="where the files go (default: RESULTS_DIR/explain)")
    explain.set_defaults(handler=_explain)


def _explain(arguments: argparse.Namespace) -> int:
    from sim.runs.results import ResultsError
    from sim.studies.record.explain import tell, write

    story = tell(arguments.folder, arguments.region, arguments.world)
    out = arguments.out or arguments.folder / "explain"
    try:
        out.mkdir(parents=True, exist_ok=True)
        from sim.reports.figures.explain import draw

        files = [*draw(story, out), write(story, out)]
    except (FileExistsError, NotADirectoryError):
        raise ResultsError(f"{out}: this is a file. The explanation needs a folder.") from None
    except OSError as error:
        raise ResultsError(f"{out}: the explanation could not be written ({error.strerror}).", 1) from None
    print(f"{story.text}\n\nFiles: {', '.join(str(path) for path in files)}")
    return 0
