"""The first message of each thread: one worker posts it, and the others reply to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from handler.delivery.situation import Place
from handler.frozen import frozen
from handler.ports import StateTable
from handler.state_item import Item, ThreadItem

# How long a worker may take to post the first message of a thread, before another one may.
CLAIM_SECONDS: Final = 60.0
# A thread without a message for this long begins anew.
KEPT_SECONDS: Final = 90 * 86_400
_ATTEMPTS: Final = 8


@frozen
class Thread:
    """A message's place in its thread, and the item that holds the thread: the next write names its revision."""

    item: Item
    place: Place = Place()


class Threads:
    """The threads of all channels, in the state table."""

    def __init__(self, table: StateTable, now: Callable[[], float]) -> None:
        self._table = table
        self._now = now

    def join(self, destination: str, key: str, owner: str) -> Thread:
        """Return the thread of a key in a channel; where there is none, it is claimed for `owner`.

        Raises ConfigError (LEDGER_UNAVAILABLE).
        """
        partition = f"{ThreadItem.PARTITION}{destination}#{key}"
        old = next(iter(self._table.items(partition)), None)
        if old and old.text(ThreadItem.TS):
            return Thread(self._kept(old), Place(old.text(ThreadItem.TS)))
        if old and old.text(ThreadItem.OWNER) != owner and old.number(ThreadItem.CLAIMED_UNTIL) > self._now():
            return Thread(old, Place(busy_until=old.number(ThreadItem.CLAIMED_UNTIL)))
        return self._claim(partition, owner, old)

    def advance(self, thread: Thread, read_at: float) -> Thread | None:
        """Note that the first message will show what was read at `read_at`, a Unix time; None if it shows newer things.

        Of two events that are handled at once, the one that read first may come last. Raises ConfigError.
        """
        item = thread.item
        for _ in range(_ATTEMPTS):
            if item.number(ThreadItem.READ_AT) > read_at:
                return None
            advanced = replace(item, values={**item.values, ThreadItem.READ_AT: read_at}, expires_at=self._expiry())
            advanced = advanced.following(item)
            if (standing := self._table.swap(advanced)) is None:
                return Thread(advanced, thread.place)
            item = standing
        return thread

    def begun(self, thread: Thread, ts: str, read_at: float) -> None:
        """Let a message be the thread's first, unless somebody else's is by now."""
        values: dict[str, str | float] = {
            ThreadItem.TS: ts,
            ThreadItem.OWNER: thread.item.text(ThreadItem.OWNER),
            ThreadItem.READ_AT: read_at,
        }
        item = Item(thread.item.partition, thread.item.sort, values, self._expiry())
        self._table.swap(item.following(thread.item))

    def lost(self, thread: Thread, owner: str) -> Thread:
        """Begin the thread anew: its first message is gone, or locked."""
        return self._claim(thread.item.partition, owner, thread.item)

    def _kept(self, item: Item) -> Item:
        """The item of a thread that is in use, kept for longer once half of its time is over."""
        if item.expires_at - self._now() > KEPT_SECONDS / 2:
            return item
        kept = replace(item, expires_at=self._expiry()).following(item)
        return self._table.swap(kept) or kept

    def _claim(self, partition: str, owner: str, old: Item | None) -> Thread:
        until = self._now() + CLAIM_SECONDS
        values: dict[str, str | float] = {ThreadItem.OWNER: owner, ThreadItem.CLAIMED_UNTIL: until, ThreadItem.TS: ""}
        item = Item(partition, ThreadItem.SORT, values, self._expiry()).following(old)
        standing = self._table.swap(item)
        if standing is None:
            return Thread(item)
        if ts := standing.text(ThreadItem.TS):
            return Thread(standing, Place(ts))
        return Thread(standing, Place(busy_until=standing.number(ThreadItem.CLAIMED_UNTIL)))

    def _expiry(self) -> int:
        return int(self._now() + KEPT_SECONDS)
