"""Dials tabulated by month before a run: turns of events and levers become rows that hold from one month on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sim.engine.batch import Timetable
from sim.engine.now import REGION_DIAL_ROW, STATE_DIAL_ROW, THEATRE_COURSE, THEATRE_ROW
from sim.policy.dials import DIALS

if TYPE_CHECKING:
    from sim.inputs.geography import Geography
    from sim.policy.timeline import Turn


def tabulated(turns: Sequence[Turn], g: Geography, start: int, months: int) -> Timetable:
    """The table of a run.

    Turns of one dial combine in their order: factors multiply, amounts add. Where no strength or amount differs
    between worlds, all of them share one row a period; months in which nothing begins, builds up or ends share a row.
    """
    levels = np.array([[turn.level(start + step) for turn in turns] for step in range(months)]).reshape(months, -1)
    firsts = np.flatnonzero(np.r_[True, (levels[1:] != levels[:-1]).any(axis=1)])
    epoch = np.searchsorted(firsts, np.arange(months), side="right") - 1
    variants = max([1, *(np.size(value) for turn in turns for value in (turn.strength, turn.amount))])
    states = np.zeros((firsts.size, variants, len(g.countries)), STATE_DIAL_ROW)
    regions = np.zeros((firsts.size, variants, len(g.regions)), REGION_DIAL_ROW)
    for name, dial in DIALS.items():
        (states if dial.scope == "country" else regions)[name] = dial.neutral
    for turn, level in zip(turns, levels[firsts].T, strict=True):
        dial = DIALS[turn.dial]
        table = states if dial.scope == "country" else regions
        strength = np.reshape(turn.strength, (1, -1)) * level[:, None]  # (epochs, 1 or worlds)
        full = np.reshape(turn.amount, (1, -1))
        if dial.combine == "multiply":
            table[turn.dial][:, :, turn.places] *= (1 + strength * (full - 1))[:, :, None]
        else:
            table[turn.dial][:, :, turn.places] += (strength * full)[:, :, None]
        if turn.effort:
            regions["effort"][:, :, turn.regions] += turn.effort * strength[:, :, None]
    return Timetable(epoch.astype(np.int64), states, regions, theatre_course(g, start, months))


def theatre_course(g: Geography, start: int, months: int) -> np.ndarray:
    """The course of the distant theatre, a record a month."""
    course = np.zeros(months, THEATRE_ROW)
    every = np.arange(start, start + months)
    for field in THEATRE_COURSE:
        if field.name != "proclaimed":
            course[field.name] = np.interp(every, *g.theatre.anchors[field.name])
    course["proclaimed"] = every >= g.theatre.first_month("movement_territory")
    return course
