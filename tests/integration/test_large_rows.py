"""Rows that are larger than the function's memory: they are refused by their size, before they are read."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from handler.errors import CODES, SourceError
from lab.databases import Pair
from lab.shop import Target
from tests.replica_kit import SHORT, Default, replicas

MIB = 1 << 20
TABLE = "CREATE TABLE shop.large (id BIGINT PRIMARY KEY, body LONGTEXT NOT NULL, note VARCHAR(4000) NOT NULL)"
EIGHT = ", ".join(f"RPAD(id, 4000000, 'x') AS c{number}" for number in range(8))


@pytest.fixture(scope="module")
def target(database_pair: Pair) -> Iterator[Target]:
    pair = database_pair
    pair.primary.query(TABLE)
    pair.primary.query("INSERT INTO shop.large SELECT id, REPEAT('x', 4000000), '' FROM shop.orders LIMIT 3")
    pair.primary.query("INSERT INTO shop.large SELECT id + 100000, '', REPEAT('あ', 1000) FROM shop.orders LIMIT 1000")
    pair.wait_for_replica()
    replica = pair.replica
    yield Target(replica.host, replica.port, "shop", pair.reader.user, pair.reader.password, str(pair.ca))
    pair.primary.query("DROP TABLE shop.large")
    pair.wait_for_replica()


@pytest.fixture
def select(target: Target) -> Iterator[Default]:
    adapter = replicas(target)
    yield Default(adapter)
    adapter.close()


def measured(call: Callable[[], Any]) -> tuple[Any, int]:
    """What a call returns, and the most memory that it took."""
    gc.collect()
    tracemalloc.start()
    try:
        return call(), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def refusal(select: Default, sql: str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        select(sql, limit=1000, x="canary")
    return caught.value


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ("SELECT id, body FROM large WHERE id < 100000", "body"),
        ("SELECT id, note FROM large WHERE id > 100000 LIMIT 1000", "note"),
        ("SELECT id, LPAD(number, 4000000, 'x') AS log FROM orders LIMIT 100", "log"),
        (f"SELECT {EIGHT} FROM orders LIMIT 1", "c0, c1, c2, c3, c4"),
        ("SELECT id, LPAD(%(x)s, 4000000, 'x') FROM orders", "column 2, which needs a name: add AS"),
        ("SELECT id, body, LPAD('x', 9, 'x') AS canary FROM large", "body, column 3, which needs a name: add AS"),
    ],
)
def test_rows_that_are_too_large_are_refused_before_they_are_read(select: Default, sql: str, columns: str) -> None:
    before = select.connection()
    error, peak = measured(lambda: refusal(select, sql))
    assert (error.code, CODES[error.code].retry) == ("ROWS_TOO_LARGE", False)
    assert error.detail == f"more than 2048 KiB; columns that can be long: {columns}"
    assert peak < 12 * MIB
    assert select.connection() != before  # what was under way was not read


@pytest.mark.parametrize("letter", ["x", "é", "あ", "😀"])
def test_a_large_value_is_read_whole_in_a_bounded_memory(select: Default, letter: str) -> None:
    size = 2_000_000 // len(letter.encode()) - 1
    sql = "SELECT id, RPAD('😀', %(size)s + 0, %(letter)s) AS log FROM orders LIMIT 1"
    rows, peak = measured(lambda: select(sql, size=size, letter=letter))
    assert rows[0]["log"] == "😀" + letter * (size - 1)
    assert peak < 16 * MIB


def test_a_wide_character_does_not_get_around_the_limit(select: Default) -> None:
    sql = "SELECT CONCAT('😀', RPAD('', 2097000, 'x')) AS log FROM orders LIMIT 1"
    rows, peak = measured(lambda: select(sql))
    assert len(str(rows[0]["log"])) == 2_097_001
    assert peak < 16 * MIB


def test_many_lookups_in_turn_take_the_memory_of_one(select: Default) -> None:
    def many() -> int:
        return sum(len(select("SELECT RPAD('x', 2000000, 'x') AS log LIMIT 1")) for _ in range(20))

    number, peak = measured(many)
    assert number == 20
    assert peak < 12 * MIB


def test_a_group_concat_may_be_as_large_as_a_row(select: Default) -> None:
    sql = "SELECT GROUP_CONCAT(note SEPARATOR '') AS notes FROM (SELECT note FROM large WHERE id > 100000 LIMIT 600) x"
    assert len(str(select.value(sql))) == 600_000


def test_an_answer_may_have_a_limit_of_its_own(target: Target) -> None:
    adapter = replicas(target, limits=replace(SHORT, bytes=4096))
    assert refusal(Default(adapter), "SELECT RPAD('x', 5000, 'x') AS log").detail.startswith("more than 4 KiB")
    assert Default(adapter).value("SELECT 1 AS x") == 1
    adapter.close()
