"""Which instances to try first: those without a recent failure, in random order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Final

from handler.clock import Clock, Moment
from handler.frozen import frozen
from handler.instances import Endpoint

# The shape of Envoy's outlier detection: https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/outlier
EJECT_SECONDS: Final = 10.0
MAX_EJECT_SECONDS: Final = 300.0
JITTER: Final = 0.2
# So many answers in a row that say nothing about the request, only about the instance.
MAX_FALTERS: Final = 3
# With fewer than this share left, the evidence is doubted rather than the instances.
PANIC_SHARE: Final = 0.5


@frozen
class _Record:
    """What is held against an instance; `since` is its last failure, `seconds` for how long it stays out."""

    since: Moment
    falters: int = 0
    ejections: int = 0
    seconds: float = 0.0


class Outliers:
    """Passive health: instances that fail are left out for a while, longer each time."""

    def __init__(self, clock: Clock, random: Random, counts: Counter[str]) -> None:
        self._clock = clock
        self._random = random
        self._counts = counts
        self._records: dict[Endpoint, _Record] = {}

    def ordered(self, endpoints: Sequence[Endpoint]) -> list[Endpoint]:
        """Return those to try, best first.

        Ejected ones are left out, unless too few would be left; then they come last, the longest-failed first.
        """
        self._records = {one: record for one in endpoints if (record := self._records.get(one))}
        inside = [one for one in endpoints if not self._ejected(one)]
        self._random.shuffle(inside)
        inside.sort(key=lambda one: one.rank)
        if len(inside) >= PANIC_SHARE * len(endpoints):
            return inside
        self._counts["panic"] += 1
        outside = [one for one in endpoints if self._ejected(one)]
        return inside + sorted(outside, key=lambda one: -self._clock.age(self._records[one].since))

    def served(self, endpoint: Endpoint) -> None:
        """Forgive everything: it answered."""
        self._records.pop(endpoint, None)

    def failed(self, endpoint: Endpoint) -> None:
        """Eject it at once: it took no connection, or another service is behind its address."""
        ejections = self._record(endpoint).ejections + 1
        seconds = min(EJECT_SECONDS * 2 ** (ejections - 1), MAX_EJECT_SECONDS)
        seconds *= 1 + self._random.uniform(-JITTER, JITTER)
        self._counts["ejection"] += 1
        self._records[endpoint] = _Record(self._clock.now(), 0, ejections, seconds)

    def faltered(self, endpoint: Endpoint) -> None:
        """Eject it at the third time in a row: it took a request, and gave no answer of its own."""
        record = self._record(endpoint)
        if record.ejections or record.falters + 1 >= MAX_FALTERS:
            self.failed(endpoint)
        else:
            self._records[endpoint] = _Record(self._clock.now(), record.falters + 1)

    def _record(self, endpoint: Endpoint) -> _Record:
        return self._records.get(endpoint) or _Record(self._clock.now())

    def _ejected(self, endpoint: Endpoint) -> bool:
        record = self._records.get(endpoint)
        return record is not None and self._clock.age(record.since) < record.seconds
