"""Exposure: uninvolved residents come to sympathise, and fall away again.

Hazard = susceptibility x readiness x (outreach + peers + online x prestige): a contagion with sources
[Santoprete & Xu 2018], peers acting through ties inside the region and across its links.
"""

from __future__ import annotations

import numpy as np

from sim.conditions import active_outreach, open_sites
from sim.moment import Moment
from sim.noise import binomial_hazard, stochastic_round, systematic_split
from sim.world import CELL, MASS, over_last, regional_mean

WRITES = ("uninvolved", "sympathisers", "migrated")


def exposure_hazard(readiness: np.ndarray, outreach: np.ndarray, peers: np.ndarray, online: np.ndarray) -> np.ndarray:
    """Monthly hazard of a resident of mean susceptibility, (W, R)."""
    return readiness * (outreach + peers + online)


def neighbours_mean(m: Moment, values: np.ndarray) -> np.ndarray:
    """Mean of the linked regions, (W, R)."""
    g = m.geography
    return np.add.reduceat(values[:, g.link_from], g.link_start, axis=1) / g.link_degree


def watched_sites(m: Moment) -> np.ndarray:
    """Factor on recruiters' contacts where officials watch or abandon the places of worship, (., R)."""
    return m.by_region(np.clip(1 - m.k["exposure"].site_share * m.dials.regulation, 0, 2))


def step(m: Moment) -> None:
    """Move residents between uninvolved and sympathising."""
    w, g, k, theory = m.world, m.geography, m.k["exposure"], m.k["theory"]
    youth = np.maximum(w.youth(), 1.0)
    sympathisers = w.sympathising()
    sites = open_sites(m)
    activists = w.present(MASS, CELL)
    hands = active_outreach(m).sum(axis=1)
    outreach = (k.contacts * hands * watched_sites(m) + k.activist_contacts * activists * sites) / youth
    share = sympathisers / youth
    outward = g.r["ties_outside"]
    peers = k.peers * g.r["close_ties"] * ((1 - outward) * share + outward * neighbours_mean(m, share))
    peers = m.decided("peers", peers * theory.peers)
    standing = np.maximum(w.prestige[:, :1], 0.5 * w.prestige[:, 1:2])
    online = k.online * g.r["online_reach"] * m.by_region(m.dials.online) * standing
    hazard = exposure_hazard(*_joining_theory(m, outreach), peers, online) * (1 - _deterrence(m, share))
    joining = binomial_hazard(m.luck("exposure", len(g.regions), w.shares.size), w.uninvolved,
                              hazard[..., None] * w.susceptibility, np.int32)
    w.move("uninvolved", "sympathisers", joining)
    m.flow("new_sympathisers", over_last(joining))
    _falling_away(m, sympathisers)


def _joining_theory(m: Moment, outreach: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Readiness and outreach as the theory of joining has them: a cause that does not count takes its national mean.

    Relative deprivation with contestation [E069] against local organisations and migration [delegation-level
    regression, MECHANISMS]: where deprivation does not count, emigration ties stand in for it.
    """
    w, g, theory = m.world, m.geography, m.k["theory"]
    if np.all(theory.deprivation == 1) and np.all(theory.organisations == 1):
        return w.readiness, outreach
    ties = g.r["migration_ties"] / m.by_region(regional_mean(g.r["migration_ties"], g))
    even = m.by_region(regional_mean(w.readiness, g)) * ties
    everywhere = m.by_region(regional_mean(outreach, g))
    return (theory.deprivation * w.readiness + (1 - theory.deprivation) * even,
            theory.organisations * outreach + (1 - theory.organisations) * everywhere)


def arrest_risk(force: np.ndarray, active: np.ndarray) -> np.ndarray:
    """Perceived risk of arrest 1 - exp(-2.3 force / active) [Epstein 2002], both per 1,000 residents."""
    return 1 - np.exp(-2.3 * force / np.maximum(active, 0.1))


def _deterrence(m: Moment, share: np.ndarray) -> np.ndarray:
    """Share of the hazard that fear of arrest takes away where repression deters; zero in the backlash theory."""
    w, g, theory = m.world, m.geography, m.k["theory"]
    if not np.any(theory.deterrence):
        return np.zeros(1)
    force = m.by_region(g.y["security_per_1000"]) * w.presence * m.by_region(w.alert)
    return theory.deterrence * arrest_risk(force, 1000 * share)


def _falling_away(m: Moment, sympathisers: np.ndarray) -> None:
    """Sympathisers lose interest, sooner without prestige and beside quietist rivals; some emigrate legally."""
    w, g, k = m.world, m.geography, m.k["exposure"]
    standing = w.prestige.max(axis=1, keepdims=True)
    rivals = 1 + k.quietist * m.by_region(w.quietists)
    luck = m.luck("falling_away", 3, len(g.regions))
    # Hundreds of people in small flows: rounding by chance is unbiased and much cheaper than a binomial draw.
    leaving = stochastic_round(luck[:, 0], sympathisers * -np.expm1(-k.decay * (1.5 - standing) * rivals))
    back = systematic_split(w.sympathisers, leaving, luck[:, 1]).astype(np.int32)
    w.move("sympathisers", "uninvolved", back)
    open_ = np.clip(k.migration_open + m.by_region(m.dials.migration_open), 0, 1)
    chance = -np.expm1(-k.migration * g.r["migration_ties"] * open_)
    emigrating = stochastic_round(luck[:, 2], w.sympathising() * chance)
    gone = systematic_split(w.sympathisers, emigrating, luck[:, 1]).astype(np.int32)
    w.move("sympathisers", "migrated", gone, into=emigrating.astype(np.int32))
