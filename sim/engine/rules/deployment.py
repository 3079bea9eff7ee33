"""Deployment: the movement sends members to where authority is absent and an opening exists, within reach of its own.

A plan to spread from the first base to places without police, army or institutions is on record before any of them
fell [000 l.689-691, 765-785]; what makes a place attractive is the same as what makes entry possible. A region that can
be taken whole counts for more than the same number of people in a corner of a hostile one.
"""

from __future__ import annotations

import numpy as np

from sim.engine.compiled import rule
from sim.engine.counts import binomial_hazard, choose
from sim.engine.enums import CELL, MOVEMENT
from sim.engine.forms import draw_members, present
from sim.engine.now import decided, decision, draw, stream
from sim.engine.process import process
from sim.engine.state import move_members

LUCK, WHERE, WHO = map(stream, ("deployment", "deployment.where", "deployment.who"))
DEPLOY = decision("movement.deploy")


@rule
def attraction(here, residents, near):
    """Residents who could be won times their share of the region, by how near the movement's members are."""
    return here.prospect * here.prospect / residents * near


@process("militants")
def step(w, g, k, now):
    """Send a share of the members in weakly governed regions to the best opening in their country."""
    n_r = len(w.regions)
    going, somebody = np.zeros(n_r, np.int64), False
    for r in range(n_r):
        if w.members[MOVEMENT, CELL, r] > 0:
            rate = decided(now, DEPLOY, k.deployment.rate * w.organisations[MOVEMENT].ambition
                           * (1 - w.regions[r].presence) ** 2)
            going[r] = binomial_hazard(draw(w, now, LUCK, r), w.members[MOVEMENT, CELL, r], rate)
            somebody = somebody or going[r] > 0
    if not somebody:
        return
    target, near = np.full(len(w.states), -1), members_near(w)
    for y in range(len(w.states)):
        target[y] = best_opening(w, g, now, y, going, near)
    # All move at once: nobody is sent on twice in a month.
    taken = np.zeros((n_r, len(w.outside)), np.int64)
    for r in range(n_r):
        if going[r] > 0 and target[g.regions[r].country] >= 0:
            taken[r] = draw_members(w, MOVEMENT, CELL, r, going[r], draw(w, now, WHO, r))
    for r in range(n_r):
        if going[r] > 0 and target[g.regions[r].country] >= 0:
            move_members(w, MOVEMENT, CELL, r, MOVEMENT, CELL, target[g.regions[r].country], taken[r])


@rule
def members_near(w):
    """The movement's members in cells and on held ground, each by how near he is to a region, (R,)."""
    near = np.zeros(len(w.regions))
    for source in range(len(w.regions)):
        members = float(present(w, MOVEMENT, source))
        if members > 0.0:
            for r in range(len(near)):
                near[r] += members * w.nearness[source, r]
    return near


@rule
def best_opening(w, g, now, y, going, near):
    """Region of a country that draws those who go, by chance in proportion to its attraction; -1 for none."""
    trait, somebody = g.states[y], False
    weights = np.zeros(len(w.regions))
    regions = range(trait.first_region, trait.first_region + trait.regions)
    for r in regions:
        somebody = somebody or going[r] > 0
    if not somebody:
        return -1
    for r in regions:
        weights[r] = attraction(w.regions[r], g.regions[r].residents, near[r])
    return choose(draw(w, now, WHERE, y), weights)
