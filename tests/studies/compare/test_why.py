"""Why scenarios differ: steps add up, levers get their due, worlds part after a cause, words fit the numbers."""

from __future__ import annotations

import functools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim.calendar import Month
from sim.engine.outcomes import OUTCOMES
from sim.errors import UserError
from sim.inputs.scenario import LeverUse, Scenario
from sim.runs.ensemble import geography_of
from sim.runs.variants import Variant, run_variants, totals
from sim.studies.compare import stages, why
from sim.studies.compare.why import REST, Why, explain_comparison, orders_of, play, players_of, shapley
from tests.small import near, scenario

WORLDS = 12
ALL = tuple(stages.CHAINS)


def use(lever: str, strength: float = 1.0, where: str = "AA", start: str = "2011-06") -> LeverUse:
    return LeverUse.model_validate({"lever": lever, "where": [where], "from": start, "strength": strength})


def named(name: str, *levers: LeverUse, **keys: Any) -> Scenario:
    return scenario(levers, **{"end": "2014-12", **keys}).model_copy(update={"name": name, "title": name})


GUARD, INCLUDE = use("border_control"), use("governance_inclusion", where="BB")
LATE = use("national_cohesion", where="BB", start="2030-01")  # after the end: it does nothing
BASE = named("base")
PACKAGE = named("package", GUARD, INCLUDE, LATE, INCLUDE, events={"helpers_abroad": "never"})


@functools.cache
def explained() -> Why:
    return explain_comparison(BASE, PACKAGE, outcome=ALL, worlds=WORLDS, jobs=1)


# ------------------------------------------------------------------------------------------------ steps


def test_the_parts_of_the_steps_add_up_to_the_difference_with_any_number_of_zeros():
    rng = np.random.default_rng(1)
    for zeros in (0.0, 0.3, 0.8):
        base, other = (rng.lognormal(0, 2, (5, 4000)) * (rng.random((5, 4000)) >= zeros) for _ in range(2))
        parts = stages.divisia(base, other)
        assert parts.sum(axis=0) == pytest.approx(other[-1] - base[-1], rel=1e-9, abs=1e-12)
        assert stages.divisia(other, base) == pytest.approx(-parts)


@pytest.mark.parametrize(("base", "other", "parts"), [
    ((10, 5), (20, 10), (5, 0)),  # only the first factor doubles
    ((10, 5), (10, 8), (0, 3)),  # only the second changes
    ((10, 10), (20, 40), (15, 15)),  # both double: each has its half
    ((3, 0, 0), (5, 4, 2), (0, 2, 0)),  # the base breaks off at the second step
    ((0, 0, 0), (5, 4, 2), (2, 0, 0)),
    ((5, 4, 2), (5, 4, 0), (0, 0, -2)),
    ((4, 0, 2), (4, 9, 6), (0, 0, 4)),  # nothing recorded in between: the next step has the part
    ((7, 3, 2), (7, 3, 2), (0, 0, 0)),
    ((0, 0), (0, 0), (0, 0)),
])
def test_known_parts(base, other, parts):
    assert stages.divisia(np.array(base), np.array(other)) == pytest.approx(np.array(parts, float))


def test_zeros_are_treated_as_the_limit_of_small_values():
    """With e in place of the zeros parts differ from the limit by ln(a few) / ln(1/e): within 2 % at e = 1e-200."""
    base, other = np.array([3.0, 0.0, 0.0]), np.array([5.0, 4.0, 2.0])
    small = stages.divisia(np.maximum(base, 1e-200), other)
    assert small == pytest.approx(stages.divisia(base, other), abs=0.02 * 2)


