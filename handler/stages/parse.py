"""Reads records from an invocation, and an event from each record."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final, TypeGuard

from handler import strict_json
from handler.errors import EventError
from handler.frozen import frozen
from handler.model import MAX_ID, Digest, Event, Polled, Record

_TYPE: Final = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")
# A type in a text that is not JSON, or is JSON within JSON. No part can match in two ways, so matching is fast.
_WRITTEN_TYPE: Final = re.compile(r"""(?<=["'])type\\*["']\s*:\s*\\*["']([a-z0-9_.]{1,128})\\*["']""")
_UNREADABLE: Final = object()
_MAX_TYPE: Final = 128
_MAX_ENVELOPES: Final = 3
# The name for a record without a usable id; the queue does not know this name.
UNNAMED: Final = "unnamed-"
# Twice the retention of a queue and its dead-letter queue. The state table no longer knows whether older events
# were posted (handler/delivery/records.py).
MAX_AGE: Final = timedelta(days=30)
_DIGEST: Final = {field.name for field in fields(Digest)}
_DIGEST_IDS: Final = {"first", "last"}
MAX_AHEAD: Final = timedelta(hours=1)  # the publisher's clock may be wrong


def records(payload: Any) -> list[Record]:
    """Return the records of an SQS or an SNS invocation. A record that cannot be read has a `problem`.

    Raises EventError (BATCH_MALFORMED) if no record can be read: then no queue or topic made this invocation.
    """
    found = payload.get("Records") if isinstance(payload, dict) else None
    if not isinstance(found, list) or not found:
        raise EventError("BATCH_MALFORMED", "there are no Records")
    read = [_record(item) for item in found]
    if all(record.problem for record in read):
        raise EventError("BATCH_MALFORMED", read[0].problem)
    return read


def _record(item: Any) -> Record:
    try:
        return _from_topic(item) if item.get("EventSource") == "aws:sns" else _from_queue(item)
    except EventError as error:
        return _unreadable_record(item, error.detail)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError) as error:
        return _unreadable_record(item, f"a record cannot be read: {type(error).__name__}")


def _from_topic(item: Mapping[str, Any]) -> Record:
    # The envelope that a subscribed queue would get, so that both intakes read, park and replay events in the same way.
    sns = item["Sns"]
    return Record(
        id=_required_identity(sns["MessageId"]),
        body=json.dumps(sns, ensure_ascii=False),
        attributes=_sns_attributes(sns.get("MessageAttributes")),
        sent_at=datetime.fromisoformat(sns["Timestamp"]).astimezone(UTC) if "Timestamp" in sns else None,
    )


def _from_queue(item: Mapping[str, Any]) -> Record:
    if item.get("eventSource") != "aws:sqs":
        raise EventError("BATCH_MALFORMED", "a record is neither from SQS nor from SNS")
    attributes, system = item.get("messageAttributes") or {}, item.get("attributes") or {}
    sent = system.get("SentTimestamp")
    return Record(
        id=_required_identity(item["messageId"]),
        body=_required_text(item["body"]),
        attributes={
            name: one["stringValue"] for name, one in attributes.items() if isinstance(one.get("stringValue"), str)
        },
        sent_at=datetime.fromtimestamp(int(sent) / 1000, UTC) if sent else None,
        attempt=int(system.get("ApproximateReceiveCount", 1)),
        receipt=item.get("receiptHandle", ""),
    )


def _unreadable_record(item: Any, problem: str) -> Record:
    """Keep the id and body of a record if they can be read; otherwise a hash of its content, and all the content."""
    whole = json.dumps(item, ensure_ascii=False, default=repr)
    fields = item if isinstance(item, dict) else {}
    name, body, receipt = fields.get("messageId"), fields.get("body"), fields.get("receiptHandle")
    return Record(
        id=name if _is_short(name) else f"{UNNAMED}{sha256(whole.encode(errors='replace')).hexdigest()}",
        body=body if isinstance(body, str) and body else whole,
        receipt=receipt if isinstance(receipt, str) else "",
        problem=problem,
    )


def _required_text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError
    return value


def _required_identity(value: Any) -> str:
    """Return the value if it is valid as a key of the state table. Raises ValueError."""
    if not _is_short(value):
        raise ValueError
    return value


