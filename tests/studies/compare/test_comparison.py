"""Comparisons: pairs by world, honest verdicts, side effects first, and folders that read back."""

from __future__ import annotations

import functools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import sim
from sim.calendar import Month
from sim.engine.outcomes import OUTCOMES
from sim.errors import UserError
from sim.inputs.scenario import LeverUse, Scenario
from sim.runs import results
from sim.runs.scenarios import load_scenario
from sim.studies.compare import comparison, paired, verdicts
from sim.studies.compare.comparison import Comparison, compare
from sim.studies.compare.verdicts import ALL
from tests.small import scenario

WORLDS = 60
READ = ("departures", "recruits", "attacks", "returnees_reintegrated", "presence", "prisoners", "polarisation")
NUMBERS = ["difference_median", "difference_low", "difference_high", "difference_mean", "mean_low", "mean_high"]


def use(lever: str, strength: float = 1.0, where: str = "AA", start: str = "2011-06") -> LeverUse:
    return LeverUse.model_validate({"lever": lever, "where": [where], "from": start, "strength": strength})


def named(name: str, *levers: LeverUse, **keys: Any) -> Scenario:
    return scenario(levers, **keys).model_copy(update={"name": name, "title": f"The case of {name}"})


BASE = named("base")
GUARDED = named("guarded", use("border_control"))
INCLUDED = named("included", use("governance_inclusion"), use("governance_inclusion", where="BB"))
IDLE = named("idle", use("border_control", strength=0.0))


@functools.cache
def compared() -> Comparison:
    return compare(BASE, [GUARDED, INCLUDED, IDLE], outcomes=READ, places=["BB-2"], worlds=WORLDS, jobs=1)


def values(c: Comparison, name: str, outcome: str, place: str = ALL) -> np.ndarray:
    t = c.worlds_table
    own = t[(t["scenario"] == name) & (t["outcome"] == outcome) & (t["place"] == place)]
    return own.sort_values("world")["value"].to_numpy()


def effect(c: Comparison, name: str, outcome: str, place: str = ALL) -> dict[str, Any]:
    e = c.effects
    found = e[(e["scenario"] == name) & (e["outcome"] == outcome) & (e["place"] == place)].to_dict("records")
    assert len(found) == 1
    return dict(found[0])


def judged(difference: list[float], outcome: str = "attacks", base: float = 10.0) -> dict[str, Any]:
    """A row of effects from made-up paired differences."""
    return comparison._effect(np.full(len(difference), base), np.array(difference, dtype=float), outcome, False, None)


# ------------------------------------------------------------------------------------- effects


def test_every_scenario_outcome_and_place_has_its_row() -> None:
    e = compared().effects
    assert tuple(e.columns) == comparison.EFFECT_COLUMNS
    rows = set(zip(e["scenario"], e["outcome"], e["place"], strict=True))
    assert len(e) == len(rows) == 3 * (len(READ) + 1) * 4
    assert {place for _, _, place in rows} == {ALL, "AA", "BB", "BB-2"}
    assert ("guarded", "effort", ALL) in rows


def test_effects_follow_from_the_table_of_worlds() -> None:
    c = compared()
    for row in c.effects.to_dict("records"):
        base, other = (values(c, name, row["outcome"], row["place"]) for name in ("base", row["scenario"]))
        d = other - base
        assert (len(d), row["better"] + row["worse"] + row["same"]) == (WORLDS, WORLDS)
        down, up = int((d < 0).sum()), int((d > 0).sum())
        assert (row["better"], row["worse"]) == ((up, down) if row["wish"] == "+" else (down, up))
        assert row["p_value"] == pytest.approx(float(paired.sign_p(down, up)))
        assert row["decided"] == (row["p_value"] < 0.05)
        assert row["difference_median"] == pytest.approx(np.median(d))
        assert row["difference_mean"] == pytest.approx(d.mean())
        assert (row["spread_low"], row["spread_high"]) == pytest.approx(tuple(np.quantile(d, [0.05, 0.95])))
        assert row["other_median"] == pytest.approx(np.median(other))
        assert row["base_p95"] == pytest.approx(np.quantile(base, 0.95))
        if (base > 0).any():
            assert row["ratio"] == pytest.approx(np.median(other[base > 0] / base[base > 0]))
        else:
            assert math.isnan(row["ratio"])
        assert row["wish"] == OUTCOMES[row["outcome"]].wish


