"""What the state table holds: items that are only ever swapped, and the names in them.

The names are written to the table and outlive the code: during a deployment both versions read and write it. So each
stands here once, apart from the names in the code, and is never changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from handler.frozen import frozen


class Envelope:
    """The attributes of every item; its values stand beside them.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
    """

    PARTITION: Final = "pk"
    SORT: Final = "sk"
    REVISION: Final = "revision"
    EXPIRES_AT: Final = "expires_at"
    WRITTEN_BY: Final = "written_by"


class DeliveryItem:
    """One delivery, in the partition of its event. Sort key: notification#channel."""

    PARTITION: Final = "event#"
    UNNAMED: Final = "-"  # no notification, or no channel, was chosen yet
    NOTICE: Final = "!notice"  # follows the channel: the delivery is a notice about a broken template

    PHASE: Final = "phase"
    AT: Final = "at"
    UNTIL: Final = "until"
    CODE: Final = "code"
    CHANNEL: Final = "channel"
    TS: Final = "ts"
    AMBIGUOUS_POSTS: Final = "doubts"
    AMBIGUOUS_SINCE: Final = "doubted_at"
    EVENT_TYPE: Final = "type"
    EVENT_ID: Final = "id"


class ThreadItem:
    """One thread. The partition has the channel and the thread's key."""

    PARTITION: Final = "thread#"
    SORT: Final = "-"

    OWNER: Final = "owner"
    CLAIMED_UNTIL: Final = "claimed_until"
    TS: Final = "ts"
    READ_AT: Final = "read_at"


class ThrottleItem:
    """The rate limit of one channel, which is the sort key."""

    PARTITION: Final = "gate"

    PAUSED_UNTIL: Final = "closed_until"
    FREE_AT: Final = "free_at"


class NoticeItem:
    """How many events a notice about a broken template stands for. The partition has the problem's digest."""

    PARTITION: Final = "notice#"
    SORT: Final = "-"

    BEGAN: Final = "began"
    SINCE: Final = "since"
    TOLD: Final = "told"
    TOLD_AT: Final = "told_at"
    UNTOLD: Final = "untold"


class CountedItem:
    """One event that a notice has counted. The partition has the problem's digest; the sort key is the identity."""

    PARTITION: Final = "counted#"


@frozen
class Item:
    """Values under a partition and a sort key. `expires_at` is a Unix time, after which it counts as gone; 0: never.

    `values` are texts, numbers and bytes; a key that a newer version of this code wrote is passed on as it is.
    """

    partition: str
    sort: str
    values: Mapping[str, str | float | bytes]
    expires_at: int
    revision: int = 1

    def following(self, old: Item | None) -> Item:
        """Return the item as it replaces another: with its revision, and the values that only that one has."""
        if old is None:
            return replace(self, revision=1)
        return replace(self, values={**old.values, **self.values}, revision=old.revision + 1)

    def number(self, name: str) -> float:
        """Return a value as a number; 0 where there is none."""
        value = self.values.get(name, 0)
        return value if isinstance(value, int | float) else 0

    def text(self, name: str) -> str:
        """Return a value as a text; empty where there is none."""
        value = self.values.get(name, "")
        return value if isinstance(value, str) else ""

    def binary(self, name: str) -> bytes:
        """Return a value as bytes; empty where there is none."""
        value = self.values.get(name, b"")
        return value if isinstance(value, bytes) else b""
