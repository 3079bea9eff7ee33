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

FLOWS = {"new_sympathisers": 48297, "sympathisers": 374725, "recruits": 8357, "departures": 3080,
         "to_foothold": 330, "arrests": 299, "cells_dismantled": 35, "released": 3308, "returnees_jailed": 76,
         "returnees_hidden": 226, "switched": 2594, "attacks": 378, "deaths_militants": 415,
         "deaths_civilians": 775, "movement_members": 39271, "rival_members": 58606, "mass_members": 49384,
         "refuge_members": 19547, "prisoners": 87180, "recruiters": 8478, "controlled_residents": 3416245}
LEDGERS = {"migrated": 78, "dead": 1196, "demobilised": 3351, "reintegrated": 317, "elsewhere": 0, "theatre": 826,
           "militants": 9008, "sympathisers": 15360, "outside": 56239}


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
