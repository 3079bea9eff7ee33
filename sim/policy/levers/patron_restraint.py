"""Outside backers stop arming and paying rival camps."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="patron_restraint",
    title="Restraint of outside backers",
    turns={"patron_backing": -0.65},
    effort=0.5,
    effort_source="assumption: half of guarding a border region; the means are diplomacy and an arms embargo",
    evidence=("L046", "L001", "E163", "E240"),
    expected={"control": "-", "movement_members": "-"},
    drawback="The arms embargo has been honoured in the breach so far (000 l.1665-1667).",
    strength_source="000 l.1658-1667 asks for the end of the tug-of-war; 0.65 is what the events of 2014 and 2017 add "
                    "in Libya, so full strength takes all of it away",
    actor="outside powers that back rival camps, with the United Nations",
    applies="countries whose camps have outside backers, Libya from 2014 on",
)
