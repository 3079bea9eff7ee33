"""Outcomes and how regions make a country."""

from __future__ import annotations

from sim.engine.outcomes import OUTCOMES, Outcome, by_country

__all__ = ["OUTCOMES", "Outcome", "by_country"]
