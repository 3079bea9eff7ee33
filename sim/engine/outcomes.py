"""What is reported: every outcome with its unit, formula, wish and meaning, each in one line.

A formula is what compiled code computes for region ``r`` of one world: ``here`` is the region's row, ``state`` its
country's, ``month`` what happened in it, ``w`` the world, ``g`` the geography, ``k`` the coefficients, ``now`` the
dials; the functions it names are in `sim.engine.record`. No formula: the flow of the same name in ``month``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """One reported quantity by region and month.

    ``wish`` is the direction that prevention wishes for: '-' lower is better, '+' higher is better, '' neither by
    itself (arrests, prisoners and effort are means, not ends). ``aggregate`` says how regions make a country: 'sum',
    'mean' (weighted by residents) or 'max'; `sim.runs.reduce` does it.
    """

    name: str
    unit: str
    wish: str
    label: str
    formula: str = ""
    aggregate: str = "sum"

    @property
    def flow(self) -> bool:
        """Whether months add up; otherwise a period is summed up by its mean."""
        return self.unit.endswith("/month")

    @property
    def code(self) -> str:
        """The formula that is compiled."""
        return self.formula or f"month.{self.name}"


OUTCOMES: dict[str, Outcome] = {outcome.name: outcome for outcome in (
    Outcome("recruits", "persons/month", "-", "new recruits of any organisation"),
    Outcome("recruits_movement", "persons/month", "-", "new recruits of the movement"),
    Outcome("recruits_rival", "persons/month", "-", "new recruits of the older network"),
    Outcome("recruits_mass", "persons/month", "", "new activists of the mass movement"),
    Outcome("departures", "persons/month", "-", "residents who reach the distant theatre"),
    Outcome("departures_movement", "persons/month", "-", "of these, with the movement"),
    Outcome("to_foothold", "persons/month", "-", "recruits who leave for a hub nearer by"),
    Outcome("new_sympathisers", "persons/month", "-", "residents who come to sympathise"),
    Outcome("sympathisers", "persons", "-", "sympathisers", "sympathising(w, r)"),
    Outcome("movement_members", "persons", "-", "members of the movement present", "at_large(w, MOVEMENT, r)"),
    Outcome("rival_members", "persons", "-", "members of the older network present", "at_large(w, RIVAL, r)"),
    Outcome("mass_members", "persons", "", "activists of the mass movement present", "at_large(w, MASS, r)"),
    Outcome("fighters", "persons", "-", "fighters of the movement in towns and on held ground",
            "fighters(w, k, r)"),
    Outcome("foreign_members", "persons", "-", "members of the movement from elsewhere",
            "foreigners(w, g, r)"),
    Outcome("neighbour_members", "persons", "-", "members of the movement from other countries of the map",
            "from_other_states(w, g, r)"),
    Outcome("refuge_members", "persons", "-", "armed members in mountain or desert refuges",
            "everywhere(w, REFUGE, r)"),
    Outcome("in_theatre", "persons", "-", "residents of the region who are in the theatre", "in_theatre(w, r)"),
    Outcome("in_theatre_movement", "persons", "-", "of these, with the movement", "w.theatre[MOVEMENT_BRAND, r]"),
    Outcome("recruiters", "persons", "-", "recruiters at large", "free[r]"),
    Outcome("interdicted", "persons/month", "", "travellers stopped on the way to the theatre"),
    Outcome("arrests", "persons/month", "", "arrests"),
    Outcome("cells_dismantled", "cells/month", "", "cells dismantled"),
    Outcome("cases", "persons/month", "", "court cases"),
    Outcome("prisoners", "persons", "", "prisoners", "everywhere(w, PRISON, r)"),
    Outcome("released", "persons/month", "", "prisoners let out"),
    Outcome("returnees_jailed", "persons/month", "", "returnees jailed"),
    Outcome("returnees_hidden", "persons/month", "-", "returnees in hiding"),
    Outcome("returnees_reintegrated", "persons/month", "+", "returnees reintegrated"),
    Outcome("sent_home", "persons/month", "-", "men sent home by the movement to open a front"),
    Outcome("inflow", "persons/month", "-", "outsiders who come to a hub"),
    Outcome("switched", "persons/month", "", "members who change organisation"),
    Outcome("attempts", "attempts/month", "-", "attempts on localities"),
    Outcome("attempts_failed", "attempts/month", "", "of these, failed"),
    Outcome("revolts", "revolts/month", "", "revolts against the movement's rule"),
    Outcome("revolts_crushed", "revolts/month", "", "of these, crushed"),
    Outcome("attacks", "attacks/month", "-", "attacks"),
    Outcome("mass_attacks", "attacks/month", "-", "mass-casualty attacks (ten or more dead besides the attackers)"),
    Outcome("deaths_militants", "deaths/month", "-", "militants killed"),
    Outcome("deaths_state", "deaths/month", "-", "members of state and allied forces killed"),
    Outcome("deaths_civilians", "deaths/month", "-", "civilians killed"),
    Outcome("deaths_abroad", "deaths/month", "-", "residents killed in the theatre"),
    Outcome("offensive_killed", "deaths/month", "", "militants killed in offensives"),
    Outcome("offensive_losses", "deaths/month", "-", "attackers killed in offensives"),
    Outcome("refuge_losses", "persons/month", "", "men lost from refuges"),
    Outcome("offensive", "persons", "", "forces committed to an offensive", "here.offensive"),
    Outcome("control", "0-1", "-", "share of residents under the movement's control", "controlled(w, g, r)", "mean"),
    Outcome("controlled_residents", "persons", "-", "residents under the movement's control",
            "controlled(w, g, r) * g.regions[r].residents"),
    Outcome("foothold", "0-1", "-", "a locality held at contested or better for three months", "foothold(w, g, r)",
            "max"),
    Outcome("grievance", "0-1", "-", "grievance", "here.grievance", "mean"),
    Outcome("polarisation", "0-1", "-", "polarisation", "state.polarisation", "mean"),
    Outcome("readiness", "index", "-", "readiness to hear a violent message", "here.readiness", "mean"),
    Outcome("presence", "0-1", "+", "effective state presence", "here.presence", "mean"),
    Outcome("alert", "0-1", "", "alert of the state", "state.alert", "mean"),
    Outcome("exit_level", "0-1", "", "control of departures", "state.exit_level", "mean"),
    Outcome("prestige", "0-1", "-", "prestige of the movement", "w.brands[MOVEMENT_BRAND].prestige", "mean"),
    Outcome("effort", "effort units/month", "", "effort spent on levers", "now.regions[r].effort"),
)}
