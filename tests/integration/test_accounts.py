"""The accounts of infra/sql, made as each server's file says, and what they are refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pymysql
import pytest

from handler.adapters.database import dialect
from handler.adapters.database.session import Limits
from lab.databases import MARIADB, PRODUCTS, Pair, Server
from lab.shop import Target
from tests.replica_kit import Default, replicas

FILES: Final = Path(__file__).parents[2] / "infra/sql"
WRITTEN, PASSWORD = "'notifier'@'%'", "choose one"
CONNECTIONS, STATEMENT_SECONDS = 20, 3  # as the files say
HEAVY: Final = "SELECT COUNT(*) FROM orders a JOIN orders b JOIN orders c WHERE a.amount + b.amount + c.amount < 0"


def statements(name: str) -> list[str]:
    """The statements of a file, without comments."""
    bare = re.sub(r"^ *--.*$", "", (FILES / f"{name}.sql").read_text("utf-8"), flags=re.MULTILINE)
    return [" ".join(part.split()) for part in bare.split(";") if part.strip()]


@dataclass(frozen=True)
class Account:
    """An account on both servers, as a file made it."""

    name: str
    pair: Pair

    def connect(self, server: Server, **changes: Any) -> pymysql.Connection[Any]:
        given = {"database": "notifier", "ssl": {"ca": str(self.pair.ca)}, **changes}
        return pymysql.connect(host=server.host, port=server.port, user=self.name, password=PASSWORD, **given)

    def run(self, sql: str, server: Server | None = None) -> tuple[tuple[Any, ...], ...]:
        with closing(self.connect(server or self.pair.primary)) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return tuple(cursor.fetchall())

    def refused(self, sql: str, server: Server | None = None) -> int:
        """The server's number for its refusal."""
        with pytest.raises(pymysql.MySQLError) as caught:
            self.run(sql, server)
        return int(caught.value.args[0])


@pytest.fixture(scope="module")
def account(database_pair: Pair) -> Iterator[Account]:
    name = "file_reader"
    for statement in statements(database_pair.primary.product.name):
        database_pair.primary.query(statement.replace(WRITTEN, f"'{name}'@'%'"))
    database_pair.wait_for_replica()
    yield Account(name, database_pair)
    database_pair.primary.query(f"DROP USER '{name}'@'%'")
    database_pair.primary.query("DROP SCHEMA notifier")
    database_pair.wait_for_replica()


@pytest.mark.parametrize(
    "sql", ["SELECT number FROM orders", "SELECT name FROM customers", "SELECT sku FROM shop.products"]
)
def test_what_is_granted_can_be_read_on_both_servers(account: Account, sql: str) -> None:
    primary = account.run(f"{sql} ORDER BY 1 LIMIT 3")
    assert len(primary) == 3
    assert account.run(f"{sql} ORDER BY 1 LIMIT 3", account.pair.replica) == primary


@pytest.mark.parametrize(
    ("sql", "number"),
    [
        ("INSERT INTO orders (id) VALUES (1)", 1142),
        ("UPDATE customers SET name = 'x'", 1142),
        ("DELETE FROM orders", 1142),
        ("SELECT id FROM shop.orders", 1142),  # what a view shows is not granted beneath it
        ("SELECT email FROM shop.customers", 1142),
        ("SELECT email FROM customers", 1054),
        ("SELECT price FROM shop.products", 1143),
        ("SELECT * FROM shop.products", 1142),
        ("SELECT user FROM mysql.user", 1142),
        ("SELECT number FROM orders INTO OUTFILE '/nowhere'", 1227),
        ("CREATE TEMPORARY TABLE t (a INT)", 1044),
        ("CREATE TABLE t (a INT)", 1142),
        ("CREATE FUNCTION f() RETURNS INT RETURN 1", 1044),
        ("CREATE USER other", 1227),
        ("GRANT SELECT ON notifier.orders TO other", 1142),
    ],
)
def test_everything_else_is_refused(account: Account, sql: str, number: int) -> None:
    """On the primary, where nothing but the grants stands in the way."""
    assert account.refused(sql) == number


def test_a_file_of_the_server_is_not_shown(account: Account) -> None:
    sql = f"SELECT LOAD_FILE('{account.pair.ca}')"
    assert account.pair.primary.query(sql) != [(None,)]
    assert account.run(sql) == ((None,),)


@pytest.fixture
def plain_text(database_pair: Pair) -> Iterator[Server]:
    """The primary, as a server that lets in without TLS too."""
    database_pair.primary.query("SET GLOBAL require_secure_transport = OFF")
    yield database_pair.primary
    database_pair.primary.query("SET GLOBAL require_secure_transport = ON")


def test_without_tls_the_account_does_not_get_in(account: Account, plain_text: Server) -> None:
    with pytest.raises(pymysql.MySQLError) as caught:
        account.connect(plain_text, ssl=None, ssl_disabled=True)
    assert dialect.code_of(caught.value.args[0], None) == "DB_LOGIN"


def test_more_connections_than_allowed_are_refused(account: Account) -> None:
    with ExitStack() as open_ones:
        for _ in range(CONNECTIONS):
            open_ones.enter_context(closing(account.connect(account.pair.replica)))
        with pytest.raises(pymysql.MySQLError, match="max_user_connections") as caught:
            account.connect(account.pair.replica)
    assert dialect.code_of(caught.value.args[0], None) == "DB_BUSY"


def test_a_statement_that_takes_too_long_is_ended_for_any_session(account: Account) -> None:
    """MySQL has no such limit for an account, so its file has none."""
    if account.pair.primary.product is MARIADB:
        assert account.run("SELECT @@max_statement_time") == ((STATEMENT_SECONDS,),)
        assert account.refused(HEAVY, account.pair.replica) == 1969
    else:
        assert account.run("SELECT @@max_execution_time") == ((0,),)


def test_the_notifiers_own_session_ends_it(account: Account) -> None:
    replica = account.pair.replica
    target = Target(replica.host, replica.port, "notifier", account.name, PASSWORD, str(account.pair.ca))
    adapter = replicas(target, limits=Limits(statement=1))
    with closing(adapter):
        select = Default(adapter)
        assert select.value("SELECT COUNT(*) > 0 AS found FROM orders") == 1
        with pytest.raises(Exception, match="DB_TIMEOUT"):
            select(HEAVY)


def test_the_files_differ_in_the_limit_of_time_alone() -> None:
    limit = f" MAX_STATEMENT_TIME {STATEMENT_SECONDS}"
    assert [statement.replace(limit, "") for statement in statements("mariadb")] == statements("mysql")
    assert limit in "".join(statements("mariadb"))
    assert f"MAX_USER_CONNECTIONS {CONNECTIONS}" in "".join(statements("mysql"))


@pytest.mark.parametrize("name", PRODUCTS)
def test_the_notifiers_limit_is_the_one_that_the_files_speak_of(name: str) -> None:
    assert Limits().statement == STATEMENT_SECONDS
    assert "notifier.*" not in "".join(statements(name))
