"""Ground: attempts on localities, the contest for what is held, and rule over residents.

By force, a contest success function [Tullock]; or by surrender and negotiated entry where no authority is present or
wanted and a cleavage or orphaned loyalty can be used [000 l.765-785]. Empty localities are not won: holding needs a
minimum garrison per resident. Rule is lenient first and harsher with consolidation and cadres from the core
[000 l.777-785]; revolts may come and be crushed [000 l.838-852].
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.conditions import fighters, guarded, ruled_share
from sim.moment import Moment, fixed, noisy_or
from sim.noise import binomial, stochastic_round
from sim.world import CELL, GROUND, MASS, MOVEMENT, REFUGE, RIVAL, locality_sum, regional_sum

if TYPE_CHECKING:
    from sim.inputs.geography import Geography

WRITES = ("control", "held", "harshness", "setbacks", "loss_cause", "militants", "dead", "learning", "prospect")
NOT_LOST, LOST_TO_RIVALS, LOST_TO_REVOLT, LOST_TO_OFFENSIVE, LOST_TO_WEAKNESS = range(5)
CAUSES = ("", "rival local groups", "revolt", "offensive", "too few to hold")
CONTESTED, DOMINANT, EXCLUSIVE = 0.25, 0.5, 0.8  # grades of control


def win_chance(attackers: np.ndarray, defenders: np.ndarray, decisiveness: np.ndarray) -> np.ndarray:
    """Contest success function M^g / (M^g + E^g); nobody wins with nobody."""
    a, e = attackers ** decisiveness, defenders ** decisiveness
    return np.where(attackers > 0, a / np.maximum(a + e, 1e-12), 0.0)


def vacuum(defenders: np.ndarray, residents: np.ndarray, norm_per_1000: np.ndarray) -> np.ndarray:
    """How far a locality lacks any authority, 0-1, against a norm of armed people per 1,000 residents."""
    return 1 - np.clip(defenders / np.maximum(norm_per_1000 * residents / 1000, 1e-9), 0, 1)


def garrison(residents: np.ndarray, per_1000: np.ndarray) -> np.ndarray:
    """Fighters needed to hold a locality."""
    return per_1000 * residents / 1000


@fixed
def nearness(g: Geography) -> np.ndarray:
    """Share of fighters who can be lent along each link, (E,)."""
    return np.exp(-g.link_km / 200.0)


def lendable(m: Moment, own: np.ndarray) -> np.ndarray:
    """Fighters who could come along each link, (W, E): fewer from far away, none across a closed border."""
    g = m.geography
    passable = np.where(g.link_cross, 1 - guarded(m)[:, g.link_to], 1.0)
    return own[:, g.link_from] * passable * nearness(g)


def within_reach(m: Moment, own: np.ndarray) -> np.ndarray:
    """Fighters who can be brought to a region: its own and a share of its neighbours', (W, R)."""
    return own + m.k["ground"].reach * np.add.reduceat(lendable(m, own), m.geography.link_start, axis=1)


def authorities(m: Moment) -> tuple[np.ndarray, np.ndarray]:
    """Armed people who stand in the way in each locality: those on the spot, and reinforcements, both (W, L)."""
    g, w, k = m.geography, m.world, m.k["ground"]
    region = g.region_of
    residents = g.l["residents"]
    per_1000 = g.y["security_per_1000"][g.country_of][region]
    state = (w.presence[:, region] * g.l["security_presence"] * per_1000 * residents / 1000 * k.on_duty)
    collapse = 1 - w.presence[:, region]
    local = (g.l["local_armed_per_1000"] * residents / 1000 * collapse * w.local_resist
             * (0.6 + 0.4 * g.l["allegiance"]) * (1 - w.infiltration[:, region]))
    armed_rivals = (w.present(RIVAL, CELL, REFUGE) + 0.5 * w.present(MASS, CELL)) * (1 - w.infiltration) * w.resist
    rivals = armed_rivals[:, region] * g.l["share"]
    whole = w.capacity * (1 - w.fragmentation) ** 2 * g.y["security_per_1000"] * g.y["population_start"] / 1000
    rescue = (k.reinforcement * whole)[:, g.country_of][:, region] * np.ones_like(residents)
    return state + local + rivals, rescue


def step(m: Moment) -> None:
    """Attempts decided by the movement, then contest and rule where it holds something."""
    m.world.loss_cause[:] = NOT_LOST
    here, rescue = authorities(m)
    _attempts(m, here, rescue)
    held = m.world.control > 0
    m.world.harshness[~held] = 0.0
    if held.any():
        _contest(m, here, held)
        _rule(m, held)
    w = m.world
    w.held[:] = np.where(w.control >= CONTESTED, w.held + 1, 0)
    _garrison_troops(m)


