"""The command ``run``: simulate scenarios and write result folders."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.cli.progress import Meter
from sim.cli.shared import (
    at_least_one,
    cores,
    drawing,
    drawn_ahead,
    examples,
    load_scenarios,
    prepare_engine,
    result_folders,
    say_where,
    scenario_arguments,
)

if TYPE_CHECKING:
    from sim.inputs.scenario import Scenario

SHOWN = ("departures", "recruits")


def add_command(commands: Any) -> None:
    """Add ``run`` to the parser of all commands."""
    run = commands.add_parser("run", help="simulate scenarios and write result folders", **examples(
        "scenarios/baseline.yaml\nrun scenarios/baseline.yaml --worlds 20 --out results/quick\n"
        "run scenarios/examples/*.yaml --out results/examples\n"
        "run scenarios/baseline.yaml --set end=2014-12 --set title='A shorter run'"))
    scenario_arguments(run)
    run.add_argument("--jobs", type=at_least_one, default=0, metavar="J", help="threads (default: all cores)")
    run.add_argument("--out", type=Path, metavar="DIR", help="the result folder itself, new or empty; with several "
                     "scenarios, the folder that holds one result folder each (default: results/<name>-<time>)")
    run.add_argument("--no-figures", action="store_true", help="write tables only")
    run.set_defaults(handler=_run)


def _run(arguments: argparse.Namespace) -> int:
    scenarios = load_scenarios(arguments)
    places = result_folders(scenarios, arguments.out)
    _check_room(scenarios, arguments)
    with drawn_ahead("draw_run", not arguments.no_figures) as drawn:
        prepare_engine()
        failed = 0
        for scenario, out in zip(scenarios, places, strict=True):
            failed |= _run_one(scenario, out, arguments, drawn)
    return failed


def _check_room(scenarios: list[Scenario], arguments: argparse.Namespace) -> None:
    """Refuse, before the first run, what would not fit on the disk."""
    from sim.runs.disk import check_fits
    from sim.runs.to_folder import bytes_of_run

    needed = sum(bytes_of_run(scenario) for scenario in scenarios)
    check_fits(needed, arguments.out or Path("results"),
               "fewer worlds (--worlds), fewer outcomes (record: in the scenario)")


def _run_one(scenario: Scenario, out: Path | None, arguments: argparse.Namespace,
             drawn: Callable[[Path], object]) -> int:
    from sim.inputs.posterior import described
    from sim.runs import results
    from sim.runs.to_folder import fill

    def simulate(folder: Path) -> None:
        with Meter(scenario.name) as meter:
            fill(folder, scenario, arguments.jobs or cores(), meter)

    trouble: list[str] = []
    folder = results.write_folder(simulate, scenario, name=scenario.name, command=["run.py", *arguments.words],
                                  wall_time=None, out=out,
                                  manifest_extra=described(scenario.world, scenario.uncertainty),
                                  figures=None if arguments.no_figures else drawing(trouble, drawn))
    seconds = results.read_manifest(folder)["wall_time_s"]
    worlds = "1 world" if scenario.worlds == 1 else f"{scenario.worlds} worlds"
    print(f"\n{scenario.title}: {worlds}, {scenario.start} to {scenario.end}, simulated in {seconds:.1f} s\n")
    print("\n".join(summary_lines(folder, scenario.worlds)))
    return say_where(folder, trouble)


def summary_lines(folder: Path, worlds: int) -> list[str]:
    """Departures and recruits of each country over the whole run, and how often it had a foothold."""
    from sim.runs.results import OUTCOMES, read_run_csv, sums_over_run

    rows = [["", *(f"{name} over the run" for name in SHOWN), "worlds with a foothold"]]
    everywhere, footholds = read_run_csv(folder, "places"), read_run_csv(folder, "footholds")
    places = everywhere[everywhere["scope"] == "country"]
    country_of = dict(zip(everywhere["id"], everywhere["country"], strict=True))
    holds = footholds[["world"]].assign(country=footholds["region"].map(country_of)).drop_duplicates()
    sums = sums_over_run(folder / OUTCOMES, SHOWN, "country")
    for place, name in zip(places["id"], places["name"], strict=True):
        own = sums[sums["place"] == place]
        hit = int((holds["country"] == place).sum())
        rows.append([str(name), *(_spread(own, outcome) for outcome in SHOWN),
                     f"{hit} of {worlds} ({100 * hit / worlds:.0f} %)"])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    note = "median [90 % of worlds]" if worlds > 1 else "one world: no interval"
    few = "; few worlds: the interval is rough" if 1 < worlds < 40 else ""
    return [*lines, f"({note}{few})"]


def _spread(own: Any, outcome: str) -> str:
    if outcome not in own.columns:
        return "not recorded"
    low, middle, high = (f"{value:,.0f}" for value in own[outcome].quantile([0.05, 0.5, 0.95]))
    return middle if len(own) < 2 else f"{middle} [{low} to {high}]"
