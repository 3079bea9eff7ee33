"""Scenario files: YAML -> checked, frozen `Scenario`, with errors that say where and what is allowed."""

from __future__ import annotations

from sim.calendar import Month
from sim.scenario.fault import ScenarioError
from sim.scenario.known import Known, World
from sim.scenario.loading import dump, load_scenario, parse_set
from sim.scenario.model import LeverUse, Scenario
from sim.scenario.schema import schema

__all__ = ["Known", "LeverUse", "Month", "Scenario", "ScenarioError", "World", "dump", "load_scenario", "parse_set",
           "schema"]
