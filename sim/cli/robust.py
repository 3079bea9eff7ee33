"""The command ``robust``: whether a comparison holds under rival theories."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sim.cli.progress import Meter
from sim.cli.shared import (
    PAIR,
    cores,
    drawer,
    drawing,
    examples,
    names_of,
    paired_arguments,
    paired_scenarios,
    prepare_engine,
    say_where,
)

if TYPE_CHECKING:
    from sim.inputs.scenario import Scenario
    from sim.studies.compare.robust import Robust

ROBUST_WORLDS = 50  # for each of a dozen theories


def add_command(commands: Any) -> None:
    """Add ``robust`` to the parser of all commands."""
    robust = commands.add_parser("robust", help="whether a comparison holds under rival theories", **examples(
        f"robust {PAIR}\nrobust {PAIR} --outcomes departures --worlds 100"))
    paired_arguments(robust)
    robust.set_defaults(handler=_robust)


def _robust(arguments: argparse.Namespace) -> int:
    """Whether what scenarios change holds under rival theories."""
    outcomes = names_of("--outcomes", arguments.outcomes)
    base, *others = paired_scenarios(arguments)
    from sim.studies.compare.comparison import align, check_outcomes

    check_outcomes(outcomes)
    scenarios = align(base, others)
    prepare_engine()
    began = time.perf_counter()
    tested = under_rival_theories(scenarios, arguments)
    seconds = time.perf_counter() - began
    from sim.runs import results
    from sim.studies.compare import robust

    trouble: list[str] = []
    lines = robust.summary_lines(tested)
    folder = results.write_folder(
        lambda folder: robust.write(tested, folder), scenarios[0], others=scenarios[1:], name=f"robust-{base.name}",
        command=["run.py", *arguments.words], wall_time=seconds, out=arguments.out,
        manifest_extra={"kind": "robust", "others": [other.name for other in others], "summary": lines},
        figures=None if arguments.no_figures else drawing(trouble, drawer("draw_robust")))
    print("\n".join(lines))
    return say_where(folder, trouble)


def under_rival_theories(scenarios: Sequence[Scenario], arguments: argparse.Namespace) -> Robust:
    """The scenarios under every rival theory."""
    from sim.studies.compare.comparison import HEADLINE
    from sim.studies.compare.robust import robust

    with Meter("rival theories") as meter:
        return robust(scenarios[0], scenarios[1:], outcomes=names_of("--outcomes", arguments.outcomes) or HEADLINE,
                      worlds=min(scenarios[0].worlds, ROBUST_WORLDS) if arguments.worlds is None
                      else scenarios[0].worlds, jobs=arguments.jobs or cores(), progress=meter)
