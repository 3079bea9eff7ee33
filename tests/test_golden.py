"""One golden run of the teaching world. A change here needs a sentence in the changelog that says why.

Sums over six worlds, fixed coefficients: flows and stocks over all months and regions, ledgers at the end. Bits are
promised within one environment only; other libraries of mathematics may round a luck to the other side, so one in five
hundred either way is let pass.
"""

from __future__ import annotations

import pytest

from sim.engine.outcomes import OUTCOMES
from sim.runs.scenarios import load_scenario
from sim.runs.worlds import Worlds

FLOWS = {"new_sympathisers": 48396, "sympathisers": 375300, "recruits": 8370, "departures": 3079,
         "to_foothold": 327, "arrests": 299, "cells_dismantled": 35, "released": 3306, "returnees_jailed": 56,
         "returnees_hidden": 228, "switched": 2620, "attacks": 389, "deaths_militants": 372,
         "deaths_civilians": 780, "movement_members": 41104, "rival_members": 58614, "mass_members": 49375,
         "refuge_members": 19587, "prisoners": 86999, "recruiters": 8478, "controlled_residents": 3811436}
LEDGERS = {"migrated": 78, "dead": 1123, "demobilised": 3351, "reintegrated": 320, "elsewhere": 0, "theatre": 812,
           "militants": 9206, "sympathisers": 15464, "outside": 56138}


@pytest.fixture(scope="module")
def teaching() -> Worlds:
    worlds = Worlds(load_scenario("scenarios/examples/two_countries.yaml", {"worlds": 6, "uncertainty": "fixed"}))
    worlds.run()
    return worlds


def test_the_teaching_world_is_what_it_was(teaching: Worlds) -> None:
    values = teaching.recorder.values
    sums = {name: float(values[list(OUTCOMES).index(name)].sum(dtype=float)) for name in FLOWS}
    assert sums == {name: pytest.approx(value, rel=0.002) for name, value in FLOWS.items()}


def test_everybody_ended_where_he_did(teaching: Worlds) -> None:
    ended = {name: int(getattr(teaching.batch, name).sum()) for name in LEDGERS}
    assert ended == {name: pytest.approx(value, rel=0.002, abs=1) for name, value in LEDGERS.items()}
