"""The normal form of column values, and the literals of values that are bound into SQL.

| column                                | value                                                            |
|---------------------------------------|------------------------------------------------------------------|
| TINYINT to BIGINT, YEAR, BOOLEAN      | int (MySQL's BOOLEAN is a TINYINT: 0 or 1; YEAR 0000 is 0)       |
| DECIMAL, FLOAT, DOUBLE                | Decimal of the digits that the server wrote                      |
| CHAR, VARCHAR, TEXT, ENUM, SET, JSON  | str                                                              |
| TIMESTAMP, DATETIME                   | aware datetime in UTC; a DATETIME has no zone: see local_time.py |
| DATE                                  | date                                                             |
| TIME                                  | str, -838:59:59 to 838:59:59, with a fraction where it has one   |
| NULL, and a date that does not exist (0000-00-00, 2026-00-10, the year 0) | None                         |
| BINARY, VARBINARY, BLOB, BIT, GEOMETRY | not supported: ROW_VALUE_UNSUPPORTED                            |
| VECTOR, and types that come later     | not supported: ROW_VALUE_UNSUPPORTED                             |
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Any

from pymysql import converters
from pymysql.constants import FIELD_TYPE

from handler.errors import SourceError
from handler.local_time import Zone, digits, moment
from handler.model import Row, Value


def conversions(zone: Zone) -> dict[type[Any] | int, Callable[..., Any]]:
    """Return PyMySQL's table for both directions: column type to reader of text, Python type to writer of a literal."""

    def literal(value: datetime, _mapping: object = None) -> str:
        return converters.escape_datetime(digits(value, zone.columns))

    return {
        **converters.conversions,
        FIELD_TYPE.FLOAT: Decimal,
        FIELD_TYPE.DOUBLE: Decimal,
        FIELD_TYPE.TIMESTAMP: _times(zone.stamps),
        FIELD_TYPE.DATETIME: _times(zone.columns),
        FIELD_TYPE.DATE: _date,
        FIELD_TYPE.TIME: converters.through,
        datetime: literal,
    }


def _times(local: tzinfo) -> Callable[[str], datetime | None]:
    def read(text: str) -> datetime | None:
        value = converters.convert_datetime(text)
        return moment(value, local) if isinstance(value, datetime) else None

    return read


def _date(text: str) -> date | None:
    value = converters.convert_date(text)
    return value if isinstance(value, date) else None


def named(columns: Sequence[str], values: Sequence[Sequence[Any]], bound: Iterable[Value] = ()) -> list[Row]:
    """Return the rows by column name. `bound` are the values bound into the SQL, which no error may show.

    Raises SourceError (QUERY_DUPLICATE_COLUMN, ROW_VALUE_UNSUPPORTED) that names the columns.
    """
    counts = Counter(columns)
    doubled = [position for position, column in enumerate(columns) if counts[column] > 1]
    if doubled:
        labels = dict.fromkeys(label(columns, position, bound) for position in doubled)
        raise SourceError("QUERY_DUPLICATE_COLUMN", ", ".join(labels))
    for row in values:
        for position, value in enumerate(row):
            if isinstance(value, bytes):
                raise SourceError("ROW_VALUE_UNSUPPORTED", label(columns, position, bound))
    rows = [Row(zip(columns, row, strict=True)) for row in values]
    are_names = all(_is_name(column, bound) for column in columns)
    for made in rows:
        made.named = are_names
    return rows


def label(columns: Sequence[str], position: int, bound: Iterable[Value]) -> str:
    """A column's name, or its position: without AS, MySQL names a column after its expression with the bound values."""
    column = columns[position]
    return column if _is_name(column, bound) else f"column {position + 1}, which needs a name: add AS"


def _is_name(column: str, bound: Iterable[Value]) -> bool:
    return column.isidentifier() and not any(column in str(value) for value in bound)
