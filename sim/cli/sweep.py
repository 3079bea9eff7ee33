"""The command ``sweep``: one scenario at many points."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.cli.progress import Meter
from sim.cli.shared import at_least_one, cores, examples, prepare_engine
from sim.cli.stopping import INTERRUPTED
from sim.errors import UserError

if TYPE_CHECKING:
    from sim.studies.sweep.spec import SweepSpec
    from sim.studies.sweep.sweep_folder import Sweep

SHOWN = 5  # failed points that are told one by one


def add_command(commands: Any) -> None:
    """Add ``sweep`` to the parser of all commands."""
    sweep = commands.add_parser("sweep", help="run a scenario at many points", **examples(
        "sweep scenarios/sweeps/collapse_phase_diagram.yaml\n"
        "sweep scenarios/sweeps/timing_of_action.yaml --out results/timing\n"
        "sweep scenarios/sweeps/timing_of_action.yaml --out results/timing --resume\n"
        "sweep scenarios/sweeps/levers_global_sensitivity.yaml --scheduler tcp://10.0.0.5:8786"))
    sweep.add_argument("file", metavar="FILE", help="sweep file (YAML)")
    sweep.add_argument("--jobs", type=at_least_one, default=0, metavar="J", help="processes (default: all cores)")
    sweep.add_argument("--scheduler", metavar="ADDRESS", help="a Dask scheduler that runs the chunks, such as "
                       "tcp://10.0.0.5:8786 (needs the extra 'cluster')")
    sweep.add_argument("--resume", action="store_true", help="go on with a stopped sweep in --out DIR (default: the "
                       "newest unfinished one of this file); only unfinished and failed chunks are run")
    sweep.add_argument("--out", type=Path, metavar="DIR", help="the result folder, new or empty (default: "
                       "results/sweep-<name>-<time>)")
    sweep.set_defaults(handler=_sweep)


def checked(path: str, arguments: argparse.Namespace) -> str:
    """What a valid sweep file would take."""
    from sim.studies.sweep.estimate import describe
    from sim.studies.sweep.spec import load_sweep

    given = [f"--{key}" for key in ("worlds", "seed") if getattr(arguments, key) is not None]
    if given or arguments.settings:
        raise UserError(f"{path}: a sweep is changed in its file; {(given or ['--set'])[0]} is for scenarios.")
    return "\n".join([f"# {path}: valid.", *describe(load_sweep(path), cores())]) + "\n"


def _sweep(arguments: argparse.Namespace) -> int:
    from sim.runs.results import check_out
    from sim.studies.sweep.estimate import check_room
    from sim.studies.sweep.spec import load_sweep

    spec = load_sweep(arguments.file)
    if not arguments.resume:
        if arguments.out is not None:
            check_out(arguments.out)
        check_room(spec, arguments.out)
    prepare_engine()
    began = time.time()
    try:
        return _swept(spec, arguments)
    except KeyboardInterrupt:  # at any moment, perhaps twice: terminals and time limits may send it to the whole group
        return _stopped(spec, arguments, began)


def _swept(spec: SweepSpec, arguments: argparse.Namespace) -> int:
    """Say what it will take, run it, say where it stands."""
    from sim.runs.results import DISCLAIMER
    from sim.studies.sweep.estimate import describe, duration
    from sim.studies.sweep.runner import finished, run_sweep, to_resume
    from sim.studies.sweep.sweep_folder import read_sweep
    from sim.words import counted

    jobs = arguments.jobs or cores()
    before = to_resume(spec, arguments.out) if arguments.resume else None
    if before is None:
        print("\n".join(describe(spec, jobs, arguments.out)), flush=True)
    elif not finished(before):
        print(f"{spec.title}: going on in {before}", flush=True)
    began, nothing = time.monotonic(), before is not None and finished(before)
    with Meter(spec.name) as meter:
        folder = run_sweep(spec, before or arguments.out, jobs=jobs, scheduler=arguments.scheduler,
                           resume=arguments.resume, progress=meter, command=["run.py", *arguments.words])
    done = read_sweep(folder)
    spent = "the sweep was finished already" if nothing else duration(time.monotonic() - began)
    print(f"\n{counted(len(done.points), 'point')}{': ' if nothing else ' in '}{spent}")
    _tell_failed(done)
    print(f"Results: {folder}\n{DISCLAIMER}")
    return 1 if len(done.failed) else 0


def _stopped(spec: SweepSpec, arguments: argparse.Namespace, began: float) -> int:
    """Say what is kept; a stop before there was a folder is told as that of any command."""
    from sim.studies.sweep.runner import folder_of, kept

    with _deaf():
        folder = folder_of(spec, arguments.out, 0.0 if arguments.resume else began)
        if folder is None:
            raise KeyboardInterrupt
        print(f"\n{kept(spec, folder)}", file=sys.stderr)
    return INTERRUPTED


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """Further signals to stop are not heard."""
    try:
        before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    except ValueError:  # not in the main thread
        yield
        return
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell_failed(done: Sweep) -> None:
    """The points without results, each with its values and the reason."""
    failed = done.failed.drop_duplicates("point")  # chunks may cut through a point
    for row in failed.head(SHOWN).to_dict("records"):
        values = ", ".join(f"{name}={row[name]}" for name in done.spec.names[:SHOWN])
        print(f"point {row['point']} failed ({values}): {row['reason']}", file=sys.stderr)
    if len(failed) > SHOWN:
        print(f"and {len(failed) - SHOWN} more; see failed.csv in {done.folder}", file=sys.stderr)
