"""The polls of a deployment: a tick requests runs of those that are due, and each poll then runs on its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from handler.errors import ConfigError, NotifierError, named
from handler.frozen import frozen
from handler.model import Poll
from handler.polling import messages, start_requests, state_item
from handler.polling.run import Queue, RunResult, run
from handler.polling.run import Store as StateStore
from handler.polling.schedule import RESEND, Schedule
from handler.polling.state import PolledEvent, PollState
from handler.polling.stored_names import SCHEDULE, STATE, partition
from handler.polling.table import Table
from handler.ports import Database, IntakeQueue, StateTable
from handler.state_item import Item

# How long a run reads and sends before it leaves the rest to the next one; and how much time of the invocation it
# leaves for the current statement or batch to end, and for the state to be saved.
RUN_SECONDS: Final = 20.0
SPARE_SECONDS: Final = 15.0
# A run needs at least this: two statements that time out, and the writes around them.
_BEGIN_SECONDS: Final = 30.0

Remaining = Callable[[], float]  # seconds until the invocation is killed


@frozen
class Tick:
    """The outcome of a tick: the polls that are due and so were requested, overdue, on hold, and nearly full."""

    due: Sequence[str]
    overdue: Sequence[str]
    on_hold: Sequence[str]
    nearly_full: Sequence[str]


@frozen
class RunReport:
    """The outcome of a request. `ran` is None if the poll failed, was not due, or is no longer in any template."""

    poll: str
    ran: RunResult | None = None
    failure: NotifierError | None = None


@frozen
class Polls:
    """All polls, by the type of the events that they make. Not thread-safe."""

    polls: Mapping[str, Poll]
    database: Database
    table: StateTable
    queue: IntakeQueue
    now: Callable[[], float]

    def tick(self) -> Tick:
        """Request a run of each poll that is due. Raises ConfigError (LEDGER_UNAVAILABLE, CONFIG_UNAVAILABLE).

        The poll that has waited longest comes first. So if the polls before it timed out, and an invocation had no time
        left for it, it comes before them in the next tick.
        """
        items = {item.partition: item for item in self.table.get([(partition(name), SCHEDULE) for name in self.polls])}
        schedules = {name: Schedule.of(items.get(partition(name))) for name in sorted(self.polls)}
        now = self.now()
        due = [name for name, one in schedules.items() if one.is_due(now, self.polls[name])]
        due.sort(key=lambda name: schedules[name].due_at)
        self.queue.send([messages.request(name) for name in due])
        overdue = [name for name, one in schedules.items() if one.is_overdue(now, self.polls[name])]
        on_hold = [name for name, one in schedules.items() if one.is_on_hold]
        return Tick(due, overdue, on_hold, [name for name, one in schedules.items() if one.is_nearly_full])

    def run(self, bodies: Sequence[str], remaining: Remaining) -> list[RunReport]:
        """Run each requested poll that is due, unless another run holds its lease.

        A later tick requests the polls for which the time was too short, and those that failed. Raises nothing.
        """
        return [self._report(body, remaining) for body in dict.fromkeys(bodies)]

    def _report(self, body: str, remaining: Remaining) -> RunReport:
        name = ""
        try:
            name = messages.requested(body)
            poll = self.polls.get(name)
            if poll is None or remaining() < _BEGIN_SECONDS:
                return RunReport(name)
            return self._run_with_lease(name, poll, remaining)
        except Exception as error:  # noqa: BLE001 - one poll never touches the others
            return RunReport(name, failure=named(error))

    def _run_with_lease(self, name: str, poll: Poll, remaining: Remaining) -> RunReport:
        items = {item.sort: item for item in self.table.items(partition(name))}
        schedule = _StoredItem(self.table, name, SCHEDULE, items.get(SCHEDULE))
        current = Schedule.of(schedule.item)
        if not current.is_due(self.now(), poll):
            return RunReport(name)
        leased = current.leased(self.now(), items.get(STATE))
        schedule.save(leased.values())
        try:
            ran = self._run(name, poll, leased, items.get(STATE), remaining)
            ended = leased.after(ran, self.now(), poll)
        except Exception as error:  # noqa: BLE001 - whatever the error, schedule the next run
            failure = named(error)
            schedule.save(leased.failed(failure, self.now(), poll.every).values())
            return RunReport(name, failure=failure)
        schedule.save(ended.values())
        if ran.more and not ran.failure:
            self.queue.send([messages.request(name)])
        return RunReport(name, ran, ran.failure)

    def _run(self, name: str, poll: Poll, schedule: Schedule, item: Item | None, remaining: Remaining) -> RunResult:
        store = _Store(_StoredItem(self.table, name, STATE, item))
        end = self.now() + RUN_SECONDS
        return run_poll(
            schedule,
            item,
            Table(self.database, poll),
            store,
            _Events(self.queue, name),
            self.now,
            lambda: self.now() < end and remaining() > SPARE_SECONDS,
        )


def run_poll(
    schedule: Schedule,
    item: Item | None,
    table: Table,
    store: StateStore,
    queue: Queue,
    now: Callable[[], float],
    in_time: Callable[[], bool],
) -> RunResult:
    """Carry out the operator's request, if there is one, and run the poll. `item` is its state; None in the first run.

    Raises as `run` and `Table` do, and NotifierError (POLL_STATE_LOST, POLL_STATE_UNREADABLE).
    """
    if item is None and schedule.state_known_at:
        raise ConfigError("POLL_STATE_LOST")
    scanned_at = schedule.scanned_at
    if item is None or start_requests.restarts(schedule, item):
        state, scanned_at = store.save(start_requests.initial_state(table, schedule, now(), in_time)), now()
        if schedule.start_mode != RESEND and (schedule.starts or table.poll.start is None):
            return RunResult(state, more=False, scanned=True, complete=True)
    else:
        state = state_item.read(item)
        if start_requests.is_requested(schedule, item):
            state = store.save(start_requests.rewound(state, table.poll, schedule))
        if schedule.reuse_dismissed:
            state = store.save(replace(state, sentinels={}, counter_low_since=0.0))
    return run(state, scanned_at, table, store, queue, table.poll, now, in_time)


@dataclass
class _StoredItem:
    """One stored item of a poll. Only a run that has read its latest revision can replace it."""

    table: StateTable
    poll: str
    sort: str
    item: Item | None

    def save(self, values: Mapping[str, str | float | bytes]) -> Item:
        """Write the item. Raises NotifierError (POLL_BUSY) if another run has written it, ConfigError."""
        item = Item(partition(self.poll), self.sort, values, expires_at=0).following(self.item)
        if self.table.swap(item) is not None:
            raise NotifierError("POLL_BUSY", self.poll)
        self.item = item
        return item


@frozen
class _Store:
    """A run.Store in the state table."""

    stored: _StoredItem

    def save(self, state: PollState) -> PollState:
        return replace(state, revision=self.stored.save(state_item.values(state)).revision)


@frozen
class _Events:
    """A run.Queue that sends to the function's own queue."""

    queue: IntakeQueue
    event_type: str

    def send(self, events: Sequence[PolledEvent], epoch: int) -> None:
        self.queue.send([messages.event(self.event_type, event, epoch) for event in events])
