"""Armed camps: a unified state's army or one rival camp, which commit forces to an offensive.

A rival counts as the graver threat [000 l.893-900; E239]; a camp that treats all opponents as one enemy pushes third
groups towards the movement [000 l.913-960].
"""

from __future__ import annotations

import math

from sim.engine.compiled import rule
from sim.engine.deciders.states import attention
from sim.engine.enums import GROUND, MOVEMENT, MOVEMENT_BRAND
from sim.engine.forms import HUNDRED_THOUSAND, lagged, share
from sim.engine.now import decided, decision
from sim.engine.process import process

OFFENSIVE = decision("camp.offensive")


@rule
def nearness(km, scale):
    """How near a region is to a camp's seats, 0-1; 0 outside its country."""
    return 0.0 if km < 0.0 else math.exp(-km / scale)


@rule
def strength(w, g, k, now, a):
    """Men whom a camp can bring together: its fighters as far as they act as one, more with outside backing."""
    camp, dial = w.camps[a], now.states[w.camps[a].country]
    men = camp.fighters * camp.cohesion * (1 + k.camp.backing_gain * share(dial.patron_backing + dial.outside_support))
    if camp.is_state:
        men *= w.states[camp.country].capacity / max(1e-9, g.states[camp.country].capacity)
    return men


@process("camps.threat", "regions.offensive", "regions.infiltration", rows="camps")
def step(w, g, k, now, a):
    """Weigh the movement against the rival and commit forces where threat, ability and support coincide."""
    camp = w.camps[a]
    hurt, near, nearest, target = 0.0, 0.0, 0.0, 0
    for r in range(len(w.regions)):
        hurt += g.camp_seat[a, r] * w.regions[r].blows
        ruled = w.regions[r].ruled * g.regions[r].residents
        if ruled > 0.0 and g.camp_km[a, r] >= 0.0:
            weight = ruled * nearness(g.camp_km[a, r], k.camp.seat_km)
            near += weight
            if weight > nearest:
                nearest, target = weight, r
    signal = k.camp.see_ground * near / HUNDRED_THOUSAND + k.camp.see_attacks * hurt
    camp.threat = lagged(camp.threat, signal, k.camp.rise if signal > camp.threat else k.camp.relax)
    if nearest > 0.0:
        commit(w, g, k, now, a, target)
    if not camp.is_state:
        brand(w, g, k, now, a)


@rule
def commit(w, g, k, now, a, target):
    """Send forces to where the movement rules most people near by."""
    camp = w.camps[a]
    state, dial, here = w.states[camp.country], now.states[camp.country], w.regions[target]
    split = state.fragmentation
    # While camps are few and united the state acts; once split, each camp acts for itself.
    active = 1 - split if camp.is_state else split
    joint, unified = share(dial.joint_action), share(dial.unified_support)
    rival = k.camp.rival_bias * split * (1 - k.camp.unity_calms * unified) * (1 - joint)
    seen = attention(camp.threat, rival)
    committed = strength(w, g, k, now, a) * active * seen * k.camp.commit
    garrison = k.ground.fighter_share * w.members[MOVEMENT, GROUND, target]
    support = share(dial.unified_support + camp.patron * k.camp.patron_support + 1 - split + joint)
    willing = (seen > k.camp.resolve and support > k.camp.support_needed
               and committed > k.camp.superiority * garrison)
    sent = committed if decided(now, OFFENSIVE, 1.0 if willing else 0.0) > 0.5 else 0.0
    here.offensive += max(0.0, min(sent - here.offensive, k.camp.build_up * sent))


@rule
def brand(w, g, k, now, a):
    """Indiscriminate war drives local groups to the movement in step with its prestige."""
    camp = w.camps[a]
    dial = now.states[camp.country]
    fights = (w.states[camp.country].fragmentation * dial.brutality * dial.branding * (1 - share(dial.integration))
              * camp.brutality)
    if fights == 0.0:
        return
    for r in range(len(w.regions)):
        if g.camp_km[a, r] >= 0.0:
            here = w.regions[r]
            here.infiltration += (k.camp.branding * fights * nearness(g.camp_km[a, r], k.camp.seat_km)
                                  * w.brands[MOVEMENT_BRAND].prestige * (1 - here.infiltration))
