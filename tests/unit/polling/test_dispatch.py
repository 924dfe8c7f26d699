"""Ticks and runs, with the state table and the queue in memory; each of them can fail, or the function be killed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from handler.errors import ConfigError, SourceError
from handler.model import Poll, Record, Row, Value
from handler.polling import dispatch, id_scan, messages, schedule, state_item, table
from handler.polling.dispatch import Polls, RunReport
from handler.polling.id_cursor import IdCursor
from handler.polling.run import COUNTER_LOW_SECONDS, RunResult
from handler.polling.state import SEEN_BYTES, PollState
from handler.polling.statements import COUNTED, COUNTER, lowest_id
from handler.polling.stored_names import partition
from handler.state_item import Item
from tests.kit import FakeQueue, FakeTable
from tests.poll_kit import Killable, Killed

TYPE = "order.created"
POLL = Poll("SELECT id FROM orders", 60.0)
START = 1_795_000_000.0


@dataclass
class Tables:
    """ports.Database: a set of ids for each database, which stands for a poll's table. `error` is raised instead."""

    ids: dict[str, set[int]] = field(default_factory=lambda: {"default": set()})
    errors: dict[str, Exception] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    created: dict[int, str] = field(default_factory=dict)
    counter: int | None = None

    def select(self, database: str, sql: str, parameters: Mapping[str, Value], limit: int) -> list[Row]:
        self.asked.append(database)
        if error := self.errors.get(database):
            raise error
        if sql == COUNTER:
            assert parameters == {"table": "orders"}
            return [Row(counter=self.counter)]
        if sql == COUNTED:
            assert parameters == {"table": "orders", "column": "id"}
            return [Row(counted=1)]
        if sql == lowest_id("SELECT id FROM orders"):
            return [Row(id=id_) for id_ in sorted(self.ids[database])[:1]]
        if "found.created" in sql:
            asked = [id_ for id_ in parameters.values() if id_ in self.ids[database]]
            return [Row(id=id_, created=self.created.get(int(str(id_)), "once")) for id_ in asked]
        after, upto, count = (parameters.get(name) for name in ("after", "upto", "count"))
        assert isinstance(count, int)
        assert count <= limit
        found = sorted(id_ for id_ in self.ids[database] if id_ > (after or 0) and (upto is None or id_ <= upto))
        found = found[-count:] if after is None else found[:count]
        words: dict[int, int] = {}
        for id_ in found:
            words[id_ // 64] = words.get(id_ // 64, 0) | 1 << id_ % 64
        return [Row(word=word, bits=bits, counted=bits.bit_count()) for word, bits in words.items()]


@contextmanager
def older_ids_failing(tables: Tables) -> Iterator[None]:
    """Let the SELECTs fail that read ids below the highest one."""
    select = tables.select

    def failing(database: str, sql: str, parameters: Mapping[str, Value], limit: int) -> list[Row]:
        if "upto" in parameters or parameters.get("after") == 0:
            raise SourceError("DB_TIMEOUT", "too long")
        return select(database, sql, parameters, limit)

    tables.select = failing  # type: ignore[method-assign]
    yield
    tables.select = select  # type: ignore[method-assign]


class World:
    """A deployment with polls, at one moment."""

    def __init__(self, **changed: Poll) -> None:
        self.now = START
        self.database = Tables()
        self.table = FakeTable(lambda: self.now)
        self.queue = FakeQueue()
        self.killable = Killable(self.table, self.queue)
        self.polls = Polls(
            changed or {TYPE: POLL}, self.database, self.killable, self.killable,
            lambda: self.now,
        )  # fmt: skip

    @property
    def ids(self) -> set[int]:
        return self.database.ids["default"]

    def minute(self, remaining: float = 60.0) -> list[RunReport]:
        """A tick, and the runs that it asks for; a killed function leaves its messages to the queue."""
        self.now += 60
        self.polls.tick()
        return self.handle(remaining)

    def handle(self, remaining: float = 60.0) -> list[RunReport]:
        requests = [body for body in self.queue.sent if Record("r", body).requests_poll]
        self.queue.sent = [body for body in self.queue.sent if body not in requests]
        return self.polls.run(requests, lambda: remaining)

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body in self.queue.sent if not Record("r", body).requests_poll]

    def reported(self) -> list[int]:
        """The ids of the events, each once for each identity, as the ledger makes them."""
        return [one["id"] for one in {one["event_id"]: one for one in self.events()}.values()]

    def schedule(self, poll: str = TYPE) -> schedule.Schedule:
        return schedule.Schedule.of(self.table.rows.get((partition(poll), "schedule")))

    def item(self, sort: str, poll: str = TYPE) -> Item:
        return self.table.rows[partition(poll), sort]


def test_a_poll_that_never_ran_takes_stock_and_sends_nothing() -> None:
    world = World()
    world.ids.update(range(1, 50))
    (report,) = world.minute()
    assert report == RunReport(TYPE, report.ran)
    assert (world.events(), world.schedule().state_known_at, world.schedule().due_at) == ([], world.now, world.now + 60)


@pytest.mark.parametrize("rows", [0, 1, id_scan.PAGE_SIZE - 1, id_scan.PAGE_SIZE, id_scan.PAGE_SIZE + 1])
def test_rows_that_come_after_the_stock_was_taken_are_events_however_low_their_id_is(rows: int) -> None:
    world = World()
    world.ids.update(range(10, 10 + 2 * rows, 2))
    world.minute()
    lowest = 10 + 2 * max(0, rows - id_scan.PAGE_SIZE)
    late = {lowest + 1 if rows else 1, 10 + 2 * rows + 7}
    world.ids.update(late)
    world.minute()
    assert set(world.reported()) == late
    assert world.minute()[0].ran
    assert set(world.reported()) == late


def test_an_event_has_the_form_in_which_applications_publish() -> None:
    world = World()
    world.minute()
    world.ids.add(1042)
    world.minute()
    assert world.events() == [
        {"type": TYPE, "id": 1042, "event_id": "order.created/1042", "notifier": {"polled": True}}
    ]


def test_a_run_that_finds_nothing_writes_the_schedule_twice_and_reads_once() -> None:
    world = World()
    world.minute()
    world.minute()
    before = world.item("state"), world.item("schedule").revision
    world.minute()
    assert (world.item("state"), world.item("schedule").revision - 2) == before
    assert world.queue.sent == []


