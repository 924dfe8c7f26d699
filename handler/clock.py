"""Time as an execution environment knows it: by two clocks, because a freeze can stop either.

While nothing is invoked the environment is frozen, and the monotonic clock may stand still meanwhile; the wall clock
goes on, but can be set. Whatever must not be older than it looks is measured by both.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from handler.frozen import frozen

# By how much the wall clock may be set back before a moment's age counts as unknown: NTP slews by less.
SET_BACK_SECONDS = 1.0


@frozen
class Moment:
    """A point in time, in seconds of each clock."""

    monotonic: float
    wall: float


@frozen
class Clock:
    """The two clocks; a test gives its own."""

    monotonic: Callable[[], float] = lambda: time.monotonic()  # noqa: PLW0108 - a test may replace what time is
    wall: Callable[[], float] = lambda: time.time()  # noqa: PLW0108

    def now(self) -> Moment:
        """Return this moment."""
        return Moment(self.monotonic(), self.wall())

    def age(self, moment: Moment) -> float:
        """Return the seconds since then, by the clock that says more; infinite if the wall clock was set back."""
        wall = self.wall() - moment.wall
        return math.inf if wall < -SET_BACK_SECONDS else max(wall, self.monotonic() - moment.monotonic)
