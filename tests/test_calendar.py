"""Months."""

from __future__ import annotations

import datetime
import pickle

import pytest

from sim.calendar import Month


def test_month() -> None:
    august = Month.parse("2014-08")
    assert (str(august), f"{august}", repr(august)) == ("2014-08", "2014-08", "Month('2014-08')")
    assert (august.year, august.month, august.date) == (2014, 8, datetime.date(2014, 8, 1))
    assert august - Month.parse("2013-12") == 8
    assert isinstance(august + 5, Month)
    assert str(august + 5) == "2015-01"
    winter = Month.parse("2014-12").to(Month.parse("2015-02"))
    assert [str(month) for month in winter] == ["2014-12", "2015-01", "2015-02"]
    assert pickle.loads(pickle.dumps(august)) == august


@pytest.mark.parametrize("text", ["2014-13", "2014-00", "2014-8", "2014", "", "14-08", "2014-08-01", " 2014-08",
                                  "1899-12", "2101-01", "२०१४-०८", 2014, None])
def test_impossible_months(text: object) -> None:
    with pytest.raises(ValueError, match="YYYY-MM"):
        Month.parse(text)  # type: ignore[arg-type]
