"""States: they perceive threat late and with bias, then set alert, bans, exits, borders and agencies.

A rival counts as the graver threat [000 l.893-900; E239]: fragmentation draws attention away from the movement.
"""

from __future__ import annotations

import math

from sim.engine.compiled import rule
from sim.engine.enums import CELL, MASS, MOVEMENT_BRAND
from sim.engine.forms import HUNDRED_THOUSAND, MILLION, chance, lagged, saturating
from sim.engine.now import decided, decision, draw, stream
from sim.engine.process import process

BAN_LUCK = stream("state.ban")
ALERT, BAN, EXITS, BORDERS = (decision(f"state.{name}") for name in ("alert", "ban", "exits", "borders"))


@rule
def attention(threat, rival):
    """Share of an authority's means that it turns on the movement, 0-1; the rest watches its rival."""
    return threat / max(threat + rival, 1e-9)


@rule
def loose_border(w, k, source):
    """How far the other side of a border is held by nobody and something has gathered there, 0-1."""
    there = w.regions[source]
    return (1 - there.presence) * min(1.0, there.hub_strength / k.state.barrier_hub)


@process("states.threat", "states.alert", "states.agency", "states.crackdown", "states.banned",
         "states.exit_tolerance", "states.exit_level", "regions.surge", "regions.barrier", rows="states")
def step(w, g, k, now, y):
    """One state's month: perceive, then alert, open recruitment, exits, borders."""
    perceive(w, g, k, y)
    set_alert(w, g, k, now, y)
    judge_open_recruitment(w, g, k, now, y)
    watch_exits(w, g, k, now, y)
    build_barriers(w, g, k, now, y)


@rule
def perceive(w, g, k, y):
    """Threat follows attacks, ground lost and hubs across the border; it rises fast and falls slowly."""
    state, trait = w.states[y], g.states[y]
    attacks, near, ruled = 0.0, 0.0, 0.0
    for r in range(trait.first_region, trait.first_region + trait.regions):
        attacks += w.regions[r].blows
        place = g.regions[r]
        for e in range(place.first_link, place.first_link + place.links):
            if g.links[e].cross:
                near += w.regions[g.links[e].source].hub_strength
    for t in range(trait.first_locality, trait.first_locality + trait.localities):
        ruled += w.localities[t].control * g.localities[t].residents
    signal = (k.state.see_attacks * attacks / (trait.population_start / MILLION)
              + k.state.see_ground * ruled / HUNDRED_THOUSAND + k.state.see_hub * near)
    state.threat = lagged(state.threat, signal, k.state.rise if signal > state.threat else k.state.relax)


@rule
def set_alert(w, g, k, now, y):
    """Alert follows the threat as far as no rival holds the eye; forces go where violence was seen."""
    state, trait = w.states[y], g.states[y]
    seen = attention(state.threat, k.state.rival_bias * state.fragmentation)
    state.alert = decided(now, ALERT, chance(state.threat) * seen)
    most = 1.0
    regions = range(trait.first_region, trait.first_region + trait.regions)
    for r in regions:
        most = max(most, w.regions[r].blows)
    for r in regions:
        focus = k.state.surge_everywhere + (1 - k.state.surge_everywhere) * w.regions[r].blows / most
        w.regions[r].surge = k.state.surge * state.alert * focus
    if state.alert > k.state.agency_threshold:
        state.agency = min(1.0, state.agency + 1 / k.state.agency_months)


@rule
def judge_open_recruitment(w, g, k, now, y):
    """A tolerated mass movement is banned once violence is laid at its door, the more it recruits in the open."""
    state, trait = w.states[y], g.states[y]
    activists = 0
    for r in range(trait.first_region, trait.first_region + trait.regions):
        activists += w.members[MASS, CELL, r]
    per_million = activists / (trait.population_start / MILLION)
    blamed = state.threat * saturating(per_million, k.state.ban_members)
    hazard = decided(now, BAN, chance(k.state.ban * blamed))
    if state.banned < 0.5 and draw(w, now, BAN_LUCK, y) < hazard:
        state.crackdown, state.banned = 1.0, 1.0
    else:
        state.crackdown = 0.0
        state.banned *= 1 - k.state.ban_decay


@rule
def watch_exits(w, g, k, now, y):
    """Exits are watched once those abroad belong to a movement that threatens every state at home."""
    state, trait = w.states[y], g.states[y]
    away = 0
    for r in range(trait.first_region, trait.first_region + trait.regions):
        away += w.theatre[MOVEMENT_BRAND, r]
    danger = decided(now, EXITS, 1 - math.exp(
        -k.state.exit_danger * away / (trait.population_start / MILLION) * w.brands[MOVEMENT_BRAND].prestige
        - k.state.exit_alert * state.alert))
    state.exit_tolerance = min(state.exit_tolerance, trait.tolerance_exit * (1 - danger))
    able = min(1.0, k.state.exit_capacity * state.capacity)
    target = trait.exit_control + (1 - trait.exit_control) * danger * able
    state.exit_level += k.state.exit_speed * max(0.0, target - state.exit_level)


@rule
def build_barriers(w, g, k, now, y):
    """Barriers grow where a neighbour cannot hold its side and something has come across."""
    state, trait = w.states[y], g.states[y]
    effort = k.state.barrier * state.alert * state.capacity
    if effort <= 0.0:
        return
    for r in range(trait.first_region, trait.first_region + trait.regions):
        place, here, build = g.regions[r], w.regions[r], 0.0
        for e in range(place.first_link, place.first_link + place.links):
            if g.links[e].cross:
                build += effort * loose_border(w, k, g.links[e].source)
        if build > 0.0:
            left = k.state.barrier_most - min(here.barrier, k.state.barrier_most)
            here.barrier += min(build, k.state.barrier_speed) * left * decided(now, BORDERS, 1.0)
