"""A time limit for code that only computes, such as the expressions of a template.

It counts processor time, so that a template does not fail because the environment was frozen or busy. It interrupts
Python between two instructions. It cannot interrupt one long operation in C, such as a power of large numbers; the
template language limits those (docs/decisions/0021). Windows, where only the tools run, has no such alarm: there each
operation of a template looks at the clock.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from handler.errors import TemplateError

# How long a template may compute for one event, and its previous version if it fails: about two seconds together.
SECONDS: Final = 1.4
PREVIOUS_SECONDS: Final = 0.5
# Python ignores an error in a destructor or in the callback of a weak reference, so the alarm rings repeatedly.
_AGAIN_SECONDS: Final = 0.1
_HAS_ALARM: Final = hasattr(signal, "setitimer")


class TimeOverError(TemplateError):
    """The expressions of a template have computed for longer than `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__("TEMPLATE_LIMIT", f"{seconds:g} s")
        self.seconds = seconds


class TimeLimit:
    """A limit of processor time for all blocks together that run under it."""

    _armed: TimeLimit | None = None  # of the class: a process has one alarm

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._left = seconds
        self._began = 0.0
        self._rung = False

    @classmethod
    def is_armed(cls) -> bool:
        """Whether any limit is running."""
        return cls._armed is not None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count the block. Raises TemplateError (TEMPLATE_LIMIT) when the time is used up, here or in earlier blocks.

        Use it only for code that computes: an error in the middle of a read would break the connection. If another
        limit is running already, only that one counts. Only the main thread has a limit, because only it gets signals.
        """
        if TimeLimit._armed is not None or threading.current_thread() is not threading.main_thread():
            yield
            return
        self.check()
        self._began = time.process_time()
        before = signal.signal(signal.SIGPROF, self._ring) if _HAS_ALARM else None
        try:
            TimeLimit._armed = self
            if _HAS_ALARM:
                signal.setitimer(signal.ITIMER_PROF, self._left, _AGAIN_SECONDS)
            yield
            if not _HAS_ALARM:
                self.check()
        finally:
            try:
                TimeLimit._armed = None  # first, so that a later signal is ignored
            finally:
                TimeLimit._armed = None  # again, in case the alarm rang just before
                if _HAS_ALARM:
                    signal.setitimer(signal.ITIMER_PROF, 0)
                    signal.signal(signal.SIGPROF, before)
                self._left -= time.process_time() - self._began
        if self._rung:
            self.check()

    @property
    def ended(self) -> bool:
        """Whether the alarm has rung."""
        return self._rung

    def check(self) -> None:
        """Raise TemplateError if the time is used up, even if some `except` has caught the alarm's error."""
        if not _HAS_ALARM and TimeLimit._armed is self and time.process_time() - self._began >= self._left:
            self._rung = True
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
    """Let the block compute for at most `seconds`. Raises TemplateError (TEMPLATE_LIMIT), which names `where`."""
    limit = TimeLimit(seconds)
    try:
        with limit.running():
            yield
    except TemplateError as error:
        if not limit.ended:
            raise
        raise TemplateError(error.code, f"{where}: {error.detail}") from None
