"""Recruiter organisations and the individuals who prospect for them.

Recruiters are individuals hosted by a region: they prospect, move along ties and smuggling routes, lie low under
pressure, change allegiance when another side's prestige and money are better, and are arrested. New ones come from
veterans, returnees, released prisoners and successful recruits [000 l.508-515, 664-668].
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import mesa
import numpy as np

from sim.conditions import found, guarded, open_sites
from sim.moment import Moment
from sim.world import ACTIVE, CELL, EMPTY, GROUND, HIDDEN, LOW, MASS, MOVEMENT, RIVAL, regional_mean, regional_sum

if TYPE_CHECKING:
    from sim.recruitment_model import RecruitmentModel


def worth(pool: np.ndarray, readiness: np.ndarray, risk: np.ndarray, caution: np.ndarray) -> np.ndarray:
    """What a region is worth to a recruiter: sympathisers and readiness against the risk of being found, (W, R)."""
    return 0.3 * np.log1p(pool) + readiness - caution * risk


def move_chance(gain: np.ndarray, mobility: np.ndarray) -> np.ndarray:
    """Chance of moving to the place looked at: mobility x logistic in the gain."""
    return mobility / (1 + np.exp(-4 * gain))


class RecruiterOrganisation(mesa.Agent):
    """An organisation and its recruiters; the shared conduct of recruiters is here."""

    index: int
    kind: str

    def __init__(self, model: RecruitmentModel, name: str):
        super().__init__(model)
        self.name = name

    def decide(self, m: Moment) -> None:
        """Send recruiters out, then settle the organisation's own questions."""
        self.direct(m)

    def direct(self, m: Moment) -> None:
        """What only this organisation decides."""
        raise NotImplementedError


class Movement(RecruiterOrganisation):
    """The movement: few questions asked, revolutionary, bent on holding ground."""

    index, kind = MOVEMENT, "movement"

    def direct(self, m: Moment) -> None:
        """Infiltrate local groups where one's own returnees and cadres are and prestige outshines theirs."""
        w, k = m.world, m.k["organisation"]
        own = w.present(MOVEMENT, CELL, GROUND)
        others = w.present(MASS, CELL) + w.present(RIVAL, CELL)
        lead = np.maximum(0.0, w.prestige[:, :1] - w.prestige[:, 1:2])
        rate = k.infiltration * lead * own / (own + others + 50.0) * (1 - w.presence)
        rate = rate * (1 - m.by_region(np.clip(m.dials.integration, 0, 1)))
        rate = m.decided("movement.infiltrate", rate)
        w.infiltration += (1 - np.exp(-rate)) * (1 - w.infiltration)
        w.infiltration *= 1 - k.infiltration_decay


class RivalNetwork(RecruiterOrganisation):
    """The older network and its affiliates: selective, dug in, jealous of its place."""

    index, kind = RIVAL, "rival"

    def direct(self, m: Moment) -> None:
        """Resist the movement where it presses, unless one's own men would rather join it."""
        w, k = m.world, m.k["organisation"]
        own = w.present(MOVEMENT, CELL, GROUND)
        pressed = own / (own + 100.0)
        resolve = np.clip(k.resolve + 0.5 * pressed - 0.5 * w.infiltration, 0, 1)
        w.resist[:] = m.decided("rival.resist", resolve)


class MassMovement(RecruiterOrganisation):
    """The mass proselytising movement: open while tolerated, torn once banned."""

    index, kind = MASS, "mass"

    def direct(self, m: Moment) -> None:
        """After a ban part of the movement turns to arms [004 l.15; E221]; a violent fringe exists before."""
        w, k = m.world, m.k["organisation"]
        target = k.fringe + k.splinter * w.banned
        w.splinter += 0.1 * (m.decided("mass.splinter", target) - w.splinter)


