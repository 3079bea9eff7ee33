"""Counter-measures: arrests, dismantled cells, prosecutions, prison and release.

Detection is limited by intelligence and by what residents will tell: effort without information finds few
[Kress & Szechtman 2009; Berman, Shapiro & Felter 2011].
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.conditions import found, open_sites, standing_cooperation, won_cooperation
from sim.moment import Moment, fixed, monthly, wide
from sim.noise import binomial, binomial_hazard, stochastic_round
from sim.world import ARRESTED, CELL, EMPTY, HIDDEN, MASS, MOVEMENT, PRISON, REFUGE, RIVAL

if TYPE_CHECKING:
    from sim.inputs.geography import Geography

ORGANISATIONS = (MOVEMENT, RIVAL, MASS)
RISK_OF_SIDE = np.array([1.0, 1.0, 0.3])  # of a recruiter to be found, by organisation
RISK_OF_STATUS = np.array([0.0, 1.0, 0.3, 0.0])  # and by status: none, active, lying low, arrested
WRITES = ("militants", "demobilised", "dead", "recruiter_status", "reintegrated", "released")


def step(m: Moment) -> None:
    """Find, arrest, prosecute, pursue, and let out of prison."""
    hazard = found(m)
    _arrest(m, hazard)
    _arrest_recruiters(m, hazard)
    _pursue(m)
    _prison(m)
    _surface(m)


@fixed
def visibility(g: Geography) -> np.ndarray:
    """How little each organisation's members are hidden, (O, 1)."""
    return 1 - g.of_organisations("concealment", "movement", "rival", "mass")[:, None]


def _arrest(m: Moment, hazard: np.ndarray) -> None:
    w, g, k = m.world, m.geography, m.k["counter"]
    exposed = hazard[:, None] * visibility(g)
    # A mass movement in the open is watched, not arrested, while it is tolerated; afterwards by its violent part.
    exposed[:, MASS] *= (1 - open_sites(m)) * (k.mass_arrest + m.by_region(w.splinter))
    luck = m.luck("arrest", 6, len(g.regions))
    sources = [(o, CELL) for o in ORGANISATIONS] + [(o, HIDDEN) for o in ORGANISATIONS]
    n = binomial_hazard(luck, w.stocks(sources), np.concatenate([exposed, 0.5 * exposed], axis=1))
    other = m.luck("arrest.other", 3, len(g.regions))
    w.transfer(sources, n, np.broadcast_to(other[:, :1], n.shape), [(o, PRISON) for o in ORGANISATIONS] * 2)
    total = n.sum(axis=1)
    m.flow("arrests", total)
    m.flow("cells_dismantled", stochastic_round(other[:, 1], n[:, :MASS].sum(axis=1) / k.cell_size))
    cases = stochastic_round(other[:, 2], w.sympathising() * k.prosecution * hazard * (0.2 + m.by_region(w.alert)))
    m.flow("cases", total + cases)


def _arrest_recruiters(m: Moment, hazard: np.ndarray) -> None:
    w, k = m.world, m.k["counter"]
    risk = hazard.take(w.cells(w.recruiter_place)) * RISK_OF_SIDE.take(w.recruiter_org)
    risk *= RISK_OF_STATUS.take(w.recruiter_status)
    luck = m.luck("recruiter.arrest", w.slot_region.size)
    caught = luck < 1 - np.exp(-k.recruiter_exposure * risk)
    out = (w.recruiter_status == ARRESTED) & (luck < 1 / k.sentence)
    w.recruiter_status[caught] = ARRESTED
    w.recruiter_status[out] = EMPTY  # those who come back do so as released militants, counted as people


def _pursue(m: Moment) -> None:
    """State forces wear down guerrilla refuges; one-sided pressure works less than joint pressure [000 l.1598-1604]."""
    w, g, k = m.world, m.geography, m.k["counter"]
    hazard = k.pursuit * np.clip(pressure(m) + m.dials.pursuit, 0, 1)
    leave = k.surrender * m.by_region(0.2 + np.clip(m.dials.amnesty, 0, 1))
    luck = m.luck("pursuit", 4, 2, len(g.regions))
    sources = [(MOVEMENT, REFUGE), (RIVAL, REFUGE)]
    killed = binomial_hazard(luck[:, 0], w.stocks(sources), hazard[:, None])
    w.transfer(sources, killed, luck[:, 1], "dead")
    gone = binomial_hazard(luck[:, 2], w.stocks(sources), leave[:, None])
    w.transfer(sources, gone, luck[:, 3], "demobilised")
    m.flow("deaths_militants", killed.sum(axis=1))
    m.flow("refuge_losses", (killed + gone).sum(axis=1))


def pressure(m: Moment) -> np.ndarray:
    """Pressure of state forces on refuges, (W, R), 0-1: presence and alert, broken by terrain and idle neighbours."""
    w, g = m.world, m.geography
    return np.asarray(w.presence * (0.3 + 0.7 * m.by_region(w.alert)) * (1 - 0.5 * g.r["rugged"]) * joint_pressure(m))


@monthly
def joint_pressure(m: Moment) -> np.ndarray:
    """Factor on pursuit by region, (., R): full inland, lower on a border whose other side does not cooperate."""
    g = m.geography
    here, there = g.country_of[g.link_to], g.country_of[g.link_from]
    shared = (standing_cooperation(g) + won_cooperation(m))[:, here, there]
    joint = np.where(here == there, 1.0, 0.5 + 0.5 * shared)
    return np.asarray(np.minimum.reduceat(joint, g.link_start, axis=1))


def _prison(m: Moment) -> None:
    """Sentences end and doors are opened; some leave violence, some go back, more where prison was a school."""
    w, g, d, k = m.world, m.geography, m.dials, m.k["counter"]
    opened = np.clip(m.by_region(d.prison_release), 0, 0.999)
    hazard = 1 / (k.sentence * m.by_region(d.sentences)) - np.log1p(-opened)
    apart = np.clip(g.y["prison_isolation"] + d.prison_isolation, 0, 1)
    again = m.by_region(np.clip(k.relapse * (1 - 0.6 * apart) * (1 - 0.5 * np.clip(d.reintegration, 0, 1)), 0, 1))
    luck = m.luck("prison", 3, 3, len(g.regions))
    sources = [(o, PRISON) for o in ORGANISATIONS]
    out = binomial_hazard(luck[:, 0], w.stocks(sources), hazard[:, None])
    back = binomial(luck[:, 1], out, again[:, None])
    w.transfer(sources, back, luck[:, 2], [(o, CELL) for o in ORGANISATIONS])
    w.transfer(sources, out - back, luck[:, 2], "demobilised")
    w.released[:] = out.sum(axis=1)
    m.flow("released", w.released.copy())


def _surface(m: Moment) -> None:
    """Hidden returnees and veterans rejoin, sooner where no state is left [E061], or settle, sooner where one is."""
    w, g, k = m.world, m.geography, m.k["counter"]
    luck = m.luck("surface", 3, 2, len(g.regions))
    sources = [(MOVEMENT, HIDDEN), (RIVAL, HIDDEN)]
    unwatched = (1 - w.presence[:, None]) ** 2
    back = binomial_hazard(luck[:, 0], w.stocks(sources), wide(k.rejoin) * w.prestige[:, :2, None] * unwatched)
    w.transfer(sources, back, luck[:, 2], [(MOVEMENT, CELL), (RIVAL, CELL)])
    settled = binomial_hazard(luck[:, 1], w.stocks(sources), wide(k.settle) * (0.2 + w.presence[:, None]))
    w.transfer(sources, settled, luck[:, 2], "reintegrated")
