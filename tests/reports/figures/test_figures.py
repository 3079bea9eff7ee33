"""Every figure is made, legible and honest, for any geography."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.text import Text

from sim.reports.figures import draw_run, draw_tables
from sim.reports.figures.curves import MAX_EVENTS, major_events
from sim.reports.figures.run_figures import FIGURES, pages
from sim.reports.figures.run_tables import Run, from_memory, read_folder, wilson
from sim.reports.figures.style import CAVEAT, COLOURS, DASHES, FONT, Page, fit, number, quiet, spread, text_width
from sim.reports.figures.tilemap import abbreviations, borders, tile_centres

sys.path.insert(0, str(Path(__file__).parent))
from synthetic import invented_places, make_run, with_countries

ROOT = Path(__file__).parents[3]


def maghreb() -> pd.DataFrame:
    """The shipped regions with their tiles."""
    data = ROOT / "sim" / "data" / "maghreb"
    if not (data / "regions.csv").exists():
        pytest.skip("the Maghreb data folder is not there yet")
    regions = pd.read_csv(data / "regions.csv", keep_default_na=False).assign(
        scope="region", residents=400_000, youth=150_000
    )
    countries = pd.read_csv(data / "countries.csv", keep_default_na=False)
    return with_countries(regions, dict(zip(countries["id"], countries["name"], strict=True)))


CASES = ("maghreb", "none", "two", "six", "one", "short", "rare")


@pytest.fixture(scope="module", params=CASES)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Result folders of several shapes."""
    out = tmp_path_factory.mktemp(request.param)
    if request.param == "maghreb":
        return make_run(out, maghreb(), worlds=12)
    if request.param == "none":
        return make_run(out, invented_places(4, 40), worlds=4, zero=True)
    if request.param == "two":
        return make_run(out, invented_places(2, 7), worlds=6, months=36)
    if request.param == "six":
        return make_run(out, invented_places(6, 120), worlds=6)
    if request.param == "one":
        return make_run(out, invented_places(3, 20), worlds=1, months=60)
    if request.param == "short":
        return make_run(out, invented_places(4, 30), worlds=6, months=9)
    return make_run(out, invented_places(3, 30), worlds=300, months=24, scale=0.002)


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    return read_folder(folder)


@pytest.fixture(scope="module")
def sheets(run: Run) -> list[Page]:
    """The figures, laid out."""
    made = pages(run)
    with quiet():
        for sheet in made:
            assert isinstance(sheet.figure.canvas, FigureCanvasAgg)
            sheet.figure.canvas.draw()
    return made


def texts(sheet: Page) -> list[Text]:
    """Every visible text of a figure, labels of ticks included, labels outside the axis not."""
    found = list(sheet.figure.texts)
    for ax in sheet.figure.axes:
        found += ax.texts
        if ax.axison:
            for axis in (ax.xaxis, ax.yaxis):
                found += [t for tick in axis._update_ticks() for t in (tick.label1, tick.label2)]
    return [t for t in found if t.get_visible() and t.get_text().strip()]


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
            # A box holds some air above and below the glyphs: four pixels of 1080 do not show.
            across, up = min(p.x1, q.x1) - max(p.x0, q.x0), min(p.y1, q.y1) - max(p.y0, q.y0)
            assert across <= 1.5 or up <= 4, f"{sheet.name}: {a!r} and {b!r} overlap"


def test_fonts_are_legible(sheets: list[Page]) -> None:
    """At least 14 points of a 921 point wide slide; only short names inside map tiles may be smaller."""
    for sheet in sheets:
        tiles = {id(t) for ax in sheet.figure.axes if not ax.axison for t in ax.texts}
        small = [t.get_text() for t in texts(sheet) if t.get_fontsize() < FONT and id(t) not in tiles]
        assert not small, f"{sheet.name}: {small}"


def test_every_figure_says_what_it_is(sheets: list[Page], run: Run) -> None:
    for sheet in sheets:
        words = " ".join(t.get_text() for t in sheet.figure.texts)
        assert CAVEAT in words
        assert run.title in words
        assert ("1 world ·" if run.worlds == 1 else f"{run.worlds} worlds ·") in words
        assert f"seed {run.seed}" in words


