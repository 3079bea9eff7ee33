"""The page: Mesa's viewer with a map, an agent's sheet and curves, for one world of one scenario."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import solara
from mesa.visualization import SolaraViz
from mesa.visualization.utils import update_counter

from sim.engine.outcomes import OUTCOMES
from sim.inputs.scenario import Scenario
from sim.reports.figures.style import CAVEAT, number
from sim.reports.inspect.drawing import SHADED, draw_curves, draw_places
from sim.reports.inspect.world import KINDS, Line, ViewedWorld, agents, parameters, sheet_of

PLAY_EVERY = 100  # milliseconds between two months
CELL = {"height": "100%", "overflow": "auto", "padding": "8px"}
ONE_PAGE = ".v-tabs { display: none }"  # the viewer's tabs, of which there is one
TABLE = "<table style='width:100%;border-collapse:collapse;font-size:13px'>{}</table>"
HEAD = "<tr><th colspan=3 style='text-align:left;padding:10px 4px 3px;border-bottom:1px solid #999'>{}</th></tr>"
ROW = ("<tr><td style='padding:2px 4px'>{}<div style='opacity:0.7;font-size:11px'>{}</div></td>"
       "<td style='padding:2px 4px;text-align:right;white-space:nowrap'>{}</td>"
       "<td style='padding:2px 4px;opacity:0.7'>{}</td></tr>")


@dataclass(frozen=True)
class Opening:
    """What the page is opened with."""

    setting: Scenario
    world: int = 0


#: Solara finds a page by the name of its module, so what it opens with stands here.
opening: Opening | None = None


@solara.component
def Page() -> None:
    """One world of the scenario that the command was given; each tab of a browser has its own."""
    assert opening is not None
    setting, world = opening.setting, opening.world
    solara.Style(ONE_PAGE)
    model = solara.use_memo(lambda: ViewedWorld(setting, world=str(world)), [])
    SolaraViz(model, components=[(Places, 0), (Agent, 0), (Recruits, 0), (Departures, 0), (Members, 0), (About, 0)],
              model_params=parameters(setting, world), name=setting.title or setting.name, play_interval=PLAY_EVERY)


@solara.component
def Places(model: ViewedWorld) -> None:
    """Map of the regions with the recruiters in them."""
    update_counter.get()
    outcome = solara.use_reactive(next(iter(SHADED)))
    names = {OUTCOMES[name].label: name for name in SHADED}
    with solara.Column(gap="0px", style=CELL):
        solara.Select(f"{model.date}: shading", values=list(names), value=OUTCOMES[outcome.value].label,
                      on_value=lambda label: outcome.set(names[label]), dense=True)
        _picture(model, lambda: draw_places(model, outcome.value), outcome.value)


@solara.component
def Recruits(model: ViewedWorld) -> None:
    """New recruits by country."""
    _curves(model, "recruits")


@solara.component
def Departures(model: ViewedWorld) -> None:
    """Departures by country."""
    _curves(model, "departures")


@solara.component
def Members(model: ViewedWorld) -> None:
    """Members at large by country, and the months of a foothold."""
    _curves(model, "movement_members", "foothold")


def _curves(model: ViewedWorld, outcome: str, bars: str = "") -> None:
    update_counter.get()
    with solara.Column(gap="0px", style=CELL):
        _picture(model, lambda: draw_curves(model, outcome, bars), outcome)


def _picture(model: ViewedWorld, draw: Callable[[], bytes], name: str) -> None:
    """A picture, drawn again when the month or the model is another."""
    solara.Image(solara.use_memo(draw, [id(model), model.month, name]), width="100%")


@solara.component
def Agent(model: ViewedWorld) -> None:
    """What one agent is like, and its state in this month."""
    update_counter.get()
    kind, name = solara.use_reactive(KINDS[0]), solara.use_reactive("")
    known = agents(model, kind.value)
    chosen = name.value if name.value in known else next(iter(known), "")
    with solara.Column(gap="0px", style=CELL):
        with solara.Row():
            solara.Select("Agents", values=list(KINDS), value=kind, dense=True)
            solara.Select("Agent", values=list(known), value=chosen, on_value=name.set, dense=True)
        if chosen:
            sheet = sheet_of(model, *known[chosen])
            table = _rows("Its state in this month", sheet.fields) + _rows("What it is like", sheet.traits)
            solara.HTML(unsafe_innerHTML=TABLE.format(table or HEAD.format("Nothing to show in this month")))


def _rows(title: str, lines: Sequence[Line]) -> str:
    if not lines:
        return ""
    words = [(line.name, line.meaning, _value(line), line.unit) for line in lines]
    return HEAD.format(title) + "".join(ROW.format(*map(html.escape, row)) for row in words)


def _value(line: Line) -> str:
    if isinstance(line.value, str):
        return line.value
    if line.unit == "year":
        return f"{line.value:.0f}"
    return f"{line.value:.3g}" if 1e-3 <= abs(line.value) < 1e3 else number(line.value)


@solara.component
def About(model: ViewedWorld) -> None:
    """Which world this is, and what it is not."""
    update_counter.get()
    setting = model.setting
    facts = [f"<b>{html.escape(setting.title or setting.name)}</b>",
             html.escape(f"World {model.world}, seed {model.seed_used}; month {model.month} of {model.months} "
                         f"({setting.start} to {setting.end}). {' '.join(model.remarks)}"),
             html.escape(f"Levers, with their strengths: {model.levers}." if model.levers else "No levers."),
             html.escape(setting.description or ""),
             "Seed, world and strengths set on the left count from the next <i>Reset</i> on. Recruiters are drawn in "
             "the cells of the model's network of regions. A longer render interval plays faster.",
             f"<b>{CAVEAT}.</b> One world of many that the same assumptions allow."]
    with solara.Column(gap="0px", style=CELL):
        solara.HTML(unsafe_innerHTML="".join(f"<p style='margin:4px 0'>{text}</p>" for text in facts))
