"""What the self-check says of a poll, over a database that gives fixed answers; and which polls it asks about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from handler.addresses import DatabaseAddress
from handler.catalog import Catalog, Stage
from handler.errors import NotifierError, SourceError
from handler.health import databases, polling
from handler.health.model import Check, Subject
from handler.model import Poll, Row, Value

SELECT = "SELECT id FROM orders"
COLUMN = {"kind": "BASE TABLE", "type": "bigint", "written": "bigint(20) unsigned", "indexes": 1}
OUTER = {"id": 1, "select_type": "PRIMARY", "table": "<derived2>", "type": "ALL", "key": None, "Extra": None}
INNER = {"id": 2, "select_type": "DERIVED", "table": "orders", "type": "range", "key": "PRIMARY", "Extra": None}
READABLE = "readable; a counter shows that ids are used again"
WORDS = "SELECT /*+"
FIXED = {
    "auto_increment": {"counted": 1},
    "found.created AS created": {"id": 1, "created": "2026-01-05 10:00:00"},
}
SORTED = {**INNER, "key": "by_region", "Extra": "Using where; Using filesort"}


@dataclass
class Answers:
    """A table with these ids, of which the server reads `rows` for each SELECT of ids."""

    ids: Iterable[int] = range(1, 5001)
    column: Mapping[str, Value] | None = field(default_factory=lambda: COLUMN)
    plan: Mapping[str, Any] | NotifierError = field(default_factory=lambda: INNER)
    rows: int = 0
    below_one: bool | NotifierError = False
    failing: Mapping[str, NotifierError] = field(default_factory=dict)
    counted: int = 1000
    restarts: bool = False
    slow: bool = False
    asked: list[str] = field(default_factory=list)

    def select(self, database: str, sql: str, parameters: Mapping[str, Value], limit: int) -> list[Row]:
        self.asked.append(sql)
        answer = self._answer(sql)
        if isinstance(answer, NotifierError):
            raise answer
        return [Row(row) for row in answer]

    def _answer(self, sql: str) -> list[Mapping[str, Any]] | NotifierError:
        for part, failure in self.failing.items():
            if sql.startswith(part):
                return failure
        if sql.startswith("EXPLAIN"):
            return self.plan if isinstance(self.plan, NotifierError) else [OUTER, self.plan]
        if sql.startswith("SHOW SESSION STATUS"):
            self.counted += 7  # which asking adds
            return [{"Variable_name": "Handler_read_next", "Value": str(self.counted)}]
        if "<= 0" in sql:
            return self.below_one if isinstance(self.below_one, NotifierError) else [{"id": -1}] * self.below_one
        if "AS indexes" in sql:
            return [self.column] if self.column else []
        if fixed := next((row for part, row in FIXED.items() if part in sql), None):
            return [fixed]
        if self.slow and "AND found.id <=" in sql:
            return error("DB_TIMEOUT", "3 s")
        self.counted = 0 if self.restarts else self.counted + self.rows
        words: dict[int, int] = {}
        for id_ in self.ids:
            words[id_ // 64] = words.get(id_ // 64, 0) | 1 << id_ % 64
        return [{"word": word, "bits": bits, "counted": bits.bit_count()} for word, bits in words.items()]


def said(answers: Answers, **changes: Any) -> dict[str, Check]:
    poll = Poll(SELECT, 60.0, **{"table": "orders", **changes})
    return {check.name: check for check in polling.looked_at(answers, "p", poll)}


def error(code: str, detail: str = "") -> SourceError:
    return SourceError(code, detail)


@pytest.mark.parametrize(
    ("answers", "seen"),
    [
        (Answers(rows=15_000), f"{READABLE}; read by PRIMARY"),
        (Answers(rows=100_000), f"{READABLE}; read by PRIMARY"),
        (
            Answers(plan=SORTED, rows=15_000),
            f"{READABLE}; it sorts all rows that by_region gives for the condition, which costs little so far",
        ),
        (
            Answers(plan=error("DB_UNKNOWN_ERROR", "default: error 1345"), rows=15_000),
            f"{READABLE}; few rows are read for each id",
        ),
        (
            Answers(ids=()),
            f"{READABLE}; no row yet, so how it is read is not known",
        ),
        (Answers(column=None, rows=15_000), f"{READABLE}; read by PRIMARY"),
        (
            Answers(below_one=error("DB_TIMEOUT"), rows=15_000),
            f"{READABLE}; read by PRIMARY",
        ),
    ],
)
def test_what_is_well_is_one_line(answers: Answers, seen: str) -> None:
    found = said(answers)
    assert {name: (check.state, check.seen) for name, check in found.items()} == {"poll p": ("ok", seen)}


@pytest.mark.parametrize(
    ("answers", "state", "cause", "remedy"),
    [
        (
            Answers(plan=SORTED, rows=40_001),
            "warning",
            "to look for new rows the database reads 40001 rows: it sorts all rows that by_region gives",
            "FORCE INDEX",
        ),
        (
            Answers(column={**COLUMN, "indexes": 0}, plan={**SORTED, "type": "ALL", "key": None}),
            "warning",
            "no index of orders begins with the id",
            "add an index",
        ),
        (
            Answers(plan=error("DB_UNKNOWN_ERROR", "default: error 1345"), rows=50_000),
            "warning",
            "to look for new rows the database reads 50000 rows. Why is shown only to an account that may see the view",
            "EXPLAIN as an administrator",
        ),
        (
            Answers(plan=error("QUERY_INVALID", "default: error 1064"), rows=50_000),
            "warning",
            "The plan cannot be seen (QUERY_INVALID: default: error 1064)",
            "EXPLAIN as an administrator",
        ),
        (
            Answers(plan=SORTED, restarts=True),
            "warning",
            "to look for new rows it sorts all rows that by_region gives for the condition; how many rows that are",
            "FORCE INDEX",
        ),
        (
            Answers(plan=error("DB_UNKNOWN_ERROR", "default: error 1345"), restarts=True),
            "skipped",
            "neither the plan of its SELECT nor the counters of the session can be seen",
            "administrator",
        ),
    ],
)
def test_a_poll_that_is_read_slowly_is_named(answers: Answers, state: str, cause: str, remedy: str) -> None:
    found = said(answers)
    assert found["poll p"].state == "ok"
    check = found["poll p, reading"]
    assert check.state == state
    assert cause in check.cause
    assert remedy in check.remedy


@pytest.mark.parametrize(
    ("type_", "written", "top", "state", "cause"),
    [
        ("int", "int(11)", 1_900_000_000, "", ""),
        ("int", "int(11)", 1_999_999_999, "warning", "inserts fail after 2147483647"),
        ("int", "int(10) unsigned", 1_999_999_999, "", ""),
        ("int", "int unsigned", 4_000_000_000, "warning", "inserts fail after 4294967295"),
        ("smallint", "smallint", 30_000, "warning", "inserts fail after 32767"),
        ("tinyint", "tinyint(3) unsigned", 200, "", ""),
        ("bigint", "bigint(20)", 2**62, "", ""),
        ("bigint", "bigint", 2**63 - 1, "warning", "inserts fail after 9223372036854775807"),
        ("varchar", "varchar(20)", 100, "failed", "as texts, 10 comes before 9"),
        ("char", "char(36)", 100, "failed", "as texts, 10 comes before 9"),
        ("decimal", "decimal(20,0)", 100, "warning", "an id with a fraction"),
        ("double", "double", 100, "warning", "an id with a fraction"),
    ],
)
def test_the_type_of_the_id_is_looked_at(type_: str, written: str, top: int, state: str, cause: str) -> None:
    answers = Answers(ids=(top,), column={**COLUMN, "type": type_, "written": written})
    check = said(answers).get("poll p, ids")
    assert (check.state if check else "") == state
    assert cause in (check.cause if check else "")


@pytest.mark.parametrize(
    ("ids", "is_named"),
    [
        (range(1, 10_001), False),
        (range(3, 30_001, 3), False),
        (range(1, 3_000_000, 300), False),  # every so many ids, which takes little
        ([number * 3000 + number * 7919 % 2003 for number in range(1, 10_001)], True),
        ([1, 10**15], False),  # of two nobody knows how far apart they are
    ],
)
def test_ids_that_are_far_apart_are_named(ids: Iterable[int], is_named: bool) -> None:
    check = said(Answers(ids=ids)).get("poll p, ids")
    assert bool(check) is is_named
    assert not check or "far apart" in check.cause


def test_a_poll_takes_few_statements() -> None:
    answers = Answers(rows=15_000)
    said(answers)
    assert len(answers.asked) <= 14


def test_ids_below_one_are_named_where_an_index_finds_them() -> None:
    assert "0 or less" in said(Answers(below_one=True))["poll p, ids"].cause
    answers = Answers(below_one=True, column={**COLUMN, "indexes": 0})
    assert "poll p, ids" not in said(answers)
    assert not any("<= 0" in sql for sql in answers.asked)


def test_a_select_that_the_database_refuses_is_the_only_finding() -> None:
    found = said(Answers(failing={WORDS: error("QUERY_INVALID", "default: error 1146, unknown table orders")}))
    assert {name: check.state for name, check in found.items()} == {"poll p": "failed"}
    assert "unknown table orders" in found["poll p"].cause


@pytest.mark.parametrize(
    ("plan", "cause"),
    [
        (SORTED, "DB_TIMEOUT: the limit is 3 s: it sorts all rows that by_region gives for the condition"),
        (INNER, "DB_TIMEOUT: the limit is 3 s"),
        (error("DB_UNKNOWN_ERROR", "default: error 1345"), "DB_TIMEOUT: the limit is 3 s"),
    ],
)
def test_a_select_that_takes_too_long_fails_with_what_its_plan_says(plan: Any, cause: str) -> None:
    found = said(Answers(plan=plan, failing={WORDS: error("DB_TIMEOUT", "the limit is 3 s")}))
    assert [(check.state, check.cause) for check in found.values()] == [("failed", cause)]


@pytest.mark.parametrize(
    ("plan", "cause"), [(SORTED, "DB_TIMEOUT: 3 s: it sorts all rows that by_region gives"), (INNER, "DB_TIMEOUT: 3 s")]
)
def test_a_slice_that_takes_too_long_fails_with_what_its_plan_says(plan: Any, cause: str) -> None:
    check = said(Answers(plan=plan, rows=15_000, slow=True))["poll p, reading"]
    assert check.state == "failed"
    assert check.cause.startswith(cause)


def test_a_slow_database_is_not_asked_more(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 3.1])
    monkeypatch.setattr(polling, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    answers = Answers()
    found = said(answers)
    assert "nothing else was asked" in found["poll p, reading"].cause
    assert not any(sql.startswith("EXPLAIN") for sql in answers.asked)


# ---- Of a deployment ----


def subject(**databases_of: str) -> Subject:
    """One with a poll for each name, of that database; there are the databases `default` and `other`."""
    polls = {event: Poll(SELECT, 60.0, database=database, table="orders") for event, database in databases_of.items()}
    made: Any = {event: (SimpleNamespace(event=event, poll=poll),) for event, poll in polls.items()}
    addresses = {name: DatabaseAddress(name, "localhost", "shop") for name in ("default", "other")}
    settings: Any = SimpleNamespace(databases=addresses)
    secrets: Any = None
    return Subject(settings, secrets, Catalog(made, Stage(name="test", channels={}, fallback="C1")), "")


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The databases that were opened: one in which `other` does not answer."""
    made: list[Any] = []

    class Databases(Answers):
        closed = False

        def select(self, database: str, sql: str, parameters: Mapping[str, Value], limit: int) -> list[Row]:
            if database == "other":
                raise SourceError("DB_UNAVAILABLE", database)
            return [Row(one=1)] if sql == "SELECT 1 AS one" else super().select(database, sql, parameters, limit)

        def close(self) -> None:
            self.closed = True

    def opening(*_: object) -> Databases:
        made.append(Databases())
        return made[-1]

    monkeypatch.setattr(polling, "Replicas", opening)
    return made


