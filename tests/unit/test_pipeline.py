"""One record's failure never touches its neighbours, and every record ends in exactly one way."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from handler.delivery.throttle import ChannelThrottle
from handler.errors import NotifierError, SlackError, SourceError
from handler.model import ApiLookup, IdRule, Leaf, Locale, Message, Missing, Receipt, Record, Route, SqlLookup
from handler.outcome import Outcome, State
from handler.state_item import Item
from tests.kit import (
    NOW,
    FakeApi,
    FakeDatabase,
    FakePark,
    FakeQueue,
    FakeSlack,
    FakeTable,
    expression,
    mrkdwn,
    notification,
    pipeline,
    plenty,
    raising,
    record,
)


def states(outcomes: list[Outcome]) -> dict[str, tuple[str, str]]:
    return {outcome.record.id: (outcome.state.value, outcome.code) for outcome in outcomes}


def test_an_event_becomes_a_post() -> None:
    sink = FakeSlack()
    (outcome,) = pipeline(notification("New order {{ id }}"), sink=sink).run([record()], plenty)
    assert outcome.state is State.DELIVERED
    assert outcome.receipt is not None
    assert sink.posted == [Message("order.created", "orders", "C0ORDERS01", "New order 1", [])]


def test_bad_records_are_parked_and_their_neighbours_delivered() -> None:
    park = FakePark()
    batch = [
        record(name="good"),
        record("not json", "json"),
        record({"type": "order.shipped", "id": 1}, "type"),
        record({"type": "order.created", "id": "1 or 1=1"}, "id"),
        record(name="good too"),
    ]
    outcomes = pipeline(notification(), park=park).run(batch, plenty)
    assert states(outcomes) == {
        "good": ("delivered", ""),
        "json": ("parked", "EVENT_NOT_JSON"),
        "type": ("parked", "EVENT_TYPE_UNKNOWN"),
        "id": ("parked", "EVENT_ID_INVALID"),
        "good too": ("delivered", ""),
    }
    assert [(one.record.id, one.code) for one in park.parked] == [
        ("json", "EVENT_NOT_JSON"),
        ("type", "EVENT_TYPE_UNKNOWN"),
        ("id", "EVENT_ID_INVALID"),
    ]


def test_an_unknown_type_can_be_ignored() -> None:
    park = FakePark()
    unknown = record({"type": "order.shipped", "id": 1})
    (outcome,) = pipeline(notification(), park=park, ignore_unknown=True).run([unknown], plenty)
    assert (outcome.state, outcome.code) == (State.SUPPRESSED, "EVENT_TYPE_UNKNOWN")
    assert not park.parked


def test_when_suppresses_with_its_rule() -> None:
    sink = FakeSlack()
    (outcome,) = pipeline(notification(when=expression("id > 1")), sink=sink).run([record()], plenty)
    assert (outcome.state, outcome.code, outcome.detail) == (State.SUPPRESSED, "WHEN", "order.created.yaml:4 when")
    assert not sink.posted


def test_a_lookup_that_may_succeed_later_stays_in_the_queue() -> None:
    database = FakeDatabase(lambda sql, parameters: [])
    lookups = [SqlLookup("order", "SELECT", {})]
    (outcome,) = pipeline(notification(lookups=lookups), database=database).run([record()], plenty)
    assert (outcome.state, outcome.code) == (State.RETRY, "ROW_NOT_FOUND")


def test_the_last_delivery_of_a_record_is_parked_with_its_code() -> None:
    park = FakePark()
    wired = pipeline(notification(), park=park, sink=FakeSlack(lambda message: SlackError("SLACK_UNAVAILABLE")))
    (outcome,) = wired.run([record(attempt=2)], plenty)
    assert outcome.state is State.RETRY
    (outcome,) = wired.run([record(attempt=3)], plenty)
    assert (outcome.state, park.parked[0].code) == (State.PARKED, "SLACK_UNAVAILABLE")


def test_what_cannot_be_parked_stays_in_the_queue() -> None:
    park = FakePark(NotifierError("CONFIG_UNAVAILABLE", "the dead-letter queue"))
    (outcome,) = pipeline(notification(), park=park).run([record("not json")], plenty)
    assert (outcome.state, outcome.code) == (State.RETRY, "CONFIG_UNAVAILABLE")


def test_a_message_over_slacks_limits_is_posted_as_plain_text() -> None:
    sink = FakeSlack()
    header = {"type": "header", "text": {"type": "plain_text", "text": Leaf("plain", "{{ id }}" * 200, "f")}}
    (outcome,) = pipeline(notification("New order", blocks=[header]), sink=sink).run([record()], plenty)
    assert outcome.state is State.DELIVERED
    assert outcome.detail == "BLOCK_LIMIT: blocks[0].text.text has 200 of at most 150 characters"
    (message,) = sink.posted
    assert message.blocks == ()
    assert message.text.startswith("New order\n_(plain text: order.created.yaml, blocks[0].text.text has 200")


def test_an_alias_that_the_stage_does_not_list_goes_to_the_fallback_and_says_so() -> None:
    sink = FakeSlack()
    (outcome,) = pipeline(notification(channel="ordres"), sink=sink).run([record()], plenty)
    (message,) = sink.posted
    assert message.destination == "C0FALLBACK"
    assert "Meant for ordres, which stage test does not list" in message.text
    assert "ordres" in outcome.detail


def test_a_message_goes_once_to_each_channel_of_the_first_route_that_holds() -> None:
    sink = FakeSlack()
    routes = [Route(["vip"], expression("id > 10")), Route(["orders", "vip"], expression("id > 5")), Route(["vip"])]
    batch = [record({"type": "order.created", "id": 7}, "r7")]
    outcomes = pipeline(notification(routes=routes), sink=sink).run(batch, plenty)
    assert [outcome.state for outcome in outcomes] == [State.DELIVERED] * 2
    assert sorted(message.destination for message in sink.posted) == ["C0ORDERS01", "C0VIPS0001"]


def test_where_no_route_holds_nothing_is_posted() -> None:
    routes = [Route(["vip"], expression("id > 10"))]
    (outcome,) = pipeline(notification(routes=routes)).run([record()], plenty)
    assert (outcome.state, outcome.code) == (State.SUPPRESSED, "NO_ROUTE")


def test_one_channel_that_waits_keeps_the_record_in_the_queue() -> None:
    sink = FakeSlack(lambda message: SlackError("SLACK_RATE_LIMITED") if message.channel == "vip" else None)
    outcomes = pipeline(notification(routes=[Route(["orders", "vip"])]), sink=sink).run([record()], plenty)
    assert {(one.channel, one.state.value) for one in outcomes} == {("orders", "delivered"), ("vip", "retry")}


def test_a_stage_may_send_everything_to_one_channel_and_say_so() -> None:
    sink = FakeSlack()
    pipeline(notification(), sink=sink, redirect="C0REDIRECT", prefix="[staging]").run([record()], plenty)
    (message,) = sink.posted
    assert message.destination == "C0REDIRECT"
    assert message.text == "[staging] New order 1\n_Meant for orders_"


def test_templates_read_the_variables_of_their_stage() -> None:
    sink = FakeSlack()
    wired = pipeline(notification("{{ vars.shop }} {{ id }}"), sink=sink, vars={"shop": "Tea & co"})
    wired.run([record()], plenty)
    assert sink.posted[0].text == "Tea &amp; co 1"


def test_a_message_without_an_api_says_what_is_missing() -> None:
    sink = FakeSlack()
    lookup = ApiLookup("customer", Leaf("url", "/c/{{ id }}", "f"), on_failure="without")
    wired = pipeline(notification(lookups=[lookup]), sink=sink, api=FakeApi(raising(SourceError("API_TIMEOUT"))))
    (outcome,) = wired.run([record()], plenty)
    assert outcome.state is State.DELIVERED
    assert sink.posted[0].text == "New order 1\n_Could not be read: customer_"


@pytest.mark.parametrize(
    ("error", "behind"),
    [
        (SlackError("SLACK_UNAVAILABLE"), "SLACK_HELD"),
        (SlackError("SLACK_AMBIGUOUS"), "SLACK_HELD"),
        (SlackError("SLACK_RATE_LIMITED", retry_after=30.0), "SLACK_RATE_LIMITED"),
    ],
)
def test_order_is_kept_within_a_channel_and_a_held_message_waits_its_turn(error: SlackError, behind: str) -> None:
    sink, queue = FakeSlack(lambda message: error if message.text == "New order 2" else None), FakeQueue()
    vip = notification(name="vip", event="order.vip", channel="vip")
    batch = [record({"type": "order.created", "id": n}, f"o{n}") for n in (1, 2, 3)]
    batch.append(record({"type": "order.vip", "id": 9}, "vip"))
    outcomes = pipeline(notification(), vip, sink=sink, queue=queue).run(batch, plenty)
    assert states(outcomes) == {
        "o1": ("delivered", ""),
        "o2": ("retry", error.code),
        "o3": ("retry", behind),
        "vip": ("delivered", ""),
    }
    assert 0 < queue.waits["o2"] <= queue.waits["o3"]
    assert {message.text for message in sink.posted} == {"New order 1", "New order 9"}


def test_a_message_refused_for_good_does_not_hold_its_channel() -> None:
    sink = FakeSlack(lambda message: SlackError("SLACK_CONTENT", "no_text") if message.text == "New order 1" else None)
    outcomes = pipeline(notification(), sink=sink).run(
        [record({"type": "order.created", "id": n}, f"o{n}") for n in (1, 2)], plenty
    )
    assert states(outcomes) == {"o1": ("parked", "SLACK_CONTENT"), "o2": ("delivered", "")}


def test_channels_are_posted_to_side_by_side() -> None:
    together = threading.Barrier(2, timeout=10)

    class Meeting(FakeSlack):
        def post(self, message: Message) -> Receipt:
            together.wait()
            return super().post(message)

    vip = notification(name="vip", event="order.vip", channel="vip")
    outcomes = pipeline(notification(), vip, sink=Meeting()).run(
        [record(name="a"), record({"type": "order.vip", "id": 1}, "b")], plenty
    )
    assert {outcome.state for outcome in outcomes} == {State.DELIVERED}


def test_a_defect_has_a_code_and_touches_nobody_else() -> None:
    sink = FakeSlack(lambda message: KeyError("CANARY") if message.text == "New order 1" else None)
    database = FakeDatabase(raising(RuntimeError("CANARY")))
    broken = notification(name="broken", event="order.broken", lookups=[SqlLookup("order", "SELECT", {})])
    batch = [record({"type": "order.created", "id": n}, f"o{n}") for n in (2, 1)]
    batch.append(record({"type": "order.broken", "id": 1}, "broken"))
    outcomes = pipeline(notification(), broken, sink=sink, database=database).run(batch, plenty)
    assert states(outcomes) == {
        "o1": ("retry", "INTERNAL"),
        "o2": ("delivered", ""),
        "broken": ("retry", "INTERNAL"),
    }
    assert not any("CANARY" in outcome.detail for outcome in outcomes)


@pytest.mark.parametrize(("left", "code"), [([5.0], "TIME_SHORT"), ([60.0, 5.0], "TIME_SHORT"), ([60.0, 60.0], "")])
def test_nothing_is_begun_that_the_invocation_may_not_finish(left: list[float], code: str) -> None:
    clock = iter(left)
    (outcome,) = pipeline(notification()).run([record()], lambda: next(clock))
    assert outcome.code == code


def test_several_notifications_for_one_event_are_settled_together() -> None:
    park = FakePark()
    second = notification(name="second", text=mrkdwn("{{ nothing }}"))
    outcomes = pipeline(notification(), second, park=park).run([record()], plenty)
    assert {(one.notification, one.state.value, one.notice) for one in outcomes} == {
        ("order.created", "delivered", False),
        ("second", "parked", False),
        ("second", "delivered", True),
    }
    assert len(park.parked) == 1


# ---- What stands for a message that cannot be made ----

BROKEN = notification("{{ order.nubmer }}")
JAPANESE = Locale("Asia/Tokyo", "ja")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (Locale(), "order.created 1 could not be shown: TEMPLATE_UNDEFINED"),
        (JAPANESE, "order.created 1 を表示できません: TEMPLATE_UNDEFINED"),
    ],
)
def test_a_broken_template_is_parked_and_its_channel_is_told(language: Locale, words: str) -> None:
    sink, park = FakeSlack(), FakePark()
    outcomes = pipeline(BROKEN, sink=sink, park=park, locale=language).run([record()], plenty)
    (told,) = sink.posted
    assert words in told.text
    assert "order.created.yaml" in told.text
    assert [(one.state.value, one.notice) for one in outcomes] == [("parked", False), ("delivered", True)]
    assert [one.code for one in park.parked] == ["TEMPLATE_UNDEFINED"]


def test_a_notice_wakes_nobody() -> None:
    sink = FakeSlack()
    named = replace(BROKEN, id=IdRule("pattern", ".*"))
    pipeline(named, sink=sink).run([record({"type": "order.created", "id": "<!channel> & <@U1>"})], plenty)
    assert "order.created &lt;!channel&gt; &amp; &lt;@U1&gt; could not" in sink.posted[0].text


def test_the_notice_is_posted_once_however_often_the_record_comes() -> None:
    sink, table = FakeSlack(), FakeTable(NOW.timestamp)
    park = FakePark(NotifierError("CONFIG_UNAVAILABLE"))
    for attempt in (1, 2):
        pipeline(BROKEN, sink=sink, park=park, table=table).run([record(attempt=attempt)], plenty)
    park.error = None
    pipeline(BROKEN, sink=sink, park=park, table=table).run([record(attempt=3)], plenty)
    assert (len(sink.posted), len(park.parked)) == (1, 1)


def test_the_notice_goes_to_the_route_that_takes_the_rest() -> None:
    sink = FakeSlack()
    routes = [Route(["vip"], expression("order.amount > 5")), Route(["orders", "vip"])]
    pipeline(notification("{{ id }}", routes=routes), sink=sink).run([record()], plenty)
    assert [message.destination for message in sink.posted] == ["C0ORDERS01"]


def test_the_version_before_the_last_change_writes_the_message_and_says_so() -> None:
    sink, park = FakeSlack(), FakePark()
    repaired = notification("{{ order.nubmer }}", previous=notification("Order {{ id }}"))
    (outcome,) = pipeline(repaired, sink=sink, park=park).run([record()], plenty)
    (message,) = sink.posted
    assert message.text.startswith("Order 1\n_order.created.yaml is broken: TEMPLATE_UNDEFINED")
    assert outcome.state is State.DELIVERED
    assert park.parked == []


def test_the_version_before_speaks_in_the_channel_of_today() -> None:
    sink = FakeSlack()
    moved = notification("{{ order.nubmer }}", "vip", previous=notification("Order {{ id }}", "orders"))
    pipeline(moved, sink=sink).run([record()], plenty)
    assert [message.destination for message in sink.posted] == ["C0VIPS0001"]


def test_where_the_version_before_is_no_better_the_newer_problem_is_told() -> None:
    sink = FakeSlack()
    both = notification("{{ order.nubmer }}", previous=notification("{{ id | round('x') }}"))
    pipeline(both, sink=sink).run([record()], plenty)
    (told,) = sink.posted
    assert "TEMPLATE_UNDEFINED" in told.text


@pytest.mark.parametrize("error", [SourceError("DB_UNAVAILABLE"), SourceError("ROW_NOT_FOUND", given_up=True)])
def test_what_is_no_mistake_of_the_template_is_not_told(error: SourceError) -> None:
    sink = FakeSlack()
    read = SqlLookup("order", "SELECT 1", {})
    pipeline(notification(lookups=[read]), database=FakeDatabase(raising(error)), sink=sink).run([record()], plenty)
    assert sink.posted == []


# ---- Lateness ----


def sent(seconds_ago: float, **attributes: str) -> Record:
    return replace(record(), sent_at=NOW - timedelta(seconds=seconds_ago), attributes=attributes)


NOBODY = FakeDatabase(lambda sql, parameters: [])


def read_order(missing: Missing) -> SqlLookup:
    return SqlLookup("order", "SELECT 1", {}, where="order.created.yaml:4", wait=60, missing=missing)


@pytest.mark.parametrize(
    ("missing", "age", "state", "code", "posts"),
    [
        ("park", 30, "retry", "ROW_NOT_FOUND", 0),
        ("park", 90, "parked", "ROW_NOT_FOUND", 0),
        ("skip", 90, "suppressed", "ROW_NOT_FOUND", 0),
        ("render", 30, "retry", "ROW_NOT_FOUND", 0),
        ("render", 90, "delivered", "", 1),
    ],
)
def test_a_row_that_does_not_come(missing: Missing, age: float, state: str, code: str, posts: int) -> None:
    """Without anything that could edit it later, a message that stands for a row is the message."""
    sink = FakeSlack()
    text = notification("{{ order.number if order else id }}", lookups=[read_order(missing)])
    (outcome,) = pipeline(text, database=NOBODY, sink=sink).run([sent(age)], plenty)
    assert (outcome.state.value, outcome.code) == (state, code)
    assert len(sink.posted) == posts


@pytest.mark.parametrize(
    ("arrived", "late"),
    [
        (sent(60), ""),
        (sent(3600), "_Late: this is from Sun 22 Nov, 11:00_"),
        (sent(60, first_sent_at="2026-11-21T09:30:00+00:00"), "_Late: this is from Sat 21 Nov, 09:30_"),
        (sent(3600, first_sent_at="yesterday"), "_Late: this is from Sun 22 Nov, 11:00_"),
    ],
)
def test_a_late_message_says_from_when_it_is(arrived: Record, late: str) -> None:
    sink = FakeSlack()
    pipeline(notification(), sink=sink).run([arrived], plenty)
    assert sink.posted[0].text == "\n".join(filter(None, ["New order 1", late]))


def test_a_stale_row_is_as_good_as_none() -> None:
    """Its `when` would suppress the event for good."""
    sink, read = FakeSlack(), read_order("render")
    old = FakeDatabase(lambda sql, parameters: [{"version": 1, "status": "open"}])
    late = notification(
        "{{ order.status if order else 'changed' }}",
        lookups=[read],
        version=expression("order.version"),
        when=expression("not order or order.status == 'paid'"),
    )
    event = {"type": "order.created", "id": 1, "version": 2}
    arrived = replace(record(event), sent_at=NOW - timedelta(seconds=90))
    pipeline(late, database=old, sink=sink).run([arrived], plenty)
    assert [message.text for message in sink.posted] == ["changed"]


def polled(**more: object) -> Record:
    return record(
        {"type": "order.created", "id": 5, "event_id": "order.created/5", "notifier": {"polled": True, **more}}
    )


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Late: the database showed this row long after it was written"), ("ja", "遅延: この行は")],
)
def test_a_row_that_a_poll_found_late_says_so(language: str, words: str) -> None:
    sink = FakeSlack()
    wired = pipeline(notification(), sink=sink, locale=Locale(language=language))
    wired.run([polled(), polled(late=True)], plenty)
    assert [bool(message.warnings) for message in sink.posted] == [False]  # one delivery: they have one identity
    sink.posted.clear()
    pipeline(notification(), sink=sink, locale=Locale(language=language)).run([polled(late=True)], plenty)
    (message,) = sink.posted
    assert message.warnings[0].startswith(words)
    assert words in json.dumps([message.text, message.blocks], ensure_ascii=False)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ":inbox_tray: 120 rows (order.created, ids 5 to 130) were found at once, so they are not shown"),
        ("ja", ":inbox_tray: 120 件の行（order.created、ID 5〜130）がまとめて見つかったため"),
    ],
)
def test_many_rows_are_one_message_in_the_channel_that_takes_the_rest(language: str, words: str) -> None:
    """No lookup is made: the one row that the event names is not what the message is about."""
    sink = FakeSlack()
    routes = [Route(["vip"], expression("id == 5")), Route(["orders", "vip"])]
    wired = pipeline(
        notification("{{ order.total }}", routes=routes, lookups=[read_order("park")], when=expression("false")),
        sink=sink,
        locale=Locale(language=language),
    )
    digest = polled(digest={"number": 3, "count": 120, "late": 0, "first": 5, "last": 130})
    for _ in range(2):
        outcomes = wired.run([digest], plenty)
    (message,) = sink.posted
    assert (message.channel, message.blocks, message.thread) == ("orders", (), "")
    assert message.text.startswith(words)
    assert [one.state for one in outcomes] == [State.REPEATED]


def test_an_event_that_the_application_publishes_too_is_posted_once() -> None:
    """With the identity that a poll gives to the row; whichever of the two comes first."""
    published = record({"type": "order.created", "id": 5, "event_id": "order.created/5"}, "r2")
    for both in ([polled(), published], [published, polled()]):
        sink = FakeSlack()
        outcomes = pipeline(notification(), sink=sink).run(both, plenty)
        assert len(sink.posted) == 1
        assert [one.state for one in outcomes] == [State.DELIVERED, State.REPEATED]


@dataclass
class Reading(FakeTable):
    """A table that takes its time, and notes when the channels' state was read."""

    told: list[str] = field(default_factory=list)

    def items(self, partition: str) -> list[Item]:
        if partition == "gate":
            time.sleep(0.05)  # longer than all else that the batch does before it posts
            self.told.append("read")
        return super().items(partition)


def test_the_channels_state_is_read_before_anything_is_posted() -> None:
    table = Reading(NOW.timestamp)
    ChannelThrottle(table, NOW.timestamp).pause("C0ORDERS01", 60.0)  # by another worker
    (outcome,) = pipeline(notification(), sink=FakeSlack(), table=table).run([record()], plenty)
    assert table.told == ["read"]
    assert (outcome.state, outcome.code) == (State.RETRY, "SLACK_RATE_LIMITED")


def test_the_channels_state_is_not_read_again_within_a_second() -> None:
    now = [NOW.timestamp()]
    table = Reading(lambda: now[0])
    wired = pipeline(notification(), sink=FakeSlack(), table=table, clock=lambda: now[0])
    threads = threading.active_count()
    for seconds, reads in ((0.0, 1), (0.9, 1), (0.2, 2)):
        now[0] += seconds
        wired.run([record(name=str(now[0]))], plenty)
        assert (len(table.told), threading.active_count()) == (reads, threads)