def test_the_interval_of_a_part_holds_its_true_value_in_95_of_100_samples():
    """Counts with shared luck; the truth is the decomposition of the expectations; 4 standard errors of a share."""
    rng, samples, worlds, shape = np.random.default_rng(2), 400, 40, (40, 1, 4)

    def flows(luck: np.ndarray, ready: float, exposure: float, share: float) -> dict[str, np.ndarray]:
        won = rng.poisson(luck * exposure * ready, shape)
        return {"readiness": np.full(shape, ready), "new_sympathisers": won, "recruits": rng.binomial(won, share)}

    def expected(ready: float, exposure: float, share: float) -> dict[str, np.ndarray]:
        won = np.full((1, 4), exposure * ready)
        return {"readiness": np.full((1, 4), ready), "new_sympathisers": won, "recruits": won * share}

    settings = (0.5, 60.0, 0.3), (0.4, 70.0, 0.2)
    truth = stages.contributions("recruits", *(expected(*s) for s in settings)).sum(axis=(1, 2))
    held = np.zeros(2)
    for _ in range(samples):
        luck = rng.gamma(4, 1 / 4, (worlds, 1, 1))
        _, low, high = stages.interval("recruits", *(flows(luck, *s) for s in settings), lambda x: x.sum(axis=(-2, -1)))
        held += ((low <= truth) & (truth <= high))[1:]  # readiness is the same in all worlds: no luck, no error
    assert np.all(np.abs(held / samples - 0.95) < 4 * math.sqrt(0.05 * 0.95 / samples))


def test_a_step_that_does_not_change_has_no_part_and_no_width():
    same = {name: np.full((5, 2, 3), 4.0) for name in stages.NEEDED["departures"]}
    more = same | {"departures": np.full((5, 2, 3), 8.0), "interdicted": np.full((5, 2, 3), 8.0)}
    middle, low, high = stages.interval("departures", same, more)
    changed = [step.name for step, part in zip(stages.steps("departures"), middle, strict=True) if part.any()]
    assert changed == ["destinations"]
    assert low == pytest.approx(middle)
    assert high == pytest.approx(middle)
    assert middle.sum(axis=0) == pytest.approx(np.full((2, 3), 4.0))


@pytest.mark.parametrize("outcome", ALL)
def test_the_table_of_steps_adds_up_to_what_the_scenarios_differ_by(outcome):
    """Against separate runs of both scenarios; the recorded numbers have 24 bits."""
    base, other = run_variants([Variant(s, np.arange(WORLDS)) for s in (BASE, PACKAGE)], [outcome], jobs=1, years=True)
    whole = (totals(other) - totals(base))[0, :, -1]
    rows = explained().stages.query("outcome == @outcome")
    scale = totals(base)[0, :, -1].mean()
    assert whole.mean() != 0
    assert rows["contribution"].sum() == pytest.approx(whole.mean(), abs=1e-5 * scale)
    by_region = other.yearly[0].mean(axis=0, dtype=float) - base.yearly[0].mean(axis=0, dtype=float)
    if OUTCOMES[outcome].flow:
        assert rows.groupby("year")["contribution"].sum().to_dict() == pytest.approx(
            dict(zip((2011, 2012, 2013, 2014), by_region.sum(axis=1), strict=True)), abs=1e-5 * scale)


def test_steps_name_each_step_once_and_what_they_need_is_recorded():
    for outcome, chains in stages.CHAINS.items():
        names = [step.name for step in stages.steps(outcome)]
        assert len(set(names)) == len(names)
        assert set(names) == {step.name for chain in chains for step in chain}
        assert set(stages.NEEDED[outcome]) <= set(OUTCOMES)


# ------------------------------------------------------------------------------------------------ levers


def game(players: int, worlds: int, value: Any) -> tuple[np.ndarray, np.ndarray]:
    """Shapley values (players, worlds) of a game, and the whole (worlds,)."""
    orders = orders_of(players, worlds, seed=3)
    inside = (orders.coalitions[..., None] >> np.arange(players) & 1).astype(bool)
    values = value(inside)
    return shapley(values, orders), values[-1] - values[0]


@pytest.mark.parametrize("players", [0, 1, 3, 5, 6, 9, 20])
def test_orders_stand_where_they_say_and_cost_no_more_than_five_players(players):
    orders = orders_of(players, 4, seed=3)
    bits = np.cumsum(1 << orders.orders, axis=2)
    stands = orders.coalitions[orders.at, np.arange(4)[:, None]]
    assert np.array_equal(stands[..., 1:], bits)
    assert not stands[..., 0].any()
    assert np.array_equal(np.sort(orders.orders, axis=2), np.broadcast_to(np.arange(players), orders.orders.shape))
    assert len(orders.coalitions) <= max(32, 2 * players)


