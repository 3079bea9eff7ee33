"""Deployment: members go where the opening is, near to their own, and only where no state holds them."""

from __future__ import annotations

import numpy as np
import pytest

from sim.engine.enums import CELL, GROUND, MOVEMENT, RIVAL
from sim.engine.rules import deployment
from sim.engine.rules.deployment import attraction, members_near
from tests.engine.kit import (
    AA,
    AA1,
    ALL,
    BB,
    BB1,
    BB2,
    BB3,
    BB4,
    Small,
    batch,
    freeze,
    near,
    put,
)


def test_attraction_is_prospect_and_its_share_near_to_members() -> None:
    b = ready(1)
    put(b, "militants", ..., 0)
    put(b, "militants", (0, MOVEMENT, CELL, BB1, BB), 3)
    put(b, "militants", (0, MOVEMENT, GROUND, BB1, AA), 1)
    put(b, "militants", (0, MOVEMENT, CELL, BB2, BB), 2)
    near_to = np.exp(-b.geography.distance[BB1, BB2] / 400)
    assert members_near(b.world(0))[[BB1, BB2]] == pytest.approx([4 + 2 * near_to, 4 * near_to + 2])
    for prospect in (0.0, 10.0, 50.0):
        b.regions.prospect[0, BB2] = prospect
        assert attraction(b.world(0).regions[BB2], 100.0, 6.0) == pytest.approx(prospect**2 / 100 * 6)
    put(b, "militants", ..., 0)
    assert (members_near(b.world(0)) == 0).all()


def ready(worlds: int = 50, presence: float = 0.0, ambition: float = 1.0, **parameters: float) -> Small:
    """Two hundred of the movement in Borrun Centre, a state of some presence, and one opening: Borrun Shore."""
    b = batch(worlds, **{"deployment__rate": 0.4, **parameters})
    put(b, "militants", ..., 0)
    put(b, "militants", (ALL, MOVEMENT, CELL, BB1, BB), 200)
    b.regions.presence[:], b.organisations.ambition[:], b.regions.prospect[:] = presence, ambition, 0.0
    b.regions.prospect[:, BB3] = 1000.0
    return b


@pytest.mark.parametrize(("presence", "ambition", "hazard"), [(0.0, 1.0, 0.4), (0.5, 1.0, 0.1), (0.0, 0.5, 0.2)])
def test_share_who_are_sent(presence: float, ambition: float, hazard: float) -> None:
    """Rate 0.4 x ambition x (1 - presence)^2, all to the one opening of their country."""
    b = ready(50, presence, ambition)
    deployment.step(b)
    sent = b.militants[:, MOVEMENT, CELL, BB3, BB].sum()
    chance = 1 - np.exp(-hazard)
    assert near(sent, 10_000 * chance, np.sqrt(10_000 * chance * (1 - chance)))
    assert b.militants[:, MOVEMENT, CELL, BB1, BB].sum() == 10_000 - sent
    b.check()


@pytest.mark.parametrize("stop", ["ambition", "state", "opening", "abroad", "ground", "rival"])
def test_nobody_is_sent(stop: str) -> None:
    b = ready(5, deployment__rate=1e6)
    if stop == "ambition":
        b.organisations.ambition[:] = 0
    if stop == "state":
        b.regions.presence[:] = 1
    if stop in ("opening", "abroad"):
        b.regions.prospect[:] = 0
    if stop == "abroad":  # nobody is sent across a border
        b.regions.prospect[:, AA1] = 1000
    if stop in ("ground", "rival"):
        put(b, "militants", ..., 0)
        kind = (MOVEMENT, GROUND) if stop == "ground" else (RIVAL, CELL)
        put(b, "militants", (ALL, *kind, BB1, BB), 200)
    before = b.militants.copy()
    deployment.step(b)
    assert (b.militants == before).all()


def test_everybody_goes_with_his_origin() -> None:
    b = ready(5, deployment__rate=1e6)
    put(b, "militants", (ALL, MOVEMENT, CELL, BB1), np.array([7, 100, 40, 3]))
    put(b, "militants", (ALL, MOVEMENT, CELL, BB4, AA), 9)
    deployment.step(b)
    assert (b.militants[:, MOVEMENT, CELL, BB3] == [16, 100, 40, 3]).all()
    assert b.militants.sum() == 5 * 159
    b.check()


def test_the_nearer_opening_draws_more() -> None:
    """exp(-km / 400): the odds of Borrun West against Borrun Sands, of equal share, follow distance and residents."""
    b = ready(4000, deployment__rate=1e6)
    places = [BB2, BB4]
    residents = b.geography.r["residents"][places]
    b.regions.prospect[:] = 0
    b.regions.prospect[:, places] = 0.001 * residents
    put(b, "militants", ..., 0)
    put(b, "militants", (ALL, MOVEMENT, CELL, BB1, BB), 1)
    deployment.step(b)
    weight = residents * np.exp(-b.geography.distance[BB1, places] / 400)
    odds = weight[0] / weight.sum()
    assert odds > 0.6
    went = b.militants[:, MOVEMENT, CELL, BB2, BB].sum()
    assert near(went, 4000 * odds, np.sqrt(4000 * odds * (1 - odds)))


def test_the_decision_can_be_frozen() -> None:
    b = ready(5)
    freeze(b, "movement.deploy", 0.0)
    deployment.step(b)
    assert (b.militants[:, MOVEMENT, CELL, BB1, BB] == 200).all()
