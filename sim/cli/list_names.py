"""The command ``list``: what a scenario may name."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import Any

from sim.cli.shared import examples
from sim.errors import UserError

LISTS = ("worlds", "levers", "outcomes", "parameters", "theories", "events", "places")


def add_command(commands: Any) -> None:
    """Add ``list`` to the parser of all commands."""
    names = commands.add_parser("list", help="show what a scenario may name", **examples(
        "list\nlist parameters\nlist places --world two_countries"))
    names.add_argument("what", nargs="*", metavar="WHAT", help=f"{', '.join(LISTS)} (default: the first three)")
    names.add_argument("--world", default="maghreb", help="the world whose events and places are listed")
    names.set_defaults(handler=_list)


def _list(arguments: argparse.Namespace) -> int:
    from sim.runs.scenarios import installed
    from sim.words import listed, nearest

    known = installed()
    for what in arguments.what:
        if what not in LISTS:
            close = nearest(what, LISTS)
            hint = f" Did you mean '{close}'?" if close else ""
            raise UserError(f"list: '{what}' cannot be listed. Allowed: {', '.join(LISTS)}.{hint}")
    wanted = arguments.what or LISTS[:3]
    if {"events", "places"} & set(wanted) and arguments.world not in known.worlds():
        raise UserError(f"--world: '{arguments.world}' is not a world. Allowed: {listed(known.worlds())}.")
    print("\n\n".join("\n".join([what, *_aligned(_entries(what, arguments.world))]) for what in wanted))
    return 0


def _entries(what: str, world_name: str) -> Iterable[tuple[str, ...]]:
    from sim.runs.scenarios import installed

    known = installed()
    if what == "worlds":
        for name in known.worlds():
            world = known.world(name)
            yield name, f"{world.start} to {world.end}", f"{world.title} ({len(world.regions)} regions)"
    elif what == "levers":
        for name, lever in known.levers().items():
            yield name, f"0 to {lever.max_strength:g} {lever.unit}", f"{lever.title}. {lever.drawback}"
    elif what == "outcomes":
        for name, outcome in known.outcomes().items():
            yield name, outcome.unit, outcome.label
    elif what == "parameters":
        for name, number in known.parameters().items():
            yield name, f"{number.value:g} ({number.low:g} to {number.high:g}) {number.unit}", number.description
    elif what == "theories":
        for question, answers in known.theories().items():
            for i, (answer, about) in enumerate(answers.items()):
                yield question, answer + (" (default)" if i == 0 else ""), about
    elif what == "events":
        yield from known.world(world_name).events.items()
    else:
        yield from known.world(world_name).places.items()


def _aligned(rows: Iterable[tuple[str, ...]]) -> list[str]:
    table = [[" ".join(cell.split()) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return ["  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in table]
