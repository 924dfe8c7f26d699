"""A scan of a table by id: ids above the highest one that was seen, and lower ones that have appeared or changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import inf
from typing import Final

from handler.errors import NotifierError
from handler.frozen import frozen
from handler.polling.id_cursor import IdCursor, Sweep
from handler.polling.id_set import IdSet
from handler.polling.id_values import IdValues

# Ids that one SELECT reads, and SELECTs by which one scan continues the sweep over the older ids. If a column is
# watched, any row can change, so one scan reads a million rows.
PAGE_SIZE: Final = 10_000
SWEEP_PAGES: Final = 10
WATCH_PAGES: Final = 100
# An id that has not appeared within this time is no longer looked for.
RETAIN_SECONDS: Final = 30 * 86_400.0

# A database that does not answer lets each SELECT wait for its time limit.
MAX_FAILURES: Final = 2
# Chunks (8 kB of memory each) in which one scan finds new ids, before it leaves the rest to the next scan.
MAX_CHUNKS: Final = 1024


@frozen
class IdPage:
    """The ids that one SELECT has read of a range, from the lowest on. `complete`: the range has no more ids."""

    ids: IdValues
    complete: bool


# Reads the table's ids above the first argument, and up to the second one (None: no limit). Raises NotifierError.
ReadIds = Callable[[int, int | None], IdPage]


@frozen
class IdScan:
    """The cursor after a scan, and the ids that are new or have changed.

    `late` are the new ones that appeared after the longest transaction. `more`: the time was too short for all new ids.
    `has_read_new` says whether the ids above the highest one were read, even if not all of them. `complete` says
    whether those of recent transactions were read, too, and all ids whose values are watched. A `failure` ended the
    reading of a range early; the ids that were read before it count.
    """

    cursor: IdCursor
    found: IdValues
    late: IdSet
    more: bool
    has_read_new: bool
    complete: bool
    failure: NotifierError | None


def scan(
    cursor: IdCursor,
    read_ids: ReadIds,
    longest: float,
    clock: Callable[[], float],
    in_time: Callable[[], bool],
    *,
    steady: bool = True,
    watching: bool = False,
    limit: int | None = None,
) -> IdScan:
    """Read the table. `longest` is how many seconds a transaction may take; `clock` gives Unix times.

    First come the ids above `top`; then a part of the sweep over the older ids; then all ids of recent transactions,
    where a row is most likely to appear, newest first. However short the time is, each of the first two reads one page,
    so new rows are always found, and each sweep ends eventually. If the new ids cannot be read, the scan ends. If a
    later part cannot be read, the scan continues with the next one, until MAX_FAILURES reads have failed. It ends early
    once it has found `limit` new ids (None: no limit). If one page has room for all older ids, one SELECT reads all
    parts.

    If the clock is not `steady`, the time is not remembered, and no id is given up for its age. Nor is any id given up
    for its age if the poll is `watching` a column.
    """
    began, top = clock(), cursor.top
    bound = cursor.bound(began, longest)
    sweep = cursor.sweep or Sweep(cursor.floor, top, began)
    scanner, reached = _read_new_ids(cursor, read_ids, in_time, limit)
    more, has_read_new = scanner.ended_early, scanner.failure is None
    if steady:
        scanner.cursor = scanner.cursor.with_watermark(clock(), longest)
    complete = has_read_new and _read_older_ids(
        cursor, scanner, sweep, reached, bound, in_time, steady=steady, watching=watching
    )
    # Two parts may read the same row: it can change back in between, or its value was unknown before the first.
    found = scanner.found - cursor.seen
    appeared = found.ids - cursor.seen.ids
    late = appeared - appeared.above(bound)
    complete = complete and not scanner.ended_early and scanner.failure is None
    return IdScan(scanner.cursor, found, late, more, has_read_new, complete, scanner.failure)


def _read_older_ids(
    cursor: IdCursor,
    scanner: _Scanner,
    sweep: Sweep,
    reached: int,
    bound: int,
    in_time: Callable[[], bool],
    *,
    steady: bool,
    watching: bool,
) -> bool:
    """Read the older ids: a part of the sweep over all of them, and those above `bound`, of recent transactions.

    Those up to `reached` have been read. Return whether everything that may have changed was read, if no read failed.
    """
    pages, retain = (WATCH_PAGES, inf) if watching else (SWEEP_PAGES, RETAIN_SECONDS)
    reached = scanner.read(max(sweep.at, reached), sweep.end, pages)
    swept = scanner.cursor.after_sweep(replace(sweep, at=reached), retain)
    scanner.cursor = swept if steady else replace(scanner.cursor, sweep=None)
    for after, upto in cursor.ranges(max(reached, bound) if sweep.at <= bound else bound, PAGE_SIZE):
        if not in_time() or scanner.is_full or scanner.failures >= MAX_FAILURES:
            return False
        scanner.read(after, upto)
    return not (watching and (cursor.sweep or reached < sweep.end))


def _read_new_ids(
    cursor: IdCursor, read_ids: ReadIds, in_time: Callable[[], bool], limit: int | None
) -> tuple[_Scanner, int]:
    """Read the ids above `top`. Return also the id up to which the older ones were read with them.

    If a page has room for all older ids and a new one, they are read together. If that fails, or the time ends before
    the new ids, these are read alone: so an older row with an invalid value, for example, does not delay new rows.
    """
    if cursor.top - cursor.floor < PAGE_SIZE:
        scanner = _Scanner(cursor, read_ids, in_time, limit)
        reached = scanner.read(cursor.floor, None)
        if not scanner.failure and not (scanner.ended_early and reached < cursor.top):
            return scanner, reached
    scanner = _Scanner(cursor, read_ids, in_time, limit)
    scanner.read(cursor.top, None)
    return scanner, cursor.floor


class _Scanner:
    """A scan under way: the cursor at this point, and what has been found. `failure` is the first one."""

    def __init__(self, cursor: IdCursor, read_ids: ReadIds, in_time: Callable[[], bool], limit: int | None) -> None:
        self.cursor = cursor
        self.found = IdValues()
        self.failure: NotifierError | None = None
        self.failures = 0
        self.ended_early = False
        self._read_ids = read_ids
        self._in_time = in_time
        self._limit = limit

    @property
    def is_full(self) -> bool:
        """Whether the scan has found as much as it may."""
        many = self._limit is not None and len(self.found) >= self._limit
        return many or len(self.found.chunks) >= MAX_CHUNKS

    def read(self, after: int, upto: int | None, pages: int | None = None) -> int:
        """Read one page of a range, or up to `pages` while there is time. Return the id up to which it was read."""
        while pages != 0 and (upto is None or after < upto):
            try:
                read = self._read_ids(after, upto)
            except NotifierError as failure:
                self.failure = self.failure or failure
                self.failures += 1
                break
            self.found |= self.cursor.new_or_changed(read.ids)
            self.cursor = self.cursor.with_read(read.ids)
            if read.complete:
                return self.cursor.top if upto is None else upto
            after = read.ids.highest
            if not self._in_time() or self.is_full:
                self.ended_early = True
                break
            pages = None if pages is None else pages - 1
        return after
