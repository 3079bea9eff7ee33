"""Deployment: members go where the opening is, near to their own, and only where no state holds them."""

from __future__ import annotations

import numpy as np
import pytest

from sim.moment import Moment
from sim.processes import deployment
from sim.processes.deployment import attraction
from sim.world import CELL, GROUND, MOVEMENT, RIVAL
from tests.small import AA, AA1, BB, BB1, BB2, BB3, BB4, moment, near, put


def test_attraction_is_prospect_and_its_share_near_to_members() -> None:
    nearness = np.array([[1.0, 0.5], [0.5, 1.0]])
    residents = np.array([20.0, 100.0])
    for prospect, members, expected in (([10.0, 20.0], [4.0, 0.0], [20, 8]), ([0.0, 20.0], [4.0, 2.0], [0, 16]),
                                        ([10.0, 50.0], [4.0, 4.0], [30, 150]), ([1.0, 1.0], [0.0, 0.0], [0, 0])):
        found = attraction(np.array([prospect]), residents, np.array([members]), nearness)[0]
        assert found == pytest.approx(expected)


def ready(worlds: int = 50, presence: float = 0.0, ambition: float = 1.0, **parameters: float) -> Moment:
    """Two hundred of the movement in Borrun Centre, a state of some presence, and one opening: Borrun Shore."""
    m = moment(worlds, **{"deployment__rate": 0.4, **parameters})
    w = m.world
    put(m, "militants", (...,), 0)
    put(m, "militants", (slice(None), MOVEMENT, CELL, BB1, BB), 200)
    w.presence[:], w.expansion[:], w.prospect[:] = presence, ambition, 0.0
    w.prospect[:, BB3] = 1000.0
    return m


@pytest.mark.parametrize(("presence", "ambition", "hazard"), [(0.0, 1.0, 0.4), (0.5, 1.0, 0.1), (0.0, 0.5, 0.2)])
def test_share_who_are_sent(presence: float, ambition: float, hazard: float) -> None:
    """Rate 0.4 x ambition x (1 - presence)^2, all to the one opening of their country."""
    m = ready(50, presence, ambition)
    deployment.step(m)
    sent = m.world.militants[:, MOVEMENT, CELL, BB3, BB].sum()
    chance = 1 - np.exp(-hazard)
    assert near(sent, 10_000 * chance, np.sqrt(10_000 * chance * (1 - chance)))
    assert m.world.militants[:, MOVEMENT, CELL, BB1, BB].sum() == 10_000 - sent
    m.world.check()


@pytest.mark.parametrize("stop", ["ambition", "state", "opening", "abroad", "ground", "rival"])
def test_nobody_is_sent(stop: str) -> None:
    m = ready(5, deployment__rate=1e6)
    w = m.world
    if stop == "ambition":
        w.expansion[:] = 0
    if stop == "state":
        w.presence[:] = 1
    if stop in ("opening", "abroad"):
        w.prospect[:] = 0
    if stop == "abroad":  # nobody is sent across a border
        w.prospect[:, AA1] = 1000
    if stop in ("ground", "rival"):
        put(m, "militants", (...,), 0)
        kind = (MOVEMENT, GROUND) if stop == "ground" else (RIVAL, CELL)
        put(m, "militants", (slice(None), *kind, BB1, BB), 200)
    before = w.militants.copy()
    deployment.step(m)
    assert (w.militants == before).all()


def test_everybody_goes_with_his_origin() -> None:
    m = ready(5, deployment__rate=1e6)
    put(m, "militants", (slice(None), MOVEMENT, CELL, BB1), np.array([7, 100, 40, 3]))
    put(m, "militants", (slice(None), MOVEMENT, CELL, BB4, AA), 9)
    deployment.step(m)
    assert (m.world.militants[:, MOVEMENT, CELL, BB3] == [16, 100, 40, 3]).all()
    assert m.world.militants.sum() == 5 * 159
    m.world.check()


def test_the_nearer_opening_draws_more() -> None:
    """exp(-km / 400): the odds of Borrun West against Borrun Sands, of equal share, follow distance and residents."""
    m = ready(4000, deployment__rate=1e6)
    m.world.prospect[:] = 0
    places = [BB2, BB4]
    m.world.prospect[:, places] = 0.001 * m.geography.r["residents"][places]
    put(m, "militants", (...,), 0)
    put(m, "militants", (slice(None), MOVEMENT, CELL, BB1, BB), 1)
    deployment.step(m)
    weight = m.geography.r["residents"][places] * np.exp(-m.geography.distance[BB1, places] / 400)
    share = weight[0] / weight.sum()
    assert share > 0.6
    went = m.world.militants[:, MOVEMENT, CELL, BB2, BB].sum()
    assert near(went, 4000 * share, np.sqrt(4000 * share * (1 - share)))


def test_the_decision_can_be_frozen() -> None:
    m = ready(5)
    m.frozen = {"movement.deploy": 0.0}
    deployment.step(m)
    assert (m.world.militants[:, MOVEMENT, CELL, BB1, BB] == 200).all()
