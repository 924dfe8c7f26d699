"""Runs one soak: publishes the plan, injects the scheduled faults, waits until everything has ended, and checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from random import Random
from typing import Final

from lab.queue import Ended, Environment, Limits, Message
from lab.shop import SCHEMA
from lab.soak.check import Verdict, check
from lab.soak.event_faults import EventFaults
from lab.soak.fault_log import FaultLog
from lab.soak.histories import collect, posts_asked
from lab.soak.pauses import Asked
from lab.soak.plan import Plan
from lab.soak.publisher import ROWS_SECONDS, Publisher
from lab.soak.rig import Rig
from lab.soak.schedule import Schedule
from lab.soak.system_faults import SystemFaults

# Roughly the interval at which an SQS poller checks.
LINGER_SECONDS: Final = 0.25
# How often the dead letters are replayed in the end. A replay must not post again what has been delivered.
REPLAYS: Final = 2


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a soak: its simulated `seconds`, the number of published events, and the length of each queue."""

    seconds: float
    published: int
    queued: int
    dead: int
    now: str


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a soak: the verdict, and the verdict after all dead letters were replayed.

    `asked` is every post that Slack was asked for. `codes` counts the results in the function's log, `troubles` and
    `mishaps` the injected faults; `unnamed` are failures without an error code. `began` is the start, a Unix time of
    the rig's clock.
    """

    verdict: Verdict
    replayed: Verdict
    unnamed: Sequence[str]
    asked: Sequence[Asked]
    codes: Mapping[tuple[str, str], int]
    troubles: Mapping[str, int]
    mishaps: int
    began: float

    @property
    def violations(self) -> Sequence[str]:
        """The violated invariants, one sentence each; empty in a good run."""
        return [
            *self.verdict.violations,
            *(f"after the replays, {violation}" for violation in self.replayed.violations),
            *self.unnamed,
        ]


class Soak:
    """A soak on a rig. `show` is called often, with the progress."""

    def __init__(self, rig: Rig, plan: Plan, schedule: Schedule, show: Callable[[Progress], object], seed: int) -> None:
        self._rig = rig
        self._events = plan.events
        self._schedule = schedule
        self._show = show
        # The first rows are written before anything is published.
        self._start = rig.clock.now() + ROWS_SECONDS + 1
        self._publisher = Publisher(rig, plan.events, self._start)
        self._journal = FaultLog(plan.events, self._publisher.bodies, rig.clock.now)
        self._mishaps = EventFaults(rig, schedule.mishaps, self._journal)
        self._troubles = SystemFaults(rig, self._mishaps, self._journal, Random(f"troubles {seed}"))

    def run(self) -> Result:
        """Run it to its end, and return the result."""
        source = self._rig.source
        source.begun, source.ended = self._begun, self._ended
        source.linger = LINGER_SECONDS
        source.watch(self._mishaps.look)
        self._troubles.plan(self._schedule.troubles, self._start)
        with closing(self._rig.database.primary.connect(SCHEMA)) as connection:
            self._publisher.plan(connection)
            source.run()
            verdict = self._verdict()
            for _ in range(REPLAYS):
                self._publisher.replay()
                source.run()
        journal = self._journal
        return Result(
            verdict=verdict,
            replayed=self._verdict(),
            unnamed=journal.unnamed,
            asked=posts_asked(self._rig),
            codes=journal.codes,
            troubles=self._troubles.count,
            mishaps=journal.mishaps,
            began=self._start,
        )

    def _verdict(self) -> Verdict:
        read_back = self._rig.mode.read_back
        injected = self._journal.injected(read_back=read_back)
        return check(collect(self._rig, self._events), injected, read_back=read_back)

    def _begun(self, environment: Environment, messages: Sequence[Message]) -> Limits:
        self._journal.begun(environment, messages)
        self._mishaps.order(self._journal.numbers(messages))
        return self._troubles.limits(environment, messages)

    def _ended(self, environment: Environment, ended: Ended) -> None:
        self._journal.ended(environment, ended)
        seconds, queue = self._rig.clock.now() - self._start, self._rig.source.queue
        counts = (self._publisher.published, len(queue.messages), len(self._rig.dead.messages))
        self._show(Progress(seconds, *counts, self._troubles.now))