def test_polls_are_looked_at_in_the_order_of_their_names(opened: list[Any]) -> None:
    found = list(polling.checks(subject(b="default", a="default")))
    assert [check.name for check in found] == ["poll a", "poll b"]
    assert opened[0].closed


def test_of_a_database_that_does_not_answer_or_is_unknown_nothing_is_said_twice(opened: list[Any]) -> None:
    found = list(polling.checks(subject(a="other", b="unknown", c="default")))
    assert [check.name for check in found] == ["poll c"]


def test_without_polls_no_connection_is_opened(opened: list[Any]) -> None:
    assert list(polling.checks(subject())) == []
    assert list(polling.checks(Subject(subject().settings, subject().secrets, None, ""))) == []
    assert opened == []


# ---- Of a server ----


@pytest.mark.parametrize(
    ("apart", "state", "words"),
    [
        (0.0, "ok", "+0 s"),
        (60.0, "ok", "+60 s"),
        (60.1, "warning", "it is +60 s from the function's"),
        (-3600.0, "warning", "it is -3600 s from the function's"),
    ],
)
def test_a_clock_that_is_wrong_by_a_minute_is_a_warning(apart: float, state: str, words: str) -> None:
    found = databases.clock("default", apart)
    check = found if isinstance(found, Check) else Check("", "ok", found)
    assert check.state == state
    assert words in check.seen + check.cause
    assert state == "ok" or "Polls find new rows whatever it says" in check.remedy


