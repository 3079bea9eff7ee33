"""Scenario files: YAML -> checked, frozen `Scenario`, with errors that say where and what is allowed."""

from __future__ import annotations

from sim.calendar import Month
from sim.inputs.mistakes import ScenarioError
from sim.inputs.scenario.known import Known, World
from sim.inputs.scenario.loading import dump, load_scenario, parse_set
from sim.inputs.scenario.model import LeverUse, Scenario
from sim.inputs.scenario.schema import schema

__all__ = ["Known", "LeverUse", "Month", "Scenario", "ScenarioError", "World", "dump", "load_scenario", "parse_set",
           "schema"]