def test_worlds_are_paired_and_alone() -> None:
    """A scenario's worlds are the same whoever else is compared, in any number of processes."""
    again = compare(BASE, [GUARDED], outcomes=READ, worlds=20, jobs=2)
    for name in ("base", "guarded"):
        for outcome in READ:
            assert (values(again, name, outcome) == values(compared(), name, outcome)[:20]).all()


def test_a_lever_at_strength_zero_changes_no_world() -> None:
    own = compared().effects[compared().effects["scenario"] == "idle"]
    assert (own["direction"] == "same in every world").all()
    assert (own["verdict"] == "the same in every world").all()
    assert not own["decided"].any()
    assert (own["needed"] == "").all()


def test_directions_follow_the_wishes() -> None:
    """Fewer attacks are better, more reintegrated better, more prisoners only more."""
    fewer, more = [-1.0] * 18 + [2.0] * 2, [1.0] * 18 + [-2.0] * 2
    assert [judged(d, "attacks")["direction"] for d in (fewer, more)] == ["better", "worse"]
    assert [judged(d, "returnees_reintegrated")["direction"] for d in (fewer, more)] == ["worse", "better"]
    assert [judged(d, "prisoners")["direction"] for d in (fewer, more)] == ["lower", "higher"]
    assert judged([1.0, -1.0] * 10)["direction"] == "undecided"
    assert judged([0.0] * 20)["direction"] == "same in every world"
    assert judged(more, "returnees_reintegrated")["share_better"] == 0.9


def test_a_guarded_border_costs_effort_and_its_price_is_stated() -> None:
    c = compared()
    spent = values(c, "guarded", "effort").mean() - values(c, "base", "effort").mean()
    row = effect(c, "guarded", "departures")
    assert row["effort"] == pytest.approx(spent)
    assert spent == pytest.approx(3 * 19)  # three regions, June 2011 to December 2012, one unit each
    assert row["effect_per_effort"] == pytest.approx(1000 * row["difference_mean"] / spent)
    assert math.isnan(effect(c, "idle", "departures")["effect_per_effort"])
    assert math.isnan(effect(c, "guarded", "effort")["effect_per_effort"])


def test_what_worsens_comes_first() -> None:
    e = compared().effects
    assert list(dict.fromkeys(e["scenario"])) == ["guarded", "included", "idle"]
    for _, own in e.groupby("scenario"):
        ranks = [verdicts.DIRECTIONS.index(way) for way in own["direction"]]
        assert ranks == sorted(ranks)
    assert verdicts.DIRECTIONS[0] == "worse"


# ------------------------------------------------------------------------------------ verdicts


def test_verdicts_in_words() -> None:
    words = judged([-5.0] * 18 + [1.0] * 2, "departures")["verdict"]
    assert words == "fewer departures to the theatre in 18 of 20 worlds (median -5 of 10, -50 %, 95 % -5 to -5)"
    assert judged([0.01] * 20, "polarisation")["verdict"].startswith("more polarisation in 20 of 20 worlds")
    assert judged([-0.2] * 20, "foothold")["verdict"].startswith("less time with a foothold in 20")
    unclear = judged([-1.0] * 12 + [1.0] * 8)
    assert unclear["needed"] == "200"
    assert unclear["verdict"] == "cannot be told apart with 20 worlds; about 200 would be needed"
    assert judged([-1.0, 1.0] * 10)["verdict"].endswith("20 worlds; more than 10,000 would be needed")


def test_a_verdict_names_ties_and_gives_the_mean_where_the_median_is_zero() -> None:
    words = judged([-3.0] * 8 + [0.0] * 12)["verdict"]
    assert words.startswith("fewer attacks in 8 of 20 worlds, the same in 12 (mean -1.2, base median 10, 95 % -1.9")


def test_a_verdict_says_when_the_mean_points_the_other_way() -> None:
    assert "the mean points the other way (mean 8.2" in judged([-1.0] * 18 + [91.0] * 2)["verdict"]
    assert "other way" not in judged([-1.0] * 18 + [1.0] * 2)["verdict"]
    up = judged([1.0] * 18 + [-91.0] * 2, "returnees_reintegrated")
    assert up["direction"] == "better"
    assert "the mean points the other way" in up["verdict"]
    size_only = judged([-1.0] * 10 + [90.0, 95.0] * 5)["verdict"]
    assert "cannot be told apart" in size_only
    assert "the count of worlds does not decide, but the mean differs" in size_only


