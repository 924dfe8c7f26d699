"""A scheduler for actions at points in virtual time."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

Action = Callable[[], object]


class Scheduler:
    """Scheduled actions. Actions for the same time run in the order in which they were scheduled."""

    def __init__(self) -> None:
        self._planned: list[tuple[float, int, Action]] = []
        self._numbers = itertools.count()

    def at(self, moment: float, action: Action) -> None:
        """Schedule an action for a Unix time."""
        heapq.heappush(self._planned, (moment, next(self._numbers), action))

    def do(self, now: float) -> None:
        """Run the actions that are due."""
        while self._planned and self._planned[0][0] <= now:
            heapq.heappop(self._planned)[2]()

    @property
    def next(self) -> float | None:
        """Return the time of the next scheduled action; None if there is none."""
        return self._planned[0][0] if self._planned else None
