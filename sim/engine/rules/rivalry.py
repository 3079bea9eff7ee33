"""Rivals: members follow prestige between brands; a branded mass movement breaks up; refuges fill from cells.

Losses of one brand move members to the other [003 l.16-22]; those passed over switch first [E227]; infiltration takes
over local groups [000 l.691-717]; a crackdown splits a mass movement, some to arms, some away [000 l.1083-1084].
"""

from __future__ import annotations

from sim.engine.compiled import rule
from sim.engine.counts import binomial_hazard
from sim.engine.enums import CELL, DEMOBILISED, MASS, MOVEMENT, MOVEMENT_BRAND, REFUGE, RIVAL, RIVAL_BRAND
from sim.engine.forms import discharge, draw_members, transfer
from sim.engine.now import draw_four, stream
from sim.engine.process import process
from sim.engine.state import everywhere, move_members

BRAND, OPEN, QUIT = map(stream, ("rivalry.brand", "rivalry.open", "rivalry.quit"))


@rule
def switch_hazard(to, frm, rate, margin):
    """Hazard of leaving a brand for one that stands higher by more than a margin of loyalty."""
    return rate * max(0.0, to - frm - margin)


@process("militants", "demobilised", "happened.switched")
def step(w, g, k, now):
    """Members change brand, activists are absorbed or quit, and armed cells take to sheltering terrain."""
    movement, rival = w.brands[MOVEMENT_BRAND].prestige, w.brands[RIVAL_BRAND].prestige
    to_movement = switch_hazard(movement, rival, k.rivalry.rate, k.rivalry.margin)
    to_rival = switch_hazard(rival, movement, k.rivalry.rate, k.rivalry.margin)
    for r in range(len(w.regions)):
        if everywhere(w, CELL, r) + everywhere(w, REFUGE, r) > 0:
            absorption, out, under, spread = draw_four(w, now, OPEN, r)
            change_brand(w, k, now, r, to_movement, to_rival, spread)
            absorb(w, g, k, r, movement, absorption, spread)
            open_and_shut(w, g, k, r, out, under, spread)
            quit_or_hide(w, g, k, now, r, spread)


@rule
def exchange(w, r, condition, a, b, over, back, spread):
    """Members of two organisations change sides at once: nobody goes over and back in a month."""
    if over == 0:
        transfer(w, b, condition, r, back, spread, a, condition)
    elif back == 0:
        transfer(w, a, condition, r, over, spread, b, condition)
    else:
        going = draw_members(w, a, condition, r, over, spread)
        coming = draw_members(w, b, condition, r, back, spread)
        move_members(w, a, condition, r, b, condition, r, going)
        move_members(w, b, condition, r, a, condition, r, coming)


@rule
def change_brand(w, k, now, r, to_movement, to_rival, spread):
    """Members of either brand go to the one that stands higher."""
    theirs = w.members[RIVAL, CELL, r] + w.members[RIVAL, REFUGE, r]
    ours = w.members[MOVEMENT, CELL, r] + w.members[MOVEMENT, REFUGE, r]
    if to_movement * theirs + to_rival * ours <= 0.0:
        return
    town, hill, town_back, hill_back = draw_four(w, now, BRAND, r)
    cells = binomial_hazard(town, w.members[RIVAL, CELL, r], to_movement)
    hills = binomial_hazard(hill, w.members[RIVAL, REFUGE, r], k.rivalry.dug_in * to_movement)
    cells_back = binomial_hazard(town_back, w.members[MOVEMENT, CELL, r], to_rival)
    hills_back = binomial_hazard(hill_back, w.members[MOVEMENT, REFUGE, r], to_rival)
    exchange(w, r, CELL, RIVAL, MOVEMENT, cells, cells_back, spread)
    exchange(w, r, REFUGE, RIVAL, MOVEMENT, hills, hills_back, spread)
    w.happened[r].switched += cells + hills + cells_back + hills_back


@rule
def absorb(w, g, k, r, movement, absorption, spread):
    """Infiltrated or banned activists join the movement."""
    joining = (k.rivalry.absorption * w.regions[r].infiltration
               + k.rivalry.radicalised * w.states[g.regions[r].country].splinter) * movement
    absorbed = binomial_hazard(absorption, w.members[MASS, CELL, r], joining)
    transfer(w, MASS, CELL, r, absorbed, spread, MOVEMENT, CELL)
    w.happened[r].switched += absorbed


@rule
def open_and_shut(w, g, k, r, going_out, going_under, spread):
    """The older network comes into the open where that is let be; after a ban some go back to arms with it [E050]."""
    underground = (k.rivalry.radicalised * w.states[g.regions[r].country].splinter
                   * w.brands[RIVAL_BRAND].prestige)
    out = binomial_hazard(going_out, w.members[RIVAL, CELL, r], k.rivalry.open_work * w.regions[r].open_sites)
    under = binomial_hazard(going_under, w.members[MASS, CELL, r], underground)
    exchange(w, r, CELL, RIVAL, MASS, out, under, spread)


@rule
def quit_or_hide(w, g, k, now, r, spread):
    """Activists lose heart, sooner once banned; armed cells leave towns for mountains and deserts under pressure."""
    if everywhere(w, CELL, r) == 0:
        return
    state = w.states[g.regions[r].country]
    leaving, movement_hides, rival_hides, _ = draw_four(w, now, QUIT, r)
    quitting = binomial_hazard(leaving, w.members[MASS, CELL, r],
                               k.rivalry.disillusion * (1 + k.rivalry.banned * state.banned))
    discharge(w, MASS, CELL, r, quitting, spread, DEMOBILISED)
    hazard = k.rivalry.refuge * g.regions[r].rugged * (k.rivalry.refuge_base + state.alert)
    hiding = binomial_hazard(movement_hides, w.members[MOVEMENT, CELL, r], k.rivalry.movement_refuge * hazard)
    transfer(w, MOVEMENT, CELL, r, hiding, spread, MOVEMENT, REFUGE)
    hiding = binomial_hazard(rival_hides, w.members[RIVAL, CELL, r], hazard)
    transfer(w, RIVAL, CELL, r, hiding, spread, RIVAL, REFUGE)
