"""One world as a few tables, rules as plain scalar Python compiled by Numba; no files, no pandas."""
