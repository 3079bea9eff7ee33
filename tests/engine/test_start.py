"""The first month: who stands where before anything happens."""

from __future__ import annotations

import numpy as np
import pytest

from sim.engine.enums import ACTIVE, EMPTY, HIDDEN, MASS, MOVEMENT, PRISON, REFUGE, RIVAL
from sim.engine.start import class_multipliers, first_recruiters, largest_remainder, remembered_deaths
from sim.engine.state import CLASS_SHARES
from tests.engine.kit import AA, AA1, AA2, AA3, ALL, BB, BB2, Small, batch, freeze, share


@pytest.mark.parametrize("sigma", [0.5, 1.2, 2.0, 3.0])
def test_class_multipliers_have_mean_one_and_follow_the_log_normal(sigma: float) -> None:
    got = class_multipliers(np.array(sigma))
    assert (got * CLASS_SHARES).sum() == pytest.approx(1)
    assert (np.diff(got) > 0).all()
    # By numbers: the mean of exp(sigma z - sigma^2 / 2) where z lies between the quantiles of each class.
    z = np.linspace(-12, 15, 2_700_001)
    step = z[1] - z[0]
    density = np.exp(-z * z / 2) / np.sqrt(2 * np.pi) * step
    cumulative = np.cumsum(density)
    edges = np.searchsorted(cumulative, np.cumsum(CLASS_SHARES)[:-1])
    parts = np.add.reduceat(np.exp(sigma * z - sigma**2 / 2) * density, np.concatenate([[0], edges]))
    assert got == pytest.approx(parts / CLASS_SHARES, rel=2e-3)


def test_without_spread_all_classes_are_alike() -> None:
    assert class_multipliers(np.array(0.0)) == pytest.approx(np.ones(8))


def test_each_world_has_its_own_susceptibility_and_eagerness() -> None:
    sigma, first_go = np.array([0.5, 2.0]), np.array([0.0, 0.5])
    b = batch(2, exposure__sigma=sigma, recruitment__first_go=first_go)
    assert b.susceptibility == pytest.approx(class_multipliers(sigma))
    assert b.eagerness[0] == pytest.approx(np.ones(8))
    assert b.eagerness[1] == pytest.approx(np.sqrt(b.susceptibility[1]))


def test_largest_remainder_by_hand() -> None:
    assert largest_remainder(np.array([10, 3, 0]), np.array([0.55, 0.25, 0.2])).tolist() == [
        [6, 2, 2], [2, 1, 0], [0, 0, 0]]


def test_residents_start_by_class_and_add_up() -> None:
    b = batch()
    assert b.uninvolved[0].sum(axis=1).tolist() == b.geography.r["youth"].tolist()
    assert b.uninvolved[0, AA1].tolist() == [432000, 216000, 112320, 60480, 25920, 12096, 4752, 432]
    assert b.sympathisers.sum() == 0


def test_recruiter_slots_follow_the_young() -> None:
    """One per 80,000 and per 30 veterans (0.3 of prisoners count); 864, 252, 324, 624, 312, 195 and 78 thousand young.

    Networks by hand: Alvane 60 + 0.3 x 300 spread by residents 6:1.75:2.25; Borrun's in the loader's own numbers.
    """
    b = batch()
    g, slots = b.geography, b.place.regions.slots
    network = np.floor((g.r["veterans"] + 0.3 * g.r["prison_network"]) / 30).astype(int)
    assert network[:3].tolist() == [3, 0, 1]
    assert slots.tolist() == np.clip(np.array([11, 4, 5, 8, 4, 3, 1]) + network, 2, 10).tolist()
    assert (b.recruiters.place == np.repeat(np.arange(7), slots)).all()


def test_militants_start_at_home() -> None:
    b = batch()
    g = b.geography
    assert b.militants[0, RIVAL, PRISON, BB2, BB] == g.r["prison_network"][BB2]
    assert b.militants[0, RIVAL, REFUGE, :, AA].sum() == 0
    assert b.militants[0, RIVAL, REFUGE, 3:, BB].sum() == g.y["rival_members_start"][BB]
    assert b.militants[0, RIVAL, HIDDEN].sum() == g.y["veterans_total"].sum()
    assert b.militants[0, MOVEMENT].sum() == 0  # the movement does not exist yet
    own = np.arange(b.sizes["G"]) == g.country_of[:, None]
    assert (b.militants[..., ~own] == 0).all()
    assert (b.outside[0, :2] == 0).all()
    assert (b.outside[0, 2:] > 0).all()
    b.check()


