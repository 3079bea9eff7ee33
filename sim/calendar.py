"""Calendar months as whole numbers."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import Any

_PATTERN = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
FIRST_YEAR, LAST_YEAR = 1900, 2100
ALLOWED = f"a month as YYYY-MM, from {FIRST_YEAR}-01 to {LAST_YEAR}-12"


class Month(int):
    """Months since January of year 0: ordered, hashable, ``b - a`` counts months.

    >>> Month.parse("2014-08") - Month.parse("2014-01")
    7
    >>> str(Month.parse("2014-12") + 1)
    '2015-01'
    """

    __slots__ = ()

    @classmethod
    def of(cls, year: int, month: int) -> Month:
        """The month of this year (1-12)."""
        if not (1 <= month <= 12 and FIRST_YEAR <= year <= LAST_YEAR):
            raise ValueError(f"{year:04d}-{month:02d} is not {ALLOWED}")
        return cls(year * 12 + month - 1)

    @classmethod
    def parse(cls, text: str | Month) -> Month:
        """Read ``YYYY-MM``; a Month passes through. Raises ValueError otherwise."""
        if isinstance(text, Month):
            return text
        found = _PATTERN.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            raise ValueError(f"{text!r} is not {ALLOWED}")
        return cls.of(int(found[1]), int(found[2]))

    @property
    def year(self) -> int:
        return int(self) // 12

    @property
    def month(self) -> int:
        """Month of the year, 1-12."""
        return int(self) % 12 + 1

    @property
    def date(self) -> datetime.date:
        """First day of the month."""
        return datetime.date(self.year, self.month, 1)

    def to(self, end: Month) -> Iterator[Month]:
        """Every month from this one to ``end``, both included."""
        return (Month(value) for value in range(int(self), int(end) + 1))

    def __add__(self, months: int) -> Month:
        return Month(int(self) + months)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    def __repr__(self) -> str:
        return f"Month({str(self)!r})"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(
            cls.parse, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^\d{4}-(0[1-9]|1[0-2])$", "examples": ["2014-08"]}
