"""States, rival camps, local armed authorities and foreign forces: they perceive threat late and with bias, then act.

A rival counts as the graver threat [000 l.893-900; E239]: fragmentation draws attention away from the movement.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import mesa
import numpy as np

from sim.moment import Moment, flat, monthly
from sim.world import CELL, GROUND, MASS, MOVEMENT, arriving, locality_sum, over_last

if TYPE_CHECKING:
    from sim.inputs.geography import Geography
    from sim.recruitment_model import RecruitmentModel


def lagged(old: np.ndarray, signal: np.ndarray, speed: np.ndarray) -> np.ndarray:
    """Perception that follows its signal with a lag (exponential smoothing)."""
    return old + speed * (signal - old)


def attention(threat: np.ndarray, rival: np.ndarray) -> np.ndarray:
    """Share of an authority's means that it turns on the movement, 0-1; the rest watches its rival."""
    return threat / np.maximum(threat + rival, 1e-9)


@monthly
def residents_ruled(m: Moment) -> np.ndarray:
    """Residents under the movement's control by locality, (W, L)."""
    return np.asarray(m.world.control * m.geography.l["residents"])


@monthly
def regions_ruled(m: Moment) -> np.ndarray:
    """Residents under the movement's control by region, (W, R)."""
    return locality_sum(residents_ruled(m), m.geography)


@monthly
def blows(m: Moment) -> np.ndarray:
    """What last month's attacks weigh with those who decide, (W, R): a mass-casualty attack as much as five others."""
    return np.asarray(m.world.attacks_seen + 5 * m.world.mass_attacks_seen)


@monthly
def ban_luck(m: Moment) -> np.ndarray:
    """One uniform for each country's decision on a ban, (W, Y)."""
    return m.luck("state.ban", len(m.geography.countries))


def localities_of(g: Geography, country: int) -> slice:
    """A country's localities, which stand together as its regions do."""
    own = np.flatnonzero(g.country_of[g.region_of] == country)
    return slice(int(own[0]), int(own[-1]) + 1)


