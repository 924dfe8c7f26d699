"""What the next run of a poll would do. The same code reads the table, but nothing is written or sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from handler.errors import named
from handler.frozen import frozen
from handler.model import Digest, Poll
from handler.polling import start_requests, state_item
from handler.polling.dispatch import RUN_SECONDS, SPARE_SECONDS, run_poll
from handler.polling.run import RunResult
from handler.polling.schedule import Schedule
from handler.polling.state import Pending, PolledEvent, PolledRow, PollState, pending_events
from handler.polling.stored_names import SCHEDULE, STATE, partition
from handler.polling.table import Table
from handler.ports import Database, StateTable

# Ids in the result.
SHOWN: Final = 10
# Whether the event of a row posts something; None if that is not known.
Posts = Callable[[PolledRow], bool | None]


@frozen
class DryRun:
    """What the next run would do if it began now. Nothing of a row is shown except its id.

    A run that `starts` the poll would count `seen` rows as seen; if they are not `all_seen`, there are more rows below
    them. It would first send the `unsent` rows of an earlier run. Then it would post `found` rows, `late` of them late,
    as one `summary` or one by one; `ids` are the lowest ones, unless there is a summary. If they are posted one by one,
    `suppressed` ones post nothing, and of `undecided` ones only their lookups tell. `more`: the time was too short.
    `code` is the error with which it would fail, perhaps after it has found rows.
    """

    poll: str
    starts: bool = False
    seen: int = 0
    all_seen: bool = True
    found: int = 0
    late: int = 0
    lowest: int | str = 0
    highest: int | str = 0
    ids: Sequence[int | str] = ()
    summary: bool = False
    suppressed: int = 0
    undecided: int = 0
    unsent: int = 0
    more: bool = False
    given_up: int = 0
    code: str = ""
    detail: str = ""


def dry_run(
    name: str,
    poll: Poll,
    database: Database,
    stored: StateTable,
    now: Callable[[], float],
    remaining: Callable[[], float],
    posts: Posts = lambda _: True,
) -> DryRun:
    """Run a poll without a lease, whether it is due, paused or on hold. Writes and sends nothing, raises nothing.

    `posts` says whether the event of a row posts something.
    """
    end = now() + RUN_SECONDS

    def in_time() -> bool:
        return now() < end and remaining() > SPARE_SECONDS

    store, queue, found = _Store(), _Queue(), DryRun(name)
    try:
        items = {item.sort: item for item in stored.items(partition(name))}
        state = items.get(STATE)
        schedule = Schedule.of(items.get(SCHEDULE)).leased(now(), state)
        starts = start_requests.restarts(schedule, state)
        pending = state_item.read(state).pending if state and not starts else None
        found = replace(found, starts=starts, unsent=_count(pending))
        ran = run_poll(schedule, state, Table(database, poll), store, queue, now, in_time)
    except Exception as error:  # noqa: BLE001 - the error is the result
        failure = named(error)
        return replace(found, code=failure.code, detail=failure.detail)
    if starts and store.first:
        cursor, timed = store.first.cursor, store.first.timed
        found = replace(
            found, seen=len(timed.seen if timed else cursor.seen), all_seen=bool(timed) or cursor.floor == 0
        )
    sent = [*queue.sent, *(pending_events(ran.state.pending) if ran.state.pending else ())]
    return _with(found, ran, sent[len(pending_events(pending)) if pending else 0 :], posts)


def _with(found: DryRun, ran: RunResult, sent: Sequence[PolledEvent], posts: Posts) -> DryRun:
    """Return the result with the outcome of a run, and the events that it would have `sent` for the rows it found."""
    digest = next((one for one in sent if isinstance(one, Digest)), None)
    rows = [one for one in sent if isinstance(one, PolledRow)]
    ids = [one.id for one in rows]
    posting = [posts(one) for one in rows]
    return replace(
        found,
        found=ran.found,
        late=ran.late,
        lowest=digest.first if digest else next(iter(ids), 0),
        highest=digest.last if digest else next(reversed(ids), 0),
        ids=tuple(ids[:SHOWN]),
        summary=digest is not None,
        suppressed=posting.count(False),
        undecided=posting.count(None),
        more=ran.more,
        given_up=ran.given_up,
        code=ran.failure.code if ran.failure else "",
        detail=ran.failure.detail if ran.failure else "",
    )


def _count(pending: Pending | Digest | None) -> int:
    if pending is None:
        return 0
    return pending.count if isinstance(pending, Digest) else len(pending.rows)


@dataclass
class _Store:
    """A run.Store that keeps only the first state."""

    first: PollState | None = None

    def save(self, state: PollState) -> PollState:
        self.first = self.first or state
        return replace(state, revision=state.revision + 1)


@dataclass
class _Queue:
    """A run.Queue that keeps the events and sends none."""

    sent: list[PolledEvent] = field(default_factory=list)

    def send(self, events: Sequence[PolledEvent], epoch: int) -> None:  # noqa: ARG002 - as run.Queue has it
        self.sent += events
