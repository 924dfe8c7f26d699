"""What has to hold after a soak: each committed row is one delivery, and posted twice only for a reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final

# Of how many posts with an unknown outcome the function parks the event (handler/stages/post.py: MAX_DOUBTS).
PARKED_AFTER: Final = 2


@dataclass(frozen=True, slots=True)
class Histories:
    """What was written, and what came of it.

    `there` are the ids of the rows in scope, `deleted` those that were there before. `ledger` has the phases of the
    deliveries of each event: of rows by their ids, of digests by their first and last id. `digests` says how many rows
    each digest counts. `posts` are the messages that Slack has accepted, `unknown` the posts whose outcome the function
    could not know, by the same keys: `5` or `5-130`. What is `queued` has not ended.
    """

    there: AbstractSet[int]
    deleted: AbstractSet[int]
    ledger: Mapping[str, Sequence[str]]
    posts: Mapping[str, int]
    digests: Mapping[str, int] = field(default_factory=dict)
    unknown: Mapping[str, int] = field(default_factory=dict)
    queued: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """The rows that were told one by one, those in digests, those that are lost, the posts beyond the first.

    `violations` are sentences; none if all is well.
    """

    single: int
    digested: int
    lost: int
    twice: int
    violations: Sequence[str]


def check(found: Histories) -> Verdict:
    """Hold the histories against the law."""
    single = {int(key) for key in found.ledger if "-" not in key}
    digested = sum(found.digests.values())
    missing = sorted(found.there - single)
    lost = _lost(missing, found.digests)
    short = max(len(found.there - single) - digested, 0)
    violations = [
        *(f"row {id_} is lost" for id_ in lost),
        *_of_counts(found, single, digested, short if not lost else 0),
        *(f"row {id_} is delivered, and was never committed" for id_ in sorted(single - found.there - found.deleted)),
        *_of_deliveries(found),
    ]
    twice = sum(max(count - 1, 0) for count in found.posts.values())
    return Verdict(len(single), digested, max(len(lost), short), twice, violations)


def _lost(missing: Iterable[int], digests: Mapping[str, int]) -> list[int]:
    """The rows that are in no delivery of their own and in no digest's range."""
    ranges = [tuple(map(int, key.split("-"))) for key in digests]
    return [id_ for id_ in missing if not any(first <= id_ <= last for first, last in ranges)]


def _of_counts(found: Histories, single: AbstractSet[int], digested: int, short: int) -> Iterator[str]:
    """A digest has no list of its rows: their number says whether one is missing, or counted twice."""
    if short:
        yield f"{short} rows are in no delivery"
    told, most = len(single) + digested, len(found.there | found.deleted)
    if told > most:
        yield f"{told} rows are told of, and {most} were committed"
    if found.queued:
        yield f"{found.queued} messages are still in the queue"


def _of_deliveries(found: Histories) -> Iterator[str]:
    for key in found.digests.keys() - found.ledger.keys():
        yield f"the digest {key} is no delivery"
    for key, phases in found.ledger.items():
        posts, unknown = found.posts.get(key, 0), found.unknown.get(key, 0)
        if len(phases) != 1:
            yield f"{key} is {len(phases)} deliveries"
        if phases[0] == "delivered":
            if not posts:
                yield f"{key} is delivered, and was not posted"
        elif phases[0] != "parked" or unknown < PARKED_AFTER:
            yield f"{key} ended as {phases[0]} with {unknown} unknown outcomes"
        if posts - 1 > unknown:
            yield f"{key} was posted {posts} times with {unknown} unknown outcomes"
    for key in Counter(found.posts).keys() - found.ledger.keys():
        yield f"{key} was posted, and is no delivery"
