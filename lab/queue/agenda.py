"""What is to be done at moments of virtual time."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

Action = Callable[[], object]


class Agenda:
    """Actions, each with its moment; those of one moment in the order in which they were planned."""

    def __init__(self) -> None:
        self._planned: list[tuple[float, int, Action]] = []
        self._numbers = itertools.count()

    def at(self, moment: float, action: Action) -> None:
        """Plan an action."""
        heapq.heappush(self._planned, (moment, next(self._numbers), action))

    def do(self, now: float) -> None:
        """Do what is due."""
        while self._planned and self._planned[0][0] <= now:
            heapq.heappop(self._planned)[2]()

    @property
    def next(self) -> float | None:
        """The first moment that something is planned for; None: nothing is."""
        return self._planned[0][0] if self._planned else None
