"""The rate limit of a channel: a token bucket for each."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from lab.slack.answer import RateLimitedError
from lab.slack.config import Rate


@dataclass(slots=True)
class _Bucket:
    level: float
    at: float


class Limiter:
    """A token bucket for each key. `clock` returns seconds, from any origin."""

    def __init__(self, rate: Rate, clock: Callable[[], float]) -> None:
        self.rate = rate
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def take(self, key: str) -> None:
        """Let one message through. Raises RateLimitedError with the whole seconds until the next one is allowed."""
        if not self.rate.per_second:
            return
        now = self._clock()
        bucket = self._buckets.setdefault(key, _Bucket(self.rate.burst, now))
        bucket.level = min(self.rate.burst, bucket.level + (now - bucket.at) * self.rate.per_second)
        bucket.at = now
        if bucket.level < 1:
            raise RateLimitedError(math.ceil((1 - bucket.level) / self.rate.per_second))
        bucket.level -= 1