def unreconciled(m: Moment) -> np.ndarray:
    """Share of orphaned loyalties and cleavages left where residents are heard and places rebuilt, (., R), 0-1."""
    return np.asarray(1 - np.clip(m.dials.inclusion + m.dials.stabilisation, 0, 1))


def _attempts(m: Moment, here: np.ndarray, rescue: np.ndarray) -> None:
    g, w, k = m.geography, m.world, m.k["ground"]
    region = g.region_of
    n_l = len(g.localities)
    own = fighters(m)
    reach = within_reach(m, own)
    force = np.where(own > 0, reach, k.raid_share * reach)[:, region] * (1 - w.control)
    need = garrison(g.l["residents"], k.garrison)
    able = force >= need
    gap = vacuum(here, g.l["residents"], k.vacuum_norm)
    left = unreconciled(m)[:, region]
    opening = noisy_or(k.open_base * np.ones_like(gap), g.l["orphaned"] * k.orphaned * left,
                       g.l["cleavage"] * k.cleavage * left, w.infiltration[:, region] * k.infiltrated)
    p_entry = gap * opening
    w.prospect[:] = locality_sum(p_entry * g.l["residents"] * (w.control < CONTESTED), g)
    p_force = win_chance(force, here + rescue, k.decisiveness)
    # The movement sees the defenders on the spot better than how fast help comes; failures teach it.
    foresight = np.clip(k.foresight + w.setbacks[:, g.country_of][:, region], 0, 1)
    seen = noisy_or(p_entry, win_chance(force, here + foresight * rescue, k.decisiveness))
    worth = np.where(able & (w.control < CONTESTED), seen, 0.0) * np.sqrt(g.l["residents"])
    score = worth * (0.5 + m.luck("ground.choice", n_l))
    best = np.maximum.reduceat(score, g.first_locality, axis=1)
    chosen = (score >= best[:, region]) & (score > 0)
    rate = k.attempt * w.expansion * np.clip((seen - k.threshold) / 0.3, 0, 1)
    rate = m.decided("movement.attempt", rate)
    luck = m.luck("ground.attempt", 3, n_l)
    tries = chosen & (luck[:, 0] < 1 - np.exp(-rate))
    if not tries.any():
        return
    entered = tries & (luck[:, 1] < p_entry)
    won = entered | (tries & (luck[:, 2] < p_force))
    w.control[won] = CONTESTED + 0.05
    failed = tries & ~won
    m.flow("attempts", locality_sum(tries.astype(float), g))
    m.flow("attempts_failed", locality_sum(failed.astype(float), g))
    if failed.any():
        _failed(m, failed, force)


def _failed(m: Moment, failed: np.ndarray, force: np.ndarray) -> None:
    """A failed attempt costs men on both sides; states learn from it and so does the movement."""
    g, w, k = m.geography, m.world, m.k["ground"]
    sent = locality_sum(np.where(failed, np.minimum(force, k.raid_size), 0.0), g)
    luck = m.luck("ground.failed", 4, len(g.regions))
    lost = stochastic_round(luck[:, 0], sent * k.raid_loss)
    killed = _lose(m, lost, luck[:, 1], luck[:, 3])
    m.flow("deaths_militants", killed)
    m.flow("deaths_state", stochastic_round(luck[:, 2], sent * k.raid_cost * m.by_region(w.capacity)))
    count = regional_sum(locality_sum(failed.astype(float), g), g)
    w.setbacks += (1 - w.setbacks) * (1 - np.exp(-k.setback * count))
    w.learning += (1 - w.learning) * (1 - np.exp(-k.lesson * count)) * w.capacity


def _lose(m: Moment, lost: np.ndarray, luck: np.ndarray, other_luck: np.ndarray) -> np.ndarray:
    """Attackers killed, by where they came from: men on the spot first, then those whom the first lender sent."""
    g = m.geography
    killed = _fall(m, lost, (CELL, GROUND), luck)
    rest = lost - killed
    if not rest.any():
        return killed
    lent = lendable(m, fighters(m))
    abroad = np.zeros_like(lost)
    for world, region in zip(*np.nonzero(rest), strict=True):
        links = slice(g.link_start[region], g.link_start[region] + g.link_degree[region])
        if lent[world, links].any():
            abroad[world, g.link_from[links][np.argmax(lent[world, links])]] += rest[world, region]
    return killed + _fall(m, abroad, (GROUND, CELL), other_luck)


def _fall(m: Moment, number: np.ndarray, conditions: tuple[int, int], luck: np.ndarray) -> np.ndarray:
    """So many of a region's men die, as far as there are any: of the first condition, then of the second."""
    w = m.world
    killed = np.zeros_like(number)
    for condition in conditions:
        part = np.minimum(w.present(MOVEMENT, condition), number - killed)
        w.transfer([(MOVEMENT, condition)], part[:, None], luck[:, None], "dead")
        killed += part
    return killed


