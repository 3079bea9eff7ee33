"""One world as a few tables, rules as plain scalar Python compiled by Numba; no files, no pandas."""

# Streams of luck and decisions are numbered in the order of import and compiled code holds the numbers, so the order
# is the same whatever module is wanted.
from sim.engine import month as month
from sim.engine import start as start
