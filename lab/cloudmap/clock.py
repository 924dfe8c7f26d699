"""The registry's clock, which can be advanced."""

from __future__ import annotations

import time


class Clock:
    """Seconds since it was created. A still clock moves only by `advance`."""

    def __init__(self, *, still: bool = False) -> None:
        self._started = None if still else time.monotonic()
        self._advanced = 0.0

    def now(self) -> float:
        """Return the time."""
        return self._advanced + (time.monotonic() - self._started if self._started is not None else 0.0)

    def advance(self, seconds: float) -> None:
        """Advance the clock. Raises ValueError for negative seconds."""
        if seconds < 0:
            raise ValueError("a clock does not go back")
        self._advanced += seconds
