"""The law, held against four histories: what was published, the ledger, what Slack accepted, the dead-letter queue.

Every delivery of every published event has ended in exactly one of delivered, suppressed and parked, or is still
queued. A delivery is what an event, a notification and a channel have in common.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from lab.soak.events import Event, Expected

Fate = Literal["delivered", "suppressed", "parked", "queued", "lost"]
FATES: Final = ("delivered", "suppressed", "parked", "queued")


class Key(NamedTuple):
    """A delivery. Where an event failed before its channel was chosen, that is empty; so is the notification."""

    event: str
    notification: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """What the ledger has of a delivery."""

    key: Key
    phase: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter: of which event, and what its attributes say. Without a code SQS moved it, with all in it."""

    key: Key
    code: str = ""


@dataclass(frozen=True, slots=True)
class Histories:
    """The four, and what is still in the queue (identities of events). `posts` has a key for each accepted post."""

    published: Sequence[Event]
    ledger: Sequence[Row]
    posts: Sequence[Key]
    letters: Sequence[Letter]
    queued: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Injected:
    """What was done to events, by their identity: what can excuse them.

    `ambiguous` counts outcomes that nobody could know: a post that Slack took while its sender was not told, a process
    that was killed or lost its ledger in the middle. `overtaken` are events whose process was frozen, or that could not
    be read back in time. `parked` are those that may be parked although they are sound.
    """

    ambiguous: Mapping[str, int] = field(default_factory=dict)
    overtaken: frozenset[str] = frozenset()
    parked: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many deliveries met which fate, and what breaks the law, one sentence each."""

    fates: Counter[str]
    duplicates: int
    ambiguous: int
    violations: Sequence[str]

    @property
    def line(self) -> str:
        """The result in one line."""
        parts = [f"published={self.fates.total()}", *(f"{fate}={self.fates[fate]}" for fate in FATES)]
        return " ".join(
            [*parts, f"lost={self.fates['lost']}", f"duplicates={self.duplicates} (ambiguous={self.ambiguous})"]
        )


def check(histories: Histories, injected: Injected, *, read_back: bool) -> Verdict:
    """Hold the histories against the law.

    With `read_back` nothing may be posted twice but what was overtaken, and that once per event; without it, once more
    for each ambiguous outcome.
    """
    evidence = _Evidence(histories)
    fates: Counter[str] = Counter()
    violations: list[str] = []
    for event in histories.published:
        for expected in event.deliveries:
            fate = evidence.fate(event, expected)
            fates[fate] += 1
            violations += _of_fate(event, expected, fate, evidence, injected)
        violations += _of_posts(event, evidence, injected, read_back=read_back)
    violations += evidence.strangers()
    duplicates = sum(count - 1 for count in evidence.posts.values())
    return Verdict(fates, duplicates, sum(injected.ambiguous.values()), violations)


class _Evidence:
    """The histories, ready to be asked."""

    def __init__(self, histories: Histories) -> None:
        self._published = {event.identity: event for event in histories.published}
        self.posts = Counter(histories.posts)
        self.rows = {row.key: row for row in histories.ledger}
        self.letters: dict[str, list[Letter]] = {}
        for letter in histories.letters:
            self.letters.setdefault(letter.key.event, []).append(letter)
        self._queued = histories.queued

    def fate(self, event: Event, expected: Expected) -> Fate:
        key = Key(event.identity, expected.notification, expected.channel)
        if self.posts[key] and not self.parked(key):
            return "delivered"
        if self.phase(key) == "suppressed":
            return "suppressed"
        if self.parked(key):
            return "parked"
        return "queued" if event.identity in self._queued else "lost"

    def phase(self, key: Key) -> str:
        """What the ledger says of a delivery; of all that an event or a notification is, where it failed before."""
        return next((self.rows[one].phase for one in _covering(key) if one in self.rows), "")

    def parked(self, key: Key) -> bool:
        """Whether a dead letter is about this delivery: the ledger says so, or the letter itself does.

        One that SQS moved is about what had not ended by then.
        """
        for letter in self.letters.get(key.event, ()):
            if letter.code and (letter.key in _covering(key) or self.phase(key) == "parked"):
                return True
            if not letter.code and not self.posts[key]:
                return True
        return False

    def strangers(self) -> Iterable[str]:
        known = {
            Key(event.identity, expected.notification, expected.channel)
            for event in self._published.values()
            for expected in event.deliveries
        }
        for key in self.posts:
            if key not in known:
                yield f"{_shown(key)} was posted, and is no delivery of a published event"
        for identity in self.letters.keys() - self._published.keys():
            yield f"event {identity} is parked, and was not published"


def _of_fate(event: Event, expected: Expected, fate: Fate, evidence: _Evidence, injected: Injected) -> Iterable[str]:
    key = Key(event.identity, expected.notification, expected.channel)
    phase, posts = evidence.phase(key), evidence.posts[key]
    codes = {letter.code for letter in evidence.letters.get(event.identity, ())}
    if fate == "lost":
        yield f"{_shown(key)} is lost; the ledger says {phase or 'nothing'}"
    if posts and fate == "parked" and not injected.ambiguous.get(event.identity):
        yield f"{_shown(key)} is both delivered and parked ({', '.join(sorted(codes))})"
    if posts and fate == "suppressed":
        yield f"{_shown(key)} is both delivered and suppressed"
    if fate == "parked" and expected.end != "parked" and event.identity not in injected.parked:
        yield f"{_shown(key)} is parked ({', '.join(sorted(codes))}), and there was no need"
    if fate in ("delivered", "suppressed") and fate != expected.end:
        yield f"{_shown(key)} is {fate}, and should be {expected.end}"


def _of_posts(event: Event, evidence: _Evidence, injected: Injected, *, read_back: bool) -> Iterable[str]:
    """An event is posted twice, or parked twice, only as often as there is a reason to."""
    keys = [Key(event.identity, one.notification, one.channel) for one in event.deliveries]
    extra = sum(max(evidence.posts[key] - 1, 0) for key in keys)
    overtaken = event.identity in injected.overtaken
    allowed = int(overtaken) if read_back else injected.ambiguous.get(event.identity, 0) + int(overtaken)
    if extra > allowed:
        yield f"event {event.identity} was posted {extra} times more than once, and {allowed} are excused"
    letters = len(evidence.letters.get(event.identity, ()))
    excused = injected.ambiguous.get(event.identity, 0) + int(overtaken) + len(event.again) + len(event.republished)
    if letters > 1 + excused:
        yield f"event {event.identity} is parked {letters} times"


def _covering(key: Key) -> tuple[Key, ...]:
    """The delivery, and what it is known by where it failed before its channel, or its notification, was known."""
    return key, Key(key.event, key.notification), Key(key.event)


def _shown(key: Key) -> str:
    return f"event {key.event}, {key.notification or 'unread'}, {key.channel or 'no channel'},"
