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

FLOWS = {"new_sympathisers": 46506, "sympathisers": 367800, "recruits": 7802, "departures": 2969,
         "to_foothold": 342, "arrests": 291, "cells_dismantled": 28, "released": 3346, "returnees_jailed": 75,
         "returnees_hidden": 252, "switched": 2104, "attacks": 354, "deaths_militants": 210,
         "deaths_civilians": 565, "movement_members": 37476, "rival_members": 62952, "mass_members": 40894,
         "refuge_members": 20478, "prisoners": 85513, "recruiters": 8381, "controlled_residents": 3416039}
LEDGERS = {"migrated": 69, "dead": 964, "demobilised": 3257, "reintegrated": 356, "elsewhere": 0, "theatre": 814,
           "militants": 8725, "sympathisers": 14528, "outside": 56266}


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
