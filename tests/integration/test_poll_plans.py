"""What `notifier doctor` says of how polls read tables of 100,000 rows, against what the server counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pymysql
import pytest

from cli.compiler import sql
from handler.adapters.database.session import Limits
from handler.health import plans, polling
from handler.health.model import Check
from handler.model import Poll
from handler.polling import id_scan, statements
from lab.databases import Pair
from lab.shop import SCHEMA, Target
from tests.replica_kit import Default, replicas

ROWS: Final = 100_000
KEPT: Final = "region INT NOT NULL, customer_id INT NOT NULL, created_at DATETIME NOT NULL"
VALUES: Final = "seq % 10, seq % 200, '2026-01-01' + INTERVAL seq SECOND"
# Of a table of which only the ids are looked at.
FEW_ROWS: Final = 12_000
IDS: Final = ("plan_texts", "plan_decimals", "plan_signed", "plan_full", "plan_apart")
# Each with what its rows get before the columns of KEPT.
TABLES: Final = {
    "plan_plain": (f"id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, {KEPT}", "seq"),
    # The index of few values tempts MySQL to skip through it; that of customers leads joins astray.
    "plan_indexed": (
        f"id BIGINT AUTO_INCREMENT PRIMARY KEY, {KEPT}, KEY by_region (region), KEY by_customer (customer_id)",
        "seq",
    ),
    "plan_second": (f"code CHAR(8) PRIMARY KEY, id BIGINT NOT NULL AUTO_INCREMENT UNIQUE, {KEPT}", "seq, seq"),
    "plan_bare": (f"code CHAR(8) PRIMARY KEY, id BIGINT NOT NULL, {KEPT}", "seq, seq"),
    "plan_first": (f"id BIGINT NOT NULL, {KEPT}, PRIMARY KEY (id, region)", "seq"),
    "plan_last": (f"id BIGINT NOT NULL, {KEPT}, PRIMARY KEY (region, id)", "seq"),
    "plan_hashed": (f"id BIGINT NOT NULL, {KEPT}, PRIMARY KEY (id, region)", "seq"),
    "plan_ranges": (f"id BIGINT NOT NULL PRIMARY KEY, {KEPT}", "seq"),
    "plan_texts": (f"id VARCHAR(20) NOT NULL PRIMARY KEY, {KEPT}", "seq"),
    "plan_decimals": (f"id DECIMAL(20, 0) NOT NULL PRIMARY KEY, {KEPT}", "seq"),
    "plan_signed": (f"id INT NOT NULL PRIMARY KEY, {KEPT}", "seq - 50"),
    "plan_full": (f"id INT NOT NULL PRIMARY KEY, {KEPT}", "2147471647 + seq"),
    "plan_apart": (f"id BIGINT NOT NULL PRIMARY KEY, {KEPT}", "seq * 3000 + CRC32(seq) % 2000"),
}
PARTITIONS: Final = {
    "plan_hashed": "PARTITION BY HASH (region) PARTITIONS 4",
    "plan_ranges": "PARTITION BY RANGE (id) (PARTITION a VALUES LESS THAN (30000),"
    " PARTITION b VALUES LESS THAN (60000), PARTITION c VALUES LESS THAN MAXVALUE)",
}
VIEWS: Final = {
    "plan_merged": "SELECT id, created_at FROM plan_plain WHERE region > 1",
    "plan_forced": "SELECT id, created_at FROM plan_indexed FORCE INDEX (PRIMARY)",
    "plan_grouped": "SELECT id, MAX(created_at) AS created_at FROM plan_plain GROUP BY id",
    "plan_distinct": "SELECT DISTINCT id, created_at FROM plan_plain",
    "plan_union": "SELECT id FROM plan_plain WHERE region = 2 UNION ALL SELECT id FROM plan_plain WHERE region <> 2",
    "plan_worked_out": "SELECT id + 0 AS id FROM plan_plain",
    "plan_window": "SELECT id, ROW_NUMBER() OVER (ORDER BY created_at) AS place FROM plan_plain",
    "plan_limited": "SELECT id FROM plan_plain LIMIT 90000",
    "plan_counted": "SELECT p.id, (SELECT COUNT(*) FROM plan_customers c WHERE c.id = p.customer_id) AS counted"
    " FROM plan_plain p",
}
EXISTS: Final = (
    "SELECT p.id FROM {} p WHERE EXISTS (SELECT 1 FROM plan_customers c WHERE c.{} = p.customer_id AND c.is_test = 0)"
)
NOT_EXISTS: Final = (
    "SELECT p.id FROM {} p WHERE NOT EXISTS"
    " (SELECT 1 FROM plan_customers c WHERE c.{} = p.customer_id AND c.is_test = 1)"
)
JOIN: Final = "SELECT p.id FROM {} p JOIN plan_customers c ON c.{} = p.customer_id WHERE c.is_test = 0"

# Ids are read in order, whatever else stands in the SELECT.
GOOD: Final = {
    "primary key": "SELECT id FROM plan_plain",
    "an index of few values": "SELECT id FROM plan_indexed",
    "created": "SELECT id, created_at AS created FROM plan_plain",
    "a condition": "SELECT id FROM plan_plain WHERE region <> 3",
    "second index": "SELECT id FROM plan_second",
    "first of an index": "SELECT id FROM plan_first",
    "behind a value": "SELECT id FROM plan_last WHERE region = 3",
    "partitions by another column": "SELECT id FROM plan_hashed",
    "partitions by the id": "SELECT id FROM plan_ranges",
    "merged view": "SELECT id FROM plan_merged",
    "view with an index by name": "SELECT id FROM plan_forced",
    "few rows with an index": "SELECT id FROM plan_indexed WHERE customer_id = 7",
    "few rows that are sorted": "SELECT id FROM plan_indexed WHERE customer_id IN (7, 8)",
    "few rows of two indexes": "SELECT id FROM plan_indexed WHERE customer_id = 7 OR region > 9",
    "not exists": NOT_EXISTS.format("plan_plain", "id"),
    "exists without a way back": EXISTS.format("plan_plain", "id"),
    "a value of another table": "SELECT id FROM plan_plain WHERE region >= (SELECT MIN(is_test) FROM plan_customers)",
}
# With a part of what is said, of either server.
BAD: Final = {
    "no index": ("SELECT id FROM plan_bare", "no index of plan_bare begins with the id"),
    "last of an index": ("SELECT id FROM plan_last", "no index of plan_last begins with the id"),
    "grouped view": ("SELECT id FROM plan_grouped", "works out the whole view"),
    "distinct view": ("SELECT id FROM plan_distinct", "works out the whole view"),
    "view with a union": ("SELECT id FROM plan_union", "works out the whole view"),
    "view with a window": ("SELECT id FROM plan_window", "works out the whole view"),
    "limited view": ("SELECT id FROM plan_limited", "works out the whole view"),
    "an id that is worked out": ("SELECT id FROM plan_worked_out", "reads all of plan_plain"),
}
# The server chooses.
EITHER: Final = {
    "few values": "SELECT id FROM plan_indexed WHERE region = 3",
    "some values": "SELECT id FROM plan_indexed WHERE region IN (1, 2)",
    "many values": "SELECT id FROM plan_indexed WHERE region > 2",
    "one value or another": "SELECT id FROM plan_indexed WHERE region = 1 OR customer_id < 100",
    "join": JOIN.format("plan_indexed", "id"),
    "join without a way back": JOIN.format("plan_plain", "id"),
    "join without an index": JOIN.format("plan_indexed", "code"),
    "exists": EXISTS.format("plan_indexed", "id"),
    "exists without an index": EXISTS.format("plan_plain", "code"),
    "not exists without an index": NOT_EXISTS.format("plan_plain", "code"),
    "in": "SELECT id FROM plan_indexed WHERE customer_id IN (SELECT c.id FROM plan_customers c WHERE c.is_test = 0)",
    "view that counts": "SELECT id FROM plan_counted",
}
SELECTS: Final = {**GOOD, **{name: select for name, (select, _) in BAD.items()}, **EITHER}
# One that sees a schema of views alone, as infra/sql makes it.
VIEWER: Final = "plan_viewer"
VIEWED: Final = "plan_views"


@pytest.fixture(scope="module")
def tables(database_pair: Pair) -> Iterator[Pair]:
    primary = database_pair.primary
    primary.query(f"CREATE TABLE {SCHEMA}.plan_rows (seq INT PRIMARY KEY)")
    primary.query(f"INSERT INTO {SCHEMA}.plan_rows VALUES {', '.join(f'({seq})' for seq in range(1, ROWS + 1))}")
    primary.query(f"CREATE TABLE {SCHEMA}.plan_customers (id INT PRIMARY KEY, code INT NOT NULL, is_test INT NOT NULL)")
    rows = f"SELECT seq, seq, seq % 7 = 0 FROM {SCHEMA}.plan_rows WHERE seq < 200"
    primary.query(f"INSERT INTO {SCHEMA}.plan_customers {rows}")
    for table, (columns, values) in TABLES.items():
        primary.query(f"CREATE TABLE {SCHEMA}.{table} ({columns}) {PARTITIONS.get(table, '')}")
        rows = f"{SCHEMA}.plan_rows WHERE seq <= {FEW_ROWS if table in IDS else ROWS}"
        primary.query(f"INSERT INTO {SCHEMA}.{table} SELECT {values}, {VALUES} FROM {rows}")
    with primary.connect(SCHEMA) as connection, connection.cursor() as cursor:
        for view, select in VIEWS.items():
            cursor.execute(f"CREATE VIEW {view} AS {select}")
    primary.query(f"CREATE SCHEMA {VIEWED}")
    for view in ("plan_plain", "plan_grouped"):
        select = f"SELECT id FROM {SCHEMA}.{view}"
        primary.query(f"CREATE SQL SECURITY DEFINER VIEW {VIEWED}.{view} AS {select}")
    primary.query(f"CREATE USER {VIEWER}@'%%' IDENTIFIED BY %s REQUIRE SSL", database_pair.reader.password)
    primary.query(f"GRANT SELECT ON {VIEWED}.* TO {VIEWER}@'%'")
    primary.query(f"GRANT SHOW VIEW ON {SCHEMA}.* TO {database_pair.reader.user}@'%'")
    for server in (primary, database_pair.replica):
        database_pair.wait_for_replica()
        for table in (*TABLES, "plan_customers"):
            server.query(f"ANALYZE NO_WRITE_TO_BINLOG TABLE {SCHEMA}.{table}")
    yield database_pair
    primary.query(f"REVOKE SHOW VIEW ON {SCHEMA}.* FROM {database_pair.reader.user}@'%'")
    primary.query(f"DROP USER {VIEWER}@'%'")
    primary.query(f"DROP SCHEMA {VIEWED}")
    primary.query(f"DROP VIEW {', '.join(f'{SCHEMA}.{view}' for view in VIEWS)}")
    primary.query(f"DROP TABLE {', '.join(f'{SCHEMA}.{table}' for table in (*TABLES, 'plan_customers', 'plan_rows'))}")
    database_pair.wait_for_replica()


@pytest.fixture(scope="module")
def database(tables: Pair, reader: Target) -> Iterator[Default]:
    adapter = replicas(reader, limits=Limits())
    yield Default(adapter)
    adapter.close()


def poll(select: str) -> Poll:
    """As the compiler makes it; a join is a warning."""
    source = sql.polled_source(select)
    query = sql.read_polled(select, lines_survive=True)
    assert {problem.code for problem in query.problems} <= {"QUERY_JOIN"}
    return Poll(query.sql, 60.0, created=source.created, table=source.table, column=source.column)


def said(database: Default, select: str) -> dict[str, Check]:
    return {check.name: check for check in polling.looked_at(database.replicas, "p", poll(select))}


@dataclass(frozen=True)
class Measured:
    """The plan of a page, as an administrator sees it, how many rows it read, and how many it returned as ids.

    `passed` is how many ids there are between the first and the last one that it had to look at.
    """

    plan: list[dict[str, Any]]
    rows: int
    ids: int
    passed: int

    @property
    def reads_others(self) -> bool:
        """Whether it read rows that do not belong to the page."""
        return self.rows > plans.ROWS_PER_ID * self.passed + plans.SPARE_ROWS


def measured(pair: Pair, select: str, *, bounded: bool) -> Measured:
    """Read a page above the last id, or of all ids."""
    bounds = {"after": 0 if bounded else ROWS, "upto": ROWS, "count": id_scan.PAGE_SIZE}
    statement = statements.ids_page(poll(select).sql, bounded=bounded)
    with pair.replica.connect(SCHEMA) as connection, connection.cursor(pymysql.cursors.DictCursor) as cursor:
        cursor.execute(f"EXPLAIN FORMAT=TRADITIONAL {statement}", bounds)
        plan = [*cursor.fetchall()]
        cursor.execute("FLUSH STATUS")
        cursor.execute(statement, bounds)
        words = [*cursor.fetchall()]
        ids = sum(int(row["counted"]) for row in words)
        cursor.execute("SHOW SESSION STATUS LIKE 'Handler_read%'")
        rows = sum(int(row["Value"]) for row in cursor.fetchall())
    last = max((int(row["word"]) * 64 + 64 for row in words), default=0) if ids == id_scan.PAGE_SIZE else ROWS
    return Measured(plan, rows, ids, last if bounded else 0)


def both(pair: Pair, name: str) -> list[Measured]:
    return [measured(pair, SELECTS[name], bounded=bounded) for bounded in (False, True)]


@pytest.mark.parametrize("name", SELECTS)
def test_a_plan_without_a_fault_reads_the_rows_of_its_slice_alone(tables: Pair, name: str) -> None:
    """Whichever plan the server chooses: the rule is right about it."""
    for one in both(tables, name):
        found = plans.read(one.plan)
        assert found, one
        assert found.fault or not one.reads_others, one


@pytest.mark.parametrize("name", SELECTS)
def test_a_poll_that_reads_other_rows_is_named_and_no_other(tables: Pair, database: Default, name: str) -> None:
    found = said(database, SELECTS[name])
    assert found["poll p"].state == "ok"
    reading = found.get("poll p, reading")
    if name in GOOD:
        assert reading is None
    elif name in BAD:
        assert reading
        assert BAD[name][1] in reading.cause
    elif any(one.reads_others for one in both(tables, name)):
        assert reading
        assert "the database reads" in reading.cause
    if reading:
        assert (reading.state, bool(reading.remedy)) == ("warning", True)


@pytest.mark.parametrize(
    ("table", "state", "cause"),
    [
        ("plan_texts", "failed", "varchar(20): as texts, 10 comes before 9"),
        ("plan_decimals", "warning", "decimal(20,0): an id with a fraction"),
        ("plan_signed", "warning", "an id of 0 or less"),
        ("plan_full", "warning", "inserts fail after 2147483647"),
        ("plan_apart", "warning", "its ids are far apart"),
    ],
)
def test_ids_that_a_poll_cannot_go_by_are_named(database: Default, table: str, state: str, cause: str) -> None:
    found = said(database, f"SELECT id FROM {table}")
    assert found.keys() == {"poll p", "poll p, ids"}
    check = found["poll p, ids"]
    assert check.state == state
    assert cause in check.cause
    assert check.remedy


def test_the_ids_of_a_view_are_looked_at_too(tables: Pair, database: Default) -> None:
    tables.primary.query(f"CREATE VIEW {SCHEMA}.plan_view_of_texts AS SELECT id AS number FROM {SCHEMA}.plan_texts")
    try:
        tables.wait_for_replica()
        found = said(database, "SELECT v.number AS id FROM plan_view_of_texts v")
    finally:
        tables.primary.query(f"DROP VIEW {SCHEMA}.plan_view_of_texts")
    assert found["poll p, ids"].state == "failed"


def test_where_the_plan_is_not_shown_the_counters_tell(tables: Pair, reader: Target) -> None:
    """A view shows it only to an account that may read its tables, which a schema of views is meant to prevent."""
    adapter = replicas(reader._replace(schema=VIEWED, user=VIEWER, password=tables.reader.password), limits=Limits())
    try:
        found = said(Default(adapter), "SELECT id FROM plan_grouped")
        assert "SHOW VIEW" in found["poll p, reading"].cause
        assert "the database reads" in found["poll p, reading"].cause
        found = said(Default(adapter), "SELECT id FROM plan_plain")
    finally:
        adapter.close()
    assert found.keys() == {"poll p"}
    assert found["poll p"].seen.endswith("few rows are read for each id")


def test_a_poll_that_takes_longer_than_a_statement_may_fails_with_its_cause(tables: Pair, reader: Target) -> None:
    """A window over all rows, within a limit of time that no server keeps."""
    adapter = replicas(reader, limits=Limits(statement=0.03))
    try:
        found = list(polling.looked_at(adapter, "p", poll("SELECT id FROM plan_window")))
    finally:
        adapter.close()
    assert [check.state for check in found] == ["failed"]
    assert "DB_TIMEOUT" in found[0].cause
    assert found[0].cause.endswith("it works out the whole view for each SELECT")


def test_all_polls_of_a_deployment_are_looked_at_in_seconds(database: Default) -> None:
    one = poll(GOOD["created"])
    found = [check for number in range(50) for check in polling.looked_at(database.replicas, f"p{number}", one)]
    assert [check.state for check in found] == ["ok"] * 50
    assert sum(check.milliseconds or 0 for check in found) < 30_000
