"""Counter-measures: arrests, dismantled cells, prosecutions, prison and release.

Detection is limited by intelligence and by what residents will tell: effort without information finds few
[Kress & Szechtman 2009; Berman, Shapiro & Felter 2011].
"""

from __future__ import annotations

import math

from sim.engine.compiled import rule
from sim.engine.counts import binomial, binomial_hazard, stochastic_round
from sim.engine.enums import (
    ARRESTED,
    CELL,
    DEAD,
    DEMOBILISED,
    EMPTY,
    HIDDEN,
    LYING_LOW,
    MASS,
    ORGANISATIONS,
    PRISON,
    REFUGE,
    REINTEGRATED,
)
from sim.engine.forms import discharge, happens, share, transfer
from sim.engine.now import draw, stream
from sim.engine.process import process
from sim.engine.state import everywhere, sympathising

ARREST, OTHER, RECRUITER, PURSUIT, PRISON_LUCK, SURFACE = map(stream, (
    "arrest", "arrest.other", "recruiter.arrest", "pursuit", "prison", "surface"))
_SPLIT, _CELLS, _CASES = 0, 1, 2  # uniforms of a region in "arrest.other"
_KILLED, _KILLED_WHO, _GONE, _GONE_WHO = 0, 1, 2, 3  # and of an organisation in "pursuit"
_BACK, _SETTLED, _SURFACED_WHO = 0, 1, 2  # and in "surface"


@process("militants", "demobilised", "dead", "reintegrated", "recruiters.status", "regions.released",
         "happened.arrests", "happened.cells_dismantled", "happened.cases", "happened.deaths_militants",
         "happened.refuge_losses", "happened.released")
def step(w, g, k, now):
    """Find, arrest, prosecute, pursue, and let out of prison."""
    for r in range(len(w.regions)):
        arrest(w, g, k, now, r)
        pursue(w, g, k, now, r)
        prison(w, g, k, now, r)
        surface(w, k, now, r)
    for n in range(len(w.recruiters)):
        arrest_recruiter(w, k, now, n)


@rule
def exposed(w, g, k, o, r):
    """Hazard that an organisation's members in a region are found.

    A mass movement in the open is watched, not arrested, while it is tolerated; afterwards by its violent part.
    """
    hazard = w.regions[r].found * (1 - g.organisations[o].concealment)
    if o == MASS:
        hazard *= (1 - w.regions[r].open_sites) * (
            k.counter.mass_arrest + w.states[g.regions[r].country].splinter)
    return hazard


@rule
def arrest(w, g, k, now, r):
    """Members of cells and, less often, those in hiding are arrested; cells break up; sympathisers are prosecuted."""
    n_r, arrested, of_cells = len(w.regions), 0, 0
    for place in range(2):
        condition, factor = (CELL, 1.0) if place == 0 else (HIDDEN, k.counter.hidden)
        for o in range(len(ORGANISATIONS)):
            stock = w.members[o, condition, r]
            if stock > 0:
                n = binomial_hazard(draw(w, now, ARREST, (place * len(ORGANISATIONS) + o) * n_r + r), stock,
                                    factor * exposed(w, g, k, o, r))
                if n > 0:
                    transfer(w, o, condition, r, n, draw(w, now, OTHER, _SPLIT * n_r + r), o, PRISON)
                    arrested += n
                    of_cells += n if condition == CELL and o != MASS else 0
    happened = w.happened[r]
    happened.arrests += arrested
    if of_cells > 0:
        happened.cells_dismantled += stochastic_round(draw(w, now, OTHER, _CELLS * n_r + r),
                                                      of_cells / k.counter.cell_size)
    zeal = k.counter.prosecution_base + w.states[g.regions[r].country].alert
    cases = sympathising(w, r) * k.counter.prosecution * w.regions[r].found * zeal
    happened.cases += arrested + stochastic_round(draw(w, now, OTHER, _CASES * n_r + r), cases)


