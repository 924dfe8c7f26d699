"""The replica adapter while the lab's pair falls behind, restarts, fills up, or is changed under it."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any

import pymysql
import pytest

from handler.adapters.database.session import Limits, StreamingCursor
from handler.errors import SourceError
from handler.model import Replication
from lab.databases import MARIADB, MYSQL, Pair
from lab.processes import wait_until
from lab.shop import SCHEMA, Target
from tests.replica_kit import HEAVY, SHORT, Clocks, Default, Vault, address, login, replicas

Account = Callable[..., Target]
PATIENCE_SECONDS = 20


@pytest.fixture
def own(database_pair: Pair) -> Iterator[Account]:
    """Make an account of the test's own on both servers; the argument is what it may do, and its limits."""
    users: list[str] = []

    def create(*grants: str, limits: str = "") -> Target:
        user, password = f"test_{secrets.token_hex(4)}", secrets.token_urlsafe(12)
        database_pair.primary.query(f"CREATE USER {user}@'%%' IDENTIFIED BY %s REQUIRE SSL {limits}", password)
        users.append(user)
        for grant in grants or (f"SELECT ON {SCHEMA}.*",):
            database_pair.primary.query(f"GRANT {grant} TO {user}@'%'")
        database_pair.wait_for_replica()
        replica = database_pair.replica
        return Target(replica.host, replica.port, SCHEMA, user, password, str(database_pair.ca))

    yield create
    for user in users:
        database_pair.primary.query(f"DROP USER {user}@'%'")


@pytest.fixture
def scratch(database_pair: Pair) -> Iterator[Callable[..., None]]:
    """The table `shop.scratch`; call it to run SQL on the primary, and to wait until the replica has done the same."""

    def run(sql: str, *args: object) -> None:
        with database_pair.primary.connect(SCHEMA) as connection, connection.cursor() as cursor:
            cursor.execute("SET SESSION sql_mode = '', time_zone = '+09:00'")
            cursor.execute(sql, args or None)
        database_pair.wait_for_replica()

    run("CREATE TABLE scratch (id INT PRIMARY KEY, note VARCHAR(100), extra VARCHAR(100) DEFAULT 'canary')")
    yield run
    database_pair.primary.query("DROP TABLE shop.scratch")


@contextmanager
def using(target: Target, **options: Any) -> Iterator[Default]:
    adapter = replicas(target, **options)
    try:
        yield Default(adapter)
    finally:
        adapter.close()


def refused(select: Default, sql: str, **parameters: Any) -> SourceError:
    with pytest.raises(SourceError) as caught:
        select(sql, **parameters)
    return caught.value


def sessions(pair: Pair, user: str) -> list[tuple[int, str | None]]:
    """The connections of a user on the replica: number, and what it runs."""
    return list(pair.replica.query("SELECT id, info FROM information_schema.processlist WHERE user = %s", user))


# Replication


def test_a_row_that_is_replicated_later_appears_on_a_warm_connection(
    breakable_pair: Pair, scratch: Callable[..., None], own: Account
) -> None:
    """Without autocommit the first snapshot would stay for ever."""
    with using(own()) as select:
        assert select("SELECT note FROM scratch WHERE id = 1") == []
        first = select.connection()
        breakable_pair.replica.stop_replication()
        breakable_pair.primary.query("INSERT INTO shop.scratch (id, note) VALUES (1, 'new')")
        assert select("SELECT note FROM scratch WHERE id = 1") == []
        breakable_pair.replica.start_replication()
        breakable_pair.wait_for_replica()
        assert select("SELECT note FROM scratch WHERE id = 1") == [{"note": "new"}]
        scratch("UPDATE scratch SET note = 'newer'")
        assert select("SELECT note FROM scratch WHERE id = 1") == [{"note": "newer"}]
        assert select.connection() == first


