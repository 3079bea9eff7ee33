"""Recruiters: individuals hosted by a region who prospect, move, lie low, change side and are replaced.

They move along ties and smuggling routes and change allegiance when another side's prestige and money are better. New
ones come from veterans, returnees, released prisoners and successful recruits [000 l.508-515, 664-668].
"""

from __future__ import annotations

import math

from sim.engine.compiled import rule
from sim.engine.enums import (
    ACTIVE,
    CELL,
    EMPTY,
    HIDDEN,
    LYING_LOW,
    MASS,
    MOVEMENT,
    MOVEMENT_BRAND,
    RIVAL,
    RIVAL_BRAND,
)
from sim.engine.forms import happens
from sim.engine.now import decided, decision, draw, draw_four, stream
from sim.engine.process import process

LUCK, SWITCH, NEW = map(stream, ("recruiter", "recruiter.switch", "recruiter.new"))
MOVE = decision("recruiter.move")


@rule
def move_chance(gain, mobility, sharpness):
    """Chance of moving to the place looked at: mobility x logistic in the gain."""
    return mobility / (1 + math.exp(-sharpness * gain))


@process("recruiters.place", "recruiters.status", "recruiters.organisation", "recruiters.skill", "outreach")
def step(w, g, k, now):
    """Every recruiter's month; then the reach of those at work is added up by organisation and region."""
    outreach = w.outreach
    outreach[:] = 0.0
    region, slot = 0, 0
    for n in range(len(w.recruiters)):
        while slot == g.regions[region].slots:
            region, slot = region + 1, 0
        slot += 1
        agent = w.recruiters[n]
        if agent.status == ACTIVE or agent.status == LYING_LOW:
            conduct(w, g, k, now, n)
        elif agent.status == EMPTY:
            arise(w, g, k, now, n, region)
        if agent.status == ACTIVE:
            outreach[agent.organisation, agent.place] += agent.skill


@rule
def conduct(w, g, k, now, n):
    """Look around, move, lie low, change side, gain skill."""
    agent = w.recruiters[n]
    was_active = agent.status == ACTIVE
    whether, where, low, preaching = draw_four(w, now, LUCK, n)
    look_elsewhere(w, g, k, now, n, whether, where)
    here = w.regions[agent.place]
    agent.status = LYING_LOW if happens(low, k.recruiter.low * here.found) else ACTIVE
    choose_side(w, k, now, n, here.open_sites, preaching)
    if was_active:
        agent.skill += k.recruiter.experience * (1 - agent.skill)


@rule
def look_elsewhere(w, g, k, now, n, whether, where):
    """Look along one link, drawn by chance, and go if it is better there."""
    agent = w.recruiters[n]
    if whether >= decided(now, MOVE, k.recruiter.mobility):
        return  # whatever there is to gain, nobody moves more often
    place = g.regions[agent.place]
    link = g.links[place.first_link + int(where * place.links)]
    there = w.regions[link.source]
    cost = k.recruiter.crossing * (1 + there.guarded) if link.cross else 0.0
    gain = there.risk_value - w.regions[agent.place].risk_value - cost
    if whether < decided(now, MOVE, move_chance(gain, k.recruiter.mobility, k.recruiter.sharpness)):
        agent.place = link.source


@rule
def choose_side(w, k, now, n, freedom, preaching):
    """Follow prestige and money; men of the older network preach in the open where they may [E050]."""
    agent = w.recruiters[n]
    movement, rival = w.brands[MOVEMENT_BRAND].prestige, w.brands[RIVAL_BRAND].prestige
    lead = (movement + k.recruiter.pay * w.organisations[MOVEMENT].money
            - rival - k.recruiter.pay * w.organisations[RIVAL].money)
    tempted = agent.organisation != MASS and abs(lead) > k.recruiter.loyalty
    if tempted and happens(draw(w, now, SWITCH, n), k.recruiter.switch * abs(lead)):
        agent.organisation = MOVEMENT if lead > 0 else RIVAL
    if agent.organisation == RIVAL:
        if preaching < k.recruiter.open_work * freedom:
            agent.organisation = MASS
    elif agent.organisation == MASS and preaching < k.recruiter.open_work * (1 - freedom):
        agent.organisation = MOVEMENT if movement > rival else RIVAL


@rule
def expected_new(w, k, r):
    """Recruiters who may arise in a region this month."""
    back = w.members[MOVEMENT, HIDDEN, r] + w.members[RIVAL, HIDDEN, r]
    cells = (w.members[MOVEMENT, CELL, r] + w.members[RIVAL, CELL, r]
             + k.recruiter.activist * w.members[MASS, CELL, r])
    return (k.recruiter.from_returnees * back + k.recruiter.from_cells * cells
            + k.recruiter.from_released * w.regions[r].released)


@rule
def arise(w, g, k, now, n, r):
    """A new recruiter takes an empty slot of his region, on the side that has most members there."""
    expected = expected_new(w, k, r)
    if expected <= 0.0:
        return
    whether, pick, _, _ = draw_four(w, now, NEW, n)
    if not happens(whether, expected / g.regions[r].slots):
        return
    agent = w.recruiters[n]
    movement, rival = float(w.members[MOVEMENT, CELL, r]), float(w.members[RIVAL, CELL, r])
    total = max(movement + rival + k.recruiter.activist * w.members[MASS, CELL, r], 1e-9)
    agent.organisation = MOVEMENT if pick < movement / total else RIVAL if pick < (movement + rival) / total else MASS
    agent.place, agent.skill, agent.status = r, k.recruiter.start_skill, ACTIVE
