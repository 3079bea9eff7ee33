"""The command ``calibrate``: fit the coefficients to the record."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from sim.cli.progress import Stages
from sim.cli.shared import PROGRAM, at_least_one, cores, examples, prepare_engine
from sim.cli.stopping import INTERRUPTED
from sim.errors import UserError


def add_command(commands: Any) -> None:
    """Add ``calibrate`` to the parser of all commands."""
    calibrate = commands.add_parser("calibrate", help="fit the coefficients to the record and write posterior draws",
                                    **examples("calibrate\ncalibrate scenarios/baseline.yaml --waves 3 --points 2000 "
                                                "--out results/calibration\n"
                                                "calibrate --out results/calibration --resume"))
    calibrate.add_argument("scenario", nargs="?", default="scenarios/baseline.yaml", metavar="SCENARIO",
                           help="scenario file (default: scenarios/baseline.yaml)")
    calibrate.add_argument("--waves", type=at_least_one, default=3, metavar="K",
                           help="waves of history matching before the posterior (default: 3)")
    calibrate.add_argument("--points", type=at_least_one, default=2000, metavar="N",
                           help="worlds per wave and for the posterior (default: 2000)")
    calibrate.add_argument("--seed", metavar="S", help="seed, instead of the file's")
    calibrate.add_argument("--jobs", type=at_least_one, default=0, metavar="J", help="threads (default: all cores)")
    calibrate.add_argument("--out", type=Path, metavar="DIR", help="folder for the results, new or empty (default: "
                           "results/calibration-<name>-<time>)")
    calibrate.add_argument("--resume", action="store_true", help="go on with a stopped calibration in --out DIR")
    calibrate.set_defaults(handler=_calibrate)


def _calibrate(arguments: argparse.Namespace) -> int:
    from sim.inputs.scenario import parse_set
    from sim.runs.results import DISCLAIMER
    from sim.runs.scenarios import load_scenario

    if arguments.resume and arguments.out is None:
        raise UserError("--resume: say with --out DIR which stopped calibration goes on.")
    settings = {} if arguments.seed is None else {"seed": parse_set(f"seed={arguments.seed}")[1]}
    scenario = load_scenario(arguments.scenario, settings, origins=dict.fromkeys(settings, "--seed"))
    folder = arguments.out or Path("results") / f"calibration-{scenario.name}-{time.strftime('%Y%m%d-%H%M%S')}"
    from sim.studies.calibrate.calibration import run
    from sim.studies.calibrate.prior import CalibrationError

    print(f"{scenario.title}: calibration in {folder}\nIf stopped, go on with: {PROGRAM} calibrate "
          f"{arguments.scenario} --waves {arguments.waves} --points {arguments.points} --seed {scenario.seed} "
          f"--out {folder} --resume\n", flush=True)
    prepare_engine()
    began = time.monotonic()
    try:
        with Stages() as stages:
            run(scenario, folder, waves=arguments.waves, points=arguments.points, seed=scenario.seed,
                jobs=arguments.jobs or cores(), resume=arguments.resume, command=["run.py", *arguments.words],
                progress=stages, log=stages.say)
    except KeyboardInterrupt:
        print("\nStopped. What is finished is kept.", file=sys.stderr)
        return INTERRUPTED
    except OSError as error:
        raise CalibrationError(f"{folder}: the results could not be written ({error.strerror or error}). What is "
                               "finished is kept; --resume goes on.", 1) from error
    print(f"\nResults: {folder} ({time.monotonic() - began:.0f} s)\n{DISCLAIMER}")
    return _draw_calibration(folder)


def _draw_calibration(folder: Path) -> int:
    try:
        from sim.reports.figures.calibration import draw_calibration

        draw_calibration(folder)
    except Exception as error:
        print(f"{folder}: the tables are whole, but the figures could not be drawn ({type(error).__name__}: {error}).",
              file=sys.stderr)
        return 1
    return 0
