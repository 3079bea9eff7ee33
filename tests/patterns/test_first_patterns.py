"""First patterns on 50 and more worlds. The model is not calibrated: these are orders of magnitude and directions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from sim.engine.now import DECISIONS as NAMED
from sim.inputs.geography import load_geography
from sim.runs.ensemble import arrays, simulate
from sim.runs.model import RecruitmentModel
from sim.runs.scenarios import load_scenario

WORLDS = 50


@pytest.fixture(scope="module")
def base():
    return load_scenario("scenarios/baseline.yaml", {"worlds": WORLDS})


@pytest.fixture(scope="module")
def tables(base):
    return simulate(base)


@pytest.fixture(scope="module")
def raw(base):
    return arrays(base)


def countries(raw, name):
    """Whole-run totals by country, (W, Y)."""
    g = load_geography("maghreb")
    values = raw.values[raw.names.index(name)].sum(axis=1)
    return np.stack([values[:, own].sum(axis=1) for own in g.country_slices], axis=1)


def worlds_with_foothold(raw, country="LY"):
    g = load_geography("maghreb")
    here = g.country_of[g.region_of] == g.countries.index(country)
    held = (raw.control[..., here] >= 0.25).sum(axis=1)
    return (held >= 3).any(axis=1)


def at_least(successes, share, worlds=WORLDS):
    """Two-sided 99 % interval of the share of worlds must lie above the minimum written down."""
    low = binomtest(int(successes), worlds).proportion_ci(0.99).low
    assert low > share, f"{successes} of {worlds} worlds; the 99 % interval begins at {low:.2f}, wanted {share}"


def test_tunisia_sends_many_times_more_per_million_than_algeria(tables):
    people = tables.places.set_index("id")["residents"]
    outcomes = tables.outcomes
    rows = outcomes[outcomes["scope"] == "country"]
    total = rows.pivot_table(index="world", columns="place", values="departures", aggfunc="sum", observed=True)
    per_million = total / people.reindex(total.columns) * 1e6
    at_least((per_million["TN"] > 10 * per_million["DZ"]).sum(), 0.85)
    # The two stages that the sources stress most: readiness to hear a violent message, and recruiters per resident.
    by_country = rows.groupby("place", observed=True)
    readiness = by_country["readiness"].mean()
    recruiters = by_country["recruiters"].sum() / people.reindex(total.columns)
    assert readiness["TN"] > 1.5 * readiness["DZ"]
    assert recruiters["TN"] > recruiters["DZ"]


def test_footholds_form_in_collapsed_libya_and_nearly_vanish_when_it_is_restored(raw):
    collapsed = worlds_with_foothold(raw).sum()
    at_least(collapsed, 0.5)
    restored = arrays(load_scenario("scenarios/libya_restored.yaml", {"worlds": WORLDS}))
    left = worlds_with_foothold(restored).sum()
    assert left <= 0.2 * collapsed
    assert binomtest(int(left), WORLDS).proportion_ci(0.99).high < binomtest(int(collapsed), WORLDS).proportion_ci(
        0.99).low


@pytest.mark.parametrize("country", ["DZ", "MA", "TN"])
def test_footholds_are_rare_where_the_state_stands(raw, country):
    assert binomtest(int(worlds_with_foothold(raw, country).sum()), WORLDS).proportion_ci(0.99).low < 0.1


def test_without_contestation_recruitment_falls_by_more_than_half(base, raw):
    none = arrays(base, options={"parameters": {"grievance.contestation_weight": 0.0}})
    before, after = countries(raw, "recruits"), countries(none, "recruits")
    at_least((after.sum(axis=1) < 0.5 * before.sum(axis=1)).sum(), 0.85)
    assert (np.median(after / before, axis=0) < 0.5).all()  # in every country


#: Every decision of every agent, and a constant that is none of its usual values.
DECISIONS = {
    "state.alert": 0.5, "state.ban": 0.0, "state.exits": 0.0, "state.borders": 0.0, "camp.offensive": 0.0,
    "local.resist": 0.0, "foreign.strikes": 0.0, "movement.infiltrate": 0.0, "movement.attempt": 0.0,
    "movement.send_home": 0.0, "movement.deploy": 0.0, "rival.resist": 0.0, "mass.splinter": 0.0, "brokers.trade": 0.0,
    "quietists.teach": 0.0, "recruiter.move": 0.0,
}


@pytest.fixture(scope="module")
def few(base):
    return base.model_copy(update={"worlds": 8})


@pytest.fixture(scope="module")
def few_run(few):
    return RecruitmentModel(few).run()


@pytest.mark.parametrize(("decision", "constant"), DECISIONS.items())
def test_no_agent_is_decoration(few, few_run, decision, constant):
    placebo = RecruitmentModel(few, frozen={decision: constant}).run()
    a, b = few_run.values, placebo.values
    changed = [o.name for i, o in enumerate(few_run.outcomes) if not np.array_equal(a[i], b[i])]
    assert {"movement_members", "sympathisers"} & set(changed), f"{decision} changes only {changed}"


def test_the_list_of_decisions_is_complete():
    switches = {"peers", "theatre.prestige", "recruiters.shuffled"}  # of theories and placebos, not decisions
    assert set(NAMED) - switches == set(DECISIONS)
