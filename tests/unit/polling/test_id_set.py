from __future__ import annotations

import struct
import zlib
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.polling.id_set import IdSet

IDS = st.sets(st.one_of(st.integers(0, 300), st.integers(65_400, 65_700), st.integers(0, 2**63 - 1)), max_size=60)


@given(IDS, IDS, st.integers(-1, 2**63))
def test_it_is_a_set(one: set[int], other: set[int], floor: int) -> None:
    assert list(IdSet.containing(one)) == sorted(one)
    assert set(IdSet.containing(one) | IdSet.containing(other)) == one | other
    assert set(IdSet.containing(one) - IdSet.containing(other)) == one - other
    assert set(IdSet.containing(one) & IdSet.containing(other)) == one & other
    assert set(IdSet.containing(one).above(floor)) == {id_ for id_ in one if id_ > floor}
    assert len(IdSet.containing(one)) == len(one)
    assert bool(IdSet.containing(one)) == bool(one)
    assert IdSet.containing(one).highest == max(one, default=0)
    assert IdSet.decoded(IdSet.containing(one).encoded()) == IdSet.containing(one)


@pytest.mark.parametrize(("missing", "most"), [(0, 250), (0.001, 3_100), (0.01, 17_000), (0.5, 126_000)])
def test_a_million_ids_are_small(missing: float, most: int) -> None:
    random = Random(1)
    assert len(IdSet.containing(id_ for id_ in range(1, 1_000_001) if random.random() >= missing).encoded()) < most


@pytest.mark.parametrize(
    "data", [b"", b"x", zlib.compress(b""), zlib.compress(struct.pack("<I", 2) + bytes(8_200))], ids=range(4)
)
def test_what_was_not_encoded_is_an_error(data: bytes) -> None:
    with pytest.raises((ValueError, zlib.error, struct.error)):
        IdSet.decoded(data)
