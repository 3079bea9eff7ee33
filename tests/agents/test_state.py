"""States, camps and local authorities: what they see, and what they do about it."""

from __future__ import annotations

import numpy as np
import pytest

from sim.agents.state import attention, lagged
from sim.moment import Moment
from sim.recruitment_model import RecruitmentModel
from sim.world import CELL, GROUND, MASS, MOVEMENT
from tests.small import AA, AA3, BB, BB1, BB2, BB3, model, put, turn

LANMERE = 7


def test_perception_lags_behind_its_signal() -> None:
    assert lagged(0.0, 1.0, 0.3) == pytest.approx(0.3)
    assert lagged(1.0, 0.0, 0.3) == pytest.approx(0.7)
    assert lagged(0.4, 0.4, 0.3) == pytest.approx(0.4)
    assert lagged(0.2, 0.9, 1.0) == pytest.approx(0.9)


def test_a_rival_draws_attention_away() -> None:
    assert attention(1.0, 0.0) == 1
    assert attention(1.0, 1.0) == pytest.approx(0.5)
    assert attention(1.0, 3.0) == pytest.approx(0.25)
    assert attention(0.0, 0.0) == 0


def at_work(worlds: int = 1, **parameters: float) -> tuple[RecruitmentModel, Moment]:
    made = model(worlds, **parameters)
    return made, made.moment()


def test_threat_rises_fast_and_fades_slowly() -> None:
    """Four attacks in 4 million people: 0.15 x 4 / 4, of which 0.3 is seen in the month, and 0.04 forgotten."""
    made, m = at_work()
    m.world.attacks_seen[:, AA3] = 4
    made.states[AA].decide(m)
    assert m.world.threat[0, AA] == pytest.approx(0.15 * 0.3)
    m.world.attacks_seen[:] = 0
    made.states[AA].decide(m)
    assert m.world.threat[0, AA] == pytest.approx(0.045 * 0.96)
    assert m.world.threat[0, BB] == 0  # each sees for itself


def test_fragmentation_lowers_alert_and_surge() -> None:
    united, split = at_work(), at_work()
    split[1].world.fragmentation[:] = 0.8
    for made, m in (united, split):
        m.world.threat[:] = 1.0
        m.world.attacks_seen[:, BB2] = 1
        made.states[BB].decide(m)
    one, two = united[1].world, split[1].world
    threat = one.threat[0, BB]
    assert one.alert[0, BB] == pytest.approx(1 - np.exp(-threat))
    assert two.alert[0, BB] == pytest.approx((1 - np.exp(-threat)) * threat / (threat + 0.8))
    assert (two.surge[0, [BB1, BB2]] < one.surge[0, [BB1, BB2]]).all()
    assert one.surge[0, BB2] == pytest.approx(2 * one.surge[0, BB1])  # forces go where violence was seen


def banned(threat: float, members: int) -> float:
    made, m = at_work(1000, state__ban=1.0, state__relax=0.0, state__ban_members=300.0)
    m.world.threat[:] = threat
    put(m, "militants", (slice(None), MASS, CELL, BB2, BB), members)
    made.states[BB].decide(m)
    assert ((m.world.crackdown[:, BB] == 1) == (m.world.banned[:, BB] == 1)).all()
    return float(m.world.banned[:, BB].mean())


def test_a_ban_needs_members_and_threat() -> None:
    """930 activists among 3.1 million are 300 per million: half the threat is blamed on them."""
    assert banned(0.0, 100_000) == 0
    assert banned(10.0, 0) == 0
    chance = 1 - np.exp(-0.5)
    assert banned(1.0, 930) == pytest.approx(chance, abs=5 * np.sqrt(chance * (1 - chance) / 1000))


def test_a_ban_fades() -> None:
    made, m = at_work()
    m.world.banned[:] = 1.0
    made.states[BB].decide(m)
    assert m.world.banned[0, BB] == pytest.approx(0.99)
    assert m.world.crackdown[0, BB] == 0


