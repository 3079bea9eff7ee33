"""Figures of a comparison: made for one, three and five scenarios, legible, and honest about what is not decided."""

from __future__ import annotations

import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from scipy.stats import binomtest

from sim.reports.figures import draw_comparison, draw_robust
from sim.reports.figures.comparison import MARKS, UNDECIDED, forest_rows, pages
from sim.reports.figures.comparison_tables import Compared, batches, discoveries, explained, read, short, sign_test
from sim.reports.figures.gains_and_losses import BETTER, WORSE, Diverging, agrees
from sim.reports.figures.reasons import stages_told_apart, worlds_of
from sim.reports.figures.scales import compact, round_ends, shares, signed
from sim.reports.figures.style import CAVEAT, FONT, Page, quiet

sys.path.insert(0, str(Path(__file__).parent))
from fake_comparison import WHY_WORLDS, make_comparison, make_robust

MARKERS = {marker for marker, _ in [*MARKS.values(), UNDECIDED]}

CASES = {"one": {"others": 1}, "three": {"others": 3}, "five": {"others": 5}, "same": {"others": 2, "same": True},
         "bare": {"others": 1, "why": False, "robust": False, "months": 12}}


@pytest.fixture(scope="module", params=CASES)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_comparison(tmp_path_factory.mktemp(request.param), **CASES[request.param])


@pytest.fixture(scope="module")
def compared(folder: Path) -> Compared:
    return read(folder)


@pytest.fixture(scope="module")
def sheets(compared: Compared) -> list[Page]:
    """The figures, laid out."""
    with quiet():
        made = list(pages(compared))
        for sheet in made:
            assert isinstance(sheet.figure.canvas, FigureCanvasAgg)
            sheet.figure.canvas.draw()
    return made


def texts(sheet: Page) -> list[Text]:
    found = list(sheet.figure.texts)
    for ax in sheet.figure.axes:
        found += ax.texts
        if ax.axison:
            for axis in (ax.xaxis, ax.yaxis):
                found += [t for tick in axis._update_ticks() for t in (tick.label1, tick.label2)]
    return [t for t in found if t.get_visible() and t.get_text().strip()]


def words(sheet: Page) -> str:
    return " ".join(t.get_text() for t in texts(sheet))


def named(sheets: list[Page], start: str) -> list[Page]:
    return [sheet for sheet in sheets if sheet.name.startswith(start)]


def test_no_text_is_cut_off_or_overlaps(sheets: list[Page]) -> None:
    for sheet in sheets:
        canvas = sheet.figure.canvas
        assert isinstance(canvas, FigureCanvasAgg)
        width, height = canvas.get_width_height()
        # The box of a text, without the patch that may stand behind it.
        boxes = [(t.get_text(), Text.get_window_extent(t, canvas.get_renderer())) for t in texts(sheet)]
        for said, box in boxes:
            inside = box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height
            assert inside, f"{sheet.name}: {said!r} leaves the slide at {box.extents}"
        for (a, p), (b, q) in combinations(boxes, 2):
            across, up = min(p.x1, q.x1) - max(p.x0, q.x0), min(p.y1, q.y1) - max(p.y0, q.y0)
            assert across <= 1.5 or up <= 4, f"{sheet.name}: {a!r} and {b!r} overlap"


def test_fonts_are_legible(sheets: list[Page]) -> None:
    """At least 14 points of a 921 point wide slide; only short names inside map tiles may be smaller."""
    for sheet in sheets:
        tiles = {id(t) for ax in sheet.figure.axes if not ax.axison for t in ax.texts}
        small = [t.get_text() for t in texts(sheet) if t.get_fontsize() < FONT and id(t) not in tiles]
        assert not small, f"{sheet.name}: {small}"


def test_every_figure_says_what_it_is(sheets: list[Page], compared: Compared) -> None:
    for sheet in sheets:
        said = words(sheet)
        assert CAVEAT in said, sheet.name
        assert f"{WHY_WORLDS if sheet.name.startswith('why_') else compared.run.worlds} worlds" in said
        assert f"seed {compared.run.seed}" in said


def test_what_was_computed_is_drawn_and_nothing_else(sheets: list[Page], compared: Compared) -> None:
    for start in ("fans_", "displacement_", "map_", "differences_"):
        assert len(named(sheets, start)) >= len(compared.others), start
    assert bool(named(sheets, "why_")) == bool(compared.why)
    assert bool(named(sheets, "robust_")) == bool(compared.robust)
    assert len({sheet.name for sheet in sheets}) == len(sheets)


