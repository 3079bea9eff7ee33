"""Outside helpers stop easing travel, and states stop letting it be."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="end_facilitation",
    title="End of facilitation of travel",
    turns={"facilitation": -0.5, "tolerance_exit": -0.25},
    effort=0.2,
    effort_source="assumption: a fifth of guarding a border region: listing, diplomacy, audits of charities",
    evidence=("L089", "L090", "E046"),
    expected={"departures": "-"},
    drawback="none named but that it came late (L089: 000 l.404-407).",
    strength_source="the turns that the event un_listing makes in Tunisia",
    actor="UN Security Council, backers of the war abroad, home governments",
    applies="while outside helpers are at work: late 2011 to 2013",
)
