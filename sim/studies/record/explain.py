"""How one region got where it got: the recorded drivers month by month, and a short text made from them by rules.

Reads result tables only. The text states what was recorded and in which order, never why.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import UserError
from sim.runs.results import DISCLAIMER, ResultsError, read
from sim.words import percent

if TYPE_CHECKING:
    import pandas as pd

    from sim.runs.results import RunTables

#: Outcomes without which there is nothing to tell.
NEEDED = ("readiness", "sympathisers", "recruiters", "presence", "movement_members", "foreign_members", "inflow",
          "attempts", "control", "offensive", "attacks")
#: outcomes that are told where a run has them
TOLD = ("attempts_failed", "mass_attacks")
LEVELS = (10, 30, 100, 300, 1000, 3000)  # members whose first passing is told
FEW = 10  # members below which a share of foreigners says nothing
GRADES = ("contested", "dominant", "exclusive")
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")
SEQUENCE = "This is the recorded order of events; it does not show what caused what."


@dataclass(frozen=True)
class Turn:
    """A turning point: its month by world, NaN where it did not come, and the month shown, None where there is none."""

    name: str
    label: str
    by_world: np.ndarray  # (W,) months since the start of the run
    shown: int | None

    @property
    def share(self) -> float:
        """Share of worlds in which it came."""
        return float(np.isfinite(self.by_world).mean())


@dataclass(frozen=True)
class Story:
    """What is known about one region of one run; ``row`` is the world told, None for all of them together."""

    folder: Path
    region: str
    name: str
    country: str
    world: int | None
    row: int | None
    start: int  # months since year 0
    drivers: dict[str, np.ndarray]  # (W, months)
    turns: dict[str, Turn]
    sentences: tuple[str, ...]

    @property
    def worlds(self) -> int:
        return int(self.drivers["presence"].shape[0])

    @property
    def months(self) -> int:
        return int(self.drivers["presence"].shape[1])

    @property
    def stem(self) -> str:
        """Name of the files, without ending."""
        return f"explain-{self.region}" + ("" if self.world is None else f"-world-{self.world}")

    @property
    def text(self) -> str:
        """The sentences, one a line."""
        return "\n".join(self.sentences)


def tell(folder: Path | str, region: str, world: int | None = None) -> Story:
    """The story of a region of a result folder.

    Parameters
    ----------
    folder : the result folder.
    region : id of a region of this run.
    world : number of the world to tell; all of them together if None.

    Raises
    ------
    UserError
        where the folder is no result or lacks needed outcomes, or region or world are not in it.
    """
    return story(read(folder, (*NEEDED, *TOLD)), Path(folder), region, world)


def story(tables: RunTables, folder: Path, region: str, world: int | None = None) -> Story:
    """The same from tables in memory."""
    places = tables.places.set_index("id")
    _check(tables, folder, places, region)
    ids = sorted(int(w) for w in tables.outcomes["world"].unique())
    if world is not None and world not in ids:
        raise UserError(f"--world: {world} is not a world of this run. Allowed: {ids[0]} to {ids[-1]}.")
    country = str(places.at[region, "country"])
    own = places.index[(places["scope"] == "region") & (places["country"] == country)].tolist()
    values, start = _arrays(tables.outcomes, folder, own, len(ids))
    row = ids.index(world) if world is not None else 0 if len(ids) == 1 else None
    here = own.index(region)
    drivers = {name: cube[here] for name, cube in values.items()}
    spells = _spells(tables.footholds, ids, start)
    level = _level(drivers["movement_members"], row)
    turns = turning_points(drivers, spells[spells["region"] == region], level, row)
    country_name = str(places.at[country, "name"]) if country in places.index else country
    story = Story(folder, region, str(places.at[region, "name"]), country_name, world, row, start, drivers, turns, ())
    residents = float(places.at[region, "residents"])
    lines = _sentences(story, spells, level, residents, own, values)
    return Story(**{**vars(story), "sentences": tuple(lines)})


def _check(tables: RunTables, folder: Path, places: pd.DataFrame, region: str) -> None:
    from sim.words import listed, nearest

    regions = places[places["scope"] == "region"]
    if region not in regions.index:
        close = nearest(region, {str(key): str(name) for key, name in regions["name"].items()})
        what = "a country, not a region" if region in places.index else "not a region"
        inside = regions[regions["country"] == region] if region in places.index else regions
        hint = f" Did you mean '{close}'?" if close and region not in places.index else ""
        raise UserError(f"--region: '{region}' is {what} of this run. Allowed: {listed(map(str, inside.index))}.{hint}")
    missing = [name for name in NEEDED if name not in tables.outcomes.columns]
    if missing:
        raise ResultsError(f"{folder}: this run did not record {', '.join(missing)}, which explain needs. Run the "
                           "scenario again with 'record: all'.")


def _arrays(outcomes: pd.DataFrame, folder: Path, regions: list[str], worlds: int) -> tuple[dict[str, np.ndarray], int]:
    """The needed outcomes of a country's regions, each (R, W, months), and the first month."""
    rows = outcomes[(outcomes["scope"] == "region") & outcomes["place"].isin(regions)]
    order = {region: i for i, region in enumerate(regions)}
    stamp = rows["month"].to_numpy().astype("datetime64[M]").astype(int)
    place = rows["place"].astype(str).map(order).to_numpy()
    sort = np.lexsort((stamp, rows["world"].to_numpy(), place))
    months = stamp.max() - stamp.min() + 1 if len(rows) else 0
    shape = (len(regions), worlds, int(months))
    if not len(rows) or len(rows) != np.prod(shape):
        raise ResultsError(f"{folder}: outcomes.parquet is not whole: rows of some world, month or region are missing.")
    names = [*NEEDED, *(name for name in TOLD if name in rows.columns)]
    return ({name: rows[name].to_numpy(dtype=float)[sort].reshape(shape) for name in names},
            int(stamp.min()) + 1970 * 12)


