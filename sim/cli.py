"""The command line. Heavy packages are imported only when a run or a drawing starts."""

from __future__ import annotations

import argparse
import contextlib
import difflib
import io
import json
import os
import signal
import sys
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from sim import cli_analyse, cli_sweep
from sim.errors import UserError
from sim.version import __version__

if TYPE_CHECKING:
    from sim.calendar import Month
    from sim.inputs.scenario import Scenario
    from sim.runs.results import RunTables
    from sim.studies.compare.comparison import Comparison
    from sim.studies.compare.robust import Robust
    from sim.studies.compare.why import Why

PROGRAM = "python run.py"
QUIET_SECONDS = 2.0
INTERRUPTED, TERMINATED = 130, 143  # by Ctrl-C, by SIGTERM
AGAIN = 0.3  # seconds after which a stop that got lost is repeated
BASELINE = "scenarios/baseline.yaml"
MOST_WORLDS = 1000  # to which --until-sure goes
WHY_WORLDS = 16  # a mean over so many explains; more would take long for packages of many levers
ROBUST_WORLDS = 50  # for each of a dozen theories
FEWEST = 20  # worlds with which a 90 % interval means something
#: kind of result folder -> function of `sim.reports.figures` that draws it
DRAWERS = {"scoreboard": "draw_scoreboard", "comparison": "draw_comparison", "robust": "draw_robust",
           "sweep": "draw_sweep"}
LISTS = ("worlds", "levers", "outcomes", "parameters", "theories", "events", "places")


