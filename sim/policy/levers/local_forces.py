"""Police and soldiers whom residents accept."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="local_forces",
    title="Local forces that residents accept",
    turns={"local_forces": 0.5},
    effort=1.5,
    effort_source="assumption: half as much again as guarding a border region",
    evidence=("L012", "E086"),
    expected={"foothold": "-", "control": "-"},
    drawback="none named (L012)",
    strength_source="assumption: half of what such forces could fill of the vacuum; residents name the lack of such "
                    "forces as what let towns fall (000 l.773-779)",
    actor="local councils, governments",
    applies="regions without accepted forces; Sirte 2011 to 2015 in the sources",
)