@pytest.mark.parametrize("players", [3, 5, 8])
def test_additive_effects_are_found_exactly_and_a_dummy_gets_nothing(players):
    effects = np.arange(players, dtype=float)
    found, _ = game(players, 4, lambda inside: 7 + inside @ effects)
    assert found == pytest.approx(np.repeat(effects[:, None], 4, axis=1), abs=1e-12)


def test_what_two_do_only_together_they_share_and_what_each_does_alone_it_keeps():
    """v = 6 a + 10 a b, c a dummy: a gets 6 + 5, b 5, c 0."""
    found, whole = game(3, 2, lambda i: 6.0 * i[..., 0] + 10.0 * (i[..., 0] & i[..., 1]))
    assert found[:, 0] == pytest.approx([11, 5, 0])
    assert whole == pytest.approx([16, 16])


def test_drawn_orders_add_up_in_each_world_and_are_right_on_average():
    """Three of eight count only together: each gets 1/3; in one order a Bernoulli(1/3) variable."""
    worlds = 2000
    found, whole = game(8, worlds, lambda i: 1.0 * (i[..., 0] & i[..., 1] & i[..., 2]))
    assert found.sum(axis=0) == pytest.approx(whole)
    for player in range(3):
        assert near(found[player].mean(), 1 / 3, found[player].std() / math.sqrt(worlds))
    assert not found[3:].any()
    assert found[0].std() > 0  # drawn, not all


def test_players_are_levers_added_changed_and_left_out_and_the_rest_together():
    base = named("base", GUARD, INCLUDE)
    other = named("other", use("border_control", 0.5), LATE, INCLUDE, INCLUDE, parameters={"counter.detection": 0.1})
    players, levers = players_of(base, other)
    assert [p.name for p in players] == [
        "Border control and barriers, changed", "National cohesion and political settlement",
        "Inclusive governance in marginalised areas", REST]
    assert (players[0].on, players[0].off) == ((0,), (4,))
    assert levers == (*other.levers, GUARD)
    assert [p.name for p in players_of(other, base)[0]] == [
        "Border control and barriers, changed", "National cohesion and political settlement, left out",
        "Inclusive governance in marginalised areas, left out", REST]
    assert players_of(base, base.model_copy(update={"name": "x", "record": ("recruits",)}))[0] == ()


def test_levers_of_one_kind_are_told_apart_by_their_position():
    twice = "Inclusive governance in marginalised areas"
    assert [p.name for p in players_of(BASE, PACKAGE)[0]] == [
        "Border control and barriers", f"{twice} (lever 2)", "National cohesion and political settlement",
        f"{twice} (lever 4)", REST]


def test_nobody_is_the_base_and_everybody_the_other_scenario():
    """To the last bit, whatever is added, changed or left out."""
    base = named("base", GUARD, INCLUDE)
    other = named("other", use("border_control", 0.5), events={"bb_war": "never"})
    players, levers = players_of(base, other)
    orders = orders_of(len(players), 5, seed=1)
    played = play(base, other, players, levers, orders.coalitions, ALL, jobs=1)
    for at, flows, one in ((0, played.base, base), (-1, played.other, other)):
        alone = run_variants([Variant(one, np.arange(5))], list(flows), jobs=1, years=True)[0]
        for i, name in enumerate(flows):
            assert np.array_equal(played.values[name][at], totals(alone)[i, :, -1])
            assert np.array_equal(flows[name], alone.yearly[i])


def test_levers_get_their_due_in_the_engine():
    rows = explained().shapley
    whole = {name: explained().stages.query("outcome == @name")["contribution"].sum() for name in ALL}
    for outcome, own in rows.groupby("outcome"):
        value = own.set_index("player")["value"]
        assert value.sum() == pytest.approx(whole[outcome], rel=1e-4)  # nothing left over
        assert value["National cohesion and political settlement"] == 0  # it begins after the end
        twins = value[[name for name in value.index if "(lever" in name]]
        assert len(twins) == 2
        assert twins.iloc[0] == pytest.approx(twins.iloc[1], rel=1e-9)  # the same lever twice
        assert (own["low"] <= own["value"]).all()
        assert (own["value"] <= own["high"]).all()
    assert rows.query("outcome == 'recruits' and player.str.contains('lever 2')")["high"].iloc[0] < 0


