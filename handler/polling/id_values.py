"""The ids of rows that were seen, each with the row's value in the watched column."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from typing import Final, NamedTuple

from handler.frozen import frozen
from handler.polling.id_set import IdSet, Word

# Stands for an unknown value: the poll watches no column, or watched another one before. No row can have this value,
# since control characters are refused. NULL is None.
UNKNOWN: Final = "\0"
# Of the watched column. Each has its own bitmap.
MAX_VALUES: Final = 64

WatchedValue = str | None


class Change(NamedTuple):
    """A row whose value changed from `old` to `new`. `old` is also None if the row itself is new."""

    id: int
    old: WatchedValue
    new: WatchedValue


@frozen
class IdValues:
    """Ids that are not negative, each with one value. `seen` has the ids by their values."""

    seen: Mapping[WatchedValue, IdSet] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[tuple[WatchedValue, Word]]) -> IdValues:
        """Return the ids in these words, with their values. No word occurs twice with the same value."""
        words: dict[WatchedValue, list[Word]] = {}
        for value, word in rows:
            words.setdefault(value, []).append(word)
        return cls({value: IdSet.of(found) for value, found in words.items()})

    @property
    def ids(self) -> IdSet:
        """The ids of all values."""
        found = IdSet()
        for seen in self.seen.values():
            found = found | seen if found else seen
        return found

    def __or__(self, later: IdValues) -> IdValues:
        """Return the ids of both; an id that is in both has its value in `later`."""
        left = {value: seen - later._ids_with_other_values(value) for value, seen in self.seen.items()}
        more = {value: left.get(value, IdSet()) | seen for value, seen in later.seen.items()}
        return _without_empty({**left, **more})

    def __sub__(self, other: IdValues) -> IdValues:
        """Return the ids without those that `other` has with the same value, or with an unknown one."""
        unknown = other.seen.get(UNKNOWN, IdSet())
        left = {value: seen - unknown - other.seen.get(value, IdSet()) for value, seen in self.seen.items()}
        return _without_empty(left)

    def above(self, floor: int) -> IdValues:
        """Return the ids greater than `floor`."""
        return _without_empty({value: seen.above(floor) for value, seen in self.seen.items()})

    def without_values(self) -> IdValues:
        """Return the same ids with unknown values."""
        return _without_empty({UNKNOWN: self.ids})

    def restricted_to(self, ids: IdSet) -> IdValues:
        """Return only these ids, with their values."""
        return _without_empty({value: seen & ids for value, seen in self.seen.items()})

    def without(self, ids: IdSet) -> IdValues:
        """Return all but these ids."""
        return _without_empty({value: seen - ids for value, seen in self.seen.items()})

    def changes(self, before: IdValues) -> Iterator[Change]:
        """Iterate over the rows by ascending id, with the values that they had `before`."""
        olds = {id_: old for old, seen in before.restricted_to(self.ids).seen.items() for id_ in seen}
        news = {id_: new for new, seen in self.seen.items() for id_ in seen}
        return (Change(id_, olds.get(id_), news[id_]) for id_ in sorted(news))

    @property
    def highest(self) -> int:
        """The highest id; 0 if there is none."""
        return max((seen.highest for seen in self.seen.values()), default=0)

    @property
    def chunks(self) -> list[int]:
        """The chunks of each value, so a chunk may occur more than once. Together they are what is kept in memory."""
        return [chunk for seen in self.seen.values() for chunk in seen.chunks]

    def __iter__(self) -> Iterator[int]:
        """Iterate over the ids in ascending order."""
        return iter(self.ids)

    def __len__(self) -> int:
        return sum(len(seen) for seen in self.seen.values())

    def __bool__(self) -> bool:
        return any(self.seen.values())

    def encoded_size(self, chunk: int) -> int:
        """Return at most how many bytes a chunk adds to the result of `encoded`."""
        return sum(seen.encoded_size(chunk) for seen in self.seen.values() if chunk in seen.chunks)

    def encoded(self) -> bytes:
        """Return bytes for `decoded`. Each value takes some bytes more than the result of IdSet.encoded."""
        parts = [(value, seen.encoded()) for value, seen in self.seen.items()]
        head = json.dumps([[value, len(data)] for value, data in parts]).encode()
        return b"".join([struct.pack("<I", len(head)), head, *(data for _, data in parts)])

    @classmethod
    def decoded(cls, data: bytes) -> IdValues:
        """Return the ids that were encoded.

        Raises ValueError, TypeError, zlib.error or struct.error if `data` is not from `encoded`.
        """
        (size,) = struct.unpack_from("<I", data)
        place = 4 + size
        seen: dict[WatchedValue, IdSet] = {}
        for value, length in json.loads(data[4:place]):
            seen[value] = IdSet.decoded(data[place : place + length])
            place += length
        return cls(seen)

    def _ids_with_other_values(self, value: WatchedValue) -> IdSet:
        """The ids whose value differs from this one."""
        return IdValues({other: seen for other, seen in self.seen.items() if other != value}).ids


def _without_empty(seen: Mapping[WatchedValue, IdSet]) -> IdValues:
    return IdValues({value: ids for value, ids in seen.items() if ids})
