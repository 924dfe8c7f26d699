"""What is remembered of one delivery, and how the state table holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final

from handler.frozen import frozen
from handler.state_item import DeliveryItem, Item

# Longer than the queue (4 days) and the dead-letter queue (14 days) keep a message, with a replay in between.
KEPT: Final = timedelta(days=30)


class Phase(StrEnum):
    """How far a delivery is. The last three are final; a replay begins anew after PARKED."""

    SENDING = "sending"  # a worker posts it until `until`, or died while doing so
    WAITING = "waiting"  # it was not posted; it is tried again at `until`
    UNKNOWN = "unknown"  # it is unknown whether Slack accepted it
    STUB = "stub"  # a message stands for it until its row appears, and is then edited
    DELIVERED = "delivered"
    SUPPRESSED = "suppressed"
    PARKED = "parked"


FINAL: Final = frozenset({Phase.DELIVERED, Phase.SUPPRESSED, Phase.PARKED})

# As the table has the phases: these words outlive the names above.
PHASE_WORDS: Final[Mapping[Phase, str]] = {
    Phase.SENDING: "sending",
    Phase.WAITING: "waiting",
    Phase.UNKNOWN: "doubtful",
    Phase.STUB: "stub",
    Phase.DELIVERED: "delivered",
    Phase.SUPPRESSED: "suppressed",
    Phase.PARKED: "parked",
}
_PHASES: Final = {word: phase for phase, word in PHASE_WORDS.items()}


@frozen
class DeliveryKey:
    """A delivery: event x notification x channel. The channel is the template's alias.

    Notification and channel are empty where none was chosen yet. A `notice` is the message about a broken template
    that is posted to the channel in place of the template's.
    """

    event: str
    notification: str
    channel: str
    notice: bool = False

    @property
    def partition(self) -> str:
        """All deliveries of an event are in one partition."""
        return f"{DeliveryItem.PARTITION}{self.event}"

    @property
    def sort(self) -> str:
        """The sort key. The name of a template and an alias hold neither # nor !."""
        channel = (self.channel or DeliveryItem.UNNAMED) + (DeliveryItem.NOTICE if self.notice else "")
        return f"{self.notification or DeliveryItem.UNNAMED}#{channel}"

    @classmethod
    def of(cls, item: Item) -> DeliveryKey:
        """Return the key of an item."""
        notification, _, channel = item.sort.partition("#")
        alias = channel.removesuffix(DeliveryItem.NOTICE)
        return cls(
            item.partition.removeprefix(DeliveryItem.PARTITION),
            "" if notification == DeliveryItem.UNNAMED else notification,
            "" if alias == DeliveryItem.UNNAMED else alias,
            notice=alias != channel,
        )

    @property
    def mark(self) -> str:
        """What the delivery's message can be found by in Slack; it tells nothing about the event."""
        return sha256(f"{self.partition}#{self.sort}".encode()).hexdigest()[:32]


@frozen
class DeliveryRecord:
    """What is known of a delivery. Times are Unix seconds.

    `channel` and `ts` are Slack's, of the message that was posted or edited. `ambiguous_posts` counts the posts whose
    outcome is unknown; the first of them began at `ambiguous_since`. `event_type`, `event_id` and `code` are for people
    who look.
    """

    phase: Phase
    at: float
    until: float = 0.0
    code: str = ""
    channel: str = ""
    ts: str = ""
    ambiguous_posts: int = 0
    ambiguous_since: float = 0.0
    event_type: str = ""
    event_id: str = ""

    @property
    def abandoned(self) -> DeliveryRecord:
        """The record once the worker that claimed it is gone: the outcome of one more post is unknown.

        An edit (it has a `ts`) can be repeated, so its outcome does not matter.
        """
        if self.phase is not Phase.SENDING or self.ts:
            return self
        since = self.ambiguous_since or self.at
        return replace(self, ambiguous_posts=self.ambiguous_posts + 1, ambiguous_since=since)


@frozen
class StoredRecord:
    """A record, and the item that holds it: the next write names the item's revision."""

    record: DeliveryRecord
    item: Item


def encode(key: DeliveryKey, record: DeliveryRecord) -> Item:
    """Return the item that holds a record; its revision is given by `Item.following`."""
    values: dict[str, str | float | bytes] = {
        DeliveryItem.PHASE: PHASE_WORDS[record.phase],
        DeliveryItem.AT: record.at,
        DeliveryItem.UNTIL: record.until,
        DeliveryItem.CODE: record.code,
        DeliveryItem.CHANNEL: record.channel,
        DeliveryItem.TS: record.ts,
        DeliveryItem.AMBIGUOUS_POSTS: record.ambiguous_posts,
        DeliveryItem.AMBIGUOUS_SINCE: record.ambiguous_since,
        DeliveryItem.EVENT_TYPE: record.event_type,
        DeliveryItem.EVENT_ID: record.event_id,
    }
    return Item(key.partition, key.sort, values, int(record.at + KEPT.total_seconds()))


def decode(item: Item) -> DeliveryRecord:
    """Return the record that an item holds. A phase that only a newer version knows counts as a post in progress."""
    return DeliveryRecord(
        _PHASES.get(item.text(DeliveryItem.PHASE), Phase.SENDING),
        at=item.number(DeliveryItem.AT),
        until=item.number(DeliveryItem.UNTIL),
        code=item.text(DeliveryItem.CODE),
        channel=item.text(DeliveryItem.CHANNEL),
        ts=item.text(DeliveryItem.TS),
        ambiguous_posts=int(item.number(DeliveryItem.AMBIGUOUS_POSTS)),
        ambiguous_since=item.number(DeliveryItem.AMBIGUOUS_SINCE),
        event_type=item.text(DeliveryItem.EVENT_TYPE),
        event_id=item.text(DeliveryItem.EVENT_ID),
    )