def test_few_worlds_have_no_interval_and_are_not_decided() -> None:
    row = judged([-5.0] * 5)
    assert (row["decided"], row["needed"]) == (False, "6")
    assert math.isnan(row["difference_low"])
    assert row["verdict"] == "too few worlds to tell (5)"
    assert judged([-5.0])["verdict"] == "too few worlds to tell (1)"
    assert judged([-5.0] * 6)["verdict"].startswith("fewer attacks in 6 of 6 worlds")
    assert judged([-5.0] * 3 + [5.0] * 3)["verdict"].startswith("cannot be told apart with 6 worlds")


def test_a_verdict_says_when_the_mean_cannot_be_told_apart_from_no_change() -> None:
    open_mean = judged([-1.0] * 18 + [9.0, 8.0])
    assert open_mean["decided"]
    assert open_mean["mean_low"] < 0 < open_mean["mean_high"]
    assert open_mean["difference_mean"] < 0
    assert "; the mean cannot be told apart from no change (mean -0.05, 95 % " in open_mean["verdict"]
    assert verdicts._brief(open_mean | {"outcome": "attacks"}).endswith(", -10 %, mean not told apart)")
    assert "cannot be told apart" not in judged([-1.0] * 20)["verdict"]


@pytest.mark.parametrize(("difference", "base", "words"), [
    (-358.0, 5390.0, "median -358 of 5,390, -6.6 %"), (30.0, 10.0, "median 30 of 10, +300 %"),
    (4.0, 0.0, "median 4 of 0,")])
def test_a_size_stands_beside_what_it_is_a_part_of(difference: float, base: float, words: str) -> None:
    assert f"({words}" in judged([difference] * 20, base=base)["verdict"]


def test_the_summary_hides_nothing_that_worsens_and_counts_what_chance_would_do() -> None:
    c = compared()
    text = "\n".join(comparison.summary_lines(c))
    worse = c.effects[(c.effects["direction"] == "worse")]
    assert text.count("  Worse:") == 3
    assert "  Worse: none decided." in text.split("The case of idle")[1]
    for row in worse.to_dict("records"):
        told = text.split(f"({row['scenario']})")[1].split("  Better:")[0]
        assert verdicts.change(row["outcome"], OUTCOMES[row["outcome"]].wish == "+") in told
    made = 3 * len(READ) * 4
    assert f"{made} comparisons were made" in text
    assert f"about {0.05 * made:.2g} of them would look decided by chance" in text
    assert "Counterfactual results under the stated assumptions, 2011-01 to 2012-12, 60 paired worlds" in text


def test_the_summary_names_a_made_up_side_effect() -> None:
    c = compared()
    e = c.effects.copy()
    e.loc[(e["scenario"] == "idle") & (e["outcome"] == "attacks") & (e["place"] == "BB"),
          ["direction", "decided", "worse", "same", "difference_median", "base_median"]] = [
              "worse", True, WORLDS - 3, 3, 7.0, 70.0]
    lines = verdicts.effect_lines(e[e["scenario"] == "idle"], {"BB": "Borrun"})
    assert lines[:2] == ["  Worse:", "    Borrun: more attacks (57 of 60 worlds, the same in 3, median 7 of 70, +10 %, "
                         "mean not told apart)"]


@pytest.mark.parametrize(("effort", "words"), [(1234.0, "1,234 units more"), (-57.0, "57 units less"), (0.0, "no more"),
                                               (-0.25, "0.25 units less")])
def test_the_summary_says_whether_effort_is_more_or_less(effort: float, words: str) -> None:
    e = compared().effects
    own = e[e["scenario"] == "idle"].assign(effort=effort)
    assert verdicts.effect_lines(own, {"AA": "", "BB": "", "BB-2": ""})[-1] == f"  Effort: {words} than the base."


def test_every_place_that_was_asked_for_has_its_verdict() -> None:
    c = compared()
    assert c.asked == ("BB-2",)
    idle = "\n".join(comparison.summary_lines(c)).split("(idle)")[1]
    name = verdicts.named("BB-2", comparison.installed().world(BASE.world).places)
    own = idle.split(f"  {name}, not told apart:\n")[1].split("  Effort")[0]
    assert own.count(": the same in every world") == len(READ)
    assert "  All countries, not told apart:\n" in idle


