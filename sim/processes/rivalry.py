"""Rivals: members follow prestige between brands; a branded mass movement breaks up; refuges fill from cells.

Losses of one brand move members to the other [003 l.16-22]; those passed over switch first [E227]; infiltration takes
over local groups [000 l.691-717]; a crackdown splits a mass movement, some to arms, some away [000 l.1083-1084].
"""

from __future__ import annotations

import numpy as np

from sim.conditions import open_sites
from sim.moment import Moment
from sim.noise import binomial_hazard
from sim.world import CELL, MASS, MOVEMENT, REFUGE, RIVAL

WRITES = ("militants", "demobilised")


def switch_hazard(to: np.ndarray, frm: np.ndarray, rate: np.ndarray, margin: np.ndarray) -> np.ndarray:
    """Hazard of leaving a brand for one that stands higher by more than a margin of loyalty."""
    return rate * np.maximum(0.0, to - frm - margin)


def step(m: Moment) -> None:
    """Members change brand, activists are absorbed or quit, and armed cells take to sheltering terrain."""
    luck = m.luck("rivalry", 3, 6, len(m.geography.regions))
    _change_brand(m, luck[:, 0], luck[:, 1, 5])
    _open_and_shut(m, luck[:, 1], luck[:, 1, 5])
    _quit_or_hide(m, luck[:, 2], luck[:, 1, 5])


def _draw(m: Moment, sources: list[tuple[int, int]], hazards: list[np.ndarray], luck: np.ndarray, spread: np.ndarray,
          targets: list[tuple[int, int]] | str) -> np.ndarray:
    w = m.world
    hazard = np.empty((w.n, len(sources), len(m.geography.regions)))
    for i, each in enumerate(hazards):
        hazard[:, i] = each
    n = binomial_hazard(luck[:, :len(sources)], w.stocks(sources), hazard)
    w.transfer(sources, n, np.broadcast_to(spread[:, None], n.shape), targets)
    return n


def _change_brand(m: Moment, luck: np.ndarray, spread: np.ndarray) -> None:
    w, k = m.world, m.k["rivalry"]
    movement, rival = w.prestige[:, MOVEMENT:MOVEMENT + 1], w.prestige[:, RIVAL:RIVAL + 1]
    to_movement = switch_hazard(movement, rival, k.rate, k.margin)
    to_rival = switch_hazard(rival, movement, k.rate, k.margin)
    absorbed = k.absorption * w.infiltration * movement + k.radicalised * m.by_region(w.splinter) * movement
    n = _draw(m, [(RIVAL, CELL), (RIVAL, REFUGE), (MOVEMENT, CELL), (MOVEMENT, REFUGE), (MASS, CELL)],
              [to_movement, k.dug_in * to_movement, to_rival, to_rival, absorbed], luck, spread,
              [(MOVEMENT, CELL), (MOVEMENT, REFUGE), (RIVAL, CELL), (RIVAL, REFUGE), (MOVEMENT, CELL)])
    m.flow("switched", n.sum(axis=1))


def _open_and_shut(m: Moment, luck: np.ndarray, spread: np.ndarray) -> None:
    """The older network comes into the open where that is let be; after a ban some go back to arms with it [E050]."""
    w, k = m.world, m.k["rivalry"]
    underground = k.radicalised * m.by_region(w.splinter) * w.prestige[:, RIVAL:RIVAL + 1]
    _draw(m, [(RIVAL, CELL), (MASS, CELL)], [k.open_work * open_sites(m), underground], luck, spread,
          [(MASS, CELL), (RIVAL, CELL)])


def _quit_or_hide(m: Moment, luck: np.ndarray, spread: np.ndarray) -> None:
    """Activists lose heart, sooner once banned; armed cells leave towns for mountains and deserts under pressure."""
    w, g, k = m.world, m.geography, m.k["rivalry"]
    _draw(m, [(MASS, CELL)], [k.disillusion * (1 + 3 * m.by_region(w.banned))], luck[:, 2:], spread, "demobilised")
    hazard = k.refuge * g.r["rugged"] * (0.2 + m.by_region(w.alert))
    _draw(m, [(MOVEMENT, CELL), (RIVAL, CELL)], [0.5 * hazard, hazard], luck, spread,
          [(MOVEMENT, REFUGE), (RIVAL, REFUGE)])
