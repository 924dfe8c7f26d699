"""The replica adapter against a real server, as a reader: those of the lab, or whatever MYSQL_URL names."""

from __future__ import annotations

import itertools
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from handler.adapters import tls
from handler.adapters.database.replica import Replicas
from handler.adapters.database.session import Limits, StreamingCursor
from handler.clock import Clock
from handler.discovery.dns import Dns
from handler.discovery.names import CachedNames
from handler.errors import ConfigError, SourceError
from lab.shop import Target
from lab.tls import Authority
from tests.replica_kit import ENDLESS, HEAVY, Clocks, Default, Vault, address, login, replicas, texts


@pytest.fixture
def select(reader: Target) -> Iterator[Default]:
    adapter = replicas(reader)
    yield Default(adapter)
    adapter.close()


def refused(select: Default, sql: str, limit: int = 100, **parameters: Any) -> SourceError:
    with pytest.raises(SourceError) as caught:
        select(sql, limit, **parameters)
    return caught.value


# One normal form of values


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("42", 42),
        ("18446744073709551615", 18446744073709551615),
        ("TRUE", 1),
        ("CAST('12.50' AS DECIMAL(10, 2))", Decimal("12.50")),
        ("0.1e0", Decimal("0.1")),
        ("1e20", Decimal("1e20")),
        ("CAST('2026-01-02 03:04:05.000006' AS DATETIME(6))", datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)),
        ("CAST('2026-01-02' AS DATE)", date(2026, 1, 2)),
        ("CAST('25:06:17' AS TIME)", "25:06:17"),
        ("CAST('-25:06:17.5' AS TIME(1))", "-25:06:17.5"),
        ("'日本 😀 \\'quoted\\' \\\\ <!channel>'", "日本 😀 'quoted' \\ <!channel>"),
        ("''", ""),
        ("NULL", None),
        ("JSON_OBJECT('a', 1)", '{"a": 1}'),
        ("UTC_TIMESTAMP() = NOW()", 1),
    ],
)
def test_a_value_arrives_in_its_normal_form(select: Default, expression: str, value: object) -> None:
    found = select.value(f"SELECT {expression} AS x")
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "value",
    [
        42,
        -1,
        True,
        None,
        Decimal("12.50"),
        "日本 😀 𝒳",
        "100% %s %(x)s %% :id",
        'it\'s "quoted" \\ `so`',
        "a\nb\tc\0d",
        "'; DROP TABLE orders; --",
        "/*! SLEEP(9) */",
        date(2026, 1, 2),
    ],
)
def test_a_bound_value_comes_back_as_it_went(select: Default, value: Any) -> None:
    assert select.value("SELECT %(x)s AS x", x=value) == (str(value) if isinstance(value, date) else value)


def test_a_bound_time_is_compared_in_utc(select: Default) -> None:
    moment = select.value("SELECT created_at FROM orders ORDER BY id LIMIT 1")
    elsewhere = moment.astimezone(timezone(timedelta(hours=9)))
    sql = "SELECT COUNT(*) AS n FROM (SELECT created_at FROM orders ORDER BY id LIMIT 1) o WHERE created_at = %(x)s"
    assert select.value(sql, x=elsewhere) == 1


def test_a_doubled_percent_sign_is_one(select: Default) -> None:
    assert select("SELECT 'a%%b' AS a, 7 %% 4 AS b, 'abc' LIKE %(x)s AS c", x="a%") == [{"a": "a%b", "b": 3, "c": 1}]
    assert select.value("SELECT '100%%' AS x") == "100%"


@pytest.mark.parametrize("expression", ["UNHEX('FF')", "CAST('x' AS BINARY)", "b'101'"])
def test_bytes_are_an_error_that_names_the_column(select: Default, expression: str) -> None:
    error = refused(select, f"SELECT 1 AS id, {expression} AS photo")
    assert (error.code, error.detail) == ("ROW_VALUE_UNSUPPORTED", "photo")


def test_a_column_named_items_is_a_column(select: Default) -> None:
    assert select("SELECT 1 AS items, 2 AS `keys`") == [{"items": 1, "keys": 2}]


@pytest.mark.parametrize(
    "sql", ["SELECT id, number, id FROM orders LIMIT 1", "SELECT * FROM (SELECT 1 AS id, 2 AS id) x"]
)
def test_two_columns_of_one_name_are_an_error(select: Default, sql: str) -> None:
    assert refused(select, sql).code == "QUERY_DUPLICATE_COLUMN"


