"""Numbers and lists in sentences."""

from __future__ import annotations

from sim.words import counted, finer_percent, listed, percent, worlds_of


def test_numbers_of_things() -> None:
    assert [worlds_of(n) for n in (1, 2, 1200)] == ["1 world", "2 worlds", "1,200 worlds"]
    assert counted(2, "country", "countries") == "2 countries"
    assert listed("abcd", 2) == "a, b and 2 more"


def test_what_is_rare_is_not_said_to_be_never() -> None:
    said = [percent(share) for share in (0, 0.001, 0.255, 0.994, 0.999, 1, float("nan"))]
    assert said == ["0 %", "under 1 %", "26 %", "99 %", "over 99 %", "100 %", "–"]
    assert [finer_percent(share) for share in (0, 0.004, 0.255, 0.996)] == ["0 %", "0.4 %", "26 %", "99.6 %"]
