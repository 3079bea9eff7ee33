"""The page in Mesa's viewer, rendered without a browser."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from sim.reports.inspect.world import Line
from tests.small import scenario

solara = pytest.importorskip("solara")
widgets = pytest.importorskip("ipywidgets")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # about the making of the viewer's own pages
    page = pytest.importorskip("sim.reports.inspect.page")


@solara.component
def Whole() -> None:
    """The page in its frame: bar and sidebar are drawn only there."""
    with solara.AppLayout():
        page.Page()


class Shown:
    """The page of a world of six months, as a browser would get it."""

    def __init__(self) -> None:
        self.box, self.rendered = solara.render(Whole(), handle_error=False)

    def found(self, kind: str) -> Iterator[Any]:
        """Every widget of a kind, wherever it hangs."""
        left: list[Any] = [self.box]
        while left:
            one = left.pop()
            if isinstance(one, widgets.Widget):
                if type(one).__name__ == kind:
                    yield one
                left += [getattr(one, name, None) for name in ("children", "items")]
            elif isinstance(one, (list, tuple)):
                left += one

    def click(self, label: str) -> None:
        next(one for one in self.found("Btn") if one.children == [label]).click()

    def choose(self, label: str, value: str) -> None:
        next(one for one in self.found("Select") if one.label.endswith(label)).v_model = value

    @property
    def text(self) -> str:
        tables = [str(one.unsafe_innerHTML) for one in self.found("HTML")]
        return " ".join([*tables, *(str(one.children) for one in self.found("Html"))])

    @property
    def map(self) -> bytes:
        return bytes(max((one.value for one in self.found("Image")), key=len))


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shown]:
    monkeypatch.setattr(page, "opening", page.Opening(scenario(end="2011-06", title="Two countries"), 2))
    made = Shown()
    yield made
    made.rendered.close()


def test_a_step_moves_the_month_and_a_reset_begins_again(shown: Shown) -> None:
    assert "World 2, seed 1; month 0 of 6 (2011-01 to 2011-06)" in shown.text
    assert len(list(shown.found("Image"))) == 4
    shown.click("Step")
    shown.click("Step")
    assert "month 2 of 6" in shown.text
    shown.click("Reset")
    assert "month 0 of 6" in shown.text


def test_after_the_last_month_there_is_no_further_step(shown: Shown) -> None:
    for _ in range(6):
        shown.click("Step")
    assert "month 6 of 6" in shown.text
    assert {one.disabled for one in shown.found("Btn") if one.children != ["Reset"]} == {True}


def test_what_is_typed_counts_from_the_next_reset_on(shown: Shown) -> None:
    field = next(one for one in shown.found("TextField") if one.label == "World")
    field.v_model = "5"
    field.fire_event("focusout")
    assert "World 2" in shown.text
    shown.click("Reset")
    assert "World 5, seed 1" in shown.text


def test_another_shading_is_another_map(shown: Shown) -> None:
    before = shown.map
    shown.choose("shading", "effective state presence")
    assert shown.map != before


def test_the_chosen_agent_is_told(shown: Shown) -> None:
    assert "security and administrative capacity" in shown.text
    shown.choose("Agents", "camps")
    assert "men under arms" in shown.text
    shown.choose("Agent", "Northern camp")
    shown.click("Step")
    assert next(one for one in shown.found("Select") if one.label == "Agent").v_model == "Northern camp"
    shown.choose("Agents", "recruiters")
    assert "what the agent does" in shown.text


def test_a_page_says_what_it_is_not(shown: Shown) -> None:
    assert "Exploration under stated assumptions, not a forecast." in shown.text


def test_numbers_are_short_and_years_are_whole() -> None:
    assert [page._value(Line("", value, unit, "")) for value, unit in (
        (1998.0, "year"), (0.1234, "0-1"), (0.0, "0-1"), (69474.9, "persons"), ("TN", ""))
            ] == ["1998", "0.123", "0", "69\u2009500", "TN"]
