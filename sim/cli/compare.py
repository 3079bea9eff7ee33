"""The command ``compare``: what scenarios change against a base, in the same worlds."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.cli.progress import Meter
from sim.cli.robust import under_rival_theories
from sim.cli.shared import (
    PAIR,
    at_least_one,
    cores,
    drawing,
    drawn_ahead,
    examples,
    names_of,
    paired_arguments,
    paired_scenarios,
    prepare_engine,
    say_where,
)
from sim.errors import UserError

if TYPE_CHECKING:
    from sim.calendar import Month
    from sim.inputs.scenario import Scenario
    from sim.studies.compare.comparison import Comparison
    from sim.studies.compare.why import Why

MOST_WORLDS = 1000  # to which --until-sure goes
WHY_WORLDS = 16  # a mean over so many explains; more would take long for packages of many levers


def add_command(commands: Any) -> None:
    """Add ``compare`` to the parser of all commands."""
    compare = commands.add_parser("compare", help="what scenarios change against a base, in the same worlds",
                                  **examples(f"compare {PAIR}\n"
                                              f"compare {PAIR} --outcomes departures,attacks --places LY-SR,TN\n"
                                              f"compare {PAIR} --from 2014-01 --until-sure --most 800"))
    paired_arguments(compare)
    compare.add_argument("--places", metavar="A,B", help="regions to show beside the countries; with "
                         "--until-sure, the places to decide about (default: all countries together)")
    compare.add_argument("--from", dest="first", metavar="MONTH", help="first month read (default: the start)")
    compare.add_argument("--until", dest="last", metavar="MONTH", help="last month read (default: the end)")
    compare.add_argument("--until-sure", action="store_true", help="add worlds until every named outcome is decided; "
                         "the test allows for looking often")
    compare.add_argument("--most", type=at_least_one, metavar="N", help="with --until-sure, stop at so many worlds "
                         f"(default: {MOST_WORLDS})")
    compare.add_argument("--no-why", action="store_true", help="do not compute which steps and levers did it")
    compare.add_argument("--robust", action="store_true", help="also under every rival theory")
    compare.set_defaults(handler=_compare)


def _compare(arguments: argparse.Namespace) -> int:
    """What scenarios change against a base; why; and on demand whether it holds under rival theories."""
    if arguments.until_sure and arguments.worlds is not None:
        raise UserError("compare: --until-sure adds worlds by itself; limit them with --most instead of --worlds.")
    if arguments.most is not None and not arguments.until_sure:
        raise UserError("compare: --most goes with --until-sure; give the number of worlds with --worlds.")
    first, last = _month("--from", arguments.first), _month("--until", arguments.last)
    base, *others = paired_scenarios(arguments)
    outcomes, places = names_of("--outcomes", arguments.outcomes), names_of("--places", arguments.places)
    with drawn_ahead("draw_comparison", not arguments.no_figures) as drawn:
        prepare_engine()
        return _compared(base, others, outcomes, places, (first, last), arguments, drawn)


def _compared(base: Scenario, others: Sequence[Scenario], outcomes: tuple[str, ...], places: tuple[str, ...],
              window: tuple[Month | None, Month | None], arguments: argparse.Namespace,
              drawn: Callable[[Path], object]) -> int:
    with Meter(f"compare {base.name}") as meter:
        from sim.studies.compare import comparison, robust, why

        if arguments.robust:
            comparison.wished(outcomes or comparison.HEADLINE)  # a mistake is told before the worlds are run
            comparison.enough((arguments.most or MOST_WORLDS) if arguments.until_sure else base.worlds)
        found = comparison.compare(
            base, others, outcomes=outcomes or comparison.DEFAULT_OUTCOMES,
            places=places, first=window[0], last=window[1], jobs=arguments.jobs or cores(),
            until_sure=arguments.until_sure, most=arguments.most or MOST_WORLDS, progress=meter)
    reasons = [] if arguments.no_why else _why(found, arguments)
    tested = under_rival_theories((found.base, *found.others), arguments) if arguments.robust else None

    def more(folder: Path) -> None:
        if reasons:
            why.write(reasons, folder)
        if tested is not None:
            robust.write(tested, folder)

    trouble: list[str] = []
    folder = comparison.write(found, command=["run.py", *arguments.words], out=arguments.out, more=more,
                              figures=None if arguments.no_figures else drawing(trouble, drawn))
    print(f"\n{base.title}, compared: simulated in {found.seconds:.1f} s\n")
    print("\n".join([*comparison.summary_lines(found), *why.summary_lines(reasons, min(found.worlds, WHY_WORLDS)),
                     *(["", *robust.summary_lines(tested)] if tested is not None else ())]))
    return say_where(folder, trouble)


def _why(found: Comparison, arguments: argparse.Namespace) -> list[Why]:
    """Why each scenario differs, for the headline outcomes among those compared."""
    from sim.studies.compare import why
    from sim.studies.compare.comparison import HEADLINE

    wanted = tuple(outcome for outcome in HEADLINE if outcome in set(found.effects["outcome"]))
    reasons = []
    for other in found.others if wanted else ():
        with Meter(f"why {other.name}") as meter:
            reasons.append(why.explain_comparison(
                found.base, other, outcome=wanted, worlds=min(found.worlds, WHY_WORLDS),
                jobs=arguments.jobs or cores(), progress=meter))
    return reasons


def _month(option: str, text: str | None) -> Month | None:
    from sim.calendar import Month

    try:
        return None if text is None else Month.parse(text)
    except ValueError as error:
        raise UserError(f"{option}: {error}.") from None
