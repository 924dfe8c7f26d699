"""The first message of each thread: of all who want to post it, one does, and the others reply to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from handler.frozen import frozen
from handler.ports import StateTable
from handler.state_item import Item, ThreadItem

# How long whoever begins a thread has for its first message, before somebody else may.
CLAIM_SECONDS: Final = 60.0
# A thread that nobody posted to for so long begins anew.
KEPT_SECONDS: Final = 90 * 86_400
_ATTEMPTS: Final = 8


@frozen
class Thread:
    """Where a message goes: behind the message `ts`; or, with an empty one, it is the first.

    `busy_until` is when to ask again, where somebody else is about to post the first message (else 0).
    """

    item: Item
    ts: str = ""
    busy_until: float = 0.0


class Threads:
    """The threads of all channels, in the state table."""

    def __init__(self, table: StateTable, now: Callable[[], float]) -> None:
        self._table = table
        self._now = now

    def join(self, destination: str, key: str, owner: str) -> Thread:
        """Return the thread of this key in this channel; where there is none, `owner` begins it.

        Raises ConfigError (LEDGER_UNAVAILABLE).
        """
        partition = f"{ThreadItem.PARTITION}{destination}#{key}"
        old = next(iter(self._table.items(partition)), None)
        if old and old.text(ThreadItem.TS):
            return Thread(self._kept(old), old.text(ThreadItem.TS))
        if old and old.text(ThreadItem.OWNER) != owner and old.number(ThreadItem.CLAIMED_UNTIL) > self._now():
            return Thread(old, busy_until=old.number(ThreadItem.CLAIMED_UNTIL))
        return self._claim(partition, owner, old)

    def advance(self, thread: Thread, read_at: float) -> Thread | None:
        """Return the thread for an edit by what was read at this Unix time; None where newer things are shown already.

        Of two events that are handled at once, the one that read first may come last. Raises ConfigError.
        """
        item = thread.item
        for _ in range(_ATTEMPTS):
            if item.number(ThreadItem.READ_AT) > read_at:
                return None
            advanced = replace(item, values={**item.values, ThreadItem.READ_AT: read_at}, expires_at=self._expiry())
            advanced = advanced.following(item)
            if (standing := self._table.swap(advanced)) is None:
                return Thread(advanced, thread.ts)
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
            return Thread(standing, ts)
        return Thread(standing, busy_until=standing.number(ThreadItem.CLAIMED_UNTIL))

    def _expiry(self) -> int:
        return int(self._now() + KEPT_SECONDS)
