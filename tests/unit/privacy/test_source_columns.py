"""Which columns of tables stand behind those of a SELECT."""

from __future__ import annotations

import pytest

from cli.privacy.source_columns import behind
from handler.model import IdRule, Leaf, Notification, Poll, SqlLookup

TEXT = Leaf("mrkdwn", "x", "a.yaml:1 text")


def found(sql: str, poll: Poll | None = None) -> dict[str, list[str]]:
    notification = Notification("a.b", "a.b", IdRule("integer"), (), TEXT, (SqlLookup("row", sql, {}),), poll=poll)
    return {".".join(path): [".".join(one) for one in paths] for path, paths in behind(notification).items()}


RECURSIVE = (
    "WITH RECURSIVE t AS (SELECT id, email AS x FROM c UNION ALL SELECT id, x FROM t) SELECT x FROM t WHERE id = 1"
)


@pytest.mark.parametrize(
    ("sql", "column", "paths"),
    [
        ("SELECT email AS x FROM c", "row.x", ["c.email"]),
        ("SELECT c.email FROM customers c", "row.email", ["customers.email"]),
        ("SELECT C.email AS x FROM customers c", "row.x", ["customers.email"]),
        ("SELECT CONCAT(a, b) AS x FROM c", "row.x", ["c.a", "c.b"]),
        ("SELECT x FROM c, d", "row.x", ["c.x", "d.x"]),
        ("SELECT COUNT(a) AS x FROM c", "row.x", []),
        ("SELECT a = b AS x FROM c", "row.x", []),
        ("SELECT a = b FROM c", "row.", []),
        ("SELECT GROUP_CONCAT(a ORDER BY b) AS x FROM c", "row.x", ["c.a"]),
        ("SELECT * FROM (SELECT email AS x FROM c) t", "row.x", ["c.email"]),
        ("SELECT t.X AS y FROM (SELECT email AS x FROM c) t", "row.y", ["c.email"]),
        ("SELECT a AS x FROM c UNION SELECT b FROM d", "row.x", ["c.a", "d.b"]),
        ("SELECT (SELECT CONCAT(d.a, c.b) FROM d WHERE d.z = 1) AS x FROM c", "row.x", ["d.a", "c.b"]),
        ("SELECT (SELECT MAX(t.v) FROM (SELECT a AS v FROM d) t) AS x FROM c", "row.x", ["d.a"]),
        ("SELECT (SELECT k.b FROM d) AS x FROM c k", "row.x", ["c.b"]),
        (RECURSIVE, "row.x", ["c.email"]),
        ("SELECT a FROM c WHERE c.email = %(id)s AND b = %(other)s", "id", ["c.email"]),
        ("SELECT a FROM c WHERE LOWER(c.email) = LOWER(%(id)s)", "id", ["c.email"]),
        ("SELECT a FROM c WHERE c.email IN (%(id)s)", "id", ["c.email"]),
        ("SELECT a FROM c WHERE email IN (SELECT e FROM d WHERE d.n = %(id)s)", "id", ["d.n"]),
        ("SELECT a FROM (SELECT email AS e, a FROM c) t WHERE t.e = %(id)s", "id", ["c.email"]),
        ("SELECT a FROM c WHERE a LIKE '%%x'", "row.a", ["c.a"]),
    ],
)
def test_the_columns_behind_a_column(sql: str, column: str, paths: list[str]) -> None:
    assert [*dict.fromkeys(found(sql)[column])] == paths


def test_what_is_watched_is_behind_the_old_and_the_new_value() -> None:
    poll = Poll("SELECT id, email AS watched FROM c", 60.0, watched="email")
    made = found("SELECT a FROM c", poll)
    assert (made["data.old"], made["data.new"]) == (["c.email"], ["c.email"])