class _Parser(argparse.ArgumentParser):
    """One message, exit code 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}. See {self.prog} --help.\n")


def _examples(text: str) -> dict[str, Any]:
    return {"epilog": "examples:\n" + "\n".join(f"  {PROGRAM} {line}" for line in text.strip().splitlines()),
            "formatter_class": argparse.RawDescriptionHelpFormatter}


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = _Parser(prog=PROGRAM, description="Run scenarios of the simulation. A scenario file alone is short for "
                     "'run'.", **_examples("scenarios/baseline.yaml\ncheck scenarios/examples/border_control.yaml\n"
                                           "list levers\nrun --help"))
    parser.add_argument("--version", action="version", version=f"foothold {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    run = commands.add_parser("run", help="simulate scenarios and write result folders", **_examples(
        "scenarios/baseline.yaml\nrun scenarios/baseline.yaml --worlds 20 --out results/quick\n"
        "run scenarios/examples/*.yaml --out results/examples\n"
        "run scenarios/baseline.yaml --set end=2014-12 --set title='A shorter run'"))
    _scenario_arguments(run)
    run.add_argument("--jobs", type=_at_least_one, default=0, metavar="J", help="processes (default: all cores)")
    run.add_argument("--out", type=Path, metavar="DIR", help="the result folder itself, new or empty; with several "
                     "scenarios, the folder that holds one result folder each (default: results/<name>-<time>)")
    run.add_argument("--no-figures", action="store_true", help="write tables only")
    run.set_defaults(handler=_run)

    check = commands.add_parser("check", help="check scenarios and show them resolved, sweeps and what they would take",
                                **_examples("check scenarios/baseline.yaml\n"
                                            "check scenarios/baseline.yaml --set worlds=20\n"
                                            "check scenarios/sweeps/collapse_phase_diagram.yaml"))
    _scenario_arguments(check)
    check.set_defaults(handler=_check)

    names = commands.add_parser("list", help="show what a scenario may name", **_examples(
        "list\nlist parameters\nlist places --world two_countries"))
    names.add_argument("what", nargs="*", metavar="WHAT", help=f"{', '.join(LISTS)} (default: the first three)")
    names.add_argument("--world", default="maghreb", help="the world whose events and places are listed")
    names.set_defaults(handler=_list)

    validate = commands.add_parser("validate", help="hold a scenario against the record: the scoreboard", **_examples(
        "validate\nvalidate --worlds 50 --seed 7 --out results/scoreboard"))
    validate.add_argument("scenarios", nargs="*", metavar="SCENARIO", default=[],
                          help=f"scenario file (default: {BASELINE})")
    validate.add_argument("--worlds", metavar="N", help="parallel worlds of the baseline, instead of the file's")
    validate.add_argument("--seed", metavar="S", help="seed, instead of the file's")
    validate.add_argument("--jobs", type=_at_least_one, default=0, metavar="J", help="processes (default: all cores)")
    validate.add_argument("--out", type=Path, metavar="DIR", help="the result folder, new or empty")
    validate.add_argument("--no-figures", action="store_true", help="write tables only")
    validate.add_argument("--by-theory", action="store_true",
                          help="print targets hit by each answer of the rival theories instead; writes nothing")
    validate.set_defaults(handler=_validate, settings=[])

    schema = commands.add_parser("schema", help="print the JSON Schema of scenario files, for editors", **_examples(
        "schema > scenario.schema.json"))
    schema.set_defaults(handler=_schema)

    _comparison_commands(commands)
    cli_sweep.add_commands(commands)
    cli_analyse.add_commands(commands)

    calibrate = commands.add_parser("calibrate", help="fit the coefficients to the record and write posterior draws",
                                    **_examples("calibrate\ncalibrate scenarios/baseline.yaml --waves 3 --points 2000 "
                                                "--out results/calibration\n"
                                                "calibrate --out results/calibration --resume"))
    calibrate.add_argument("scenario", nargs="?", default="scenarios/baseline.yaml", metavar="SCENARIO",
                           help="scenario file (default: scenarios/baseline.yaml)")
    calibrate.add_argument("--waves", type=_at_least_one, default=3, metavar="K",
                           help="waves of history matching before the posterior (default: 3)")
    calibrate.add_argument("--points", type=_at_least_one, default=2000, metavar="N",
                           help="worlds per wave and for the posterior (default: 2000)")
    calibrate.add_argument("--seed", metavar="S", help="seed, instead of the file's")
    calibrate.add_argument("--jobs", type=_at_least_one, default=0, metavar="J", help="processes (default: all cores)")
    calibrate.add_argument("--out", type=Path, metavar="DIR", help="folder for the results, new or empty (default: "
                           "results/calibration-<name>-<time>)")
    calibrate.add_argument("--resume", action="store_true", help="go on with a stopped calibration in --out DIR")
    calibrate.set_defaults(handler=_calibrate)

    plot = commands.add_parser("plot", help="draw the figures of a result folder again", **_examples(
        "plot results/baseline-20260101-120000"))
    plot.add_argument("folder", type=Path, metavar="RESULTS_DIR")
    plot.set_defaults(handler=_plot)

    explain = commands.add_parser("explain", help="how a region of a result folder got where it got", **_examples(
        "explain results/baseline-20260101-120000 --region LY-SR\n"
        "explain results/baseline-20260101-120000 --region LY-SR --world 17"))
    explain.add_argument("folder", type=Path, metavar="RESULTS_DIR")
    explain.add_argument("--region", required=True, metavar="ID", help="the region, such as LY-SR")
    explain.add_argument("--world", type=int, metavar="K", help="tell one world beside all of them")
    explain.add_argument("--out", type=Path, metavar="DIR", help="where the files go (default: RESULTS_DIR/explain)")
    explain.set_defaults(handler=_explain)
    return parser


def _comparison_commands(commands: Any) -> None:
    pair = f"{BASELINE} scenarios/libya_restored.yaml"
    compare = commands.add_parser("compare", help="what scenarios change against a base, in the same worlds",
                                  **_examples(f"compare {pair}\n"
                                              f"compare {pair} --outcomes departures,attacks --places LY-SR,TN\n"
                                              f"compare {pair} --from 2014-01 --until-sure --most 800"))
    _paired_arguments(compare)
    compare.add_argument("--places", metavar="A,B", help="regions to show beside the countries; with "
                         "--until-sure, the places to decide about (default: all countries together)")
    compare.add_argument("--from", dest="first", metavar="MONTH", help="first month read (default: the start)")
    compare.add_argument("--until", dest="last", metavar="MONTH", help="last month read (default: the end)")
    compare.add_argument("--until-sure", action="store_true", help="add worlds until every named outcome is decided; "
                         "the test allows for looking often")
    compare.add_argument("--most", type=_at_least_one, metavar="N", help="with --until-sure, stop at so many worlds "
                         f"(default: {MOST_WORLDS})")
    compare.add_argument("--no-why", action="store_true", help="do not compute which steps and levers did it")
    compare.add_argument("--robust", action="store_true", help="also under every rival theory")
    compare.set_defaults(handler=_compare)

    robust = commands.add_parser("robust", help="whether a comparison holds under rival theories", **_examples(
        f"robust {pair}\nrobust {pair} --outcomes departures --worlds 100"))
    _paired_arguments(robust)
    robust.set_defaults(handler=_robust)

    brief = commands.add_parser("brief", help="a page to print from the folder of a comparison", **_examples(
        "brief results/compare-baseline-20260101-120000\n"
        "brief results/compare-baseline-20260101-120000 --out brief.html"))
    brief.add_argument("folder", type=Path, metavar="RESULTS_DIR")
    brief.add_argument("--out", type=Path, metavar="FILE", help="the page (default: RESULTS_DIR/brief.html)")
    brief.set_defaults(handler=_brief)


def _paired_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the commands that run several scenarios in the same worlds."""
    parser.add_argument("base", metavar="BASE", help="scenario file that the others are compared with")
    parser.add_argument("others", nargs="+", metavar="OTHER", help="scenario file")
    _settings_arguments(parser)
    parser.add_argument("--outcomes", metavar="A,B", help="outcomes, see: list outcomes")
    parser.add_argument("--jobs", type=_at_least_one, default=0, metavar="J", help="processes (default: all cores)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="the result folder, new or empty")
    parser.add_argument("--no-figures", action="store_true", help="write tables only")


def _scenario_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scenarios", nargs="+", metavar="SCENARIO", help="scenario file (YAML)")
    _settings_arguments(parser)


def _settings_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--worlds", metavar="N", help="parallel worlds, instead of the file's")
    parser.add_argument("--seed", metavar="S", help="seed, instead of the file's")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="settings",
                        help="any other key of the scenario, such as parameters.<name>=0.2 or events.<id>=never")


