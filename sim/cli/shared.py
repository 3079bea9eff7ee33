"""What several commands share: arguments, scenarios, result folders, figures, the last lines."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.errors import UserError

if TYPE_CHECKING:
    from sim.inputs.scenario import Scenario

PROGRAM = "python run.py"
BASELINE = "scenarios/baseline.yaml"
PAIR = f"{BASELINE} scenarios/libya_restored.yaml"  # of examples
#: function of `sim.reports.figures` -> the module that loads all it needs
MODULES = {"draw_run": "sim.reports.figures.run_figures", "draw_comparison": "sim.reports.figures.comparison"}


def examples(text: str) -> dict[str, Any]:
    return {"epilog": "examples:\n" + "\n".join(f"  {PROGRAM} {line}" for line in text.strip().splitlines()),
            "formatter_class": argparse.RawDescriptionHelpFormatter}


def at_least_one(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number of 1 or more")
    return int(text)


def scenario_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scenarios", nargs="+", metavar="SCENARIO", help="scenario file (YAML)")
    settings_arguments(parser)


def settings_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--worlds", metavar="N", help="parallel worlds, instead of the file's")
    parser.add_argument("--seed", metavar="S", help="seed, instead of the file's")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="settings",
                        help="any other key of the scenario, such as parameters.<name>=0.2 or events.<id>=never")


def paired_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the commands that run several scenarios in the same worlds."""
    parser.add_argument("base", metavar="BASE", help="scenario file that the others are compared with")
    parser.add_argument("others", nargs="+", metavar="OTHER", help="scenario file")
    settings_arguments(parser)
    parser.add_argument("--outcomes", metavar="A,B", help="outcomes, see: list outcomes")
    parser.add_argument("--jobs", type=at_least_one, default=0, metavar="J", help="threads (default: all cores)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="the result folder, new or empty")
    parser.add_argument("--no-figures", action="store_true", help="write tables only")


def prepare_engine() -> None:
    """Compile the rules, once per installation, and say so; load them otherwise."""
    from sim.cli.progress import Stages
    from sim.engine.prepare import prepare

    with Stages() as stages:
        def report(done: int, total: int, name: str) -> None:
            if done == 0:
                print(f"Preparing the engine, once per installation: {total} parts to compile, up to a minute.",
                      file=sys.stderr, flush=True)
            stages("compiling", done, total)

        prepare(report)


def load_scenarios(arguments: argparse.Namespace) -> list[Scenario]:
    """Every scenario of the command line, checked before the first one runs."""
    from sim.inputs.scenario import ScenarioError, parse_set
    from sim.runs.scenarios import load_scenario

    settings: dict[str, Any] = {}
    for text in arguments.settings:
        key, value = parse_set(text)
        if key in settings:
            raise ScenarioError(f"--set: '{key}' is given twice.")
        settings[key] = value
    origins = {key: f"--{key}" for key in ("worlds", "seed") if getattr(arguments, key) is not None}
    for key in origins:
        settings[key] = parse_set(f"{key}={getattr(arguments, key)}")[1]
    _refuse_files(arguments.scenarios)
    return [load_scenario(path, settings, origins=origins) for path in arguments.scenarios]


def _refuse_files(paths: Sequence[str]) -> None:
    """A sweep has a command of its own, and a file given twice is a slip."""
    from sim.studies.sweep.file_kind import is_sweep

    seen: set[str] = set()
    for path in paths:
        if is_sweep(path):
            raise UserError(f"{path}: this is a sweep, not a scenario; use `{PROGRAM} sweep {path}`.")
        real = os.path.realpath(path)
        if real in seen:
            raise UserError(f"{path}: this file is given twice.")
        seen.add(real)


def result_folders(scenarios: list[Scenario], out: Path | None) -> list[Path | None]:
    """Where each result goes, refused before the first run if it cannot go there."""
    from sim.runs.results import ResultsError, check_out, check_place

    if out is None:
        check_place(Path("results"))
        return [None] * len(scenarios)
    if len(scenarios) == 1:
        check_out(out)
        return [out]
    names = [scenario.name for scenario in scenarios]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ResultsError(f"--out {out}: several scenarios are named '{twice[0]}'; each needs a folder of its own.")
    for name in names:
        check_out(out / name)
    return [out / name for name in names]


def paired_scenarios(arguments: argparse.Namespace) -> list[Scenario]:
    """The base and the others, checked; the result folder refused at once if it cannot be made."""
    arguments.scenarios = [arguments.base, *arguments.others]
    scenarios = load_scenarios(arguments)
    result_folders(scenarios[:1], arguments.out)
    return scenarios


def names_of(option: str, text: str | None) -> tuple[str, ...]:
    """The names given with an option, none where it is not given."""
    names = tuple(dict.fromkeys(name.strip() for name in (text or "").split(",") if name.strip()))
    if text is not None and not names:
        raise UserError(f"{option}: name at least one; {PROGRAM} list {option.strip('-')} shows them.")
    return names


@contextlib.contextmanager
def drawn_ahead(name: str, wanted: bool) -> Iterator[Callable[[Path], object]]:
    """As `drawer`, in a process that loads what it needs while the worlds are simulated, where one can be had."""
    from sim.runs.pool import Ahead, forks

    if wanted and forks() and cores() > 1:
        with contextlib.closing(Ahead(partial(importlib.import_module, MODULES[name]), drawer(name))) as ahead:
            yield ahead
    else:
        yield drawer(name)


def drawer(name: str) -> Callable[[Path], object]:
    """A function of `sim.reports.figures`, loaded when it is called."""
    return partial(_draw, name)


def _draw(name: str, folder: Path) -> object:
    return getattr(importlib.import_module("sim.reports.figures"), name)(folder)


def drawing(trouble: list[str], drawn: Callable[[Path], object]) -> Callable[[Path], None]:
    """Draw into the unfinished folder; a mistake in a picture must not cost the tables."""
    def draw(folder: Path) -> None:
        try:
            drawn(folder)
        except OSError:  # the disk: the writer of results deals with it
            raise
        except Exception as error:
            trouble.append(f"{type(error).__name__}: {error}")

    return draw


def say_where(folder: Path, trouble: list[str]) -> int:
    """Where the results are, and what went wrong with the figures; the exit code."""
    from sim.runs.results import DISCLAIMER

    print(f"\nResults: {folder}\n{DISCLAIMER}")
    for text in trouble:
        print(f"{folder}: the tables are whole, but the figures could not be drawn ({text}). "
              f"Try again: {PROGRAM} plot {folder}", file=sys.stderr)
    return 1 if trouble else 0


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
