"""Items as the version of 28 November 2026 wrote them: later versions read and write them the same.

During a deployment both versions run, so each has to read what the other one writes.

stored_items.json is what DynamoDB kept. No test writes it anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from handler import aws
from handler.adapters.state.table import StateTable, from_attributes, to_attributes
from handler.delivery.ledger import Ledger
from handler.delivery.records import PHASE_WORDS, DeliveryKey, DeliveryRecord, Phase, decode, encode
from handler.delivery.threads import Threads
from handler.delivery.throttle import ChannelState, ChannelThrottle
from handler.state_item import CountedItem, DeliveryItem, Envelope, NoticeItem, ThreadItem, ThrottleItem
from tests.unit.adapters.scripted import answer, scripted

STORED: Mapping[str, list[Any]] = json.loads(Path(__file__).with_name("stored_items.json").read_text())
AT = 1_795_000_000.25
C = "C0ORDERS01"
OWNER = "f46effbdcfcff3e143b906fc88d2dc5f"
ABOUT = {"event_type": "order.created", "event_id": "1042"}

RECORDS = {
    ("order.created", "a", False): DeliveryRecord(Phase.SENDING, AT, AT + 20, **ABOUT),
    ("order.created", "b", False): DeliveryRecord(Phase.WAITING, AT, AT + 5, "SLACK_RATE_LIMITED", **ABOUT),
    ("order.created", "c", False): DeliveryRecord(
        Phase.UNKNOWN, AT, AT + 120, "SLACK_AMBIGUOUS", ambiguous_posts=1, ambiguous_since=AT - 8, **ABOUT
    ),
    ("order.created", "d", False): DeliveryRecord(Phase.STUB, AT, channel=C, ts="1795000000.000100", **ABOUT),
    ("order.created", "e", False): DeliveryRecord(Phase.DELIVERED, AT, channel=C, ts="1795000000.000200", **ABOUT),
    ("order.created", "f", False): DeliveryRecord(Phase.PARKED, AT, code="SLACK_CONFIG", **ABOUT),
    ("order.created", "g", True): DeliveryRecord(
        Phase.DELIVERED, AT, code="invalid_blocks", channel=C, ts="1795000000.000300", **ABOUT
    ),
    ("order.quiet", "", False): DeliveryRecord(Phase.SUPPRESSED, AT, code="WHEN", **ABOUT),
}

NAMES = {
    "Envelope.PARTITION": "pk",
    "Envelope.SORT": "sk",
    "Envelope.REVISION": "revision",
    "Envelope.EXPIRES_AT": "expires_at",
    "Envelope.WRITTEN_BY": "written_by",
    "DeliveryItem.PARTITION": "event#",
    "DeliveryItem.UNNAMED": "-",
    "DeliveryItem.NOTICE": "!notice",
    "DeliveryItem.PHASE": "phase",
    "DeliveryItem.AT": "at",
    "DeliveryItem.UNTIL": "until",
    "DeliveryItem.CODE": "code",
    "DeliveryItem.CHANNEL": "channel",
    "DeliveryItem.TS": "ts",
    "DeliveryItem.AMBIGUOUS_POSTS": "doubts",
    "DeliveryItem.AMBIGUOUS_SINCE": "doubted_at",
    "DeliveryItem.EVENT_TYPE": "type",
    "DeliveryItem.EVENT_ID": "id",
    "ThreadItem.PARTITION": "thread#",
    "ThreadItem.SORT": "-",
    "ThreadItem.OWNER": "owner",
    "ThreadItem.CLAIMED_UNTIL": "claimed_until",
    "ThreadItem.TS": "ts",
    "ThreadItem.READ_AT": "read_at",
    "NoticeItem.PARTITION": "notice#",
    "NoticeItem.SORT": "-",
    "NoticeItem.BEGAN": "began",
    "NoticeItem.SINCE": "since",
    "NoticeItem.TOLD": "told",
    "NoticeItem.TOLD_AT": "told_at",
    "NoticeItem.UNTOLD": "untold",
    "CountedItem.PARTITION": "counted#",
    "ThrottleItem.PARTITION": "gate",
    "ThrottleItem.PAUSED_UNTIL": "closed_until",
    "ThrottleItem.FREE_AT": "free_at",
}
PHASES = {
    "SENDING": "sending",
    "WAITING": "waiting",
    "UNKNOWN": "doubtful",
    "STUB": "stub",
    "DELIVERED": "delivered",
    "SUPPRESSED": "suppressed",
    "PARKED": "parked",
}


@pytest.fixture
def table(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[StateTable]:
    """A table whose next query finds one stored partition."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    aws._session.cache_clear()
    with scripted(answer(200, json.dumps({"Items": STORED[request.param]}).encode())) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        yield StateTable("state", lambda: AT)
    aws._session.cache_clear()


@pytest.mark.parametrize("table", ["event#order-1042-paid"], indirect=True)
def test_deliveries_in_every_phase_are_read_as_before(table: StateTable) -> None:
    found = Ledger(table).of_event("order-1042-paid")
    assert {(key.notification, key.channel, key.notice): known.record for key, known in found.items()} == RECORDS
    assert {one.phase for one in RECORDS.values()} == set(Phase)
    assert {key.event for key in found} == {"order-1042-paid"}


def test_deliveries_are_written_as_before() -> None:
    stored = [_without_writer(attributes) for attributes in STORED["event#order-1042-paid"]]
    written_now = []
    for attributes in stored:
        item = from_attributes(attributes)
        again = encode(DeliveryKey.of(item), decode(item))
        written_now.append(to_attributes(replace(again, revision=item.revision)))
    assert written_now == stored


def test_the_names_of_the_table_are_never_changed() -> None:
    names = {
        f"{group.__name__}.{name}": value
        for group in (Envelope, DeliveryItem, ThreadItem, NoticeItem, CountedItem, ThrottleItem)
        for name, value in vars(group).items()
        if name.isupper()
    }
    assert names == NAMES
    assert {phase.name: word for phase, word in PHASE_WORDS.items()} == PHASES


def _without_writer(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The adapter adds it to each write."""
    return {name: value for name, value in attributes.items() if name != Envelope.WRITTEN_BY}


def test_a_delivery_has_the_key_and_the_mark_that_it_had() -> None:
    key = DeliveryKey("order-1042-paid", "order.created", "a")
    assert (key.partition, key.sort, key.mark) == ("event#order-1042-paid", "order.created#a", OWNER)


@pytest.mark.parametrize(
    ("table", "key", "ts", "busy_until"),
    [
        ("thread#C0ORDERS01#order 1042", "order 1042", "1795000000.000200", 0.0),
        ("thread#C0ORDERS01#order 1043", "order 1043", "", AT + 60),
    ],
    indirect=["table"],
)
def test_threads_are_read_as_before(table: StateTable, key: str, ts: str, busy_until: float) -> None:
    thread = Threads(table, lambda: AT).join("C0ORDERS01", key, "another")
    assert (thread.place.ts, thread.place.busy_until) == (ts, busy_until)


@pytest.mark.parametrize("table", ["gate"], indirect=True)
def test_rate_limits_are_read_as_before(table: StateTable) -> None:
    now = AT
    throttle = ChannelThrottle(table, lambda: now)
    throttle.refresh()
    assert throttle.state("C0ORDERS01") == ChannelState(paused=True, has_waiters=True)
    now = AT + 30.5
    assert throttle.state("C0ORDERS01") == ChannelState(paused=False, has_waiters=True)
    now = AT + 32
    assert throttle.state("C0ORDERS01") == ChannelState(paused=False, has_waiters=False)
