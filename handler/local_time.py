"""The time zone of a database: converts between the digits of a column and the moment that they mean.

A DATETIME has no time zone. It is read as UTC, or in the zone that `;tz=` in the database's address names. The session
uses that zone too, so that NOW(), CURDATE(), FROM_UNIXTIME() and literals in the SQL agree with the columns. A
TIMESTAMP is a moment; the server sends it in the session's zone, and it is read in that zone.
"""

from __future__ import annotations

from datetime import UTC, datetime, timezone, tzinfo
from functools import cache
from typing import Final

from handler.frozen import frozen

# If a zone has the same offset in all these years, the session gets the offset instead of the name. Then the server
# does not need its tables of time zones, which may be empty.
_YEARS: Final = range(2000, 2038)
_MONTHS: Final = range(1, 13)


@frozen
class Zone:
    """`session` is the session's time_zone; DATETIME columns are read as `columns`, TIMESTAMP ones as `stamps`."""

    session: str = "+00:00"
    columns: tzinfo = UTC
    stamps: tzinfo = UTC


@cache
def zone(name: str) -> Zone:
    """The zone of an IANA name, such as Asia/Tokyo. Raises ValueError for one that this machine does not know."""
    if name == "UTC":
        return Zone()  # without zoneinfo, which is slow to import, and without the time zone database
    import zoneinfo

    try:
        found = zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("tz= is not the name of a time zone such as Asia/Tokyo") from None
    offsets = {found.utcoffset(datetime(year, month, 1, tzinfo=found)) for year in _YEARS for month in _MONTHS}
    offset = offsets.pop()
    if offsets or offset is None:
        return Zone(name, found, found)
    minutes = round(offset.total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    return Zone(f"{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}", found, timezone(offset))


def moment(digits: datetime, local: tzinfo) -> datetime:
    """The moment that a naive time of the zone `local` means, in UTC.

    A time that the clock shows twice means the first of the two moments. A time that the clock skips is read with the
    offset from before the change, so that it is an hour later. At either end of the calendar, where UTC has no such
    year, the digits are kept: '9999-12-31 23:59:59' often means "never".
    """
    try:
        return digits.replace(tzinfo=local).astimezone(UTC)
    except OverflowError:
        return digits.replace(tzinfo=UTC)


def digits(moment: datetime, local: tzinfo) -> datetime:
    """The naive time of the zone `local` at a moment; at either end of the calendar, the digits that it has."""
    try:
        return moment.astimezone(local).replace(tzinfo=None)
    except OverflowError:
        return moment.replace(tzinfo=None)
