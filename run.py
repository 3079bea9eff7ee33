"""Entry of the command line: ``python run.py scenarios/baseline.yaml``."""

import os
import sys

try:
    from sim.cli import main
except ModuleNotFoundError as missing:
    if str(missing.name).partition(".")[0] == "sim":
        raise
    sys.exit(f"{missing.name} is not installed for this Python. Use the environment of the README "
             "(.venv/bin/python run.py ...) or activate it.")

STOPPED = 130

if __name__ == "__main__":
    try:
        code = main()
        if code == STOPPED:  # the workers are gone: waiting for their pool to notice could hang
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        raise SystemExit(code)
    except ModuleNotFoundError as missing:
        sys.exit(f"{missing.name} is not installed for this Python. Use the environment of the README "
                 "(.venv/bin/python run.py ...) or activate it.")
