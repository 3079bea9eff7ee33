"""Violence, as counts: who could attack, and what attacks leave behind."""

from __future__ import annotations

import numpy as np
import pytest

from sim.moment import Moment
from sim.processes import violence
from sim.processes.violence import armed_strength, commanded, repression
from sim.world import CELL, GROUND, HIDDEN, MASS, MOVEMENT, PRISON, REFUGE
from tests.small import AA, AA1, AA2, BB, BB1, BB2, BB3, moment, near, put, turn


def test_armed_are_those_at_large_and_the_violent_part_of_the_mass_movement() -> None:
    m = moment()
    put(m, "militants", (...,), 0)
    for condition in (CELL, REFUGE, GROUND, PRISON, HIDDEN):
        put(m, "militants", (0, MOVEMENT, condition, BB2, BB), 10)
        put(m, "militants", (0, MASS, condition, BB2, AA), 10)
    m.world.splinter[:] = (0.5, 0.1)
    assert armed_strength(m)[0, :, BB2] == pytest.approx([30, 0, 3])
    assert armed_strength(m).sum() == pytest.approx(33)


def test_command_by_hubs_fades_with_distance_and_across_borders() -> None:
    m = moment(violence__command_half=100.0)
    assert (commanded(m) == 0).all()
    m.world.hub_strength[0, BB1] = 100
    help_ = commanded(m)[0]
    distance = m.geography.distance[BB1]
    assert help_[BB1] == pytest.approx(1 - np.exp(-1))
    assert help_[BB3] == pytest.approx(1 - np.exp(-np.exp(-distance[BB3] / 250)))
    assert help_[AA2] == pytest.approx(1 - np.exp(-0.7 * np.exp(-distance[AA2] / 250)))
    m.world.hub_strength[0, BB1] = 1e9
    assert (commanded(m) <= 1).all()


def armed(worlds: int = 50, men: int = 100, **parameters: float) -> Moment:
    """Cells of the movement in Borrun Centre, where people live close together."""
    m = moment(worlds, **parameters)
    put(m, "militants", (...,), 0)
    put(m, "militants", (slice(None), MOVEMENT, CELL, BB1, BB), men)
    m.world.expansion[:] = 1.0
    return m


def test_small_attacks_follow_the_armed_men() -> None:
    """Will 0.9 x 0.006 x 1000 men = 5.4 a month."""
    m = armed(men=1000)
    m.world.expansion[:] = 0
    violence.step(m)
    assert near(m.flows["attacks"].sum(), 50 * 5.4, np.sqrt(50 * 5.4))
    assert m.flows["attacks"][:, BB1].sum() == m.flows["attacks"].sum()
    assert (m.world.attacks_seen == m.flows["attacks"]).all()
    assert m.flows["mass_attacks"].sum() == 0


def test_mass_casualty_attacks_need_command() -> None:
    """0.6 a month at full command, enough men and no guard: Poisson."""
    m = armed()
    violence.step(m)
    assert m.flows["mass_attacks"].sum() == 0
    m.world.hub_strength[:, BB1] = 1e9
    violence.step(m)
    assert near(m.world.mass_attacks_seen.sum(), 30, np.sqrt(30))
    assert (m.flows["deaths_civilians"] >= 10 * m.flows["mass_attacks"]).all()


@pytest.mark.parametrize("stop", ["expansion", "men", "guard"])
def test_no_mass_casualty_attack(stop: str) -> None:
    m = armed(men=0 if stop == "men" else 100, violence__guard=1e6 if stop == "guard" else 0.0)
    m.world.hub_strength[:] = 1e9
    m.world.learning[:] = m.world.capacity[:] = 1.0
    if stop == "expansion":
        m.world.expansion[:] = 0
    violence.step(m)
    assert m.flows["mass_attacks"].sum() == 0


