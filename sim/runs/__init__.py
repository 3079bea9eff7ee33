"""Worlds in, arrays and tables out: ensembles, variants, the pool of workers, result folders."""
