"""The distant theatre of war: series between dated anchors (`data/<world>/theatre.csv`)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.inputs.numbers import number_of


@dataclass(frozen=True)
class Theatre:
    """The distant theatre of war: dated anchors, linear between them, constant beyond."""

    anchors: dict[str, tuple[np.ndarray, np.ndarray]]

    def at(self, name: str, month: int) -> float:
        """Value of one series in an absolute month (months since year 0)."""
        months, values = self.anchors[name]
        return float(np.interp(month, months, values))

    def first_month(self, name: str) -> int:
        """First absolute month in which a series has reached half of its maximum."""
        months, values = self.anchors[name]
        every = np.arange(int(months[0]), int(months[-1]) + 1)
        course = np.interp(every, months, values)
        return int(every[np.argmax(course >= 0.5 * course.max())])


def month_number(text: str) -> int:
    """'2014-06' as months since year 0."""
    year, month = str(text).split("-")[:2]
    return int(year) * 12 + int(month) - 1


def theatre_of(rows: list[dict[str, str]]) -> Theatre:
    anchors: dict[str, list[tuple[int, float]]] = {}
    for line, row in enumerate(rows, start=2):
        anchors.setdefault(row["field"], []).append(
            (month_number(row["month"]), number_of(row, f"theatre.csv, line {line}").value))
    ordered = {name: sorted(points) for name, points in anchors.items()}
    return Theatre({name: (np.array([m for m, _ in points], float), np.array([v for _, v in points]))
                    for name, points in ordered.items()})
