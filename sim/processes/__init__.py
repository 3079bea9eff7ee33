"""The mechanisms, one per file, and the order of a month.

Agents perceive and decide after grievance and before exposure (see `sim.recruitment_model`).
"""

from __future__ import annotations

from types import ModuleType

from sim.processes import (
    aftermath,
    countermeasures,
    demography,
    deployment,
    destinations,
    exposure,
    grievance,
    ground,
    inflow,
    offensives,
    passage,
    recruitment,
    refuge,
    rivalry,
    standing,
    theatre,
    violence,
)

#: Read aloud, this is a month. "decisions" stands for the agents: states, camps, local authorities, organisations.
MONTHLY_ORDER: tuple[ModuleType | str, ...] = (
    demography, standing, grievance, "decisions", exposure, recruitment, destinations, passage, theatre,
    countermeasures, refuge, violence, ground, deployment, offensives, aftermath, inflow, rivalry,
)