def test_a_replica_that_has_stopped_is_told_from_one_that_lags(breakable_pair: Pair, own: Account) -> None:
    """A delay makes a lag that is certain: the replica has the row, and does not show it yet."""
    replica = breakable_pair.replica
    with using(own(f"SELECT ON {SCHEMA}.*", f"{replica.product.replicating.right} ON *.*")) as select:
        state = select.replicas.replicating
        assert wait_until(lambda: state("default") == Replication(True, 0.0), "the replica's rest", PATIENCE_SECONDS)
        replica.stop_applying()
        assert state("default") == Replication(running=False, lag_seconds=None)
        replica.start_applying()
        wait_until(lambda: (state("default") or Replication(False, None)).running, "replication", PATIENCE_SECONDS)
        replica.delay(3600)
        try:
            breakable_pair.primary.query("CREATE DATABASE late")
            wait_until(lambda: _lags(state("default")), "the replica to lag", PATIENCE_SECONDS)
        finally:
            replica.delay(0)
            breakable_pair.primary.query("DROP DATABASE late")


def test_an_account_that_may_not_ask_for_replication_is_none_the_worse(database_pair: Pair, own: Account) -> None:
    with using(own()) as select:
        first = select.connection()
        assert [select.replicas.replicating(name) for name in ("default", "default", "another")] == [None] * 3
        assert select.connection() == first


def _lags(state: Replication | None) -> bool:
    return state is not None and state.running and bool(state.lag_seconds)


# Connections that end


def test_a_killed_connection_is_replaced_without_a_word(database_pair: Pair, own: Account) -> None:
    target = own()
    with using(target) as select:
        first = select.connection()
        database_pair.replica.query(f"KILL {first}")
        assert select.connection() != first
        assert len(sessions(database_pair, target.user)) == 1


