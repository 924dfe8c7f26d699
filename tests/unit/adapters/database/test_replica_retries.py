"""When a lookup is repeated: on errors that the lab's MariaDB never gives, too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pymysql
import pytest

from handler.adapters.database import replica
from handler.errors import SourceError, TemplateError
from lab.shop import Target
from tests.replica_kit import Default, replicas

NOWHERE = Target("10.0.0.1", 3306, "shop", "u", "p", "")


class FakeConnection:
    """A connection that PyMySQL believes to be open, whatever the server's last word was."""

    open = True

    def close(self) -> None:
        self.open = False


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[FakeConnection]:
    """The connections that the adapter opens."""
    connections: list[FakeConnection] = []

    def connect(*_: Any) -> FakeConnection:
        connections.append(FakeConnection())
        return connections[-1]

    monkeypatch.setattr(replica, "connect", connect)
    return connections


def answers(monkeypatch: pytest.MonkeyPatch, *given: Exception | int) -> Callable[[], list[Any]]:
    """Let the statements end so, one after the other; returns how to ask which connections they ran on."""
    used: list[Any] = []
    remaining = list(given)

    def run(connection: Any, *_: Any) -> tuple[list[str], list[tuple[int]]]:
        used.append(connection)
        answer = remaining.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return ["x"], [(answer,)]

    monkeypatch.setattr(replica, "run", run)
    return lambda: used


LOST = [
    pymysql.OperationalError(2006, "MySQL server has gone away"),
    pymysql.OperationalError(2013, "Lost connection to MySQL server during query"),
    pymysql.InterfaceError(0, ""),
    pymysql.InternalError("Packet sequence number wrong - got 4 expected 1"),
    pymysql.OperationalError(1927, "Connection was killed"),
    pymysql.OperationalError(4031, "The client was disconnected by the server because of inactivity."),
    pymysql.OperationalError(1053, "Server shutdown in progress"),
]


@pytest.mark.parametrize("error", LOST, ids=lambda error: str(error.args[0]))
def test_a_lost_connection_is_replaced_and_the_statement_repeated(
    monkeypatch: pytest.MonkeyPatch, opened: list[FakeConnection], error: Exception
) -> None:
    used = answers(monkeypatch, error, 1)
    assert Default(replicas(NOWHERE))("SELECT 1 AS x") == [{"x": 1}]
    assert used() == opened
    assert [connection.open for connection in opened] == [False, True]


def test_it_is_repeated_once(monkeypatch: pytest.MonkeyPatch, opened: list[FakeConnection]) -> None:
    answers(monkeypatch, LOST[0], LOST[1], 1)
    with pytest.raises(SourceError) as caught:
        Default(replicas(NOWHERE))("SELECT 1 AS x")
    assert (caught.value.code, caught.value.detail) == (
        "DB_UNAVAILABLE",
        "default: the connection was lost, error 2013",
    )
    assert [connection.open for connection in opened] == [False, False]


@pytest.mark.parametrize("number", [1054, 1142, 1205, 1317, 1792, 1969, 3024])
def test_the_servers_own_word_is_not_asked_for_twice(
    monkeypatch: pytest.MonkeyPatch, opened: list[FakeConnection], number: int
) -> None:
    used = answers(monkeypatch, pymysql.OperationalError(number, "canary", sqlstate="HY000"), 1)
    select = Default(replicas(NOWHERE))
    with pytest.raises(SourceError):
        select("SELECT 1 AS x")
    select("SELECT 1 AS x")
    assert used() == [opened[0], opened[0]]


@pytest.mark.parametrize(
    "error",
    [
        pymysql.OperationalError(2014, "Commands Out of Sync"),
        pymysql.OperationalError(2027, "Malformed packet"),
        pymysql.InternalError("no number"),
        pymysql.DataError("no number"),
    ],
)
def test_after_an_error_of_the_clients_own_the_rest_of_an_answer_may_wait_to_be_read(
    monkeypatch: pytest.MonkeyPatch, opened: list[FakeConnection], error: pymysql.MySQLError
) -> None:
    used = answers(monkeypatch, error, 1, 1)
    select = Default(replicas(NOWHERE))
    try:
        select("SELECT 1 AS x")
    except SourceError:
        select("SELECT 1 AS x")
    assert (used()[:2], [connection.open for connection in opened]) == (opened, [False, True])


@pytest.mark.parametrize("broken", [TemplateError("TEMPLATE_LIMIT"), SourceError("TOO_MANY_ROWS"), ValueError("x")])
def test_what_interrupts_a_read_leaves_no_session_behind(
    monkeypatch: pytest.MonkeyPatch, opened: list[FakeConnection], broken: Exception
) -> None:
    """A time limit can ring between any two rows; what is left of them must not answer the next statement."""
    used = answers(monkeypatch, broken, 1)
    select = Default(replicas(NOWHERE))
    with pytest.raises(type(broken)):
        select("SELECT 1 AS x")
    assert select("SELECT 1 AS x") == [{"x": 1}]
    assert (used(), [connection.open for connection in opened]) == (opened, [False, True])


def test_our_own_read_timeout_is_not_repeated(monkeypatch: pytest.MonkeyPatch, opened: list[FakeConnection]) -> None:
    error = pymysql.OperationalError(2013, "Lost connection to MySQL server during query (timed out)")
    error.__context__ = TimeoutError("timed out")
    used = answers(monkeypatch, error, 1)
    with pytest.raises(SourceError, match="DB_TIMEOUT"):
        Default(replicas(NOWHERE))("SELECT 1 AS x")
    assert len(used()) == 1


@pytest.mark.parametrize("number", [1267, 3854, 3988])
def test_a_text_that_a_column_cannot_hold_has_no_row(
    monkeypatch: pytest.MonkeyPatch, opened: list[FakeConnection], number: int
) -> None:
    said = "Illegal mix of collations (latin1_swedish_ci,IMPLICIT) and (utf8mb4_bin,COERCIBLE) for operation '='"
    used = answers(monkeypatch, *[pymysql.OperationalError(number, said)] * 3)
    select = Default(replicas(NOWHERE))
    assert select("SELECT a FROM t WHERE b = %(x)s", x="😀") == []
    for sql, value in (("SELECT a FROM t WHERE b = %(x)s", "plain"), ("SELECT a FROM t WHERE b <> %(x)s", "😀")):
        with pytest.raises(SourceError, match="QUERY_INVALID: default: error") as caught:
            select(sql, x=value)
        assert "another character set or collation" in caught.value.detail
    assert used() == opened * 3


def test_a_text_that_a_column_cannot_hold_has_no_row_on_a_new_connection_either(
    monkeypatch: pytest.MonkeyPatch, opened: list[FakeConnection]
) -> None:
    answers(monkeypatch, LOST[0], pymysql.OperationalError(3988, "Conversion … impossible for parameter"))
    assert Default(replicas(NOWHERE))("SELECT a FROM t WHERE b = %(x)s", x="😀") == []
    assert len(opened) == 2
