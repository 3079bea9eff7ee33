"""The Mesa model: states, camps, local authorities and organisations as agents that perceive and decide month by month.

It drives the same engine as every ensemble: an agent's decision is the compiled rule for its own row, and a month in
which agents decide one by one is bit for bit the month of `sim.engine.month.advance`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import mesa
import networkx
import numpy as np
from mesa.discrete_space import CellAgent, Network

from sim.engine.deciders import camps, foreign, local, organisations, states
from sim.engine.enums import EMPTY, ORGANISATIONS, RECRUITER_STATUS
from sim.engine.month import MONTH
from sim.engine.process import Process
from sim.engine.record import Recorder
from sim.runs.worlds import Worlds

if TYPE_CHECKING:
    from sim.inputs.scenario import Scenario


class RecruitmentModel(mesa.Model):
    """Parallel worlds of one scenario, stepped by hand or run to the end.

    Parameters
    ----------
    scenario : Scenario
    worlds : sequence of int, optional
        Indices of the worlds. Default: all of the scenario.
    **options
        As for `sim.runs.worlds.Worlds`: parameters, strengths, frozen, turns, checking.

    Attributes
    ----------
    worlds : Worlds
        What the engine holds: ``worlds.batch.regions.readiness`` is an array (worlds, regions), and so on for every
        table and stock; ``worlds.recorder`` keeps the outcomes.
    states, camps, local, organisations : lists of agents
    foreign : agent
    """

    def __init__(self, scenario: Scenario, worlds: Sequence[int] | np.ndarray | None = None, **options: Any):
        super().__init__(rng=scenario.seed % 2**32)
        self.worlds = Worlds(scenario, worlds, own_place=True, **options)
        self.setting, self.geography, self.batch = scenario, self.worlds.geography, self.worlds.batch
        g = self.geography
        self.states = [Decider(self, name, states.step, "states", y, y + 1)
                       for y, name in enumerate(g.country_names)]
        self.camps = [Decider(self, row["name"], camps.step, "camps", a, a + 1)
                      for a, row in enumerate(g.authorities)]
        self.local = [Decider(self, f"local authorities of {name}", local.step, "localities", *self._localities(y))
                      for y, name in enumerate(g.country_names)]
        names = g.organisation_names
        self.organisations = [Decider(self, names[kind], process) for kind, process in (
            ("movement", organisations.movement), ("rival", organisations.rival), ("mass", organisations.mass),
            ("brokers", organisations.brokers), ("quietist", organisations.quietists))]
        self.foreign = Decider(self, "foreign forces", foreign.step)
        self._space: Network | None = None

    def _localities(self, country: int) -> tuple[int, int]:
        trait = self.batch.place.states[country]
        return int(trait.first_locality), int(trait.first_locality + trait.localities)

    @property
    def deciders(self) -> list[Decider]:
        """Agents in the order in which they decide."""
        return [*self.states, *self.camps, *self.local, *self.organisations, self.foreign]

    @property
    def month(self) -> int:
        """Months gone since the start of the run."""
        return self.batch.step

    @property
    def months(self) -> int:
        """Months of the whole run."""
        return self.worlds.months

    @property
    def recorder(self) -> Recorder:
        """What has been recorded so far."""
        return self.worlds.recorder

    def step(self) -> None:
        """One month of all worlds."""
        own: dict[str, list[Decider]] = {}
        for agent in self.deciders:
            own.setdefault(agent.process.name, []).append(agent)
        self.batch.tables["happened"][:] = 0
        for process in MONTH:
            if process.name in own:
                for agent in own[process.name]:
                    agent.decide()
            else:
                process(self.batch)
        self.recorder.look(self.batch)
        if self.worlds.checking:
            self.worlds.check()
        self.batch.step += 1

    def run(self, progress: Callable[[int], None] | None = None) -> Recorder:
        """The months that are left; ``progress(world_months)`` is called as they are done."""
        while self.month < self.months:
            self.step()
            if progress:
                progress(self.worlds.size)
        self.close()
        return self.recorder

    def close(self) -> None:
        """Let Mesa forget the model (Mesa 3.3 keeps every model alive otherwise)."""
        getattr(mesa.Agent, "_ids", {}).pop(self, None)

    @property
    def space(self) -> Network:
        """The regions and their links as a Mesa network."""
        if self._space is None:
            g = self.geography
            graph = networkx.Graph()
            graph.add_nodes_from(range(len(g.regions)))
            graph.add_edges_from(zip(g.link_from.tolist(), g.link_to.tolist(), strict=True))
            self._space = Network(graph, random=self.random)
        return self._space

    def inspect(self, world: int = 0) -> list[InspectedRecruiter]:
        """One world's recruiters as ordinary Mesa agents in the cells of the regions' network."""
        found = []
        for n in np.flatnonzero(self.batch.recruiters.status[world] != EMPTY):
            row = self.batch.recruiters[world, n]
            agent = InspectedRecruiter(self, int(n), RECRUITER_STATUS[row.status], ORGANISATIONS[row.organisation],
                                       float(row.skill))
            agent.cell = self.space[int(row.place)]
            found.append(agent)
        return found


class Decider(mesa.Agent):
    """One who perceives and decides every month by a rule of the engine, in all worlds of the model.

    Attributes
    ----------
    process : Process
        The rule.
    traits : records
        What the agent is like in this model (a state's or a locality's row of the geography); may be changed.
    fields : (worlds, rows) records
        The agent's own fields of the state, such as ``alert`` of a state or ``cohesion`` of a camp; may be changed.
    """

    def __init__(self, model: RecruitmentModel, name: str, process: Process, table: str = "", first: int = 0,
                 last: int = 0):
        super().__init__(model)
        self.name, self.process, self.table, self.rows = name, process, table, (first, last)

    @property
    def traits(self) -> Any:
        """The agent's row of the geography, or None."""
        tables = self.model.batch.place._asdict()
        if self.table not in tables:
            return None
        first, last = self.rows
        return tables[self.table][first] if last == first + 1 else tables[self.table][first:last]

    @property
    def fields(self) -> Any:
        """The agent's rows of the state in all worlds, or None."""
        return getattr(self.model.batch, self.table)[:, slice(*self.rows)] if self.table else None

    def decide(self) -> None:
        """Perceive and decide for the current month."""
        self.process(self.model.batch, rows=self.rows if self.table else None)


class InspectedRecruiter(CellAgent):
    """A recruiter of one world, shown for inspection; changing it changes nothing."""

    def __init__(self, model: RecruitmentModel, number: int, status: str, organisation: str, skill: float):
        super().__init__(model)
        self.number, self.status, self.organisation, self.skill = number, status, organisation, skill