class Brokers(RecruiterOrganisation):
    """Criminal brokers who sell passage: paid per head, so active where there is demand and contraband [E059]."""

    kind = "brokers"

    def direct(self, m: Moment) -> None:
        """Trade follows demand and the routes that contraband keeps open."""
        w, g, k = m.world, m.geography, m.k["destination"]
        demand = regional_sum(w.gone_last, g) / (g.y["population_start"] / 1e6)
        routes = np.clip(2 * regional_mean(g.r["smuggling"], g), 0, 1)
        trade = demand / (demand + k.broker_demand) * routes * np.clip(m.dials.brokers, 0, 2)
        target = m.decided("brokers.trade", trade)
        w.brokers += k.broker_speed * (target - w.brokers)


class Quietists(RecruiterOrganisation):
    """Non-violent competitors for the same public: strong where religion is plural and trusted [000 l.1557-1562]."""

    kind = "quietist"

    def direct(self, m: Moment) -> None:
        """Standing and trust follow freedom to teach; officials cost more of it where they are held to be unjust."""
        w, g, k = m.world, m.geography, m.k["exposure"]
        start = g.number("prestige_start", g.organisations["quietist"]).value
        cost = k.regulation_cost * m.dials.regulation * regional_mean(np.minimum(1, 2 * w.injustice), g)
        free = np.clip(g.y["pluralism"] + m.dials.pluralism - cost, 0, 1)
        target = m.decided("quietists.teach", np.clip(start + 0.5 * free, 0, 1))
        w.quietists += k.quietist_speed * (target - w.quietists)
        w.trust += k.quietist_speed * (free - w.trust)


def conduct_recruiters(m: Moment) -> None:
    """All recruiters' month: look around, move, lie low, change side; new ones arise."""
    w, k = m.world, m.k["recruiter"]
    n = w.slot_region.size
    luck = m.luck("recruiter", n, 5)
    active = w.recruiter_status == ACTIVE
    alive = active | (w.recruiter_status == LOW)
    risk = found(m)
    value = worth(w.sympathising(), w.readiness, risk, k.caution)
    _move(m, luck[..., 0], luck[..., 1], alive, value)
    here = w.cells(w.recruiter_place)
    low = luck[..., 2] < (1 - np.exp(-k.low * risk)).take(here)
    status = np.where(alive, np.where(low, LOW, ACTIVE), w.recruiter_status)
    lead = w.prestige[:, :1] + 0.3 * w.money[:, :1] - w.prestige[:, 1:2] - 0.3 * w.money[:, 1:2]
    crossing = alive & (luck[..., 3] < 1 - np.exp(-k.switch * np.abs(lead)))
    wish = np.where(lead > k.loyalty, MOVEMENT, np.where(lead < -k.loyalty, RIVAL, -1))
    side = np.where(crossing & (wish >= 0) & (w.recruiter_org != MASS), wish, w.recruiter_org)
    w.recruiter_org[:] = _open_work(m, side, alive, open_sites(m).take(here), m.luck("recruiter.open", n))
    w.recruiter_status[:] = status
    w.recruiter_skill += np.where(active, k.experience * (1 - w.recruiter_skill), 0.0)
    _arise(m, luck[..., 4])


def _open_work(m: Moment, side: np.ndarray, alive: np.ndarray, freedom: np.ndarray, luck: np.ndarray) -> np.ndarray:
    """Men of the older network preach in the open where they may, and go back underground once they may not [E050]."""
    w, k = m.world, m.k["recruiter"]
    out = alive & (side == RIVAL) & (luck < k.open_work * freedom)
    under = alive & (side == MASS) & (luck < k.open_work * (1 - freedom))
    new = np.where(w.prestige[:, :1] > w.prestige[:, 1:2], MOVEMENT, RIVAL)
    return np.where(out, MASS, np.where(under, new, side))


