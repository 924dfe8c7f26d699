"""What is in the dead-letter queue, from any sender: what it is, whether it is selected, and how it is sent again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from cli.operations import dead_letters, replay_message, times
from cli.operations.dead_letters import DeadLetter
from cli.operations.selection import Selection
from handler.model import Record
from handler.stages.parse import parse, records
from tests.operations_kit import notification

EVENT = {"type": "order.created", "id": 1042}
SENT = 1_767_607_200.0  # 2026-01-05T10:00:00Z
WRAPPED = notification(EVENT, "m-1")


def message(body: str, system: dict[str, str] | None = None, **attributes: str) -> dict[str, Any]:
    """A message as SQS hands it out."""
    return {
        "MessageId": "q-1",
        "ReceiptHandle": "receipt",
        "Body": body,
        "Attributes": {"SentTimestamp": str(int(SENT * 1000) + 500), **(system or {})},
        "MessageAttributes": {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()},
    }


def by_lambda(payload: Any, said: str = "ROW_NOT_FOUND: order.created.yaml:5 lookups.order") -> dict[str, Any]:
    document = {
        "version": "1.0",
        "timestamp": "2026-01-05T10:05:00.000Z",
        "requestContext": {"condition": "RetriesExhausted", "approximateInvokeCount": 3},
        "requestPayload": payload,
        "responsePayload": {"errorMessage": said, "errorType": "UnfinishedError"},
    }
    return message(json.dumps(document))


def invoked(*bodies: str) -> dict[str, Any]:
    return {"Records": [{"EventSource": "aws:sns", "Sns": json.loads(body)} for body in bodies]}


PARKED = {"code": "SLACK_CONFIG", "detail": "is_archived", "parked_at": "2026-01-05T10:30:00+00:00"}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(
            message(WRAPPED, **PARKED, type="order.created", id="1042", event_id="m-1", notification="n", channel="c"),
            {"sender": "function", "code": "SLACK_CONFIG", "event_id": "m-1", "id": "1042", "parked_at": SENT + 1800,
             "first_sent_at": SENT, "notification": "n", "channel": "c", "typed": "", "own_identity": False},
            id="parked by the function",
        ),
        pytest.param(
            message(WRAPPED, **PARKED, first_sent_at="2026-01-05T09:00:00+00:00"),
            {"first_sent_at": SENT - 3600},
            id="parked for the second time",
        ),
        pytest.param(
            message('{"id": 1042}', **PARKED, type="order.created", event_id="q-0"),
            {"sender": "function", "event_id": "q-0", "typed": "order.created", "type": "order.created", "id": "1042"},
            id="its type was an attribute",
        ),
        pytest.param(
            message('{"type": "order.created", "id": 1042, "event_id": "mine"}', **PARKED, event_id="mine"),
            {"event_id": "mine", "own_identity": True},
            id="it has an identity of its own",
        ),
        pytest.param(
            message("{", code="EVENT_NOT_JSON", event_id="q-0"),
            {"sender": "function", "event_id": "q-0", "type": "", "parked_at": SENT + 0.5, "bodies": ["{"]},
            id="no event",
        ),
        pytest.param(
            message(WRAPPED, {"DeadLetterQueueSourceArn": "arn:aws:sqs:x:y:z"}),
            {"sender": "queue", "code": "", "event_id": "m-1", "type": "order.created", "first_sent_at": SENT},
            id="given up by SQS",
        ),
        pytest.param(
            message(WRAPPED, ErrorCode="AccessDenied", RequestID="r"),
            {"sender": "topic", "code": "", "event_id": "m-1"},
            id="not delivered by SNS",
        ),
        pytest.param(
            by_lambda(invoked(WRAPPED)),
            {"sender": "lambda", "code": "ROW_NOT_FOUND", "detail": "order.created.yaml:5 lookups.order",
             "event_id": "m-1", "parked_at": SENT + 300, "first_sent_at": SENT},
            id="given up by Lambda",
        ),
        pytest.param(by_lambda(invoked(WRAPPED), "Task timed out after 60.00 seconds"), {"code": ""}, id="timed out"),
        pytest.param(by_lambda({"by": "hand"}), {"sender": "lambda", "bodies": [], "event_id": ""}, id="by hand"),
        pytest.param(by_lambda(None), {"bodies": []}, id="nothing in it"),
    ],
)  # fmt: skip
def test_a_letter_is_read(found: dict[str, Any], expected: dict[str, Any]) -> None:
    letter = dead_letters.read(found)
    assert {name: getattr(letter, name) for name in expected} == expected
    assert (letter.message_id, letter.receipt) == ("q-1", "receipt")


def letter(
    code: str = "DB_DENIED", kind: str = "order.created", event_id: str = "e-1", parked_at: float = SENT
) -> DeadLetter:
    return DeadLetter("q-1", "r", "function", [WRAPPED], parked_at, SENT, code, type=kind, event_id=event_id)


@pytest.mark.parametrize(
    ("selection", "meant"),
    [
        (Selection(everything=True), True),
        (Selection(codes=["DB_DENIED"]), True),
        (Selection(codes=["DB_BUSY", "DB_DENIED"], types=["order.created"]), True),
        (Selection(codes=["DB_BUSY"]), False),
        (Selection(codes=["NONE"]), False),
        (Selection(types=["order.paid"]), False),
        (Selection(codes=["DB_DENIED"], types=["order.paid"]), False),
        (Selection(event_ids=["e-2", "e-1"]), True),
        (Selection(event_ids=["m-1"]), True),  # the SNS message's id
        (Selection(event_ids=["q-1"]), True),  # the id in the dead-letter queue
        (Selection(event_ids=["e-2"]), False),
        (Selection(since=SENT), True),
        (Selection(since=SENT + 1), False),
        (Selection(until=SENT - 1), False),
        (Selection(since=SENT - 1, until=SENT + 1), True),
    ],
)
def test_a_letter_is_meant(selection: Selection, meant: bool) -> None:
    assert not selection.empty
    assert selection.picks(letter()) is meant


@pytest.mark.parametrize("code", ["TEMPLATE_UNDEFINED", "QUERY_INVALID"])
def test_an_event_that_failed_in_several_ways_is_meant_by_each_of_them(code: str) -> None:
    found = dead_letters.read(message(WRAPPED, code="TEMPLATE_UNDEFINED", also="QUERY_INVALID,DB_DENIED"))
    assert found.also == ("QUERY_INVALID", "DB_DENIED")
    assert Selection(codes=[code]).picks(found)
    assert not Selection(codes=["SLACK_CONFIG"]).picks(found)


def test_a_letter_without_a_code_can_be_meant() -> None:
    assert Selection(codes=["NONE"]).picks(letter(code=""))


def test_the_command_chooses_the_same() -> None:
    assert Selection().empty
    chosen = Selection(codes=["DB_DENIED"], event_ids=["e 1"], since=SENT)
    assert chosen.command("blue") == (
        "notifier replay --stack blue --code DB_DENIED --event-id 'e 1' --since 2026-01-05T10:00:00.000+00:00 --send"
    )
    assert Selection(everything=True).command(None) == "notifier replay --all --send"


def as_received(sent: dict[str, Any]) -> Record:
    """The record that the function gets of a message."""
    attributes = {name: {"stringValue": one["StringValue"]} for name, one in sent["MessageAttributes"].items()}
    item = {"eventSource": "aws:sqs", "messageId": "new", "body": sent["MessageBody"], "messageAttributes": attributes}
    [record] = records({"Records": [item]})
    return record


RAW = '{"id": 1042}'
OWN = '{"type": "order.created", "id": 1042, "event_id": "mine"}'
PLAIN = '{"type": "order.created", "id": 1042}'


@pytest.mark.parametrize(
    ("body", "attributes", "identity", "untouched"),
    [
        (WRAPPED, {"event_id": "m-1", "type": "order.created"}, "m-1", True),
        (OWN, {"event_id": "mine", "type": "order.created"}, "mine", True),
        # A new message has a new id; the ledger knows the event by the old one.
        (PLAIN, {"event_id": "q-0", "type": "order.created"}, "q-0", False),
        (RAW, {"event_id": "q-0", "type": "order.created"}, "q-0", False),
    ],
    ids=["envelope", "own identity", "raw", "type as an attribute"],
)
def test_an_event_that_is_sent_again_keeps_its_identity(
    body: str, attributes: dict[str, str], identity: str, untouched: bool
) -> None:
    found = dead_letters.read(message(body, code="SLACK_CONFIG", **attributes))
    record = as_received(replay_message.message(found, body, now=SENT + 9000))
    assert (record.body == body) is untouched
    assert record.replayed
    assert record.first_sent_at is not None
    assert record.first_sent_at.timestamp() == found.first_sent_at
    direct = records(json.loads(json.dumps(replay_message.invocation(found, body, now=SENT + 9000))))
    assert [one.sent_at for one in direct] == [datetime.fromtimestamp(SENT + 9000, UTC)]
    for one in (record, *direct):
        event = parse(one, datetime.fromtimestamp(SENT + 9000, UTC))
        assert (event.type, event.id, event.identity) == ("order.created", 1042, identity)


def test_direct_intake_is_told_of_the_replay_in_the_envelope() -> None:
    body = notification(EVENT, "m-1", tenant="blue")
    [record] = replay_message.invocation(dead_letters.read(message(body, code="X")), body, now=SENT)["Records"]
    attributes = {name: one["Value"] for name, one in record["Sns"]["MessageAttributes"].items()}
    assert attributes == {"tenant": "blue", "replayed_at": times.iso(SENT), "first_sent_at": times.iso(SENT)}
    assert json.loads(record["Sns"]["Message"]) == EVENT
