"""The event source mapping: takes batches from a queue, invokes the function, and deletes the processed messages.

During an invocation, time passes at its real rate; between invocations, it jumps to the next time at which a message is
visible or an action is scheduled. The loop does not wait for a frozen environment.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from lab.queue.clock import VirtualClock
from lab.queue.environment import Batch, Ended, Environment, Start
from lab.queue.messages import Message, Queue
from lab.queue.records import failures, payload
from lab.queue.scheduler import Scheduler

BATCH: Final = 10
# How often to check deadlines and the functions given to `watch`.
LOOK_SECONDS: Final = 0.01


class StuckError(RuntimeError):
    """Nothing can happen any more, but the run is not over."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of an invocation in seconds: it is killed at `timeout`, and sees `told` as its remaining time."""

    timeout: float = 60.0
    told: float = 60.0


class EventSource:
    """An event source mapping with `concurrency` execution environments, each of which `start` starts.

    For one thread. `begun` is called before each invocation, and may return other limits for it; `ended` is called with
    its result. After a jump of the clock, a message is taken `linger` seconds after it became visible, as a poller that
    checks so often would; it may then find several.
    """

    def __init__(self, queue: Queue, clock: VirtualClock, start: Start, concurrency: int) -> None:
        self.queue = queue
        self.clock = clock
        self.agenda = Scheduler()
        self.begun: Callable[[Environment, Sequence[Message]], Limits] = lambda _environment, _messages: Limits()
        self.linger = 0.0
        self.ended: Callable[[Environment, Ended], object] = lambda _environment, _ended: None
        self.environments = [Environment(f"environment-{n}", start, self._hear) for n in range(1, concurrency + 1)]
        self._limits: dict[Environment, Limits] = {}
        self._watched: list[Callable[[], bool]] = []
        self._heard: deque[tuple[Environment, Ended]] = deque()
        self._news = threading.Condition()

    def watch(self, done: Callable[[], bool]) -> None:
        """Call `done` every few milliseconds of real time until it returns true."""
        self._watched.append(done)

    def run(self, over: Callable[[], bool] = lambda: False) -> None:
        """Continue until the queue is empty and nothing is scheduled, or until `over` returns true.

        Raises StuckError if all environments that are left are frozen, and no thaw is scheduled.
        """
        while not over():
            self.agenda.do(self.clock.now())
            self._watched = [look for look in self._watched if not look()]
            self._settle()
            self._hand_out()
            self._stop_the_late()
            if any(each.batch and not each.frozen for each in self.environments):
                with self._news:
                    self._news.wait_for(lambda: bool(self._heard), LOOK_SECONDS)
            elif not self._jump():
                return

    def close(self) -> None:
        """End all environments."""
        for environment in self.environments:
            environment.close()

    def _jump(self) -> bool:
        """Advance the clock to the next event. Return whether there is one."""
        visible = self.queue.next_visible()
        moments = [self.agenda.next, visible + self.linger if visible is not None else None]
        known = [moment for moment in moments if moment is not None]
        if not known:
            if any(each.batch for each in self.environments):
                raise StuckError("an environment is frozen, and nothing is planned any more")
            return False
        self.clock.advance_to(min(known))
        return True

    def _hand_out(self) -> None:
        for environment in self.environments:
            if environment.batch:
                continue
            messages = self.queue.receive(self.clock.now(), BATCH)
            if not messages:
                return
            limits = self.begun(environment, messages)
            self._limits[environment] = limits
            environment.begin(Batch(messages, payload(messages, self.queue.name), int(limits.told * 1000)))

    def _stop_the_late(self) -> None:
        for environment in self.environments:
            late = environment.seconds > self._limits[environment].timeout if environment.interruptible else False
            if late and not environment.frozen:
                environment.kill()

    def _hear(self, environment: Environment, ended: Ended) -> None:
        with self._news:
            self._heard.append((environment, ended))
            self._news.notify()

    def _settle(self) -> None:
        """Delete the messages that ended invocations have processed; the others become visible again."""
        while self._heard:
            environment, ended = self._heard.popleft()
            environment.batch, environment.frozen = None, False
            if not ended.died and ended.error is None:
                again = failures(ended.batch.messages, ended.result)
                for message in ended.batch.messages:
                    if message.id not in again:
                        self.queue.delete(message.receipt)
            self.ended(environment, ended)
