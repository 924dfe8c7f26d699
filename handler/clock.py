"""Measures time in an execution environment with two clocks, because each of them alone can be wrong.

Between invocations the environment is frozen, and the monotonic clock may stop; the wall clock goes on, but can be set.
An age that must not be underestimated is measured with both.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from handler.frozen import frozen

# If the wall clock was set back by more than this, the age of a moment is unknown. NTP adjusts by less.
SET_BACK_SECONDS = 1.0


@frozen
class Moment:
    """A point in time, in seconds of each clock."""

    monotonic: float
    wall: float


@frozen
class Clock:
    """The two clocks. Tests pass their own."""

    monotonic: Callable[[], float] = lambda: time.monotonic()  # noqa: PLW0108 - a test may replace what time is
    wall: Callable[[], float] = lambda: time.time()  # noqa: PLW0108

    def now(self) -> Moment:
        """Return this moment."""
        return Moment(self.monotonic(), self.wall())

    def age(self, moment: Moment) -> float:
        """Return the seconds since then, by the clock that shows more; infinite if the wall clock was set back."""
        wall = self.wall() - moment.wall
        return math.inf if wall < -SET_BACK_SECONDS else max(wall, self.monotonic() - moment.monotonic)
