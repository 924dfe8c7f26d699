"""One look at a table: the ids above all others that were seen, and those below them that have appeared since."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from handler.errors import NotifierError
from handler.polling.id_cursor import IdCursor, Sweep
from handler.polling.seen import Seen

# How many ids one SELECT reads; and how many SELECTs of one look go on with the pass over the older ids.
SLICE: Final = 10_000
SWEEP_SLICES: Final = 10

# The lowest ids of the table, at most SLICE of them, that are greater than the first id and at most the second.
# Raises NotifierError.
Ids = Callable[[int, int | None], Seen]


@dataclass(frozen=True, slots=True)
class Look:
    """The cursor afterwards, and the ids that were new. Those that came after the longest transaction are `late`.

    A `failure` ended the look early; what was read before it counts.
    """

    cursor: IdCursor
    found: Seen
    late: Seen
    failure: NotifierError | None


def look(cursor: IdCursor, ids: Ids, longest: float, clock: Callable[[], float], in_time: Callable[[], bool]) -> Look:
    """Read the table. `longest` is how many seconds a transaction may take; `clock` gives Unix times.

    First come the ids above `top`; then a part of the pass over the older ids; then all ids of recent transactions,
    where a row is most likely to appear. However short the time is, the first two read one slice each: so new rows
    are always found, and each pass ends some day.
    """
    began, top = clock(), cursor.top
    bound = cursor.bound(began, longest)
    sweep = cursor.sweep or Sweep(cursor.floor, top, began)
    reading = _Reading(cursor, ids, in_time)
    reading.read(top, None)
    reading.cursor = reading.cursor.marked(clock(), longest)
    reached = reading.read(sweep.at, sweep.end, SWEEP_SLICES)
    reading.cursor = reading.cursor.swept(replace(sweep, at=reached))
    if in_time():
        reading.read(max(reached, bound) if sweep.at <= bound else bound, top)
    late = reading.found - reading.found.above(bound)
    return Look(reading.cursor, reading.found, late, reading.failure)


class _Reading:
    """The cursor while a look goes on, and what was found so far."""

    def __init__(self, cursor: IdCursor, ids: Ids, in_time: Callable[[], bool]) -> None:
        self.cursor = cursor
        self.found = Seen()
        self.failure: NotifierError | None = None
        self._ids = ids
        self._in_time = in_time

    def read(self, after: int, upto: int | None, slices: int | None = None) -> int:
        """Read one slice of a range, and more while there is time; return the id up to which it was read."""
        while slices != 0 and (upto is None or after < upto) and self.failure is None:
            try:
                read = self._ids(after, upto)
            except NotifierError as failure:
                self.failure = failure
                break
            self.found |= self.cursor.unseen(read)
            self.cursor = self.cursor.having_read(read)
            if len(read) < SLICE:
                return self.cursor.top if upto is None else upto
            after = read.highest
            if not self._in_time():
                break
            slices = None if slices is None else slices - 1
        return after