def test_a_connection_that_is_lost_between_two_rows_is_replaced(
    database_pair: Pair, own: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = own()
    fetch, killed = StreamingCursor.fetchmany, []

    def kill_first(cursor: StreamingCursor, size: int) -> Any:
        if not killed:
            assert cursor.fetchone()
            killed.extend(number for number, _ in sessions(database_pair, target.user))
            database_pair.replica.query(f"KILL {killed[0]}")
        return fetch(cursor, size)

    monkeypatch.setattr(StreamingCursor, "fetchmany", kill_first)
    with using(target, limits=Limits(rows=100_000, bytes=1 << 30, statement=20, read=30)) as select:
        # More than fits into the buffers on the way, so that the server is still sending.
        rows = select("SELECT id, REPEAT('x', 8000) AS pad FROM orders", limit=100_000)
        assert len(rows) == select.value("SELECT COUNT(*) AS n FROM orders")
        assert [select.connection()] != killed


def test_a_connection_that_the_server_closed_for_idleness_is_replaced(database_pair: Pair, own: Account) -> None:
    """The clocks stand still, so that the adapter does not know of the idleness."""
    target = own()
    with using(target, limits=Limits(idle=0.5), clocks=Clocks()) as select:
        first = select.connection()
        wait_until(lambda: not sessions(database_pair, target.user), "the server to hang up", PATIENCE_SECONDS)
        assert select.connection() != first


def test_a_restarted_replica_is_used_again(breakable_pair: Pair, own: Account) -> None:
    with using(own()) as select:
        select.connection()
        breakable_pair.replica.restart()
        assert select.value("SELECT 1 AS x") == 1


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_replica_that_is_gone_is_unavailable_until_it_is_back(breakable_pair: Pair, own: Account, end: str) -> None:
    with using(own()) as select:
        select.connection()
        getattr(breakable_pair.replica, end)()
        error = refused(select, "SELECT 1 AS x")
        assert (error.code, error.retry) == ("DB_UNAVAILABLE", True)
        assert "Connection refused" in error.detail
        breakable_pair.heal()
        assert select.value("SELECT 1 AS x") == 1


def test_a_statement_is_repeated_once_and_no_more(database_pair: Pair, own: Account) -> None:
    target = own()
    killed: set[int] = set()
    done = threading.Event()

    def kill() -> None:
        while not done.wait(0.02):
            for number, info in sessions(database_pair, target.user):
                if info and "JOIN" in info and number not in killed:
                    killed.add(number)
                    database_pair.replica.query(f"KILL {number}")

    thread = threading.Thread(target=kill)
    with using(target, limits=Limits(read=30, statement=20)) as select:
        thread.start()
        try:
            error = refused(select, HEAVY)
        finally:
            done.set()
            thread.join()
        assert (error.code, len(killed)) == ("DB_UNAVAILABLE", 2)
        assert "lost" in error.detail
        assert select.value("SELECT 1 AS x") == 1


def test_nothing_is_left_running_on_the_server(database_pair: Pair, own: Account) -> None:
    target = own()
    with using(target) as select:
        assert refused(select, HEAVY).code == "DB_TIMEOUT"
        assert [info for _, info in sessions(database_pair, target.user) if info] == []


def test_a_read_timeout_leaves_a_statement_that_the_server_ends(database_pair: Pair, own: Account) -> None:
    target = own()
    with using(target, limits=Limits(read=0.2, statement=1)) as select:
        assert refused(select, HEAVY).code == "DB_TIMEOUT"
        running = [number for number, info in sessions(database_pair, target.user) if info]
        assert len(running) == 1
        wait_until(lambda: not sessions(database_pair, target.user), "the server to give up", PATIENCE_SECONDS)


def test_too_many_rows_leave_no_connection_behind(database_pair: Pair, own: Account) -> None:
    target = own()
    with using(target) as select:
        for _ in range(5):
            assert refused(select, "SELECT a.id FROM orders a JOIN orders b LIMIT 500000").code == "TOO_MANY_ROWS"
        select.connection()
        wait_until(lambda: len(sessions(database_pair, target.user)) == 1, "one connection", PATIENCE_SECONDS)


def test_many_events_are_one_connection_on_the_server(database_pair: Pair, own: Account) -> None:
    target = own(limits="WITH MAX_CONNECTIONS_PER_HOUR 1")
    with using(target) as select:
        for number in range(100):
            select("SELECT id FROM orders WHERE id = %(id)s", id=number)
        assert len(sessions(database_pair, target.user)) == 1


# A full server


def test_an_account_without_a_free_connection_is_busy(own: Account) -> None:
    target = own(limits="WITH MAX_USER_CONNECTIONS 1")
    with using(target) as first, using(target) as second:
        first.connection()
        error = refused(second, "SELECT 1 AS x")
        assert (error.code, error.retry) == ("DB_BUSY", True)
        first.replicas.close()
        assert second.value("SELECT 1 AS x") == 1


def _fill(crowd: ExitStack, target: Target) -> None:
    for _ in range(12):
        crowd.enter_context(target.connect())


def test_a_server_without_a_free_connection_is_busy(breakable_pair: Pair, own: Account) -> None:
    target = own()
    [(most,)] = breakable_pair.replica.query("SELECT @@max_connections")
    breakable_pair.replica.query("SET GLOBAL max_connections = 10")
    try:
        with ExitStack() as crowd, using(target) as select:
            with pytest.raises(pymysql.OperationalError, match="1040"):
                _fill(crowd, target)
            error = refused(select, "SELECT 1 AS x")
            assert (error.code, error.retry) == ("DB_BUSY", True)
            crowd.close()
            wait_until(lambda: len(sessions(breakable_pair, target.user)) == 0, "the crowd to leave", PATIENCE_SECONDS)
            assert select.value("SELECT 1 AS x") == 1
    finally:
        breakable_pair.replica.query(f"SET GLOBAL max_connections = {most}")


# Rights


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO scratch (id) VALUES (7)",
        "UPDATE scratch SET note = 'x'",
        "DELETE FROM scratch",
        "TRUNCATE scratch",
        "CREATE TABLE other (id INT)",
        "SELECT id FROM scratch FOR UPDATE",
    ],
)
@pytest.mark.parametrize("server", ["primary", "replica"])
def test_an_account_that_may_write_everything_can_write_nothing(
    database_pair: Pair, scratch: Callable[..., None], own: Account, server: str, sql: str
) -> None:
    """Not even where the server itself would take it: on a replica that was promoted, say."""
    scratch("INSERT INTO scratch (id, note) VALUES (1, 'old')")
    target = own("ALL ON *.*")._replace(port=getattr(database_pair, server).port)
    with using(target) as select:
        assert refused(select, sql).code == "QUERY_FORBIDDEN"
    rows = getattr(database_pair, server).query("SELECT id, note FROM shop.scratch")
    assert rows == [(1, "old")]


