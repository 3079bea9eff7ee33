"""Through which steps of the model a difference comes about: an exact sum over the steps of a chain of recorded flows.

Logarithmic mean Divisia index (Ang 2004, "Decomposition analysis for policymaking in energy"): an outcome is a product
of ratios of successive flows, and each ratio takes its part of the difference, without a rest. An identity, not a fit:
it says where along the chain two histories part, not which lever moved them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from sim.studies.compare.paired import LEVEL

Flows = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Step:
    """One step of a chain: what has come through it, ``level`` of the recorded flows (..., years, R).

    The step's factor is this level over that of the step before. ``process`` is the part of the model that governs it,
    ``what`` the factor in words.
    """

    name: str
    process: str
    what: str
    level: Callable[[Flows], np.ndarray]


def _total(*names: str) -> Callable[[Flows], np.ndarray]:
    return lambda flows: np.sum([flows[name] for name in names], axis=0)


def _so_far(flows: Flows, name: str) -> np.ndarray:
    """Added up over the years: what is held in a year was won in this one or an earlier one."""
    return np.cumsum(flows[name], axis=-2)


def _attacks_by(organisation: str) -> Callable[[Flows], np.ndarray]:
    """Attacks shared out by armed members; evenly where none are recorded."""
    def level(flows: Flows) -> np.ndarray:
        own, both = flows[organisation], flows["movement_members"] + flows["rival_members"]
        share = np.divide(own, both, out=np.full(np.shape(both), 0.5), where=both > 0)
        return flows["attacks"] * share
    return level


_READY = Step("readiness", "grievance", "readiness to hear a violent message", _total("readiness"))
_EXPOSED = Step("exposure", "exposure", "new sympathisers per unit of readiness", _total("new_sympathisers"))
_RECRUITED = Step("recruitment", "recruitment", "recruits per new sympathiser", _total("recruits"))
_PER_MEMBER = "attacks per member"

#: outcome -> chains whose last levels add up to it. Residents are the same in both scenarios and take no part.
CHAINS: dict[str, tuple[tuple[Step, ...], ...]] = {
    "departures": ((
        _READY, _EXPOSED, _RECRUITED,
        Step("destinations", "destinations", "travellers to the theatre per recruit",
             _total("departures", "interdicted")),
        Step("passage", "passage", "share of travellers not stopped on the way", _total("departures"))),),
    "recruits": ((_READY, _EXPOSED, _RECRUITED),),
    "attacks": ((
        Step("movement members", "recruitment, inflow, counter-measures", "members of the movement present",
             _total("movement_members")),
        Step(_PER_MEMBER, "violence", "attacks per armed member", _attacks_by("movement_members"))), (
        Step("older network's members", "recruitment, rivalry, counter-measures",
             "members of the older network present", _total("rival_members")),
        Step(_PER_MEMBER, "violence", "attacks per armed member", _attacks_by("rival_members")))),
    "controlled_residents": ((
        Step("attempts", "ground", "attempts on localities so far", lambda f: _so_far(f, "attempts")),
        Step("success", "ground", "share of attempts that succeeded",
             lambda f: _so_far(f, "attempts") - _so_far(f, "attempts_failed")),
        Step("holding", "ground, offensives", "residents held per success so far", _total("controlled_residents"))),),
}
#: outcome -> what has to be recorded to take it apart
NEEDED: dict[str, tuple[str, ...]] = {
    "departures": ("readiness", "new_sympathisers", "recruits", "departures", "interdicted"),
    "recruits": ("readiness", "new_sympathisers", "recruits"),
    "attacks": ("movement_members", "rival_members", "attacks"),
    "controlled_residents": ("attempts", "attempts_failed", "controlled_residents"),
}


def divisia(base: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Parts of the steps in the difference of the last level, (K, ...), from the levels (K, ...) of a chain, all >= 0.

    Where a flow is zero though the outcome is not, its step leaves its part to the next one. Where the outcome is zero
    in one scenario, the whole difference belongs to the step at which its chain breaks off: the limit that small values
    in place of zeros tend to (Ang & Liu 2007, "Handling zero values in the logarithmic mean Divisia index").
    """
    base, other = np.asarray(base, dtype=float), np.asarray(other, dtype=float)
    difference = other[-1] - base[-1]
    out, before = np.zeros(base.shape), np.zeros(base.shape[1:])
    mean = logarithmic_mean(base[-1], other[-1])
    for k in range(len(base)):
        known = (base[k] > 0) & (other[k] > 0)
        ratio = np.where(known, np.log(np.where(known, other[k], 1.0) / np.where(known, base[k], 1.0)), before)
        out[k], before = mean * (ratio - before), ratio
    one = (base[-1] > 0) != (other[-1] > 0)
    return np.where(one, _broken_off(base, other) * difference, out)


