"""Where recruits go: the theatre, a hub nearer by, or stay; a discrete choice limited by the exits.

Most prefer abroad where abroad is open and promising [Hegghammer 2013]. A shut exit has weight zero.
"""

from __future__ import annotations

import numpy as np

from sim.conditions import collapse, guarded, second_theatre
from sim.moment import Moment, noisy_or, wide
from sim.noise import binomial_hazard, categorical, split_shares, stochastic_round
from sim.world import CELL, MOVEMENT, RIVAL, own_country, regional_mean

WRITES = ("militants", "transit", "recent_gone", "gone_last", "demobilised")


def exit_openness(control: np.ndarray, looking_away: np.ndarray, visa: np.ndarray, visa_factor: np.ndarray,
                  help_: np.ndarray, ban: np.ndarray) -> np.ndarray:
    """Openness of air and sea exits, >= 0; 1 = an open exit without helpers; 0 when every exit is shut."""
    watched = control * (1 - looking_away)
    return (1 - np.clip(ban, 0, 1)) * (1 - watched) * np.where(visa > 0, visa_factor, 1.0) * (1 + help_)


def openness(m: Moment) -> np.ndarray:
    """Ease of leaving for the theatre by country, (W, Y)."""
    w, g, d, k = m.world, m.geography, m.dials, m.k["destination"]
    control = np.clip(w.exit_level + d.exit_control, 0, 1)
    helpers = k.helpers * np.clip(d.facilitation, 0, 1) + k.broker_help * w.brokers
    looking_away = np.clip(w.exit_tolerance + d.tolerance_exit, 0, 1)
    access = np.maximum(g.theatre.at("access", m.month), second_theatre(m))
    return access * exit_openness(control, looking_away, g.y["visa_required"], k.visa_factor, helpers, d.exit_ban)


def airport_ease(distance: np.ndarray, airport: np.ndarray) -> np.ndarray:
    """Ease of reaching an international airport, (R,): 1 beside one, half at about 550 km; 1 where none is recorded."""
    if not airport.any():
        return np.ones(airport.size)
    return np.asarray(np.exp(-distance[:, airport].min(axis=1) / 800.0))


def choice_weights(theatre: np.ndarray, hub: np.ndarray, home: np.ndarray) -> np.ndarray:
    """Shares of the options in proportion to their weights (a logit in logs), (..., 3)."""
    weights = np.stack([theatre, hub, home], axis=-1)
    return weights / weights.sum(axis=-1, keepdims=True)


def hub_pull(m: Moment) -> tuple[np.ndarray, np.ndarray]:
    """Pull of hubs on each country, (W, Y), and the hub chosen there in this month, (W, Y) region index or -1."""
    w, g, k = m.world, m.geography, m.k["destination"]
    near = np.exp(-g.distance[g.capital] / wide(k.hub_km))  # (Y, R) or (W, Y, R)
    own = g.country_of == np.arange(len(g.countries))[:, None]
    crossing = np.bincount(g.link_to[g.link_cross], minlength=len(g.regions)) > 0
    watched = regional_mean(guarded(m) * crossing, g) / np.maximum(regional_mean(1.0 * crossing, g), 1e-9)
    shut = noisy_or(m.dials.exit_ban, k.guard * watched)
    passable = np.where(own, 1.0, 1 - shut[..., None])
    weight = w.hub_strength[:, None, :] * near * passable
    chosen = categorical(m.luck("hub", len(g.countries)), weight)
    total = weight.sum(axis=2)
    return np.asarray(total / (total + k.hub_half)), chosen


def step(m: Moment) -> None:
    """Send this month's militants on their way."""
    w, g, k = m.world, m.geography, m.k["destination"]
    ease = m.by_region(openness(m)) * airport_ease(g.distance, g.airport)
    w.gone_last[:] = 0
    endorsed = 1 + np.clip(m.by_region(m.dials.legitimation), 0, 1)
    to_hub, hub = hub_pull(m)
    ambition = w.expansion
    place, origin = own_country(g)
    cells = w.militants[:, :, CELL, place, origin]
    new = np.stack([m.flows[f"recruits_{kind}"] for kind in ("movement", "rival", "mass")], axis=1)
    new = np.minimum(new, cells)
    abroad = weight_abroad(m, ease, endorsed)
    nearer = np.zeros(abroad.shape)
    nearer[:, MOVEMENT] = k.hub * m.by_region(to_hub) * (0.3 + ambition)
    home = (k.home * (1 + k.home_front * collapse(m)))[:, None] + np.zeros(abroad.shape)
    shares = choice_weights(abroad, nearer, home)
    parts = split_shares(new, shares, m.luck("destination", 3, len(g.regions), 2))
    _give_up(m, parts[..., 2], weight_abroad(m, np.maximum(ease, 1.0), endorsed), abroad, home)
    _to_hub(m, parts[..., 1][:, MOVEMENT].astype(np.int32), hub)
    leaving = parts[..., 0].astype(np.int32)
    _leave(m, leaving + later(m, ease * endorsed, leaving))


