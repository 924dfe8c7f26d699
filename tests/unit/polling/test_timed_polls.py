"""Ticks and runs of a poll by a time column, with the state table and the queue in memory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.commands.poll import _drawn
from cli.operations.polls import Status, document
from handler.model import Poll, Row, Value
from handler.polling import dispatch, messages, state_item
from handler.polling.dispatch import Polls
from handler.polling.id_cursor import IdCursor
from handler.polling.schedule import Schedule
from handler.polling.state import Pending, PolledRow, PollState
from handler.polling.stored_names import partition
from handler.polling.time_cursor import StartPosition, TimeCursor, TimedRow, Unit
from handler.state_item import Item
from tests.kit import FakeQueue, FakeTable

TYPE = "payment.settled"
POLL = Poll("SELECT id, settled_at AS at FROM payments", 60.0, longest=3600.0, at="settled_at")
START = 1_795_000_000.0


@dataclass
class Payments:
    """ports.Database: when each payment was settled."""

    now: float = START
    settled: dict[str, float] = field(default_factory=dict)
    asked: int = 0

    def select(self, database: str, sql: str, parameters: Mapping[str, Value], limit: int) -> list[Row]:
        self.asked += 1
        after, id_ = parameters.get("at"), str(parameters.get("id", ""))
        moment = after.timestamp() if isinstance(after, datetime) else float(str(after or 0))
        backwards = "DESC" in sql
        rows = sorted((at, one) for one, at in self.settled.items())
        rows = [one for one in rows if backwards or one >= (moment, id_)]
        return [self._row(at, one) for at, one in (rows[::-1] if backwards else rows)][:limit]

    def _row(self, at: float, id_: str) -> Row:
        return Row(id=id_, at=datetime.fromtimestamp(at, UTC), text=str(at), now=int(self.now))


class Function:
    """The polls of a function whose clock is moved on by hand."""

    def __init__(self, poll: Poll = POLL) -> None:
        self.payments, self.table, self.queue = Payments(), FakeTable(), FakeQueue()
        self.deploy(poll)

    def deploy(self, poll: Poll) -> None:
        now = lambda: self.payments.now  # noqa: E731
        self.polls = Polls({TYPE: poll}, self.payments, self.table, self.queue, now)

    def run(self) -> tuple[dispatch.RunReport, list[dict[str, Any]]]:
        self.payments.now += 60
        before = len(self.queue.sent)
        [report] = self.polls.run([messages.request(TYPE)], lambda: 90.0)
        return report, [json.loads(body) for body in self.queue.sent[before:]]

    def schedule(self) -> Schedule:
        return Schedule.of(self.item("schedule"))

    def item(self, sort: str) -> Item | None:
        return next((one for one in self.table.items(partition(TYPE)) if one.sort == sort), None)

    def start(self) -> None:
        self.table.swap(
            Item(partition(TYPE), "schedule", self.schedule().started().values(), 0).following(self.item("schedule"))
        )


@pytest.mark.parametrize("empty", [True, False])
def test_the_rows_of_later_runs_become_events(empty: bool) -> None:
    function = Function()
    if not empty:
        function.payments.settled = {"a": START, "b": START - 1e6, "ahead": START + 7_000}
    assert function.run()[1] == []
    function.payments.settled |= {"c": START + 30, "later": START + 9_000}
    _, sent = function.run()
    assert sent == [
        {"type": TYPE, "id": id_, "event_id": f"{TYPE}/{id_}", "notifier": {"polled": True}} for id_ in ("c", "later")
    ]
    asked = function.payments.asked
    report, sent = function.run()
    assert (sent, function.payments.asked - asked) == ([], 1)
    assert report.ran
    assert (report.ran.found, report.ran.more, report.failure) == (0, False, None)


def test_a_poll_that_finds_rows_in_another_way_waits_for_a_start() -> None:
    function = Function()
    function.run()
    function.deploy(Poll("SELECT id, paid_at AS at FROM payments", 60.0, at="paid_at"))
    function.payments.settled["a"] = START + 100
    report, sent = function.run()
    assert sent == []
    assert report.failure
    assert report.failure.code == "POLL_CURSOR_CHANGED"
    assert "settled_at" in report.failure.detail
    assert function.schedule().is_on_hold
    function.start()
    assert function.run()[1] == []
    function.payments.settled["b"] = START + 200
    assert [one["id"] for one in function.run()[1]] == ["b"]


def test_a_change_that_is_taken_back_misses_nothing() -> None:
    function = Function()
    function.run()
    function.deploy(Poll("SELECT id FROM payments", 60.0))
    function.payments.settled["a"] = START + 100
    report, _ = function.run()
    assert report.failure
    assert report.failure.code == "POLL_CURSOR_CHANGED"
    function.deploy(POLL)
    assert [one["id"] for one in function.run()[1]] == ["a"]
    assert not function.schedule().is_on_hold


def test_its_status_has_the_latest_time_in_place_of_the_highest_id() -> None:
    function = Function()
    function.payments.settled = {"a": START}
    function.run()
    item = function.item("state")
    assert item
    status = Status(TYPE, POLL, function.schedule(), state_item.read(item))
    shown = document(status, function.payments.now)
    at = datetime.fromtimestamp(START, UTC).isoformat().replace("+00:00", "Z")
    assert (shown["highest_id"], shown["latest_time"], shown["missing_ids"]) == (None, at, 0)
    assert f"0 rows found, latest time {at}, 1 row remembered" in _drawn(status, function.payments.now).plain


IDS = st.integers(-(2**63), 2**64) | st.text(max_size=20)
TIMES = st.integers(-(2**50), 2**60)
ROWS = st.builds(TimedRow, IDS, TIMES, st.text(max_size=26))
SEEN = st.dictionaries(st.binary(min_size=8, max_size=8), TIMES, max_size=20)
UNITS: list[Unit] = ["", "time", "s", "ms"]


def cursors(unit: Unit) -> st.SearchStrategy[TimeCursor]:
    floors = st.none() | st.builds(StartPosition, TIMES, st.just(unit), st.none() | ROWS)
    return st.builds(TimeCursor, TIMES, st.text(max_size=9), st.just(unit), floors, SEEN, TIMES, st.none() | ROWS)


CURSORS = st.sampled_from(UNITS).flatmap(cursors)
FOUND = st.builds(PolledRow, IDS, st.booleans(), st.none(), st.none() | st.text(max_size=30))
PENDING = st.none() | st.builds(Pending, st.lists(FOUND, min_size=1, max_size=9).map(tuple))


@given(CURSORS, PENDING)
def test_what_is_written_is_read(cursor: TimeCursor, pending: Pending | None) -> None:
    state = PollState(IdCursor.at(0), pending, revision=3, timed=cursor)
    assert state_item.read(Item("poll#t", "state", state_item.values(state), 0, 3)) == state
