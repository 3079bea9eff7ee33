"""Why one country sends many and another almost nobody: the ratio of departures taken apart stage by stage.

An identity, not a fit: departures per resident = readiness x recruiters per resident x sympathisers won per recruiter
and readiness x recruits per new sympathiser x share of recruits not lost to arrest x departures per free recruit. The
product of the stages' ratios is the ratio of the departures.
"""

from __future__ import annotations

import pandas as pd

STAGES = {
    "readiness": "mean readiness to hear a violent message",
    "networks": "recruiters at large per million residents",
    "tolerance": "new sympathisers per recruiter and unit of readiness: open preaching, peers, online reach",
    "conversion": "recruits per new sympathiser",
    "undetected survival": "recruits per recruit and arrest",
    "exit": "departures per recruit not arrested",
}


def stages(outcomes: pd.DataFrame, residents: pd.Series) -> pd.DataFrame:
    """Value of every stage by country over a whole run (all worlds pooled).

    Parameters
    ----------
    outcomes : the outcomes table of a run
    residents : residents by country id

    Returns
    -------
    frame, one row per country and one column per stage, and ``departures`` per resident
    """
    rows = outcomes[outcomes["scope"] == "country"]
    grouped = rows.groupby("place", observed=True)
    total = grouped[["departures", "new_sympathisers", "recruits", "arrests", "recruiters"]].sum().astype(float)
    ready = grouped["readiness"].mean().astype(float)
    people = residents.reindex(total.index).astype(float)
    free = total["recruits"] * total["recruits"] / (total["recruits"] + total["arrests"])
    found = pd.DataFrame({
        "readiness": ready,
        "networks": total["recruiters"] / people,
        "tolerance": total["new_sympathisers"] / (total["recruiters"] * ready),
        "conversion": total["recruits"] / total["new_sympathisers"],
        "undetected survival": free / total["recruits"],
        "exit": total["departures"] / free,
    })
    found["departures"] = total["departures"] / people
    return found


def ratio(outcomes: pd.DataFrame, residents: pd.Series, of: str, to: str) -> pd.Series:
    """Ratio of two countries at every stage; the product of the stages equals the ratio of departures."""
    table = stages(outcomes, residents)
    return table.loc[of] / table.loc[to]