# What a lookup may ask for


def test_no_row_is_an_empty_list(select: Default) -> None:
    assert select("SELECT id FROM orders WHERE id = %(id)s", id=-1) == []


def test_exactly_as_many_rows_as_may_be(select: Default) -> None:
    assert len(select("SELECT id FROM orders LIMIT 7", limit=7)) == 7


@pytest.mark.parametrize("sql", ["SELECT id FROM orders LIMIT 8", "SELECT id FROM orders"])
def test_more_rows_than_may_be_are_an_error(select: Default, sql: str) -> None:
    error = refused(select, sql, limit=7)
    assert (error.code, error.detail) == ("TOO_MANY_ROWS", "more than 7")
    assert select.value("SELECT 1 AS x") == 1


def test_no_lookup_gets_around_the_limit_of_all(reader: Target) -> None:
    adapter = replicas(reader, limits=Limits(rows=5))
    assert refused(Default(adapter), "SELECT id FROM orders", limit=100).detail == "more than 5"
    adapter.close()


def test_a_million_rows_do_not_fill_the_memory(select: Default) -> None:
    """A LIMIT in the SQL goes before the session's: it is the adapter that stops reading."""
    select.value("SELECT 1 AS x")
    tracemalloc.start()
    error = refused(select, "SELECT a.id, a.number, b.note FROM orders a JOIN orders b LIMIT 1000000")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert error.code == "TOO_MANY_ROWS"
    assert peak < 2_000_000


@pytest.mark.parametrize(
    ("sql", "code", "detail"),
    [
        ("SELECT nmae FROM orders", "QUERY_INVALID", "default: error 1054, unknown column nmae"),
        ("SELECT o.nmae FROM orders o", "QUERY_INVALID", "default: error 1054, unknown column o.nmae"),
        ("SELECT id FROM orderz", "QUERY_INVALID", "default: error 1146, unknown table orderz"),
        ("SELECT id FROM orders JOIN customers", "QUERY_INVALID", "default: error 1052, ambiguous column id"),
        ("SELECT\nFROM orders", "QUERY_INVALID", "default: error 1064, syntax error in line 2, near FROM"),
        ("SELECT 1; SELECT 2", "QUERY_INVALID", "default: error 1064, syntax error in line 1, near SELECT"),
        ("SELECT (SELECT id FROM orders) AS x", "QUERY_INVALID", "default: error 1242"),
        ("SELECT ABS(-9223372036854775808) AS x", "QUERY_INVALID", "default: error 1690"),
    ],
)
def test_sql_that_the_server_refuses_has_a_code(select: Default, sql: str, code: str, detail: str) -> None:
    error = refused(select, sql)
    assert (error.code, error.detail) == (code, detail)


def test_a_table_that_may_not_be_read_is_named(select: Default) -> None:
    """MySQL leaves out its schema."""
    error = refused(select, "SELECT user FROM mysql.user")
    assert (error.code, error.detail.replace("mysql.", "")) == (
        "DB_DENIED",
        "default: error 1142, denied to read table user",
    )


def test_a_value_that_broke_out_of_the_sql_is_not_in_the_error(select: Default) -> None:
    """The quotes around the parameter are the template's mistake."""
    error = refused(select, "SELECT id FROM orders WHERE number = '%(number)s'", number="Jane Doe")
    assert error.detail == "default: error 1064, syntax error in line 1"


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO orders (id) VALUES (1)",
        "UPDATE orders SET status = 0",
        "DELETE FROM orders",
        "DROP TABLE orders",
        "CREATE TEMPORARY TABLE x (i INT)",
        "SET GLOBAL max_connections = 1",
    ],
)
def test_nothing_can_be_written(select: Default, sql: str) -> None:
    assert refused(select, sql).code in ("DB_DENIED", "QUERY_FORBIDDEN")


@pytest.mark.parametrize("parameters", [{}, {"x": {"a": 1}}, {"x": "\ud800"}, {"x": Decimal("NaN")}])
def test_parameters_that_do_not_fit_are_an_error(select: Default, parameters: dict[str, Any]) -> None:
    assert refused(select, "SELECT %(x)s AS x", **parameters).code == "QUERY_INVALID"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT %(x)s FROM",
        "SELECT id FROM orders WHERE id = DATE %(x)s",
        "SELECT id FROM orders WHERE nope = %(x)s",
        "SELECT %(x)s, %(x)s",
        "SELECT UNHEX(HEX(%(x)s))",
        "SELECT JSON_VALUE(%(x)s, %(x)s), nope",
    ],
)
def test_no_error_shows_a_value(select: Default, sql: str) -> None:
    error = refused(select, sql, x="canary")
    assert not any("canary" in text for text in texts(error))


