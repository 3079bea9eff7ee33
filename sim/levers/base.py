"""What a lever declares."""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.dials import DIALS


@dataclass(frozen=True)
class Lever:
    """A policy: the dials it turns at full strength, its price, its evidence and its known drawback.

    ``turns`` maps a dial to a factor (multiplying dials) or an amount (adding dials) at strength 1.
    ``effort`` is in comparable effort units per region and month at strength 1.
    ``expected`` maps an outcome to the sign that the sources expect ('-' lowers, '+' raises).
    """

    name: str
    title: str
    turns: dict[str, float]
    effort: float
    effort_source: str
    evidence: tuple[str, ...]
    expected: dict[str, str]
    drawback: str
    strength_source: str
    max_strength: float = 1.0
    unit: str = "share of full effect"
    notes: str = field(default="")

    def __post_init__(self) -> None:
        unknown = set(self.turns) - set(DIALS)
        if unknown:
            raise ValueError(f"lever {self.name} turns unknown dials {sorted(unknown)}")

    @property
    def scope(self) -> str:
        """'region' if every dial it turns is regional, else 'country'."""
        return "region" if all(DIALS[d].scope == "region" for d in self.turns) else "country"
