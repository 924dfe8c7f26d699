"""One look at a table: the ids above all others that were seen, and those below that have appeared or changed since."""

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

# How many ids one SELECT reads; and how many SELECTs of one look continue the pass over the older ids. If a column is
# watched, any row can change, so that one look reads a million rows.
PAGE_SIZE: Final = 10_000
SWEEP_PAGES: Final = 10
WATCH_PAGES: Final = 100
# An id that has not appeared after so long is no longer looked for.
RETAIN_SECONDS: Final = 30 * 86_400.0

# A database that does not answer lets each SELECT wait for its time limit.
MAX_FAILURES: Final = 2
# Of how many pieces of 65,536 ids (8 kB of memory each) one look finds new ids, before it leaves the rest to the next.
MAX_CHUNKS: Final = 1024


@frozen
class IdPage:
    """What one SELECT has read of a range, from its lowest id on: all of it, or some ids of a range that has more."""

    ids: IdValues
    complete: bool


# Reads ids of the table that are greater than the first one and at most the second. Raises NotifierError.
ReadIds = Callable[[int, int | None], IdPage]


@frozen
class IdScan:
    """The cursor afterwards, and the ids that were new or had changed.

    New ones that came after the longest transaction are `late`.

    If there is `more`, the time was too short for all new ids. A `failure` ended the reading of a range early; what was
    read counts. `has_read_new` says whether the ids above the highest one were read, however many there are.
    `complete` says whether those of recent transactions were read too, and all ids whose values are watched.
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

    First come the ids above `top`; then a part of the pass over the older ids; then all ids of recent transactions,
    where a row is most likely to appear, from the newest on. However short the time is, the first two read one slice
    each: so new rows are always found, and each pass ends some day. If the new ids cannot be read, the look ends. If a
    later part cannot be read, it continues with the next one, until MOST_FAILURES reads have failed. A look ends early
    with `limit` new ids (None: any number). Where one slice has room for all older ids, one SELECT reads all parts.

    If the clock is not `steady`, nothing is remembered of what it says now, and no id is given up for its age. Nor is
    any if the poll is `watching` a column.
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
    # Two of the parts may read the same row: it can change back in between, or have had no value before the first.
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
    """Read the older ids: a part of the pass over all of them, and those above `bound`, of recent transactions.

    Those up to `reached` have been read. Return whether all that may have news was read, if nothing failed.
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
    """Read the ids above `top`; return also up to which of the older ones have been read with them.

    All of them are, if they and a new one fit into a slice. If they cannot be read together, or the time ends before
    the new ones, these are read alone: an older row with a value that is unfit, for example, delays no new row.
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
    """The cursor while a look goes on, and what was found so far. `failure` is the first one."""

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
        """Whether as much was found as one look may find."""
        many = self._limit is not None and len(self.found) >= self._limit
        return many or len(self.found.chunks) >= MAX_CHUNKS

    def read(self, after: int, upto: int | None, pages: int | None = None) -> int:
        """Read one slice of a range, and more while there is time; return the id up to which it was read."""
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
