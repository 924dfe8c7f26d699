"""The state table, the function's queue and Slack, in memory: the state that survives a killed function."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from handler.errors import SlackError
from handler.model import Message, Receipt, Record
from handler.outcome import Outcome
from handler.state_item import Item
from lab.queue import Queue
from lab.queue.messages import ReceiptError

Clock = Callable[[], float]
# The text of a digest about its rows (handler/stages/footers.py).
_DIGEST: Final = re.compile(r"ids (\S+) to (\S+)\)")


@dataclass
class StateTable:
    """ports.Store, ports.Shelf and ports.Listed, in memory and thread-safe."""

    now: Clock
    _partitions: dict[str, dict[str, Item]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def swap(self, item: Item) -> Item | None:
        """Write an item if the stored one is still its predecessor."""
        with self._lock:
            items = self._partitions.setdefault(item.partition, {})
            standing = items.get(item.sort)
            is_first = standing is None or (item.revision == 1 and not self._is_there(standing))
            if standing and not is_first and standing.revision != item.revision - 1:
                return standing
            items[item.sort] = item
            return None

    def items(self, partition: str) -> list[Item]:
        """Return the items of a partition."""
        with self._lock:
            return [item for _, item in sorted(self._partitions.get(partition, {}).items()) if self._is_there(item)]

    def get(self, keys: Sequence[tuple[str, str]]) -> list[Item]:
        """Return those of the items that exist."""
        return [item for partition, sort in keys for item in self.items(partition) if item.sort == sort]

    def partitions(self, prefix: str) -> Mapping[str, Sequence[Item]]:
        """Return the items of all partitions with this prefix, by the rest of the partition's name."""
        return {
            name.removeprefix(prefix): [*items.values()]
            for name, items in self._partitions.items()
            if name.startswith(prefix)
        }

    def _is_there(self, item: Item) -> bool:
        return item.expires_at == 0 or item.expires_at > self.now()


@dataclass
class Intake:
    """ports.Send and ports.Postpone. `digests` has the digests that were sent, by identity.

    `changed` are the digests that were sent twice with different rows. `events` has the data of all other events.
    """

    queue: Queue
    now: Clock
    digests: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)
    events: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def send(self, bodies: Sequence[str]) -> None:
        """Accept messages."""
        for body in bodies:
            self.queue.send(body, self.now())
            document = json.loads(body)
            digest = document.get("notifier", {}).get("digest")
            if digest and self.digests.setdefault(document["event_id"], digest) != digest:
                self.changed.append(document["event_id"])
            elif "event_id" in document and not digest:
                self.events[document["event_id"]] = document.get("data", {})

    def postpone(self, waits: Sequence[tuple[Record, float]]) -> None:
        """Make records visible again later."""
        for record, seconds in waits:
            with suppress(ReceiptError):
                self.queue.change_visibility(record.receipt, seconds, self.now())


@dataclass
class Slack:
    """ports.Sink. A share of the posts fails so that it is unknown whether Slack accepted them.

    `posts` counts the accepted messages by their first word, which the template sets to the event's identity; digests
    are counted by the ids that they name, as in `digest/5-130`. `unknown` counts the failed posts, and `said` has the
    text of each message.
    """

    random: Random
    share: float = 0.0
    posts: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    said: dict[str, str] = field(default_factory=dict)

    def post(self, message: Message) -> Receipt:
        """Post once."""
        is_lost, is_taken = self.random.random() < self.share, self.random.random() < 0.5
        digest = _DIGEST.search(message.text)
        word = f"digest/{digest[1]}-{digest[2]}" if digest else message.text.split()[0]
        self.said[word] = message.text
        if not is_lost or is_taken:
            self.posts[word] += 1
        if is_lost:
            self.unknown[word] += 1
            raise SlackError("SLACK_AMBIGUOUS", "no answer")
        return Receipt(message.destination, f"{self.posts.total()}.0")


@dataclass
class DeadLetters:
    """ports.Park."""

    parked: list[Outcome] = field(default_factory=list)

    def park(self, outcome: Outcome) -> None:
        """Keep a parked record."""
        self.parked.append(outcome)
