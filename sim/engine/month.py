"""The order of a month: one list. Read aloud, this is a month."""

from __future__ import annotations

from sim.engine.batch import Batch
from sim.engine.deciders import camps, foreign, local, organisations, recruiters, states
from sim.engine.process import Process
from sim.engine.rules import (
    aftermath,
    capacity,
    countermeasures,
    demography,
    deployment,
    destinations,
    exposure,
    grievance,
    ground,
    inflow,
    memory,
    offensives,
    passage,
    prestige,
    recruitment,
    refuge,
    rivalry,
    theatre,
    violence,
)
from sim.engine.sight import head, watch

MONTH: tuple[Process, ...] = (
    demography.step, capacity.step, prestige.step, memory.step, grievance.step, head,
    states.step, camps.step, local.step, organisations.movement, organisations.rival, organisations.mass,
    organisations.brokers, organisations.quietists, foreign.step, watch, recruiters.step,
    exposure.step, recruitment.step, destinations.step, passage.step, theatre.step, countermeasures.step, refuge.step,
    violence.step, ground.step, deployment.step, offensives.step, aftermath.step, inflow.step, rivalry.step,
)


def advance(batch: Batch, first: int = 0, last: int | None = None, step: int | None = None) -> None:
    """One month of worlds first to last - 1: nothing has happened yet, then one process after the other.

    The batch's own count of months is left to whoever walks it, since several threads may share a batch.
    """
    batch.happened_bytes[first:last] = 0
    for each in MONTH:
        each(batch, first, last, step)
