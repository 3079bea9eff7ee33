"""Rival camps and their backers act together against the movement."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="coalition_offensive",
    title="Joint offensive with outside support",
    turns={"joint_action": 0.8, "unified_support": 0.5, "outside_support": 0.3},
    effort=2.0,
    effort_source="assumption: twice the effort of guarding a border region; losses are reported apart",
    evidence=("L007", "L013", "L004", "L076", "E110"),
    expected={"control": "-"},
    drawback="Heavy losses, escape of many fighters, and rule by those who won resented (000 l.970-973, 1003-1006, "
             "1027-1033). In the model forces are not pooled: each camp still asks whether it is strong enough alone.",
    strength_source="assumption: most of the rivalry is set aside, with the support that the event lpa brings (0.5)",
    actor="rival camps, unity government, outside partners",
    applies="countries where the movement holds ground",
    seen_in={"offensive_losses": "+", "refuge_members": "+"},
)
