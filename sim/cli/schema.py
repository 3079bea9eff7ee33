"""The command ``schema``: the JSON Schema of scenario files."""

from __future__ import annotations

import argparse
import json
from typing import Any

from sim.cli.shared import examples


def add_command(commands: Any) -> None:
    """Add ``schema`` to the parser of all commands."""
    schema = commands.add_parser("schema", help="print the JSON Schema of scenario files, for editors", **examples(
        "schema > scenario.schema.json"))
    schema.set_defaults(handler=_schema)


def _schema(arguments: argparse.Namespace) -> int:
    from sim.runs.scenarios import schema

    print(json.dumps(schema(), indent=2, ensure_ascii=False))
    return 0
