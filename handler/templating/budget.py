"""How much all expressions of one notification together may make and compute (docs/decisions/0021).

Every template has three limits: a text that an expression makes has at most MAX_TEXT characters, and a list at most
MAX_SEQUENCE elements; all operations together make at most MAX_WORK bytes; and the computing time is limited.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from sys import getsizeof
from typing import Any, Final

from handler.templating.cutting import cut
from handler.templating.diagnosis import DiagnosedError, Diagnosis
from handler.templating.text import Mrkdwn
from handler.time_limit import SECONDS, TimeLimit

# Slack accepts at most 40,000 characters of text in a message, so that more can never be shown.
# https://docs.slack.dev/reference/methods/chat.postMessage
MAX_TEXT: Final = 40_000
MAX_SEQUENCE: Final = 10_000
# Bytes, as Python keeps text: 1 for each character of an English text, 2 for a Japanese one, 4 where there is an emoji.
# A thousand texts of the greatest length; an ordinary message takes some hundred thousand bytes in all.
MAX_WORK: Final = 50_000_000

_POINTER: Final = 8  # what an element of a list costs, in bytes
_COMPARED: Final = 100  # what comparing one element costs: nested lists are compared again and again


class Budget:
    """The work and the time that are left for the notification that is being composed."""

    def __init__(self) -> None:
        self.room = MAX_TEXT  # characters of the text that is being rendered
        self._left = MAX_WORK
        self._time: TimeLimit | None = None

    @contextmanager
    def notification(self, seconds: float = SECONDS) -> Iterator[None]:
        """Start a new budget; everything that is evaluated in the block is charged to it."""
        before = self._left, self._time
        self._left, self._time = MAX_WORK, TimeLimit(seconds)
        try:
            yield
        finally:
            self._left, self._time = before

    @contextmanager
    def running(self) -> Iterator[None]:
        """Let the block compute; outside a notification it has a budget of its own. Nothing in it may do I/O.

        Raises TemplateError (TEMPLATE_LIMIT).
        """
        if self._time is None:
            with self.notification(), self.running():
                yield
        else:
            with self._time.running():
                yield

    @property
    def is_running(self) -> bool:
        """Whether the time of a notification is being counted at the moment."""
        return self._time is not None and TimeLimit.is_armed()

    def charge(self, size: int) -> None:
        """Charge the size of what is made next. Raises TemplateError (TEMPLATE_LIMIT) if too little is left."""
        self._left -= size
        if self._left < 0:
            raise DiagnosedError(Diagnosis("too_much_text", limit=MAX_WORK))
        if self._time is not None:
            self._time.check()

    @property
    def spent(self) -> int:
        """What the notification has made so far, in characters."""
        return MAX_WORK - self._left

    def made(self, value: Any) -> Any:
        """Charge a value that is bounded already, and return it."""
        match value:
            case str():
                self.charge(getsizeof(value))
            case Mrkdwn():
                self.charge(getsizeof(value.markup) + getsizeof(value.plain))
            case list() | tuple():
                self.charge(1 + _POINTER * len(value))
            case _:
                self.charge(1)
        return value

    def list_of(self, size: int) -> None:
        """Charge a list of so many elements. Raises TemplateError (TEMPLATE_LIMIT) where it is too long."""
        if size > MAX_SEQUENCE:
            raise DiagnosedError(Diagnosis("list_too_long", limit=MAX_SEQUENCE))
        self.charge(_POINTER * size)

    def compared(self, value: Any) -> None:
        """Charge all elements of a value that is compared: a list may contain another one many times."""
        waiting = [value] if isinstance(value, list | tuple | Mapping) else []
        while waiting:
            one = waiting.pop()
            if isinstance(one, str):
                self.charge(len(one) // 10)
            elif isinstance(one, list | tuple | Mapping):
                inner = one.values() if isinstance(one, Mapping) else one
                self.charge(_COMPARED * (1 + len(inner)))
                waiting.extend(inner)


def clipped(value: Any, size: int = MAX_TEXT) -> Any:
    """Return a text as far as a message can show it; anything else as it is."""
    return cut(value, size) if isinstance(value, str) and len(value) > size else value


def joined(parts: Iterable[str]) -> str:
    """Put texts together, as far as a message can show them."""
    taken: list[str] = []
    size = 0
    for part in parts:
        taken.append(part[: MAX_TEXT + 1])
        size += len(taken[-1])
        if size > MAX_TEXT:
            break
    return cut("".join(taken), MAX_TEXT)
