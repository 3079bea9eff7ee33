"""What is reported: every outcome with its name, unit and formula. Recorders look and never touch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from sim.moment import Moment


@dataclass(frozen=True)
class Outcome:
    """One reported quantity by region and month.

    ``aggregate`` says how regions make a country: 'sum', 'mean' (weighted by residents) or 'max'.
    ``look`` computes the (W, R) values from the month; None means the flow of the same name. ``wish`` is the direction
    that prevention wishes for: '-' lower is better, '+' higher is better, '' neither by itself.
    """

    name: str
    unit: str
    label: str
    aggregate: str = "sum"
    look: Callable[[Moment], Any] | None = None
    wish: str = ""

    @property
    def flow(self) -> bool:
        """Whether months add up; otherwise a period is summed up by its mean."""
        return self.unit.endswith("/month")


def _members(organisation: int) -> Callable[[Moment], Any]:
    return lambda m: m.world.present(organisation, 0, 1, 2)


def _fighters(m: Moment) -> Any:
    return m.k["ground"].fighter_share * _members(0)(m)


def _own(m: Moment) -> Any:
    g = m.geography
    return m.world.militants[:, 0, :3][..., np.arange(len(g.regions)), g.country_of].sum(axis=1)


def _foreign(m: Moment) -> Any:
    return _members(0)(m) - _own(m)


def _from_neighbours(m: Moment) -> Any:
    """Members from the other countries of the map, without outside stocks."""
    here = m.world.militants[:, 0, :3, :, :len(m.geography.countries)]
    return np.einsum("wkrg->wr", here) - _own(m)


def _recruiters(m: Moment) -> Any:
    w, n = m.world, len(m.geography.regions)
    alive = (w.recruiter_status == 1) | (w.recruiter_status == 2)
    return np.bincount(w.cells(w.recruiter_place).ravel(), alive.ravel(), minlength=w.n * n).reshape(w.n, n)


def _control(m: Moment) -> Any:
    g = m.geography
    return np.add.reduceat(m.world.control * g.l["share"], g.first_locality, axis=1)


def _foothold(m: Moment) -> Any:
    g = m.geography
    return np.maximum.reduceat((m.world.held >= 3).astype(np.int8), g.first_locality, axis=1)


def _spread(name: str) -> Callable[[Moment], Any]:
    return lambda m: m.by_region(getattr(m.world, name))


def _state(name: str) -> Callable[[Moment], Any]:
    return lambda m: getattr(m.world, name)


_ALL = (
    Outcome("recruits", "persons/month", "new recruits of any organisation"),
    Outcome("recruits_movement", "persons/month", "new recruits of the movement"),
    Outcome("recruits_rival", "persons/month", "new recruits of the older network"),
    Outcome("recruits_mass", "persons/month", "new activists of the mass movement"),
    Outcome("departures", "persons/month", "residents who reach the distant theatre"),
    Outcome("departures_movement", "persons/month", "of these, with the movement"),
    Outcome("to_foothold", "persons/month", "recruits who leave for a hub nearer by"),
    Outcome("new_sympathisers", "persons/month", "residents who come to sympathise"),
    Outcome("sympathisers", "persons", "sympathisers", look=lambda m: m.world.sympathising()),
    Outcome("movement_members", "persons", "members of the movement present", look=_members(0)),
    Outcome("rival_members", "persons", "members of the older network present", look=_members(1)),
    Outcome("mass_members", "persons", "activists of the mass movement present", look=_members(2)),
    Outcome("fighters", "persons", "fighters of the movement present", look=_fighters),
    Outcome("foreign_members", "persons", "members of the movement from elsewhere", look=_foreign),
    Outcome("neighbour_members", "persons", "members of the movement from other countries of the map",
            look=_from_neighbours),
    Outcome("refuge_members", "persons", "armed members in mountain or desert refuges",
            look=lambda m: sum(m.world.present(o, 1) for o in range(3))),
    Outcome("in_theatre", "persons", "residents of the region who are in the theatre",
            look=lambda m: m.world.theatre.sum(axis=1)),
    Outcome("in_theatre_movement", "persons", "of these, with the movement", look=lambda m: m.world.theatre[:, 0]),
    Outcome("recruiters", "persons", "recruiters at large", look=_recruiters),
    Outcome("interdicted", "persons/month", "travellers stopped on the way to the theatre"),
    Outcome("arrests", "persons/month", "arrests"),
    Outcome("cells_dismantled", "cells/month", "cells dismantled"),
    Outcome("cases", "persons/month", "court cases"),
    Outcome("prisoners", "persons", "prisoners", look=lambda m: sum(m.world.present(o, 3) for o in range(3))),
    Outcome("released", "persons/month", "prisoners let out"),
    Outcome("returnees_jailed", "persons/month", "returnees jailed"),
    Outcome("returnees_hidden", "persons/month", "returnees in hiding"),
    Outcome("returnees_reintegrated", "persons/month", "returnees reintegrated"),
    Outcome("sent_home", "persons/month", "men sent home by the movement to open a front"),
    Outcome("inflow", "persons/month", "outsiders who come to a hub"),
    Outcome("switched", "persons/month", "members who change organisation"),
    Outcome("attempts", "attempts/month", "attempts on localities"),
    Outcome("attempts_failed", "attempts/month", "of these, failed"),
    Outcome("revolts", "revolts/month", "revolts against the movement's rule"),
    Outcome("revolts_crushed", "revolts/month", "of these, crushed"),
    Outcome("attacks", "attacks/month", "attacks"),
    Outcome("mass_attacks", "attacks/month", "mass-casualty attacks (ten or more dead besides the attackers)"),
    Outcome("deaths_militants", "deaths/month", "militants killed"),
    Outcome("deaths_state", "deaths/month", "members of state and allied forces killed"),
    Outcome("deaths_civilians", "deaths/month", "civilians killed"),
    Outcome("offensive_killed", "deaths/month", "militants killed in offensives"),
    Outcome("offensive_losses", "deaths/month", "attackers killed in offensives"),
    Outcome("refuge_losses", "persons/month", "men lost from refuges"),
    Outcome("offensive", "persons", "forces committed to an offensive", look=_state("offensive")),
    Outcome("control", "0-1", "share of residents under the movement's control", "mean", _control),
    Outcome("controlled_residents", "persons", "residents under the movement's control",
            look=lambda m: _control(m) * m.geography.r["residents"]),
    Outcome("foothold", "0-1", "a locality held at contested or better for three months", "max", _foothold),
    Outcome("grievance", "0-1", "grievance", "mean", _state("grievance")),
    Outcome("polarisation", "0-1", "polarisation", "mean", _spread("polarisation")),
    Outcome("readiness", "index", "readiness to hear a violent message", "mean", _state("readiness")),
    Outcome("presence", "0-1", "effective state presence", "mean", _state("presence")),
    Outcome("alert", "0-1", "alert of the state", "mean", _spread("alert")),
    Outcome("exit_level", "0-1", "control of departures", "mean", _spread("exit_level")),
    Outcome("prestige", "0-1", "prestige of the movement", "mean",
            lambda m: m.world.prestige[:, :1] + np.zeros(len(m.geography.regions))),
    Outcome("effort", "effort units/month", "effort spent on levers", look=lambda m: m.flows.get("effort", 0.0)),
)
#: What prevention wishes for. Arrests, prisoners and effort are means, not ends: neither direction is good by itself.
_WISHES = {
    "-": ("recruits", "recruits_movement", "recruits_rival", "departures", "departures_movement", "to_foothold",
          "new_sympathisers", "sympathisers", "movement_members", "rival_members", "fighters", "foreign_members",
          "neighbour_members", "refuge_members", "in_theatre", "in_theatre_movement", "recruiters", "returnees_hidden",
          "sent_home", "inflow", "attempts", "attacks", "mass_attacks", "deaths_militants", "deaths_state",
          "deaths_civilians", "offensive_losses", "control", "controlled_residents", "foothold", "grievance",
          "polarisation", "readiness", "prestige"),
    "+": ("returnees_reintegrated", "presence"),
}
_WISHED = {name: wish for wish, names in _WISHES.items() for name in names}
OUTCOMES: dict[str, Outcome] = {outcome.name: replace(outcome, wish=_WISHED.get(outcome.name, "")) for outcome in _ALL}


class Recorder:
    """Keeps the chosen outcomes of a batch, and the control of every locality.

    ``values`` has shape (outcomes, W, months, R), float32; ``control`` (W, months, L), float32; ``cause`` int8.
    """

    def __init__(self, names: tuple[str, ...], worlds: int, months: int, regions: int, localities: int):
        self.outcomes = [OUTCOMES[name] for name in names]
        self.values = np.zeros((len(names), worlds, months, regions), dtype=np.float32)
        self.control = np.zeros((worlds, months, localities), dtype=np.float32)
        self.cause = np.zeros((worlds, months, localities), dtype=np.int8)

    def look(self, m: Moment) -> None:
        """Record one month."""
        for values, outcome in zip(self.values, self.outcomes, strict=True):
            if outcome.look is not None:
                values[:, m.step] = outcome.look(m)
            elif outcome.name in m.flows:
                values[:, m.step] = m.flows[outcome.name]
        self.control[:, m.step] = m.world.control
        self.cause[:, m.step] = m.world.loss_cause


def by_country(values: np.ndarray, aggregate: str, slices: list[slice], weights: np.ndarray) -> np.ndarray:
    """Regions to countries along the last axis, (..., R) -> (..., Y)."""
    parts = []
    for own in slices:
        if aggregate == "sum":
            parts.append(values[..., own].sum(axis=-1, dtype=np.float64))
        elif aggregate == "max":
            parts.append(values[..., own].max(axis=-1))
        else:
            parts.append((values[..., own] * weights[own]).sum(axis=-1, dtype=np.float64) / weights[own].sum())
    return np.stack(parts, axis=-1).astype(np.float32)
