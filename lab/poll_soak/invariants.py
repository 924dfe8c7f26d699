"""Invariants after any soak: each event ends as one delivery, and is posted twice only for a reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

# The number of posts with an unknown outcome after which an event is parked: MAX_AMBIGUOUS_POSTS in
# handler/delivery/decide.py.
PARKED_AFTER: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries:
    """The results by event key: the part of the `event_id` after the type, such as `5` or `5/paid`.

    A digest's key is its first and last id, such as `5-130`. `ledger` has the phases of each event's deliveries.
    `digests` is the number of rows that the digests of a key count, and `numbers` the number of these digests, if it is
    not one. `posts` counts the messages that Slack accepted, `unknown` the posts whose outcome the function could not
    know. `said` is the text of each message, whether or not it was posted. `queued` is the number of events that are
    still in the queue.
    """

    ledger: Mapping[str, Sequence[str]]
    posts: Mapping[str, int]
    digests: Mapping[str, int] = field(default_factory=dict)
    numbers: Mapping[str, int] = field(default_factory=dict)
    unknown: Mapping[str, int] = field(default_factory=dict)
    said: Mapping[str, str] = field(default_factory=dict)
    queued: int = 0

    @property
    def singles(self) -> set[str]:
        """The keys of the events that are no digests."""
        return {key for key in self.ledger if key not in self.digests}

    @property
    def digested(self) -> int:
        """The number of rows that all digests count."""
        return sum(self.digests.values())

    @property
    def twice(self) -> int:
        """The number of posts beyond the first of each event."""
        return sum(max(count - self.numbers.get(key, 1), 0) for key, count in self.posts.items())


@dataclass(frozen=True, slots=True)
class Verdict:
    """The number of single events, of rows in digests, of lost events, and of repeated posts.

    `violations` are sentences; empty if all invariants hold.
    """

    single: int
    digested: int
    lost: int
    twice: int
    violations: Sequence[str]


def broken(found: Deliveries) -> Iterator[str]:
    """Yield the violations that are the same for every kind of poll."""
    if found.queued:
        yield f"{found.queued} messages are still in the queue"
    for key in found.digests.keys() - found.ledger.keys():
        yield f"the digest {key} is no delivery"
    for key, phases in found.ledger.items():
        posts, unknown, events = found.posts.get(key, 0), found.unknown.get(key, 0), found.numbers.get(key, 1)
        if len(phases) != events:
            yield f"{key} is {len(phases)} deliveries"
        for phase in phases:
            if phase != "delivered" and (phase != "parked" or unknown < PARKED_AFTER):
                yield f"{key} ended as {phase} with {unknown} unknown outcomes"
        if posts < phases.count("delivered"):
            yield f"{key} is delivered, and was not posted"
        if posts - events > unknown:
            yield f"{key} was posted {posts} times with {unknown} unknown outcomes"
    for key in Counter(found.posts).keys() - found.ledger.keys():
        yield f"{key} was posted, and is no delivery"
