"""Collects the four histories from the parts of a rig after a run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from lab.soak.events import Event
from lab.soak.evidence import DeadLetter, Histories, Key, Row
from lab.soak.pauses import Asked
from lab.soak.rig import TABLE, Rig

# The beginning of each message of the soak: its template, and the identity of the event.
_SAID: Final = re.compile(r"(soak(?:\.[a-z]+)+) (\S+)")
_POSTS: Final = ("/api/chat.postMessage", "/services/")


def collect(rig: Rig, events: Sequence[Event]) -> Histories:
    """Read the histories."""
    queue = rig.source.queue
    by_message = {event.message_id: event.identity for event in events}
    names = {letter.body: _identity(letter.body, by_message) for letter in [*rig.dead.messages, *queue.messages]}
    return Histories(
        published=events,
        ledger=list(_rows(rig)),
        posts=[_post(message) for message in rig.slack.messages()],
        letters=[_letter(names[one.body], one.attributes) for one in rig.dead.messages],
        queued=frozenset(names[message.body] for message in queue.messages),
    )


def _identity(body: str, by_message: Mapping[str, str]) -> str:
    """Return the identity of the event in a body; for one that was published again, its `event_id`.

    A poll gives each event an identity. Its own requests have none.
    """
    envelope = json.loads(body)
    if "MessageId" not in envelope:
        return str(envelope.get("event_id", ""))
    known = by_message.get(envelope["MessageId"])
    return known or str(json.loads(envelope["Message"])["event_id"])


def _rows(rig: Rig) -> Iterator[Row]:
    for page in rig.aws.client("dynamodb").get_paginator("scan").paginate(TableName=TABLE, ConsistentRead=True):
        for item in page["Items"]:
            kind, _, event = item["pk"]["S"].partition("#")
            if kind == "event":
                notification, _, channel = item["sk"]["S"].partition("#")
                key = Key(event, notification.removeprefix("-"), channel.removeprefix("-"))
                yield Row(key, item["phase"]["S"], item.get("code", {}).get("S", ""))


def _post(message: Mapping[str, Any]) -> Key:
    said = _SAID.search(message["text"])
    notification, event = said.groups() if said else ("", message["text"][:60])
    return Key(event, notification, message["channel_name"])


def _letter(event: str, attributes: Mapping[str, str]) -> DeadLetter:
    key = Key(event, attributes.get("notification", ""), attributes.get("channel", ""))
    return DeadLetter(key, attributes.get("code", ""))


def posts_asked(rig: Rig) -> list[Asked]:
    """Return every post that Slack was asked for, whatever its response, oldest first."""
    return [
        Asked(
            request["channel"],
            datetime.fromisoformat(request["received_at"]).timestamp(),
            request["status"],
            request["retry_after"],
        )
        for request in rig.slack.requests()
        if request["path"].startswith(_POSTS)
    ]
