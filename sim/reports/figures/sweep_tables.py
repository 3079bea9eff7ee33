"""The tables of the analysis of a sweep, in the shape the figures need."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from sim.reports.figures.scales import compact
from sim.reports.figures.style import SOFT, fit, number, text_width
from sim.words import percent

ALL = "ALL"
TEXT = {"parameter", "with", "period", "place", "outcome", "label", "name", "kind", "scale", "levels", "value", "x",
        "y", "by", "at", "method", "words", "x_name", "y_name", "low_value", "high_value", "tipping", "direction",
        "unit", "wish", "futures", "inside"}
#: columns that hold text in some tables and numbers in others
EITHER = {"tipping": {"low", "high"}}


@dataclass(frozen=True)
class SweepTables:
    """An analysis: ``about`` the sweep, its ``axes`` and ``outcomes`` by name, and its folder of tables."""

    folder: Path
    about: dict[str, Any]
    axes: pd.DataFrame
    outcomes: pd.DataFrame
    _kept: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False)

    @property
    def place(self) -> str:
        """The place that the figures show."""
        return str(self.about["places"][0])

    @property
    def where(self) -> str:
        """The place and the period in words."""
        place = "all countries" if self.place == ALL else self.names.get(self.place, self.place)
        return f"{place}, period '{self.about['period']}'"

    @property
    def names(self) -> dict[str, str]:
        """Names of places by code, as far as the analysis tells them."""
        return dict(self.about.get("names", {}))

    def named(self, words: str) -> str:
        """Words with the codes of places replaced by their names."""
        for code, name in self.names.items():
            words = re.sub(rf"(?<= in ){re.escape(code)}\b", name, words)
        return words

    @property
    def each(self) -> str:
        """The worlds of a point in words."""
        worlds = int(self.about["worlds"])
        return f"{number(worlds)} {'world' if worlds == 1 else 'worlds'} a point"

    @property
    def run(self) -> Any:
        """What heads and feet of pages say; points that draw their own luck have worlds of their own."""
        points, worlds = int(self.about["points"]), int(self.about["worlds"])
        return SimpleNamespace(worlds=worlds * (points if self.about["luck"] == "own" else 1), seed=self.about["seed"],
                               title=self.about["title"], name=f"{number(points)} points")

    def table(self, name: str) -> pd.DataFrame:
        """A table by name; empty where there is none."""
        if name not in self._kept:
            path = self.folder / f"{name}.csv"
            self._kept[name] = read_table(path) if path.exists() else pd.DataFrame()
        return self._kept[name]

    def here(self, name: str) -> pd.DataFrame:
        """Rows of a table at the place that is shown."""
        table = self.table(name)
        return table[table["place"] == self.place] if len(table) else table

    def label(self, outcome: str) -> str:
        """An outcome in words."""
        return str(self.outcomes.loc[outcome, "label"])

    def chance(self, outcome: str) -> bool:
        """Whether it is a chance."""
        return bool(self.outcomes.loc[outcome, "chance"])

    def value(self, outcome: str, value: float) -> str:
        """A value of an outcome in words."""
        return percent(value) if self.chance(outcome) else number(value)


def read_table(path: Path) -> pd.DataFrame:
    """A table whose text stays text: `NA` is a name, `1` may be one."""
    columns = pd.read_csv(path, nrows=0).columns
    words = TEXT | EITHER.get(path.stem, set())
    if path.stem.startswith("response") or path.stem.startswith("phase"):
        words = words - {"at"}
    numbers = {column: [""] for column in columns if column not in words}
    return pd.read_csv(path, dtype={column: str for column in columns if column in words}, keep_default_na=False,
                       na_values=numbers, encoding="utf-8")


def read(folder: Path) -> SweepTables:
    """The analysis in a folder; raises FileNotFoundError where there is none."""
    about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    axes, outcomes = (read_table(folder / f"{name}.csv") for name in ("axes", "outcomes"))
    return SweepTables(folder, about, axes.set_index("name"), outcomes.set_index("outcome"))


def plain(name: str) -> str:
    """The name of something varied, in words."""
    return name.replace("_", " ")


def axis_words(sweep: SweepTables, name: str, width: float) -> str:
    """Its name with what it is, as far as they fit."""
    label = str(sweep.axes.loc[name, "label"])
    whole = f"{plain(name)}: {label}" if label and plain(name) != label.lower() else plain(name)
    return fit(whole, width)


def month_word(at: float) -> str:
    """Months since year 0 as YYYY-MM."""
    return f"{int(at) // 12:04d}-{int(at) % 12 + 1:02d}"


def end_word(axis: pd.Series, at: float) -> str:
    """An end of the range of something varied."""
    if axis["kind"] == "date":
        return "never" if at == axis["never"] else month_word(at)
    return f"{at:.3g}"


def dress(ax: Axes, sweep: SweepTables, name: str, side: str, width: float, upright: bool = False) -> None:
    """Scale and ticks of something varied on axis ``side`` (x or y) of ``width`` points."""
    row = sweep.axes.loc[name]
    axis = ax.xaxis if side == "x" else ax.yaxis
    low, high = float(row["low"]), float(row["high"])
    if row["kind"] == "category":
        levels = str(row["levels"]).split()
        deep = 1 if upright else stairs(sweep, name, width)
        axis.set_major_locator(FixedLocator(list(range(len(levels)))))
        words = ["\n" * (i % deep) + fit(plain(level), width if upright else deep * width / len(levels))
                 for i, level in enumerate(levels)]
        axis.set_major_formatter(FuncFormatter(lambda v, _: words[int(np.clip(round(v), 0, len(words) - 1))]))
    elif row["kind"] == "date":
        axis.set_major_locator(FixedLocator(_months(row, low, high, width)))
        never = row["never"]
        axis.set_major_formatter(FuncFormatter(lambda v, _: "never" if v == never else month_word(v)))
    elif row["scale"] == "log":
        getattr(ax, f"set_{side}scale")("log")
        axis.set_major_locator(LogLocator(10, subs=(1.0, 2.0, 5.0), numticks=8))
        axis.set_major_formatter(FuncFormatter(lambda v, _: number(v)))
        axis.set_minor_locator(NullLocator())
    else:
        ticks = MaxNLocator(nbins=max(3, min(6, int(width / 45))), steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
        axis.set_major_locator(FixedLocator([float(v) for v in ticks if low - 1e-9 <= v <= high + 1e-9]))
        axis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:.3g}"))
    axis.set_tick_params(color=SOFT)


def stairs(sweep: SweepTables, name: str, width: float) -> int:
    """Lines below a horizontal axis of ``width`` points on which categories stand so that none touches the next."""
    row = sweep.axes.loc[name]
    if row["kind"] != "category":
        return 1
    levels = str(row["levels"]).split()
    longest = max(text_width(plain(level)) for level in levels) + 6
    return int(min(len(levels), 3, -(-longest * len(levels) // width)))


def ticks_width(sweep: SweepTables, name: str) -> float:
    """Room for the labels of a vertical axis, points."""
    row = sweep.axes.loc[name]
    if row["kind"] == "category":
        return min(190.0, max(text_width(plain(level)) for level in str(row["levels"]).split()) + 4)
    return text_width("2011-01") + 4 if row["kind"] == "date" else 52.0


def _months(row: pd.Series, low: float, high: float, width: float) -> list[float]:
    """Few Januaries, or the ends of a short span, and never."""
    never = float(row["never"])
    ends = high if np.isnan(never) or high < never else never - 12
    years = [float(v) for v in range(int(-(-low // 12)) * 12, int(ends) + 1, 12)]
    step = max(1, -(-len(years) * 62 // max(int(width - (62 if ends < high else 0)), 1)))
    shown = years[::step] if len(years) > 1 else [low, ends]
    return [*shown, never] if ends < high else shown


def outcome_axis(ax: Axes, chance: bool, low: float, high: float) -> None:
    """Vertical axis of an outcome from ``low`` to ``high``, with few round ticks."""
    room = 0.06 * (high - low) or 1.0
    ax.set_ylim(*((-0.03, 1.03) if chance else (0.0 if low >= 0 else low - room, high + room)))
    ax.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{100 * v:.3g} %" if chance else compact(v)))
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.grid(axis="y", color="#d9d9d9", linewidth=0.7)
    ax.set_axisbelow(True)


def limits_of(sweep: SweepTables, name: str) -> tuple[float, float]:
    """Ends of something varied, with room around categories."""
    row = sweep.axes.loc[name]
    low, high = cast(float, row["low"]), cast(float, row["high"])
    edge = 0.5 if row["kind"] == "category" else 0.0
    return float(low) - edge, float(high) + edge


def set_limits(ax: Axes, sweep: SweepTables, name: str) -> None:
    """Ends of the horizontal axis, with some room for strokes at the ends of a linear one."""
    low, high = limits_of(sweep, name)
    room = 0.0 if sweep.axes.loc[name, "scale"] == "log" else 0.03 * (high - low)
    ax.set_xlim(low - room, high + room)
