"""What somebody on call asks of a poll: to find rows again, to begin with other identities, to run now."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from handler.errors import ConfigError, SourceError
from handler.model import Poll
from handler.polling import id_scan, run
from handler.polling.id_cursor import IdCursor, Sweep, Watermark
from handler.polling.schedule import LEASE_SECONDS, Schedule
from tests.operated_polls import POLL, START, Operated
from tests.poll_kit import Killed, seen


def rewinding(above: int) -> Callable[[Schedule], Schedule]:
    return lambda one: one.rewound(above)


def resending(above: int) -> Callable[[Schedule], Schedule]:
    return lambda one: one.rebased(above)


def after_posts(**changed: Any) -> Operated:
    """A poll that has taken the rows 1 to 20 as seen, and has posted 21 to 30 but for 25."""
    world = Operated(replace(POLL, created=True, **changed))
    world.ids.update(range(1, 21))
    world.minute()
    world.ids.update({*range(21, 31)} - {25})
    world.minute()
    assert world.rows() == {*range(21, 31)} - {25}
    world.queue.sent.clear()
    return world


@pytest.mark.parametrize("above", [0, 1, 19, 20, 24, 25, 29, 30, 31, 1000])
def test_a_rewind_finds_the_rows_above_an_id_again_with_the_same_identities(above: int) -> None:
    world = after_posts()
    world.change(rewinding(above))
    for _ in range(3):
        world.minute()
    again = {id_ for id_ in world.ids if id_ > above}
    assert world.posted() == [f"order.created/{id_}" for id_ in sorted(again)]
    assert not any("late" in event["notifier"] for event in world.events())
    world.queue.sent.clear()
    world.ids.update({25, 31})
    for _ in range(3):
        world.minute()
    assert world.rows() == {25, 31}


@pytest.mark.parametrize("days", [0, 2, 20, 40])
def test_rows_that_are_found_again_are_not_late_however_old_they_are(days: int) -> None:
    world = Operated(replace(POLL, every=3600.0))
    world.minute()
    for day in range(days + 1):
        world.ids.update(range(10 * day + 1, 10 * day + 11))
        world.now += 86_400
        world.minute()
    world.queue.sent.clear()
    world.change(rewinding(5))
    for _ in range(100):
        world.minute()
    assert world.rows() == {id_ for id_ in world.ids if id_ > 5}
    assert not any("late" in event["notifier"] for event in world.events())
    assert world.schedule.late == 0


def test_a_rewind_to_below_the_rows_of_the_first_run_finds_those_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(id_scan, "PAGE_SIZE", 10)
    world = Operated()
    world.ids.update(range(1, 101))
    world.minute()
    assert world.state.cursor.floor == 90
    world.change(rewinding(50))
    for _ in range(3):
        world.minute()
    assert world.rows() == set(range(51, 101))
    world.queue.sent.clear()
    world.ids.update(range(101, 111))
    world.minute()
    assert world.rows() == set(range(101, 111))


@pytest.mark.parametrize("changed", [rewinding, resending])
@pytest.mark.parametrize("policy", [{}, {"digest_rows": 1}, {"digest_seconds": 1.0}, {"digest_rows": None}])
def test_rows_that_somebody_asks_for_are_never_one_summary(
    changed: Any, policy: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A summary would take the place of rows that were never posted, and have an identity that the ledger has not."""
    monkeypatch.setattr(id_scan, "PAGE_SIZE", 50)
    world = Operated(replace(POLL, **policy))
    world.minute()
    world.ids.update(range(1, 1001))
    world.minute()
    world.queue.sent.clear()
    world.change(changed(10))
    for _ in range(30):
        world.minute()
    assert world.rows() == set(range(11, 1001))
    assert not any("digest" in event["notifier"] for event in world.events())
    assert world.state.resent_upto == 0
    world.queue.sent.clear()
    world.ids.update(range(1001, 1301))
    world.minute()
    assert (len(world.events()) == 1) == (policy != {"digest_rows": None})


@pytest.mark.parametrize("again", [None, 0, 7, 35])
def test_a_rewind_that_takes_several_runs_has_no_summary_in_any_of_them(
    monkeypatch: pytest.MonkeyPatch, again: int | None
) -> None:
    """Nor has one that comes while an earlier one is under way."""
    monkeypatch.setattr(id_scan, "PAGE_SIZE", 10)
    monkeypatch.setattr(run, "MAX_EVENTS", 20)
    world = Operated(replace(POLL, digest_rows=5))
    world.minute()
    world.ids.update(range(1, 501))
    world.minute()
    world.queue.sent.clear()
    world.change(rewinding(0))
    world.minute()
    assert 20 <= world.state.cursor.top < world.state.resent_upto == 500
    if again is not None:
        world.change(rewinding(again))
    for _ in range(40):
        world.minute()
    assert world.state.resent_upto == 0
    assert world.rows() == set(range(1, 501))
    assert not any("digest" in event["notifier"] for event in world.events())


