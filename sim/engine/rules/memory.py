"""What fades: the memory of war, of abuse and of those who left. What fades of a state's lessons is in `capacity`."""

from __future__ import annotations

from sim.engine.process import process


@process("states.war_deaths", "states.abuse", "regions.recent_gone")
def step(w, g, k, now):
    """Fade by one month and add the month's deaths of wars outside the simulated contest."""
    for y in range(len(w.states)):
        state = w.states[y]
        state.war_deaths *= 0.5 ** (1 / (12 * k.grievance.exhaustion_half_life))
        state.war_deaths += now.states[y].war_deaths
        state.abuse *= 1 - k.grievance.abuse_decay
    for r in range(len(w.regions)):
        w.regions[r].recent_gone *= 1 - k.recruitment.kin_decay
