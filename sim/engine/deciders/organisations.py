"""Organisations: the movement, the older network, the mass movement, brokers of passage and quietist competitors."""

from __future__ import annotations

from sim.engine.compiled import rule
from sim.engine.enums import CELL, MASS, MOVEMENT, MOVEMENT_BRAND, RIVAL, RIVAL_BRAND
from sim.engine.forms import MILLION, chance, clip, lagged, present, saturating, share
from sim.engine.now import decided, decision
from sim.engine.process import process

INFILTRATE, RESIST, SPLINTER, TRADE, TEACH = map(decision, (
    "movement.infiltrate", "rival.resist", "mass.splinter", "brokers.trade", "quietists.teach"))


@process("regions.infiltration")
def movement(w, g, k, now):
    """Infiltrate local groups where one's own returnees and cadres are and prestige outshines theirs."""
    lead = max(0.0, w.brands[MOVEMENT_BRAND].prestige - w.brands[RIVAL_BRAND].prestige)
    for r in range(len(w.regions)):
        here = w.regions[r]
        own = present(w, MOVEMENT, r)
        others = w.members[MASS, CELL, r] + w.members[RIVAL, CELL, r]
        rate = (k.organisation.infiltration * lead * saturating(own, others + k.organisation.infiltration_half)
                * (1 - here.presence) * (1 - share(now.states[g.regions[r].country].integration)))
        here.infiltration += chance(decided(now, INFILTRATE, rate)) * (1 - here.infiltration)
        here.infiltration *= 1 - k.organisation.infiltration_decay


@process("regions.resist")
def rival(w, g, k, now):
    """Resist the movement where it presses, unless one's own men would rather join it."""
    for r in range(len(w.regions)):
        here = w.regions[r]
        pressed = saturating(float(present(w, MOVEMENT, r)), k.organisation.pressed_half)
        here.resist = decided(now, RESIST, share(k.organisation.resolve + k.organisation.pressed * pressed
                                                 - k.organisation.tempted * here.infiltration))


@process("states.splinter")
def mass(w, g, k, now):
    """After a ban part of the mass movement turns to arms [004 l.15; E221]; a violent fringe exists before."""
    for y in range(len(w.states)):
        state = w.states[y]
        target = decided(now, SPLINTER, k.organisation.fringe + k.organisation.splinter * state.banned)
        state.splinter = lagged(state.splinter, target, k.organisation.splinter_speed)


@process("states.brokers")
def brokers(w, g, k, now):
    """Brokers are paid per head: trade follows demand and the routes that contraband keeps open [E059]."""
    for y in range(len(w.states)):
        trait, leavers, smuggling, people = g.states[y], 0.0, 0.0, 0.0
        for r in range(trait.first_region, trait.first_region + trait.regions):
            leavers += w.regions[r].gone_last
            smuggling += g.regions[r].smuggling * g.regions[r].residents
            people += g.regions[r].residents
        demand = leavers / (trait.population_start / MILLION)
        routes = share(k.destination.broker_routes * smuggling / people)
        trade = saturating(demand, k.destination.broker_demand) * routes * clip(now.states[y].brokers, 0.0, 2.0)
        w.states[y].brokers = lagged(w.states[y].brokers, decided(now, TRADE, trade), k.destination.broker_speed)


@process("states.quietists", "states.trust")
def quietists(w, g, k, now):
    """Standing and trust follow freedom to teach; officials cost more of it where they are held to be unjust.

    Non-violent competitors for the same public are strong where religion is plural and trusted [000 l.1557-1562].
    """
    for y in range(len(w.states)):
        state, trait, dial = w.states[y], g.states[y], now.states[y]
        free = share(trait.pluralism + dial.pluralism
                     - k.exposure.regulation_cost * dial.regulation * injustice_of(w, g, k, y))
        target = decided(now, TEACH, share(g.setting[0].quietist_standing + k.exposure.freedom_to_teach * free))
        state.quietists = lagged(state.quietists, target, k.exposure.quietist_speed)
        state.trust = lagged(state.trust, free, k.exposure.quietist_speed)


@rule
def injustice_of(w, g, k, y):
    """How unjust residents hold a state to be, 0-1."""
    trait, felt, people = g.states[y], 0.0, 0.0
    for r in range(trait.first_region, trait.first_region + trait.regions):
        felt += min(1.0, k.exposure.injustice_weight * w.regions[r].injustice) * g.regions[r].residents
        people += g.regions[r].residents
    return felt / people
