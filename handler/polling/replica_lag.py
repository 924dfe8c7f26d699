"""Stale values from a replica that lags are not changes.

Several replicas can share one name. If the one that answers now lags behind the one that answered before, a row seems
to change back, and later to change again. So a poll remembers when rows were changed, if its SELECT returns that, and
waits for a replica that is at least as recent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import chain, islice
from typing import Final, NamedTuple

from handler.errors import NotifierError
from handler.polling.id_scan import IdScan
from handler.polling.id_set import IdSet
from handler.polling.id_values import IdValues, WatchedValue

# Rows whose time of change is remembered: those that changed last.
MAX_SEEN_VERSIONS: Final = 2000
# A replica that lags by more than this is not waited for: the row may have an earlier time for another reason.
LAG_SECONDS: Final = 3600.0


class RowVersion(NamedTuple):
    """A row's value, and when the row was last changed: Unix seconds, or a number that grows with each change."""

    value: WatchedValue
    at: float


class SeenVersion(NamedTuple):
    """When a row was changed, as in RowVersion, and when the poll found that: Unix seconds."""

    at: float
    found_at: float


SeenVersions = Mapping[int, SeenVersion]  # by the ids of some rows


def without_stale_changes(
    scan: IdScan,
    before: IdValues,
    seen_versions: SeenVersions,
    read: Callable[[Iterable[int]], Mapping[int, RowVersion]],
    now: float,
) -> tuple[IdScan, SeenVersions]:
    """Return the scan without changes that are older than what was seen `before`, and the updated versions.

    The rows that are left out keep their earlier values, so a later scan finds their changes. If `read` fails, all
    changes are left out, and new rows are kept. `now` is a Unix time.
    """
    known = scan.found.restricted_to(IdSet.containing(seen_versions))
    found = dict.fromkeys(islice(chain(known, scan.found), 2 * MAX_SEEN_VERSIONS))
    try:
        changed = read(found)
    except NotifierError as failure:
        unsure = scan.found.ids & before.ids
        return replace(_without(scan, before, unsure), failure=scan.failure or failure), seen_versions
    values = {change.id: change.new for change in scan.found.restricted_to(IdSet.containing(found)).changes(before)}
    moved = {
        id_ for id_, one in changed.items() if one.value != values[id_] or _is_stale(one, seen_versions.get(id_), now)
    }
    waiting = IdSet.containing(moved)
    later = {id_: SeenVersion(one.at, now) for id_, one in changed.items() if id_ not in moved}
    kept = {id_: version for id_, version in seen_versions.items() if id_ not in later}
    return _without(scan, before, waiting), dict([*kept.items(), *later.items()][-MAX_SEEN_VERSIONS:])


def _without(scan: IdScan, before: IdValues, ids: IdSet) -> IdScan:
    """The scan without these ids, which keep their earlier values."""
    seen = scan.cursor.seen.without(ids) | before.restricted_to(ids)
    return replace(
        scan,
        cursor=replace(scan.cursor, seen=seen),
        found=scan.found.without(ids),
        late=scan.late - ids,
    )


def _is_stale(one: RowVersion, seen: SeenVersion | None, now: float) -> bool:
    # A version that was found in the future is from a clock that was wrong.
    return seen is not None and one.at < seen.at and abs(now - seen.found_at) < LAG_SECONDS
