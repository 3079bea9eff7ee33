"""The deciders: states and armed authorities, recruiter organisations, foreign forces. All are Mesa agents.

There are few of them; each perceives and decides for every parallel world at once.
"""

from sim.agents.recruiters import (
    Brokers,
    MassMovement,
    Movement,
    Quietists,
    RecruiterOrganisation,
    RivalNetwork,
)
from sim.agents.state import Camp, ForeignForces, LocalAuthorities, State

__all__ = ["Brokers", "Camp", "ForeignForces", "LocalAuthorities", "MassMovement", "Movement", "Quietists",
           "RecruiterOrganisation", "RivalNetwork", "State"]