def test_exits_close_with_danger_and_capacity() -> None:
    """310 away with a movement of prestige 0.5 are 100 per million: danger 1 - exp(-0.02 x 100 x 0.5)."""
    made, m = at_work()
    put(m, "theatre", (0, MOVEMENT, BB2), 310)
    m.world.prestige[:, MOVEMENT], m.world.capacity[:] = 0.5, 0.4
    made.states[BB].decide(m)
    danger = 1 - np.exp(-1)
    assert m.world.exit_tolerance[0, BB] == pytest.approx(0.3 * (1 - danger))
    assert m.world.exit_level[0, BB] == pytest.approx(0.3 + 0.05 * 0.7 * danger * 0.6)
    assert (m.world.exit_tolerance[0, AA], m.world.exit_level[0, AA]) == (0.5, 0.4)


def test_exits_stay_as_they_are_without_danger_or_means() -> None:
    for away, capacity in ((0, 1.0), (310, 0.0)):
        made, m = at_work()
        put(m, "theatre", (0, MOVEMENT, BB2), away)
        m.world.prestige[:, MOVEMENT], m.world.capacity[:] = 0.5, capacity
        made.states[BB].decide(m)
        assert m.world.exit_level[0, BB] == 0.3


def test_barriers_grow_beside_a_hub_that_nobody_holds_down() -> None:
    made, m = at_work()
    m.world.threat[:], m.world.capacity[:], m.world.presence[:] = 5.0, 1.0, 0.0
    made.states[AA].decide(m)
    assert (m.world.barrier == 0).all()  # nothing has come across
    m.world.hub_strength[:, BB2] = 1000
    m.world.presence[:, BB2] = 1.0
    made.states[AA].decide(m)
    assert (m.world.barrier == 0).all()  # the neighbour holds its side
    m.world.presence[:, BB2] = 0.0
    for _ in range(200):
        made.states[AA].decide(m)
    assert 0.5 < m.world.barrier[0, AA3] <= 0.7
    assert m.world.barrier.sum() == m.world.barrier[0, AA3]  # at that border only


def camp(name: str, *, threat: float = 1.0, split: float = 0.8, garrison: int = 1000, support: float = 0.0,
         joint: float = 0.0, **parameters: float) -> tuple[float, Moment]:
    """Forces that a camp of Borrun sends against Borrun Shore."""
    made, m = at_work(**{"camp__rise": 0.0, **parameters})
    one = next(c for c in made.camps if c.name == name)
    m.world.control[:, LANMERE] = 0.9
    m.world.fragmentation[:, BB], m.world.capacity[:] = split, 0.6
    m.world.camp_threat[:, one.index] = threat / 0.9 if threat else 0.0
    put(m, "militants", (slice(None), MOVEMENT), 0)
    put(m, "militants", (slice(None), MOVEMENT, GROUND, BB3, BB), garrison)
    turn(m, "unified_support", support)
    turn(m, "joint_action", joint)
    one.decide(m)
    return float(m.world.offensive[0, BB3]), m


def test_the_state_commits_where_threat_ability_and_support_meet() -> None:
    """37,000 x cohesion 0.9 x (1 + 0.5 x 0) x attention 1 x 0.5, built up by half a month."""
    sent, m = camp("Borrun (state)", split=0.0)
    assert sent == pytest.approx(37_000 * 0.9 * 0.5 * 0.5)
    assert m.world.offensive.sum() == sent


@pytest.mark.parametrize(("why", "change"), [
    ("threat", {"threat": 0.0}), ("ability", {"garrison": 100_000}), ("rival", {"camp__rival_bias": 100.0}),
    ("support", {"camp__support_needed": 0.9}), ("unity", {"split": 1.0}),
])
def test_the_state_stays_at_home(why: str, change: dict[str, float]) -> None:
    assert camp("Borrun (state)", **{"split": 0.3, **change})[0] == 0
    assert camp("Borrun (state)", split=0.3)[0] > 0


def test_nobody_marches_against_nothing() -> None:
    made, m = at_work()
    m.world.camp_threat[:] = 5.0
    for one in made.camps:
        one.decide(m)
    assert (m.world.offensive == 0).all()


def test_camps_act_for_themselves_only_once_the_country_is_split() -> None:
    assert camp("Northern camp", split=0.0)[0] == 0
    assert camp("Northern camp", split=0.6, garrison=100)[0] > 0


