"""An alarm for code that only computes, such as a template that runs away.

It counts the processor's time, so that a frozen or starved environment is not held against a template. It interrupts
Python between two of its instructions. A single long step in C, such as one power of large numbers, ends first; those
are bounded by the language of templates (docs/decisions/0004).
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

from handler.errors import TemplateError

SECONDS: Final = 2.0


@contextmanager
def time_limit(where: str, seconds: float = SECONDS) -> Iterator[None]:
    """Let the block compute for so many seconds. Raises TemplateError (TEMPLATE_LIMIT), which names `where`.

    Only the main thread gets signals; in another one, such as a test's, there is no limit.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(*_: object) -> NoReturn:
        raise TemplateError("TEMPLATE_LIMIT", f"{where}: still computing after {seconds:g} s")

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
