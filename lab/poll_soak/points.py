"""Every call by which a function reaches outside, between two points at which something can happen to it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


class Killed(BaseException):
    """The function was killed here: nothing catches this."""


@dataclass
class Points:
    """The points that an invocation passes. At the one with the number `at` it does `act`; 0: at none.

    Only points with `place` in their names count for that. `met` counts where something happened. An invocation that
    was killed stays dead, in all of its threads.
    """

    at: int = 0
    act: Callable[[], None] | None = None
    place: str = ""
    passed: int = 0
    dead: bool = False
    met: Counter[str] = field(default_factory=Counter)
    _counted: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, at: int = 0, act: Callable[[], None] | None = None, place: str = "") -> None:
        """Begin an invocation. Without `act`, it is killed at that point."""
        self.at, self.act, self.place = at, act, place
        self.passed, self._counted, self.dead = 0, 0, False

    def point(self, name: str) -> None:
        """Pass a point."""
        with self._lock:
            self.passed += 1
            self._counted += self.place in name
            is_here = self.place in name and self._counted == self.at
        if self.dead:
            raise Killed
        if is_here:
            self.met[name] += 1
            if self.act:
                self.act()
                return
            self.dead = True
            raise Killed

    def around(self, port: Any) -> Any:
        """Return a port whose calls are each between two points."""
        return _Around(port, self)


class _Around:
    def __init__(self, port: Any, points: Points) -> None:
        self._port = port
        self._points = points

    def __getattr__(self, name: str) -> Callable[..., Any]:
        call = getattr(self._port, name)
        word = f"{type(self._port).__name__}.{name}"

        def pointed(*arguments: Any, **named: Any) -> Any:
            self._points.point(f"before {word}")
            result = call(*arguments, **named)
            self._points.point(f"after {word}")
            return result

        return pointed
