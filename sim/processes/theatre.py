"""The distant theatre: men die, change brand, come home or are sent home to open a new front.

Its course is data (dated territory, strength and lethality). Brigades already there change allegiance one by one and
en bloc when the movement stands higher [000 l.244-253]; returns are few, and strong states jail them [000 l.1684-1689].
"""

from __future__ import annotations

import numpy as np

from sim.conditions import collapse
from sim.moment import Moment, wide
from sim.noise import binomial_hazard, split_shares
from sim.world import CELL, HIDDEN, MOVEMENT, PRISON, REBELS, RIVAL, by_origin, own_country

WRITES = ("theatre", "militants", "dead", "reintegrated")


def switching(gap: np.ndarray, rate: np.ndarray) -> np.ndarray:
    """Hazard of changing to the movement, by how much higher it stands than what ties one to one's own brand."""
    return rate * np.maximum(0.0, gap)


def return_fate(capacity: np.ndarray, control: np.ndarray, intelligence: np.ndarray, welcome: np.ndarray,
                screening: np.ndarray, more: np.ndarray | float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Shares of returnees who are jailed and who are reintegrated; the rest stay hidden."""
    seen = np.clip(capacity * (0.5 + 0.5 * control) * (0.5 + 0.5 * intelligence) * screening + more, 0, 1)
    return seen * (1 - welcome), seen * welcome


def step(m: Moment) -> None:
    """One month in the theatre."""
    _switch(m)
    _die(m)
    _return(m)


def _switch(m: Moment) -> None:
    w, g, k = m.world, m.geography, m.k["theatre"]
    gap = (w.prestige[:, MOVEMENT, None] - k.attachment * w.prestige[:, (RIVAL, REBELS)])[..., None]
    jump = m.luck("theatre.bloc", 2, len(g.countries)) < switching(gap, wide(k.bloc_rate))
    hazard = switching(gap, wide(k.switch_rate)) + m.by_region(np.where(jump, wide(k.bloc_size), 0.0))
    n = binomial_hazard(m.luck("theatre.switch", 2, len(g.regions)), w.theatre[:, RIVAL:], hazard, np.int32)
    w.move("theatre", "theatre", n, at=(slice(None), slice(RIVAL, None)), to=(slice(None), MOVEMENT),
           into=n.sum(axis=1, dtype=np.int32))


def _die(m: Moment) -> None:
    w, g = m.world, m.geography
    hazard = m.k["theatre"].lethality * g.theatre.at("lethality", m.month)
    n = binomial_hazard(m.luck("theatre.deaths", 3, len(g.regions)), w.theatre,
                        wide(hazard), np.int32)
    lost = n.sum(axis=1)
    w.move("theatre", "dead", n, into=by_origin(lost, g))
    m.flow("deaths_abroad", lost)


def homeward(access: float, territory: float, rate: np.ndarray, decline: np.ndarray) -> np.ndarray:
    """Hazard of coming home: weariness, more when the brand loses ground, less when the way back is shut."""
    return rate * (0.3 + 0.7 * access) * (1 + decline * (1 - territory))


def _return(m: Moment) -> None:
    w, g, k = m.world, m.geography, m.k["theatre"]
    at = g.theatre.at
    # Until the movement has had ground it cannot have lost any.
    proclaimed = m.month >= g.theatre.first_month("movement_territory")
    ground = at("movement_territory", m.month) if proclaimed else 1.0
    hazard = homeward(at("access", m.month), ground, k.return_rate, k.return_decline)
    luck = m.luck("theatre.return", 3, len(g.regions))
    back = binomial_hazard(luck, w.theatre, wide(hazard), np.int32)
    parts = split_shares(back, _fates(m)[:, None], m.luck("theatre.fate", 3, len(g.regions), 2)).astype(np.int32)
    jailed, welcomed, hidden = np.moveaxis(parts, -1, 0)
    _bring_home(m, jailed, PRISON)
    _bring_home(m, hidden, HIDDEN)
    w.move("theatre", "reintegrated", welcomed, into=by_origin(welcomed.sum(axis=1), g))
    m.flow("returnees_jailed", jailed.sum(axis=1))
    m.flow("returnees_reintegrated", welcomed.sum(axis=1))
    m.flow("returnees_hidden", hidden.sum(axis=1))
    _send_home(m)


def _fates(m: Moment) -> np.ndarray:
    """Shares of returnees jailed, reintegrated and hidden, (W, R, 3)."""
    w, g, d, k = m.world, m.geography, m.dials, m.k["theatre"]
    jailed, welcomed = return_fate(w.capacity, np.clip(w.exit_level + d.exit_control, 0, 1),
                                   np.clip(g.y["intelligence"] * d.intelligence, 0, 1),
                                   np.clip(k.welcome + d.reintegration + 0.5 * d.amnesty, 0, 1),
                                   k.screening, d.screening)
    return np.stack([jailed, welcomed, np.maximum(0.0, 1 - jailed - welcomed)], axis=-1)[:, g.country_of]


def _bring_home(m: Moment, back: np.ndarray, condition: int) -> None:
    """Returnees of each brand, (W, B, R), join their organisation at home; the rebels' men the older network."""
    place, origin = own_country(m.geography)
    joined = back[:, :REBELS].copy()
    joined[:, RIVAL] += back[:, REBELS]
    m.world.move("theatre", "militants", back, into=joined,
                 to=(slice(None), slice(0, REBELS), condition, place, origin))


def _send_home(m: Moment) -> None:
    """The core sends men home to open a front where their state is too weak to stop them [000 l.664-668]."""
    w, g, k = m.world, m.geography, m.k["theatre"]
    place, origin = own_country(g)
    will = m.decided("movement.send_home", w.expansion)
    n = binomial_hazard(m.luck("theatre.send_home", len(g.regions)), w.theatre[:, MOVEMENT],
                        k.send_home * will * collapse(m), np.int32)
    w.move("theatre", "militants", n, at=(slice(None), MOVEMENT), to=(slice(None), MOVEMENT, CELL, place, origin))
    m.flow("sent_home", n)
