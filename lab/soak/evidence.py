"""The four histories as plain data, and what they say about each delivery."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from lab.soak.events import Event, Expected

Fate = Literal["delivered", "suppressed", "parked", "queued", "lost"]


class Key(NamedTuple):
    """A delivery. The channel, or channel and notification, are empty if the event failed before they were known."""

    event: str
    notification: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A delivery's row in the ledger."""

    key: Key
    phase: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A dead letter: of which event, and what its attributes say. Without a code SQS moved it, with all in it."""

    key: Key
    code: str = ""


@dataclass(frozen=True, slots=True)
class Histories:
    """The four histories, and the identities of queued events. `posts` has a key for each accepted post."""

    published: Sequence[Event]
    ledger: Sequence[Row]
    posts: Sequence[Key]
    letters: Sequence[DeadLetter]
    queued: frozenset[str] = frozenset()


class Evidence:
    """An index of the histories. `posts` counts by delivery, `letters` has the dead letters by event identity."""

    def __init__(self, histories: Histories) -> None:
        self._published = {event.identity: event for event in histories.published}
        self.posts = Counter(histories.posts)
        self._rows = {row.key: row for row in histories.ledger}
        self.letters: dict[str, list[DeadLetter]] = {}
        for letter in histories.letters:
            self.letters.setdefault(letter.key.event, []).append(letter)
        self._queued = histories.queued

    def fate(self, event: Event, expected: Expected) -> Fate:
        """Return the outcome of a delivery: the first one, in the order of Fate, for which there is evidence."""
        key = Key(event.identity, expected.notification, expected.channel)
        if self.posts[key] and not self.parked(key):
            return "delivered"
        if self.phase(key) == "suppressed":
            return "suppressed"
        if self.parked(key):
            return "parked"
        return "queued" if event.identity in self._queued else "lost"

    def phase(self, key: Key) -> str:
        """Return a delivery's phase in the ledger; or that of its notification or event, if that failed earlier."""
        return next((self._rows[one].phase for one in _covering(key) if one in self._rows), "")

    def parked(self, key: Key) -> bool:
        """Return whether a dead letter covers this delivery, according to the ledger or to the letter itself.

        A message that SQS moved covers all deliveries of its event that were not posted.
        """
        for letter in self.letters.get(key.event, ()):
            if letter.code and (letter.key in _covering(key) or self.phase(key) == "parked"):
                return True
            if not letter.code and not self.posts[key]:
                return True
        return False

    def strangers(self) -> Iterable[str]:
        """Yield a sentence for each post and dead letter that belongs to no published event."""
        known = {
            Key(event.identity, expected.notification, expected.channel)
            for event in self._published.values()
            for expected in event.deliveries
        }
        for key in self.posts:
            if key not in known:
                yield f"{shown(key)} was posted, and is no delivery of a published event"
        for identity in self.letters.keys() - self._published.keys():
            yield f"event {identity} is parked, and was not published"


def _covering(key: Key) -> tuple[Key, ...]:
    """Return the keys under which a delivery may be recorded: itself, its notification, and its event."""
    return key, Key(key.event, key.notification), Key(key.event)


def shown(key: Key) -> str:
    """Return a delivery in words."""
    return f"event {key.event}, {key.notification or 'unread'}, {key.channel or 'no channel'},"
