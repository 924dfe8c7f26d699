"""What `notifier doctor` says of polls by a time of tables with 60,000 rows; and that what it says helps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import pytest

from cli.compiler import sql
from handler.adapters.session import Limits
from handler.checks import polling
from handler.checks.model import Check
from handler.model import Poll
from handler.polling.time_cursor import MOST_SEEN
from lab.databases import Pair
from lab.shop import SCHEMA, Target
from tests.replica_kit import Default, address, replicas

ROWS: Final = 60_000
# A row in 10 s: what is read of a window of five hours, and one more, has more than one page of them.
AT: Final = "'2026-01-01' + INTERVAL seq * 10 SECOND"
LONGEST: Final = 4 * 3600.0
EPOCH: Final = 1_767_225_600
NUMBER, TEXT, BYTES = "seq", "LEFT(SHA2(seq, 256), 36)", "UNHEX(LEFT(SHA2(seq, 256), 32))"
REST: Final = "region INT NOT NULL, kind INT NOT NULL"
UUID: Final = f"id CHAR(36) NOT NULL PRIMARY KEY, at DATETIME NULL, {REST}"
SECOND_ID: Final = f"n INT AUTO_INCREMENT PRIMARY KEY, id CHAR(36) NOT NULL UNIQUE, at DATETIME NULL, {REST}"
# Each with its columns, its ids, and its times.
TABLES: Final = {
    "timed_bare": (UUID, TEXT, AT),
    "timed_number": (f"id BIGINT AUTO_INCREMENT PRIMARY KEY, at DATETIME NULL, {REST}, KEY by_at (at)", NUMBER, AT),
    "timed_text": (f"{UUID}, KEY by_at (at)", TEXT, AT),
    "timed_both": (f"{SECOND_ID}, KEY by_both (at, id)", TEXT, AT),
    "timed_second": (f"{SECOND_ID}, KEY by_at (at)", TEXT, AT),
    "timed_cut": (f"{SECOND_ID}, KEY by_part (at, id(8))", TEXT, AT),
    "timed_stamp": (f"id CHAR(36) PRIMARY KEY, at TIMESTAMP(6) NULL, {REST}, KEY by_at (at)", TEXT, AT),
    "timed_seconds": (f"id CHAR(36) PRIMARY KEY, at INT UNSIGNED, {REST}, KEY by_at (at)", TEXT, f"{EPOCH} + seq * 10"),
    "timed_millis": (
        f"id CHAR(36) PRIMARY KEY, at BIGINT, {REST}, KEY by_at (at)",
        TEXT,
        f"({EPOCH} + seq * 5) * 1000",
    ),
    "timed_kind": (f"{UUID}, KEY by_kind (kind)", TEXT, AT),
    "timed_kind_at": (f"{UUID}, KEY by_kind_at (kind, at)", TEXT, AT),
    "timed_bytes": (f"id BINARY(16) PRIMARY KEY, at DATETIME NULL, {REST}, KEY by_at (at)", BYTES, AT),
    "timed_null": (UUID, TEXT, "NULL"),
}
VIEWS: Final = {
    "timed_plain": "SELECT id, at AS happened_at, region FROM timed_text WHERE region > 1",
    "timed_day": "SELECT id, CAST(DATE(at) AS DATETIME) AS day_at FROM timed_text",
    "timed_unix": "SELECT id, UNIX_TIMESTAMP(at) AS at FROM timed_text",
    "timed_moved": "SELECT id, at + INTERVAL 9 HOUR AS at FROM timed_text",
    "timed_stored": "SELECT id, at FROM timed_text",
    "timed_grouped": "SELECT id, MAX(at) AS at FROM timed_text GROUP BY id",
    "timed_distinct": "SELECT DISTINCT id, at FROM timed_text",
    "timed_union": "SELECT id, at FROM timed_text WHERE kind = 0 UNION ALL SELECT id, at FROM timed_both",
    "timed_hex": "SELECT LOWER(HEX(id)) AS id, at FROM timed_bytes",
    "timed_forced": "SELECT id, at, region FROM timed_text FORCE INDEX (by_at)",
}
EXISTS: Final = (
    "SELECT p.id, p.at FROM {} p WHERE EXISTS (SELECT 1 FROM timed_regions r WHERE r.id = p.region AND r.is_test = 0)"
)

# A page is read from its first row on, by the index that is named.
GOOD: Final = {
    "numbers": ("SELECT id, at FROM timed_number", "read by by_at"),
    "texts": ("SELECT id, at FROM timed_text", "read by by_at"),
    "an index of both": ("SELECT id, at FROM timed_both", "read by by_both"),
    "a timestamp": ("SELECT id, at FROM timed_stamp", "read by by_at"),
    "seconds": ("SELECT id, at FROM timed_seconds", "read by by_at"),
    "milliseconds": ("SELECT id, at FROM timed_millis", "read by by_at"),
    "a value before the time": ("SELECT id, at FROM timed_kind_at WHERE kind = 1", "read by by_kind_at"),
    "a condition on the time": ("SELECT id, at FROM timed_text WHERE DATE(at) >= '2026-01-02'", "read by by_at"),
    "another condition": ("SELECT id, at FROM timed_text WHERE region <> 3", "read by by_at"),
    "a view": ("SELECT v.id, v.happened_at AS at FROM timed_plain v", "read by by_at"),
}


@dataclass(frozen=True)
class Bad:
    """A SELECT, with parts of what is said on either server; and what helps: an index, or another SELECT.

    `then` is the SELECT of the view that is said to help if the index alone does not.
    """

    select: str
    cause: str
    remedy: str
    index: str = ""
    instead: str = ""
    then: str = ""


BAD: Final = {
    "no index": Bad(
        "SELECT id, at FROM timed_bare",
        "no index of timed_bare begins with `at`",
        "add an index on timed_bare (at, id)",
        index="timed_bare (at, id)",
    ),
    "no index, and a condition": Bad(
        "SELECT id, at FROM timed_bare WHERE kind = 1",
        "no index of timed_bare begins with `at`",
        "the columns that WHERE compares by = first, and then at, id",
        index="timed_bare (kind, at, id)",
    ),
    "an index of the time, and another id": Bad(
        "SELECT id, at FROM timed_second",
        "for its first run the database reads 6000",
        "add an index on timed_second (at, id)",
        index="timed_second (at, id)",
    ),
    "an index of a part of the id": Bad(
        "SELECT id, at FROM timed_cut",
        "for its first run the database reads 6000",
        "add an index on timed_cut (at, id)",
        index="timed_cut (at, id)",
    ),
    "an index of another column": Bad(
        "SELECT id, at FROM timed_kind WHERE kind = 1",
        "no index of timed_kind begins with `at`",
        "the columns that WHERE compares by = first, and then at, id",
        index="timed_kind (kind, at, id)",
    ),
    "an index of another column that has many values": Bad(
        "SELECT id, at FROM timed_kind WHERE region IN (1, 2, 3)",
        "no index of timed_kind begins with `at`",
        "the columns that WHERE compares by = first, and then at, id",
        index="timed_kind (at, id)",
    ),
    "a time behind another column": Bad(
        "SELECT id, at FROM timed_kind_at",
        "no index of timed_kind_at begins with `at`",
        "add an index on timed_kind_at (at, id)",
        index="timed_kind_at (at, id)",
        then=f"SELECT id, at FROM {SCHEMA}.timed_kind_at FORCE INDEX (helpful)",
    ),
    "DATE": Bad(
        "SELECT id, day_at AS at FROM timed_day",
        "`day_at` is worked out in the view timed_day",
        "in place of DATE(at), UNIX_TIMESTAMP(at) or at + INTERVAL just at",
        instead="SELECT id, at FROM timed_stored",
    ),
    "UNIX_TIMESTAMP": Bad(
        "SELECT id, at FROM timed_unix",
        "`at` is worked out in the view timed_unix",
        "just at",
        instead="SELECT id, at FROM timed_stored",
    ),
    "INTERVAL": Bad(
        "SELECT id, at FROM timed_moved",
        "`at` is worked out in the view timed_moved",
        "just at",
        instead="SELECT id, at FROM timed_stored",
    ),
    "a view with DISTINCT": Bad(
        "SELECT id, at FROM timed_distinct",
        "works out the whole view",
        "poll its table",
        instead="SELECT id, at FROM timed_text",
    ),
    "an id that is worked out": Bad(
        "SELECT LOWER(HEX(id)) AS id, at FROM timed_bytes",
        "for its first run the database reads 6000",
        "write into WHERE from when on rows count, such as at >=",
        instead="SELECT LOWER(HEX(id)) AS id, at FROM timed_bytes WHERE at >= '2026-01-06'",
    ),
    "an id that a view works out": Bad(
        "SELECT id, at FROM timed_hex",
        "for its first run the database reads 6000",
        "write into WHERE from when on rows count, such as at >=",
        instead="SELECT id, at FROM timed_hex WHERE at >= '2026-01-06'",
    ),
    "no time at all": Bad(
        "SELECT id, at FROM timed_null",
        "to look for new rows the database reads 6000",
        "add an index on timed_null (at, id)",
        index="timed_null (at, id)",
    ),
}
GROUPED: Final = "SELECT id, at FROM timed_grouped", "SELECT id, at FROM timed_union"


@pytest.fixture(scope="module")
def tables(database_pair: Pair) -> Iterator[Pair]:
    primary = database_pair.primary
    with primary.connect(SCHEMA) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE timed_seq (seq INT PRIMARY KEY)")
        cursor.execute(f"INSERT INTO timed_seq VALUES {', '.join(f'({seq})' for seq in range(1, ROWS + 1))}")
        cursor.execute("CREATE TABLE timed_regions (id INT PRIMARY KEY, is_test INT NOT NULL)")
        cursor.execute("INSERT INTO timed_regions SELECT seq, seq % 7 = 0 FROM timed_seq WHERE seq < 200")
        for table, (columns, id_, at) in TABLES.items():
            cursor.execute(f"CREATE TABLE {table} ({columns})")
            rows = f"SELECT {id_}, {at}, seq % 10, seq % 2 FROM timed_seq"
            cursor.execute(f"INSERT INTO {table} (id, at, region, kind) {rows}")
            connection.commit()
        for view, select in VIEWS.items():
            cursor.execute(f"CREATE VIEW {view} AS {select}")
    primary.query(f"GRANT SHOW VIEW ON {SCHEMA}.* TO {database_pair.reader.user}@'%'")
    analyze(database_pair, *TABLES, "timed_regions")
    yield database_pair
    primary.query(f"REVOKE SHOW VIEW ON {SCHEMA}.* FROM {database_pair.reader.user}@'%'")
    primary.query(f"DROP VIEW {', '.join(f'{SCHEMA}.{view}' for view in VIEWS)}")
    primary.query(f"DROP TABLE {', '.join(f'{SCHEMA}.{table}' for table in (*TABLES, 'timed_regions', 'timed_seq'))}")
    database_pair.wait_for_replica()


def analyze(pair: Pair, *names: str) -> None:
    pair.wait_for_replica()
    for server in (pair.primary, pair.replica):
        for name in names:
            server.query(f"ANALYZE NO_WRITE_TO_BINLOG TABLE {SCHEMA}.{name}")


@contextmanager
def indexed(pair: Pair, on: str) -> Iterator[None]:
    """Add an index on a table, as `orders (at, id)`."""
    table = on.partition(" ")[0]
    pair.primary.query(f"CREATE INDEX helpful ON {SCHEMA}.{on}")
    try:
        analyze(pair, table)
        yield
    finally:
        pair.primary.query(f"DROP INDEX helpful ON {SCHEMA}.{table}")
        analyze(pair, table)


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
def database(tables: Pair, reader: Target) -> Iterator[Default]:
    adapter = replicas(reader, limits=Limits())
    yield Default(adapter)
    adapter.close()


def poll(select: str, **changes: Any) -> Poll:
    """As the compiler makes it; a join is a warning."""
    source = sql.polled_source(select)
    query = sql.read_polled(select, lines_survive=True)
    assert {problem.code for problem in query.problems} <= {"QUERY_JOIN"}
    made = Poll(query.sql, 60.0, longest=LONGEST, table=source.table, column=source.column, at=source.at)
    return replace(made, **changes)


def said(database: Default, select: str, **changes: Any) -> dict[str, Check]:
    found = [*polling.looked_at(database.replicas, "p", poll(select, **changes))]
    return {check.name.removeprefix("poll p").removeprefix(", "): check for check in found}


@pytest.mark.parametrize("name", GOOD)
def test_a_poll_that_reads_by_the_index_of_its_time_is_well(database: Default, name: str) -> None:
    select, seen = GOOD[name]
    found = said(database, select)
    assert {part: check.state for part, check in found.items()} == {"": "ok"}, found
    assert f"; {seen};" in found[""].seen
    assert " rows in the window of 5 h; 12000 can be remembered" in found[""].seen


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_named_and_its_remedy_helps(tables: Pair, database: Default, name: str) -> None:
    bad = BAD[name]
    reading = said(database, bad.select)["reading"]
    assert (reading.state, bad.cause in reading.cause, bad.remedy in reading.remedy) == ("warning", True, True), reading
    if bad.instead:
        assert "reading" not in said(database, bad.instead)
        return
    with indexed(tables, bad.index):
        found = said(database, bad.select)
        if bad.then:  # MySQL skips through the other index
            assert "reading" not in found or "the index helpful would do: poll a view" in found["reading"].remedy
            tables.primary.query(f"CREATE VIEW {SCHEMA}.timed_helped AS {bad.then}")
            tables.wait_for_replica()
            found = said(database, "SELECT id, at FROM timed_helped")
            tables.primary.query(f"DROP VIEW {SCHEMA}.timed_helped")
        assert "reading" not in found, found
        assert "read by helpful" in found[""].seen


@pytest.mark.parametrize("select", GROUPED)
def test_a_view_that_is_worked_out_is_named_or_fails(database: Default, select: str) -> None:
    found = said(database, select)
    print(found)
    assert "whole view" in found["reading"].cause


def test_where_the_server_prefers_to_sort_a_view_that_names_the_index_helps(database: Default) -> None:
    """MySQL sorts all rows, with an index that has them in order."""
    reading = said(database, EXISTS.format("timed_text")).get("reading")
    if reading:
        assert "the database reads" in reading.cause
        assert "the index by_at would do: poll a view made with FROM <table> FORCE INDEX" in reading.remedy
    assert "reading" not in said(database, EXISTS.format("timed_forced"))


def test_a_window_with_more_rows_than_are_remembered_is_named_and_a_shorter_one_fits(database: Default) -> None:
    select = "SELECT id, at FROM timed_text"
    window = said(database, select, longest=2 * 86_400.0)["window"]
    assert window.state == "warning"
    # 12,000 rows, of which each 10 s have one.
    assert f"the window of 2 days has more than {MOST_SEEN} rows" in window.cause
    assert "cut to 33.3 h" in window.cause
    assert "write longest_transaction: 1939m, or less" in window.remedy
    assert "window" not in said(database, select, longest=1939 * 60.0)
    assert "window" in said(database, select, longest=1941 * 60.0)


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
        "whoever writes a row sets `at`: an application by its",
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


@pytest.mark.parametrize("name", SMALL)
def test_the_times_of_a_table_are_looked_at(tables: Pair, database: Default, name: str) -> None:
    at, values, part, state, words = SMALL[name]
    with table(tables, at, values):
        found = said(database, "SELECT id, at FROM timed_small")
    assert found.keys() == {"", part}, found
    check = found[part]
    assert check.state == state
    assert words in (check.seen if state == "ok" else check.cause)
    assert bool(check.remedy) == (state != "ok")


def test_with_each_time_as_an_event_an_update_is_no_fault(tables: Pair, database: Default) -> None:
    with table(tables, "at TIMESTAMP NULL ON UPDATE CURRENT_TIMESTAMP", [NOW]):
        found = said(database, "SELECT id, at FROM timed_small", identity="at")
    assert found.keys() == {""}


def test_with_the_zone_of_the_application_its_times_are_not_ahead(tables: Pair, reader: Target) -> None:
    adapter = replicas(reader, address(reader, time_zone="Asia/Tokyo"), limits=Limits())
    try:
        with table(tables, "at DATETIME NULL", [f"{NOW} + INTERVAL 9 HOUR"]):
            found = said(Default(adapter), "SELECT id, at FROM timed_small")
    finally:
        adapter.close()
    assert found.keys() == {""}
    assert "read in the zone +09:00" in found[""].seen


def test_an_empty_table_without_an_index_is_named(tables: Pair, database: Default) -> None:
    with table(tables, "other INT, at DATETIME NULL"):
        assert said(database, "SELECT id, note, at FROM timed_small".replace("note, ", "")).keys() == {""}
        tables.primary.query(f"DROP INDEX at ON {SCHEMA}.timed_small")
        tables.wait_for_replica()
        reading = said(database, "SELECT id, at FROM timed_small")["reading"]
    assert "no index of timed_small begins with `at`" in reading.cause


def test_more_times_in_the_future_than_are_remembered_fail(tables: Pair, database: Default) -> None:
    with table(tables, "at DATETIME NULL", [NOW]):
        ahead = f"SELECT '2099-01-01' + INTERVAL seq SECOND FROM {SCHEMA}.timed_seq WHERE seq <= {MOST_SEEN + 1}"
        tables.primary.query(f"INSERT INTO {SCHEMA}.timed_small (at) {ahead}")
        tables.wait_for_replica()
        window = said(database, "SELECT id, at FROM timed_small")["window"]
    assert (window.state, "POLL_TIMES_UNFIT" in window.cause) == ("failed", True)


def test_of_a_join_nothing_is_said_of_a_column_that_may_be_another_tables(tables: Pair, database: Default) -> None:
    with table(tables, "at DATE NULL", ["CURRENT_DATE"]):
        joined = "SELECT s.id, t.at AS at FROM timed_small s JOIN timed_number t ON t.id = s.id"
        assert said(database, joined).keys() == {""}
