"""Criminal brokers of passage are put out of business."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="broker_disruption",
    title="Disruption of brokers",
    turns={"brokers": 0.4},
    effort=0.4,
    effort_source="assumption: two fifths of guarding a border region: investigators rather than patrols",
    evidence=("L056", "E059"),
    expected={"departures": "-"},
    drawback="none named (L056 names the trade, not the remedy)",
    strength_source="assumption: six tenths of the trade ends; no source gives a number",
    actor="police and customs",
    applies="countries with smuggling routes",
)
