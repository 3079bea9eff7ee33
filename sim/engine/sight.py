"""What agents and processes both see, worked out once a month and in the open: at its head, and after decisions."""

from __future__ import annotations

from sim.engine.compiled import rule
from sim.engine.enums import MOVEMENT
from sim.engine.forms import at_large, attacks_felt, clip, share, sympathising_value
from sim.engine.process import process
from sim.engine.state import sympathising


@rule
def collapse(capacity, rivalry, weight, presence):
    """How far a region lies in a collapsed state, 0-1: a weak and divided capacity that is not felt locally."""
    return (1 - share(weight * capacity * (1 - rivalry))) * (1 - presence) ** 2


@rule
def won_cooperation(stood, mine, theirs, my_capacity, their_capacity):
    """Cooperation that two states win beside what stood, 0-1.

    The lesser of what both add, as far as the weaker of the two still has its capacity: it takes a counterpart.
    """
    return share(stood + min(mine, theirs) * min(my_capacity, their_capacity)) - stood


@process("regions.collapse", "regions.blows", "regions.hub_strength", "states.cooperation_won", "won")
def head(w, g, k, now):
    """At the head of the month: where states have collapsed, hubs, last month's blows, cooperation won."""
    for r in range(len(w.regions)):
        here, state = w.regions[r], w.states[g.regions[r].country]
        here.collapse = collapse(state.capacity, state.fragmentation, k.state.collapse_weight, here.presence)
        here.blows = attacks_felt(here, k)
        # A hub is where members are and no state is left, the more so where they rule.
        here.hub_strength = at_large(w, MOVEMENT, r) * (here.collapse + k.organisation.hub_control * here.ruled)
    for y in range(len(w.states)):
        w.states[y].cooperation_won = 0.0
        for other in range(len(w.states)):
            w.won[y, other] = won_cooperation(
                g.cooperation[y, other], now.states[y].cooperation, now.states[other].cooperation,
                kept_capacity(w, g, y), kept_capacity(w, g, other))
            if g.neighbours[y, other] > 0:
                w.states[y].cooperation_won = max(w.states[y].cooperation_won, w.won[y, other])


@rule
def kept_capacity(w, g, y):
    """Share of its capacity that a state has kept, 0-1."""
    return share(w.states[y].capacity / max(g.states[y].capacity, 1e-9))


@rule
def tolerated(limit, dial, regulation, regulation_weight, banned):
    """Open recruitment that the authorities let be, 0-1."""
    return share(limit + dial - regulation_weight * regulation) * (1 - banned)


@rule
def told(grievance, silence, services, service_tips, allies, gain, most):
    """Residents' cooperation with the authorities: grievance silences, services and accepted forces make them tell."""
    return clip(1 - silence * grievance + service_tips * (services - 0.5) + gain * allies, 0.0, most)


@rule
def joint_pressure(w, g, k, r):
    """Factor on pursuit in a region: full inland, lower on a border whose other side does not cooperate."""
    place, least = g.regions[r], 1.0
    for e in range(place.first_link, place.first_link + place.links):
        here, there = place.country, g.regions[g.links[e].source].country
        if here != there:
            shared = g.cooperation[here, there] + w.won[here, there]
            least = min(least, k.counter.lone_pressure + (1 - k.counter.lone_pressure) * shared)
    return least


@process("states.exit_control", "states.looking_away", "states.intelligence", "states.welcome", "regions.open_sites",
         "regions.guarded", "regions.found", "regions.pressure", "regions.risk_value")
def watch(w, g, k, now):
    """After decisions: exits, intelligence, the risk of being found, and what a region is worth to a recruiter."""
    for y in range(len(w.states)):
        state, trait, dial = w.states[y], g.states[y], now.states[y]
        state.exit_control = share(state.exit_level + dial.exit_control)
        state.looking_away = share(state.exit_tolerance + dial.tolerance_exit)
        state.intelligence = share(trait.intelligence * dial.intelligence)
        state.welcome = share(k.theatre.welcome + dial.reintegration + k.theatre.amnesty_welcome * dial.amnesty)
    for r in range(len(w.regions)):
        here, place, turned = w.regions[r], g.regions[r], now.regions[r]
        y = place.country
        state, dial = w.states[y], now.states[y]
        here.open_sites = tolerated(g.states[y].tolerance_recruitment, dial.tolerance_recruitment, dial.regulation,
                                    k.state.regulation_weight, state.banned)
        here.guarded = share(here.barrier + turned.border_effort)
        intelligence = min(g.states[y].intelligence * dial.intelligence * (1 + k.counter.agency_gain * state.agency)
                           * (1 + k.counter.shared * state.cooperation_won), k.counter.intelligence_most)
        cooperation = told(here.grievance, k.counter.silence, place.services + turned.services,
                           k.counter.service_tips, turned.local_forces + turned.community, k.counter.told,
                           k.counter.told_most)
        here.found = (k.counter.detection * intelligence * here.presence * cooperation
                      * (1 + k.counter.learning * state.learning + state.alert))
        here.pressure = (here.presence * (k.counter.idle_pressure + (1 - k.counter.idle_pressure) * state.alert)
                         * (1 - k.counter.terrain * place.rugged) * joint_pressure(w, g, k, r))
        here.risk_value = sympathising_value(sympathising(w, r), k.recruiter.pool_weight) + here.readiness - (
            k.recruiter.caution * here.found)
