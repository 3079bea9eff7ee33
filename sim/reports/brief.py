"""A comparison as one page to read and print: self-contained HTML from the files of its folder.

What it says first is how far the simulation is to be trusted; what gets worse stands before what gets better.
"""

from __future__ import annotations

import base64
import contextlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.errors import UserError
from sim.inputs.folder_checks import CONFIDENCE
from sim.inputs.numbers import DATA, coefficients, read_values
from sim.inputs.theories import THEORIES
from sim.policy.levers import LIBRARY, Lever
from sim.runs import results
from sim.words import percent, worlds_of

if TYPE_CHECKING:
    import pandas as pd

    from sim.reports.figures.comparison_tables import Compared

TEMPLATE = "brief_template.html"
#: topics of the scoreboard that bear on an outcome
TOPICS: dict[str, tuple[str, ...]] = {
    "departures": ("departures", "surges", "origins"),
    "recruits": ("departures", "origins"),
    "attacks": ("attacks",),
    "mass_attacks": ("attacks",),
    "deaths_civilians": ("attacks", "footholds"),
    "deaths_state": ("attacks", "footholds"),
    "controlled_residents": ("footholds",),
    "foothold": ("footholds",),
    "movement_members": ("stock", "rivals"),
    "rival_members": ("rivals",),
    "refuge_members": ("rivals", "stock"),
    "returnees_hidden": ("returnees",),
    "returnees_reintegrated": ("returnees",),
    "prisoners": ("policing", "returnees"),
}
TOPIC_WORDS = {"origins": "regions of origin", "stock": "members of the movement", "surges": "timing of departures"}
PATTERNS = {"fails": "Patterns that fail", "undecided": "Undecided with the worlds that were run",
            "finding": "Reported as findings without a demand",
            "cannot be tested yet": "Cannot be tested yet"}
ROLES = {"fitted": "used to fit the coefficients", "reserved": "kept aside, never used for fitting"}
SETTINGS = ("parameters", "theories", "events")
REGIONS_SHOWN = 5
DECIDED = ("better", "worse", "higher", "lower")


def write(folder: Path | str, out: Path | str | None = None) -> Path:
    """Write the brief of a comparison's folder and return its path.

    Parameters
    ----------
    folder : a folder that ``compare`` wrote.
    out : the HTML file. Default: ``brief.html`` in the folder; a brief that is there is replaced.

    Raises
    ------
    UserError
        where the folder holds no comparison, or ``out`` is a folder or lies in none.
    OSError
        where the disk refuses; nothing half-written is left.
    """
    folder = Path(folder)
    target = folder / "brief.html" if out is None else Path(out)
    tables = results.read_comparison(folder)
    if target.is_dir():
        raise UserError(f"{target}: this is a folder; --out needs the name of a file such as brief.html.")
    if not target.absolute().parent.is_dir():
        raise UserError(f"{target}: there is no folder {target.parent}; --out needs a place in one that exists.")
    _replace(target, render(folder, tables))
    return target


