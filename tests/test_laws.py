"""Laws over all worlds and processes: people are conserved, luck goes by name, levers at zero change nothing."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from sim.inputs.scenario import LeverUse, Month
from sim.processes import MONTHLY_ORDER
from sim.recruitment_model import RecruitmentModel
from sim.runs.ensemble import arrays
from sim.runs.scenarios import load_scenario
from sim.world import ALLOWED, NON_NEGATIVE, STOCKS, BooksError

BASELINE = "scenarios/baseline.yaml"
TINY = "scenarios/examples/two_countries.yaml"


def small(path=BASELINE, worlds=3, end="2017-12", **changes):
    return load_scenario(path, {"worlds": worlds, "end": end}).model_copy(update=changes)


def same(a, b):
    return (np.array_equal(a.values, b.values) and np.array_equal(a.control, b.control)
            and np.array_equal(a.cause, b.cause))


def test_books_balance_in_every_month_of_the_maghreb():
    model = RecruitmentModel(small(worlds=2), checking=True)  # raises at the first move or month that does not balance
    start = model.world.people()
    while model.month < model.months:
        model.step()
        assert np.array_equal(model.world.people(), start)
        for stock in NON_NEGATIVE:
            assert (getattr(model.world, stock) >= 0).all(), stock
    assert model.world.theatre.sum() > 0
    assert model.world.dead.sum() > 0


def test_the_ledger_of_the_age_band_accounts_for_every_resident():
    model = RecruitmentModel(small(TINY, end="2014-12"))
    before = model.world.people() - model.world.outside_band[:, 0]
    model.run()
    entered_less_left = -model.world.outside_band[:, 0]
    inside = sum(getattr(model.world, s).reshape(model.world.n, -1).sum(1) for s in STOCKS if s != "outside_band")
    assert np.array_equal(inside, before + entered_less_left)
    assert (entered_less_left != 0).all()


def test_a_lost_person_is_noticed():
    model = RecruitmentModel(small(TINY, end="2014-12"), checking=True)
    model.world.uninvolved[1, 2, 0] -= 1
    with pytest.raises(BooksError, match="appeared or vanished"):
        model.step()


def test_every_move_made_is_allowed_and_every_allowed_move_is_made():
    model = RecruitmentModel(small(worlds=6))
    seen = set()
    move = model.world.move

    def watched(source, target, taken, **places):
        if np.sum(taken):
            seen.add((source, target))
        move(source, target, taken, **places)

    model.world.move = watched
    model.run()
    assert seen <= ALLOWED
    assert seen == ALLOWED, f"never used: {sorted(ALLOWED - seen)}"


def arrays_of(world):
    return {name: value.copy() for name, value in vars(world).items()
            if isinstance(value, np.ndarray) and not name.startswith("_")}


@pytest.mark.parametrize("month", [20, 50, 64])
def test_processes_write_only_what_they_declare(month):
    model = RecruitmentModel(small(worlds=4))
    for _ in range(month):
        model.step()
    m = model.moment()
    written = set()
    for process in MONTHLY_ORDER:
        before = arrays_of(model.world)
        if isinstance(process, str):
            model._decide(m)
            continue
        process.step(m)
        changed = {name for name, value in arrays_of(model.world).items() if not np.array_equal(value, before[name])}
        assert changed <= set(process.WRITES), f"{process.__name__} also wrote {changed - set(process.WRITES)}"
        written |= changed
    assert {"uninvolved", "sympathisers", "militants", "presence", "readiness"} <= written


@pytest.mark.parametrize(("path", "end"), [(BASELINE, "2015-12"), (TINY, "2014-12")])
def test_a_world_is_the_same_alone_and_in_any_batch(path, end):
    scenario = small(path, worlds=7, end=end)
    together = RecruitmentModel(scenario).run()
    for batch in ([4], [6, 2, 4]):
        part = RecruitmentModel(scenario, batch).run()
        assert np.array_equal(part.values, together.values[:, batch])
        assert np.array_equal(part.control, together.control[batch])


def test_same_result_for_one_and_two_jobs():
    scenario = small(worlds=20, end="2013-12")
    assert same(arrays(scenario, jobs=1), arrays(scenario, jobs=2))


def test_another_seed_is_another_history():
    scenario = small(TINY, worlds=4, end="2014-12")
    assert not same(arrays(scenario, 1), arrays(scenario.model_copy(update={"seed": scenario.seed + 1}), 1))


def use(lever, where=("*",), start="2012-01", strength=1.0):
    return LeverUse.model_validate({"lever": lever, "where": list(where), "from": start, "strength": strength})


@pytest.mark.parametrize("lever", ["border_control", "governance_inclusion", "national_cohesion"])
def test_a_lever_at_zero_is_the_baseline_and_a_late_one_changes_nothing_before(lever):
    plain = small(worlds=3, end="2015-12")
    base = arrays(plain, 1)
    zero = arrays(plain.model_copy(update={"levers": (use(lever, strength=0.0),)}), 1)
    assert same(base, zero)
    late = arrays(plain.model_copy(update={"levers": (use(lever, start="2014-07"),)}), 1)
    first = int(Month.parse("2014-07")) - int(plain.start)
    assert np.array_equal(late.values[:, :, :first], base.values[:, :, :first])
    assert not np.array_equal(late.values[:, :, first:], base.values[:, :, first:])


def test_luck_in_one_country_is_untouched_by_a_lever_elsewhere_until_people_carry_it():
    plain = small(worlds=3, end="2012-06")
    base = arrays(plain, 1)
    turned = arrays(plain.model_copy(update={"levers": (use("governance_inclusion", ["TN"], "2011-06"),)}), 1)
    from sim.inputs.geography import load_geography

    g = load_geography("maghreb")
    morocco = g.country_slices[g.countries.index("MA")]
    recruits = base.names.index("new_sympathisers")
    assert np.array_equal(base.values[recruits, ..., morocco], turned.values[recruits, ..., morocco])
    tunisia = g.country_slices[g.countries.index("TN")]
    assert not np.array_equal(base.values[recruits, ..., tunisia], turned.values[recruits, ..., tunisia])


def test_parameters_may_differ_between_worlds_and_each_world_runs_as_if_alone():
    scenario = small(worlds=3, end="2014-12")
    names = {"exposure.peers": np.array([0.01, 0.02, 0.03]), "counter.detection": np.array([0.05, 0.09, 0.2]),
             "exposure.sigma": np.array([1.5, 2.0, 2.5]), "recruitment.first_go": np.array([0.2, 0.5, 0.8])}
    together = arrays(scenario, 1, options={"parameters": names})
    for world in range(3):
        alone = RecruitmentModel(scenario, [world], parameters={k: float(v[world]) for k, v in names.items()}).run()
        assert np.array_equal(alone.values[:, 0], together.values[:, world])


def test_every_coefficient_may_differ_between_worlds():
    from sim.inputs.numbers import coefficients

    spread = {name: np.array([c.value, (c.value + c.high) / 2]) for name, c in coefficients().items()}
    scenario = small(TINY, worlds=2, end="2014-12")
    together = arrays(scenario, 1, options={"parameters": spread})
    alone = RecruitmentModel(scenario, [0]).run()
    assert np.array_equal(alone.values[:, 0], together.values[:, 0])


def test_stepping_by_hand_is_running():
    scenario = small(TINY, worlds=2, end="2014-12")
    model = RecruitmentModel(scenario)
    for _ in range(model.months):
        model.step()
    assert np.array_equal(model.recorder.values, RecruitmentModel(copy.deepcopy(scenario)).run().values)


def test_inspected_recruiters_are_mesa_agents_in_cells():
    model = RecruitmentModel(small(worlds=2, end="2012-12"))
    for _ in range(12):
        model.step()
    shown = model.inspect(1)
    alive = (model.world.recruiter_status[1] > 0).sum()
    assert len(shown) == alive > 0
    agent = shown[0]
    assert agent.cell.coordinate == model.world.recruiter_place[1, agent.slot]
    assert agent in agent.cell.agents
