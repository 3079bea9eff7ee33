"""Programmes for the young labelled as counter-radicalisation."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="cve_programmes",
    title="Programmes against violent extremism",
    turns={"services": 0.1, "stigma": 0.3},
    effort=0.5,
    effort_source="assumption: a third of general services for the young: few places, many labels",
    evidence=("L041",),
    expected={"recruits": "-"},
    drawback="Cast the net too wide and stigmatise communities as potential extremists (000 l.1486-1490).",
    strength_source="assumption: a third of the services of a general programme and a label felt by three in ten; 000 "
                    "l.1484-1490 cautions without a number",
    actor="governments and donors",
    applies="marginalised regions; 2014 on in the sources",
    seen_in={"grievance": "+"},
)
