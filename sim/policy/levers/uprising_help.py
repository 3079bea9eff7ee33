"""Outside help to residents who rise against the movement's rule."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="uprising_help",
    title="Help for residents who rise",
    turns={"uprising_help": 1.0},
    effort=1.0,
    effort_source="assumption: as much as guarding a border region while it lasts",
    evidence=("L014", "E091"),
    expected={"control": "-"},
    drawback="none named (L014)",
    strength_source="assumption: all the help that can be given; in August 2015 neither government did more than a few "
                    "air strikes (000 l.848-852)",
    actor="governments and camps near by",
    applies="regions under the movement's rule",
)
