"""The record as numbers: targets with their ranges and roles, and what a run gives for each.

A target is a range that the sources allow for one measurable quantity.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.inputs.geography import load_geography
from sim.inputs.mistakes import DataError
from sim.inputs.numbers import DATA
from sim.inputs.reading import read_yaml
from sim.studies.record.measures import ZERO_ONE, check_measure, evaluate, outcomes_of, view

if TYPE_CHECKING:
    from sim.inputs.scenario import Scenario
    from sim.runs.ensemble import Arrays

if TYPE_CHECKING:
    pass

ROLES = ("fitted", "reserved")
SCALES = ("log", "linear", "share", "months")
KINDS = ("interval", "point", "probability")
RESERVED_SHARE = 1 / 3


@dataclass(frozen=True)
class Target:
    """One measurable quantity and the range that the record allows.

    ``group`` names the fact: targets of one fact share a role. ``derived_from`` names facts from which this one
    follows: it is reserved if one of them is, so that nothing reserved can be computed from what is fitted.
    ``measure`` is ``{kind: ..., ...}``, see `MEASURES`. For ``kind`` 'probability' every world counts 0 or 1.
    """

    id: str
    statement: str
    evidence: tuple[str, ...]
    group: str
    topic: str
    role: str
    low: float
    high: float
    scale: str
    kind: str
    reliability: str
    measure: dict[str, Any]
    source: str = ""
    derived_from: tuple[str, ...] = ()


# ------------------------------------------------------------------------------------------------ reading


def load_targets(world: str) -> list[Target]:
    """The targets of a world, checked; an empty list where it has none.

    Raises
    ------
    DataError
        naming file, target and key.
    """
    path = DATA / world / "targets.yaml"
    if not path.exists():
        return []
    rows = read_yaml(path)
    targets = [_target(row, path, number) for number, row in enumerate(rows or [], start=1)]
    twice = sorted({t.id for t in targets if sum(o.id == t.id for o in targets) > 1})
    if twice:
        raise DataError(f"{path.name}: the id {twice[0]} is used twice")
    _check_groups(targets, path)
    g = load_geography(world)
    for target in targets:
        check_measure(target.measure, g, f"{path.name}, {target.id}")
        if target.kind == "probability" and target.measure["kind"] not in ZERO_ONE:
            raise DataError(f"{path.name}, {target.id}: a probability needs a measure of 0 or 1 "
                            f"({', '.join(ZERO_ONE)})")
    return targets


def _target(row: Any, path: Path, number: int) -> Target:
    where = f"{path.name}, {row.get('id', f'entry {number}')}" if isinstance(row, dict) else f"{path.name}, {number}"
    needed = ("id", "statement", "evidence", "group", "topic", "role", "low", "high", "scale", "kind", "reliability",
              "source", "measure")
    if not isinstance(row, dict):
        raise DataError(f"{where}: an entry is a mapping of {', '.join(needed)}")
    for key in needed:
        if row.get(key) in (None, "", []):
            raise DataError(f"{where}: '{key}' is missing")
    unknown = set(row) - {*needed, "derived_from"}
    if unknown:
        raise DataError(f"{where}: unknown key '{sorted(unknown)[0]}'")
    for key, allowed in (("role", ROLES), ("scale", SCALES), ("kind", KINDS)):
        if row[key] not in allowed:
            raise DataError(f"{where}: {key} '{row[key]}' is none of {', '.join(allowed)}")
    low, high = float(row["low"]), float(row["high"])
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise DataError(f"{where}: the range {low} to {high} is not a range")
    if row["scale"] == "log" and low <= 0:
        raise DataError(f"{where}: a logarithmic range must begin above 0")
    if (row["kind"] == "point") != (low == high):
        raise DataError(f"{where}: a point, and only a point, has low = high")
    return Target(str(row["id"]), str(row["statement"]), tuple(row["evidence"]), str(row["group"]), str(row["topic"]),
                  row["role"], low, high, row["scale"], row["kind"], str(row["reliability"]), dict(row["measure"]),
                  str(row["source"]), tuple(row.get("derived_from", ())))


def _check_groups(targets: Sequence[Target], path: Path) -> None:
    groups = {t.group for t in targets}
    for target in targets:
        mates = {t.role for t in targets if t.group == target.group}
        if len(mates) > 1:
            raise DataError(f"{path.name}, {target.id}: targets of the fact {target.group} have different roles")
        if len({t.topic for t in targets if t.group == target.group}) > 1:
            raise DataError(f"{path.name}, {target.id}: targets of the fact {target.group} have different topics")
        lost = set(target.derived_from) - groups
        if lost:
            raise DataError(f"{path.name}, {target.id}: derived from unknown facts {', '.join(sorted(lost))}")


def roles_by_rule(targets: Iterable[Target]) -> dict[str, str]:
    """Role of every fact group by the rule at the top of targets.yaml (a function of names only)."""
    topic: dict[str, str] = {}
    parents: dict[str, set[str]] = {}
    for target in targets:
        topic[target.group] = target.topic
        parents[target.group] = set(parents.get(target.group, ())) | set(target.derived_from)
    reserved: set[str] = set()
    for name in sorted(set(topic.values())):
        own = sorted((g for g in topic if topic[g] == name), key=lambda g: hashlib.sha256(g.encode()).hexdigest())
        primary = [g for g in own if not parents[g]]
        while len(own_reserved := reserved & set(own)) < RESERVED_SHARE * len(own):
            reserved.add(next(g for g in primary if g not in own_reserved))
            reserved |= {g for g in own if parents[g] & reserved}
    reserved |= {g for g in topic if parents[g] & reserved}
    return {g: "reserved" if g in reserved else "fitted" for g in topic}


def measure(raw: Arrays, scenario: Scenario, targets: Sequence[Target]) -> np.ndarray:
    """What a run gives for every target.

    Returns
    -------
    array (W, n targets), float64; NaN where the thing did not happen in that world. A foothold's duration, for
    instance, is NaN in worlds without it.
    """
    v = view(raw, scenario)
    order = sorted(range(len(targets)), key=lambda i: outcomes_of(targets[i].measure))  # large sums are kept one by one
    out = np.full((v.worlds, len(targets)), np.nan)
    for i in order:
        out[:, i] = evaluate(v, targets[i].measure)
    return out
