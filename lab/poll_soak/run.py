"""Runs one seed: simulated minutes with writers and faults until nothing new is found; then checks the invariants."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from random import Random
from typing import Final
from unittest.mock import patch

import pymysql

from handler.model import Record
from handler.outcome import State
from handler.polling import id_scan, time_scan
from handler.polling.schedule import LEASE_SECONDS, Schedule
from handler.polling.stored_names import SCHEDULE, partition
from handler.stages.parse import records
from handler.state_item import Item
from lab.databases import Pair
from lab.poll_soak import invariants, writers
from lab.poll_soak.collect import collected
from lab.poll_soak.function import MAX_RECEIVES, Function, Readers, World, compiled, function, readers
from lab.poll_soak.kinds import Application, Shown, View, application, drop_table, views
from lab.poll_soak.memory import DeadLetters, Intake, Slack, StateTable
from lab.poll_soak.plan import IDS, WRITERS, Plan
from lab.poll_soak.points import Killed
from lab.queue import Message, Queue
from lab.queue.records import payload

START: Final = 1_795_000_000.0
MINUTE: Final = 60.0
TICK_SECONDS: Final = 0.0001
VISIBILITY_SECONDS: Final = 360.0
# Where something happens: at any point (the number may exceed the points of an invocation), or at one of the first
# points where something is written, sent or posted.
MOST_POINTS: Final = 40
PLACES: Final = ("", "", "StateTable.swap", "Intake.send", "Slack.post")
FIRST_POINTS: Final = 6
# The share of the plan's faults that invocations without a poll request get, because there are many of them.
OF_DELIVERIES: Final = 0.1
BATCH: Final = 10
RECEIVED: Final = 200
# The remaining seconds that an invocation sees: at first the full time, and after some points a time at which a run
# must stop.
FULL, OVER = 60.0, 10.0
# The share of minutes in which replication stops, and the ranges of the function's pauses.
STOPPED: Final = 0.05
PAUSE_SECONDS: Final = ((600.0, 7200.0), (3600.0, 20 * 3600.0))
# The number of minutes after which replication restarts, if the poll's promise needs a replica that does not lag for
# long.
MOST_BEHIND: Final = 10
# The maximum while rows are written, and again while waiting until nothing new is found.
MOST_MINUTES: Final = 3000
_WAIT_SECONDS: Final = 0.05

Show = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a seed. `met` counts, by place, the points at which an invocation was killed or overtaken.

    `codes` counts the failures of runs and deliveries. `holds` is how many times the poll falsely detected a reuse of
    ids, and was resumed. `stood` counts the changes or times that runs had to see.
    """

    plan: Plan
    verdict: invariants.Verdict
    written: writers.Written
    minutes: int
    killed: int
    overtaken: int
    stops: int
    holds: int
    unknown: int
    stood: int
    met: Mapping[str, int]
    codes: Mapping[str, int]
    seconds: float

    @property
    def _seen(self) -> str:
        """How much runs had to see, in words, if this kind of poll counts it."""
        return f"{self.stood} that a run had to see, " if self.plan.kind != IDS else ""

    @property
    def line(self) -> str:
        """The result in one line."""
        found, wrote = self.verdict, self.written
        told = f"{found.single + found.digested} told ({found.digested} in digests)"
        befell = f"{self.killed} kills, {self.overtaken} overtaken, {self.stops} stops of the replica"
        return (
            f"{wrote.committed} rows committed, {len(wrote.deleted)} deleted, {told}, {found.lost} lost, "
            f"{self._seen}{found.twice} posted again ({self.unknown} unknown outcomes), {self.holds} false holds; "
            f"{self.minutes} minutes, {befell}; {self.seconds:.0f} s"
        )


def soak(pair: Pair, plan: Plan, show: Show = lambda _: None) -> Result:
    """Run a seed on a pair whose schema `shop` has no table `polled`. `show` is called with the progress."""
    random, clock = Random(f"faults {plan.seed}"), _Clock()
    one = application(pair, plan, clock)
    one.create_table()
    try:
        with (
            readers(pair, plan, random, clock) as reading,
            views(pair, plan, one.shown) as view,
            patch.multiple(id_scan, PAGE_SIZE=plan.page_size, SWEEP_PAGES=plan.sweep_pages),
            patch.object(time_scan, "PAGE_SIZE", plan.page_size),
        ):
            return _Soak(pair, plan, one, view, random, clock, reading, show).run()
    finally:
        pair.heal()
        drop_table(pair)


class _Clock:
    """The clock of the function and its queue. As with a real clock, no two readings are equal."""

    def __init__(self) -> None:
        self.minute = START
        self._ticks = count()

    def __call__(self) -> float:
        return self.minute + next(self._ticks) * TICK_SECONDS


