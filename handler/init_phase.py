"""The init phase: what an environment gets ready before its first event.

The function has a whole processor in this phase, and in an event the share that belongs to its memory: a seventh at
256 MB (docs/decisions/0003). So what every event needs is done here. An error here must not get out, though: Lambda
would end the environment, and log an error that belongs to no event. What fails is left to the event that needs it.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from handler.errors import named

# Of all steps together. With the import, which takes up to two seconds where the phase has no more of a processor than
# an event, this stays well below the 10 seconds after which Lambda begins the phase again, within the invocation:
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
SECONDS: Final = 4.0
# Python swallows an error that is raised in a destructor. So the alarm goes on.
_AGAIN_SECONDS: Final = 0.1

Step = Callable[[], object]

_logger: Final = logging.getLogger(__name__)


class _TimeUpError(BaseException):
    """The time is over. Nothing that catches an Exception catches it."""


def prepare(steps: Callable[[], Iterable[Step]], seconds: float = SECONDS) -> None:
    """Run each step, even if others fail, and stop after so many seconds, also in the middle of a step. Raises nothing.

    `steps` returns them, and may fail as a step may. There is a limit in the main thread only: no other gets signals.
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
    """Raise _TimeUpError in the block when its time is over."""
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
            is_armed = False  # first: a signal that arrives from here on is ignored
        finally:
            is_armed = False  # also where the alarm rang just before
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
