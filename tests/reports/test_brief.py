"""The brief: self-contained, whole, trust before effects, and nothing that gets worse is left out."""

from __future__ import annotations

import json
import re
import sys
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from sim.errors import UserError
from sim.inputs.numbers import DATA, coefficients
from sim.reports import brief
from sim.runs.results import DISCLAIMER

sys.path.insert(0, str(Path(__file__).parent / "figures"))
from fake_comparison import make_comparison

VOID = {"meta", "br", "img"}


class Reader(HTMLParser):
    """Checks that tags close in order, and keeps the words and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, self.getpos()

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(text: str) -> tuple[str, Reader]:
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    return re.sub(r"\s+", " ", " ".join(reader.words)), reader


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_comparison(tmp_path_factory.mktemp("compared"), others=2, regions=12, months=24)


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    path = brief.write(folder)
    assert path == folder / "brief.html"
    return path.read_text(encoding="utf-8")


def test_it_is_whole_and_needs_nothing_else(page: str) -> None:
    _, reader = read(page)
    assert "http" not in re.sub("http-equiv|base64,[A-Za-z0-9+/=]*", "", page)
    assert not {tag for tag, _ in reader.tags} & {"script", "link", "iframe", "a"}
    images = [attributes for tag, attributes in reader.tags if tag == "img"]
    assert len(images) >= 1 + 1 + 2 * 3  # forest, months, and for each scenario where (2) and why (1 or more)
    assert all(str(image["src"]).startswith("data:image/png;base64,iVBORw0KGgo") and image["alt"] for image in images)
    assert "@page { size: A4" in page
    assert f'@bottom-left {{ content: "{DISCLAIMER}"' in page
    assert "counter(page)" in page


def test_trust_stands_before_effects_and_the_sections_are_in_order(page: str) -> None:
    words, _ = read(page)
    heads = ["The question", "How far to trust", "What changes", "What gets worse", "5. Why", "rival theories?",
             "What it costs", "What is assumed", "9. Use", "How to get the same numbers"]
    places = [words.index(head) for head in heads]
    assert places == sorted(places)


def test_trust_is_counted_from_the_shipped_scoreboard(page: str) -> None:
    board = pd.read_csv(DATA / "maghreb" / "scoreboard.csv")
    words, _ = read(page)
    for role, told in brief.ROLES.items():
        own = board[(board["part"] == "target") & (board["role"] == role)]
        assert re.search(rf"{role}: {told} +{int((own['hit'] == 1).sum())} +{len(own)} ", words)
    missed = board[(board["part"] == "target") & (board["hit"] != 1)]
    near = missed[missed["topic"].isin({topic for topics in brief.TOPICS.values() for topic in topics})]
    assert len(near) > 0
    assert all(str(statement) in words for statement in near["statement"])


def test_everything_that_gets_worse_is_told(page: str, folder: Path) -> None:
    effects = pd.read_csv(folder / "effects.csv", keep_default_na=False)
    words, _ = read(page)
    section = words[words.index("4. What gets worse"):words.index("5. Why")]
    worse = effects[effects["direction"] == "worse"]
    assert len(worse) > 0
    assert all(verdict in section for verdict in worse["verdict"])
    assert not any(verdict in section for verdict in effects.loc[effects["direction"] == "better", "verdict"])


def test_patterns_that_are_not_shown_are_all_listed(page: str) -> None:
    board = pd.read_csv(DATA / "maghreb" / "scoreboard.csv")
    words, _ = read(page)
    left = board[(board["part"] == "pattern") & (board["verdict"] != "shown")]
    assert set(left["verdict"]) <= set(brief.PATTERNS)
    for verdict, own in left.groupby("verdict"):
        assert f"{brief.PATTERNS[verdict]} ({len(own)}): " in words
    assert all(f"{row.id} ({row.statement})" in words for row in left.itertuples())
    assert "International Crisis Group" in words


def test_each_lever_is_told_once(page: str) -> None:
    """Both scenarios add the same lever."""
    words, _ = read(page)
    assert words.count("Turns border effort") == 1
    assert words.count("strength 0.8, built up over 6 months") == 2


def test_effect_per_effort_only_of_what_is_told_apart(tmp_path: Path) -> None:
    """240 units of effort, so that the interval is that of the mean over 0.24; that of attacks is made to span zero."""
    made = make_comparison(tmp_path, others=1, regions=12, months=12, why=False, robust=False)
    (made / "figures").mkdir()
    effects = pd.read_csv(made / "effects.csv", keep_default_na=False)
    effects.loc[effects["outcome"] == "attacks", ["mean_low", "mean_high"]] = -5.0, 7.0
    effects.to_csv(made / "effects.csv", index=False)
    words, _ = read(brief.write(made).read_text(encoding="utf-8"))
    section = words[words.index("7. What it costs"):words.index("8. What is assumed")]
    leading = effects["outcome"].isin(["departures", "attacks", "controlled_residents"])
    own = effects[(effects["place"] == "ALL") & leading]
    told = own["direction"].isin(brief.DECIDED) & ((own["mean_low"] > 0) | (own["mean_high"] < 0))
    assert 0 < told.sum() < len(own)
    assert "Mean change per 1,000 units" in section
    for is_told, row in zip(told, own.itertuples(), strict=True):
        interval = f"({brief.signed(row.mean_low / 0.24)} to {brief.signed(row.mean_high / 0.24)})"
        assert (interval in section) == is_told


def test_harm_in_regions_is_not_called_nothing(tmp_path: Path) -> None:
    """No country is decided to get worse; departures rise in every world of two regions."""
    made = make_comparison(tmp_path, others=1, regions=12, months=12, why=False, robust=False, same=True)
    (made / "figures").mkdir()
    table = pd.read_csv(made / "regions.csv", keep_default_na=False)
    hit = (table["outcome"] == "departures") & table["region"].isin(table["region"].unique()[:2])
    table.loc[hit, ["difference_mean", "share_worse"]] = 2.0, 1.0
    table.to_csv(made / "regions.csv", index=False)
    words, _ = read(brief.write(made).read_text(encoding="utf-8"))
    assert "Nothing is decided to get worse for countries; it is in regions." in words
    assert re.search(r"Largest harm by region, .*: decided in 2 regions", words)
    assert "That is not the same as nothing" not in words


def test_one_world_has_no_interval() -> None:
    one = {"median": 5.0, "low90": float("nan"), "high90": float("nan")}
    assert brief._with_range(one) == "5"
    assert brief._with_range(one | {"low90": 1.0, "high90": 9.0}) == "5 (1 to 9)"
    assert [brief.worlds_of(n) for n in (1, 1200)] == ["1 world", "1,200 worlds"]


def test_places_where_a_scenario_does_not_act_are_marked(page: str) -> None:
    """It acts in BB and in one region of AA, so CC and DD are outside."""
    words, _ = read(page)
    places = "All countries together|Arland|Borvia|Cassel|Dunmark"
    lines = re.findall(rf"({places}): [^()]*\([^)]*\)( *\(the scenario)?", words)
    marked = {place: {bool(note) for name, note in lines if name == place} for place, _ in lines}
    assert marked.pop("All countries together") == {False}
    assert marked == {"Arland": {False}, "Borvia": {False}, "Cassel": {True}, "Dunmark": {True}}


def test_text_of_users_is_escaped(page: str) -> None:
    assert "Question 0 &amp; &lt;more&gt;?" in page
    assert "<more>" not in page


def test_assumptions_and_command(page: str) -> None:
    words, _ = read(page)
    count = sum(number.confidence == "assumed" for number in coefficients().values())
    assert re.search(rf"Coefficients of the mechanisms +\d+ +\d+ +{count} +{len(coefficients())}", words)
    assert "strength 0.8, built up over 6 months" in words
    assert "Turns border effort" in words
    assert "python run.py compare baseline.yaml other.yaml" in words
    assert "seed 5" in words
    assert "150 comparisons were made" in words


def test_effort_is_said_to_be_more_or_less(tmp_path: Path) -> None:
    bare = make_comparison(tmp_path, others=1, regions=12, months=12, why=False, robust=False)
    (bare / "figures").mkdir()
    effects = pd.read_csv(bare / "effects.csv", keep_default_na=False)
    for effort, told in ((1234.0, "1,234 units more than"), (-57.0, "57 units less than"), (0.0, "no more than")):
        effects.assign(effort=effort).to_csv(bare / "effects.csv", index=False)
        words, _ = read(brief.write(bare).read_text(encoding="utf-8"))
        assert f": {told} the base" in words


def test_why_and_theories_are_told(page: str) -> None:
    words, _ = read(page)
    assert words.count("Fewer people come to sympathise") == 2
    assert "least favourable theory" in words


def test_what_was_not_worked_out_is_said(tmp_path: Path) -> None:
    bare = make_comparison(tmp_path, others=1, regions=12, months=12, why=False, robust=False, same=True)
    (bare / "figures").mkdir()
    words, _ = read(brief.write(bare).read_text(encoding="utf-8"))
    assert "unless it is told --no-why" in re.sub(" +", " ", words)
    assert "--robust" in words
    assert "Nothing is decided to get worse" in words
    assert "Largest harm by region" not in words


def test_a_world_without_scoreboard_is_an_exercise(tmp_path: Path) -> None:
    made = make_comparison(tmp_path, others=1, regions=12, months=12, why=False, robust=False)
    (made / "figures").mkdir()
    manifest = json.loads((made / "manifest.json").read_text(encoding="utf-8")) | {"world": "two_countries"}
    (made / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert "Take it as an exercise" in read(brief.write(made).read_text(encoding="utf-8"))[0].replace("  ", " ")


def test_twice_alike_and_to_another_place(folder: Path, page: str, tmp_path: Path) -> None:
    other = brief.write(folder, tmp_path / "other.html")
    assert other.read_text(encoding="utf-8") == page
    assert not (folder / "figures").exists()  # drawn for the occasion only


def test_mistakes_are_told_in_one_message(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no such folder"):
        brief.write(tmp_path / "nowhere")
    with pytest.raises(UserError, match="--out needs the name of a file"):
        brief.write(folder, tmp_path)
    with pytest.raises(UserError, match="there is no folder"):
        brief.write(folder, tmp_path / "missing" / "brief.html")
    (tmp_path / "manifest.json").write_text('{"schema_version": 1, "kind": "run"}', encoding="utf-8")
    with pytest.raises(UserError, match="not the folder of a comparison"):
        brief.write(tmp_path)


def test_nothing_half_written_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        brief._replace(tmp_path / "brief.html", "text")
    assert list(tmp_path.iterdir()) == []


def test_numbers_to_read() -> None:
    assert [brief.number(v) for v in (0, -0.25, 3.14159, 99.96, 1234.5, -12345, float("nan"))] == [
        "0", "−0.25", "3.14", "100", "1,234", "−12,345", "–"]
    assert [brief.signed(v) for v in (2, 0, -2)] == ["+2", "0", "−2"]
    assert unescape("&minus;") == brief.number(-1)[0]
