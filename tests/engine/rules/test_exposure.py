"""Exposure: who meets whom, and who comes to sympathise."""

from __future__ import annotations

import numpy as np
import pytest

from sim.engine.enums import CELL, MASS, MOVEMENT, MOVEMENT_BRAND
from sim.engine.rules import exposure
from sim.engine.rules.exposure import arrest_risk, exposure_hazard, neighbours_mean
from tests.engine.kit import (
    AA,
    AA1,
    AA2,
    AA3,
    ALL,
    BB,
    BB1,
    BB2,
    BB3,
    BB4,
    Small,
    ask,
    batch,
    formula,
    freeze,
    mean,
    near,
    put,
    turn,
)


def test_hazard_is_readiness_times_the_sum_of_the_channels() -> None:
    hazard = formula(exposure_hazard)
    assert hazard(0.5, 0.1, 0.02, 0.03) == pytest.approx(0.075)
    assert hazard(0.0, 0.1, 0.02, 0.03) == 0
    assert hazard(0.5, 0.0, 0.0, 0.0) == 0


def test_neighbours_mean_follows_the_links() -> None:
    b = batch()
    values = np.zeros(7)
    values[[AA2, AA3, BB2]] = (2, 4, 8)
    found = [formula(neighbours_mean)(b.place, r, values) for r in range(7)]
    assert found[AA1] == 3  # linked to AA-2 and AA-3
    assert found[BB4] == 4  # linked to BB-2 and BB-3
    assert found[BB3] == pytest.approx(8 / 3)  # linked to BB-1, BB-2 and BB-4
    assert found[AA3] == pytest.approx(10 / 3)  # across the border too


def test_risk_of_arrest_as_perceived() -> None:
    """1 - exp(-2.3 x force / active): nine in ten where forces are as many as the active."""
    risk = formula(arrest_risk)
    assert risk(0.0, 5.0, 2.3, 0.01) == 0
    assert risk(5.0, 5.0, 2.3, 0.01) == pytest.approx(0.9, abs=0.001)
    assert risk(5.0, 50.0, 2.3, 0.01) == pytest.approx(1 - np.exp(-0.23))
    assert risk(1.0, 0.0, 2.3, 0.01) == pytest.approx(1, abs=1e-9)  # few are alone with the police


def quiet(worlds: int = 1, **parameters: float) -> Small:
    """Nobody speaks, nobody falls away."""
    b = batch(worlds, **{"exposure__online": 0.0, "exposure__peers": 0.0, "exposure__decay": 0.0,
                         "exposure__migration": 0.0, **parameters})
    b.outreach[:] = 0.0
    b.brands.prestige[:] = 0.0
    put(b, "militants", ..., 0)
    return b


def online_only(worlds: int = 1, **theory: float) -> Small:
    b = quiet(worlds, **{"exposure__online": 1.0, **theory})
    b.regions.readiness[:] = 0.01
    b.brands.prestige[:, MOVEMENT_BRAND] = 0.5
    return b


def joined(b: Small) -> np.ndarray:
    exposure.step(b)
    b.check()
    return np.asarray(b.happened.new_sympathisers)


def expect(number: int, people: np.ndarray, hazard: float, b: Small, worlds: int) -> None:
    """So many joined out of these people by class in each of these worlds."""
    chance = 1 - np.exp(-hazard * b.susceptibility[0])
    assert near(number, worlds * (people * chance).sum(), np.sqrt(worlds * (people * chance * (1 - chance)).sum()))


def test_nobody_joins_where_nobody_is_ready_or_nobody_speaks() -> None:
    b = online_only()
    b.regions.readiness[0, AA1] = 0
    turn(b, "online", 0.0, BB)
    found = joined(b)[0]
    assert found[AA1] == 0
    assert found[BB2] == found[BB3] == found[BB4] == 0
    assert found[AA2] > 0


def test_number_who_join_online() -> None:
    """Hazard 0.01 x reach x 0.5; reach 0.4 x (0.6 + 0.8 x 5/6) in the densest of Alvane's three regions."""
    b = online_only(worlds=20)
    people = b.uninvolved[0, AA1].copy()
    assert b.geography.r["online_reach"][AA1] == pytest.approx(0.4 * (0.6 + 0.8 * 5 / 6))
    number = joined(b)[:, AA1]
    expect(number.sum(), people, 0.01 * 0.4 * (0.6 + 0.8 * 5 / 6) * 0.5, b, 20)
    assert (b.sympathisers[:, AA1].sum(axis=1) == number).all()


def test_online_reach_lives_on_the_brand_that_stands_higher() -> None:
    """The older network's counts less: 0.4 of 0.8 is more than 0.1."""
    b = online_only(worlds=20, exposure__rival_online=0.4)
    b.brands.prestige[:] = (0.1, 0.8, 1.0)
    people = b.uninvolved[0, AA1].copy()
    expect(joined(b)[:, AA1].sum(), people, 0.01 * 0.4 * (0.6 + 0.8 * 5 / 6) * 0.32, b, 20)


