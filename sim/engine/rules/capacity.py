"""How much state there is: capacity, fragmentation and effective presence by region.

Rival camps divert forces to each other [000 l.893-900], so presence falls with fragmentation; attacks take a share of
capacity for a while, then teach [000 l.1169-1183]; where an armed movement rules, the state does not.
"""

from __future__ import annotations

from sim.engine.compiled import rule
from sim.engine.forms import clip, controlled, share
from sim.engine.process import process


@rule
def fragmentation(cohesion, split, patrons, patron_weight, settlement):
    """Share of the polity's strength that rival camps hold against each other, 0-1."""
    return share(1 - cohesion + split + patron_weight * patrons) * (1 - share(settlement))


@rule
def effective_presence(capacity, local, rivalry, diversion, surge, filled, control):
    """Presence of accepted authority that a resident meets, 0-1.

    What the state can reach with its capacity, and of what it leaves empty the share ``filled`` by local forces and
    rebuilding; a negative share is presence withdrawn.
    """
    reached = share(capacity * local * (1 - diversion * rivalry) * (1 + surge))
    return (reached + filled * ((1 - reached) if filled > 0 else reached)) * (1 - control)


@process("states.shock", "states.learning", "states.fragmentation", "states.capacity", "regions.presence",
         "regions.ruled")
def step(w, g, k, now):
    """Update capacity and fragmentation of states and presence in regions."""
    for y in range(len(w.states)):
        state, trait, dial = w.states[y], g.states[y], now.states[y]
        state.shock *= 1 - k.state.shock_recovery
        state.learning *= 1 - k.state.forgetting
        state.fragmentation = fragmentation(trait.cohesion, dial.fragmentation, share(dial.patron_backing),
                                            k.state.patron_weight, dial.cohesion_gain)
        support = k.state.support_gain * share(trait.outside_support + dial.outside_support)
        state.capacity = share(trait.capacity * dial.capacity * (1 - state.shock) * (1 + support)
                               + k.state.learning_gain * state.learning * trait.capacity)
    for r in range(len(w.regions)):
        here, place, dial = w.regions[r], g.regions[r], now.regions[r]
        state = w.states[place.country]
        here.ruled = controlled(w, g, r)
        filled = k.state.local_fill * clip(dial.local_forces + dial.stabilisation, -1.0, 1.0)
        here.presence = effective_presence(state.capacity, place.presence * dial.presence, state.fragmentation,
                                           k.state.diversion, here.surge, filled, here.ruled)
