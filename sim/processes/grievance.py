"""Grievance and readiness: deprivation felt as unjust, where politics has named it.

Absolute poverty does not predict joining; relative deprivation read as injustice does, above all where political
contestation is organised [000 l.574-592; E069]. Injustice is a noisy-or of corruption, exclusion and brutality.
Prior violence exhausts [000 l.223-227; E022], by one rule for every country.
"""

from __future__ import annotations

import numpy as np

from sim.moment import Moment, noisy_or
from sim.world import regional_mean, regional_sum

WRITES = ("polarisation", "injustice", "grievance", "readiness", "crackdown")


def deprivation(gap: np.ndarray, periphery: np.ndarray, unmet: np.ndarray) -> np.ndarray:
    """Relative deprivation, 0-1: gap to the capital, poor urban edge, expectation beyond attainment."""
    return noisy_or(gap, periphery, unmet)


def exhaustion(deaths_per_1000: np.ndarray, strength: np.ndarray) -> np.ndarray:
    """Share of readiness lost to the memory of an internal war, 0-1."""
    return 1 - np.exp(-strength * deaths_per_1000)


def absorbed(armed_per_1000: np.ndarray, half: np.ndarray) -> np.ndarray:
    """Share of the young who find arms, pay and standing with local armed groups instead, 0-1."""
    return armed_per_1000 / (armed_per_1000 + half)


def readiness(deprived: np.ndarray, injustice: np.ndarray, base: np.ndarray, contestation: np.ndarray,
              polarisation: np.ndarray, channels: np.ndarray, exhausted: np.ndarray) -> np.ndarray:
    """Readiness to hear a violent message, >= 0 (the form of the design's section on grievance)."""
    return (deprived * injustice * (base + contestation) * (1 + polarisation) * (1 - channels) * (1 - exhausted))


def step(m: Moment) -> None:
    """Update injustice, polarisation, grievance and readiness."""
    w, g, d, k = m.world, m.geography, m.dials, m.k["grievance"]
    _polarisation(m)
    # Where repression does not embitter (a rival theory) a change of its style does not either.
    style = np.clip(g.y["brutality"] * (1 + m.k["theory"].backlash * (d.brutality - 1)), 0, 1)
    hopes = np.clip(d.hopes, 0, 1)
    unmet = np.clip(g.r["attainment_gap"] * m.by_region(k.hope_base + k.hope_weight * hopes), 0, 1)
    deprived = deprivation(k.gap_weight * g.r["deprivation_gap"] * (1 - np.clip(d.services, -1, 1)),
                           k.periphery_weight * g.r["urban_periphery"], unmet)
    inclusion = np.clip(d.inclusion, 0, 1)
    w.injustice[:] = noisy_or(
        k.corruption_weight * m.by_region(g.y["corruption"]) * d.corruption,
        k.exclusion_weight * m.by_region(g.y["exclusion"]) * (1 - inclusion),
        k.brutality_weight * m.by_region(style + w.abuse),
        k.stigma_weight * np.clip(d.stigma, 0, 1))
    w.grievance[:] = np.clip(deprived * w.injustice * (1 + m.by_region(w.polarisation)), 0, 1)
    politics = np.clip(g.y["politics_open"] * (1.5 - g.y["weak_law"]) + d.channels, 0, 1)
    channels = noisy_or(m.by_region(politics) * k.politics_weight, m.by_region(w.trust) * k.pluralism_weight,
                        k.inclusion_channel * inclusion,
                        k.militia_weight * absorbed(g.r["local_armed"] * (1 - w.presence), k.militia_half))
    contestation = np.clip(g.r["contestation"] * d.contestation, 0, 1.5) * (1 - 0.5 * inclusion)
    w.readiness[:] = readiness(deprived, w.injustice, k.base, k.contestation_weight * contestation,
                               m.by_region(w.polarisation), channels,
                               exhaustion(m.by_region(w.war_deaths), k.exhaustion))


def _polarisation(m: Moment) -> None:
    """Polarisation rises with attacks and crackdowns and falls with inclusion [000 l.1120-1138]."""
    w, g, d, k = m.world, m.geography, m.dials, m.k["grievance"]
    attacks = regional_sum(w.attacks_seen + 5 * w.mass_attacks_seen, g) / (g.y["population_start"] / 1e7)
    rise = k.polarisation_attack * attacks + k.polarisation_crackdown * w.crackdown + d.polarisation_shock
    w.polarisation += rise * (1 - w.polarisation)
    included = regional_mean(np.clip(d.inclusion, 0, 1), g)
    w.polarisation *= 1 - k.polarisation_decay * (1 + 2 * included)
    np.clip(w.polarisation, 0, 1, out=w.polarisation)
    w.crackdown[:] = 0
