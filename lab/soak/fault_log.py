"""Records which faults affected which events and invocations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from lab.queue import Ended, Environment, Message
from lab.soak.check import Ambiguous, Injected
from lab.soak.events import Event
from lab.soak.schedule import EventFault

# The longest time, in seconds, between a post and the search for it in a channel's history that lags.
MISSED_SECONDS: Final = 60.0


@dataclass(slots=True)
class _Invocation:
    """The current invocation of an environment: the numbers of its events, and whether a fault affected it."""

    numbers: frozenset[int]
    began: float
    harmed: bool = False


@dataclass(slots=True)
class Period:
    """A period in which a condition held; `end` is None while it still holds."""

    begin: float
    end: float | None = None

    def touches(self, begin: float, end: float) -> bool:
        """Return whether it overlaps the time from `begin` to `end`."""
        return self.begin <= end and (self.end is None or begin <= self.end)


@dataclass(slots=True)
class FaultLog:
    """The events by number, and the faults that affected them. `bodies` maps each body in the queue to the number.

    `codes` counts the results of delivery attempts in the function's log: (message, code). `unnamed` are failures
    without an error code, `mishaps` counts the faults that a post met.
    """

    events: Sequence[Event]
    bodies: dict[str, int]
    now: Callable[[], float]
    codes: Counter[tuple[str, str]] = field(default_factory=Counter)
    unnamed: list[str] = field(default_factory=list)
    mishaps: int = 0
    lagging: list[Period] = field(default_factory=list)
    without_ledger: list[Period] = field(default_factory=list)
    without_credentials: list[Period] = field(default_factory=list)
    _busy: dict[Environment, _Invocation] = field(default_factory=dict)
    _ambiguous: list[tuple[int, float]] = field(default_factory=list)
    _harmed: Counter[int] = field(default_factory=Counter)
    _overtaken: Counter[int] = field(default_factory=Counter)
    _unlucky: set[int] = field(default_factory=set)
    _refused: set[int] = field(default_factory=set)

    def numbers(self, messages: Iterable[Message]) -> list[int]:
        """Return the numbers of the events in these messages. Poll requests are skipped."""
        return [self.bodies[message.body] for message in messages if message.body in self.bodies]

    def begun(self, environment: Environment, messages: Sequence[Message]) -> None:
        """Record that an invocation begins."""
        self._busy[environment] = _Invocation(frozenset(self.numbers(messages)), self.now())

    def ended(self, environment: Environment, ended: Ended) -> None:
        """Record that an invocation has ended."""
        invocation = self._busy.pop(environment)
        during = (invocation.began, self.now())
        if ended.died or any(period.touches(*during) for period in self.without_ledger):
            self._harm(invocation)
        if any(period.touches(*during) for period in self.without_credentials):
            self._refused |= invocation.numbers
        if ended.error:
            self.unnamed.append(f"an invocation failed: {ended.error.type}: {ended.error.message}")
        for line in ended.logs:
            self._read(line)

    def holder(self, number: int) -> Environment | None:
        """Return the environment that is processing an event."""
        return next((one for one, invocation in self._busy.items() if number in invocation.numbers), None)

    def met(self, number: int, mishap: EventFault) -> None:
        """Record that the post of an event met a fault."""
        self.mishaps += 1
        self._unlucky.add(number)
        if mishap.ambiguous:
            self._ambiguous.append((number, self.now()))

    def frozen(self, environment: Environment) -> None:
        """Record that an environment was frozen during its invocation."""
        if invocation := self._busy.get(environment):
            self._overtaken.update(invocation.numbers)
            self._harm(invocation)

    def cut_off(self) -> None:
        """Record that the connections to Slack were cut: callers that wait for a response will not get it."""
        for invocation in self._busy.values():
            self._harm(invocation)

    def period(self, periods: list[Period]) -> Callable[[], None]:
        """Begin a period, and return the function that ends it."""
        period = Period(self.now())
        periods.append(period)

        def end() -> None:
            period.end = self.now()

        return end

    def injected(self, *, read_back: bool) -> Injected:
        """Return the faults that excuse repeated posts and parked events."""
        missed = Counter(number for number, at in self._ambiguous if self._was_missed(at))
        parked = self._refused if read_back else self._refused | self._unlucky

        def identities(numbers: Iterable[int]) -> frozenset[str]:
            return frozenset(self.events[number].identity for number in numbers)

        posts = Counter(number for number, _ in self._ambiguous)
        ambiguous = {
            self.events[number].identity: Ambiguous(posts[number] - self._harmed[number], self._harmed[number])
            for number in posts
        }
        overtaken = {self.events[number].identity: times for number, times in (self._overtaken + missed).items()}
        return Injected(ambiguous, overtaken, identities(parked))

    def _was_missed(self, at: float) -> bool:
        return any(period.touches(at, at + MISSED_SECONDS) for period in self.lagging)

    def _harm(self, invocation: _Invocation) -> None:
        """Record that the outcome of whatever it was posting, or about to post, is unknown."""
        if not invocation.harmed:
            invocation.harmed = True
            self._unlucky |= invocation.numbers
            self._harmed.update(invocation.numbers)
            self._ambiguous += [(number, self.now()) for number in invocation.numbers]

    def _read(self, line: dict[str, object]) -> None:
        if line.get("attempt") is None and "detail" not in line:
            return
        code = str(line.get("code", ""))
        self.codes[str(line.get("message")), code] += 1
        if code == "INTERNAL":
            self.unnamed.append(f"an error without a name: {line.get('detail')}")