def _spells(footholds: pd.DataFrame, ids: list[int], start: int) -> pd.DataFrame:
    """Footholds with rows for worlds and month numbers; ``last`` is NaN where still held at the end."""
    import pandas as pd

    def months(text: Any) -> float:
        year, _, month = str(text).partition("-")
        return float(int(year) * 12 + int(month[:2]) - 1 - start) if month else np.nan

    return pd.DataFrame({
        "row": [ids.index(int(w)) for w in footholds["world"]], "region": footholds["region"].astype(str).to_numpy(),
        "locality": footholds["locality"].astype(str).to_numpy(), "first": [months(t) for t in footholds["onset"]],
        "last": [months(t) for t in footholds["end"]], "months": footholds["months"].astype(float).to_numpy(),
        "grade": footholds["grade"].astype(str).to_numpy(), "ended_by": footholds["ended_by"].astype(str).to_numpy()})


def _level(members: np.ndarray, row: int | None) -> int:
    """The largest round number of members not above half of the typical peak."""
    peaks = members.max(axis=1)
    typical = float(np.median(peaks)) if row is None else float(peaks[row])
    return max((level for level in LEVELS if level <= typical / 2), default=LEVELS[0])


def first_month(happened: np.ndarray) -> np.ndarray:
    """First month of each world in which it happened, (W, months) bool -> (W,), NaN where it never did."""
    return np.where(happened.any(axis=1), happened.argmax(axis=1), np.nan)


def turning_points(drivers: dict[str, np.ndarray], spells: pd.DataFrame, level: int,
                   row: int | None) -> dict[str, Turn]:
    """Turning points of a region, in the order in which they are told."""
    worlds = drivers["presence"].shape[0]
    onset, loss = np.full(worlds, np.nan), np.full(worlds, np.nan)
    for world, own in spells.groupby("row"):
        onset[world] = own["first"].min()
        loss[world] = own["last"].max() if own["last"].notna().all() else np.nan
    control = drivers["control"]
    found = {
        "lowest": ("presence low", drivers["presence"].argmin(axis=1).astype(float)),
        "passed": (f"members {level:,}", first_month(drivers["movement_members"] >= level)),
        "attempt": ("attempt", first_month(drivers["attempts"] > 0)),
        "onset": ("foothold", onset),
        "peak": ("control peak", np.where(control.max(axis=1) > 0, control.argmax(axis=1), np.nan)),
        "loss": ("last loss", loss)}
    return {name: Turn(name, label, by_world, _shown(by_world, row)) for name, (label, by_world) in found.items()}


