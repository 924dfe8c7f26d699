"""Rows by which a poll notices that ids are used again, as after TRUNCATE or a restored backup.

An id that was seen says nothing of another row that gets the same id later: such a row would be passed over in silence.
So a poll remembers when some of its rows were created, as far as its SELECT says so, and looks at them in each run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice

from handler.polling.id_set import IdSet

# When each of these rows was created, in any form that does not change; rows that are gone are missing.
Created = Callable[[Iterable[int]], Mapping[int, str]]


def sample_ids(seen: IdSet) -> list[int]:
    """The highest id, lower ones at distances that double, and the lowest.

    So one of them is used again soon: the lowest after TRUNCATE, and another one after a restored backup, whatever was
    lost with it.
    """
    return list(dict.fromkeys([*_distant(seen), *islice(seen, 1)]))


def _distant(seen: IdSet) -> Iterator[int]:
    top, distance = seen.highest, 0
    while id_ := seen.upto(top - distance):
        yield id_
        distance = max(1, distance * 2)


def sentinel_ids(sentinels: Mapping[int, str], seen: IdSet) -> list[int]:
    """Which ids are to be canaries: those that are `sample_ids`, and the lowest that ever was one."""
    return list(dict.fromkeys([*sample_ids(seen), *islice(sorted(sentinels), 1)]))


def reused_id(sentinels: Mapping[int, str], now: Mapping[int, str]) -> int:
    """Return an id that belongs to another row than before; 0 if there is none."""
    return next((id_ for id_, created in now.items() if sentinels.get(id_, created) != created), 0)


def updated_sentinels(sentinels: Mapping[int, str], seen: IdSet, now: Mapping[int, str]) -> dict[int, str]:
    """The canaries for these ids. A canary stays after its row is deleted, as another row may get the id later."""
    known = {**now, **sentinels}
    return {id_: known[id_] for id_ in sentinel_ids(sentinels, seen) if id_ in known}
