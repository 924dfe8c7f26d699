"""Which rows are new or have changed, by an id that the database counts up.

    floor                bound                     top
      |   seen, or late    |  seen, or may appear  |   new
    --+--------------------+-----------------------+------->  ids

`top` is the highest id that was read. An id between `floor` and `top` can still appear, because ids are allocated
before their transactions commit. So this range is read again, and an id in it that is not in `seen` is new. Ids up to
`bound` were allocated longer ago than the longest transaction takes; a row that appears there is reported as late. If
the poll watches a column, `seen` has the value of each id, and an id that is read with another value has changed.

All ids above `floor` are read repeatedly. So a row is found when it becomes visible, whatever the clocks say and in
whatever order transactions commit. Clocks only decide which ids every run reads, and when `floor` rises.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Final

from handler.frozen import frozen
from handler.polling.id_set import CHUNK
from handler.polling.id_values import IdValues

# Of `seen`. They take 32 MB of memory.
MAX_CHUNKS: Final = 4096
# Watermarks that are kept within the longest transaction. Of older ones, one a day is kept.
_WATERMARKS_IN_BOUND: Final = 48
_DAY: Final = 86_400.0


@frozen
class Watermark:
    """The highest id that was read by the Unix time `at` of the poller. All ids up to it were allocated by then."""

    at: float
    top: int


@frozen
class Sweep:
    """A pass over the older ids, which can take several runs.

    It has read the ids up to `at`, ends with the id `end`, and started at the Unix time `began`.
    """

    at: int
    end: int
    began: float


@frozen
class IdCursor:
    """What a poll remembers of a table. Ids are positive. `sweep` is None between two sweeps."""

    top: int
    floor: int
    seen: IdValues
    watermarks: tuple[Watermark, ...] = ()
    sweep: Sweep | None = None

    @classmethod
    def at(cls, floor: int) -> IdCursor:
        """Return a cursor for which every row above `floor` is new."""
        return cls(floor, floor, IdValues())

    def bound(self, now: float, longest: float) -> int:
        """Return the highest id that is known to have been allocated more than `longest` seconds ago."""
        return max((one.top for one in self.watermarks if now - one.at > longest), default=self.floor)

    def ranges(self, after: int, min_size: int) -> list[tuple[int, int]]:
        """Split the ids above `after` at watermarks into ranges of at least `min_size` ids, the newest first."""
        found, end = [], self.top
        for watermark in reversed(self.watermarks):
            if after < watermark.top <= end - min_size:
                found.append((watermark.top, end))
                end = watermark.top
        return [*found, (after, end)]

    def new_or_changed(self, read: IdValues) -> IdValues:
        """Return the ids in `read` that have not been seen, or were seen with another value."""
        return (read - self.seen).above(self.floor)

    def with_read(self, read: IdValues) -> IdCursor:
        """Return a cursor that has also seen these ids, with these values."""
        kept = read.above(self.floor)
        return replace(self, seen=self.seen | kept, top=max(self.top, kept.highest))

    def after_sweep(self, sweep: Sweep, retain: float) -> IdCursor:
        """Return a cursor whose sweep has reached `sweep.at`. `floor` rises to the last of these ids that are too old.

        They were read after `sweep.began`. So an id is given up only if it was missing for all of `retain` seconds.
        """
        old = (one.top for one in self.watermarks if one.top <= sweep.at and sweep.began - one.at > retain)
        floor = max(old, default=0)
        swept = self.with_floor(floor) if floor > self.floor else self
        return replace(swept, sweep=sweep if sweep.at < sweep.end else None)

    def with_floor(self, floor: int) -> IdCursor:
        """Return a cursor that no longer looks for ids up to `floor`."""
        watermarks = tuple(one for one in self.watermarks if one.top >= floor)
        return replace(self, floor=floor, seen=self.seen.above(floor), watermarks=watermarks)

    def rewound(self, id_: int) -> IdCursor:
        """Return a cursor that has read no id above this one. It forgets when they were allocated, so none is late."""
        watermarks = tuple(one for one in self.watermarks if one.top <= id_)
        return IdCursor(min(self.top, id_), min(self.floor, id_), self.seen - self.seen.above(id_), watermarks)

    def within(self, size: int) -> IdCursor:
        """Return a cursor with `floor` raised until `seen` can be encoded in `size` bytes."""
        chunks = self.seen.chunks
        if len(chunks) <= MAX_CHUNKS and len(self.seen.encoded()) <= size:
            return self
        left, memory = size, MAX_CHUNKS
        for chunk, count in sorted(Counter(chunks).items(), reverse=True):
            left -= self.seen.encoded_size(chunk)
            memory -= count
            if left < 0 or memory < 0:
                return self.with_floor((chunk + 1) * CHUNK - 1)
        return self

    def fullness(self, bound: int, size: int) -> float:
        """Return the share of the room that ids above `bound` take. Above 1, `within` gives up some of them."""
        young = self.seen.above(bound)
        return max(len(young.encoded()) / size, len(young.chunks) / MAX_CHUNKS)

    def given_up(self, before: IdCursor, bound: int) -> int:
        """Count the ids above `bound` that the cursor `before` still looked for, and this one does not."""
        after = max(before.floor, bound)
        if after >= self.floor:
            return 0
        passed = before.seen.above(after) - before.seen.above(self.floor)
        return self.floor - after - len(passed)

    def with_watermark(self, now: float, longest: float) -> IdCursor:
        """Return a cursor with a watermark for the present `top`, and with unneeded watermarks removed."""
        if self.watermarks and self.watermarks[-1].top == self.top:
            return self
        return replace(self, watermarks=_thin_watermarks((*self.watermarks, Watermark(now, self.top)), now, longest))


def _thin_watermarks(watermarks: tuple[Watermark, ...], now: float, longest: float) -> tuple[Watermark, ...]:
    """Remove watermarks shortly after another one, but neither the last one before the bound nor the last of all."""
    before = [one for one in watermarks if now - one.at > longest]
    within = [one for one in watermarks if now - one.at <= longest]
    return (*_spaced(before, _DAY), *_spaced(within, longest / _WATERMARKS_IN_BOUND))


def _spaced(watermarks: list[Watermark], seconds: float) -> list[Watermark]:
    kept: list[Watermark] = []
    for watermark in watermarks:
        if not kept or watermark is watermarks[-1] or abs(watermark.at - kept[-1].at) >= seconds:
            kept.append(watermark)
    return kept