def test_recognised_unity_turns_camps_to_the_movement() -> None:
    """Many watch the rival at split 0.7; fewer do under a recognised government."""
    alone, together = (camp("Northern camp", split=0.7, garrison=100, support=s)[0] for s in (0.0, 1.0))
    assert together > alone > 0


def test_camps_that_act_together_march_although_split() -> None:
    """They forget their rivalry, and need no recognised government."""
    alone = {"split": 0.8, "garrison": 100, "camp__support_needed": 0.7}
    assert camp("Northern camp", **alone)[0] == 0
    assert camp("Northern camp", joint=0.8, **alone)[0] > 0


@pytest.mark.parametrize(("dial", "amount", "left"), [("branding", 3.0, 3.0), ("branding", 0.2, 0.2),
                                                      ("integration", 0.7, 0.3), ("integration", 5.0, 0.0)])
def test_branding_may_be_stronger_or_give_way_to_integration(dial: str, amount: float, left: float) -> None:
    made, m = at_work()
    m.world.fragmentation[:, BB], m.world.prestige[:, MOVEMENT] = 0.8, 0.5
    turn(m, dial, amount)
    next(c for c in made.camps if c.name == "Northern camp").decide(m)
    assert m.world.infiltration[0, BB1] == pytest.approx(left * 0.05 * 0.8 * 0.75 * 0.5)


def test_a_camp_that_brands_all_opponents_pushes_them_to_the_movement() -> None:
    """Branding 0.05 x split 0.8 x brutality 0.75 x prestige, in its own seat."""
    made, m = at_work()
    m.world.fragmentation[:, BB], m.world.prestige[:, MOVEMENT] = 0.8, 0.5
    north = next(c for c in made.camps if c.name == "Northern camp")
    north.decide(m)
    assert m.world.infiltration[0, BB1] == pytest.approx(0.05 * 0.8 * 0.75 * 0.5)
    assert 0 < m.world.infiltration[0, BB2] < m.world.infiltration[0, BB1]
    assert m.world.infiltration[0, AA3] == 0


def test_local_authorities_resist_less_where_loyalty_is_orphaned() -> None:
    """Base 0.4 + 0.6 x order 0.35 - 0.6 x cleavage 0.15 - 0.8 x orphaned 0.5 in Lanmere, 0.02 in the rest."""
    made, m = at_work()
    made.local[BB].decide(m)
    assert m.world.local_resist[0, LANMERE] == pytest.approx(0.4 + 0.21 - 0.09 - 0.4)
    assert m.world.local_resist[0, LANMERE + 1] == pytest.approx(0.4 + 0.21 - 0.09 - 0.016)
    assert (m.world.local_resist[0, :4] == 1).all()  # the other country's decide for themselves


def test_harsh_rule_and_accepted_forces_raise_resistance_within_bounds() -> None:
    made, m = at_work()
    made.local[BB].decide(m)
    before = m.world.local_resist.copy()
    m.world.harshness[:] = 0.4
    made.local[BB].decide(m)
    assert m.world.local_resist[0, 4:] == pytest.approx(before[0, 4:] + 0.2)
    turn(m, "local_forces", 10.0)
    made.local[BB].decide(m)
    assert (m.world.local_resist[0, 4:] == 1.5).all()


def strikes(troops: int, attacks: int = 0) -> float:
    made, m = at_work()
    put(m, "militants", (0, MOVEMENT, GROUND, BB3, BB), troops)
    m.world.mass_attacks_seen[:, AA3] = attacks
    made.foreign.decide(m)
    level = m.flows["foreign_strikes"][0]
    assert level.sum() == level[BB3]
    return float(level[BB3])


def test_foreign_strikes_follow_the_size_of_a_hub() -> None:
    """0.3 x (1 - exp(-(1400 - 400) / 1000)); attacks abroad hasten them."""
    assert strikes(0) == strikes(400) == 0
    assert strikes(1400) == pytest.approx(0.3 * (1 - np.exp(-1)))
    assert strikes(1400, attacks=2) == pytest.approx(0.3 * (1 - np.exp(-3)))
