"""The first month: who is in prison, underground, in the hills, or outside and willing to come; first recruiters."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtr, ndtri

from sim.engine.batch import Batch
from sim.engine.compiled import rule
from sim.engine.enums import ACTIVE, CELL, HIDDEN, MASS, PRISON, REFUGE, RIVAL
from sim.engine.forms import chance
from sim.engine.now import decision, draw, stream
from sim.engine.place import recruiter_slots
from sim.engine.process import process
from sim.engine.state import CLASS_SHARES
from sim.inputs.geography import AUTHORITY_FIELDS, Geography

FIRST, SHUFFLED_LUCK = stream("recruiter.first"), stream("recruiter.shuffled")
SHUFFLED = decision("recruiters.shuffled")


def class_multipliers(sigma: np.ndarray) -> np.ndarray:
    """Mean susceptibility of each class of a log-normal distribution with mean 1, shape (..., C).

    The mean between two quantiles of a log-normal is a difference of normal probabilities shifted by sigma.
    """
    edges = ndtri(np.clip(np.concatenate([[0.0], np.cumsum(CLASS_SHARES)]), 0, 1))
    edges[-1] = np.inf
    return np.asarray(np.diff(ndtr(edges - np.asarray(sigma)[..., None]), axis=-1) / CLASS_SHARES)


def remembered_deaths(g: Geography, half_life: np.ndarray, start_year: float) -> np.ndarray:
    """Deaths of earlier internal wars per 1,000 residents, faded since their middle year, (W, Y)."""
    age = np.maximum(0.0, start_year - g.y["conflict_year"])
    return np.asarray(g.y["conflict_deaths"] / g.y["population_start"] * 1000 * 0.5 ** (age / half_life[:, None]))


def largest_remainder(totals: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Integers of shape (totals, shares) that add up to the totals and follow the shares."""
    exact = np.asarray(totals)[:, None] * shares
    whole = np.floor(exact)
    left = (np.asarray(totals) - whole.sum(axis=1)).astype(int)
    rank = np.argsort(np.argsort(whole - exact, axis=1, kind="stable"), axis=1)
    return np.asarray(whole + (rank < left[:, None])).astype(np.int64)


def populate(batch: Batch, g: Geography) -> None:
    """Put everybody where the first month finds them."""
    k, n_y = batch.coefficients, len(g.countries)
    batch.susceptibility[:] = class_multipliers(k["exposure"]["sigma"])
    # One power at a time: NumPy takes another way for some exponents, and bits must not depend on the batch.
    batch.eagerness[:] = [[math.pow(each, power) for each in row] for row, power in zip(
        batch.susceptibility.tolist(), k["recruitment"]["first_go"].tolist(), strict=True)]
    batch.uninvolved[:] = largest_remainder(g.r["youth"], CLASS_SHARES)
    regions = np.arange(len(g.regions))
    for organisation, condition, stock in ((RIVAL, HIDDEN, "veterans"), (RIVAL, PRISON, "prison_network"),
                                           (RIVAL, REFUGE, "rival_start"), (MASS, CELL, "mass_start")):
        batch.militants[:, organisation, condition, regions, g.country_of] = g.r[stock]
    batch.outside[:, n_y:] = g.look_up("fighter_stock", [(n,) for n in g.origins[n_y:]])
    batch.counts[:] = batch.militants.sum(axis=-1)
    states = batch.states
    states.exit_level, states.exit_tolerance = g.y["exit_control"], g.y["tolerance_exit"]
    states.war_deaths = remembered_deaths(g, k["grievance"]["exhaustion_half_life"], batch.start / 12)
    states.trust = g.y["pluralism"]
    batch.localities.resist = 1.0
    names = {"fighters": "fighters", "cohesion": "cohesion", "brutality": "brutality", "patron_support": "patron"}
    for field in AUTHORITY_FIELDS:
        batch.camps[names[field]] = [authority[field] for authority in g.authorities]
    batch.camps.country = [g.countries.index(authority["country"]) for authority in g.authorities]
    batch.camps.is_state = [authority["kind"] == "state" for authority in g.authorities]
    batch.recruiters.place = recruiter_slots(g)
    first_recruiters(batch)


@process("recruiters.status", "recruiters.organisation", "recruiters.skill")
def first_recruiters(w, g, k, now):
    """Place recruiters at the start by one rule for all regions: veterans and the networks formed in prison.

    They belong to the older network, or to the mass movement in the share its activists have among both.
    """
    order = regions_in_order(w, g, now)
    n = 0
    for r in range(len(w.regions)):
        place, like = g.regions[r], g.regions[order[r]]
        expected = k.recruiter.per_veteran * (like.veterans + k.recruiter.network * (
            like.prison_network + like.rival_start))
        mass = place.mass_start / max(place.mass_start + place.veterans, 1.0)
        for _ in range(place.slots):
            agent = w.recruiters[n]
            if draw(w, now, FIRST, n * 3) < chance(expected / place.slots):
                agent.status = ACTIVE
                agent.organisation = MASS if draw(w, now, FIRST, n * 3 + 1) < mass else RIVAL
            agent.skill = 0.0
            if agent.status == ACTIVE:
                agent.skill = k.recruiter.start_skill + (
                    (1 - k.recruiter.start_skill) * k.recruiter.skill_spread * draw(w, now, FIRST, n * 3 + 2))
            n += 1


@rule
def regions_in_order(w, g, now):
    """The regions themselves; under the placebo 'recruiters.shuffled' in a random order within each country."""
    order = np.arange(len(w.regions))
    if np.isnan(now.frozen[SHUFFLED]):
        return order
    luck = np.empty(len(order))
    for r in range(len(order)):
        luck[r] = draw(w, now, SHUFFLED_LUCK, r)
    for y in range(len(w.states)):
        first, last = g.states[y].first_region, g.states[y].first_region + g.states[y].regions
        order[first:last] = first + np.argsort(luck[first:last])
    return order
