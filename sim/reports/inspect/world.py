"""The model that the viewer makes, steps and makes again, and its agents in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.calendar import Month
from sim.engine.enums import BRANDS, ORGANISATIONS
from sim.engine.outcomes import OUTCOMES
from sim.engine.place import TABLES as TRAITS
from sim.engine.state import TABLES as FIELDS
from sim.engine.state import Field
from sim.inputs.scenario import Scenario
from sim.runs.model import Decider, InspectedRecruiter, RecruitmentModel
from sim.runs.reduce import by_place

LEVER = "lever_"
MOST_LEVERS = 6  # of a scenario, that get a slider
MOST_SEED, MOST_WORLD = 2**63 - 1, 99_999
HIDDEN_UNITS = ("row", "code")  # numbers of rows and of meanings say nothing to a reader
KINDS = ("states", "camps", "local authorities", "organisations", "foreign forces", "recruiters")


class ViewedWorld(RecruitmentModel):
    """One world, made anew by the viewer from what is set on its page.

    Parameters
    ----------
    setting : Scenario
    seed, world : str
        As typed; empty for the scenario's seed and for world 0. What is none is replaced by these, and ``remarks``
        say so.
    **kwargs
        ``lever_<position>``: strengths of the scenario's levers. Mesa's viewer looks for the name ``kwargs``; from 3.5
        on it adds a ``scenario`` of its own, which is left alone.
    """

    def __init__(self, setting: Scenario, seed: str = "", world: str = "", **kwargs: Any):
        self.remarks: list[str] = []
        self.seed_used = self._typed(seed, "seed", MOST_SEED, setting.seed)
        self.world = self._typed(world, "world", MOST_WORLD, 0)
        strengths = {int(name.removeprefix(LEVER)): float(value) for name, value in kwargs.items()
                     if name.startswith(LEVER)}
        self.levers = ", ".join(f"{plain(use.lever)} {strengths.get(position, use.strength):g}"
                                for position, use in enumerate(setting.levers))
        super().__init__(setting.model_copy(update={"seed": self.seed_used, "record": ("all",)}), [self.world],
                         strengths={position: np.array([value]) for position, value in strengths.items()})
        self.close()
        self.recruiters = self.inspect()

    def _typed(self, text: str, what: str, most: int, otherwise: int) -> int:
        """The whole number that was typed."""
        text = text.strip()
        if text.isascii() and text.isdigit() and int(text) <= most:
            return int(text)
        if text:
            self.remarks.append(f"'{text}' is no {what}, a whole number from 0 to {most}; {otherwise} is taken.")
        return otherwise

    def step(self) -> None:
        """One month, if one is left; then the recruiters where they are now."""
        if self.month < self.months:
            super().step()
            for agent in self.recruiters:
                agent.remove()
            self.recruiters = self.inspect()
        self.running = self.month < self.months
        self.steps = self.month  # Mesa counts calls, some of which come after the end

    @property
    def date(self) -> str:
        """The last month that is over; before the first step, the start."""
        return str(Month(self.worlds.start + max(self.month - 1, 0)))

    def values(self, outcome: str) -> np.ndarray:
        """One outcome by month and region, (months gone, R)."""
        at = [one.name for one in self.recorder.outcomes].index(outcome)
        return self.recorder.values[at, 0, :self.month]

    def curves(self, outcome: str) -> np.ndarray:
        """One outcome by month and country, (months gone, Y)."""
        return by_place(self.values(outcome), OUTCOMES[outcome].aggregate, self.geography.country_slices,
                        self.geography.r["residents"])


def plain(name: str) -> str:
    """A name of the program as words."""
    return name.replace("_", " ")


def parameters(setting: Scenario, world: int) -> dict[str, Any]:
    """What can be set on the page, as Mesa's viewer wants it."""
    found: dict[str, Any] = {
        "setting": setting,
        "seed": {"type": "InputText", "value": str(setting.seed), "label": "Seed"},
        "world": {"type": "InputText", "value": str(world), "label": "World"}}
    for position, use in enumerate(setting.levers[:MOST_LEVERS]):
        found[f"{LEVER}{position}"] = {"type": "SliderFloat", "value": float(use.strength), "min": 0.0, "max": 1.0,
                                      "step": 0.05, "label": f"{plain(use.lever)}, strength"}
    return found


