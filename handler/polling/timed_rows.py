"""The polled table, read through the replica by its time column."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from handler.errors import SourceError
from handler.model import Poll, Row, Value
from handler.polling import statements, time_look
from handler.polling.time_cursor import EPOCH, SECOND, TimedRow, Unit
from handler.polling.time_look import From, Page
from handler.ports import Database

_MICROSECOND: Final = timedelta(microseconds=1)
# No server has earlier times.
_EARLIEST: Final = (datetime(1000, 1, 1, tzinfo=UTC) - EPOCH) // _MICROSECOND
# Seconds since 1970 are below the first one until the year 5138, and milliseconds between the two.
_MILLISECONDS: Final = 10**11
_TOO_FINE: Final = 10**14


def page(database: Database, poll: Poll, begin: From | None, *, backwards: bool = False) -> Page:
    """time_look.Pages. Raises SourceError (DB_*, QUERY_*), ConfigError."""
    count, bounds = time_look.SLICE, dict[str, Value]()
    if begin and begin.row:
        bounds = {"at": begin.row.text, "id": begin.row.id}
    elif begin:
        bounds = {"at": _written(begin)}
    sql = statements.timed(poll.sql, bounds.keys(), backwards=backwards)
    found = database.select(poll.database, sql, {**bounds, "count": count}, count)
    read = [_read(row, poll) for row in found]
    clock = found[0]["now"] if found else None
    return Page(
        [row for row, _ in read],
        int(str(clock)) * SECOND + SECOND if clock is not None else None,
        whole=len(found) < count,
        unit=read[0][1] if read else "",
    )


def _written(begin: From) -> Value:
    """A time as the column has it."""
    if begin.unit != "time":
        return begin.at // {"s": SECOND, "ms": 1000}[begin.unit]
    return EPOCH + max(begin.at, _EARLIEST) * _MICROSECOND


def _read(row: Row, poll: Poll) -> tuple[TimedRow, Unit]:
    at, unit = _time(row["at"], poll)
    return TimedRow(_id(row["id"], poll), at, str(row["text"])), unit


def _time(value: Value, poll: Poll) -> tuple[int, Unit]:
    if isinstance(value, datetime):
        return (value - EPOCH) // _MICROSECOND, "time"
    if type(value) is int and value < _TOO_FINE:
        return (value * SECOND, "s") if value < _MILLISECONDS else (value * 1000, "ms")
    raise SourceError("QUERY_INVALID", f"{poll.where}: `at` is neither a time nor seconds or milliseconds since 1970")


def _id(value: Value, poll: Poll) -> int | str:
    if isinstance(value, str) or type(value) is int:
        return value
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    raise SourceError("QUERY_INVALID", f"{poll.where}: `id` is neither a whole number nor a text")
