"""A disputed succession divides the elite."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="disputed_succession",
    title="Disputed succession",
    turns={"fragmentation": 0.35, "capacity": 0.9, "polarisation_shock": 0.02},
    effort=0.0,
    effort_source="a shock: nobody spends effort on it",
    evidence=("E148", "E147"),
    expected={"presence": "-", "attacks": "+"},
    drawback="Infighting within the security establishment, which many analysts expect to be temporary (000 "
             "l.1293-1297).",
    strength_source="assumption: half of the split of Libya in 2014 (0.7), a tenth off capacity, twice the "
                    "divisiveness of a state of emergency",
    actor="nobody decides it",
    applies="countries with an open succession; Algeria in the sources",
    kind="shock",
)
