"""Parses the messages of the dead-letter queue, from any sender.

The function parks a record unchanged, with the reason in message attributes
(handler/adapters/state/dead_letter_queue.py). SQS moves a message unchanged that was received too often. SNS leaves the
notification that it could not deliver. Lambda, with direct intake, leaves a document about its last attempt, with the
request in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Literal

from cli.operations import times
from handler.errors import CODES, NotifierError
from handler.model import Record
from handler.stages.parse import parse

Sender = Literal["function", "queue", "topic", "lambda"]

_CODE: Final = re.compile(r"([A-Z][A-Z_]+)(?:: (.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message of the dead-letter queue. `parked_at` and `first_sent_at` are Unix seconds; unknown values are empty.

    `bodies` are the records in it, unchanged; none if it holds nothing that can be sent again. `also` has the codes of
    the event's other failed deliveries. `typed` is the event's type, if that was a message attribute. `own_identity`:
    the event has its own `event_id`; otherwise its identity is the message's id, which a replay must keep.
    """

    message_id: str
    receipt: str
    sender: Sender
    bodies: Sequence[str]
    parked_at: float
    first_sent_at: float
    code: str = ""
    detail: str = ""
    also: Sequence[str] = ()
    type: str = ""
    id: str = ""
    event_id: str = ""
    notification: str = ""
    channel: str = ""
    typed: str = ""
    own_identity: bool = False

    def is_about(self, name: str) -> bool:
        """Return whether it holds an event with this identity, or from a message with this id."""
        wrapped = (envelope(body) for body in self.bodies)
        return name in (self.event_id, self.message_id, *(one["MessageId"] for one in wrapped if one))


def envelope(body: str) -> dict[str, Any] | None:
    """Return the SNS notification in a body; None if it is not one."""
    match _document(body):
        case {"Type": "Notification", "Message": str(), "MessageId": str()} as found:
            return found
    return None


def read(message: Mapping[str, Any]) -> DeadLetter:
    """Parse a message as received from SQS, with all its attributes."""
    said = {name: one.get("StringValue", "") for name, one in message.get("MessageAttributes", {}).items()}
    system, body = message.get("Attributes", {}), message["Body"]
    sender, sent = _sender(said, system, body), int(system.get("SentTimestamp", 0)) / 1000
    letter = DeadLetter(message["MessageId"], message.get("ReceiptHandle", ""), sender, [body], sent, sent)
    return _with_event(_of_lambda(letter) if sender == "lambda" else _as_it_came(letter, said), said)


def _sender(said: Mapping[str, str], system: Mapping[str, str], body: str) -> Sender:
    if "code" in said:
        return "function"
    if "DeadLetterQueueSourceArn" in system:
        return "queue"
    if {"requestContext", "requestPayload"} <= (_document(body) or {}).keys():
        return "lambda"
    # Both SNS and an older SQS leave only the notification, but SNS adds an error code.
    return "topic" if "ErrorCode" in said else "queue"


def _as_it_came(letter: DeadLetter, said: Mapping[str, str]) -> DeadLetter:
    """Parse an unchanged record, and the function's attributes, if it has them."""
    wrapped = envelope(letter.bodies[0])
    first = said.get("first_sent_at") or str((wrapped or {}).get("Timestamp", ""))
    return replace(
        letter,
        parked_at=times.read(said.get("parked_at", "")) or letter.parked_at,
        first_sent_at=times.read(first) or letter.first_sent_at,
        typed="" if wrapped else said.get("type", ""),
        code=said.get("code", ""),
        detail=said.get("detail", ""),
        also=tuple(filter(None, said.get("also", "").split(","))),
        notification=said.get("notification", ""),
        channel=said.get("channel", ""),
    )


def _of_lambda(letter: DeadLetter) -> DeadLetter:
    """Parse what Lambda sends to its on-failure destination.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    document = _document(letter.bodies[0]) or {}
    requests, answer = _object(document.get("requestPayload")).get("Records"), _object(document.get("responsePayload"))
    found = [_object(one).get("Sns") for one in requests] if isinstance(requests, list) else []
    bodies = [body for body in (json.dumps(one, ensure_ascii=False) for one in found) if envelope(body)]
    said = _CODE.match(str(answer.get("errorMessage", "")))
    code, detail = (said[1], said[2] or "") if said and said[1] in CODES else ("", "")
    first = str((envelope(bodies[0]) or {}).get("Timestamp", "")) if bodies else ""
    return replace(
        letter,
        bodies=bodies,
        code=code,
        detail=detail,
        parked_at=times.read(str(document.get("timestamp", ""))) or letter.parked_at,
        first_sent_at=times.read(first) or letter.first_sent_at,
    )


def _with_event(letter: DeadLetter, said: Mapping[str, str]) -> DeadLetter:
    """Return the letter with its event: parsed as the function does, else from the attributes."""
    told = replace(letter, type=said.get("type", ""), id=said.get("id", ""), event_id=said.get("event_id", ""))
    if not letter.bodies:
        return told
    of_message = str((envelope(letter.bodies[0]) or {}).get("MessageId", ""))
    attributes = {"type": letter.typed} if letter.typed else {}
    try:
        # Parsed as of that time: a time limit in the event may have passed since.
        event = parse(Record("", letter.bodies[0], attributes), datetime.fromtimestamp(letter.first_sent_at, UTC))
    except NotifierError:
        return replace(told, event_id=of_message or told.event_id or letter.message_id)
    return replace(
        told,
        type=event.type,
        id=str(event.id),
        event_id=event.identity or told.event_id or letter.message_id,
        own_identity=event.identity not in ("", of_message),
    )


def _document(body: str) -> dict[str, Any] | None:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