def test_the_named_comparisons_are_listed_with_what_became_of_them() -> None:
    c = compare(BASE, [INCLUDED, IDLE], outcomes=("recruits",), until_sure=True, most=60, jobs=1)
    lines = comparison.summary_lines(c)
    at = lines.index("Named comparisons:")
    sure, never = lines[at + 1:at + 3]
    assert sure.startswith("  included, new recruits of any organisation, All countries: decided after ")
    assert "; fewer new recruits of any organisation in " in sure
    assert never == ("  idle, new recruits of any organisation, All countries: not decided after 60 worlds; "
                     "lower in 0, higher in 0, the same in 60")
    assert lines[at + 3] == ""


def test_a_comparison_of_few_worlds_says_so_and_shows_itself_in_a_line() -> None:
    c = compare(BASE, [GUARDED], outcomes=("departures",), worlds=1, jobs=1)
    lines = comparison.summary_lines(c)
    assert "1 paired world, " in lines[0]
    assert "1 world can decide nothing: the count of worlds needs at least 6." in lines
    assert "1 worlds" not in "\n".join(lines)
    assert repr(c) == "<Comparison of 'guarded' with 'base': 1 world, 2011-01 to 2012-12, 6 effects>"


@pytest.mark.parametrize(("worlds", "words"), [(5, "5 worlds can decide nothing"), (6, "6 worlds are few"),
                                               (39, "39 worlds are few")])
def test_what_is_said_of_few_worlds(worlds: int, words: str) -> None:
    assert verdicts.few(worlds)[0].startswith(words)
    assert verdicts.few(40) == []


# -------------------------------------------------------------------------- windows and places


def test_a_window_reads_only_its_months() -> None:
    first, last = Month.parse("2011-11"), Month.parse("2012-03")
    part = compare(BASE, [GUARDED], outcomes=("departures", "polarisation"), worlds=20, first=first, last=last, jobs=1)
    whole = compare(BASE, [GUARDED], outcomes=("departures", "polarisation"), worlds=20, jobs=1)
    assert (part.first, part.last) == (first, last)
    pd.testing.assert_frame_equal(part.monthly, whole.monthly)
    m = whole.monthly[(whole.monthly["kind"] == "level") & (whole.monthly["scenario"] == "guarded")]
    inside = m[(m["month"] >= "2011-11") & (m["month"] <= "2012-03") & (m["place"] == ALL)]
    means = inside.groupby("outcome")["mean"]
    assert means.size().eq(5).all()
    assert values(part, "guarded", "departures").mean() == pytest.approx(means.sum()["departures"], rel=1e-5)
    assert values(part, "guarded", "polarisation").mean() == pytest.approx(means.mean()["polarisation"], rel=1e-5)
    assert values(part, "guarded", "departures").sum() < values(whole, "guarded", "departures").sum()
    regions = part.regions[part.regions["outcome"] == "departures"]
    assert regions["base_mean"].sum() == pytest.approx(values(part, "base", "departures").mean())


def test_regions_add_up_to_countries() -> None:
    c = compared()
    r = c.regions[(c.regions["scenario"] == "guarded") & (c.regions["outcome"] == "recruits")]
    assert len(r) == 7
    assert r["difference_mean"].sum() == pytest.approx(effect(c, "guarded", "recruits")["difference_mean"])
    assert r["base_mean"].sum() == pytest.approx(values(c, "base", "recruits").mean())
    row, shown = r[r["region"] == "BB-2"].iloc[0], effect(c, "guarded", "recruits", "BB-2")
    assert row["difference_median"] == pytest.approx(shown["difference_median"])
    assert (row["share_better"], row["share_worse"]) == pytest.approx(
        (shown["better"] / WORLDS, shown["worse"] / WORLDS))


def test_monthly_bands_of_differences_are_paired() -> None:
    m = compared().monthly
    kinds = m.groupby("scenario")["kind"].unique().map(set).to_dict()
    assert kinds["base"] == {"level"}
    assert kinds["guarded"] == {"level", "difference"}
    idle = m[(m["scenario"] == "idle") & (m["kind"] == "difference")]
    assert (idle[["p05", "p95", "mean"]] == 0).all(axis=None)
    levels = m[(m["scenario"] == "idle") & (m["kind"] == "level") & (m["outcome"] == "departures")]
    assert (levels["p95"] - levels["p05"]).max() > 0  # unpaired, the same scenario twice would differ


# -------------------------------------------------------------------------------- until it is sure


def test_looks_double() -> None:
    assert [after for _, after in comparison.looks(1000)] == [50, 100, 200, 400, 800, 1000]
    assert list(comparison.looks(120)) == [(0, 50), (50, 100), (100, 120)]
    assert list(comparison.looks(30)) == [(0, 30)]


