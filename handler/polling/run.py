"""One run of a poll: send what an earlier run could not send, look at the table, send what was found.

Events are saved before they are sent, and stay saved until the queue has accepted them. If a run is killed, the next
one sends the same events again, with the same identities, and the ledger of deliveries removes the duplicates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import UTC, datetime
from typing import Final, Protocol

from handler.errors import NotifierError, SourceError
from handler.frozen import frozen
from handler.model import Digest, Poll
from handler.polling import time_scan
from handler.polling.id_cursor import IdCursor
from handler.polling.id_reuse import renewed, reused, wanted
from handler.polling.id_scan import IdPage, IdScan, scan
from handler.polling.id_values import MOST_VALUES, WatchedValue
from handler.polling.replica_lag import RowVersion, SeenVersions, without_stale_changes
from handler.polling.time_cursor import SECOND, StartPosition, TimeCursor, basis, moment
from handler.polling.time_scan import TimePage, TimeScan

# How many events are sent before the time is checked again.
BATCH: Final = 10
# An item of the state table has at most 400 kB. What these bytes leave holds the events that are not sent yet: one look
# finds at most two slices of ids more than MOST_EVENTS, each of which takes some seven bytes.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
SEEN_BYTES: Final = 170_000
# The first run leaves room for rows to come.
FIRST_BYTES: Final = SEEN_BYTES // 2
MOST_EVENTS: Final = 5_000
# So long the next id may be lower than one that was read: replicas lag, and take turns.
BEHIND_SECONDS: Final = 600.0
# If the clock says that so many seconds passed since the last look, or that less than none did, it may be wrong.
# The longest interval between two runs is a week.
_STEADY_SECONDS: Final = 8 * 86_400.0
_BACKWARDS_SECONDS: Final = 3600.0


@frozen
class PolledRow:
    """One event: a row that is new, or whose watched value has changed, from `change[0]` to `change[1]`.

    A `key` makes the event different from others of the same row.
    """

    id: int | str
    late: bool = False
    change: tuple[WatchedValue, WatchedValue] | None = None
    key: str | None = None


@frozen
class Pending:
    """Events that the queue has not accepted yet; at least one."""

    rows: tuple[PolledRow, ...]


@frozen
class PollState:
    """What is kept between two runs.

    `revision` counts the writes, `epoch` how many times ids restarted, `starts` how many times the poll was started.
    `canaries` says when some rows were created, by their ids. Since `behind_since` (a Unix time; 0: it is not so) the
    database has counted ids below the highest one that was read. The rows up to `resent_upto` that are found are one
    event each, however many they are, until all of them are found: somebody asked for them. The values in `cursor` are
    those of the expression `watched`; empty if the poll watches none. A poll by a time column has `timed` in place of
    all this; then `resent_upto` is a time as there.
    """

    cursor: IdCursor
    pending: Pending | Digest | None = None
    canaries: Mapping[int, str] = field(default_factory=dict)
    behind_since: float = 0.0
    revision: int = 0
    epoch: int = 0
    starts: int = 0
    resent_upto: int = 0
    watched: str = ""
    moments: SeenVersions = field(default_factory=dict)
    timed: TimeCursor | None = None


PolledEvent = PolledRow | Digest


@frozen
class RunResult:
    """The outcome of a run. If there is `more`, the time was too short. A `failure` ended the look at the table early.

    `looked` says whether the ids above the highest one were read, and `whole` whether the other rows of recent
    transactions were read too. `found` counts the new rows, `late` those of them that appeared after the longest
    transaction, and `given_up` the ids that could still appear within it and are no longer looked for, because the
    state would not fit into the table; if a column is watched, the younger rows that are no longer watched. By a time
    column these are the rows that are no longer remembered although they are within the window, and those whose id
    cannot be that of an event. `full` says how much of the room the young ids take: 1 is all; None if the run did not
    look, or looks at times.
    """

    state: PollState
    more: bool
    looked: bool = False
    whole: bool = False
    found: int = 0
    late: int = 0
    given_up: int = 0
    full: float | None = None
    failure: NotifierError | None = None


class Store(Protocol):
    """Where the state is kept."""

    def save(self, state: PollState) -> PollState:
        """Replace the stored state if it has the same epoch and revision, and return the state with the next revision.

        Raises an error if it has others: then somebody else has written it.
        """


class Queue(Protocol):
    """Where events go."""

    def send(self, findings: Sequence[PolledEvent], epoch: int) -> None:
        """Return once the queue has accepted all of these."""


class Rows(Protocol):
    """The polled table. Each method raises NotifierError."""

    def ids(self, after: int, upto: int | None) -> IdPage:
        """As id_scan.ReadIds."""

    def created(self, ids: Iterable[int]) -> Mapping[int, str]:
        """As id_reuse.Created."""

    def behind(self, top: int) -> int | None:
        """Return the id that the next row gets if it is not above `top`; None if it is, or is not known."""

    def changed(self, ids: Iterable[int]) -> Mapping[int, RowVersion]:
        """Return the values of these rows, and when they were changed; rows that are gone are missing."""

    def page(self, begin: StartPosition | None, *, backwards: bool = False) -> TimePage:
        """As time_scan.ReadTimePage."""


def run(
    state: PollState,
    looked_at: float,
    rows: Rows,
    store: Store,
    queue: Queue,
    poll: Poll,
    clock: Callable[[], float],
    in_time: Callable[[], bool],
) -> RunResult:
    """Bring a poll up to date, as far as the time allows. `looked_at` is when the table was last read, a Unix time.

    Raises what `store` and `queue` raise, and NotifierError (POLL_IDS_REUSED, POLL_VALUES_UNFIT, POLL_TIMES_UNFIT,
    POLL_CURSOR_CHANGED). Whatever reading rows raises, everything that was read until then is sent.
    """
    state = _sent(state, store, queue, in_time)
    if state.pending or not in_time():
        return RunResult(state, more=True)
    require_same_cursor(state.timed, poll)
    if state.timed:
        ran = _by_time(state, state.timed, looked_at, rows, poll, clock(), in_time)
    else:
        ran = _by_id(state, looked_at, rows, poll, clock, in_time)
    if ran.state == state:
        return ran
    state = _sent(store.save(ran.state), store, queue, in_time)
    return replace(ran, state=state, more=ran.more or state.pending is not None)


def _by_id(
    state: PollState,
    looked_at: float,
    rows: Rows,
    poll: Poll,
    clock: Callable[[], float],
    in_time: Callable[[], bool],
) -> RunResult:
    """Look at the ids of the table. The state that is returned has not been saved."""
    if state.cursor.top < state.resent_upto:
        poll = replace(poll, digest_rows=None, digest_seconds=None)
    now = clock()
    steady = -_BACKWARDS_SECONDS <= now - looked_at <= _STEADY_SECONDS
    is_gapless = 0 <= now - looked_at <= 2 * poll.every + BEHIND_SECONDS
    state = _guarded(_of_column(state, poll), rows, now, is_gapless=is_gapless)
    is_old = _is_old(looked_at, poll, now)
    most = MOST_EVENTS if poll.digest_rows is None and not is_old else None
    watching, known, moments = poll.is_watching, state.cursor.seen, state.moments
    seen = scan(state.cursor, rows.ids, poll.longest, clock, in_time, steady=steady, watching=watching, most=most)
    if poll.changed:
        seen, moments = without_stale_changes(seen, known, moments, rows.changed, now)
    # What has not changed fits as before. To find that out again takes 10 ms with a million ids.
    cursor = seen.cursor if seen.cursor.seen == state.cursor.seen else seen.cursor.within(SEEN_BYTES)
    if len(cursor.seen.seen) > MOST_VALUES:
        raise SourceError("POLL_VALUES_UNFIT", f"{poll.where}: there are more than {MOST_VALUES} values")
    pending = _pending(seen, state, poll, now, is_old=is_old) if seen.found else None
    canaries = state.canaries
    if seen.found and not seen.failure:  # else the next run looks for those that are missing
        ids = cursor.seen.ids
        missing = [id_ for id_ in wanted(canaries, ids) if id_ not in canaries]
        canaries = renewed(canaries, ids, rows.created(missing))
    resent_upto = _resent_upto(state, seen, cursor.top)
    found = replace(state, cursor=cursor, pending=pending, canaries=canaries, resent_upto=resent_upto, moments=moments)
    bound = seen.cursor.bound(now, poll.longest)
    return RunResult(
        found,
        more=seen.more,
        looked=_has_looked(seen, is_old=is_old),
        whole=seen.whole,
        found=len(seen.found),
        late=len(seen.late),
        given_up=_given_up(cursor, seen.cursor, poll, bound),
        full=round(cursor.fullness(bound, SEEN_BYTES), 3),
        failure=seen.failure,
    )


def _by_time(
    state: PollState,
    cursor: TimeCursor,
    looked_at: float,
    rows: Rows,
    poll: Poll,
    now: float,
    in_time: Callable[[], bool],
) -> RunResult:
    """Look at the times of the table. The state that is returned has not been saved."""
    is_old = _is_old(looked_at, poll, now)
    singles = 1 if is_old else poll.digest_rows
    if state.resent_upto:
        singles = None
    seen = time_scan.scan(cursor, rows.page, poll.longest, round(now * SECOND), in_time, singles)
    pending: Pending | Digest | None = None
    if singles is not None and len(seen.found) > singles:
        ends = seen.found[0].id, seen.found[-1].id
        pending = Digest(state.revision + 1, len(seen.found), len(seen.late), *ends)
    elif seen.found:
        keys = [moment(row.at) if poll.identity else None for row in seen.found]
        found = zip(seen.found, keys, strict=True)
        pending = Pending(tuple(PolledRow(row.id, row in seen.late, key=key) for row, key in found))
    return RunResult(
        replace(state, timed=seen.cursor, pending=pending, resent_upto=_resent_upto(state, seen, seen.cursor.mark)),
        more=seen.more,
        looked=_has_looked(seen, is_old=is_old),
        whole=seen.news and not seen.more,
        found=len(seen.found),
        late=len(seen.late),
        given_up=seen.given_up,
        failure=seen.failure,
    )


def require_same_cursor(cursor: TimeCursor | None, poll: Poll) -> None:
    """Raise NotifierError (POLL_CURSOR_CHANGED) if the poll now finds rows in another way than before.

    What it has seen says nothing of such rows. To begin like a first run would skip rows silently, and to begin with
    nothing seen would make events of old rows.
    """
    before, after = cursor.basis if cursor else "", basis(poll)
    if before != after:
        raise NotifierError("POLL_CURSOR_CHANGED", f"by {before or 'id'} before, by {after or 'id'} now")


def _resent_upto(state: PollState, seen: IdScan | TimeScan, reached: int) -> int:
    """Return the new PollState.resent_upto after a look that has read up to `reached`.

    A replica that lags shows some of these rows later. The last ones may be gone, and then nothing more is found.
    """
    is_resent = seen.news and not seen.more and (reached >= state.resent_upto or not seen.found)
    return 0 if is_resent else state.resent_upto


def _is_old(looked_at: float, poll: Poll, now: float) -> bool:
    """Whether the last look was so long ago that the rows since then are reported as one.

    A first look that failed, or was killed, has no time: that is no pause.
    """
    return poll.digest_seconds is not None and 0 < looked_at < now - poll.digest_seconds


def _guarded(state: PollState, rows: Rows, now: float, *, is_gapless: bool) -> PollState:
    """Return the state with canaries for the ids that were seen. Raises NotifierError if ids are used again.

    A canary proves it. A counter that is not above the highest id does not, because a lagging replica shows one too.
    So it has to be so in all runs of some minutes. They are counted from now if the last run was not `is_gapless`: then
    the poll stood still in between, or the clock jumped.
    """
    canaries, seen = state.canaries, state.cursor.seen.ids
    created = rows.created({*canaries, *wanted(canaries, seen)})
    if id_ := reused(canaries, created):
        raise NotifierError("POLL_IDS_REUSED", f"id {id_} belongs to another row than before")
    state = replace(state, canaries=renewed(canaries, seen, created))
    counter = rows.behind(state.cursor.top)
    since = state.behind_since if is_gapless else 0.0
    if counter is None:
        return replace(state, behind_since=0.0)
    if since and now - since > BEHIND_SECONDS:
        raise NotifierError("POLL_IDS_REUSED", f"the next id is {counter}, and {state.cursor.top} was read before")
    return replace(state, behind_since=since or now)


def _has_looked(seen: IdScan | TimeScan, *, is_old: bool) -> bool:
    """Whether the next run counts from this look. After a pause, only one that left nothing ends the pause."""
    return seen.news and not (is_old and seen.more)


def findings(pending: Pending | Digest) -> Sequence[PolledEvent]:
    """The events for these rows, in the order of their ids."""
    return [pending] if isinstance(pending, Digest) else pending.rows


def _of_column(state: PollState, poll: Poll) -> PollState:
    """Return the state without values if the poll now watches another column. What it reads next is no change then."""
    if state.watched == poll.watched:
        return state
    cursor = replace(state.cursor, seen=state.cursor.seen.forgotten())
    return replace(state, cursor=cursor, watched=poll.watched, moments={})


def _pending(looked: IdScan, before: PollState, poll: Poll, now: float, *, is_old: bool) -> Pending | Digest:
    """What is to be sent of a look; `is_old` says that the one before it was long ago."""
    count, found = len(looked.found), looked.found
    if (poll.digest_rows is not None and count > poll.digest_rows) or (is_old and count > 1):
        return Digest(before.revision + 1, count, len(looked.late), next(iter(found)), found.highest)
    late = {*looked.late}
    if not poll.is_watching:
        return Pending(tuple(PolledRow(id_, id_ in late) for id_ in found))
    moment = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    changes = found.changes(before.cursor.seen)
    return Pending(tuple(PolledRow(id_, id_ in late, (old, new), _key(poll, new, moment)) for id_, old, new in changes))


def _key(poll: Poll, value: WatchedValue, moment: str) -> str | None:
    """What belongs to an event's identity beside the row's id."""
    return {"moment": moment, "watched": "null" if value is None else value}.get(poll.identity)


def _given_up(cursor: IdCursor, before: IdCursor, poll: Poll, bound: int) -> int:
    """How many young ids are no longer looked for, or no longer watched, because the state would not fit."""
    if poll.is_watching:
        return len(before.seen.above(bound)) - len(cursor.seen.above(bound))
    return cursor.given_up(before, bound)


def _sent(state: PollState, store: Store, queue: Queue, in_time: Callable[[], bool]) -> PollState:
    """Send the pending events, and return the new state. If the time runs out, the unsent events stay pending.

    If the queue refuses an event, those that it has accepted are saved first, and then its error is raised.
    """
    if not state.pending:
        return state
    left: Pending | Digest | None = state.pending
    waiting = findings(state.pending)
    try:
        for start in range(0, len(waiting), BATCH):
            if not in_time():
                break
            batch = waiting[start : start + BATCH]
            queue.send(batch, state.epoch)
            left = _rest(state.pending, start + BATCH)
    except NotifierError:
        _saved(state, left, store)
        raise
    return _saved(state, left, store)


def _saved(state: PollState, left: Pending | Digest | None, store: Store) -> PollState:
    return state if left is state.pending else store.save(replace(state, pending=left))


def _rest(pending: Pending | Digest, sent: int) -> Pending | None:
    """What is still to be sent after so many events."""
    rows = pending.rows[sent:] if isinstance(pending, Pending) else ()
    return Pending(rows) if rows else None
