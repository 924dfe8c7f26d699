"""Checks the invariants: compares published events, the ledger, Slack's accepted posts, and the dead-letter queue.

Every delivery of every published event must have ended as delivered, suppressed or parked, or must still be queued. A
delivery is the combination of an event, a notification and a channel.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from lab.soak.events import Event, Expected
from lab.soak.evidence import Evidence, Fate, Histories, Key, shown

FATES: Final = ("delivered", "suppressed", "parked", "queued")


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """The unknown outcomes of one event.

    `posts` counts messages that Slack accepted while the sender got no confirmation. `invocations` counts those that
    were killed, or lost their ledger, midway: each leaves every delivery of the event with one unknown outcome.
    """

    posts: int = 0
    invocations: int = 0

    @property
    def of_a_delivery(self) -> int:
        """The maximum number that can affect a single delivery."""
        return self.posts + self.invocations

    def of_an_event(self, deliveries: int) -> int:
        """Return the maximum number for an event with this many deliveries."""
        return self.posts + self.invocations * deliveries


_NONE: Final = Ambiguous()


@dataclass(frozen=True, slots=True)
class Injected:
    """The faults that were injected, by event identity: they excuse repeated posts and parked events.

    `overtaken` counts how often the process of an event was frozen, or a post with an unknown outcome could not be read
    back in time. `parked` are valid events that may nevertheless be parked.
    """

    ambiguous: Mapping[str, Ambiguous] = field(default_factory=dict)
    overtaken: Mapping[str, int] = field(default_factory=dict)
    parked: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many deliveries had which outcome, and one sentence for each violation."""

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
    """Check the invariants, and return the verdict.

    With `read_back` a delivery may be posted once more each time that it was overtaken; without it, also once more for
    each unknown outcome. Both are counted per delivery and per event, so that what excuses one delivery of an event
    does not excuse another.
    """
    evidence = Evidence(histories)
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
    ambiguous = sum(
        injected.ambiguous[event.identity].of_an_event(len(event.deliveries))
        for event in histories.published
        if event.identity in injected.ambiguous
    )
    return Verdict(fates, duplicates, ambiguous, violations)


def _of_fate(event: Event, expected: Expected, fate: Fate, evidence: Evidence, injected: Injected) -> Iterable[str]:
    key = Key(event.identity, expected.notification, expected.channel)
    phase, posts = evidence.phase(key), evidence.posts[key]
    codes = {letter.code for letter in evidence.letters.get(event.identity, ())}
    if fate == "lost":
        yield f"{shown(key)} is lost; the ledger says {phase or 'nothing'}"
    if posts and fate == "parked" and not injected.ambiguous.get(event.identity):
        yield f"{shown(key)} is both delivered and parked ({', '.join(sorted(codes))})"
    if posts and fate == "suppressed":
        yield f"{shown(key)} is both delivered and suppressed"
    if fate == "parked" and expected.end != "parked" and event.identity not in injected.parked:
        yield f"{shown(key)} is parked ({', '.join(sorted(codes))}), and there was no need"
    if fate == "delivered" and phase != "delivered" and not injected.ambiguous.get(event.identity):
        yield f"{shown(key)} is delivered, and the ledger says {phase or 'nothing'}"
    if fate in ("delivered", "suppressed") and fate != expected.end:
        yield f"{shown(key)} is {fate}, and should be {expected.end}"


def _of_posts(event: Event, evidence: Evidence, injected: Injected, *, read_back: bool) -> Iterable[str]:
    """Yield violations: a delivery that was posted again, or an event that was parked again, without a reason."""
    keys = [Key(event.identity, one.notification, one.channel) for one in event.deliveries]
    extra = {key: max(evidence.posts[key] - 1, 0) for key in keys}
    ambiguous = injected.ambiguous.get(event.identity, _NONE)
    overtaken = injected.overtaken.get(event.identity, 0)
    each = overtaken + (0 if read_back else ambiguous.of_a_delivery)
    every = overtaken * len(keys) + (0 if read_back else ambiguous.of_an_event(len(keys)))
    for key in keys:
        if extra[key] > each:
            yield f"{shown(key)} was posted {extra[key]} times more than once, and {each} are excused"
    if all(count <= each for count in extra.values()) and sum(extra.values()) > every:
        yield f"event {event.identity} was posted {sum(extra.values())} times more than once, and {every} are excused"
    letters = len(evidence.letters.get(event.identity, ()))
    excused = ambiguous.of_an_event(len(keys)) + overtaken * len(keys) + len(event.again) + len(event.republished)
    if letters > 1 + excused:
        yield f"event {event.identity} is parked {letters} times"
