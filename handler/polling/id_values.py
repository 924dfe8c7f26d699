"""What was seen of rows: their ids, each with the value that it has in the column that the poll watches."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from typing import Final, NamedTuple

from handler.frozen import frozen
from handler.polling.id_set import IdSet, Word

# The value of rows whose value is not known, because the poll watches no column, or watched another one. No column has
# it, since a control character is refused. NULL is None.
UNKNOWN: Final = "\0"
# Of the watched column. Each value has a bitmap of its own.
MAX_VALUES: Final = 64

WatchedValue = str | None


class Change(NamedTuple):
    """A row whose value is `new`. `old` is None also if the row itself is new."""

    id: int
    old: WatchedValue
    new: WatchedValue


@frozen
class IdValues:
    """Ids, none of them negative, each with one value. `seen` has the ids of each value that occurs."""

    seen: Mapping[WatchedValue, IdSet] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[tuple[WatchedValue, Word]]) -> IdValues:
        """The ids in these words, each of which occurs once with a value."""
        words: dict[WatchedValue, list[Word]] = {}
        for value, word in rows:
            words.setdefault(value, []).append(word)
        return cls({value: IdSet.of(found) for value, found in words.items()})

    @property
    def ids(self) -> IdSet:
        """All ids."""
        found = IdSet()
        for seen in self.seen.values():
            found = found | seen if found else seen
        return found

    def __or__(self, later: IdValues) -> IdValues:
        """These ids, with the values of `later` in place of earlier ones."""
        left = {value: seen - later._ids_with_other_values(value) for value, seen in self.seen.items()}
        more = {value: left.get(value, IdSet()) | seen for value, seen in later.seen.items()}
        return _without_empty({**left, **more})

    def __sub__(self, other: IdValues) -> IdValues:
        """Without the ids that have the same value in `other`, and those of which it knows no value."""
        unknown = other.seen.get(UNKNOWN, IdSet())
        left = {value: seen - unknown - other.seen.get(value, IdSet()) for value, seen in self.seen.items()}
        return _without_empty(left)

    def above(self, floor: int) -> IdValues:
        """The ids that are greater than `floor`."""
        return _without_empty({value: seen.above(floor) for value, seen in self.seen.items()})

    def without_values(self) -> IdValues:
        """The same ids, without their values."""
        return _without_empty({UNKNOWN: self.ids})

    def restricted_to(self, ids: IdSet) -> IdValues:
        """Those of the ids, with their values."""
        return _without_empty({value: seen & ids for value, seen in self.seen.items()})

    def without(self, ids: IdSet) -> IdValues:
        """All but these ids."""
        return _without_empty({value: seen - ids for value, seen in self.seen.items()})

    def changes(self, before: IdValues) -> Iterator[Change]:
        """The ids from the lowest on, with the values that they had `before`."""
        olds = {id_: old for old, seen in before.restricted_to(self.ids).seen.items() for id_ in seen}
        news = {id_: new for new, seen in self.seen.items() for id_ in seen}
        return (Change(id_, olds.get(id_), news[id_]) for id_ in sorted(news))

    @property
    def highest(self) -> int:
        """The greatest id; 0 if there is none."""
        return max((seen.highest for seen in self.seen.values()), default=0)

    @property
    def chunks(self) -> list[int]:
        """For each value, the chunks of its ids: together what has to be kept in memory."""
        return [chunk for seen in self.seen.values() for chunk in seen.chunks]

    def __iter__(self) -> Iterator[int]:
        """The ids, from the lowest on."""
        return iter(self.ids)

    def __len__(self) -> int:
        return sum(len(seen) for seen in self.seen.values())

    def __bool__(self) -> bool:
        return any(self.seen.values())

    def encoded_size(self, chunk: int) -> int:
        """How many bytes a chunk adds to what is `encoded`; it may be less."""
        return sum(seen.encoded_size(chunk) for seen in self.seen.values() if chunk in seen.chunks)

    def encoded(self) -> bytes:
        """For `decoded`. A value takes as much as `Seen.encoded`, and some bytes more."""
        parts = [(value, seen.encoded()) for value, seen in self.seen.items()]
        head = json.dumps([[value, len(data)] for value, data in parts]).encode()
        return b"".join([struct.pack("<I", len(head)), head, *(data for _, data in parts)])

    @classmethod
    def decoded(cls, data: bytes) -> IdValues:
        """What `encoded` gave. Raises ValueError, TypeError, zlib.error or struct.error for anything else."""
        (size,) = struct.unpack_from("<I", data)
        place = 4 + size
        seen: dict[WatchedValue, IdSet] = {}
        for value, length in json.loads(data[4:place]):
            seen[value] = IdSet.decoded(data[place : place + length])
            place += length
        return cls(seen)

    def _ids_with_other_values(self, value: WatchedValue) -> IdSet:
        """The ids that have another value than this one."""
        return IdValues({other: seen for other, seen in self.seen.items() if other != value}).ids


def _without_empty(seen: Mapping[WatchedValue, IdSet]) -> IdValues:
    return IdValues({value: ids for value, ids in seen.items() if ids})
