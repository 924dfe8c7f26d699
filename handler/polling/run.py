"""One run of a poll: send the pending events of an earlier run, scan the table, send the events of new rows.

Events are saved before they are sent, and stay saved until the queue has accepted them. If a run is killed, the next
one sends the same events again, with the same identities, and the ledger of deliveries removes the duplicates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, Protocol

from handler.errors import NotifierError, SourceError
from handler.frozen import frozen
from handler.model import Digest, Poll
from handler.polling import time_scan
from handler.polling.id_cursor import IdCursor
from handler.polling.id_reuse import reused_id, sentinel_ids, updated_sentinels
from handler.polling.id_scan import IdPage, IdScan, scan
from handler.polling.id_values import MAX_VALUES, WatchedValue
from handler.polling.replica_lag import RowVersion, without_stale_changes
from handler.polling.state import SEEN_BYTES, Pending, PolledEvent, PolledRow, PollState, pending_events
from handler.polling.time_cursor import SECOND, StartPosition, TimeCursor, moment, row_source
from handler.polling.time_scan import TimePage, TimeScan

# Events that are sent before the time is checked again.
BATCH: Final = 10
# Single events after which a scan ends early.
MAX_EVENTS: Final = 5_000
# How long the table's counter may stay at or below an id that was read: replicas lag, and take turns.
COUNTER_LOW_SECONDS: Final = 600.0
# The clock may be wrong if it says that the last scan was longer ago than this, or is further in the future than that.
# The longest interval between two runs is a week.
_STEADY_SECONDS: Final = 8 * 86_400.0
_BACKWARDS_SECONDS: Final = 3600.0


@frozen
class RunResult:
    """The outcome of a run. `more`: the time was too short. A `failure` ended the scan early.

    `scanned` says whether the ids above the highest one were read, and `complete` whether the other rows of recent
    transactions were read, too. `found` counts the new rows, and `late` those that appeared after the longest
    transaction.

    `given_up` counts the ids that the poll stopped looking for because the state would be too large, although they
    could still appear within the longest transaction; if a column is watched, the rows as young as that which are no
    longer watched. Of a poll by a time column it counts the rows in the window that are no longer remembered, and
    those whose id cannot be that of an event. `full` is the share of the room in the state that young ids take; None if
    the run did not scan, or the poll is by a time.
    """

    state: PollState
    more: bool
    scanned: bool = False
    complete: bool = False
    found: int = 0
    late: int = 0
    given_up: int = 0
    full: float | None = None
    failure: NotifierError | None = None


class Store(Protocol):
    """Where the state is kept."""

    def save(self, state: PollState) -> PollState:
        """Replace the stored state if it has the same epoch and revision, and return the state with the next revision.

        Raises an error if it has others, because another run has written it.
        """


class Queue(Protocol):
    """Where events go."""

    def send(self, events: Sequence[PolledEvent], epoch: int) -> None:
        """Return once the queue has accepted all of these."""


class Rows(Protocol):
    """The rows of the polled table. Each method raises NotifierError."""

    def ids(self, after: int, upto: int | None) -> IdPage:
        """As id_scan.ReadIds."""

    def created(self, ids: Iterable[int]) -> Mapping[int, str]:
        """As id_reuse.Created."""

    def low_counter(self, top: int) -> int | None:
        """Return the id of the next row if it is not above `top`; None if it is above, or not known."""

    def changed(self, ids: Iterable[int]) -> Mapping[int, RowVersion]:
        """Return the values of these rows, and when they were changed; deleted rows are missing."""

    def page(self, begin: StartPosition | None, *, backwards: bool = False) -> TimePage:
        """As time_scan.ReadTimePage."""


def run(
    state: PollState,
    scanned_at: float,
    rows: Rows,
    store: Store,
    queue: Queue,
    poll: Poll,
    clock: Callable[[], float],
    in_time: Callable[[], bool],
) -> RunResult:
    """Bring a poll up to date, as far as the time allows. `scanned_at` is when the table was last read, a Unix time.

    Raises what `store` and `queue` raise, and NotifierError (POLL_IDS_REUSED, POLL_VALUES_UNFIT, POLL_TIMES_UNFIT,
    POLL_CURSOR_CHANGED). If a scan fails after its first rows, these are sent, and RunResult has the failure.
    """
    state = _send_pending(state, store, queue, in_time)
    if state.pending or not in_time():
        return RunResult(state, more=True)
    require_same_cursor(state.timed, poll)
    if state.timed:
        ran = _by_time(state, state.timed, scanned_at, rows, poll, clock(), in_time)
    else:
        ran = _by_id(state, scanned_at, rows, poll, clock, in_time)
    if ran.state == state:
        return ran
    state = _send_pending(store.save(ran.state), store, queue, in_time)
    return replace(ran, state=state, more=ran.more or state.pending is not None)


def _by_id(
    state: PollState,
    scanned_at: float,
    rows: Rows,
    poll: Poll,
    clock: Callable[[], float],
    in_time: Callable[[], bool],
) -> RunResult:
    """Scan the ids of the table. The returned state has not been saved."""
    if state.cursor.top < state.resent_upto:
        poll = replace(poll, digest_rows=None, digest_seconds=None)
    now = clock()
    steady = -_BACKWARDS_SECONDS <= now - scanned_at <= _STEADY_SECONDS
    is_continuous = 0 <= now - scanned_at <= 2 * poll.every + COUNTER_LOW_SECONDS
    state = _check_id_reuse(_without_old_values(state, poll), rows, now, is_continuous=is_continuous)
    follows_pause = _follows_pause(scanned_at, poll, now)
    limit = MAX_EVENTS if poll.digest_rows is None and not follows_pause else None
    watching, known, seen_versions = poll.is_watching, state.cursor.seen, state.seen_versions
    seen = scan(state.cursor, rows.ids, poll.longest, clock, in_time, steady=steady, watching=watching, limit=limit)
    if poll.changed:
        seen, seen_versions = without_stale_changes(seen, known, seen_versions, rows.changed, now)
    # An unchanged `seen` still fits. With a million ids, checking that takes 10 ms.
    cursor = seen.cursor if seen.cursor.seen == state.cursor.seen else seen.cursor.within(SEEN_BYTES)
    if len(cursor.seen.seen) > MAX_VALUES:
        raise SourceError("POLL_VALUES_UNFIT", f"{poll.where}: there are more than {MAX_VALUES} values")
    pending = _pending(seen, state, poll, now, follows_pause=follows_pause) if seen.found else None
    sentinels = state.sentinels
    if seen.found and not seen.failure:  # else the next run adds the missing sentinels
        ids = cursor.seen.ids
        missing = [id_ for id_ in sentinel_ids(sentinels, ids) if id_ not in sentinels]
        sentinels = updated_sentinels(sentinels, ids, rows.created(missing))
    resent_upto = _resent_upto(state, seen, cursor.top)
    found = replace(
        state,
        cursor=cursor,
        pending=pending,
        sentinels=sentinels,
        resent_upto=resent_upto,
        seen_versions=seen_versions,
    )
    bound = seen.cursor.bound(now, poll.longest)
    return RunResult(
        found,
        more=seen.more,
        scanned=_counts_as_scan(seen, follows_pause=follows_pause),
        complete=seen.complete,
        found=len(seen.found),
        late=len(seen.late),
        given_up=_given_up(cursor, seen.cursor, poll, bound),
        full=round(cursor.fullness(bound, SEEN_BYTES), 3),
        failure=seen.failure,
    )


def _by_time(
    state: PollState,
    cursor: TimeCursor,
    scanned_at: float,
    rows: Rows,
    poll: Poll,
    now: float,
    in_time: Callable[[], bool],
) -> RunResult:
    """Scan the times of the table. The returned state has not been saved."""
    follows_pause = _follows_pause(scanned_at, poll, now)
    max_single_events = 1 if follows_pause else poll.digest_rows
    if state.resent_upto:
        max_single_events = None
    seen = time_scan.scan(cursor, rows.page, poll.longest, round(now * SECOND), in_time, max_single_events)
    pending: Pending | Digest | None = None
    if max_single_events is not None and len(seen.found) > max_single_events:
        ends = seen.found[0].id, seen.found[-1].id
        pending = Digest(state.revision + 1, len(seen.found), len(seen.late), *ends)
    elif seen.found:
        keys = [moment(row.at) if poll.identity else None for row in seen.found]
        found = zip(seen.found, keys, strict=True)
        pending = Pending(tuple(PolledRow(row.id, row in seen.late, key=key) for row, key in found))
    resent_upto = _resent_upto(state, seen, seen.cursor.watermark)
    return RunResult(
        replace(state, timed=seen.cursor, pending=pending, resent_upto=resent_upto),
        more=seen.more,
        scanned=_counts_as_scan(seen, follows_pause=follows_pause),
        complete=seen.has_read_new and not seen.more,
        found=len(seen.found),
        late=len(seen.late),
        given_up=seen.given_up,
        failure=seen.failure,
    )


def require_same_cursor(cursor: TimeCursor | None, poll: Poll) -> None:
    """Raise NotifierError (POLL_CURSOR_CHANGED) if the poll now finds rows in another way than before.

    Its cursor then says nothing about the rows. To begin like a first run would skip rows silently, and to begin with
    an empty cursor would make events of old rows.
    """
    before, after = cursor.row_source if cursor else "", row_source(poll)
    if before != after:
        raise NotifierError("POLL_CURSOR_CHANGED", f"by {before or 'id'} before, by {after or 'id'} now")


def _resent_upto(state: PollState, seen: IdScan | TimeScan, reached: int) -> int:
    """Return the new PollState.resent_upto after a scan that has read up to `reached`.

    A replica that lags shows some of these rows later. The last rows may have been deleted; then a scan that finds no
    row ends the resending.
    """
    is_resent = seen.has_read_new and not seen.more and (reached >= state.resent_upto or not seen.found)
    return 0 if is_resent else state.resent_upto


def _follows_pause(scanned_at: float, poll: Poll, now: float) -> bool:
    """Return whether the last scan was so long ago that the rows since then become one digest.

    After a first scan that failed or was killed there is no time of a last scan. That does not count as a pause.
    """
    return poll.digest_seconds is not None and 0 < scanned_at < now - poll.digest_seconds


def _check_id_reuse(state: PollState, rows: Rows, now: float, *, is_continuous: bool) -> PollState:
    """Return the state with updated sentinels. Raises NotifierError (POLL_IDS_REUSED) if ids are used again.

    A sentinel with another creation time proves that. A low counter does not, because a lagging replica shows one, too:
    it has to stay low in all runs for COUNTER_LOW_SECONDS. That time starts anew if the last run was not
    `is_continuous`: the poll was paused in between, or the clock jumped.
    """
    sentinels, seen = state.sentinels, state.cursor.seen.ids
    created = rows.created({*sentinels, *sentinel_ids(sentinels, seen)})
    if id_ := reused_id(sentinels, created):
        raise NotifierError("POLL_IDS_REUSED", f"id {id_} belongs to another row than before")
    state = replace(state, sentinels=updated_sentinels(sentinels, seen, created))
    counter = rows.low_counter(state.cursor.top)
    since = state.counter_low_since if is_continuous else 0.0
    if counter is None:
        return replace(state, counter_low_since=0.0)
    if since and now - since > COUNTER_LOW_SECONDS:
        raise NotifierError("POLL_IDS_REUSED", f"the next id is {counter}, and {state.cursor.top} was read before")
    return replace(state, counter_low_since=since or now)


def _counts_as_scan(seen: IdScan | TimeScan, *, follows_pause: bool) -> bool:
    """Return whether this counts as the last scan. After a pause, only one that left no rows to the next one does."""
    return seen.has_read_new and not (follows_pause and seen.more)


def _without_old_values(state: PollState, poll: Poll) -> PollState:
    """Return the state without values if the poll now watches another column, so that the next ones are not changes."""
    if state.watched == poll.watched:
        return state
    cursor = replace(state.cursor, seen=state.cursor.seen.without_values())
    return replace(state, cursor=cursor, watched=poll.watched, seen_versions={})


def _pending(scanned: IdScan, before: PollState, poll: Poll, now: float, *, follows_pause: bool) -> Pending | Digest:
    """Return the events of a scan: a digest if there are many rows, or several after a pause (`follows_pause`)."""
    count, found = len(scanned.found), scanned.found
    if (poll.digest_rows is not None and count > poll.digest_rows) or (follows_pause and count > 1):
        return Digest(before.revision + 1, count, len(scanned.late), next(iter(found)), found.highest)
    late = {*scanned.late}
    if not poll.is_watching:
        return Pending(tuple(PolledRow(id_, id_ in late) for id_ in found))
    moment = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    changes = found.changes(before.cursor.seen)
    return Pending(tuple(PolledRow(id_, id_ in late, (old, new), _key(poll, new, moment)) for id_, old, new in changes))


def _key(poll: Poll, value: WatchedValue, moment: str) -> str | None:
    """Return the part of an event's identity after the row's id."""
    return {"moment": moment, "watched": "null" if value is None else value}.get(poll.identity)


def _given_up(cursor: IdCursor, before: IdCursor, poll: Poll, bound: int) -> int:
    """Count the young ids that are no longer looked for, or no longer watched, because the state would be too large."""
    if poll.is_watching:
        return len(before.seen.above(bound)) - len(cursor.seen.above(bound))
    return cursor.given_up(before, bound)


def _send_pending(state: PollState, store: Store, queue: Queue, in_time: Callable[[], bool]) -> PollState:
    """Send the pending events, and return the new state. If the time runs out, the other events stay pending.

    If the queue refuses an event, the events that it has accepted are first removed from the stored state, and then its
    error is raised.
    """
    if not state.pending:
        return state
    left: Pending | Digest | None = state.pending
    waiting = pending_events(state.pending)
    try:
        for start in range(0, len(waiting), BATCH):
            if not in_time():
                break
            batch = waiting[start : start + BATCH]
            queue.send(batch, state.epoch)
            left = _unsent(state.pending, start + BATCH)
    except NotifierError:
        _save_unsent(state, left, store)
        raise
    return _save_unsent(state, left, store)


def _save_unsent(state: PollState, left: Pending | Digest | None, store: Store) -> PollState:
    return state if left is state.pending else store.save(replace(state, pending=left))


def _unsent(pending: Pending | Digest, sent: int) -> Pending | None:
    """Return what is still pending after the first `sent` events."""
    rows = pending.rows[sent:] if isinstance(pending, Pending) else ()
    return Pending(rows) if rows else None
