"""Emergency powers and tough policing."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="state_of_emergency",
    title="State of emergency",
    turns={"presence": 1.15, "brutality": 1.3, "polarisation_shock": 0.01},
    effort=1.0,
    effort_source="assumption: as much as guarding a border region",
    evidence=("L031", "L062", "E127"),
    expected={"attacks": "-"},
    drawback="Rekindles the divide between Islamists and their opponents and leaves reform undone (000 l.1179-1183; "
             "001 l.36).",
    strength_source="assumption: the presence of visible policing, half the added abuse of an indiscriminate surge; "
                    "0.01 a month settles near a quarter of full polarisation when it fades by 3 per cent a month",
    actor="governments",
    applies="any country; Tunisia from November 2015 in the sources",
    seen_in={"polarisation": "+", "recruits": "+"},
)
