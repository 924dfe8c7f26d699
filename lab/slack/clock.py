"""The stand-in's time, which can be moved on."""

from __future__ import annotations

import time


class Clock:
    """Unix time, and what it was moved on by. It never goes back."""

    def __init__(self) -> None:
        self._advanced = 0.0

    def now(self) -> float:
        """Return the time, in seconds."""
        return time.time() + self._advanced

    def advance(self, seconds: float) -> None:
        """Move on. Raises ValueError for a step back."""
        if not seconds >= 0:
            raise ValueError("a clock does not go back: `seconds` is a number from 0")
        self._advanced += seconds
