"""One run of a poll: send what an earlier run could not send, look at the table, send what was found.

Events are saved before they are sent, and stay saved until the queue has accepted them. If a run is killed, the next
one sends the same events again, with the same identities, and the ledger of deliveries removes the duplicates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from handler.polling.id_cursor import IdCursor
from handler.polling.look import Ids, look
from handler.polling.seen import Seen

# How many events are sent before the time is checked again.
BATCH: Final = 10


@dataclass(frozen=True, slots=True)
class Policy:
    """How many seconds the longest transaction takes, and when rows become one digest instead of an event each.

    That is above `digest_rows` rows (None: never), or if the last look was more than `digest_seconds` ago.
    """

    longest: float = 86_400.0
    digest_rows: int | None = 100
    digest_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """Rows that the queue has not accepted yet; some may be `late`. `digest` is the number of their digest, or 0."""

    rows: Seen
    late: Seen
    digest: int = 0

    def above(self, id_: int) -> Pending | None:
        """Those that are greater than this id; None if there are none."""
        rows = self.rows.above(id_)
        return replace(self, rows=rows) if rows else None


@dataclass(frozen=True, slots=True)
class PollState:
    """What is kept between two runs. `revision` counts the writes, `epoch` how often the poll was started anew."""

    cursor: IdCursor
    looked_at: float
    pending: Pending | None = None
    revision: int = 0
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class PolledRow:
    """One event: a row that is new."""

    id: int
    late: bool

    @property
    def last(self) -> int:
        """The highest id of the event."""
        return self.id


@dataclass(frozen=True, slots=True)
class Digest:
    """One event for many rows: how many are new, how many of them late, and their lowest and highest id."""

    number: int
    count: int
    late: int
    first: int
    last: int


Finding = PolledRow | Digest


class Store(Protocol):
    """Where the state is kept."""

    def save(self, state: PollState) -> PollState:
        """Replace the stored state if it has the same epoch and revision, and return the state with the next revision.

        Raises an error if it has others: then somebody else has written it.
        """


class Queue(Protocol):
    """Where events go."""

    def send(self, findings: Sequence[Finding], epoch: int) -> None:
        """Return once the queue has accepted all of these."""


def run(
    state: PollState,
    ids: Ids,
    store: Store,
    queue: Queue,
    policy: Policy,
    clock: Callable[[], float],
    in_time: Callable[[], bool],
) -> PollState:
    """Bring a poll up to date, as far as the time allows.

    Raises what `store` and `queue` raise; and at its end what `ids` has raised, after everything that was read until
    then is sent. The next run continues from there.
    """
    state = _sent(state, store, queue, in_time)
    if state.pending or not in_time():
        return state
    seen = look(state.cursor, ids, policy.longest, clock, in_time)
    pending = None
    if seen.found:
        many = _is_digest(len(seen.found), state, clock(), policy)
        pending = Pending(seen.found, seen.late, digest=state.revision + 1 if many else 0)
    looked_at = state.looked_at if seen.failure else clock()
    state = store.save(replace(state, cursor=seen.cursor, looked_at=looked_at, pending=pending))
    state = _sent(state, store, queue, in_time)
    if seen.failure:
        raise seen.failure
    return state


def findings(pending: Pending) -> Sequence[Finding]:
    """The events for these rows, in the order of their ids."""
    if pending.digest:
        rows = pending.rows
        return [Digest(pending.digest, len(rows), len(pending.late), next(iter(rows)), rows.highest)]
    late = set(pending.late)
    return [PolledRow(row, row in late) for row in pending.rows]


def _is_digest(count: int, state: PollState, now: float, policy: Policy) -> bool:
    rows, seconds = policy.digest_rows, policy.digest_seconds
    return (rows is not None and count > rows) or (
        seconds is not None and count > 1 and now - state.looked_at > seconds
    )


def _sent(state: PollState, store: Store, queue: Queue, in_time: Callable[[], bool]) -> PollState:
    """The state after the queue has accepted what is pending; with the rest of it if the time is short."""
    if not state.pending:
        return state
    left: Pending | None = state.pending
    waiting = findings(state.pending)
    for start in range(0, len(waiting), BATCH):
        if not in_time():
            break
        batch = waiting[start : start + BATCH]
        queue.send(batch, state.epoch)
        left = state.pending.above(batch[-1].last)
    return state if left is state.pending else store.save(replace(state, pending=left))
