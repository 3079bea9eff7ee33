"""The text of ``docs/levers.md``: each lever with what the model found, and where each row of the lever list went."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from sim.engine.outcomes import OUTCOMES
from sim.inputs.numbers import DATA
from sim.policy.dials import DIALS
from sim.policy.levers import LIBRARY
from sim.policy.levers.base import Lever

WORLD = "maghreb"
LEVEL = 0.05
UNTOLD = "not told apart"
HEAD = """# Levers: what can be turned, what the sources say, what the model found

Written by `python -m sim.reports.documents` from `sim/policy/levers/`, `sim/data/maghreb/lever_map.csv` and the
findings of `python -m sim.studies.compare.lever_findings`; do not edit by hand.

Exploration under stated assumptions, not a forecast. What a lever turns at full strength is an assumption unless its
source says more; what follows from that is a *finding* of the model. Each finding compares the scenario
`scenarios/levers/<lever>.yaml` with the baseline in the same parallel worlds, each with its own posterior draw, over
all four countries from the lever's first month to the end of 2017: the median paired difference with its 95 % interval,
and the worlds in which the outcome was lower or higher, by an exact sign test at 5 %. Flows are totals over these
months, everything else their mean. Rival theories are answers to open questions (`python run.py list theories`), one
at a time; each is run in the same worlds. With so many lines about one in twenty would differ by chance alone.

