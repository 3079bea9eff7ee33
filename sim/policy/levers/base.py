"""What a lever declares."""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.policy.dials import DIALS

KINDS = ("policy", "shock")


@dataclass(frozen=True)
class Lever:
    """A policy or a shock: the dials it turns at full strength, its price, its evidence and its known drawback.

    ``turns`` maps a dial to a factor (multiplying dials) or an amount (adding dials) at strength 1.
    ``effort`` is in comparable effort units per region and month at strength 1; a shock has none.
    ``expected`` maps an outcome to the sign that the sources expect ('-' lowers, '+' raises).
    ``actor`` is who can do it, ``applies`` where and when it can apply, in words.
    ``drawback`` is what the sources name; ``seen_in`` the outcomes in which the drawback would show.
    ``max_strength`` above 1 allows more than the full turn, where dials that cannot go further saturate.
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
    actor: str
    applies: str
    seen_in: dict[str, str] = field(default_factory=dict)
    max_strength: float = 1.0
    unit: str = "share of full effect"
    kind: str = "policy"

    def __post_init__(self) -> None:
        unknown = set(self.turns) - set(DIALS)
        if unknown:
            raise ValueError(f"lever {self.name} turns unknown dials {sorted(unknown)}")
        if self.kind not in KINDS:
            raise ValueError(f"lever {self.name} is of kind '{self.kind}', none of {', '.join(KINDS)}")

    @property
    def scope(self) -> str:
        """'region' if every dial it turns is regional, else 'country'."""
        return "region" if all(DIALS[d].scope == "region" for d in self.turns) else "country"
