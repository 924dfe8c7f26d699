"""The limits on what all expressions of one notification may make and compute together (docs/decisions/0021).

There are three: a text has at most MAX_TEXT characters and a list at most MAX_SEQUENCE elements; all operations
together make at most MAX_WORK bytes; and the computing time is limited.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from sys import getsizeof
from typing import Any, Final

from handler.templating.diagnosis import DiagnosedError, Diagnosis
from handler.templating.graphemes import cut
from handler.templating.text import Mrkdwn
from handler.time_limit import SECONDS, TimeLimit

# Characters. Slack accepts at most 40,000 in a message, so more can never be shown.
# https://docs.slack.dev/reference/methods/chat.postMessage
MAX_TEXT: Final = 40_000
MAX_SEQUENCE: Final = 10_000
# Bytes, as Python stores text: 1 per character of an English text, 2 of a Japanese one, 4 of a text with an emoji. This
# is a thousand texts of MAX_TEXT; an ordinary message takes a few hundred thousand bytes.
MAX_WORK: Final = 50_000_000

_ELEMENT_COST: Final = 8  # bytes per element of a list
_COMPARISON_COST: Final = 100  # bytes per compared element; nested lists are compared repeatedly


class Budget:
    """The work and the time that are left for the notification that is being composed."""

    def __init__(self) -> None:
        self.text_limit = MAX_TEXT  # the most characters of the text that is being rendered
        self._left = MAX_WORK
        self._time: TimeLimit | None = None

    @contextmanager
    def notification(self, seconds: float = SECONDS) -> Iterator[None]:
        """Start a new budget, to which everything that the block evaluates is charged. `seconds` of processor time."""
        before = self._left, self._time
        self._left, self._time = MAX_WORK, TimeLimit(seconds)
        try:
            yield
        finally:
            self._left, self._time = before

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count the time of the block. Outside a notification, the block has its own budget. It must not do I/O.

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
        """Whether the time of a notification is being counted now."""
        return self._time is not None and TimeLimit.is_armed()

    def charge(self, size: int) -> None:
        """Charge `size` bytes before they are made. Raises TemplateError (TEMPLATE_LIMIT) if less is left."""
        self._left -= size
        if self._left < 0:
            raise DiagnosedError(Diagnosis("too_much_text", limit=MAX_WORK))
        if self._time is not None:
            self._time.check()

    @property
    def spent(self) -> int:
        """The bytes that the notification has been charged."""
        return MAX_WORK - self._left

    def charge_value(self, value: Any) -> Any:
        """Charge a value whose size is already limited, and return it."""
        match value:
            case str():
                self.charge(getsizeof(value))
            case Mrkdwn():
                self.charge(getsizeof(value.markup) + getsizeof(value.plain))
            case list() | tuple():
                self.charge(1 + _ELEMENT_COST * len(value))
            case _:
                self.charge(1)
        return value

    def charge_list(self, size: int) -> None:
        """Charge a list of `size` elements. Raises TemplateError (TEMPLATE_LIMIT) if it is too long."""
        if size > MAX_SEQUENCE:
            raise DiagnosedError(Diagnosis("list_too_long", limit=MAX_SEQUENCE))
        self.charge(_ELEMENT_COST * size)

    def charge_comparison(self, value: Any) -> None:
        """Charge all elements of a value that is compared: a list can contain the same list many times."""
        waiting = [value] if isinstance(value, list | tuple | Mapping) else []
        while waiting:
            one = waiting.pop()
            if isinstance(one, str):
                self.charge(len(one) // 10)
            elif isinstance(one, list | tuple | Mapping):
                inner = one.values() if isinstance(one, Mapping) else one
                self.charge(_COMPARISON_COST * (1 + len(inner)))
                waiting.extend(inner)


def clip(value: Any, size: int = MAX_TEXT) -> Any:
    """Return a text cut to `size` characters, and any other value unchanged."""
    return cut(value, size) if isinstance(value, str) and len(value) > size else value


def join_clipped(parts: Iterable[str]) -> str:
    """Join texts, and cut the result to MAX_TEXT characters."""
    taken: list[str] = []
    size = 0
    for part in parts:
        taken.append(part[: MAX_TEXT + 1])
        size += len(taken[-1])
        if size > MAX_TEXT:
            break
    return cut("".join(taken), MAX_TEXT)
