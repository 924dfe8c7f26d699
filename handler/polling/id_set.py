"""A set of ids that millions fit into: one bit for each."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from typing import Final

from handler.frozen import frozen

# One row of a SELECT: a word number, and which of the 64 ids from 64 * word on exist, the first as the lowest bit.
Word = tuple[int, int]

CHUNK: Final = 65_536  # ids
_BYTES: Final = CHUNK // 8
_WORDS: Final = CHUNK // 64
_LAYOUT: Final = struct.Struct(f"<{_WORDS}Q")


@frozen
class IdSet:
    """A set of ids that are not negative. `chunks` has a bitmap for each range of 65,536 ids that is not empty."""

    chunks: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, words: Iterable[Word]) -> IdSet:
        """Return the set of the ids in these words. No word occurs twice."""
        chunks: dict[int, bytearray] = {}
        for word, bits in words:
            chunk, place = divmod(word, _WORDS)
            struct.pack_into("<Q", chunks.setdefault(chunk, bytearray(_BYTES)), place * 8, bits)
        return cls({chunk: int.from_bytes(bits, "little") for chunk, bits in chunks.items()})

    @classmethod
    def containing(cls, ids: Iterable[int]) -> IdSet:
        """Return the set of these ids."""
        words: dict[int, int] = {}
        for id_ in ids:
            words[id_ // 64] = words.get(id_ // 64, 0) | 1 << id_ % 64
        return cls.of(words.items())

    def __or__(self, other: IdSet) -> IdSet:
        more = {chunk: self.chunks.get(chunk, 0) | bits for chunk, bits in other.chunks.items()}
        return IdSet({**self.chunks, **more})

    def __sub__(self, other: IdSet) -> IdSet:
        left = {chunk: bits & ~other.chunks.get(chunk, 0) for chunk, bits in self.chunks.items()}
        return IdSet({chunk: bits for chunk, bits in left.items() if bits})

    def __and__(self, other: IdSet) -> IdSet:
        both = {chunk: bits & other.chunks[chunk] for chunk, bits in self.chunks.items() if chunk in other.chunks}
        return IdSet({chunk: bits for chunk, bits in both.items() if bits})

    def above(self, floor: int) -> IdSet:
        """Return the ids greater than `floor`."""
        chunk, bit = divmod(floor + 1, CHUNK)
        kept = {number: bits for number, bits in self.chunks.items() if number > chunk}
        if edge := self.chunks.get(chunk, 0) >> bit << bit:
            kept[chunk] = edge
        return IdSet(kept)

    def upto(self, id_: int) -> int:
        """Return the highest id up to this one; 0 if there is none."""
        if id_ < 0:
            return 0
        chunk, bit = divmod(id_, CHUNK)
        within = self.chunks.get(chunk, 0) & ((1 << (bit + 1)) - 1)
        below = IdSet({number: bits for number, bits in self.chunks.items() if number < chunk})
        return chunk * CHUNK + within.bit_length() - 1 if within else below.highest

    @property
    def highest(self) -> int:
        """The highest id; 0 if the set is empty."""
        return max((chunk * CHUNK + bits.bit_length() - 1 for chunk, bits in self.chunks.items() if bits), default=0)

    def __iter__(self) -> Iterator[int]:
        """Iterate over the ids in ascending order."""
        for chunk, bits in sorted(self.chunks.items()):
            for place, word in enumerate(_LAYOUT.unpack(bits.to_bytes(_BYTES, "little"))):
                left = word
                while left:
                    yield chunk * CHUNK + place * 64 + (left & -left).bit_length() - 1
                    left &= left - 1

    def __len__(self) -> int:
        return sum(bits.bit_count() for bits in self.chunks.values())

    def __bool__(self) -> bool:
        return any(self.chunks.values())

    def encoded_size(self, chunk: int) -> int:
        """Return at most how many bytes a chunk adds to the result of `encoded`."""
        return len(zlib.compress(self.chunks[chunk].to_bytes(_BYTES, "little")))

    def encoded(self) -> bytes:
        """Return bytes for `decoded`. A million ids take 0.2 kB without gaps, and at most 126 kB, one bit each."""
        parts = [struct.pack("<I", len(self.chunks))]
        for chunk, bits in sorted(self.chunks.items()):
            parts += [struct.pack("<Q", chunk), bits.to_bytes(_BYTES, "little")]
        return zlib.compress(b"".join(parts))

    @classmethod
    def decoded(cls, data: bytes) -> IdSet:
        """Return the set that was encoded. Raises ValueError, zlib.error or struct.error for other data."""
        raw = zlib.decompress(data)
        (count,) = struct.unpack_from("<I", raw)
        size = 8 + _BYTES
        if len(raw) != 4 + count * size:
            raise ValueError("the data has the wrong length for its number of chunks")
        places = range(4, len(raw), size)
        return cls(
            {
                struct.unpack_from("<Q", raw, place)[0]: int.from_bytes(raw[place + 8 : place + size], "little")
                for place in places
            }
        )
