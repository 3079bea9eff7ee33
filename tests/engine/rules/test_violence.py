"""Violence, as counts: who could attack, and what attacks leave behind."""

from __future__ import annotations

import numpy as np
import pytest

from sim.engine.enums import (
    CELL,
    GROUND,
    HIDDEN,
    MASS,
    MOVEMENT,
    PRISON,
    REFUGE,
)
from sim.engine.rules import violence
from tests.engine.kit import (
    AA,
    AA1,
    AA2,
    ALL,
    BB,
    BB1,
    BB2,
    BB3,
    Small,
    ask,
    batch,
    formula,
    near,
    put,
    turn,
)

repression = formula(violence.repression)


def test_armed_are_those_at_large_and_the_violent_part_of_the_mass_movement() -> None:
    b = batch()
    put(b, "militants", ..., 0)
    for condition in (CELL, REFUGE, GROUND, PRISON, HIDDEN):
        put(b, "militants", (0, MOVEMENT, condition, BB2, BB), 10)
        put(b, "militants", (0, MASS, condition, BB2, AA), 10)
    b.states.splinter[:] = (0.5, 0.1)
    strength = np.array([[ask(b, violence.armed, o, r) for r in range(7)] for o in range(3)])
    assert strength[:, BB2] == pytest.approx([30, 0, 3])
    assert strength.sum() == pytest.approx(33)


def commanded(b: Small) -> np.ndarray:
    return np.array([ask(b, violence.commanded, r) for r in range(7)])


def test_command_by_hubs_fades_with_distance_and_across_borders() -> None:
    b = batch(violence__command_half=100.0)
    assert (commanded(b) == 0).all()
    b.regions.hub_strength[0, BB1] = 100
    help_ = commanded(b)
    distance = b.geography.distance[BB1]
    assert help_[BB1] == pytest.approx(1 - np.exp(-1))
    assert help_[BB3] == pytest.approx(1 - np.exp(-np.exp(-distance[BB3] / 250)))
    assert help_[AA2] == pytest.approx(1 - np.exp(-0.7 * np.exp(-distance[AA2] / 250)))
    b.regions.hub_strength[0, BB1] = 1e9
    assert (commanded(b) <= 1).all()


def test_a_crowd_is_found_where_people_live_close_together() -> None:
    crowding = formula(violence.crowding)
    assert crowding(0.0, 0.2, 50.0) == pytest.approx(0.2)
    assert crowding(25.0, 0.2, 50.0) == pytest.approx(0.6)
    assert crowding(50.0, 0.2, 50.0) == crowding(5000.0, 0.2, 50.0) == 1


def armed(worlds: int = 50, men: int = 100, **parameters: float) -> Small:
    """Cells of the movement in Borrun Centre, where people live close together."""
    b = batch(worlds, **parameters)
    put(b, "militants", ..., 0)
    put(b, "militants", (ALL, MOVEMENT, CELL, BB1, BB), men)
    b.organisations.ambition[:] = 1.0
    return b


def test_small_attacks_follow_the_armed_men() -> None:
    """Will 0.9 x 0.006 x 1000 men = 5.4 a month."""
    b = armed(men=1000)
    b.organisations.ambition[:] = 0
    violence.step(b)
    assert near(b.happened.attacks.sum(), 50 * 5.4, np.sqrt(50 * 5.4))
    assert b.happened.attacks[:, BB1].sum() == b.happened.attacks.sum()
    assert (b.regions.attacks_seen == b.happened.attacks).all()
    assert b.happened.mass_attacks.sum() == 0


def test_mass_casualty_attacks_need_command() -> None:
    """0.6 a month at full command, enough men and no guard: Poisson."""
    b = armed()
    violence.step(b)
    assert b.happened.mass_attacks.sum() == 0
    b.regions.hub_strength[:, BB1] = 1e9
    violence.step(b)
    assert near(b.regions.mass_attacks_seen.sum(), 30, np.sqrt(30))
    assert (b.happened.deaths_civilians >= 10 * b.happened.mass_attacks).all()


@pytest.mark.parametrize("stop", ["ambition", "men", "guard"])
def test_no_mass_casualty_attack(stop: str) -> None:
    b = armed(men=0 if stop == "men" else 100, violence__guard=1e6 if stop == "guard" else 0.0)
    b.regions.hub_strength[:] = 1e9
    b.states.learning[:] = b.states.capacity[:] = 1.0
    if stop == "ambition":
        b.organisations.ambition[:] = 0
    violence.step(b)
    assert b.happened.mass_attacks.sum() == 0


def test_what_a_state_learns_prevents() -> None:
    """Guard 5 x capacity 1 x (learning 0.2 + half of intelligence, here none): a factor exp(-1)."""
    b = armed(400)
    turn(b, "intelligence", 0.0)
    b.regions.hub_strength[:], b.states.learning[:], b.states.capacity[:] = 1e9, 0.2, 1.0
    violence.step(b)
    expected = 400 * 0.6 * np.exp(-1)
    assert near(b.happened.mass_attacks.sum(), expected, np.sqrt(expected))


