"""Which posterior draw each parallel world carries."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.inputs.numbers import DATA
from sim.inputs.posterior import FILE, load_posterior
from sim.streams import uniforms


def posterior_draws(world: str, seed: int, worlds: Sequence[int] | np.ndarray, n: int | None = None
                    ) -> dict[str, np.ndarray]:
    """Coefficients carried by each world.

    Which draw a world carries is a function of (seed, index of the world) only: world k is the same in any batch. In
    each block of as many worlds as there are draws every draw occurs once.

    Parameters
    ----------
    world : geography
    seed : seed of the run
    worlds : indices of the worlds of the batch
    n : use only the first n draws (they stand in random order); default all

    Returns
    -------
    coefficient name -> array (worlds,)
    """
    names, draws = load_posterior(DATA / world / FILE)
    draws = draws[:n]
    rows = draw_of_world(seed, worlds, len(draws))
    return {name: draws[rows, i] for i, name in enumerate(names)}


def draw_of_world(seed: int, worlds: Sequence[int] | np.ndarray, draws: int) -> np.ndarray:
    """Row of the draw that each world carries, (worlds,)."""
    block, place = np.divmod(np.asarray(worlds, dtype=np.int64), draws)
    rows = np.empty(block.shape, dtype=np.int64)
    for b in np.unique(block):
        order = np.argsort(uniforms(seed, int(b), "posterior draw", 0, draws), kind="stable")
        rows[block == b] = order[place[block == b]]
    return rows