def test_a_right_that_was_taken_away_is_denied_on_a_warm_connection(
    database_pair: Pair, scratch: Callable[..., None], own: Account
) -> None:
    target = own("SELECT ON shop.scratch")
    with using(target) as select:
        select("SELECT id FROM scratch")
        database_pair.primary.query(f"REVOKE SELECT ON shop.scratch FROM {target.user}@'%'")
        database_pair.wait_for_replica()
        error = refused(select, "SELECT id FROM scratch")
        assert (error.code, error.detail, error.retry) == (
            "DB_DENIED",
            "default: error 1142, denied to read table scratch",
            False,
        )


def test_a_column_without_a_right_is_denied(scratch: Callable[..., None], own: Account) -> None:
    with using(own("SELECT (id) ON shop.scratch")) as select:
        assert select("SELECT id FROM scratch") == []
        error = refused(select, "SELECT id, note FROM scratch")
        assert (error.code, error.detail) == (
            "DB_DENIED",
            "default: error 1143, denied to read column note of table scratch",
        )


def test_a_dropped_column_is_named(scratch: Callable[..., None], own: Account) -> None:
    with using(own()) as select:
        select("SELECT extra FROM scratch")
        scratch("ALTER TABLE scratch DROP COLUMN extra")
        error = refused(select, "SELECT extra FROM scratch")
        assert (error.code, error.detail) == ("QUERY_INVALID", "default: error 1054, unknown column extra")


def test_a_schema_without_rights_is_denied(own: Account) -> None:
    target = own()
    with using(target._replace(schema="mysql")) as select:
        assert refused(select, "SELECT 1 AS x").code == "DB_DENIED"


def test_a_login_without_tls_is_refused_by_the_server(own: Account) -> None:
    target = own()
    with pytest.raises(pymysql.OperationalError, match="1045|3159|secure"):
        pymysql.connect(
            host=target.host, port=target.port, user=target.user, password=target.password, ssl_disabled=True
        )


def test_the_certificate_has_to_be_for_the_name_that_was_given(own: Account) -> None:
    """The same address as IPv6 writes it, which no certificate names."""
    target = own()
    adapter = replicas(target, address(target, host="::ffff:127.0.0.1"))
    error = refused(Default(adapter), "SELECT 1 AS x")
    assert error.code == "DB_TLS"
    assert "mismatch" in error.detail


# Values that only a table can hold


def test_columns_of_a_table_arrive_in_their_normal_form(
    database_pair: Pair, scratch: Callable[..., None], own: Account
) -> None:
    uuid = "UUID" if database_pair.primary.product is MARIADB else "CHAR(36)"
    scratch(
        "ALTER TABLE scratch ADD (at TIMESTAMP NULL, never DATETIME, half DATE, day DATE, kind ENUM('a', 'b'),"
        " tags SET('x', 'y'), facts JSON, yes BOOLEAN, year YEAR, ratio FLOAT, key_ " + uuid + ")"
    )
    scratch(
        "INSERT INTO scratch VALUES (1, %s, NULL, '2026-01-02 09:00:00', '0000-00-00', '2026-01-00', '2026-01-02', 'b',"
        " 'x,y', '{\"a\": [1]}', TRUE, 2026, 0.1, '123e4567-e89b-12d3-a456-426655440000')",
        "日本 😀",
    )
    with using(own()) as select:
        [row] = select("SELECT * FROM scratch WHERE note = %(note)s", note="日本 😀")
    row["ratio"] = str(row["ratio"])
    assert row == {
        "id": 1,
        "note": "日本 😀",
        "extra": None,
        "at": datetime(2026, 1, 2, tzinfo=UTC),
        "never": None,
        "half": None,
        "day": datetime(2026, 1, 2, tzinfo=UTC).date(),
        "kind": "b",
        "tags": "x,y",
        "facts": '{"a": [1]}',
        "yes": 1,
        "year": 2026,
        "ratio": "0.1",
        "key_": "123e4567-e89b-12d3-a456-426655440000",
    }


