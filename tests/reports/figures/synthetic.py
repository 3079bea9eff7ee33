"""A made-up result folder with the layout of a real one: shapes only, no claim about any place."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

COUNTS = ("recruits", "departures", "movement_members", "rival_members", "foreign_members")
EVENTS = [
    ("uprisings", "2011-01", "Uprisings begin"),
    ("war", "2011-03", "War in the east"),
    ("rebellion", "2012-01", "Armed rebellion in the theatre"),
    ("proclamation", "2013-04", "The movement enters the theatre"),
    ("coup", "2013-07", "Coup in a neighbouring state"),
    ("peak", "2014-06", "Territory proclaimed in the theatre"),
    ("coalition", "2014-09", "Coalition air campaign opens against the theatre"),
    ("visa", "2015-03", "Neighbour of the theatre tightens its land border and airport checks"),
    ("border", "2016-02", "Border closed"),
    ("agreement", "2015-12", "Unity agreement"),
    ("loss", "2017-10", "Theatre lost"),
]


def invented_places(countries: int, regions: int) -> pd.DataFrame:
    """Places of an invented geography: blocks of tiles side by side."""
    ids = ["AA", "BB", "CC", "DD", "EE", "FF"][:countries]
    names = ["Arland", "Borvia", "Cassel", "Dunmark", "Esteria", "Fallow"]
    per = [regions // countries + (i < regions % countries) for i in range(countries)]
    rows: list[dict[str, object]] = []
    left = 0
    for i, (country, n) in enumerate(zip(ids, per, strict=True)):
        wide = max(2, int(np.ceil(np.sqrt(n))))
        for k in range(n):
            col, row = left + k % wide, k // wide + i % 2
            rows.append(
                {
                    "id": f"{country}-{k:02d}",
                    "scope": "region",
                    "country": country,
                    "name": f"{names[i]} {k + 1}",
                    "lon": float(col),
                    "lat": 40.0 - row,
                    "tile_col": col,
                    "tile_row": row,
                    "residents": 200_000 + 50_000 * ((k * 7) % 11),
                    "youth": 90_000,
                }
            )
        left += wide + (1 if i % 3 == 2 else 0)
    return with_countries(pd.DataFrame(rows), dict(zip(ids, names[:countries], strict=True)))


def with_countries(regions: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    """Region rows followed by one row per country."""
    sums = regions.groupby("country")[["residents", "youth"]].sum()
    rows = [
        {
            "id": c,
            "scope": "country",
            "country": c,
            "name": names[c],
            "residents": sums.loc[c, "residents"],
            "youth": sums.loc[c, "youth"],
        }
        for c in names
    ]
    return pd.concat([regions, pd.DataFrame(rows)], ignore_index=True)


def make_run(
    folder: Path,
    places: pd.DataFrame,
    worlds: int = 20,
    months: int = 84,
    seed: int = 1,
    zero: bool = False,
    scale: float = 1.0,
) -> Path:
    """Write a result folder with plausible shapes into `folder`."""
    rng = np.random.default_rng(seed)
    regions = places[places["scope"] == "region"]
    n, dates = len(regions), pd.date_range("2011-01-01", periods=months, freq="MS")
    t = np.arange(months) / months
    country = pd.Categorical(regions["country"], categories=list(dict.fromkeys(regions["country"])))
    level = np.array([1.0, 6.0, 2.0, 15.0, 3.0, 1.0])[country.codes] * rng.lognormal(-0.5, 1.2, n)
    level *= regions["residents"].to_numpy() / 1e6
    wave = np.exp(-(((t - 0.45) / 0.2) ** 2))
    luck = rng.lognormal(0.0, 0.4, (worlds, 1, 1))
    rate = luck * wave[None, :, None] * level[None, None, :] * (0.0 if zero else 8.0 * scale)
    data = {"recruits": rng.poisson(rate).astype(np.float32)}
    data["departures"] = rng.binomial(data["recruits"].astype(int), 0.6).astype(np.float32)
    chance = np.where(country.codes == 1, 0.45, 0.06) * rng.beta(0.6, 2.0, n) * (0.0 if zero else scale)
    held = np.zeros((worlds, months, n), dtype=np.float32)
    spells = []
    for w, r in zip(*np.nonzero(rng.random((worlds, n)) < chance), strict=True):
        onset, length = int(rng.integers(months // 3, months - 4)), int(rng.integers(4, 30))
        held[w, onset : onset + length, r] = 1.0
        last = onset + length
        spells.append(
            {
                "world": int(w),
                "region": regions["id"].iloc[r],
                "locality": f"{regions['id'].iloc[r]}.rest",
                "onset": f"{dates[onset]:%Y-%m}",
                "end": f"{dates[last]:%Y-%m}" if last < months else None,
                "months": min(length, months - onset),
                "grade": "held",
                "ended_by": "state" if last < months else None,
            }
        )
    data["control"] = (held * rng.uniform(0.1, 0.9, (worlds, 1, n))).astype(np.float32)
    data["foothold"] = held
    local = np.cumsum(data["recruits"] - data["departures"], axis=1)
    data["foreign_members"] = np.round(held * rng.gamma(2.0, 60.0, (worlds, 1, n))).astype(np.float32)
    data["movement_members"] = np.round(local * 0.5 + data["foreign_members"] * 2).astype(np.float32)
    old = np.where(country.codes == 0, 900.0 / max((country.codes == 0).sum(), 1), 2.0)
    fade = np.exp(-2 * t)[None, :, None]
    data["rival_members"] = (rng.poisson(old * fade * np.ones((worlds, 1, 1))) * (not zero)).astype(np.float32)
    frames = [_frame(data, list(regions["id"]), dates, "region")]
    codes = [country.codes == k for k in range(len(country.categories))]
    weight = regions["residents"].to_numpy(dtype=float)
    summed = {k: np.stack([data[k][:, :, c].sum(axis=2) for c in codes], axis=2) for k in COUNTS}
    summed["control"] = np.stack(
        [np.average(data["control"][:, :, c], axis=2, weights=weight[c]) for c in codes], axis=2
    )
    summed["foothold"] = np.stack([held[:, :, c].max(axis=2) for c in codes], axis=2)
    frames.append(_frame(summed, list(country.categories), dates, "country"))
    outcomes = pd.concat(frames, ignore_index=True)
    outcomes["scope"], outcomes["place"] = outcomes["scope"].astype("category"), outcomes["place"].astype("category")
    folder.mkdir(parents=True, exist_ok=True)
    outcomes.to_parquet(folder / "outcomes.parquet", compression="zstd")
    parts = [
        _summary(data, list(regions["id"]), dates, "region"),
        _summary(summed, list(country.categories), dates, "country"),
    ]
    pd.concat(parts).to_csv(folder / "summary.csv", index=False)
    pd.DataFrame(spells, columns=["world", "region", "locality", "onset", "end", "months", "grade", "ended_by"]).to_csv(
        folder / "footholds.csv", index=False
    )
    places.to_csv(folder / "places.csv", index=False)
    events = pd.DataFrame([(*e, "made up") for e in EVENTS], columns=["id", "date", "title", "source"])
    events[events["date"] <= f"{dates[-1]:%Y-%m}"].to_csv(folder / "events.csv", index=False)
    info = [(k, "persons", k.replace("_", " "), "sum") for k in COUNTS]
    pd.DataFrame(info, columns=["outcome", "unit", "label", "aggregate"]).to_csv(
        folder / "outcome_info.csv", index=False
    )
    (folder / "scenario.yaml").write_text(
        f"name: made_up\ntitle: Made-up numbers to try the figures\nworlds: {worlds}\nseed: {seed}\n", encoding="utf-8"
    )
    (folder / "manifest.json").write_text(json.dumps({"seed": seed, "worlds": worlds}), encoding="utf-8")
    return folder


def _frame(data: dict[str, np.ndarray], ids: list[str], dates: pd.DatetimeIndex, scope: str) -> pd.DataFrame:
    worlds, months, n = data["recruits"].shape
    return pd.DataFrame(
        {
            "world": np.repeat(np.arange(worlds, dtype=np.int32), months * n),
            "month": np.tile(np.repeat(dates.date, n), worlds),
            "scope": scope,
            "place": np.tile(np.array(ids), worlds * months),
            **{k: v.reshape(-1) for k, v in data.items()},
        }
    )


def _summary(data: dict[str, np.ndarray], ids: list[str], dates: pd.DatetimeIndex, scope: str) -> pd.DataFrame:
    parts = []
    for outcome, values in data.items():
        q = np.quantile(values, [0.05, 0.25, 0.5, 0.75, 0.95], axis=0)
        columns = dict(zip(("p05", "p25", "p50", "p75", "p95"), q.reshape(5, -1), strict=True))
        parts.append(
            pd.DataFrame(
                {
                    "scope": scope,
                    "place": np.tile(np.array(ids), len(dates)),
                    "month": np.repeat(dates.strftime("%Y-%m"), len(ids)),
                    "outcome": outcome,
                    "unit": "persons",
                    **columns,
                    "mean": values.mean(axis=0).reshape(-1),
                }
            )
        )
    return pd.concat(parts)
