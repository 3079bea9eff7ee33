"""Every figure of a sweep is made, legible and says what it is, for any design."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from sim.figures import draw_sweep
from sim.figures.style import CAVEAT, FONT, Page, quiet
from sim.figures.sweep import pages
from sim.figures.swept import month_word, read
from sim.sweeps.analysis import analyse
from sim.sweeps.rows import Rows
from tests.sweeps import functions
from tests.sweeps.functions import made, vary

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


def test_fonts_are_legible_and_every_page_says_what_it_is(sheets: list[Page]) -> None:
    for sheet in sheets:
        assert not [t.get_text() for t in texts(sheet) if t.get_fontsize() < FONT]
        words = " ".join(t.get_text() for t in sheet.figure.texts)
        assert CAVEAT in words
        assert "A sweep of a known function" in words
        assert "period 'all'" in words or "Dot: value" in words or "PRIM" in words


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
    files = draw_sweep(case[1])
    first = {path.name: path.read_bytes() for path in files}
    assert {path.suffix for path in files} == {".png", ".svg"}
    assert {path.name: path.read_bytes() for path in draw_sweep(case[1])} == first


def test_months_in_words() -> None:
    assert (month_word(2014 * 12), month_word(2014 * 12 + 11)) == ("2014-01", "2014-12")
