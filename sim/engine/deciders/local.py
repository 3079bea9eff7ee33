"""Local armed authorities (councils, tribes, militias) of each locality: resist, stand aside or deal."""

from __future__ import annotations

from sim.engine.forms import clip
from sim.engine.now import decided, decision
from sim.engine.process import process

RESIST = decision("local.resist")


@process("localities.resist", rows="localities")
def step(w, g, k, now, t):
    """Resist in step with one's own strength and ties, less where loyalty is orphaned or people are divided."""
    here, place = w.localities[t], g.localities[t]
    turned = now.regions[place.region]
    will = (k.local.base + k.local.order * g.regions[place.region].nonstate_order + k.local.harsh * here.harshness
            - k.local.cleavage * place.cleavage - k.local.orphaned * place.orphaned
            + k.local.allies * (turned.local_forces + turned.community))
    here.resist = decided(now, RESIST, clip(will, 0.0, k.local.most))
