"""What `notifier doctor` says of the times of small tables: their type, who sets them, and whether anybody does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import pytest

from handler.adapters.database.session import Limits
from handler.polling.time_cursor import MAX_SEEN
from lab.databases import Pair
from lab.shop import SCHEMA, Target
from tests.doctor_kit import said
from tests.replica_kit import Default, address, replicas

NOW: Final = "UTC_TIMESTAMP()"
# Of small tables: the time as it is described, its values, the part of what is found, its state, and a part of it.
SMALL: Final = {
    "no row": ("at DATETIME NULL", [], "", "ok", "no row has a time yet"),
    "no row, and a date": ("at DATE NULL", [], "times", "failed", "type date: all rows of a day have the same time"),
    "a date": ("at DATE NULL", [NOW], "", "failed", "type date: all rows of a day have the same time"),
    "a text": ("at VARCHAR(30)", [NOW], "", "failed", "type varchar(30): that is no time to go by"),
    "no row, and a year": ("at YEAR", [], "times", "failed", "that is no time to go by"),
    "a fraction": ("at DECIMAL(16, 3)", ["1767607200.5"], "", "failed", "type decimal(16,3): that is no time to go by"),
    "microseconds": ("at BIGINT", ["1767607200000000"], "", "failed", "neither a time nor seconds or milliseconds"),
    "all NULL": ("at DATETIME NULL", ["NULL", "NULL"], "times", "warning", "no time in any of them (NULL, or 0)"),
    "all zero": ("at BIGINT NOT NULL", ["0", "0"], "times", "warning", "no time in any of them (NULL, or 0)"),
    "no date": ("at DATETIME", ["'0000-00-00 00:00:00'"], "times", "warning", "no time in any of them (NULL, or 0)"),
    "one is set": ("at DATETIME NULL", ["NULL", NOW], "", "ok", "1 rows in the window"),
    "by the application": (
        "at DATETIME NULL",
        [NOW],
        "",
        "ok",
        "the writer of a row sets `at`: an application with its",
    ),
    "by the primary": (
        "at TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6)",
        [NOW],
        "",
        "ok",
        "the primary's clock sets `at`, unless a statement does",
    ),
    "by each update": (
        "at TIMESTAMP NULL ON UPDATE CURRENT_TIMESTAMP",
        [NOW],
        "times",
        "warning",
        "each UPDATE of a row sets `at`: a row that is no longer remembered is found again",
    ),
    "by the table": ("at DATETIME AS (NULL) STORED, also INT", [], "", "ok", "`at` is worked out by the table"),
    "the time of Tokyo": (
        "at DATETIME NULL",
        [f"{NOW} + INTERVAL 9 HOUR", f"{NOW} - INTERVAL 1 HOUR"],
        "times",
        "warning",
        "its latest time is 9 h in the future, if it is one of the zone +00:00",
    ),
    "a time far ahead": (
        "at DATETIME NULL",
        [f"{NOW} + INTERVAL 10 DAY"],
        "",
        "ok",
        "latest time is 10 days in the fu",
    ),
    "a moment ahead": ("at TIMESTAMP NULL", [f"{NOW} + INTERVAL 9 HOUR"], "", "ok", "latest time is 9 h in the future"),
    "seconds ahead": ("at BIGINT NULL", ["UNIX_TIMESTAMP() + 7200"], "", "ok", "its latest time is 2 h in the future"),
}


@contextmanager
def table(pair: Pair, at: str, values: Sequence[str] = (), name: str = "timed_small") -> Iterator[None]:
    """A small table, with its time as it is described, and these expressions as the times of its rows."""
    with pair.primary.connect(SCHEMA) as connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION time_zone = '+00:00', sql_mode = ''")
        cursor.execute(f"CREATE TABLE {name} (id INT AUTO_INCREMENT PRIMARY KEY, {at}, note INT NULL, KEY (at))")
        for value in values:
            cursor.execute(f"INSERT INTO {name} (at) VALUES ({value})")
        connection.commit()
    try:
        pair.wait_for_replica()
        yield
    finally:
        pair.primary.query(f"DROP TABLE {SCHEMA}.{name}")
        pair.wait_for_replica()


@pytest.fixture(scope="module")
def database(database_pair: Pair, reader: Target) -> Iterator[Default]:
    adapter = replicas(reader, limits=Limits())
    yield Default(adapter)
    adapter.close()


@pytest.mark.parametrize("name", SMALL)
def test_the_times_of_a_table_are_looked_at(database_pair: Pair, database: Default, name: str) -> None:
    at, values, part, state, words = SMALL[name]
    with table(database_pair, at, values):
        found = said(database, "SELECT id, at FROM timed_small")
    assert found.keys() == {"", part}, found
    check = found[part]
    assert check.state == state
    assert words in (check.seen if state == "ok" else check.cause)
    assert bool(check.remedy) == (state != "ok")


def test_with_each_time_as_an_event_an_update_is_no_fault(database_pair: Pair, database: Default) -> None:
    with table(database_pair, "at TIMESTAMP NULL ON UPDATE CURRENT_TIMESTAMP", [NOW]):
        found = said(database, "SELECT id, at FROM timed_small", identity="at")
    assert found.keys() == {""}


def test_with_the_zone_of_the_application_its_times_are_not_ahead(database_pair: Pair, reader: Target) -> None:
    adapter = replicas(reader, address(reader, time_zone="Asia/Tokyo"), limits=Limits())
    try:
        with table(database_pair, "at DATETIME NULL", [f"{NOW} + INTERVAL 9 HOUR"]):
            found = said(Default(adapter), "SELECT id, at FROM timed_small")
    finally:
        adapter.close()
    assert found.keys() == {""}
    assert "read in the zone +09:00" in found[""].seen


def test_an_empty_table_without_an_index_is_named(database_pair: Pair, database: Default) -> None:
    with table(database_pair, "other INT, at DATETIME NULL"):
        assert said(database, "SELECT id, at FROM timed_small").keys() == {""}
        database_pair.primary.query(f"DROP INDEX at ON {SCHEMA}.timed_small")
        database_pair.wait_for_replica()
        reading = said(database, "SELECT id, at FROM timed_small")["reading"]
    assert "no index of timed_small begins with `at`" in reading.cause


def test_more_times_in_the_future_than_are_remembered_fail(database_pair: Pair, database: Default) -> None:
    with table(database_pair, "at DATETIME NULL", [NOW]):
        ahead = ", ".join(["('2099-01-01')"] * (MAX_SEEN + 1))
        database_pair.primary.query(f"INSERT INTO {SCHEMA}.timed_small (at) VALUES {ahead}")
        database_pair.wait_for_replica()
        window = said(database, "SELECT id, at FROM timed_small")["window"]
    assert (window.state, "POLL_TIMES_UNFIT" in window.cause) == ("failed", True)


def test_of_a_join_nothing_is_said_of_a_column_that_may_be_another_tables(
    database_pair: Pair, database: Default
) -> None:
    other = table(database_pair, "at DATETIME NULL", [NOW], name="timed_other")
    with table(database_pair, "at DATE NULL", ["CURRENT_DATE"]), other:
        joined = "SELECT s.id, o.at FROM timed_small s JOIN timed_other o ON o.id = s.id"
        assert said(database, joined).keys() == {""}
