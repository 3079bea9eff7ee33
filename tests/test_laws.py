"""Laws over all worlds and processes: people are conserved, luck goes by name, levers at zero change nothing."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from sim.engine.enums import OUTSIDE_BAND, STOCKS
from sim.engine.state import BooksError
from sim.inputs.scenario import LeverUse, Month
from sim.runs.ensemble import arrays
from sim.runs.model import RecruitmentModel
from sim.runs.scenarios import load_scenario
from sim.runs.worlds import Worlds, parting

BASELINE = "scenarios/baseline.yaml"
TINY = "scenarios/examples/two_countries.yaml"


def small(path=BASELINE, worlds=3, end="2017-12", **changes):
    return load_scenario(path, {"worlds": worlds, "end": end}).model_copy(update=changes)


def same(a, b):
    return (np.array_equal(a.values, b.values) and np.array_equal(a.control, b.control)
            and np.array_equal(a.cause, b.cause))


def test_books_balance_in_every_month_of_the_maghreb():
    worlds = Worlds(small(worlds=2), checking=True)  # raises at the first move or month that does not balance
    start = worlds.batch.total()
    for month in range(worlds.months):
        worlds.run(until=month + 1)
        assert np.array_equal(worlds.batch.total(), start)
        for stock in set(STOCKS) - {"outside_band"}:
            assert (getattr(worlds.batch, stock) >= 0).all(), stock
    assert worlds.batch.theatre.sum() > 0
    assert worlds.batch.dead.sum() > 0


def test_the_ledger_of_the_age_band_accounts_for_every_resident():
    worlds = Worlds(small(TINY, end="2014-12"))
    band = worlds.batch.starts[OUTSIDE_BAND]
    before = worlds.batch.total() - worlds.batch.people[:, band]
    worlds.run()
    entered_less_left = -worlds.batch.people[:, band]
    inside = np.delete(worlds.batch.people, band, axis=1).sum(axis=1)
    assert np.array_equal(inside, before + entered_less_left)
    assert (entered_less_left != 0).all()


def test_a_lost_person_is_noticed():
    worlds = Worlds(small(TINY, end="2014-12"), checking=True)
    worlds.batch.uninvolved[1, 2, 0] -= 1
    with pytest.raises(BooksError, match="appeared or vanished"):
        worlds.run(until=1)


@pytest.mark.parametrize(("path", "end"), [(BASELINE, "2015-12"), (TINY, "2014-12")])
def test_a_world_is_the_same_alone_and_in_any_batch(path, end):
    scenario = small(path, worlds=7, end=end)
    together = Worlds(scenario).run()
    for batch in ([4], [6, 2, 4]):
        part = Worlds(scenario, batch).run()
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
        alone = Worlds(scenario, [world], parameters={k: float(v[world]) for k, v in names.items()}).run()
        assert np.array_equal(alone.values[:, 0], together.values[:, world])


def test_every_coefficient_may_differ_between_worlds():
    from sim.inputs.numbers import coefficients

    spread = {name: np.array([c.value, (c.value + c.high) / 2]) for name, c in coefficients().items()}
    scenario = small(TINY, worlds=2, end="2014-12")
    together = arrays(scenario, 1, options={"parameters": spread})
    alone = Worlds(scenario, [0]).run()
    assert np.array_equal(alone.values[:, 0], together.values[:, 0])


def test_stepping_by_hand_is_running():
    scenario = small(TINY, worlds=2, end="2014-12")
    model = RecruitmentModel(scenario)
    for _ in range(model.months):
        model.step()
    assert same(model.recorder, Worlds(copy.deepcopy(scenario)).run())


def test_a_trait_changed_between_steps_has_its_effect():
    scenario = small(TINY, worlds=2, end="2014-12")
    as_it_is, changed = RecruitmentModel(scenario), RecruitmentModel(scenario)
    for month in range(24):
        if month == 12:
            changed.states[0].traits.intelligence = 0.0
            changed.camps[-1].fields.cohesion = 0.0
        as_it_is.step()
        changed.step()
        equal = np.array_equal(as_it_is.recorder.values[:, :, :month + 1], changed.recorder.values[:, :, :month + 1])
        assert equal == (month < 12), month
    # Nobody else's geography has changed.
    assert same(Worlds(scenario).run(until=24), as_it_is.recorder)


@pytest.mark.parametrize("step", [0, 1, 40])
def test_going_on_from_a_snapshot_is_never_having_stopped(step):
    scenario = small(worlds=3, end="2014-12")
    whole = Worlds(scenario)
    whole.run(until=step)
    kept = whole.snapshot()
    whole.run()
    again = Worlds(scenario)
    again.go_on_from(kept)
    again.run()
    assert np.array_equal(again.recorder.values[:, :, step:], whole.recorder.values[:, :, step:])
    assert np.array_equal(again.recorder.control[:, step:], whole.recorder.control[:, step:])
    for name, table in whole.batch.tables.items():
        assert np.array_equal(again.batch.tables[name], table), name


def test_worlds_part_where_their_settings_do_and_not_before():
    plain = small(worlds=2, end="2014-12")
    base = Worlds(plain)
    late = plain.model_copy(update={"levers": (use("border_control", start="2013-04"),)})
    elsewhere = {**plain.parameters, "values.TN.capacity": 0.6}
    for other, month in ((Worlds(late), int(Month.parse("2013-04")) - int(plain.start)), (Worlds(plain), base.months),
                         (Worlds(plain.model_copy(update={"seed": plain.seed + 1})), 0), (Worlds(plain, [0, 2]), 0),
                         (Worlds(plain.model_copy(update={"parameters": elsewhere})), 0),
                         (Worlds(plain, parameters={"exposure.peers": np.array([0.01, 0.02])}), 0)):
        assert parting(other.course(), base.course()) == month
    with pytest.raises(ValueError, match="in the worlds that it was taken of"):
        Worlds(plain, [0, 2]).go_on_from(base.snapshot())


def test_inspected_recruiters_are_mesa_agents_in_cells():
    model = RecruitmentModel(small(worlds=2, end="2012-12"))
    for _ in range(12):
        model.step()
    shown = model.inspect(1)
    alive = (model.batch.recruiters.status[1] > 0).sum()
    assert len(shown) == alive > 0
    agent = shown[0]
    assert agent.cell.coordinate == model.batch.recruiters.place[1, agent.number]
    assert agent in agent.cell.agents
