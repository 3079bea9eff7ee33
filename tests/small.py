"""A small world to test in: two invented countries, seven regions, one month in the hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sim.calendar import Month
from sim.inputs.scenario import LeverUse, Scenario
from sim.runs.worlds import Worlds

AA, BB = 0, 1  # countries: a strong state and one that may collapse
AA1, AA2, AA3, BB1, BB2, BB3, BB4 = range(7)  # regions; AA1 and BB1 hold the capitals and airports
#: What the tests reckon with by hand, whatever becomes of the defaults.
PINNED = {"counter.detection": 0.09, "grievance.exhaustion": 0.45, "theatre.screening": 1.5, "theatre.attachment": 1.0,
          "organisation.infiltration": 0.15, "destination.home_front": 0.0, "ground.fighter_share": 0.5,
          "exposure.contacts": 180.0, "exposure.peers": 0.02, "exposure.online": 0.004, "recruitment.capacity": 3.0,
          "recruitment.self_starting": 0.0015, "destination.theatre": 6.0, "destination.hub": 3.0,
          "theatre.return_rate": 0.01, "theatre.send_home": 0.2, "counter.pursuit": 0.16, "grievance.hope_weight": 1.6,
          "camp.rise": 0.045, "violence.mass": 0.6, "ground.garrison": 0.8, "offensive.attacker_kills": 0.06,
          "offensive.defender_kills": 0.12, "inflow.rate": 1.0, "rivalry.rate": 0.02}
CALM = {"bb_agreement": "never", "bb_prisons": "never", "bb_split": "never", "bb_uprising": "never", "bb_war": "never",
        "helpers_abroad": "never"}


def scenario(levers: Sequence[LeverUse] = (), *, start: str = "2011-01", end: str = "2012-12", worlds: int = 2,
             **keys: Any) -> Scenario:
    """The two countries, unchecked: parameters may leave their ranges."""
    return Scenario(name="small", world="two_countries", start=Month.parse(start), end=Month.parse(end), worlds=worlds,
                    levers=tuple(levers), **keys)


def worlds(number: int = 1, *, start: str = "2013-12", calm: bool = True, values: dict[str, float] | None = None,
           **parameters: Any) -> Worlds:
    """Worlds at the head of their first month; without events if calm. ``group__name=x`` sets a coefficient."""
    given = {f"values.{name}": value for name, value in (values or {}).items()}
    return Worlds(scenario(start=start, end="2014-12", worlds=number, events=CALM if calm else {}, parameters=given),
                  parameters=dotted(parameters), checking=True, own_place=True)


def dotted(parameters: dict[str, Any]) -> dict[str, Any]:
    """``group__name`` -> ``group.name``, beside what is pinned."""
    return PINNED | {name.replace("__", "."): value for name, value in parameters.items()}


def put(w: Worlds, stock: str, at: tuple, number: int) -> None:
    """Place people where a test wants them, and open the books anew."""
    getattr(w.batch, stock)[at] = number
    w.batch.counts[:] = w.batch.militants.sum(axis=-1)
    w.people = w.batch.total()


def near(number: float, expected: float, deviation: float) -> bool:
    """Within five standard deviations, on either side: a sound test fails once in 1.7 million."""
    return bool(abs(number - expected) <= 5 * deviation)