def test_repression_embitters_in_step_or_up_to_a_point() -> None:
    level = np.linspace(0, 1, 101)
    assert [repression(x, 0.0, 0.3) for x in level] == pytest.approx(level)
    bent = np.array([repression(x, 1.0, 0.3) for x in level])
    assert bent[0] == 0
    assert np.argmax(bent) == 30
    assert bent[30] == pytest.approx(0.3)
    assert (np.diff(bent)[:30] > 0).all()
    assert (np.diff(bent)[30:] < 0).all()
    assert bent[100] == pytest.approx(np.exp(1 - 1 / 0.3))


@pytest.mark.parametrize(("theory", "embitters"), [({}, True), ({"theory__backlash": 0.0}, False)])
def test_abuse_is_remembered_where_repression_backfires(theory: dict[str, float], embitters: bool) -> None:
    b = armed(1, men=100_000, **theory)
    b.states.alert[:] = 0.5
    violence.step(b)
    assert (b.states.abuse > 0).any() == embitters


def test_heavy_repression_embitters_less_in_the_inverted_u() -> None:
    abuse = {}
    for name, theory in (("backlash", {}), ("inverted_u", {"theory__inverted_u": 1.0})):
        b = armed(1, men=100_000, violence__turning_point=0.2, **theory)
        b.states.alert[:] = 1.0
        violence.step(b)
        abuse[name] = b.states.abuse.sum()
    assert 0 < abuse["inverted_u"] < abuse["backlash"]


def test_attacks_take_capacity_and_teach() -> None:
    calm, hit = armed(1, men=0), armed(1, men=100_000_000)
    for b in (calm, hit):
        b.states.capacity[:], b.states.alert[:], b.regions.hub_strength[:] = 0.6, 0.5, 1e9
        violence.step(b)
    for name in ("shock", "learning", "abuse"):
        assert (getattr(calm.states, name) == 0).all(), name
        assert 0 < getattr(hit.states, name)[0, BB] <= 1, name
        assert getattr(hit.states, name)[0, AA] == 0, name
    assert hit.states.shock[0, BB] == pytest.approx(0.3, abs=0.01)  # all that one month can take
    for _ in range(5):
        violence.step(hit)
    assert hit.states.shock[0, BB] == 0.5
    assert (hit.states.learning <= 1).all()


def test_nobody_abuses_without_alarm_or_brutality() -> None:
    for dial in (0.0, 1.0):
        b = armed(1, men=1_000_000)
        b.states.alert[:] = 1 - dial
        turn(b, "brutality", dial)
        violence.step(b)
        assert (b.states.abuse == 0).all()


def test_air_strikes_wear_down_troops_and_refuges_only() -> None:
    """0.12 a month at full level, as the only cause of death."""
    b = armed(50, violence__small=0.0)
    put(b, "militants", (ALL, MOVEMENT, ALL, BB1, BB), 200)
    put(b, "militants", (ALL, MOVEMENT, GROUND, AA1, BB), 200)
    violence.step(b)
    assert b.dead.sum() == 0
    turn(b, "airstrikes", 1.0, BB1)
    violence.step(b)
    chance = 1 - np.exp(-0.12)
    dead = b.dead[:, BB].sum()
    assert near(dead, 20_000 * chance, np.sqrt(20_000 * chance * (1 - chance)))
    for condition in (CELL, PRISON, HIDDEN):
        assert (b.militants[:, MOVEMENT, condition, BB1, BB] == 200).all()
    assert (b.militants[:, MOVEMENT, GROUND, AA1, BB] == 200).all()
    b.check()


def test_outside_strikes_count_beside_those_that_a_lever_brings() -> None:
    """0.12 x (0.5 + 0.25)."""
    b = armed(50, men=0)
    put(b, "militants", (ALL, MOVEMENT, REFUGE, BB1, BB), 200)
    turn(b, "airstrikes", 0.5, BB1)
    b.regions.foreign_strikes[:, BB1] = 0.25
    violence.step(b)
    chance = 1 - np.exp(-0.09)
    assert near(b.dead[:, BB].sum(), 10_000 * chance, np.sqrt(10_000 * chance * (1 - chance)))
    assert (b.happened.deaths_militants[:, BB1] == b.dead[:, BB]).all()


def test_deaths_follow_the_attacks() -> None:
    """Civilians and forces killed by each small attack, Poisson; ten and more by each mass-casualty attack."""
    b = armed(50, men=1000, violence__civilians_killed=2.0, violence__forces_killed=0.5, violence__mass=0.0)
    violence.step(b)
    attacks = b.happened.attacks.sum()
    assert attacks > 100
    assert near(b.happened.deaths_civilians.sum(), 2.0 * attacks, np.sqrt(2.0 * attacks))
    assert near(b.happened.deaths_state.sum(), 0.5 * attacks, np.sqrt(0.5 * attacks))
    b = armed(50, violence__mass=5.0, violence__mass_killed=20.0, violence__small=0.0)
    b.regions.hub_strength[:, BB1] = 1e9
    violence.step(b)
    mass = b.happened.mass_attacks.sum()
    assert mass > 50
    assert near(b.happened.deaths_civilians.sum(), 30.0 * mass, np.sqrt(20.0 * mass))
    assert b.happened.deaths_state.sum() == 0


def test_an_attack_is_seen_for_one_month() -> None:
    b = armed(men=1000)
    violence.step(b)
    assert b.regions.attacks_seen.sum() > 0
    put(b, "militants", ..., 0)
    violence.step(b)
    assert (b.regions.attacks_seen == 0).all()