def _broken_off(base: np.ndarray, other: np.ndarray) -> np.ndarray:
    """1 at the first step from which on one scenario has nothing and the other has something, (K, ...)."""
    gone, there = np.where(base[-1] > 0, other, base), np.where(base[-1] > 0, base, other)
    nothing_more = np.flip(np.logical_and.accumulate(np.flip(gone <= 0, axis=0), axis=0), axis=0)
    here = nothing_more & (there > 0)
    return np.asarray(here & (np.cumsum(here, axis=0) == 1), dtype=float)


def logarithmic_mean(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(b - a) / ln(b / a); a where both are equal; 0 where one is 0."""
    known = (a > 0) & (b > 0)
    relative = np.where(known, (b - a) / np.where(known, a, 1.0), 0.0)
    same = relative == 0
    return np.where(known, a * np.where(same, 1.0, relative / np.log1p(np.where(same, 1.0, relative))), 0.0)


def contributions(outcome: str, base: Flows, other: Flows) -> np.ndarray:
    """Parts of the outcome's steps, (S, ..., years, R); along the first axis they add up to other - base."""
    names = [step.name for step in steps(outcome)]
    shape = np.broadcast_shapes(*(np.shape(base[name]) for name in NEEDED[outcome]))
    out = np.zeros((len(names), *shape))
    for chain in CHAINS[outcome]:
        parts = divisia(*(np.stack([step.level(flows) for step in chain]) for flows in (base, other)))
        for step, part in zip(chain, parts, strict=True):
            out[names.index(step.name)] += part
    return out


def steps(outcome: str) -> list[Step]:
    """The steps of an outcome, each name once, in the order of the chains."""
    return list({step.name: step for rank in zip(*CHAINS[outcome], strict=True) for step in rank}.values())


def interval(outcome: str, base: Flows, other: Flows,
             reduce: Callable[[np.ndarray], np.ndarray] = lambda parts: parts
             ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Parts in the difference of the means over worlds, and the ends of their 95 % intervals, each (S, years, R).

    Worlds are averaged first, because in a single world most regions have years with nothing to take apart; the
    interval is the jackknife's, leaving out one pair of worlds at a time (Efron & Stein 1981).

    Parameters
    ----------
    base, other : what `NEEDED` names, (worlds, years, R), paired
    reduce : makes totals of the parts (..., years, R), for instance over all years and regions
    """
    n = len(base[NEEDED[outcome][0]])
    middle = reduce(contributions(outcome, _means(base), _means(other)))
    if n < 2:
        return middle, np.full(middle.shape, np.nan), np.full(middle.shape, np.nan)
    jack = np.moveaxis(reduce(contributions(outcome, _left_out(base), _left_out(other))), 1, 0)
    error = np.sqrt((n - 1) / n * ((jack - jack.mean(axis=0)) ** 2).sum(axis=0))
    half = stats.t.ppf(1 - LEVEL / 2, n - 1) * error
    return middle, middle - half, middle + half


def _means(flows: Flows) -> dict[str, np.ndarray]:
    return {name: values.mean(axis=0, dtype=float) for name, values in flows.items()}


def _left_out(flows: Flows) -> dict[str, np.ndarray]:
    """Means over all worlds but one, (worlds, years, R); what rounding leaves of nothing is nothing."""
    out = {}
    for name, values in flows.items():
        total = values.sum(axis=0, dtype=float)
        rest = total - values
        out[name] = np.where(rest > 1e-9 * total, rest, 0.0) / (len(values) - 1)
    return out