def weight_abroad(m: Moment, ease: np.ndarray, endorsed: np.ndarray) -> np.ndarray:
    """Weight of the theatre to each organisation's recruits, (W, O, R)."""
    pull, k = m.world.prestige, m.k["destination"]
    return np.stack([pull[:, :1] * ease, np.maximum(pull[:, 1:2], pull[:, 2:3]) * ease * endorsed,
                     k.mass_abroad * pull.max(axis=1, keepdims=True) * ease * endorsed], axis=1) * wide(k.theatre)


def thwarted(open_: np.ndarray, abroad: np.ndarray, home: np.ndarray) -> np.ndarray:
    """Share of those at home who would have left by open exits: weights by open exits, as they are, and of staying."""
    return np.maximum(0.0, open_ - abroad) / (home + open_)


def _give_up(m: Moment, staying: np.ndarray, open_: np.ndarray, abroad: np.ndarray, home: np.ndarray) -> None:
    """Without a safety valve those who could not leave give up; with one they stay in cells [000 l.315-350]."""
    w, g, theory = m.world, m.geography, m.k["theory"]
    if np.all(theory.safety_valve == 1):
        return
    share = thwarted(open_, abroad, home) * (1 - wide(theory.safety_valve))
    quitting = stochastic_round(m.luck("give_up", 3, len(g.regions)), staying * share)
    place, origin = own_country(g)
    quitting = np.minimum(quitting, w.militants[:, :, CELL, place, origin])
    into = np.zeros_like(w.demobilised)
    for y, own in enumerate(g.country_slices):
        into[:, y] = quitting[..., own].sum(axis=(1, 2))
    w.move("militants", "demobilised", quitting.astype(np.int32), at=(slice(None), slice(None), CELL, place, origin),
           into=into)


def _leave(m: Moment, going: np.ndarray) -> None:
    """From cells at home into transit; a brand is chosen by the square of its prestige."""
    w, g = m.world, m.geography
    place, origin = own_country(g)
    pull = np.maximum(w.prestige, 1e-6) ** 2
    # The movement's own end with it, the older network's with any brand but it, activists with any.
    open_to = np.array([[0.0, 1.0, 1.0], [1.0, 1.0, 1.0]])
    brands = split_shares(going[:, RIVAL:], (pull[:, None] * open_to)[:, :, None],
                          m.luck("destination.brand", 2, len(g.regions), 2))
    into = np.moveaxis(brands.sum(axis=1), 2, 1).astype(np.int32)
    into[:, MOVEMENT] += going[:, MOVEMENT]
    w.move("militants", "transit", going, at=(slice(None), slice(None), CELL, place, origin), into=into)
    _gone(m, going.sum(axis=1))


def _gone(m: Moment, number: np.ndarray) -> None:
    m.world.recent_gone += number
    m.world.gone_last += number


def later(m: Moment, ease: np.ndarray, leaving: np.ndarray) -> np.ndarray:
    """Members in cells who joined earlier and leave now, at a hazard that follows pull and ease, (W, O, R)."""
    w, g, k = m.world, m.geography, m.k["destination"]
    place, origin = own_country(g)
    pull = w.prestige
    stay = w.militants[:, :, CELL, place, origin] - leaving
    by = np.stack([pull[:, :1], pull[:, 1:2], pull.max(axis=1, keepdims=True)], axis=1)
    rate = wide(k.later) * by * ease[:, None]
    return binomial_hazard(m.luck("leave_later", 3, len(g.regions)), stay, rate, np.int32)


def _to_hub(m: Moment, going: np.ndarray, hub: np.ndarray) -> None:
    """To the hub that draws the country this month; men reach it as part of its cells or its ground force."""
    w, g = m.world, m.geography
    place, origin = own_country(g)
    target = hub[:, g.country_of]
    # Who lives where the hub is has nowhere to go to: he serves it at home.
    going = np.where((target >= 0) & (target != place), going, 0)
    world, region = np.nonzero(going)
    if not world.size:
        return
    amount = going[world, region]
    into = np.zeros((w.n, len(g.regions), len(g.origins)), dtype=np.int32)
    np.add.at(into, (world, target[world, region], g.country_of[region]), amount)
    w.move("militants", "militants", going, at=(slice(None), MOVEMENT, CELL, place, origin),
           to=(slice(None), MOVEMENT, CELL), into=into)
    _gone(m, going)
    m.flow("to_foothold", going)

