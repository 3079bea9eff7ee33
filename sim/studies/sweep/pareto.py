"""Effort against outcome: the points of which no other has both less effort and a better outcome."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sim.studies.sweep.surfaces import filled

RESAMPLES = 200
SEED = 1
FREE = "only levers cost effort; dials, parameters and all else that is varied cost nothing here"


def front(effort: np.ndarray, harm: np.ndarray) -> np.ndarray:
    """Which of n points are not beaten: none has at most as much of both, and less of one; (n,)."""
    order = np.lexsort([harm, effort])
    best = np.minimum.accumulate(np.concatenate([[np.inf], harm[order][:-1]]))
    ahead = np.empty(len(harm), dtype=bool)
    ahead[order] = harm[order] < best
    same = {(e, h) for e, h in zip(effort[ahead], harm[ahead], strict=True)}
    return np.array([a or (e, h) in same for a, e, h in zip(ahead, effort, harm, strict=True)])


def pareto(effort: np.ndarray, outcome: np.ndarray, wish: str) -> pd.DataFrame:
    """Effort and outcome, (P, W) each, by point: means, whether on the front, and in what share of redrawn worlds.

    ``note`` says what effort leaves out.
    """
    outcome, known = filled(outcome)
    effort = effort[known]
    sign = -1.0 if wish == "+" else 1.0
    cost, mean = effort.mean(axis=1), outcome.mean(axis=1)
    rng = np.random.default_rng(SEED)
    worlds = outcome.shape[1]
    draws = rng.integers(worlds, size=(RESAMPLES, worlds))
    often = np.mean([front(effort[:, d].mean(axis=1), sign * outcome[:, d].mean(axis=1)) for d in draws], axis=0)
    low, high = np.quantile([outcome[:, d].mean(axis=1) for d in draws], [0.025, 0.975], axis=0)
    return pd.DataFrame({"row": np.flatnonzero(known), "effort": cost, "mean": mean, "low": low, "high": high,
                         "on_front": front(cost, sign * mean), "front_share": often, "note": FREE})
