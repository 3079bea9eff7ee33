"""Checks on departures by air and sea."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="exit_control",
    title="Exit controls",
    turns={"exit_control": 0.4},
    effort=0.3,
    effort_source="assumption: a third of guarding a border region: few airports and ports",
    evidence=("L028", "L087", "E044"),
    expected={"departures": "-"},
    drawback="none named for the controls themselves (L028, L087); those kept back may act at home (000 l.315-350).",
    strength_source="assumption: takes the 0.26 to 0.32 of 2011 to about two thirds; E044 says there were no controls "
                    "to speak of",
    actor="governments, with transit countries",
    applies="any country; 2012 on",
    seen_in={"attacks": "+"},
)