# ------------------------------------------------------------------------------------------------ parting


def test_worlds_part_with_the_first_lever_and_not_before():
    for start in ("2011-02", "2011-06"):
        included = named("included", use("governance_inclusion", start=start))
        found = explain_comparison(BASE, included, worlds=6, jobs=1).parting.iloc[0]
        assert (found["share"], found["month"]) == (1.0, start)
        assert found["place"].startswith("AA")
        assert found["outcome"] not in why.INPUTS


def test_scenarios_alike_never_part_and_say_so():
    found = explain_comparison(BASE, named("idle", LATE), worlds=3, jobs=1)
    assert found.parting.to_dict("records") == [
        {"scenario": "idle", "month": "", "place": "", "regions": 0, "outcome": "", "share": 0.0}]
    assert not len(found.stages)
    assert found.shapley[["value", "low", "high"]].to_numpy().tolist() == [[0, 0, 0]]
    assert "same in each of 3 worlds" in found.sentences["idle"][0]
    assert found.sentences["idle"][-1] == "In none of 3 worlds does anything recorded differ from the base."


def test_a_place_is_named_first_only_where_it_is_alone():
    g = geography_of(BASE)
    own = np.flatnonzero(g.country_of == 0)
    for regions, place, words in (
            ([1], g.regions[1], g.region_names[1]),
            (own, g.countries[0], f"all {len(own)} regions of {g.country_names[0]} in the same month"),
            (range(len(g.regions)), ", ".join(g.countries),
             f"all {len(g.regions)} regions of {' and '.join(g.country_names)} in the same month"),
            (own[:2], g.countries[0], f"2 regions of {g.country_names[0]} in the same month")):
        assert why._together(g, np.array(regions)) == place
        assert why._where(g, place, len(regions)) == words


def test_all_regions_that_tie_are_first_and_a_single_one_before_them_is_alone():
    differs = np.zeros((2, 4, 3), bool)  # outcomes, worlds, regions
    differs[1, :, :2] = True
    regions, outcome = why._first_seen(differs)
    assert (regions.tolist(), outcome) == ([0, 1], 1)
    differs[1, 0, 0] = False
    assert why._first_seen(differs)[0].tolist() == [1]


def test_worlds_that_part_everywhere_at_once_name_the_whole_country_in_words():
    found = explain_comparison(BASE, named("open", use("political_opening")), worlds=4, jobs=1)
    row = found.parting.iloc[0]
    g = geography_of(BASE)
    own = (g.country_of == 0).sum()
    assert (row["place"], row["regions"]) == ("AA", own)
    assert f"all {own} regions of {g.country_names[0]} in the same month" in found.sentences["open"][-1]


def test_the_median_month_is_that_of_the_worlds_that_part():
    differs = np.zeros((4, 10), bool)
    differs[0, 3:], differs[1, 5], differs[2, 7:] = True, True, True
    month, share, first = why._first(differs, Month.parse("2011-01"))
    assert (month, share, first.tolist()) == ("2011-06", 0.75, [3, 5, 7, -1])


# ------------------------------------------------------------------------------------------------ words and files


def played_with(differences: np.ndarray) -> why.Played:
    """Deaths of civilians, of which no steps are known: 100 in the base."""
    values = np.stack([np.full(len(differences), 100.0), 100.0 + differences])
    return why.Played({"deaths_civilians": values}, {}, {})