@pytest.mark.parametrize("step", range(1, 16))
def test_a_killed_function_loses_nothing_and_its_lease_ends(step: int) -> None:
    """At each write and each message; the run that is killed is the third, or the first, which takes stock."""
    for killed_at in (1, 3):
        world = World()
        world.ids.update({1, 2})
        for minute in range(1, 12):
            if minute > 1:
                world.ids.add(minute * 10)
            world.killable.left = step if minute == killed_at else -1
            with suppress(Killed):
                world.minute()
            world.killable.left = -1
        world.minute()
        reported = set(world.reported())
        assert reported >= {minute * 10 for minute in range(4, 12)}
        assert killed_at == 1 or reported >= {20, 30}
        assert not reported & {1, 2}


def test_two_runs_never_overlap() -> None:
    world = World()
    world.minute()
    world.ids.add(7)
    world.now += 60
    world.polls.tick()
    inner: list[RunReport] = []
    select = world.database.select

    def interrupted(*arguments: Any) -> list[Row]:
        world.database.select = select  # type: ignore[method-assign]
        inner.extend(world.polls.run([messages.request(TYPE)], lambda: 60.0))
        return select(*arguments)

    world.database.select = interrupted  # type: ignore[method-assign]
    (outer,) = world.handle()
    assert inner == [RunReport(TYPE)]
    assert (outer.failure, world.reported()) == (None, [7])


@pytest.mark.parametrize("seconds", [10, schedule.LEASE_SECONDS + 1])
def test_a_run_that_outlives_its_lease_writes_and_sends_nothing_more(seconds: float) -> None:
    world = World()
    world.minute()
    world.ids.add(7)
    world.now += 60
    world.polls.tick()
    select = world.database.select

    def slow(*arguments: Any) -> list[Row]:
        world.database.select = select  # type: ignore[method-assign]
        world.now += seconds
        world.ids.add(8)
        inner = world.polls.run([messages.request(TYPE)], lambda: 60.0)
        assert bool(inner[0].ran) == (seconds > schedule.LEASE_SECONDS)
        world.ids.add(9)
        return select(*arguments)

    world.database.select = slow  # type: ignore[method-assign]
    (outer,) = world.handle()
    overtaken = seconds > schedule.LEASE_SECONDS
    assert (outer.failure.code if outer.failure else "") == ("POLL_BUSY" if overtaken else "")
    assert sorted(world.reported()) == ([7, 8] if overtaken else [7, 8, 9])
    world.minute()
    assert sorted(world.reported()) == [7, 8, 9]


def test_lost_state_is_on_hold_and_never_takes_stock_again() -> None:
    world = World()
    world.minute()
    del world.table.rows[partition(TYPE), "state"]
    world.ids.add(5)
    for _ in range(100):
        world.minute()
        assert world.schedule().code == "POLL_STATE_LOST"
        assert world.polls.tick().on_hold == [TYPE]
        world.queue.sent.clear()
    assert (partition(TYPE), "state") not in world.table.rows


def test_a_lost_schedule_is_made_anew() -> None:
    world = World()
    world.minute()
    del world.table.rows[partition(TYPE), "schedule"]
    world.ids.add(5)
    world.minute()
    assert (world.reported(), world.schedule().code) == ([5], "")


@pytest.mark.parametrize(
    "damage",
    [
        {"format": state_item.FORMAT + 1},
        {"seen": b"x"},
        {"marks": "["},
        {"seen": "a text"},
        {"top": ""},
        {"marks": "[[1]]"},
        {"sweep": "7"},
    ],
)
def test_state_that_cannot_be_read_is_left_alone(damage: dict[str, Any]) -> None:
    world = World()
    world.minute()
    whole = world.item("state")
    world.table.rows[partition(TYPE), "state"] = replace(whole, values={**whole.values, **damage})
    world.ids.add(5)
    (report,) = world.minute()
    assert report.failure
    assert report.failure.code == "POLL_STATE_UNREADABLE"
    assert world.polls.tick().on_hold == [TYPE]
    world.queue.sent.clear()
    world.table.rows[partition(TYPE), "state"] = whole
    for _ in range(20):
        world.minute()
    assert (world.reported(), world.polls.tick().on_hold) == ([5], [])


def test_a_failure_is_tried_again_soon_and_later_each_time() -> None:
    world = World()
    world.minute()
    world.database.errors["default"] = SourceError("DB_TIMEOUT", "too long")
    runs = []
    for _ in range(120):
        if any(report.failure for report in world.minute()):
            runs.append(world.now)
            assert (world.schedule().code, world.schedule().failures) == ("DB_TIMEOUT", len(runs))
    pauses = [after - before for before, after in pairwise(runs)]
    assert max(pauses) == 60  # never longer than the poll's own interval
    assert world.polls.tick().overdue == [TYPE]
    world.database.errors.clear()
    world.queue.sent.clear()
    world.ids.add(4)
    world.minute()
    assert (world.reported(), world.schedule().failures, world.polls.tick().overdue) == ([4], 0, [])