def _is_short(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and value.isprintable() and 0 < len(value) <= MAX_ID


@frozen
class _Layer:
    """A body, with the message attributes and the message id of the envelope around it."""

    body: str
    attributes: Mapping[str, str]
    message_id: str


def parse(record: Record, now: datetime) -> Event:
    """Return the event inside all envelopes of a record. docs/event.schema.json describes it. Raises EventError."""
    if record.problem:
        raise EventError("BATCH_MALFORMED", record.problem)
    if record.replayed and record.first_sent_at and now - record.first_sent_at > MAX_AGE:
        raise EventError("EVENT_STALE", f"it was first sent at {record.first_sent_at.isoformat()}")
    document, layer = _unwrapped(record)
    event_type = _type(document.get("type"), layer.attributes.get("type"))
    if "id" not in document:
        raise EventError("EVENT_FIELD_MISSING", "id")
    event_id = document["id"]
    if not _is_id(event_id):
        raise EventError("EVENT_ID_INVALID", f"{event_type}: the id is neither a whole number nor a short text")
    data = document.get("data")
    if not isinstance(data, dict | None):
        raise EventError("EVENT_FIELD_INVALID", "data is not an object")
    return Event(
        type=event_type,
        id=event_id,
        identity=_short(document, "event_id") or layer.message_id,
        version=_version(document),
        occurred_at=_occurred_at(document, now),
        data=data or {},
        polled=_polled(document.get("notifier"), enveloped=layer.body is not record.body),
    )


def named_types(record: Record) -> frozenset[str]:
    """Return the types that a record names in its body or in a message attribute, even if the rest is invalid.

    If the body cannot be read, these are all values of a `type` that a search in its text finds.
    """
    layer = _Layer(record.body, record.attributes, record.id)
    in_body: Any = _UNREADABLE
    with suppress(EventError):
        for _ in range(_MAX_ENVELOPES + 1):
            document = strict_json.lenient(layer.body, lambda *_: _UNREADABLE)
            if not _is_envelope(document):
                in_body = document.get("type") if isinstance(document, dict) else None
                break
            layer = _inside(document)
    named = _WRITTEN_TYPE.findall(layer.body) if in_body is _UNREADABLE else [in_body]
    return frozenset(one for one in (*named, layer.attributes.get("type")) if isinstance(one, str))


def _unwrapped(record: Record) -> tuple[dict[str, Any], _Layer]:
    layer = _Layer(record.body, record.attributes, record.id)
    for _ in range(_MAX_ENVELOPES + 1):
        document = strict_json.loads(layer.body)
        if not isinstance(document, dict):
            raise EventError("EVENT_NOT_OBJECT", f"it is a {type(document).__name__}")
        if not _is_envelope(document):
            return document, layer
        layer = _inside(document)
    raise EventError("EVENT_ENVELOPE", f"more than {_MAX_ENVELOPES} envelopes, one in another")


def _is_envelope(document: Any) -> bool:
    return isinstance(document, dict) and "Type" in document and "type" not in document


def _inside(envelope: Mapping[str, Any]) -> _Layer:
    match envelope:
        case {"Type": "Notification", "Message": str(body), "MessageId": str(message_id)} if _is_short(message_id):
            return _Layer(body, _sns_attributes(envelope.get("MessageAttributes")), message_id)
    raise EventError("EVENT_ENVELOPE", "it has a Type, but no Message and MessageId of an SNS notification")


def _sns_attributes(found: Any) -> Mapping[str, str]:
    if not isinstance(found, dict):
        return {}
    texts = {name: one for name, one in found.items() if isinstance(one, dict) and one.get("Type") == "String"}
    return {name: one["Value"] for name, one in texts.items() if isinstance(one.get("Value"), str)}


def _type(in_body: Any, in_attribute: str | None) -> str:
    if in_body is None and in_attribute is None:
        raise EventError("EVENT_FIELD_MISSING", "type")
    found = in_attribute if in_body is None else in_body
    if not isinstance(found, str) or len(found) > _MAX_TYPE or not _TYPE.fullmatch(found):
        raise EventError("EVENT_TYPE_INVALID", _type_problem(found))
    if in_attribute not in (None, found):
        raise EventError("EVENT_FIELD_INVALID", f"type: the body says {found}, the message attribute something else")
    return found


def _type_problem(found: Any) -> str:
    """Return what is wrong with a type, without quoting it, because it can hold anything."""
    if not isinstance(found, str):
        return f"it is a {type(found).__name__}"
    if not found:
        return "it is empty"
    if len(found) > _MAX_TYPE:
        return f"it has {len(found)} characters; at most {_MAX_TYPE} are allowed"
    refused = re.search(r"[^a-z0-9_.]|(?<![^.])\.|\.$", found)  # a character, or a dot without a word next to it
    place = refused.start() + 1 if refused else 1
    return f"it has {len(found)} characters, and character {place} is not allowed"


def _short(document: Mapping[str, Any], name: str) -> str | None:
    value = document.get(name)
    if value is None:
        return None
    if not _is_short(value):
        raise EventError("EVENT_FIELD_INVALID", f"{name} is not a text of 1 to {MAX_ID} characters")
    return value


def _version(document: Mapping[str, Any]) -> int | str | None:
    value = document.get("version")
    return value if isinstance(value, int) and not isinstance(value, bool) else _short(document, "version")


def _polled(found: Any, *, enveloped: bool) -> Polled | None:
    """Return what a poll says about its event; None if an application published the event.

    A poll sends directly to the queue, so an event that came through a topic cannot be from a poll.
    """
    match found:
        case None:
            return None
        case _ if enveloped:
            pass
        case {"polled": True, "digest": dict(digest), **more} if not more and _is_digest(digest):
            return Polled(digest=Digest(**digest))
        case {"polled": True, "late": True, **more} if not more:
            return Polled(late=True)
        case {"polled": True, **more} if not more:
            return Polled()
    raise EventError("EVENT_FIELD_INVALID", "`notifier` is for the events of polls")


def _is_digest(found: Mapping[str, Any]) -> bool:
    return found.keys() == _DIGEST and all(
        _is_id(value) if name in _DIGEST_IDS else _is_count(value) for name, value in found.items()
    )


def _is_id(value: Any) -> TypeGuard[int | str]:
    return isinstance(value, int | str) and not isinstance(value, bool) and 0 < len(str(value)) <= MAX_ID


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _occurred_at(document: Mapping[str, Any], now: datetime) -> datetime | None:
    text = _short(document, "occurred_at")
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise EventError("EVENT_FIELD_INVALID", "occurred_at is not a time such as 2026-01-05T10:00:00Z")
    if not now - MAX_AGE <= moment <= now + MAX_AHEAD:
        raise EventError("EVENT_STALE", f"occurred_at is {moment.isoformat()}")
    return moment.astimezone(UTC)
