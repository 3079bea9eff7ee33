"""Hexagon tile map: one tile per region, laid out by hand in the table of places."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection

from sim.reports.figures.run_tables import Run, wilson
from sim.reports.figures.style import (
    BOTTOM,
    FONT,
    INK,
    LEFT,
    SOFT,
    TOP,
    WIDTH,
    Page,
    fit,
    interval,
    number,
    on_colour,
    page,
    text_width,
)
from sim.words import percent

RISE = np.sqrt(3) / 2  # height of a row of hexagons one unit wide
SCHEMATIC = "Schematic tile map: one tile per region, not to scale; it takes no position on territorial status."
NONE = "#f7f7f7"
LIST, ITEM = 236.0, 39.0  # points: width of the list of the highest regions, height of an entry
CORNERS = np.array([(0.5 * np.sign(c), s) for c, s in ((0, 1), (1, 0.5), (1, -0.5), (0, -1), (-1, -0.5), (-1, 0.5))])
CORNERS[:, 1] /= np.sqrt(3)


@dataclass(frozen=True)
class Shading:
    """Value per region sorted into classes: class k holds values above edges[k - 1] up to edges[k]; zero apart."""

    values: pd.Series
    edges: tuple[float, ...]
    labels: tuple[str, ...]
    unit: str

    @cached_property
    def colours(self) -> list[tuple[float, float, float]]:
        """One colour per class, light to dark."""
        steps = np.linspace(0.04, 1.0, len(self.edges))
        full = np.array([colormaps["cividis_r"](s)[:3] for s in steps])
        # The lightest class is paled, so that the eye goes to the dark ones.
        pale = 0.4 * (1 - steps[:, None]) ** 2
        return [(float(r), float(g), float(b)) for r, g, b in full + pale * (1 - full)]

    def colour(self, region: str) -> object:
        """Colour of a region's tile."""
        value = float(self.values[region])
        if not value > 0:
            return NONE if value == 0 else "white"
        return self.colours[min(int(np.searchsorted(self.edges, value)), len(self.edges) - 1)]


def map_departures(run: Run) -> Page:
    """Departures to the theatre over the run per million inhabitants."""
    shading = departures_shading(run)
    totals = run.totals("departures")

    def words(region: str) -> str:
        assert totals is not None
        mean, low, high = totals.loc[region].to_numpy(dtype=float) / float(run.regions["residents"][region]) * 1e6
        return number(mean) + (f" ({interval(low, high)})" if low == low and run.worlds > 1 else "")

    period = f"{run.months[0]:%Y-%m} to {run.months[-1]:%Y-%m}"
    sheet = page(
        run,
        "map_departures",
        "Departures to the theatre per million inhabitants",
        f"Sum over {period}, mean of {_worlds(run)}"
        + ("; in brackets the 90 % range between worlds" if run.worlds > 1 else ""),
    )
    _compose(sheet, run, shading, words, "departures not recorded", "no departures in any world")
    return sheet


def map_foothold(run: Run) -> Page:
    """Share of worlds in which the region held a foothold in some month; else the peak of mean control."""
    shading = foothold_shading(run)
    if shading is None and run.has("control", "region"):
        return _map_control(run)

    def words(region: str) -> str:
        assert shading is not None
        share = float(shading.values[region])
        low, high = wilson(np.array([share]), run.worlds)
        return f"{percent(share)} ({100 * low[0]:.0f}–{100 * high[0]:.0f})"

    sheet = page(
        run,
        "map_foothold",
        "Chance of a foothold at any time in the run",
        f"Share of {_worlds(run)} in which the region held one in some month; in brackets the Wilson 90 % interval",
    )
    _compose(sheet, run, shading, words, "foothold not recorded", "no foothold in any world")
    return sheet


def _map_control(run: Run) -> Page:
    grid = run.grid("control")
    assert grid is not None
    peak = grid.max(axis=1)
    labels = ("up to 2 %", "2–5", "5–10", "10–25", "above 25 %")
    shading = Shading(peak, (0.02, 0.05, 0.1, 0.25, 1.0), labels, "of residents")
    sheet = page(
        run,
        "map_foothold",
        "Peak control by the movement",
        f"Highest monthly mean of {_worlds(run)}: share of residents",
    )
    _compose(
        sheet,
        run,
        shading,
        lambda r: percent(float(peak[r])),
        "control not recorded",
        "no control by the movement in any world",
    )
    return sheet


