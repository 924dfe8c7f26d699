"""What the compiler lets pass is SQL to the server too, with its parameters where the server takes values."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cli.compiler import sql
from handler.errors import SourceError
from lab.shop import Target
from tests.replica_kit import Default, replicas
from tests.unit.compiler.test_sql import ACCEPTED

SYNTAX_ERROR = "1064"
MYSQL_ALONE = ("->>", "RETURNING")  # MariaDB has neither


@pytest.fixture(scope="module")
def select(reader: Target) -> Iterator[Default]:
    adapter = replicas(reader)
    yield Default(adapter)
    adapter.close()


@pytest.mark.parametrize("statement", [one for one in ACCEPTED if not any(word in one for word in MYSQL_ALONE)])
def test_an_accepted_statement_is_understood_by_the_server(select: Default, statement: str) -> None:
    query = sql.read(statement, ["x"] if ":x" in statement else [])
    assert not query.problems
    try:
        select(query.sql, 1, id=1042, x="x")
    except SourceError as error:  # most name tables that the shop does not have
        assert SYNTAX_ERROR not in error.detail, error.detail


def test_the_server_would_say_so(select: Default) -> None:
    with pytest.raises(SourceError, match=SYNTAX_ERROR):
        select("SELECT a FORM t", 1)
