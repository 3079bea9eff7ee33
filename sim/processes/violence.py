"""Violence, as counts only: small attacks, mass-casualty attacks, deaths, and what they do to states and moods.

Small attacks follow the armed men present; mass-casualty attacks need a hub that commands them, at home or across a
border [004 l.9-14], and become rare as the state learns [000 l.1169-1174].
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.moment import Moment, fixed, wide
from sim.noise import binomial_hazard, poisson
from sim.world import CELL, GROUND, MASS, MOVEMENT, REFUGE, regional_sum

if TYPE_CHECKING:
    from sim.inputs.geography import Geography

WRITES = ("attacks_seen", "mass_attacks_seen", "shock", "learning", "abuse", "militants", "dead")
CELLS, REFUGES, GROUNDS = ([(o, condition) for o in range(3)] for condition in (CELL, REFUGE, GROUND))
DEATHS_OF_A_MASS_ATTACK = 10  # by definition, besides the attackers


def armed_strength(m: Moment) -> np.ndarray:
    """Men of each organisation who could attack, (W, O, R)."""
    w = m.world
    count = (w.stocks(CELLS) + w.stocks(REFUGES) + w.stocks(GROUNDS)).astype(float)
    count[:, MASS] *= m.by_region(w.splinter)
    return count


@fixed
def command_reach(g: Geography) -> np.ndarray:
    """How well a hub commands cells in another region, (R, R): less with distance and across a border."""
    return np.exp(-g.distance / 250.0) * np.where(g.country_of[:, None] == g.country_of, 1.0, 0.7)


@fixed
def attack_will(g: Geography) -> np.ndarray:
    """Bent of each organisation on violence, (O,)."""
    return g.of_organisations("attack_will", "movement", "rival", "mass")


def commanded(m: Moment) -> np.ndarray:
    """Help that cells get from hubs within reach, (W, R), 0-1."""
    help_ = np.einsum("wr,rs->ws", m.world.hub_strength, command_reach(m.geography))
    return 1 - np.exp(-help_ / m.k["violence"].command_half)


def step(m: Moment) -> None:
    """Draw the month's attacks and their consequences."""
    w, g, k = m.world, m.geography, m.k["violence"]
    n_r = len(g.regions)
    will = attack_will(g)
    armed = armed_strength(m)
    watched = 0.5 * g.y["intelligence"] * m.dials.intelligence + w.learning
    guarded = np.exp(-k.guard * m.by_region(w.capacity * watched))
    luck = m.luck("violence", 5, n_r)
    small = poisson(luck[:, 0], (armed * will[:, None] * wide(k.small)).sum(axis=1))
    ready = np.minimum(armed[:, MOVEMENT] * will[MOVEMENT], k.cells_enough) / k.cells_enough
    mass = poisson(luck[:, 1], k.mass * ready * commanded(m) * guarded * np.clip(w.expansion, 0, 1)
                   * (0.3 + 0.7 * np.minimum(1.0, g.r["density"] / 100.0)))
    civilians = poisson(luck[:, 2], 0.5 * small) + DEATHS_OF_A_MASS_ATTACK * mass + poisson(luck[:, 3], 10.0 * mass)
    forces = poisson(luck[:, 4], k.forces_killed * small)
    m.flow("attacks", small + mass)
    m.flow("mass_attacks", mass)
    m.flow("deaths_civilians", civilians)
    m.flow("deaths_state", forces)
    w.attacks_seen[:] = small
    w.mass_attacks_seen[:] = mass
    _airstrikes(m)
    _consequences(m, small, mass)


def repression(alert: np.ndarray, inverted_u: np.ndarray, turning: np.ndarray) -> np.ndarray:
    """How much repression embitters: in step with its level, or rising to a turning point and falling [Zhukov 2023]."""
    return (1 - inverted_u) * alert + inverted_u * alert * np.exp(1 - alert / turning)


def _consequences(m: Moment, small: np.ndarray, mass: np.ndarray) -> None:
    w, g, k = m.world, m.geography, m.k["violence"]
    small_here, mass_here = regional_sum(small, g), regional_sum(mass, g)
    blow = k.shock * (mass_here + 0.02 * small_here)
    lesson = k.lesson * (mass_here + 0.05 * small_here)
    w.shock[:] = np.clip(w.shock + blow / (1 + blow) * 0.3, 0, 0.5)
    w.learning += (1 - w.learning) * (1 - np.exp(-lesson)) * w.capacity
    theory = m.k["theory"]
    force = theory.backlash * repression(w.alert, theory.inverted_u, k.turning_point)
    style = m.by_region(g.y["brutality"] * m.dials.brutality * force)
    hit = regional_sum(style * (small + 3 * mass), g)
    w.abuse += k.abuse * (1 - np.exp(-hit / 10)) * (1 - w.abuse)


def _airstrikes(m: Moment) -> None:
    """Attrition without presence [000 l.898-900, 1442-1445]."""
    w, g, k = m.world, m.geography, m.k["violence"]
    level = np.clip(m.dials.airstrikes, 0, 1) + m.flows.get("foreign_strikes", 0.0)
    if not np.any(level):
        return
    luck = m.luck("airstrikes", 2, 2, len(g.regions))
    for i, condition in enumerate((GROUND, REFUGE)):
        n = binomial_hazard(luck[:, i, 0], w.present(MOVEMENT, condition), k.strike * level)
        w.transfer([(MOVEMENT, condition)], n[:, None], luck[:, i, 1][:, None], "dead")
        m.flow("deaths_militants", n)