# --- agents in words --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One trait or field of an agent."""

    name: str
    value: float | str
    unit: str
    meaning: str


@dataclass(frozen=True)
class Sheet:
    """What is said of one agent: what it is like, and its state in this month."""

    traits: list[Line]
    fields: list[Line]


def agents(model: ViewedWorld, kind: str) -> dict[str, tuple[Any, int]]:
    """Agents of a kind by name, each with the row that is meant (a locality, for local authorities)."""
    g = model.geography
    if kind == "local authorities":
        return {f"{g.locality_names[n]} ({agent.name.removeprefix('local authorities of ')})": (agent, n)
                for agent in model.local for n in range(*agent.rows)}
    if kind == "recruiters":
        return {f"{agent.number}: {g.region_names[agent.cell.coordinate]}": (agent, agent.number)
                for agent in model.recruiters}
    found = {"states": model.states, "camps": model.camps, "organisations": model.organisations,
             "foreign forces": [model.foreign]}[kind]
    return {agent.name: (agent, agent.rows[0]) for agent in found}


def sheet_of(model: ViewedWorld, agent: Decider | InspectedRecruiter, row: int) -> Sheet:
    """Traits and fields of an agent of one world."""
    if isinstance(agent, InspectedRecruiter):
        place = model.geography.region_names[agent.cell.coordinate]
        return Sheet([], [Line("place", place, "", "region"), Line("status", agent.status, "", "what the agent does"),
                          Line("organisation", agent.organisation, "", "side"),
                          Line("skill", agent.skill, "0-1", "skill")])
    if agent.table:
        units = value_units(model, agent.table, row)
        traits = model.batch.place._asdict().get(agent.table)
        return Sheet([] if traits is None else list(lines(TRAITS[agent.table][0], traits[row], units)),
                     list(lines(FIELDS[agent.table][0], getattr(model.batch, agent.table)[0, row], {})))
    return organisation_sheet(model, agent)


def organisation_sheet(model: ViewedWorld, agent: Decider) -> Sheet:
    """An organisation's traits, money and standing; of others, what they show in each country or region."""
    kind, batch, g = agent.process.name.rpartition(".")[2], model.batch, model.geography
    if kind in ORGANISATIONS:
        o = ORGANISATIONS.index(kind)
        fields = list(lines(FIELDS["organisations"][0], batch.organisations[0, o], {}))
        if kind in BRANDS:
            fields += lines(FIELDS["brands"][0], batch.brands[0, BRANDS.index(kind)], {})
        return Sheet(list(lines(TRAITS["organisations"][0], batch.place.organisations[o], {})), fields)
    if agent is model.foreign:
        return Sheet([], each(FIELDS["regions"][0], "foreign_strikes", batch.regions[0], g.region_names, True))
    return Sheet([], each(FIELDS["states"][0], kind, batch.states[0], g.country_names))


def lines(fields: Sequence[Field], record: Any, units: dict[str, str]) -> Iterator[Line]:
    """The fields of one row that say something to a reader."""
    for field in fields:
        if field.unit not in HIDDEN_UNITS:
            unit = units.get(field.name, field.unit)
            meaning = "" if field.meaning == field.name else field.meaning
            yield Line(plain(field.name), float(record[field.name]), unit, meaning)


def each(fields: Sequence[Field], name: str, rows: Any, places: Sequence[str], only_some: bool = False) -> list[Line]:
    """One field of every place; those at zero left out if ``only_some``."""
    field = next(field for field in fields if field.name == name)
    return [Line(place, float(row[name]), field.unit, field.meaning) for place, row in zip(places, rows, strict=True)
            if not only_some or row[name]]


def value_units(model: ViewedWorld, table: str, row: int) -> dict[str, str]:
    """Units of traits that are read from the table of values."""
    g = model.geography
    place = {"states": g.countries, "localities": g.localities}.get(table)
    return {} if place is None else {field: number.unit for (where, field), number in g.values.items()
                                     if where in (place[row], "*")}