@pytest.mark.parametrize(("regulation", "factor"), [(0.0, 1.0), (0.5, 0.85), (-0.5, 1.15), (9.0, 0.0)])
def test_recruiters_meet_so_many_and_fewer_at_watched_places_of_worship(regulation: float, factor: float) -> None:
    """Hazard 0.5 x 1000 contacts x skill 2.5 of all sides / residents; three contacts in ten are made there."""
    b = quiet(20, exposure__contacts=1000.0, exposure__site_share=0.3)
    b.regions.readiness[:] = 0.5
    b.outreach[:, :, BB2] = (1.0, 0.5, 1.0)
    turn(b, "regulation", regulation, BB)
    people = b.uninvolved[0, BB2].copy()
    number = joined(b)
    expect(number[:, BB2].sum(), people, 0.5 * 2500 * factor / people.sum(), b, 20)
    assert number.sum() == number[:, BB2].sum()


def test_activists_meet_people_as_far_as_they_are_tolerated() -> None:
    """Hazard 0.5 x 10 contacts x 1000 activists x open sites 0.3 / residents; nobody else has such contacts."""
    b = quiet(20, exposure__activist_contacts=10.0)
    b.regions.readiness[:] = 0.5
    put(b, "militants", (ALL, MASS, CELL, BB2, BB), 1000)
    put(b, "militants", (ALL, MOVEMENT, CELL, BB3, BB), 1000)
    put(b, "militants", (ALL, MASS, CELL, BB1, BB), 1000)
    b.regions.open_sites[:] = 0.3
    b.regions.open_sites[:, BB1] = 0.0
    people = b.uninvolved[0, BB2].copy()
    number = joined(b)
    expect(number[:, BB2].sum(), people, 0.5 * 10 * 1000 * 0.3 / people.sum(), b, 20)
    assert number.sum() == number[:, BB2].sum()


def test_peers_pull_in_the_linked_region_only() -> None:
    b = quiet(exposure__peers=0.02)
    b.regions.readiness[:] = 1
    put(b, "sympathisers", (0, BB4), 2000)
    found = joined(b)[0]
    assert (found[[BB2, BB3, BB4]] > 0).all()
    assert found[[AA1, AA2, AA3]].sum() == 0
    assert found[BB1] == 0


@pytest.mark.parametrize("frozen", [None, 0.01])
def test_number_whom_peers_pull_in(frozen: float | None) -> None:
    """0.02 x ties x (inside + outside) shares of sympathisers, or a constant in the placebo."""
    b = quiet(20, exposure__peers=0.02)
    b.regions.readiness[:] = 1
    put(b, "sympathisers", (ALL, BB4), 2000)
    place, people = b.place.regions, b.uninvolved[0].copy()
    inclined = 16_000 / (people[BB4].sum() + 16_000)
    ties, outward = place.close_ties, place.ties_outside
    peers = {BB4: 0.02 * ties[BB4] * (1 - outward[BB4]) * inclined, BB2: 0.02 * ties[BB2] * outward[BB2] * inclined / 4}
    if frozen is not None:
        freeze(b, "peers", frozen)
        peers = dict.fromkeys(range(7), frozen)
    number = joined(b)
    for region, hazard in peers.items():
        expect(number[:, region].sum(), people[region], hazard, b, 20)


def falling_away(prestige: float = 0.5, quietists: float = 0.0, migration: float = 0.0) -> np.ndarray:
    b = batch(exposure__migration=0.0 if migration == 0 else 1.0)
    b.regions.readiness[:] = 0
    b.brands.prestige[:] = prestige
    b.states.quietists[:] = quietists
    turn(b, "migration_open", migration)
    put(b, "sympathisers", ..., 1000)
    exposure.step(b)
    b.check()
    return np.array([8000 - b.sympathisers[0].sum(axis=-1), b.migrated[0]])


def test_fear_of_arrest_deters_where_the_state_is_alert() -> None:
    found = {}
    for deterrence in (0.0, 1.0):
        for alert in (0.0, 1.0):
            b = online_only(theory__deterrence=deterrence)
            b.regions.presence[:], b.states.alert[:] = 1.0, alert
            found[deterrence, alert] = int(joined(b).sum())
    assert found[0, 0] == found[0, 1] == found[1, 0] > 0
    assert found[1, 1] < 0.01 * found[0, 0]