def test_files_are_made_and_text_stays_text(folder: Path) -> None:
    assert draw_run(folder) == [folder / "figures" / f"{name}.png" for name in FIGURES]
    files = draw_run(folder, svg=True)
    assert files == [folder / "figures" / f"{name}.{ext}" for name in FIGURES for ext in ("png", "svg")]
    for path in files:
        if path.suffix == ".png":
            head = path.read_bytes()[:24]
            assert head[:4] == b"\x89PNG"
            assert (int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")) == (1920, 1080)
        else:
            text = path.read_text(encoding="utf-8")
            assert CAVEAT in " ".join(
                e.text or "" for e in ET.fromstring(text).iter("{http://www.w3.org/2000/svg}text")
            )
            assert "<dc:date>" not in text
            assert path.stat().st_size < 3_000_000


def test_same_tables_same_bytes(tmp_path: Path) -> None:
    made = make_run(tmp_path / "run", invented_places(2, 7), worlds=4, months=24)
    first = {p.name: p.read_bytes() for p in draw_run(made, svg=True)}
    assert first == {p.name: p.read_bytes() for p in draw_run(made, svg=True)}


def test_nothing_happened_is_said(tmp_path: Path) -> None:
    run = read_folder(make_run(tmp_path, invented_places(2, 7), worlds=3, months=24, zero=True))
    for sheet in pages(run):
        words = " ".join(t.get_text() for t in texts(sheet)).replace("\n", " ")
        assert "in any world" in words, sheet.name


def test_tables_in_memory_and_summary_only(tmp_path: Path) -> None:
    made = make_run(tmp_path / "run", invented_places(3, 20), worlds=4, months=24)
    names = ("summary", "places", "footholds", "events")
    tables = {k: pd.read_csv(made / f"{k}.csv", keep_default_na=False, na_values=[""]) for k in names}
    tables["outcomes"] = pd.read_parquet(made / "outcomes.parquet")
    assert all(p.exists() for p in draw_tables(tables, "In memory", tmp_path / "a", name="memory", seed=5))
    short = {k: tables[k] for k in ("summary", "places")}
    assert len(draw_tables(short, "Short", tmp_path / "b", worlds=4)) == len(FIGURES)
    bare = {"summary": tables["summary"].query("outcome == 'recruits'"), "places": tables["places"]}
    assert len(draw_tables(bare, "Bare", tmp_path / "c", worlds=4)) == len(FIGURES)


def test_a_folder_is_read_to_the_same_sums_as_tables_in_memory(folder: Path, run: Run) -> None:
    tables = {key: pd.read_csv(folder / f"{key}.csv") for key in ("summary", "places")}
    whole = from_memory({**tables, "outcomes": pd.read_parquet(folder / "outcomes.parquet")}, "x", worlds=run.worlds)
    for scope in ("region", "country"):
        for outcome in ("recruits", "departures"):
            pd.testing.assert_frame_equal(run.world_sums(outcome, scope), whole.world_sums(outcome, scope))
    pd.testing.assert_series_equal(run.foothold_ever, whole.foothold_ever)
    assert len(run.outcomes) < len(whole.outcomes)


def test_not_a_result_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"summary\.csv"):
        draw_run(tmp_path)


def test_chance_from_spells_equals_chance_by_month(tmp_path: Path) -> None:
    run = read_folder(make_run(tmp_path, invented_places(2, 30), worlds=10, months=48))
    by_month, spells = run.foothold_chance, run._from_spells("region")
    assert by_month is not None
    assert spells is not None
    np.testing.assert_allclose(by_month, spells, atol=1e-6)


def test_no_pyplot_and_cheap_import() -> None:
    code = (
        "import sys, sim.reports.figures; heavy = {'matplotlib', 'pandas'} & set(sys.modules); assert not heavy, heavy;"
        "import sim.reports.figures.run_figures; assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_wilson_by_hand() -> None:
    low, high = wilson(np.array([0.0, 0.5]), 10, z=2.0)
    # Share 0 of 10: upper end z^2 / (n + z^2); share one half: symmetric about one half.
    assert low[0] == pytest.approx(0.0)
    assert high[0] == pytest.approx(4 / 14)
    assert low[1] + high[1] == pytest.approx(1.0)


def test_spread_keeps_order_and_gap() -> None:
    placed = spread([5.0, 5.0, 6.0, 40.0], 10.0, 0.0, 100.0)
    assert list(np.argsort(placed, kind="stable")) == [0, 1, 2, 3]
    assert np.diff(placed).min() >= 10 - 1e-9
    assert placed[3] == pytest.approx(40.0)
    assert placed.min() >= 0


def test_short_words() -> None:
    assert [number(v) for v in (0, 0.00001, 0.004, 0.05, 3.14, 9.0, 12.6, 12345)] == [
        "0", "under 0.0001", "0.004", "0.05", "3.1", "9", "13", "12\u2009300",
    ]  # fmt: skip
    assert text_width(fit("A very long name of a region indeed", 100)) <= 100
    assert fit("Short", 100) == "Short"


def test_abbreviations_are_unlike_within_a_country() -> None:
    places = maghreb()
    regions = places[places["scope"] == "region"].set_index("id")
    short = pd.Series(abbreviations(regions))
    assert short.str.len().max() <= 3
    assert not short.groupby(regions["country"]).apply(lambda s: s.duplicated().any()).any()


def test_borders_of_two_tiles() -> None:
    regions = pd.DataFrame({"country": ["A", "B"], "tile_col": [0, 1], "tile_row": [0, 0], "lat": [1.0, 1.0]})
    inner, outer = borders(tile_centres(regions))
    assert len(inner) == 1
    assert len(outer) == 10


def test_rows_run_from_north_to_south_either_way() -> None:
    for rows in ([0, 1, 2], [2, 1, 0]):
        regions = pd.DataFrame({"country": "A", "tile_col": 0, "tile_row": rows, "lat": [30.0, 20.0, 10.0]})
        assert tile_centres(regions)["y"].is_monotonic_decreasing


def test_few_events_far_apart(run: Run) -> None:
    events, left_out = major_events(run)
    assert len(events) <= MAX_EVENTS
    assert events["when"].is_monotonic_increasing
    assert left_out >= 0


def test_countries_differ_in_colour_and_dash_and_are_dark_on_white() -> None:
    grey = [0.299 * r + 0.587 * g + 0.114 * b for r, g, b in map(to_rgb, COLOURS[:6])]
    assert max(grey) < 0.62
    assert len(set(COLOURS[:6])) == len({str(d) for d in DASHES[:6]}) == 6
