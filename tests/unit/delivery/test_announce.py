"""Many events fail with one problem of one template: their channel has one notice, which counts them.

The events go through the whole pipeline. A process is killed before and after each call of a port; several of them run
at once; the ledger is down; Slack refuses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from handler.catalog import Catalog, Stage
from handler.delivery.decide import LEASE_SECONDS
from handler.delivery.finish import Finisher
from handler.delivery.records import DeliveryKey, DeliveryRecord, Phase, decode, encode
from handler.delivery.tallies import KEPT_SECONDS
from handler.delivery.tallies import decode as decode_tally
from handler.delivery.tallies import encode as encode_tally
from handler.errors import ConfigError, SlackError
from handler.model import Locale, Message, Notification, Receipt, Record
from handler.outcome import Outcome, State
from handler.pipeline import Pipeline
from handler.state_item import Item
from handler.templating import Templates
from tests.kit import (
    CHANNELS,
    NOW,
    FakeApi,
    FakeDatabase,
    FakePark,
    FakeQueue,
    FakeTable,
    composer,
    deliverer_to,
    notification,
    plenty,
    policy,
    raising,
    record,
)

BROKEN = notification("{{ id }} {{ nothing }}")
MORE = re.compile(r"and (\d+) more since (\d\d:\d\d)")


@dataclass
class Slack:
    """A channel: what stands in each message now, and how often it was edited."""

    fail: Callable[[], Exception | None] = lambda: None
    at: Callable[[], None] = lambda: None
    texts: dict[str, str] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    edits: int = 0

    def post(self, message: Message) -> Receipt:
        self._call()
        ts = f"{len(self.texts) + 1}.0"
        self.texts[ts], self.marks[ts] = message.text, message.mark
        self.at()
        return Receipt(message.destination, ts)

    def edit(self, message: Message, ts: str) -> Receipt:
        self._call()
        self.texts[ts] = message.text
        self.edits += 1
        self.at()
        return Receipt(message.destination, ts)

    def find(self, message: Message, since: float) -> Receipt | None:
        self._call()
        return next((Receipt(message.destination, ts) for ts, mark in self.marks.items() if mark == message.mark), None)

    def _call(self) -> None:
        self.at()
        if error := self.fail():
            raise error

    @property
    def more(self) -> list[int]:
        """How many more events each message tells of."""
        found = [MORE.search(text) for text in self.texts.values()]
        return [int(one[1]) if one else 0 for one in found]


class World:
    def __init__(self, mode: str = "repost", locale: Locale | None = None) -> None:
        self.time = NOW.timestamp()
        self.mode, self.stage = mode, Stage("test", CHANNELS, "C0FALLBACK", locale=locale or Locale())
        self.table, self.park, self.queue = FakeTable(self.now), FakePark(), FakeQueue()
        self.slack = Slack()

    def now(self) -> float:
        return self.time

    def process(self, broken: Notification = BROKEN, table: Any = None) -> Pipeline:
        """A new execution environment."""
        nobody = FakeApi(lambda path: None)
        templates = Templates(locale=self.stage.locale)
        deliverer = deliverer_to(self.slack, table or self.table, self.now, policy(self.mode))
        return Pipeline(
            Catalog({"order.created": (broken,)}, self.stage),
            composer(self.stage, templates, FakeDatabase(lambda sql, parameters: []), nobody, lambda: NOW),
            nobody,
            deliverer,
            Finisher(self.park, self.queue, deliverer.ledger, 50, self.now),
            ignore_unknown=False,
            polls=raising(AssertionError("no poll was requested")),
        )

    def run(self, *records: Record, broken: Notification = BROKEN) -> list[str]:
        """Handle a batch, and return how each notice ended."""
        return ends(self.process(broken).run(records, plenty))

    @property
    def counted(self) -> int:
        """How many events the tally has."""
        tally = decode_tally(next(item for item in self.table.rows.values() if item.partition.startswith("notice#")))
        return tally.told + tally.untold


def ends(outcomes: list[Outcome]) -> list[str]:
    return [one.state.value for one in outcomes if one.notice]


def event(number: int, attempt: int = 1, **attributes: str) -> Record:
    made = record({"type": "order.created", "id": number, "event_id": f"e{number}"}, f"r{number}", attempt)
    return replace(made, attributes=attributes)


def events(first: int, last: int) -> list[Record]:
    return [event(number) for number in range(first, last + 1)]


def test_two_hundred_events_are_one_notice_which_is_edited_with_their_count() -> None:
    world = World()
    assert world.run(*events(1, 100)) == ["delivered"] + 99 * ["suppressed"]
    assert (world.slack.more, world.slack.edits) == ([0], 0)
    world.time += 29
    assert world.run(*events(101, 199)) == 99 * ["suppressed"]
    world.time += 1
    assert world.run(event(200)) == ["suppressed"]
    assert (world.slack.more, world.slack.edits) == ([199], 1)
    assert "order.created 1 and 199 more since 12:00 could not be shown" in world.slack.texts["1.0"]
    assert len(world.park.parked) == 200
    assert [item.sort for item in world.table.items("event#e7")] == ["order.created#-"], "what earlier versions read"
    world.time += 29
    world.run(*events(201, 220))
    assert world.slack.edits == 1
    assert world.queue.waits == {}


def test_a_webhook_posts_once_an_hour_what_has_failed_since() -> None:
    world = World("webhook")
    world.run(*events(1, 10))
    world.time += 3599
    world.run(*events(11, 38))
    assert world.slack.more == [0]
    world.time += 1
    world.run(event(39))
    world.run(event(40))
    assert world.slack.more == [0, 37]
    assert "order.created 39 and 37 more since 12:00" in world.slack.texts["2.0"]
    world.time += 3600
    world.run(event(41))
    assert "order.created 41 and 1 more since 13:00" in world.slack.texts["3.0"]


@pytest.mark.parametrize(
    ("stage", "own"),
    [
        (Locale("Asia/Tokyo", "ja"), BROKEN),
        (Locale("Europe/Berlin", "en"), replace(BROKEN, time_zone="Asia/Tokyo", language="ja")),
    ],
)
def test_the_count_is_in_the_templates_language_and_time_zone(stage: Locale, own: Notification) -> None:
    world = World(locale=stage)
    world.run(event(1), broken=own)
    world.time += 30
    world.run(event(2), broken=own)
    assert "order.created 1（21:00 以降、ほかに 1 件）を表示できません" in world.slack.texts["1.0"]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(notification("{{ id }}  {{ nothing }}"), id="a changed template"),
        pytest.param(replace(BROKEN, text=replace(BROKEN.text, where="order.created.yaml:6 text")), id="another place"),
        pytest.param(notification("{{ id }} {{ nothing }}", "vip"), id="another channel"),
    ],
)
def test_another_problem_has_a_notice_of_its_own(other: Notification) -> None:
    world = World()
    assert world.run(event(1)) == ["delivered"]
    assert world.run(event(2), broken=other) == ["delivered"]
    assert world.run(event(1, replayed_at=NOW.isoformat()), broken=other) == ["suppressed"]
    assert world.slack.more == [0, 0]


def test_a_channel_that_an_alias_newly_means_has_a_notice_of_its_own() -> None:
    world = World()
    world.run(event(1))
    world.stage = replace(world.stage, redirect="C0ELSEWHERE")
    assert world.run(event(2), event(3)) == ["delivered", "suppressed"]


def test_a_notice_begins_anew_after_a_day() -> None:
    world = World()
    world.run(event(1))
    world.time += KEPT_SECONDS - 1
    assert world.run(event(2)) == ["suppressed"]
    world.time += 1
    assert world.run(event(3)) == ["delivered"]
    assert world.slack.more == [1, 0]


def test_one_replay_brings_all_back_and_the_notice_stays_as_it_is() -> None:
    world = World()
    world.run(*events(1, 200))
    before = dict(world.slack.texts)
    world.time += 3600
    replayed = [replace(one.record, attributes={"replayed_at": NOW.isoformat()}) for one in world.park.parked]
    outcomes = world.process(notification("{{ id }} repaired")).run(replayed, plenty)
    assert [one.state for one in outcomes] == 200 * [State.DELIVERED]
    assert world.slack.texts["1.0"] == before["1.0"]
    assert len(world.slack.texts) == 201


@pytest.mark.parametrize("again", [{"attempt": 2}, {"replayed_at": NOW.isoformat()}])
def test_an_event_that_comes_again_counts_once(again: Any) -> None:
    world = World()
    world.run(*events(1, 3))
    world.time += 60
    assert world.run(*(event(number, **again) for number in (1, 2, 3))) == 3 * ["repeated"]
    assert (world.counted, world.slack.edits) == (3, 0)


def test_an_event_that_comes_again_after_a_day_counts_for_the_notice_of_that_day() -> None:
    world = World()
    world.run(event(1))
    world.time += KEPT_SECONDS - 1
    assert world.run(event(1, replayed_at=NOW.isoformat())) == ["repeated"]
    world.time += 1
    assert world.run(event(2)) == ["delivered"]
    assert world.run(event(1, replayed_at=NOW.isoformat())) == ["suppressed"]
    assert world.counted == 2


def test_an_event_that_an_earlier_version_has_told_of_is_not_told_of_again() -> None:
    """That version had one notice for each event, whose record stood beside those of the event."""
    world = World()
    key = DeliveryKey("e1", "order.created", "orders", notice=True)
    posted = DeliveryRecord(Phase.DELIVERED, NOW.timestamp(), channel="C1", ts="9.0")
    world.table.swap(encode(key, posted))
    assert world.run(event(1, attempt=2)) == ["repeated"]
    assert world.run(event(2)) == ["delivered"]


def test_nothing_is_posted_while_the_ledger_is_down_and_nothing_is_lost() -> None:
    world = World()
    world.table.broken = ConfigError("LEDGER_UNAVAILABLE", "down")
    assert world.run(*events(1, 3)) == 3 * ["retry"]
    assert (world.slack.texts, world.park.parked) == ({}, [])
    world.table.broken = None
    assert world.run(*(event(number, 2) for number in (1, 2, 3))) == ["delivered", "suppressed", "suppressed"]


def test_counted_events_end_at_once_while_the_channel_is_paused() -> None:
    world = World()
    world.run(event(1))
    world.slack.fail = lambda: SlackError("SLACK_RATE_LIMITED", "ratelimited", 60.0)
    world.time += 30
    assert world.run(*events(2, 50)) == 49 * ["suppressed"]
    world.time += 31
    world.slack.fail = lambda: AssertionError("the channel is paused")  # type: ignore[assignment,return-value]
    process = world.process()
    process.deliverer.throttle.refresh()
    assert ends(process.run([event(51)], plenty)) == ["suppressed"]
    assert world.queue.waits == {}
    world.slack.fail = lambda: None
    world.time += 60
    world.run(event(52))
    assert world.slack.more == [51]


@pytest.mark.parametrize("code", ["SLACK_UNAVAILABLE", "SLACK_RATE_LIMITED"])
def test_while_the_post_fails_one_event_waits_for_it_and_the_others_only_count(code: str) -> None:
    world = World()
    world.slack.fail = lambda: SlackError(code, "", 20.0)
    assert world.run(event(1)) == ["retry"]
    assert world.run(*events(2, 20)) == 19 * ["suppressed"]
    world.slack.fail = lambda: None
    world.time += 25
    assert world.run(event(1, 2)) == ["delivered"]
    world.time += 30
    world.run(event(21))
    assert world.slack.more == [20]


def test_if_the_event_that_had_to_post_is_gone_the_next_one_posts() -> None:
    world = World()
    world.slack.fail = lambda: SlackError("SLACK_CREDENTIAL", "token_revoked")
    assert world.run(event(1)) == ["parked"]
    world.slack.fail = lambda: None
    assert world.run(event(2)) == ["delivered"]
    assert list(world.slack.texts) == ["1.0"]


def test_a_deleted_notice_is_left_alone() -> None:
    world = World()
    world.run(event(1))
    world.slack.fail = lambda: SlackError("SLACK_CONFIG", "message_not_found")
    world.time += 30
    (told,) = [one for one in world.process().run([event(2)], plenty) if one.notice]
    assert (told.state, told.detail) == (State.SUPPRESSED, "the notice was not edited: SLACK_CONFIG")


def test_an_edit_that_fails_while_the_ledger_fails_too_ends_as_one_that_fails() -> None:
    world = World()
    world.run(event(1))

    def fails() -> Exception:
        world.table.broken = ConfigError("LEDGER_UNAVAILABLE", "down")
        return SlackError("SLACK_RATE_LIMITED", "ratelimited", 20.0)

    world.slack.fail = fails
    world.time += 30
    (told,) = [one for one in world.process().run([event(2)], plenty) if one.notice]
    assert (told.state, told.detail) == (State.SUPPRESSED, "the notice was not edited: SLACK_RATE_LIMITED")
    assert len(world.park.parked) == 2


def test_a_defect_in_an_edit_touches_no_neighbour() -> None:
    world = World()
    world.run(event(1))
    world.slack.fail = lambda: RuntimeError("a defect")
    world.time += 30
    assert world.run(event(2), event(3)) == ["retry", "retry"]
    assert world.run(event(2, 2), event(3, 2)) == ["repeated", "suppressed"]
    assert len(world.park.parked) == 3


def test_no_value_of_an_event_changes_which_notice_it_is() -> None:
    world = World()
    failing = notification("{{ (1 / data.n) | round }}")
    for number in range(3):
        made = record({"type": "order.created", "id": number, "data": {"n": 0, "x": f"secret {number}"}}, str(number))
        world.run(made, broken=failing)
    assert len(world.slack.texts) == 1
    assert "secret" not in repr(world.table.rows)


def test_an_event_that_goes_well_makes_two_writes_and_asks_for_no_notice() -> None:
    world, asked = World(), []
    reads, writes = world.table.items, world.table.swap
    world.table.items = lambda partition: asked.append(("read", partition)) or reads(partition)  # type: ignore[func-returns-value,method-assign]
    world.table.swap = lambda item: asked.append(("write", item.partition)) or writes(item)  # type: ignore[func-returns-value,method-assign]
    world.run(event(1), broken=notification())
    assert asked == [("read", "gate"), ("write", "event#e1"), ("write", "event#e1")]


# ---- Several workers ----


def test_workers_that_run_at_once_post_one_notice_and_count_every_event() -> None:
    world = World()
    batches = [events(first, first + 9) for first in range(1, 201, 10)]
    processes = [world.process() for _ in batches]
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda pair: pair[0].run(pair[1], plenty), zip(processes, batches, strict=True)))
    states = [state for run in runs for state in ends(run)]
    assert states.count("delivered") == 1
    assert set(states) == {"delivered", "suppressed"}
    assert (len(world.slack.texts), world.counted) == (1, 200)


class Overtaken:
    """A table in which others count an event just before each of a worker's first `times` writes of the tally."""

    def __init__(self, table: FakeTable, times: int) -> None:
        self._table, self._times = table, times
        self.asked: list[str] = []

    def swap(self, item: Item) -> Item | None:
        if item.partition.startswith("notice#") and self._times:
            self._times -= 1
            (standing,) = self._table.items(item.partition)
            tally = decode_tally(standing).counted()
            self._table.swap(encode_tally(item.partition.removeprefix("notice#"), tally).following(standing))
        self.asked.append("write " + item.partition.partition("#")[0])
        return self._table.swap(item)

    def items(self, partition: str) -> list[Item]:
        self.asked.append("read " + partition.partition("#")[0])
        return self._table.items(partition)

    def get(self, keys: Any) -> list[Item]:
        return self._table.get(keys)


