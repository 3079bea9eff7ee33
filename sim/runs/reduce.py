"""The one reducer: regions to places, months to years and windows, worlds to quantiles.

Values come as the recorder leaves them, (outcomes, worlds, months, regions) float32. How regions make a place and
months a period is said by `sim.engine.outcomes.OUTCOMES`: flows are summed over months, the rest is averaged; regions
are summed, averaged by residents, or the largest counts. Sums are made in float64, those of years in float32.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.engine.outcomes import OUTCOMES
from sim.inputs.geography import Geography

QUANTILES = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}


def as_one_place(values: np.ndarray, aggregate: str, residents: np.ndarray) -> np.ndarray:
    """Regions along the last axis as one place, (..., R) -> (...); ``residents`` (R,) are the weights of a mean."""
    if aggregate == "sum":
        return np.asarray(values.sum(axis=-1, dtype=np.float64))
    if aggregate == "max":
        return np.asarray(values.max(axis=-1))
    return np.asarray((values * residents).sum(axis=-1, dtype=np.float64) / residents.sum())


def by_place(values: np.ndarray, aggregate: str, places: Sequence[slice], residents: np.ndarray) -> np.ndarray:
    """Regions along the last axis to places, each a slice of them: (..., R) -> (..., P), float32."""
    return np.stack([as_one_place(values[..., own], aggregate, residents[own]) for own in places],
                    axis=-1).astype(np.float32)


def with_countries(names: Sequence[str], values: np.ndarray, g: Geography) -> np.ndarray:
    """Values with the countries after the regions, (O, W, months, R) -> (O, W, months, R + Y), float32."""
    *shape, regions = values.shape
    out = np.empty((*shape, regions + len(g.countries)), dtype=np.float32)
    out[..., :regions] = values
    for i, name in enumerate(names):
        out[i, ..., regions:] = by_place(values[i], OUTCOMES[name].aggregate, g.country_slices, g.r["residents"])
    return out


def countries_and_all(names: Sequence[str], values: np.ndarray, g: Geography) -> np.ndarray:
    """Countries, then all of them together, (O, W, months, R) -> (O, W, months, Y + 1), float32."""
    places = [*g.country_slices, slice(0, len(g.regions))]
    return np.stack([by_place(own, OUTCOMES[name].aggregate, places, g.r["residents"])
                     for name, own in zip(names, values, strict=True)])


def by_year(names: Sequence[str], values: np.ndarray, start: int) -> np.ndarray:
    """Calendar years, (O, W, months, P) -> (O, W, years, P), float32; ``start`` is the first month.

    A year that the run covers in part is summed or averaged over the months that there are.
    """
    year = (start + np.arange(values.shape[2])) // 12
    firsts = np.flatnonzero(np.diff(year, prepend=-1))
    months = np.diff(np.append(firsts, year.size))[:, None]
    found = np.add.reduceat(values, firsts, axis=2, dtype=np.float32)
    for i, name in enumerate(names):
        if not OUTCOMES[name].flow:
            found[i] /= months
    return found


def over_window(names: Sequence[str], values: np.ndarray, window: slice = slice(None)) -> np.ndarray:
    """A window of months as one number, (O, W, months, P) -> (O, W, P), float64."""
    return np.stack([over_months(own, OUTCOMES[name].flow, window) for name, own in zip(names, values, strict=True)])


def over_months(values: np.ndarray, flow: bool, window: slice = slice(None)) -> np.ndarray:
    """The same for one outcome, (..., months, P) -> (..., P), float64: the sum of a flow, the mean of anything else."""
    part = values[..., window, :]
    return np.asarray(part.sum(axis=-2, dtype=np.float64) if flow else part.mean(axis=-2, dtype=np.float64))


def over_worlds(values: np.ndarray) -> np.ndarray:
    """Quantiles over worlds, then the mean: (cells, W) -> (quantiles + 1, cells), float32; sorts in place."""
    values.sort(axis=1)
    return np.stack([*(quantile_of_sorted(values.T, q) for q in QUANTILES.values()),
                     values.mean(axis=1, dtype=np.float64).astype(np.float32)])


def quantile_of_sorted(ordered: np.ndarray, q: float) -> np.ndarray:
    """Linear-interpolation quantile (NumPy's default) along the sorted first axis."""
    at = q * (ordered.shape[0] - 1)
    low = int(np.floor(at))
    high = min(low + 1, ordered.shape[0] - 1)
    return np.asarray(ordered[low] + (ordered[high] - ordered[low]) * np.float32(at - low))
