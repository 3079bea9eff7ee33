"""``python -m sim`` is the same as ``python run.py``."""

from sim.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
