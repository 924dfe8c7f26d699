"""What the ledger knows of a delivery decides whether anything is posted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import pytest

from handler.delivery.decide import GRACE_SECONDS, LEASE_SECONDS, REPOST_SECONDS, STUB
from handler.delivery.delivery import Delivery
from handler.delivery.ledger import Ledger
from handler.delivery.records import DeliveryRecord, Phase, StoredRecord
from handler.delivery.throttle import DEFAULT_PAUSE_SECONDS
from handler.errors import ConfigError, NotifierError, SlackError
from handler.model import Event, Message, Receipt, Record
from handler.outcome import Outcome, State
from tests.kit import FakeSlack, FakeTable, deliverer_to, policy

CHANNEL = "C0ORDERS01"
UNAVAILABLE = ConfigError("LEDGER_UNAVAILABLE", "down")


@dataclass
class Slack:
    """A channel: what was posted and edited, and what comes next in place of a receipt."""

    failures: list[Exception] = field(default_factory=list)
    posts: dict[str, Message] = field(default_factory=dict)
    edits: list[tuple[str, str]] = field(default_factory=list)
    accepts_before_failing: bool = False
    drops_threads: bool = False
    asked: list[tuple[str, float]] = field(default_factory=list)

    def post(self, message: Message) -> Receipt:
        if self.failures and not self.accepts_before_failing:
            raise self.failures.pop(0)
        ts = f"{1000 + len(self.posts)}.000100"
        self.posts[ts] = message
        if self.failures:
            raise self.failures.pop(0)
        return Receipt(message.destination, ts, thread_ts="" if self.drops_threads else message.thread_ts)

    def edit(self, message: Message, ts: str) -> Receipt:
        if self.failures:
            raise self.failures.pop(0)
        self.edits.append((ts, message.text))
        return Receipt(message.destination, ts)

    def find(self, message: Message, since: float) -> Receipt | None:
        assert message.mark
        self.asked.append((message.thread_ts, since))
        for ts, one in self.posts.items():
            if one.mark == message.mark:
                return Receipt(one.destination, ts, thread_ts=one.thread_ts)
        return None


class World:
    """Slack, the table and a clock; an attempt in a new execution environment each time."""

    def __init__(self, mode: str = "read-back", **slack: Any) -> None:
        self.time = 1_000_000.0
        self.slack = Slack(**slack)
        self.table = FakeTable(self.now)
        self.mode = mode

    def now(self) -> float:
        return self.time

    def attempt(self, wanted: Delivery | None = None) -> Outcome:
        deliverer = deliverer_to(self.slack, self.table, self.now, policy(self.mode))
        deliverer.throttle.refresh()
        return deliverer(wanted or delivery())

    def later(self, seconds: float) -> None:
        self.time += seconds

    def entry(self, wanted: Delivery | None = None) -> DeliveryRecord:
        key = (wanted or delivery()).key
        return Ledger(self.table).of_event(key.event)[key].record

    def put(self, phase: Phase, wanted: Delivery | None = None, **fields: Any) -> StoredRecord:
        entry = DeliveryRecord(phase, self.now(), **fields)
        return Ledger(self.table).write((wanted or delivery()).key, entry, None)


def delivery(text: str = "New order 1", event: str = "e1", record: Record | None = None, **message: Any) -> Delivery:
    said = Message("order.created", "orders", CHANNEL, text, **message)
    return Delivery(record or Record("r1", "{}"), Event("order.created", 1, event), said)


REPLAY = Record("r1", "{}", attributes={"replayed_at": "2026-11-25T10:00:00+00:00"})
RECEIPT = {"channel": CHANNEL, "ts": "1000.000100"}


# ---- What stands in the ledger ----


@pytest.mark.parametrize(
    ("phase", "fields", "state", "code", "posts"),
    [
        (Phase.DELIVERED, RECEIPT, State.REPEATED, "DELIVERED", 0),
        (Phase.SUPPRESSED, {}, State.REPEATED, "SUPPRESSED", 0),
        (Phase.PARKED, {"code": "SLACK_CONFIG"}, State.REPEATED, "PARKED", 0),
        (Phase.WAITING, {"until": -1.0, "code": "SLACK_UNAVAILABLE"}, State.DELIVERED, "", 1),
        (Phase.WAITING, {"until": 60.0, "code": "SLACK_UNAVAILABLE"}, State.DELIVERED, "", 1),
        (Phase.WAITING, {"until": 60.0, "code": "SLACK_RATE_LIMITED"}, State.RETRY, "SLACK_RATE_LIMITED", 0),
        (Phase.WAITING, {"until": 0.5, "code": "SLACK_RATE_LIMITED"}, State.DELIVERED, "", 1),
        (Phase.SENDING, {"until": 15.0}, State.RETRY, "LEDGER_BUSY", 0),
        (Phase.SENDING, {"until": -GRACE_SECONDS - 1}, State.DELIVERED, "", 1),
        (Phase.SENDING, {"until": -1.0}, State.RETRY, "SLACK_AMBIGUOUS", 0),
        (Phase.UNKNOWN, {"until": 5.0, "code": "SLACK_AMBIGUOUS"}, State.RETRY, "SLACK_AMBIGUOUS", 0),
        (Phase.UNKNOWN, {"until": -GRACE_SECONDS - 1, "ambiguous_posts": 1}, State.DELIVERED, "", 1),
    ],
)
def test_what_is_known_decides(phase: Phase, fields: dict[str, Any], state: State, code: str, posts: int) -> None:
    """`until` counts from now."""
    world = World()
    if "until" in fields:
        fields = {**fields, "until": world.time + fields["until"]}
    world.put(phase, **fields)
    outcome = world.attempt()
    assert (outcome.state, outcome.code) == (state, code)
    assert len(world.slack.posts) == posts
    if state is State.RETRY:
        assert world.time < outcome.due <= world.time + 60


@pytest.mark.parametrize("mode", ["read-back", "repost", "park", "webhook"])
def test_a_delivery_that_goes_well_makes_two_writes_and_no_read(mode: str) -> None:
    world, calls = World(mode), []
    swap = world.table.swap
    world.table.swap = lambda item: calls.append(item.values["phase"]) or swap(item)  # type: ignore[method-assign]
    world.table.items = lambda partition: calls.append(partition) or []  # type: ignore[method-assign]
    world.table.get = lambda keys: calls.append(keys) or []  # type: ignore[method-assign]
    world.slack.find = _raising(AssertionError("the channel was read"))  # type: ignore[method-assign]
    deliverer = deliverer_to(world.slack, world.table, world.now, policy(mode))
    assert deliverer(delivery()).state is State.DELIVERED
    assert calls == ["sending", "delivered"]


def test_a_phase_of_a_newer_version_is_left_alone_and_its_values_are_kept() -> None:
    world = World()
    known = world.put(Phase.WAITING, until=world.time - 1)
    newer = replace(
        known.item, values={**known.item.values, "phase": "negotiating", "until": world.time + 5, "new": "x"}
    )
    assert world.table.swap(newer.following(known.item)) is None
    assert world.attempt().code == "LEDGER_BUSY"
    world.later(60)
    assert world.attempt().state is State.DELIVERED
    (row,) = world.table.items("event#e1")
    assert (row.values["phase"], row.values["new"]) == ("delivered", "x")


def test_a_parked_delivery_is_posted_by_a_replay_and_a_delivered_one_is_not() -> None:
    world = World()
    world.put(Phase.PARKED, code="SLACK_CONFIG")
    assert world.attempt().state is State.REPEATED
    assert world.attempt(delivery(record=REPLAY)).state is State.DELIVERED
    assert world.attempt(delivery(record=REPLAY)).state is State.REPEATED
    assert len(world.slack.posts) == 1


@pytest.mark.parametrize(("mode", "posts"), [("read-back", 1), ("repost", 2)])
def test_a_replay_looks_first_for_what_slack_may_have_taken(mode: str, posts: int) -> None:
    """It was parked for another reason, after a post whose outcome was unknown."""
    world = World(mode)
    world.slack.posts["999.000100"] = replace(delivery().message, mark=delivery().key.mark)
    world.put(Phase.PARKED, code="SLACK_CREDENTIAL", ambiguous_posts=1, ambiguous_since=world.time - 60)
    assert world.attempt(delivery(record=REPLAY)).state is State.DELIVERED
    assert len(world.slack.posts) == posts


# ---- Unknown outcomes ----


def test_a_post_that_was_taken_is_found_by_reading_back() -> None:
    world = World(failures=[SlackError("SLACK_AMBIGUOUS", "timeout")], accepts_before_failing=True)
    assert world.attempt().code == "SLACK_AMBIGUOUS"
    world.later(GRACE_SECONDS + 1)
    outcome = world.attempt()
    assert (outcome.state, outcome.code) == (State.DELIVERED, "READ_BACK")
    assert outcome.receipt
    assert outcome.receipt.ts in world.slack.posts
    assert len(world.slack.posts) == 1
    assert world.entry().phase is Phase.DELIVERED


def test_a_post_that_was_not_taken_is_posted_again_after_reading_back_however_often() -> None:
    world = World(failures=[SlackError("SLACK_AMBIGUOUS")] * 3)
    outcomes = []
    for _ in range(8):
        outcomes.append(world.attempt().state)
        world.later(2 * GRACE_SECONDS + 1)
    assert outcomes.count(State.DELIVERED) == 1
    assert State.PARKED not in outcomes
    assert len(world.slack.posts) == 1


@pytest.mark.parametrize("mode", ["repost", "webhook"])
@pytest.mark.parametrize(("failures", "posts", "state"), [(1, 2, State.DELIVERED), (2, 2, State.PARKED)])
def test_without_reading_back_it_is_posted_once_more_and_then_parked(
    mode: str, failures: int, posts: int, state: State
) -> None:
    world = World(mode, failures=[SlackError("SLACK_AMBIGUOUS")] * failures, accepts_before_failing=True)
    first = world.attempt()
    assert first.state is State.RETRY
    assert first.due == pytest.approx(world.time + REPOST_SECONDS)
    world.later(REPOST_SECONDS + 1)
    assert world.attempt().state is state
    assert len(world.slack.posts) == posts


def test_the_channel_and_the_thread_are_read_since_the_first_post_whose_outcome_is_unknown() -> None:
    world = World()
    world.attempt(threaded("a"))
    began = world.time
    for _ in range(3):
        world.slack.failures = [SlackError("SLACK_AMBIGUOUS")]
        world.attempt(threaded("b"))
        world.later(2 * GRACE_SECONDS + 1)
    assert world.slack.asked == [("1000.000100", began)] * 2


def test_the_rule_park_posts_nothing_again() -> None:
    world = World("park", failures=[SlackError("SLACK_AMBIGUOUS", "reset")], accepts_before_failing=True)
    outcome = world.attempt()
    assert (outcome.state, outcome.code, outcome.detail) == (State.PARKED, "SLACK_AMBIGUOUS", "reset")
    assert len(world.slack.posts) == 1


@pytest.mark.parametrize(("mode", "posts"), [("read-back", 1), ("repost", 2), ("park", 1)])
def test_a_process_killed_between_the_post_and_the_ledger_counts_as_a_doubt(mode: str, posts: int) -> None:
    world = World(mode)
    world.put(Phase.SENDING, until=world.time + LEASE_SECONDS)
    world.slack.posts["999.000100"] = replace(delivery().message, mark=delivery().key.mark)
    assert world.attempt().code == "LEDGER_BUSY"
    world.later(LEASE_SECONDS + GRACE_SECONDS + 1)
    assert world.attempt().state is (State.PARKED if mode == "park" else State.DELIVERED)
    assert len(world.slack.posts) == posts


def test_a_history_that_cannot_be_read_is_tried_again_and_nothing_is_posted() -> None:
    world = World(failures=[SlackError("SLACK_AMBIGUOUS")])
    world.attempt()
    world.later(GRACE_SECONDS + 1)
    world.slack.find = _raising(SlackError("SLACK_UNREADABLE", "missing_scope", 40.0))  # type: ignore[method-assign]
    outcome = world.attempt()
    assert (outcome.state, outcome.code, outcome.due) == (State.RETRY, "SLACK_UNREADABLE", world.time + 40)
    assert not world.slack.posts


def _raising(error: Exception) -> Callable[..., Any]:
    def find(*_: object) -> Any:
        raise error

    return find


# ---- The ledger itself ----


def test_nothing_is_posted_while_the_ledger_is_down() -> None:
    world = World()
    world.table.broken = UNAVAILABLE
    outcome = world.attempt()
    assert (outcome.state, outcome.code) == (State.RETRY, "LEDGER_UNAVAILABLE")
    assert not world.slack.posts


def test_what_slack_has_is_delivered_even_if_the_ledger_cannot_be_told() -> None:
    world = World()
    post = world.slack.post

    def and_then_down(message: Message) -> Receipt:
        world.table.broken = UNAVAILABLE
        return post(message)

    world.slack.post = and_then_down  # type: ignore[method-assign]
    outcome = world.attempt()
    assert outcome.state is State.DELIVERED
    assert "not in the ledger" in outcome.detail
    world.table.broken = None
    world.later(LEASE_SECONDS + GRACE_SECONDS + 1)
    assert world.attempt().code == "READ_BACK"
    assert len(world.slack.posts) == 1


def test_who_was_overtaken_while_frozen_overwrites_nothing() -> None:
    world = World()
    post = world.slack.post

    def frozen(message: Message) -> Receipt:
        world.later(600)
        world.slack.post = post  # type: ignore[method-assign]
        assert world.attempt().state is State.DELIVERED
        return post(message)

    world.slack.post = frozen  # type: ignore[method-assign]
    outcome = world.attempt()
    assert "took over" in outcome.detail
    assert world.entry().ts == "1000.000100"
    assert world.attempt().state is State.REPEATED


# ---- Rate limits ----


def test_after_a_429_everybody_takes_a_slot_and_nobody_posts_before_its_end() -> None:
    world = World(failures=[SlackError("SLACK_RATE_LIMITED", "", 30.0)])
    dues = [world.attempt(delivery(event=f"e{number}")).due for number in range(5)]
    assert dues[0] >= world.time + 30
    assert all(later - earlier >= 1 for earlier, later in pairwise(dues))
    assert not world.slack.posts
    for number, due in enumerate(dues):
        world.time = due
        assert world.attempt(delivery(event=f"e{number}")).state is State.DELIVERED
    world.later(5)
    assert world.attempt(delivery(event="later")).state is State.DELIVERED


def test_who_waited_for_something_else_stands_in_line_too() -> None:
    world = World(failures=[SlackError("SLACK_UNAVAILABLE"), SlackError("SLACK_RATE_LIMITED", "", 10.0)])
    waits = world.attempt(delivery(event="first"))
    slot = world.attempt(delivery(event="second")).due
    world.time = max(waits.due, slot)
    crowd = world.attempt(delivery(event="first"))
    assert (crowd.state, crowd.code) == (State.RETRY, "SLACK_RATE_LIMITED")
    assert crowd.due > slot


@pytest.mark.parametrize(("retry_after", "pause"), [(None, DEFAULT_PAUSE_SECONDS), (0.0, 0.0), (7.0, 7.0)])
def test_a_429_pauses_the_channel_for_as_long_as_slack_asks(retry_after: float | None, pause: float) -> None:
    world = World(failures=[SlackError("SLACK_RATE_LIMITED", "", retry_after)])
    assert world.attempt().due == pytest.approx(world.time + pause)


def test_a_stub_that_waits_for_a_slot_is_edited_and_not_posted_anew() -> None:
    world = World()
    world.attempt(delivery("Order 1 ...", stub=True))
    world.slack.failures = [SlackError("SLACK_RATE_LIMITED", "", 30.0)]
    world.attempt(delivery("Another", event="e2"))
    late = world.attempt(delivery("Order 1: tea"))
    assert late.code == "SLACK_RATE_LIMITED"
    world.time = late.due
    assert world.attempt(delivery("Order 1: tea")).state is State.DELIVERED
    assert world.slack.edits == [("1000.000100", "Order 1: tea")]


def test_without_a_throttle_the_retry_after_is_kept_all_the_same() -> None:
    world = World()

    def limited(_: Message) -> Receipt:
        world.table.broken = UNAVAILABLE
        raise SlackError("SLACK_RATE_LIMITED", "", 45.0)

    world.slack.post = limited  # type: ignore[method-assign]
    outcome = world.attempt()
    assert (outcome.code, outcome.due) == ("SLACK_RATE_LIMITED", world.time + 45)


# ---- Threads ----


def threaded(event: str, **more: Any) -> Delivery:
    return delivery(f"about {event}", event, thread="order-1", **more)


def test_the_first_message_begins_the_thread_and_the_others_reply() -> None:
    world = World()
    for event in ("a", "b", "c"):
        assert world.attempt(threaded(event)).state is State.DELIVERED
    first, *replies = world.slack.posts
    assert [world.slack.posts[ts].thread_ts for ts in replies] == [first, first]
    assert world.slack.posts[first].thread_ts == ""


def test_who_comes_while_the_first_is_being_posted_waits() -> None:
    world = World()
    post, others = world.slack.post, []

    def meanwhile(message: Message) -> Receipt:
        world.slack.post = post  # type: ignore[method-assign]
        others.append(world.attempt(threaded("b")))
        return post(message)

    world.slack.post = meanwhile  # type: ignore[method-assign]
    world.attempt(threaded("a"))
    assert [other.code for other in others] == ["THREAD_BUSY"]
    world.later(10)
    assert world.attempt(threaded("b")).state is State.DELIVERED
    assert [message.thread_ts for message in world.slack.posts.values()] == ["", "1000.000100"]


def test_with_update_the_first_message_is_edited() -> None:
    world = World()
    for event in ("a", "b"):
        assert world.attempt(threaded(event, update=True)).state is State.DELIVERED
    assert world.slack.edits == [("1000.000100", "about b")]
    assert len(world.slack.posts) == 1


def test_an_edit_by_what_was_read_earlier_does_not_undo_a_later_one() -> None:
    world = World()
    for event, read_at in (("a", 10.0), ("c", 30.0), ("b", 20.0), ("d", 30.0)):
        outcome = world.attempt(threaded(event, update=True, read_at=read_at))
        assert outcome.state is State.DELIVERED
        assert ("newer state" in outcome.detail) is (event == "b")
    assert world.slack.edits == [("1000.000100", "about c"), ("1000.000100", "about d")]
    assert world.attempt(threaded("b", update=True, read_at=40.0)).state is State.REPEATED


def test_an_edit_of_which_nobody_knows_is_simply_repeated() -> None:
    world = World("repost")
    world.attempt(threaded("a", update=True))
    world.slack.failures = [SlackError("SLACK_AMBIGUOUS")] * 3
    for _ in range(3):
        assert world.attempt(threaded("b", update=True)).state is State.RETRY
        world.later(400)
    assert world.attempt(threaded("b", update=True)).state is State.DELIVERED
    assert world.slack.edits == [("1000.000100", "about b")]


@pytest.mark.parametrize("update", [False, True])
@pytest.mark.parametrize("word", ["restricted_action_thread_locked", "message_not_found"])
def test_a_thread_that_is_gone_begins_anew_and_says_so(word: str, update: bool) -> None:
    world = World()
    world.attempt(threaded("a"))
    world.slack.failures = [SlackError("SLACK_CONFIG", word)]
    assert world.attempt(threaded("b", update=update)).state is State.DELIVERED
    anew = world.slack.posts["1001.000100"]
    assert anew.thread_ts == ""
    assert "begins it anew" in anew.text
    world.attempt(threaded("c"))
    assert world.slack.posts["1002.000100"].thread_ts == "1001.000100"


@pytest.mark.parametrize("update", [False, True])
def test_a_thread_that_another_worker_began_anew_meanwhile_gets_a_reply(update: bool) -> None:
    """Both find the first message gone. One begins the thread anew; the other must not begin it a second time."""
    world, others = World(), []
    world.attempt(threaded("a"))
    gone = SlackError("SLACK_CONFIG", "message_not_found")
    method = "edit" if update else "post"
    original = getattr(world.slack, method)

    def meanwhile(*_: Any) -> Receipt:
        setattr(world.slack, method, original)
        world.slack.failures = [gone]
        others.append(world.attempt(threaded("b", update=update)))
        raise gone

    setattr(world.slack, method, meanwhile)
    assert world.attempt(threaded("c", update=update)).state is State.DELIVERED
    assert [one.state for one in others] == [State.DELIVERED]
    assert world.slack.posts["1002.000100"].thread_ts == "1001.000100"
    world.attempt(threaded("d"))
    assert world.slack.posts["1003.000100"].thread_ts == "1001.000100"


def test_while_another_worker_begins_a_thread_anew_nothing_is_posted() -> None:
    world, others = World(), []
    world.attempt(threaded("a"))
    gone, post = SlackError("SLACK_CONFIG", "thread_not_found"), world.slack.post

    def first(message: Message) -> Receipt:
        world.slack.post = second  # type: ignore[method-assign]
        others.append(world.attempt(threaded("b")))
        raise gone

    def second(message: Message) -> Receipt:
        world.slack.post = third  # type: ignore[method-assign]
        raise gone

    def third(message: Message) -> Receipt:
        raise ZeroDivisionError  # the other worker is killed while it posts the first message

    world.slack.post = first  # type: ignore[method-assign]
    outcome = world.attempt(threaded("c"))
    assert (outcome.state, outcome.code) == (State.RETRY, "THREAD_BUSY")
    world.slack.post = post  # type: ignore[method-assign]
    assert len(world.slack.posts) == 1


def test_a_footer_about_what_is_gone_does_not_outlive_a_conflict() -> None:
    """The edit is refused; before the message is posted anew, another worker takes over, and fails to edit too."""
    world = World()
    world.attempt(delivery("Order 1 ...", stub=True))
    edit = world.slack.edit

    def refused(message: Message, ts: str) -> Receipt:
        world.later(LEASE_SECONDS + 5)
        world.slack.edit = edit  # type: ignore[method-assign]
        world.slack.failures = [SlackError("SLACK_UNAVAILABLE", "refused")]
        assert world.attempt(delivery("Order 1: tea")).state is State.RETRY
        raise SlackError("SLACK_CONFIG", "edit_window_closed")

    world.slack.edit = refused  # type: ignore[method-assign]
    outcome = world.attempt(delivery("Order 1: tea"))
    assert (outcome.state, outcome.detail) == (State.DELIVERED, "")
    assert world.slack.edits == [("1000.000100", "Order 1: tea")]


def test_each_claim_has_its_full_lease_after_what_took_long() -> None:
    world, until = World(), []
    world.attempt(threaded("a"))
    swap = world.table.swap

    def slow(item: Any) -> Any:
        if item.partition.startswith("thread#"):
            world.later(6)
        elif item.values["phase"] == "sending":
            until.append(item.values["until"] - world.time)
        return swap(item)

    world.table.swap = slow  # type: ignore[method-assign]
    world.slack.failures = [SlackError("SLACK_CONFIG", "message_not_found")]
    assert world.attempt(threaded("b", update=True)).state is State.DELIVERED
    assert until == [LEASE_SECONDS, LEASE_SECONDS]


def test_a_reply_that_slack_made_a_message_of_its_own_says_so_afterwards() -> None:
    world = World()
    world.attempt(threaded("a"))
    world.slack.drops_threads = True
    assert world.attempt(threaded("b")).state is State.DELIVERED
    ((ts, text),) = world.slack.edits
    assert (ts, "begins it anew" in text) == ("1001.000100", True)
    world.slack.drops_threads = False
    world.attempt(threaded("c"))
    assert world.slack.posts["1002.000100"].thread_ts == "1001.000100"


def test_a_first_message_that_is_found_by_reading_back_is_its_threads_first() -> None:
    world = World(failures=[SlackError("SLACK_AMBIGUOUS")], accepts_before_failing=True)
    world.attempt(threaded("a"))
    world.later(GRACE_SECONDS + 1)
    assert world.attempt(threaded("a")).code == "READ_BACK"
    world.attempt(threaded("b"))
    assert [message.thread_ts for message in world.slack.posts.values()] == ["", "1000.000100"]


def test_a_thread_that_is_in_use_is_kept() -> None:
    world = World()
    for event in ("a", "b", "c", "d"):
        world.attempt(threaded(event))
        world.later(50 * 86_400)
    assert [message.thread_ts for message in world.slack.posts.values()] == ["", *["1000.000100"] * 3]


def test_a_webhook_has_no_threads() -> None:
    world = World("webhook")
    for event in ("a", "b"):
        assert world.attempt(threaded(event, update=True)).state is State.DELIVERED
    assert [message.thread_ts for message in world.slack.posts.values()] == ["", ""]


# ---- Messages that stand for a row ----


def test_a_stub_is_posted_once_and_edited_when_there_is_more_to_say() -> None:
    world = World()
    for _ in range(3):
        outcome = world.attempt(delivery("Order 1 ...", stub=True))
        assert (outcome.state, outcome.code) == (State.RETRY, STUB)
        world.later(600)
    world.slack.failures = [SlackError("SLACK_RATE_LIMITED", "", 5.0)]
    late = world.attempt(delivery("Order 1: tea"))
    world.time = late.due
    assert world.attempt(delivery("Order 1: tea")).state is State.DELIVERED
    assert world.slack.edits == [("1000.000100", "Order 1: tea")]
    assert len(world.slack.posts) == 1


def test_a_stub_that_somebody_deleted_is_replaced_by_a_message_that_says_so() -> None:
    world = World()
    world.attempt(delivery("Order 1 ...", stub=True))
    world.slack.failures = [SlackError("SLACK_CONFIG", "message_not_found")]
    assert world.attempt(delivery("Order 1: tea")).state is State.DELIVERED
    assert "replaces is gone" in world.slack.posts["1001.000100"].text


def test_a_webhooks_stub_is_the_message() -> None:
    world = World("webhook")
    assert world.attempt(delivery("Order 1 ...", stub=True)).state is State.DELIVERED


# ---- Refusals ----


@pytest.mark.parametrize("code", ["SLACK_CONFIG", "SLACK_CREDENTIAL", "SLACK_CONTENT"])
def test_a_refusal_for_good_is_to_be_parked_and_leaves_no_claim(code: str) -> None:
    world = World(failures=[SlackError(code, "word")])
    outcome = world.attempt()
    assert (outcome.state, outcome.code, outcome.detail) == (State.PARKED, code, "word")
    assert world.entry().phase is Phase.WAITING
    assert world.attempt().state is State.DELIVERED


def test_a_defect_is_named_and_tried_again() -> None:
    world = World()
    world.slack.post = _raising(ZeroDivisionError())  # type: ignore[method-assign]
    assert world.attempt().code == "INTERNAL"


def test_the_fake_sink_of_the_kit_posts() -> None:
    sink, table = FakeSlack(), FakeTable()
    assert deliverer_to(sink, table, lambda: 1.0)(delivery()).state is State.DELIVERED
    assert NotifierError("LEDGER_BUSY").retry
