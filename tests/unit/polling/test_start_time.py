"""A poll that begins at a point in time: its first run finds the rows that were created since."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from handler.errors import SourceError
from handler.model import Row, Value
from handler.polling import id_scan, table
from handler.polling.schedule import Schedule
from handler.polling.stored_names import STATE
from tests.operated_polls import POLL, START, TYPE, Operated, words
from tests.poll_kit import Killed

SINCE = START - 1000


class Started(Operated):
    """A poll with `start`, of a table that says when each row was created: so many seconds after the start."""

    def __init__(self, created: Mapping[int, float | None], **changed: Any) -> None:
        super().__init__(replace(POLL, created=True, start=SINCE, **changed))
        self.created: dict[int, float | None] = {}
        self.add(created)
        self.plain = self.database.select
        self.database.select = self.select  # type: ignore[method-assign]

    def add(self, created: Mapping[int, float | None]) -> None:
        self.created.update(created)
        self.ids.update(created)
        self.database.created.update({id_: str(at) for id_, at in created.items()})

    def select(self, database: str, sql: str, parameters: Mapping[str, Value], limit: int) -> list[Row]:
        if "since" not in parameters:
            upto = parameters.get("upto")
            if "DESC" not in sql or upto is None:
                return self.plain(database, sql, parameters, limit)
            below = sorted(id_ for id_ in self.ids if id_ <= int(str(upto)))
            return words(below[-int(str(parameters["count"])) :])
        assert parameters["since"] == datetime.fromtimestamp(SINCE, UTC)
        since = {id_ for id_, at in self.created.items() if at is not None and at >= 0}
        if "created >=" in sql:
            return [Row(id=id_) for id_ in sorted(since)[:1]]
        after, count = (int(str(parameters[name])) for name in ("after", "count"))
        return words(sorted(id_ for id_ in self.ids - since if id_ > after)[:count])


@pytest.mark.parametrize(
    ("created", "posted"),
    [
        ({}, set()),
        ({1: 0}, {1}),
        ({1: -1}, set()),
        ({1: -1, 2: 0, 3: 1}, {2, 3}),
        ({5: 3, 9: 4}, {5, 9}),
        ({1: -5, 2: 2, 3: -1, 4: 3}, {2, 4}),
        ({1: -5, 2: 2, 3: None, 4: 3}, {2, 4}),
        ({1: None, 2: None}, set()),
        ({1: 5, 2: -5}, {1}),
        ({64 * number: number - 500 for number in range(1, 560)}, {64 * number for number in range(500, 560)}),
    ],
)
def test_the_first_run_finds_the_rows_that_were_created_since(
    created: dict[int, float | None], posted: set[int]
) -> None:
    world = Started(created)
    said = world.preview()
    assert (said.starts, said.found, said.seen) == (True, len(posted), len(created) - len(posted))
    world.minute()
    assert world.rows() == posted
    assert not any(event["notifier"].keys() - {"polled"} for event in world.events())
    world.queue.sent.clear()
    world.minute()
    top = max(created, default=0)
    world.add({top + 1: -9.0, top + 3: None, top + 4: 9.0})
    world.minute()
    assert world.rows() == {top + 1, top + 3, top + 4}


@pytest.mark.parametrize(("id_", "at"), [(3, 1.0), (3, -1.0), (8, 1.0), (8, -1.0), (30, 1.0)])
def test_a_row_that_was_not_committed_at_the_first_run_is_found_whenever_it_was_created(id_: int, at: float) -> None:
    """Nothing says why an id is missing. Below the first row since, and above it, it can still appear."""
    world = Started({1: -5, 2: -4, 4: -3, 7: 1, 9: -1, 10: 2})
    world.minute()
    assert world.rows() == {7, 10}
    world.queue.sent.clear()
    world.add({id_: at})
    for _ in range(3):
        world.minute()
    assert world.rows() == {id_}


def test_below_the_last_ids_before_the_start_nothing_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(id_scan, "PAGE_SIZE", 5)
    world = Started({**dict.fromkeys(range(10, 40, 2), -1.0), 41: 1.0})
    world.minute()
    assert world.rows() == {41}
    world.queue.sent.clear()
    world.add({11: 1.0, 37: 1.0})
    for _ in range(9):
        world.minute()
    assert world.rows() == {37}


def test_a_first_run_that_fails_is_no_pause() -> None:
    world = Started({1: -5, 2: 2, 3: 3, 4: 4}, digest_seconds=3600.0)
    answers = world.database.select
    failing = [SourceError("DB_TIMEOUT")] * 2  # of all ids, and then of the new ones alone

    def select(database: str, sql: str, parameters: Mapping[str, Value], limit: int) -> list[Row]:
        if failing and parameters.keys() == {"after", "count"}:
            raise failing.pop()
        return answers(database, sql, parameters, limit)

    world.database.select = select  # type: ignore[method-assign]
    world.minute()
    assert (world.schedule.code, world.schedule.scanned_at) == ("DB_TIMEOUT", 0)
    world.minute()
    assert world.rows() == {2, 3, 4}


def test_many_rows_are_one_summary_as_after_any_pause() -> None:
    world = Started(dict.fromkeys(range(1, 301), 1.0))
    said = world.preview()
    assert (said.summary, said.found) == (True, 300)
    world.minute()
    assert [event["notifier"]["digest"]["count"] for event in world.events()] == [300]


def test_rows_that_were_created_before_and_have_later_ids_are_not_posted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(id_scan, "PAGE_SIZE", 5)
    world = Started({1: 1.0, **dict.fromkeys(range(2, 40), -1.0), 40: 2.0}, digest_rows=None)
    for _ in range(9):
        world.minute()
    assert world.rows() == {1, 40}


def test_a_table_whose_times_do_not_follow_its_ids_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(id_scan, "PAGE_SIZE", 5)
    monkeypatch.setattr(table, "_MAX_EARLIER_PAGES", 3)
    world = Started({1: 1.0, **dict.fromkeys(range(2, 40), -1.0)})
    (report,) = world.minute()
    assert report.failure
    assert (report.failure.code, "before `start` are above 1" in report.failure.detail) == ("QUERY_INVALID", True)
    assert world.events() == []


@pytest.mark.parametrize("step", range(1, 14))
def test_a_first_run_that_is_killed_posts_them_all_the_same(step: int) -> None:
    world = Started({1: -5, 2: 2, 3: -1, 4: 3})
    world.killable.left = step
    with suppress(Killed):
        world.minute()
    world.killable.left = -1
    for _ in range(6):
        world.minute()
    assert set(world.posted()) == {"order.created/2", "order.created/4"}


@pytest.mark.parametrize("changed", [Schedule.started, Schedule.rebased])
def test_only_the_first_run_begins_there(changed: Any) -> None:
    """Whoever starts it again wants the rows that are there as seen."""
    world = Started({1: -5, 2: 2})
    world.minute()
    world.queue.sent.clear()
    world.add({3: 3.0})
    world.change(changed)
    world.minute()
    assert world.events() == []
    world.add({4: 3.0})
    world.minute()
    assert world.rows() == {4}


def test_a_changed_start_moves_no_poll_that_has_run() -> None:
    world = Started({1: -5, 2: 2})
    world.minute()
    world.queue.sent.clear()
    world.polls = replace(world.polls, polls={TYPE: replace(world.poll, start=SINCE - 500)})
    for _ in range(3):
        world.minute()
    assert world.events() == []
    assert (f"poll#{TYPE}", STATE) in world.table.rows
