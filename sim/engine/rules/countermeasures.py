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
from sim.engine.now import draw, draw_four, draw_row, stream
from sim.engine.process import process
from sim.engine.state import everywhere, sympathising

ARREST, OTHER, CASES, RECRUITER, PURSUIT, PRISON_LUCK, SURFACE = map(stream, (
    "arrest", "arrest.other", "arrest.cases", "recruiter.arrest", "pursuit", "prison", "surface"))


@process("militants", "demobilised", "dead", "reintegrated", "recruiters.status", "regions.released",
         "happened.arrests", "happened.cells_dismantled", "happened.cases", "happened.deaths_militants",
         "happened.refuge_losses", "happened.released")
def step(w, g, k, now):
    """Find, arrest, prosecute, pursue, and let out of prison."""
    draw_row(w, now, CASES, 0, w.region_luck)
    draw_row(w, now, RECRUITER, 0, w.recruiter_luck)
    for y in range(len(w.states)):
        surrender, (release, again) = surrendering(k, now, y), released(g, k, now, y)
        for r in range(g.states[y].first_region, g.states[y].first_region + g.states[y].regions):
            prosecute(w, g, k, r, arrest(w, g, k, now, r), w.region_luck[r])
            pursue(w, k, now, r, surrender)
            prison(w, now, r, release, again)
            surface(w, k, now, r)
    for n in range(len(w.recruiters)):
        arrest_recruiter(w, k, n, w.recruiter_luck[n])


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
    """Members of cells and, less often, those in hiding are arrested; cells break up. Returns the arrests."""
    n_r, arrested, of_cells = len(w.regions), 0, 0
    for o in range(len(ORGANISATIONS)):
        if w.members[o, CELL, r] + w.members[o, HIDDEN, r] == 0:
            continue
        hazard = exposed(w, g, k, o, r)
        cell, hidden, cell_who, hidden_who = draw_four(w, now, ARREST, o * n_r + r)
        n = binomial_hazard(cell, w.members[o, CELL, r], hazard)
        transfer(w, o, CELL, r, n, cell_who, o, PRISON)
        of_cells += n if o != MASS else 0
        in_hiding = binomial_hazard(hidden, w.members[o, HIDDEN, r], k.counter.hidden * hazard)
        transfer(w, o, HIDDEN, r, in_hiding, hidden_who, o, PRISON)
        arrested += n + in_hiding
    w.happened[r].arrests += arrested
    if of_cells > 0:
        w.happened[r].cells_dismantled += stochastic_round(draw(w, now, OTHER, r), of_cells / k.counter.cell_size)
    return arrested


@rule
def prosecute(w, g, k, r, arrested, u):
    """Those arrested and some sympathisers are brought to court."""
    zeal = k.counter.prosecution_base + w.states[g.regions[r].country].alert
    cases = sympathising(w, r) * k.counter.prosecution * w.regions[r].found * zeal
    w.happened[r].cases += arrested + stochastic_round(u, cases)


@rule
def arrest_recruiter(w, k, n, luck):
    """Recruiters at work are found more easily than those who lie low; after a sentence the slot is free.

    Those who come back do so as released militants, counted as people.
    """
    agent = w.recruiters[n]
    if agent.status == EMPTY:
        return
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
def surrendering(k, now, y):
    """Hazard that a man in a refuge gives up, more where an amnesty is offered."""
    return k.counter.surrender * (k.counter.surrender_base + share(now.states[y].amnesty))


@rule
def pursue(w, k, now, r, giving_up):
    """State forces wear down guerrilla refuges; one-sided pressure works less than joint pressure [000 l.1598-1604]."""
    hazard = k.counter.pursuit * share(w.regions[r].pressure + now.regions[r].pursuit)
    for o in range(MASS):
        if w.members[o, REFUGE, r] > 0:
            death, who_dies, surrender, who_surrenders = draw_four(w, now, PURSUIT, o * len(w.regions) + r)
            killed = binomial_hazard(death, w.members[o, REFUGE, r], hazard)
            discharge(w, o, REFUGE, r, killed, who_dies, DEAD)
            gone = binomial_hazard(surrender, w.members[o, REFUGE, r], giving_up)
            discharge(w, o, REFUGE, r, gone, who_surrenders, DEMOBILISED)
            w.happened[r].deaths_militants += killed
            w.happened[r].refuge_losses += killed + gone


@rule
def released(g, k, now, y):
    """Hazard that a prisoner of a state is let out, and the share of those who go back to a cell."""
    dial = now.states[y]
    hazard = (1 / (k.counter.sentence * dial.sentences)
              - (math.log1p(-min(dial.prison_release, k.counter.release_most)) if dial.prison_release > 0.0 else 0.0))
    apart = share(g.states[y].prison_isolation + dial.prison_isolation)
    return hazard, share(k.counter.relapse * (1 - k.counter.isolation * apart)
                         * (1 - k.counter.reintegration * share(dial.reintegration)))


@rule
def prison(w, now, r, hazard, again):
    """Sentences end and doors are opened; some leave violence, some go back, more where prison was a school."""
    w.regions[r].released = 0.0
    if everywhere(w, PRISON, r) == 0:
        return
    let_out = 0
    for o in range(len(ORGANISATIONS)):
        if w.members[o, PRISON, r] > 0:
            release, relapse, spread, _ = draw_four(w, now, PRISON_LUCK, o * len(w.regions) + r)
            out = binomial_hazard(release, w.members[o, PRISON, r], hazard)
            if out > 0:
                back = binomial(relapse, out, again)
                transfer(w, o, PRISON, r, back, spread, o, CELL)
                discharge(w, o, PRISON, r, out - back, spread, DEMOBILISED)
                let_out += out
    w.regions[r].released = let_out
    w.happened[r].released += let_out


@rule
def surface(w, k, now, r):
    """Hidden returnees and veterans rejoin, sooner where no state is left [E061], or settle, sooner where one is."""
    presence = w.regions[r].presence
    for o in range(MASS):
        if w.members[o, HIDDEN, r] > 0:
            rejoining, settling, spread, _ = draw_four(w, now, SURFACE, o * len(w.regions) + r)
            back = binomial_hazard(rejoining, w.members[o, HIDDEN, r],
                                   k.counter.rejoin * w.brands[o].prestige * (1 - presence) ** 2)
            transfer(w, o, HIDDEN, r, back, spread, o, CELL)
            settled = binomial_hazard(settling, w.members[o, HIDDEN, r],
                                      k.counter.settle * (k.counter.settle_base + presence))
            discharge(w, o, HIDDEN, r, settled, spread, REINTEGRATED)