def test_states_localities_and_camps_start_as_the_geography_has_them() -> None:
    b = batch()
    g = b.geography
    assert b.states.exit_level[0] == pytest.approx(g.y["exit_control"])
    assert b.states.exit_tolerance[0] == pytest.approx(g.y["tolerance_exit"])
    assert b.states.trust[0] == pytest.approx(g.y["pluralism"])
    assert (b.localities.resist == 1).all()
    assert (b.localities.control == 0).all()
    for field, name in (("fighters", "fighters"), ("cohesion", "cohesion"), ("brutality", "brutality"),
                        ("patron", "patron_support")):
        assert b.camps[field][0].tolist() == [one[name] for one in g.authorities]
    assert b.camps.country[0].tolist() == [AA, BB, BB, BB]


def test_memory_of_an_earlier_war() -> None:
    """5,000 deaths among 4 million, 16 years before 2011, at a half-life of 16 years."""
    b = batch(start="2011-01", grievance__exhaustion_half_life=16.0)
    assert b.states.war_deaths[0, AA] == pytest.approx(1.25 / 2)
    later = remembered_deaths(b.geography, np.array([16.0, 8.0]), 2027.0)
    assert later[:, AA] == pytest.approx([1.25 / 4, 1.25 / 16])
    assert remembered_deaths(b.geography, np.array([16.0]), 1990.0)[0, AA] == pytest.approx(1.25)  # not yet fading


def odds(b: Small, regions: np.ndarray) -> np.ndarray:
    """Chance that a slot of each region is taken, if its recruiters are those of the regions given."""
    g = b.geography
    expected = 0.25 * (g.r["veterans"] + 0.3 * g.r["prison_network"] + 0.3 * g.r["rival_start"])[regions]
    return np.asarray(1 - np.exp(-expected / b.place.regions.slots))


def test_first_recruiters_follow_one_rule_for_all_regions() -> None:
    """Slot by slot 1 - exp(-expected / slots), expected = 0.25 x (veterans + 0.3 prisoners + 0.3 rivals)."""
    b = batch(1000)
    agent, chance = b.recruiters, odds(b, np.arange(7))
    home = np.repeat(np.arange(7), b.place.regions.slots)
    for region in range(7):
        slots = home == region
        assert share(agent.status[:, slots] == ACTIVE, chance[region])
        assert (agent.place[:, slots] == region).all()
    first = agent.status == ACTIVE
    assert (agent.organisation[first] == RIVAL).all()  # no mass movement here at the start
    assert ((agent.skill[first] >= 0.3) & (agent.skill[first] <= 0.65)).all()
    assert agent.skill[first].mean() == pytest.approx(0.475, abs=5 * 0.35 / np.sqrt(12 * first.sum()))
    assert (agent.skill[~first] == 0).all()
    assert (agent.status[~first] == EMPTY).all()


def test_activists_have_recruiters_in_their_share() -> None:
    b = batch(1000)
    b.place.regions.mass_start[BB2] = 3 * b.place.regions.veterans[BB2]
    b.recruiters.status[:] = EMPTY
    first_recruiters(b)
    own = (b.recruiters.place == BB2) & (b.recruiters.status == ACTIVE)
    assert share(b.recruiters.organisation[own] == MASS, 0.75)
    others = (b.recruiters.place != BB2) & (b.recruiters.status == ACTIVE)
    assert (b.recruiters.organisation[others] == RIVAL).all()


def test_no_veterans_no_recruiters() -> None:
    b = batch(50, recruiter__per_veteran=0.0)
    assert (b.recruiters.status == EMPTY).all()


def test_the_placebo_places_them_somewhere_else_in_their_country() -> None:
    """Each region of Alvane gets the veterans of any of the three, one in three worlds each; Borrun likewise."""
    b = batch(3000)
    b.recruiters.status[:] = EMPTY
    freeze(b, "recruiters.shuffled", 1.0)
    first_recruiters(b)
    home = np.repeat(np.arange(7), b.place.regions.slots)
    for own in (np.array([AA1, AA2, AA3]), np.arange(3, 7)):
        for region in own:
            everybody = np.array([odds(b, np.full(7, other))[region] for other in own])
            found = (b.recruiters.status[:, home == region] == ACTIVE).mean(axis=1)
            assert found.mean() == pytest.approx(everybody.mean(), abs=5 * found.std() / np.sqrt(3000))


def test_a_start_is_the_same_for_a_world_in_any_company() -> None:
    together, alone = batch(5), batch([3])
    assert [name for name, table in together.tables.items()
            if table[3].tobytes() != alone.tables[name][0].tobytes()] == []
    assert (together.recruiters.status[ALL] != together.recruiters.status[0]).any()
