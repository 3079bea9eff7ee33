"""Foreign forces strike a large hub from the air, harder after mass-casualty attacks [000 l.887-900]."""

from __future__ import annotations

from sim.engine.enums import GROUND, MOVEMENT
from sim.engine.forms import chance
from sim.engine.now import decided, decision
from sim.engine.process import process

STRIKES = decision("foreign.strikes")


@process("regions.foreign_strikes")
def step(w, g, k, now):
    """Set the month's level of outside strikes by region."""
    mass_attacks = 0.0
    for r in range(len(w.regions)):
        mass_attacks += w.regions[r].mass_attacks_seen
    for r in range(len(w.regions)):
        size = w.members[MOVEMENT, GROUND, r]
        w.regions[r].foreign_strikes = 0.0
        if size > 0:
            alarm = chance(max(0.0, size - k.foreign.threshold) / k.foreign.alarm_scale * (1 + mass_attacks))
            w.regions[r].foreign_strikes = decided(now, STRIKES, k.foreign.strikes * alarm)
