"""Writes ``docs/evidence.md``, ``docs/levers.md`` and the tables of ``docs/ODD.md``.

Run it as ``python -m sim.reports.documents``; with ``--check`` it only compares.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.engine.state import ARRAYS, TABLES
from sim.inputs.folder_checks import CONFIDENCE
from sim.inputs.numbers import DATA, Number, available_worlds, coefficients, read_values
from sim.inputs.reading import read_yaml
from sim.policy.dials import DIALS
from sim.reports.lever_pages import levers

FOLDER = Path(__file__).resolve().parents[2] / "docs"
MOST_SOURCES = 4
HEAD = """# Evidence: every number of the model

Written by `python -m sim.reports.documents` from `sim/data/`; do not edit by hand. A source such as `E045` is a row of
the evidence table, `000 l.455-461` a source text and its lines (the texts are named in `data.md`); *assumption* means
judgement. *Measured*: read from a census, survey, index or count. *Derived*: the result of a rule, the same for all.
*Assumed*: judgement within the stated range. Ranges bound what a scenario may set and what calibration may try."""


def cell(text: object) -> str:
    """Text for one cell of a Markdown table."""
    return " ".join(str(text).split()).replace("|", "\\|")


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Lines of a Markdown table."""
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head),
            *("| " + " | ".join(cell(value) for value in row) + " |" for row in rows)]


def plain(value: float) -> str:
    """A number without needless digits."""
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"


def span(values: Sequence[float]) -> str:
    """Least to greatest, or the one value."""
    low, high = plain(min(values)), plain(max(values))
    return low if low == high else f"{low} to {high}"


def by_confidence(found: Iterable[str]) -> list[str]:
    """Counts by confidence, blank for none."""
    counts = Counter(found)
    return [f"{counts[name]:,}" if counts[name] else "" for name in CONFIDENCE]


def sources(found: Iterable[str]) -> str:
    """The most frequent sources, the rest counted."""
    counts = Counter(found)
    names = sorted(counts, key=lambda name: (-counts[name], name))
    more = f"; and {len(names) - MOST_SOURCES} more" if len(names) > MOST_SOURCES else ""
    return "; ".join(names[:MOST_SOURCES]) + more


def coefficient_lines(numbers: Mapping[str, Number]) -> list[str]:
    """One table per mechanism."""
    counts = dict(zip(CONFIDENCE, by_confidence(n.confidence for n in numbers.values()), strict=True))
    lines = ["## Coefficients", "", f"{len(numbers)} numbers of the mechanisms, the same for every geography: "
             + ", ".join(f"{count or 0} {name}" for name, count in counts.items()) + ". Any of them may be set in a "
             "scenario under `parameters`, inside its range."]
    groups: dict[str, list[str]] = {}
    for dotted in numbers:
        groups.setdefault(dotted.split(".")[0], []).append(dotted)
    for group, names in groups.items():
        lines += ["", f"### {group}", "", *table(
            ("coefficient", "value", "range", "unit", "meaning", "source", "confidence"),
            ((f"`{name}`", plain(n.value), f"{plain(n.low)} to {plain(n.high)}", n.unit, n.description, n.source,
              n.confidence) for name in names for n in (numbers[name],)))]
    return lines


def value_lines(values: Mapping[tuple[str, str], Number]) -> list[str]:
    """Values of places and actors, one line per field."""
    fields: dict[str, list[Number]] = {}
    for (_, field), number in values.items():
        fields.setdefault(field, []).append(number)
    total = by_confidence(n.confidence for n in values.values())
    counts = ", ".join(f"{count or 0} {name}" for name, count in zip(CONFIDENCE, total, strict=True))
    return [f"### Values of places and actors ({len(values):,}: {counts})", "",
            "Value by value, with low, high and note, in `values.csv`.", "",
            *table(("field", "unit", "number", "least to greatest", *CONFIDENCE, "sources"),
                   ((f"`{field}`", sources(n.unit for n in found), f"{len(found):,}", span([n.value for n in found]),
                     *by_confidence(n.confidence for n in found), sources(n.source for n in found))
                    for field, found in sorted(fields.items())))]


