"""What a process or an agent sees of one month: the world, the numbers, the dials and named luck."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import numpy as np

from sim.inputs.geography import Geography
from sim.inputs.numbers import Group
from sim.noise import Noise
from sim.policy.dials import Dials
from sim.world import World


@dataclass
class Moment:
    """One month of a batch of worlds.

    ``flows`` collects what happened in the month by name and region, shape (W, R), for the recorder.
    ``frozen`` replaces named decisions by constants: the placebo that shows whether a rule matters.
    """

    world: World
    geography: Geography
    k: dict[str, Group]
    dials: Dials
    noise: Noise
    month: int  # absolute, months since year 0
    step: int  # 0 in the first month of the run
    frozen: Mapping[str, float] = field(default_factory=dict)
    flows: dict[str, np.ndarray] = field(default_factory=dict)
    kept: dict[Any, Any] | None = None  # see `monthly`; None in a moment that somebody takes in hand

    def luck(self, process: str, *shape: int) -> np.ndarray:
        """Uniforms in [0, 1) that belong to this process, month and identities, (W, *shape)."""
        return self.noise.uniform(process, self.month, shape)

    def luck_at(self, process: str, world: int, first: int, *shape: int) -> np.ndarray:
        """What ``luck(process, n, *shape)[world, first]`` is, without drawing for all the others."""
        size = math.prod(shape)
        return self.noise.part(process, self.month, world, first * size, size).reshape(shape)

    def flow(self, name: str, amount: np.ndarray) -> None:
        """Add what happened by region, (W, R), to the month's record."""
        if name in self.flows:
            self.flows[name] = self.flows[name] + amount
        else:
            self.flows[name] = amount

    def decided(self, name: str, value: np.ndarray) -> np.ndarray:
        """A decision, or the constant that a placebo puts in its place."""
        if name in self.frozen:
            return np.full_like(np.asarray(value, dtype=float), self.frozen[name])
        return value

    def by_region(self, country_values: np.ndarray) -> np.ndarray:
        """(., Y) -> (., R)."""
        return country_values[..., self.geography.country_of]


Rule = TypeVar("Rule", bound=Callable[..., Any])


def fixed(rule: Rule) -> Rule:
    """A rule of the geography alone: worked out once for each geography and kept."""

    @functools.wraps(rule)
    def once(g: Geography) -> Any:
        if rule not in g.kept:
            g.kept[rule] = rule(g)
        return g.kept[rule]

    return cast(Rule, once)


def monthly(rule: Rule) -> Rule:
    """A rule whose inputs stay as they are between its uses in a month: worked out once in the model's own month."""

    @functools.wraps(rule)
    def once(m: Moment) -> Any:
        if m.kept is None:
            return rule(m)
        if rule not in m.kept:
            m.kept[rule] = rule(m)
        elif m.world.checking and not np.array_equal(m.kept[rule], rule(m)):
            raise AssertionError(f"{rule.__name__} changed within the month")
        return m.kept[rule]

    return cast(Rule, once)


def wide(value: np.ndarray) -> np.ndarray:
    """A coefficient of shape () or (W, 1) made ready for arrays with two axes after the worlds."""
    return value[..., None] if np.ndim(value) else value


def flat(value: np.ndarray) -> np.ndarray:
    """A coefficient of shape () or (W, 1) made ready for arrays of shape (W,)."""
    return value[..., 0] if np.ndim(value) else value


def noisy_or(*chances: np.ndarray | float) -> np.ndarray:
    """Chance that at least one of several independent causes is present."""
    none: np.ndarray | float = 1.0
    for chance in chances:
        none = none * (1 - np.clip(chance, 0, 1))
    return 1 - np.asarray(none)
