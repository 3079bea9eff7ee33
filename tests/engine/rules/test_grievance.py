"""Grievance: limits of the three rules, and which way each dial moves readiness."""

from __future__ import annotations

import numpy as np
import pytest

from sim.engine.rules import grievance
from tests.engine.kit import AA1, BB, batch, formula, turn

absorbed = formula(grievance.absorbed)
deprivation = formula(grievance.deprivation)
exhaustion = formula(grievance.exhaustion)
readiness = formula(grievance.readiness)

USUAL = {"deprived": 0.5, "injustice": 0.4, "base": 0.1, "contestation": 0.9, "polarisation": 0.5, "channels": 0.5,
       "exhausted": 0.2}


def test_deprivation_is_any_of_three() -> None:
    assert deprivation(0.5, 0.5, 0.0) == pytest.approx(0.75)
    assert deprivation(0.5, 0.5, 0.5) == pytest.approx(0.875)
    assert deprivation(0.0, 0.0, 0.0) == 0
    assert deprivation(0.0, 1.0, 0.0) == 1


def test_exhaustion_by_earlier_war() -> None:
    assert exhaustion(0.0, 0.5) == 0
    assert exhaustion(2.0, np.log(2) / 2) == pytest.approx(0.5)
    assert 0.99 < exhaustion(100.0, 0.5) <= 1


def test_armed_groups_are_a_rival_market_for_the_young() -> None:
    assert absorbed(0.0, 4.0) == 0
    assert absorbed(4.0, 4.0) == pytest.approx(0.5)
    assert absorbed(12.0, 4.0) == pytest.approx(0.75)


def test_armed_groups_absorb_where_no_state_is_present() -> None:
    plain, without = batch(), batch(grievance__militia_weight=0.0)
    for b in (plain, without):
        b.regions.presence[:] = 0.0
        b.regions.presence[:, AA1] = 1.0
        grievance.step(b)
    change = without.regions.readiness - plain.regions.readiness
    assert change[0, AA1] == 0
    assert (np.delete(change[0], AA1) > 0).all()


def test_readiness_by_hand() -> None:
    assert readiness(**USUAL) == pytest.approx(0.5 * 0.4 * 1.0 * 1.5 * 0.5 * 0.8)


@pytest.mark.parametrize("none", [{"deprived": 0.0}, {"injustice": 0.0}, {"channels": 1.0}, {"exhausted": 1.0},
                                  {"base": 0.0, "contestation": 0.0}])
def test_nobody_is_ready(none: dict[str, float]) -> None:
    assert readiness(**{**USUAL, **none}) == 0


@pytest.mark.parametrize(("dial", "amount", "sign"), [
    ("inclusion", 0.5, -1), ("corruption", 0.7, -1), ("services", 0.3, -1), ("channels", 0.3, -1),
    ("stigma", 0.3, 1), ("hopes", 0.4, 1), ("brutality", 1.5, 1), ("contestation", 1.3, 1),
    ("polarisation_shock", 0.3, 1)])
def test_dials_move_readiness(dial: str, amount: float, sign: int) -> None:
    plain, turned = batch(), batch()
    turn(turned, dial, amount)
    grievance.step(plain)
    grievance.step(turned)
    change = sign * (turned.regions.readiness - plain.regions.readiness)[0]
    assert (change >= 0).all()
    capitals = dial == "services"  # their gap to themselves is nothing, whatever the services
    assert (change > 0).sum() == (5 if capitals else 7)


@pytest.mark.parametrize(("backlash", "moves"), [(1.0, True), (0.0, False)])
def test_style_embitters_unless_the_theory_says_that_repression_does_not(backlash: float, moves: bool) -> None:
    plain, harsh = (batch(theory__backlash=backlash) for _ in range(2))
    turn(harsh, "brutality", 1.5)
    grievance.step(plain)
    grievance.step(harsh)
    assert (harsh.regions.injustice > plain.regions.injustice).all() == moves
    assert (harsh.regions.injustice != plain.regions.injustice).any() == moves


def test_trusted_religious_teaching_is_a_channel() -> None:
    plain, trusted = batch(), batch()
    trusted.states.trust += 0.3
    grievance.step(plain)
    grievance.step(trusted)
    assert (trusted.regions.readiness < plain.regions.readiness).all()


