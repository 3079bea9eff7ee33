"""A settlement between rival camps: one government that can act."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="national_cohesion",
    title="National cohesion and political settlement",
    turns={"cohesion_gain": 1.0},
    effort=2.0,
    effort_source="assumption: twice the effort of guarding a border region",
    evidence=("L001", "L002", "L004", "L046", "L083", "E071", "E239"),
    expected={"control": "-", "movement_members": "-"},
    drawback="An agreement without enough consensus leaves separate actions in place (000 l.644-651, 904-911).",
    strength_source="assumption: full strength removes the fragmentation that the rivalry of camps causes",
    actor="the rival camps, with the United Nations and outside backers",
    applies="countries whose camps contest the centre, Libya from 2011 on",
)