def test_marks_of_the_forest_are_the_directions_of_the_table(sheets: list[Page], compared: Compared) -> None:
    rows = compared.effects[(compared.effects["place"] == "ALL") & (compared.effects["outcome"] != "effort")]
    rows = rows[rows["direction"] != "same in every world"]
    drawn = [line for sheet in named(sheets, "forest") for ax in sheet.figure.axes if ax.axison for line in ax.lines
             if line.get_markersize() == 9 and line.get_marker() in MARKERS]
    for direction in [*MARKS, "undecided"]:
        marker, colour = MARKS.get(direction, UNDECIDED)
        mine = [line for line in drawn if (line.get_marker(), line.get_color()) == (marker, colour)]
        assert len(mine) == (rows["direction"] == direction).sum(), direction
        assert all((line.get_markerfacecolor() == "white") == (direction == "undecided") for line in mine)


def test_marks_lie_on_the_side_of_their_difference(sheets: list[Page], compared: Compared) -> None:
    ax = next(ax for ax in named(sheets, "forest")[0].figure.axes if ax.axison)
    names = forest_rows(compared)
    for line in ax.lines:
        if line.get_markersize() == 9 and line.get_marker() in MARKERS:
            outcome = names[len(names) - 1 - int(line.get_ydata()[0])]
            row = compared.effect(compared.others[0], outcome, "ALL")
            assert row is not None
            assert np.sign(line.get_xdata()[0]) == np.sign(row["difference_median"])


def test_no_difference_is_said(tmp_path: Path) -> None:
    same = read(make_comparison(tmp_path, others=1, same=True, why=False, robust=False))
    with quiet():
        made = list(pages(same))
    assert "15 not told apart" in words(named(made, "forest")[0])
    assert "same in every world" in words(named(made, "forest")[0])
    assert words(named(made, "differences")[0]).count("the same in every world") == 3
    assert "none told apart" in words(named(made, "map_")[0])


def test_files_are_made_twice_alike(tmp_path: Path) -> None:
    made = make_comparison(tmp_path, others=1, months=24, regions=12)
    first = {path: path.read_bytes() for path in draw_comparison(made, svg=True)}
    assert {path.parent for path in first} == {tmp_path / "figures"}
    assert {path.suffix for path in first} == {".png", ".svg"}
    assert first == {path: path.read_bytes() for path in draw_comparison(made, svg=True)}


def test_robust_alone(tmp_path: Path) -> None:
    make_comparison(tmp_path, others=2, why=False)
    for name in ("effects", "monthly", "regions", "places"):
        (tmp_path / f"{name}.csv").unlink()
    files = draw_robust(tmp_path)
    assert [path.name for path in files if path.suffix == ".png"] == ["robust_theories.png", "robust_regret.png"]


def test_not_the_folder_of_a_comparison(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"effects\.csv"):
        draw_comparison(tmp_path)
    make_robust(tmp_path / "x", ["baseline"], np.random.default_rng(1))
    with pytest.raises(FileNotFoundError, match=r"effects\.csv"):
        draw_comparison(tmp_path / "x")


def test_acts_are_the_places_of_levers_that_the_base_has_not(tmp_path: Path) -> None:
    made = read(make_comparison(tmp_path, others=1, months=12, regions=12))
    assert made.acts == {"baseline": frozenset(), "scenario_0": frozenset({"BB", "AA-01"})}


def test_map_colours_by_hand() -> None:
    values = pd.Series({"a": -500.0, "b": -5.0, "c": 0.0, "d": 5.0, "e": 500.0, "f": np.nan})
    shading = Diverging(values, (10.0, 30.0, 100.0, np.inf), ("", "", "", ""), "")
    assert [shading.colour(r) for r in "abde"] == [BETTER[3], BETTER[0], WORSE[0], WORSE[3]]
    assert shading.colour("c") != shading.colour("f")


def test_sign_test_is_the_exact_one() -> None:
    better, worse = np.array([0, 5, 20, 12, 0]), np.array([0, 0, 3, 12, 1])
    exact = [1.0 if b + w == 0 else binomtest(int(b), int(b + w)).pvalue for b, w in zip(better, worse, strict=True)]
    np.testing.assert_allclose(sign_test(better, worse), exact, rtol=1e-12)


def test_discoveries_by_hand() -> None:
    """Thresholds of five tests at 5 %: 0.01, 0.02, 0.03, 0.04, 0.05; the largest that passes takes all below it."""
    p = np.array([0.025, 0.2, 0.001, 0.03, 0.9])
    assert discoveries(p).tolist() == [True, False, True, True, False]
    assert not discoveries(np.array([0.02, 0.9, 0.9])).any()


def test_short_words() -> None:
    assert [compact(v) for v in (1.5e6, -200_000, 999_700, 5000, 35, 0)] == ["1.5M", "−200k", "1M", "5k", "35", "0"]
    assert [worlds_of(n) for n in (1, 16)] == ["1 world", "16 worlds"]
    assert [signed(v) for v in (12_000, -3.14, 0)] == ["+12k", "−3.1", "0"]
    assert [shares(v) for v in (0.25, -0.014, 1.2, 0)] == ["+25 %", "−1.4 %", "+120 %", "0"]
    assert short("deaths_civilians") == "civilians killed"
    assert explained("residents who reach the distant theatre", "departures").startswith("residents")
    assert explained("attacks", "attacks") == ""


