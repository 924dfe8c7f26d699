"""Sentinel rows, by which a poll notices that ids are used again, as after TRUNCATE or a restored backup.

A poll would silently skip a new row that gets an id that was seen before. So it remembers when some rows, the
sentinels, were created, if its SELECT returns that, and compares these times in each run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice

from handler.polling.id_set import IdSet

# When each of these rows was created, in any stable form; deleted rows are missing.
Created = Callable[[Iterable[int]], Mapping[int, str]]


def sample_ids(seen: IdSet) -> list[int]:
    """Return the highest id, lower ones at distances that double, and the lowest.

    So one of them is soon used again: the lowest after TRUNCATE, another one after a restored backup, however many rows
    it lacks.
    """
    return list(dict.fromkeys([*_distant(seen), *islice(seen, 1)]))


def _distant(seen: IdSet) -> Iterator[int]:
    top, distance = seen.highest, 0
    while id_ := seen.upto(top - distance):
        yield id_
        distance = max(1, distance * 2)


def sentinel_ids(sentinels: Mapping[int, str], seen: IdSet) -> list[int]:
    """Return which ids should be sentinels: the `sample_ids`, and the lowest present sentinel."""
    return list(dict.fromkeys([*sample_ids(seen), *islice(sorted(sentinels), 1)]))


def reused_id(sentinels: Mapping[int, str], now: Mapping[int, str]) -> int:
    """Return an id that now belongs to another row; 0 if there is none."""
    return next((id_ for id_, created in now.items() if sentinels.get(id_, created) != created), 0)


def updated_sentinels(sentinels: Mapping[int, str], seen: IdSet, now: Mapping[int, str]) -> dict[int, str]:
    """Return the sentinels for these ids. A deleted row stays a sentinel, since another row may get its id later."""
    known = {**now, **sentinels}
    return {id_: known[id_] for id_ in sentinel_ids(sentinels, seen) if id_ in known}
