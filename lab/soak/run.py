"""One soak: publish by plan, let everything go wrong by schedule, wait until all is settled, look at the histories."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby
from random import Random
from typing import Any, Final

from lab.queue import Ended, Environment, Limits, Message
from lab.shop import SCHEMA
from lab.soak.check import Histories, Verdict, check
from lab.soak.events import Event, Plan, envelope
from lab.soak.histories import Asked, collect, posts_asked
from lab.soak.journal import Journal
from lab.soak.mishaps import Mishaps
from lab.soak.rig import Rig
from lab.soak.schedule import Schedule
from lab.soak.troubles import Troubles

# Rows are written together for so many seconds, and so long before the first event that needs one of them.
ROWS_SECONDS: Final = 30.0
# A poller of SQS looks about so often.
LINGER_SECONDS: Final = 0.25
_INSERT: Final = (
    "INSERT INTO orders (id, number, customer_id, region, status, amount, currency, created_at, updated_at) "
    "VALUES (%s, %s, 1, %s, 0, %s, 'EUR', %s, %s)"
)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a soak is: `seconds` of its own time, how many events are published, and in which queue how many are."""

    seconds: float
    published: int
    queued: int
    dead: int
    now: str


@dataclass(frozen=True, slots=True)
class Result:
    """What a soak came to.

    `asked` is every post that Slack was asked for. `codes` counts what the function logged, `troubles` and `mishaps`
    what was done. It began at `began`, a Unix time of the rig's clock.
    """

    verdict: Verdict
    histories: Histories
    asked: Sequence[Asked]
    codes: dict[tuple[str, str], int]
    troubles: dict[str, int]
    mishaps: int
    began: float

    @property
    def violations(self) -> Sequence[str]:
        """What breaks the law; none in a good run."""
        return self.verdict.violations


class Soak:
    """A soak over a rig. `show` is told how it goes, often."""

    def __init__(self, rig: Rig, plan: Plan, schedule: Schedule, show: Callable[[Progress], object], seed: int) -> None:
        self._rig = rig
        self._events = events = plan.events
        self._show = show
        self._published = 0
        self._bodies = {event.body: event.number for event in events}
        self._journal = Journal(events, self._bodies, rig.clock.now)
        self._mishaps = Mishaps(rig, schedule.mishaps, self._journal)
        self._troubles = Troubles(rig, self._mishaps, self._journal, Random(f"troubles {seed}"))
        self._schedule = schedule
        # The first second is for what has to be there before anything is published.
        self._start = rig.clock.now() + ROWS_SECONDS + 1

    def run(self) -> Result:
        """Run it to its end, and return what it came to."""
        source = self._rig.source
        with closing(self._rig.database.primary.connect(SCHEMA)) as connection:
            for at, rows in _rows(self._events):
                source.agenda.at(self._start + at, lambda rows=rows: _insert(connection, rows))  # type: ignore[misc]
            for event in self._events:
                source.agenda.at(self._start + event.at, lambda event=event: self._publish(event))  # type: ignore[misc]
            self._troubles.plan(self._schedule.troubles, self._start)
            source.begun, source.ended = self._begun, self._ended
            source.linger = LINGER_SECONDS
            source.watch(self._mishaps.look)
            source.run()
        read_back = self._rig.mode.read_back
        histories = collect(self._rig, self._events, source.queue)
        verdict = check(histories, self._journal.injected(read_back=read_back), read_back=read_back)
        verdict = Verdict(
            verdict.fates, verdict.duplicates, verdict.ambiguous, [*verdict.violations, *self._journal.unnamed]
        )
        codes, troubles = dict(self._journal.codes), dict(self._troubles.count)
        return Result(verdict, histories, posts_asked(self._rig), codes, troubles, self._journal.mishaps, self._start)

    def _publish(self, event: Event) -> None:
        """Put an event into the queue, and plan what comes of it once more."""
        queue, now = self._rig.source.queue, self._rig.clock.now()
        message = self._send(event.body)
        self._published += 1
        for seconds in event.again:
            again = lambda: queue.send(event.body, self._rig.clock.now(), name=message.id)  # noqa: E731
            self._rig.source.agenda.at(now + seconds, again)
        for seconds in event.republished:
            body = envelope(str(uuid.uuid4()), json.loads(event.body)["Message"])
            self._bodies[body] = event.number
            self._rig.source.agenda.at(now + seconds, lambda body=body: self._send(body))  # type: ignore[misc]

    def _send(self, body: str) -> Message:
        with self._rig.source.lock:
            return self._rig.source.queue.send(body, self._rig.clock.now())

    def _begun(self, environment: Environment, messages: Sequence[Message]) -> Limits:
        self._journal.begun(environment, messages)
        self._mishaps.order(self._journal.numbers(messages))
        return self._troubles.limits(environment, messages)

    def _ended(self, environment: Environment, ended: Ended) -> None:
        self._journal.ended(environment, ended)
        seconds, queue = self._rig.clock.now() - self._start, self._rig.source.queue
        counts = (self._published, len(queue.messages), len(self._rig.dead.messages))
        self._show(Progress(seconds, *counts, self._troubles.now))


def _rows(events: Sequence[Event]) -> Iterator[tuple[float, list[Event]]]:
    """The events whose rows are written together, and when; those that come late are written one by one."""
    late = [event for event in events if event.row_at is not None and event.row_at > event.at]
    early = [event for event in events if event.row_at is not None and event.row_at <= event.at]
    for window, group in groupby(early, lambda event: event.at // ROWS_SECONDS):
        yield (window - 1) * ROWS_SECONDS, list(group)
    for event in late:
        assert event.row_at is not None  # they were chosen so
        yield event.row_at, [event]


def _insert(connection: Any, events: Iterable[Event]) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    rows = [(one.order, f"S-{one.order}", one.region, Decimal("9.90"), now, now) for one in events]
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT.replace("INSERT", "INSERT IGNORE"), rows)