# Time


@pytest.mark.parametrize(
    "sql",
    [HEAVY, "SELECT SLEEP(30) AS x", "SELECT BENCHMARK(4000000000, SHA2('x', 256)) AS x", f"{HEAVY} LIMIT 1"],
    ids=["heavy", "sleep", "benchmark", "limit"],
)
def test_a_statement_that_takes_too_long_is_cut_by_the_server(select: Default, sql: str) -> None:
    """MariaDB returns BENCHMARK's row, and MySQL SLEEP's, as if nothing had happened."""
    before = select.connection()
    error = refused(select, sql)
    assert error.code == "DB_TIMEOUT"
    assert "1 s" in error.detail
    assert select.connection() == before


def test_a_recursion_that_the_server_cuts_is_an_error(select: Default) -> None:
    """MariaDB cuts it with a mere warning."""
    assert refused(select, ENDLESS, limit=1000).code in ("QUERY_CUT", "TOO_MANY_ROWS")
    counted = ENDLESS.replace("SELECT i FROM", "SELECT COUNT(*) AS n FROM")
    assert refused(select, counted).code == "QUERY_CUT"


def test_after_our_own_read_timeout_nothing_is_repeated_and_the_next_lookup_works(reader: Target) -> None:
    vault = Vault({"databases/default": login(reader.user, reader.password)})
    adapter = replicas(reader, limits=Limits(read=0.3, statement=2), vault=vault)
    select = Default(adapter)
    error = refused(select, HEAVY)
    assert (error.code, error.detail) == ("DB_TIMEOUT", "default: no answer within 0.3 s")
    assert len(vault.reads) == 1
    assert select.value("SELECT 1 AS x") == 1
    assert len(vault.reads) == 2
    adapter.close()


# The session


def test_a_session_is_utc_unicode_autocommitting_and_limited(select: Default) -> None:
    [row] = select(
        "SELECT @@session.time_zone AS zone, @@session.character_set_client AS charset, @@session.autocommit AS auto,"
        " @@session.sql_select_limit AS most, @@session.wait_timeout AS wait"
    )
    assert row == {"zone": "+00:00", "charset": "utf8mb4", "auto": 1, "most": 10_001, "wait": 120}


def test_the_connection_is_encrypted(select: Default) -> None:
    [row] = select("SHOW SESSION STATUS LIKE 'Ssl_version'")
    assert str(row["Value"]).startswith("TLSv1.")


def test_many_events_share_one_connection_and_errors_do_not_cost_it(select: Default) -> None:
    first = select.connection()
    for number in range(50):
        select("SELECT id FROM orders WHERE id = %(id)s", id=number)
        refused(select, "SELECT nope FROM orders")
        refused(select, "SELECT 1 AS a, 2 AS a")
        refused(select, "SELECT UNHEX('FF') AS a")
    assert select.connection() == first


# A packet's number is one byte: after this many rows of one column the next row has the number of a fresh answer.
ROWS_TO_A_FRESH_ANSWER = 253


@pytest.mark.parametrize("rows", [1, ROWS_TO_A_FRESH_ANSWER])
def test_a_read_that_is_interrupted_mixes_no_results(select: Default, rows: int) -> None:
    """The rest of the first result is still on its way when the second lookup begins."""
    first = select.connection()

    def interrupt(cursor: StreamingCursor, size: int) -> None:
        assert [cursor.fetchone() for _ in range(rows)][-1]
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(StreamingCursor, "fetchmany", interrupt)
        with pytest.raises(KeyboardInterrupt):
            select("SELECT id FROM orders")
    assert select("SELECT 2 AS y") == [{"y": 2}]
    assert select.connection() != first


def test_too_many_rows_mix_no_results(select: Default) -> None:
    assert refused(select, "SELECT id FROM orders", limit=ROWS_TO_A_FRESH_ANSWER - 1).code == "TOO_MANY_ROWS"
    assert select("SELECT 2 AS y") == [{"y": 2}]