def _shown(by_world: np.ndarray, row: int | None) -> int | None:
    if row is not None:
        return int(by_world[row]) if np.isfinite(by_world[row]) else None
    known = by_world[np.isfinite(by_world)]
    return int(np.median(known)) if known.size else None


def foreign_share(drivers: dict[str, np.ndarray]) -> np.ndarray:
    """Share of members who came from elsewhere, (W, months); NaN below ten members."""
    members = drivers["movement_members"]
    return np.where(members >= FEW, drivers["foreign_members"] / np.maximum(members, 1.0), np.nan)


class _Words:
    """Numbers as words, for one world or for all."""

    def __init__(self, story: Story) -> None:
        self.row, self.worlds, self.start = story.row, story.worlds, story.start

    def month(self, number: float) -> str:
        absolute = self.start + int(number)
        return f"{MONTHS[absolute % 12]} {absolute // 12}"

    def count(self, by_world: np.ndarray) -> str:
        return self._value(by_world, "{:,.0f}")

    def index(self, by_world: np.ndarray, digits: int = 2) -> str:
        return self._value(by_world, f"{{:.{digits}f}}")

    def _value(self, by_world: np.ndarray, form: str) -> str:
        if self.row is not None:
            return form.format(by_world[self.row])
        low, middle, high = (form.format(v) for v in np.quantile(by_world, [0.05, 0.5, 0.95]))
        return middle if low == high else f"{middle} ({low} to {high})"

    def when(self, turn: Turn) -> str:
        """Month of a turning point that came; over all worlds the median and range of those in which it did."""
        if self.row is not None:
            return f"in {self.month(turn.by_world[self.row])}"
        known = turn.by_world[np.isfinite(turn.by_world)]
        low, middle, high = (self.month(np.floor(v)) for v in np.quantile(known, [0.05, 0.5, 0.95]))
        return f"in {middle}" if low == high else f"around {middle} ({low} to {high})"

    def share(self, came: np.ndarray) -> str:
        """In how many worlds."""
        number = int(came.sum())
        return f"{number:,} of {self.worlds:,} worlds ({percent(number / self.worlds)})"

    def of_all(self, came: np.ndarray) -> str:
        """The share of all worlds behind a sentence about one of them."""
        return "" if self.row is None or self.worlds == 1 else f"; this happened in {self.share(came)}"


def _sentences(story: Story, spells: pd.DataFrame, level: int, residents: float, regions: list[str],
               values: dict[str, np.ndarray]) -> list[str]:
    w = _Words(story)
    span = f"{w.month(0)} to {w.month(story.months - 1)}"
    if story.worlds == 1:
        lead = f"the run has one world, from {span}"
    elif story.row is not None:
        lead = f"this is world {story.world} of a run of {story.worlds:,} worlds from {span}"
    else:
        lead = f"figures are medians of {story.worlds:,} worlds from {span}, in brackets the range of 90 % of them"
    return [f"{story.name} ({story.region}, {story.country}) had {residents:,.0f} residents at the start; {lead}.",
            *_conditions(story, w), *_members(story, w, level),
            *_ground(story, w, spells[spells["region"] == story.region]), *_violence(story, w),
            _compared(story, spells, regions, values), SEQUENCE, DISCLAIMER]


def _conditions(story: Story, w: _Words) -> list[str]:
    d = story.drivers
    presence, readiness = d["presence"], d["readiness"]
    highest = Turn("", "", readiness.argmax(axis=1).astype(float), None)
    return [f"Effective state presence (0 to 1) began at {w.index(presence[:, 0])}, was lowest "
            f"{w.when(story.turns['lowest'])} with {w.index(presence.min(axis=1))}, and ended at "
            f"{w.index(presence[:, -1])}.",
            f"Readiness began at {w.index(readiness[:, 0], 3)} and was highest {w.when(highest)} with "
            f"{w.index(readiness.max(axis=1), 3)}; at their most, sympathisers numbered "
            f"{w.count(d['sympathisers'].max(axis=1))} and recruiters at large {w.count(d['recruiters'].max(axis=1))}."]


