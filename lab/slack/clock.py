"""The stand-in's clock, which can be advanced."""

from __future__ import annotations

import time


class Clock:
    """Unix time plus the seconds by which it was advanced. It never goes back."""

    def __init__(self) -> None:
        self._advanced = 0.0

    def now(self) -> float:
        """Return the Unix time in seconds."""
        return time.time() + self._advanced

    def advance(self, seconds: float) -> None:
        """Advance the clock. Raises ValueError for negative seconds."""
        if not seconds >= 0:
            raise ValueError("a clock does not go back: `seconds` is a number from 0")
        self._advanced += seconds
