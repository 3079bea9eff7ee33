"""More police and patrols in view, in the usual style."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="visible_policing",
    title="Visible policing",
    turns={"presence": 1.15},
    effort=1.0,
    effort_source="assumption: as much as guarding a border region",
    evidence=("L020", "L037", "E149", "E154"),
    expected={"attacks": "-", "recruits": "-"},
    drawback="High running cost, hard to bear when oil prices fall (000 l.1289-1293).",
    strength_source="assumption: the ranks of the police grew considerably over a decade (000 l.1280-1281); taken as a "
                    "seventh more presence",
    actor="governments",
    applies="any region",
)
