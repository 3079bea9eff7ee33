"""The thin Mesa model: timeline -> dials -> agents -> processes -> recorder, one month a step, all worlds at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import mesa
import networkx
import numpy as np
from mesa.discrete_space import Network

from sim.agents import (
    Brokers,
    Camp,
    ForeignForces,
    LocalAuthorities,
    MassMovement,
    Movement,
    Quietists,
    RivalNetwork,
    State,
)
from sim.agents.recruiters import conduct_recruiters, place_first_recruiters
from sim.inputs.geography import Geography, load_geography
from sim.inputs.numbers import coefficient_groups
from sim.inputs.posterior import has_posterior
from sim.inputs.theories import settings
from sim.moment import Moment
from sim.noise import Noise
from sim.policy.dials import Dials, turned
from sim.policy.timeline import ExtraTurn, Turn, extra_turn, timeline
from sim.processes import MONTHLY_ORDER
from sim.recorder import OUTCOMES, Recorder
from sim.runs.posterior_draws import posterior_draws
from sim.world import RECRUITER_STATUS, World

if TYPE_CHECKING:
    from sim.inputs.scenario import Scenario


class RecruitmentModel(mesa.Model):
    """A batch of parallel worlds of one scenario.

    Parameters
    ----------
    scenario : Scenario
    worlds : sequence of int, optional
        Indices of the worlds in this batch; world k is the same in any batch. Default: all of the scenario.
    parameters : mapping, optional
        Coefficient name -> array of shape (worlds,): values that differ between worlds. They go before the scenario's
        own parameters, and these before what its theories set.
    strengths : mapping, optional
        Position of a lever in the scenario -> array (worlds,) of strengths that differ between worlds.
    frozen : mapping, optional
        Decision name -> constant put in its place (a placebo).
    turns : sequence of (dial, where, amount, first month, last month or None), optional
        Turns of dials beside those of events and levers, for experiments that no lever describes. An amount may be
        an array (worlds,).
    checking : bool
        Check every move and the books of every month.
    """

    def __init__(self, scenario: Scenario, worlds: Sequence[int] | np.ndarray | None = None, *,
                 parameters: Mapping[str, Any] | None = None, strengths: Mapping[int, np.ndarray] | None = None,
                 frozen: Mapping[str, float] | None = None, turns: Sequence[ExtraTurn] = (),
                 checking: bool = False):
        super().__init__(rng=scenario.seed % 2**32)
        ids = np.arange(scenario.worlds) if worlds is None else np.asarray(worlds, dtype=int)
        values = {k: v for k, v in scenario.parameters.items() if k.startswith("values.")}
        coefficients = {k: v for k, v in scenario.parameters.items() if k not in values}
        self.setting = scenario  # `scenario` is a property of Mesa (from 3.5) whose setter writes to what it is given
        self.geography: Geography = load_geography(scenario.world, values)
        drawn = (posterior_draws(scenario.world, scenario.seed, ids)
                 if scenario.uncertainty == "posterior" and has_posterior(scenario.world) else {})
        self.k = coefficient_groups({**drawn, **settings(scenario.theories), **coefficients, **(parameters or {})},
                                    ids.size)
        self.start, self.months = int(scenario.start), int(scenario.end) - int(scenario.start) + 1
        self.frozen = dict(frozen or {})
        self.world = World(self.geography, self.k, ids.size, self.start / 12, checking)
        self.noise = Noise(scenario.seed, ids)
        self.timeline = [*timeline(scenario, self.geography, strengths or {}),
                         *(extra_turn(turn, self.geography) for turn in turns)]
        self._turns_of = {turn.dial: [t for t in self.timeline if t.dial == turn.dial] for turn in self.timeline}
        names = tuple(OUTCOMES) if tuple(scenario.record) in ((), ("all",)) else tuple(scenario.record)
        self.recorder = Recorder(names, ids.size, self.months, len(self.geography.regions),
                                 len(self.geography.localities))
        self.month = 0
        g = self.geography
        self._dials = Dials(len(g.countries), len(g.regions), g.country_of)
        self._levels: dict[str, list[float]] = {}
        self._agents_and_space()
        place_first_recruiters(self.moment())

    def _agents_and_space(self) -> None:
        g = self.geography
        graph = networkx.Graph()
        graph.add_nodes_from(range(len(g.regions)))
        graph.add_edges_from(zip(g.link_from.tolist(), g.link_to.tolist(), strict=True))
        self.space = Network(graph, random=self.random)
        self.states = [State(self, y, name) for y, name in enumerate(g.country_names)]
        self.camps = [Camp(self, i, row) for i, row in enumerate(g.authorities)]
        self.local = [LocalAuthorities(self, y, f"local authorities of {name}")
                      for y, name in enumerate(g.country_names)]
        names = g.organisation_names
        self.organisations = [Movement(self, names["movement"]), RivalNetwork(self, names["rival"]),
                              MassMovement(self, names["mass"]), Brokers(self, names["brokers"]),
                              Quietists(self, names["quietist"])]
        self.foreign = ForeignForces(self)

    @property
    def deciders(self) -> list[Any]:
        """Agents in the order in which they decide."""
        return [*self.states, *self.camps, *self.local, *self.organisations, self.foreign]

    def moment(self) -> Moment:
        """The current month as processes and agents see it."""
        return Moment(self.world, self.geography, self.k, self.dials(), self.noise, self.start + self.month,
                      self.month, self.frozen)

    def dials(self) -> Dials:
        """The dials of the current month, turned by events and levers in a fixed order."""
        for dial, turns in self._turns_of.items():
            levels = [turn.level(self.start + self.month) for turn in turns]
            if levels != self._levels.get(dial):  # something begins, builds up or ends
                self._levels[dial] = levels
                self._set(dial, [(turn, turn.strength * level) for turn, level in zip(turns, levels, strict=True)])
        return self._dials.copy()

    def _set(self, dial: str, turns: list[tuple[Turn, Any]]) -> None:
        self._dials.reset(dial)
        for turn, strength in turns:
            if np.any(strength):
                turned(self._dials, dial, turn.places, turn.amount, strength)

    def step(self) -> None:
        """One month of all worlds."""
        m = self.moment()
        m.kept = {}
        self.world.open_month()
        m.flow("effort", self._effort())
        for process in MONTHLY_ORDER:
            if isinstance(process, str):
                self._decide(m)
            else:
                process.step(m)
        self.recorder.look(m)
        self.world.close_month()
        self.month += 1

    def _decide(self, m: Moment) -> None:
        for agent in self.deciders:
            agent.decide(m)
        conduct_recruiters(m)

    def _effort(self) -> np.ndarray:
        effort = np.zeros((self.world.n, len(self.geography.regions)))
        for turn in self.timeline:
            if turn.effort:
                strength = turn.strength * turn.level(self.start + self.month)
                effort[:, turn.regions] += turn.effort * np.broadcast_to(strength, (self.world.n, 1))
        return effort

    def run(self, progress: Any = None) -> Recorder:
        """All months; ``progress(world_months)`` is called after each."""
        while self.month < self.months:
            self.step()
            if progress:
                progress(self.world.n)
        self.close()
        return self.recorder

    def close(self) -> None:
        """Let Mesa forget the model (Mesa 3.3 keeps every model alive otherwise)."""
        getattr(mesa.Agent, "_ids", {}).pop(self, None)

    def inspect(self, world: int = 0) -> list[InspectedRecruiter]:
        """One world's recruiters as ordinary Mesa agents in the cells of the regions' network."""
        w = self.world
        found = []
        for slot in np.flatnonzero(w.recruiter_status[world] > 0):
            agent = InspectedRecruiter(self, int(slot), RECRUITER_STATUS[w.recruiter_status[world, slot]],
                                       int(w.recruiter_org[world, slot]), float(w.recruiter_skill[world, slot]))
            agent.cell = self.space[int(w.recruiter_place[world, slot])]
            found.append(agent)
        return found


class InspectedRecruiter(mesa.discrete_space.CellAgent):
    """A recruiter of one world, shown for inspection; changing it changes nothing."""

    def __init__(self, model: RecruitmentModel, slot: int, status: str, organisation: int, skill: float):
        super().__init__(model)
        self.slot, self.status, self.skill = slot, status, skill
        self.organisation = ("movement", "rival", "mass")[organisation]
