"""The command ``run``: simulate scenarios and write result folders."""

from __future__ import annotations

import argparse
import time
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
    from sim.runs.results import RunTables


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
    with drawn_ahead("draw_run", not arguments.no_figures) as drawn:
        prepare_engine()
        failed = 0
        for scenario, out in zip(scenarios, places, strict=True):
            failed |= _run_one(scenario, out, arguments, drawn)
    return failed


def _run_one(scenario: Scenario, out: Path | None, arguments: argparse.Namespace,
             drawn: Callable[[Path], object]) -> int:
    began = time.perf_counter()
    with Meter(scenario.name) as meter:
        from sim.runs.ensemble import simulate

        tables = simulate(scenario, jobs=arguments.jobs or cores(), progress=meter)
    seconds = time.perf_counter() - began
    from sim.runs import results

    trouble: list[str] = []
    from sim.inputs.posterior import described

    folder = results.write(tables, scenario, command=["run.py", *arguments.words], wall_time=seconds, out=out,
                           manifest_extra=described(scenario.world, scenario.uncertainty),
                           figures=None if arguments.no_figures else drawing(trouble, drawn))
    worlds = "1 world" if scenario.worlds == 1 else f"{scenario.worlds} worlds"
    print(f"\n{scenario.title}: {worlds}, {scenario.start} to {scenario.end}, simulated in {seconds:.1f} s\n")
    print("\n".join(summary_lines(tables, scenario.worlds)))
    return say_where(folder, trouble)


def summary_lines(tables: RunTables, worlds: int) -> list[str]:
    """Departures and recruits of each country over the whole run, and how often it had a foothold."""
    rows = [["", *(f"{name} over the run" for name in ("departures", "recruits")), "worlds with a foothold"]]
    places = tables.places[tables.places["scope"] == "country"]
    country_of = dict(zip(tables.places["id"], tables.places["country"], strict=True))
    holds = tables.footholds[["world"]].assign(country=tables.footholds["region"].map(country_of)).drop_duplicates()
    kept = tables.outcomes[tables.outcomes["scope"] == "country"]
    for place, name in zip(places["id"], places["name"], strict=True):
        own = kept[kept["place"] == place]
        hit = int((holds["country"] == place).sum())
        rows.append([str(name), *(_spread(own, outcome) for outcome in ("departures", "recruits")),
                     f"{hit} of {worlds} ({100 * hit / worlds:.0f} %)"])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    note = "median [90 % of worlds]" if worlds > 1 else "one world: no interval"
    few = "; few worlds: the interval is rough" if 1 < worlds < 40 else ""
    return [*lines, f"({note}{few})"]


def _spread(own: Any, outcome: str) -> str:
    if outcome not in own.columns:
        return "not recorded"
    sums = own.groupby("world", observed=True)[outcome].sum()
    low, middle, high = (f"{value:,.0f}" for value in sums.quantile([0.05, 0.5, 0.95]))
    return middle if len(sums) < 2 else f"{middle} [{low} to {high}]"
