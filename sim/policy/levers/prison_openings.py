"""Prison doors are opened for members of the networks."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="prison_openings",
    title="Prison openings",
    turns={"prison_release": 0.3},
    effort=0.1,
    effort_source="assumption: a decision rather than means; small but not nothing",
    evidence=("L024", "L025", "E047", "E049", "E061"),
    expected={"recruits": "+", "recruiters": "+"},
    drawback="Freed networks form again and recruit; some of the freed became moderate allies (000 l.424-426, 445-451, "
             "479-483).",
    strength_source="assumption: each month three tenths, between the pardon in Morocco (0.1) and the amnesty in "
                    "Tunisia (0.6) of 2011",
    actor="governments",
    applies="any country; a few months",
)
