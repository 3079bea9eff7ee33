"""The state and its services collapse."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="state_collapse",
    title="State collapse",
    turns={"capacity": 0.2, "regulation": -0.6, "exit_control": -0.25, "tolerance_recruitment": 0.5,
           "tolerance_exit": 0.4},
    effort=0.0,
    effort_source="a shock: nobody spends effort on it",
    evidence=("E036", "E037", "E237"),
    expected={"presence": "-", "movement_members": "+", "control": "+"},
    drawback="Territory is seized where war or collapse has left a vacuum (000 l.1408-1421).",
    strength_source="five of the turns of the event ly_uprising, with capacity (0.15, range 0.05 to 0.35) taken a "
                    "little higher; hopes, pluralism, channels and services are left out: they belong to a "
                    "revolution, not to every collapse",
    actor="nobody decides it",
    applies="any country",
    kind="shock",
)
