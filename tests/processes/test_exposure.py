"""Exposure: who meets whom, and who comes to sympathise."""

from __future__ import annotations

import numpy as np
import pytest

from sim.conditions import active_outreach, tolerated
from sim.moment import Moment
from sim.processes import exposure
from sim.processes.exposure import arrest_risk, exposure_hazard, neighbours_mean, watched_sites
from sim.world import ACTIVE, ARRESTED, EMPTY, LOW, MOVEMENT, RIVAL
from tests.small import AA, AA1, AA2, AA3, BB, BB2, BB3, BB4, moment, near, put, turn


def test_hazard_is_readiness_times_the_sum_of_the_channels() -> None:
    assert exposure_hazard(0.5, 0.1, 0.02, 0.03) == pytest.approx(0.075)
    assert exposure_hazard(0.0, 0.1, 0.02, 0.03) == 0
    assert exposure_hazard(0.5, 0.0, 0.0, 0.0) == 0


def test_only_active_recruiters_reach_out_with_their_skill() -> None:
    m = moment()
    w = m.world
    w.recruiter_status[:] = EMPTY
    w.recruiter_status[0, :4] = (ACTIVE, ACTIVE, LOW, ARRESTED)
    w.recruiter_place[0, :4] = BB2
    w.recruiter_org[0, :4] = (MOVEMENT, RIVAL, RIVAL, MOVEMENT)
    w.recruiter_skill[0, :4] = (0.25, 0.5, 1, 1)
    reached = active_outreach(m)
    assert (reached[0, MOVEMENT, BB2], reached[0, RIVAL, BB2]) == (0.25, 0.5)
    assert reached.sum() == 0.75


def test_tolerance_of_open_recruitment() -> None:
    m = moment()  # both countries tolerate 0.05 by themselves
    turn(m, "tolerance_recruitment", 0.5, BB)
    assert tolerated(m)[0] == pytest.approx([0.05, 0.55])
    m.world.banned[:, BB] = 1
    assert tolerated(m)[0] == pytest.approx([0.05, 0.0])
    turn(m, "regulation", 0.2, AA)
    assert tolerated(m)[0, AA] == 0


@pytest.mark.parametrize(("amount", "factor"), [(0.5, 0.85), (-0.5, 1.15), (0.0, 1.0), (9.0, 0.0)])
def test_watched_places_of_worship_leave_recruiters_fewer_contacts(amount: float, factor: float) -> None:
    """Three contacts in ten are made there."""
    m = moment(exposure__site_share=0.3)
    turn(m, "regulation", amount, BB)
    assert watched_sites(m)[0, :3] == pytest.approx(1.0)
    assert watched_sites(m)[0, 3:] == pytest.approx(factor)


def test_neighbours_mean_follows_the_links() -> None:
    m = moment()
    values = np.zeros((1, 7))
    values[0, [AA2, AA3, BB2]] = (2, 4, 8)
    mean = neighbours_mean(m, values)[0]
    assert mean[AA1] == 3  # linked to AA-2 and AA-3
    assert mean[BB4] == 4  # linked to BB-2 and BB-3
    assert mean[BB3] == pytest.approx(8 / 3)  # linked to BB-1, BB-2 and BB-4


def online_only(worlds: int = 1, **theory: float) -> Moment:
    m = moment(worlds, exposure__online=1.0, exposure__decay=0.0, exposure__migration=0.0, **theory)
    w = m.world
    w.recruiter_status[:] = EMPTY
    w.readiness[:] = 0.01
    w.prestige[:, MOVEMENT] = 0.5
    return m


def test_nobody_joins_where_nobody_is_ready_or_nobody_speaks() -> None:
    m = online_only()
    m.world.readiness[0, AA1] = 0
    turn(m, "online", 0.0, BB)
    exposure.step(m)
    joined = m.flows["new_sympathisers"][0]
    assert joined[AA1] == 0
    assert joined[BB2] == joined[BB3] == joined[BB4] == 0
    assert joined[AA2] > 0


