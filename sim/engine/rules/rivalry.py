"""Rivals: members follow prestige between brands; a branded mass movement breaks up; refuges fill from cells.

Losses of one brand move members to the other [003 l.16-22]; those passed over switch first [E227]; infiltration takes
over local groups [000 l.691-717]; a crackdown splits a mass movement, some to arms, some away [000 l.1083-1084].
"""

from __future__ import annotations

from sim.engine.compiled import rule
from sim.engine.counts import binomial_hazard
from sim.engine.enums import CELL, DEMOBILISED, MASS, MOVEMENT, MOVEMENT_BRAND, REFUGE, RIVAL, RIVAL_BRAND
from sim.engine.forms import discharge, draw_members, transfer
from sim.engine.now import draw, stream
from sim.engine.process import process
from sim.engine.state import everywhere, move_members

LUCK = stream("rivalry")
_BRAND, _OPEN, _QUIT, _DRAWS = 0, 1, 2, 6  # six uniforms a region and stage
_CELLS, _HILLS, _CELLS_BACK, _HILLS_BACK, _ABSORBED, _SPREAD = 0, 1, 2, 3, 4, 5


@rule
def switch_hazard(to, frm, rate, margin):
    """Hazard of leaving a brand for one that stands higher by more than a margin of loyalty."""
    return rate * max(0.0, to - frm - margin)


@rule
def luck_of(w, now, r, stage, i):
    """Uniform of a region in one stage."""
    return draw(w, now, LUCK, (stage * _DRAWS + i) * len(w.regions) + r)


@rule
def drawn(w, now, o, condition, r, stage, i, hazard):
    """How many of an organisation's members in a region change, by this hazard."""
    stock = w.members[o, condition, r]
    return binomial_hazard(luck_of(w, now, r, stage, i), stock, hazard) if stock > 0 and hazard > 0.0 else 0


@process("militants", "demobilised", "happened.switched")
def step(w, g, k, now):
    """Members change brand, activists are absorbed or quit, and armed cells take to sheltering terrain."""
    for r in range(len(w.regions)):
        if everywhere(w, CELL, r) + everywhere(w, REFUGE, r) > 0:
            spread = luck_of(w, now, r, _OPEN, _SPREAD)
            change_brand(w, g, k, now, r, spread)
            open_and_shut(w, g, k, now, r, spread)
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
def change_brand(w, g, k, now, r, spread):
    """Members of either brand go to the one that stands higher; infiltrated or banned activists to the movement."""
    movement, rival = w.brands[MOVEMENT_BRAND].prestige, w.brands[RIVAL_BRAND].prestige
    to_movement = switch_hazard(movement, rival, k.rivalry.rate, k.rivalry.margin)
    to_rival = switch_hazard(rival, movement, k.rivalry.rate, k.rivalry.margin)
    joining = (k.rivalry.absorption * w.regions[r].infiltration
               + k.rivalry.radicalised * w.states[g.regions[r].country].splinter) * movement
    cells = drawn(w, now, RIVAL, CELL, r, _BRAND, _CELLS, to_movement)
    hills = drawn(w, now, RIVAL, REFUGE, r, _BRAND, _HILLS, k.rivalry.dug_in * to_movement)
    cells_back = drawn(w, now, MOVEMENT, CELL, r, _BRAND, _CELLS_BACK, to_rival)
    hills_back = drawn(w, now, MOVEMENT, REFUGE, r, _BRAND, _HILLS_BACK, to_rival)
    absorbed = drawn(w, now, MASS, CELL, r, _BRAND, _ABSORBED, joining)
    exchange(w, r, CELL, RIVAL, MOVEMENT, cells, cells_back, spread)
    exchange(w, r, REFUGE, RIVAL, MOVEMENT, hills, hills_back, spread)
    transfer(w, MASS, CELL, r, absorbed, spread, MOVEMENT, CELL)
    w.happened[r].switched += cells + hills + cells_back + hills_back + absorbed


@rule
def open_and_shut(w, g, k, now, r, spread):
    """The older network comes into the open where that is let be; after a ban some go back to arms with it [E050]."""
    underground = (k.rivalry.radicalised * w.states[g.regions[r].country].splinter
                   * w.brands[RIVAL_BRAND].prestige)
    out = drawn(w, now, RIVAL, CELL, r, _OPEN, 0, k.rivalry.open_work * w.regions[r].open_sites)
    under = drawn(w, now, MASS, CELL, r, _OPEN, 1, underground)
    exchange(w, r, CELL, RIVAL, MASS, out, under, spread)


@rule
def quit_or_hide(w, g, k, now, r, spread):
    """Activists lose heart, sooner once banned; armed cells leave towns for mountains and deserts under pressure."""
    state = w.states[g.regions[r].country]
    quitting = drawn(w, now, MASS, CELL, r, _QUIT, 2, k.rivalry.disillusion * (1 + k.rivalry.banned * state.banned))
    discharge(w, MASS, CELL, r, quitting, spread, DEMOBILISED)
    hazard = k.rivalry.refuge * g.regions[r].rugged * (k.rivalry.refuge_base + state.alert)
    for o in range(MASS):
        factor = k.rivalry.movement_refuge if o == MOVEMENT else 1.0
        n = drawn(w, now, o, CELL, r, _QUIT, o, factor * hazard)
        transfer(w, o, CELL, r, n, spread, o, REFUGE)
