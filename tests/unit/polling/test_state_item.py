"""What a poll keeps is read as it was written, also what an earlier version wrote."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.model import Digest
from handler.polling import state_item
from handler.polling.id_cursor import IdCursor, Sweep, Watermark
from handler.polling.id_set import IdSet
from handler.polling.id_values import IdValues
from handler.polling.replica_lag import SeenVersion
from handler.polling.state import Pending, PolledRow, PollState
from handler.state_item import Item
from tests.poll_kit import seen

IDS = st.integers(1, 2**63 - 1)
TEXTS = st.none() | st.text(max_size=10)
WORDS = st.dictionaries(IDS, TEXTS, max_size=20)


def values(rows: dict[int, str | None]) -> IdValues:
    """Rows with their values."""
    found: dict[str | None, list[int]] = {}
    for id_, value in rows.items():
        found.setdefault(value, []).append(id_)
    return IdValues({value: IdSet.containing(ids) for value, ids in found.items()})


SETS = st.builds(values, WORDS)
TIMES = st.floats(0, 4e9)
CURSORS = st.builds(
    IdCursor,
    IDS,
    IDS,
    SETS,
    st.lists(st.builds(Watermark, TIMES, IDS), max_size=50).map(tuple),
    st.none() | st.builds(Sweep, IDS, IDS, TIMES),
)
COUNTS = st.integers(0, 2**40)
ROWS = st.builds(PolledRow, IDS, st.booleans(), st.none() | st.tuples(TEXTS, TEXTS), TEXTS)
PENDING = (
    st.none()
    | st.builds(Pending, st.lists(ROWS, min_size=1, max_size=9).map(tuple))
    | st.builds(Digest, COUNTS, COUNTS, COUNTS, IDS, IDS)
)


CANARIES = st.dictionaries(IDS, st.text(max_size=30), max_size=5)
STATES = st.builds(
    PollState,
    CURSORS,
    PENDING,
    CANARIES,
    TIMES,
    st.integers(1, 2**40),
    st.integers(0, 9),
    st.integers(0, 9),
    IDS,
    st.text(max_size=20),
    st.dictionaries(IDS, st.builds(SeenVersion, TIMES, TIMES), max_size=5),
)


@given(STATES)
def test_what_is_written_is_read(state: PollState) -> None:
    assert state_item.read(Item("poll#t", "state", state_item.values(state), 0, state.revision)) == state


@given(STATES, STATES)
def test_nothing_of_the_item_before_is_left(before: PollState, after: PollState) -> None:
    old = Item("poll#t", "state", state_item.values(before), 0)
    item = Item("poll#t", "state", state_item.values(after), 0).following(old)
    assert state_item.read(item) == replace(after, revision=2)


def bitmap(ids: list[int]) -> bytes:
    return IdSet.containing(ids).encoded()


# As the first version wrote it; later versions have to read it.
STORED = {
    "format": 1, "epoch": 0, "top": 130, "floor": 2, "marks": "[[1795000000.5, 128], [1795000060.25, 130]]",
    "sweep": "[64, 128, 1795000000.5]", "digest": "null",
    "canaries": '[[130, "x"]]', "behind_since": 1.5,
}  # fmt: skip


def test_an_item_of_the_first_version_is_read_as_before() -> None:
    marks, sweep = (Watermark(1795000000.5, 128), Watermark(1795000060.25, 130)), Sweep(64, 128, 1795000000.5)
    cursor, pending = IdCursor(130, 2, seen([3, 4, 128, 130]), marks, sweep), Pending((PolledRow(130),))
    state = PollState(cursor, pending, {130: "x"}, 1.5, 7)
    packed = {"seen": bitmap([3, 4, 128, 130]), "pending": bitmap([130]), "pending_late": bitmap([])}
    assert state_item.read(Item("poll#t", "state", {**STORED, **packed}, 0, 7)) == state


def test_a_digest_of_the_first_version_is_read_as_before() -> None:
    values = {**STORED, "seen": bitmap([3]), "pending": "", "pending_late": "", "digest": "[7, 120, 1, 5, 130]"}
    assert state_item.read(Item("poll#t", "state", values, 0, 7)).pending == Digest(7, 120, 1, 5, 130)


@pytest.mark.parametrize(
    ("ids", "packed"),
    [
        ([], "eJxjYGBgAAAABAAB"),
        ([1], "eJztwbENAAAIA6Dq/0d39AYTYHI2AAAAAAAAAMB3BYAYAAQ="),
        ([3, 4, 128, 130], "eJztwUENADAIBLDjMQ/4V8qTTAJJ28rq/F4AAAAAAAAAgGsG3/UAHw=="),
        ([65_535, 65_536], "eJztyiESADAIwLCxl/N0DBoPl6iK/gcAAAAAAAAAHJLREeMGAAAAAAAAAGxQBcMAhQ=="),
    ],
)
def test_a_bitmap_that_the_first_version_packed_is_read_as_before(ids: list[int], packed: str) -> None:
    assert IdSet.decoded(base64.b64decode(packed)) == IdSet.containing(ids)
