"""The registry's time, which can be moved on."""

from __future__ import annotations

import time


class Clock:
    """Seconds since it was made. A clock that stands still moves only when it is told to."""

    def __init__(self, *, still: bool = False) -> None:
        self._started = None if still else time.monotonic()
        self._advanced = 0.0

    def now(self) -> float:
        """Return the time."""
        return self._advanced + (time.monotonic() - self._started if self._started is not None else 0.0)

    def advance(self, seconds: float) -> None:
        """Move on. Raises ValueError for a step back."""
        if seconds < 0:
            raise ValueError("a clock does not go back")
        self._advanced += seconds