def test_a_run_that_begins_again_knows_that_it_has_just_read_the_table() -> None:
    """Else its clock would count as one that may be wrong, and it would remember no times."""
    world = after_posts()
    world.change(resending(20))
    world.minute()
    assert [mark.top for mark in world.state.cursor.watermarks] == [30]


def test_a_rewind_ends_though_the_highest_rows_were_deleted() -> None:
    world = after_posts()
    world.ids.difference_update({29, 30})
    world.change(rewinding(20))
    world.minute()
    world.minute()
    assert world.state.resent_upto == 0
    assert world.rows() == {21, 22, 23, 24, 26, 27, 28}
    world.queue.sent.clear()
    world.ids.update(range(31, 200))
    world.minute()
    assert [event["notifier"]["digest"]["count"] for event in world.events()] == [169]


@pytest.mark.parametrize("shown", [0, 1, 400, 999])
def test_rows_that_a_lagging_replica_shows_later_are_no_summary_either(shown: int) -> None:
    world = Operated(replace(POLL, digest_rows=1))
    world.minute()
    world.ids.update(range(1, 1001))
    world.minute()
    world.queue.sent.clear()
    world.change(rewinding(0))
    if shown:
        world.database.ids = set(range(1, shown + 1))
        world.minute()
    world.database.ids = set(range(1, 1001))
    world.minute()
    assert world.posted() == [f"order.created/{id_}" for id_ in range(1, 1001)]
    assert world.state.resent_upto == 0


def test_what_was_found_and_not_sent_is_sent_before_rows_are_found_again() -> None:
    world = after_posts()
    world.ids.update({31, 32})
    world.queue.broken = ConfigError("CONFIG_UNAVAILABLE", "the queue")
    world.now += 60
    world.run_now()
    assert world.state.pending
    world.queue.broken = None
    world.change(rewinding(29))
    for _ in range(3):
        world.minute()
    assert sorted(world.posted()) == ["order.created/30", "order.created/31", "order.created/32"]


CHANGES = [
    pytest.param(rewinding(20), True, id="rewind"),
    pytest.param(resending(20), True, id="resend"),
    pytest.param(Schedule.rebased, False, id="rebase"),
    pytest.param(Schedule.started, False, id="start"),
]


@pytest.mark.parametrize(("changed", "resends"), CHANGES)
@pytest.mark.parametrize("step", range(1, 24))
def test_a_change_is_carried_out_once_wherever_the_function_is_killed(
    changed: Callable[[Schedule], Schedule], resends: bool, step: int
) -> None:
    world = after_posts()
    world.change(changed)
    epoch = world.schedule.epoch
    world.killable.left = step
    with suppress(Killed):
        world.minute()
    world.killable.left = -1
    done = world.state.starts == 1
    world.ids.add(40)
    for _ in range(6):
        world.minute()
    again = {*range(21, 31)} - {25} if resends else set()
    assert world.rows() == again | ({40} if done or resends else set())
    end = f"/{epoch}" if epoch else ""
    assert set(world.posted()) == {f"order.created/{id_}{end}" for id_ in world.rows()}
    assert (world.state.starts, world.state.epoch, world.state.resent_upto) == (1, epoch, 0)


@pytest.mark.parametrize(("changed", "resends"), CHANGES)
def test_a_change_that_comes_during_a_run_is_carried_out_by_the_next_one(
    changed: Callable[[Schedule], Schedule], resends: bool
) -> None:
    world = after_posts()
    world.ids.add(31)
    world.database.meanwhile = lambda: world.change(changed)
    (report,) = world.minute()
    assert report.failure
    assert report.failure.code == "POLL_BUSY"
    assert (world.rows(), world.state.starts) == ({31}, 0)
    world.queue.sent.clear()
    for _ in range(4):
        world.minute()
    assert world.state.starts == 1
    assert world.rows() == ({*range(21, 32)} - {25} if resends else set())


