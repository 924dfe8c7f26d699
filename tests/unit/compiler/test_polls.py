"""`poll:` in a template: what it becomes, and what each mistake in it is called."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import islice, pairwise
from typing import Any

import pytest
from cronsim import CronSim
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cli.compiler import cron_fields, crontab, polls
from cli.compiler.sql import Query, poll_query, polled_source, read_polled
from cli.compiler.sql.poll_query import WORDS, Source
from handler import catalog
from handler.model import Poll
from handler.polling.statements import ids_page

from .conftest import FILE, Compile
from .test_schema import problems as said_by_an_editor
from .test_sql import REFUSED, WIDTH

GOOD = """\
id: integer
channel: orders
poll:
  every: 1m
  sql: |
    SELECT o.id
    FROM orders o
    WHERE o.is_test = 0
lookups:
  order: {sql: "SELECT number FROM orders WHERE id = :id"}
text: Order {{ order.number }}
samples:
  one:
    id: 1
    lookups: {order: {number: A-1}}
"""
EVERY = "every: 1m"
POLL = GOOD[GOOD.index("poll:") : GOOD.index("lookups:")]
SELECT = "SELECT o.id\n    FROM orders o\n    WHERE o.is_test = 0"
WHERE = f"{FILE}:3 poll"


def polls_of(document: dict[str, Any]) -> dict[str, Poll]:
    """What the function reads."""
    return catalog.read(json.loads(json.dumps(document)), "test").polls


def errors(query: Query) -> list[str]:
    return [one.message for one in query.problems if one.code not in (poll_query.JOIN, "QUERY_SERVER")]


@pytest.mark.parametrize(
    ("more", "poll"),
    [
        ("", {}),
        ("every: 90s", {"every": 90.0}),
        ("every: 60", {"every": 60.0}),
        ("every: 7d", {"every": 604_800.0}),
        ("every: 168h", {"every": 604_800.0}),
        ("db: archive", {"database": "archive"}),
        ("longest_transaction: 1m", {"longest": 60.0}),
        ("longest_transaction: 7d", {"longest": 604_800.0}),
        ("catch_up: {rows: 1}", {"digest_rows": 1}),
        ("catch_up: {rows: 1000}", {"digest_rows": 1000}),
        ("catch_up: {rows: '20'}", {"digest_rows": 20}),
        ("catch_up: {rows: never}", {"digest_rows": None}),
        ("catch_up: {age: 1m}", {"digest_seconds": 60.0}),
        ("catch_up: {age: 30d}", {"digest_seconds": 2_592_000.0}),
        ("catch_up: {rows: never, age: 1h}", {"digest_rows": None, "digest_seconds": 3600.0}),
        ("identity: [id]", {}),
    ],
)
def test_a_poll_is_what_the_function_reads(compiled: Compile, more: str, poll: dict[str, Any]) -> None:
    text = GOOD.replace(EVERY, more if more.startswith("every") else f"{EVERY}\n  {more}".rstrip())
    compilation = compiled(text)
    assert compilation.findings == ()
    sql = "SELECT o.id\nFROM orders o\nWHERE o.is_test = 0"
    assert polls_of(compilation.catalog) == {
        "order.created": Poll(**{"sql": sql, "every": 60.0, "table": "orders", "where": WHERE, **poll})
    }
    assert polls_of(compilation.catalog)["order.created"] == compilation.templates[0].notification.poll
    assert said_by_an_editor(text) == []


WATCHING = "SELECT o.id, o.status AS watched, o.updated_at AS changed\n    FROM orders o"
CHANGE_SAMPLE = "id: 1\n    data: {old: pending, new: paid}"


@pytest.mark.parametrize(
    ("more", "identity"), [("", "moment"), ("identity: [id]", ""), ("identity: [id, watched]", "watched")]
)
def test_a_poll_can_watch_a_column(compiled: Compile, more: str, identity: str) -> None:
    text = GOOD.replace(SELECT, WATCHING).replace("id: 1", CHANGE_SAMPLE)
    text = text.replace(EVERY, f"{EVERY}\n  {more}".rstrip())
    compilation = compiled(text.replace("text: ", "when: data.new == 'paid'\ntext: From {{ data.old }}, "))
    assert compilation.findings == ()
    assert polls_of(compilation.catalog)["order.created"] == Poll(
        WATCHING.replace("    ", ""), 60.0, watched="o.status", changed=True, identity=identity, table="orders",
        where=WHERE,
    )  # fmt: skip


TIMED = "SELECT o.uuid AS id, o.Paid_at AS at\n    FROM orders o\n    WHERE o.paid_at IS NOT NULL"


@pytest.mark.parametrize(("more", "identity"), [("", ""), ("identity: [id]", ""), ("identity: [id, at]", "at")])
@pytest.mark.parametrize("id_", ["integer", "uuid", "{pattern: '[a-z]+'}"])
def test_a_poll_can_find_rows_by_a_time_whatever_their_ids_are(
    compiled: Compile, more: str, identity: str, id_: str
) -> None:
    sample = {"integer": "1", "uuid": "5f0c1c2e-8d2f-4a52-9a41-0d6f7b1f3f11"}.get(id_, "'abc'")
    text = GOOD.replace(SELECT, TIMED).replace("id: integer", f"id: {id_}").replace("id: 1", f"id: {sample}")
    text = text.replace(EVERY, f"{EVERY}\n  {more}".rstrip())
    compilation = compiled(text)
    assert compilation.findings == ()
    assert polls_of(compilation.catalog)["order.created"] == Poll(
        TIMED.replace("    ", ""), 60.0, at="Paid_at", identity=identity, table="orders", column="uuid", where=WHERE
    )
    assert said_by_an_editor(text) == []


def test_an_id_that_is_no_number_needs_a_time(compiled: Compile) -> None:
    [finding] = compiled(
        GOOD.replace("id: integer", "id: uuid").replace("id: 1", "id: 5f0c1c2e-8d2f-4a52-9a41-0d6f7b1f3f11")
    ).findings
    assert finding.code == "VALUE_INVALID"
    assert "o.created_at AS at" in finding.fix


@pytest.mark.parametrize(
    ("select", "identity"),
    [
        (SELECT, "[id, at]"),
        (SELECT, "[id, watched]"),
        (TIMED, "[id, watched]"),
        (WATCHING, "[id, at]"),
        (TIMED, "[at]"),
    ],
)
def test_an_identity_of_a_column_that_is_not_there_is_refused(compiled: Compile, select: str, identity: str) -> None:
    text = GOOD.replace(SELECT, select).replace(EVERY, f"{EVERY}\n  identity: {identity}")
    found = [one for one in compiled(text).findings if one.code == "VALUE_INVALID"]
    assert [(one.line, one.fix) for one in found] == [(5, "write identity: [id], or remove it")]


@pytest.mark.parametrize(
    ("event", "identity", "says"),
    [
        ("order.updated", "", "identity: [id, at]"),
        ("order.updated", "identity: [id, at]", ""),
        ("order.deleted", "", ""),
        ("order.paid", "", ""),
    ],
)
def test_a_time_shows_what_an_event_is_named_after(compiled: Compile, event: str, identity: str, says: str) -> None:
    text = f"event: {event}\n{GOOD.replace(SELECT, TIMED)}".replace(EVERY, f"{EVERY}\n  {identity}".rstrip())
    findings = compiled(text).findings
    assert [one.code for one in findings] == (["POLL_UNSEEN"] if says else [])
    assert all(says in one.fix for one in findings)


@pytest.mark.parametrize(
    ("select", "column"),
    [
        ("SELECT o.id, o.status AS watched FROM orders o WHERE o.status = 'paid'", "status"),
        ("SELECT id, STATUS AS watched FROM orders WHERE is_test = 0 AND Status <> 'new'", "Status"),
        ("SELECT id, a = b AS watched FROM orders WHERE b = 1", "b"),
    ],
)
def test_a_condition_on_the_watched_column_is_a_warning(compiled: Compile, select: str, column: str) -> None:
    [finding] = compiled(GOOD.replace(SELECT, select).replace("id: 1", CHANGE_SAMPLE)).findings
    assert (finding.line, finding.code, finding.severity) == (6, "QUERY_CHANGE_HIDDEN", "warning")
    assert f"with a condition on `{column}`" in finding.message


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ("order.deleted", "a poll does not see that a row is gone"),
        ("order_removed", "a poll does not see that a row is gone"),
        ("order.status_changed", "does not see that a row changes"),
        ("order.updated", "does not see that a row changes"),
        ("order.created", ""),
        ("order.undeleted", ""),
    ],
)
def test_an_event_that_a_poll_cannot_see_is_a_warning(compiled: Compile, event: str, says: str) -> None:
    text = f"event: {event}\n{GOOD}"
    findings = compiled(text).findings
    assert [(one.line, one.code, one.severity) for one in findings] == ([(4, "POLL_UNSEEN", "warning")] if says else [])
    assert all(says in one.message for one in findings)
    watching = text.replace(SELECT, WATCHING).replace("id: 1", CHANGE_SAMPLE)
    assert compiled(watching).findings == ()


def test_a_template_without_the_key_has_no_poll(compiled: Compile) -> None:
    text = GOOD.replace(POLL, "")
    compilation = compiled(text)
    assert compilation.findings == ()
    assert polls_of(compilation.catalog) == {}


def test_its_events_have_the_type_that_the_file_names(compiled: Compile) -> None:
    compilation = compiled(f"event: order.stored\n{GOOD}")
    assert compilation.findings == ()
    assert [*polls_of(compilation.catalog)] == ["order.stored"]


def test_a_version_may_stand_beside_it(compiled: Compile) -> None:
    text = GOOD.replace("SELECT number", "SELECT number, revision").replace("number: A-1", "number: A-1, revision: 3")
    assert compiled(f"version: order.revision\n{text}").findings == ()


GOOD_SELECTS = [
    "SELECT id FROM orders",
    "SELECT o.id FROM orders o WHERE o.is_test = 0",
    "SELECT o.id FROM orders AS o WHERE o.name LIKE '5%' AND o.total % 2 = 0",
    "SELECT `id` FROM orders",
    "select ID from orders;",
    "SELECT o.number AS id FROM orders o",
    "SELECT o.number id FROM orders o",
    "SELECT id FROM orders -- all of them",
    "SELECT id FROM orders WHERE kind IN ('a', 'b') AND created_at > '2026-01-01' AND (a = 1 OR b = 2)",
    "SELECT o.id FROM orders o WHERE EXISTS (SELECT 1 FROM items i WHERE i.order_id = o.id)",
    "SELECT o.id FROM orders o WHERE o.kind IN (SELECT k.id FROM kinds k GROUP BY k.id HAVING COUNT(*) > 1)",
    "SELECT o.id FROM orders o WHERE o.total > (SELECT t.total FROM t ORDER BY t.total DESC LIMIT 1)",
    "SELECT o.id FROM orders o WHERE UNIX_TIMESTAMP(o.at) > 5 AND o.current_date = 1 AND o.now > o.curtime",
    "SELECT o.id FROM orders o WHERE o.group = 1 AND o.order = 2 AND o.limit = 3",
    "SELECT o.id FROM orders o WHERE o.name = 'LIMIT :id' AND o.`distinct` = 0",
]


@pytest.mark.parametrize("sql", GOOD_SELECTS)
def test_a_select_of_ids_is_taken(sql: str) -> None:
    query = read_polled(sql, lines_survive=True)
    assert query.problems == ()
    inside = ids_page(query.sql, bounded=True)
    sent = inside % {"after": 1, "upto": 2, "count": 3}  # as PyMySQL puts the numbers in
    assert sent.count("%") == sql.count("%")


REMEMBERED = "the poll itself remembers which ids it has seen: leave this condition out"
NO_CLOCK = "leave the condition out; the poll finds only new rows"
STORED = "select a column as it is stored, such as o.status AS watched; compare times in `when`"

# In place of the SELECT: the line in it, the message, and what to write instead.
BAD_SELECTS = [
    # The column
    ("SELECT * FROM orders", 1, "`*`: a poll reads only `id`, `created`", "write SELECT id FROM ..."),
    ("SELECT o.* FROM orders o", 1, "`*`: a poll reads only `id`, `created`", "SELECT id FROM"),
    ("SELECT o.id, o.* FROM orders o", 1, "`o.*`: a poll reads only `id`, `created`", "remove o.*"),
    ("SELECT o.id,\n  o.total FROM orders o", 2, "`o.total`: a poll reads only `id`, `created`", "remove o.total"),
    ("SELECT o.id, c.id FROM orders o", 1, "`c.id`: a poll reads only `id`, `created`", "remove c.id"),
    ("SELECT o.number\nFROM orders o", 1, "this SELECT has no column `id`", "write o.number AS id"),
    ("SELECT o.id AS order_id FROM orders o", 1, "this SELECT has no column `id`", "write o.id AS id"),
    ("SELECT number, total FROM orders", 1, "this SELECT has no column `id`", "write SELECT id FROM ..."),
    ("SELECT (id) FROM orders", 1, "this SELECT has no column `id`", "write SELECT id FROM ..."),
    ("SELECT\n  o.id + 0 AS id FROM orders o", 2, "`o.id + 0 AS id` is worked out", "write a column: o.id, or o"),
    ("SELECT 1 AS id FROM orders", 1, "`1 AS id` is worked out", "write a column"),
    ("SELECT 'id' FROM orders", 1, "`'id'` is worked out", "write a column"),
    ("SELECT ABS(id) AS id FROM orders", 1, "`ABS(id) AS id` is worked out", "write a column"),
    ("SELECT MAX(id) AS id FROM orders", 1, "`MAX(id) AS id` is worked out", "write a column"),
    ("SELECT ROW_NUMBER() OVER (ORDER BY id) AS id FROM orders", 1, "is worked out", "write a column"),
    ("SELECT (SELECT MAX(a.id) FROM a) AS id FROM orders", 1, "is worked out", "write a column"),
    ("SELECT id, DATE(at) AS created FROM orders", 1, "`DATE(at) AS created` is worked out", "o.created_at AS created"),
    ("SELECT id, status AS watched,\nCOALESCE(a, b) AS changed FROM orders", 2, "need not grow", "o.updated_at AS"),
    ("SELECT id, at AS changed FROM orders", 1, "`changed` is read only beside `watched`", "or remove it"),
    ("SELECT id, MAX(status) AS watched FROM orders", 1, "can make the database", "o.status AS watched"),
    ("SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS watched FROM orders", 1, "can make the", "o.status AS"),
    ("SELECT id,\n(SELECT s.n FROM s LIMIT 1) AS watched FROM orders", 2, "can make the database", "of the row itself"),
    ("SELECT id, DATE(at) AS at FROM orders", 1, "`DATE(at) AS at` is worked out", "p.settled_at AS at"),
    ("SELECT id, NULL AS at FROM orders", 1, "is worked out", "p.settled_at AS at"),
    ("SELECT id, a AS at, b AS at FROM orders", 1, "`b AS at`: a poll reads", "remove b AS at"),
    ("SELECT id, at,\na AS watched FROM orders", 2, "`watched` has no use beside `at`", "remove `watched`, or `at`"),
    ("SELECT id, at, updated_at AS changed FROM orders", 1, "`changed` has no use beside `at`", "remove `changed`"),
    ("SELECT id, at,\ncreated_at AS created FROM orders", 2, "`created` has no use beside `at`", "remove `created`"),
    ("SELECT a AS watched, at FROM orders", 1, "this SELECT has no column `id`", "write SELECT id FROM"),
    ("SELECT id, a AS watched, b AS watched FROM orders", 1, "`b AS watched`: a poll reads", "remove b AS"),
    # The form
    ("(SELECT id FROM orders)", 1, "one SELECT without brackets", "remove them"),
    ("SELECT id FROM orders\nWINDOW w AS (PARTITION BY kind)", 2, "WINDOW can make", "remove it"),
    ("SELECT o.id\nFROM (SELECT id FROM orders) o", 2, "a subquery after FROM can", "conditions directly into"),
    ("SELECT o.id FROM orders o\nJOIN (SELECT a.id FROM a) b ON 1 = 1", 2, "a subquery after FROM", "directly into"),
    # Values
    ("SELECT id FROM orders\nWHERE id > :id", 2, "`:id` has no value: a poll is what makes the events", REMEMBERED),
    ("SELECT id FROM orders\nWHERE id > :last_id", 2, "`:last_id` has no value", REMEMBERED),
    ("SELECT id FROM orders\nWHERE at > :SINCE", 2, "`:SINCE` has no value", REMEMBERED),
    ("SELECT id FROM orders\nWHERE shop_id = :shop_id", 2, "`:shop_id` has no value", "value itself, or leave the"),
    ("SELECT id FROM orders WHERE id > ?", 1, "`?` is not how", "write the value itself: a poll has no event yet"),
    ("SELECT id FROM orders WHERE id > %s", 1, "`%s` is not how", "write the value itself: a poll has no event yet"),
    ("SELECT id FROM orders WHERE id > @x", 1, "variables", "write the value itself: a poll has no event yet"),
    # What a lookup refuses too
    ("DELETE FROM orders", 1, "a poll is one SELECT; this starts with DELETE", "write SELECT ... FROM ... WHERE"),
    ("SELECT id FROM orders; SELECT 1", 1, "`;` starts a second statement, and a poll is one SELECT", "remove it"),
    ("SELECT id FROM orders\nFOR UPDATE", 2, "FOR UPDATE locks rows; a poll only reads", "remove it"),
    ("SELECT id FROM orders FOR SHARE", 1, "FOR SHARE locks rows; a poll only reads", "remove it"),
    ("SELECT id FROM orders\nLOCK IN SHARE MODE", 2, "LOCK IN SHARE MODE locks rows; a poll", "remove it"),
    # The clock
    ("SELECT id FROM orders\nWHERE at > NOW() - INTERVAL 1 DAY", 2, "with NOW the rows that a poll reads", NO_CLOCK),
    ("SELECT id FROM orders WHERE at > NOW(6)", 1, "with NOW the rows", NO_CLOCK),
    ("SELECT id FROM orders WHERE day = curdate()", 1, "with CURDATE the rows", NO_CLOCK),
    ("SELECT id FROM orders WHERE at > CURRENT_TIMESTAMP", 1, "with CURRENT_TIMESTAMP the rows", NO_CLOCK),
    ("SELECT id FROM orders WHERE at > UTC_TIMESTAMP()", 1, "with UTC_TIMESTAMP the rows", NO_CLOCK),
    ("SELECT id FROM orders WHERE at > UNIX_TIMESTAMP() - 60", 1, "with UNIX_TIMESTAMP the rows", NO_CLOCK),
    ("SELECT id FROM orders o WHERE EXISTS (SELECT 1 FROM a WHERE a.at < NOW())", 1, "with NOW the rows", NO_CLOCK),
    ("SELECT id,\ndue_at < NOW() AS watched FROM orders", 2, "with NOW the value of a row changes", STORED),
    ("SELECT id, (due_at < CURRENT_DATE) AS watched FROM orders", 1, "with CURRENT_DATE the value of a row", STORED),
    ("SELECT id, EXTRACT(DAY FROM NOW()) > day AS watched FROM orders", 1, "with NOW the value of a row", STORED),
    ("SELECT id, due_at AS watched\nFROM orders WHERE due_at < NOW()", 2, "with NOW the rows", NO_CLOCK),
    ("SELECT id FROM shop.orders", 1, "another schema; a poll reads that of its connection", "another database is"),
    ("SELECT id", 1, "a poll reads a table", ""),
    ("SELECT id FROM orders\nWHERE SLEEP(1)", 2, "SLEEP() waits", ""),
]  # fmt: skip


@pytest.mark.parametrize(("select", "line", "message", "fix"), BAD_SELECTS)
def test_another_select_is_refused_where_it_is_wrong(
    compiled: Compile, select: str, line: int, message: str, fix: str
) -> None:
    findings = compiled(GOOD.replace(SELECT, select.replace("\n", "\n    "))).findings
    found = [one for one in findings if one.code == "QUERY_FORBIDDEN" and one.line == 5 + line]
    assert any(message in one.message and fix in one.fix for one in found), [*map(str, findings)]
    assert all(one.fix for one in findings)


# A SELECT with each of the words.
WITH_WORDS = {
    "DISTINCT": "SELECT DISTINCT id FROM orders",
    "DISTINCTROW": "SELECT DISTINCTROW id FROM orders",
    "EXCEPT": "SELECT id FROM orders EXCEPT SELECT id FROM a",
    "GROUP": "SELECT id FROM orders GROUP BY id",
    "HAVING": "SELECT id FROM orders HAVING id > 1",
    "INTERSECT": "SELECT id FROM orders INTERSECT SELECT id FROM a",
    "LIMIT": "SELECT id FROM orders LIMIT 1000 OFFSET 5000",
    "ORDER": "SELECT id FROM orders ORDER BY id",
    "UNION": "SELECT id FROM orders UNION ALL SELECT id FROM a",
    "WITH": "WITH a AS (SELECT id FROM orders) SELECT id FROM a",
}


@pytest.mark.parametrize(
    ("select", "source"),
    [
        ("SELECT id FROM orders", (False, "orders", "id")),
        ("SELECT o.id FROM orders o", (False, "orders", "id")),
        ("SELECT `o`.`id` FROM `my orders` `o`", (False, "my orders", "id")),
        ("SELECT o.number AS id, o.created_at AS created FROM orders o", (True, "orders", "number")),
        ("SELECT created, id FROM orders WHERE note <> '%'", (True, "orders", "id")),
        ("SELECT id, watched FROM orders", (False, "orders", "id", "watched")),
        ("SELECT id, at FROM orders", (False, "orders", "id", "", False, "at")),
        ("SELECT p.id, p.`Paid at` AS At FROM payments p", (False, "payments", "id", "", False, "Paid at")),
        ("SELECT LOWER(HEX(p.id)) AS id, p.at FROM payments p", (False, "payments", "", "", False, "at")),
        (
            "SELECT o.id, o.Status AS Watched, o.updated_at changed FROM orders o",
            (False, "orders", "id", "o.Status", True),
        ),
        (
            "SELECT id, created, deleted_at IS NOT NULL AS watched FROM orders",
            (True, "orders", "id", "NOT deleted_at IS NULL"),
        ),
        ("SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id", (False, "orders", "id")),
        ("SELECT c.id FROM orders o JOIN customers c ON c.id = o.customer_id", (False, "customers", "id")),
        ("SELECT id FROM orders o JOIN customers c ON c.number = o.customer_number", (False, "", "id")),
        (
            "SELECT o.id FROM orders o WHERE EXISTS (SELECT 1 FROM customers c WHERE c.id = o.id)",
            (False, "orders", "id"),
        ),
    ],
)
def test_what_a_select_says_of_its_rows(select: str, source: tuple[Any, ...]) -> None:
    assert errors(read_polled(select, lines_survive=True)) == []
    assert polled_source(select) == Source(*source)


@pytest.mark.parametrize("word", sorted(WORDS))
def test_a_word_that_keeps_the_server_from_reading_a_part_is_refused(word: str) -> None:
    sql = WITH_WORDS[word]
    [problem] = read_polled(sql, lines_survive=True).problems
    assert (problem.code, problem.start) == ("QUERY_FORBIDDEN", sql.index(word))
    assert problem.message == WORDS[word].why.format(what=word)
    assert problem.fix == WORDS[word].instead
    assert errors(read_polled(sql.lower(), lines_survive=True)) == [problem.message]


@pytest.mark.parametrize("word", ["DISTINCT", "GROUP BY"])
def test_where_there_is_a_join_the_fix_says_what_takes_its_place(word: str) -> None:
    joined = "SELECT {} o.id FROM orders o JOIN items i ON i.order_id = o.id {}"
    sql = joined.format(word, "") if word == "DISTINCT" else joined.format("", f"{word} o.id")
    assert {one.fix for one in read_polled(sql, lines_survive=True).problems} == {
        "remove it; in place of a join write WHERE EXISTS (SELECT ...), so that no id comes twice"
    }


@pytest.mark.parametrize("line", REFUSED)
def test_what_a_lookup_refuses_a_poll_refuses_in_its_own_words(line: str) -> None:
    query = read_polled(line[WIDTH:], lines_survive=True)
    assert errors(query)
    assert not [one for one in query.problems if "lookup" in one.message or ":name" in one.fix]


@pytest.mark.parametrize(
    "select",
    [
        "SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id",
        "SELECT o.id FROM orders o, customers c WHERE c.id = o.customer_id",
        "SELECT o.id FROM (orders o LEFT JOIN customers c ON c.id = o.customer_id)",
    ],
)
def test_a_join_is_a_warning(compiled: Compile, select: str) -> None:
    compilation = compiled(GOOD.replace(SELECT, select))
    [finding] = compilation.findings
    assert (finding.line, finding.code, finding.severity) == (6, "QUERY_JOIN", "warning")
    assert finding.message == "a poll returns each id once, and this JOIN may repeat it"
    assert finding.fix == "leave it if it finds one row for each id; else write WHERE EXISTS (SELECT ...)"
    assert polls_of(compilation.catalog)["order.created"].sql == select


def test_what_one_server_lacks_is_a_warning(compiled: Compile) -> None:
    [finding] = compiled(GOOD.replace("o.is_test = 0", "o.facts->>'$.a' = 1")).findings
    assert (finding.line, finding.code, finding.severity) == (8, "QUERY_SERVER", "warning")


# What of GOOD is replaced, by what, and the line, code, message and fix that follow.
MISTAKES = [
    # Identities
    (EVERY, f"{EVERY}\n  identity: [id, watched]", 5, "VALUE_INVALID", "one of [id], [id, w", "write identity: [id]"),
    (EVERY, f"{EVERY}\n  identity: [id, status]", 5, "VALUE_INVALID", "one of [id], [id, w", "write identity: [id]"),
    (EVERY, f"{EVERY}\n  identity: []", 5, "VALUE_INVALID", "is empty", "write something, or remove it"),
    (EVERY, f"{EVERY}\n  identity: id", 5, "VALUE_INVALID", "takes a list", ""),
    # Keys
    (EVERY, "db: default", 4, "KEY_MISSING", "`every` is missing in `poll`", "add every: 1m"),
    (f"  sql: |\n    {SELECT}\n", "", 4, "KEY_MISSING", "`sql` is missing in `poll`", "add sql: SELECT id FROM ..."),
    ("poll:\n", "pol:\n", 3, "KEY_UNKNOWN", "`pol`", "write `poll`"),
    ("poll:\n", "polling:\n", 3, "KEY_UNKNOWN", "`polling`", "write `poll`"),
    ("poll:\n", "schedule:\n", 3, "KEY_UNKNOWN", "`schedule`", "write `poll`"),
    (EVERY, f"{EVERY}\n  evry: 1m", 5, "KEY_UNKNOWN", "no key `evry` in `poll`", "remove it: `every`"),
    (EVERY, f"{EVERY}\n  limit: 5", 5, "KEY_UNKNOWN", "`limit`", "the keys here are: every, sql, db, longest_tr"),
    (EVERY, f"{EVERY}\n  bind: {{a: id}}", 5, "KEY_UNKNOWN", "`bind`", "the keys here are"),
    (EVERY, f"{EVERY}\n  longest-transaction: 1h", 5, "KEY_UNKNOWN", "`longest-tr", "write `longest_transaction`"),
    (EVERY, f"{EVERY}\n  catchup: {{rows: 5}}", 5, "KEY_UNKNOWN", "`catchup`", "write `catch_up`"),
    (EVERY, f"{EVERY}\n  catch_up: {{row: 5}}", 5, "KEY_UNKNOWN", "in `poll.catch_up`", "write `rows`"),
    (EVERY, f"{EVERY}\n  catch_up: 50", 5, "VALUE_INVALID", "takes `key: value` lines", "write catch_up: {rows: 50}"),
    (EVERY, f"{EVERY}\n  catch_up: 5000", 5, "VALUE_INVALID", "`key: value`", "write catch_up: {rows: 1000}"),
    (EVERY, f"{EVERY}\n  catch_up: never", 5, "VALUE_INVALID", "`key: value`", "write catch_up: {rows: never}"),
    (EVERY, f"{EVERY}\n  catch_up: off", 5, "VALUE_INVALID", "`key: value`", "write catch_up: {rows: never}"),
    (EVERY, f"{EVERY}\n  catch_up: 1h", 5, "VALUE_INVALID", "`key: value`", "write catch_up: {age: 1h}"),
    (EVERY, f"{EVERY}\n  catch_up:", 5, "VALUE_INVALID", "not nothing", "write catch_up: {rows: 100}"),
    (EVERY, f"{EVERY}\n  catch_up: [50]", 5, "VALUE_INVALID", "not a list", "write catch_up: {rows: 100}"),
    (EVERY, f"{EVERY}\n  catch_up: {{}}", 5, "VALUE_INVALID", "`poll.catch_up` is empty", "or remove it"),
    (POLL, "poll: 5m\n", 3, "VALUE_INVALID", "`poll` takes `key: v", "\npoll:\n  every: 5m\n  sql: SELECT id FROM ..."),
    (POLL, "poll: SELECT a FROM b\n", 3, "VALUE_INVALID", "a single", "\npoll:\n  every: 1m\n  sql: SELECT a FROM b"),
    (POLL, "poll:\n", 3, "VALUE_INVALID", "not nothing", "\npoll:\n  every: 1m\n  sql: SELECT id FROM ..."),
    (POLL, "poll:\n  - every: 1m\n", 4, "VALUE_INVALID", "not a list", "\npoll:\n  every: 1m\n  sql: SELECT id"),
    # Values
    (EVERY, "every:", 4, "VALUE_INVALID", "empty", "write every: 1m"),
    (EVERY, "every: [1m]", 4, "VALUE_INVALID", "takes a text", "write every: 1m"),
    (EVERY, "every: '{{ x }}'", 4, "TEMPLATE_FORBIDDEN", "`poll.every`", "write it out"),
    (EVERY, "every: 59s", 4, "VALUE_INVALID", "`poll.every` takes a time from 1m to 7d", "write every: 1m"),
    (EVERY, "every: 30", 4, "VALUE_INVALID", "from 1m to 7d", "write every: 1m"),
    (EVERY, "every: 8d", 4, "VALUE_INVALID", "from 1m to 7d", "write every: 7d"),
    (EVERY, "every: 5 min", 4, "VALUE_INVALID", "from 1m to 7d", "write every: 5m"),
    (EVERY, "every: 15分", 4, "VALUE_INVALID", "from 1m to 7d", "write every: 15m"),
    (EVERY, "every: minute", 4, "VALUE_INVALID", "from 1m to 7d, such as 5m, 1h or 1d", "write every: 1m"),
    (EVERY, "every: once a week", 4, "VALUE_INVALID", "such as 5m, 1h or 1d", "write every: 7d"),
    (EVERY, "every: rate(5 minutes)", 4, "VALUE_INVALID", "such as 5m, 1h or 1d", "write every: 5m"),
    (EVERY, "every: often", 4, "VALUE_INVALID", "such as 5m, 1h or 1d", "write every: 1m"),
    (EVERY, "every: 24", 4, "VALUE_INVALID", "24 without a unit is 24 seconds", "write every: 1m, 24m, or 24h"),
    (EVERY, "every: 0", 4, "VALUE_INVALID", "such as 5m, 1h or 1d", "write every: 1m"),
    (EVERY, "every: 700000", 4, "VALUE_INVALID", "700000 without a unit is 700000 seconds", "write every: 7d"),
    (EVERY, f"{EVERY}\n  longest_transaction: 10s", 5, "VALUE_INVALID", "from 1m to 7d", "longest_transaction: 1m"),
    (EVERY, f"{EVERY}\n  longest_transaction: 8d", 5, "VALUE_INVALID", "from 1m to 7d", "longest_transaction: 7d"),
    (EVERY, f"{EVERY}\n  longest_transaction: long", 5, "VALUE_INVALID", "from 1m to 7d", "longest_transaction: 1d"),
    (EVERY, f"{EVERY}\n  catch_up: {{age: 5s}}", 5, "VALUE_INVALID", "`poll.catch_up.age`", "write age: 1m"),
    (EVERY, f"{EVERY}\n  catch_up: {{age: 31d}}", 5, "VALUE_INVALID", "from 1m to 30d", "write age: 30d"),
    (EVERY, f"{EVERY}\n  catch_up: {{age: never}}", 5, "VALUE_INVALID", "from 1m to 30d", "write age: 1h"),
    (EVERY, f"{EVERY}\n  catch_up: {{rows: 0}}", 5, "VALUE_INVALID", "from 1 to 1000", "write rows: 1, or rows: never"),
    (EVERY, f"{EVERY}\n  catch_up: 0", 5, "VALUE_INVALID", "`key: value`", "write catch_up: {rows: 1}"),
    (EVERY, f"{EVERY}\n  catch_up: {{rows: 1001}}", 5, "VALUE_INVALID", "`poll.catch_up.rows`", "write rows: 1000"),
    (EVERY, f"{EVERY}\n  catch_up: {{rows: {'9' * 5000}}}", 5, "VALUE_INVALID", "from 1 to", "write rows: 1000"),
    (EVERY, f"{EVERY}\n  catch_up: {{rows: '2,000'}}", 5, "VALUE_INVALID", "from 1 to 1000", "write rows: 1000"),
    (EVERY, f"{EVERY}\n  catch_up: {{rows: ５０}}", 5, "VALUE_INVALID", "from 1 to 1000", "write rows: 50"),
    (EVERY, f"{EVERY}\n  catch_up: {{rows: 50 rows}}", 5, "VALUE_INVALID", "from 1 to 1000", "write rows: 50"),
    (EVERY, f"{EVERY}\n  catch_up: {{rows: off}}", 5, "VALUE_INVALID", "or never", "write rows: never"),
    (EVERY, f"{EVERY}\n  catch_up: {{rows: many}}", 5, "VALUE_INVALID", "or never", "write rows: 100"),
    (EVERY, f"{EVERY}\n  catch_up: {{rows: -5}}", 5, "VALUE_INVALID", "or never", "write rows: 100"),
    (EVERY, f"{EVERY}\n  db: 'A B'", 5, "VALUE_INVALID", "`A B` is not the name of a database", "docs/deploy.md"),
    (f"sql: |\n    {SELECT}", "sql:", 5, "VALUE_INVALID", "empty", "write sql: SELECT id FROM ..."),
    ("is_test = 0", "kind = {{ kind }}", 8, "QUERY_FORBIDDEN", "`{{` in SQL", "a poll has no event yet"),
    ("FROM orders o", "FORM orders o", 7, "QUERY_INVALID", "near", "write FROM for `FORM`"),
    ("sql: |", "sql: >\n    -- all", 5, "QUERY_FORBIDDEN", "hides the rest", "`sql: |`"),
    # The rest of the template
    ("id: integer", "id: uuid", 1, "VALUE_INVALID", "by whole numbers, and the template's `id` is uuid", "id: integer"),
    ("id: integer", "id: {pattern: '[0-9]+'}", 1, "VALUE_INVALID", "`id` is a pattern", "select a time, such as"),
    ("    id: 1\n", "    id: 1\n    data: {a: b}\n", 13, "SAMPLE_INVALID", "has no data", "add a sample without"),
    ("order.number }}", "data.source }}", 11, "TEMPLATE_UNDEFINED", "`data` has no source", ""),
    ("order.number }}", "event.version }}", 11, "VALUE_EMPTY", "shows nothing", ""),
]  # fmt: skip


# What stands behind `every:`, what is wrong with it, and what to write.
BAD_CRON = [
    # Other programs' forms
    ("cron(0/5 * * * ? *)", "the form of EventBridge", '"*/5 * * * *", or every: 5m'),
    ("cron(0 */6 * * ? *)", "the form of EventBridge", '"0 */6 * * *", or every: 6h'),
    ("cron(0 9 ? * MON-FRI *)", "the form of EventBridge", '"0 9 * * MON-FRI"'),
    ("cron(0 9 ? * 2-6 *)", "the form of EventBridge", '"0 9 * * 1-5"'),
    ("cron(0 9 ? * 2#1 *)", "the form of EventBridge", '"0 9 * * 1"'),
    ("cron(0 9 L * ? *)", "the form of EventBridge", '"0 9 * * *"'),
    ("cron(0 9 ? * 1,7 2026)", "the form of EventBridge", '"0 9 * * 0,6"'),
    ("cron(0 9 * * 1)", "the form of EventBridge", '"0 9 * * 1"'),
    ("CRON( 0 9 * * ? * )", "the form of EventBridge", '"0 9 * * *"'),
    ("cron()", "the form of EventBridge", '"0 9 * * 1-5"'),
    ("0/5 * * * ? *", "6 fields", '"*/5 * * * *"'),
    ("0 9 ? * 2-6 *", "6 fields", '"0 9 * * 1-5"'),
    ("0 0 9 ? * MON-FRI", "6 fields", '"0 9 * * MON-FRI"'),
    ("0 0 9 * * 1-5", "6 fields", '"0 9 * * 1-5"'),
    ("0 9 * * * *", "6 fields", '"0 9 * * *", or every: "9 * * * *"'),
    ("'*/30 * * * * *'", "6 fields", '"* * * * *"'),
    ("0 0 9 ? * 2-6 *", "7 fields", '"0 9 * * 1-5"'),
    ("0 0 0 9 * * * *", "8 fields", '"0 9 * * 1-5"'),
    ("0 9 * *", "4 fields", '"0 9 * * *"'),
    ("'*/5'", "1 field", '"*/5 * * * *"'),
    ("'@daily'", "is a name", '"0 0 * * *", or every: 1d'),
    ("'@hourly'", "is a name", '"0 * * * *", or every: 1h'),
    ("'@midnight'", "is a name", '"0 0 * * *"'),
    ("'@monthly'", "is a name", '"0 0 * * 1"'),
    ("'@reboot'", "no time of a poll", '"0 9 * * 1-5"'),
    ("'@every 5m'", "no time of a poll", "5m"),
    ("hourly", "is a name", '"0 * * * *", or every: 1h'),
    ("Daily", "is a name", '"0 0 * * *", or every: 1d'),
    ("minutely", "is a name", '"* * * * *", or every: 1m'),
    ("weekly", "is a name", '"0 0 * * 0", or every: 7d'),
    ("毎時", "is a name", '"0 * * * *", or every: 1h'),
    ("09:30", "is a time of day", '"30 9 * * *"'),
    ("daily at 9:00", "is a time of day", '"0 9 * * *"'),
    ("毎日 9時", "is a time of day", '"0 9 * * *"'),
    ("24:00", "is a time of day", '"0 0 * * *"'),
    ("CRON_TZ=Asia/Tokyo 0 9 * * *", "a key of its own, time_zone: Asia/Tokyo", '"0 9 * * *"'),
    ("0 9 * * * Asia/Tokyo", "a key of its own, time_zone: Asia/Tokyo", '"0 9 * * *"'),
    ("0 9 * * 1 JST", "a key of its own, time_zone: Asia/Tokyo", '"0 9 * * 1"'),
    # Signs
    ("０ ９ ＊ ＊ １-５", "full-width", '"0 9 * * 1-5"'),
    ("'＊/5 * * * *'", "full-width", '"*/5 * * * *"'),
    ("0 9 * * 1–5", "long dashes", '"0 9 * * 1-5"'),
    ("0 9 * * 月-金", "`月` is written with three letters", '"0 9 * * MON-FRI"'),
    ("0 9 * * Monday-Friday", "`MONDAY` is written with three letters", '"0 9 * * MON-FRI"'),
    ("0 9 * sept,oct,1-8,nov,dec *", "`SEPT` is written with three letters", '"0 9 * SEP,OCT,1-8,NOV,DEC *"'),
    ("0 9 * * Mo", "`MO` is no day of the week", '"0 9 * * *"'),
    ("0 9 * MON *", "`MON` is no month: 1 to 12, or JAN to DEC", '"0 9 * * *"'),
    ("0 9 ? * 1", "no `?`", '"0 9 * * 1"'),
    ("H 9 * * 1", "`H`", '"* 9 * * 1"'),
    ("0~30 9 * * 1", "`0~30` is no minute", '"* 9 * * 1"'),
    ("0 9 L * *", "`L`", '"0 9 * * *"'),
    ("0 9 15W * *", "`W`", '"0 9 * * *"'),
    ("0 9 * * 5L", "`L`", '"0 9 * * 5"'),
    ("0 9 * * FRI#2", "`#`", '"0 9 * * FRI"'),
    # Numbers
    ("60 * * * *", "`60` is no minute: 0 to 59", '"0 * * * *"'),
    ("0 24 * * *", "`24` is no hour: 0 to 23", '"0 0 * * *"'),
    ("0 0-24 * * *", "`24` is no hour", '"0 0-0 * * *"'),
    ("0 9 0-9,10-31 * *", "`0` is no day of the month", '"0 9 1-9,10-31 * *"'),
    ("0 9 * * 8", "`8` is no day of the week: 0 to 7, or SUN to SAT", '"0 9 * * 0"'),
    ("-5 9 * * 1", "`-5` is no minute", '"* 9 * * 1"'),
    ("1-2-3 9 * * 1", "`1-2-3` is no minute", '"* 9 * * 1"'),
    (f"{'9' * 5000} 9 * * 1", "is no minute", '"* 9 * * 1"'),
    ("0 22-2 * * *", "the first value is the lower one", '"0 0-2,22-23 * * *"'),
    ("0 22-2/2 * * *", "the first value is the lower one", '"0 0,2,22 * * *"'),
    ("0 9 * * FRI-MON", "the first value is the lower one", '"0 9 * * 0-1,5-6"'),
    ("0 9 * * SAT-SUN", "the first value is the lower one", '"0 9 * * 0,6"'),
    ("0 9 * DEC-NOV *", "the first value is the lower one", '"0 9 * 1-11,12 *"'),
    ("0,,30 * * * *", "one is missing", '"0,30 * * * *"'),
    ("0, 9 * * 1", "one is missing", '"0 9 * * 1"'),
    ("'*/0 * * * *'", "a step of the minute is a number from 1 to 59", '"* * * * *"'),
    ("'*/90 * * * *'", "a step of the minute is a number from 1 to 59", '"0 * * * *", or every: 90m'),
    ("0 */48 * * *", "a step of the hour is a number from 1 to 23", '"0 0 * * *", or every: 2d'),
    ("5/15 * * * *", "a step after `*` or a range alone", '"5-59/15 * * * *"'),
    # Pauses
    ("0 0 31 2 *", "at least once in 7 days", '"0 0 * * 1"'),
    ("0 0 29 2 *", "at least once in 7 days", '"0 0 * * 1"'),
    ("30 9 1 * *", "at least once in 7 days", '"30 9 * * 1"'),
    ("0 9 1,8,15,22 * *", "at least once in 7 days", '"0 9 * * 1"'),
    ("0 9 */2 * 3", "at least once in 7 days", '"0 9 * * 3"'),
    ("0 9 * 1-11 *", "at least once in 7 days", '"0 9 * * 1"'),
]


@pytest.mark.parametrize(("wrong", "message", "right"), BAD_CRON)
def test_what_crontab_does_not_have_is_an_error_that_shows_what_it_has(
    compiled: Compile, wrong: str, message: str, right: str
) -> None:
    [finding] = compiled(GOOD.replace(EVERY, f"every: {wrong}")).findings
    assert (finding.line, finding.code) == (4, "VALUE_INVALID")
    usual = '`poll.every` takes a time from 1m to 7d, or a cron expression of five fields, such as "0 9 * * 1-5"; '
    assert finding.message.startswith(usual)
    assert message in finding.message
    assert f"{finding.fix}, or".startswith(f"write every: {right.removesuffix('...')}, or")
    for one in finding.fix.removeprefix("write ").split(", or "):
        assert compiled(GOOD.replace(EVERY, one)).findings == ()


@pytest.mark.parametrize(
    ("line", "code", "fix"),
    [
        ("*/5 * * * *", "YAML_FORBIDDEN", '"*/5 * * * *"'),
        ("* * * * *", "YAML_SYNTAX", '"* * * * *"'),
        ("* * * * *  # each minute", "YAML_SYNTAX", '"* * * * *"'),
        ("*/5 * * * ? *", "YAML_FORBIDDEN", '"*/5 * * * *"'),
        ("@daily", "YAML_SYNTAX", '"0 0 * * *", or every: 1d'),
        ("@every 15m", "YAML_SYNTAX", "15m"),
    ],
)
def test_a_cron_expression_that_yaml_takes_for_something_else_is_shown_in_quotes(
    compiled: Compile, line: str, code: str, fix: str
) -> None:
    [finding] = compiled(GOOD.replace(EVERY, f"every: {line}")).findings
    assert (finding.line, finding.code, finding.fix) == (4, code, f"write every: {fix}")


@pytest.mark.parametrize(
    ("written", "cron", "hours"),
    [
        ("0 9 * * 1-5", "0 9 * * 1-5", 72),
        ('"*/5 * * * *"', "*/5 * * * *", 1 / 12),
        ("'* * * * *'", "* * * * *", 1 / 60),
        ("0 9 * * MON-fri", "0 9 * * MON-fri", 72),
        ('"0  9 \t * * 7"', "0 9 * * 7", 168),
        ("|\n    0 9 * * 0", "0 9 * * 0", 168),
        ("0　9　*　*　*", "0 9 * * *", 24),
        ("0 9 * * 1 # Mondays", "0 9 * * 1", 168),
        ("00 09 * * 01", "00 09 * * 01", 168),
        ("0,30 9-17 * * 1-5", "0,30 9-17 * * 1-5", 63.5),
        ("0 9 1,8,15,22,29 * *", "0 9 1,8,15,22,29 * *", 168),
        ("0 9 1 * 1", "0 9 1 * 1", 168),
        ("0 9 31 2 1", "0 9 31 2 1", 51 * 168),
        ("0 9 */2 * 1-5", "0 9 */2 * 1-5", 120),
        ("0 */5 * * *", "0 */5 * * *", 5),
        ("15 6-23/17 * * *", "15 6-23/17 * * *", 17),
        ("0 9 * JAN-DEC 0-7", "0 9 * JAN-DEC 0-7", 24),
    ],
)
def test_a_cron_expression_has_its_longest_pause_with_it(
    compiled: Compile, written: str, cron: str, hours: float
) -> None:
    text = GOOD.replace(EVERY, f"every: {written}")
    compilation = compiled(text)
    if hours > 168:
        assert [one.code for one in compilation.findings] == ["VALUE_INVALID"]
        return
    assert compilation.findings == ()
    poll = polls_of(compilation.catalog)["order.created"]
    assert (poll.cron, poll.time_zone) == (cron, "UTC")
    assert poll.every == pytest.approx(hours * 3600)
    assert said_by_an_editor(text) == []


def test_it_is_in_the_time_zone_of_the_stage_unless_it_has_one(compiled: Compile) -> None:
    stage = "channels: {orders: C0123456789}\nfallback: C0123456789\ntime_zone: Europe/Berlin\n"
    files = {"_stages/test.yaml": stage}
    text = GOOD.replace(EVERY, "every: 0 9 * * *")
    assert polls_of(compiled(text, files).catalog)["order.created"].time_zone == "Europe/Berlin"
    text = GOOD.replace(EVERY, "every: 0 9 * * *\n  time_zone: Asia/Tokyo")
    compilation = compiled(text, files)
    assert compilation.findings == ()
    assert polls_of(compilation.catalog)["order.created"].time_zone == "Asia/Tokyo"
    assert said_by_an_editor(text) == []
    assert polls_of(compiled(GOOD, files).catalog)["order.created"].time_zone == ""


@pytest.mark.parametrize("own", ["", "Asia/Tokyo"])
@pytest.mark.parametrize("of_template", ["", "America/New_York"])
@pytest.mark.parametrize("of_stage", ["", "Europe/Berlin"])
def test_the_nearest_time_zone_counts(compiled: Compile, own: str, of_template: str, of_stage: str) -> None:
    """That of the poll, else of the template, else of the stage, else UTC."""
    stage = "channels: {orders: C0123456789}\nfallback: C0123456789\n"
    files = {"_stages/test.yaml": stage + (f"time_zone: {of_stage}\n" if of_stage else "")}
    text = GOOD.replace(EVERY, f"every: 0 9 * * *\n  time_zone: {own}" if own else "every: 0 9 * * *")
    text += f"time_zone: {of_template}\n" if of_template else ""
    compilation = compiled(text, files)
    assert compilation.findings == ()
    nearest = own or of_template or of_stage or "UTC"
    assert polls_of(compilation.catalog)["order.created"].time_zone == nearest
    assert compilation.polls["order.created"].time_zone == (own or of_template)  # what `notifier poll` shows


def test_a_template_with_an_interval_may_have_a_time_zone(compiled: Compile) -> None:
    compilation = compiled(f"{GOOD}time_zone: Asia/Tokyo\n")
    assert compilation.findings == ()
    assert compilation.polls["order.created"].time_zone == ""


@pytest.mark.parametrize(
    ("lines", "message", "fix"),
    [
        ("every: 5m\n  time_zone: Asia/Tokyo", "`every` is an interval", "remove it"),
        ("every: 0 9 * * *\n  time_zone: Asia/Tokio", "no time zone `Asia/Tokio`", "write time_zone: Asia/Tokyo"),
        ("every: 0 9 * * *\n  time_zone: JST", "no time zone `JST`", "write time_zone: Asia/Tokyo"),
        ("every: 0 9 * * *\n  time_zone: '+09:00'", "no time zone `+09:00`", "such as Europe/Berlin or Asia/Tokyo"),
        ("every: 0 9 * * *\n  time_zone:", "is empty", "write time_zone: Asia/Tokyo"),
        ("every: 0 9 * * *\n  time_zone: [UTC]", "takes a text", ""),
    ],
)
def test_a_wrong_time_zone_is_found(compiled: Compile, lines: str, message: str, fix: str) -> None:
    [finding] = compiled(GOOD.replace(EVERY, lines)).findings
    assert (finding.line, finding.code) == (5, "VALUE_INVALID")
    assert message in finding.message
    assert fix in finding.fix


@pytest.mark.parametrize("word", ["zone", "timezone", "tz", "time-zone", "timeZone"])
def test_another_word_for_the_time_zone_is_known(compiled: Compile, word: str) -> None:
    [finding] = compiled(GOOD.replace(EVERY, f"every: 0 9 * * *\n  {word}: UTC")).findings
    assert (finding.code, finding.fix) == ("KEY_UNKNOWN", "write `time_zone`")


def test_a_poll_that_is_a_cron_expression_alone_is_shown_in_full(compiled: Compile) -> None:
    [finding] = compiled(GOOD.replace(POLL, "poll: 0 9 * * 1-5\n")).findings
    assert finding.fix == 'write these lines:\npoll:\n  every: "0 9 * * 1-5"\n  sql: SELECT id FROM ...'


FIELDS = [
    st.sampled_from([str(one) for one in range(field.least, field.most + 1)] + [*field.words, "*", "?", "L", "x", ""])
    for field in cron_fields.FIELDS
]
PARTS = [
    st.one_of(
        values,
        st.tuples(values, values).map("-".join),
        st.tuples(values, st.sampled_from(["1", "2", "15", "99", "0"])).map("/".join),
        st.lists(values, min_size=1, max_size=3).map(",".join),
    )
    for values in FIELDS
]


@settings(deadline=None)  # the dates of 28 years are compared
@given(st.tuples(*PARTS).map(" ".join))
@example("0 0 1 1-DEC 0")
def test_any_expression_is_right_or_has_a_right_one_in_its_place(text: str) -> None:
    if wrong := crontab.wrong(text):
        assert wrong.why
        assert not [one for one in wrong.instead if crontab.wrong(one)]
        return
    assert crontab.is_meant(text)
    times = islice(CronSim(text, datetime(2026, 1, 1, tzinfo=UTC)), 50)
    pauses = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
    longest = crontab.longest(text)
    assert longest
    assert max(pauses) <= longest <= 604_800


@settings(deadline=None)
@given(st.text(alphabet="0159*,-/ LW#?@:月毎時", max_size=24) | st.text(max_size=24))
def test_no_text_is_too_odd(text: str) -> None:
    if crontab.is_meant(text):
        assert crontab.instead(text).startswith("every: ")


@pytest.mark.parametrize(("good", "bad", "line", "code", "message", "fix"), MISTAKES)
def test_a_mistake_is_found_where_it_is(
    compiled: Compile, good: str, bad: str, line: int, code: str, message: str, fix: str
) -> None:
    assert good in GOOD
    findings = compiled(GOOD.replace(good, bad, 1)).findings
    found = [one for one in findings if one.code == code and one.line == line]
    assert any(message in one.message and fix in one.fix for one in found), [*map(str, findings)]
    assert {one.file for one in findings} == {FILE}


@pytest.mark.parametrize(("right", "wrong"), [("every", "evry"), ("every", "interval"), ("sql", "query")])
def test_a_misspelt_key_is_one_finding(compiled: Compile, right: str, wrong: str) -> None:
    [finding] = compiled(GOOD.replace(f"  {right}:", f"  {wrong}:", 1)).findings
    assert (finding.code, finding.fix) == ("KEY_UNKNOWN", f"write `{right}`")


def test_one_sample_without_data_is_enough(compiled: Compile) -> None:
    more = "  two: {id: 2, data: {source: shop}, lookups: {order: {number: A-2}}}\n"
    assert compiled(GOOD + more).findings == ()


def test_one_poll_makes_the_events_of_a_type(compiled: Compile) -> None:
    second = GOOD.replace("id: integer", "id: integer\nevent: order.created")
    compilation = compiled(GOOD, {"order.large.yaml": second, "order.late.yaml": second, "order.paid.yaml": GOOD})
    found = [(one.file, one.line, one.code, one.message) for one in compilation.findings]
    message = "order.created.yaml has a `poll` for `order.created` already; its events reach every file of that type"
    assert found == [(name, 4, "KEY_DUPLICATE", message) for name in ("order.large.yaml", "order.late.yaml")]
    assert {one.fix for one in compilation.findings} == {"remove one of the two"}


def test_several_files_may_be_for_the_events_of_one_poll(compiled: Compile) -> None:
    second = GOOD.replace(POLL, "event: order.created\n")
    compilation = compiled(GOOD, {"order.large.yaml": second})
    assert compilation.findings == ()
    assert [*polls_of(compilation.catalog)] == ["order.created"]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("every: 5 min", "poll.every: a time such as 1m, 15m or 1d, or five fields such as 0 9 * * 1-5"),
        ("every: 0 9 * *", "poll.every: a time such as 1m"),
        ("every: 0 9 * * * *", "poll.every: a time such as 1m"),
        ("every: 0 9 ? * 1", "poll.every: a time such as 1m"),
        ("every: 0 9 * * 5L", "poll.every: a time such as 1m"),
        ("every: '@daily'", "poll.every: a time such as 1m"),
        (f"{EVERY}\n  time_zone: Asia Tokyo", "poll.time_zone: a name as Asia/Tokyo"),
        ("every: 30", "poll.every: 30 is less than the minimum of 60"),
        ("db: default", "poll: 'every' is a required property"),
        (f"{EVERY}\n  evry: 1m", "poll: Additional properties are not allowed ('evry' was unexpected)"),
        (f"{EVERY}\n  db: A B", "poll.db: small letters"),
        (f"{EVERY}\n  longest_transaction: 604801", "poll.longest_transaction: 604801 is greater than the maximum"),
        (f"{EVERY}\n  catch_up: {{rows: off}}", "poll.catch_up.rows: a whole number, or never"),
        (f"{EVERY}\n  catch_up: {{rows: 0}}", "poll.catch_up.rows: 0 is less than the minimum of 1"),
        (f"{EVERY}\n  catch_up: {{rows: 1001}}", "poll.catch_up.rows: 1001 is greater than the maximum of 1000"),
        (f"{EVERY}\n  catch_up: {{age: 1 hour}}", "poll.catch_up.age: a time such as"),
        (f"{EVERY}\n  catch_up: {{}}", "poll.catch_up: {} "),
    ],
)
def test_an_editor_names_a_mistake_where_it_is(bad: str, said: str) -> None:
    [line] = said_by_an_editor(GOOD.replace(EVERY, bad))
    assert line.startswith(said)


def test_the_defaults_are_those_of_the_function() -> None:
    poll = Poll("", 60.0)
    assert (poll.longest, poll.digest_rows, poll.digest_seconds) == (polls.LONGEST.usual, polls.ROWS, None)


STATES = {
    "WHERE o.status = 'paid'": ("SELECT o.id, o.status AS watched FROM orders AS o", "data.new == 'paid'"),
    "WHERE o.is_test = 0 AND o.pay_state IN ('a', 'b')": (
        "SELECT o.id, o.pay_state AS watched FROM orders AS o WHERE o.is_test = 0",
        "data.new in ['a', 'b']",
    ),
    "WHERE o.stage <> 3": ("SELECT o.id, o.stage AS watched FROM orders AS o", "data.new != '3'"),
}


@pytest.mark.parametrize("condition", STATES)
def test_a_condition_on_a_state_that_nothing_watches_is_a_warning(compiled: Compile, condition: str) -> None:
    select, when = STATES[condition]
    [finding] = compiled(GOOD.replace(SELECT, f"SELECT o.id FROM orders o {condition}")).findings
    assert (finding.line, finding.code, finding.severity) == (6, "POLL_UNSEEN", "warning")
    assert finding.fix.startswith(f"watch the column: sql: {select}, and when: {when}; ")
    watching = GOOD.replace(SELECT, select).replace("id: 1", CHANGE_SAMPLE).replace("poll:", f"when: {when}\npoll:", 1)
    assert compiled(watching).findings == ()


@pytest.mark.parametrize(
    "select",
    [
        "SELECT o.id FROM orders o WHERE o.is_test = 0",
        "SELECT o.id FROM orders o WHERE o.status_note = 'x' OR o.state = 1",
        "SELECT o.id, o.paid_at AS at FROM orders o WHERE o.status = 'paid'",
        "SELECT e.id FROM order_events e WHERE e.kind = 'paid'",
        "SELECT o.id FROM orders o WHERE EXISTS (SELECT 1 FROM customers c WHERE c.id = o.customer_id AND c.state = 1)",
    ],
)
def test_another_condition_is_not(select: str) -> None:
    assert read_polled(select, lines_survive=True).problems == ()


TOTALS = {
    "SELECT COUNT(*) AS orders, SUM(total) AS total FROM orders WHERE created_at >= CURDATE() - INTERVAL 1 DAY "
    "AND created_at < CURRENT_DATE": "orders",
    "SELECT COUNT(*) AS n FROM orders": "n",
    "SELECT DATE(created_at) AS id, COUNT(*) AS n FROM orders GROUP BY DATE(created_at)": "many",
    "SELECT status, COUNT(*) AS n\nFROM orders o\nWHERE o.at >= NOW() - INTERVAL 1 DAY\nGROUP BY status": "many",
    "SELECT MAX(id) AS id, COUNT(*) AS n FROM orders WHERE status = 'paid'": "n",
}


@pytest.mark.parametrize("select", TOTALS)
def test_a_poll_of_totals_leads_to_a_digest_in_one_step(compiled: Compile, select: str) -> None:
    shown = TOTALS[select]
    [problem] = read_polled(select, lines_survive=True).problems
    assert problem.message == "a poll finds rows, and each is an event; totals are for a lookup"
    lines = problem.fix.partition("\n")[2]
    names = [one for one in ("id", "orders", "total", "status", "n") if f"AS {one}" in select or f"{one}," in select]
    row = ", ".join(f"{name}: 1" for name in names)
    answer = f"[{{{row}}}]" if shown == "many" else f"{{{row}}}"
    text = "{{ totals | length }}" if shown == "many" else f"{{{{ totals.{shown} }}}}"
    sample = f"samples: {{a: {{id: 1, lookups: {{totals: {answer}}}}}}}"
    found = compiled(f'id: integer\nchannel: orders\n{lines}\ntext: "{text}"\n{sample}\n')
    assert found.findings == ()


def test_a_poll_of_nothing_but_a_time_leads_there_too() -> None:
    [problem] = read_polled("SELECT 1 AS id", lines_survive=True).problems
    assert "docs/recipes.md, 5" in problem.fix
