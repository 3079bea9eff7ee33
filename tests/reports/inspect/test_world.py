"""The world that the viewer steps is the engine's own; its agents are told with their fields."""

from __future__ import annotations

import numpy as np
import pytest

from sim.calendar import Month
from sim.inputs.scenario import LeverUse, Scenario
from sim.reports.inspect.drawing import SHADED, draw_curves, draw_places, labels_of
from sim.reports.inspect.world import KINDS, ViewedWorld, agents, parameters, sheet_of
from sim.runs.worlds import Worlds
from tests.small import AA, scenario

LEVER = LeverUse(lever="border_control", where=("*",), start=Month.parse("2011-01"), strength=0.5)


def setting() -> Scenario:
    return scenario([LEVER], end="2011-06", seed=7)


def test_it_is_the_same_world_as_in_any_run() -> None:
    viewed, plain = ViewedWorld(setting(), "7", "3"), Worlds(setting(), [3])
    while viewed.running:
        viewed.step()
    plain.run()
    assert viewed.month == viewed.steps == 6
    for name, table in plain.batch.tables.items():
        assert np.array_equal(viewed.batch.tables[name], table), name
    assert viewed.curves("sympathisers").shape == (6, 2)


def test_the_end_is_the_end() -> None:
    model = ViewedWorld(setting())
    assert (model.month, model.date) == (0, "2011-01")
    for _ in range(8):
        model.step()
    assert (model.month, model.steps, model.running, model.date) == (6, 6, False, "2011-06")


def test_what_is_typed_is_taken_or_said_to_be_none() -> None:
    model = ViewedWorld(setting(), "11", "5", lever_0=0.2)
    assert (model.seed_used, model.world, model.levers, model.remarks) == (11, 5, "border control 0.2", [])
    wrong = ViewedWorld(setting(), "much", "100000")
    assert (wrong.seed_used, wrong.world) == (7, 0)
    assert wrong.remarks[0].startswith("'much' is no seed, a whole number from 0 to ")
    assert wrong.remarks[1] == "'100000' is no world, a whole number from 0 to 99999; 0 is taken."
    assert ViewedWorld(setting()).remarks == []


def test_the_page_offers_seed_world_and_the_levers() -> None:
    found = parameters(setting(), 4)
    assert list(found) == ["setting", "seed", "world", "lever_0"]
    assert [found[name]["value"] for name in ("seed", "world", "lever_0")] == ["7", "4", 0.5]
    assert ViewedWorld(**{name: value if name == "setting" else value["value"] for name, value in found.items()})


def test_a_lever_counts() -> None:
    effort = []
    for strength in (0.0, 0.5, 1.0):
        model = ViewedWorld(setting(), lever_0=strength)
        for _ in range(3):
            model.step()
        effort.append(float(model.values("effort").sum()))
    assert effort[0] == 0 < effort[1] < effort[2]


def test_recruiters_stand_in_the_cells_of_this_month() -> None:
    model = ViewedWorld(setting())
    for _ in range(4):
        model.step()
    at = {agent.number: agent.cell.coordinate for agent in model.recruiters}
    rows = model.batch.recruiters[0]
    assert at == {n: rows[n].place for n in range(len(rows)) if rows[n].status}
    assert sorted(agent.number for cell in model.space.all_cells for agent in cell.agents) == sorted(at)


@pytest.mark.parametrize("kind", KINDS)
def test_every_agent_has_its_sheet(kind: str) -> None:
    model = ViewedWorld(setting())
    model.step()
    known = agents(model, kind)
    assert known
    sheets = {name: sheet_of(model, *found) for name, found in known.items()}
    assert all(sheet.fields for sheet in sheets.values()) or kind == "foreign forces"
    if kind == "states":
        values = {line.name: line.value for line in sheets[model.states[AA].name].fields}
        assert values["capacity"] == model.batch.states.capacity[0, AA]


def test_the_pictures_are_drawn_in_every_month() -> None:
    model = ViewedWorld(setting())
    for _ in range(2):
        assert draw_curves(model, "movement_members", "foothold").startswith(b"\x89PNG")
        assert all(draw_places(model, outcome).startswith(b"\x89PNG") for outcome in SHADED)
        model.step()
    assert labels_of("control") == ("to 5 %", "5–25", "25–50", "50–80", "above 80 %")