def test_an_earlier_war_exhausts() -> None:
    plain, after = batch(), batch()
    after.states.war_deaths[:, BB] += 2
    grievance.step(plain)
    grievance.step(after)
    own = plain.geography.country_of == BB
    assert after.regions.readiness[0, own] == pytest.approx(plain.regions.readiness[0, own] * np.exp(-0.9))
    assert (after.regions.readiness[0, ~own] == plain.regions.readiness[0, ~own]).all()


def test_polarisation_fades_and_is_fed_by_attacks_and_crackdowns() -> None:
    """Decay 0.03 a month; a crackdown adds a quarter of what is missing; ten attacks in 4 million people 0.25."""
    b = batch(grievance__polarisation_attack=0.01, violence__mass_weight=4.0)
    b.states.polarisation[:] = 0.4
    b.states.crackdown[:, BB] = 1
    b.regions.attacks_seen[:, AA1], b.regions.mass_attacks_seen[:, AA1] = 2, 2  # two and two times four
    grievance.step(b)
    assert b.states.polarisation[0] == pytest.approx([(0.4 + 0.25 * 0.6) * 0.97, (0.4 + 0.25 * 0.6) * 0.97])
    assert (b.states.crackdown == 0).all()  # a pulse
    b.regions.attacks_seen[:] = b.regions.mass_attacks_seen[:] = 0
    grievance.step(b)
    assert b.states.polarisation[0] == pytest.approx(0.55 * 0.97**2)


def test_inclusion_lets_polarisation_fade_sooner() -> None:
    b = batch()
    b.states.polarisation[:] = 0.4
    turn(b, "inclusion", 1.0)
    grievance.step(b)
    assert b.states.polarisation[0] == pytest.approx(0.4 * (1 - 0.09))


def test_moods_stay_in_bounds() -> None:
    b = batch()
    b.regions.attacks_seen[:] = b.regions.mass_attacks_seen[:] = 10_000
    b.states.crackdown[:] = b.states.abuse[:] = 1
    turn(b, "hopes", 3.0)
    turn(b, "brutality", 5.0)
    grievance.step(b)
    for values in (b.states.polarisation, b.regions.injustice, b.regions.grievance):
        assert ((values >= 0) & (values <= 1)).all()
    assert (b.regions.readiness >= 0).all()


@pytest.mark.parametrize(("decay", "left"), [(0.0, 0.4), (0.1, 0.36), (1.0, 0.0)])
def test_polarisation_decays_at_its_own_pace(decay: float, left: float) -> None:
    b = batch(grievance__polarisation_decay=decay)
    b.states.polarisation[:] = 0.4
    grievance.step(b)
    assert b.states.polarisation[0] == pytest.approx([left, left])


def test_contestation_that_is_heard_is_lowered_by_inclusion_and_bounded() -> None:
    """Readiness without channels, deprivation and injustice alike: base + contestation alone differ."""
    plain, much, most = batch(), batch(), batch()
    turn(much, "contestation", 1e6)
    turn(most, "contestation", 1e9)
    for b in (plain, much, most):
        grievance.step(b)
    assert (much.regions.readiness > plain.regions.readiness).all()
    assert (much.regions.readiness == most.regions.readiness).all()


@pytest.mark.parametrize(("inclusion", "heard"), [(0.0, 0.6), (0.5, 0.48)])
def test_contestation_is_the_places_own_as_the_dial_has_it(inclusion: float, heard: float) -> None:
    """0.4 and half as much again; half an inclusion takes a fifth of it. Against none: (0.1 + 0.9 x heard) / 0.1."""
    found = []
    for own in (0.0, 0.4):
        b = batch(grievance__base=0.1, grievance__contestation_weight=0.9, grievance__contestation_most=1.0,
                  grievance__inclusion_contestation=0.4)
        b.place.regions.contestation[:] = own
        turn(b, "contestation", 1.5)
        turn(b, "inclusion", inclusion)
        grievance.step(b)
        found.append(b.regions.readiness[0])
    assert found[1] / found[0] == pytest.approx(np.full(7, 1 + 9 * heard))
