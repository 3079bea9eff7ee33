"""Massive force that does not distinguish."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="security_surge",
    title="Indiscriminate security surge",
    turns={"presence": 1.25, "brutality": 1.6},
    effort=2.0,
    effort_source="assumption: twice the effort of guarding a border region: forces inland everywhere",
    evidence=("L019", "L031", "L062"),
    expected={"attacks": "-", "movement_members": "-"},
    drawback="Abuse is a theme of propaganda, and hard security rekindles polarisation (000 l.1111-1113, 1179-1183; "
             "001 l.36).",
    strength_source="assumption: a quarter more presence; 1.6 takes the style of most countries to the top of the "
                    "scale",
    actor="governments",
    applies="any country; 2013 on in the sources",
    seen_in={"grievance": "+", "recruits": "+", "polarisation": "+"},
)
