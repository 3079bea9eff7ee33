"""The command line: one module a command. Heavy packages are imported only when a run or a drawing starts."""

from __future__ import annotations

import contextlib
import gc
import io
import os
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

from sim.cli.parser import build_parser, with_run
from sim.cli.stopping import INTERRUPTED, TERMINATED, terminable
from sim.errors import UserError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code (0 done, 1 failed, 2 the user's mistake, 130 or 143 stopped)."""
    heard: list[int] = []
    code = _main(list(sys.argv[1:] if argv is None else argv), heard)
    return TERMINATED if code == INTERRUPTED and heard[:1] == [signal.SIGTERM] else code


def program() -> NoReturn:
    """The command line as a process of its own."""
    gc.set_threshold(100_000)  # packages make much that stays; looking through it again and again takes half a second
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
        with terminable(heard):
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


def _plain_streams() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
