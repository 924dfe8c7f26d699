"""An alarm for code that only computes, such as a template that runs away.

It counts the processor's time, so that a frozen or starved environment is not held against a template. It interrupts
Python between two of its instructions. A single long step in C, such as one power of large numbers, ends first; those
are bounded by the language of templates (docs/decisions/0021).
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from handler.errors import TemplateError

# How long a template may compute for one event; and, if it fails, the version before its last change: two seconds
# together.
SECONDS: Final = 1.4
PREVIOUS_SECONDS: Final = 0.5
# Python swallows an error that is raised in a destructor or in the callback of a weak reference. So the alarm goes on.
_AGAIN_SECONDS: Final = 0.1


class TimeOverError(TemplateError):
    """Code of a template's author has computed for longer than `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__("TEMPLATE_LIMIT", f"{seconds:g} s")
        self.seconds = seconds


class TimeLimit:
    """A limit of processor time, counted over all blocks that run under it."""

    _armed: TimeLimit | None = None  # of the class: a process has one alarm

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._left = seconds
        self._rung = False

    @classmethod
    def is_armed(cls) -> bool:
        """Whether any limit is running."""
        return cls._armed is not None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count the block. Raises TemplateError (TEMPLATE_LIMIT) when the time is used up, here or in earlier blocks.

        Only for code that computes: an error that is raised in the middle of a read would break the connection. Where
        a limit is running already, that one goes on counting. Only the main thread gets signals; in another one, such
        as a test's, there is no limit.
        """
        if TimeLimit._armed is not None or threading.current_thread() is not threading.main_thread():
            yield
            return
        self.check()
        began = time.process_time()
        before = signal.signal(signal.SIGPROF, self._ring)
        try:
            TimeLimit._armed = self
            signal.setitimer(signal.ITIMER_PROF, self._left, _AGAIN_SECONDS)
            yield
        finally:
            try:
                TimeLimit._armed = None  # first: a signal that arrives from here on is ignored
            finally:
                TimeLimit._armed = None  # also where the alarm rang just before
                signal.setitimer(signal.ITIMER_PROF, 0)
                signal.signal(signal.SIGPROF, before)
                self._left -= time.process_time() - began
        if self._rung:
            self.check()

    @property
    def ended(self) -> bool:
        """Whether the alarm has rung."""
        return self._rung

    def check(self) -> None:
        """Raise TemplateError where the time is used up: also when some `except` has swallowed the alarm's error."""
        if self._rung or self._left <= 0:
            raise self._error()

    def _ring(self, *_: object) -> None:
        if TimeLimit._armed is self:
            self._rung = True
            raise self._error()

    def _error(self) -> TimeOverError:
        return TimeOverError(self._seconds)


@contextmanager
def time_limit(where: str, seconds: float = SECONDS) -> Iterator[None]:
    """Let the block compute for so many seconds. Raises TemplateError (TEMPLATE_LIMIT), which names `where`."""
    limit = TimeLimit(seconds)
    try:
        with limit.running():
            yield
    except TemplateError as error:
        if not limit.ended:
            raise
        raise TemplateError(error.code, f"{where}: {error.detail}") from None