def _at_least_one(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number of 1 or more")
    return int(text)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code (0 done, 1 failed, 2 the user's mistake, 130 or 143 stopped)."""
    heard: list[int] = []
    code = _main(list(sys.argv[1:] if argv is None else argv), heard)
    return TERMINATED if code == INTERRUPTED and heard[:1] == [signal.SIGTERM] else code


def program() -> NoReturn:
    """The command line as a process of its own."""
    code = main()
    if code in (INTERRUPTED, TERMINATED):  # the workers are gone: waiting for their pool to notice could hang
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    raise SystemExit(code)


def _main(words: list[str], heard: list[int]) -> int:
    _plain_streams()
    try:
        arguments = build_parser().parse_args(with_run(words))
        arguments.words = words
        with _terminable(heard):
            return int(arguments.handler(arguments) or 0)
    except SystemExit as stop:  # --help, --version, mistakes in arguments
        return stop.code if isinstance(stop.code, int) else 1
    except UserError as error:
        print(error, file=sys.stderr)
        return error.code
    except KeyboardInterrupt:
        print("Stopped. Nothing half-written was left.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe has had enough
        with contextlib.suppress(OSError, io.UnsupportedOperation):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def with_run(words: list[str]) -> list[str]:
    """``SCENARIO ...`` is short for ``run SCENARIO ...``; a misspelt command is named as such."""
    commands = ("run", "check", "list", "validate", "compare", "robust", "brief", "sweep", "analyse", "export",
                "schema", "calibrate", "plot", "explain")
    if not words or words[0] in (*commands, "-h", "--help", "--version"):
        return words or ["--help"]
    close = difflib.get_close_matches(words[0], commands, n=1)
    if close and not Path(words[0]).suffix and not Path(words[0]).exists():
        raise UserError(f"'{words[0]}' is neither a command nor a file. Commands: {', '.join(commands)}. "
                        f"Did you mean '{close[0]}'?")
    return ["run", *words]


def _plain_streams() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


class Stop(KeyboardInterrupt):
    """A stop by signal."""


@contextlib.contextmanager
def _terminable(heard: list[int]) -> Iterator[None]:
    """Ctrl-C and a polite end by signal stop this process and let it clean up; ``heard`` receives the signals.

    Worker processes that inherit the handlers leave Ctrl-C to this process and end at once when it ends them.
    """
    owner = os.getpid()
    under_way: weakref.ref[Stop] | None = None

    def stop(number: int, frame: object) -> None:
        nonlocal under_way
        if os.getpid() != owner:
            if number == signal.SIGTERM:
                os._exit(TERMINATED)
            return
        if under_way is not None and under_way() is not None:  # cleaning up: not to be disturbed
            return
        heard.append(number)
        raised = Stop()
        under_way = weakref.ref(raised)
        if hasattr(signal, "setitimer"):  # Python drops what is raised in the middle of a finalizer or callback
            signal.setitimer(signal.ITIMER_REAL, AGAIN, AGAIN)
        try:
            raise raised
        finally:
            del raised

    numbers = [signal.SIGINT, signal.SIGTERM, *([signal.SIGALRM] if hasattr(signal, "setitimer") else ())]
    try:
        before = {number: signal.signal(number, stop) for number in numbers}
    except ValueError:  # not in the main thread
        yield
        return
    try:
        yield
    finally:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


def _load(arguments: argparse.Namespace) -> list[Scenario]:
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


def _run(arguments: argparse.Namespace) -> int:
    scenarios = _load(arguments)
    places = _outs(scenarios, arguments.out)
    failed = 0
    for scenario, out in zip(scenarios, places, strict=True):
        failed |= _run_one(scenario, out, arguments)
    return failed


def _outs(scenarios: list[Scenario], out: Path | None) -> list[Path | None]:
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


def _run_one(scenario: Scenario, out: Path | None, arguments: argparse.Namespace) -> int:
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
                           figures=None if arguments.no_figures else _drawing(trouble))
    worlds = "1 world" if scenario.worlds == 1 else f"{scenario.worlds} worlds"
    print(f"\n{scenario.title}: {worlds}, {scenario.start} to {scenario.end}, simulated in {seconds:.1f} s\n")
    print("\n".join(summary_lines(tables, scenario.worlds)))
    return _ending(folder, trouble)


def _validate(arguments: argparse.Namespace) -> int:
    """One scenario against targets and patterns."""
    if len(arguments.scenarios) > 1:
        raise UserError("validate: give one scenario at a time.")
    arguments.scenarios = arguments.scenarios or [BASELINE]
    scenario = _load(arguments)[0]
    if scenario.worlds < FEWEST:
        raise UserError(f"validate: {scenario.worlds} world{'s are' if scenario.worlds > 1 else ' is'} too few for "
                        f"intervals; give at least {FEWEST}.")
    if arguments.by_theory:
        from sim.studies.record.placebo import by_theory

        print(by_theory(scenario, arguments.jobs or cores()).to_string(index=False))
        return 0
    _outs([scenario], arguments.out)
    with Meter(f"validate {scenario.name}") as meter:
        from sim.studies.record import scoreboard

        try:
            board = scoreboard.validate(scenario, jobs=arguments.jobs or cores(), progress=meter)
        except scoreboard.DataError as error:
            raise UserError(str(error)) from None
    trouble: list[str] = []
    folder = scoreboard.write(board, command=["run.py", *arguments.words], out=arguments.out,
                              figures=None if arguments.no_figures else _drawing(trouble, "draw_scoreboard"))
    print(f"\n{scenario.title}: {scenario.worlds} worlds, {board.pattern_worlds} for each counterfactual, "
          f"{board.seconds:.1f} s\n")
    print("\n".join(scoreboard.summary_lines(board)))
    print(f"\nScoreboard: {folder}")
    for text in trouble:
        print(f"{folder}: the tables are whole, but the figures could not be drawn ({text}). "
              f"Try again: {PROGRAM} plot {folder}", file=sys.stderr)
    return 1 if trouble else 0


def _paired(arguments: argparse.Namespace) -> list[Scenario]:
    """The base and the others, checked; the result folder refused at once if it cannot be made."""
    arguments.scenarios = [arguments.base, *arguments.others]
    scenarios = _load(arguments)
    _outs(scenarios[:1], arguments.out)
    return scenarios


def _names(option: str, text: str | None) -> tuple[str, ...]:
    """The names given with an option, none where it is not given."""
    names = tuple(dict.fromkeys(name.strip() for name in (text or "").split(",") if name.strip()))
    if text is not None and not names:
        raise UserError(f"{option}: name at least one; {PROGRAM} list {option.strip('-')} shows them.")
    return names


def _month(option: str, text: str | None) -> Month | None:
    from sim.calendar import Month

    try:
        return None if text is None else Month.parse(text)
    except ValueError as error:
        raise UserError(f"{option}: {error}.") from None


def _compare(arguments: argparse.Namespace) -> int:
    """What scenarios change against a base; why; and on demand whether it holds under rival theories."""
    if arguments.until_sure and arguments.worlds is not None:
        raise UserError("compare: --until-sure adds worlds by itself; limit them with --most instead of --worlds.")
    if arguments.most is not None and not arguments.until_sure:
        raise UserError("compare: --most goes with --until-sure; give the number of worlds with --worlds.")
    first, last = _month("--from", arguments.first), _month("--until", arguments.last)
    base, *others = _paired(arguments)
    outcomes, places = _names("--outcomes", arguments.outcomes), _names("--places", arguments.places)
    with Meter(f"compare {base.name}") as meter:
        from sim.studies.compare import comparison, robust, why

        if arguments.robust:
            comparison.wished(outcomes or comparison.HEADLINE)  # a mistake is told before the worlds are run
            comparison.enough((arguments.most or MOST_WORLDS) if arguments.until_sure else base.worlds)
        found = comparison.compare(
            base, others, outcomes=outcomes or comparison.DEFAULT_OUTCOMES,
            places=places, first=first, last=last, jobs=arguments.jobs or cores(),
            until_sure=arguments.until_sure, most=arguments.most or MOST_WORLDS, progress=meter)
    reasons = [] if arguments.no_why else _why(found, arguments)
    tested = _tested((found.base, *found.others), arguments) if arguments.robust else None

    def more(folder: Path) -> None:
        if reasons:
            why.write(reasons, folder)
        if tested is not None:
            robust.write(tested, folder)

    trouble: list[str] = []
    folder = comparison.write(found, command=["run.py", *arguments.words], out=arguments.out, more=more,
                              figures=None if arguments.no_figures else _drawing(trouble, "draw_comparison"))
    print(f"\n{base.title}, compared: simulated in {found.seconds:.1f} s\n")
    print("\n".join([*comparison.summary_lines(found), *why.summary_lines(reasons, min(found.worlds, WHY_WORLDS)),
                     *(["", *robust.summary_lines(tested)] if tested is not None else ())]))
    return _ending(folder, trouble)


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


def _tested(scenarios: Sequence[Scenario], arguments: argparse.Namespace) -> Robust:
    """The scenarios under every rival theory."""
    from sim.studies.compare.comparison import HEADLINE
    from sim.studies.compare.robust import robust

    with Meter("rival theories") as meter:
        return robust(scenarios[0], scenarios[1:], outcomes=_names("--outcomes", arguments.outcomes) or HEADLINE,
                      worlds=min(scenarios[0].worlds, ROBUST_WORLDS) if arguments.worlds is None
                      else scenarios[0].worlds, jobs=arguments.jobs or cores(), progress=meter)


def _robust(arguments: argparse.Namespace) -> int:
    """Whether what scenarios change holds under rival theories."""
    outcomes = _names("--outcomes", arguments.outcomes)
    base, *others = _paired(arguments)
    from sim.studies.compare.comparison import align, check_outcomes

    check_outcomes(outcomes)
    scenarios = align(base, others)
    began = time.perf_counter()
    tested = _tested(scenarios, arguments)
    seconds = time.perf_counter() - began
    from sim.runs import results
    from sim.studies.compare import robust

    trouble: list[str] = []
    lines = robust.summary_lines(tested)
    folder = results.write_folder(
        lambda folder: robust.write(tested, folder), scenarios[0], others=scenarios[1:], name=f"robust-{base.name}",
        command=["run.py", *arguments.words], wall_time=seconds, out=arguments.out,
        manifest_extra={"kind": "robust", "others": [other.name for other in others], "summary": lines},
        figures=None if arguments.no_figures else _drawing(trouble, "draw_robust"))
    print("\n".join(lines))
    return _ending(folder, trouble)


def _brief(arguments: argparse.Namespace) -> int:
    """One page to print from a comparison's folder."""
    from sim.reports import brief
    from sim.runs.results import ResultsError

    try:
        page = brief.write(arguments.folder, arguments.out)
    except OSError as error:
        raise ResultsError(f"{arguments.out or arguments.folder}: the brief could not be written "
                           f"({error.strerror or error}).", 1) from None
    print(f"Brief: {page}")
    return 0


def _ending(folder: Path, trouble: list[str]) -> int:
    """Where the results are, and what went wrong with the figures; the exit code."""
    from sim.runs.results import DISCLAIMER

    print(f"\nResults: {folder}\n{DISCLAIMER}")
    for text in trouble:
        print(f"{folder}: the tables are whole, but the figures could not be drawn ({text}). "
              f"Try again: {PROGRAM} plot {folder}", file=sys.stderr)
    return 1 if trouble else 0


def _drawing(trouble: list[str], drawer: str = "draw_run") -> Callable[[Path], None]:
    """Draw into the unfinished folder; a mistake in a picture must not cost the tables."""
    def draw(folder: Path) -> None:
        try:
            import importlib

            getattr(importlib.import_module("sim.reports.figures"), drawer)(folder)
        except OSError:  # the disk: the writer of results deals with it
            raise
        except Exception as error:
            trouble.append(f"{type(error).__name__}: {error}")

    return draw


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Meter:
    """Progress on a terminal, for anything longer than two seconds; silent otherwise."""

    def __init__(self, title: str) -> None:
        self._title, self._began = title, time.monotonic()
        self._shown = sys.stderr.isatty()
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Meter:
        return self

    def __call__(self, done: int, total: int) -> None:
        """``done`` of ``total`` world-months are simulated."""
        if not self._shown or time.monotonic() - self._began < QUIET_SECONDS:
            return
        if self._bar is None:
            self._start(total)
        rate = done / (time.monotonic() - self._began)
        self._bar.update(self._task, completed=done, total=total, rate=rate)

    def _start(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        self._bar = Progress(TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(),
                             TextColumn("{task.fields[rate]:,.0f} world-months/s, left"), TimeRemainingColumn(),
                             console=Console(stderr=True), transient=True)
        self._bar.start()
        self._task = self._bar.add_task(self._title, total=total, rate=0.0)

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.stop()


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


def _check(arguments: argparse.Namespace) -> int:
    from sim.runs.scenarios import dump
    from sim.studies.sweep.file_kind import is_sweep

    sweeps = [path for path in arguments.scenarios if is_sweep(path)]
    arguments.scenarios = [path for path in arguments.scenarios if path not in sweeps]
    texts = [f"# {scenario.source}: valid. Resolved:\n{dump(scenario)}" for scenario in _load(arguments)]
    texts += [cli_sweep.checked(path, arguments) for path in sweeps]
    print("---\n".join(texts), end="")
    return 0


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


def _schema(arguments: argparse.Namespace) -> int:
    from sim.runs.scenarios import schema

    print(json.dumps(schema(), indent=2, ensure_ascii=False))
    return 0


def _calibrate(arguments: argparse.Namespace) -> int:
    from sim.inputs.scenario import parse_set
    from sim.runs.results import DISCLAIMER
    from sim.runs.scenarios import load_scenario

    if arguments.resume and arguments.out is None:
        raise UserError("--resume: say with --out DIR which stopped calibration goes on.")
    settings = {} if arguments.seed is None else {"seed": parse_set(f"seed={arguments.seed}")[1]}
    scenario = load_scenario(arguments.scenario, settings, origins=dict.fromkeys(settings, "--seed"))
    folder = arguments.out or Path("results") / f"calibration-{scenario.name}-{time.strftime('%Y%m%d-%H%M%S')}"
    from sim.studies.calibrate.calibration import CalibrationError, run

    print(f"{scenario.title}: calibration in {folder}\nIf stopped, go on with: {PROGRAM} calibrate "
          f"{arguments.scenario} --waves {arguments.waves} --points {arguments.points} --seed {scenario.seed} "
          f"--out {folder} --resume\n", flush=True)
    began = time.monotonic()
    try:
        with Stages() as stages:
            run(scenario, folder, waves=arguments.waves, points=arguments.points, seed=scenario.seed,
                jobs=arguments.jobs or cores(), resume=arguments.resume, command=["run.py", *arguments.words],
                progress=stages, log=stages.say)
    except KeyboardInterrupt:
        print("\nStopped. What is finished is kept.", file=sys.stderr)
        return INTERRUPTED
    except OSError as error:
        raise CalibrationError(f"{folder}: the results could not be written ({error.strerror or error}). What is "
                               "finished is kept; --resume goes on.", 1) from error
    print(f"\nResults: {folder} ({time.monotonic() - began:.0f} s)\n{DISCLAIMER}")
    return _draw_calibration(folder)


def _draw_calibration(folder: Path) -> int:
    try:
        from sim.reports.figures.calibration import draw_calibration

        draw_calibration(folder)
    except Exception as error:
        print(f"{folder}: the tables are whole, but the figures could not be drawn ({type(error).__name__}: {error}).",
              file=sys.stderr)
        return 1
    return 0


class Stages:
    """Progress through the stages of a long computation: a bar on a terminal, and a line for each finished part."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> Stages:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            self._bar = Progress(TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(),
                                 TextColumn("left"), TimeRemainingColumn(), console=Console(stderr=True),
                                 transient=True)
            self._bar.start()
        return self

    def __call__(self, stage: str, done: int, total: int) -> None:
        """``done`` of ``total`` of one stage are finished."""
        if self._bar is None:
            return
        if stage not in self._tasks:
            for task in self._tasks.values():
                self._bar.remove_task(task)
            self._tasks = {stage: self._bar.add_task(stage, total=total)}
        self._bar.update(self._tasks[stage], completed=done, total=total)

    def say(self, line: str) -> None:
        """A line that stays."""
        if self._bar is not None:
            self._bar.console.print(line, markup=False, highlight=False)
        else:
            print(line, flush=True)

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.stop()


def _plot(arguments: argparse.Namespace) -> int:
    from sim.runs.results import ResultsError, read_manifest

    kind = read_manifest(arguments.folder).get("kind")
    folder = cli_analyse.analysis_of(arguments.folder) if kind == "sweep" else arguments.folder
    import importlib

    drawer = getattr(importlib.import_module("sim.reports.figures"), DRAWERS.get(str(kind), "draw_run"))
    try:
        drawn = drawer(folder)
    except FileNotFoundError as error:
        raise ResultsError(f"{arguments.folder}: the result folder is not whole ({error}).") from None
    except OSError as error:
        raise ResultsError(f"{arguments.folder}: the figures could not be written ({error.strerror}).", 1) from None
    print(f"{len(drawn)} files in {drawn[0].parent if drawn else arguments.folder}")
    return 0


def _explain(arguments: argparse.Namespace) -> int:
    from sim.runs.results import ResultsError
    from sim.studies.record.explain import tell, write

    told = tell(arguments.folder, arguments.region, arguments.world)
    out = arguments.out or arguments.folder / "explain"
    try:
        out.mkdir(parents=True, exist_ok=True)
        from sim.reports.figures.explain import draw

        files = [*draw(told, out), write(told, out)]
    except (FileExistsError, NotADirectoryError):
        raise ResultsError(f"{out}: this is a file. The explanation needs a folder.") from None
    except OSError as error:
        raise ResultsError(f"{out}: the explanation could not be written ({error.strerror}).", 1) from None
    print(f"{told.text}\n\nFiles: {', '.join(str(path) for path in files)}")
    return 0