def test_nothing_is_opened_before_it_is_needed(reader: Target) -> None:
    vault = Vault({})
    replicas(reader, vault=vault).close()
    assert vault.reads == []


@pytest.mark.parametrize("stopped", ["wall", "monotonic"])
def test_an_idle_connection_is_replaced_whichever_clock_a_freeze_stops(reader: Target, stopped: str) -> None:
    clocks = Clocks()
    adapter = replicas(reader, clocks=clocks)
    select = Default(adapter)
    first = select.connection()
    running = "monotonic" if stopped == "wall" else "wall"
    setattr(clocks, running, getattr(clocks, running) + 60)
    assert select.connection() == first
    setattr(clocks, running, getattr(clocks, running) + 61)
    assert select.connection() != first
    adapter.close()


def test_a_result_is_untrusted_that_took_longer_than_the_server_allows(reader: Target) -> None:
    """Whatever the server says: it may have been cut short."""
    ticking = itertools.count()
    found = {"default": address(reader)}
    vault = Vault({"databases/default": login(reader.user, reader.password)})
    clock = Clock(lambda: float(next(ticking)), lambda: 0.0)
    adapter = Replicas(found, vault, tls.context, CachedNames(Dns()), Limits(statement=1), clock)
    assert refused(Default(adapter), "SELECT 1 AS x").code == "DB_TIMEOUT"
    adapter.close()


def test_several_databases_have_a_connection_each(reader: Target) -> None:
    adapter = replicas(reader, address(reader, "default"), address(reader, "ledger"))
    sql = "SELECT CONNECTION_ID() AS id"
    default, ledger, again = (adapter.select(name, sql, {}, 1) for name in ("default", "ledger", "default"))
    assert default == again != ledger
    adapter.close()


def test_an_unknown_database_is_named_beside_those_that_there_are(select: Default) -> None:
    with pytest.raises(SourceError) as caught:
        select.replicas.select("archive", "SELECT 1", {}, 1)
    assert (caught.value.code, caught.value.detail) == ("DB_UNKNOWN", "archive; deployed: default")


def test_after_closing_the_next_lookup_opens_anew(select: Default) -> None:
    first = select.connection()
    select.replicas.close()
    select.replicas.close()
    assert select.connection() != first


# The login


def test_a_rotated_password_is_read_anew(reader: Target) -> None:
    name = "databases/default"
    vault = Vault({name: login(reader.user, "old")}, {name: login(reader.user, reader.password)})
    adapter = replicas(reader, vault=vault)
    assert Default(adapter).value("SELECT 1 AS x") == 1
    assert vault.reads == [(name, False), (name, True)]
    adapter.close()


def test_a_wrong_password_is_tried_once(reader: Target) -> None:
    name = "databases/default"
    vault = Vault({name: login(reader.user, "canary")})
    error = refused(Default(replicas(reader, vault=vault)), "SELECT 1")
    assert (error.code, vault.reads) == ("DB_LOGIN", [(name, False), (name, True)])
    assert error.detail == f"default ({reader.host}:{reader.port}): error 1045"
    assert not any("canary" in text for text in texts(error))


@pytest.mark.parametrize(
    "secret",
    [
        "canary",
        '"canary"',
        '["canary"]',
        '{"password": "canary"}',
        '{"username": "u", "password": ""}',
        '{"username": "u", "password": 1234567}',
        '{"username": "u", "password": "canary"',
    ],
)
def test_a_secret_of_another_form_is_refused_without_being_shown(reader: Target, secret: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Default(replicas(reader, vault=Vault({"databases/default": secret})))("SELECT 1")
    assert caught.value.code == "CONFIG_SECRET_FORMAT"
    assert "databases/default" in caught.value.detail
    assert not any("canary" in text or "1234567" in text for text in texts(caught.value))


def test_a_password_of_any_script_reaches_the_server(reader: Target) -> None:
    vault = Vault({"databases/default": login(reader.user, "пароль 日本 😀")})
    assert refused(Default(replicas(reader, vault=vault)), "SELECT 1").code == "DB_LOGIN"


# TLS


def test_a_certificate_of_another_authority_is_refused(reader: Target, tmp_path: Path) -> None:
    other = Authority.create(tmp_path)
    error = refused(Default(replicas(reader, address(reader, ca=str(other.ca)))), "SELECT 1")
    assert error.code == "DB_TLS"
    assert "certificate" in error.detail
