from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from moto import mock_aws

from handler.adapters.state.dead_letter_queue import MAX_ATTRIBUTE_CHARACTERS, DeadLetterQueue
from handler.errors import ConfigError
from handler.model import Event, Record
from handler.outcome import Outcome, Parked

REGION = "eu-central-1"
NOW = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
BODY = '{"Type": "Notification", "Message": "{\\"type\\": \\"order.created\\", \\"id\\": 1042}"}'


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        yield boto3.resource("sqs", region_name=REGION).create_queue(QueueName="dead-letters")


def parked(queue: Any, outcome: Outcome) -> tuple[str, dict[str, str]]:
    DeadLetterQueue(queue.url, lambda: NOW).park(outcome)
    [message] = queue.receive_messages(MessageAttributeNames=["All"])
    return message.body, {name: one["StringValue"] for name, one in (message.message_attributes or {}).items()}


def outcome(**changes: Any) -> Outcome:
    fields = {
        "record": Record("m-1", BODY),
        "end": Parked("TEMPLATE_UNDEFINED", "order.created.yaml:12 text: order.nmae"),
        "event": Event("order.created", 1042, "e-7"),
        "notification": "order.created",
        "channel": "orders",
    }
    return Outcome(**{**fields, **changes})


def test_a_record_is_parked_as_it_came_with_what_is_wrong(queue: Any) -> None:
    assert parked(queue, outcome()) == (
        BODY,
        {
            "code": "TEMPLATE_UNDEFINED",
            "detail": "order.created.yaml:12 text: order.nmae",
            "type": "order.created",
            "id": "1042",
            "event_id": "e-7",
            "notification": "order.created",
            "channel": "orders",
            "parked_at": "2026-01-05T10:00:00+00:00",
        },
    )


def test_a_record_says_what_else_failed(queue: Any) -> None:
    _, attributes = parked(queue, outcome(end=Parked("TEMPLATE_UNDEFINED", "", ("DB_DENIED", "QUERY_INVALID"))))
    assert (attributes["code"], attributes["also"]) == ("TEMPLATE_UNDEFINED", "DB_DENIED,QUERY_INVALID")
    assert len(attributes) <= 10, "SQS takes no more"


def test_a_record_that_is_no_event_is_parked_with_what_is_known(queue: Any) -> None:
    unread = outcome(record=Record("m-1", "{"), end=Parked("EVENT_NOT_JSON"), event=None, notification="", channel="")
    assert parked(queue, unread) == (
        "{",
        {"code": "EVENT_NOT_JSON", "event_id": "m-1", "parked_at": "2026-01-05T10:00:00+00:00"},
    )


def test_a_type_that_came_as_an_attribute_is_kept_for_the_replay(queue: Any) -> None:
    record = Record("m-1", '{"id": 1042}', attributes={"type": "order.created", "trace": "x"})
    body, attributes = parked(queue, outcome(record=record, event=None))
    assert (body, attributes["type"]) == ('{"id": 1042}', "order.created")
    assert "trace" not in attributes


def test_a_long_detail_is_cut(queue: Any) -> None:
    _, attributes = parked(queue, outcome(end=Parked("TEMPLATE_UNDEFINED", "é" * 1000)))
    assert attributes["detail"] == "é" * (MAX_ATTRIBUTE_CHARACTERS - 1) + "…"


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\ud800", "\uffff"])
def test_characters_that_sqs_refuses_do_not_keep_a_record_from_being_parked(queue: Any, character: str) -> None:
    record = Record("m-1", f'{{"type": "{character}"}}')
    body, attributes = parked(queue, outcome(record=record, end=Parked("TEMPLATE_UNDEFINED", f"type {character}")))
    assert body == '{"type": "\ufffd"}'
    assert attributes["detail"] == "type \ufffd"


def test_text_of_any_script_stays_as_it_is(queue: Any) -> None:
    record = Record("m-1", '{"type": "order.created", "id": "日本 😀 \t\n"}')
    assert parked(queue, outcome(record=record))[0] == record.body


def test_a_queue_that_cannot_be_reached_is_an_error_that_is_tried_again(queue: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        DeadLetterQueue(queue.url + "-gone").park(outcome())
    assert caught.value.code == "CONFIG_UNAVAILABLE"
    assert caught.value.retry
    assert "NonExistentQueue" in caught.value.detail
    assert "1042" not in caught.value.detail


def test_a_record_that_sqs_refuses_is_an_error_that_is_tried_again(queue: Any) -> None:
    record = Record("m-1", "x" * 2_000_000)
    with pytest.raises(ConfigError, match="the dead-letter queue: "):
        DeadLetterQueue(queue.url).park(outcome(record=record))
