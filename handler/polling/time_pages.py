"""Pages of the polled table in the order of its time column, read from the replica."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from handler.errors import SourceError
from handler.model import Poll, Row, Value
from handler.polling import statements, time_scan
from handler.polling.time_cursor import EPOCH, SECOND, StartPosition, TimedRow, Unit
from handler.polling.time_scan import TimePage
from handler.ports import Database

_MICROSECOND: Final = timedelta(microseconds=1)
# No database server has earlier times.
_EARLIEST: Final = (datetime(1000, 1, 1, tzinfo=UTC) - EPOCH) // _MICROSECOND
_LATEST: Final = (datetime.max.replace(tzinfo=UTC) - EPOCH) // _MICROSECOND
# Numbers from this one on are milliseconds. As seconds it is the end of the year 9999; as milliseconds, 1978.
_MILLISECONDS: Final = 253_402_300_800
_NO_TIME: Final = "`at` is neither a time nor seconds or milliseconds since 1970"
_SCALE: Final[Mapping[Unit, int]] = {"s": SECOND, "ms": 1000}


def page(database: Database, poll: Poll, begin: StartPosition | None, *, backwards: bool = False) -> TimePage:
    """As time_scan.ReadTimePage. Raises SourceError (DB_*, QUERY_*), ConfigError."""
    count, bounds = time_scan.PAGE_SIZE, dict[str, Value]()
    if begin and begin.row:
        bounds = {"at": begin.row.text, "id": begin.row.id}
    elif begin:
        bounds = {"at": _written(begin)}
    sql = statements.timed(poll.sql, bounds.keys(), backwards=backwards)
    found = database.select(poll.database, sql, {**bounds, "count": count}, count)
    unit = _unit([row["at"] for row in found], begin)
    placed = [_row(row, unit, poll) for row in found]
    read = [row for row in placed if row.at <= _LATEST]
    if placed and not read and begin is None:
        raise SourceError("QUERY_INVALID", f"{poll.where}: {_NO_TIME}")
    clock = found[0]["now"] if found else None
    return TimePage(
        read,
        int(str(clock)) * SECOND + SECOND if clock is not None else None,
        complete=len(found) < count,
        unit=unit if placed else "",
        invalid_rows=len(placed) - len(read),
        end=placed[-1] if placed else None,
    )


def _written(begin: StartPosition) -> Value:
    """Return the time in the form that the column has."""
    if begin.unit in _SCALE:
        return max(begin.at, 0) // _SCALE[begin.unit]
    return EPOCH + max(begin.at, _EARLIEST) * _MICROSECOND


def _unit(values: Sequence[Value], begin: StartPosition | None) -> Unit:
    """Return the column's unit: the same as before if any row allows that, else the one that most rows have.

    One row can be wrong, or stand for "never", as the last second of the year 9999 does. A page that begins with a row
    has the unit of the page before it.
    """
    before = begin.unit if begin else ""
    if any(isinstance(value, datetime) for value in values):
        return "time"
    numbers = [value for value in values if type(value) is int]
    if begin and before in _SCALE and (begin.row or any(value * _SCALE[before] <= _LATEST for value in numbers)):
        return before
    return "ms" if 2 * sum(value >= _MILLISECONDS for value in numbers) > len(numbers) else "s"


def _row(row: Row, unit: Unit, poll: Poll) -> TimedRow:
    """Return a row. If its number is too large to be a time, its time is after _LATEST, and `page` leaves it out."""
    id_, at = row["id"], row["at"]
    if isinstance(id_, Decimal) and id_ == id_.to_integral_value():
        id_ = int(id_)
    if not isinstance(id_, str) and type(id_) is not int:
        raise SourceError("QUERY_INVALID", f"{poll.where}: `id` is neither a whole number nor a text")
    if isinstance(at, datetime) and unit == "time":
        return TimedRow(id_, (at - EPOCH) // _MICROSECOND, str(row["text"]))
    if type(at) is int and unit in _SCALE:
        return TimedRow(id_, at * _SCALE[unit], str(row["text"]))
    raise SourceError("QUERY_INVALID", f"{poll.where}: {_NO_TIME}")