@pytest.mark.parametrize(("two", "words"), [
    ((-30, -30), "fewer civilians killed, by 30 on average over 20 worlds (95 % 30 to 30; base 100)."),
    ((25, 35), "more civilians killed, by 30 on average over 20 worlds (95 % 27.6 to 32.4; base 100)."),
    ((-30, 30), "civilians killed cannot be told apart from the base with 20 worlds (0 [95 % -14.4 to +14.4]; "
                "base 100)."),
    ((0, 0), "civilians killed are the same in each of 20 worlds (base 100)."),
])
def test_words_say_no_more_than_the_interval(two, words):
    said = why._effect_and_steps("deaths_civilians", BASE, played_with(np.tile(two, 10)))
    assert said == f"Over the whole run and all countries, {words}"


def test_a_lever_whose_interval_spans_zero_cannot_be_told_apart():
    players = [why.Player("one"), why.Player("two")]
    shares = np.stack([np.tile([-31.0, -29.0], 10), np.tile([-3.0, 4.0], 10)])
    said = why._levers("attacks", players, played_with(shares.sum(axis=0)), shares, orders_of(2, 20, 1))
    assert said == ("Change in attacks by lever (mean over all orders of adding them): one -30 [95 % -30.5 to -29.5]; "
                    "cannot be told apart from zero: two.")


def test_the_steps_named_as_clear_are_those_whose_interval_excludes_zero():
    said = explained().sentences["package"][0].partition(" By step: ")[2]
    clear, _, unclear = said.partition("cannot be told apart from zero: ")
    played = [(step.name, step.what) for step in stages.steps(ALL[0])]
    assert all((f"{name} ({what})" in clear) != (f"{name} ({what})" in unclear) for name, what in played)
    assert clear.count("[95 %") + unclear.count("(") == len(played)


def test_the_share_of_a_difference_that_may_be_none_is_not_given():
    other, players = named("other"), [why.Player("one")]
    for two, told in (((-3.0, 4.0), False), ((3.0, 4.0), True)):
        values = np.tile(two, 10)
        row = why._share_table(other, players, played_with(values), {"deaths_civilians": values[None]}).iloc[0]
        assert math.isfinite(row["share"]) == told


def test_one_outcome_gives_three_sentences_and_one_lever_is_the_whole_reason():
    found = explain_comparison(BASE, named("guarded", GUARD), worlds=3, jobs=1)
    assert len(found.sentences["guarded"]) == 3
    assert "due to it: Border control and barriers." in found.sentences["guarded"][1]


def test_tables_read_back_as_written(tmp_path: Path):
    other = explain_comparison(BASE, named("idle", LATE), worlds=3, jobs=1)
    why.write([explained(), other], tmp_path)
    back = why.read(tmp_path)
    for name in why.TABLES:
        expected = pd.concat([getattr(explained(), name), getattr(other, name)], ignore_index=True)
        pd.testing.assert_frame_equal(getattr(back, name), expected, rtol=1e-5, check_dtype=False)
    assert back.sentences == explained().sentences | other.sentences
    assert why.summary_lines([], 12) == []
    lines = why.summary_lines([explained()], 12)
    assert lines.pop(0) == ""
    assert lines.pop(0) == ("Why the scenarios differ rests on means over 12 worlds, when and where they part on 10 of "
                            "these.")
    assert lines[1] == "Why package differs, over the whole run:"
    assert (tmp_path / "why.md").read_text().splitlines()[0].endswith("differ from the base, over the whole run")
    assert [line.strip() for line in lines[2:]] == explained().sentences["package"]


def test_progress_ends_at_the_announced_total_and_the_same_call_gives_the_same_answer():
    seen: list[tuple[int, int]] = []
    again = explain_comparison(BASE, PACKAGE, outcome=ALL, worlds=WORLDS, jobs=1,
                               progress=lambda done, total: seen.append((done, total)))
    assert seen[-1][0] == seen[-1][1] == (32 * WORLDS + 2 * min(WORLDS, why.PARTING_WORLDS)) * BASE.months
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    pd.testing.assert_frame_equal(again.shapley, explained().shapley)
    pd.testing.assert_frame_equal(again.stages, explained().stages)


def test_scenarios_that_cannot_be_paired_are_refused():
    with pytest.raises(UserError, match="cannot be compared world by world"):
        explain_comparison(BASE, named("longer", GUARD, end="2015-12"), worlds=2)
