"""Rival theories: the same futures for all, known regrets and ranks, and no more said than the worlds decide."""

from __future__ import annotations

import functools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim.engine.outcomes import OUTCOMES
from sim.errors import UserError
from sim.inputs.scenario import LeverUse, Scenario
from sim.runs.variants import Variant, run_variants, totals
from sim.studies.compare import robust as module
from sim.studies.compare.lever_findings import DEFAULT, theories
from sim.studies.compare.paired import LEVEL, share_interval, sign_p
from sim.studies.compare.robust import Robust, ahead, improvement, robust
from tests.small import scenario

WORLDS = 12
READ = ("recruits", "attacks", "presence", "prisoners")


def named(name: str, *levers: LeverUse, **keys: Any) -> Scenario:
    return scenario(levers, end="2013-12", **keys).model_copy(update={"name": name, "title": f"Case {name}"})


def use(lever: str, strength: float = 1.0) -> LeverUse:
    return LeverUse.model_validate({"lever": lever, "where": ["*"], "from": "2011-03", "strength": strength})


BASE = named("base")
INCLUDED = named("included", use("governance_inclusion"), theories={"peers": "off"})
IDLE = named("idle", use("governance_inclusion", 0.0))


@functools.cache
def result() -> Robust:
    return robust(BASE, [INCLUDED, IDLE], outcomes=READ, worlds=WORLDS, jobs=1)


def future(scenario: str, theory: str, outcome: str) -> dict[str, Any]:
    rows = result().futures.query("scenario == @scenario and theory == @theory and outcome == @outcome")
    assert len(rows) == 1
    return dict(rows.to_dict("records")[0])


@pytest.mark.parametrize(("theory", "chosen"), [
    (DEFAULT, {}), ("peers: off", {"peers": "off"}), ("joining: deprivation", {"joining": "deprivation"})])
def test_a_future_is_the_plain_run_under_that_theory_whatever_a_scenario_itself_names(theory, chosen):
    plain = [s.model_copy(update={"theories": chosen}) for s in (BASE, INCLUDED)]
    base, other = (totals(part)[0, :, -1] for part in run_variants(
        [Variant(s, np.arange(WORLDS)) for s in plain], ["recruits"], jobs=1))
    found = future("included", theory, "recruits")
    assert found["difference_median"] == np.median(other - base)
    assert found["worst"] == np.quantile(other - base, 0.95)
    assert found["same"] == (other == base).sum()


def test_every_theory_is_tried_on_every_scenario_and_outcomes_nobody_wishes_for_are_left_out():
    frame = result().futures
    assert set(frame["outcome"]) == {"recruits", "attacks", "presence"}
    assert len(frame) == 2 * 3 * len(theories())
    assert set(frame["theory"]) == set(theories())
    assert set(result().regret["scenario"]) == {"base", "included", "idle"}


def test_inclusion_improves_recruits_under_most_theories_and_an_idle_lever_nothing():
    own = result().futures.query("scenario == 'included' and outcome == 'recruits'")
    assert (own["direction"] == "better").sum() > len(theories()) / 2
    idle = result().futures.query("scenario == 'idle'")
    assert set(idle["direction"]) == {"same in every world"}
    assert set(idle["share_improved"]) == {0.5}
    assert (idle["same"] == WORLDS).all()
    assert set(idle["low"]) == {0.0}
    assert set(idle["high"]) == {1.0}


def test_improvement_is_counted_among_the_worlds_that_differ():
    found = improvement(np.array([-3.0, -2, -1, 5, 0, 0]), "-")
    assert (found["share_improved"], found["n"], found["same"]) == (0.75, 6, 2)
    assert (found["low"], found["high"]) == share_interval(3, 4)
    assert found["difference_median"] == -0.5
    assert found["direction"] == "undecided"
    assert improvement(-np.ones(8), "-")["direction"] == "better"
    assert improvement(np.ones(8), "-")["direction"] == "worse"


def test_where_more_is_wished_the_difference_keeps_its_sign_and_the_harm_is_turned():
    """Harm of -2 where more is wished: a rise of 2, and an improvement."""
    found = improvement(np.full(8, -2.0), "+")
    assert (found["difference_median"], found["worst"], found["direction"]) == (2, -2, "better")


def test_the_interval_of_the_share_and_the_direction_never_contradict_each_other():
    """The exact sign test and Clopper and Pearson's interval decide alike for every count up to 60."""
    for n in range(1, 61):
        for better in range(n + 1):
            low, high = share_interval(better, n)
            assert (float(sign_p(better, n - better)) < LEVEL) == (low > 0.5 or high < 0.5)


