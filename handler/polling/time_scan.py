"""A scan of a table by its time column: all rows from the start of the window on, page by page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final, Protocol

from handler.errors import ConfigError, NotifierError, SourceError
from handler.frozen import frozen
from handler.model import MAX_ID
from handler.polling import time_cursor
from handler.polling.time_cursor import CLOCK_SLACK, NEVER, StartPosition, TimeCursor, TimedRow, Unit

# Rows that one SELECT reads. Even with the longest ids they fit into what a SELECT may return.
PAGE_SIZE: Final = 2_000
# New rows that one scan finds. Rows that become one event each are kept in the state until they are sent, so their ids,
# with an overhead for each, may take at most FOUND_BYTES.
MAX_FOUND: Final = 100_000
FOUND_BYTES: Final = 130_000
_EVENT_OVERHEAD_BYTES: Final = 40


@frozen
class TimePage:
    """Rows in the order of (time, id). `complete`: there are no more.

    `now` is the time of the database's clock; None if there is no row. Rows without a valid time are left out, and
    counted in `invalid_rows`. `end` is the last row of the page, even if its time is invalid.
    """

    rows: Sequence[TimedRow]
    now: int | None
    complete: bool
    unit: Unit = "time"
    invalid_rows: int = 0
    end: TimedRow | None = None


class ReadTimePage(Protocol):
    """Reads the table. A page begins with the last row of the page before, so rows with equal times are not skipped."""

    def __call__(self, begin: StartPosition | None, *, backwards: bool = False) -> TimePage:
        """Read one page. Raises NotifierError."""


@frozen
class TimeScan:
    """The cursor after a scan, and the new rows. Those that appeared after the longest transaction are `late`.

    `given_up` counts the rows that are no longer remembered, and those that cannot become an event. `more`: the scan
    ended before the last row. `has_read_new`: no read failed. `failure` is the error that ended the scan, or one about
    rows that cannot become an event.
    """

    cursor: TimeCursor
    found: Sequence[TimedRow]
    late: frozenset[TimedRow]
    more: bool
    has_read_new: bool
    given_up: int
    failure: NotifierError | None


def scan(
    cursor: TimeCursor,
    read_page: ReadTimePage,
    longest: float,
    now: int,
    in_time: Callable[[], bool],
    max_single_events: int | None,
) -> TimeScan:
    """Read the table. `longest` is how many seconds a transaction may take; `now` is the poller's time in microseconds.

    More than `max_single_events` new rows (None: no limit) become one event, and so need no room. However short the
    time is, a scan goes on until it has found a row, so each run gets further than the one before.

    Raises SourceError (POLL_TIMES_UNFIT) if more rows than can be remembered have a time in the future, and
    NotifierError (POLL_CURSOR_CHANGED) if the unit or the time zone of the column has changed.
    """
    scanner, window = _Scanner(cursor, longest, max_single_events), _window(cursor, read_page, longest)
    more, failure = False, None
    while not more:
        try:
            page = next(window, None)
        except (SourceError, ConfigError) as error:
            failure = error
            break
        if page is None:
            break
        has_room = scanner.take(page, now)
        more = not has_room or (not page.complete and scanner.has_found_new and not in_time())
    after = scanner.cursor.trimmed(longest)
    kept = _limited(after, scanner.order, scanner.now)
    return TimeScan(
        kept,
        scanner.found,
        frozenset(row for row in scanner.found if cursor.is_late(row, longest)),
        more,
        failure is None,
        len(after.seen) - len(kept.seen) + scanner.invalid_rows,
        failure or scanner.row_error,
    )


def first_cursor(read_page: ReadTimePage, longest: float, now: int, row_source: str) -> TimeCursor:
    """Return a cursor that counts the present rows as seen. Raises NotifierError, and what `scan` raises.

    If there are none, each later row is new, whatever its time is: the clocks of its writers are unknown.
    """
    cursor, begin, order = TimeCursor(NEVER, row_source), None, list[TimedRow]()
    while True:
        page = read_page(begin, backwards=True)
        now = now if page.now is None else min(now, page.now)
        cursor = replace(cursor.with_read(page.rows, now), unit=page.unit if page.rows else cursor.unit)
        order += page.rows
        begin = _next_position(begin, page)
        is_past = cursor.watermark > NEVER and order[-1].at < cursor.start(longest) - CLOCK_SLACK
        if begin is None or is_past or len(cursor.seen) > time_cursor.MAX_SEEN:
            break
    return _limited(cursor.trimmed(longest), order[::-1], now)


class _Scanner:
    """A scan under way: the cursor at this point, and what has been found. `order` has the rows of the window."""

    def __init__(self, cursor: TimeCursor, longest: float, max_single_events: int | None) -> None:
        self.cursor = cursor
        self.now = 0
        self.order: list[TimedRow] = []
        self.found: list[TimedRow] = []
        self.invalid_rows = 0
        self.row_error: SourceError | None = None
        self._start = cursor.start(longest)
        self._max_single_events = max_single_events
        self._bytes = 0

    @property
    def has_found_new(self) -> bool:
        """Whether there was a row that had not been seen before this scan."""
        return bool(self.found or self.row_error)

    def take(self, page: TimePage, now: int) -> bool:
        """Take over the rows of a page. Return whether there was room for all of them."""
        if page.invalid_rows:
            self.invalid_rows += page.invalid_rows
            self.row_error = SourceError("QUERY_INVALID", f"rows without a valid time: {page.invalid_rows}")
        self.now = now if page.now is None else min(now, page.now)
        taken: dict[bytes, TimedRow] = {}
        room = True
        for row in page.rows:
            key = self.cursor.key(row)
            if row.at < self._start:
                continue
            if key not in self.cursor.seen and key not in taken:
                room = self._has_room()
                if not room:
                    break
                self._find(row)
            if key not in taken or row.at > taken[key].at:
                taken[key] = row
            self.order.append(row)
        read = self.cursor.with_read(taken.values(), self.now)
        self.cursor = replace(read, unit=page.unit if page.rows else read.unit)
        return room

    def _has_room(self) -> bool:
        is_digest = self._max_single_events is not None and len(self.found) > self._max_single_events
        return len(self.found) < MAX_FOUND and (is_digest or self._bytes < FOUND_BYTES)

    def _find(self, row: TimedRow) -> None:
        size = len(str(row.id))
        if 0 < size <= MAX_ID:
            self.found.append(row)
            self._bytes += len(json.dumps(row.id, ensure_ascii=False).encode()) + _EVENT_OVERHEAD_BYTES
        else:
            self.invalid_rows += 1
            self.row_error = SourceError("POLL_ID_UNFIT", f"an id of {size} characters; an event takes 1 to {MAX_ID}")


def _window(cursor: TimeCursor, read_page: ReadTimePage, longest: float) -> Iterator[TimePage]:
    """Iterate over the pages from the start of the window on. Raises NotifierError."""
    begin = cursor.begin(longest)
    page = read_page(begin) if cursor.unit else None
    if cursor.last and page and not any(map(cursor.is_last, page.rows)):
        # This may be the only page that is read, so check now whether the time zone has changed: all rows would be new.
        _require_same_times(cursor, read_page(StartPosition(cursor.watermark, cursor.unit, cursor.last)))
    if page is None or (page.complete and not page.rows):
        # The window should have the row that moved the watermark. The last rows of the table may show why it does not.
        last = read_page(None, backwards=True)
        _require_same_times(cursor, last)
        if page or not last.rows:
            yield page or last
            return
        begin = replace(cursor, unit=last.unit).begin(longest)
        page = read_page(begin)
    while True:
        _require_same_times(cursor, page)
        yield page
        begin = _next_position(begin, page)
        if begin is None:
            return
        page = read_page(begin)


def _require_same_times(cursor: TimeCursor, page: TimePage) -> None:
    """Raise NotifierError (POLL_CURSOR_CHANGED) if the column has another unit or time zone than before."""
    before, now = (f"times in `{unit}`" for unit in (cursor.unit, page.unit))
    if cursor.unit and page.rows and cursor.unit != page.unit:
        raise NotifierError("POLL_CURSOR_CHANGED", f"{before} before, {now} now")
    if any(map(cursor.contradicts, page.rows)):
        raise NotifierError("POLL_CURSOR_CHANGED", "a row that is as before now has another time: see `tz=`")


def _next_position(begin: StartPosition | None, page: TimePage) -> StartPosition | None:
    """Return where the next page begins; None if there is none. Raises SourceError (QUERY_INVALID)."""
    if page.complete:
        return None
    last = page.end or page.rows[-1]
    if begin and begin.row == last:
        raise SourceError("QUERY_INVALID", f"more than {PAGE_SIZE} rows have the same id and the same time")
    return StartPosition(last.at, page.unit, last)


def _limited(cursor: TimeCursor, order: Sequence[TimedRow], now: int) -> TimeCursor:
    kept = cursor.within(time_cursor.MAX_SEEN, order)
    if kept is not cursor and kept.floor and kept.floor.at > now:
        raise SourceError("POLL_TIMES_UNFIT", f"more than {time_cursor.MAX_SEEN} rows have a time in the future")
    return kept