class _Soak:
    def __init__(
        self,
        pair: Pair,
        plan: Plan,
        written: Application,
        view: View,
        random: Random,
        now: _Clock,
        reading: Readers,
        show: Show,
    ) -> None:
        self._pair, self._plan, self._random, self._show = pair, plan, random, show
        self._application, self._view, self._now = written, view, now
        self._dead_letters = Queue("dead-letters")
        self._queue = Queue(
            "events",
            visibility=VISIBILITY_SECONDS,
            max_receives=MAX_RECEIVES,
            dead_letters=self._dead_letters,
            random=Random(f"queue {plan.seed}"),
        )
        slack = Slack(Random(f"slack {plan.seed}"), plan.ambiguous)
        self._world = World(StateTable(now), Intake(self._queue, now), slack, DeadLetters(), now)
        self._compiled = compiled(plan, written.type)
        self._readers = reading
        self._one = self._function()
        self._unknown: Counter[str] = Counter()
        self._codes: Counter[str] = Counter()
        self._minutes = self._killed = self._overtaken = self._stops = self._holds = self._found = 0
        self._given_up = self._complete_runs = 0
        self._stood: set[Shown] = set()
        self._is_calm = True
        self._stopped_at = 0

    def _function(self) -> Function:
        return function(self._world, self._compiled, self._readers)

    def run(self) -> Result:
        """Write and inject faults, wait until nothing new is found, and check."""
        began = time.monotonic()
        self._minute()
        self._minute()
        self._is_calm = self._readers.calm = False
        writer = self._application.writer
        with writers.writing(self._pair, self._plan.seed, WRITERS, self._is_wanted, writer) as so_far:
            while so_far().committed < self._plan.rows and self._minutes < MOST_MINUTES:
                self._wait_for_writers(so_far().committed)
                self._stop_or_start()
                self._pause()
                self._minute()
                self._show(f"{so_far().committed:,} of {self._plan.rows:,} rows, {len(self._queue.messages)} queued")
        self._is_calm = self._readers.calm = True
        self._pair.heal()
        self._settle()
        written = so_far()
        queued = len(self._events()) + len(self._dead_letters.messages)
        found = collected(self._world, self._application.type, self._unknown, queued)
        verdict = self._application.check(found, self._stood, written)
        unnamed = [f"{times} errors without a name" for code, times in self._codes.items() if code == "INTERNAL"]
        changed = [f"the digest {one} has changed" for one in self._world.intake.changed]
        # Of two readers one may stand still, while the other has shown higher ids: then a person has to look.
        held = [f"{self._holds} times on hold without a reason"] if self._holds and self._plan.readers == 1 else []
        given_up = [f"{self._given_up} rows given up"] if self._given_up and self._plan.kind != IDS else []
        return Result(
            plan=self._plan,
            verdict=replace(verdict, violations=[*verdict.violations, *unnamed, *changed, *held, *given_up]),
            stood=len(self._stood),
            written=written,
            minutes=self._minutes,
            killed=self._killed,
            overtaken=self._overtaken,
            stops=self._stops,
            holds=self._holds,
            unknown=(self._unknown + self._world.slack.unknown).total(),
            met=self._one.points.met,
            codes=self._codes,
            seconds=time.monotonic() - began,
        )

    def _wait_for_writers(self, committed: int) -> None:
        """Wait so that minutes do not pass faster than rows are written, as they would on a fast machine."""
        if self._minutes * self._plan.rows > MOST_MINUTES * (committed + 1):
            time.sleep(_WAIT_SECONDS)

    def _is_wanted(self, written: writers.Written) -> bool:
        return written.committed < self._plan.rows

    def _stop_or_start(self) -> None:
        is_long = self._plan.is_lag_bounded and self._stopped_at and self._minutes - self._stopped_at >= MOST_BEHIND
        if self._random.random() < (self._plan.started if self._stopped_at else STOPPED) or is_long:
            with suppress(pymysql.MySQLError):
                if self._stopped_at:
                    self._start_replication()
                else:
                    self._pair.replica.stop_replication()
                    self._stopped_at = self._minutes
                    self._stops += 1

    def _start_replication(self) -> None:
        self._pair.replica.start_replication()
        self._stopped_at = 0
        if self._plan.is_lag_bounded:
            self._pair.wait_for_replica()

    def _pause(self) -> None:
        if self._random.random() < self._plan.paused:
            if self._plan.is_lag_bounded:
                self._start_replication()
            self._now.minute += self._random.uniform(*self._random.choice(PAUSE_SECONDS))

    def _settle(self) -> None:
        """Let minutes pass until the poll must have read everything and found nothing new, and no events are queued."""
        passes = self._application.passes(self._plan)
        quiet, end = 0, self._minutes + MOST_MINUTES
        while quiet < passes and self._minutes < end:
            before = self._found
            self._minute()
            quiet = quiet + 1 if self._found == before and not self._events() else 0
            self._show(
                f"all rows are written; {len(self._queue.messages)} queued, quiet for {quiet} of {passes} minutes"
            )

    def _events(self) -> list[Message]:
        return [one for one in self._queue.messages if not _is_request(one)]

    def _minute(self) -> None:
        """Simulate a minute: a tick, then the messages that are visible in the queue."""
        self._minutes += 1
        self._now.minute += MINUTE
        self._invoke([], self._tick)
        for messages in _batches(self._queue.receive(self._now(), RECEIVED)):
            self._invoke(messages, lambda messages=messages: self._handle(self._one, messages))  # type: ignore[misc]
        for messages in _batches(self._queue.receive(self._now(), RECEIVED)):  # sent by these runs
            self._invoke(messages, lambda messages=messages: self._handle(self._one, messages))  # type: ignore[misc]

    def _invoke(self, messages: Sequence[Message], act: Callable[[], None]) -> None:
        """Invoke the function, which may be killed."""
        before = {key: self._claim(key) for key in _identities(messages)}
        share = 0.0 if self._is_calm else 1.0 if any(map(_is_request, messages)) else OF_DELIVERIES
        chance, place = self._random.random(), self._random.choice(PLACES)
        at = self._random.randint(1, FIRST_POINTS if place else MOST_POINTS)
        if chance < share * self._plan.killed:
            self._one.points.begin(at, place=place)
        elif chance < share * (self._plan.killed + self._plan.overtaken):
            self._one.points.begin(at, lambda: self._overtake(messages), place)
        else:
            self._one.points.begin()
        with suppress(Killed):
            act()
        if self._one.points.dead:
            self._killed += 1
            self._one = self._reborn(self._one)
            for key, claim in before.items():
                if (now := self._claim(key)) and now != claim:
                    self._unknown[key] += 1

    def _reborn(self, dead: Function) -> Function:
        fresh = self._function()
        fresh.points.met.update(dead.points.met)
        return fresh

    def _claim(self, identity: str) -> int:
        """Return the revision of a delivery that is being posted; 0 if there is none."""
        items = self._world.table.items(f"event#{identity}")
        return next((item.revision for item in items if item.text("phase") == "sending"), 0)

    def _overtake(self, messages: Sequence[Message]) -> None:
        """Freeze the function until its lease has expired; another one takes its requests, and ends or dies first."""
        self._overtaken += 1
        self._now.minute += LEASE_SECONDS + 1
        other = self._function()
        other.points.begin(self._random.choice((0, self._random.randint(1, MOST_POINTS))))
        requests = [one for one in messages if _is_request(one)]
        if requests:
            with suppress(Killed):
                self._handle(other, requests)

    def _tick(self) -> None:
        tick = self._one.polls.tick()
        if tick.on_hold:
            self._holds += 1
            self._resume()

    def _resume(self) -> None:
        """Resume the poll after a false alarm, as `notifier poll resume` does."""
        poll = partition(self._application.type)
        (old,) = self._world.table.get([(poll, SCHEDULE)])
        values = Schedule.of(old).resumed().values()
        self._world.table.swap(Item(poll, SCHEDULE, values, expires_at=0).following(old))

    def _handle(self, one: Function, messages: Sequence[Message]) -> None:
        """Handle a batch as handler/app.py does."""
        batch = records(payload(messages, self._queue.name))
        requests = [record.body for record in batch if record.requests_poll]
        events = [record for record in batch if not record.requests_poll]
        outcomes = one.pipeline.run(events, lambda: FULL) if events else []
        self._codes.update(outcome.code for outcome in outcomes if outcome.code)
        if requests:
            one.readers.next()
            self._run(one, requests)
        again = {outcome.record.receipt for outcome in outcomes if outcome.state is State.RETRY}
        for message in messages:
            if message.receipt not in again:
                self._queue.delete(message.receipt)

    def _run(self, one: Function, requests: Sequence[str]) -> None:
        """Run the poll. If it read everything, it had to see what was shown both before and after it.

        A run that ends early leaves a part of its pass over the older ids to the next run. So a run counts as complete
        only if the one before it was complete too.
        """
        complete, self._complete_runs = self._complete_runs, 0
        remaining, shown = self._remaining(one), self._view() if complete else frozenset[Shown]()
        reports = one.polls.run(requests, remaining)
        self._codes.update(report.failure.code for report in reports if report.failure)
        self._found += sum(report.ran.found for report in reports if report.ran)
        self._given_up += sum(report.ran.given_up for report in reports if report.ran)
        rans = [report.ran for report in reports]
        if remaining() == FULL and all(ran and ran.scanned and not ran.more and not ran.failure for ran in rans):
            self._complete_runs = complete + 1
            self._stood |= shown and shown & self._view()

    def _remaining(self, one: Function) -> Callable[[], float]:
        """Return the function's remaining-time clock: unlimited, or used up after some points."""
        if self._is_calm or self._random.random() < 0.5:
            return lambda: FULL
        last = one.points.passed + self._random.randint(5, MOST_POINTS)
        return lambda: FULL if one.points.passed < last else OVER


def _batches(messages: Sequence[Message]) -> Iterable[Sequence[Message]]:
    return [messages[start : start + BATCH] for start in range(0, len(messages), BATCH)]


def _identities(messages: Sequence[Message]) -> list[str]:
    """The identities of the events among these."""
    return [json.loads(one.body)["event_id"] for one in messages if not _is_request(one)]


def _is_request(message: Message) -> bool:
    return Record(message.id, message.body).requests_poll
