"""The frozen scenario: its keys, their types and plain ranges. Names and dates are checked in `checks`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict

from sim.calendar import ALLOWED as MONTH
from sim.calendar import Month

MAX_WORLDS = 100_000
MAX_RAMP = 120
NEVER = "never"
ALL = "all"
EVERYWHERE = "*"

#: key -> (what it is, what is allowed); for messages and for the schema. '#': an entry of a list, '*': of a mapping.
HELP: dict[str, tuple[str, str]] = {
    "": ("A scenario of the simulation.", "a mapping of keys such as name, world, start, end, worlds, levers"),
    "name": ("Short name; it begins the name of the result folder. Default: the name of the file.",
             "at most 64 letters, digits, '-', '_' or '.', beginning and ending with a letter or digit"),
    "title": ("Title on figures. Default: the name.",
              "text of at most 200 characters (in quotes if it looks like a number)"),
    "description": ("What is asked, in a few sentences.", "text (in quotes if it looks like a number)"),
    "extends": ("One parent file, relative to this one, whose keys this file overrides; its levers come first.",
                "one path to a scenario file, as text"),
    "world": ("The geography.", "the name of a world"),
    "start": ("First simulated month. Default: the world's first.", MONTH),
    "end": ("Last simulated month. Default: the world's last.", MONTH),
    "worlds": ("Parallel worlds (replicates with their own luck).", f"a whole number from 1 to {MAX_WORLDS}"),
    "seed": ("Seed of all luck.", f"a whole number from 0 to {2**63 - 1}"),
    "uncertainty": ("Whether each world carries its own posterior draw of the calibrated coefficients, or all carry "
                    "the shipped values. Parameters and theories that the scenario names hold in every world.",
                    "'posterior' or 'fixed'"),
    "parameters": ("Overrides of numbers: a coefficient's name, or values.<place>.<field>.",
                   "a mapping of names to numbers"),
    "parameters.*": ("A number inside its published range.", "a number"),
    "theories": ("Rival theories: which answer to each question the run follows. Default: the first answer of each.",
                 "a mapping of questions to answers"),
    "theories.*": ("The answer that the run follows.", "the name of an answer to the question"),
    "events": ("Outside events to move or leave out.", f"a mapping of event ids to '{NEVER}' or a month"),
    "events.*": ("When the event happens.", f"'{NEVER}' or {MONTH}"),
    "levers": ("Policies: each with place, period and strength.", "a list of levers, each beginning with '- lever:'"),
    "levers.#": ("One policy.", "a mapping with lever, where, from and perhaps until, strength, ramp"),
    "levers.#.lever": ("Which policy.", "the name of a lever"),
    "levers.#.where": ("Countries or regions; '*' for all.", "a list of country or region ids, or '*' in quotes"),
    "levers.#.where.#": ("A country or region; '*' for all.", "the id of a country or region, or '*' in quotes"),
    "levers.#.from": ("First month of the policy.", MONTH),
    "levers.#.until": ("Last month of the policy. Default: the end of the run.", MONTH),
    "levers.#.strength": ("Share of the full effect.", "a number from 0 to 1"),
    "levers.#.ramp": ("Months of linear build-up.", f"a whole number of months from 0 to {MAX_RAMP}"),
    "record": ("Outcomes to keep.", f"'{ALL}' or a list of outcome names"),
    "record.#": ("An outcome.", "the name of an outcome"),
}


def _one_or_more(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _event_date(value: Any) -> str:
    return NEVER if value == NEVER else str(Month.parse(value))


def _about(key: str, **limits: Any) -> Any:
    return Field(description=HELP[key][0], **limits)


Text = Annotated[str, Strict()]
Whole = Annotated[int, Strict()]
Number = Annotated[float, Strict(), Field(allow_inf_nan=False)]
Names = Annotated[tuple[Text, ...], BeforeValidator(_one_or_more)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class LeverUse(_Frozen):
    """One policy at some places, for some months, at some strength."""

    lever: Annotated[Text, _about("levers.#.lever")]
    where: Annotated[Names, _about("levers.#.where", min_length=1)]
    start: Annotated[Month, _about("levers.#.from", alias="from")]
    until: Annotated[Month | None, _about("levers.#.until")] = None
    strength: Annotated[Number, _about("levers.#.strength", ge=0)] = 1.0
    ramp: Annotated[Whole, _about("levers.#.ramp", ge=0, le=MAX_RAMP)] = 0


class Scenario(_Frozen):
    """A resolved scenario: every key has its value. ``source`` is where it came from and is not compared."""

    name: Annotated[Text, _about("name", max_length=64, pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$")]
    title: Annotated[Text, _about("title", max_length=200)] = ""
    description: Annotated[Text, _about("description")] = ""
    world: Annotated[Text, _about("world")] = "maghreb"
    start: Annotated[Month, _about("start")]
    end: Annotated[Month, _about("end")]
    worlds: Annotated[Whole, _about("worlds", ge=1, le=MAX_WORLDS)] = 100
    seed: Annotated[Whole, _about("seed", ge=0, le=2**63 - 1)] = 1
    uncertainty: Annotated[Literal["posterior", "fixed"], _about("uncertainty")] = "posterior"
    parameters: Annotated[dict[Text, Number], _about("parameters")] = {}
    theories: Annotated[dict[Text, Text], _about("theories")] = {}
    events: Annotated[dict[Text, Annotated[str, BeforeValidator(_event_date)]], _about("events")] = {}
    levers: Annotated[tuple[LeverUse, ...], _about("levers")] = ()
    record: Annotated[Names, _about("record", min_length=1)] = (ALL,)
    source: Annotated[str, Field(exclude=True)] = ""

    @property
    def months(self) -> int:
        """Number of simulated months."""
        return self.end - self.start + 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scenario) and self.model_dump() == other.model_dump()

    __hash__ = None  # type: ignore[assignment]