def test_a_decision_asks_more_evidence_of_more_comparisons() -> None:
    d = np.array([-1.0] * 14 + [1.0] * 3 + [0.0] * 3)
    one, twelve = comparison.decide(d, 1), comparison.decide(d, 12)
    assert (one["evidence_wanted"], twelve["evidence_wanted"]) == (pytest.approx(20), pytest.approx(240))
    assert one["evidence"] == twelve["evidence"] == pytest.approx(math.exp(float(paired.log_evidence(14, 3))))
    strong = comparison.decide(np.full(30, -1.0), 12, one)
    assert (strong["decided"], strong["looks"], strong["worlds"]) == (True, 2, 30)


def test_worlds_are_added_until_a_strong_effect_is_sure_and_the_worlds_are_the_same_as_ever() -> None:
    c = compare(BASE, [INCLUDED], outcomes=("recruits",), until_sure=True, most=400, jobs=1)
    (row,) = c.decisions.to_dict("records")
    assert row["decided"]
    assert c.worlds == row["worlds"] < 400
    assert c.base.worlds == c.others[0].worlds == c.worlds
    assert row["looks"] == [after for _, after in comparison.looks(400)].index(c.worlds) + 1
    fixed = compare(BASE, [INCLUDED], outcomes=("recruits",), worlds=c.worlds, jobs=1)
    pd.testing.assert_frame_equal(c.worlds_table, fixed.worlds_table)
    sure, plain = effect(c, "included", "recruits"), effect(fixed, "included", "recruits")
    assert sure["direction"] == plain["direction"] != "undecided"
    assert sure["p_value"] == pytest.approx(1 / row["evidence"])
    # To look often costs width.
    assert sure["difference_low"] <= plain["difference_low"] <= plain["difference_high"] <= sure["difference_high"]
    assert "1 are decided" in "\n".join(comparison.summary_lines(c))


def test_no_effect_is_never_sure_and_stops_at_the_limit() -> None:
    ends = []
    c = compare(BASE, [IDLE], outcomes=("departures",), places=["AA", "BB"], until_sure=True, most=70, jobs=1,
                progress=lambda done, total: ends.append((done, total)))
    assert c.worlds == 70
    assert list(c.decisions["place"]) == ["AA", "BB"]
    assert list(c.decisions["looks"]) == [2, 2]
    assert not c.decisions["decided"].any()
    assert not c.effects["decided"].any()
    assert ends[-1] == (70 * 2 * 24, 70 * 2 * 24)
    assert [done for done, _ in ends] == sorted(done for done, _ in ends)


def test_the_headline_is_decided_about_where_no_outcome_is_named() -> None:
    c = compare(BASE, [IDLE], until_sure=True, most=20, jobs=1)
    assert tuple(c.decisions["outcome"]) == comparison.HEADLINE
    assert set(c.effects["outcome"]) == set(comparison.DEFAULT_OUTCOMES)


# ------------------------------------------------------------------------------------ mistakes


@pytest.mark.parametrize(("others", "keys", "part"), [
    ([], {}, "at least one scenario"),
    ([GUARDED, named("guarded")], {}, "several scenarios are named 'guarded'"),
    ([named("base", use("border_control"))], {}, "several scenarios are named 'base'"),
    ([named("late", end="2012-06")], {}, "they differ in end 2012-12 and 2012-06"),
    ([named("fixed", uncertainty="fixed", start="2011-02")], {}, "start 2011-01 and 2011-02; uncertainty posterior"),
    ([GUARDED], {"outcomes": ("departure",)}, "'departure' is not an outcome"),
    ([GUARDED], {"outcomes": ("departure",)}, "Did you mean 'departures'?"),
    ([GUARDED], {"outcomes": ()}, "at least one outcome"),
    ([GUARDED], {"outcomes": ("effort",), "until_sure": True}, "which is an input"),
    ([GUARDED], {"places": ("AA-9",)}, "'AA-9' is not a place"),
    ([GUARDED], {"places": ("AA-9",)}, "list places --world two_countries"),
    ([GUARDED], {"outcomes": ("new recruit of any organisation",)}, "Did you mean 'recruits'?"),
    ([GUARDED], {"first": Month.parse("2012-05"), "last": Month.parse("2012-04")}, "2012-05 to 2012-04"),
    ([GUARDED], {"last": Month.parse("2013-01")}, "does not lie within the run, 2011-01 to 2012-12"),
])
def test_mistakes_are_named(others: list[Scenario], keys: dict[str, Any], part: str) -> None:
    with pytest.raises(UserError) as caught:
        compare(BASE, others, jobs=1, **keys)
    assert part in str(caught.value)
    assert caught.value.code == 2


