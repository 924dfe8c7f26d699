"""What is known of each delivery. Two writes are made for one that goes well: before the post, and after it."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final

from handler.frozen import frozen
from handler.ports import Shelf, Store
from handler.state_item import Item

# Longer than the queue (4 days) and the dead-letter queue (14 days) keep a message, with a replay in between.
KEPT: Final = timedelta(days=30)


class Phase(StrEnum):
    """How far a delivery is. The last three are final; a replay begins anew after PARKED."""

    SENDING = "sending"  # somebody posts it until `until`, or died while doing so
    WAITING = "waiting"  # it was not posted; it is tried again at `until`
    DOUBTFUL = "doubtful"  # nobody knows whether it was posted
    STUB = "stub"  # a message stands for it until its row appears, and is then edited
    DELIVERED = "delivered"
    SUPPRESSED = "suppressed"
    PARKED = "parked"


_WORDS: Final = frozenset(phase.value for phase in Phase)
FINAL: Final = frozenset({Phase.DELIVERED, Phase.SUPPRESSED, Phase.PARKED})


@frozen
class Key:
    """A delivery: event x notification x channel. The channel is the template's alias; `-` where none was chosen."""

    event: str
    notification: str
    channel: str

    @property
    def partition(self) -> str:
        """All deliveries of an event stand together."""
        return f"event#{self.event}"

    @property
    def sort(self) -> str:
        """A name of a template and an alias hold no #."""
        return f"{self.notification or '-'}#{self.channel or '-'}"

    @property
    def mark(self) -> str:
        """What the delivery's message can be found by in Slack; it tells nothing about the event."""
        return sha256(f"{self.partition}#{self.sort}".encode()).hexdigest()[:32]


@frozen
class Entry:
    """What is known of a delivery. Times are Unix seconds.

    `channel` and `ts` are Slack's, of the message that was posted or edited. `doubts` counts the posts of which nobody
    knows; the first of them began at `doubted_at`. `type`, `id` and `code` are for whoever looks.
    """

    phase: Phase
    at: float
    until: float = 0.0
    code: str = ""
    channel: str = ""
    ts: str = ""
    doubts: int = 0
    doubted_at: float = 0.0
    type: str = ""
    id: str = ""

    @classmethod
    def of(cls, item: Item) -> Entry:
        """Read an item. A phase that only a newer version knows counts as somebody's post in progress."""
        known = {field.name: item.values[field.name] for field in fields(cls) if field.name in item.values}
        word = str(known.pop("phase", ""))
        phase = Phase(word) if word in _WORDS else Phase.SENDING
        return cls(phase=phase, **{"at": 0.0, **known})  # type: ignore[arg-type]

    @property
    def values(self) -> dict[str, str | float]:
        """The entry as the item's values."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def abandoned(self) -> Entry:
        """The entry as it counts after the worker that claimed it is gone: one more post has an unknown outcome.

        An edit (it has a `ts`) may be repeated, so that its outcome need not be known.
        """
        if self.phase is not Phase.SENDING or self.ts:
            return self
        return replace(self, doubts=self.doubts + 1, doubted_at=self.doubted_at or self.at)


@frozen
class Known:
    """An entry, and the item whose revision the next write has to name."""

    entry: Entry
    item: Item


class OvertakenError(Exception):
    """Another one wrote first; `known` is what stands there."""

    def __init__(self, known: Known) -> None:
        super().__init__(known.entry.phase)
        self.known = known


class Ledger:
    """The entries, in the state table."""

    def __init__(self, store: Store, shelf: Shelf) -> None:
        self._store = store
        self._shelf = shelf

    def write(self, key: Key, entry: Entry, over: Known | None) -> Known:
        """Write an entry where `over` stands (None: nothing).

        Raises OvertakenError, ConfigError (LEDGER_UNAVAILABLE).
        """
        item = Item(key.partition, key.sort, entry.values, int(entry.at + KEPT.total_seconds()))
        item = item.following(over.item if over else None)
        if (standing := self._store.swap(item)) is not None:
            raise OvertakenError(Known(Entry.of(standing), standing))
        return Known(entry, item)

    def of_event(self, event: str) -> dict[Key, Known]:
        """Return all entries of an event. Raises ConfigError (LEDGER_UNAVAILABLE)."""
        found = {}
        for item in self._shelf.items(Key(event, "", "").partition):
            notification, _, channel = item.sort.partition("#")
            found[Key(event, notification, channel)] = Known(Entry.of(item), item)
        return found