@rule
def arrest_recruiter(w, k, now, n):
    """Recruiters at work are found more easily than those who lie low; after a sentence the slot is free.

    Those who come back do so as released militants, counted as people.
    """
    agent = w.recruiters[n]
    if agent.status == EMPTY:
        return
    luck = draw(w, now, RECRUITER, n)
    if agent.status == ARRESTED:
        if luck < 1 / k.counter.sentence:
            agent.status = EMPTY
        return
    risk = w.regions[agent.place].found
    if agent.organisation == MASS:
        risk *= k.counter.open_recruiter
    if agent.status == LYING_LOW:
        risk *= k.counter.lying_low
    if happens(luck, k.counter.recruiter_exposure * risk):
        agent.status = ARRESTED


@rule
def luck_of(w, now, name, kind, o, r):
    """Uniform of one kind for an armed organisation (not the mass movement) in a region."""
    return draw(w, now, name, (kind * MASS + o) * len(w.regions) + r)


@rule
def pursue(w, g, k, now, r):
    """State forces wear down guerrilla refuges; one-sided pressure works less than joint pressure [000 l.1598-1604]."""
    y = g.regions[r].country
    hazard = k.counter.pursuit * share(w.regions[r].pressure + now.regions[r].pursuit)
    giving_up = k.counter.surrender * (k.counter.surrender_base + share(now.states[y].amnesty))
    for o in range(MASS):
        if w.members[o, REFUGE, r] > 0:
            killed = binomial_hazard(luck_of(w, now, PURSUIT, _KILLED, o, r), w.members[o, REFUGE, r], hazard)
            discharge(w, o, REFUGE, r, killed, luck_of(w, now, PURSUIT, _KILLED_WHO, o, r), DEAD)
            gone = binomial_hazard(luck_of(w, now, PURSUIT, _GONE, o, r), w.members[o, REFUGE, r], giving_up)
            discharge(w, o, REFUGE, r, gone, luck_of(w, now, PURSUIT, _GONE_WHO, o, r), DEMOBILISED)
            w.happened[r].deaths_militants += killed
            w.happened[r].refuge_losses += killed + gone


@rule
def prison(w, g, k, now, r):
    """Sentences end and doors are opened; some leave violence, some go back, more where prison was a school."""
    n_r, n_o, y = len(w.regions), len(ORGANISATIONS), g.regions[r].country
    w.regions[r].released = 0.0
    if everywhere(w, PRISON, r) == 0:
        return
    dial = now.states[y]
    hazard = (1 / (k.counter.sentence * dial.sentences)
              - (math.log1p(-min(dial.prison_release, k.counter.release_most)) if dial.prison_release > 0.0 else 0.0))
    apart = share(g.states[y].prison_isolation + dial.prison_isolation)
    again = share(k.counter.relapse * (1 - k.counter.isolation * apart)
                  * (1 - k.counter.reintegration * share(dial.reintegration)))
    released = 0
    for o in range(n_o):
        if w.members[o, PRISON, r] > 0:
            out = binomial_hazard(draw(w, now, PRISON_LUCK, o * n_r + r), w.members[o, PRISON, r], hazard)
            if out > 0:
                back = binomial(draw(w, now, PRISON_LUCK, (n_o + o) * n_r + r), out, again)
                spread = draw(w, now, PRISON_LUCK, (2 * n_o + o) * n_r + r)
                transfer(w, o, PRISON, r, back, spread, o, CELL)
                discharge(w, o, PRISON, r, out - back, spread, DEMOBILISED)
                released += out
    w.regions[r].released = released
    w.happened[r].released += released


@rule
def surface(w, k, now, r):
    """Hidden returnees and veterans rejoin, sooner where no state is left [E061], or settle, sooner where one is."""
    presence = w.regions[r].presence
    for o in range(MASS):
        if w.members[o, HIDDEN, r] > 0:
            spread = luck_of(w, now, SURFACE, _SURFACED_WHO, o, r)
            back = binomial_hazard(luck_of(w, now, SURFACE, _BACK, o, r), w.members[o, HIDDEN, r],
                                   k.counter.rejoin * w.brands[o].prestige * (1 - presence) ** 2)
            transfer(w, o, HIDDEN, r, back, spread, o, CELL)
            settled = binomial_hazard(luck_of(w, now, SURFACE, _SETTLED, o, r), w.members[o, HIDDEN, r],
                                      k.counter.settle * (k.counter.settle_base + presence))
            discharge(w, o, HIDDEN, r, settled, spread, REINTEGRATED)
