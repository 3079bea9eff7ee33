"""Every kind of measure on arrays made by hand, the roles by their rule, and the verdict."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.calendar import Month
from sim.engine.outcomes import OUTCOMES
from sim.inputs.geography import load_geography
from sim.inputs.mistakes import DataError
from sim.studies.record import measures as M
from sim.studies.record import targets as T

G = load_geography("maghreb")
MONTHS, WORLDS = 24, 3
START = int(Month.parse("2011-01"))
DERNA, SIRTE = (G.localities.index(name) for name in ("LY-DR.derna", "LY-SR.sirte"))


def at(region):
    return G.regions.index(region)


@pytest.fixture
def v():
    """Three worlds of two years; nothing happens until a test says so."""
    names = ["departures", "departures_movement", "readiness", "foothold", "refuge_members", "refuge_losses"]
    shape = (len(names), WORLDS, MONTHS, len(G.regions))
    places = (WORLDS, MONTHS, len(G.localities))
    return M.View(names, np.zeros(shape, np.float32), np.zeros(places, np.float32), np.zeros(places, np.int8), G, START)


def put(v, outcome, world, month, region, amount):
    v.values[v.names.index(outcome), world, month, at(region)] = amount


def read(v, **spec):
    M.check_measure(spec, G, "here")
    return M.evaluate(v, spec)


def test_total_and_level(v):
    put(v, "departures", 0, 3, "TN-11", 5)
    put(v, "departures", 0, 4, "TN-12", 7)
    put(v, "departures", 1, 4, "LY-DR", 2)
    put(v, "departures_movement", 0, 4, "TN-12", 3)
    spec = {"kind": "total", "outcome": "departures"}
    assert read(v, **spec, place="TN").tolist() == [12, 0, 0]
    assert read(v, **spec, place="*").tolist() == [12, 2, 0]
    assert read(v, **spec, place=["TN-11", "LY-DR"]).tolist() == [5, 2, 0]
    assert read(v, **{**spec, "from": "2011-05", "until": "2011-05"}, place="TN").tolist() == [7, 0, 0]
    assert read(v, kind="total", outcome="departures-departures_movement", place="TN").tolist() == [9, 0, 0]
    assert np.isnan(read(v, **spec, place="TN", none="missing")).tolist() == [False, True, True]
    window = {"kind": "level", "outcome": "departures", "place": "TN", "from": "2011-04", "until": "2011-05"}
    assert [read(v, **window, how=how)[0] for how in ("mean", "max", "min", "first", "last")] == [6, 7, 5, 5, 7]


def test_a_locality_has_its_share_of_the_region(v):
    put(v, "departures", 0, 0, "LY-DR", 100)
    found = read(v, kind="total", outcome="departures", place="LY-DR.derna")[0]
    assert found == pytest.approx(100 * G.l["share"][DERNA])


def test_shares_of_a_country_are_weighted_by_residents(v):
    put(v, "readiness", 0, 0, "TN-11", 0.6)
    residents = G.r["residents"]
    own = G.country_slices[G.countries.index("TN")]
    want = 0.6 * residents[at("TN-11")] / residents[own].sum()
    assert read(v, kind="level", outcome="readiness", place="TN", until="2011-01")[0] == pytest.approx(want)
    put(v, "foothold", 1, 2, "LY-SR", 1)
    assert read(v, kind="level", outcome="foothold", place="LY", how="max").tolist() == [0, 1, 0]


def test_peaks_are_read_from_a_running_mean(v):
    for month, amount in zip((2, 3, 4, 10), (3, 9, 6, 12), strict=True):
        put(v, "departures", 0, month, "TN-11", amount)
    spec = {"outcome": "departures", "place": "TN"}
    assert read(v, kind="peak_value", **spec)[0] == pytest.approx(6)
    assert read(v, kind="peak_month", **spec)[0] == 3
    assert read(v, kind="peak_value", **spec, smooth=1)[0] == 12
    assert read(v, kind="peak_month", **spec, smooth=1)[0] == 10
    assert np.isnan(read(v, kind="peak_month", **spec)[1])
    v.start += 12
    v.kept.clear()
    assert read(v, kind="peak_month", **spec)[0] == 15


def test_ratios_differences_and_shares(v):
    put(v, "departures", 0, 0, "TN-11", 6)
    put(v, "departures", 0, 0, "LY-DR", 3)
    put(v, "departures", 1, 0, "TN-11", 4)
    tunis = {"kind": "total", "outcome": "departures", "place": "TN"}
    libya = {**tunis, "place": "LY"}
    np.testing.assert_array_equal(read(v, kind="ratio", of=tunis, to=libya), [2, np.nan, np.nan])
    np.testing.assert_array_equal(read(v, kind="difference", of=tunis, to=libya), [3, 4, 0])
    np.testing.assert_array_equal(read(v, kind="share", part=tunis, rest=libya), [6 / 9, 1, np.nan])
    residents = G.r["residents"][G.country_slices[G.countries.index("TN")]].sum()
    assert read(v, kind="per_million", outcome="departures", place="TN")[0] == pytest.approx(6e6 / residents)


def test_footholds_in_time(v):
    v.control[0, 5:12, DERNA] = 0.3
    v.control[0, 14:18, DERNA] = 0.9
    v.control[1, 20:, DERNA] = 0.6  # still held at the end
    v.control[2, 4:6, DERNA] = 0.9  # too short
    v.cause[0, 13, DERNA] = 1
    place = {"place": "LY-DR.derna", "grade": "contested"}
    np.testing.assert_array_equal(read(v, kind="onset_month", **place), [5, 20, np.nan])
    np.testing.assert_array_equal(read(v, kind="end_month", **place), [12, np.nan, np.nan])
    np.testing.assert_array_equal(read(v, kind="held_months", **place), [7, 4, np.nan])
    np.testing.assert_array_equal(read(v, kind="onset_month", place="LY-DR", grade="exclusive"), [14, np.nan, np.nan])
    assert read(v, kind="foothold", place="LY-DR").tolist() == [1, 1, 0]
    assert read(v, kind="foothold", place="LY-DR", until="2011-07").tolist() == [0, 0, 0]
    assert read(v, kind="foothold", place="TN").tolist() == [0, 0, 0]
    rival = read(v, kind="ended_by", place="LY-DR.derna", causes=["rival local groups"])
    np.testing.assert_array_equal(rival, [1, np.nan, np.nan])
    assert read(v, kind="ended_by", place="LY-DR.derna", causes=["offensive"])[0] == 0


def test_a_loss_without_a_cause_is_nobodys(v):
    v.control[0, 5:12, DERNA] = 0.3
    assert read(v, kind="ended_by", place="LY-DR.derna", causes=["offensive"])[0] == 0


def test_a_region_is_not_a_foothold_by_two_places_in_turn(v):
    first, second = M.localities_in("LY-SR", G)[:2]
    v.control[0, 4:6, first] = v.control[0, 6:8, second] = 0.5
    assert read(v, kind="foothold", place="LY-SR")[0] == 0
    v.control[0, 6, first] = 0.5
    assert read(v, kind="foothold", place="LY-SR")[0] == 1


def test_localities_held_and_likeliest_rank(v):
    own = M.localities_in("LY-SR", G)
    v.control[0, 4:9, own[:3]] = 0.3
    v.control[1, 4:9, SIRTE] = 0.3
    v.control[0, 4:9, DERNA] = 0.3
    np.testing.assert_array_equal(read(v, kind="localities_held", place="LY-SR", grade="contested"), [3, 1, np.nan])
    assert read(v, kind="likeliest_rank", place="LY-SR").tolist() == [1, 1, 1]
    assert read(v, kind="likeliest_rank", place="LY-DR").tolist() == [2, 2, 2]
    assert read(v, kind="likeliest_rank", place="TN-11")[0] == len(G.regions)


def test_runs_of_activity_and_totals_reached(v):
    for month in (2, 3, 4, 9, 10):
        put(v, "departures", 0, month, "LY-SR", 4)
    spec = {"outcome": "departures", "place": "LY-SR"}
    np.testing.assert_array_equal(read(v, kind="active_months", **spec), [3, np.nan, np.nan])
    np.testing.assert_array_equal(read(v, kind="reached_month", **spec, amount=9), [4, np.nan, np.nan])


def test_rank_shares_ties_and_may_count_per_head(v):
    put(v, "departures", 0, 0, "LY-DR", 5)
    put(v, "departures", 0, 0, "LY-TB", 9)
    put(v, "departures", 0, 0, "LY-BA", 5)
    spec = {"kind": "rank", "outcome": "departures", "place": "LY-DR", "among": "LY"}
    np.testing.assert_array_equal(read(v, **spec), [2.5, np.nan, np.nan])
    assert read(v, **spec, per_head=True)[0] == 1


def test_entropy_of_origins(v):
    for region in ("TN-11", "TN-12", "TN-13", "TN-14"):
        put(v, "departures", 0, 0, region, 2)
    put(v, "departures", 1, 0, "TN-11", 8)
    found = read(v, kind="entropy", outcome="departures", among="TN")
    np.testing.assert_allclose(found, [np.log(4), 0, np.nan], atol=1e-12)


def test_rank_correlation_with_a_field(v):
    own = G.country_slices[G.countries.index("TN")]
    chains = G.region_chains()
    poverty = G.look_up("deprivation_indicator", [chains[i] for i in range(own.start, own.stop)])
    v.values[0, 0, 0, own] = poverty**3 * G.r["residents"][own]
    v.values[0, 1, 0, own] = (1 - poverty) * G.r["residents"][own]
    spec = {"kind": "correlation", "outcome": "departures", "field": "deprivation_indicator", "among": "TN"}
    found = read(v, **spec)
    assert found[0] == pytest.approx(1, abs=0.02)
    assert found[1] == pytest.approx(-1, abs=0.02)


def test_replaced_share_closes_the_books(v):
    v.values[v.names.index("refuge_members"), 0, :, at("DZ-15")] = np.linspace(100, 54, MONTHS)
    put(v, "refuge_losses", 0, 5, "DZ-15", 92)
    spec = {"kind": "replaced_share", "stock": "refuge_members", "losses": "refuge_losses", "place": "DZ"}
    np.testing.assert_allclose(read(v, **spec), [0.5, np.nan, np.nan])


def test_response_compares_before_and_after(v):
    put(v, "departures", 0, 10, "TN-11", 1)
    put(v, "departures", 1, 1, "TN-11", 1)  # too early to have a before
    v.values[v.names.index("readiness"), :, 11:, G.country_slices[G.countries.index("TN")]] = 0.5
    spec = {"kind": "response", "outcome": "readiness", "trigger": "departures", "place": "TN", "months": 4}
    np.testing.assert_allclose(read(v, **spec), [0.5, np.nan, np.nan], rtol=1e-6)


def test_probability_with_a_condition(v):
    put(v, "departures", 0, 0, "TN-11", 6)
    put(v, "departures", 1, 0, "TN-11", 2)
    total = {"kind": "total", "outcome": "departures", "place": "TN"}
    found = read(v, kind="probability", all=[{"measure": total, "at_least": 5}], given={"measure": total, "above": 0})
    np.testing.assert_array_equal(found, [1, 0, np.nan])
    bounds = [M.holds(v, {"measure": total, key: 2})[1] for key in ("above", "at_least", "below", "at_most")]
    assert bounds == [False, True, False, True]


def test_a_run_that_does_not_cover_the_months_gives_nothing(v):
    spec = {"kind": "total", "outcome": "departures", "place": "TN"}
    assert np.isnan(read(v, **spec, until="2013-06")).all()
    assert np.isnan(read(v, **{**spec, "from": "2010-06"})).all()


def test_every_kind_is_used_and_every_measure_is_checked():
    for spec, part in (({"kind": "nothing"}, "one of"), ({"kind": "total", "place": "TN"}, "outcome"),
                       ({"kind": "total", "outcome": "departure", "place": "TN"}, "no outcome"),
                       ({"kind": "total", "outcome": "departures", "place": "XX"}, "XX"),
                       ({"kind": "total", "outcome": "departures", "place": "TN", "how": "max"}, "how"),
                       ({"kind": "total", "outcome": "departures", "place": "TN", "from": "2011"}, "2011"),
                       ({"kind": "onset_month", "place": "TN", "grade": "total"}, "grade"),
                       ({"kind": "ended_by", "place": "TN", "causes": ["rain"]}, "causes"),
                       ({"kind": "probability", "all": [{"measure": {}}]}, "condition")):
        with pytest.raises(DataError, match=part):
            M.check_measure(spec, G, "here")


# ------------------------------------------------------------------------------------------------ the file


TARGETS = T.load_targets("maghreb")
#: written down when targets.yaml was, before anything was fitted
RESERVED = {"E238", "E102", "G01", "G14", "E002", "E241", "G11", "E107", "G10", "E111", "E132", "E063", "E053", "E156",
            "G15", "E195", "E160", "E138", "E210", "E212", "E094", "G04", "E246", "E028", "E029"}


def test_roles_follow_the_rule_and_never_change():
    groups = {t.group: t.role for t in TARGETS}
    assert groups == T.roles_by_rule(TARGETS)
    assert {g for g, role in groups.items() if role == "reserved"} == RESERVED


def test_every_topic_has_both_roles_and_a_third_is_reserved():
    groups = {t.group: t.role for t in TARGETS}
    assert list(groups.values()).count("reserved") >= len(groups) / 3
    for topic in {t.topic for t in TARGETS}:
        assert {t.role for t in TARGETS if t.topic == topic} == {"fitted", "reserved"}


def test_nothing_reserved_can_be_computed_from_what_is_fitted():
    roles = {t.group: t.role for t in TARGETS}
    for target in TARGETS:
        if target.role == "fitted":
            assert all(roles[g] == "fitted" for g in target.derived_from)


def test_the_rule_does_not_depend_on_order():
    assert T.roles_by_rule(TARGETS[::-1]) == T.roles_by_rule(TARGETS)


def test_a_world_without_targets_has_none():
    assert T.load_targets("two_countries") == []


def test_targets_read_only_known_outcomes():
    assert {name for t in TARGETS for name in M.outcomes_of(t.measure)} <= set(OUTCOMES)


@pytest.mark.parametrize(("change", "part"), [
    ({"role": "spare"}, "role"), ({"low": 9.0}, "range"), ({"scale": "log", "low": 0.0}, "above 0"),
    ({"extra": 1}, "extra"), ({"statement": ""}, "statement"), ({"kind": "point"}, "point")])
def test_a_bad_entry_is_named(change, part, tmp_path):
    row = {"id": "T1", "statement": "s", "evidence": ["E1"], "group": "E1", "topic": "x", "role": "fitted", "low": 1,
           "high": 2, "scale": "linear", "kind": "interval", "reliability": "r", "source": "s",
           "measure": {"kind": "total", "outcome": "departures", "place": "TN"}}
    with pytest.raises(DataError, match=part) as caught:
        T._target({**row, **change}, tmp_path / "targets.yaml", 1)
    assert "targets.yaml, T1" in str(caught.value)


@given(st.lists(st.booleans(), min_size=1, max_size=30))
def test_spells_are_maximal_and_long_enough(bits):
    held = np.array([bits])
    found = M.spells(held)
    covered = np.zeros_like(held)
    for world, first, after in found:
        assert held[world, first:after].all()
        assert after - first >= 3
        assert first == 0 or not held[world, first - 1]
        assert after == len(bits) or not held[world, after]
        covered[world, first:after] = True
    rest = held & ~covered
    assert all(not rest[0, i:i + 3].all() for i in range(len(bits) - 2))
