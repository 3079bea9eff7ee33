"""Open recruitment is banned by force."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="recruitment_curbed",
    title="Crackdown on open recruitment",
    turns={"tolerance_recruitment": -0.6, "brutality": 1.2},
    effort=0.5,
    effort_source="assumption: half of guarding a border region",
    evidence=("L029", "L030", "E121", "E221"),
    expected={"recruits": "-", "recruits_mass": "-"},
    drawback="Members split and some turn to arms; abuse feeds propaganda (000 l.1083-1087, 1111-1123; 004 l.15).",
    strength_source="undoes the tolerance that the event tn_troika brings (0.6); assumption: a third of the added "
                    "abuse of an indiscriminate surge",
    actor="governments",
    applies="while open recruitment is tolerated; Tunisia from 2012",
    seen_in={"attacks": "+", "recruits_movement": "+"},
)