class State(mesa.Agent):
    """The government of one country."""

    def __init__(self, model: RecruitmentModel, country: int, name: str):
        super().__init__(model)
        self.country, self.name = country, name
        g = model.geography
        self.own, self.localities = g.country_slices[country], localities_of(g, country)
        self.millions = float(g.y["population_start"][country]) / 1e6
        crossing = g.link_cross & (g.country_of[g.link_to] == country)
        self.border_to, self.border_from = g.link_to[crossing], g.link_from[crossing]

    def decide(self, m: Moment) -> None:
        """Perceive, then set alert, bans, exits, borders and agencies for the month."""
        self._perceive(m)
        self._alert(m)
        self._open_recruitment(m)
        self._exits(m)
        self._borders(m)

    def _perceive(self, m: Moment) -> None:
        w, k, y = m.world, m.k["state"], self.country
        attacks = w.attacks_seen[:, self.own].sum(axis=1)
        mass = w.mass_attacks_seen[:, self.own].sum(axis=1)
        ruled = residents_ruled(m)[:, self.localities].sum(axis=1) / 1e5
        near = np.take(w.hub_strength, self.border_from, axis=1).sum(axis=1) / 500.0
        signal = (flat(k.see_attacks) * (attacks + 10 * mass) / self.millions + flat(k.see_ground) * ruled
                  + 0.3 * flat(k.see_ground) * near)
        speed = np.where(signal > w.threat[:, y], flat(k.rise), flat(k.relax))
        w.threat[:, y] = lagged(w.threat[:, y], signal, speed)

    def _alert(self, m: Moment) -> None:
        w, k, y = m.world, m.k["state"], self.country
        rival = flat(k.rival_bias) * w.fragmentation[:, y]
        share = attention(w.threat[:, y], rival)
        alert = (1 - np.exp(-w.threat[:, y])) * share
        w.alert[:, y] = m.decided("state.alert", alert)
        # Forces go where violence was seen and where nobody governs, as far as capacity allows.
        seen = blows(m)[:, self.own]
        focus = 0.5 + 0.5 * seen / np.maximum(seen.max(axis=1, keepdims=True), 1.0)
        w.surge[:, self.own] = (flat(k.surge) * w.alert[:, y])[:, None] * focus
        w.agency[:, y] = np.where(w.alert[:, y] > flat(k.agency_threshold), np.minimum(1, w.agency[:, y] + 1 / 12),
                                  w.agency[:, y])

    def _open_recruitment(self, m: Moment) -> None:
        """A tolerated mass movement is banned once violence is laid at its door."""
        w, k, y = m.world, m.k["state"], self.country
        # The more it recruits in the open, the more is blamed on it: violence is laid at its door by its size.
        members = over_last(w.present(MASS, CELL)[:, self.own]) / self.millions
        blamed = w.threat[:, y] * members / (members + flat(k.ban_members))
        chance = 1 - np.exp(-flat(k.ban) * blamed)
        chance = m.decided("state.ban", chance)
        ban = (ban_luck(m)[:, y] < chance) & (w.banned[:, y] < 0.5)
        w.crackdown[:, y] = np.where(ban, 1.0, 0.0)
        w.banned[:, y] = np.where(ban, 1.0, w.banned[:, y] * (1 - 0.01))

    def _exits(self, m: Moment) -> None:
        """Exits are watched once those abroad belong to a movement that threatens every state at home."""
        w, g, k, y = m.world, m.geography, m.k["state"], self.country
        away = w.theatre[:, MOVEMENT, self.own].sum(axis=1) / self.millions
        danger = 1 - np.exp(-flat(k.exit_danger) * away * w.prestige[:, MOVEMENT] - 0.5 * w.alert[:, y])
        danger = m.decided("state.exits", danger)
        w.exit_tolerance[:, y] = np.minimum(w.exit_tolerance[:, y], g.y["tolerance_exit"][y] * (1 - danger))
        target = g.y["exit_control"][y] + (1 - g.y["exit_control"][y]) * danger * np.minimum(1, 1.5 * w.capacity[:, y])
        w.exit_level[:, y] += flat(k.exit_speed) * np.maximum(0, target - w.exit_level[:, y])

    def _borders(self, m: Moment) -> None:
        """Barriers grow where a neighbour cannot hold its side and something has come across."""
        if not self.border_to.size:
            return
        w, k, y = m.world, m.k["state"], self.country
        hub = np.take(w.hub_strength, self.border_from, axis=1)
        loose = (1 - np.take(w.presence, self.border_from, axis=1)) * np.minimum(1.0, hub / 50.0)
        weight = (flat(k.barrier) * w.alert[:, y] * w.capacity[:, y])[:, None] * loose
        build = arriving(weight, self.border_to, w.barrier.shape[1])
        w.barrier += np.minimum(build, 0.1) * (0.7 - np.minimum(w.barrier, 0.7)) * m.decided(
            "state.borders", np.ones(1))


