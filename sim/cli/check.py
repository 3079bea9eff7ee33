"""The command ``check``: scenarios resolved, sweeps and what they would take."""

from __future__ import annotations

import argparse
from typing import Any

from sim.cli.shared import examples, load_scenarios, scenario_arguments
from sim.cli.sweep import checked


def add_command(commands: Any) -> None:
    """Add ``check`` to the parser of all commands."""
    check = commands.add_parser("check", help="check scenarios and show them resolved, sweeps and what they would take",
                                **examples("check scenarios/baseline.yaml\n"
                                            "check scenarios/baseline.yaml --set worlds=20\n"
                                            "check scenarios/sweeps/collapse_phase_diagram.yaml"))
    scenario_arguments(check)
    check.set_defaults(handler=_check)


def _check(arguments: argparse.Namespace) -> int:
    from sim.runs.scenarios import dump
    from sim.studies.sweep.file_kind import is_sweep

    sweeps = [path for path in arguments.scenarios if is_sweep(path)]
    arguments.scenarios = [path for path in arguments.scenarios if path not in sweeps]
    texts = [f"# {scenario.source}: valid. Resolved:\n{dump(scenario)}" for scenario in load_scenarios(arguments)]
    texts += [checked(path, arguments) for path in sweeps]
    print("---\n".join(texts), end="")
    return 0
