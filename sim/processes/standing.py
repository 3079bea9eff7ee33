"""How much state there is: capacity, fragmentation and effective presence by region.

Rival camps divert forces to each other [000 l.893-900], so presence falls with fragmentation; attacks take a share of
capacity for a while, then teach [000 l.1169-1183]; where an armed movement rules, the state does not.
"""

from __future__ import annotations

import numpy as np

from sim.conditions import collapse, ruled_share, second_theatre
from sim.moment import Moment
from sim.world import CELL, GROUND, MOVEMENT, REFUGE

WRITES = ("capacity", "fragmentation", "presence", "shock", "prestige", "money", "war_deaths", "expansion", "abuse",
          "learning", "hub_strength", "recent_gone")


def fragmentation(cohesion: np.ndarray, split: np.ndarray, patrons: np.ndarray, patron_weight: np.ndarray,
                  settlement: np.ndarray) -> np.ndarray:
    """Share of the polity's strength that rival camps hold against each other, 0-1."""
    rivalry = np.clip(1 - cohesion + split + patron_weight * patrons, 0, 1)
    return rivalry * (1 - np.clip(settlement, 0, 1))


def effective_presence(capacity: np.ndarray, local: np.ndarray, rivalry: np.ndarray, diversion: np.ndarray,
                       surge: np.ndarray, filled: np.ndarray, control: np.ndarray) -> np.ndarray:
    """Presence of accepted authority that a resident meets, 0-1.

    What the state can reach with its capacity, and of what it leaves empty the share ``filled`` by local forces and
    rebuilding; a negative share is presence withdrawn.
    """
    reached = np.clip(capacity * local * (1 - diversion * rivalry) * (1 + surge), 0, 1)
    return (reached + np.where(filled > 0, filled * (1 - reached), filled * reached)) * (1 - control)


def step(m: Moment) -> None:
    """Update capacity, fragmentation, presence and the prestige of each brand."""
    w, g, d, k = m.world, m.geography, m.dials, m.k["state"]
    w.shock *= 1 - k.shock_recovery
    w.learning *= 1 - k.forgetting
    w.fragmentation[:] = fragmentation(g.y["cohesion"], d.fragmentation, np.clip(d.patron_backing, 0, 1),
                                       k.patron_weight,
                                       d.cohesion_gain)
    support = 0.2 * np.clip(g.y["outside_support"] + d.outside_support, 0, 1)
    w.capacity[:] = np.clip(g.y["capacity"] * d.capacity * (1 - w.shock) * (1 + support)
                            + k.learning_gain * w.learning * g.y["capacity"], 0, 1)
    control = ruled_share(m)
    filled = k.local_fill * np.clip(d.local_forces + d.stabilisation, -1, 1)
    w.presence[:] = effective_presence(m.by_region(w.capacity), g.r["presence"] * d.presence,
                                       m.by_region(w.fragmentation), k.diversion, w.surge, filled, control)
    _prestige(m, control)


def theatre_prestige(strength: np.ndarray, territory: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Standing of a brand from what it holds in the theatre, 0-1; never from how many join it."""
    return strength * ((1 - weight) + weight * territory)


def _prestige(m: Moment, control: np.ndarray) -> None:
    w, g, k = m.world, m.geography, m.k["organisation"]
    at = m.geography.theatre.at
    elsewhere = second_theatre(m)
    strength = np.maximum(at("movement_strength", m.month), elsewhere)
    territory = np.maximum(at("movement_territory", m.month), elsewhere)
    ruled = (control * g.r["residents"]).sum(axis=1)
    hold = 1 - np.exp(-ruled[:, None] / k.prestige_residents)
    abroad = np.broadcast_to(theatre_prestige(strength, territory, k.territory_weight), (w.n, 1))
    theory = m.k["theory"].prestige
    abroad = m.decided("theatre.prestige", theory * abroad + (1 - theory) * k.constant_prestige * (strength > 0))
    w.prestige[:, :1] = np.clip(abroad + k.foothold_prestige * hold, 0, 1)
    rebels = at("rebel_strength", m.month)
    old = g.number("prestige_start", g.organisations["rival"]).value
    w.prestige[:, 1:2] = np.clip(old * (1 - k.eclipse * w.prestige[:, :1]) + 0.5 * rebels * (1 - abroad), 0, 1)
    w.prestige[:, 2:3] = rebels * (1 - k.eclipse * abroad)
    # Ambition to hold ground abroad comes with ground held at the core [003 l.8-12]; it fades with the core.
    w.expansion[:] = np.clip(strength * (0.5 + 0.5 * territory) + k.foothold_prestige * hold, 0, 1)
    w.money[:, :1] += 0.2 * (np.clip(abroad + hold, 0, 1) - w.money[:, :1])
    w.money[:, 1:2] = g.number("money_start", g.organisations["rival"]).value
    members = w.present(MOVEMENT, CELL, REFUGE, GROUND)
    # A hub is where members are and no state is left, the more so where they rule.
    w.hub_strength[:] = members * (collapse(m) + k.hub_control * control)
    w.war_deaths *= 0.5 ** (1 / (12 * m.k["grievance"].exhaustion_half_life))
    w.war_deaths += m.dials.war_deaths
    w.abuse *= 1 - m.k["grievance"].abuse_decay
    w.recent_gone *= 1 - m.k["recruitment"].kin_decay
