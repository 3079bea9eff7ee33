"""Every figure of a sweep is made, legible and says what it is, for any design."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from sim.reports.figures import draw_sweep
from sim.reports.figures.reasons import worlds_of
from sim.reports.figures.style import CAVEAT, FONT, Page, quiet
from sim.reports.figures.sweep import pages
from sim.reports.figures.sweep_choices import shown_outcomes
from sim.reports.figures.sweep_tables import month_word, read
from sim.reports.figures.sweep_tipping import _untipped
from sim.studies.sweep.analysis import analyse
from sim.studies.sweep.batches import Rows
from tests.studies.sweep import functions
from tests.studies.sweep.functions import made, vary

LEVER = {"lever": "national_cohesion", "where": ["BB"], "strength": 1,
         "from": {"values": ["2011-01", "2011-03", "2011-05"]}}
ANSWER = {"theory": "repression", "values": ["backlash", "deterrence", "inverted_u"]}
MARKS = [{"label": "A position near the corner", "x": 0.19, "y": 1.35}, {"label": "Another", "x": 0.04, "y": 0.4}]
TWO = {name: entry for name, entry in vary().items() if name != "third"}
BAD = {"outcome": "foothold_any", "place": "BB", "above": 0.5}

CASES: dict[str, tuple[Callable[[Rows], np.ndarray], dict[str, Any]]] = {
    "grid": (functions.boundary, {"vary": TWO, "design": {"kind": "grid", "levels": 6}, "worlds": 8,
                                  "analysis": {"phase": [["first", "second"]], "undesired": BAD, "marks": MARKS}}),
    "smooth": (functions.boundary, {"vary": {**vary(log=True)}, "worlds": 4, "luck": "own",
                                    "design": {"kind": "latin_hypercube", "points": 120},
                                    "analysis": {"phase": [["first", "second"]], "undesired": BAD}}),
    "mixed": (functions.straight, {"vary": {**vary(log=True), "answer": ANSWER, "begin": LEVER},
                                   "design": {"kind": "latin_hypercube", "points": 90},
                                   "analysis": {"phase": [["answer", "begin"]]}}),
    "morris": (functions.straight, {"design": {"kind": "morris", "trajectories": 6, "levels": 4}}),
    "one": (functions.straight, {"design": {"kind": "one_at_a_time", "levels": 4}}),
    "sobol": (functions.ishigami, {"design": {"kind": "sobol", "points": 32}, "worlds": 1}),
    "box": (functions.box, {"worlds": 4, "luck": "own", "design": {"kind": "latin_hypercube", "points": 120},
                            "analysis": {"undesired": BAD}}),
}
EXPECTED = {
    "grid": {"phase_first_second_foothold_any", "response_foothold_any", "response_first_by_second", "tornado",
             "tipping"},
    "smooth": {"phase_first_second_foothold_any", "response_foothold_any", "tornado", "sobol", "tipping"},
    "mixed": {"phase_answer_begin_departures", "response_departures", "response_answer_by_begin", "pareto", "sobol"},
    "morris": {"morris", "response_departures"},
    "one": {"tornado", "response_departures"},
    "sobol": {"sobol", "tornado"},
    "box": {"discovery", "tipping", "response_foothold_any"},
}


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    evaluate, changes = CASES[request.param]
    folder = made(tmp_path_factory.mktemp(request.param) / "s", evaluate, title="A sweep of a known function",
                  **changes)
    return request.param, analyse(folder)


@pytest.fixture(scope="module")
def sheets(case: tuple[str, Path]) -> list[Page]:
    with quiet():
        laid = pages(read(case[1]))
        for sheet in laid:
            assert isinstance(sheet.figure.canvas, FigureCanvasAgg)
            sheet.figure.canvas.draw()
    return laid


def texts(sheet: Page) -> list[Text]:
    """Every visible text of a figure, labels of ticks included; those on contour lines lie over the picture."""
    found = list(sheet.figure.texts)
    for ax in sheet.figure.axes:
        found += [t for t in ax.texts if t.get_rotation() == 0 and t.get_fontweight() == "bold"]
        for axis in (ax.xaxis, ax.yaxis):
            found += [t for tick in axis._update_ticks() for t in (tick.label1, tick.label2)]
    return [t for t in found if t.get_visible() and t.get_text().strip()]


def test_the_figures_of_the_design_are_made(case: tuple[str, Path], sheets: list[Page]) -> None:
    names = [sheet.name for sheet in sheets]
    assert set(names) >= EXPECTED[case[0]]
    assert len(names) == len(set(names))


def test_no_text_is_cut_off_or_overlaps(sheets: list[Page]) -> None:
    for sheet in sheets:
        canvas = sheet.figure.canvas
        assert isinstance(canvas, FigureCanvasAgg)
        width, height = canvas.get_width_height()
        boxes = [(t.get_text(), t.get_window_extent(canvas.get_renderer())) for t in texts(sheet)]
        for words, box in boxes:
            inside = box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height
            assert inside, f"{sheet.name}: {words!r} leaves the slide at {box.extents}"
        for (a, p), (b, q) in combinations(boxes, 2):
            across, up = min(p.x1, q.x1) - max(p.x0, q.x0), min(p.y1, q.y1) - max(p.y0, q.y0)
            lifted = "\n" in a or "\n" in b  # labels of categories stand on stairs; their boxes hold empty lines
            assert lifted or across <= 1.5 or up <= 4, f"{sheet.name}: {a!r} and {b!r} overlap"


def test_fonts_are_legible_and_every_page_says_what_it_is(case: tuple[str, Path], sheets: list[Page]) -> None:
    for sheet in sheets:
        assert not [t.get_text() for t in texts(sheet) if t.get_fontsize() < FONT]
        words = " ".join(t.get_text() for t in sheet.figure.texts)
        assert CAVEAT in words
        assert "A sweep of a known function" in words
        assert "period 'all'" in words or "Dot: value" in words or "PRIM" in words
        about = read(case[1]).about
        worlds = about["worlds"] * (about["points"] if about["luck"] == "own" else 1)
        assert f" · {worlds_of(worlds)} · " in words


def test_bars_whose_interval_holds_zero_are_hollow_and_no_stroke_is_clipped(case: tuple[str, Path],
                                                                         sheets: list[Page]) -> None:
    table = read(case[1]).here("tornado")
    for sheet in (s for s in sheets if s.name == "tornado"):
        hollow = sum(patch.get_facecolor()[:3] == (1.0, 1.0, 1.0) for ax in sheet.figure.axes for patch in ax.patches)
        drawn = table[table["outcome"].isin(shown_outcomes(read(case[1])))]
        clear = (drawn["swing_low"] > 0) | (drawn["swing_high"] < 0)
        assert hollow == int((~clear).sum())
        for ax in sheet.figure.axes:
            ends = [v for line in ax.lines for v in line.get_xdata() if np.isfinite(v)]
            assert ax.get_xlim()[0] <= min(ends) <= max(ends) <= ax.get_xlim()[1]


def test_cells_that_may_lie_on_either_side_of_even_are_hatched(case: tuple[str, Path], sheets: list[Page]) -> None:
    if case[0] not in ("grid", "smooth"):
        pytest.skip("only these have a chance over two axes")
    table = read(case[1]).here("phase_first_second_foothold_any")
    open_cells = table[table["mean"].notna() & ~((table["low"] > 0.5) | (table["high"] < 0.5))]
    assert 0 < len(open_cells) < len(table)
    sheet = next(sheet for sheet in sheets if sheet.name == "phase_first_second_foothold_any")
    hatched = [item for ax in sheet.figure.axes for item in ax.collections if item.get_label() == "interval holds 50 %"]
    assert [len(item.get_paths()) for item in hatched] == [len(open_cells)]
    assert "hatched: 95 % interval holds 50 %" in " ".join(t.get_text() for t in sheet.figure.texts)


def test_tipping_points_say_their_side_and_the_ends_of_the_range(case: tuple[str, Path], sheets: list[Page]) -> None:
    told, sheet = read(case[1]), next((sheet for sheet in sheets if sheet.name == "tipping"), None)
    if sheet is None:
        pytest.skip("nothing tips here")
    words = [t.get_text() for t in sheet.figure.texts]
    sides = {"rises": "above", "falls": "below"}
    table = told.table("tipping")
    for row in table[(table["at"] == "") & (table["inside"] == "True")].itertuples():
        low, high = (told.axes.loc[row.parameter, end] for end in ("low", "high"))
        whole = row.low_at <= low and row.high_at >= high
        said = f"the rule {sides[row.direction]} {row.tipping} ("
        assert any(text.startswith(said) for text in words) != whole
        assert f"{high:.3g}" in words
    gone = table[(table["at"] == "") & (table["inside"] != "True")]
    assert all(row.parameter in " ".join(words) for row in gone.itertuples())


def test_what_does_not_tip_within_its_range_is_summed_up() -> None:
    rows = pd.DataFrame({"at": ["", "division = 0", "division = 0.1"]})
    assert _untipped(rows) == "no tipping point within the range: others at their mean; division = 0, 0.1"
    assert _untipped(rows[:1]) == "no tipping point within the range: others at their mean"
    assert _untipped(rows[:0]) == ""


def test_names_stand_for_codes_where_the_analysis_has_them(case: tuple[str, Path]) -> None:
    told = read(case[1])
    named = replace(told, about=told.about | {"names": {told.place: "Borvia", "BB": "Borvia"}})
    assert named.named("have a foothold in BB") == "have a foothold in Borvia"
    assert named.named("BBC in BBC") == "BBC in BBC"
    assert named.where.startswith("all countries" if told.place == "ALL" else "Borvia")


def test_marks_are_named_on_the_phase_diagram(case: tuple[str, Path], sheets: list[Page]) -> None:
    if case[0] != "grid":
        pytest.skip("only this sweep has marks")
    sheet = next(sheet for sheet in sheets if sheet.name == "phase_first_second_foothold_any")
    words = [t.get_text() for ax in sheet.figure.axes for t in ax.texts]
    assert any(text.startswith("Another: ") and text.endswith(" %") for text in words)
    assert any("50 %" in text for text in words)  # the even line


def test_files_are_the_same_each_time(case: tuple[str, Path], tmp_path: Path) -> None:
    if case[0] not in ("one", "grid"):
        pytest.skip("two are enough")
    files = draw_sweep(case[1], svg=True)
    first = {path.name: path.read_bytes() for path in files}
    assert {path.suffix for path in files} == {".png", ".svg"}
    assert {path.name: path.read_bytes() for path in draw_sweep(case[1], svg=True)} == first


def test_months_in_words() -> None:
    assert (month_word(2014 * 12), month_word(2014 * 12 + 11)) == ("2014-01", "2014-12")
