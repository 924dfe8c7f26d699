"""The init phase: what an execution environment prepares before its first event.

In this phase the function has a whole processor. During an event it has a share in proportion to its memory: a seventh
at 256 MB (docs/decisions/0003). So everything that each event needs is done here. No error may leave this module:
Lambda would end the environment and log an error that belongs to no event. A step that fails is tried again by the
event that needs it.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from handler.errors import named

# The limit of all steps together. The import takes up to two seconds if the phase has no more processor than an event.
# Both together stay well below 10 seconds, after which Lambda starts the phase again within the invocation:
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
SECONDS: Final = 4.0
# Python ignores an error that is raised in a destructor, so the alarm rings repeatedly.
_AGAIN_SECONDS: Final = 0.1

Step = Callable[[], object]

_logger: Final = logging.getLogger(__name__)


class _TimeUpError(BaseException):
    """The time is up. No `except Exception` catches it."""


def prepare(steps: Callable[[], Iterable[Step]], seconds: float = SECONDS) -> None:
    """Run each step, even if others fail. Stop after `seconds`, even in the middle of a step. Raises nothing.

    `steps` returns the steps, and may fail too. Only the main thread has the limit, because only it receives signals.
    """
    try:
        with _limit(seconds):
            for step in _run(steps) or ():
                _run(step)
    except _TimeUpError:
        _logger.debug("not all is prepared after %g s", seconds)


def _run(step: Callable[[], Any]) -> Any:
    try:
        return step()
    except Exception as error:  # noqa: BLE001 - the event that needs it tries again, and reports it
        _logger.debug("not prepared: %s", named(error))
        return None


@contextmanager
def _limit(seconds: float) -> Iterator[None]:
    """Raise _TimeUpError in the block when its time is up."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    is_armed = True

    def ring(*_: object) -> None:
        if is_armed:
            raise _TimeUpError

    before = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN_SECONDS)
        yield
    finally:
        try:
            is_armed = False  # first, so that a later signal is ignored
        finally:
            is_armed = False  # again, in case the alarm rang just before
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