def _members(story: Story, w: _Words, level: int) -> list[str]:
    d, turn = story.drivers, story.turns["passed"]
    came = np.isfinite(turn.by_world)
    members = d["movement_members"]
    if w.row is None:
        first = (f"Members of the movement reached {level:,} in {w.share(came)}"
                 + (f", {w.when(turn)}" if came.any() else ""))
    elif came[w.row]:
        first = f"Members of the movement first reached {level:,} {w.when(turn)}{w.of_all(came)}"
    else:
        first = f"Members of the movement never reached {level:,}{w.of_all(came)}"
    at_peak = foreign_share(d)[np.arange(story.worlds), members.argmax(axis=1)]
    most = f"At their most they were {w.count(members.max(axis=1))}"
    known = np.isfinite(at_peak)
    if w.row is not None:
        most += f", {percent(float(at_peak[w.row]))} of them from elsewhere" if known[w.row] else ""
    elif known.any():
        most += (f"; where there were at least {FEW}, a median of {percent(float(np.median(at_peak[known])))} came "
                 "from elsewhere")
    inflow = d["inflow"].sum(axis=1)
    outside = (f"Outsiders who came to the region over the run numbered {w.count(inflow)}." if (inflow > 0).any()
               else "No outsiders came to the region in any world.")
    return [first + ".", most + ".", outside]


def _ground(story: Story, w: _Words, own: pd.DataFrame) -> list[str]:
    d = story.drivers
    attempt, onset = story.turns["attempt"], story.turns["onset"]
    tried, held = np.isfinite(attempt.by_world), np.isfinite(onset.by_world)
    if not tried.any():
        lines = ["No attempt on a locality is recorded in any world."]
    elif w.row is None:
        lines = [f"A first attempt on a locality is recorded in {w.share(tried)}, {w.when(attempt)}{_failed(d, None)}."]
    elif tried[w.row]:
        lines = [f"The first attempt on a locality came {w.when(attempt)}{w.of_all(tried)}{_failed(d, w.row)}."]
    else:
        lines = [f"No attempt on a locality is recorded in this world; one came in {w.share(tried)}."]
    if not held.any():
        return [*lines, "No foothold (three months of contested or better control of a locality) formed in any world."]
    if w.row is not None and not held[w.row]:
        return [*lines, "No foothold (three months of contested or better control of a locality) formed in this world; "
                        f"one formed in {w.share(held)}."]
    return [*lines, *(_footholds(story, w, own, held) if w.row is None else _one_world(story, w, own, held))]


def _failed(d: dict[str, np.ndarray], row: int | None) -> str:
    if "attempts_failed" not in d:
        return ""
    rows = slice(None) if row is None else slice(row, row + 1)
    tries, failed = d["attempts"][rows].sum(), d["attempts_failed"][rows].sum()
    if tries == 1:
        return "; it failed" if failed else "; it succeeded"
    return (f"; of {tries:,.0f} attempts{' in all worlds together' if row is None else ''} "
            f"{f'{failed:,.0f}' if failed else 'none'} failed")


def _footholds(story: Story, w: _Words, own: pd.DataFrame, held: np.ndarray) -> list[str]:
    places = own.groupby("locality")["row"].nunique().sort_values(ascending=False, kind="stable")
    best = f"{places.index[0]} ({places.iloc[0]:,} worlds)"
    peak = float(np.median(story.drivers["control"].max(axis=1)[held]))
    lines = [f"A foothold (three months of contested or better control of a locality) formed in {w.share(held)}, first "
             f"{w.when(story.turns['onset'])}, most often in {best}.",
             f"By highest grade the {len(own):,} footholds of all worlds were: {_parts(own['grade'], GRADES)}; the "
             f"median one lasted {own['months'].median():.0f} months, and at the peak a median of {percent(peak)} of "
             "residents were under the movement's control."]
    ended = own[own["last"].notna()]
    still = len(own) - len(ended)
    ways = f"They ended by: {_parts(ended['ended_by'])}" if len(ended) else "None of them ended"
    held_on = f"; {still:,} still held in the last month" if still else ""
    loss = story.turns["loss"]
    lost = np.isfinite(loss.by_world)
    last = f"; the last was lost in {w.share(lost)}, {w.when(loss)}" if lost.any() else ""
    return [*lines, f"{ways}{held_on}{last}."]


