"""What the compiler lets pass is SQL to the server too, or the compiler says which server lacks it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from cli.compiler import sql
from cli.compiler.sql import servers
from cli.compiler.sql.words import FUNCTIONS
from handler.errors import SourceError
from lab.shop import Target
from tests.replica_kit import Default, replicas
from tests.sql_calls import CALLS, statement
from tests.unit.compiler.test_sql import ACCEPTED, LACKING

SYNTAX_ERROR = "1064"
TRIED = {"MariaDB": [10, 11], "MySQL": [9, 7]}  # older versions reserve fewer words
UNKNOWN_FUNCTION = ("error 1305", "error 1370")


@pytest.fixture(scope="module")
def select(reader: Target) -> Iterator[Default]:
    adapter = replicas(reader)
    yield Default(adapter)
    adapter.close()


Blamed = Callable[[str], bool]


@pytest.fixture(scope="module")
def blamed(select: Default) -> Blamed:
    """Tells whether a warning of the compiler, "MySQL 9.6 or newer has no ...", is about the server that is asked."""
    version = str(select.value("SELECT VERSION() AS x"))
    name = "MariaDB" if "MariaDB" in version else "MySQL"

    def about(message: str) -> bool:
        since = re.match(rf"{name} ([0-9.]+) or newer has no", message)
        return message.startswith(f"{name} has no") or bool(since and numbers(version) >= numbers(since[1]))

    return about


def numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"[0-9]+", version)[:2]]


def lacks(blamed: Blamed, query: sql.Query) -> bool:
    """Whether the compiler warns that this server lacks something of the query."""
    return any(one.code == servers.CODE and blamed(one.message) for one in query.problems)


@pytest.mark.parametrize("statement", ACCEPTED)
def test_an_accepted_statement_is_understood_by_the_server(select: Default, blamed: Blamed, statement: str) -> None:
    query = sql.read(statement, ["x"] if ":x" in statement else [])
    try:
        select(query.sql, 1, id=1042, x="x")
    except SourceError as error:  # most name tables that the shop does not have
        assert SYNTAX_ERROR not in error.detail or lacks(blamed, query), error.detail


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_function_on_the_list_is_one_of_the_servers(select: Default, blamed: Blamed, name: str) -> None:
    """Each is called with no argument, which most refuse: but the server knows it, or the compiler says otherwise."""
    query = sql.read(f"SELECT {name}() AS x FROM orders WHERE id = :id", [])
    try:
        select(f"SELECT {name}() AS x")
        detail = ""
    except SourceError as error:
        detail = error.detail
    assert any(number in detail for number in UNKNOWN_FUNCTION) == lacks(blamed, query), detail


def test_a_call_of_each_function_is_run_by_the_server(select: Default, blamed: Blamed) -> None:
    """All on one connection. Nothing is lost on the way, and what comes is what a row may hold."""
    failed = {}
    for name in sorted(CALLS):
        query = sql.read(statement(name), [])
        try:
            ran = len(select(query.sql, id=1042)) == 1
        except SourceError as error:
            ran, failed[name] = False, error.detail
        assert ran != lacks(blamed, query), (name, failed.get(name))


@pytest.mark.parametrize(("expression", "message"), LACKING)
def test_what_a_server_lacks_it_refuses_and_the_other_one_takes(
    select: Default, blamed: Blamed, expression: str, message: str
) -> None:
    columns = re.sub(r"\ba\b", "note", expression).replace("BY b", "BY id")
    query = sql.read(f"SELECT {columns} AS x FROM orders WHERE id = :id", [])
    if blamed(message):
        with pytest.raises(SourceError, match="QUERY_INVALID: default: error"):
            select(query.sql, id=1)
    else:
        try:
            select(query.sql, id=1)
        except SourceError as error:
            assert error.code == "QUERY_LOSSY"  # a note is no JSON


@pytest.mark.parametrize("word", servers.RESERVED)
def test_a_reserved_word_is_refused_as_a_name_by_that_server_and_taken_by_the_other(
    select: Default, blamed: Blamed, word: str
) -> None:
    statement = "SELECT {0} FROM (SELECT 1 AS {0} FROM orders LIMIT 1) x"
    assert select(statement.format(f"`{word}`")) == [{word: 1}]
    assert select(f"SELECT x.{word} FROM (SELECT 1 AS `{word}` FROM orders LIMIT 1) x") == [{word: 1}]
    try:
        select(statement.format(word))
        refused = False
    except SourceError as error:
        refused = SYNTAX_ERROR in error.detail
    expected = blamed(f"{servers.RESERVED[word].server} has no name")
    is_older = numbers(str(select.value("SELECT VERSION() AS x"))) < TRIED[servers.RESERVED[word].server]
    assert refused == expected or (is_older and not refused)


@pytest.mark.parametrize(
    "expression",
    [
        "JSON_VALUE('{\"path\": 7}', '$.path')",
        "CAST(JSON_VALUE('{\"path\": 7}', '$.path') AS SIGNED)",
        "YEAR(created_at)",
        "note REGEXP 'pattern'",
        "SHA2(note, 256)",
        "CAST(1e30 AS DECIMAL(65, 0))",
    ],
)
def test_what_the_guide_recommends_instead_works_on_both(select: Default, expression: str) -> None:
    assert len(select(f"SELECT {expression} AS x FROM orders LIMIT 1")) == 1