class Camp(mesa.Agent):
    """An armed coalition that can commit forces to an offensive: a unified state's army or one rival camp."""

    def __init__(self, model: RecruitmentModel, index: int, row: dict):
        super().__init__(model)
        g = model.geography
        self.index, self.name, self.kind = index, row["name"], row["kind"]
        self.country = g.countries.index(row["country"])
        wanted = row["regions"].split(";")
        self.seat = np.array([i for i, r in enumerate(g.regions)
                              if r in wanted or f"{row['country']}-*" in wanted], dtype=int)
        self.fighters, self.cohesion = row["fighters"], row["cohesion"]
        self.brutality, self.patron = row["brutality"], row["patron_support"]
        self.own = g.country_of == self.country
        self.near = np.exp(-g.distance[:, self.seat].min(axis=1) / 300.0) * self.own  # (R,)

    def decide(self, m: Moment) -> None:
        """Weigh the movement against the rival and commit forces where threat, ability and support coincide."""
        near = regions_ruled(m) * self.near
        split = m.world.fragmentation[:, self.country]
        self._perceive(m, near)
        if near.any():
            self._commit(m, split, near)
        self._brand(m, split)

    def _perceive(self, m: Moment, near: np.ndarray) -> None:
        w, k = m.world, m.k["camp"]
        hurt = np.take(blows(m), self.seat, axis=1).sum(axis=1)
        signal = flat(k.see_ground) * near.sum(axis=1) / 1e5 + flat(k.see_attacks) * hurt
        speed = np.where(signal > w.camp_threat[:, self.index], flat(k.rise), 0.1)
        w.camp_threat[:, self.index] = lagged(w.camp_threat[:, self.index], signal, speed)

    def _commit(self, m: Moment, split: np.ndarray, near: np.ndarray) -> None:
        """Send forces to where the movement rules most people near by."""
        w, k, y = m.world, m.k["camp"], self.country
        # While camps are few and united the state acts; once split, each camp acts for itself.
        active = split if self.kind == "camp" else 1 - split
        joint = np.clip(m.dials.joint_action[:, y], 0, 1)
        rival = flat(k.rival_bias) * split * (1 - 0.5 * np.clip(m.dials.unified_support[:, y], 0, 1)) * (1 - joint)
        share = attention(w.camp_threat[:, self.index], rival)
        able = self._strength(m) * active
        world, target = np.arange(w.n), np.argmax(near, axis=1)
        garrison = flat(m.k["ground"].fighter_share) * w.present(MOVEMENT, GROUND)[world, target]
        support = np.clip(m.dials.unified_support[:, y] + self.patron * 0.3 + 1 - split + joint, 0, 1)
        committed = able * share * flat(k.commit)
        ruled = near[world, target] > 0
        willing = (ruled & (share > flat(k.resolve)) & (support > flat(k.support_needed))
                   & (committed > flat(k.superiority) * garrison))
        go = (m.decided("camp.offensive", willing.astype(float)) > 0.5) & ruled
        sent = np.where(go, committed, 0.0)
        w.offensive[world, target] = np.maximum(w.offensive[world, target], 0) + np.maximum(
            0, np.minimum(sent - w.offensive[world, target], flat(k.build_up) * sent))

    def _strength(self, m: Moment) -> np.ndarray:
        w, y = m.world, self.country
        backing = 1 + 0.5 * np.clip(m.dials.patron_backing[:, y] + m.dials.outside_support[:, y], 0, 1)
        base = self.fighters * self.cohesion * backing
        return base * (w.capacity[:, y] / max(1e-9, float(m.geography.y["capacity"][y]))
                       if self.kind == "state" else np.ones(w.n))

    def _brand(self, m: Moment, split: np.ndarray) -> None:
        """A camp that treats all opponents as one enemy pushes third groups towards the movement [000 l.913-960]."""
        if self.kind != "camp":
            return
        w, k, y = m.world, m.k["camp"], self.country
        style = m.dials.brutality[:, y] * m.dials.branding[:, y] * (1 - np.clip(m.dials.integration[:, y], 0, 1))
        fights = (split * style)[:, None] * self.brutality * self.near
        w.infiltration += k.branding * fights * w.prestige[:, :1] * (1 - w.infiltration)


class LocalAuthorities(mesa.Agent):
    """Councils, tribes and militias of one country's localities: resist, stand aside or deal."""

    def __init__(self, model: RecruitmentModel, country: int, name: str):
        super().__init__(model)
        self.country, self.name = country, name
        self.own = localities_of(model.geography, country)

    def decide(self, m: Moment) -> None:
        """Resist in step with one's own strength and ties, less where loyalty is orphaned or people are divided."""
        w, g, k = m.world, m.geography, m.k["local"]
        region = g.region_of[self.own]
        order = g.r["nonstate_order"][region]
        will = k.base + k.order * order + k.harsh * w.harshness[:, self.own] - k.cleavage * g.l["cleavage"][self.own]
        allies = (m.dials.local_forces + m.dials.community)[:, region]
        will = will - k.orphaned * g.l["orphaned"][self.own] + 0.5 * allies
        w.local_resist[:, self.own] = m.decided("local.resist", np.clip(will, 0, 1.5))


class ForeignForces(mesa.Agent):
    """Outside powers that strike a large hub from the air, harder after mass-casualty attacks [000 l.887-900]."""

    def decide(self, m: Moment) -> None:
        """Set the month's level of outside strikes by region."""
        w, k = m.world, m.k["foreign"]
        size = w.present(MOVEMENT, GROUND)
        alarm = 1 - np.exp(-np.maximum(0.0, size - k.threshold) / 1000.0 * (1 + w.mass_attacks_seen.sum(1))[:, None])
        level = m.decided("foreign.strikes", k.strikes * alarm)
        m.flow("foreign_strikes", level * (size > 0))
