"""A token bucket: a burst of calls at once, then a steady rate."""

from __future__ import annotations

from lab.cloudmap.clock import Clock


class Bucket:
    """A token bucket, full at first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._spent = 0.0
        self._last = clock.now()

    def take(self, rate: float, burst: float) -> bool:
        """Take a token; return False if there is none. The bucket holds `burst` tokens and gains `rate` per second."""
        now = self._clock.now()
        self._spent = max(0.0, self._spent - (now - self._last) * rate)
        self._last = now
        if self._spent + 1 > burst:
            return False
        self._spent += 1
        return True
