"""What `notifier doctor` says of polls by a time of tables with 60,000 rows; and that what it says helps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import pytest

from handler.adapters.database.session import Limits
from handler.polling.time_cursor import MAX_SEEN
from lab.databases import Pair
from lab.shop import SCHEMA, Target
from tests.doctor_kit import said
from tests.replica_kit import Default, replicas

ROWS: Final = 60_000
# A row in 10 s: what is read of a window of five hours, and one more, has more than one page of them.
AT: Final = "'2026-01-01' + INTERVAL seq * 10 SECOND"
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


@pytest.fixture(scope="module")
def database(tables: Pair, reader: Target) -> Iterator[Default]:
    adapter = replicas(reader, limits=Limits())
    yield Default(adapter)
    adapter.close()


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
    assert f"the window of 2 days has more than {MAX_SEEN} rows" in window.cause
    assert "cut to 33.3 h" in window.cause
    assert "write longest_transaction: 1939m, or less" in window.remedy
    assert "window" not in said(database, select, longest=1939 * 60.0)
    assert "window" in said(database, select, longest=1941 * 60.0)


def test_where_the_plan_is_not_shown_the_counters_tell(tables: Pair, reader: Target) -> None:
    """A view shows neither its plan nor its SELECT to an account that reads a schema of views."""
    primary, viewed = tables.primary, "timed_views"
    primary.query(f"CREATE SCHEMA {viewed}")
    for view in ("timed_moved", "timed_stored"):
        primary.query(f"CREATE SQL SECURITY DEFINER VIEW {viewed}.{view} AS SELECT id, at FROM {SCHEMA}.{view}")
    primary.query("CREATE USER timed_viewer@'%%' IDENTIFIED BY %s REQUIRE SSL", tables.reader.password)
    primary.query(f"GRANT SELECT ON {viewed}.* TO timed_viewer@'%'")
    tables.wait_for_replica()
    target = reader._replace(schema=viewed, user="timed_viewer", password=tables.reader.password)
    adapter = replicas(target, limits=Limits())
    try:
        reading = said(Default(adapter), "SELECT id, at FROM timed_moved")["reading"]
        well = said(Default(adapter), "SELECT id, at FROM timed_stored")
    finally:
        adapter.close()
        primary.query("DROP USER timed_viewer@'%'")
        primary.query(f"DROP SCHEMA {viewed}")
    assert "the database reads 6000" in reading.cause
    assert "SHOW VIEW" in reading.cause
    assert "helps only if the view gives both as they are stored" in reading.remedy
    assert well.keys() == {""}
    assert "few rows are read for each row that is found" in well[""].seen
