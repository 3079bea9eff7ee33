"""Returnees are looked for and jailed."""

from sim.policy.levers.base import Lever

LEVER = Lever(
    name="returnee_detention",
    title="Detention of returnees",
    turns={"reintegration": -0.5, "screening": 0.3},
    effort=0.4,
    effort_source="assumption: two fifths of guarding a border region: checks on arrival and cells",
    evidence=("L034", "L064", "E160"),
    expected={"returnees_hidden": "-", "returnees_jailed": "+", "attacks": "-"},
    drawback="Radicalisation in prison (002 l.25); hard-liners look for other theatres instead (000 l.1684-1693).",
    strength_source="assumption: nobody is led back and three in ten more are noticed; almost all went straight to "
                    "prison (000 l.1688-1689)",
    actor="governments",
    applies="countries with returnees; 2015 on in the sources",
    seen_in={"prisoners": "+", "recruiters": "+"},
)