def _contest(m: Moment, here: np.ndarray, held: np.ndarray) -> None:
    """Control grows where the movement is the stronger and shrinks where it is not or lacks the garrison."""
    g, w, k = m.geography, m.world, m.k["ground"]
    region = g.region_of
    ruled = locality_sum(w.control * g.l["residents"], g)
    share = w.control * g.l["residents"] / np.maximum(ruled[:, region], 1.0)
    mine = fighters(m)[:, region] * share
    tried = w.offensive[:, region] * (w.control > 0)
    against = here * (1 - 0.5 * w.control) * (1 + w.harshness * k.harsh_resistance)
    balance = (mine - against) / np.maximum(mine + against, 1e-9)
    siege = tried / np.maximum(tried + k.siege_half * mine, 1e-9)
    change = k.consolidation * balance * np.where(held, 1.0, 0.0) - k.siege * siege
    thin = mine < garrison(g.l["residents"], k.garrison) * np.maximum(w.control, CONTESTED)
    change = np.where(thin, np.minimum(change, -k.thin), change)
    now = np.where(held, np.clip(w.control + change, 0, 1), 0.0)
    lost = held & (now < 0.1)
    cause = np.where(siege > 0.05, LOST_TO_OFFENSIVE, np.where(thin, LOST_TO_WEAKNESS, LOST_TO_RIVALS))
    w.loss_cause[lost] = cause[lost]
    now[lost] = 0.0
    w.control[:] = now
    _fight_rivals(m, here, held)


def _fight_rivals(m: Moment, here: np.ndarray, held: np.ndarray) -> None:
    """Where rivals resist, both bleed."""
    g, w, k = m.geography, m.world, m.k["ground"]
    contested = locality_sum(np.where(held, np.minimum(here, 400.0), 0.0), g)
    luck = m.luck("ground.rivals", 2, len(g.regions))
    troops = w.present(MOVEMENT, GROUND)
    n = binomial(luck[:, 0], troops, np.clip(k.local_attrition * contested / np.maximum(troops, 50.0), 0, 0.2))
    w.transfer([(MOVEMENT, GROUND)], n[:, None], luck[:, 1][:, None], "dead")
    m.flow("deaths_militants", n)


def revolt_chance(harshness: np.ndarray, orphaned: np.ndarray, control: np.ndarray, rate: np.ndarray) -> np.ndarray:
    """Monthly chance of a revolt: harsh rule over people who did not choose it."""
    return rate * harshness * control * (1 - 0.5 * orphaned)


def _rule(m: Moment, held: np.ndarray) -> None:
    g, w, k = m.geography, m.world, m.k["ground"]
    region = g.region_of
    foreign = _foreign_share(m)[:, region]
    w.harshness += k.harsher * (w.control >= DOMINANT) * (0.3 + foreign) * (1 - w.harshness)
    luck = m.luck("ground.revolt", 2, len(g.localities))
    revolt = held & (luck[:, 0] < revolt_chance(w.harshness, g.l["orphaned"], w.control, k.revolt))
    if not revolt.any():
        return
    helped = 1 + k.uprising_help * np.clip(m.dials.uprising_help, 0, 1)[:, region]
    rebels = k.rebels * g.l["residents"] / 1000 * (0.3 + 0.7 * w.harshness) * helped
    mine = fighters(m)[:, region] * g.l["share"]
    crushed = luck[:, 1] < win_chance(mine, rebels, k.decisiveness)
    over = revolt & ~crushed
    w.control[over] = 0.0
    w.loss_cause[over] = LOST_TO_REVOLT
    m.flow("revolts", locality_sum(revolt.astype(float), g))
    m.flow("revolts_crushed", locality_sum((revolt & crushed).astype(float), g))


def _foreign_share(m: Moment) -> np.ndarray:
    w, g = m.world, m.geography
    total = w.present(MOVEMENT, CELL, GROUND)
    own = w.militants[:, MOVEMENT, (CELL, GROUND)][..., np.arange(len(g.regions)), g.country_of].sum(axis=1)
    return (total - own) / np.maximum(total, 1)


def _garrison_troops(m: Moment) -> None:
    """Members come into the open where the movement rules."""
    w = m.world
    ruled = ruled_share(m) > 0
    if not ruled.any():
        return
    world, region = np.nonzero(ruled)
    at = (world, MOVEMENT, CELL, region)
    w.move("militants", "militants", w.militants[at], at=at, to=(world, MOVEMENT, GROUND, region))
