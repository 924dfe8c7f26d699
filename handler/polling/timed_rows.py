"""The polled table, read through the replica by its time column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from handler.errors import SourceError
from handler.model import Poll, Row, Value
from handler.polling import statements, time_look
from handler.polling.time_cursor import EPOCH, SECOND, From, TimedRow, Unit
from handler.polling.time_look import Page
from handler.ports import Database

_MICROSECOND: Final = timedelta(microseconds=1)
# No server has earlier times.
_EARLIEST: Final = (datetime(1000, 1, 1, tzinfo=UTC) - EPOCH) // _MICROSECOND
_LATEST: Final = (datetime.max.replace(tzinfo=UTC) - EPOCH) // _MICROSECOND
# Numbers from this one on are milliseconds: those of 1973. As seconds it is in the year 5138.
_MILLISECONDS: Final = 10**11
_SCALE: Final[Mapping[Unit, int]] = {"s": SECOND, "ms": 1000}


def page(database: Database, poll: Poll, begin: From | None, *, backwards: bool = False) -> Page:
    """time_look.Pages. Raises SourceError (DB_*, QUERY_*), ConfigError."""
    count, bounds = time_look.SLICE, dict[str, Value]()
    if begin and begin.row:
        bounds = {"at": begin.row.text, "id": begin.row.id}
    elif begin:
        bounds = {"at": _written(begin)}
    sql = statements.timed(poll.sql, bounds.keys(), backwards=backwards)
    found = database.select(poll.database, sql, {**bounds, "count": count}, count)
    unit = _unit([row["at"] for row in found], begin.unit if begin else "")
    read = [one for row in found if (one := _row(row, unit))]
    if found and not read:
        what = "`at` is neither a time nor seconds or milliseconds since 1970"
        raise SourceError("QUERY_INVALID", f"{poll.where}: {what}, or `id` neither a whole number nor a text")
    clock = found[0]["now"] if found else None
    return Page(
        read,
        int(str(clock)) * SECOND + SECOND if clock is not None else None,
        whole=len(found) < count,
        unit=unit if read else "",
        unfit=len(found) - len(read),
    )


def _written(begin: From) -> Value:
    """A time as the column has it."""
    if begin.unit in _SCALE:
        return max(begin.at, 0) // _SCALE[begin.unit]
    return EPOCH + max(begin.at, _EARLIEST) * _MICROSECOND


def _unit(values: Sequence[Value], before: Unit) -> Unit:
    """What the column holds: the same as before if that fits to any row, else what most rows have.

    One row can be wrong, or be meant as never, as the last second of the year 9999 is.
    """
    if any(isinstance(value, datetime) for value in values):
        return "time"
    if before and any(_at(value, before) is not None for value in values):
        return before
    numbers = [value for value in values if type(value) is int]
    return "ms" if 2 * sum(value >= _MILLISECONDS for value in numbers) > len(numbers) else "s"


def _row(row: Row, unit: Unit) -> TimedRow | None:
    """None if its time is none, or its id."""
    id_, at = _id(row["id"]), _at(row["at"], unit)
    return None if id_ is None or at is None else TimedRow(id_, at, str(row["text"]))


def _at(value: Value, unit: Unit) -> int | None:
    if isinstance(value, datetime):
        return (value - EPOCH) // _MICROSECOND if unit == "time" else None
    if type(value) is not int or unit not in _SCALE:
        return None
    at = value * _SCALE[unit]
    return at if at <= _LATEST else None


def _id(value: Value) -> int | str | None:
    if isinstance(value, str) or type(value) is int:
        return value
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return None
