"""Outlier detection: instances without a recent failure are tried first, in random order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Final

from handler.clock import Clock, Moment
from handler.frozen import frozen
from handler.instances import Endpoint

# Modelled on Envoy's outlier detection: https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/outlier
EJECT_SECONDS: Final = 10.0
MAX_EJECT_SECONDS: Final = 300.0
JITTER: Final = 0.2
# Consecutive bad responses, which say something about the instance and not about the request.
MAX_BAD_RESPONSES: Final = 3
# If less than this share of the instances is left, all are used: the failures probably have another cause.
PANIC_SHARE: Final = 0.5


@frozen
class _Record:
    """The failures of an instance. `since` is the time of the last one, `seconds` how long it stays ejected."""

    since: Moment
    bad_responses: int = 0
    ejections: int = 0
    seconds: float = 0.0


class Outliers:
    """Passive health checks: instances that fail are ejected for a while, longer each time."""

    def __init__(self, clock: Clock, random: Random, counts: Counter[str]) -> None:
        self._clock = clock
        self._random = random
        self._counts = counts
        self._records: dict[Endpoint, _Record] = {}

    def ordered(self, endpoints: Sequence[Endpoint]) -> list[Endpoint]:
        """Return the instances to try, best first.

        Ejected ones are left out, unless too few would remain. Then they come last, the oldest failure first.
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

    def record_success(self, endpoint: Endpoint) -> None:
        """Forget the failures of an instance that answered."""
        self._records.pop(endpoint, None)

    def record_failure(self, endpoint: Endpoint) -> None:
        """Eject an instance at once, because it refused the connection or another service has its address."""
        ejections = self._record(endpoint).ejections + 1
        seconds = min(EJECT_SECONDS * 2 ** (ejections - 1), MAX_EJECT_SECONDS)
        seconds *= 1 + self._random.uniform(-JITTER, JITTER)
        self._counts["ejection"] += 1
        self._records[endpoint] = _Record(self._clock.now(), 0, ejections, seconds)

    def record_bad_response(self, endpoint: Endpoint) -> None:
        """Eject an instance at its third consecutive request that it accepted without an answer of its own."""
        record = self._record(endpoint)
        if record.ejections or record.bad_responses + 1 >= MAX_BAD_RESPONSES:
            self.record_failure(endpoint)
        else:
            self._records[endpoint] = _Record(self._clock.now(), record.bad_responses + 1)

    def _record(self, endpoint: Endpoint) -> _Record:
        return self._records.get(endpoint) or _Record(self._clock.now())

    def _ejected(self, endpoint: Endpoint) -> bool:
        record = self._records.get(endpoint)
        return record is not None and self._clock.age(record.since) < record.seconds