def turn_words(turn: Mapping[str, Any]) -> str:
    """What an event does to one dial, with the range of the amount where the data give one."""
    low_high = f" [{plain(float(turn['range'][0]))} to {plain(float(turn['range'][1]))}]" if "range" in turn else ""
    return f"{turn['dial']} {plain(float(turn['amount']))}{low_high} ({', '.join(map(str, turn['where']))})"


def event_lines(path: Path) -> list[str]:
    """Dated outside events and what they turn."""
    events = read_yaml(path) or []
    rows = []
    for event in sorted(events, key=lambda e: (str(e["date"]), str(e["id"]))):
        until = event.get("until")
        when = f"{event['date']}" + (f" to {until}" if until else " on")
        when += f", ramp {event['ramp']} months" if event.get("ramp") else ""
        turns = "; ".join(map(turn_words, event["turns"]))
        rows.append((f"`{event['id']}`", when, event["title"], turns, event["source"], event["confidence"]))
    factors = ", ".join(sorted(name for name, dial in DIALS.items() if dial.combine == "multiply"))
    note = (f"Amounts are factors for the dials {factors}, and summands for all others. In brackets the range of an "
            "amount, where the data give one.")
    head = ("event", "months", "title", "turns", "source", "confidence")
    return [f"### Outside events ({len(events)})", "", note, "", *table(head, rows)]


def theatre_lines(path: Path) -> list[str]:
    """The dated series of the distant war."""
    with path.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    series: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        series.setdefault(row["field"], []).append(row)
    return [f"### Theatre ({len(rows)} anchors)", "", "Linear between anchors, constant beyond.", "", *table(
        ("series", "unit", "anchors", "months", "least to greatest", *CONFIDENCE, "sources"),
        ((f"`{field}`", sources(r["unit"] for r in found), len(found),
          f"{min(r['month'] for r in found)} to {max(r['month'] for r in found)}",
          span([float(r["value"]) for r in found]), *by_confidence(r["confidence"] for r in found),
          sources(r["source"] for r in found)) for field, found in sorted(series.items())))]


def evidence() -> str:
    """The whole document."""
    lines = [HEAD, "", *coefficient_lines(coefficients())]
    for world in available_worlds():
        folder = DATA / world
        title = read_yaml(folder / "world.yaml").get("title", world)
        lines += ["", f"## World `{world}`: {title}", "", *value_lines(read_values(folder / "values.csv")),
                  "", *event_lines(folder / "events.yaml"), "", *theatre_lines(folder / "theatre.csv")]
    return "\n".join(lines) + "\n"


def field_lines() -> list[str]:
    """Every field of every table of a world, then its arrays."""
    fields = [(f"`{name}`", f"`{field.name}`", field.unit, field.meaning)
              for name, (declared, _) in TABLES.items() for field in declared]
    arrays = [("", f"`{name}`", "", meaning) for name, (_, _, meaning) in ARRAYS.items()]
    return table(("table", "field", "unit", "meaning"), [*fields, *arrays])


def dial_lines() -> list[str]:
    """Everything that events and levers can turn."""
    return table(("dial", "of a", "turns", "unit", "meaning"),
                 ((f"*{name}*", dial.scope, dial.combine, dial.unit, dial.description)
                  for name, dial in DIALS.items()))


def odd() -> str:
    """The protocol as it stands, with its tables written anew between their marks."""
    text = (FOLDER / "ODD.md").read_text(encoding="utf-8")
    for name, lines in (("fields", field_lines()), ("dials", dial_lines())):
        first, last = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
        before, rest = text.split(first)
        _, after = rest.split(last)
        text = before + first + "\n".join(lines) + "\n" + last + after
    return text


def main(words: Sequence[str]) -> int:
    """Write the documents, or with ``--check`` say whether they are up to date (exit code 1 if not)."""
    if not FOLDER.is_dir():
        print(f"{FOLDER}: no such folder; run this in a checkout of the project.", file=sys.stderr)
        return 2
    late = 0
    for name, text in (("evidence.md", evidence()), ("levers.md", levers()), ("ODD.md", odd())):
        path = FOLDER / name
        if "--check" in words:
            same = path.exists() and path.read_text(encoding="utf-8") == text
            late |= not same
            print(f"docs/{name} is {'up to date' if same else 'out of date: run python -m sim.reports.documents'}")
        else:
            path.write_text(text, encoding="utf-8")
            print(f"docs/{name}: {len(text.splitlines()):,} lines")
    return int(late)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
