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
MOST_FAILURES: Final = 2
# Of how many pieces of 65,536 ids (8 kB of memory each) one look finds new ids, before it leaves the rest to the next.
MOST_CHUNKS: Final = 1024


@frozen
class IdPage:
    """What one SELECT has read of a range, from its lowest id on: all of it, or some ids of a range that has more."""

    ids: IdValues
    whole: bool


# Reads ids of the table that are greater than the first one and at most the second. Raises NotifierError.
ReadIds = Callable[[int, int | None], IdPage]


@frozen
class IdScan:
    """The cursor afterwards, and the ids that were new or had changed.

    New ones that came after the longest transaction are `late`.

    If there is `more`, the time was too short for all new ids. A `failure` ended the reading of a range early; what was
    read counts. `news` says whether the ids above the highest one were read, however many there are. `whole` says
    whether those of recent transactions were read too, and all ids whose values are watched.
    """

    cursor: IdCursor
    found: IdValues
    late: IdSet
    more: bool
    news: bool
    whole: bool
    failure: NotifierError | None


def scan(
    cursor: IdCursor,
    ids: ReadIds,
    longest: float,
    clock: Callable[[], float],
    in_time: Callable[[], bool],
    *,
    steady: bool = True,
    watching: bool = False,
    most: int | None = None,
) -> IdScan:
    """Read the table. `longest` is how many seconds a transaction may take; `clock` gives Unix times.

    First come the ids above `top`; then a part of the pass over the older ids; then all ids of recent transactions,
    where a row is most likely to appear, from the newest on. However short the time is, the first two read one slice
    each: so new rows are always found, and each pass ends some day. If the new ids cannot be read, the look ends. If a
    later part cannot be read, it continues with the next one, until MOST_FAILURES reads have failed. A look ends early
    with `most` new ids (None: any number). Where one slice has room for all older ids, one SELECT reads all parts.

    If the clock is not `steady`, nothing is remembered of what it says now, and no id is given up for its age. Nor is
    any if the poll is `watching` a column.
    """
    began, top = clock(), cursor.top
    bound = cursor.bound(began, longest)
    sweep = cursor.sweep or Sweep(cursor.floor, top, began)
    reading, reached = _begun(cursor, ids, in_time, most)
    more, news = reading.cut, reading.failure is None
    if steady:
        reading.cursor = reading.cursor.marked(clock(), longest)
    whole = news and _reread(cursor, reading, sweep, reached, bound, in_time, steady=steady, watching=watching)
    # Two of the parts may read the same row: it can change back in between, or have had no value before the first.
    found = reading.found - cursor.seen
    appeared = found.ids - cursor.seen.ids
    late = appeared - appeared.above(bound)
    whole = whole and not reading.cut and reading.failure is None
    return IdScan(reading.cursor, found, late, more, news, whole, reading.failure)


def _reread(
    cursor: IdCursor,
    reading: _Scanner,
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
    slices, retain = (WATCH_PAGES, inf) if watching else (SWEEP_PAGES, RETAIN_SECONDS)
    reached = reading.read(max(sweep.at, reached), sweep.end, slices)
    swept = reading.cursor.swept(replace(sweep, at=reached), retain)
    reading.cursor = swept if steady else replace(reading.cursor, sweep=None)
    for after, upto in cursor.pieces(max(reached, bound) if sweep.at <= bound else bound, PAGE_SIZE):
        if not in_time() or reading.is_full or reading.failures >= MOST_FAILURES:
            return False
        reading.read(after, upto)
    return not (watching and (cursor.sweep or reached < sweep.end))


def _begun(cursor: IdCursor, ids: ReadIds, in_time: Callable[[], bool], most: int | None) -> tuple[_Scanner, int]:
    """Read the ids above `top`; return also up to which of the older ones have been read with them.

    All of them are, if they and a new one fit into a slice. If they cannot be read together, or the time ends before
    the new ones, these are read alone: an older row with a value that is unfit, for example, delays no new row.
    """
    if cursor.top - cursor.floor < PAGE_SIZE:
        reading = _Scanner(cursor, ids, in_time, most)
        reached = reading.read(cursor.floor, None)
        if not reading.failure and not (reading.cut and reached < cursor.top):
            return reading, reached
    reading = _Scanner(cursor, ids, in_time, most)
    reading.read(cursor.top, None)
    return reading, cursor.floor


class _Scanner:
    """The cursor while a look goes on, and what was found so far. `failure` is the first one."""

    def __init__(self, cursor: IdCursor, ids: ReadIds, in_time: Callable[[], bool], most: int | None) -> None:
        self.cursor = cursor
        self.found = IdValues()
        self.failure: NotifierError | None = None
        self.failures = 0
        self.cut = False
        self._ids = ids
        self._in_time = in_time
        self._most = most

    @property
    def is_full(self) -> bool:
        """Whether as much was found as one look may find."""
        many = self._most is not None and len(self.found) >= self._most
        return many or len(self.found.chunks) >= MOST_CHUNKS

    def read(self, after: int, upto: int | None, slices: int | None = None) -> int:
        """Read one slice of a range, and more while there is time; return the id up to which it was read."""
        while slices != 0 and (upto is None or after < upto):
            try:
                read = self._ids(after, upto)
            except NotifierError as failure:
                self.failure = self.failure or failure
                self.failures += 1
                break
            self.found |= self.cursor.unseen(read.ids)
            self.cursor = self.cursor.having_read(read.ids)
            if read.whole:
                return self.cursor.top if upto is None else upto
            after = read.ids.highest
            if not self._in_time() or self.is_full:
                self.cut = True
                break
            slices = None if slices is None else slices - 1
        return after