@pytest.mark.parametrize("every", [60.0, 3600.0, 86_400.0])
@pytest.mark.parametrize("known", [True, False])
def test_a_run_that_somebody_asks_for_is_due_at_once_and_those_after_it_keep_their_times(
    every: float, known: bool
) -> None:
    world = Operated(replace(POLL, every=every))
    world.minute()
    due = world.schedule.due_at
    world.ids.add(1)
    world.now += every / 3
    world.change(lambda one: one.due(world.now, every if known else None))
    assert [bool(report.ran) for report in world.minute()] == [True]
    assert world.rows() == {1}
    assert world.schedule.due_at == (due if known else world.now + every) or every == 60
    assert world.run_now()[0].ran is None


@pytest.mark.parametrize("every", [30.0, 60.0, 600_000.0])
@pytest.mark.parametrize("due_at", [0.0, START - 1e6, START - 1, START, START + 1, START + 3600, START + 1e9])
@pytest.mark.parametrize("failures", [0, 9])
def test_a_poll_is_due_whatever_its_schedule_said(every: float, due_at: float, failures: int) -> None:
    at_nine = Poll("", 86_400.0, cron="0 9 * * *", time_zone="UTC")
    for one in (Poll("", 60.0), at_nine):
        standing = Schedule(due_at=due_at, failures=failures, scanned_at=START - 5, plan=one.plan)
        assert standing.due(START, every).is_due(START, one)
        assert standing.due(START, None).is_due(START, one)


def test_a_run_that_somebody_asks_for_does_not_overlap_another_one() -> None:
    world = after_posts()
    world.ids.add(31)
    inner: list[Any] = []

    def asked() -> None:
        world.change(lambda one: one.due(world.now, 60.0))
        inner.extend(world.run_now())

    world.database.meanwhile = asked
    world.minute()
    assert [report.ran for report in inner] == [None]
    assert world.rows() == {31}
    world.now += LEASE_SECONDS
    assert [bool(report.ran) for report in world.minute()] == [True]


@pytest.mark.parametrize(("changed", "resends"), CHANGES)
@pytest.mark.parametrize("after", [True, False])
def test_a_change_of_a_paused_poll_leaves_it_paused(
    changed: Callable[[Schedule], Schedule], resends: bool, after: bool
) -> None:
    world = after_posts()
    for one in (Schedule.paused, changed) if after else (changed, Schedule.paused):
        world.change(one)
    for _ in range(3):
        assert world.minute() == []
    assert (world.schedule.is_paused, world.state.starts) == (True, 0)
    world.change(Schedule.resumed)
    world.minute()
    assert world.state.starts == 1
    assert world.rows() == ({*range(21, 31)} - {25} if resends else set())


@pytest.mark.parametrize("changed", [Schedule.started, Schedule.rebased, resending(20)])
def test_a_change_ends_a_hold(changed: Callable[[Schedule], Schedule]) -> None:
    world = after_posts()
    world.change(lambda one: replace(one, held="POLL_IDS_REUSED", code="POLL_IDS_REUSED"))
    world.change(changed)
    world.minute()
    assert (world.schedule.held, world.state.starts) == ("", 1)


@pytest.mark.parametrize("held", ["paused", "reused"])
def test_a_rewind_waits_for_a_poll_that_does_not_run(held: str) -> None:
    world = after_posts()
    world.change(Schedule.paused if held == "paused" else (lambda one: replace(one, held="POLL_IDS_REUSED")))
    world.change(rewinding(28))
    for _ in range(3):
        world.minute()
    assert world.rows() == set()
    world.change(Schedule.resumed)
    world.minute()
    assert world.rows() == {29, 30}


def test_ids_that_are_used_again_are_noticed_before_a_rewind_finds_them() -> None:
    """Their rows would be taken for earlier ones. The rewind is carried out once somebody has said what they are."""
    world = after_posts()
    world.database.created = dict.fromkeys(range(1, 31), "later")
    world.change(rewinding(20))
    (report,) = world.minute()
    assert report.failure
    assert report.failure.code == "POLL_IDS_REUSED"
    assert world.rows() == set()
    world.change(resending(20))
    for _ in range(3):
        world.minute()
    assert set(world.posted()) == {f"order.created/{id_}/1" for id_ in {*range(21, 31)} - {25}}


@pytest.mark.parametrize("lost", ["state", "schedule"])
def test_a_rewind_of_a_poll_whose_items_are_lost(lost: str) -> None:
    world = after_posts()
    world.change(rewinding(20))
    world.lose(lost)
    world.minute()
    assert world.rows() == set()
    assert world.schedule.code == ("POLL_STATE_LOST" if lost == "state" else "")


