"""One golden run of the teaching world. A change here needs a sentence in the changelog that says why.

Sums over six worlds, all months and regions, fixed coefficients. Bits are promised within one environment only; other
versions of NumPy may round a luck to the other side, so a hundredth either way is let pass.
"""

from __future__ import annotations

import pytest

from sim.runs.ensemble import run_chunk
from sim.runs.scenarios import load_scenario

GOLDEN = {"new_sympathisers": 47195, "recruits": 8032, "departures": 3072, "arrests": 289, "attacks": 363,
          "movement_members": 38617}


def test_the_teaching_world_is_what_it_was():
    scenario = load_scenario("scenarios/examples/two_countries.yaml", {"worlds": 6, "uncertainty": "fixed"})
    raw = run_chunk(scenario, range(6))
    sums = {name: float(raw.values[raw.names.index(name)].sum(dtype=float)) for name in GOLDEN}
    assert sums == {name: pytest.approx(value, rel=0.01) for name, value in GOLDEN.items()}
