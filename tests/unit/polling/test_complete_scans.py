"""Which runs are complete: they have read everything that may be new. How far a poll is behind counts from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from handler.errors import SourceError
from handler.polling import id_scan, time_scan
from handler.polling.id_cursor import IdCursor, Sweep, Watermark
from handler.polling.id_scan import IdPage
from handler.polling.schedule import Schedule
from tests.operated_polls import POLL, START, Operated
from tests.poll_kit import seen
from tests.timed_kit import POLL as BY_TIME
from tests.timed_kit import Timed

PAGE_SIZE = 10
NOW = 10_000.0
# All ids up to 100; those above 40 were allocated within the longest transaction, in three pieces.
MARKS = (Watermark(NOW - 5_000, 40), Watermark(NOW - 900, 60), Watermark(NOW - 600, 80), Watermark(NOW - 1, 100))
CURSOR = IdCursor(100, 0, seen(range(1, 101)), MARKS)


def complete(
    cursor: IdCursor = CURSOR, *, top: int = 100, steps: int = 1_000, failing: int = -1, watching: bool = False
) -> bool:
    """Scan a table with ids up to `top`; the time ends after so many SELECTs, or one of them fails."""
    calls = iter(range(1_000))

    def ids(after: int, upto: int | None) -> IdPage:
        if next(calls) == failing:
            raise SourceError("DB_TIMEOUT")
        found = range(after + 1, min(top, upto or top) + 1)
        return IdPage(seen(found[:PAGE_SIZE]), complete=len(found) < PAGE_SIZE)

    left = iter(range(steps))
    in_time = lambda: next(left, -1) >= 0  # noqa: E731
    return id_scan.scan(cursor, ids, 1_000.0, lambda: NOW, in_time, watching=watching).complete


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(id_scan, "PAGE_SIZE", PAGE_SIZE)
    monkeypatch.setattr(id_scan, "SWEEP_PAGES", 1)
    monkeypatch.setattr(id_scan, "WATCH_PAGES", 3)


def test_a_scan_is_complete_when_it_has_read_the_ids_of_recent_transactions() -> None:
    assert complete()
    assert complete(top=105)
    limits = [complete(top=125, steps=steps) for steps in range(20)]
    assert (limits[0], limits[-1]) == (False, True)
    assert limits == sorted(limits)


def test_a_scan_is_not_complete_if_any_part_of_it_failed() -> None:
    parts = [complete(failing=number) for number in range(20)]
    assert parts == sorted(parts)
    assert (parts[:4], parts[-1]) == ([False] * 4, True)


@pytest.mark.parametrize(
    ("sweep", "pages", "expected"),
    [(None, 3, False), (None, 11, True), (Sweep(50, 100, NOW - 60), 11, False), (Sweep(0, 50, NOW - 60), 11, False)],
)
def test_a_scan_of_watched_rows_is_complete_when_it_has_read_all_of_them(
    sweep: Sweep | None, pages: int, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any of them can change. A pass that an earlier run began has read some of them too long ago."""
    monkeypatch.setattr(id_scan, "WATCH_PAGES", pages)
    assert complete(replace(CURSOR, sweep=sweep), watching=True) == expected
    assert complete(replace(CURSOR, sweep=sweep))


@pytest.mark.parametrize("make", [lambda: Operated(POLL), lambda: Timed(BY_TIME)], ids=["ids", "times"])
def test_it_counts_from_the_begin_of_the_run(make: Callable[[], Operated]) -> None:
    world = make()
    assert world.schedule.complete_at == 0
    world.minute()
    began = world.now
    assert world.schedule.complete_at == began
    world.database.error = SourceError("DB_TIMEOUT")
    world.minute()
    assert world.schedule.complete_at == began
    world.database.error = None
    world.minute()
    assert world.schedule.complete_at == world.now > began


def test_what_was_committed_while_the_run_went_on_is_not_in_it() -> None:
    world = Operated()
    world.minute()
    began = world.now + 60
    world.database.meanwhile = lambda: setattr(world, "now", world.now + 5)
    world.minute()
    assert (world.now, world.schedule.complete_at) == (began + 5, began)


def test_a_run_that_leaves_rows_to_the_next_one_is_not_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_scan, "FOUND_BYTES", 1)
    world = Timed(replace(BY_TIME, digest_rows=None))
    world.minute()
    began = world.now
    world.settle("ab")
    world.minute()
    assert (world.schedule.more, world.schedule.complete_at) == (1, began)
    world.handle()
    assert (world.schedule.more, world.schedule.complete_at) == (0, world.now)


def test_a_run_that_fails_after_one_that_left_rows_leaves_none() -> None:
    world = Timed()
    world.minute()
    world.change(lambda one: replace(one, more=1))
    world.lose("state")
    world.minute()
    assert (world.schedule.code, world.schedule.more) == ("POLL_STATE_LOST", 0)


@pytest.mark.parametrize("changed", [Schedule.started, Schedule.rebased])
def test_a_start_forgets_it(changed: Callable[[Schedule], Schedule]) -> None:
    world = Operated()
    world.minute()
    world.change(changed)
    assert world.schedule.complete_at == 0
    world.minute()
    assert world.schedule.complete_at == world.now > START
