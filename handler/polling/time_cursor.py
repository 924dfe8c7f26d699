"""Which rows are new, by a column with a time, whatever their ids are.

       start               late            watermark             now
    -----+-------------------+-----------------+------------------+-------->  times
         |   seen, or late   |  seen, or may   |  new, moves the  |  new
         |                   |     appear      |    watermark     |

`watermark` is the latest time that was read, and is never later than the clock. A row can still appear below it,
because its time was set before its transaction committed. So all rows from `start` on are read again in each run, and a
row that is not in `seen` is new. `start` lies before the watermark by the longest transaction plus `CLOCK_SLACK`, which
covers clocks that differ and the hour that a local time shows twice. It is measured from the saved watermark, not from
the clock, so it does not move while a replica stands still or the poll is paused.

Times are whole microseconds since 1970.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from handler.frozen import frozen
from handler.model import MAX_ID, Poll

SECOND: Final = 1_000_000
CLOCK_SLACK: Final = 3600 * SECOND
# Rows that are remembered. Each takes 16 bytes of the state.
MAX_SEEN: Final = 12_000
# Parts of `row_source`: what comes before the id column, and what says that each new time of a row is an event.
_OF_IDS: Final = " of "
_WITH_TIME: Final = " and each of its times"
NEVER: Final = -(2**63)  # before all times
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ENTRY: Final = struct.Struct("<q8s")

Unit = Literal["", "time", "s", "ms"]  # of the column's values; empty: not known before the first row


@frozen
class TimedRow:
    """A row: its id, its time, and the time as the server wrote it. `text` and `id` give its place in the order."""

    id: int | str
    at: int
    text: str


@frozen
class StartPosition:
    """Where reading begins: at `row`, or at the time `at` if there is no row."""

    at: int
    unit: Unit
    row: TimedRow | None = None


@frozen
class TimeCursor:
    """What a poll remembers of a table: a hash of each row seen since `start`, with the row's time.

    `row_source` says which column and identity the rows are found by. `last` is the row that last moved the watermark.
    Rows before `since` are not remembered, and so not looked for: they fell out of the window once, or there were too
    many to remember. In the second case reading begins at `floor`, so they are not read either.
    """

    watermark: int
    row_source: str = ""
    unit: Unit = ""
    floor: StartPosition | None = None
    seen: Mapping[bytes, int] = field(default_factory=dict)
    since: int = NEVER
    last: TimedRow | None = None

    @property
    def column(self) -> str:
        """The name of the time column."""
        return self.row_source.removesuffix(_WITH_TIME).partition(_OF_IDS)[0]

    @property
    def latest(self) -> str:
        """The latest time that was read and is not in the future, formatted by `moment`; empty if there was none."""
        return moment(self.watermark) if self.watermark > NEVER else ""

    def key(self, row: TimedRow) -> bytes:
        """Return a hash of what identifies a row: its id, and also its time if each new time is an event."""
        return _hashed(f"{row.at}/{row.id}" if self.row_source.endswith(_WITH_TIME) else f"{row.id}")

    def start(self, longest: float) -> int:
        """Return where the window starts, in microseconds. Earlier rows are ignored."""
        return max(self.since, self.watermark - round(longest * SECOND) - CLOCK_SLACK)

    def is_late(self, row: TimedRow, longest: float) -> bool:
        """Return whether the time of a new row is earlier than the longest transaction explains."""
        return row.at < self.watermark - round(longest * SECOND)

    def begin(self, longest: float) -> StartPosition | None:
        """Return where reading begins. None is the earliest row, also if the column's unit is not known yet.

        One more hour is read, because rows with a local time that the clock skipped are out of order.
        """
        start = self.start(longest)
        if self.floor and self.floor.at >= start - CLOCK_SLACK:
            return self.floor
        return StartPosition(start - CLOCK_SLACK, self.unit) if self.unit and start > NEVER else None

    def with_read(self, rows: Iterable[TimedRow], now: int) -> TimeCursor:
        """Return a cursor that has also seen these rows.

        A time after `now` does not move the watermark, since rows with earlier times are still to come.
        """
        seen, watermark, last = dict(self.seen), self.watermark, self.last
        for row in rows:
            key = self.key(row)
            seen[key] = max(seen.get(key, row.at), row.at)
            if watermark < row.at <= now:
                watermark, last = row.at, row if len(str(row.id)) <= MAX_ID else None
        return replace(self, seen=seen, watermark=watermark, last=last)

    def is_last(self, row: TimedRow) -> bool:
        """Return whether this is the row that last moved the watermark, with the same text."""
        return bool(self.last) and replace(row, at=self.watermark) == self.last

    def contradicts(self, row: TimedRow) -> bool:
        """Return whether an unchanged row has another time than before, as after a correction of the time zone."""
        return self.is_last(row) and row.at != self.watermark

    def rewound(self, to: int, longest: float) -> TimeCursor:
        """Return a cursor that has read no row from the time `to` on. Earlier rows stay seen, or may still appear.

        Rows before the window of this cursor are not remembered, and stay ignored.
        """
        floor = self.floor if self.floor and self.floor.at < to else None
        seen = {key: at for key, at in self.seen.items() if at < to}
        watermark, since = min(self.watermark, to), min(to, self.start(longest))
        return replace(self, watermark=watermark, floor=floor, seen=seen, since=since, last=None)

    def trimmed(self, longest: float) -> TimeCursor:
        """Return a cursor without the rows before `start`."""
        start = self.start(longest)
        floor = self.floor if self.floor and self.floor.at >= start - CLOCK_SLACK else None
        return replace(self, floor=floor, seen={key: at for key, at in self.seen.items() if at >= start}, since=start)

    def within(self, limit: int, read: Sequence[TimedRow]) -> TimeCursor:
        """Return a cursor with only the `limit` latest rows. `read` has the rows that this scan read, in their order.

        If too many rows share the earliest of these times, the last of them are kept, and reading begins at the first
        one that is kept. Rows that were not read count as last: the scan ended before them, or another replica has not
        shown them.
        """
        if len(self.seen) <= limit:
            return self
        cut = sorted(self.seen.values())[-limit]
        kept = {key: at for key, at in self.seen.items() if at >= cut}
        row = None
        if len(kept) > limit:
            kept = {key: at for key, at in kept.items() if at > cut}
            equal = {self.key(row): row for row in read if row.at == cut and self.seen.get(self.key(row)) == cut}
            unread = [key for key, at in self.seen.items() if at == cut and key not in equal]
            last = [*equal, *unread][len(kept) - limit :]
            kept |= dict.fromkeys(last, cut)
            row = equal.get(last[0], [*equal.values()][-1]) if equal else None
        return replace(self, floor=StartPosition(cut, self.unit, row), since=cut, seen=kept)

    def encoded(self) -> bytes:
        """Return `seen` as bytes for `decoded`."""
        return b"".join(_ENTRY.pack(at, key) for key, at in self.seen.items())


def decoded(data: bytes) -> dict[bytes, int]:
    """Return the `seen` that was encoded. Raises struct.error if `data` is not from `encoded`."""
    return {key: at for at, key in _ENTRY.iter_unpack(data)}


def row_source(poll: Poll) -> str:
    """Return what the poll finds rows by: its time column, table, id and identity. Empty for a poll by ids.

    If it changes, what a cursor has seen is of no use.
    """
    ids = f"{_OF_IDS}{poll.table}.{poll.column}" if poll.table else ""
    return poll.at and poll.at + ids + (_WITH_TIME if poll.identity else "")


def moment(at: int) -> str:
    """Return a time as ISO 8601 in UTC, for the identity of an event."""
    return (EPOCH + timedelta(microseconds=at)).isoformat().replace("+00:00", "Z")


def _hashed(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=8).digest()
