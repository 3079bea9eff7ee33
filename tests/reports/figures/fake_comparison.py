"""A made-up folder of a comparison: shapes only, no claim about any place or policy."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from synthetic import invented_places

OUTCOMES = {
    "departures": ("residents who reach the distant theatre", "persons/month", "-", 4000.0),
    "recruits": ("new recruits of any organisation", "persons/month", "-", 20000.0),
    "attacks": ("attacks", "attacks/month", "-", 300.0),
    "mass_attacks": ("mass-casualty attacks (ten or more dead besides the attackers)", "attacks/month", "-", 4.0),
    "deaths_civilians": ("civilians killed", "deaths/month", "-", 700.0),
    "deaths_state": ("members of state and allied forces killed", "deaths/month", "-", 500.0),
    "controlled_residents": ("residents under the movement's control", "persons", "-", 30000.0),
    "foothold": ("a locality held at contested or better for three months", "0-1", "-", 0.0),
    "movement_members": ("members of the movement present", "persons", "-", 2500.0),
    "rival_members": ("members of the older network present", "persons", "-", 900.0),
    "refuge_members": ("armed members in mountain or desert refuges", "persons", "-", 400.0),
    "returnees_hidden": ("returnees in hiding", "persons/month", "-", 60.0),
    "returnees_reintegrated": ("returnees reintegrated", "persons/month", "+", 40.0),
    "prisoners": ("prisoners", "persons", "", 3000.0),
    "polarisation": ("polarisation", "0-1", "-", 0.4),
    "effort": ("effort spent on levers", "effort units/month", "", 0.0),
}
TITLES = (
    "Earlier border control in the second country",
    "Governance and inclusion of the interior, with services",
    "National cohesion",
    "Everything together: borders, governance, cohesion and the return of the theatre's fighters",
    "Trials",
)
STAGES = ("exposure", "recruitment", "destinations", "passage")
WHY_WORLDS = 16
THEORIES = ("as calibrated", "joining: deprivation", "joining: organisations", "repression: deterrence",
            "repression: inverted_u", "safety_valve: off", "prestige: off", "peers: off")


def make_comparison(folder: Path, others: int = 3, worlds: int = 40, months: int = 84, regions: int = 40, seed: int = 5,
                    why: bool = True, robust: bool = True, same: bool = False, last: str = "2017-12") -> Path:
    """Write the folder; with ``same`` no scenario differs from the base in any world; ``last`` month of the window."""
    rng = np.random.default_rng(seed)
    places = invented_places(4, regions)
    names = [f"scenario_{k}" for k in range(others)]
    dates = pd.date_range("2011-01-01", periods=months, freq="MS").strftime("%Y-%m")
    where = ["ALL", *places.loc[places["scope"] == "country", "id"]]
    shares = {"ALL": 1.0, **dict(zip(where[1:], (0.1, 0.3, 0.2, 0.4), strict=True))}
    effects, monthly, by_region = [], [], []
    shape = np.exp(-0.5 * ((np.arange(months) / months - 0.5) / 0.2) ** 2)
    for i, (outcome, (label, unit, wish, size)) in enumerate(OUTCOMES.items()):
        for place in where:
            base = size * shares[place] * rng.lognormal(0, 0.25, worlds)
            paths = base[:, None] * shape / shape.sum() * rng.lognormal(0, 0.2, (worlds, months))
            monthly.append(_quantiles(paths, "baseline", outcome, place, "level", dates))
            for k, name in enumerate(names):
                factor = 0.0 if same else (0.3 * ((i + k) % 4) - 0.4) * (1 if place == "ALL" else 1.2)
                spread = 0.0 if same else 0.15
                if outcome == "effort" and not same:
                    difference = np.full(worlds, 240.0 * shares[place])
                else:
                    difference = base * (factor + spread * rng.normal(size=worlds))
                effects.append(_effect(name, TITLES[k], outcome, label, unit, place, wish, base, difference))
                delta = difference[:, None] * shape / shape.sum()
                monthly.append(_quantiles(paths + delta, name, outcome, place, "level", dates))
                monthly.append(_quantiles(delta, name, outcome, place, "difference", dates))
        for name in names:
            by_region.append(_by_region(name, outcome, places, size, worlds, same, rng))
    folder.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(effects).to_csv(folder / "effects.csv", index=False)
    pd.concat(monthly).to_csv(folder / "monthly.csv", index=False)
    pd.concat(by_region).to_csv(folder / "regions.csv", index=False)
    places.to_csv(folder / "places.csv", index=False)
    _scenarios(folder, names, seed, worlds, last)
    if why:
        _why(folder, names, rng)
    if robust:
        make_robust(folder, ["baseline", *names], rng)
    return folder


def _quantiles(values: np.ndarray, scenario: str, outcome: str, place: str, kind: str, dates: pd.Index) -> pd.DataFrame:
    q = np.quantile(values, [0.05, 0.25, 0.5, 0.75, 0.95], axis=0)
    columns = dict(zip(("p05", "p25", "p50", "p75", "p95"), q, strict=True))
    return pd.DataFrame({"scenario": scenario, "outcome": outcome, "place": place, "month": dates, "kind": kind,
                         **columns, "mean": values.mean(axis=0)})


def _effect(scenario: str, title: str, outcome: str, label: str, unit: str, place: str, wish: str, base: np.ndarray,
            difference: np.ndarray) -> dict[str, object]:
    n, gain = len(base), -difference if wish != "+" else difference
    better, worse = int((gain > 0).sum()), int((gain < 0).sum())
    error = 1.96 * difference.std(ddof=1) / np.sqrt(n)
    decided = max(better, worse) > n / 2 + np.sqrt(n)
    words = ("better", "worse") if wish else ("lower", "higher")
    direction = "same in every world" if better + worse == 0 else "undecided"
    if decided:
        direction = words[0] if better > worse else words[1]
    median, mean = float(np.median(difference)), float(difference.mean())
    other = base + difference
    row: dict[str, object] = {"scenario": scenario, "title": title, "outcome": outcome, "label": label, "unit": unit,
                              "place": place, "wish": wish}
    for key, values in (("base", base), ("other", other)):
        row |= {f"{key}_median": np.median(values), f"{key}_p05": np.quantile(values, 0.05),
                f"{key}_p95": np.quantile(values, 0.95)}
    low, high = np.quantile(difference, [0.05, 0.95])
    return row | {
        "difference_median": median, "difference_low": median - error, "difference_high": median + error,
        "difference_mean": mean, "mean_low": mean - error, "mean_high": mean + error, "spread_low": low,
        "spread_high": high, "ratio": np.nan, "ratio_low": np.nan, "ratio_high": np.nan, "better": better,
        "worse": worse, "same": n - better - worse, "share_better": better / n, "share_low": 0.0, "share_high": 1.0,
        "p_value": 0.01 if decided else 0.5, "decided": decided, "direction": direction,
        "needed": "" if decided else "600",
        "verdict": f"{direction} in {max(better, worse)} of {n} worlds (median {median:.3g})",
        "effort": 240.0, "effect_per_effort": mean / 0.24,
    }


def _by_region(scenario: str, outcome: str, places: pd.DataFrame, size: float, worlds: int, same: bool,
               rng: np.random.Generator) -> pd.DataFrame:
    ids = places.loc[places["scope"] == "region", "id"]
    mean = np.zeros(len(ids)) if same else size / len(ids) * rng.normal(-0.2, 0.4, len(ids))
    less = np.zeros(len(ids)) if same else 1 / (1 + np.exp(6 * mean / (size / len(ids) or 1.0)))
    return pd.DataFrame({"scenario": scenario, "outcome": outcome, "region": ids, "base_mean": size / len(ids),
                         "difference_mean": mean, "difference_median": mean * 0.9, "share_better": less,
                         "share_worse": np.where(same, 0.0, 1 - less), "n": worlds})


def _scenarios(folder: Path, names: list[str], seed: int, worlds: int, last: str) -> None:
    (folder / "scenarios").mkdir(exist_ok=True)
    common = {"world": "maghreb", "start": "2011-01", "end": "2017-12", "worlds": worlds, "seed": seed}
    base = {"name": "baseline", "title": "Made-up base", "description": "What is being asked?", **common}
    (folder / "scenarios" / "baseline.yaml").write_text(yaml.safe_dump(base), encoding="utf-8")
    one = pd.DataFrame({"scenario": names, "world": 0, "outcome": "departures", "place": "ALL", "value": 1.0})
    one.to_parquet(folder / "differences.parquet")
    for k, name in enumerate(names):
        lever = {"lever": "border_control", "where": ["BB", "AA-01"], "from": "2013-01", "strength": 0.8, "ramp": 6}
        own = {"name": name, "title": TITLES[k], "description": f"Question {k} & <more>?", **common, "levers": [lever]}
        (folder / "scenarios" / f"{name}.yaml").write_text(yaml.safe_dump(own), encoding="utf-8")
    manifest = {"schema_version": 1, "project": "foothold", "project_version": "0.1.0", "git": None,
                "python": "3.11", "started_utc": "2026-01-01T00:00:00Z", "seed": seed, "worlds": worlds,
                "scenario": "baseline", "others": names, "command": "python run.py compare baseline.yaml other.yaml",
                "world": "maghreb", "kind": "comparison", "until_sure": False, "first": "2011-01", "last": last,
                "summary": ["What was found", "", "150 comparisons were made; about 8 would look decided by chance."]}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def _why(folder: Path, names: list[str], rng: np.random.Generator) -> None:
    stages, players = [], []
    for name in names:
        for outcome in ("departures", "attacks"):
            for year in range(2011, 2018):
                for stage in STAGES:
                    for region in ("AA-01", "BB-02"):
                        value = float(rng.normal(-30, 40))
                        stages.append((name, outcome, stage, stage, region, year, value, value - 10, value + 10))
            given = [f"Governance and inclusion of the interior ({k})" for k in range(2 if len(names) > 1 else 8)]
            values = rng.normal(-300, 200, len(given) + 1)
            for player, value in zip([*given, "events and other settings"], values, strict=True):
                players.append((name, outcome, player, value, value - 80, value + 80, value / values.sum()))
    pd.DataFrame(stages, columns=["scenario", "outcome", "stage", "process", "region", "year", "contribution", "low",
                                  "high"]).to_csv(folder / "why_stages.csv", index=False)
    pd.DataFrame(players, columns=["scenario", "outcome", "player", "value", "low", "high", "share"]).to_csv(
        folder / "why_shapley.csv", index=False)
    parting = [(name, "2013-03", "BB", "arrests", 1.0) for name in names]
    pd.DataFrame(parting, columns=["scenario", "month", "place", "outcome", "share"]).to_csv(
        folder / "why_parting.csv", index=False)
    account = (f"- Over the whole run and all countries, fewer people, by 210 on average over {WHY_WORLDS} worlds "
               "(95 % 170 to 250; base 900). By step: recruitment (recruits) -300 [95 % -350 to -250], passage "
               "(travellers) +90 [95 % +70 to +110]; cannot be told apart from zero: exposure (sympathisers).\n")
    said = "\n".join(f"## {name}\n\n{2 * account}- Fewer people come to sympathise (-210, 95 % -250 to -170).\n"
                     for name in names)
    (folder / "why.md").write_text(f"# Why\n\n{said}", encoding="utf-8")


def make_robust(folder: Path, names: list[str], rng: np.random.Generator) -> Path:
    """Only the tables of robustness; the base comes first in ``names``."""
    folder.mkdir(parents=True, exist_ok=True)
    futures, regret, ranking = [], [], []
    for outcome in ("departures", "attacks", "controlled_residents"):
        for theory in THEORIES:
            for name in names[1:]:
                share = float(rng.uniform(0, 1))
                low, high = max(share - 0.12, 0), min(share + 0.12, 1)
                way = "better" if low > 0.5 else "worse" if high < 0.5 else "undecided"
                if theory == THEORIES[-1]:
                    share, low, high, way = 0.5, 0.0, 1.0, "same in every world"
                futures.append((name, theory, outcome, share, low, high, -40.0, 90.0, 50, 0, way))
            ranking.append((outcome, theory, " > ".join(names), bool(rng.uniform() < 0.2)))
        for name in names:
            mean = float(rng.gamma(2, 100))
            regret.append((name, outcome, mean, mean * 3))
    columns = ["scenario", "theory", "outcome", "share_improved", "low", "high", "difference_median", "worst", "n",
               "same", "direction"]
    pd.DataFrame(futures, columns=columns).to_csv(folder / "robust_futures.csv", index=False)
    pd.DataFrame(regret, columns=["scenario", "outcome", "regret_mean", "regret_p95"]).to_csv(
        folder / "robust_regret.csv", index=False)
    pd.DataFrame(ranking, columns=["outcome", "theory", "ranking", "overturns"]).to_csv(
        folder / "robust_ranking.csv", index=False)
    return folder
