"""What policy and outside events can turn, by country or region and month. Neutral = the world as it is.

Levers and events turn dials; processes and agents read them and never learn which policy is on. Turns of one dial
combine in one way, whatever their order: factors multiply, amounts add.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Dial:
    """A quantity that can be turned. ``combine`` is 'multiply' (neutral 1) or 'add' (neutral 0)."""

    scope: str  # 'country' or 'region'
    combine: str
    unit: str
    description: str

    @property
    def neutral(self) -> float:
        return 1.0 if self.combine == "multiply" else 0.0


def _country(combine: str, unit: str, description: str) -> Dial:
    return Dial("country", combine, unit, description)


def _region(combine: str, unit: str, description: str) -> Dial:
    return Dial("region", combine, unit, description)


DIALS: dict[str, Dial] = {
    "capacity": _country("multiply", "factor", "security and administrative capacity of the state"),
    "fragmentation": _country("add", "0-1", "rival governments and coalitions that contest the centre"),
    "cohesion_gain": _country("add", "0-1", "cohesion won by settlement or reform"),
    "hopes": _country("add", "0-1", "expectations raised by political opening"),
    "tolerance_recruitment": _country("add", "0-1", "open recruitment that the authorities tolerate"),
    "tolerance_exit": _country("add", "0-1", "departures on which the state looks away"),
    "facilitation": _country("add", "0-1", "outside helpers who ease travel to the theatre"),
    "inclusion": _region("add", "0-1", "inclusion of local grievances in government"),
    "corruption": _region("multiply", "factor", "perceived corruption"),
    "brutality": _country("multiply", "factor", "indiscriminate style of the security forces"),
    "pluralism": _country("add", "0-1", "trusted plural religious sphere"),
    "regulation": _country("add", "0-1", "state control of the religious sphere"),
    "services": _region("add", "0-1", "services and opportunities for the young"),
    "migration_open": _country("add", "0-1", "legal migration as an alternative to the theatre"),
    "prison_isolation": _country("add", "0-1", "recruiters kept apart in prison"),
    "prison_release": _country("add", "share/month", "share of network prisoners freed in the month"),
    "amnesty": _country("add", "0-1", "offers of return to civil life"),
    "reintegration": _country("add", "0-1", "returnees led into civil life instead of prison"),
    "screening": _country("add", "share", "returnees who are seen on the way back, beside those seen anyhow"),
    "sentences": _country("multiply", "factor", "length of prison terms"),
    "cooperation": _country("add", "0-1", "security cooperation; what two states share is the lesser of their turns"),
    "intelligence": _country("multiply", "factor", "intelligence that detects cells"),
    "exit_control": _country("add", "0-1", "controls on departures by air and sea"),
    "exit_ban": _country("add", "0-1", "share of all exits shut (1 = none open)"),
    "patron_backing": _country("add", "0-1", "outside backing of rival camps"),
    "outside_support": _country("add", "0-1", "outside support to the state's forces"),
    "online": _country("multiply", "factor", "online reach of the movement"),
    "brokers": _country("multiply", "factor", "activity of criminal brokers of passage"),
    "legitimation": _country("add", "0-1", "endorsement of fighting abroad by clerics and officials"),
    "polarisation_shock": _country("add", "0-1/month", "polarisation from outside the simulated actors"),
    "channels": _country("add", "0-1", "peaceful channels that people trust"),
    "war_deaths": _country("add", "deaths/1000 residents/month", "deaths in a war outside the simulated contest"),
    "joint_action": _country("add", "0-1", "rival camps and their backers act together against the movement"),
    "integration": _country("add", "0-1", "local armed groups drawn into politics, so that infiltration fails"),
    "branding": _country("multiply", "factor", "treating all opponents as one enemy"),
    "second_theatre": _country("add", "0-1", "strength of a second theatre of war; the largest counts for all"),
    "unified_support": _country("add", "0-1", "recognised unity government able to ask for help"),
    "border_effort": _region("add", "0-1", "guarding of the region's land borders"),
    "presence": _region("multiply", "factor", "state presence"),
    "stabilisation": _region("add", "0-1", "rebuilding with residents: authority returns and loyalties are won back"),
    "pursuit": _region("add", "0-1", "pursuit of remnants and refuges beyond what presence brings"),
    "community": _region("add", "0-1", "residents who tell and stand by the authorities"),
    "uprising_help": _region("add", "0-1", "outside help to residents who rise against the movement"),
    "stigma": _region("add", "0-1", "communities labelled as suspect"),
    "local_forces": _region("add", "0-1", "local forces that residents accept"),
    "airstrikes": _region("add", "0-1", "outside air strikes on militants"),
    "contestation": _region("multiply", "factor", "organised political contestation of the centre"),
}


class Dials:
    """The dials of one month, arrays of shape (1 or worlds, places of the scope).

    Parameters
    ----------
    countries, regions : int
        Number of places of each scope.
    country_of : (regions,) int
        Country of each region, so that a country's name stands for its regions.
    """

    def __init__(self, countries: int, regions: int, country_of: np.ndarray):
        self._size = {"country": countries, "region": regions}
        self._country_of = country_of
        for name in DIALS:
            self.reset(name)

    def __getattr__(self, name: str) -> np.ndarray:
        raise AttributeError(f"no dial '{name}'; there are {', '.join(DIALS)}")

    def copy(self) -> Dials:
        """Dials that stand as these do and turn by themselves."""
        twin = object.__new__(Dials)
        twin.__dict__.update(self.__dict__)
        return twin

    def reset(self, name: str) -> None:
        """Put one dial back to neutral."""
        setattr(self, name, np.full((1, self._size[DIALS[name].scope]), DIALS[name].neutral))

    def turn(self, name: str, places: np.ndarray, amount: float | np.ndarray) -> None:
        """Turn one dial at the given places (indices in its scope).

        ``amount`` is a factor for a multiplying dial and a summand for an adding one, of shape () or (worlds, 1).
        """
        value = getattr(self, name)
        amount = np.asarray(amount, dtype=float)
        if amount.ndim and value.shape[0] != amount.shape[0]:
            value = np.repeat(value, amount.shape[0], axis=0)
        else:
            value = value.copy()
        if DIALS[name].combine == "multiply":
            value[:, places] *= amount
        else:
            value[:, places] += amount
        setattr(self, name, value)


def build_up(month: int, start: int, end: int | None, ramp: int) -> float:
    """How far a lever or event is built up in a month, 0-1: zero outside its period, linear over ``ramp`` months."""
    if month < start or (end is not None and month > end):
        return 0.0
    return min(1.0, (month - start + 1) / (ramp + 1))


def turned(dials: Dials, name: str, places: Sequence[int] | np.ndarray, at_full: float | np.ndarray,
           strength: float | np.ndarray) -> None:
    """Turn a dial by a share of its full turn: factor 1 + s (f - 1), or summand s x amount; each () or (worlds, 1)."""
    amount = 1 + np.asarray(strength) * (at_full - 1) if DIALS[name].combine == "multiply" else (
        np.asarray(strength) * at_full)
    dials.turn(name, np.asarray(places, dtype=int), amount)