#: one outcome, three scenarios, two theories, four worlds; the second scenario is best as calibrated, the third next
HARM = np.array([[[[9.0, 9, 9, 9], [9, 9, 9, 9]],
                  [[1.0, 2, 1, 2], [8, 7, 8, 7]],
                  [[5.0, 5, 5, 5], [2, 2, 2, 2]]]])


def test_regret_is_the_distance_from_the_best_in_the_same_future():
    rows = {row["scenario"]: row for row in module._regret(["attacks"], ["base", "b", "c"], HARM)}
    assert rows["base"]["regret_mean"] == np.mean([8, 7, 8, 7, 7, 7, 7, 7])
    assert rows["b"]["regret_mean"] == np.mean([0, 0, 0, 0, 6, 5, 6, 5])
    assert rows["c"]["regret_mean"] == np.mean([4, 3, 4, 3, 0, 0, 0, 0])
    assert rows["c"]["regret_p95"] == np.quantile([4, 3, 4, 3, 0, 0, 0, 0], 0.95)


def test_a_theory_that_puts_another_scenario_first_overturns_the_ranking(monkeypatch):
    monkeypatch.setattr(module, "theories", lambda: {DEFAULT: {}, "rival": {}})
    first, second = module._ranking(["attacks"], ["base", "b", "c"], HARM)
    assert (first["ranking"], first["overturns"]) == ("b > c > base", False)
    assert (second["ranking"], second["overturns"]) == ("c > b > base", True)


@pytest.mark.parametrize("rivals", [1, 4])
def test_chance_overturns_no_ranking_more_often_than_promised(rivals):
    """Scenarios alike but for luck: at most 2.5 % false, by 3000 rankings and 5 standard errors; an effect is seen."""
    rng, runs, n = np.random.default_rng(4), 3000, 30
    false = found = 0
    for _ in range(runs):
        harm = rng.normal(size=(rivals + 1, n)) + 3 * rng.normal(size=n)
        best = harm[np.argmin(harm.mean(axis=1))]
        false += ahead(best, harm[0], rivals)
        found += ahead(harm[1] - 2, harm[0], rivals)
    assert false / runs < LEVEL / 2 + 5 * math.sqrt(0.025 * 0.975 / runs)
    assert false > 0
    assert found == runs


CASES = {"all alike": (0.0, 0.0), "alike as calibrated only": (0.0, 3.0), "ahead as calibrated only": (3.0, 0.0)}


@pytest.mark.parametrize(("usual", "rival"), CASES.values(), ids=list(CASES))
def test_at_most_one_run_in_twenty_reports_any_overturn_where_none_is(monkeypatch, usual, rival):
    """16 theories, three outcomes, three scenarios; b is worse by so much under all theories but the first, or better.

    The upper end of the 95 % interval of the share of runs with any overturn does not exceed 5 %.
    """
    monkeypatch.setattr(module, "theories", lambda: {DEFAULT: {}} | {f"rival {k}": {} for k in range(15)})
    rng, runs, outcomes = np.random.default_rng(6), 1000, ["attacks", "recruits", "departures"]
    false = 0
    for _ in range(runs):
        harm = rng.normal(size=(3, 3, 16, 30)) + 2 * rng.normal(size=(3, 1, 1, 30))  # luck of its own and of the world
        harm[:, 1, 0] -= usual
        harm[:, 1, 1:] += rival
        false += any(row["overturns"] for row in module._ranking(outcomes, ["base", "b", "c"], harm))
    assert share_interval(false, runs)[1] <= LEVEL


def test_an_overturn_that_is_there_is_found_under_every_theory(monkeypatch):
    """Three standard deviations of one world, as calibrated and the other way under every rival: 30 worlds suffice."""
    monkeypatch.setattr(module, "theories", lambda: {DEFAULT: {}} | {f"rival {k}": {} for k in range(15)})
    harm = np.random.default_rng(7).normal(size=(1, 2, 16, 30))
    harm[:, 1, 0] -= 3
    harm[:, 1, 1:] += 3
    assert [row["overturns"] for row in module._ranking(["attacks"], ["base", "b"], harm)] == [False] + 15 * [True]


