"""The command ``inspect``: one world in Mesa's own viewer, in the browser."""

from __future__ import annotations

import argparse
import importlib
import warnings
from typing import Any

from sim.cli.shared import examples, load_scenarios, prepare_engine
from sim.errors import UserError

PORT = 8521


def add_command(commands: Any) -> None:
    """Add ``inspect`` to the parser of all commands."""
    inspect = commands.add_parser("inspect", help="open one world in the browser, month by month (extra 'inspect')",
                                  **examples("inspect scenarios/baseline.yaml\n"
                                             "inspect scenarios/packages/security_plus.yaml --world 17 --port 9000"))
    inspect.add_argument("scenario", metavar="SCENARIO", help="scenario file (YAML)")
    inspect.add_argument("--seed", metavar="S", help="seed, instead of the file's")
    inspect.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="settings",
                         help="any other key of the scenario, such as parameters.<name>=0.2 or events.<id>=never")
    inspect.add_argument("--world", type=_index, default=0, metavar="K", help="index of the world (default: 0)")
    inspect.add_argument("--port", type=_port, default=PORT, metavar="P",
                         help=f"port on this machine (default: {PORT})")
    inspect.set_defaults(handler=_inspect, worlds=None)


def _index(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) >= 100_000:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from 0 to 99999")
    return int(text)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1024 <= int(text) <= 65_535:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from 1024 to 65535")
    return int(text)


def _inspect(arguments: argparse.Namespace) -> int:
    arguments.scenarios = [arguments.scenario]
    (scenario,) = load_scenarios(arguments)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the making of the viewer's own pages
            server = importlib.import_module("sim.reports.inspect.server")
    except ModuleNotFoundError as error:
        package = str(error.name).partition(".")[0]
        if package == "sim":
            raise
        raise UserError(f"inspect needs the package {package}, which is not installed. Install the extra "
                        "'inspect': pip install -c constraints.txt -e '.[inspect]'.", 1) from None
    prepare_engine()
    server.serve(scenario, arguments.world, arguments.port)
    return 0