def departures_shading(run: Run) -> Shading | None:
    """Classes on a 1-3-10 ladder under the highest value."""
    totals = run.totals("departures")
    if totals is None:
        return None
    million = run.regions["residents"].where(run.regions["residents"] > 0) / 1e6
    values = totals["mean"] / million
    top = float(values.max()) if (values > 0).any() else 1.0
    ladder = [m * 10.0**k for k in range(-4, 7) for m in (1.0, 3.0)]
    edges = (*[e for e in ladder if e < top][-4:], np.inf)
    finite = [number(e) for e in edges[:-1]]
    middle = [f"{a}–{b}" for a, b in pairwise(finite)]
    return Shading(values, edges, (f"up to {finite[0]}", *middle, f"above {finite[-1]}"), "per million")


def foothold_shading(run: Run) -> Shading | None:
    """Fixed classes of probability."""
    ever = run.foothold_ever
    if ever is None:
        return None
    labels = ("up to 5 %", "5–10", "10–25", "25–50", "above 50 %")
    return Shading(ever, (0.05, 0.1, 0.25, 0.5, 1.0), labels, "of worlds")


def _worlds(run: Run) -> str:
    return "one world" if run.worlds == 1 else f"{number(run.worlds)} worlds"


def _compose(
    sheet: Page, run: Run, shading: Shading | None, words: Callable[[str], str], missing: str, nothing: str
) -> None:
    """Map, list of the highest regions, key and footnote."""
    key_y = BOTTOM + 24.0
    sheet.text(LEFT, BOTTOM + 3, fit(SCHEMATIC, WIDTH - 2 * LEFT), color=SOFT)
    centres = tile_centres(run.regions)
    empty = shading is None or not (shading.values > 0).any()
    if shading is None:
        shading = Shading(pd.Series(np.nan, index=run.regions.index), (np.inf,), ("any",), "")
    left, floor, width, height = LEFT, key_y + 22.0, WIDTH - 2 * LEFT, TOP - key_y - 24.0
    if empty:
        draw_map(sheet, run, shading, (left, floor, width, height), centres)
        sheet.text(LEFT, key_y, missing if shading.values.isna().all() else nothing, fontsize=16, fontweight="bold")
        return
    draw_key(sheet, shading, LEFT, key_y)
    # The list stands beside the map, or below it where the map is so wide that it comes out larger so.
    spans = [float(centres[k].max() - centres[k].min()) + pad for k, pad in (("x", 1.1), ("y", 3.0))]
    beside = min((width - LIST - 12) / spans[0], height / spans[1])
    below = min(width / spans[0], (height - 2 * ITEM - 26) / spans[1])
    if beside >= below:
        draw_map(sheet, run, shading, (left, floor, width - LIST - 12, height), centres)
        _highest(sheet, run, shading, words, (WIDTH - LEFT - LIST, TOP), (1, int((TOP - floor - 24) // ITEM)))
    else:
        strip = 2 * ITEM + 26
        draw_map(sheet, run, shading, (left, floor + strip, width, height - strip), centres)
        _highest(sheet, run, shading, words, (LEFT, floor + strip - 2), (3, 2))


def _highest(
    sheet: Page,
    run: Run,
    shading: Shading,
    words: Callable[[str], str],
    corner: tuple[float, float],
    shape: tuple[int, int],
) -> None:
    """List of the regions with the highest values, two lines each, in (columns, rows) below a top left corner."""
    left, top = corner
    columns, rows = shape
    pitch = (WIDTH - LEFT - left) / columns
    values = shading.values[shading.values > 0].sort_values(ascending=False, kind="stable")
    n = min(len(values), columns * rows)
    short = abbreviations(run.regions)
    sheet.text(left, top - 14, "Highest" if n > 1 else "Only region", fontweight="bold")
    for i, region in enumerate(values.index[:n]):
        x, y = left + (i // rows) * pitch, top - 38 - (i % rows) * ITEM
        colour = shading.colour(region)
        sheet.box(x, y - 19, 42, 32, facecolor=colour, edgecolor=SOFT, linewidth=0.6)
        sheet.text(x + 21, y - 3, short[region], ha="center", va="center_baseline", color=on_colour(colour))
        sheet.text(x + 50, y, fit(str(run.regions["name"][region]), LIST - 50))
        sheet.text(x + 50, y - 17, fit(words(region), LIST - 50), color=SOFT)


def draw_key(sheet: Page, shading: Shading, x: float, y: float) -> None:
    """Classes with their colours, in one row."""
    entries = [("none", NONE), *zip(shading.labels, shading.colours, strict=True)]
    at = x
    for label, colour in entries:
        sheet.box(at, y - 2, 24, 14, facecolor=colour, edgecolor=SOFT, linewidth=0.6)
        sheet.text(at + 29, y, label)
        at += 29 + text_width(label) + 14
    sheet.text(at, y, shading.unit, color=SOFT)


def tile_centres(regions: pd.DataFrame) -> pd.DataFrame:
    """Centre x, y of each tile in tile widths, y upward; odd rows are shifted right by half a tile."""
    col, row = regions["tile_col"].astype(float), regions["tile_row"].astype(float)
    x = col + 0.5 * (row.astype(int) % 2)
    lat = regions["lat"].astype(float) if "lat" in regions else pd.Series(np.nan, index=regions.index)
    down = -1.0
    if row.nunique() > 1 and lat.notna().all() and lat.nunique() > 1 and np.corrcoef(row, lat)[0, 1] > 0:
        down = 1.0  # a layout that counts rows from the south
    return pd.DataFrame({"x": x, "y": down * row * RISE, "country": regions["country"]})


def draw_map(
    sheet: Page,
    run: Run,
    shading: Shading,
    box: tuple[float, float, float, float],
    centres: pd.DataFrame,
    labels: bool = True,
) -> Axes:
    """Tiles, borders between countries, names of countries and short names of regions."""
    x, y, width, height = box
    xs, ys = centres["x"].to_numpy(), centres["y"].to_numpy()
    low = np.array([xs.min() - 0.55, ys.min() - 0.62])
    high = np.array([xs.max() + 0.55, ys.max() + 0.62])
    best: tuple[float, list[tuple[float, float, str]], np.ndarray, np.ndarray] | None = None
    for margin in (0.0, 0.5, 1.0, 1.5):  # room above and below for names of countries
        a, b = low - np.array([0, margin]), high + np.array([0, margin])
        scale = min(width / (b - a)[0], height / (b - a)[1])
        # Spare room of the box belongs to the map.
        spare = (np.array([width, height]) / scale - (b - a)) / 2
        names = place_names(run, centres, scale, a - spare, b + spare)
        if best is None or len(names) > len(best[1]):
            best = (scale, names, a - spare, b + spare)
        if len(names) == len(run.countries):
            break
    assert best is not None
    scale, names, a, b = best
    ax = sheet.axes(x, y, width, height)
    ax.set_xlim(a[0], b[0])
    ax.set_ylim(a[1], b[1])
    ax.axis("off")
    outline = np.stack([np.column_stack([cx, cy]) + CORNERS for cx, cy in zip(xs, ys, strict=True)])
    fills = [shading.colour(str(r)) for r in centres.index]
    ax.add_collection(PolyCollection(list(outline), facecolors=fills, edgecolors="#b5b5b5", linewidths=0.9))  # type: ignore[arg-type]
    inner, outer = borders(centres)
    ax.add_collection(LineCollection(outer, colors=INK, linewidths=1.3, capstyle="round"))
    ax.add_collection(LineCollection(inner, colors=INK, linewidths=3.6, capstyle="round"))
    if labels:
        short = abbreviations(run.regions)
        widest = max(text_width(t) for t in short.values())
        size = min(FONT, FONT * 0.93 * scale / widest)
        for r, cx, cy, fill in zip(centres.index, xs, ys, fills, strict=True):
            ax.text(cx, cy, short[str(r)], ha="center", va="center_baseline", fontsize=size, color=on_colour(fill))
    for nx, ny, name in names:
        ax.text(nx, ny, name, ha="center", va="center", fontsize=16, fontweight="bold")
    return ax


def borders(centres: pd.DataFrame) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Edges between tiles of different countries, and edges with no tile beyond."""
    points = centres[["x", "y"]].to_numpy(dtype=float)
    # Half tile widths across, rows up.
    cells = [(round(2 * x), round(y / RISE)) for x, y in points]
    at = dict(zip(cells, centres["country"].astype(str), strict=True))
    inner, outer = [], []
    # Neighbour across the edge from corner k to corner k + 1.
    steps = ((1, 1), (2, 0), (1, -1), (-1, -1), (-2, 0), (-1, 1))
    for point, here in zip(points, cells, strict=True):
        for k, (dx, dy) in enumerate(steps):
            edge = point + CORNERS[[k, (k + 1) % 6]]
            other = at.get((here[0] + dx, here[1] + dy))
            if other is None:
                outer.append(edge)
            elif other != at[here] and k < 3:
                inner.append(edge)
    return inner, outer


def place_names(
    run: Run, centres: pd.DataFrame, scale: float, low: np.ndarray, high: np.ndarray
) -> list[tuple[float, float, str]]:
    """Places for the names of countries off all tiles, near their own: (x, y, name) in tile widths."""
    tiles = centres[["x", "y"]].to_numpy()
    taken: list[tuple[float, float, float, float]] = []
    names = []
    for country, name in run.countries["name"].items():
        own = tiles[(centres["country"] == country).to_numpy()]
        if not len(own):
            continue
        half = np.array([text_width(str(name), 16, "bold") / 2 + 3, 10.0]) / scale
        gx, gy = np.meshgrid(
            np.arange(low[0] + half[0], high[0] - half[0] + 1e-9, 0.25),
            np.arange(low[1] + half[1], high[1] - half[1] + 1e-9, 0.2),
        )
        spots = np.column_stack([gx.ravel(), gy.ravel()])
        if not len(spots):
            continue
        # Gaps between the text box and the middle of each tile; tiles are one unit wide.
        across, up = (np.abs(spots[:, None, k] - tiles[None, :, k]) - half[k] for k in (0, 1))
        free = (np.maximum(across, up) - 0.5 > 0.02).all(axis=1)
        for x, y, w, h in taken:
            free &= (np.abs(spots[:, 0] - x) > w + half[0] + 0.3) | (np.abs(spots[:, 1] - y) > h + half[1] + 0.1)
        spots, reach = spots[free], np.hypot(np.maximum(across[free], 0), np.maximum(up[free], 0))
        mine = (centres["country"] == country).to_numpy()
        near = reach[:, mine].min(axis=1)
        far = reach[:, ~mine].min(axis=1) if (~mine).any() else np.full(len(spots), 9.0)
        if not (near < 2.5).any():
            continue
        middle = np.hypot(*(spots - own.mean(axis=0)).T)
        cost = np.where(near < 2.5, near + 0.25 * middle + 3.0 * (far < near + 0.3), np.inf)
        x, y = spots[int(np.argmin(cost))]
        taken.append((float(x), float(y), float(half[0]), float(half[1])))
        names.append((float(x), float(y), str(name)))
    return names


def abbreviations(regions: pd.DataFrame) -> dict[str, str]:
    """Three letters per region, unlike within its country: the first three, else first ones plus later letters."""
    result: dict[str, str] = {}
    for _, part in regions.groupby("country", sort=False):
        used: set[str] = set()
        options = {str(r): _options(str(name)) for r, name in part["name"].items()}
        wanted = Counter(choices[0] for choices in options.values())
        # Those that alone want their first choice get it.
        for region in sorted(options, key=lambda r: (wanted[options[r][0]] > 1, r)):
            code = region.rsplit("-", 1)[-1][:3]
            pick = next((o for o in [*options[region], code] if o not in used), code)
            used.add(pick)
            result[region] = pick
    return result


def _options(name: str) -> list[str]:
    plain = unicodedata.normalize("NFC", name).replace("'", "")
    words = "".join(c if c.isalnum() else " " for c in plain).split()
    if len(words) > 1 and words[-1].isdigit():
        return [words[0][: 3 - min(len(words[-1]), 2)] + words[-1], words[0][:3]]
    articles = {"el", "al", "wadi", "jabal"}
    core = [w for w in words if w.lower() not in articles] or words
    main = core[0]
    options = [main[:3].capitalize()]
    if len(core) > 1:
        options += [main[0].upper() + core[1][0].upper() + core[1][1:2].lower(), main[:2] + core[1][0].upper()]
    options += [main[:2].capitalize() + c.lower() for c in main[3:]]
    options += [main[0].upper() + a.lower() + b.lower() for i, a in enumerate(main[2:], 2) for b in main[i + 1 :]]
    return options
