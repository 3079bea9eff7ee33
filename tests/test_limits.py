"""Limits worked out by hand: what must happen when a cause is absent or complete."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from sim.inputs.geography import load_geography
from sim.inputs.numbers import coefficient_groups
from sim.moment import Moment
from sim.noise import Noise
from sim.policy.dials import Dials
from sim.processes import exposure
from sim.processes.destinations import hub_pull
from sim.recruitment_model import RecruitmentModel
from sim.runs.ensemble import arrays, footholds
from sim.runs.scenarios import load_scenario
from sim.world import World

BASELINE = "scenarios/baseline.yaml"


def baseline(worlds=4, end="2017-12", **changes):
    return load_scenario(BASELINE, {"worlds": worlds, "end": end}).model_copy(update=changes)


def outcome(raw, name):
    return raw.values[raw.names.index(name)]


@pytest.fixture
def one_region():
    """Every region alone: ties stay inside, nobody recruits, no prestige, no emigration, equal susceptibility."""
    g = copy.deepcopy(load_geography("two_countries"))
    g.r["ties_outside"][:] = 0.0
    k = coefficient_groups({"exposure.sigma": 1e-6, "exposure.peers": 0.03, "exposure.decay": 0.04,
                            "exposure.migration": 0.0, "exposure.quietist": 0.0})
    world = World(g, k, 40)
    world.militants[:] = 0
    world.readiness[:] = 0.4
    return Moment(world, g, k, Dials(len(g.countries), len(g.regions), g.country_of), Noise(5, np.arange(40)), 0, 0)


def test_contagion_without_government_follows_its_closed_form(one_region):
    """Peers only: s' = b s (1 - s) - d s, a logistic curve with growth r = b - d and ceiling 1 - d / b."""
    m = one_region
    ties = m.geography.r["close_ties"]
    b = 0.03 * 0.4 * ties  # hazard per sympathising share
    d = 0.04 * 1.5  # decay when no brand has prestige
    start = 0.02
    youth = m.world.youth()
    first = np.rint(youth * start).astype(np.int32)
    m.world.sympathisers[..., 0] = first
    m.world.uninvolved[..., 0] -= first
    months = 60
    for month in range(months):
        m.month = month
        m.flows = {}
        exposure.step(m)
    share = (m.world.sympathising() / youth).mean(axis=0)
    r, ceiling = b - d, 1 - d / b
    expected = ceiling / (1 + (ceiling / start - 1) * np.exp(-r * months))
    # The month is a finite step: a logistic map lags its curve by about r / 2 of a step's growth.
    assert share == pytest.approx(expected, rel=0.06)
    assert (np.abs(expected - start) > 0.05).all()  # the curve has moved, so the test can fail


def test_constant_outreach_reaches_its_balance(one_region):
    """Online reach only: share -> h / (h + d) with h the hazard and d the decay, both per month."""
    m = one_region
    m.k["exposure"].peers = np.asarray(0.0)
    m.k["exposure"].online = np.asarray(0.05)
    m.world.prestige[:, 0] = 0.5
    for month in range(200):
        m.month = month
        exposure.step(m)
    join = 1 - np.exp(-0.4 * 0.05 * m.geography.r["online_reach"] * 0.5)
    leave = 1 - np.exp(-0.04 * (1.5 - 0.5))
    share = (m.world.sympathising() / m.world.youth()).mean(axis=0)
    # In one step people join first and only those who were there before may leave.
    assert share == pytest.approx(join / (join + leave), rel=0.02)


def test_no_recruiters_peers_or_online_reach_then_nobody_joins():
    off = {name: 0.0 for name in (
        "exposure.contacts", "exposure.activist_contacts", "exposure.peers", "exposure.online",
        "recruiter.per_veteran", "recruiter.from_returnees", "recruiter.from_cells", "recruiter.from_released")}
    raw = arrays(baseline(end="2014-12"), 1, options={"parameters": off})
    for name in ("new_sympathisers", "recruits", "recruiters"):
        assert outcome(raw, name).sum() == 0, name


def test_all_exits_shut_then_nobody_departs():
    scenario = baseline(end="2016-12")
    raw = arrays(scenario, 1, options={"turns": [("exit_ban", ["*"], 1.0, int(scenario.start), None)]})
    assert outcome(raw, "departures").sum() == 0
    assert outcome(raw, "recruits").sum() > 0
    # Nor does anybody leave for a hub across a border: the hub drawn for a country lies at home or nowhere.
    model = RecruitmentModel(scenario, turns=[("exit_ban", ["*"], 1.0, int(scenario.start), None)])
    for _ in range(60):
        model.step()
    pull, hub = hub_pull(model.moment())
    g = model.geography
    assert model.world.hub_strength[:, g.country_slices[g.countries.index("LY")]].sum() > 0
    for y in range(len(g.countries)):
        assert (g.country_of[hub[:, y][hub[:, y] >= 0]] == y).all()
    assert (pull[:, g.countries.index("LY")] > 0).all()


def test_full_capacity_and_cohesion_leave_no_foothold():
    full = {f"values.{c}.{field}": value for c in ("DZ", "LY", "MA", "TN")
            for field, value in (("capacity", 1.0), ("cohesion", 1.0))}
    events = {name: "never" for name in ("ly_uprising", "ly_split", "ly_split_shock", "tn_uprising", "tn_aftermath")}
    raw = arrays(baseline(worlds=30, parameters=full, events=events))
    found = footholds(baseline(worlds=30), raw, load_geography("maghreb"))
    assert found.empty, found


def test_an_empty_place_is_not_won_because_nobody_stands_there():
    """Without any defender a locality still needs a minimum garrison: fewer fighters win nothing."""
    from sim.processes import ground
    from sim.world import CELL, MOVEMENT

    model = RecruitmentModel(baseline(worlds=40, end="2011-01", uncertainty="fixed"))
    g, w = model.geography, model.world
    place = g.localities.index("LY-SR.sirte")
    region = g.regions.index("LY-SR")
    w.militants[:] = 0
    w.presence[:] = 0.0
    w.capacity[:] = 0.0
    w.local_resist[:] = 0.0
    w.expansion[:] = 1.0
    needed = float(model.k["ground"].garrison) * g.l["residents"][place] / 1000
    share = float(model.k["ground"].fighter_share)

    def taken(members):
        w.control[:] = 0.0
        w.militants[:, MOVEMENT, CELL, region, g.country_of[region]] = members
        for month in range(24):
            m = model.moment()
            m.month = month
            ground.step(m)
        return (w.control[:, place] > 0).mean()

    assert taken(int(0.9 * needed / share)) == 0.0
    assert taken(int(3.0 * needed / share)) > 0.5
