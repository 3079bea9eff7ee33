"""Entry of the command line: ``python run.py scenarios/baseline.yaml``."""

import sys

try:
    from sim.cli import program
except ModuleNotFoundError as missing:
    if str(missing.name).partition(".")[0] == "sim":
        raise
    sys.exit(f"{missing.name} is not installed for this Python. Use the environment of the README "
             "(.venv/bin/python run.py ...) or activate it.")

if __name__ == "__main__":
    try:
        program()
    except ModuleNotFoundError as missing:
        sys.exit(f"{missing.name} is not installed for this Python. Use the environment of the README "
                 "(.venv/bin/python run.py ...) or activate it.")
