from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from pymysql.constants import FIELD_TYPE

from handler.adapters.database.rows import conversions, named
from handler.errors import SourceError
from handler.local_time import zone


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        (FIELD_TYPE.TINY, "1", 1),
        (FIELD_TYPE.LONGLONG, "18446744073709551615", 18446744073709551615),
        (FIELD_TYPE.LONG, "00042", 42),
        (FIELD_TYPE.YEAR, "2026", 2026),
        (FIELD_TYPE.NEWDECIMAL, "12.50", Decimal("12.50")),
        (FIELD_TYPE.FLOAT, "0.1", Decimal("0.1")),
        (FIELD_TYPE.DOUBLE, "1e20", Decimal("1e20")),
        (FIELD_TYPE.DOUBLE, "0.30000000000000004", Decimal("0.30000000000000004")),
        (FIELD_TYPE.TIMESTAMP, "2026-01-02 03:04:05", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (FIELD_TYPE.DATETIME, "2026-01-02 03:04:05.000006", datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)),
        (FIELD_TYPE.DATETIME, "0000-00-00 00:00:00", None),
        (FIELD_TYPE.DATETIME, "2026-00-10 00:00:00.000000", None),
        (FIELD_TYPE.DATE, "2026-01-02", date(2026, 1, 2)),
        (FIELD_TYPE.DATE, "0000-00-00", None),
        (FIELD_TYPE.TIME, "25:06:17", "25:06:17"),
        (FIELD_TYPE.TIME, "-00:00:01", "-00:00:01"),
        (FIELD_TYPE.TIME, "-838:59:59.000000", "-838:59:59.000000"),
        (FIELD_TYPE.DATETIME, "9999-12-31 23:59:59.999999", datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
        (FIELD_TYPE.DATETIME, "0001-01-01 00:00:00", datetime(1, 1, 1, tzinfo=UTC)),
        (FIELD_TYPE.DATETIME, "0000-01-01 00:00:00", None),
        (FIELD_TYPE.DATETIME, "0000-00-00 00:00:00.000000", None),
        (FIELD_TYPE.DATE, "0000-12-31", None),
        (FIELD_TYPE.DATE, "9999-12-31", date(9999, 12, 31)),
        (FIELD_TYPE.YEAR, "0000", 0),
        (FIELD_TYPE.VAR_STRING, "0000-00-00", "0000-00-00"),
    ],
)
def test_the_text_of_a_column_becomes_its_normal_form(column: int, text: str, value: object) -> None:
    converted = conversions(zone("UTC"))[column](text)
    assert converted == value
    assert type(converted) is type(value)


def test_a_bound_time_is_written_in_the_zone_of_the_session() -> None:
    tokyo = timezone(timedelta(hours=9))
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=tokyo)
    assert conversions(zone("UTC"))[datetime](moment) == "'2026-01-01 18:04:05'"
    assert conversions(zone("Asia/Kolkata"))[datetime](moment) == "'2026-01-01 23:34:05'"


def test_rows_are_by_column_name_in_the_order_of_the_select() -> None:
    rows = named(["id", "items"], [(1, "a"), (2, None)], bound=[1])
    assert [list(row.items()) for row in rows] == [[("id", 1), ("items", "a")], [("id", 2), ("items", None)]]


@pytest.mark.parametrize(
    ("columns", "named_well"),
    [
        (["id", "name"], True),
        (["id", "jane"], False),
        (["id", "COUNT(*)"], False),
        (["id", "'jane'"], False),
        ([], True),
    ],
)
def test_the_columns_of_a_row_may_be_shown_unless_one_is_called_after_a_value(
    columns: list[str], named_well: bool
) -> None:
    (row,) = named(columns, [(1, "x")[: len(columns)]], bound=[None, "jane"])
    assert row.named is named_well


def test_no_row_is_no_row() -> None:
    assert named(["id"], []) == []


@pytest.mark.parametrize(
    ("columns", "values", "code", "detail"),
    [
        (["id", "name", "id"], [], "QUERY_DUPLICATE_COLUMN", "id"),
        (["id", "id", "name", "name"], [], "QUERY_DUPLICATE_COLUMN", "id, name"),
        (["id", "photo"], [(1, b"\x89PNG")], "ROW_VALUE_UNSUPPORTED", "photo"),
        (["id", "photo"], [(1, None), (2, b"")], "ROW_VALUE_UNSUPPORTED", "photo"),
    ],
)
def test_a_column_that_cannot_be_used_is_named(
    columns: list[str], values: list[tuple[Any, ...]], code: str, detail: str
) -> None:
    with pytest.raises(SourceError) as caught:
        named(columns, values)
    assert (caught.value.code, caught.value.detail) == (code, detail)


@pytest.mark.parametrize(
    ("columns", "detail"),
    [
        (["id", "UNHEX('jane')"], "column 2, which needs a name: add AS"),
        (["id", "jane"], "column 2, which needs a name: add AS"),
        (["id", "jane", "jane"], "column 2, which needs a name: add AS, column 3, which needs a name: add AS"),
    ],
)
def test_a_column_that_is_named_after_a_bound_value_is_not_repeated(columns: list[str], detail: str) -> None:
    """Without AS a column's name is its expression, with the bound value written into it."""
    with pytest.raises(SourceError) as caught:
        named(columns, [(1, b"x", b"y")[: len(columns)]], bound=[7, None, "jane"])
    assert caught.value.detail == detail