def _move(m: Moment, where: np.ndarray, whether: np.ndarray, alive: np.ndarray, value: np.ndarray) -> None:
    w, g, k = m.world, m.geography, m.k["recruiter"]
    place = w.recruiter_place
    link = g.link_start[place] + (where * g.link_degree[place]).astype(int)
    target = g.link_from[link]
    there = w.cells(target)
    cost = k.crossing * g.link_cross[link] * (1 + guarded(m).take(there))
    gain = value.take(there) - value.take(w.cells(place)) - cost
    go = alive & (whether < m.decided("recruiter.move", move_chance(gain, k.mobility)))
    w.recruiter_place[:] = np.where(go, target, place)


def expected_new(m: Moment) -> np.ndarray:
    """Recruiters who may arise in a region this month, (W, R)."""
    w, k = m.world, m.k["recruiter"]
    back = w.present(MOVEMENT, HIDDEN) + w.present(RIVAL, HIDDEN)
    cells = w.present(MOVEMENT, CELL) + w.present(RIVAL, CELL) + 0.2 * w.present(MASS, CELL)
    return k.from_returnees * back + k.from_cells * cells + k.from_released * w.released


def _arise(m: Moment, luck: np.ndarray) -> None:
    w, k = m.world, m.k["recruiter"]
    start = w.cells(w.slot_region)
    chance = 1 - np.exp(-expected_new(m) / w.slots)
    new = (w.recruiter_status == EMPTY) & (luck < chance.take(start))
    if not new.any():
        return
    movement, rival, mass = w.members(MOVEMENT, CELL), w.members(RIVAL, CELL), 0.2 * w.members(MASS, CELL)
    total = np.maximum(movement + rival + mass, 1e-9)
    pick = m.luck("recruiter.side", w.slot_region.size)
    first = (movement / total).take(start)
    second = first + (rival / total).take(start)
    side = np.where(pick < first, MOVEMENT, np.where(pick < second, RIVAL, MASS))
    w.recruiter_org[:] = np.where(new, side, w.recruiter_org)
    w.recruiter_place[:] = np.where(new, w.slot_region, w.recruiter_place)
    w.recruiter_skill[:] = np.where(new, k.start_skill, w.recruiter_skill)
    w.recruiter_status[new] = ACTIVE


def place_first_recruiters(m: Moment) -> None:
    """Place recruiters at the start by one rule for all regions: veterans and the networks formed in prison.

    Expected number = ``per_veteran`` x veterans at liberty; they belong to the older network, or to the mass movement
    in the share its activists have among both.
    """
    w, g, k = m.world, m.geography, m.k["recruiter"]
    expected = k.per_veteran * (g.r["veterans"] + 0.3 * g.r["prison_network"] + 0.3 * g.r["rival_start"])
    if "recruiters.shuffled" in m.frozen:  # a placebo: the same numbers, somewhere else in the country
        expected = np.broadcast_to(expected, (w.n, len(g.regions)))
        expected = np.take_along_axis(expected, _shuffled(m), axis=1)
    luck = m.luck("recruiter.first", w.slot_region.size, 3)
    chance = 1 - np.exp(-np.broadcast_to(expected / w.slots, (w.n, len(g.regions))))
    here = luck[..., 0] < chance[:, w.slot_region]
    share = g.r["mass_start"] / np.maximum(g.r["mass_start"] + g.r["veterans"], 1.0)
    side = np.where(luck[..., 1] < share[w.slot_region], MASS, RIVAL)
    w.recruiter_status[:] = np.where(here, ACTIVE, EMPTY)
    w.recruiter_org[:] = np.where(here, side, 0)
    w.recruiter_skill[:] = np.where(here, k.start_skill + (1 - k.start_skill) * 0.5 * luck[..., 2], 0.0)


def _shuffled(m: Moment) -> np.ndarray:
    """Regions in a random order within each country, (W, R)."""
    g = m.geography
    luck = m.luck("recruiter.shuffled", len(g.regions))
    return np.concatenate([np.argsort(luck[:, own], axis=1) + own.start for own in g.country_slices], axis=1)
