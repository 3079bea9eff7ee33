"""Entry of the command line: ``python run.py scenarios/baseline.yaml``."""

from sim.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
