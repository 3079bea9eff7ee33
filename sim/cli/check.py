"""The command ``check``: scenarios resolved, sweeps and what they would take, folders of geographies."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from sim.cli.shared import examples, load_scenarios, scenario_arguments
from sim.cli.sweep import checked


def add_command(commands: Any) -> None:
    """Add ``check`` to the parser of all commands."""
    check = commands.add_parser("check", help="check scenarios and show them resolved, sweeps and what they would "
                                "take, folders of geographies",
                                **examples("check scenarios/baseline.yaml\n"
                                            "check scenarios/baseline.yaml --set worlds=20\n"
                                            "check scenarios/sweeps/collapse_phase_diagram.yaml\n"
                                            "check sim/data/two_countries"))
    scenario_arguments(check)
    check.set_defaults(handler=_check)


def _check(arguments: argparse.Namespace) -> int:
    from sim.runs.scenarios import dump
    from sim.studies.sweep.file_kind import is_sweep

    folders = [path for path in arguments.scenarios if (Path(path) / "world.yaml").is_file()]
    sweeps = [path for path in arguments.scenarios if is_sweep(path)]
    arguments.scenarios = [path for path in arguments.scenarios if path not in (*sweeps, *folders)]
    texts = [f"# {scenario.source}: valid. Resolved:\n{dump(scenario)}" for scenario in load_scenarios(arguments)]
    texts += [checked(path, arguments) for path in sweeps]
    texts += [_checked_folder(path) for path in folders]
    print("---\n".join(texts), end="")
    return 0


def _checked_folder(path: str) -> str:
    """What the folder of a geography holds, once it is found valid."""
    from sim.inputs.geography import read_folder
    from sim.policy.timeline import check_event_dials

    g = read_folder(Path(path))
    check_event_dials(g)
    return (f"# {path}: valid. {len(g.countries)} countries, {len(g.regions)} regions, {len(g.localities)} localities, "
            f"{len(g.values)} values, {len(g.events)} events; {g.info['start']} to {g.info['end']}.\n")
