"""The parser of all commands, one module each."""

from __future__ import annotations

import argparse
import difflib
from pathlib import Path
from typing import NoReturn

from sim.cli import (
    analyse,
    brief,
    calibrate,
    check,
    compare,
    explain,
    export,
    inspect,
    list_names,
    plot,
    robust,
    run,
    schema,
    sweep,
    validate,
)
from sim.cli.shared import PROGRAM, examples
from sim.errors import UserError
from sim.version import __version__

#: in the order in which they are listed
COMMANDS = {"run": run, "check": check, "list": list_names, "validate": validate, "schema": schema, "compare": compare,
            "robust": robust, "brief": brief, "sweep": sweep, "analyse": analyse, "export": export,
            "calibrate": calibrate, "plot": plot, "explain": explain, "inspect": inspect}


class Parser(argparse.ArgumentParser):
    """One message, exit code 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}. See {self.prog} --help.\n")


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = Parser(prog=PROGRAM, description="Run scenarios of the simulation. A scenario file alone is short for "
                     "'run'.", **examples("scenarios/baseline.yaml\ncheck scenarios/examples/border_control.yaml\n"
                                           "list levers\nrun --help"))
    parser.add_argument("--version", action="version", version=f"foothold {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS.values():
        command.add_command(commands)
    return parser


def with_run(words: list[str]) -> list[str]:
    """``SCENARIO ...`` is short for ``run SCENARIO ...``; a misspelt command is named as such."""
    commands = tuple(COMMANDS)
    if not words or words[0] in (*commands, "-h", "--help", "--version"):
        return words or ["--help"]
    close = difflib.get_close_matches(words[0], commands, n=1)
    if close and not Path(words[0]).suffix and not Path(words[0]).exists():
        raise UserError(f"'{words[0]}' is neither a command nor a file. Commands: {', '.join(commands)}. "
                        f"Did you mean '{close[0]}'?")
    return ["run", *words]
