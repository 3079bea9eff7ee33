"""What policy and outside events can turn, by country or region and month. Neutral = the world as it is.

Levers and events turn dials; processes and agents read them and never learn which policy is on. Turns of one dial
combine in one way, whatever their order: factors multiply, amounts add.
"""

from __future__ import annotations

from dataclasses import dataclass


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


def build_up(month: int, start: int, end: int | None, ramp: int) -> float:
    """How far a lever or event is built up in a month, 0-1: zero outside its period, linear over ``ramp`` months."""
    if month < start or (end is not None and month > end):
        return 0.0
    return min(1.0, (month - start + 1) / (ramp + 1))