def test_number_who_join_online() -> None:
    """Hazard 0.01 x reach x 0.5; reach 0.4 x (0.6 + 0.8 x 5/6) in the densest of Alvane's three regions."""
    m = online_only(worlds=20)
    people = m.world.uninvolved[0, AA1].copy()
    assert m.geography.r["online_reach"][AA1] == pytest.approx(0.4 * (0.6 + 0.8 * 5 / 6))
    chance = 1 - np.exp(-0.01 * 0.4 * (0.6 + 0.8 * 5 / 6) * 0.5 * m.world.susceptibility)
    exposure.step(m)
    number = m.flows["new_sympathisers"][:, AA1].sum()
    assert near(number, 20 * (people * chance).sum(), np.sqrt(20 * (people * chance * (1 - chance)).sum()))
    assert (m.world.sympathising()[:, AA1] == m.flows["new_sympathisers"][:, AA1]).all()
    m.world.check()


def test_peers_pull_in_the_linked_region_only() -> None:
    m = online_only()
    m.world.prestige[:] = 0
    m.world.readiness[:] = 1
    put(m, "sympathisers", (0, BB4), 2000)
    exposure.step(m)
    joined = m.flows["new_sympathisers"][0]
    assert (joined[[BB2, BB3, BB4]] > 0).all()
    assert joined[[AA1, AA2, AA3]].sum() == 0


def falling_away(prestige: float = 0.5, quietists: float = 0.0, migration: float = 0.0) -> np.ndarray:
    m = moment(exposure__migration=0.0 if migration == 0 else 1.0)
    m.world.readiness[:] = 0
    m.world.prestige[:] = prestige
    m.world.quietists[:] = quietists
    turn(m, "migration_open", migration)
    put(m, "sympathisers", (...,), 1000)
    exposure.step(m)
    return np.array([8000 - m.world.sympathising()[0], m.world.migrated[0]])


def test_risk_of_arrest_as_perceived() -> None:
    """1 - exp(-2.3 x force / active): nine in ten where forces are as many as the active."""
    assert arrest_risk(np.array(0.0), np.array(5.0)) == 0
    assert arrest_risk(np.array(5.0), np.array(5.0)) == pytest.approx(0.9, abs=0.001)
    assert arrest_risk(np.array(5.0), np.array(50.0)) == pytest.approx(1 - np.exp(-0.23))
    assert arrest_risk(np.array(1.0), np.array(0.0)) == pytest.approx(1, abs=1e-9)  # few are alone with the police


def test_fear_of_arrest_deters_where_the_state_is_alert() -> None:
    joined = {}
    for deterrence in (0.0, 1.0):
        for alert in (0.0, 1.0):
            m = online_only(theory__deterrence=deterrence)
            m.world.presence[:], m.world.alert[:] = 1.0, alert
            exposure.step(m)
            joined[deterrence, alert] = int(m.flows["new_sympathisers"].sum())
    assert joined[0, 0] == joined[0, 1] == joined[1, 0] > 0
    assert joined[1, 1] < 0.01 * joined[0, 0]


def test_a_cause_that_does_not_count_takes_its_national_mean() -> None:
    """Without organisations outreach is alike within a country; without deprivation readiness is."""
    m = online_only(theory__organisations=0.0, theory__deprivation=0.0)
    m.world.readiness[:] = np.arange(7.0)
    outreach = np.arange(7.0)[None] ** 2
    ready, reach = exposure._joining_theory(m, outreach)
    residents = m.geography.r["residents"]
    for own in m.geography.country_slices:
        mean = np.average(np.arange(7.0)[own], weights=residents[own])
        assert np.average(ready[0, own], weights=residents[own]) == pytest.approx(mean)
        assert reach[0, own] == pytest.approx(np.average(outreach[0, own], weights=residents[own]))
    assert ready[0, :3] == pytest.approx(ready[0, 0])  # ties abroad are alike within each of these countries


def test_sympathy_fades() -> None:
    """Decay 0.07 x (1.5 - prestige) a month: 8000 x (1 - exp(-0.07)) = 540.8 at prestige 0.5."""
    assert set(falling_away()[0]) <= {540, 541}
    assert set(falling_away(prestige=1.0)[0]) <= {275, 276}
    assert set(falling_away(quietists=1.0)[0]) <= {797, 798}  # half as fast again


def test_emigration_follows_ties_abroad() -> None:
    """(8000 - 541) x (1 - exp(-ties x (0.3 + 0.7))), ties 0.06 in Alvane and 0.02 in Borrun."""
    assert falling_away()[1].sum() == 0
    migrated = falling_away(migration=0.7)[1]
    assert migrated[AA1] == pytest.approx(434.4, abs=1.1)
    assert migrated[BB2] == pytest.approx(147.7, abs=1.1)
