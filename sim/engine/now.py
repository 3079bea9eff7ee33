"""What holds for one month beside the state: dials, the course of the theatre, frozen decisions, named luck."""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from sim.engine.compiled import rule
from sim.engine.luck import fill, four, uniform
from sim.engine.state import declared, row_type
from sim.policy.dials import DIALS

#: Dials of states and of regions; a region's row ends with the effort spent there on levers.
STATE_DIALS = declared(*((name, dial.unit, dial.description) for name, dial in DIALS.items()
                         if dial.scope == "country"))
REGION_DIALS = declared(*((name, dial.unit, dial.description) for name, dial in DIALS.items()
                          if dial.scope == "region"), ("effort", "effort units/month", "effort spent on levers"))
THEATRE_COURSE = declared(
    ("rebel_strength", "0-1", "strength of the host country's rebels"),
    ("movement_strength", "0-1", "strength of the movement"),
    ("movement_territory", "0-1", "ground that the movement holds"),
    ("lethality", "per month", "hazard of dying"), ("access", "0-1", "ease of reaching it"),
    ("proclaimed", "code", "1 once the movement has had ground there"))
STATE_DIAL_ROW, REGION_DIAL_ROW, THEATRE_ROW = map(row_type, (STATE_DIALS, REGION_DIALS, THEATRE_COURSE))

Now = namedtuple("Now", "states regions theatre frozen month step")
Now.__doc__ = """One month: dials of ``states`` (Y,) and ``regions`` (R,), the ``theatre``'s row, ``frozen`` decisions
(NaN = free), ``month`` since year 0, ``step`` since the start of the run."""

#: Names of luck. Luck follows from the name, not from its place in this list; compiled rules hold the place.
STREAMS = ("demography", "state.ban", "recruiter", "recruiter.switch", "recruiter.new", "recruiter.first",
           "recruiter.shuffled", "exposure", "falling_away", "recruitment", "recruitment.brand", "destination", "hub",
           "give_up", "destination.brand", "leave_later", "passage", "theatre.fighters", "theatre.bloc",
           "theatre.switch", "theatre.fate", "arrest", "arrest.other", "arrest.cases", "recruiter.arrest", "pursuit",
           "prison", "surface", "refuge", "refuge.who", "violence", "violence.crowd", "airstrikes", "ground.choice",
           "ground.attempt", "ground.failed", "ground.rivals", "ground.revolt", "deployment", "deployment.where",
           "deployment.who", "offensive", "aftermath", "inflow", "rivalry.brand", "rivalry.open", "rivalry.quit")
#: Names of decisions and switches that a placebo may freeze at a constant.
DECISIONS = ("state.alert", "state.ban", "state.exits", "state.borders", "camp.offensive", "local.resist",
             "movement.infiltrate", "rival.resist", "mass.splinter", "brokers.trade", "quietists.teach",
             "foreign.strikes", "recruiter.move", "peers", "theatre.prestige", "movement.send_home", "movement.attempt",
             "movement.deploy", "recruiters.shuffled")


def stream(name: str) -> int:
    """Index of a named stream of luck; a rule says at its head from which it draws."""
    return STREAMS.index(name)


def decision(name: str) -> int:
    """Index of a named decision."""
    return DECISIONS.index(name)


@rule
def draw(w, now, name, i):
    """Uniform in [0, 1) that belongs to this world, stream, month and identity."""
    return uniform(w.keys[name, 0], w.keys[name, 1], now.month, i)


@rule
def draw_four(w, now, name, i):
    """Four uniforms that belong to identity i of a stream, at the price of one draw."""
    return four(w.keys[name, 0], w.keys[name, 1], now.month, i)


@rule
def draw_row(w, now, name, row, out):
    """Uniforms of the identities of one row, as many as ``out`` holds, into ``out``."""
    fill(out, w.keys[name, 0], w.keys[name, 1], now.month, row * len(out), len(out))


@rule
def decided(now, name, value):
    """A decision, or the constant that a placebo puts in its place."""
    return value if np.isnan(now.frozen[name]) else now.frozen[name]