def test_a_cause_that_does_not_count_takes_its_national_mean() -> None:
    """Without organisations outreach is alike in a country; without deprivation readiness is, but for ties abroad."""
    b = online_only(theory__organisations=0.0, theory__deprivation=0.0)
    ready, reach = np.arange(7.0), np.arange(7.0) ** 2
    ask(b, exposure.follow_theory_of_joining, ready, reach)
    for y, own in enumerate(b.geography.country_slices):
        assert ready[own] == pytest.approx(mean(b, np.arange(7.0), y))  # ties are alike within each country
        assert reach[own] == pytest.approx(mean(b, np.arange(7.0) ** 2, y))
    b.place.regions.migration_ties[:3] = (0.1, 0.2, 0.3)
    ready = np.arange(7.0)
    ask(b, exposure.follow_theory_of_joining, ready, reach)
    ties = np.array([0.1, 0.2, 0.3]) / mean(b, b.place.regions.migration_ties, AA)
    assert ready[:3] == pytest.approx(mean(b, np.arange(7.0), AA) * ties)


def test_both_causes_count_by_default() -> None:
    b = online_only(theory__organisations=1.0, theory__deprivation=1.0)
    ready, reach = np.arange(7.0), np.arange(7.0) ** 2
    ask(b, exposure.follow_theory_of_joining, ready, reach)
    assert (ready == np.arange(7.0)).all()
    assert (reach == np.arange(7.0) ** 2).all()


def test_the_theory_of_joining_is_felt_in_the_month() -> None:
    """Online reach is nil; a region nobody is ready in has its share of the country's readiness."""
    b = quiet(theory__deprivation=0.0, exposure__contacts=1e5)
    b.outreach[:] = 1.0
    b.regions.readiness[0, AA2] = 1.0
    assert (joined(b)[0, [AA1, AA2, AA3]] > 0).all()
    b = quiet(theory__organisations=0.0, exposure__contacts=1e5)
    b.regions.readiness[:] = 1.0
    b.outreach[:, :, AA2] = 1.0
    found = joined(b)[0]
    assert (found[[AA1, AA2, AA3]] > 0).all()
    assert found[3:].sum() == 0


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


def test_those_who_fall_away_are_of_all_classes_alike() -> None:
    b = batch(exposure__migration=0.0)
    b.regions.readiness[:] = 0
    b.brands.prestige[:] = 0.5
    put(b, "sympathisers", ..., 1000)
    exposure.step(b)
    assert np.abs(1000 - b.sympathisers - 540.85 / 8).max() < 1.2


def alone(**parameters: float) -> Small:
    """Every region alone: ties stay inside, nobody recruits, no prestige, no emigration, equal susceptibility."""
    b = batch(40, **{"exposure__sigma": 1e-6, "exposure__peers": 0.03, "exposure__decay": 0.04,
                     "exposure__migration": 0.0, "exposure__quietist": 0.0, "exposure__online": 0.0, **parameters})
    b.place.regions.ties_outside[:] = 0.0
    b.regions.readiness[:] = 0.4
    put(b, "militants", ..., 0)
    return b


def youth(b: Small) -> np.ndarray:
    return np.asarray((b.uninvolved + b.sympathisers).sum(axis=-1))


def test_contagion_without_government_follows_its_closed_form() -> None:
    """Peers only: s' = b s (1 - s) - d s, a logistic curve with growth r = b - d and ceiling 1 - d / b."""
    w = alone()
    gain = 0.03 * 0.4 * w.geography.r["close_ties"]  # hazard per sympathising share
    loss = 0.04 * 1.5  # decay when no brand has prestige
    start, months = 0.02, 60
    people = youth(w)
    first = np.rint(people * start).astype(np.int64)
    w.sympathisers[..., 0] = first
    w.uninvolved[..., 0] -= first
    for w.step in range(months):
        exposure.step(w)
    w.check()
    found = (w.sympathisers.sum(axis=-1) / people).mean(axis=0)
    r, ceiling = gain - loss, 1 - loss / gain
    expected = ceiling / (1 + (ceiling / start - 1) * np.exp(-r * months))
    # The month is a finite step: a logistic map lags its curve by about r / 2 of a step's growth.
    assert found == pytest.approx(expected, rel=0.06)
    assert (np.abs(expected - start) > 0.05).all()  # the curve has moved, so the test can fail


def test_constant_outreach_reaches_its_balance() -> None:
    """Online reach only: share -> h / (h + d) with h the hazard and d the decay, both per month."""
    b = alone(exposure__peers=0.0, exposure__online=0.05)
    b.brands.prestige[:, MOVEMENT_BRAND] = 0.5
    for b.step in range(200):
        exposure.step(b)
    join = 1 - np.exp(-0.4 * 0.05 * b.geography.r["online_reach"] * 0.5)
    leave = 1 - np.exp(-0.04 * (1.5 - 0.5))
    found = (b.sympathisers.sum(axis=-1) / youth(b)).mean(axis=0)
    # In one step people join first and only those who were there before may leave.
    assert found == pytest.approx(join / (join + leave), rel=0.02)