def _replace(target: Path, text: str) -> None:
    """Write a file whole or not at all."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.absolute().parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def render(folder: Path, tables: results.ComparisonTables) -> str:
    """The page as HTML."""
    import jinja2

    from sim.reports.figures.comparison_tables import read

    compared = read(folder)
    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    shop = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True,
                              undefined=jinja2.StrictUndefined)
    shop.filters |= {"n": number, "change": signed, "pct": percent, "count_worlds": worlds_of}
    about = tables.manifest
    return shop.get_template(TEMPLATE).render(
        about=about, command=_command(about), base=compared.base, titles=compared.titles,
        scenarios=[_scenario(folder, compared, name) for name in compared.others],
        questions=[_question(folder, name) for name in compared.titles], worlds=compared.run.worlds,
        trust=_trust(str(about["world"]), list(compared.outcomes.index)), closing=_closing(about),
        levers=_levers(folder, compared),
        decisions=_records(tables.decisions), robust=_robust(compared), images=_images(folder, compared),
        tiers=_tiers(str(about["world"])), files=_files(folder, compared), disclaimer=results.DISCLAIMER)


# ------------------------------------------------------------------------------------------------ words


def number(value: Any) -> str:
    """A number to read: three figures, commas between thousands, a true minus; '–' where there is none."""
    value = float(value)
    if value != value:
        return "–"
    if abs(value) >= 100:
        text = f"{value:,.0f}"
    else:
        text = f"{float(f'{value:.3g}'):.10f}".rstrip("0").rstrip(".") if abs(value) >= 1e-9 else "0"
    return text.replace("-", "−")


def signed(value: Any) -> str:
    """A change: `number` with its sign."""
    return f"+{number(value)}" if float(value) > 0 else number(value)


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def _command(about: dict[str, Any]) -> str:
    command = str(about.get("command", ""))
    return command if command.startswith("python") or not command else f"python {command}"


def _closing(about: dict[str, Any]) -> list[str]:
    """The last lines of the summary: how many comparisons were made and what chance alone would give."""
    lines = [str(line) for line in about.get("summary", [])]
    last = max((k for k, line in enumerate(lines) if not line), default=-1)
    return lines[last + 1:] if last >= 0 else []


def _question(folder: Path, name: str) -> dict[str, str]:
    from sim.reports.figures.comparison_tables import scenario

    found = scenario(folder, name)
    return {"name": name, "title": str(found.get("title") or name), "text": str(found.get("description") or "")}


# ------------------------------------------------------------------------------------------------ trust


def _trust(world: str, outcomes: list[str]) -> dict[str, Any] | None:
    """Hits by role, patterns, null models, and the misses that bear on the outcomes compared; None without any."""
    from sim.reports.figures.comparison_tables import short, table

    path = DATA / world / "scoreboard.csv"
    if not path.exists():
        return None
    board = table(path)
    targets, patterns = board[board["part"] == "target"], board[board["part"] == "pattern"]
    topics = {topic for outcome in outcomes for topic in TOPICS.get(outcome, ())}
    near = targets[targets["topic"].isin(topics)]
    return {
        "roles": [_hits(f"{role}: {ROLES[role]}", targets[targets["role"] == role]) for role in ROLES],
        "topics": [_hits(TOPIC_WORDS.get(topic, topic), near[near["topic"] == topic])
                   for topic in sorted(topics & set(targets["topic"]))],
        "misses": [_miss(row) for row in _records(near[near["hit"] != 1])],
        "missed": int((targets["hit"] != 1).sum()),
        "shown": int((patterns["verdict"] == "shown").sum()), "patterns": len(patterns),
        "open": [{"words": words, "rows": _records(patterns[patterns["verdict"] == verdict])}
                 for verdict, words in PATTERNS.items() if (patterns["verdict"] == verdict).any()],
        "beaten": [f"{row['statement']} ({row['verdict']})" for row in _records(board[board["part"] == "null model"])],
        "unchecked": [short(outcome) for outcome in outcomes if outcome not in TOPICS and outcome != "effort"],
    }


def _hits(words: str, rows: pd.DataFrame) -> dict[str, Any]:
    return {"words": words, "hits": int((rows["hit"] == 1).sum()), "count": len(rows)}


def _miss(row: dict[str, Any]) -> dict[str, str]:
    """A target that is not hit, in words."""
    simulated = "did not happen" if float(row["median"]) != float(row["median"]) else _with_range(row)
    return {"id": str(row["id"]), "statement": str(row["statement"]), "simulated": simulated,
            "observed": f"{number(row['observed_low'])} to {number(row['observed_high'])}"}


def _with_range(row: dict[str, Any]) -> str:
    """A median with its 90 % range, which one world has not."""
    known = all(float(row[key]) == float(row[key]) for key in ("low90", "high90"))
    return number(row["median"]) + (f" ({number(row['low90'])} to {number(row['high90'])})" if known else "")


# ------------------------------------------------------------------------------------------------ effects


def _scenario(folder: Path, c: Compared, name: str) -> dict[str, Any]:
    """All that the brief says about one scenario."""
    own = c.effects[c.effects["scenario"] == name]
    everywhere = own[own["place"] == "ALL"]
    return {
        "name": name, "title": c.titles[name],
        "effects": [row | {"verdict": re.sub(r" \(median [^)]*\)", "", str(row["verdict"]))}  # the median has a column
                    for row in _records(everywhere[everywhere["outcome"] != "effort"])],
        "countries": _by_country(c, name),
        "worse": [_side_effect(c, name, row) for row in _records(own[own["direction"] == "worse"])],
        "other": [_side_effect(c, name, row) for row in _records(own[own["direction"].isin(["higher", "lower"])])
                  if row["outcome"] != "effort"],
        "regions": [found for outcome in c.headline() if (found := _worse_regions(c, name, outcome))],
        "cost": _cost(c, everywhere), "why": c.told.get(name, []),
        "added": _added(folder, c, name), "settings": _settings(folder, c, name),
    }


def _by_country(c: Compared, name: str) -> list[dict[str, Any]]:
    """Headline outcomes, one row each, with a verdict per country."""
    return [{"outcome": outcome, "label": c.outcomes.loc[outcome, "label"],
             "cells": [{"country": country, **row} for place, country in c.run.countries["name"].items()
                       if (row := c.effect(name, outcome, str(place))) is not None]}
            for outcome in c.headline()]


def _side_effect(c: Compared, name: str, row: dict[str, Any]) -> dict[str, Any]:
    place = str(row["place"])
    outside = place != "ALL" and not {place, _country_of(c, place), "*"} & c.acts[name]
    return {"place": _place_name(c, place), "verdict": row["verdict"],
            "outside": outside and not any(_country_of(c, spot) == place for spot in c.acts[name])}


def _country_of(c: Compared, place: str) -> str:
    regions = c.run.regions
    return str(regions["country"][place]) if place in regions.index else place


def _place_name(c: Compared, place: str) -> str:
    if place == "ALL":
        return "All countries together"
    found = c.run.places.set_index("id")["name"]
    return str(found[place]) if place in found.index else place


def _worse_regions(c: Compared, name: str, outcome: str) -> dict[str, Any] | None:
    """The regions where an outcome worsens most, of those told apart from chance."""
    sign, table = {"-": 1.0, "+": -1.0, "": 0.0}[str(c.outcomes.loc[outcome, "wish"])], c.by_region(name, outcome)
    harm = (sign * table["difference_mean"])[table["decided"]]
    worst = harm[harm > 0].nlargest(REGIONS_SHOWN)
    if worst.empty:
        return None
    listed = [f"{_place_name(c, str(region))} ({signed(sign * size)})" for region, size in worst.items()]
    count = int((harm > 0).sum())
    return {"label": c.outcomes.loc[outcome, "label"], "text": ", ".join(listed),
            "count": f"{count} {'region' if count == 1 else 'regions'}"}


def _cost(c: Compared, everywhere: pd.DataFrame) -> dict[str, Any]:
    """Effort over the base, and the mean change by a thousand units of it, of what is told apart, with its interval."""
    effort = float(everywhere["effort"].iloc[0])
    known = everywhere["outcome"].isin(c.headline()) & everywhere["effect_per_effort"].notna() & (effort > 0)
    rows = everywhere[known]
    told = rows[rows["direction"].isin(DECIDED) & ((rows["mean_low"] > 0) | (rows["mean_high"] < 0))]
    each = [row | {"low": row["mean_low"] / effort * 1000, "high": row["mean_high"] / effort * 1000}
            for row in _records(told)]
    return {"effort": _effort(effort), "each": each, "open": len(rows) - len(told), "known": len(rows) > 0}


def _effort(difference: float) -> str:
    return f"{number(abs(difference))} units {'more' if difference > 0 else 'less'}" if difference else "no more"


def _robust(c: Compared) -> dict[str, Any] | None:
    """How many of the theories each scenario improves under; None where that was not computed."""
    from sim.reports.figures.comparison_tables import short

    if "futures" not in c.robust:
        return None
    futures, ranking = c.robust["futures"], c.robust.get("ranking")
    rows = []
    for (name, outcome), own in futures.groupby(["scenario", "outcome"], sort=False):
        least = own.loc[own["share_improved"].idxmin()]
        rows.append({"title": c.titles.get(str(name), str(name)), "outcome": short(str(outcome)), "theories": len(own),
                     "better": int((own["direction"] == "better").sum()),
                     "worse": int((own["direction"] == "worse").sum()),
                     "least": least["share_improved"], "theory": least["theory"]})
    overturned = [] if ranking is None else _records(ranking[ranking["overturns"].astype(str).str.lower() == "true"])
    return {"rows": rows, "overturned": overturned}


# ------------------------------------------------------------------------------------------------ assumptions


def _uses(folder: Path, c: Compared, name: str) -> list[dict[str, Any]]:
    """The levers that a scenario adds, as its file has them."""
    from sim.reports.figures.comparison_tables import scenario

    shared = scenario(folder, c.base).get("levers") or []
    return [use for use in scenario(folder, name).get("levers") or [] if use not in shared]


def _added(folder: Path, c: Compared, name: str) -> list[dict[str, Any]]:
    """The levers that a scenario adds, by places and period, which are told once for all that share them."""
    groups: dict[str, list[str]] = {}
    for use in _uses(folder, c, name):
        where = ", ".join("everywhere" if place == "*" else _place_name(c, str(place)) for place in use["where"])
        period = f"from {use['from']}" + (f" to {use['until']}" if use.get("until") else " to the end")
        ramp = f", built up over {use['ramp']} months" if use.get("ramp") else ""
        groups.setdefault(f"{where}, {period}", []).append(
            f"{_title(use)}, strength {number(use.get('strength', 1.0))}{ramp}")
    return [{"where": where, "levers": levers} for where, levers in groups.items()]


def _title(use: dict[str, Any]) -> str:
    lever = LIBRARY.get(str(use["lever"]))
    return lever.title if lever else str(use["lever"])


def _levers(folder: Path, c: Compared) -> list[dict[str, Any]]:
    """Every lever that any scenario adds, once, with what is assumed of it and the scenarios that use it."""
    users: dict[str, list[str]] = {}
    for name in c.others:
        for lever in dict.fromkeys(str(use["lever"]) for use in _uses(folder, c, name)):
            users.setdefault(lever, []).append(c.titles[name])
    return [_lever(LIBRARY[name], titles) for name, titles in users.items() if name in LIBRARY]


def _lever(lever: Lever, users: list[str]) -> dict[str, Any]:
    turns = ", ".join(f"{dial.replace('_', ' ')} {number(size)}" for dial, size in lever.turns.items())
    return {"title": lever.title, "about": lever, "users": "; ".join(users), "turns": turns}


def _settings(folder: Path, c: Compared, name: str) -> list[str]:
    """What else differs from the base, one line each."""
    from sim.reports.figures.comparison_tables import scenario

    own, base = scenario(folder, name), scenario(folder, c.base)
    lines = []
    for key in SETTINGS:
        mine, theirs = own.get(key) or {}, base.get(key) or {}
        for entry in sorted({*mine, *theirs}):
            if mine.get(entry) != theirs.get(entry):
                answers = [_answer(key, entry, values.get(entry)) for values in (theirs, mine)]
                lines.append(f"{key.removesuffix('s')} {entry}: {answers[1]} (base: {answers[0]})")
    return lines


def _answer(key: str, entry: str, value: Any) -> str:
    """A setting in words; a theory with what it says."""
    if value is None:
        return "as shipped"
    if key == "theories" and value in THEORIES.get(entry, {}):
        return f"{value}, {THEORIES[entry][str(value)][0]}"
    return str(value)


def _tiers(world: str) -> list[dict[str, Any]]:
    """How many numbers of each tier of confidence the mechanisms and the places hold."""
    groups = {"Coefficients of the mechanisms": coefficients().values(),
              "Values of places and actors": read_values(DATA / world / "values.csv").values()}
    return [{"words": words, "counts": [sum(one.confidence == tier for one in numbers) for tier in CONFIDENCE],
             "count": len(numbers)} for words, numbers in groups.items()]


def _files(folder: Path, c: Compared) -> list[dict[str, str]]:
    """The resolved scenario files."""
    paths = {name: folder / results.SCENARIOS / f"{name}.yaml" for name in c.titles}
    return [{"name": name, "text": path.read_text(encoding="utf-8")} for name, path in paths.items() if path.exists()]


# ------------------------------------------------------------------------------------------------ images


def _images(folder: Path, c: Compared) -> dict[str, list[str]]:
    """Figures as data URLs by section; those of one scenario by section and its name."""
    with _drawn(folder) as figures:
        stems = sorted(path.stem for path in figures.glob("*.png"))
        found = {"forest": _starting(stems, ["forest"]), "months": [s for s in stems if _plain(s, "differences")],
                 "robust": _starting(stems, ["robust_"])}
        for name in c.others:
            wanted = c.headline()[0]
            found[f"where {name}"] = [s for s in (f"map_{name}_{wanted}", f"displacement_{name}") if s in stems]
            found[f"why {name}"] = [s for o in c.outcomes.index if (s := f"why_{name}_{o}") in stems]
        return {key: [_embedded(figures / f"{stem}.png") for stem in some] for key, some in found.items()}


def _starting(stems: Iterable[str], starts: list[str]) -> list[str]:
    return [stem for stem in stems if stem.startswith(tuple(starts))]


def _plain(stem: str, name: str) -> bool:
    """Whether a figure shows all scenarios: its name alone, or with the number of its page."""
    return stem == name or stem.removeprefix(f"{name}_").isdigit()


@contextlib.contextmanager
def _drawn(folder: Path) -> Iterator[Path]:
    """The folder's figures; drawn for the occasion where it has none."""
    if (folder / "figures").is_dir():
        yield folder / "figures"
        return
    from sim.reports.figures.comparison import draw

    with tempfile.TemporaryDirectory() as place:
        draw(folder, Path(place))
        yield Path(place)


def _embedded(path: Path) -> str:
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode('ascii')}"
