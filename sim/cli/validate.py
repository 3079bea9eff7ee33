"""The command ``validate``: a scenario against the record."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from sim.cli.progress import Meter
from sim.cli.shared import (
    BASELINE,
    PROGRAM,
    at_least_one,
    cores,
    drawer,
    drawing,
    examples,
    load_scenarios,
    prepare_engine,
    result_folders,
)
from sim.errors import UserError

FEWEST = 20  # worlds with which a 90 % interval means something


def add_command(commands: Any) -> None:
    """Add ``validate`` to the parser of all commands."""
    validate = commands.add_parser("validate", help="hold a scenario against the record: the scoreboard", **examples(
        "validate\nvalidate --worlds 50 --seed 7 --out results/scoreboard"))
    validate.add_argument("scenarios", nargs="*", metavar="SCENARIO", default=[],
                          help=f"scenario file (default: {BASELINE})")
    validate.add_argument("--worlds", metavar="N", help="parallel worlds of the baseline, instead of the file's")
    validate.add_argument("--seed", metavar="S", help="seed, instead of the file's")
    validate.add_argument("--jobs", type=at_least_one, default=0, metavar="J", help="threads (default: all cores)")
    validate.add_argument("--out", type=Path, metavar="DIR", help="the result folder, new or empty")
    validate.add_argument("--no-figures", action="store_true", help="write tables only")
    validate.add_argument("--by-theory", action="store_true",
                          help="print targets hit by each answer of the rival theories instead; writes nothing")
    validate.set_defaults(handler=_validate, settings=[])


def _validate(arguments: argparse.Namespace) -> int:
    """One scenario against targets and patterns."""
    if len(arguments.scenarios) > 1:
        raise UserError("validate: give one scenario at a time.")
    arguments.scenarios = arguments.scenarios or [BASELINE]
    scenario = load_scenarios(arguments)[0]
    if scenario.worlds < FEWEST:
        raise UserError(f"validate: {scenario.worlds} world{'s are' if scenario.worlds > 1 else ' is'} too few for "
                        f"intervals; give at least {FEWEST}.")
    prepare_engine()
    if arguments.by_theory:
        from sim.studies.record.placebo import by_theory

        print(by_theory(scenario, arguments.jobs or cores()).to_string(index=False))
        return 0
    result_folders([scenario], arguments.out)
    with Meter(f"validate {scenario.name}") as meter:
        from sim.studies.record import scoreboard

        try:
            board = scoreboard.validate(scenario, jobs=arguments.jobs or cores(), progress=meter)
        except scoreboard.DataError as error:
            raise UserError(str(error)) from None
    trouble: list[str] = []
    folder = scoreboard.write(board, command=["run.py", *arguments.words], out=arguments.out,
                              figures=None if arguments.no_figures else drawing(trouble, drawer("draw_scoreboard")))
    print(f"\n{scenario.title}: {scenario.worlds} worlds, {board.pattern_worlds} for each counterfactual, "
          f"{board.seconds:.1f} s\n")
    print("\n".join(scoreboard.summary_lines(board)))
    print(f"\nScoreboard: {folder}")
    for text in trouble:
        print(f"{folder}: the tables are whole, but the figures could not be drawn ({text}). "
              f"Try again: {PROGRAM} plot {folder}", file=sys.stderr)
    return 1 if trouble else 0