def test_the_pauses_of_a_poll_with_a_long_interval_grow_to_a_quarter_of_an_hour() -> None:
    world = World(**{TYPE: replace(POLL, every=86_400.0)})
    world.minute()
    world.database.errors["default"] = SourceError("DB_TIMEOUT", "too long")
    world.now += 86_400
    runs = [world.now for _ in range(120) if world.minute()]
    pauses = [round(after - before) // 60 for before, after in pairwise(runs)]
    assert pauses == [1, 2, 4, 8, *[15] * (len(runs) - 5)]
    assert len(runs) > 8


@pytest.mark.parametrize("part", ["table", "queue"])
def test_what_refuses_for_a_while_loses_nothing(part: str) -> None:
    world = World()
    world.minute()
    broken: Any = getattr(world, part)
    for minute in range(1, 10):
        world.ids.add(minute)
        broken.broken = ConfigError("LEDGER_UNAVAILABLE", "down") if 3 <= minute <= 5 else None
        try:
            world.minute()
        except ConfigError:
            assert broken.broken
        broken.broken = None
    world.now += schedule.LEASE_SECONDS
    world.minute()
    assert sorted(world.reported()) == list(range(1, 10))


def test_one_poll_that_always_fails_holds_none_of_fifty_up() -> None:
    names = [f"table.n{number}" for number in range(50)]
    world = World(**{name: replace(POLL, database=name) for name in names})
    world.database.ids = {name: set() for name in names}
    world.database.errors[names[7]] = SourceError("DB_TIMEOUT", "too long")
    for minute in range(5):
        reports = world.minute()
        assert sum(bool(report.failure) for report in reports) == 1
        for name in names:
            world.database.ids[name].add(minute + 1)
    world.minute()
    found = {name: [one["id"] for one in world.events() if one["type"] == name] for name in names}
    assert {name for name, ids in found.items() if ids == [1, 2, 3, 4, 5]} == set(names) - {names[7]}


def test_a_run_that_does_not_fit_into_the_invocation_waits_for_the_next_tick() -> None:
    world = World()
    world.minute()
    world.ids.add(3)
    assert world.minute(remaining=29.0) == [RunReport(TYPE)]
    assert world.queue.sent == []
    world.minute()
    assert world.reported() == [3]


def test_a_run_with_too_little_time_goes_on_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(id_scan, "PAGE_SIZE", 10)
    world = World(**{TYPE: replace(POLL, digest_rows=None)})
    world.minute()
    world.ids.update(range(1, 101))
    clock = iter(range(10_000))
    monkeypatch.setattr(dispatch, "RUN_SECONDS", 4.0)
    object.__setattr__(world.polls, "now", lambda: world.now + next(clock))
    runs = 1
    world.minute()
    while messages.request(TYPE) in world.queue.sent:
        runs += 1
        world.handle()
    assert runs > 5
    assert sorted(world.reported()) == list(range(1, 101))


@pytest.mark.parametrize(
    "forged",
    [
        messages.request(TYPE), messages.request("order.unknown"), '{"notifier": {"run": ', '{"notifier": {"run": 5}}',
        '{"notifier": {"run": {}}}', '{"notifier": {"run": "a"}} {}', '{"notifier": {"run": "' + "x" * 250_000 + '"}}',
    ],
    ids=lambda body: body[:40],
)  # fmt: skip
def test_a_request_that_nobody_made_does_nothing(forged: str) -> None:
    world = World()
    world.minute()
    world.ids.add(1)
    before = dict(world.table.rows)
    (report,) = world.polls.run([forged, forged], lambda: 60.0)
    assert report.ran is None
    assert (world.table.rows, world.queue.sent) == (before, [])


def test_a_poll_that_is_in_no_template_any_more_does_nothing_until_it_is_back() -> None:
    world = World()
    world.minute()
    gone = replace(world.polls, polls={})
    world.now += 86_400
    world.ids.add(9)
    assert (gone.tick().due, gone.run([messages.request(TYPE)], lambda: 60.0)) == ([], [RunReport(TYPE)])
    world.minute()
    assert world.reported() == [9]


@pytest.mark.parametrize("every", [60.0, 300.0, 3600.0, 604_800.0])
def test_a_poll_runs_at_its_interval_and_does_not_drift(every: float) -> None:
    world = World(**{TYPE: replace(POLL, every=every)})
    random = Random(1)
    runs: list[float] = []
    for minute in range(int(every / 60) * 4 + 1):
        world.now = START + minute * 60 + random.uniform(0.0, 20.0)
        world.polls.tick()
        if any(report.ran for report in world.handle()):
            runs.append(world.now)
    assert len(runs) == 5
    assert all(abs(run - runs[0] - number * every) < 60 for number, run in enumerate(runs))


def test_a_tick_that_is_late_or_comes_twice_does_no_harm() -> None:
    world = World()
    world.minute()
    world.ids.add(1)
    world.now += 86_400
    world.polls.tick()
    world.polls.tick()
    assert [bool(report.ran) for report in world.handle()] == [True]
    world.polls.tick()
    world.handle()
    assert world.reported() == [1]


def test_ids_without_any_order_are_refused_before_they_fill_the_memory() -> None:
    world = World()
    world.minute()
    world.ids.update(number << 22 for number in range(1, 2_000))
    (report,) = world.minute()
    assert report.failure
    assert report.failure.code == "POLL_IDS_SPARSE"
    assert world.polls.tick().on_hold == [TYPE]


@pytest.mark.parametrize("distance", [1000, 6000, 20_000])
def test_a_poll_of_few_rows_of_a_large_table_runs(distance: int) -> None:
    """The rows of its WHERE may be far apart, when it is born and later on."""
    world = World(**{TYPE: replace(POLL, digest_rows=1)})
    world.ids.update(range(distance, 12_000 * distance, distance))
    world.minute()
    assert not world.schedule().code
    after = range(12_000 * distance, 24_000 * distance, distance)
    world.ids.update(after)
    world.minute()
    while messages.request(TYPE) in world.queue.sent:
        (report,) = world.handle()
        assert report.ran
        assert not report.failure
    assert sum(one["notifier"]["digest"]["count"] for one in world.events()) == len(after)


@pytest.mark.parametrize("row", [{"word": "a", "bits": 1}, {"word": 1, "bits": None}])
def test_an_id_that_is_no_number_is_named(row: dict[str, Any]) -> None:
    world = World()
    world.database.select = lambda *_: [Row(row)]  # type: ignore[method-assign]
    (report,) = world.minute()
    assert report.failure
    assert report.failure.code == "QUERY_INVALID"


def test_a_state_that_grows_too_large_gives_up_the_oldest_gaps_and_counts_them() -> None:
    """In the worst case: half of all ids are missing, at random."""
    world = World(**{TYPE: replace(POLL, digest_rows=1)})
    world.minute()
    random = Random(3)
    given_up = 0
    for part in range(12):
        world.ids.clear()
        first = part * 200_000
        world.ids.update(id_ for id_ in range(first + 1, first + 200_001) if random.random() < 0.5)
        (report,) = world.minute()
        assert report.ran
        given_up += report.ran.given_up
        assert sum(len(v) for v in world.item("state").values.values() if isinstance(v, bytes)) <= SEEN_BYTES
    assert 250_000 < given_up == world.schedule().given_up


GUARDED = replace(POLL, created=True, table="orders", digest_rows=None)


def reusing(**changed: Any) -> World:
    """A poll that has seen the rows 1 to 100, of a table that counts its ids."""
    world = World(**{TYPE: replace(GUARDED, **changed)})
    world.database.counter = 1
    world.minute()
    world.ids.update(range(1, 101))
    world.database.counter = 101
    world.minute()
    assert sorted(world.reported()) == list(range(1, 101))
    world.queue.sent.clear()
    return world


def held(world: World) -> bool:
    return world.schedule().held == "POLL_IDS_REUSED" and world.polls.tick().on_hold == [TYPE]


@pytest.mark.parametrize("rows", [1, 2, 10, 90, 101, 150])
def test_a_table_that_was_emptied_and_filled_again_is_noticed_by_when_its_rows_were_created(rows: int) -> None:
    world = reusing()
    world.ids.clear()
    world.ids.update(range(1, rows + 1))
    world.database.created = dict.fromkeys(world.ids, "later")
    (report,) = world.minute()
    assert report.failure
    assert report.failure.code == "POLL_IDS_REUSED"
    assert "belongs to another row than before" in report.failure.detail
    assert held(world)
    assert world.events() == []


@pytest.mark.parametrize("lost", [1, 2, 5, 40, 99])
def test_a_restored_backup_is_noticed_when_its_rows_come_again(lost: int) -> None:
    """Half of the lost rows at the latest: the sentinels are at distances that double."""
    world = reusing()
    world.ids.difference_update(range(101 - lost, 101))
    world.database.counter = None
    for number in range(lost):
        assert not held(world)
        world.ids.add(101 - lost + number)
        world.database.created[101 - lost + number] = "later"
        world.minute()
        if held(world):
            break
    assert held(world)
    assert number <= lost / 2


def test_a_counter_that_stays_low_is_noticed_before_any_id_is_used_again() -> None:
    world = reusing(created=False)
    world.ids.clear()
    world.database.counter = 1
    minutes = 0
    while not held(world):
        minutes += 1
        world.queue.sent.clear()
        world.minute()
    assert (minutes - 1) * 60 > COUNTER_LOW_SECONDS >= (minutes - 3) * 60
    assert world.events() == []


@pytest.mark.parametrize("low", [1, 5, 9])
def test_a_counter_that_is_low_for_a_while_is_a_replica_that_lags(low: int) -> None:
    world = reusing()
    for minute in range(60):
        world.database.counter = 50 if minute % 10 < low else 101
        world.minute()
        assert not held(world)
        world.queue.sent.clear()


@pytest.mark.parametrize("deleted", [{100}, {1, 99, 100}, set(range(1, 101))])
def test_deleted_rows_are_no_reason_to_stop(deleted: set[int]) -> None:
    world = reusing()
    world.ids.difference_update(deleted)
    world.minute()
    world.ids.add(101)
    world.database.counter = 102
    for _ in range(20):
        world.minute()
    assert (world.reported(), held(world)) == ([101], False)


def change(world: World, changed: Any) -> None:
    item = world.item("schedule")
    after = Item(item.partition, item.sort, changed(schedule.Schedule.of(item)).values(), 0).following(item)
    assert world.table.swap(after) is None


@pytest.mark.parametrize("noticed", ["created", "counter"])
def test_a_poll_on_hold_goes_on_when_it_is_resumed(noticed: str) -> None:
    world = reusing()
    if noticed == "created":
        world.database.created = dict.fromkeys(range(1, 101), "in another time zone")
    else:
        world.database.counter = 50
    for _ in range(20):
        world.minute()
    assert held(world)
    world.queue.sent.clear()
    world.ids.add(101)
    world.database.counter = 102
    change(world, schedule.Schedule.resumed)
    for _ in range(20):
        world.minute()
    assert (world.reported(), held(world), world.schedule().reuse_dismissed) == ([101], False, 0)


def test_a_poll_on_hold_takes_stock_when_it_is_started() -> None:
    world = reusing()
    world.ids.clear()
    world.ids.update(range(1, 51))
    world.database.created, world.database.counter = dict.fromkeys(range(1, 200), "later"), 51
    world.minute()
    assert held(world)
    world.queue.sent.clear()
    change(world, schedule.Schedule.rebased)
    world.minute()
    world.ids.update({51, 52})
    world.database.counter = 53
    for _ in range(20):
        world.minute()
    assert (world.reported(), held(world)) == ([51, 52], False)


def test_a_paused_poll_does_not_run_and_misses_nothing() -> None:
    world = World()
    world.minute()
    change(world, schedule.Schedule.paused)
    world.ids.add(3)
    for _ in range(60):
        assert world.minute() == []
    tick = world.polls.tick()
    assert (tick.due, tick.overdue, tick.on_hold) == ([], [], [])
    change(world, schedule.Schedule.resumed)
    world.minute()
    assert world.reported() == [3]


def test_ids_that_begin_again_have_identities_of_their_own() -> None:
    world = reusing()
    world.ids.clear()
    world.database.created = dict.fromkeys(range(1, 200), "later")
    world.ids.add(1)
    world.minute()
    assert held(world)
    world.queue.sent.clear()
    change(world, schedule.Schedule.rebased)
    world.minute()
    world.ids.add(2)
    world.minute()
    assert [one["event_id"] for one in world.events()] == ["order.created/2/1"]


@pytest.mark.parametrize(
    ("changed", "epoch", "identity"),
    [(schedule.Schedule.started, 0, "order.created/2"), (schedule.Schedule.rebased, 1, "order.created/2/1")],
)
def test_a_start_keeps_identities_and_a_rebase_gives_others(changed: Any, epoch: int, identity: str) -> None:
    world = World()
    world.minute()
    change(world, changed)
    world.minute()
    world.ids.add(2)
    world.minute()
    del world.table.rows[partition(TYPE), "schedule"]
    world.minute()
    assert world.schedule().epoch == epoch
    assert [one["event_id"] for one in world.events()] == [identity]


@pytest.mark.parametrize("step", range(1, 10))
def test_a_start_that_is_killed_takes_stock_once(step: int) -> None:
    """Where the state was written, rows that come later are found, though the schedule does not say so yet."""
    world = World()
    world.minute()
    world.ids.add(1)
    change(world, schedule.Schedule.started)
    world.killable.left = step
    with suppress(Killed):
        world.minute()
    world.killable.left = -1
    stock = world.item("state").number("starts") == 1
    world.ids.add(2)
    for _ in range(5):
        world.minute()
    assert world.reported() == ([2] if stock else [])


def test_a_state_is_known_to_be_lost_though_no_run_has_ever_succeeded() -> None:
    world = World(**{TYPE: replace(POLL, created=True)})  # so that the runs fail before they have read anything
    world.ids.add(1)
    world.killable.left = 6  # after the state is written, and before the schedule is
    with suppress(Killed):
        world.minute()
    world.killable.left = -1
    assert (world.schedule().state_known_at, world.item("state").revision) == (0, 1)
    world.database.errors["default"] = SourceError("DB_TIMEOUT", "too long")
    for _ in range(5):
        world.minute()
    world.database.errors.clear()
    del world.table.rows[partition(TYPE), "state"]
    for _ in range(20):
        world.minute()
    assert world.schedule().code == "POLL_STATE_LOST"


@pytest.mark.parametrize("ahead", [600.0, 86_400.0, 365 * 86_400.0])
@pytest.mark.parametrize("left", [-1, 4])
def test_a_clock_that_is_ahead_in_one_run_stops_no_poll(ahead: float, left: int) -> None:
    """Whether that run ends, or is killed once it has its lease."""
    world = World()
    world.minute()
    world.minute()
    right = world.now
    world.now += ahead
    world.killable.left = left
    with suppress(Killed):
        world.minute()
    world.killable.left = -1
    world.now = right
    world.queue.sent.clear()
    world.ids.add(5)
    for _ in range(4):
        world.minute()
    assert world.reported() == [5]


@pytest.mark.parametrize(("before", "after"), [(604_800.0, 60.0), (86_400.0, 3600.0), (60.0, 86_400.0)])
def test_a_changed_interval_counts_from_the_next_tick_on(before: float, after: float) -> None:
    world = World(**{TYPE: replace(POLL, every=before)})
    world.minute()
    world.polls = replace(world.polls, polls={TYPE: replace(POLL, every=after)})
    runs = []
    for _ in range(3000):
        if any(report.ran for report in world.minute()):
            runs.append(world.now)
        assert world.polls.tick().overdue == []
        world.queue.sent.clear()
    pauses = [later - earlier for earlier, later in pairwise(runs)]
    assert pauses
    assert all(abs(pause - after) <= 60 for pause in pauses)
    assert runs[0] - START <= min(before, after) + 180


def cron(expression: str, every: float, zone: str = "UTC") -> Poll:
    """A poll with a cron expression; `every` is its longest pause."""
    return replace(POLL, cron=expression, every=every, time_zone=zone)


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def runs(world: World, until: str, zone: str = "UTC", jitter: Random | None = None) -> list[str]:
    """Let the minutes pass, and return when the runs were; a tick comes up to 25 seconds before its minute or after."""
    found, right = [], world.now
    while (right := right + 60) <= at(until):
        world.now = right - 60 + (jitter.uniform(-25, 25) if jitter else 0.0)
        if any(report.ran for report in world.minute()):
            found.append(f"{datetime.fromtimestamp(right, ZoneInfo(zone)):%a %d %H:%M}")
        assert world.polls.tick().overdue == []
        world.queue.sent = [body for body in world.queue.sent if not Record("r", body).requests_poll]
    world.now = right - 60
    return found


@pytest.mark.parametrize("seed", [None, 1, 2, 3])
def test_a_poll_with_a_cron_expression_runs_at_its_times_however_the_ticks_come(seed: int | None) -> None:
    world = World(**{TYPE: cron("0,30 9 * * 1-5", 257_400.0, "Europe/Berlin")})
    world.now = at("2026-03-27T08:00+01:00")  # a Friday; the clock is set forward on Sunday
    jitter = Random(seed) if seed else None
    assert runs(world, "2026-03-30T12:00+02:00", "Europe/Berlin", jitter) == [
        "Fri 27 08:01",  # the first run comes at once
        "Fri 27 09:00",
        "Fri 27 09:30",
        "Mon 30 09:00",
        "Mon 30 09:30",
    ]
    world.ids.add(5)
    assert runs(world, "2026-03-31T09:01+02:00", "Europe/Berlin", jitter) == ["Tue 31 09:00"]
    assert world.reported() == [5]


@pytest.mark.parametrize(
    ("expression", "zone", "since", "until", "times"),
    [
        ("30 2 * * *", "Europe/Berlin", "2026-10-24T20:00Z", "2026-10-26T03:00Z", ["Sun 25 02:30", "Mon 26 02:30"]),
        ("30 2 * * *", "Europe/Berlin", "2026-03-28T20:00Z", "2026-03-30T03:00Z", ["Sun 29 03:00", "Mon 30 02:30"]),
        ("30 * * * *", "Europe/Berlin", "2026-10-24T23:45Z", "2026-10-25T03:00Z",
         ["Sun 25 02:30", "Sun 25 02:30", "Sun 25 03:30"]),
        ("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T12:00Z", "2026-04-04T20:00Z", ["Sun 05 01:45"]),
    ],
)  # fmt: skip
def test_a_time_that_comes_twice_or_not_at_all_is_one_run(
    expression: str, zone: str, since: str, until: str, times: list[str]
) -> None:
    world = World(**{TYPE: cron(expression, 86_400.0, zone)})
    world.now = at(since)
    _, *others = runs(world, until, zone)
    assert others == times


def test_a_week_in_which_the_clock_is_set_back_is_not_overdue() -> None:
    world = World(**{TYPE: cron("0 9 * * 0", 604_800.0, "Antarctica/Troll")})
    world.now = at("2026-10-18T08:55+02:00")
    assert runs(world, "2026-10-25T09:01+00:00", "Antarctica/Troll") == ["Sun 18 08:56", "Sun 18 09:00", "Sun 25 09:00"]


@pytest.mark.parametrize("down", [5, 16, 300, 2 * 1440])
def test_a_time_that_was_missed_is_made_up_for_once(down: int) -> None:
    world = World(**{TYPE: cron("0 9 * * *", 86_400.0)})
    world.now = at("2026-01-05T08:50Z")
    assert runs(world, "2026-01-05T08:59Z") == ["Mon 05 08:51"]
    world.now += 60 * down
    reports = world.minute()
    assert [bool(report.ran) for report in reports] == [True]
    assert len(runs(world, "2026-01-08T08:59Z")) == (2 if down < 1440 else 0)


def test_a_poll_that_does_not_run_is_overdue_a_quarter_of_an_hour_after_its_time() -> None:
    world = World(**{TYPE: cron("0 9 * * 1-5", 259_200.0)})
    world.now = at("2026-01-05T08:50Z")
    runs(world, "2026-01-05T09:10Z")
    for minute in range(9 * 60 + 11, 33 * 60 + 30):  # until 9:30 of the next day
        world.now += 60
        assert bool(world.polls.tick().overdue) == (minute > 33 * 60 + 15)


def test_a_failure_is_tried_again_soon_and_the_plan_continues() -> None:
    world = World(**{TYPE: cron("0 9 * * *", 86_400.0)})
    world.now = at("2026-01-05T08:50Z")
    runs(world, "2026-01-06T08:59Z")
    world.database.errors["default"] = SourceError("DB_TIMEOUT", "too long")
    failed = []
    for _ in range(20):
        if any(report.failure for report in world.minute()):
            failed.append(round(world.now - at("2026-01-06T09:00Z")) // 60)
        assert bool(world.polls.tick().overdue) == (world.now > at("2026-01-06T09:15Z"))
        world.queue.sent.clear()
    assert failed == [0, 1, 3, 7, 15]
    world.database.errors.clear()
    world.ids.add(7)
    world.now += 600
    world.minute()
    assert (world.reported(), world.schedule().code) == ([7], "")
    assert runs(world, "2026-01-07T09:30Z") == ["Wed 07 09:00"]


def test_more_work_continues_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(id_scan, "PAGE_SIZE", 2)
    monkeypatch.setattr(id_scan, "MAX_CHUNKS", 1)
    world = World(**{TYPE: replace(cron("0 9 * * *", 86_400.0), digest_rows=None)})
    world.now = at("2026-01-05T08:50Z")
    world.minute()
    world.ids.update(range(1, 9))
    world.now = at("2026-01-05T08:59Z")
    world.minute()
    for _ in range(9):
        world.minute()
    assert sorted(world.reported()) == list(range(1, 9))
    assert world.schedule().due_at == at("2026-01-06T09:00Z")


EVERY_5 = replace(POLL, every=300.0)


@pytest.mark.parametrize(
    ("before", "after", "times"),
    [
        # It is 12:00, and the last run was the last time of the one before.
        (cron("0 9 * * *", 86_400.0), cron("0 17 * * *", 86_400.0), ["Mon 05 17:00", "Tue 06 17:00"]),
        (cron("0 9 * * *", 86_400.0), cron("30 9 * * *", 86_400.0), ["Mon 05 12:01", "Tue 06 09:30"]),
        (cron("0 9 * * *", 86_400.0), cron("0 9 * * *", 86_400.0, "Asia/Tokyo"), ["Tue 06 00:00"]),
        (cron("0 9 * * *", 86_400.0), cron("0 9 * * 1-5", 259_200.0), ["Tue 06 09:00"]),
        (cron("0 9 1 * 1", 604_800.0), cron("0 9 * * 1-5", 259_200.0), ["Tue 06 09:00"]),
        (cron("*/5 * * * *", 300.0), cron("0 9 * * *", 86_400.0), ["Tue 06 09:00"]),
        (EVERY_5, cron("0 9 * * *", 86_400.0), ["Tue 06 09:00"]),
        (replace(POLL, every=604_800.0), cron("0 15 * * *", 86_400.0), ["Mon 05 15:00", "Tue 06 15:00"]),
        (cron("0 9 * * 1", 604_800.0), replace(POLL, every=43_200.0), ["Mon 05 12:01", "Tue 06 00:01", "Tue 06 12:01"]),
    ],
)
@pytest.mark.parametrize("seed", [None, 1])
def test_a_changed_expression_counts_from_the_next_tick_on(
    before: Poll, after: Poll, times: list[str], seed: int | None
) -> None:
    world = World(**{TYPE: before})
    world.now = at("2026-01-05T08:58Z")  # a Monday
    runs(world, "2026-01-05T12:00Z")
    world.polls = replace(world.polls, polls={TYPE: after})
    jitter = Random(seed) if seed and after.cron else None
    assert runs(world, "2026-01-06T20:00Z", jitter=jitter) == times


@pytest.mark.parametrize("seconds", [-25, 0, 25])
def test_a_change_right_after_an_early_run_does_not_repeat_it(seconds: int) -> None:
    world = World(**{TYPE: cron("0 9 * * *", 86_400.0)})
    world.now = at("2026-01-05T08:00Z")
    world.minute()
    world.now = at("2026-01-05T08:59Z") + seconds
    assert [bool(report.ran) for report in world.minute()] == [True]
    world.polls = replace(world.polls, polls={TYPE: cron("0 9 * * 1-5", 259_200.0)})
    world.now = at("2026-01-05T09:00Z")
    assert runs(world, "2026-01-06T09:30Z") == ["Tue 06 09:00"]


@pytest.mark.parametrize("ahead", [7200.0, 5 * 86_400.0, 365 * 86_400.0])
@pytest.mark.parametrize("left", [-1, 4])
def test_a_clock_that_is_ahead_in_one_run_skips_no_time(ahead: float, left: int) -> None:
    world = World(**{TYPE: cron("0 9 * * *", 86_400.0)})
    world.now = at("2026-01-05T08:00Z")
    world.minute()
    world.now = at("2026-01-05T08:10Z") + ahead
    world.killable.left = left
    with suppress(Killed):
        world.minute()
    world.killable.left = -1
    world.now = at("2026-01-05T08:20Z")
    world.queue.sent.clear()
    world.ids.add(5)
    found = []
    while world.now < at("2026-01-05T09:00Z"):
        found += world.minute()
    assert world.reported() == [5]


def test_a_clock_that_was_behind_makes_one_run_more() -> None:
    world = World(**{TYPE: cron("0 9 * * *", 86_400.0)})
    world.now = at("2025-12-01T08:00Z")
    world.minute()
    world.now = at("2026-01-05T12:00Z")
    assert runs(world, "2026-01-06T09:30Z") == ["Mon 05 12:01", "Tue 06 09:00"]


def test_a_failure_on_a_clock_that_is_ahead_is_tried_again_soon() -> None:
    world = World(**{TYPE: cron("0 9 * * 1", 604_800.0)})
    world.now = at("2026-01-05T08:50Z")
    runs(world, "2026-01-05T12:00Z")
    world.now += 7 * 86_400.0
    world.database.errors["default"] = SourceError("DB_TIMEOUT", "too long")
    world.minute()
    world.database.errors.clear()
    assert world.schedule().failures == 1
    world.now = at("2026-01-10T12:00Z")
    assert runs(world, "2026-01-12T09:30Z") == ["Sat 10 12:01", "Mon 12 09:00"]


def test_whoever_resumes_a_poll_need_not_wait_for_a_new_expression() -> None:
    world = World(**{TYPE: cron("0 9 * * *", 86_400.0)})
    world.now = at("2026-01-05T12:00Z")
    world.minute()
    change(world, schedule.Schedule.paused)
    world.polls = replace(world.polls, polls={TYPE: cron("0 9 * * 1", 604_800.0)})
    change(world, schedule.Schedule.resumed)
    assert runs(world, "2026-01-07T12:00Z") == ["Mon 05 12:02"]


@pytest.mark.parametrize("changed", [schedule.Schedule.resumed, lambda one: one.started().resumed()])
def test_whoever_starts_a_poll_need_not_wait_for_its_time(changed: Any) -> None:
    world = World(**{TYPE: cron("0 9 * * *", 86_400.0)})
    world.now = at("2026-01-05T12:00Z")
    world.minute()
    change(world, schedule.Schedule.paused)
    assert runs(world, "2026-01-06T12:00Z") == []
    change(world, changed)
    world.minute()
    assert world.schedule().due_at == at("2026-01-07T09:00Z")


def test_a_plan_that_cannot_be_worked_out_fails_that_poll_alone() -> None:
    world = World(**{TYPE: cron("0 9 * * *", 86_400.0, "Mars/Base"), "order.paid": POLL})
    for _ in range(60):
        world.minute()
    assert world.schedule().code == "CATALOG_INVALID"
    assert "Mars/Base" in world.schedule().detail
    assert world.schedule("order.paid").code == ""
    assert world.schedule("order.paid").scanned_at == world.now
    world.polls = replace(world.polls, polls={TYPE: cron("0 9 * * *", 86_400.0, "Asia/Tokyo")})
    for _ in range(15):
        world.minute()
    assert world.schedule().code == ""


def test_a_tick_without_a_due_cron_expression_loads_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(**{TYPE: cron("0 9 * * *", 86_400.0), "order.paid": POLL})
    world.now = at("2026-01-05T12:00Z")
    world.minute()
    monkeypatch.setattr(schedule.cron, "following", lambda *_: pytest.fail("worked out"))
    for _ in range(100):
        world.minute()
    assert world.schedule("order.paid").scanned_at == world.now


@pytest.mark.parametrize("wrong", ["a text", b"bytes"])
def test_an_item_that_somebody_has_damaged_stops_no_other_poll(wrong: Any) -> None:
    world = World(**{TYPE: POLL, "order.paid": POLL})
    world.minute()
    item = world.item("schedule")
    world.table.rows[item.partition, item.sort] = replace(item, values={**item.values, "due_at": wrong, "code": 5})
    world.ids.add(4)
    world.minute()
    assert sorted(one["event_id"] for one in world.events()) == ["order.created/4", "order.paid/4"]


def test_a_run_that_fails_in_part_counts_what_it_has_sent() -> None:
    world = World()
    world.minute()
    world.ids.update({1, 2})
    world.minute()
    world.ids.update({3, 4, 5})
    with older_ids_failing(world.database):
        (report,) = world.minute()
        assert report.failure
        now = world.schedule()
        assert (now.found, now.scanned_at, now.code) == (5, world.now, "DB_TIMEOUT")
        for _ in range(9):
            assert world.polls.tick().overdue == []
            world.queue.sent.clear()
            world.minute()
    assert world.polls.tick().overdue == [TYPE]


def test_the_state_fits_into_its_item_in_the_worst_case() -> None:
    """Ids so far apart that each takes the most bytes; all of them new, many of them late, and each an event."""
    world = World(**{TYPE: replace(POLL, digest_rows=None, longest=60.0)})
    world.minute()
    random = Random(5)
    top, sizes = 0, []
    for _ in range(12):
        fresh = set()
        for _ in range(12_000):
            top += random.randrange(3000, 8000)
            fresh.add(top)
        late = {id_ - random.randrange(1, 2900) for id_ in random.sample(sorted(world.ids), min(9000, len(world.ids)))}
        world.ids.update(fresh | late)
        world.queue.broken = ConfigError("CONFIG_UNAVAILABLE", "the queue")  # so that all of them stay pending
        with suppress(ConfigError):
            world.polls.run([messages.request(TYPE)], lambda: 60.0)
        values = world.item("state").values.values()
        sizes.append(sum(len(one) if isinstance(one, bytes | str) else 21 for one in values))
        world.queue.broken = None
        for _ in range(3):
            world.minute()
    assert 100_000 < max(sizes) < 390_000


def test_a_table_without_a_counter_is_known_by_its_first_row_however_large_it_was() -> None:
    """The first run remembers the ids of the last rows alone; a refilled table begins far below them."""
    world = World(**{TYPE: replace(POLL, created=True, digest_rows=1)})
    world.ids.update(range(5, 3 * id_scan.PAGE_SIZE))
    world.minute()
    world.minute()
    world.ids.clear()
    world.ids.update({1, 5})
    world.database.created = {1: "later", 5: "later"}
    world.minute()
    assert held(world)


def test_rows_that_a_run_found_before_it_failed_are_sentinels_soon() -> None:
    world = World(**{TYPE: replace(POLL, created=True, digest_rows=1)})
    world.minute()
    world.minute()
    world.ids.update({1, 2, 3})
    world.minute()
    world.ids.update(range(4, 101))
    with older_ids_failing(world.database):
        world.minute()
    world.minute()
    world.ids.difference_update(range(51, 101))
    world.minute()
    for id_ in range(51, 101):
        world.ids.add(id_)
        world.database.created[id_] = "later"
    world.minute()
    assert held(world)


@pytest.mark.parametrize("changed", ["pause, then rebase", "pause, then resume"])
def test_a_pause_hides_no_reuse(changed: str) -> None:
    world = reusing()
    if "rebase" in changed:
        world.database.created = dict.fromkeys(range(1, 101), "later")
        world.minute()
        assert held(world)
    change(world, schedule.Schedule.paused)
    if "rebase" in changed:
        world.queue.sent.clear()
        change(world, schedule.Schedule.rebased)
        change(world, schedule.Schedule.resumed)
        world.minute()
        world.ids.add(101)
        world.minute()
        assert [one["event_id"] for one in world.events()] == ["order.created/101/1"]
        return
    world.ids.clear()
    world.ids.update(range(1, 151))
    world.database.created = dict.fromkeys(world.ids, "later")
    change(world, schedule.Schedule.resumed)
    world.minute()
    assert held(world)


def test_whoever_ends_a_pause_has_not_said_that_no_id_is_used_again() -> None:
    world = reusing()
    world.ids.clear()
    world.ids.update(range(1, 51))
    world.database.created = dict.fromkeys(range(1, 151), "later")
    world.minute()
    assert held(world)
    change(world, schedule.Schedule.paused)
    change(world, schedule.Schedule.resumed)
    world.ids.update(range(51, 101))
    world.minute()
    assert held(world)
    assert world.polls.tick().on_hold == [TYPE]
    change(world, schedule.Schedule.resumed)
    world.minute()
    assert not held(world)


@pytest.mark.parametrize("low", [False, True])
def test_after_it_was_resumed_a_poll_counts_anew_how_long_its_counter_is_low(low: bool) -> None:
    world = reusing(created=False)
    world.database.counter = 50
    while not held(world):
        world.minute()
        world.queue.sent.clear()
    change(world, schedule.Schedule.resumed)
    world.database.counter = 50 if low else 101
    world.minute()
    world.database.counter = 50
    for _ in range(8):
        world.minute()
        assert not held(world)
        world.queue.sent.clear()


@pytest.mark.parametrize("ahead", [3600.0, 2 * 86_400.0, 365 * 86_400.0])
def test_a_clock_that_is_wrong_once_is_no_measure_of_the_counter(ahead: float) -> None:
    world = reusing(created=False)
    world.database.counter = 50
    world.minute()
    right = world.now
    world.now += ahead
    world.minute()
    assert not held(world)
    world.now = right
    world.queue.sent.clear()
    minutes = 0
    while not held(world):
        minutes += 1
        assert minutes < 20
        world.minute()
        world.queue.sent.clear()


def test_a_poll_whose_schedule_was_lost_is_started_by_one_command() -> None:
    world = World()
    world.minute()
    for _ in range(3):
        change(world, schedule.Schedule.rebased)
        world.minute()
    assert world.schedule().epoch == 3
    del world.table.rows[partition(TYPE), "schedule"]
    world.minute()
    world.ids.add(7)
    change(world, schedule.Schedule.started)
    world.minute()
    world.ids.add(8)
    world.minute()
    assert [one["event_id"] for one in world.events()] == ["order.created/8/3"]


def test_a_select_that_gives_ids_twice_loses_no_row() -> None:
    """Lint warns of a join; where it repeats ids all the same, a part of the table does not count as all of it."""
    world = World(**{TYPE: replace(POLL, digest_rows=1)})
    select = world.database.select

    def doubled(*arguments: Any) -> list[Row]:
        parameters = dict(arguments[2])
        if "count" in parameters:
            parameters["count"] //= 2
        return [
            Row({**row, "counted": row.get("counted", 0) * 2})
            for row in select(*arguments[:2], parameters, arguments[3])
        ]

    world.database.select = doubled  # type: ignore[method-assign]
    world.minute()
    world.ids.update(range(1, 3 * id_scan.PAGE_SIZE, 2))
    world.minute()
    while messages.request(TYPE) in world.queue.sent:
        world.handle()
    world.queue.sent.clear()
    world.ids.add(2 * id_scan.PAGE_SIZE)
    for _ in range(20):
        world.minute()
    assert world.reported() == [2 * id_scan.PAGE_SIZE]


def test_a_run_that_only_sends_what_was_pending_has_not_read_the_table() -> None:
    """Else a pause would seem shorter than it was, and a poll that never gets to its table would not be overdue."""
    standing = schedule.Schedule(began_at=1.0, scanned_at=5.0)
    ran = RunResult(PollState(IdCursor.at(0)), more=True)
    assert standing.after(ran, 9.0, POLL).scanned_at == 5.0
    assert standing.after(replace(ran, scanned=True), 9.0, POLL).scanned_at == 9.0


def test_a_run_that_fails_in_part_goes_on_with_a_tick_and_not_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(id_scan, "PAGE_SIZE", 2)
    monkeypatch.setattr(id_scan, "MAX_CHUNKS", 1)
    world = World(**{TYPE: replace(POLL, digest_rows=None)})
    world.minute()
    world.ids.add(1)
    world.minute()
    world.queue.sent.clear()
    world.ids.update(range(2, 10))
    with older_ids_failing(world.database):
        (report,) = world.minute()
    assert report.ran
    assert (bool(report.failure), report.ran.more) == (True, True)
    assert messages.request(TYPE) not in world.queue.sent
    for _ in range(10):
        world.minute()
    assert sorted(world.reported()) == list(range(2, 10))


def test_rows_that_come_one_by_one_and_far_apart_can_be_read_again() -> None:
    """Each in a piece of its own: many of them are too far apart to be found at once, but these are known."""
    world = World(**{TYPE: replace(POLL, digest_rows=1)})
    world.minute()
    for part in range(4):
        world.ids.update(range(1 + part * 400 * 70_000, 1 + (part + 1) * 400 * 70_000, 70_000))
        (report,) = world.minute()
        assert report.ran
        assert not report.failure
    (report,) = world.minute()
    assert (world.schedule().found, world.schedule().code) == (1600, "")


def test_a_first_run_remembers_no_more_than_fits_into_the_memory() -> None:
    world = World()
    world.ids.update(range(20_000, 12_000 * 20_000, 20_000))
    world.minute()
    cursor = state_item.read(world.item("state")).cursor
    assert len(cursor.seen.chunks) <= table._MAX_PAGE_CHUNKS
    assert cursor.floor == next(iter(cursor.seen)) - 1
    assert cursor.top == max(world.ids)
