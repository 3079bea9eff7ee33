"""Security forces that do less indiscriminate harm."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="police_reform",
    title="Police and security sector reform",
    turns={"brutality": 0.5},
    effort=1.0,
    effort_source="assumption: as much as guarding a border region: training, oversight, courts",
    evidence=("L032", "L081"),
    expected={"grievance": "-", "recruits": "-", "attacks": "-"},
    drawback="none named (L032, L081)",
    strength_source="assumption: full strength halves the abuse that residents perceive; 000 l.1111-1113 names abuse "
                    "as a theme of propaganda",
    actor="governments and their partners",
    applies="any country; slow, so a ramp of one or two years is sensible",
)
