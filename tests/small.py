"""A small world to test in: two invented countries, seven regions, one month in the hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sim.calendar import Month
from sim.inputs.scenario import LeverUse, Scenario
from sim.moment import Moment
from sim.policy.dials import DIALS
from sim.recruitment_model import RecruitmentModel

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


def moment(worlds: int = 1, *, start: str = "2013-12", calm: bool = True, values: dict[str, float] | None = None,
           **parameters: Any) -> Moment:
    """The first month of a run; without events if calm. ``group__name=x`` sets a coefficient."""
    given = {f"values.{name}": value for name, value in (values or {}).items()}
    model = RecruitmentModel(scenario(start=start, end="2014-12", worlds=worlds, events=CALM if calm else {},
                                      parameters=given), parameters=dotted(parameters), checking=True)
    model.close()
    return model.moment()


def model(worlds: int = 1, *, start: str = "2013-12", calm: bool = True, **parameters: Any) -> RecruitmentModel:
    """The model itself, for its agents."""
    made = RecruitmentModel(scenario(start=start, end="2014-12", worlds=worlds, events=CALM if calm else {}),
                            parameters=dotted(parameters), checking=True)
    made.close()
    return made


def dotted(parameters: dict[str, Any]) -> dict[str, Any]:
    """``group__name`` -> ``group.name``, beside what is pinned."""
    return PINNED | {name.replace("__", "."): value for name, value in parameters.items()}


def turn(m: Moment, dial: str, amount: float, *places: int) -> None:
    """Turn a dial at some places, or everywhere."""
    size = getattr(m.dials, dial).shape[1]
    assert dial in DIALS
    m.dials.turn(dial, np.array(places or range(size)), amount)


def put(m: Moment, stock: str, at: tuple, number: int) -> None:
    """Place people where a test wants them, and open the books anew."""
    getattr(m.world, stock)[at] = number
    m.world._total = m.world.people()


def near(number: float, expected: float, deviation: float) -> bool:
    """Within five standard deviations, on either side: a sound test fails once in 1.7 million."""
    return bool(abs(number - expected) <= 5 * deviation)