@pytest.mark.parametrize(("low", "high"), [(-640, 310), (-13_500, 900), (-11, 0.001), (0, 7), (-96, 0), (-1, 1)])
def test_an_axis_of_differences_has_three_ticks_and_both_sides(low: float, high: float) -> None:
    start, end, step = round_ends(low, high)
    assert start <= low <= high <= end
    assert (end - start) <= 1.5 * (high - low)
    assert (end >= step) == (high > 0)
    assert (start <= -step) == (low < 0)
    assert np.floor(end / step + 1e-9) - np.ceil(start / step - 1e-9) + 1 >= 3


def test_outcomes_that_get_worse_stand_first(compared: Compared) -> None:
    rows = compared.effects[compared.effects["place"] == "ALL"]
    worse = rows[rows["direction"] == "worse"]["outcome"].value_counts()
    counts = [int(worse.get(outcome, 0)) for outcome in forest_rows(compared)]
    assert counts == sorted(counts, reverse=True)
    assert len(counts) == len(compared.outcomes) - 1


def test_long_titles_of_scenarios_are_not_cut(tmp_path: Path) -> None:
    made = read(make_comparison(tmp_path, others=4, regions=12, robust=False))
    title = made.titles["scenario_3"]
    assert len(title) > 80
    with quiet():
        for sheet in pages(made):
            if sheet.name.startswith(("fans_", "why_", "map_", "displacement_")) and "scenario_3" in sheet.name:
                assert title in words(sheet).replace("  ", " "), sheet.name
    assert made.window == ""


def test_a_window_is_named_and_the_why_is_of_the_whole_run(tmp_path: Path) -> None:
    """The scenario runs to 2017-12; only its first two years were compared, but the curves show all months."""
    made = read(make_comparison(tmp_path, others=1, regions=12, robust=False, last="2012-12"))
    assert made.window == "2011-01 to 2012-12"
    with quiet():
        for sheet in pages(made):
            said = words(sheet)
            if sheet.name.startswith("why_"):
                assert "2011-01 to 2017-12" in said.replace("Whole", "whole")
                assert f"{WHY_WORLDS} worlds" in said
                assert f"{made.run.worlds} worlds" not in said
            else:
                curves = sheet.name.startswith(("fans_", "differences"))
                assert ("effects read 2011-01 to 2012-12" if curves else "2011-01 to 2012-12 only") in said, sheet.name


def test_stages_that_are_not_told_apart_are_hollow(sheets: list[Page], compared: Compared) -> None:
    """The made-up sentences tell recruitment and passage apart, not exposure; destinations are not mentioned."""
    rows = pd.DataFrame({"stage": ["recruitment", "exposure", "destinations", "passage"]})
    if compared.why:
        account = compared.account(compared.others[0], "departures")
        assert stages_told_apart(account, rows) == {"recruitment", "passage"}
    for sheet in named(sheets, "why_"):
        faces = {bars.get_label(): {patch.get_facecolor()[:3] for patch in bars} for bars in
                 next(ax for ax in sheet.figure.axes if len(ax.containers) > 1).containers if len(bars) > 1}
        hollow = {stage for stage, colours in faces.items() if colours == {(1.0, 1.0, 1.0)}}
        assert hollow & set(rows["stage"]) == {"exposure", "destinations"}
    assert stages_told_apart("", rows) == set()


def test_a_bar_of_the_displacement_is_filled_by_one_rule(sheets: list[Page], compared: Compared) -> None:
    for sheet, scenario in zip(named(sheets, "displacement_"), compared.others, strict=True):
        countries = [ax for ax in sheet.figure.axes if ax.axison][::2]
        for ax, outcome in zip(countries, compared.headline(), strict=True):
            for patch, country in zip(ax.patches, compared.run.countries.index, strict=True):
                row = compared.effect(scenario, outcome, str(country))
                assert row is not None
                clear = row["mean_low"] > 0 or row["mean_high"] < 0
                solid = str(row["decided"]) == "True" and clear
                assert (patch.get_facecolor()[:3] != (1.0, 1.0, 1.0)) == solid, (scenario, outcome, country)


def test_a_mean_against_most_worlds_does_not_agree() -> None:
    assert agrees(80, 20, -3.0, "-")
    assert not agrees(80, 20, 3.0, "-")
    assert agrees(80, 20, 3.0, "+")
    assert not agrees(50, 50, 3.0, "-")


def test_batches_hold_everything_once() -> None:
    groups = batches(range(11), 5)
    assert [len(group) for group in groups] == [4, 3, 4]
    assert [one for group in groups for one in group] == list(range(11))
    assert batches([], 5) == []
