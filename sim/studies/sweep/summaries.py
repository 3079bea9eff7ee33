"""Numbers derived from the months of each world: whether, when and how long a foothold stood, and rates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from sim.engine.outcomes import OUTCOMES
from sim.runs.reduce import over_months

GAP = 6  # assumption: after as many months without a foothold in a place, the next one there is a new one


@dataclass(frozen=True)
class Months:
    """The months of a batch: outcomes name -> (n, months, P), residents (P,) in the first month."""

    values: Mapping[str, np.ndarray]
    residents: np.ndarray

    @property
    def held(self) -> np.ndarray:
        """Whether a foothold stood, (n, months, P)."""
        return np.asarray(self.values["foothold"] > 0)


@dataclass(frozen=True)
class Summary:
    """One number for each world, place and period (first, last; 0-based months of the run, both included)."""

    unit: str
    label: str
    needs: tuple[str, ...]
    of: Callable[[Months, int, int], np.ndarray]


def _total(name: str) -> Callable[[Months, int, int], np.ndarray]:
    return lambda m, first, last: over_months(m.values[name], OUTCOMES[name].flow, slice(first, last + 1))


def _per_million(name: str) -> Callable[[Months, int, int], np.ndarray]:
    total = _total(name)
    return lambda m, first, last: 1e6 * total(m, first, last) / m.residents


def _any(m: Months, first: int, last: int) -> np.ndarray:
    return np.asarray(m.held[:, first:last + 1].any(axis=1))


def _count(m: Months, first: int, last: int) -> np.ndarray:
    return m.held[:, first:last + 1].sum(axis=1)


def _first(m: Months, first: int, last: int) -> np.ndarray:
    span = m.held[:, first:last + 1]
    return np.where(span.any(axis=1), first + span.argmax(axis=1), np.nan)


def _peak(m: Months, first: int, last: int) -> np.ndarray:
    return m.values["controlled_residents"][:, first:last + 1].max(axis=1)


def lost_and_back(held: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whether a foothold ended for at least `GAP` months, and whether one stood again after that; (n, P) each."""
    without = np.zeros(held[:, 0].shape, dtype=int)
    ever, lost, back = (np.zeros(without.shape, dtype=bool) for _ in range(3))
    for month in range(held.shape[1]):
        now = held[:, month]
        back |= now & lost
        ever |= now
        without = np.where(now, 0, without + 1)
        lost |= ever & (without >= GAP)
    return lost, back


def _lost(m: Months, first: int, last: int) -> np.ndarray:
    return lost_and_back(m.held[:, first:last + 1])[0]


def _back(m: Months, first: int, last: int) -> np.ndarray:
    return lost_and_back(m.held[:, first:last + 1])[1]


SUMMARIES: dict[str, Summary] = {
    "foothold_any": Summary("0 or 1", "a foothold stood in the period", ("foothold",), _any),
    "foothold_months": Summary("months", "months with a foothold", ("foothold",), _count),
    "first_foothold": Summary("months", "first month with a foothold, counted from the start of the run (0); empty "
                              "where there was none", ("foothold",), _first),
    "foothold_lost": Summary("0 or 1", f"a foothold ended and none stood for {GAP} months", ("foothold",), _lost),
    "recurrence": Summary("0 or 1", f"a foothold stood again after {GAP} months without one", ("foothold",), _back),
    "peak_residents": Summary("persons", "largest number of residents under control in any month",
                              ("controlled_residents",), _peak),
    "departures_per_million": Summary("persons/million residents", "residents who reached the theatre, per million",
                                      ("departures",), _per_million("departures")),
    "recruits_per_million": Summary("persons/million residents", "new recruits of any organisation, per million",
                                    ("recruits",), _per_million("recruits")),
    "effort": Summary("effort units", "effort spent on levers", ("effort",), _total("effort")),
}
