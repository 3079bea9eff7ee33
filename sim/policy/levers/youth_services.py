"""Services and opportunities for the young, without a label."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="youth_services",
    title="Services for the young",
    turns={"services": 0.3},
    effort=1.5,
    effort_source="assumption: half as much again as guarding a border region, as inclusive governance",
    evidence=("L039", "E069", "E236"),
    expected={"grievance": "-", "recruits": "-"},
    drawback="The sources warn against a straight line from poverty to recruitment (000 l.1486-1490, 603-606).",
    strength_source="assumption: full strength closes three tenths of the felt gap to the capital; the sources give no "
                    "number",
    actor="governments, councils, donors",
    applies="any region; slow, so a ramp of one or two years is sensible",
)