def test_a_first_place_as_calibrated_by_chance_is_not_overturned(monkeypatch):
    """b is before c as calibrated by a tenth in the mean of worlds that differ by ten either way."""
    monkeypatch.setattr(module, "theories", lambda: {DEFAULT: {}, "rival": {}})
    harm = HARM.copy()
    harm[0, 2, 0] = harm[0, 1, 0] + [10, -9.6, 9.6, -9.6]
    _, second = module._ranking(["attacks"], ["base", "b", "c"], harm)
    assert (second["ranking"], second["ahead"], second["overturns"]) == ("c > b > base", True, False)


def test_regret_and_ranking_agree_in_the_engine_with_what_a_lever_does():
    regret = result().regret.query("outcome == 'recruits'").set_index("scenario")
    assert (result().regret[["regret_mean", "regret_p95"]] >= 0).all(axis=None)
    assert regret.loc["included", "regret_mean"] < regret.loc["base", "regret_mean"]
    assert regret.loc["idle", "regret_mean"] == regret.loc["base", "regret_mean"]
    rows = result().ranking.query("outcome == 'recruits'")
    assert rows["ranking"].str.startswith("included > ").all()
    assert not rows["overturns"].any()


def test_an_outcome_that_nobody_wishes_up_or_down_is_refused():
    assert not OUTCOMES["prisoners"].wish
    with pytest.raises(UserError, match="of prisoners prevention wishes neither more nor less"):
        robust(BASE, [INCLUDED], outcomes=["prisoners"], worlds=2)


def test_scenarios_that_cannot_be_paired_are_refused():
    with pytest.raises(UserError, match="named 'base'"):
        robust(BASE, [BASE], worlds=2)


def test_so_few_worlds_that_nothing_could_be_decided_are_refused():
    for worlds, words in ((1, "1 world under"), (5, "5 worlds under")):
        with pytest.raises(UserError, match=f"robust: {words} each theory can decide nothing; give at least 6"):
            robust(BASE, [INCLUDED], outcomes=["recruits"], worlds=worlds)


def test_the_summary_warns_of_few_worlds_and_of_many_comparisons():
    made = len(result().futures)
    assert module.summary_lines(result())[-2:] == [
        f"{made} comparisons were made; without any effect about {0.05 * made:.2g} of them would look decided by "
        "chance (at 5 % each).", f"{WORLDS} worlds are few: the intervals are wide."]


def test_tables_read_back_as_written(tmp_path: Path):
    module.write(result(), tmp_path)
    back = module.read(tmp_path)
    for name in module.TABLES:
        pd.testing.assert_frame_equal(back[name], getattr(result(), name), rtol=1e-5, check_dtype=False)


def test_the_summary_names_what_is_worse_first_and_every_scenario():
    rows = pd.DataFrame({"theory": ["a", "b", "c"], "direction": ["better", "worse", "better"],
                         "worst": [-1.0, 30.0, 2.0]})
    assert module._holds(rows) == ("worse under 1 of 3 (b); better under 2 of 3; worst case 30 worse (95th percentile, "
                                   "b)")
    assert module._holds(rows.assign(direction="better", worst=-1.0)) == (
        "worse under none; better under all 3; no worse even in the 95th percentile of any theory")
    lines = module.summary_lines(result())
    assert lines[0].startswith(f"Rival theories: {len(theories())} settings, {WORLDS} paired worlds")
    assert {line for line in lines if line.startswith("Case")} == {"Case included (included)", "Case idle (idle)"}
    assert any(line.startswith("Least regret in new recruits of any organisation: included") for line in lines)


def test_scenarios_that_are_regretted_alike_are_all_named():
    alike = pd.DataFrame({"scenario": ["base", "included"], "outcome": "attacks", "regret_mean": 2.0,
                          "regret_p95": 5.0})
    found = Robust(BASE, (), WORLDS, result().futures, alike, result().ranking)
    assert any(line.startswith("Least regret in attacks: base and included (mean 2, 95th percentile 5 ")
               for line in module.summary_lines(found))


def test_the_summary_says_which_theory_puts_which_scenario_first():
    ranking = pd.DataFrame([("attacks", DEFAULT, "b > base", False, False),
                            ("attacks", "rival", "base > b", True, True)],
                           columns=["outcome", "theory", "ranking", "ahead", "overturns"])
    assert module._overturned(ranking) == [
        "Another scenario comes first in attacks under rival: base > b (as calibrated: b > base)"]
    assert module._overturned(ranking.assign(overturns=False)) == [
        "Another scenario comes first in attacks under rival: base > b (as calibrated: b > base; first as calibrated "
        "not beyond chance)"]
    assert module._overturned(ranking.assign(ahead=False, overturns=False)) == [
        "No theory puts another scenario first beyond chance."]