def test_what_a_state_learns_prevents() -> None:
    """Guard 5 x capacity 1 x (learning 0.2 + half of intelligence, here none): a factor exp(-1)."""
    m = armed(400)
    turn(m, "intelligence", 0.0)
    m.world.hub_strength[:], m.world.learning[:], m.world.capacity[:] = 1e9, 0.2, 1.0
    violence.step(m)
    expected = 400 * 0.6 * np.exp(-1)
    assert near(m.flows["mass_attacks"].sum(), expected, np.sqrt(expected))


def test_repression_embitters_in_step_or_up_to_a_point() -> None:
    level = np.linspace(0, 1, 101)
    assert repression(level, 0.0, 0.3) == pytest.approx(level)
    bent = repression(level, 1.0, 0.3)
    assert bent[0] == 0
    assert np.argmax(bent) == 30
    assert bent[30] == pytest.approx(0.3)
    assert (np.diff(bent)[:30] > 0).all()
    assert (np.diff(bent)[30:] < 0).all()
    assert bent[100] == pytest.approx(np.exp(1 - 1 / 0.3))


@pytest.mark.parametrize(("theory", "embitters"), [({}, True), ({"theory__backlash": 0.0}, False)])
def test_abuse_is_remembered_where_repression_backfires(theory: dict[str, float], embitters: bool) -> None:
    m = armed(1, men=100_000, **theory)
    m.world.alert[:] = 0.5
    violence.step(m)
    assert (m.world.abuse > 0).any() == embitters


def test_heavy_repression_embitters_less_in_the_inverted_u() -> None:
    abuse = {}
    for name, theory in (("backlash", {}), ("inverted_u", {"theory__inverted_u": 1.0})):
        m = armed(1, men=100_000, violence__turning_point=0.2, **theory)
        m.world.alert[:] = 1.0
        violence.step(m)
        abuse[name] = m.world.abuse.sum()
    assert 0 < abuse["inverted_u"] < abuse["backlash"]


def test_attacks_take_capacity_and_teach() -> None:
    calm, hit = armed(1, men=0), armed(1, men=100_000_000)
    for m in (calm, hit):
        m.world.capacity[:], m.world.alert[:], m.world.hub_strength[:] = 0.6, 0.5, 1e9
        violence.step(m)
    for name in ("shock", "learning", "abuse"):
        assert (getattr(calm.world, name) == 0).all(), name
        assert 0 < getattr(hit.world, name)[0, BB] <= 1, name
        assert getattr(hit.world, name)[0, AA] == 0, name
    assert hit.world.shock[0, BB] == pytest.approx(0.3, abs=0.01)  # all that one month can take
    for _ in range(5):
        violence.step(hit)
    assert hit.world.shock[0, BB] == 0.5
    assert (hit.world.learning <= 1).all()


def test_nobody_abuses_without_alarm_or_brutality() -> None:
    for dial in (0.0, 1.0):
        m = armed(1, men=1_000_000)
        m.world.alert[:] = 1 - dial
        turn(m, "brutality", dial)
        violence.step(m)
        assert (m.world.abuse == 0).all()


def test_air_strikes_wear_down_troops_and_refuges_only() -> None:
    """0.12 a month at full level, as the only cause of death."""
    m = armed(50, violence__small=0.0)
    put(m, "militants", (slice(None), MOVEMENT, slice(None), BB1, BB), 200)
    put(m, "militants", (slice(None), MOVEMENT, GROUND, AA1, BB), 200)
    violence.step(m)
    assert m.world.dead.sum() == 0
    turn(m, "airstrikes", 1.0, BB1)
    violence.step(m)
    chance = 1 - np.exp(-0.12)
    dead = m.world.dead[:, BB].sum()
    assert near(dead, 20_000 * chance, np.sqrt(20_000 * chance * (1 - chance)))
    for condition in (CELL, PRISON, HIDDEN):
        assert (m.world.militants[:, MOVEMENT, condition, BB1, BB] == 200).all()
    assert (m.world.militants[:, MOVEMENT, GROUND, AA1, BB] == 200).all()
    m.world.check()
