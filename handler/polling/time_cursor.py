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
# How many rows are remembered. Each takes 16 bytes of the state.
MAX_SEEN: Final = 12_000
# Parts of a `basis`: before the ids, and with which each new time of a row is an event.
_OF_IDS: Final = " of "
_WITH_TIME: Final = " and each of its times"
NEVER: Final = -(2**63)  # before all times
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ENTRY: Final = struct.Struct("<q8s")

Unit = Literal["", "time", "s", "ms"]  # what the column holds; empty: no row has shown it yet


@frozen
class TimedRow:
    """A row: its id, its time, and the time as the server wrote it. The last two say where it stands in the order."""

    id: int | str
    at: int
    text: str


@frozen
class StartPosition:
    """Where reading begins: at a time, or else at a row."""

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
        """The column with the time."""
        return self.row_source.removesuffix(_WITH_TIME).partition(_OF_IDS)[0]

    @property
    def latest(self) -> str:
        """The latest time that was read and is not in the future, as `moment` writes it; empty if there was none."""
        return moment(self.watermark) if self.watermark > NEVER else ""

    def key(self, row: TimedRow) -> bytes:
        """What is remembered of a row: its id, and its time too if each new time is an event."""
        return _hashed(f"{row.at}/{row.id}" if self.row_source.endswith(_WITH_TIME) else f"{row.id}")

    def start(self, longest: float) -> int:
        """When the window starts, in microseconds: earlier rows are ignored."""
        return max(self.since, self.watermark - round(longest * SECOND) - CLOCK_SLACK)

    def is_late(self, row: TimedRow, longest: float) -> bool:
        """Whether a row that is new now has an earlier time than the longest transaction explains."""
        return row.at < self.watermark - round(longest * SECOND)

    def begin(self, longest: float) -> StartPosition | None:
        """Where reading begins; None is at the earliest row, also if no row has shown yet what the column holds.

        One hour more is read: a local time can be skipped, and then stands out of its order.
        """
        start = self.start(longest)
        if self.floor and self.floor.at >= start - CLOCK_SLACK:
            return self.floor
        return StartPosition(start - CLOCK_SLACK, self.unit) if self.unit and start > NEVER else None

    def with_read(self, rows: Iterable[TimedRow], now: int) -> TimeCursor:
        """With these rows seen. A time that is later than `now` does not move the mark: earlier ones are to come."""
        seen, watermark, last = dict(self.seen), self.watermark, self.last
        for row in rows:
            key = self.key(row)
            seen[key] = max(seen.get(key, row.at), row.at)
            if watermark < row.at <= now:
                watermark, last = row.at, row if len(str(row.id)) <= MAX_ID else None
        return replace(self, seen=seen, watermark=watermark, last=last)

    def is_last(self, row: TimedRow) -> bool:
        """Whether this is the row that moved the mark last, as it was."""
        return bool(self.last) and replace(row, at=self.watermark) == self.last

    def contradicts(self, row: TimedRow) -> bool:
        """Whether a row that did not change has another time than before, as after a correction of the zone."""
        return self.is_last(row) and row.at != self.watermark

    def rewound(self, to: int, longest: float) -> TimeCursor:
        """As if no row from the time `to` on had been read. Earlier ones stay as they are: seen, or still to appear.

        Where nothing is remembered of earlier rows, they are not looked for.
        """
        floor = self.floor if self.floor and self.floor.at < to else None
        seen = {key: at for key, at in self.seen.items() if at < to}
        watermark, since = min(self.watermark, to), min(to, self.start(longest))
        return replace(self, watermark=watermark, floor=floor, seen=seen, since=since, last=None)

    def trimmed(self, longest: float) -> TimeCursor:
        """Without the rows before `start`."""
        start = self.start(longest)
        floor = self.floor if self.floor and self.floor.at >= start - CLOCK_SLACK else None
        return replace(self, floor=floor, seen={key: at for key, at in self.seen.items() if at >= start}, since=start)

    def within(self, limit: int, read: Sequence[TimedRow]) -> TimeCursor:
        """Keep only the `limit` latest rows. `read` has the rows that this look read, in their order.

        If too many rows share the earliest of these times, the last of them are kept, and reading begins at the first
        one that is kept. Rows that were not read count as last: a look that ended early has not come to them, or
        another replica has not shown them.
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
        """`seen`, for `decoded`."""
        return b"".join(_ENTRY.pack(at, key) for key, at in self.seen.items())


def decoded(data: bytes) -> dict[bytes, int]:
    """What `encoded` gave. Raises struct.error for anything else."""
    return {key: at for at, key in _ENTRY.iter_unpack(data)}


def row_source(poll: Poll) -> str:
    """What a cursor stands on: another column, table, id or identity gives other rows. Empty for a poll by ids."""
    ids = f"{_OF_IDS}{poll.table}.{poll.column}" if poll.table else ""
    return poll.at and poll.at + ids + (_WITH_TIME if poll.identity else "")


def moment(at: int) -> str:
    """A time as ISO 8601 in UTC, for the identity of an event."""
    return (EPOCH + timedelta(microseconds=at)).isoformat().replace("+00:00", "Z")


def _hashed(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=8).digest()
