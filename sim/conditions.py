"""Conditions that agents and processes both read: derived from world and dials, never stored, never moving anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.moment import Moment, fixed, monthly
from sim.world import ACTIVE, CELL, GROUND, MOVEMENT, arriving, locality_sum

if TYPE_CHECKING:
    from sim.inputs.geography import Geography


@monthly
def active_outreach(m: Moment) -> np.ndarray:
    """Skill of active recruiters by organisation and region, (W, O, R)."""
    w, n_r = m.world, len(m.geography.regions)
    weight = np.where(w.recruiter_status == ACTIVE, w.recruiter_skill, 0.0)
    return arriving(weight, w.recruiter_org.astype(int) * n_r + w.recruiter_place, 3 * n_r).reshape(w.n, 3, n_r)


@monthly
def tolerated(m: Moment) -> np.ndarray:
    """Open recruitment that the authorities let be, (W, Y), 0-1."""
    g, w, d = m.geography, m.world, m.dials
    limit = np.clip(g.y["tolerance_recruitment"] + d.tolerance_recruitment - 0.5 * d.regulation, 0, 1)
    return limit * (1 - w.banned)


@monthly
def open_sites(m: Moment) -> np.ndarray:
    """Open recruitment that the authorities let be by region, (W, R), 0-1."""
    return m.by_region(tolerated(m))


def detection(intelligence: np.ndarray, presence: np.ndarray, cooperation: np.ndarray, rate: np.ndarray,
              learning: np.ndarray) -> np.ndarray:
    """Monthly hazard that a clandestine member is found, (W, R)."""
    return rate * intelligence * presence * cooperation * (1 + learning)


@monthly
def found(m: Moment) -> np.ndarray:
    """Detection hazard before an organisation's own concealment, (W, R)."""
    w, g, d, k = m.world, m.geography, m.dials, m.k["counter"]
    intelligence = np.clip(g.y["intelligence"] * d.intelligence * (1 + k.agency_gain * w.agency)
                           * (1 + k.shared * shared_intelligence(m)), 0, 1.5)
    cooperation = np.clip(1 - k.silence * w.grievance + k.service_tips * (g.r["services"] + d.services - 0.5)
                          + k.told * (d.local_forces + d.community), 0, 1.3)
    return detection(m.by_region(intelligence), w.presence, cooperation, k.detection,
                     m.by_region(k.learning * w.learning + w.alert))


@fixed
def standing_cooperation(g: Geography) -> np.ndarray:
    """Cooperation of each pair of states as it stood, (Y, Y), 0-1."""
    n = range(len(g.countries))
    return np.array([[1.0 if a == b else g.cooperation(a, b) for a in n] for b in n])


@fixed
def neighbours(g: Geography) -> np.ndarray:
    """Pairs of different states with a common border on the map, (Y, Y) bool."""
    found = np.zeros((len(g.countries), len(g.countries)), dtype=bool)
    found[g.country_of[g.link_from[g.link_cross]], g.country_of[g.link_to[g.link_cross]]] = True
    return found


@monthly
def won_cooperation(m: Moment) -> np.ndarray:
    """Cooperation that each pair of states has won beside what stood, (., Y, Y), 0-1.

    The lesser of what both add, as far as the weaker of the two still has its capacity: it takes a counterpart.
    """
    d, stood = m.dials.cooperation, standing_cooperation(m.geography)
    able = np.clip(m.world.capacity / np.maximum(m.geography.y["capacity"], 1e-9), 0, 1)
    added = np.minimum(d[:, :, None], d[:, None]) * np.minimum(able[:, :, None], able[:, None])
    return np.clip(stood + added, 0, 1) - stood


def shared_intelligence(m: Moment) -> np.ndarray:
    """Cooperation that each state has won with its best neighbour, (., Y), 0-1."""
    return np.asarray((won_cooperation(m) * neighbours(m.geography)).max(axis=2))


def second_theatre(m: Moment) -> np.ndarray:
    """Strength of a second theatre elsewhere, (., 1), 0-1."""
    return np.clip(m.dials.second_theatre.max(axis=1, keepdims=True), 0, 1)


def guarded(m: Moment) -> np.ndarray:
    """Guarding of a region's land borders by barriers and effort, (W, R), 0-1."""
    return np.clip(m.world.barrier + m.dials.border_effort, 0, 1)


def collapse(m: Moment) -> np.ndarray:
    """How far a region lies in a collapsed state, (W, R), 0-1: a weak and divided capacity that is not felt locally."""
    w = m.world
    weak = 1 - np.clip(2 * m.by_region(w.capacity * (1 - w.fragmentation)), 0, 1)
    return np.asarray(weak * (1 - w.presence) ** 2)


def ruled_share(m: Moment) -> np.ndarray:
    """Share of a region's residents under the movement's control, (W, R)."""
    return locality_sum(m.world.control * m.geography.l["share"], m.geography)


def fighters(m: Moment) -> np.ndarray:
    """The movement's fighters by region, (W, R): a stated share of its members [E097]."""
    return m.k["ground"].fighter_share * m.world.present(MOVEMENT, CELL, GROUND)
