"""A public inquiry into recruitment networks."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="recruitment_inquiry",
    title="Inquiry into recruitment networks",
    turns={"facilitation": -0.1, "tolerance_recruitment": -0.2, "polarisation_shock": 0.005},
    effort=0.1,
    effort_source="assumption: a commission rather than standing means; small but not nothing",
    evidence=("L033", "E043"),
    expected={"recruits": "-", "departures": "-"},
    drawback="Politicised; revives accusations between Islamists and their opponents (000 l.380-388, 438-442).",
    strength_source="assumption: a third of a ban on open recruitment, a fifth of what ending outside help would do "
                    "and half the divisiveness of a state of emergency",
    actor="parliaments",
    applies="any country; Tunisia from 2017 in the sources",
    seen_in={"polarisation": "+"},
)
