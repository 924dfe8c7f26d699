"""What becomes of a poll's state if its template is renamed, removed, or brought back."""

from __future__ import annotations

import pytest

from handler.errors import ConfigError
from handler.model import Poll
from handler.polling.stored_names import partition
from tests.polls_kit import Function, OneTable

POLL = Poll("SELECT id FROM orders", 60.0)
DAY = 86_400.0


@pytest.fixture
def rows() -> OneTable:
    return OneTable()


@pytest.fixture
def function(rows: OneTable) -> Function:
    """One whose poll `order.created` has found the row 1."""
    function = Function(rows, {"order.created": POLL})
    function.run()
    rows.add(1)
    assert function.found() == ["1"]
    return function


def test_a_renamed_poll_is_a_new_one_and_its_first_run_posts_nothing(rows: OneTable, function: Function) -> None:
    """So rows that came after the last run under the old name are not posted."""
    rows.add(2)
    function.deploy({"order.placed": POLL})
    rows.add(3)
    assert function.found() == []
    rows.add(4)
    assert function.found() == ["4"]
    assert function.identities[-1] == "order.placed/4"


def test_the_items_of_a_renamed_poll_stay_and_serve_it_under_its_old_name(rows: OneTable, function: Function) -> None:
    """It finds what came meanwhile, also rows that were posted under the other name."""
    before = function.table.items(partition("order.created"))
    function.deploy({"order.placed": POLL})
    function.run()
    rows.add(2)
    assert function.found(DAY) == ["2"]
    assert function.table.items(partition("order.created")) == before
    function.deploy({"order.created": POLL})
    assert function.found(DAY) == ["2"]
    assert function.identities[-2:] == ["order.placed/2", "order.created/2"]


@pytest.mark.parametrize("days", [0, 1, 7, 29, 40, 400])
def test_a_poll_that_is_removed_and_comes_back_finds_the_rows_of_its_absence(
    rows: OneTable, function: Function, days: int
) -> None:
    rows.add(3, 4)
    assert function.found() == ["3", "4"]
    function.deploy({})
    rows.add(2, 5)
    assert function.run(days * DAY) == {}
    function.deploy({"order.created": POLL})
    assert [found.split()[0] for found in function.found()] == ["2", "5"]
    assert function.found() == []


def test_a_poll_that_was_removed_with_unsent_events_sends_them_when_it_is_back(
    rows: OneTable, function: Function
) -> None:
    """They stay in its state, and are sent once."""
    rows.add(2, 3)
    function.tick()
    bodies, function.queue.sent = function.queue.sent, []
    function.queue.broken = ConfigError("CONFIG_UNAVAILABLE", "down")
    function.polls.run(bodies, lambda: 60.0)
    function.queue.broken = None
    function.deploy({})
    assert function.run(DAY) == {}
    rows.add(4)
    function.deploy({"order.created": POLL})
    assert function.found() == ["2", "3", "4"]
    assert function.found() == []


def test_a_poll_that_was_removed_is_neither_overdue_nor_on_hold(function: Function) -> None:
    function.deploy({})
    function.now += 400 * DAY
    tick = function.polls.tick()
    assert (tick.due, tick.overdue, tick.on_hold) == ([], [], [])
