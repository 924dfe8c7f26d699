"""Check the state table and the queue."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Final

from handler import aws
from handler.adapters.state.table import StateTable
from handler.errors import ConfigError
from handler.health.model import Check, Subject, attempt
from handler.state_item import Item

# A partition of its own, which no delivery, thread or channel uses.
PROBE: Final = "check#doctor"
_HOUR: Final = 3600


def checks(subject: Subject) -> Iterator[Check]:
    """Write an item and read it back; compare the queue's settings for messages that fail.

    The dead-letter queue is checked from outside: the function may only send to it, and a check sends nothing.
    """
    yield attempt("state table", lambda: _table(subject.settings.state_table))
    if subject.settings.queue_url:
        yield attempt("queue", lambda: _queue(subject))


def _table(name: str) -> str:
    table = StateTable(name)
    probe = Item(PROBE, "probe", {"at": time.time()}, expires_at=int(time.time()) + _HOUR)
    standing = table.swap(probe)
    if standing and table.swap(probe.following(standing)):
        raise ConfigError("LEDGER_UNAVAILABLE", "the probe was overtaken: is somebody else checking?")
    if not table.items(PROBE):
        raise ConfigError("LEDGER_UNAVAILABLE", "what was written cannot be read")
    return f"{name}: written and read"


def _queue(subject: Subject) -> Check | str:
    try:
        answer = aws.client("sqs").get_queue_attributes(
            QueueUrl=subject.settings.queue_url, AttributeNames=["VisibilityTimeout", "RedrivePolicy"]
        )
    except aws.failures() as error:
        raise ConfigError("CONFIG_UNAVAILABLE", f"the queue: {aws.reason(error)}") from None
    found = answer.get("Attributes", {})
    receives = int(json.loads(found.get("RedrivePolicy", "{}")).get("maxReceiveCount", 0))
    if receives != subject.settings.max_receives:
        cause = f"the queue parks after {receives} receives, and the function counts on {subject.settings.max_receives}"
        return Check("queue", "failed", cause=cause, remedy="deploy the stack again; nobody should change its queue")
    return f"invisible for {found.get('VisibilityTimeout')} s, {receives} receives"
