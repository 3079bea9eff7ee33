"""Rival theories as switches: what each says, its sources, and the coefficients of group ``theory`` that it sets."""

from __future__ import annotations

#: question -> answer -> (what it says, with sources; coefficients it sets). The first answer is the default.
THEORIES: dict[str, dict[str, tuple[str, dict[str, float]]]] = {
    "joining": {
        "both": ("regional deprivation with contestation and local organisations both drive joining [E069; 000 "
                 "l.508-515]", {}),
        "deprivation": ("only deprivation with contestation matters; organisations reach everybody alike [E069; New "
                        "America 2018]", {"theory.organisations": 0.0}),
        "organisations": ("only local organisations and emigration matter; deprivation does not tell regions apart "
                          "[delegation-level regression]", {"theory.deprivation": 0.0}),
    },
    "repression": {
        "backlash": ("indiscriminate repression embitters [Kydd & Walter 2006; L006]", {}),
        "deterrence": ("fear of arrest deters and repression does not embitter [Epstein 2002]",
                       {"theory.backlash": 0.0, "theory.deterrence": 1.0}),
        "inverted_u": ("repression embitters up to a point and suffocates beyond it [Zhukov 2023]",
                       {"theory.inverted_u": 1.0}),
    },
    "safety_valve": {
        "on": ("those who cannot leave stay in the movement at home [Hegghammer 2013; 000 l.315-350]", {}),
        "off": ("those who cannot leave give up", {"theory.safety_valve": 0.0}),
    },
    "prestige": {
        "on": ("the movement's standing follows the theatre [E161]", {}),
        "off": ("its standing does not depend on the course of the war", {"theory.prestige": 0.0}),
    },
    "peers": {
        "on": ("sympathisers draw in their peers [Siegel 2009; 000 l.1615-1619]", {}),
        "off": ("peers do not matter", {"theory.peers": 0.0}),
    },
}


def settings(chosen: dict[str, str]) -> dict[str, float]:
    """Coefficients that the chosen answers set; raises KeyError for an unknown question or answer."""
    found: dict[str, float] = {}
    for question, answer in chosen.items():
        found.update(THEORIES[question][answer][1])
    return found