def test_two_rewinds_before_a_run_are_the_last_one() -> None:
    world = after_posts()
    world.change(rewinding(22))
    world.change(rewinding(28))
    world.minute()
    assert world.rows() == {29, 30}
    world.queue.sent.clear()
    world.change(rewinding(26))
    world.minute()
    assert world.rows() == {27, 28, 29, 30}


def test_a_rewind_during_a_sweep_forgets_the_sweep_and_no_id_is_given_up() -> None:
    marks = tuple(Watermark(START - 86_400 * days, 100 - days) for days in range(60, 0, -1))
    cursor = IdCursor(100, 20, seen(range(30, 101)), marks, Sweep(50, 100, START))
    for above in (0, 10, 20, 45, 60, 99, 100, 500):
        back = cursor.rewound(above)
        assert (back.top, back.floor, back.sweep) == (min(100, above), min(20, above), None)
        assert set(back.seen) == {id_ for id_ in range(30, 101) if id_ <= above}
        assert all(mark.top <= back.top for mark in back.watermarks)
        assert back.bound(START, 60.0) <= back.top


@pytest.mark.parametrize("seed", range(12))
def test_with_any_changes_at_any_time_each_row_above_the_rewind_is_posted(seed: int) -> None:
    """Rows commit late, the function is killed, somebody rewinds: nothing above the lowest rewind is missing."""
    random = Random(seed)
    world = Operated(replace(POLL, digest_rows=random.choice([None, 5])))
    world.minute()
    top, gaps, lowest, asked = 0, set[int](), 10**9, 0
    for _ in range(60):
        fresh = set(range(top + 1, top + 1 + random.randrange(9)))
        top += len(fresh)
        late = {id_ for id_ in fresh if random.random() < 0.2}
        ready = {id_ for id_ in gaps if random.random() < 0.2}
        gaps = (gaps | late) - ready
        world.ids.update((fresh - late) | ready)
        if random.random() < 0.1:
            above = random.randrange(top + 1)
            lowest = min(lowest, above)
            asked += 1
            world.change(rewinding(above))
        world.killable.left = random.randrange(1, 12) if random.random() < 0.3 else -1
        with suppress(Killed):
            world.minute()
        world.killable.left = -1
    world.ids.update(gaps)
    world.queue.sent.clear()
    world.change(rewinding(lowest))
    for _ in range(10):
        world.minute()
    assert asked
    assert {f"order.created/{id_}" for id_ in world.ids if id_ > lowest} <= set(world.posted())
    assert not any("digest" in event["notifier"] for event in world.events())


@pytest.mark.parametrize("failing", [SourceError("DB_TIMEOUT", "too long"), ConfigError("LEDGER_UNAVAILABLE", "down")])
def test_a_change_waits_while_the_database_fails(failing: Exception) -> None:
    world = after_posts()
    world.change(resending(20))
    world.database.error = failing
    for _ in range(3):
        world.minute()
    assert world.state.starts == 0
    world.database.error = None
    for _ in range(6):
        world.minute()
    assert len(world.posted()) == 9


def test_a_rewind_keeps_everything_else_of_the_state() -> None:
    world = after_posts()
    before = world.state
    world.change(rewinding(0))
    world.database.error = SourceError("DB_TIMEOUT", "too long")
    world.minute()
    after = world.state
    assert replace(before, cursor=after.cursor, revision=0, starts=1, resent_upto=30) == replace(after, revision=0)
    assert world.schedule.found == 9


@pytest.mark.parametrize("every", [None, 60.0, 86_400.0, 604_800.0])
@pytest.mark.parametrize("hours", [0, 1, 30, 100])
@pytest.mark.parametrize("before", ["0 9 * * 1", "0 9 * * 1-5", "0 * * * *", ""])
@pytest.mark.parametrize("after", ["0 9 * * *", "0 9 * * 1", "59 23 * * *", ""])
def test_a_run_that_somebody_asks_for_is_due_at_once_though_the_template_has_changed(
    every: float | None, hours: int, before: str, after: str
) -> None:
    """The command knows the interval of a template here, which another one than the deployed can be."""
    world = Operated(replace(POLL, every=604_800.0, cron=before, time_zone="UTC" if before else ""))
    world.minute()
    world.now += hours * 3600
    changed = replace(POLL, every=86_400.0, cron=after, time_zone="UTC" if after else "")
    world.polls = replace(world.polls, polls={"order.created": changed})
    world.change(lambda one: one.due(world.now, every if before or not after else None))
    assert [bool(report.ran) for report in world.run_now()] == [True]
    assert world.schedule.due_at > world.now
