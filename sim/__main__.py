"""``python -m sim`` is the same as ``python run.py``."""

from sim.cli import program

if __name__ == "__main__":
    program()
