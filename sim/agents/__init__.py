"""The deciders: states and armed authorities, recruiter organisations, foreign forces. All are Mesa agents.

There are few of them; each perceives and decides for every parallel world at once.
"""

from sim.agents.recruiters import MassMovement, Movement, RecruiterOrganisation, RivalNetwork
from sim.agents.state import Camp, ForeignForces, LocalAuthorities, State

__all__ = ["Camp", "ForeignForces", "LocalAuthorities", "MassMovement", "Movement", "RecruiterOrganisation",
           "RivalNetwork", "State"]