def test_a_poll_by_a_time_makes_another_clock_count() -> None:
    by_time = databases.clock("default", 61.0, by_time=True)
    assert isinstance(by_time, Check)
    assert "Polls by ids find new rows whatever it says" in by_time.remedy
    assert "look at the clock that sets the times" in by_time.remedy


@pytest.mark.parametrize(
    ("cursors", "words"),
    [
        ({"ids"}, "they read ids again"),
        ({"times"}, "they read the window of their time again"),
        ({"times", "ids"}, "they read ids or the window of their time again"),
    ],
)
def test_another_order_of_commits_is_no_fault_for_either_kind_of_poll(cursors: set[str], words: str) -> None:
    assert databases.unordered(cursors).endswith(words)


def test_signs_that_ids_are_used_again_are_named_in_good_english() -> None:
    assert "created and a counter show that ids" in said(Answers(), created=True)["poll p"].seen


@pytest.mark.parametrize(
    ("variables", "is_unordered"),
    [
        ({}, False),
        # MySQL 8.4, 8.0.26 with both names, 5.7
        ({"replica_preserve_commit_order": "ON", "replica_parallel_workers": "4"}, False),
        ({"replica_preserve_commit_order": "OFF", "replica_parallel_workers": "4"}, True),
        ({"replica_preserve_commit_order": "OFF", "replica_parallel_workers": "1"}, False),
        ({"replica_preserve_commit_order": "OFF", "replica_parallel_workers": "0"}, False),
        ({"slave_preserve_commit_order": "OFF", "slave_parallel_workers": "8"}, True),
        # MariaDB, which keeps the order within a domain in each mode
        ({"slave_parallel_workers": "8", "gtid_slave_pos": "0-1-9"}, False),
        ({"slave_parallel_workers": "8", "gtid_slave_pos": "0-1-9,1-2-3"}, True),
        ({"slave_parallel_workers": "0", "gtid_slave_pos": "0-1-9,1-2-3"}, False),
    ],
)
def test_a_replica_that_commits_in_another_order_is_known(variables: dict[str, str], is_unordered: bool) -> None:
    assert databases.is_unordered(variables) is is_unordered