def test_an_event_is_counted_however_often_others_are_faster() -> None:
    world = World()
    world.run(event(1))
    table = Overtaken(world.table, 100)
    assert ends(world.process(table=table).run([event(2)], plenty)) == ["suppressed"]
    assert world.counted == 102
    reads = ["read gate", "write counted", "read notice", "read event"]
    assert table.asked[: len(reads)] == reads
    assert table.asked[len(reads) : -2] == 101 * ["write notice"], "each write that fails returns what is there"


def test_an_event_that_finds_the_notice_posted_at_this_moment_is_only_counted() -> None:
    """It has read the record before another event wrote it, and meets it when it claims the post."""
    world = World()
    world.run(event(1))
    world.time += LEASE_SECONDS
    reads = world.table.items
    world.table.items = lambda partition: [] if partition.startswith("event#notice") else reads(partition)  # type: ignore[method-assign]
    (told,) = [one for one in world.process().run([event(2)], plenty) if one.notice]
    assert (told.state, told.code) == (State.SUPPRESSED, "NOTICE_COUNTED")
    assert len(world.slack.texts) == 1


def test_an_event_that_others_overtake_for_ever_comes_again_and_is_parked() -> None:
    world = World()
    world.run(event(1))
    (busy,) = [one for one in world.process(table=Overtaken(world.table, 10_000)).run([event(2)], plenty) if one.notice]
    assert (busy.state, busy.code) == (State.RETRY, "LEDGER_BUSY")
    assert world.run(event(2, 2)) == ["repeated"]
    assert len(world.park.parked) == 2


