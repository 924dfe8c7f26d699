"""Wraps every external call of a function in two points, at which it can be killed or interrupted."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


class Killed(BaseException):
    """The function was killed at this point. Nothing in the function catches it."""


@dataclass
class Points:
    """The points that an invocation passes. `act` is called at the point number `at` (0: at none).

    Only points with `place` in their names are counted for `at`. `met` counts the points at which something happened.
    An invocation that was killed stays dead, in all of its threads.
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
        """Start a new invocation. Without `act` it is killed at point `at`."""
        self.at, self.act, self.place = at, act, place
        self.passed, self._counted, self.dead = 0, 0, False

    def point(self, name: str) -> None:
        """Pass a point. Raises Killed."""
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
        """Return a port with a point before and after each call."""
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
