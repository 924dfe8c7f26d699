"""Builds the message of a replay: the original body, marked as a replay. The ledger recognises its identity."""

from __future__ import annotations

import json
from typing import Any

from cli.operations import times
from cli.operations.dead_letters import DeadLetter, envelope


def message(letter: DeadLetter, body: str, now: float) -> dict[str, Any]:
    """Return the arguments of sqs.send_message for the intake queue, without the queue."""
    texts = {**_marks(letter, now), "type": letter.typed}
    attributes = {name: {"DataType": "String", "StringValue": text} for name, text in texts.items() if text}
    return {"MessageBody": _kept(letter, body), "MessageAttributes": attributes}


def invocation(letter: DeadLetter, body: str, now: float) -> dict[str, Any]:
    """Return the event to invoke the function with, if the topic invokes it directly.

    The function measures how long an event waits from its Timestamp, which is the time of the replay.
    """
    wrapped = envelope(body) or _envelope(letter, body)
    attributes = wrapped.get("MessageAttributes")
    marks = {name: {"Type": "String", "Value": text} for name, text in _marks(letter, now).items()}
    known = attributes if isinstance(attributes, dict) else {}
    sns = {**wrapped, "Timestamp": times.iso(now), "MessageAttributes": {**known, **marks}}
    return {"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": sns}]}


def _marks(letter: DeadLetter, now: float) -> dict[str, str]:
    return {"replayed_at": times.iso(now), "first_sent_at": times.iso(letter.first_sent_at)}


def _kept(letter: DeadLetter, body: str) -> str:
    """Return the body, in an envelope if the event's identity is its message id, as the new message gets a new id."""
    if envelope(body) or letter.own_identity:
        return body
    return json.dumps(_envelope(letter, body), ensure_ascii=False)


def _envelope(letter: DeadLetter, body: str) -> dict[str, Any]:
    """Return a body in the notification that SNS would have made of it."""
    attributes = {"type": {"Type": "String", "Value": letter.typed}} if letter.typed else {}
    return {
        "Type": "Notification",
        "MessageId": letter.event_id or letter.message_id,
        "Message": body,
        "MessageAttributes": attributes,
    }