def test_the_text_of_a_json_column_is_as_the_server_keeps_it(
    database_pair: Pair, scratch: Callable[..., None], own: Account
) -> None:
    scratch("ALTER TABLE scratch ADD facts JSON")
    scratch("INSERT INTO scratch (id, facts) VALUES (1, %s)", '{"bb":1,"a":[2,3]}')
    kept = '{"bb":1,"a":[2,3]}' if database_pair.primary.product is MARIADB else '{"a": [2, 3], "bb": 1}'
    with using(own()) as select:
        assert select("SELECT facts, JSON_VALUE(facts, '$.bb') AS bb FROM scratch") == [{"facts": kept, "bb": "1"}]


@pytest.mark.parametrize("kind", ["BLOB", "VARBINARY(9)", "BINARY(3)", "BIT(3)", "LONGBLOB"])
def test_a_column_of_bytes_is_an_error_unless_it_is_null(scratch: Callable[..., None], own: Account, kind: str) -> None:
    scratch(f"ALTER TABLE scratch ADD photo {kind}")
    scratch("INSERT INTO scratch (id, photo) VALUES (1, 1), (2, NULL)")
    with using(own()) as select:
        assert refused(select, "SELECT id, photo FROM scratch WHERE id = 1").detail == "photo"
        assert select("SELECT id, photo FROM scratch WHERE id = 2") == [{"id": 2, "photo": None}]
        assert select("SELECT HEX(photo) AS photo FROM scratch WHERE id = 2") == [{"photo": None}]


def test_a_column_of_a_type_that_cannot_be_read_is_named(
    database_pair: Pair, scratch: Callable[..., None], own: Account
) -> None:
    kind, value = ("POINT", "POINT(1, 2)")
    if database_pair.primary.product is MYSQL:
        kind, value = ("VECTOR(2)", "STRING_TO_VECTOR('[1, 2]')")
    scratch(f"ALTER TABLE scratch ADD place {kind}")
    scratch(f"INSERT INTO scratch (id, place) VALUES (1, {value})")
    with using(own()) as select:
        error = refused(select, "SELECT id, place FROM scratch")
        assert (error.code, error.detail) == ("ROW_VALUE_UNSUPPORTED", "place")
        assert select.value("SELECT 1 AS x") == 1


def test_a_bit_among_numbers_is_no_defect(database_pair: Pair, scratch: Callable[..., None], own: Account) -> None:
    """MySQL sends the byte in a column of numbers."""
    scratch("ALTER TABLE scratch ADD flag BIT(1)")
    scratch("INSERT INTO scratch (id, flag) VALUES (1, 1)")
    with using(own()) as select:
        if database_pair.primary.product is MYSQL:
            assert refused(select, "SELECT IF(id > 0, flag, 0) AS x FROM scratch").code == "ROW_VALUE_UNSUPPORTED"
        else:
            assert select.value("SELECT IF(id > 0, flag, 0) AS x FROM scratch") == 1
        assert select.value("SELECT IF(id > 0, flag + 0, 0) AS x FROM scratch") == 1


# Several databases


def test_each_database_is_another_server_with_another_login(database_pair: Pair, own: Account) -> None:
    here, there = own(), own()._replace(port=database_pair.primary.port)
    vault = Vault(
        {
            "databases/default": login(here.user, here.password),
            "databases/ledger": login(there.user, there.password),
        }
    )
    adapter = replicas(here, address(here, "default"), address(there, "ledger"), vault=vault, limits=SHORT)
    sql = "SELECT @@port AS port, SUBSTRING_INDEX(USER(), '@', 1) AS user"
    found = {name: adapter.select(name, sql, {}, 1) for name in ("default", "ledger")}
    assert found == {
        "default": [{"port": here.port, "user": here.user}],
        "ledger": [{"port": there.port, "user": there.user}],
    }
    adapter.close()


def test_one_database_that_is_gone_does_not_touch_the_other(breakable_pair: Pair, own: Account) -> None:
    here = own()
    there = here._replace(port=breakable_pair.primary.port)
    vault = Vault({f"databases/{name}": login(here.user, here.password) for name in ("default", "ledger")})
    adapter = replicas(here, address(here, "default"), address(there, "ledger"), vault=vault)
    breakable_pair.replica.stop()
    with pytest.raises(SourceError, match="DB_UNAVAILABLE: default"):
        adapter.select("default", "SELECT 1 AS x", {}, 1)
    assert adapter.select("ledger", "SELECT 1 AS x", {}, 1) == [{"x": 1}]
    adapter.close()
