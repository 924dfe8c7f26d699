"""What the self-check says of a poll by a time, over a table in memory and a server that says how it reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from handler.errors import NotifierError, SourceError
from handler.health import polling, timed
from handler.health.model import Check
from handler.health.timed import spoken
from handler.model import Poll, Row, Value
from handler.polling import time_scan
from handler.polling.table import Table
from handler.polling.time_cursor import MAX_SEEN, SECOND

NOW = 1_767_225_600
SELECT = "SELECT id, at FROM payments"
STEP = {"id": 1, "select_type": "SIMPLE", "table": "payments", "type": "range", "key": "by_at", "Extra": "Using where"}
SORTED = {**STEP, "Extra": "Using where; Using filesort"}
ALL = {**SORTED, "type": "ALL", "key": None}
SECONDS = {"kind": "BASE TABLE", "type": "bigint", "written": "bigint(20)", "standard": None, "extra": ""}
DIGITS = {**SECONDS, "type": "datetime", "written": "datetime"}
VIEW = {**SECONDS, "kind": "VIEW"}
PRIMARY = ("PRIMARY", "id", None)
HIDDEN = SourceError("DB_UNKNOWN_ERROR", "default: error 1345")
LATE = SourceError("DB_TIMEOUT", "3 s")


@dataclass
class Answers:
    """A table with rows of these times; of each page the server reads so many `rows`: forwards, and backwards."""

    times: Sequence[int] = tuple(range(NOW - 20_000, NOW - 10, 10))
    plan: Mapping[str, Any] | NotifierError = field(default_factory=lambda: STEP)
    backwards: Mapping[str, Any] = field(default_factory=dict)
    rows: tuple[int, int] = (2000, 2000)
    column: Mapping[str, Value] | NotifierError | None = field(default_factory=lambda: SECONDS)
    indexes: Sequence[tuple[str, str | None, int | None]] = (PRIMARY, ("by_at", "at", None))
    view: str | None = None
    late: str = ""
    is_set: bool = True
    is_empty: bool = False
    restarts: bool = False
    counted: int = 1000
    asked: list[str] = field(default_factory=list)
    begins: list[Value] = field(default_factory=list)

    def select(self, database: str, sql: str, parameters: Mapping[str, Value], limit: int) -> list[Row]:
        self.asked.append(sql)
        answer = self._answer(sql, parameters)
        if isinstance(answer, NotifierError):
            raise answer
        return [Row(row) for row in answer]

    def _answer(self, sql: str, named: Mapping[str, Value]) -> Sequence[Mapping[str, Any]] | NotifierError:
        is_back = "DESC" in sql
        if sql.startswith("EXPLAIN"):
            plan = (is_back and self.backwards) or self.plan
            return plan if isinstance(plan, NotifierError) else [plan]
        if sql.startswith("SHOW SESSION STATUS"):
            self.counted += 7  # which asking adds
            return [{"Variable_name": "Handler_read_next", "Value": str(self.counted)}]
        if "information_schema.statistics" in sql:
            return [dict(zip(("name", "part", "cut"), one, strict=True)) for one in self.indexes]
        if "information_schema.views" in sql:
            return [{"sql_text": self.view}]
        if "information_schema.tables" in sql:
            return self.column if isinstance(self.column, NotifierError) else [self.column] if self.column else []
        if "time_zone" in sql:
            return [{"zone": "+00:00"}]
        if sql.startswith("SELECT 1"):
            return [{"one": 1}] * (not self.is_empty and ("> 0" not in sql or self.is_set))
        return self._page(named, is_back=is_back)

    def _page(self, named: Mapping[str, Value], *, is_back: bool) -> Sequence[Mapping[str, Any]] | NotifierError:
        if self.late == ("backwards" if is_back else "forwards"):
            return LATE
        self.counted = 0 if self.restarts else self.counted + self.rows[is_back]
        self.begins += [named["at"]] if "at" in named and "id" not in named else []
        found = sorted(((at, f"{number:09}") for number, at in enumerate(self.times)), reverse=is_back)
        end = (int(str(named["at"])), str(named.get("id", ""))) if "at" in named else None
        wanted = [one for one in found if end is None or (one <= end if is_back else one >= end)]
        page = wanted[: int(str(named["count"]))]
        return [{"id": id_, "at": at, "text": str(at), "now": NOW} for at, id_ in page]


def said(answers: Answers, select: str = SELECT, **changes: Any) -> dict[str, Check]:
    made = {"longest": 3600.0, "table": "payments", "at": "at", **changes}
    found = polling.looked_at(answers, "p", Poll(select, 60.0, **made))
    return {check.name.removeprefix("poll p").removeprefix(", "): check for check in found}


def test_what_is_well_is_one_line() -> None:
    found = said(Answers())
    assert {part: check.state for part, check in found.items()} == {"": "ok"}
    assert found[""].seen == (
        "readable, from the latest `at` on; the writer of a row sets `at`: an application with its own clock, which "
        "may be late; read by by_at; 721 rows in the window of 2 h; 12000 can be remembered"
    )


def test_the_statements_of_a_run_are_read_and_few_others() -> None:
    answers = Answers()
    said(answers)
    pages = [sql for sql in answers.asked if "ORDER BY found.at" in sql and not sql.startswith("EXPLAIN")]
    explained = [sql for sql in answers.asked if sql.startswith("EXPLAIN")]
    # The latest rows; the window, which is one page; the latest rows, counted; the window, backwards.
    assert ["DESC" in sql for sql in pages] == [True, False, True, True]
    assert [sql.partition("TRADITIONAL ")[2] for sql in explained] == pages[1:3]
    assert len(answers.asked) <= 20


def test_the_second_page_of_a_window_is_judged_too() -> None:
    answers = Answers(times=range(NOW - 20_000, NOW - 10, 3))
    said(answers)
    assert any("found.id >= %(id)s" in sql for sql in answers.asked if sql.startswith("EXPLAIN"))


@pytest.mark.parametrize("ahead", [(), (NOW + 500, NOW + 9000)])
def test_the_window_begins_where_that_of_a_run_does(ahead: tuple[int, ...]) -> None:
    answers, running = (Answers(times=[*range(NOW - 20_000, NOW - 10, 10), *ahead]) for _ in range(2))
    said(answers)
    page = Table(running, Poll(SELECT, 60.0, at="at")).page
    cursor = time_scan.first_cursor(page, 3600.0, NOW * SECOND, "at")
    time_scan.scan(cursor, page, 3600.0, NOW * SECOND, lambda: True, None)
    assert answers.begins == running.begins == [NOW - 20 - 3600 - 7200]


ORDER = "add an index on payments (at, id)"
COMPARED = "add an index on payments with the columns that WHERE compares by = first, and then at, id"


@pytest.mark.parametrize(
    ("answers", "changes", "state", "cause", "remedy"),
    [
        # The table has no index of the time.
        (Answers(plan=ALL, indexes=(PRIMARY,)), {}, "warning", "no index of payments begins with `at`", ORDER),
        (Answers(plan=ALL, indexes=(PRIMARY, ("i", "AT", None)), rows=(50_000, 9)), {}, "warning", "all of", "FORCE"),
        (
            Answers(plan=ALL, indexes=(PRIMARY,), rows=(50_000, 50_000)),
            {},
            "warning",
            "to read the window again the database reads 50000 rows: no index of payments begins with `at`",
            ORDER,
        ),
        (
            Answers(plan=ALL, indexes=(PRIMARY,)),
            {"select": f"{SELECT} WHERE kind = 1"},
            "warning",
            "no index of payments begins with `at`",
            COMPARED,
        ),
        (
            Answers(plan=ALL, indexes=(PRIMARY, ("i", "kind", None), ("i", "at", None))),
            {},
            "warning",
            "no index of payments begins with `at`",
            ORDER,
        ),
        # The rows are sorted.
        (
            Answers(backwards=SORTED, rows=(2000, 50_000), indexes=(("PRIMARY", "n", None), ("by_at", "at", None))),
            {},
            "warning",
            "for its first run the database reads 50000 rows: it sorts all rows that by_at gives",
            ORDER,
        ),
        (
            Answers(backwards=SORTED, rows=(2000, 50_000), indexes=(PRIMARY, ("i", "at", None), ("i", "id", 8))),
            {},
            "warning",
            "it sorts",
            ORDER,
        ),
        (
            Answers(backwards=SORTED, rows=(2000, 50_000), indexes=(PRIMARY, ("i", "at", None), ("i", "id", None))),
            {},
            "warning",
            "it sorts",
            "the index i would do: poll a view made with FROM <table> FORCE INDEX",
        ),
        (
            Answers(backwards=SORTED, rows=(2000, 50_000)),
            {"column": ""},
            "warning",
            "it sorts",
            "`id` is worked out, so that rows are sorted by it: have an index that begins with at",
        ),
        (
            Answers(rows=(300_000, 9)),
            {"select": f"{SELECT} WHERE kind = 1"},
            "warning",
            "reads 300000 rows: few of them meet the conditions",
            COMPARED,
        ),
        # A view.
        (
            Answers(plan={**ALL, "table": "<derived3>", "select_type": "PRIMARY"}, rows=(50_000, 50_000)),
            {},
            "warning",
            "to read the window again the database reads 50000 rows: it works out the whole view",
            "poll its table",
        ),
        (
            Answers(plan=ALL, column=VIEW, view="select `t`.`id` AS `id`,unix_timestamp(`t`.`at`) AS `at` from `t`"),
            {},
            "warning",
            "`at` is worked out in the view payments, so that no index of its table can be used",
            "just at",
        ),
        (
            Answers(plan=ALL, column=VIEW, view="select `t`.`id` AS `id`,`t`.`x` AS `at` from `t`", rows=(50_000, 9)),
            {},
            "warning",
            "reads 50000 rows: it reads all of payments",
            "add an index on the time and then the id to its table",
        ),
        (
            Answers(plan=SORTED, column=VIEW, view="select hex(`id`) AS `id`,`at` AS `at` from `t`", rows=(50_000, 9)),
            {},
            "warning",
            "reads 50000 rows: it sorts all rows",
            "`id` is worked out",
        ),
        # What cannot be seen.
        (Answers(plan=HIDDEN, rows=(50_000, 9)), {}, "warning", "50000 rows. Why is shown only to", "look at EXPLAIN"),
        (Answers(plan=HIDDEN, restarts=True), {}, "skipped", "neither the plan of its SELECT nor", "administrator"),
        # What takes too long.
        (Answers(plan=ALL, late="forwards"), {}, "failed", "DB_TIMEOUT: 3 s: it reads all of", "by_at would do"),
    ],
)  # fmt: skip
def test_a_poll_that_is_read_slowly_is_named(
    answers: Answers, changes: dict[str, Any], state: str, cause: str, remedy: str
) -> None:
    found = said(answers, **changes)
    assert found[""].state == "ok"
    check = found["reading"]
    assert check.state == state
    assert cause in check.cause
    assert remedy in check.remedy


@pytest.mark.parametrize(
    ("answers", "seen"),
    [
        (
            Answers(backwards=SORTED),
            "read by by_at; for its first run it sorts all rows that by_at gives for the condi",
        ),
        (Answers(backwards={**STEP, "type": "index"}), "; read by by_at; 721 rows"),
        (Answers(backwards={**STEP, "type": "ref"}), "; read by by_at; 721 rows"),
        (Answers(plan=HIDDEN), "few rows are read for each row that is found"),
        (Answers(column=None), "on; read by by_at; 721 rows"),
        (Answers(column=SourceError("DB_TIMEOUT", "3 s")), "on; read by by_at; 721 rows"),
    ],
)
def test_what_costs_little_is_said_without_a_warning(answers: Answers, seen: str) -> None:
    found = said(answers)
    assert found.keys() == {""}
    assert seen in found[""].seen


@pytest.mark.parametrize(("plan", "cause"), [(ALL, "DB_TIMEOUT: 3 s: it reads all of"), (STEP, "DB_TIMEOUT: 3 s")])
def test_a_first_run_that_takes_too_long_fails_with_what_its_plan_says(plan: Any, cause: str) -> None:
    found = said(Answers(plan=plan, late="backwards"))
    assert {part: check.state for part, check in found.items()} == {"": "failed"}
    assert found[""].cause.startswith(cause)


# ---- The window ----


@pytest.mark.parametrize(
    ("step", "longest", "cause", "remedy"),
    [
        (1, 7200.0, "", ""),  # 10,800 rows
        (1, 8399.0, "", ""),  # 12,000 rows
        (1, 8400.0, "has more than 12000 rows", ": 139m, or l"),
        (
            1,
            8460.0,
            "of 3.4 h has more than 12000 rows, and no more are remembered: it is cut to 3.3 h",
            ": 139m, or l",
        ),
        (0, 3600.0, "of 2 h has more than 12000 rows, and no more are remembered: it is cut to 0 s", "leave out rows"),
    ],
)
def test_a_window_of_too_many_rows_is_named(step: int, longest: float, cause: str, remedy: str) -> None:
    times = [NOW - 10 - number * step for number in range(MAX_SEEN + 2000)]
    window = said(Answers(times=times), longest=longest).get("window")
    assert (window.state if window else "ok") == ("warning" if cause else "ok")
    assert not window or (cause in window.cause and remedy in window.remedy)


def test_what_is_said_to_fit_does() -> None:
    times = range(NOW - 30_000, NOW - 10)
    assert "write longest_transaction: 139m" in said(Answers(times=times), longest=80_000.0)["window"].remedy
    assert "window" not in said(Answers(times=times), longest=139 * 60.0)


def test_more_rows_in_the_future_than_are_remembered_fail() -> None:
    window = said(Answers(times=range(NOW + 100, NOW + 200 + MAX_SEEN)))["window"]
    assert (window.state, "POLL_TIMES_UNFIT" in window.cause) == ("failed", True)


def test_a_window_that_takes_too_long_is_not_counted_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 1.0, 3.1])
    monkeypatch.setattr(timed, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    found = said(Answers(times=range(NOW - 30_000, NOW - 10)), longest=80_000.0)
    assert "how many rows the window has could not be counted in 3 s" in found[""].seen


# ---- The times ----


@pytest.mark.parametrize(
    ("answers", "changes", "state", "words"),
    [
        (Answers(times=()), {}, "ok", "no row has a time yet"),
        (Answers(times=(), is_empty=True), {}, "ok", "no row has a time yet"),
        (Answers(times=(), is_set=False), {}, "warning", "there are rows, and `at` has no time in any of them"),
        (Answers(times=(), is_set=False), {"table": ""}, "warning", "there are rows, and `at` has no time in any"),
        (Answers(times=(), column={**DIGITS, "type": "date", "written": "date"}), {}, "failed", "rows of a day have"),
        (Answers(times=(), column={**DIGITS, "type": "double", "written": "double"}), {}, "failed", "no time to go by"),
        (Answers(column={**SECONDS, "extra": "on update current_timestamp()"}), {}, "warning", "each UPDATE of a row"),
        (
            Answers(column={**SECONDS, "extra": "DEFAULT_GENERATED on update CURRENT_TIMESTAMP"}),
            {"identity": "at"},
            "ok",
            "the primary's clock sets `at`, unless a statement does",
        ),
        (Answers(column={**SECONDS, "standard": "current_timestamp(6)"}), {}, "ok", "the primary's clock sets `at`"),
        (
            Answers(column={**SECONDS, "standard": "CURRENT_TIMESTAMP", "extra": "DEFAULT_GENERATED"}),
            {},
            "ok",
            "the primary's clock sets `at`",
        ),
        (Answers(column={**SECONDS, "extra": "STORED GENERATED"}), {}, "ok", "`at` is worked out by the table"),
        (Answers(column={**DIGITS, "kind": "VIEW"}, view=""), {}, "ok", "on; read in the zone +00:00; read by"),
        (Answers(column=DIGITS, times=[NOW + 60]), {}, "ok", "zone +00:00; read by by_at"),
        (
            Answers(column=DIGITS, times=[NOW + 63]),
            {},
            "warning",
            "its latest time is 1 min in the future, if it is one",
        ),
        (Answers(column=DIGITS, times=[NOW, NOW + 50_000]), {}, "warning", "its latest time is 13.9 h in the future"),
        (Answers(column=DIGITS, times=[NOW, NOW + 50_500]), {}, "ok", "its latest time is 14 h in the future"),
        (Answers(times=[NOW, NOW + 50_000]), {}, "ok", "its latest time is 13.9 h in the future; read by"),
        (
            Answers(column={**DIGITS, "type": "date"}),
            {"select": "SELECT id, at FROM a, b"},
            "ok",
            "latest `at` on; read",
        ),
        (Answers(column={**DIGITS, "type": "date"}), {"select": "SELECT id, at FROM a JOIN b"}, "ok", "on; read by"),
    ],
)
def test_the_column_of_the_time_is_looked_at(answers: Answers, changes: dict[str, Any], state: str, words: str) -> None:
    found = said(answers, **changes)
    check = found[""] if state == "ok" else found["times"]
    assert check.state == state
    assert words in check.seen + check.cause
    assert ("times" in found) == (state != "ok") == bool(check.remedy)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0, "0 s"), (59.0, "59 s"), (60.0, "1 min"), (5400.0, "1.5 h"), (93_600.0, "26 h"), (604_800.0, "7 days")],
)
def test_a_length_of_time_is_written_as_people_say_it(seconds: float, words: str) -> None:
    assert spoken(seconds) == words