Two levers on the same dial combine in one way whatever their order: factors multiply, amounts add, and what a rule
reads is cut to the range of the quantity."""

Row = dict[str, str]


def read(name: str) -> list[Row]:
    """A packaged table of the world, as text."""
    with (DATA / WORLD / name).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def verdict(row: Row) -> str:
    """'lower', 'higher', or 'not told apart'."""
    if float(row["p"]) >= LEVEL:
        return UNTOLD
    return "lower" if int(row["lower"]) > int(row["higher"]) else "higher"


def judged(row: Row) -> str:
    """What a finding is to what the sources name."""
    found = verdict(row)
    if not row["expected"] or found == UNTOLD:
        return found
    return found if found == {"-": "lower", "+": "higher"}[row["expected"]] else f"reversed: {found}"


def plain(text: str) -> str:
    """A number of the findings as one reads it."""
    value = float(text)
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def page(lever: Lever, rows: Sequence[Row]) -> list[str]:
    """The page of one lever."""
    turns = "; ".join(f"`{dial}` {'x ' if DIALS[dial].combine == 'multiply' else ''}"
                      f"{amount:{'g' if DIALS[dial].combine == 'multiply' else '+g'}} ({DIALS[dial].unit})"
                      for dial, amount in lever.turns.items())
    lines = [f"### `{lever.name}`: {lever.title}", "",
             f"- Turns at full strength: {turns}. Acts on a {lever.scope}; strength 0 to {lever.max_strength:g}, "
             f"{lever.unit}. {lever.strength_source[:1].upper()}{lever.strength_source[1:]}.",
             f"- Who: {lever.actor}. Where and when: {lever.applies}.",
             f"- Effort: {lever.effort:g} a region and month ({lever.effort_source}).",
             f"- Evidence: {', '.join(lever.evidence)}. Drawback: {lever.drawback}", ""]
    return lines + _found(rows) if rows else lines


def _found(rows: Sequence[Row]) -> list[str]:
    as_calibrated = [row for row in rows if row["theory"] == "as calibrated"]
    lines = ["| outcome | unit | sources name | found | median difference (95 %) | base mean | "
             "worlds lower / higher / same | opposite sign under | not told apart under |",
             "|---|---|---|---|---|---|---|---|---|"]
    for row in as_calibrated:
        others = [r for r in rows if r["outcome"] == row["outcome"] and r["theory"] != row["theory"]]
        named = {"-": "lower", "+": "higher", "": ""}[row["expected"]]
        lines.append(" | ".join((
            f"| {row['outcome']}", OUTCOMES[row["outcome"]].unit.removesuffix("/month"),
            f"{named} ({row['role']})" if named else "", judged(row),
            f"{plain(row['difference'])} ({plain(row['low'])} to {plain(row['high'])})", plain(row["base"]),
            f"{row['lower']} / {row['higher']} / {row['same']}", _opposite(row, others),
            str(sum(verdict(r) == UNTOLD for r in others)) + f" of {len(others)}")) + " |")
    return [*_said(as_calibrated), "", *lines, ""]


def _opposite(row: Row, others: Sequence[Row]) -> str:
    """Theories under which the sign test finds the opposite sign."""
    opposite = {"lower": "higher", "higher": "lower"}.get(verdict(row))
    return "; ".join(r["theory"] for r in others if verdict(r) == opposite)


def _said(rows: Sequence[Row]) -> list[str]:
    sentences = []
    for role, of in (("effect", "Of the effects that the sources name"),
                     ("drawback", "Of the drawbacks that an outcome can show")):
        groups: dict[str, list[str]] = {}
        for row in (r for r in rows if r["role"] == role):
            word = {UNTOLD: "not told apart from none"}.get(judged(row), judged(row).split(":")[0])
            groups.setdefault("found" if word in ("lower", "higher") else word, []).append(row["outcome"])
        if groups:
            said = "; ".join(f"{word}: {', '.join(names)}" for word, names in groups.items())
            sentences.append(f"{of}, {said}.")
    return [" ".join(sentences)] if sentences else []


def drawbacks(found: Sequence[Row]) -> list[str]:
    """Every drawback that the sources name and an outcome can show: found or not, theory by theory."""
    lines = ["| lever | drawback would show as | as calibrated | found under | not found under | reversed under |",
             "|---|---|---|---|---|---|"]
    for lever in LIBRARY.values():
        for outcome, sign in lever.seen_in.items():
            rows = [row for row in found if row["lever"] == lever.name and row["outcome"] == outcome]
            if rows:
                by_theory = (_theories(rows, words) for words in (("higher", "lower"), (UNTOLD,), ("reversed",)))
                lines.append(" | ".join((f"| `{lever.name}`", f"{outcome} {'higher' if sign == '+' else 'lower'}",
                                         judged(rows[0]), *by_theory)) + " |")
    return lines


def _theories(rows: Sequence[Row], words: Sequence[str]) -> str:
    """Names of the theories whose finding begins with one of the words, or that there are none."""
    names = [row["theory"] for row in rows if judged(row).split(":")[0] in words]
    return "all" if len(names) == len(rows) else "; ".join(names) or "none"


def mapping(rows: Sequence[Row]) -> list[str]:
    """Where each row of the lever list went."""
    return ["| row | what became of it | scenario | note |", "|---|---|---|---|",
            *(f"| {row['row']} | {row['kind']}{' `' + row['target'] + '`' if row['target'] else ''} | "
              f"{'`' + row['scenario'] + '`' if row['scenario'] else ''} | {row['note']} |" for row in rows)]


def levers() -> str:
    """The whole document."""
    found = read("lever_findings.csv") if Path(DATA / WORLD / "lever_findings.csv").exists() else []
    lines = [HEAD]
    for kind, title in (("policy", "Policies"), ("shock", "Shocks")):
        lines += ["", f"## {title}", ""]
        for lever in (one for one in LIBRARY.values() if one.kind == kind):
            lines += page(lever, [row for row in found if row["lever"] == lever.name])
    lines += ["", "## Drawbacks, by theory", "",
              "What the sources name as drawback or backfire, where a recorded outcome would show it. Not found means "
              "that the sign test on these worlds does not tell, not that there is no such effect.", "",
              *drawbacks(found)]
    lines += ["", "## The 93 rows of the lever list", "",
              "Rows of the sources' list of levers (L001 to L093): each is a lever, an outside event, a rival theory, "
              "or a mechanism that agents carry out by themselves and nobody turns.", "",
              *mapping(read("lever_map.csv"))]
    return "\n".join(lines) + "\n"