def test_the_base_gives_seed_and_worlds() -> None:
    base, other = comparison.align(BASE, [named("x", seed=9, worlds=7)])
    assert (other.seed, other.worlds) == (base.seed, base.worlds) == (BASE.seed, BASE.worlds)
    assert [s.worlds for s in comparison.align(BASE, [GUARDED], worlds=33)] == [33, 33]


# ------------------------------------------------------------------------------------- folders


def test_a_folder_reads_back(tmp_path: Path) -> None:
    c = compared()
    folder = comparison.write(c, command="run.py compare a b", out=tmp_path / "out")
    t = comparison.read(folder)
    for name in ("effects", "regions", "monthly"):
        pd.testing.assert_frame_equal(getattr(t, name), getattr(c, name), check_dtype=False, rtol=1e-5)
    pd.testing.assert_frame_equal(t.differences, c.worlds_table)
    assert t.decisions.empty
    assert {"AA", "BB", "BB-2"} <= set(t.places["id"])
    m = t.manifest
    assert (m["kind"], m["scenario"], m["others"], m["worlds"]) == ("comparison", "base",
                                                                    ["guarded", "included", "idle"], WORLDS)
    assert (m["first"], m["last"], m["outcomes"]) == ("2011-01", "2012-12", [*READ, "effort"])
    assert m["summary"] == comparison.summary_lines(c)
    assert sorted(path.name for path in folder.iterdir()) == ["differences.parquet", "effects.csv", "manifest.json",
                                                              "monthly.csv", "places.csv", "regions.csv", "scenarios"]
    for one in (c.base, *c.others):
        assert load_scenario(folder / "scenarios" / f"{one.name}.yaml") == load_scenario(one)


def test_decisions_are_kept(tmp_path: Path) -> None:
    c = compare(BASE, [GUARDED], outcomes=("departures",), until_sure=True, most=50, jobs=1)
    t = comparison.read(comparison.write(c, out=tmp_path / "out"))
    pd.testing.assert_frame_equal(t.decisions, c.decisions, check_dtype=False, rtol=1e-5)
    assert t.manifest["until_sure"]


def test_a_folder_is_whole_or_not_there(tmp_path: Path) -> None:
    def broken(folder: Path) -> None:
        assert (folder / "effects.csv").exists()
        raise OSError("disk full")

    with pytest.raises(UserError, match="Nothing half-written"):
        comparison.write(compared(), out=tmp_path / "out", more=broken)
    assert list(tmp_path.iterdir()) == []


def test_other_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such folder"):
        comparison.read(tmp_path / "nowhere")
    (tmp_path / "manifest.json").write_text('{"schema_version": 1, "kind": "scoreboard"}')
    with pytest.raises(UserError, match="not the folder of a comparison"):
        comparison.read(tmp_path)
    (tmp_path / "manifest.json").write_text('{"schema_version": 1, "kind": "comparison", "until_sure": false}')
    with pytest.raises(UserError, match="folder of a comparison, not of a run"):
        results.read(tmp_path)
    with pytest.raises(UserError, match=r"lacks effects.csv"):
        comparison.read(tmp_path)


def test_the_public_verb() -> None:
    c = sim.compare(BASE, GUARDED, worlds=10, outcomes=("departures",), jobs=1)
    assert isinstance(c, Comparison)
    assert (c.worlds, set(c.effects["outcome"])) == (10, {"departures", "effort"})


def test_the_public_verb_takes_one_outcome_and_months_as_text() -> None:
    c = sim.compare(BASE, GUARDED, worlds=6, outcomes="departures", first="2011-03", last="2011-09", jobs=1)
    assert (str(c.first), str(c.last), set(c.effects["outcome"])) == ("2011-03", "2011-09", {"departures", "effort"})


def test_a_place_may_be_looked_for_by_its_name() -> None:
    with pytest.raises(UserError, match="'Sirte' is not a place.*list places --world maghreb.*Did you mean 'LY-SR'"):
        compare(load_scenario("scenarios/baseline.yaml"), [load_scenario("scenarios/libya_restored.yaml")],
                places=("Sirte",))
