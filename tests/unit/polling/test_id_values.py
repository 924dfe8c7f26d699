from __future__ import annotations

import json
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.polling.id_set import IdSet
from handler.polling.id_values import UNKNOWN, Change, IdValues, WatchedValue

IDS = st.one_of(st.integers(0, 300), st.integers(65_400, 65_700), st.integers(0, 2**63 - 1))
ROWS = st.dictionaries(IDS, st.sampled_from([None, "", "null", "paid", "支払済み", UNKNOWN]), max_size=30)
Rows = dict[int, WatchedValue]


def values(rows: Rows) -> IdValues:
    """These rows, as a database gives them: word by word."""
    words: dict[tuple[WatchedValue, int], int] = {}
    for id_, value in rows.items():
        words[value, id_ // 64] = words.get((value, id_ // 64), 0) | 1 << id_ % 64
    return IdValues.of((value, (word, bits)) for (value, word), bits in words.items())


@given(ROWS, ROWS, st.integers(-1, 2**63), st.sets(IDS, max_size=30))
def test_it_is_a_mapping_from_ids_to_values(one: Rows, other: Rows, floor: int, some: set[int]) -> None:
    mapped, changed = values(one), {id_: one[id_] for id_ in one if other.get(id_, "another") != one[id_]}
    assert [*mapped] == sorted(one)
    assert (len(mapped), bool(mapped), mapped.highest) == (len(one), bool(one), max(one, default=0))
    assert mapped | values(other) == values(one | other)
    assert mapped - values(other) == values({id_: at for id_, at in changed.items() if other.get(id_) != UNKNOWN})
    assert mapped.above(floor) == values({id_: value for id_, value in one.items() if id_ > floor})
    kept = {id_: value for id_, value in one.items() if id_ in some}
    assert mapped.restricted_to(IdSet.containing(some)) == values(kept)
    assert mapped.without(IdSet.containing(some)) == values({id_: at for id_, at in one.items() if id_ not in some})
    assert mapped.without_values() == values(dict.fromkeys(one, UNKNOWN))
    assert [*mapped.changes(values(other))] == [Change(id_, other.get(id_), one[id_]) for id_ in sorted(one)]
    assert IdValues.decoded(mapped.encoded()) == mapped


@given(ROWS)
def test_what_a_chunk_adds_to_the_state_is_no_less_than_what_it_takes(rows: Rows) -> None:
    mapped = values(rows)
    packed = sum(mapped.encoded_size(chunk) for chunk in {*mapped.chunks})
    assert len(mapped.encoded()) <= packed + 6 + 80 * len(mapped.seen) + 40 * len(mapped.chunks)


@pytest.mark.parametrize(
    "data",
    [b"", b"x", struct.pack("<I", 2) + b"[]x"[:1], struct.pack("<I", 9) + json.dumps([["a", 9]]).encode()],
    ids=range(4),
)
def test_what_was_not_encoded_is_an_error(data: bytes) -> None:
    with pytest.raises((ValueError, TypeError, zlib.error, struct.error)):
        IdValues.decoded(data)
