"""From what invoked the function to an event, whatever it is wrapped in."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from handler.errors import EventError
from handler.model import Digest, Polled, Record
from handler.polling.messages import request
from handler.stages.parse import parse, records

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
EVENT = '{"type": "order.created", "id": 1042}'


def sns(message: str, **attributes: str) -> dict[str, Any]:
    return {
        "Type": "Notification",
        "MessageId": "sns-1",
        "TopicArn": "arn:aws:sns:eu-west-1:123456789012:events",
        "Message": message,
        "MessageAttributes": {name: {"Type": "String", "Value": value} for name, value in attributes.items()},
    }


def sqs(body: str, **attributes: str) -> dict[str, Any]:
    found = {name: {"stringValue": value, "dataType": "String"} for name, value in attributes.items()}
    system = {"ApproximateReceiveCount": "3", "SentTimestamp": "1763812800000"}
    return {
        "Records": [
            {
                "messageId": "sqs-1",
                "body": body,
                "attributes": system,
                "messageAttributes": found,
                "eventSource": "aws:sqs",
            }
        ]
    }


def direct(message: str, **attributes: str) -> dict[str, Any]:
    return {"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": sns(message, **attributes)}]}


@pytest.mark.parametrize(
    ("payload", "identity"),
    [
        (sqs(EVENT), "sqs-1"),
        (sqs(json.dumps(sns(EVENT))), "sns-1"),
        (sqs(json.dumps(sns(json.dumps(sns(EVENT))))), "sns-1"),
        (direct(EVENT), "sns-1"),
        (sqs('{"id": 1042}', type="order.created"), "sqs-1"),
        (sqs(json.dumps(sns('{"id": 1042}', type="order.created"))), "sns-1"),
        (direct('{"id": 1042, "event_id": "e-7"}', type="order.created"), "e-7"),
        (sqs(EVENT, type="order.created"), "sqs-1"),
    ],
)
def test_every_wrapping_is_read(payload: dict[str, Any], identity: str) -> None:
    (record,) = records(payload)
    event = parse(record, NOW)
    assert (event.type, event.id, event.identity) == ("order.created", 1042, identity)


def test_a_queue_tells_attempt_and_time() -> None:
    (record,) = records(sqs(EVENT))
    assert record.attempt == 3
    assert record.sent_at == record.first_sent_at == datetime(2025, 11, 22, 12, 0, tzinfo=UTC)
    assert not record.replayed


def test_a_topic_tells_when_it_was_sent_and_that_it_is_a_replay() -> None:
    payload = direct(EVENT, replayed_at="2026-01-06T10:00:00+00:00", first_sent_at="2026-01-05T10:00:00+00:00")
    payload["Records"][0]["Sns"]["Timestamp"] = "2026-01-06T10:00:00.000Z"
    (record,) = records(payload)
    assert record.replayed
    assert record.sent_at == datetime(2026, 1, 6, 10, 0, tzinfo=UTC)
    assert record.first_sent_at == datetime(2026, 1, 5, 10, 0, tzinfo=UTC)


def test_what_a_direct_invocation_parks_can_be_read_again() -> None:
    (record,) = records(direct('{"id": 1}', type="order.created"))
    (again,) = records(sqs(record.body))
    assert parse(again, NOW) == parse(record, NOW)


def test_optional_fields_are_kept() -> None:
    body = {
        "type": "order.created",
        "id": "A-1",
        "version": 7,
        "occurred_at": "2026-11-22T11:00:00+09:00",
        "data": {"coupon": "TEA", "share": 0.5},
    }
    event = parse(Record("r", json.dumps(body)), NOW)
    assert event.version == 7
    assert event.occurred_at == datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
    assert event.data["coupon"] == "TEA"
    assert str(event.data["share"]) == "0.5"


@pytest.mark.parametrize(
    "payload",
    [
        {},
        [],
        None,
        "x",
        {"Records": []},
        {"Records": "x"},
        {"Records": [{}]},
        {"Records": [None]},
        {"Records": [{"eventSource": "aws:s3"}]},
        {"Records": [{"eventSource": "aws:sqs", "body": "{}"}]},
        {"Records": [{"eventSource": "aws:sqs", "messageId": "", "body": "{}"}]},
        {"Records": [{"eventSource": "aws:sqs", "messageId": "m", "body": None}]},
        {"Records": [{"EventSource": "aws:sns"}]},
        {"Records": [{"EventSource": "aws:sns", "Sns": {}}]},
    ],
)
def test_anything_but_a_batch_is_named_and_never_a_silent_success(payload: object) -> None:
    with pytest.raises(EventError) as caught:
        records(payload)
    assert caught.value.code == "BATCH_MALFORMED"


DIGEST = {"number": 3, "count": 120, "late": 1, "first": 5, "last": 130}


@pytest.mark.parametrize(
    ("said", "polled"),
    [
        (None, None),
        ({"polled": True}, Polled()),
        ({"polled": True, "late": True}, Polled(late=True)),
        ({"polled": True, "digest": DIGEST}, Polled(digest=Digest(3, 120, 1, 5, 130))),
        (
            {"polled": True, "digest": {**DIGEST, "first": "9f1c", "last": "x" * 200}},
            Polled(digest=Digest(3, 120, 1, "9f1c", "x" * 200)),
        ),
    ],
)
def test_an_event_of_a_poll_says_so(said: object, polled: Polled | None) -> None:
    document = {"type": "order.created", "id": 5, **({"notifier": said} if said else {})}
    assert parse(Record("r", json.dumps(document)), NOW).polled == polled


@pytest.mark.parametrize(
    "said",
    [
        "tick", 1, [], {}, {"run": "order.created"}, {"polled": False}, {"polled": 1}, {"polled": True, "late": 1},
        {"polled": True, "late": False}, {"polled": True, "digest": {}}, {"polled": True, "digest": {**DIGEST, "x": 1}},
        {"polled": True, "digest": {**DIGEST, "count": -1}}, {"polled": True, "digest": {**DIGEST, "first": ""}},
        {"polled": True, "digest": {**DIGEST, "last": True}}, {"polled": True, "digest": {**DIGEST, "last": "x" * 201}},
        {"polled": True, "digest": DIGEST, "late": True},
    ],
    ids=str,
)  # fmt: skip
def test_what_looks_like_an_event_of_a_poll_and_is_none_is_refused(said: object) -> None:
    with pytest.raises(EventError, match="EVENT_FIELD_INVALID: `notifier` is for the events of polls"):
        parse(Record("r", json.dumps({"type": "order.created", "id": 5, "notifier": said})), NOW)


def test_a_request_to_run_a_poll_that_comes_through_a_topic_is_no_request() -> None:
    (record,) = records(sqs(json.dumps(sns(request("order.created")))))
    assert not record.requests_poll
    with pytest.raises(EventError, match="EVENT_FIELD_MISSING"):
        parse(record, NOW)
    assert records(sqs(request("order.created")))[0].requests_poll


@pytest.mark.parametrize("said", [{"polled": True}, {"polled": True, "late": True}, {"polled": True, "digest": DIGEST}])
def test_what_comes_through_a_topic_is_not_from_a_poll(said: object) -> None:
    event = json.dumps({"type": "order.created", "id": 5, "notifier": said})
    for payload in (sqs(json.dumps(sns(event))), direct(event)):
        (record,) = records(payload)
        with pytest.raises(EventError, match="EVENT_FIELD_INVALID: `notifier` is for the events of polls"):
            parse(record, NOW)
