"""Guarding land borders: patrols, barriers, monitoring."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="border_control",
    title="Border control and barriers",
    turns={"border_effort": 0.5},
    effort=1.0,
    effort_source="assumption: the unit of effort is one region's border guarded for a month at full strength",
    evidence=("L016", "L017", "L038", "L066", "L069", "L070", "L079", "E198", "E223"),
    expected={"to_foothold": "-", "attempts": "-"},
    drawback="Pressure on one side shifts movement across; livelihoods in border towns depend on contraband "
             "(000 l.1639-1642, 002 l.14-17, 004 l.19-21).",
    strength_source="assumption: full strength halves the porosity that is left; 004 l.19 judges barriers insufficient",
    actor="governments, with outside help",
    applies="regions on a land border; at any time",
)