# ---- Killed at every point ----


class Killed(BaseException):
    """The process is gone: nothing catches this."""


class Kill:
    """Strikes at one point; `passed` counts all that were met."""

    def __init__(self, at: int) -> None:
        self.at, self.passed = at, 0

    def __call__(self) -> None:
        self.passed += 1
        if self.passed == self.at:
            raise Killed


class Around:
    """A table whose calls are each between two points."""

    def __init__(self, table: FakeTable, kill: Kill) -> None:
        self._table, self._kill = table, kill

    def swap(self, item: Any) -> Any:
        self._kill()
        found = self._table.swap(item)
        self._kill()
        return found

    def items(self, partition: str) -> Any:
        self._kill()
        return self._table.items(partition)


def life(world: World, at: int, between: float) -> int:
    """Five events, one after the other, the process killed at one point; whoever was killed comes again. The points."""
    kill = Kill(at)
    table = Around(world.table, kill)
    world.slack.at = kill
    again: list[Record] = []
    for one in events(1, 5):
        try:
            outcomes = world.process(table=table).run([one], plenty)
            again += [o.record for o in outcomes if o.notice and o.state is State.RETRY]
        except Killed:
            again.append(one)
        world.time += between
    for attempt in range(2, 12):
        world.time += 360
        waiting, again = again, []
        for one in waiting:
            outcomes = world.process(table=table).run([replace(one, attempt=attempt)], plenty)
            again += [o.record for o in outcomes if o.notice and o.state is State.RETRY]
    assert not again
    return kill.passed


MODES = {"read-back": 1, "repost": 2, "park": 1, "webhook": 2}


def kills() -> Iterator[tuple[str, float, int]]:
    for mode in MODES:
        for between in (1.0, 40.0):
            yield from ((mode, between, at) for at in range(1, life(World(mode), 0, between) + 1))


@pytest.mark.parametrize(("mode", "between", "at"), list(kills()))
def test_a_kill_at_any_point_doubles_no_count_and_no_notice(mode: str, between: float, at: int) -> None:
    world = World(mode)
    life(world, at, between)
    assert len({one.record.id for one in world.park.parked}) == 5, "an event was lost"
    assert 4 <= world.counted <= 5
    assert len(world.slack.texts) <= MODES[mode]
    assert max(world.slack.more, default=0) <= 4
    posted = [item for item in world.table.rows.values() if "notice" in item.partition and "phase" in item.values]
    (one,) = map(decode, posted)
    assert one.phase is Phase.DELIVERED or mode == "park"
    assert world.slack.texts or mode == "park"