def _one_world(story: Story, w: _Words, own: pd.DataFrame, held: np.ndarray) -> list[str]:
    mine = own[own["row"] == w.row].sort_values(["first", "locality"], kind="stable")
    number = "the only one" if len(mine) == 1 else f"the first of {len(mine)}"
    lines = ["A foothold (three months of contested or better control of a locality) began "
             f"{w.when(story.turns['onset'])} in {mine.iloc[0]['locality']}, {number} in the region{w.of_all(held)}."]
    grade = max(mine["grade"], key=lambda text: GRADES.index(text) if text in GRADES else -1)
    control = story.drivers["control"][w.row]
    peak = story.turns["peak"]
    at = f", {w.when(peak)}," if peak.shown is not None else ""
    lines.append(f"The highest grade of control was {grade}; at the peak{at} {percent(float(control.max()))} of "
                 "residents were under the movement's control, and the longest hold lasted "
                 f"{mine['months'].max():.0f} months.")
    ended = mine[mine["last"].notna()].sort_values("last", kind="stable")
    still = len(mine) - len(ended)
    if still:
        return [*lines, f"{still:,} foothold{'' if still == 1 else 's'} still held in the last month."]
    last, lost = ended.iloc[-1], np.isfinite(story.turns["loss"].by_world)
    return [*lines, f"The last one, {last['locality']}, was lost in {w.month(last['last'])}; recorded way of loss: "
                    f"{last['ended_by']}{w.of_all(lost)}."]


def _parts(values: pd.Series, order: tuple[str, ...] = ()) -> str:
    counts = values.value_counts()
    names = [*(n for n in order if n in counts.index), *sorted(n for n in counts.index if n not in order)]
    if not order:
        names.sort(key=lambda n: (-int(counts[n]), n))
    return ", ".join(f"{n} {int(counts[n]):,}" for n in names)


def _violence(story: Story, w: _Words) -> list[str]:
    d = story.drivers
    sent: np.ndarray = np.any(d["offensive"] > 0, axis=1)
    most = d["offensive"].max(axis=1)
    first = Turn("", "", first_month(d["offensive"] > 0), None)
    if not sent.any():
        offensive = "No forces were committed to an offensive here in any world."
    elif w.row is None:
        offensive = (f"Forces were committed to an offensive in {w.share(sent)}, first {w.when(first)}; at most a "
                     f"median of {np.median(most[sent]):,.0f} persons where it came.")
    elif sent[w.row]:
        offensive = (f"Forces were first committed to an offensive {w.when(first)}, at most {most[w.row]:,.0f} "
                     f"persons{w.of_all(sent)}.")
    else:
        offensive = f"No offensive came in this world; one came in {w.share(sent)}."
    attacks = f"Recorded attacks over the run number {w.count(d['attacks'].sum(axis=1))}"
    mass = d["mass_attacks"].sum(axis=1) if "mass_attacks" in d else None
    return [offensive, attacks + ("." if mass is None else f", those with ten or more dead {w.count(mass)}.")]


def _compared(story: Story, spells: pd.DataFrame, regions: list[str], values: dict[str, np.ndarray]) -> str:
    """The region beside the median of its country's regions (itself among them)."""
    if len(regions) == 1:
        return f"It is the only region of {story.country}, so there is none to compare it with."
    here = regions.index(story.region)

    def pair(by_region: np.ndarray, form: str) -> str:
        typical = np.median(by_region, axis=1) if story.row is None else by_region[:, story.row]
        return f"{form.format(typical[here])} against {form.format(np.median(typical))}"

    ever = np.array([spells.loc[spells["region"] == region, "row"].nunique() for region in regions]) / story.worlds
    return (f"Beside the median of the {len(regions)} regions of {story.country}: presence on average "
            f"{pair(values['presence'].mean(axis=2), '{:.2f}')}, readiness "
            f"{pair(values['readiness'].mean(axis=2), '{:.3f}')}, members at their most "
            f"{pair(values['movement_members'].max(axis=2), '{:,.0f}')}"
            + ("." if story.worlds == 1 else f"; a foothold in {percent(float(ever[here]))} of worlds against "
               f"{percent(float(np.median(ever)))}."))


def write(story: Story, out: Path) -> Path:
    """Write the text into ``out``; returns the file."""
    path = out / f"{story.stem}.md"
    title = f"# {story.name} ({story.region})" + ("" if story.world is None else f", world {story.world}")
    path.write_text(f"{title}\n\n{story.text}\n\n![drivers by month]({story.stem}.png)\n", encoding="utf-8")
    return path
