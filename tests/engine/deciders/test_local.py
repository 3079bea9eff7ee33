"""Local authorities: how hard they resist."""

from __future__ import annotations

import pytest

from sim.engine.deciders import local
from tests.engine.kit import LANMERE, SHORE_REST, batch, freeze, turn


def test_local_authorities_resist_less_where_loyalty_is_orphaned() -> None:
    """Base 0.4 + 0.6 x order 0.35 - 0.6 x cleavage 0.15 - 0.8 x orphaned 0.5 in Lanmere, 0.02 in the rest."""
    b = batch()
    local.step(b, rows=(LANMERE, LANMERE + 1))
    assert (b.localities.resist[0, [*range(LANMERE), *range(LANMERE + 1, 10)]] == 1).all()  # each for itself
    local.step(b)
    assert b.localities.resist[0, LANMERE] == pytest.approx(0.4 + 0.21 - 0.09 - 0.4)
    assert b.localities.resist[0, SHORE_REST] == pytest.approx(0.4 + 0.21 - 0.09 - 0.016)


@pytest.mark.parametrize("dial", ["local_forces", "community"])
def test_harsh_rule_and_accepted_forces_raise_resistance_within_bounds(dial: str) -> None:
    b = batch()
    local.step(b)
    before = b.localities.resist.copy()
    b.localities.harshness[:] = 0.4
    local.step(b)
    assert b.localities.resist[0, 4:] == pytest.approx(before[0, 4:] + 0.2)
    turn(b, dial, 10.0)
    local.step(b)
    assert (b.localities.resist == 1.5).all()
    turn(b, dial, -100.0)
    local.step(b)
    assert (b.localities.resist == 0).all()


def test_their_will_can_be_frozen() -> None:
    b = batch()
    freeze(b, "local.resist", 0.7)
    local.step(b)
    assert (b.localities.resist == 0.7).all()
